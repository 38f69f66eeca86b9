//! Fills in what the files imply: the default network, dependencies implied by other attributes, names of resources,
//! values from the environment.

use std::collections::{BTreeMap, HashMap};

use crate::load::defaults::{below, items, resources, workloads};
use crate::load::merge::{Merger, merge_hook};
use crate::load::node_path::NodePath;
use crate::load::schema::is_of_containers;
use crate::source::{Span, clean};
use crate::yaml::{Key, Mapping, Node, Value};

/// The variables of the project.
pub(super) type Environment = BTreeMap<String, String>;

/// Whether a model is the project's own or included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// It is.
    Project,
    /// It comes from an `include`.
    Included,
}

/// Content of secrets from `include`d files, by the place where their variable is named. An included project has its
/// own variables, so they are looked up there.
pub(super) type Captured = HashMap<Span, String>;

/// Sets, from the environment, entries of list-form `environment` without a value, and secrets and configs that come
/// from a variable.
pub(super) fn resolve_environment(model: &mut Node, environment: &Environment, level: Level, captured: &mut Captured) {
    let Some(model) = model.as_mapping_mut() else { return };
    for service in workloads(model) {
        for item in items(service.get_mut("environment")) {
            if let Value::String(name) = &mut item.value
                && !name.contains('=')
                && let Some(value) = environment.get(name.as_str())
            {
                *name = format!("{name}={value}");
            }
        }
    }
    for section in ["secrets", "configs"] {
        for resource in resources(model, section) {
            let Some(variable) = resource.get("environment") else { continue };
            let span = variable.span;
            let found = || variable.as_str().and_then(|name| environment.get(name)).cloned();
            let Some(value) = captured.get(&span).cloned().or_else(found) else { continue };
            if level == Level::Included && section == "secrets" {
                captured.insert(span, value);
            } else {
                resource.insert(key("content", span), Node::string(value, span));
            }
        }
    }
}

/// The `pre_start` hooks of each service as written.
pub(super) type WrittenHooks = HashMap<String, Vec<Node>>;

/// Fills in everything that follows from the whole model. Returns the hooks as they were before their services
/// completed them.
pub(super) fn normalize(
    model: &mut Node,
    project: &str,
    environment: &Environment,
    merger: &mut Merger<'_>,
) -> WrittenHooks {
    let mut written = WrittenHooks::new();
    let Some(model) = model.as_mapping_mut() else { return written };
    let mut default_used_at = None;
    for service in workloads(model) {
        if default_network(service) {
            default_used_at = default_used_at.or(service.iter().next().map(|(key, _)| key.span));
        }
        pull_policy(service);
        build(service, environment);
        environment_values(service, environment);
        implied_dependencies(service);
        mount_targets(service);
    }
    if let Some(span) = default_used_at {
        add_default_network(model, span);
    }
    for section in ["networks", "volumes", "configs", "secrets"] {
        name_resources(model, section, project);
    }
    let services = model.get_mut("services").and_then(Node::as_mapping_mut);
    for (key, service) in services.into_iter().flat_map(Mapping::values_mut) {
        if let Some(service) = service.as_mapping_mut().filter(|service| service.contains("pre_start")) {
            written.insert(key.name.clone(), complete_hooks(&key.name, service, merger));
        }
    }
    written
}

/// Completes the `pre_start` hooks of a service with what it has in common with them. Returns them as they were.
fn complete_hooks(name: &str, service: &mut Mapping, merger: &mut Merger<'_>) -> Vec<Node> {
    // A mount is shared through the container that has it.
    let is_shared = |key: &Key| key.name != "volumes" && is_of_containers(&key.name);
    let base: Mapping = service.iter().filter(|(key, _)| is_shared(key)).cloned().collect();
    let hooks = items(service.get_mut("pre_start"));
    let written = hooks.to_vec();
    for (index, hook) in hooks.iter_mut().enumerate().filter(|(_, hook)| hook.as_mapping().is_some()) {
        for mount in items(hook.as_mapping_mut().and_then(|hook| hook.get_mut("volumes"))) {
            clean_target(mount);
        }
        let over = std::mem::replace(hook, Node::new(Value::Mapping(base.clone()), hook.span));
        let (section, service) = (NodePath::Top.key("services"), name);
        let (service, list) = (section.key(service), "pre_start");
        merge_hook(hook, over, service.key(list).index(index), merger);
    }
    written
}

/// The key of an entry that is in no file.
fn key(name: &str, span: Span) -> Key {
    Key { name: name.to_owned(), span: span.at_start() }
}

/// The text of an entry that is in no file.
fn text(text: impl Into<String>, span: Span) -> Node {
    Node::string(text, span.at_start())
}

/// Adds the service to the default network unless it sets its networks. Returns whether it uses the default network.
fn default_network(service: &mut Mapping) -> bool {
    if service.contains("provider") || service.contains("network_mode") {
        return false;
    }
    if let Some(networks) = service.get_mut("networks") {
        if let Some(entries) = networks.as_mapping().filter(|entries| !entries.is_empty()) {
            return entries.contains("default");
        }
        networks.value = Value::Mapping(only_default(networks.span));
        return true;
    }
    let Some(span) = service.iter().next().map(|(key, _)| key.span) else { return false };
    service.insert(key("networks", span), Node::new(Value::Mapping(only_default(span)), span.at_start()));
    true
}

fn only_default(span: Span) -> Mapping {
    std::iter::once((key("default", span), Node::new(Value::Null, span.at_start()))).collect()
}

fn add_default_network(model: &mut Mapping, span: Span) {
    if !model.contains("networks") {
        model.insert(key("networks", span), Node::new(Value::Mapping(Mapping::new()), span.at_start()));
    }
    let networks = model.get_mut("networks").and_then(Node::as_mapping_mut);
    if let Some(networks) = networks
        && !networks.contains("default")
    {
        networks.insert(key("default", span), Node::new(Value::Null, span.at_start()));
    }
}

