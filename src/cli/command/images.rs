//! `images`: lists the images of containers.

use clap::Args;
use jiff::Timestamp;

use crate::cli::engine::with_engine;
use crate::cli::{Context, Failure, existing, listing, output};
use crate::operation::Images;
use crate::render::images::{self, ImagesFormat};
use crate::render::listing::Format;

/// Arguments of `images`.
#[derive(Debug, Args)]
pub(crate) struct ImagesArgs {
    /// Output format: table or json (one array)
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: String,
    /// Print only IDs
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Services whose containers use the images [default: all]
    #[arg(value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
}

pub(super) fn images(args: &ImagesArgs, context: &Context) -> Result<(), Failure> {
    let format = format(args)?;
    let load = || Ok(output::named(context)?.name().clone());
    let images = with_engine(context, load, async |project, engine| {
        let images = Images { project, services: existing::names(&args.services) };
        images.list(&engine).await.map_err(Failure::without_files)
    })?;
    listing::print(|out| images::write(&images, &format, Timestamp::now(), out))
}

fn format(args: &ImagesArgs) -> Result<ImagesFormat, Failure> {
    if args.quiet {
        return Ok(ImagesFormat::Images(Format::Ids));
    }
    let format = listing::word(&args.format)?;
    let is_in_capitals = format == Format::Json && args.format != "json";
    Ok(if is_in_capitals { ImagesFormat::ByContainer } else { ImagesFormat::Images(format) })
}
