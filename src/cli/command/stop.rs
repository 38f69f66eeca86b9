//! `stop`: stops containers and keeps them.

use clap::Args;

use crate::cli::engine::with_engine;
use crate::cli::{Context, Failure, existing, settings};
use crate::operation::Existing;
use crate::operation::ask::Always;
use crate::plan::{self, ProjectSource};

/// Arguments of `stop`.
#[derive(Debug, Args)]
pub(crate) struct StopArgs {
    /// Time that containers get to stop [default: their own grace period]
    #[arg(short, long, value_name = "SECONDS", allow_hyphen_values = true)]
    pub(crate) timeout: Option<i64>,
    /// Services to stop [default: all]
    #[arg(value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
}

pub(super) fn stop(args: &StopArgs, context: &Context) -> Result<(), Failure> {
    let services = existing::names(&args.services);
    let timeout = settings::timeout(args.timeout);
    with_engine(
        context,
        || existing::find(&args.services, context),
        async |found, engine| {
            let plan = |source: &ProjectSource, observed: &_| {
                Ok(plan::stop(&source.project(observed), observed, &services, timeout))
            };
            let mut stop = Existing::new("stop", found.source, plan);
            existing::carry_out(&mut stop, found.sources, &Always::No, &engine, context).await.map(|_| ())
        },
    )
}
