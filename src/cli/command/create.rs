//! `create`: `up` without the starts.

use super::{converge, run};
use crate::cli::args::{CreateArgs, UpPlanArgs};
use crate::cli::{Context, Failure};

pub(super) fn create(args: CreateArgs, context: &Context) -> Result<(), Failure> {
    let args = UpPlanArgs { converge: args.converge, no_start: true, services: args.services, ..UpPlanArgs::default() };
    let loaded = converge::load(&args, context)?;
    run::block_on(async {
        let (goal, ready) = converge::prepare(&args, context, loaded).await?;
        if context.global.dry_run {
            return run::print_plan(&ready.plan);
        }
        converge::carry_out(&goal, ready, context).await
    })
}
