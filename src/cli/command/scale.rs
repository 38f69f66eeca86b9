//! `scale`: runs as many replicas of services as are asked for.

use clap::Args;

use crate::cli::bring_up::{self, ConvergeArgs, UpPlanArgs};
use crate::cli::engine::with_engine;
use crate::cli::{Context, Failure, progress};

/// Arguments of `scale`.
#[derive(Debug, Args)]
pub(crate) struct ScaleArgs {
    /// Do not bring up dependencies of the given services
    #[arg(long)]
    pub(crate) no_deps: bool,
    /// Services and their number of replicas
    #[arg(value_name = "SERVICE=REPLICAS", required = true)]
    pub(crate) scales: Vec<String>,
}

pub(super) fn scale(args: ScaleArgs, context: &Context) -> Result<(), Failure> {
    let services = services(&args.scales)?;
    let converge = ConvergeArgs { scale: args.scales, ..ConvergeArgs::default() };
    let args = UpPlanArgs { converge, no_deps: args.no_deps, services, ..UpPlanArgs::default() };
    with_engine(
        context,
        || bring_up::load_some(&args, context),
        async |loaded, engine| {
            let mut goal = bring_up::prepare(&args, context, loaded, &engine).await?;
            goal.up.name = "scale";
            if context.global.dry_run {
                return goal.dry_run(context).await;
            }
            progress::carry_out(&goal.up, &engine, &goal.prepared, &goal.origin, goal.hidden, context).await
        },
    )
}

/// The services that are scaled.
///
/// # Errors
///
/// If an item is not `SERVICE=NUM`, in the words of Docker Compose.
fn services(scales: &[String]) -> Result<Vec<String>, Failure> {
    let service = |item: &String| match item.split_once('=') {
        None => Failure::usage(&format!("invalid scale specifier: {item}")),
        Some((_, number)) if number.parse::<u32>().is_err() => {
            Failure::usage(&format!("invalid scale specifier: can't parse replica value as int: {item}"))
        }
        Some((service, _)) => Ok(service.to_owned()),
    };
    scales.iter().map(service).collect()
}
