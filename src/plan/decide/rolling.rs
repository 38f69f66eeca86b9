//! Whether and how a service is updated replica by replica.

use std::num::NonZeroUsize;
use std::time::Duration;

use crate::plan::decide::exclusive;
use crate::plan::inputs::Inputs;
use crate::plan::{Edge, FailureAction, PlanError};
use crate::project::{Service, UpdateConfig};

/// How a service is updated (`deploy.update_config`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::plan) struct RollingUpdate {
    pub(in crate::plan) order: UpdateOrder,
    /// Number of replicas at a time; `None` means all at once.
    parallelism: Option<NonZeroUsize>,
    /// Time between one group and the next.
    pub(in crate::plan) delay: Duration,
    pub(in crate::plan) failure_action: FailureAction,
    /// How long a new container is monitored once it is ready.
    pub(in crate::plan) monitor: Duration,
}

/// The order of stop and start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::plan) enum UpdateOrder {
    /// The new container starts while the old one is running.
    StartFirst,
    /// The old one stops before the new one starts.
    StopFirst,
}

impl RollingUpdate {
    /// The settings of a service; by default one replica at a time, stop-first, and a failure pauses the update.
    fn of(service: &Service) -> Result<Self, PlanError> {
        let unset = UpdateConfig::default();
        let written = service.deploy.as_ref().and_then(|deploy| deploy.update_config.as_ref()).unwrap_or(&unset);
        let failure_action = match written.failure_action.as_deref() {
            None | Some("" | "pause") => FailureAction::Pause,
            Some("continue") => FailureAction::Continue,
            Some("rollback") => FailureAction::Rollback,
            Some(word) => {
                let (service, word) = (service.name.clone(), word.to_owned());
                return Err(PlanError::UnknownFailureAction { service, word });
            }
        };
        let order = match written.order.as_deref() {
            Some("start-first") => UpdateOrder::StartFirst,
            _ => UpdateOrder::StopFirst,
        };
        let parallelism = usize::try_from(written.parallelism.unwrap_or(1)).unwrap_or(usize::MAX);
        let time = |written: crate::project::value::Duration| written.to_std().unwrap_or_default();
        Ok(Self {
            order,
            parallelism: NonZeroUsize::new(parallelism),
            delay: time(written.delay),
            failure_action,
            monitor: time(written.monitor),
        })
    }

    /// Number of replicas replaced at a time, out of `replicas`.
    pub(in crate::plan) fn group(&self, replicas: usize) -> usize {
        self.parallelism.map_or(replicas, NonZeroUsize::get).clamp(1, replicas.max(1))
    }

    /// The edge from one group to the next, which decides what a failure means.
    pub(in crate::plan) fn edge(&self) -> Edge {
        if self.failure_action == FailureAction::Continue { Edge::Follows } else { Edge::Requires }
    }
}

impl Inputs<'_> {
    /// The rolling update of a service, if requested by `up --rolling` or `x-hoist: {rolling: true}`.
    pub(in crate::plan) fn rolling(&self, service: &Service) -> Result<Option<RollingUpdate>, PlanError> {
        let asked = self.starts() && (self.options.rolling || service.x_hoist().rolling);
        asked.then(|| RollingUpdate::of(service)).transpose()
    }
}

/// Refuses a service that cannot be updated in its configured order: two containers at a time would need the same
/// thing.
pub(in crate::plan) fn check(cx: &Inputs<'_>, service: &Service) -> Result<(), PlanError> {
    let Some(update) = cx.rolling(service)? else { return Ok(()) };
    let replicas = cx.replicas(service) as usize;
    if update.order == UpdateOrder::StopFirst || replicas == 0 {
        return Ok(());
    }
    let obstacle = exclusive::of(service, replicas.saturating_add(update.group(replicas)));
    obstacle.map_or(Ok(()), |obstacle| Err(PlanError::StartFirst { service: service.name.clone(), obstacle }))
}
