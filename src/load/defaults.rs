//! Defaults that loading fills in before anything is checked.

use crate::source::Span;
use crate::yaml::{Key, Mapping, Node, Value};

/// Fills in defaults in the long forms of a model.
pub(super) fn fill(model: &mut Node) {
    let Some(model) = model.as_mapping_mut() else { return };
    for service in workloads(model) {
        service_defaults(service);
    }
}

/// The mappings of a section, each a resource.
pub(super) fn resources<'a>(model: &'a mut Mapping, section: &str) -> impl Iterator<Item = &'a mut Mapping> {
    let section = model.get_mut(section).and_then(Node::as_mapping_mut);
    section.into_iter().flat_map(|section| section.values_mut().filter_map(|(_, node)| node.as_mapping_mut()))
}

/// The services and the jobs.
pub(super) fn workloads(model: &mut Mapping) -> impl Iterator<Item = &mut Mapping> {
    let sections = model.values_mut().filter(|(key, _)| matches!(key.name.as_str(), "services" | "jobs"));
    let sections = sections.filter_map(|(_, node)| node.as_mapping_mut());
    sections.flat_map(|section| section.values_mut().filter_map(|(_, node)| node.as_mapping_mut()))
}

fn service_defaults(service: &mut Mapping) {
    let span_of = |node: &Node| node.span;
    if let Some(build) = service.get_mut("build") {
        let span = span_of(build);
        if let Some(build) = build.as_mapping_mut() {
            set_missing(build, "context", span, || Value::String(".".to_owned()));
        }
    }
    for secret in items(service.get_mut("secrets")) {
        let span = secret.span;
        let Some(secret) = secret.as_mapping_mut() else { continue };
        let source = secret.get("source").and_then(Node::as_str).unwrap_or_default().to_owned();
        set_missing(secret, "target", span, || Value::String(format!("/run/secrets/{source}")));
    }
    for port in items(service.get_mut("ports")) {
        let span = port.span;
        let Some(port) = port.as_mapping_mut() else { continue };
        set_missing(port, "mode", span, || Value::String("ingress".to_owned()));
        set_missing(port, "protocol", span, || Value::String("tcp".to_owned()));
    }
    for request in items(service.get_mut("gpus")) {
        device_count(request);
    }
    let devices = ["deploy", "resources", "reservations", "devices"];
    for request in items(below(service, &devices)) {
        device_count(request);
    }
    for mount in items(service.get_mut("volumes")) {
        let Some(bind) = mount.as_mapping_mut().and_then(|mount| mount.get_mut("bind")) else { continue };
        let span = bind.span;
        if let Some(bind) = bind.as_mapping_mut() {
            set_missing(bind, "create_host_path", span, || Value::Bool(true));
        }
    }
}

fn device_count(request: &mut Node) {
    let span = request.span;
    if let Some(request) = request.as_mapping_mut()
        && !request.contains("device_ids")
    {
        set_missing(request, "count", span, || Value::String("all".to_owned()));
    }
}

fn set_missing(mapping: &mut Mapping, key: &str, span: Span, value: impl FnOnce() -> Value) {
    if !mapping.contains(key) {
        let span = span.at_start();
        mapping.insert(Key { name: key.to_owned(), span }, Node::new(value(), span));
    }
}

/// The node at this path of keys.
pub(super) fn below<'a>(mapping: &'a mut Mapping, keys: &[&str]) -> Option<&'a mut Node> {
    let (first, rest) = keys.split_first()?;
    let node = mapping.get_mut(first)?;
    if rest.is_empty() { Some(node) } else { below(node.as_mapping_mut()?, rest) }
}

/// The items of a list; empty if there is no list.
pub(super) fn items(node: Option<&mut Node>) -> &mut [Node] {
    node.and_then(Node::as_sequence_mut).map_or(&mut [], Vec::as_mut_slice)
}
