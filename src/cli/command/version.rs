//! `version` (cli.md §5.7).

use crate::cli::args::VersionArgs;
use crate::cli::{Failure, output};

const VERSION: &str = env!("CARGO_PKG_VERSION");

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
