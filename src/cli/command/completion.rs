//! `completion SHELL`: prints a script that lets a shell complete hoist's commands and flags.

use crate::cli::complete::script::{Shell, script};
use crate::cli::invocation::Form;
use crate::cli::{Failure, output};
use clap::{Args, Command};

/// Arguments of `completion`.
#[derive(Debug, Args)]
#[command(after_help = "Scripts for bash, fish and zsh also complete services, profiles and projects.")]
pub(crate) struct CompletionArgs {
    /// Shell to print the script for
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

pub(super) fn completion(args: &CompletionArgs, mut root: Command, form: Form) -> Result<(), Failure> {
    // Docker completes its plugins itself.
    let program = if form == Form::Hoist { "hoist" } else { "docker-compose" };
    let shell = match args.shell {
        clap_complete::Shell::Bash => Shell::Bash,
        clap_complete::Shell::Fish => Shell::Fish,
        clap_complete::Shell::Zsh => Shell::Zsh,
        other @ (clap_complete::Shell::Elvish | clap_complete::Shell::PowerShell | _) => {
            // Written to memory first: the generator panics when its writer fails, as one does whose reader went away.
            let mut script = Vec::new();
            clap_complete::generate(other, &mut root, program, &mut script);
            return output::print(script);
        }
    };
    output::print(script(shell, program))
}
