//! What `up`, `create` and `plan` have in common: from files to a plan.

use std::sync::Arc;

use super::run::{self, Ready};
use crate::cli::args::UpPlanArgs;
use crate::cli::confirm::confirm;
use crate::cli::context::Context;
use crate::cli::{Failure, output, settings};
use crate::engine::Engine;
use crate::load::Loaded;
use crate::plan::{self, UpOptions};

/// Reads the files for the services that the arguments name.
pub(super) fn load(args: &UpPlanArgs, context: &Context) -> Result<Loaded, Failure> {
    let mut options = settings::load_options(context, &args.services);
    if args.no_deps {
        settings::without_dependencies(&mut options);
    }
    output::load(&options, context)
}

/// Observes, asks what has to be asked, and plans.
pub(super) async fn prepare(args: &UpPlanArgs, context: &Context, loaded: Loaded) -> Result<Ready, Failure> {
    let options = settings::up_options(args, context, &loaded.project.environment)?;
    let parallel = settings::parallel(context, &loaded.project.environment)?;
    let project = Arc::new(loaded.project);
    if project.services.is_empty() && !context.global.all_resources {
        return settings::usage("no service selected");
    }
    let engine = run::connect(context)?;
    let observed = engine.observe(run::query(&project, &options)).await?;
    let options = ask(args, context, &project, &observed, options)?;
    let plan = plan::up(&project, &observed, &options)
        .map_err(|error| Failure::Plan(Box::new((error, project.clone(), loaded.sources.clone()))))?;
    output::plan_warnings(&plan, context)?;
    Ok(Ready { project, sources: loaded.sources, engine, observed, plan: Arc::new(plan), parallel })
}

/// Volumes whose definition changed lose their data only if the user says so.
fn ask(
    args: &UpPlanArgs,
    context: &Context,
    project: &crate::project::Project,
    observed: &crate::observed::Observed,
    mut options: UpOptions,
) -> Result<UpOptions, Failure> {
    for key in plan::changed_volumes(project, observed) {
        let Some(volume) = project.volumes.get(&key) else { continue };
        let question = format!(
            "Volume \"{}\" exists but doesn't match configuration in compose file. Recreate (data will be lost)?",
            volume.name
        );
        // A dry run shows what happens without the answer yes, and asks nothing.
        if args.converge.yes || (!context.global.dry_run && confirm(&question, context.terminals)?) {
            options.recreate_volumes.insert(key);
        }
    }
    Ok(options)
}
