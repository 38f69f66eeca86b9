//! What every command that acts on the engine has in common: connecting, and carrying a plan out with its progress.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::cli::signal::Interruption;
use crate::cli::{Context, Failure, output, settings};
use crate::engine::docker::{ConnectSettings, Docker};
use crate::engine::{Engine, EngineError};
use crate::event::{Event, Events, Stopping};
use crate::execute::{ExecuteError, ExecuteSettings, RunFailure, execute};
use crate::observed::{Container, Observed};
use crate::plan::Plan;
use crate::project::Project;
use crate::render::{self, Hidden, Progress, ProgressMode};
use crate::source::SourceMap;

/// How often the progress in a terminal moves.
pub(super) const TICK: Duration = Duration::from_millis(100);

/// A plan that is ready to be carried out, and what it was made from.
pub(super) struct Ready {
    /// The project.
    pub project: Arc<Project>,
    /// The files it was read from.
    pub sources: SourceMap,
    /// The engine.
    pub engine: Docker,
    /// What the engine had.
    pub observed: Observed,
    /// What is to be done.
    pub plan: Arc<Plan>,
    /// What of it is not shown while it is done.
    pub hidden: Hidden,
    /// Whether it is what an earlier plan of the same run left to do.
    pub again: bool,
}

/// Runs `work` with what `load` reads, and with the engine that flags, environment and Docker's configuration name. The
/// engine is greeted first: it wakes up and answers while the files are read.
pub(super) fn with_engine<L, T>(
    context: &Context,
    load: impl FnOnce() -> Result<L, Failure>,
    work: impl AsyncFnOnce(L, Docker) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let engine = connect(context);
    let mut greeting = Box::pin(greet(engine.as_ref().ok().cloned())).fuse();
    runtime.block_on(async {
        tokio::select! { biased; () = &mut greeting => {}, () = turns(TURNS_TO_SEND) => {} }
    });
    // What is wrong with the files is said before what is wrong with the engine.
    let result = load().and_then(|loaded| {
        let mut work = Box::pin(work(loaded, engine?));
        runtime.block_on(async {
            tokio::select! { biased; () = &mut greeting => work.await, done = &mut work => done }
        })
    });
    // A read of standard input that nobody waits for must not keep the process.
    runtime.shutdown_background();
    result
}

/// So often the runtime has to turn until a question has left: for the connection, for its task, and for the bytes.
const TURNS_TO_SEND: usize = 4;

/// Asks the engine its first question. Whatever goes wrong is reported by the call that needs the answer. An engine on
/// another machine is left alone: it may ask for a login.
async fn greet(engine: Option<Docker>) {
    if let Some(engine) = engine.filter(Docker::is_local) {
        let _ = engine.version().await;
    }
}

async fn turns(count: usize) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}

fn connect(context: &Context) -> Result<Docker, Failure> {
    let mut connect = ConnectSettings::from_environment(|name| context.environment.get(name).cloned());
    if context.global.host.is_some() || context.global.context.is_some() {
        connect.host.clone_from(&context.global.host);
        connect.context.clone_from(&context.global.context);
    }
    Ok(Docker::connect(connect)?)
}

/// Prints a plan in its text form; one that changes nothing in a line.
pub(super) fn print_plan(plan: &Plan) -> Result<(), Failure> {
    let mut text = Vec::new();
    render::plan::write(plan, &mut text)?;
    output::print(text)
}

impl Ready {
    /// The containers of the project's services that are up and that the plan leaves as they are.
    pub(super) fn untouched(&self) -> impl Iterator<Item = &Container> {
        let mut running: Vec<_> = self.observed.containers.iter().filter(|container| is_of(container, self)).collect();
        running.sort_by(|one, other| one.name.cmp(&other.name));
        running.into_iter()
    }
}

fn is_of(container: &Container, ready: &Ready) -> bool {
    let known = container.service.as_ref().is_some_and(|name| ready.project.services.contains_key(name));
    known && container.is_replica() && container.is_up() && !ready.plan.touches(&container.id)
}

