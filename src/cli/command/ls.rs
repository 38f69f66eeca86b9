//! `ls`: lists the projects on the engine.

use clap::Args;

use crate::cli::engine::with_engine;
use crate::cli::{Context, Failure, listing};
use crate::engine::ContainerStates;
use crate::operation::{Ls, NameFilter};
use crate::render::listing::Format;
use crate::render::ls;

/// Arguments of `ls`.
#[derive(Debug, Args)]
pub(crate) struct LsArgs {
    /// Also show projects whose containers are all stopped
    #[arg(short, long)]
    pub(crate) all: bool,
    /// Filter projects: name=REGEX; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) filter: Vec<String>,
    /// Output format: table or json (one array)
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: String,
    /// Print only project names
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Arguments that it does not take.
    #[arg(hide = true)]
    pub(crate) surplus: Vec<String>,
}

pub(super) fn ls(args: &LsArgs, context: &Context) -> Result<(), Failure> {
    if let Some(surplus) = args.surplus.first() {
        return Failure::usage(&format!("unknown command \"{surplus}\" for \"docker compose ls\""));
    }
    let names = names(&args.filter)?;
    let format = if args.quiet { Format::Ids } else { listing::word(&args.format)? };
    let states = if args.all { ContainerStates::All } else { ContainerStates::Up };
    let projects = with_engine(
        context,
        || Ok(()),
        async |(), engine| Ls { states, names }.list(&engine).await.map_err(Failure::without_files),
    )?;
    listing::print(|out| ls::write(&projects, &format, out))
}

/// The filters of names; there are no others.
fn names(filters: &[String]) -> Result<Vec<NameFilter>, Failure> {
    let filters = filters.iter().filter(|filter| !filter.is_empty()).map(|filter| match filter.split_once('=') {
        None => Failure::usage(&format!(
            "invalid argument \"{filter}\" for \"--filter\" flag: bad format of filter (expected name=value)"
        )),
        Some((key, name)) if key.trim().to_lowercase() == "name" => Ok(NameFilter::new(name.trim())),
        Some((key, _)) => Failure::usage(&format!("invalid filter '{}'", key.trim().to_lowercase())),
    });
    filters.collect()
}
