//! What a container does after its start.

use std::time::Duration;

use crate::engine::{HealthTest, OutputStream, ProbeTiming};
use crate::observed::Health;

/// What a container does each time it runs; the last run repeats. Without any, it just keeps running.
#[derive(Debug, Clone, Default)]
pub struct Script {
    /// Whether it has a healthcheck.
    pub healthcheck: bool,
    /// Whether it has a terminal.
    pub terminal: bool,
    /// Whether its standard input is kept open.
    pub stdin_open: bool,
    /// Its runs.
    pub runs: Vec<Run>,
}

/// One run of a container. Times are relative to its start.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// The results of probes, and when.
    pub health: Vec<(Duration, Health)>,
    /// When its health test begins to pass for anyone who runs it; `None` means never.
    pub ready: Option<Duration>,
    /// Its output, and when it is written.
    pub output: Vec<(Duration, OutputStream, Vec<u8>)>,
    /// When its process exits, and with which status.
    pub exit: Option<(Duration, i64)>,
    /// How long after that the engine starts it again, if it does.
    pub restart: Option<Duration>,
}

impl Script {
    /// Becomes healthy after `after`.
    #[must_use]
    pub fn healthy_after(after: Duration) -> Self {
        Self::checked(vec![(after, Health::Healthy)])
    }

    /// Has a healthcheck with these results.
    #[must_use]
    pub fn checked(health: Vec<(Duration, Health)>) -> Self {
        Self { healthcheck: true, runs: vec![Run { health, ..Run::default() }], ..Self::default() }
    }

    /// Makes its health test pass from `at` on in every run.
    #[must_use]
    pub fn ready_after(mut self, at: Duration) -> Self {
        for run in &mut self.runs {
            run.ready = Some(at);
        }
        self
    }

    /// The test of every container that has a healthcheck: `check-health`, for at most 30 s.
    #[must_use]
    pub fn health_test() -> HealthTest {
        HealthTest {
            command: vec!["check-health".to_owned()],
            timeout: Duration::from_secs(30),
            timing: ProbeTiming::default(),
        }
    }

    /// Exits with `status` after `after`.
    #[must_use]
    pub fn exits_after(after: Duration, status: i64) -> Self {
        Self { runs: vec![Run { exit: Some((after, status)), ..Run::default() }], ..Self::default() }
    }

    /// Writes `text` to standard output at `at` in its first run.
    #[must_use]
    pub fn writes(mut self, at: Duration, text: &str) -> Self {
        if self.runs.is_empty() {
            self.runs.push(Run::default());
        }
        self.runs[0].output.push((at, OutputStream::Stdout, text.as_bytes().to_vec()));
        self
    }
}
