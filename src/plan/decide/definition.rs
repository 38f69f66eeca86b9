//! Whether something was created from its present definition.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use crate::observed::{self, Container, ContainerId};
use crate::project::hash::{HashForm, network_hash, resolved_service_hash, volume_hash};
use crate::project::{Network, Service, ServiceName, Volume};

/// The expected hashes in the labels of a service's containers.
pub(in crate::plan) struct Expected<'a> {
    service: &'a Service,
    references: BTreeMap<ServiceName, ContainerId>,
    current: String,
    /// The hashes of other versions of Docker Compose, computed only if the current one does not match.
    others: OnceCell<[String; 2]>,
}

impl<'a> Expected<'a> {
    /// The hashes of a service whose references to other services resolve to these containers.
    pub(in crate::plan) fn new(service: &'a Service, references: BTreeMap<ServiceName, ContainerId>) -> Self {
        let current = hash(service, HashForm::V5, &references);
        Self { service, references, current, others: OnceCell::new() }
    }

    /// Whether a container was created from this definition, by hoist or by any version of Docker Compose.
    pub(in crate::plan) fn matches(&self, container: &Container) -> bool {
        let Some(label) = &container.config_hash else { return false };
        let others = || HashForm::OTHERS.map(|form| hash(self.service, form, &self.references));
        *label == self.current || self.others.get_or_init(others).contains(label)
    }
}

fn hash(service: &Service, form: HashForm, references: &BTreeMap<ServiceName, ContainerId>) -> String {
    resolved_service_hash(service, form, |name| references.get(name).map(|id| id.as_str().to_owned()))
}

/// Whether a network was created from this definition; true if it has no hash.
pub(in crate::plan) fn network_matches(network: &Network, live: &observed::Network) -> bool {
    is_hash(live.config_hash.as_deref(), || network_hash(network))
}

/// Whether a volume was created from this definition; true if it has no hash.
pub(in crate::plan) fn volume_matches(volume: &Volume, live: &observed::Volume) -> bool {
    is_hash(live.config_hash.as_deref(), || volume_hash(volume))
}

fn is_hash(label: Option<&str>, expected: impl FnOnce() -> String) -> bool {
    label.is_none_or(|label| label.is_empty() || label == expected())
}
