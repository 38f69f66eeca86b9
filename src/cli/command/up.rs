//! `up`: makes and starts what the files ask for; in the foreground with the logs of what it starts.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::Arc;

use tokio::sync::mpsc::UnboundedReceiver;

use super::run::Ready;
use super::{converge, run};
use crate::cli::args::UpArgs;
use crate::cli::signal::Interruption;
use crate::cli::{Context, Failure, output};
use crate::engine::{Engine, EngineError, ObserveQuery};
use crate::event::{Event, Events, Output, OutputReceiver, Outputs};
use crate::execute::RunFailure;
use crate::execute::follow::{Begin, FollowSettings, Stderr, Target};
use crate::execute::session::{self, SessionOutcome, SessionSettings};
use crate::plan::{self, Plan};
use crate::project::{Project, ServiceName};
use crate::render::Progress;
use crate::render::logs::LogPrinter;

pub(super) fn up(args: &UpArgs, context: &Context) -> Result<(), Failure> {
    let loaded = converge::load_some(&args.plan, context)?;
    run::block_on(async {
        let (goal, ready) = converge::prepare(&args.plan, context, loaded).await?;
        if context.global.dry_run {
            return run::print_plan(&ready.plan);
        }
        if args.detach || args.plan.wait || args.plan.no_start {
            converge::carry_out(&goal, ready, context).await
        } else {
            Box::pin(attached(args, context, &ready)).await
        }
    })
}

/// Carries the plan out with the output of its containers on the screen, until they have ended or the user stops it.
async fn attached(args: &UpArgs, context: &Context, ready: &Ready) -> Result<(), Failure> {
    let settings = session_settings(context, ready)?;
    let targets = ready.untouched().filter_map(|container| Target::of(&settings.follow, container)).collect();
    let mut screen = Screen {
        progress: output::progress(context)?,
        logs: LogPrinter::new(output::log_settings(context, args.no_color, args.no_log_prefix, args.timestamps)),
    };
    let interruption = Interruption::default();
    let (events, received) = Events::channel();
    let (outputs, lines) = Outputs::channel();
    screen.progress.begin(&ready.plan, "up");
    run::announce_untouched(ready, &events);
    let stopping = RefCell::new(None);
    let run = Box::pin(async {
        // Both channels end with the session, which ends the showing.
        let (events, outputs) = (events, outputs);
        let stop = async || {
            let plan = stop_plan(ready).await?;
            stopping.replace(Some(plan.clone()));
            Ok(plan)
        };
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
    });
    let (outcome, shown) =
        run::with_signals(&interruption, async { tokio::join!(run, screen.show(received, lines, &stopping)) }).await?;
    screen.progress.finish();
    shown?;
    end(outcome?, ready, context)
}

/// What the end of a session means to the command: 130 after an interruption, else what became of the plan. That
/// containers ended with other statuses than 0 is no failure (cli.md §4, `up`).
fn end(outcome: SessionOutcome, ready: &Ready, context: &Context) -> Result<(), Failure> {
    let failed = |failure: RunFailure| run::run_failure(ready, context, &failure);
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

/// What stops the session's services: asked for when the user interrupts.
async fn stop_plan(ready: &Ready) -> Result<Arc<Plan>, EngineError> {
    let query = ObserveQuery::of_project(ready.project.name.as_str());
    let observed = ready.engine.observe(query).await?;
    Ok(Arc::new(plan::stop(&ready.project, &observed, None)))
}

/// What an attached `up` shows: progress on standard error, the output of containers on both.
struct Screen {
    progress: Progress<io::Stderr>,
    logs: LogPrinter,
}

impl Screen {
    /// Shows everything until the session ends. `stopping` has the plan of the end once that has begun.
    async fn show(
        &mut self,
        mut received: UnboundedReceiver<Event>,
        mut lines: OutputReceiver,
        stopping: &RefCell<Option<Arc<Plan>>>,
    ) -> Result<(), Failure> {
        let mut ticks = tokio::time::interval(run::TICK);
        let (mut events_end, mut lines_end) = (false, false);
        while !(events_end && lines_end) {
            tokio::select! {
                event = received.recv(), if !events_end => match event {
                    Some(event) => self.event(&event, stopping)?,
                    None => events_end = true,
                },
                output = lines.recv(), if !lines_end => match output {
                    Some(output) => self.output(&output)?,
                    None => lines_end = true,
                },
                _ = ticks.tick() => self.progress.tick(),
            }
        }
        Ok(())
    }

    fn event(&mut self, event: &Event, stopping: &RefCell<Option<Arc<Plan>>>) -> io::Result<()> {
        // From the first step of that plan on, ids of steps are ids of its steps.
        if !matches!(event, Event::Stopping(_))
            && let Some(plan) = stopping.take()
        {
            self.progress.finish();
            self.progress.begin(&plan, "stop");
        }
        self.progress.event(event)
    }

    fn output(&mut self, output: &Output) -> io::Result<()> {
        let Self { progress, logs } = self;
        progress.above(|| {
            let mut stdout = io::stdout().lock();
            logs.write(output, &mut stdout, &mut io::stderr())?;
            stdout.flush()
        })
    }
}
