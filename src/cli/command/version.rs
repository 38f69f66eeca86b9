//! `version`: prints the version. It reads no files, so it works everywhere.

use clap::Args;

use crate::cli::invocation::Form;
use crate::cli::level::COMPOSE_LEVEL;
use crate::cli::{Failure, output};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Arguments of `version`.
#[derive(Debug, Args)]
pub(crate) struct VersionArgs {
    /// Output format: pretty or json
    #[arg(short, long, value_name = "FORMAT")]
    pub(crate) format: Option<String>,
    /// Print only the version number
    #[arg(long)]
    pub(crate) short: bool,
}

/// `--version`.
pub(super) fn print(form: Form) -> Result<(), Failure> {
    output::print(match form {
        Form::Hoist => format!("hoist version v{VERSION}\nCompatible with Docker Compose v{COMPOSE_LEVEL}\n"),
        // Scripts compare the version of what they call.
        Form::Standalone | Form::Plugin => format!("Docker Compose version v{COMPOSE_LEVEL}\n"),
    })
}

pub(super) fn version(args: &VersionArgs, form: Form) -> Result<(), Failure> {
    let own = form == Form::Hoist;
    if args.short {
        output::print(format!("{}\n", if own { VERSION } else { COMPOSE_LEVEL }))
    } else if args.format.as_deref() != Some("json") {
        print(form)
    } else if own {
        output::print(format!("{{\"version\":\"v{VERSION}\",\"compose\":\"v{COMPOSE_LEVEL}\"}}\n"))
    } else {
        output::print(format!("{{\"version\":\"v{COMPOSE_LEVEL}\"}}\n"))
    }
}
