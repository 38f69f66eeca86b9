//! The checks that hoist itself makes while it waits for a container: `x-hoist.ready` where there is no healthcheck, and
//! eager health, which runs the health test of a container through exec, immediately and then every 500 ms.
//!
//! Eager health: the engine's first probe comes after a whole interval, though a database may be ready much earlier. The
//! result only ends a wait early; the engine's own probes and health status are not affected.

use futures::future::{self, FutureExt};
use futures::stream::{self, BoxStream, StreamExt};
use tokio::time::{Duration, Instant};

use super::readiness::{self, NotReady};
use super::verdict::{has_settled, is_probed};
use crate::engine::{ContainerDetails, Engine, EngineError, ExecProgress, ExecSpec, HealthTest};
use crate::observed::{ContainerId, Health, State};
use crate::plan::{Probing, WaitSpec};
use crate::project::ReadyCheck;

/// The time between two runs of the test; the next one waits if a run takes longer.
const INTERVAL: Duration = Duration::from_millis(500);

/// The check since a particular start of a container.
pub(super) struct Trial {
    /// The start; results from before a later start do not count.
    start: Option<i128>,
    /// Whether the container is paused: it is not checked then.
    paused: bool,
    /// The results of the tries, up to a success.
    tries: BoxStream<'static, Result<(), NotReady>>,
    /// The result of the last try.
    last: Option<Result<(), NotReady>>,
}

impl Trial {
    /// The trial for a container in its current state: `current` if it is still valid, a new one if the container
    /// restarted, `None` if it is not running or the engine has already decided. `is_new` if this run has started it.
    /// `tell` is called after each try, with its beginning and whether it passed.
    pub(super) fn of<E: Engine>(
        current: Option<Self>,
        engine: &E,
        details: &ContainerDetails,
        spec: &WaitSpec,
        is_new: bool,
        tell: impl Fn(Instant, bool) + Send + Sync + 'static,
    ) -> Option<Self> {
        let paused = details.state == State::Paused;
        let is_up = paused || details.state == State::Running;
        let ready = spec.ready.as_ref().filter(|_| is_probed(spec, details) && is_up);
        let is_eager = spec.probing == Probing::Eager && is_undecided(details);
        let test = details.health_test.as_ref().filter(|_| is_eager);
        if ready.is_none() && test.is_none() {
            return None;
        }
        if let Some(trial) = current.filter(|trial| trial.start == details.started_at) {
            return Some(Self { paused, ..trial });
        }
        let tries = match (ready, test) {
            (Some(ready), _) => {
                let is_young = !has_settled(is_new, details);
                readiness::tries(engine.clone(), details.clone(), ready.clone(), is_young, tell)
            }
            (None, test) => {
                stream::once(first_success(engine.clone(), details.id.clone(), test?.clone(), tell).map(Ok)).boxed()
            }
        };
        Some(Self { start: details.started_at, paused, tries, last: None })
    }

    /// Whether the test passed.
    pub(super) fn has_passed(&self) -> bool {
        !self.paused && matches!(self.last, Some(Ok(())))
    }

    /// What the last try found out, unless the container is ready.
    pub(super) fn error(&self) -> Option<&NotReady> {
        self.last.as_ref()?.as_ref().err()
    }

    /// Whether there is nothing more to try.
    fn has_ended(&self) -> bool {
        self.last.as_ref().is_some_and(|last| last.as_ref().map_or_else(|error| error.is_final, |()| true))
    }

    async fn end(&mut self) {
        while !self.has_ended() {
            let Some(result) = self.tries.next().await else { return future::pending().await };
            self.last = Some(result);
        }
    }
}

/// When `x-hoist.ready` is over for a container: `known` if that was found out before, since neither a restart nor a
/// pause begins it again.
pub(super) fn deadline(known: Option<Instant>, details: &ContainerDetails, spec: &WaitSpec) -> Option<Instant> {
    let ready = spec.ready.as_ref().filter(|_| is_probed(spec, details) && details.state != State::Created)?;
    Some(known.unwrap_or_else(|| Instant::now() + ready.timeout))
}

/// Why a container was not ready in its time.
pub(super) fn why_late(trial: Option<&Trial>, state: State, check: &ReadyCheck) -> String {
    match (state, trial.and_then(Trial::error)) {
        (State::Paused, _) => "the container is paused".to_owned(),
        (State::Restarting, _) => "the container keeps exiting and being restarted".to_owned(),
        (_, Some(error)) => error.last.clone(),
        (_, None) => readiness::before_any_try(check).to_owned(),
    }
}

fn is_undecided(details: &ContainerDetails) -> bool {
    details.state == State::Running && details.health == Health::Starting
}

/// Makes the checks until one more has ended; never returns if there are none.
pub(super) async fn one_ends(trials: impl Iterator<Item = &mut Trial>) {
    let running = trials.filter(|trial| !trial.paused && !trial.has_ended());
    let ends: Vec<_> = running.map(|trial| trial.end().boxed()).collect();
    if ends.is_empty() {
        return future::pending().await;
    }
    future::select_all(ends).await;
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
