//! Eager health: runs the health test of a container through exec, immediately and then every 500 ms.
//!
//! The engine's first probe comes after a whole interval, though a database may be ready much earlier. The result only
//! ends a wait early; the engine's own probes and health status are not affected.

use futures::future::{self, BoxFuture, FutureExt};
use futures::stream::StreamExt;
use tokio::time::{Duration, Instant};

use crate::engine::{ContainerDetails, Engine, EngineError, ExecProgress, ExecSpec, HealthTest};
use crate::observed::{ContainerId, Health, State};

/// The time between two runs of the test; the next one waits if a run takes longer.
const INTERVAL: Duration = Duration::from_millis(500);

/// The runs of the test since a particular start of a container.
pub(super) struct Trial {
    /// The start; results from before a later start do not count.
    start: Option<i128>,
    progress: Progress,
}

enum Progress {
    Running(BoxFuture<'static, ()>),
    Passed,
}

impl Trial {
    /// The trial for a container in its current state: `current` if it is still valid, a new one if the container
    /// restarted, `None` if it is not running or the engine has already decided.
    pub(super) fn of<E: Engine>(current: Option<Self>, engine: &E, details: &ContainerDetails) -> Option<Self> {
        let test = details.health_test.as_ref().filter(|_| is_undecided(details))?;
        match current {
            Some(trial) if trial.start == details.started_at => Some(trial),
            _ => {
                let runs = first_success(engine.clone(), details.id.clone(), test.clone());
                Some(Self { start: details.started_at, progress: Progress::Running(runs.boxed()) })
            }
        }
    }

    /// Whether the test passed.
    pub(super) fn has_passed(&self) -> bool {
        matches!(self.progress, Progress::Passed)
    }
}

fn is_undecided(details: &ContainerDetails) -> bool {
    details.state == State::Running && details.health == Health::Starting
}

/// Runs the tests until one more has passed; never returns if there are none.
pub(super) async fn one_passes(trials: impl Iterator<Item = &mut Trial>) {
    let mut running: Vec<_> = trials.filter(|trial| !trial.has_passed()).collect();
    let runs = running.iter_mut().filter_map(|trial| match &mut trial.progress {
        Progress::Running(runs) => Some(runs),
        Progress::Passed => None,
    });
    let runs: Vec<_> = runs.collect();
    if runs.is_empty() {
        return future::pending().await;
    }
    let ((), at, _) = future::select_all(runs).await;
    running[at].progress = Progress::Passed;
}

/// Runs the test until it passes. A test that cannot be run counts as not passed yet.
async fn first_success<E: Engine>(engine: E, id: ContainerId, test: HealthTest) {
    loop {
        let began = Instant::now();
        // A run that exceeds the timeout is not a success, but the next one does not start before it ends: a command in
        // a container cannot be ended.
        let status = run(&engine, &id, &test).await;
        if status == Ok(0) && began.elapsed() <= test.timeout {
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
