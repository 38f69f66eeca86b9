//! What the commands on existing containers have in common: where the project comes from, and from there to the end.

use std::sync::Arc;

use super::output::Remarks;
use super::progress::{self, Origin};
use super::{Context, Failure, output};
use crate::engine::Engine;
use crate::load::{Dependencies, Purpose};
use crate::operation::{self, Ask, Change, Detail};
use crate::plan::ProjectSource;
use crate::project::ServiceName;
use crate::render::Hidden;
use crate::source::SourceMap;

/// Where a command gets the project from, and the files that say so.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// The project, or its name.
    pub source: ProjectSource,
    /// The files; none without a project.
    pub sources: SourceMap,
}

/// The project of a command that names `services`, which the files have to define if there are any.
///
/// # Errors
///
/// Those of [`output::target_with`].
pub(super) fn find(services: &[String], context: &Context) -> Result<Found, Failure> {
    Ok(found(output::target_with(services, context)?))
}

/// The same for a command to which it does not matter what the files define.
///
/// # Errors
///
/// Those of [`output::target`].
pub(super) fn find_any(context: &Context) -> Result<Found, Failure> {
    Ok(found(output::target(&[], context)?))
}

/// The same, for a command that runs `pre_start` hooks, which get the variables of env files.
///
/// # Errors
///
/// [`Failure::Load`] if the files are invalid, or an env file is missing.
pub(super) fn find_with_env_files(services: &[String], context: &Context) -> Result<Found, Failure> {
    let mut options = context.load_options(services);
    options.dependencies = Dependencies::All;
    options.purpose = Purpose::Find;
    Ok(found(output::Target::Project(Box::new(output::load(&options, Remarks::NotOnSchedules, context)?))))
}

fn found(target: output::Target) -> Found {
    match target {
        output::Target::Project(loaded) => {
            Found { source: ProjectSource::Files(Arc::new(loaded.project)), sources: loaded.sources }
        }
        output::Target::Name(name) => Found { source: ProjectSource::Labels(name), sources: SourceMap::default() },
    }
}

/// Services as they are named on the command line.
pub(super) fn names(services: &[String]) -> Vec<ServiceName> {
    services.iter().map(|service| ServiceName::from(service.as_str())).collect()
}

/// Whether a plan had anything in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Did {
    /// It had.
    Something,
    /// There was nothing to do.
    Nothing,
}

/// Looks, asks, plans, and carries the plan out or prints it.
///
/// # Errors
///
/// When there is no plan, or it fails.
pub(super) async fn carry_out<E: Engine>(
    change: &mut impl Change,
    sources: SourceMap,
    ask: &impl Ask,
    engine: &E,
    context: &Context,
) -> Result<Did, Failure> {
    let origin = Origin { project: change.project().clone(), sources };
    let detail = if context.global.dry_run { Detail::Full } else { Detail::Enough };
    let prepared = operation::prepare(change, engine, ask, detail).await.map_err(|error| origin.failure(error))?;
    output::plan_warnings(&prepared.plan, None, context)?;
    if prepared.plan.is_empty() {
        return Ok(Did::Nothing);
    }
    if context.global.dry_run {
        progress::dry_run(change, &prepared, context).await?;
    } else {
        progress::carry_out(change, engine, &prepared, &origin, Hidden::default(), context).await?;
    }
    Ok(Did::Something)
}
