//! `completion SHELL`: prints a script that lets a shell complete hoist's commands and flags.

use crate::cli::{Failure, output};
use clap::{Args, Command};

/// Arguments of `completion`.
#[derive(Debug, Args)]
pub(crate) struct CompletionArgs {
    /// Shell to print the script for
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

pub(super) fn completion(args: &CompletionArgs, mut root: Command) -> Result<(), Failure> {
    // Written to memory first: the generator panics if a write fails, for example because the reader closed the pipe.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut root, "hoist", &mut script);
    output::print(script)
}