/// Carries a plan out and shows its progress; `operation` is the word for it.
pub(super) async fn carry_out(ready: &Ready, context: &Context, operation: &str) -> Result<(), Failure> {
    let settings = execute_settings(ready, context)?;
    let mut progress = output::progress(context)?.hiding(ready.hidden);
    let interruption = Interruption::default();
    let (events, received) = Events::channel();
    progress.begin(&ready.plan, operation);
    if operation == "up" && !ready.again {
        announce_untouched(ready, &events);
    }
    // The events are dropped with the run, which ends the showing.
    let run = async {
        let events = events;
        execute(&ready.plan, &ready.engine, &events, &interruption.stop, &settings).await
    };
    let reported = settings::progress_mode(context)? != ProgressMode::Json;
    let shown = show(&mut progress, received, &interruption, reported);
    let ended = tokio::select! {
        ended = with_signals(&interruption, async { tokio::join!(run, shown) }) => Some(ended?),
        // Asked twice: what has begun is left to the engine.
        () = interruption.kill.cancelled() => None,
    };
    let Some((outcome, shown)) = ended else {
        progress.finish();
        return Err(Failure::Interrupted);
    };
    let ended = outcome.into_result(&ready.plan);
    // What the command is going to look at again has not failed yet.
    if !ended.as_ref().is_err_and(RunFailure::is_conflict) {
        shown?.iter().try_for_each(|held| progress.event(held))?;
    }
    progress.finish();
    ended.map_err(|failure| run_failure(ready, context, &failure))
}

/// Tells of what is as it should be.
pub(super) fn announce_untouched(ready: &Ready, events: &Events) {
    for container in ready.untouched() {
        events.send(Event::UpToDate { container: container.name.clone(), state: container.state });
    }
}

/// How the plan of a command is carried out.
pub(super) fn execute_settings(ready: &Ready, context: &Context) -> Result<ExecuteSettings, Failure> {
    Ok(ExecuteSettings {
        project: ready.project.name.to_string(),
        parallel: settings::parallel(context, &ready.project.environment)?,
        ..ExecuteSettings::default()
    })
}

/// Does `work` while signals of the process become cancellations.
pub(super) async fn with_signals<T>(interruption: &Interruption, work: impl Future<Output = T>) -> Result<T, Failure> {
    tokio::select! {
        done = work => Ok(done),
        refused = interruption.listen() => match refused {
            Ok(never) => match never {},
            Err(error) => Err(error.into()),
        },
    }
}

/// Shows events until the run ends. Why a step failed is left out if it is `reported` afterwards. Gives back the events of
/// steps that failed because somebody else changed the project meanwhile, which are not shown yet.
async fn show(
    progress: &mut Progress<io::Stderr>,
    mut received: UnboundedReceiver<Event>,
    interruption: &Interruption,
    reported: bool,
) -> Result<Vec<Event>, Failure> {
    let mut ticks = tokio::time::interval(TICK);
    let mut told = false;
    let mut held = Vec::new();
    loop {
        tokio::select! {
            event = received.recv() => match event.map(|event| if reported { without_cause(event) } else { event }) {
                Some(event @ Event::Failed { conflict: true, .. }) => held.push(event),
                Some(event) => progress.event(&event)?,
                None => return Ok(held),
            },
            () = interruption.stop.cancelled(), if !told => {
                told = true;
                progress.event(&Event::Stopping(Stopping::Finishing))?;
            }
            _ = ticks.tick() => progress.tick(),
        }
    }
}

/// The same event; of a step that failed without its cause, which the report at the end tells with its place.
pub(super) fn without_cause(event: Event) -> Event {
    if let Event::Failed { id, elapsed, conflict, .. } = event {
        return Event::Failed { id, elapsed, message: String::new(), context: Vec::new(), conflict };
    }
    event
}

/// What the end of a run that did not do all of its plan means to the command.
pub(super) fn run_failure(ready: &Ready, context: &Context, failure: &RunFailure) -> Failure {
    if failure.is_interruption() {
        return Failure::Interrupted;
    }
    // An engine that went away is reported once, not for each step.
    for (_, error) in failure.failures() {
        if let ExecuteError::Engine(error @ EngineError::Unreachable { .. }) = error {
            return Failure::Engine(error.clone());
        }
    }
    Failure::Run {
        text: output::run_failure(failure, &ready.project, &ready.sources, context),
        conflict: failure.conflict(),
    }
}