fn pull_policy(service: &mut Mapping) {
    if let Some(Value::String(policy)) = service.get_mut("pull_policy").map(|node| &mut node.value)
        && policy == "if_not_present"
    {
        "missing".clone_into(policy);
    }
}

fn build(service: &mut Mapping, environment: &Environment) {
    let Some(build) = service.get_mut("build") else { return };
    let span = build.span;
    let Some(build) = build.as_mapping_mut() else { return };
    if !build.contains("context") {
        build.insert(key("context", span), text(".", span));
    }
    if !build.contains("dockerfile") && !build.contains("dockerfile_inline") {
        build.insert(key("dockerfile", span), text("Dockerfile", span));
    }
    if let Some(args) = build.get_mut("args") {
        fill_values(args, environment);
        drop_unset(args);
    }
}

fn environment_values(service: &mut Mapping, environment: &Environment) {
    if let Some(variables) = service.get_mut("environment") {
        fill_values(variables, environment);
    }
}

/// Sets entries without a value from the environment.
fn fill_values(node: &mut Node, environment: &Environment) {
    match &mut node.value {
        Value::Mapping(mapping) => {
            for (key, value) in mapping.values_mut() {
                if value.is_null()
                    && let Some(found) = environment.get(&key.name)
                {
                    value.value = Value::String(found.clone());
                }
            }
        }
        Value::Sequence(list) => {
            for item in list {
                if let Value::String(name) = &mut item.value
                    && !name.contains('=')
                    && let Some(found) = environment.get(name.as_str())
                {
                    *name = format!("{name}={found}");
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Timestamp(_) | Value::String(_) => {}
    }
}

fn drop_unset(node: &mut Node) {
    match &mut node.value {
        Value::Mapping(mapping) => mapping.retain(|_, value| !value.is_null()),
        Value::Sequence(list) => list.retain(|item| item.as_str().is_none_or(|text| text.contains('='))),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Timestamp(_) | Value::String(_) => {}
    }
}

/// A dependency that follows from another attribute.
struct Implied {
    service: String,
    restart: bool,
    span: Span,
}

fn implied_dependencies(service: &mut Mapping) {
    let implied = implied_by(service);
    let Some(first) = implied.first() else { return };
    if !service.contains("depends_on") {
        let span = first.span;
        service.insert(key("depends_on", span), Node::new(Value::Mapping(Mapping::new()), span.at_start()));
    }
    let Some(entries) = service.get_mut("depends_on").and_then(Node::as_mapping_mut) else { return };
    for Implied { service, restart, span } in implied {
        if entries.contains(&service) {
            continue;
        }
        let mut dependency = Mapping::new();
        dependency.insert(key("condition", span), text("service_started", span));
        dependency.insert(key("required", span), Node::new(Value::Bool(true), span.at_start()));
        if restart {
            dependency.insert(key("restart", span), Node::new(Value::Bool(true), span.at_start()));
        }
        entries.insert(Key { name: service, span }, Node::new(Value::Mapping(dependency), span));
    }
}

fn implied_by(service: &Mapping) -> Vec<Implied> {
    let texts = |name: &str| {
        let items = service.get(name).and_then(Node::as_sequence).unwrap_or_default();
        items.iter().filter_map(|item| Some((item.as_str()?, item.span)))
    };
    let mut implied = Vec::new();
    for (link, span) in texts("links") {
        let service = link.split(':').next().unwrap_or_default().to_owned();
        implied.push(Implied { service, restart: true, span });
    }
    for name in ["network_mode", "ipc", "pid", "uts", "cgroup"] {
        let Some(node) = service.get(name) else { continue };
        if let Some(service) = node.as_str().and_then(|mode| mode.strip_prefix("service:")) {
            implied.push(Implied { service: service.to_owned(), restart: true, span: node.span });
        }
    }
    for (from, span) in texts("volumes_from") {
        if !from.starts_with("container:") {
            let service = from.split(':').next().unwrap_or_default().to_owned();
            implied.push(Implied { service, restart: false, span });
        }
    }
    implied
}

fn mount_targets(service: &mut Mapping) {
    for mount in items(service.get_mut("volumes")) {
        clean_target(mount);
    }
}

fn clean_target(mount: &mut Node) {
    if let Some(target) = mount.as_mapping_mut().and_then(|mount| mount.get_mut("target"))
        && let Value::String(path) = &mut target.value
        && !path.is_empty()
    {
        *path = clean(path);
    }
}

fn name_resources(model: &mut Mapping, section: &str, project: &str) {
    let Some(section) = model.get_mut(section).and_then(Node::as_mapping_mut) else { return };
    for (resource_key, resource) in section.values_mut() {
        if resource.is_null() {
            resource.value = Value::Mapping(Mapping::new());
        }
        let Some(resource) = resource.as_mapping_mut() else { continue };
        if resource.contains("name") {
            continue;
        }
        let external = resource.get("external").is_some_and(|external| external.value == Value::Bool(true));
        let name = if external { resource_key.name.clone() } else { format!("{project}_{}", resource_key.name) };
        resource.insert(key("name", resource_key.span), text(name, resource_key.span));
    }
}

/// Copies a lone `scale` into a `deploy` block, as Docker Compose does when it checks a service.
pub(super) fn scale_into_deploy(service: &mut Mapping) {
    let Some(scale) = service.get("scale").cloned() else { return };
    if let Some(deploy) = below(service, &["deploy"]).and_then(Node::as_mapping_mut)
        && !deploy.contains("replicas")
    {
        deploy.insert(key("replicas", scale.span), scale);
    }
}
