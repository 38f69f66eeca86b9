//! Finds what changed in the definition of a service since a container was created from it.

use std::collections::{BTreeMap, BTreeSet};

use crate::observed::{Container, ContainerId, Definition, Observed};
use crate::plan::decide::secret;
use crate::plan::{Action, FieldChange, FieldValue, Handle, Plan, Reason, SecretValues};
use crate::project::canonical::{self, Form};
use crate::project::fingerprint::Fingerprint;
use crate::project::label;
use crate::project::value::Port;
use crate::project::{Project, Service, Tree};

/// Variables from the client's configuration, in upper or lower case.
const PROXY_VARIABLES: [&str; 5] = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"];

/// The fields whose entries are reported individually.
const BY_ENTRY: [&str; 2] = ["environment", "labels"];

/// The fields that no engine reports, and of which hoist keeps only digests: only their new values can be told.
const HOOKS: [&str; 3] = ["pre_start", "post_start", "pre_stop"];

/// What changed since a container was created: according to the label with the field digests if hoist created it, else
/// according to what the engine reports. Old values of most fields are known only if its [`Definition`] was observed.
pub(in crate::plan) fn changes(
    project: &Project,
    observed: &Observed,
    service: &Service,
    container: &Container,
    values: SecretValues,
) -> Vec<FieldChange> {
    let label = container.labels.get(label::FIELDS);
    let old = Old { container, definition: observed.definitions.get(&container.id) };
    let new = New { image: project.image_name(service), service, attributes: attributes(service) };
    let fields = match label.and_then(|label| label.parse::<Fingerprint>().ok()) {
        Some(kept) => old.by_entry(kept.changed(&Fingerprint::of(service)), &new),
        None => old.compare(&new),
    };
    fields.into_iter().map(|field| change(field, &old, &new, values)).collect()
}

/// The containers that are replaced because their definition changed. With their [`Observed::definitions`], planning
/// again yields their old values too.
pub fn redefined(plan: &Plan) -> impl Iterator<Item = &ContainerId> {
    plan.steps().filter_map(|(_, step)| match (&step.action, &step.reason) {
        (Action::CreateContainer(spec), Reason::ConfigChanged(_)) => match &spec.replaces.as_ref()?.container.handle {
            Handle::Existing(id) => Some(id),
            Handle::Made(_) | Handle::MadeOr { .. } => None,
        },
        _ => None,
    })
}

fn change(field: String, old: &Old<'_>, new: &New<'_>, values: SecretValues) -> FieldChange {
    let (from, to) =
        if is_told_alone(&field) || old.tells(&field) { (old.value(&field), new.value(&field)) } else { (None, None) };
    // The engine may report the requested value in a different form; then the old value is meaningless.
    let from = from.filter(|from| to.as_ref() != Some(from));
    let shown = |value: Tree| shown(&field, value, values);
    FieldChange { from: from.map(shown), to: to.map(shown), field }
}

/// Whether to report the new value of a field even if the old one is unknown.
fn is_told_alone(field: &str) -> bool {
    field == "image" || entry(field).is_some() || HOOKS.contains(&field)
}

/// The name of the variable or label, if the field is one.
fn entry(field: &str) -> Option<&str> {
    BY_ENTRY.iter().find_map(|parent| field.strip_prefix(parent)?.strip_prefix('.'))
}

/// A value for display, with secrets hidden.
fn shown(field: &str, value: Tree, values: SecretValues) -> FieldValue {
    let shown = secret::shown(entry(field).unwrap_or_default(), value, values);
    if let Tree::String(text) = shown { FieldValue::Text(text) } else { FieldValue::Json(shown.to_json_compact()) }
}

/// What a container was created from, as far as known.
struct Old<'a> {
    container: &'a Container,
    definition: Option<&'a Definition>,
}

/// What its service defines now.
struct New<'a> {
    /// The image reference.
    image: String,
    service: &'a Service,
    attributes: BTreeMap<String, Tree>,
}

impl New<'_> {
    fn value(&self, field: &str) -> Option<Tree> {
        if field == "image" {
            return Some(Tree::from(self.image.as_str()));
        }
        if let Some(name) = field.strip_prefix("environment.") {
            return self.service.environment.get(name)?.as_deref().map(Tree::from);
        }
        if let Some(name) = field.strip_prefix("labels.") {
            return self.service.labels.get(name).map(|value| Tree::from(value.as_str()));
        }
        let value = self.attributes.get(field).filter(|value| !says_nothing(value))?;
        Some(if HOOKS.contains(&field) { self.own_parts(value) } else { value.clone() })
    }

    /// Hooks without what they have from the service, and what they leave to the image.
    fn own_parts(&self, hooks: &Tree) -> Tree {
        let Tree::Sequence(hooks) = hooks else { return hooks.clone() };
        let own = |(name, value): &&(String, Tree)| !says_nothing(value) && self.attributes.get(name) != Some(value);
        let hooks = hooks.iter().map(|hook| match hook {
            Tree::Mapping(entries) => Tree::Mapping(entries.iter().filter(own).cloned().collect()),
            other => other.clone(),
        });
        Tree::Sequence(hooks.collect())
    }
}

