//! `alpha`: the experimental commands of Docker Compose, under its names.

use std::ffi::OsString;
use std::io::{self, Write};

use clap::{Args, Subcommand};

use super::viz::{self, VizArgs};
use crate::cli::{Context, Failure, output};

/// Arguments of `alpha`.
#[derive(Debug, Args)]
pub(crate) struct AlphaArgs {
    /// The command; without a known one, the help is shown.
    #[command(subcommand)]
    pub(crate) command: Option<AlphaCommand>,
}

/// A command of the group.
#[derive(Debug, Subcommand)]
pub(crate) enum AlphaCommand {
    /// Print the services and their dependencies as a graph for Graphviz
    Viz(VizArgs),
    /// One that is unknown.
    #[command(external_subcommand)]
    Unknown(Vec<OsString>),
}

pub(super) fn alpha(args: &AlphaArgs, mut root: clap::Command, context: &Context) -> Result<(), Failure> {
    match &args.command {
        Some(AlphaCommand::Viz(args)) => {
            let options = viz::options(args)?;
            writeln!(io::stderr(), "viz command is EXPERIMENTAL")?;
            viz::print(&options, context)
        }
        Some(AlphaCommand::Unknown(words)) if words.first().is_some_and(|word| word == "generate") => {
            Failure::usage("`alpha generate` is not supported yet")
        }
        Some(AlphaCommand::Unknown(_)) | None => {
            root.build();
            let group = root.find_subcommand_mut("alpha").map(|group| group.render_help().to_string());
            output::print(group.unwrap_or_default())
        }
    }
}
