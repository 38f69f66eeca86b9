//! What every step of a run shares.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use super::announce::Announcer;
use super::event_stream::Notice;
use super::facts::Facts;
use crate::event::{Events, Outputs, StepError};
use crate::observed::ContainerId;
use crate::plan::{ContainerRef, ContainerSpec, Plan, shared_services};
use crate::project::{Service, ServiceName};

/// What every step has access to.
#[derive(Debug, Clone)]
pub(super) struct StepContext<E> {
    pub(super) plan: Arc<Plan>,
    pub(super) engine: E,
    pub(super) events: Events,
    pub(super) cancel: CancellationToken,
    /// Ends the waits of dependents.
    pub(super) detach: CancellationToken,
    pub(super) facts: Arc<Facts>,
    /// The channel that waits subscribe to; `None` in a plan without waits.
    pub(super) notices: Option<broadcast::Sender<Notice>>,
    pub(super) announcer: Option<Announcer>,
    /// Receives the output of hooks.
    pub(super) outputs: Option<Outputs>,
}

impl<E> StepContext<E> {
    /// The id of a container that must exist by now.
    pub(super) fn container(&self, container: &ContainerRef) -> Result<ContainerId, StepError> {
        self.facts.container(container).ok_or_else(|| StepError::NoContainer(container.name.clone()))
    }

    /// Waits for `duration`, unless the user interrupts.
    pub(super) async fn pause(&self, duration: Duration) -> Result<(), StepError> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(StepError::Interrupted),
            () = tokio::time::sleep(duration) => Ok(()),
        }
    }
}

/// The containers that the definition's references to services resolve to.
pub(super) fn resolve_references(
    facts: &Facts,
    spec: &ContainerSpec,
) -> Result<BTreeMap<ServiceName, ContainerId>, StepError> {
    let resolved: BTreeMap<ServiceName, ContainerId> = spec
        .references
        .iter()
        .filter_map(|(service, container)| Some((service.clone(), facts.container(container)?)))
        .collect();
    let Some(service) = spec.project.services.get(&spec.replica.service) else { return Ok(resolved) };
    match shared_services(service).find(|(_, other)| !resolved.contains_key(*other)) {
        Some((shared, other)) => Err(StepError::SharedContainerMissing { shared, service: other.clone() }),
        None => Ok(resolved),
    }
}

/// Whether files may have to be copied into its containers at each start.
pub(super) fn gets_files(service: &Service) -> bool {
    !service.secrets.is_empty() || !service.configs.is_empty() || service.use_api_socket
}
