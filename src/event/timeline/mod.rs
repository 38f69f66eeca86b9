//! What a run did and waited for, over time: recorded events in, a [`Timeline`] out. Plain data without words.

mod advice;
mod critical;
mod lane;
mod recorder;

pub use advice::Advice;
pub use lane::{Lane, LaneKind};
pub use recorder::Recorder;

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The course of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    /// The project.
    pub project: String,
    /// The command: `up`.
    pub operation: String,
    /// When it began, in RFC 3339; times count from then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began_at: Option<String>,
    /// When it ended.
    #[serde(rename = "end_ms", with = "milliseconds")]
    pub end: Duration,
    /// How it ended.
    pub outcome: Ended,
    /// What it was about: the rows of the picture.
    pub lanes: Vec<Lane>,
    /// The steps, in the order in which they began.
    pub spans: Vec<Span>,
    /// The times in which something was ready but for what it depends on.
    pub waits: Vec<Held>,
    /// The runs of health tests of the containers that were waited for.
    pub health: Vec<Health>,
    /// The checks that hoist itself made of containers that were waited for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tries: Vec<Try>,
    /// What the run's duration was made of, without gaps from its beginning to its end.
    pub critical_path: Vec<Segment>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// The index of its lane.
    pub lane: usize,
    /// What it did.
    pub kind: Kind,
    /// What it acted on: `web/1`, `postgres:17`.
    pub name: String,
    /// For waits, the condition: `healthy`, `completed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// When it began.
    #[serde(rename = "start_ms", with = "milliseconds")]
    pub start: Duration,
    /// When it ended.
    #[serde(rename = "end_ms", with = "milliseconds")]
    pub end: Duration,
    /// How it ended.
    pub outcome: Ended,
    /// Whether it is on the critical path.
    pub critical: bool,
    /// The indexes of the spans that it came after.
    pub after: Vec<usize>,
}

impl Span {
    /// How long it took.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.end.saturating_sub(self.start)
    }
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An image or model is pulled.
    Pull,
    /// An image is built.
    Build,
    /// An image is pushed.
    Push,
    /// Something is created.
    Create,
    /// A container is started, restarted or resumed.
    Start,
    /// A container is stopped, killed or paused.
    Stop,
    /// Something is removed.
    Remove,
    /// Something that exists is changed: renamed, connected, configured.
    Change,
    /// A hook runs.
    Hook,
    /// A provider's program runs.
    Provider,
    /// A condition is waited for.
    Wait,
    /// The delay between groups of a rolling update.
    Delay,
}

/// How a step or run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// It succeeded.
    Done,
    /// It failed.
    Failed,
    /// It was interrupted.
    Interrupted,
}

/// A time in which the steps of a lane waited for a step of another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// The index of the lane.
    pub lane: usize,
    /// The index of the span that was waited for last.
    pub on: usize,
    /// Since when.
    #[serde(rename = "start_ms", with = "milliseconds")]
    pub start: Duration,
    /// Until when.
    #[serde(rename = "end_ms", with = "milliseconds")]
    pub end: Duration,
}

/// The health tests of a container that was waited for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// The index of the wait.
    pub span: usize,
    /// The container.
    pub container: String,
    /// Whether hoist tested it too, more often than the engine.
    pub eager: bool,
    /// The latest runs of the test, oldest first.
    pub probes: Vec<Probe>,
    /// The `interval` of the healthcheck.
    #[serde(rename = "interval_ms", with = "milliseconds")]
    pub interval: Duration,
    /// Its `start_period`.
    #[serde(rename = "start_period_ms", with = "milliseconds")]
    pub start_period: Duration,
    /// Its `start_interval`.
    #[serde(rename = "start_interval_ms", with = "milliseconds")]
    pub start_interval: Duration,
}

/// A run of a health test. Its times are those since the start of its container, by the engine's clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// When it began.
    #[serde(rename = "since_start_ms", with = "milliseconds")]
    pub began: Duration,
    /// How long it took.
    #[serde(rename = "elapsed_ms", with = "milliseconds")]
    pub elapsed: Duration,
    /// Whether it passed.
    pub passed: bool,
}

/// A check of `x-hoist.ready`, or a run of a health test with `--eager-health`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Try {
    /// The index of the wait.
    pub span: usize,
    /// The container.
    pub container: String,
    /// When it began.
    #[serde(rename = "start_ms", with = "milliseconds")]
    pub start: Duration,
    /// When it ended.
    #[serde(rename = "end_ms", with = "milliseconds")]
    pub end: Duration,
    /// Whether it passed.
    pub passed: bool,
}

/// A part of the critical path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// The index of the span; `None` where no step was under way that the next one needed.
    pub span: Option<usize>,
    /// When it begins.
    #[serde(rename = "start_ms", with = "milliseconds")]
    pub start: Duration,
    /// When it ends.
    #[serde(rename = "end_ms", with = "milliseconds")]
    pub end: Duration,
}

impl Segment {
    /// How long it is.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.end.saturating_sub(self.start)
    }
}

impl Timeline {
    /// Whether anything was done, failed or was cut short: a run that found everything as it should be has only waits, if
    /// any, which succeeded.
    #[must_use]
    pub fn is_eventful(&self) -> bool {
        let is_cut = self.outcome == Ended::Interrupted && !self.spans.is_empty();
        is_cut || self.outcome == Ended::Failed || self.spans.iter().any(|span| span.kind != Kind::Wait)
    }

    /// When each run of a health test began and ended, on the clock of the run. The last one ended with the wait.
    pub fn probes<'a>(&'a self, health: &'a Health) -> impl Iterator<Item = (Duration, Duration, &'a Probe)> {
        let wait = self.spans.get(health.span);
        let end = wait.map(|wait| wait.end).unwrap_or_default();
        let decided = health.decided().unwrap_or_default();
        health.probes.iter().filter_map(move |probe| {
            // A probe that began before the run, or after the wait, is not part of it.
            let began = (end + probe.began).checked_sub(decided)?;
            let ended = (began + probe.elapsed).min(self.end);
            (began <= end).then_some((began, ended.max(began), probe))
        })
    }
}

impl Health {
    /// The first run that passed.
    #[must_use]
    pub fn passed(&self) -> Option<usize> {
        self.probes.iter().position(|probe| probe.passed)
    }

    /// When the run that ended the wait ended, since the start of the container.
    fn decided(&self) -> Option<Duration> {
        let deciding = self.passed().map_or(self.probes.last(), |index| self.probes.get(index))?;
        Some(deciding.began + deciding.elapsed)
    }
}

/// Durations as numbers of milliseconds, to the microsecond.
mod milliseconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64((time.as_secs_f64() * 1e6).round() / 1e3)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let time = f64::deserialize(deserializer)?;
        let seconds = Duration::try_from_secs_f64(time / 1e3);
        seconds.map(super::to_microseconds).map_err(serde::de::Error::custom)
    }
}

/// Rounds to microseconds, in which timelines are kept.
fn to_microseconds(time: Duration) -> Duration {
    let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    Duration::from_micros(nanoseconds.saturating_add(500) / 1000)
}
