//! `help [COMMAND]`.

use crate::cli::invocation::Form;
use crate::cli::{Failure, help, output, refusal};
use clap::Args;

/// Arguments of `help`.
#[derive(Debug, Args)]
pub(crate) struct HelpArgs {
    /// Command to show the help for
    #[arg(value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}

pub(super) fn help(args: &HelpArgs, root: &clap::Command, form: Form) -> Result<(), Failure> {
    let mut built = root.clone();
    built.build();
    let mut command = &built;
    let mut path = Vec::new();
    for name in &args.command {
        match command.find_subcommand(name).filter(|found| help::is_available(found.get_name(), form)) {
            Some(found) => command = found,
            None => return Err(Failure::Usage(refusal::unknown(root, name, form))),
        }
        path.push(command.get_name());
    }
    output::print(help::text(root, &path.join(" "), form))
}
