//! Eager health: the test of a container that is waited for, run through exec at once and then every 500 ms.
//!
//! The engine first looks after an interval, though a database may be there after a moment. What is found out here only
//! ends a wait early: the engine's own probes and their verdict stay as they are.

use futures::future::{self, BoxFuture, FutureExt};
use futures::stream::StreamExt;
use tokio::time::{Duration, Instant};

use crate::engine::{ContainerDetails, Engine, EngineError, ExecProgress, ExecSpec, HealthTest};
use crate::observed::{ContainerId, Health, State};

/// The time from one run of the test to the next; a longer run is waited for.
const INTERVAL: Duration = Duration::from_millis(500);

/// The runs of the test since one start of a container.
pub(super) struct Trial {
    /// The start; what was found out before another one does not count.
    start: Option<i128>,
    progress: Progress,
}

enum Progress {
    Running(BoxFuture<'static, ()>),
    Passed,
}

impl Trial {
    /// The trial that goes with what is known of a container: `current` where that is still the one, a new one where it
    /// started anew, none where it does not run or the engine has already decided.
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

/// Runs the tests until one more has passed; without any, for ever.
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

/// Runs the test until it passes. One that cannot be run has not passed yet.
async fn first_success<E: Engine>(engine: E, id: ContainerId, test: HealthTest) {
    loop {
        let began = Instant::now();
        // A run that takes longer than it may is no success, but it is not left behind for another one: nothing ends a
        // command that was begun in a container.
        let status = run(&engine, &id, &test).await;
        if status == Ok(0) && began.elapsed() <= test.timeout {
            return;
        }
        tokio::time::sleep_until(began + INTERVAL).await;
    }
}

/// The exit status of the test: as the container's user, in its working folder, with its environment.
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
