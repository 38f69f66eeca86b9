//! `create`: `up` without the starts.

use crate::cli::bring_up::{self, ConvergeArgs, UpPlanArgs};
use crate::cli::engine::with_engine;
use crate::cli::output::Remarks;
use crate::cli::{Context, Failure, progress, service_names};
use clap::Args;

/// Arguments of `create`.
#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// Flags about creating containers.
    #[command(flatten)]
    pub(crate) converge: ConvergeArgs,
    /// Services to create containers for, with their dependencies [default: all]
    #[arg(value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
}

pub(super) fn create(args: CreateArgs, context: &Context) -> Result<(), Failure> {
    let args = UpPlanArgs { converge: args.converge, no_start: true, services: args.services, ..UpPlanArgs::default() };
    with_engine(
        context,
        || {
            let loaded = bring_up::load_services(&args, Remarks::All, context, service_names::only_run)?;
            service_names::refuse_schedules(&loaded.project, &loaded.sources).map(|()| loaded)
        },
        async |loaded, engine| {
            let mut goal = bring_up::prepare(&args, context, loaded, &engine).await?;
            goal.up.name = "create";
            if context.global.dry_run {
                return goal.dry_run(context).await;
            }
            progress::carry_out(&goal.up, &engine, &goal.prepared, &goal.origin, goal.hidden, context).await
        },
    )
}
