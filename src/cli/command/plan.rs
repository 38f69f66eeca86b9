//! `plan`: what `up` would do, and why. Exit status 0 when there is nothing to do, 2 when there is.

use crate::cli::bring_up::{self, UpPlanArgs};
use crate::cli::engine::with_engine;
use crate::cli::{Context, Failure, output, progress};
use crate::render::plan::json;
use clap::{Args, ValueEnum};

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    /// The flags that affect the plan.
    #[command(flatten)]
    pub(crate) plan: UpPlanArgs,
    /// Output format: text, or json for a single object with all steps
    #[arg(long, value_name = "FORMAT", value_enum, hide_possible_values = true, default_value_t = PlanFormat::Text)]
    pub(crate) format: PlanFormat,
}

/// The output formats of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanFormat {
    /// One line per resource, or per step with `--steps`.
    Text,
    /// One JSON object.
    Json,
}

pub(super) fn plan(args: &PlanArgs, context: &Context) -> Result<(), Failure> {
    let mut context = context.clone();
    context.global.dry_run = true;
    let goal = with_engine(
        &context,
        || bring_up::load_some(&args.plan, &context),
        async |loaded, engine| bring_up::prepare(&args.plan, &context, loaded, &engine).await,
    )?;
    let plan = &goal.prepared.plan;
    match args.format {
        PlanFormat::Text => progress::print_plan(&goal.prepared, &goal.origin.project, &context)?,
        PlanFormat::Json => output::print(format!("{}\n", json(plan)))?,
    }
    if plan.has_changes() { Err(Failure::ChangesPending) } else { Ok(()) }
}
