//! `kill`: sends a signal to running containers.

use clap::Args;

use crate::cli::engine::with_engine;
use crate::cli::existing::Did;
use crate::cli::lenient::is_yes;
use crate::cli::{Context, Failure, existing, output};
use crate::operation::Existing;
use crate::operation::ask::Always;
use crate::plan::{self, KillOptions, Orphans};

/// Arguments of `kill`.
#[derive(Debug, Args)]
pub(crate) struct KillArgs {
    /// Include containers of services that are not in the files
    #[arg(long)]
    pub(crate) remove_orphans: bool,
    /// Signal to send
    #[arg(short, long, value_name = "SIGNAL", default_value = "SIGKILL")]
    pub(crate) signal: String,
    /// Services whose containers get the signal [default: all]
    #[arg(value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
}

pub(super) fn kill(args: &KillArgs, context: &Context) -> Result<(), Failure> {
    let orphans = args.remove_orphans || context.variable("COMPOSE_REMOVE_ORPHANS").is_some_and(is_yes);
    let options = KillOptions {
        services: existing::names(&args.services),
        signal: args.signal.clone(),
        orphans: if orphans { Orphans::Remove } else { Orphans::Keep },
    };
    with_engine(
        context,
        || existing::find(&args.services, context),
        async |found, engine| {
            let plan = |source: &_, observed: &_| Ok(plan::kill(source, observed, &options));
            let mut kill = Existing::new("kill", found.source, plan);
            match existing::carry_out(&mut kill, found.sources, &Always::No, &engine, context).await? {
                Did::Nothing => output::status("No container to kill", context),
                Did::Something => Ok(()),
            }
        },
    )
}
