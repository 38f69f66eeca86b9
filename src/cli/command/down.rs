//! `down`: stops and removes what a project has in the engine; also without its files.

use std::sync::Arc;

use super::run::{self, Ready};
use crate::cli::args::DownArgs;
use crate::cli::confirm::lenient_bool;
use crate::cli::{Context, Failure, output, settings};
use crate::engine::docker::Docker;
use crate::engine::{AtEnd, Engine, EngineError, ObserveQuery};
use crate::observed::Observed;
use crate::plan::{self, DownImages, DownOptions, DownTarget, DownVolumes, Orphans};
use crate::project::{Project, ServiceName};
use crate::render::Hidden;
use crate::source::SourceMap;

pub(super) fn down(args: &DownArgs, context: &Context) -> Result<(), Failure> {
    images(args)?;
    run::with_engine(
        context,
        || target(args, context),
        async |(target, sources), engine| take_down(args, context, target, sources, engine).await,
    )
}

/// What is taken down, and the files that say so.
fn target(args: &DownArgs, context: &Context) -> Result<(DownTarget, SourceMap), Failure> {
    Ok(match output::target_with(&args.services, context)? {
        output::Target::Project(loaded) => (DownTarget::Files(Arc::new(loaded.project)), loaded.sources),
        output::Target::Name(name) => (DownTarget::Labels(name), SourceMap::default()),
    })
}

async fn take_down(
    args: &DownArgs,
    context: &Context,
    target: DownTarget,
    sources: SourceMap,
    engine: Docker,
) -> Result<(), Failure> {
    let project = match &target {
        DownTarget::Files(project) => project.clone(),
        DownTarget::Labels(name) => Arc::new(Project { name: name.clone(), ..Project::default() }),
    };
    let options = options(args, context)?;
    let mut query = ObserveQuery::of_project(project.name.as_str());
    let references = |project: &Project| {
        let references = plan::removable_images(project, options.images);
        references.into_iter().map(|reference| (reference, None)).collect()
    };
    query.images = references(&project);
    let mut observed = engine.observe(query.clone()).await?;
    if let DownTarget::Labels(name) = &target
        && options.images != DownImages::Keep
    {
        // Only now are the services known, and with them the images.
        query.images = references(&plan::project_from_labels(name, &observed));
        observed = engine.observe(query).await?;
    }
    if options.orphans == Orphans::Remove {
        look_at_one_offs(&engine, &project, &mut observed).await?;
    }
    let plan = Arc::new(plan::down(&target, &observed, &options));
    output::plan_warnings(&plan, None, context)?;
    if plan.is_empty() {
        return Ok(());
    }
    if context.global.dry_run {
        return run::print_plan(&plan);
    }
    run::carry_out(
        &Ready { project, sources, engine, observed, plan, hidden: Hidden::default(), again: false },
        context,
        "down",
    )
    .await
}

/// Finds out which one-offs the engine removes as soon as they end; its list does not tell.
async fn look_at_one_offs(engine: &Docker, project: &Project, observed: &mut Observed) -> Result<(), Failure> {
    let looks = plan::auto_removed_candidates(project, observed).map(async |id| {
        match engine.inspect_container(id.clone()).await {
            Ok(details) => Ok((details.at_end == AtEnd::Remove).then(|| id.clone())),
            // Gone since the list was made.
            Err(EngineError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    });
    observed.auto_removed = futures::future::try_join_all(looks).await?.into_iter().flatten().collect();
    Ok(())
}

/// What `--rmi` asks for.
fn images(args: &DownArgs) -> Result<DownImages, Failure> {
    match args.rmi.as_deref() {
        None => Ok(DownImages::Keep),
        Some("local") => Ok(DownImages::Local),
        Some("all") => Ok(DownImages::All),
        Some(other) => settings::usage(&format!("invalid value for --rmi: \"{other}\"")),
    }
}

fn options(args: &DownArgs, context: &Context) -> Result<DownOptions, Failure> {
    let orphans = args.remove_orphans || context.variable("COMPOSE_REMOVE_ORPHANS").is_some_and(lenient_bool);
    Ok(DownOptions {
        services: args.services.iter().map(|service| ServiceName::from(service.as_str())).collect(),
        volumes: if args.volumes { DownVolumes::Remove } else { DownVolumes::Keep },
        images: images(args)?,
        orphans: if orphans { Orphans::Remove } else { Orphans::Keep },
        timeout: settings::timeout(args.timeout),
    })
}
