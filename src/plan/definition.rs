//! Whether something was made from its present definition, and where not, what changed in it.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use super::{FieldChange, SecretValues, secret};
use crate::observed::{self, Container, ContainerId};
use crate::project::fingerprint::Fingerprint;
use crate::project::hash::{HashForm, network_hash, resolved_service_hash, volume_hash};
use crate::project::{Network, Project, Service, ServiceName, Volume};

/// The label with a digest for every field of the definition.
const LABEL_FIELDS: &str = "hoist.fields";

/// The hashes that containers of a service carry.
pub(super) struct Expected<'a> {
    service: &'a Service,
    references: BTreeMap<ServiceName, ContainerId>,
    current: String,
    /// That of Docker Compose 2, which is needed only where the other does not fit.
    of_v2: OnceCell<String>,
}

impl<'a> Expected<'a> {
    /// Those of a service whose references to other services stand for these containers.
    pub(super) fn new(service: &'a Service, references: BTreeMap<ServiceName, ContainerId>) -> Self {
        let current = hash(service, HashForm::V5, &references);
        Self { service, references, current, of_v2: OnceCell::new() }
    }

    /// Whether a container was made from that definition, by hoist or either line of Docker Compose.
    pub(super) fn matches(&self, container: &Container) -> bool {
        let Some(label) = &container.config_hash else { return false };
        *label == self.current || label == self.of_v2.get_or_init(|| hash(self.service, HashForm::V2, &self.references))
    }
}

fn hash(service: &Service, form: HashForm, references: &BTreeMap<ServiceName, ContainerId>) -> String {
    resolved_service_hash(service, form, |name| references.get(name).map(|id| id.as_str().to_owned()))
}

/// Whether a network was made from that definition. One without a hash counts as such.
pub(super) fn network_matches(network: &Network, live: &observed::Network) -> bool {
    is_hash(live.config_hash.as_deref(), || network_hash(network))
}

/// Whether a volume was made from that definition. One without a hash counts as such.
pub(super) fn volume_matches(volume: &Volume, live: &observed::Volume) -> bool {
    is_hash(live.config_hash.as_deref(), || volume_hash(volume))
}

fn is_hash(label: Option<&str>, expected: impl FnOnce() -> String) -> bool {
    label.is_none_or(|label| label.is_empty() || label == expected())
}

/// What changed in the definition of a service since the container was made: by the label with the digests of its
/// fields where hoist made it, else by what the engine shows.
pub(super) fn changes(
    project: &Project,
    service: &Service,
    container: &Container,
    values: SecretValues,
) -> Vec<FieldChange> {
    let label = container.labels.get(LABEL_FIELDS);
    let Some(kept) = label.and_then(|label| label.parse::<Fingerprint>().ok()) else {
        let image = image_change(project, service, container);
        return image.filter(|change| change.from != change.to).into_iter().collect();
    };
    let fields = kept.changed(&Fingerprint::of(service));
    fields.into_iter().map(|field| change(project, service, container, field, values)).collect()
}

fn change(
    project: &Project,
    service: &Service,
    container: &Container,
    field: String,
    values: SecretValues,
) -> FieldChange {
    let (from, to) = if let Some(name) = field.strip_prefix("environment.") {
        // Old values of variables are not in the engine's list of containers.
        let value = service.environment.get(name).and_then(Option::as_deref);
        (None, value.map(|value| secret::shown(name, value, values)))
    } else if let Some(name) = field.strip_prefix("labels.") {
        let shown = |value: &String| secret::shown(name, value, values);
        (container.labels.get(name).map(shown), service.labels.get(name).map(shown))
    } else if field == "image" {
        return image_change(project, service, container).unwrap_or(FieldChange {
            field,
            from: None,
            to: service.image.clone(),
        });
    } else {
        (None, None)
    };
    FieldChange { field, from, to }
}

/// The change of the image reference. The engine shows an id where the reference has moved on to another image.
fn image_change(project: &Project, service: &Service, container: &Container) -> Option<FieldChange> {
    if container.image.is_empty() || container.image.starts_with("sha256:") {
        return None;
    }
    let to = project.image_name(service);
    Some(FieldChange { field: "image".to_owned(), from: Some(container.image.clone()), to: Some(to) })
}
