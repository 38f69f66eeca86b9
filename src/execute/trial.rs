//! The checks that hoist itself makes while it waits for a container: `x-hoist.ready` where there is no healthcheck, and
//! eager health, which runs the health test of a container through exec, immediately and then every 500 ms.
//!
//! Eager health: the engine's first probe comes after a whole interval, though a database may be ready much earlier. The
//! result only ends a wait early; the engine's own probes and health status are not affected.

use futures::future::{self, BoxFuture, FutureExt};
use futures::stream::StreamExt;
use tokio::time::{Duration, Instant};

use super::readiness::{NotReady, until_ready};
use super::verdict::is_probed;
use crate::engine::{ContainerDetails, Engine, EngineError, ExecProgress, ExecSpec, HealthTest};
use crate::observed::{ContainerId, Health, State};
use crate::plan::{Probing, WaitSpec};

/// The time between two runs of the test; the next one waits if a run takes longer.
const INTERVAL: Duration = Duration::from_millis(500);

/// The check since a particular start of a container.
pub(super) struct Trial {
    /// The start; results from before a later start do not count.
    start: Option<i128>,
    progress: Progress,
}

enum Progress {
    Running(BoxFuture<'static, Result<(), NotReady>>),
    Ended(Result<(), NotReady>),
}

impl Trial {
    /// The trial for a container in its current state: `current` if it is still valid, a new one if the container
    /// restarted, `None` if it is not running or the engine has already decided. Each try is told to `tell`, with its
    /// beginning and whether it passed.
    pub(super) fn of<E: Engine>(
        current: Option<Self>,
        engine: &E,
        details: &ContainerDetails,
        spec: &WaitSpec,
        tell: impl Fn(Instant, bool) + Send + Sync + 'static,
    ) -> Option<Self> {
        let ready = spec.ready.as_ref().filter(|_| is_probed(spec, details) && details.state == State::Running);
        let is_eager = spec.probing == Probing::Eager && is_undecided(details);
        let test = details.health_test.as_ref().filter(|_| is_eager);
        if ready.is_none() && test.is_none() {
            return None;
        }
        if let Some(trial) = current.filter(|trial| trial.start == details.started_at) {
            return Some(trial);
        }
        let runs = match (ready, test) {
            (Some(ready), _) => until_ready(engine.clone(), details.clone(), ready.clone(), tell).boxed(),
            (None, test) => first_success(engine.clone(), details.id.clone(), test?.clone(), tell).map(Ok).boxed(),
        };
        Some(Self { start: details.started_at, progress: Progress::Running(runs) })
    }

    /// Whether the test passed.
    pub(super) fn has_passed(&self) -> bool {
        matches!(self.progress, Progress::Ended(Ok(())))
    }

    /// Why the container is not ready in the time that it has.
    pub(super) fn error(&self) -> Option<&NotReady> {
        match &self.progress {
            Progress::Ended(Err(error)) => Some(error),
            Progress::Ended(Ok(())) | Progress::Running(_) => None,
        }
    }
}

fn is_undecided(details: &ContainerDetails) -> bool {
    details.state == State::Running && details.health == Health::Starting
}

/// Makes the checks until one more has ended; never returns if there are none.
pub(super) async fn one_ends(trials: impl Iterator<Item = &mut Trial>) {
    let mut running: Vec<_> = trials.filter(|trial| matches!(trial.progress, Progress::Running(_))).collect();
    let runs = running.iter_mut().filter_map(|trial| match &mut trial.progress {
        Progress::Running(runs) => Some(runs),
        Progress::Ended(_) => None,
    });
    let runs: Vec<_> = runs.collect();
    if runs.is_empty() {
        return future::pending().await;
    }
    let (ended, at, _) = future::select_all(runs).await;
    running[at].progress = Progress::Ended(ended);
}

/// Runs the test until it passes. A test that cannot be run counts as not passed yet.
async fn first_success<E: Engine>(engine: E, id: ContainerId, test: HealthTest, tell: impl Fn(Instant, bool)) {
    loop {
        let began = Instant::now();
        // A run that exceeds the timeout is not a success, but the next one does not start before it ends: a command in
        // a container cannot be ended.
        let status = run(&engine, &id, &test).await;
        let passed = status == Ok(0) && began.elapsed() <= test.timeout;
        tell(began, passed);
        if passed {
            return;
        }
        tokio::time::sleep_until(began + INTERVAL).await;
    }
}

/// The exit status of the test, run as the container's user, in its working directory, with its environment.
async fn run<E: Engine>(engine: &E, id: &ContainerId, test: &HealthTest) -> Result<i64, EngineError> {
    let spec = ExecSpec { command: test.command.clone(), ..ExecSpec::default() };
    let mut progress = engine.exec(id.clone(), spec).await?;
    while let Some(next) = progress.next().await {
        if let ExecProgress::Exited(status) = next? {
            return Ok(status);
        }
    }
    Err(EngineError::Failed("the engine did not report the result of the check".to_owned()))
}
