//! `restart`: stops containers and starts them again as they are.

use clap::Args;

use crate::cli::engine::with_engine;
use crate::cli::{Context, Failure, existing, settings};
use crate::operation::Existing;
use crate::operation::ask::Always;
use crate::plan::{self, RestartDependents, RestartOptions};

/// Arguments of `restart`.
#[derive(Debug, Args)]
pub(crate) struct RestartArgs {
    /// Do not restart services that depend on the given ones with `restart: true`
    #[arg(long)]
    pub(crate) no_deps: bool,
    /// Time that containers get to stop [default: their own grace period]
    #[arg(short, long, value_name = "SECONDS", allow_hyphen_values = true)]
    pub(crate) timeout: Option<i64>,
    /// Services to restart [default: all]
    #[arg(value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
}

pub(super) fn restart(args: &RestartArgs, context: &Context) -> Result<(), Failure> {
    let options = RestartOptions {
        services: existing::names(&args.services),
        dependents: if args.no_deps { RestartDependents::No } else { RestartDependents::Yes },
        timeout: settings::timeout(args.timeout),
    };
    with_engine(
        context,
        || existing::find(&args.services, context),
        async |found, engine| {
            let plan = |source: &_, observed: &_| plan::restart(source, observed, &options);
            let mut restart = Existing::new("restart", found.source, plan);
            existing::carry_out(&mut restart, found.sources, &Always::No, &engine, context).await.map(|_| ())
        },
    )
}
