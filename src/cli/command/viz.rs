//! `viz`: the services and their dependencies as a graph for Graphviz.

use clap::Args;

use crate::cli::output::Remarks;
use crate::cli::{Context, Failure, output};
use crate::export::viz::{self as graphviz, Detail, VizOptions};

/// Arguments of `viz`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub(crate) struct VizArgs {
    /// Show the image of each service
    #[arg(long)]
    pub(crate) image: bool,
    /// Number of tabs or spaces to indent by
    #[arg(long, value_name = "N", default_value_t = 1, allow_negative_numbers = true)]
    pub(crate) indentation_size: i32,
    /// Show the networks of each service
    #[arg(long)]
    pub(crate) networks: bool,
    /// Show the published ports of each service
    #[arg(long)]
    pub(crate) ports: bool,
    /// Indent with spaces instead of tabs
    #[arg(long)]
    pub(crate) spaces: bool,
    /// Arguments that it ignores.
    #[arg(hide = true)]
    pub(crate) surplus: Vec<String>,
}

pub(super) fn viz(args: &VizArgs, context: &Context) -> Result<(), Failure> {
    print(&options(args)?, context)
}

/// How to write the graph.
pub(super) fn options(args: &VizArgs) -> Result<VizOptions, Failure> {
    let Ok(size) = usize::try_from(args.indentation_size) else {
        return Failure::usage(&format!("invalid indentation size: {}", args.indentation_size));
    };
    let details = [(Detail::Networks, args.networks), (Detail::Ports, args.ports), (Detail::Image, args.image)];
    Ok(VizOptions {
        indentation: if args.spaces { " " } else { "\t" }.repeat(size),
        details: details.into_iter().filter(|(_, is_shown)| *is_shown).map(|(detail, _)| detail).collect(),
    })
}

/// Prints the graph of the project in the files, and an empty line as Docker Compose does.
pub(super) fn print(options: &VizOptions, context: &Context) -> Result<(), Failure> {
    let loaded = output::load(&context.load_options(&[]), Remarks::NotOnSchedules, context)?;
    output::print(graphviz::graphviz(&loaded.project, options) + "\n")
}
