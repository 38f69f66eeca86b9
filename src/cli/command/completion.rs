//! `completion SHELL`: the script that makes a shell complete hoist's commands and flags.

use clap::CommandFactory;

use crate::cli::args::{Cli, CompletionArgs};
use crate::cli::{Failure, output};

pub(super) fn completion(args: &CompletionArgs) -> Result<(), Failure> {
    // Written to memory first: the generator panics when its writer fails, as one does whose reader went away.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "hoist", &mut script);
    output::print(script)
}
