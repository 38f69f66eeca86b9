//! What to wait for, and on whose behalf.

use std::fmt;
use std::time::Duration;

use super::ContainerRef;
use crate::project::{Condition, Ready, ServiceName};

/// What to wait for.
#[derive(Debug, Clone, PartialEq)]
pub struct WaitSpec {
    /// The service to wait for.
    pub service: ServiceName,
    /// The condition that must hold.
    pub condition: WaitCondition,
    /// Its replicas.
    pub containers: Vec<ContainerRef>,
    /// Who waits: a service's dependents, `up --wait` itself, or the update of the service.
    pub waiter: Waiter,
    /// Who checks their health.
    pub probing: Probing,
    /// What shows that a container without a healthcheck is ready, if the files say.
    pub ready: Option<Ready>,
    /// How long the condition must keep holding, without a restart; zero except in rolling updates.
    pub monitor: Duration,
    /// Time limit; `None` means no limit.
    pub timeout: Option<Duration>,
}

/// Who checks the health of a container that is being waited for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Probing {
    /// Only the engine, at the interval of the healthcheck.
    #[default]
    Engine,
    /// hoist too: it runs the container's health test immediately and every 500 ms; the first success counts as
    /// healthy.
    Eager,
}

/// The state to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WaitCondition {
    /// Every replica is healthy.
    Healthy,
    /// Every replica has exited with status 0.
    CompletedSuccessfully,
    /// Every replica is healthy, or running if it has no healthcheck.
    RunningOrHealthy,
    /// The same, or it has exited with status 0.
    RunningOrCompleted,
}

impl WaitCondition {
    /// The wait condition of a `depends_on` condition; `None` for `service_started`, which only orders.
    #[must_use]
    pub fn of(condition: Condition) -> Option<Self> {
        match condition {
            Condition::Started => None,
            Condition::Healthy => Some(Self::Healthy),
            Condition::CompletedSuccessfully => Some(Self::CompletedSuccessfully),
        }
    }
}

/// On whose behalf a wait happens; this determines the message of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiter {
    /// Services that depend on it; at least one requires it.
    Dependents,
    /// Services that depend on it but start without it too (`required: false`).
    OptionalDependents,
    /// `up --wait`.
    Command,
    /// The rolling update of the service itself: a new container must be ready before its predecessor, or the next
    /// one's, is removed.
    Update(FailureAction),
}

/// What happens when a replica fails in a rolling update (`deploy.update_config.failure_action`). In any case, that
/// replica keeps its old container or gets it back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FailureAction {
    /// The remaining replicas are not updated.
    #[default]
    Pause,
    /// The remaining replicas are updated anyway.
    Continue,
    /// The replicas already updated get their old containers back; the remaining ones are not updated.
    Rollback,
}

impl fmt::Display for WaitCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Healthy => "healthy",
            Self::CompletedSuccessfully => "completed",
            Self::RunningOrHealthy => "running or healthy",
            Self::RunningOrCompleted => "running or completed",
        })
    }
}

impl fmt::Display for WaitSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to be {}", self.service, self.condition)
    }
}
