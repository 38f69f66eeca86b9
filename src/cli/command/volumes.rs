//! `volumes`: lists the volumes of the project.

use clap::Args;

use crate::cli::engine::with_engine;
use crate::cli::{Context, Failure, existing, listing, output};
use crate::operation::Volumes;
use crate::render::listing::Format;
use crate::render::volumes;

/// Arguments of `volumes`.
#[derive(Debug, Args)]
pub(crate) struct VolumesArgs {
    /// Output format: table, json (one object per line), a template, or `table` and a template
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: String,
    /// Print only volume names
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Services whose running containers mount the volumes [default: all volumes]
    #[arg(value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
}

pub(super) fn volumes(args: &VolumesArgs, context: &Context) -> Result<(), Failure> {
    let format = if args.quiet { Format::Ids } else { listing::parse(&args.format)? };
    let load = || Ok(output::target_with(&args.services, context)?.name().clone());
    let volumes = with_engine(context, load, async |project, engine| {
        let volumes = Volumes { project, services: existing::names(&args.services) };
        volumes.list(&engine).await.map_err(Failure::without_files)
    })?;
    listing::print(|out| volumes::write(&volumes, &format, out))
}
