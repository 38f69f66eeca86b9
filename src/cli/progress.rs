//! Executes a plan, shows its progress, and turns signals into cancellation.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::recording::Recording;
use super::{Context, Failure, output, settings, signal};
use crate::engine::Engine;
use crate::event::{Event, EventReceiver, Events};
use crate::operation::{Change, Interruption, OperationError, Prepared, RunSettings, converge, rehearse};
use crate::project::Project;
use crate::render::{self, Hidden, Progress, ProgressMode};
use crate::source::SourceMap;

/// Interval between updates of the progress in a terminal.
pub(super) const TICK: Duration = Duration::from_millis(100);

/// Prints what `change` would do: the plan, or for programs (`--progress json`) the events of carrying it out.
pub(super) async fn dry_run(change: &impl Change, prepared: &Prepared, context: &Context) -> Result<(), Failure> {
    if context.progress_mode()? != ProgressMode::Json || context.global.steps {
        return print_plan(prepared, change.project(), context);
    }
    let mut progress = output::progress(context)?;
    show(&mut progress, rehearse(change, prepared), |_| {}).await?;
    Ok(progress.finish()?)
}

/// Prints the plan for `project`: one line per resource, or per step with `--steps`.
pub(super) fn print_plan(prepared: &Prepared, project: &Project, context: &Context) -> Result<(), Failure> {
    let plan = &prepared.plan;
    let mut text = Vec::new();
    if context.global.steps {
        render::plan::steps::write(plan, &mut text)?;
    } else {
        let unchanged = render::plan::unchanged(plan, &prepared.observed, project);
        render::plan::write(plan, unchanged, output::plan_style(context), &mut text)?;
    }
    output::print(text)
}

/// A project and the files it was read from, for messages about it.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    /// The project.
    pub project: Arc<Project>,
    /// The files.
    pub sources: SourceMap,
}

impl Origin {
    /// The failure of an operation on the project.
    pub(super) fn failure(&self, error: OperationError) -> Failure {
        Failure::operation(error, self.project.clone(), self.sources.clone())
    }
}

/// Executes a plan and shows its progress.
pub(super) async fn carry_out<E: Engine>(
    change: &impl Change,
    engine: &E,
    prepared: &Prepared,
    origin: &Origin,
    hidden: Hidden,
    context: &Context,
) -> Result<(), Failure> {
    try_carry_out(change, engine, prepared, origin, hidden, context).await?.map_err(|error| origin.failure(error))
}

/// The same, recording what happens.
pub(super) async fn carry_out_recorded<E: Engine>(
    change: &impl Change,
    engine: &E,
    prepared: &Prepared,
    origin: &Origin,
    hidden: Hidden,
    mut recording: Recording,
    context: &Context,
) -> Result<(), Failure> {
    let seen = |event: &Event| recording.observe(event);
    let ended = carry_out_seen(change, engine, prepared, origin, hidden, seen, context).await;
    recording.end(context)?;
    ended?.map_err(|error| origin.failure(error))
}

/// The same, for a command that looks at what failed.
pub(super) async fn try_carry_out<E: Engine>(
    change: &impl Change,
    engine: &E,
    prepared: &Prepared,
    origin: &Origin,
    hidden: Hidden,
    context: &Context,
) -> Result<Result<(), OperationError>, Failure> {
    carry_out_seen(change, engine, prepared, origin, hidden, |_| {}, context).await
}

async fn carry_out_seen<E: Engine>(
    change: &impl Change,
    engine: &E,
    prepared: &Prepared,
    origin: &Origin,
    hidden: Hidden,
    seen: impl FnMut(&Event),
    context: &Context,
) -> Result<Result<(), OperationError>, Failure> {
    let mut progress = output::progress(context)?.hiding(hidden);
    // The output of `run` is that of its program alone.
    if change.name() != "run" {
        progress = output::with_build_log(progress, context);
    }
    let settings = run_settings(&origin.project, context)?;
    let interruption = Interruption::default();
    let (events, received) = Events::channel();
    // The event channel closes with the run, which ends the display.
    let run = Box::pin(async {
        let events = events;
        converge(change, engine, prepared, &events, &interruption, settings).await
    });
    let shown = show(&mut progress, received, seen);
    let done = with_signals(&interruption, async { tokio::join!(run, shown) }).await;
    progress.finish()?;
    let (ended, shown) = done?;
    if ended.is_ok() {
        shown?;
    }
    Ok(ended)
}

/// Does something that needs no plan, and shows its progress.
pub(super) async fn perform<T>(
    context: &Context,
    work: impl AsyncFnOnce(Events, Interruption) -> Result<T, OperationError>,
) -> Result<T, Failure> {
    let mut progress = output::progress(context)?;
    let interruption = Interruption::default();
    let (events, received) = Events::channel();
    // The events are dropped with the work, which ends the showing.
    let work = Box::pin(work(events, interruption.clone()));
    let shown = show(&mut progress, received, |_| {});
    let done = with_signals(&interruption, async { tokio::join!(work, shown) }).await;
    progress.finish()?;
    let (ended, shown) = done?;
    shown?;
    ended.map_err(Failure::without_files)
}

/// How a command executes its plans.
pub(super) fn run_settings(project: &Project, context: &Context) -> Result<RunSettings, Failure> {
    Ok(RunSettings { parallel: settings::parallel(context, &project.environment)? })
}

/// Does `work` while turning signals into cancellations. The third signal ends it, whatever it waits for.
pub(super) async fn with_signals<T>(interruption: &Interruption, work: impl Future<Output = T>) -> Result<T, Failure> {
    tokio::select! {
        done = work => Ok(done),
        () = interruption.leave.cancelled() => Err(Failure::Interrupted),
        refused = signal::listen(interruption) => match refused {
            Ok(never) => match never {},
            Err(error) => Err(error.into()),
        },
    }
}

/// Shows events until the run ends.
async fn show(
    progress: &mut Progress<io::Stderr>,
    mut received: EventReceiver,
    mut seen: impl FnMut(&Event),
) -> Result<(), Failure> {
    let mut ticks = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            event = received.recv() => match event {
                Some(event) => {
                    seen(&event);
                    progress.event(&event)?;
                }
                None => return Ok(()),
            },
            _ = ticks.tick() => progress.tick(),
        }
    }
}
