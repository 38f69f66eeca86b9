//! `version`: prints the version.

use clap::Args;

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

/// `hoist --version`.
pub(super) fn print() -> Result<(), Failure> {
    output::print(format!("hoist version v{VERSION}\n"))
}

pub(super) fn version(args: &VersionArgs) -> Result<(), Failure> {
    if args.short {
        output::print(format!("{VERSION}\n"))
    } else if args.format.as_deref() == Some("json") {
        output::print(format!("{}\n", serde_json::json!({ "version": format!("v{VERSION}") })))
    } else {
        print()
    }
}
