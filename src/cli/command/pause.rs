//! `pause`: suspends the processes of running containers.

use clap::Args;

use crate::cli::engine::with_engine;
use crate::cli::{Context, Failure, existing};
use crate::operation::Existing;
use crate::operation::ask::Always;
use crate::plan;

/// Arguments of `pause`.
#[derive(Debug, Args)]
pub(crate) struct PauseArgs {
    /// Services to pause [default: all]
    #[arg(value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
}

pub(super) fn pause(args: &PauseArgs, context: &Context) -> Result<(), Failure> {
    let services = existing::names(&args.services);
    with_engine(
        context,
        || existing::find(&args.services, context),
        async |found, engine| {
            let plan = |source: &_, observed: &_| Ok(plan::pause(source, observed, &services));
            let mut pause = Existing::new("pause", found.source, plan);
            existing::carry_out(&mut pause, found.sources, &Always::No, &engine, context).await.map(|_| ())
        },
    )
}
