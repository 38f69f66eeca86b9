//! `timeline`: the course of the last `up` of a project.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::engine::connect;
use crate::cli::recording::{self, TimelineFormat};
use crate::cli::{Context, Failure, output};
use crate::render::plan::PlanStyle;
use crate::render::timeline;

/// Arguments of `timeline`.
#[derive(Debug, Args)]
pub(crate) struct TimelineArgs {
    /// What to show.
    #[command(subcommand)]
    pub(crate) which: Which,
}

/// Which run to show.
#[derive(Debug, Subcommand)]
pub(crate) enum Which {
    /// Show what the last `up` did, what it waited for, and what took longest
    Last {
        /// Output format: text, svg, html, json or trace [default: that of the file's name, else text]
        #[arg(long, value_name = "FORMAT", value_enum, hide_possible_values = true)]
        format: Option<TimelineFormat>,
        /// Write to this file instead of standard output
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

pub(super) fn timeline(args: &TimelineArgs, context: &Context) -> Result<(), Failure> {
    let Which::Last { format, output } = &args.which;
    let format = match (format, output) {
        (Some(format), _) => *format,
        (None, None) => TimelineFormat::Text,
        (None, Some(path)) => match TimelineFormat::of_file(path) {
            Some(format) => format,
            None => {
                return Failure::usage(&format!(
                    "unknown format for `{}`\nhint: use a name ending in .svg, .html, .json, .trace or .txt, or add --format svg, \
                     html, json, trace or text",
                    path.display()
                ));
            }
        },
    };
    let target = output::named(context)?;
    let name = target.name();
    let nothing = || {
        Failure::Usage(format!(
            "no `up` of project `{name}` is recorded\nhint: `hoist up` records what it does, unless there is nothing to do; -p NAME \
             chooses another project"
        ))
    };
    let path = recording::kept(name, &connect(context)?.address(), context).ok_or_else(nothing)?;
    let text = context.reader.read(&path).map_err(|_| nothing())?;
    let last = timeline::read(&String::from_utf8_lossy(&text)).ok_or_else(nothing)?;
    let style = if output.is_some() { PlanStyle::default() } else { output::plan_style(context) };
    output::write(format.write(&last, style), output.as_deref(), context)
}
