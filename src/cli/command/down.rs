//! `down`: stops and removes what a project has in the engine; works without its files too.

use std::sync::Arc;

use clap::Args;

use crate::cli::engine::with_engine;
use crate::cli::lenient::is_yes;
use crate::cli::progress::{self, Origin};
use crate::cli::{Context, Failure, output, settings};
use crate::engine::Engine;
use crate::operation::ask::Always;
use crate::operation::{self, Change, Detail, Down};
use crate::plan::{DownImages, DownOptions, DownTarget, DownVolumes, Orphans};
use crate::project::ServiceName;
use crate::render::Hidden;
use crate::source::SourceMap;

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
    /// Services to take down, with their dependents [default: all]
    #[arg(value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
}

pub(super) fn down(args: &DownArgs, context: &Context) -> Result<(), Failure> {
    images(args)?;
    with_engine(
        context,
        || target(args, context),
        async |(target, sources), engine| take_down(args, context, target, sources, engine).await,
    )
}

/// What to take down, and the project's files.
fn target(args: &DownArgs, context: &Context) -> Result<(DownTarget, SourceMap), Failure> {
    Ok(match output::target_with(&args.services, context)? {
        output::Target::Project(loaded) => (DownTarget::Files(Arc::new(loaded.project)), loaded.sources),
        output::Target::Name(name) => (DownTarget::Labels(name), SourceMap::default()),
    })
}

async fn take_down<E: Engine>(
    args: &DownArgs,
    context: &Context,
    target: DownTarget,
    sources: SourceMap,
    engine: E,
) -> Result<(), Failure> {
    let mut down = Down::new(target, options(args, context)?);
    let origin = Origin { project: down.project().clone(), sources };
    let prepared = operation::prepare(&mut down, &engine, &Always::No, Detail::Enough).await;
    let prepared = prepared.map_err(|error| origin.failure(error))?;
    output::plan_warnings(&prepared.plan, None, context)?;
    if prepared.plan.is_empty() {
        return Ok(());
    }
    if context.global.dry_run {
        return progress::print_plan(&prepared, &origin.project, context);
    }
    progress::carry_out(&down, &engine, &prepared, &origin, Hidden::default(), context).await
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
        services: args.services.iter().map(|service| ServiceName::from(service.as_str())).collect(),
        volumes: if args.volumes { DownVolumes::Remove } else { DownVolumes::Keep },
        images: images(args)?,
        orphans: if orphans { Orphans::Remove } else { Orphans::Keep },
        timeout: settings::timeout(args.timeout),
    })
}
