//! `up`: makes and starts what the files ask for; in the foreground with the logs of what it starts.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;

use super::run::Ready;
use super::{converge, run};
use crate::cli::args::UpArgs;
use crate::cli::signal::Interruption;
use crate::cli::{Context, Failure, output, settings};
use crate::engine::{Engine, EngineError, ObserveQuery};
use crate::event::{Event, Events, OutputReceiver, Outputs};
use crate::execute::follow::{Begin, FollowSettings, Stderr, Target};
use crate::execute::session::{self, SessionOutcome, SessionSettings};
use crate::plan::{self, Plan};
use crate::project::{Project, ServiceName};
use crate::render::Progress;
use crate::render::logs::LogPrinter;

pub(super) fn up(args: &UpArgs, context: &Context) -> Result<(), Failure> {
    let loaded = converge::load(&args.plan, context)?;
    run::block_on(async {
        let (goal, ready) = converge::prepare(&args.plan, context, loaded).await?;
        if context.global.dry_run {
            return run::print_plan(&ready.plan);
        }
        if args.detach || args.plan.wait || args.plan.no_start {
            converge::carry_out(&goal, ready, context).await
        } else {
            attached(args, context, &ready).await
        }
    })
}

/// Carries the plan out with the output of its containers on the screen, until they have ended or the user stops it.
async fn attached(args: &UpArgs, context: &Context, ready: &Ready) -> Result<(), Failure> {
    let settings = session_settings(context, ready)?;
    let targets = running_targets(ready, &settings.follow).await?;
    let mut screen = Screen {
        progress: output::progress(context)?,
        logs: LogPrinter::new(output::log_settings(context, args.no_color, args.no_log_prefix, args.timestamps)),
    };
    let interruption = Interruption::default();
    let (events, received) = Events::channel();
    let (outputs, lines) = Outputs::channel();
    screen.progress.begin(&ready.plan, "up");
    let run = async {
        // Both channels end with the session, which ends the showing.
        let (events, outputs) = (events, outputs);
        let stop = async || stop_plan(ready).await;
        session::attached(
            &ready.plan,
            &ready.engine,
            &events,
            &outputs,
            &session::Interruption { stop: interruption.stop.clone(), kill: interruption.kill.clone() },
            &settings,
            targets,
            stop,
        )
        .await
    };
    let (outcome, shown) =
        run::with_signals(&interruption, async { tokio::join!(run, screen.show(received, lines)) }).await?;
    screen.progress.finish();
    shown?;
    end(outcome?, ready, context)
}

/// What the end of a session means to the command: 130 after an interruption, else what became of the plan. That
/// containers ended with other statuses than 0 is no failure (cli.md §4, `up`).
fn end(outcome: SessionOutcome, ready: &Ready, context: &Context) -> Result<(), Failure> {
    let failed = |failure| run::run_failure(ready, context, failure);
    if let Some((plan, stopped)) = outcome.stop {
        stopped.into_result(&plan).map_err(failed)?;
    }
    if outcome.interrupted {
        return Err(Failure::Interrupted);
    }
    outcome.run.into_result(&ready.plan).map_err(failed)
}

fn session_settings(context: &Context, ready: &Ready) -> Result<SessionSettings, Failure> {
    let project = &ready.project;
    let shown: BTreeSet<ServiceName> = targeted(project)
        .filter(|name| project.services.get(*name).is_some_and(|service| service.attach != Some(false)))
        .cloned()
        .collect();
    let monitored = (!project.selected.is_empty()).then(|| targeted(project).cloned().collect());
    let follow = FollowSettings {
        project: project.name.clone(),
        separator: project.separator,
        services: Some(shown),
        monitored,
        begin: Begin::Now,
        stderr: Stderr::Apart,
        ..FollowSettings::default()
    };
    Ok(SessionSettings { execute: run::execute_settings(ready, context)?, follow, ..SessionSettings::default() })
}

/// The services that the user named; all, where none was.
fn targeted(project: &Project) -> impl Iterator<Item = &ServiceName> {
    project.services.keys().filter(|name| project.is_targeted(name.as_str()))
}

/// The containers that run already and that the plan leaves as they are.
async fn running_targets(ready: &Ready, follow: &FollowSettings) -> Result<Vec<Target>, Failure> {
    let untouched = ready.observed.containers.iter().filter(|container| {
        container.is_replica() && container.is_running() && !ready.plan.touches(&container.id)
    });
    Ok(untouched.filter_map(|container| Target::of(follow, container)).collect())
}

/// What stops the session's services: asked for when the user interrupts.
async fn stop_plan(ready: &Ready) -> Result<Arc<Plan>, EngineError> {
    let query = ObserveQuery { project: ready.project.name.to_string(), ..ObserveQuery::default() };
    let observed = ready.engine.observe(query).await?;
    Ok(Arc::new(plan::stop(&ready.project, &observed, None)))
}
