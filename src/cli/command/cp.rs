//! `cp`: copies files between containers and the local file system.

use std::io;

use clap::Args;

use crate::cli::engine::with_engine;
use crate::cli::{Context, Failure, output, progress};
use crate::engine::Owners;
use crate::operation::Copy;
use crate::operation::copy::{Sides, Streams};

/// Arguments of `cp`.
#[derive(Debug, Args)]
pub(crate) struct CpArgs {
    /// Include containers created by `run`
    #[arg(long)]
    pub(crate) all: bool,
    /// Keep the owner and group of copied files
    #[arg(short, long)]
    pub(crate) archive: bool,
    /// Copy the target of a source that is a symbolic link
    #[arg(short = 'L', long)]
    pub(crate) follow_link: bool,
    /// Copy from or to the replica with this number only
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    pub(crate) index: i64,
    /// SERVICE:PATH, a local path, or - for a tar archive on standard input
    #[arg(value_name = "PATH")]
    pub(crate) source: String,
    /// SERVICE:PATH, a local path, or - for a tar archive on standard output
    #[arg(value_name = "PATH")]
    pub(crate) destination: String,
}

pub(super) fn cp(args: &CpArgs, context: &Context) -> Result<(), Failure> {
    let load = || {
        let project = output::named(context)?.name().clone();
        Ok(Copy {
            project,
            sides: Sides::of(&args.source, &args.destination).map_err(|error| Failure::Usage(error.to_string()))?,
            number: u32::try_from(args.index).ok().filter(|number| *number > 0),
            one_offs: args.all,
            follow_links: args.follow_link,
            owners: if args.archive { Owners::Archive } else { Owners::Engine },
            dry_run: context.global.dry_run,
            folder: context.working_directory.clone(),
        })
    };
    with_engine(context, load, async |copy, engine| {
        let streams = Streams { input: Box::new(io::stdin()), output: Box::new(io::stdout()) };
        progress::perform(context, async |events, interruption| {
            copy.run(&engine, &events, &interruption, streams).await
        })
        .await
    })
}
