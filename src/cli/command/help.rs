//! `help [COMMAND]`.

use std::io::{self, Write};

use clap::CommandFactory;

use crate::cli::Failure;
use crate::cli::args::{Cli, HelpArgs};

pub(super) fn help(args: &HelpArgs) -> Result<(), Failure> {
    let mut root = Cli::command();
    root.build();
    let mut command = &mut root;
    for name in &args.command {
        let Some(found) = command.find_subcommand_mut(name) else {
            return Err(Failure::Usage(format!("unknown docker command: \"compose {name}\"")));
        };
        command = found;
    }
    Ok(write!(io::stdout(), "{}", command.render_help())?)
}
