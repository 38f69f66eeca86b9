//! `export`: the files of a container as a tar archive.

use std::io;
use std::path::PathBuf;

use clap::Args;

use crate::cli::engine::with_engine;
use crate::cli::{Context, Failure, output, progress};
use crate::operation::{Export, OneContainer};

/// Arguments of `export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// Export the replica with this number
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    pub(crate) index: i64,
    /// Write to a file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Service whose container is exported
    #[arg(value_name = "SERVICE")]
    pub(crate) service: String,
    /// Ignored, as in Docker Compose
    #[arg(value_name = "IGNORED", hide = true)]
    pub(crate) others: Vec<String>,
}

pub(super) fn export(args: ExportArgs, context: &Context) -> Result<(), Failure> {
    let output = args.output.filter(|path| !path.as_os_str().is_empty());
    let load = || {
        if output.is_none() && context.terminals.stdout {
            return Failure::usage("output option is required when exporting to terminal");
        }
        Ok(Export {
            container: OneContainer {
                project: output::named(context)?.name().clone(),
                service: args.service.as_str().into(),
                number: u32::try_from(args.index).ok().filter(|number| *number > 0),
            },
            output,
            folder: context.working_directory.clone(),
            dry_run: context.global.dry_run,
        })
    };
    with_engine(context, load, async |export, engine| {
        progress::perform(context, async |events, interruption| {
            export.run(&engine, &events, &interruption, Box::new(io::stdout())).await
        })
        .await
    })
}
