//! `attach`: connects this terminal to a running container.

use clap::Args;

use crate::cli::engine::with_engine;
use crate::cli::terminal::ProcessTerminal;
use crate::cli::{Context, Failure, interaction, output};
use crate::operation::{Attach, OneContainer, Signals};
use crate::project::ServiceName;

/// Arguments of `attach`.
#[derive(Debug, Args)]
pub(crate) struct AttachArgs {
    /// Keys that leave the container running [default: ctrl-p,ctrl-q]
    #[arg(long, value_name = "KEYS")]
    pub(crate) detach_keys: Option<String>,
    /// Number of the replica to attach to; 0 means the first
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) index: u32,
    /// Do not pass standard input to the container
    #[arg(long)]
    pub(crate) no_stdin: bool,
    /// Pass signals to the container, unless it has a terminal
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = true,
          default_missing_value = "true", value_parser = interaction::switch, action = clap::ArgAction::Set)]
    pub(crate) sig_proxy: bool,
    /// Service to attach to
    #[arg(value_name = "SERVICE")]
    pub(crate) service: String,
    /// Ignored, as in Docker Compose
    #[arg(value_name = "IGNORED", hide = true)]
    pub(crate) others: Vec<String>,
}

pub(super) fn attach(args: &AttachArgs, context: &Context) -> Result<(), Failure> {
    if context.global.dry_run {
        return Failure::usage("attach is not supported in dry-run mode");
    }
    let keys = interaction::keys(args.detach_keys.as_deref(), context)?;
    let load = || Ok(output::named(context)?.name().clone());
    let status = with_engine(context, load, async |project, engine| {
        let attach = Attach {
            container: OneContainer {
                project,
                service: ServiceName::from(args.service.as_str()),
                number: (args.index > 0).then_some(args.index),
            },
            stdin: !args.no_stdin,
            signals: if args.sig_proxy { Signals::Forwarded } else { Signals::Kept },
            keys,
        };
        let mut terminal = ProcessTerminal::new(context.terminals, attach.stdin)?;
        attach.run(&engine, &mut terminal).await.map_err(Failure::without_files)
    })?;
    interaction::ended_with(status)
}
