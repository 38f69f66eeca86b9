//! `help [COMMAND]`.

use clap::CommandFactory;

use crate::cli::args::{Cli, HelpArgs};
use crate::cli::parse::unknown_command;
use crate::cli::{Failure, output};

pub(super) fn help(args: &HelpArgs) -> Result<(), Failure> {
    let mut root = Cli::command();
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
