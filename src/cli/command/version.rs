//! `version` (cli.md §5.7).

use std::io::{self, Write};

use crate::cli::Failure;
use crate::cli::args::VersionArgs;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// `hoist --version`.
pub(super) fn print() -> Result<(), Failure> {
    Ok(writeln!(io::stdout(), "hoist version v{VERSION}")?)
}

pub(super) fn version(args: &VersionArgs) -> Result<(), Failure> {
    let mut out = io::stdout();
    if args.short {
        writeln!(out, "{VERSION}")?;
    } else if args.format.as_deref() == Some("json") {
        writeln!(out, "{}", serde_json::json!({ "version": format!("v{VERSION}") }))?;
    } else {
        return print();
    }
    Ok(())
}
