//! `help [COMMAND]`.

use crate::cli::planned::unknown_command;
use crate::cli::{Failure, output};
use clap::Args;

/// Arguments of `help`.
#[derive(Debug, Args)]
pub(crate) struct HelpArgs {
    /// Command to show the help for
    #[arg(value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}

pub(super) fn help(args: &HelpArgs, mut root: clap::Command) -> Result<(), Failure> {
    root.build();
    let mut command = &mut root;
    for name in &args.command {
        let Some(found) = command.find_subcommand_mut(name) else {
            return Err(Failure::Usage(unknown_command(name, None)));
        };
        command = found;
    }
    output::print(command.render_help().to_string())
}