impl Old<'_> {
    /// Whether the engine reports the attribute.
    fn tells(&self, attribute: &str) -> bool {
        self.definition.is_some_and(|definition| definition.settings.attributes.contains_key(attribute))
    }

    fn value(&self, field: &str) -> Option<Tree> {
        if field == "image" {
            return self.image().map(Tree::from);
        }
        if let Some(name) = field.strip_prefix("labels.") {
            return self.container.labels.get(name).map(|value| Tree::from(value.as_str()));
        }
        let settings = &self.definition?.settings;
        if let Some(name) = field.strip_prefix("environment.") {
            return settings.environment.get(name).map(|value| Tree::from(value.as_str()));
        }
        settings.attributes.get(field).filter(|value| **value != Tree::Null).cloned()
    }

    /// The image reference; the engine reports an id if the reference now means another image.
    fn image(&self) -> Option<&str> {
        let image = self.container.image.as_str();
        (!image.is_empty() && !image.starts_with("sha256:")).then_some(image)
    }

    /// The changed fields, with individual entries instead of whole fields if known.
    fn by_entry(&self, fields: Vec<String>, new: &New<'_>) -> Vec<String> {
        let Some(definition) = self.definition else { return fields };
        fields
            .into_iter()
            .flat_map(|field| match field.as_str() {
                "environment" => changed_variables(definition, new),
                "labels" => self.changed_labels(definition, new),
                _ => vec![field],
            })
            .collect()
    }

    /// The fields that visibly differ.
    fn compare(&self, new: &New<'_>) -> Vec<String> {
        let image = self.image().is_some_and(|image| image != new.image).then(|| "image".to_owned());
        let Some(definition) = self.definition else { return image.into_iter().collect() };
        let mut fields = changed_variables(definition, new);
        fields.extend(self.changed_labels(definition, new));
        fields.extend(changed_attributes(definition, new));
        fields.extend(image);
        fields.sort_unstable();
        fields
    }

    fn changed_labels(&self, definition: &Definition, new: &New<'_>) -> Vec<String> {
        let is_own = |name: &&String| !label::PREFIXES.iter().any(|tool| name.starts_with(tool));
        let (old, image) = (&self.container.labels, &definition.image.labels);
        let names: BTreeSet<_> = old.keys().chain(new.service.labels.keys()).filter(is_own).collect();
        let changed = names.into_iter().filter(|name| match new.service.labels.get(*name) {
            Some(value) => old.get(*name) != Some(value),
            None => image.get(*name) != old.get(*name),
        });
        changed.map(|name| format!("labels.{name}")).collect()
    }
}

fn changed_variables(definition: &Definition, new: &New<'_>) -> Vec<String> {
    let (old, image) = (&definition.settings.environment, &definition.image.environment);
    let names: BTreeSet<_> = old.keys().chain(new.service.environment.keys()).collect();
    let is_proxy = |name: &str| PROXY_VARIABLES.iter().any(|proxy| proxy.eq_ignore_ascii_case(name));
    let changed = names.into_iter().filter(|name| match new.service.environment.get(*name) {
        Some(Some(value)) => old.get(*name) != Some(value),
        // A name without a value removes the image's variable.
        Some(None) => old.contains_key(*name),
        None => image.get(*name) != old.get(*name) && !is_proxy(name),
    });
    changed.map(|name| format!("environment.{name}")).collect()
}

fn changed_attributes(definition: &Definition, new: &New<'_>) -> Vec<String> {
    let differs = |(name, old): &(&String, &Tree)| match new.attributes.get(*name).filter(|new| !says_nothing(new)) {
        Some(new) => !is_as_asked(old, new),
        None => !says_nothing(old) && definition.image.attributes.get(*name) != Some(*old),
    };
    definition.settings.attributes.iter().filter(differs).map(|(name, _)| name.clone()).collect()
}

/// Whether a container has what its service defines. Of a mapping only the entries in the file count, since the image
/// may add others.
fn is_as_asked(old: &Tree, new: &Tree) -> bool {
    match (old, new) {
        (Tree::Mapping(old), Tree::Mapping(new)) => new.iter().all(|entry| old.contains(entry)),
        _ => old == new,
    }
}

/// Whether a value is the same as no value.
fn says_nothing(value: &Tree) -> bool {
    match value {
        Tree::Null | Tree::Bool(false) => true,
        Tree::String(text) => matches!(text.as_str(), "" | "no"),
        Tree::Sequence(_) | Tree::Mapping(_) => value.is_empty_collection(),
        Tree::Bool(true) | Tree::Int(_) | Tree::Float(_) | Tree::Float32(_) => false,
    }
}

/// The attributes of a service in the form in which the engine reports them.
fn attributes(service: &Service) -> BTreeMap<String, Tree> {
    let Tree::Mapping(fields) = canonical::service(service, Form::Json) else { return BTreeMap::new() };
    let mut attributes: BTreeMap<_, _> = fields.into_iter().collect();
    let mut ports: Vec<_> = service.ports.iter().map(port).collect();
    ports.sort_unstable();
    attributes.insert("ports".to_owned(), Tree::Sequence(ports.into_iter().map(Tree::from).collect()));
    attributes
}

/// A port as users write it: `127.0.0.1:8080:80/tcp`.
fn port(port: &Port) -> String {
    let mut text = String::new();
    if let Some(address) = port.host_ip.as_deref().filter(|address| !address.is_empty()) {
        text.push_str(address);
        text.push(':');
    }
    if let Some(published) = port.published.as_deref().filter(|published| !published.is_empty()) {
        text.push_str(published);
        text.push(':');
    }
    text.push_str(&port.target.to_string());
    text.push('/');
    text.push_str(port.protocol.as_deref().unwrap_or("tcp"));
    text
}
