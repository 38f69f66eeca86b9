//! `plan`: what `up` would do, and why. Exit status 0 when there is nothing to do, 2 when there is.

use super::{converge, run};
use crate::cli::args::{PlanArgs, PlanFormat};
use crate::cli::{Context, Failure, output};

pub(super) fn plan(args: &PlanArgs, context: &Context) -> Result<(), Failure> {
    let mut context = context.clone();
    context.global.dry_run = true;
    let goal = run::with_engine(
        &context,
        || converge::load_some(&args.plan, &context),
        async |loaded, engine| converge::prepare(&args.plan, &context, loaded, &engine).await,
    )?;
    let plan = &goal.prepared.plan;
    match args.format {
        PlanFormat::Text => run::print_plan(&goal.prepared, &goal.origin.project, &context)?,
        PlanFormat::Json => output::print(format!("{}\n", plan.to_json()))?,
    }
    if plan.has_changes() { Err(Failure::ChangesPending) } else { Ok(()) }
}
