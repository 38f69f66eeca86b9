//! `create`: `up` without the starts.

use super::{converge, run};
use crate::cli::args::{CreateArgs, UpPlanArgs};
use crate::cli::{Context, Failure};

pub(super) fn create(args: CreateArgs, context: &Context) -> Result<(), Failure> {
    let args = UpPlanArgs { converge: args.converge, no_start: true, services: args.services, ..UpPlanArgs::default() };
    run::with_engine(
        context,
        || converge::load(&args, context),
        async |loaded, engine| {
            let goal = converge::prepare(&args, context, loaded, &engine).await?;
            if context.global.dry_run {
                return run::print_plan(&goal.prepared, &goal.origin.project, context);
            }
            run::carry_out(&goal.up, &engine, &goal.prepared, &goal.origin, goal.hidden, context).await
        },
    )
}
