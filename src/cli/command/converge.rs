//! What `up`, `create` and `plan` have in common: from files to a plan.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::run::Origin;
use crate::cli::args::UpPlanArgs;
use crate::cli::confirm::Person;
use crate::cli::context::Context;
use crate::cli::{Failure, output, settings};
use crate::engine::docker::Docker;
use crate::load::{self, Loaded};
use crate::operation::ask::Always;
use crate::operation::{self, Detail, OperationError, Prepared, Up};
use crate::project::Project;
use crate::render::Hidden;

/// What is to come up, and what is to be done for it.
pub(super) struct Goal {
    /// What is to come up, and how.
    pub up: Up,
    /// The plan, and what the engine had.
    pub prepared: Prepared,
    /// The files.
    pub origin: Origin,
    /// What of the progress is not shown.
    pub hidden: Hidden,
}

/// Reads the files for the services that the arguments name.
pub(super) fn load(args: &UpPlanArgs, context: &Context) -> Result<Loaded, Failure> {
    // What makes no sense is said before anything is read.
    settings::check_up(args)?;
    settings::progress_mode(context)?;
    let mut options = settings::load_options(context, &args.services);
    if args.no_deps {
        settings::without_dependencies(&mut options);
    }
    output::load(&options, context)
}

/// Reads the files for the services that the arguments name; there has to be one.
pub(super) fn load_some(args: &UpPlanArgs, context: &Context) -> Result<Loaded, Failure> {
    let loaded = load(args, context)?;
    if loaded.project.services.is_empty() && !context.global.all_resources {
        return settings::usage(&format!("no service selected{}", profiles_hint(&loaded.project)));
    }
    Ok(loaded)
}

/// Which profiles enable services, where all are disabled.
fn profiles_hint(project: &Project) -> String {
    let profiles: BTreeSet<_> = project.disabled.values().flat_map(|service| &service.profiles).collect();
    if profiles.is_empty() {
        return String::new();
    }
    let profiles: Vec<_> = profiles.into_iter().map(String::as_str).collect();
    format!(
        "\nhint: every service has a profile and none is active; enable one with --profile NAME (available: {})",
        profiles.join(", ")
    )
}

/// Observes, asks what has to be asked, and plans.
pub(super) async fn prepare(
    args: &UpPlanArgs,
    context: &Context,
    loaded: Loaded,
    engine: &Docker,
) -> Result<Goal, Failure> {
    let mut options = settings::up_options(args, context, &loaded.project.environment)?;
    options.contents = load::contents(&loaded.project);
    if engine.is_local() {
        options.missing_files = load::missing_files(&loaded.project);
    }
    let project = Arc::new(loaded.project);
    let origin = Origin { project: project.clone(), sources: loaded.sources };
    let mut up = Up { project, options };
    let prepared = look(&mut up, args, context, engine).await.map_err(|error| origin.failure(error))?;
    output::plan_warnings(&prepared.plan, Some((&origin.project, &origin.sources)), context)?;
    let hidden = Hidden { layers: args.converge.quiet_pull, builds: args.quiet_build };
    Ok(Goal { up, prepared, origin, hidden })
}

async fn look(up: &mut Up, args: &UpPlanArgs, context: &Context, engine: &Docker) -> Result<Prepared, OperationError> {
    let detail = if context.global.dry_run { Detail::Full } else { Detail::Enough };
    if args.converge.yes {
        return operation::prepare(up, engine, &Always::Yes, detail).await;
    }
    // A dry run asks nothing, and shows what happens after a no.
    if context.global.dry_run {
        return operation::prepare(up, engine, &Always::No, detail).await;
    }
    operation::prepare(up, engine, &Person { terminals: context.terminals }, detail).await
}
