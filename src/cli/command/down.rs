//! `down`: stops and removes what a project has in the engine; works without its files too.

use clap::Args;

use crate::cli::engine::with_engine;
use crate::cli::lenient::is_yes;
use crate::cli::{Context, Failure, existing, settings};
use crate::operation::Down;
use crate::operation::ask::Always;
use crate::plan::{DownImages, DownOptions, DownVolumes, Orphans};

/// Arguments of `down`.
#[derive(Debug, Args)]
pub(crate) struct DownArgs {
    /// Remove containers of services that are not in the files
    #[arg(long)]
    pub(crate) remove_orphans: bool,
    /// Remove images of the services: all, or local for those without an `image` name
    #[arg(long, value_name = "WHICH")]
    pub(crate) rmi: Option<String>,
    /// Time that containers have to stop before they are killed [default: their own grace period]
    #[arg(short, long, value_name = "SECONDS", allow_hyphen_values = true)]
    pub(crate) timeout: Option<i64>,
    /// Remove the project's named and anonymous volumes and their data
    #[arg(short = 'v', long, alias = "volume")]
    pub(crate) volumes: bool,
    /// Services to take down [default: all]
    #[arg(value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
}

pub(super) fn down(args: &DownArgs, context: &Context) -> Result<(), Failure> {
    let options = options(args, context)?;
    with_engine(
        context,
        || existing::find(&args.services, context),
        async |found, engine| {
            let mut down = Down::new(found.source, options);
            existing::carry_out(&mut down, found.sources, &Always::No, &engine, context).await.map(|_| ())
        },
    )
}

/// The images that `--rmi` selects.
fn images(args: &DownArgs) -> Result<DownImages, Failure> {
    match args.rmi.as_deref() {
        None => Ok(DownImages::Keep),
        Some("local") => Ok(DownImages::Local),
        Some("all") => Ok(DownImages::All),
        Some(other) => Failure::usage(&format!("invalid value for --rmi: \"{other}\"")),
    }
}

fn options(args: &DownArgs, context: &Context) -> Result<DownOptions, Failure> {
    let orphans = args.remove_orphans || context.variable("COMPOSE_REMOVE_ORPHANS").is_some_and(is_yes);
    Ok(DownOptions {
        services: existing::names(&args.services),
        volumes: if args.volumes { DownVolumes::Remove } else { DownVolumes::Keep },
        images: images(args)?,
        orphans: if orphans { Orphans::Remove } else { Orphans::Keep },
        timeout: settings::timeout(args.timeout),
    })
}
