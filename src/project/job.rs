//! Jobs: containers that run to completion when something triggers them.

use super::{Extensions, Service};

/// A definition under `jobs:`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Job {
    /// What its container is made from. It never has the attributes that only services have, such as `restart`.
    pub service: Service,
    /// What makes it run.
    pub triggers: Triggers,
}

/// What makes a job run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Triggers {
    /// Whether it may be run by hand; true if absent. See [`Job::is_manual`].
    pub manual: Option<bool>,
    /// When it runs by itself.
    pub schedule: Vec<Schedule>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// When a job runs by itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Schedule {
    /// A cron expression, not checked when loading.
    pub cron: Option<String>,
    /// The time zone of the expression; not checked.
    pub timezone: Option<String>,
    /// What to do if the job is still running: `forbid` or `queue`.
    pub concurrency: Option<String>,
    /// What to do about runs that were missed: `one` or `skip`.
    pub missed_fires: Option<String>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

impl Job {
    /// Whether it may be run by hand.
    #[must_use]
    pub fn is_manual(&self) -> bool {
        self.triggers.manual != Some(false)
    }

    /// Whether it is meant to run by itself.
    #[must_use]
    pub fn is_scheduled(&self) -> bool {
        !self.triggers.schedule.is_empty()
    }
}
