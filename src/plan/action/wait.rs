//! What is waited for, and on whose behalf.

use std::fmt;
use std::time::Duration;

use super::ContainerRef;
use crate::project::{Condition, ServiceName};

/// What is waited for.
#[derive(Debug, Clone, PartialEq)]
pub struct WaitSpec {
    /// The service waited for.
    pub service: ServiceName,
    /// What has to hold.
    pub condition: WaitCondition,
    /// Its replicas.
    pub containers: Vec<ContainerRef>,
    /// Who waits: a service's dependents, `up --wait` itself, or the update of the service.
    pub waiter: Waiter,
    /// Who finds out whether they are healthy.
    pub probing: Probing,
    /// For how long it has to go on holding, without a restart, once it holds; nothing but in rolling updates.
    pub monitor: Duration,
    /// After how long it is given up; `None` waits for ever.
    pub timeout: Option<Duration>,
}

/// Who finds out whether a container that is waited for is healthy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Probing {
    /// The engine alone, at the interval of the healthcheck.
    #[default]
    Engine,
    /// hoist too: it runs the container's own test at once and every 500 ms, and the first success counts as healthy.
    Eager,
}

/// The state waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WaitCondition {
    /// Every replica is healthy.
    Healthy,
    /// Every replica has exited with status 0.
    CompletedSuccessfully,
    /// Every replica is healthy, or running where it has no healthcheck.
    RunningOrHealthy,
}

impl WaitCondition {
    /// What a `depends_on` condition waits for; `service_started` is ordering alone.
    #[must_use]
    pub fn of(condition: Condition) -> Option<Self> {
        match condition {
            Condition::Started => None,
            Condition::Healthy => Some(Self::Healthy),
            Condition::CompletedSuccessfully => Some(Self::CompletedSuccessfully),
        }
    }
}

/// On whose behalf a wait happens; it decides the words of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiter {
    /// Services that depend on it, at least one of them in need of it.
    Dependents,
    /// Services that depend on it and start without it too (`required: false`).
    OptionalDependents,
    /// `up --wait`.
    Command,
    /// The rolling update of the service itself: a new container has to be there before its predecessor goes, or before
    /// the next one's does.
    Update(FailureAction),
}

/// What the failure of one replica means for a rolling update (`deploy.update_config.failure_action`). That replica
/// keeps its old container, or gets it back, in any case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FailureAction {
    /// The replicas after it stay as they are.
    #[default]
    Pause,
    /// The replicas after it are replaced all the same.
    Continue,
    /// The replicas before it get their old containers back, those after it stay as they are.
    Rollback,
}

impl fmt::Display for WaitCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Healthy => "healthy",
            Self::CompletedSuccessfully => "completed",
            Self::RunningOrHealthy => "running or healthy",
        })
    }
}

impl fmt::Display for WaitSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to be {}", self.service, self.condition)
    }
}
