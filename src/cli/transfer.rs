//! What `pull` and `push` have in common: the services, the plan, and what failures mean.

use super::output::Remarks;
use super::progress::{self, Origin};
use super::{Context, Failure, output};
use crate::engine::Engine;
use crate::load::{Dependencies, Loaded};
use crate::operation::ask::Always;
use crate::operation::{self, Change, Detail, Prepared};
use crate::plan::TransferFailures;
use crate::project::Project;

/// Loads the services that are named, or all.
///
/// # Errors
///
/// If the files are invalid, or do not define one of the services.
pub(super) fn load(services: &[String], include_dependencies: bool, context: &Context) -> Result<Loaded, Failure> {
    let mut options = context.load_options(services);
    if !include_dependencies {
        options.dependencies = Dependencies::Ignore;
    }
    output::load(&options, Remarks::NotOnSchedules, context)
}

/// What failures mean: `--ignore-pull-failures`, `--ignore-push-failures`.
pub(super) fn failures(ignore: bool) -> TransferFailures {
    if ignore { TransferFailures::Ignore } else { TransferFailures::Fail }
}

/// The platform of services that name none.
pub(super) fn default_platform(project: &Project) -> Option<String> {
    project.environment.get("DOCKER_DEFAULT_PLATFORM").filter(|platform| !platform.is_empty()).cloned()
}

/// Observes and plans; a dry run prints the plan, and that is all.
///
/// # Errors
///
/// If the engine does not answer.
pub(super) async fn prepare<E: Engine>(
    change: &mut impl Change,
    engine: &E,
    origin: &Origin,
    context: &Context,
) -> Result<Option<Prepared>, Failure> {
    let prepared = operation::prepare(change, engine, &Always::No, Detail::Enough).await;
    let prepared = prepared.map_err(|error| origin.failure(error))?;
    if context.global.dry_run {
        progress::dry_run(change, &prepared, context).await?;
        return Ok(None);
    }
    Ok(Some(prepared))
}
