//! Rules within one resource, and the sources of secrets.

use std::net::IpAddr;

use super::error::CheckError;
use super::lookup::{at, items, text};
use crate::load::findings::Findings;
use crate::source::{Span, Spanned};
use crate::yaml::{Key, Mapping, Node, Value};

/// Checks each resource of a model, with all defaults filled in, against the rules for its own values.
pub(in crate::load) fn check_resources(model: &Node, findings: &mut Findings<CheckError>) {
    let Some(model) = model.as_mapping() else { return };
    for (key, volume) in section(model, "volumes") {
        external_volume(key, volume, findings);
    }
    for (key, secret) in section(model, "secrets") {
        sources("secret", "secrets", key, secret, &["file", "environment"], &["driver", "external"], findings);
    }
    for (key, config) in section(model, "configs") {
        sources("config", "configs", key, config, &["file", "environment", "content"], &["external"], findings);
    }
    for (key, service) in section(model, "services") {
        port_addresses(service, findings);
        watch_paths(key, service, findings);
        device_requests(key, service, findings);
    }
}

/// Checks that each secret of the project has its content from a file or a variable; a `driver` alone is not enough.
pub(super) fn check_secret_sources(model: &Mapping, findings: &mut Findings<CheckError>) {
    for (key, secret) in section(model, "secrets") {
        let external = secret.get("external").is_some_and(|external| external.value == Value::Bool(true));
        let filled = |name: &str| text(secret, name).is_some_and(|(text, _)| !text.is_empty());
        if !external && !filled("file") && !filled("environment") && !findings.is_broken("secrets", &key.name) {
            findings.error(CheckError::NoSource { what: "secret", name: named(key) });
        }
    }
}

fn section<'a>(model: &'a Mapping, name: &str) -> impl Iterator<Item = (&'a Key, &'a Mapping)> {
    let section = model.get(name).and_then(Node::as_mapping);
    section.into_iter().flat_map(|section| section.iter().filter_map(|(key, node)| Some((key, node.as_mapping()?))))
}

fn named(key: &Key) -> Spanned<String> {
    Spanned::new(key.name.clone(), key.span)
}

fn external_volume(key: &Key, volume: &Mapping, findings: &mut Findings<CheckError>) {
    if volume.get("external").is_none_or(|external| external.value != Value::Bool(true)) {
        return;
    }
    for (other, _) in volume {
        if !matches!(other.name.as_str(), "external" | "name") && !other.name.starts_with("x-") {
            findings.error(CheckError::ExternalWith { volume: key.name.clone(), key: named(other) });
        }
    }
}

fn sources(
    what: &'static str,
    section: &str,
    key: &Key,
    resource: &Mapping,
    sources: &[&'static str],
    others: &[&str],
    findings: &mut Findings<CheckError>,
) {
    let written: Vec<(&'static str, Span)> =
        sources.iter().filter_map(|source| Some((*source, resource.get(source)?.span))).collect();
    match written[..] {
        [] if others.iter().any(|other| resource.contains(other)) => {}
        [] if findings.is_broken(section, &key.name) => {}
        [] => {
            findings.mark_broken(section, &key.name);
            findings.error(CheckError::NoSource { what, name: named(key) });
        }
        [("environment", variable), ("content", content)] if variable == content => {
            findings.mark_broken(section, &key.name);
            findings.error(CheckError::IncludedVariable { config: key.name.clone(), span: variable });
        }
        [(first, first_span), (second, span), ..] => {
            findings.mark_broken(section, &key.name);
            let owner = format!("{what} `{}`", key.name);
            findings.error(CheckError::Exclusive { owner, first, first_span, second, span });
        }
        [_] => {}
    }
}

fn port_addresses(service: &Mapping, findings: &mut Findings<CheckError>) {
    for port in items(service, "ports") {
        let Some((address, node)) = port.as_mapping().and_then(|port| text(port, "host_ip")) else { continue };
        if address.parse::<IpAddr>().is_err() {
            let address = Spanned::new(address.to_owned(), node.span);
            findings.error(CheckError::BadAddress { address });
        }
    }
}

fn watch_paths(key: &Key, service: &Mapping, findings: &mut Findings<CheckError>) {
    let rules = at(service, &["develop", "watch"]).and_then(Node::as_sequence).unwrap_or_default();
    for rule in rules {
        let Some((path, node)) = rule.as_mapping().and_then(|rule| text(rule, "path")) else { continue };
        if path.is_empty() {
            findings.error(CheckError::EmptyWatchPath { service: key.name.clone(), span: node.span });
        }
    }
}

fn device_requests(key: &Key, service: &Mapping, findings: &mut Findings<CheckError>) {
    let reserved = at(service, &["deploy", "resources", "reservations", "devices"]).and_then(Node::as_sequence);
    let requests = items(service, "gpus").iter().chain(reserved.unwrap_or_default());
    for request in requests.filter_map(Node::as_mapping) {
        if let (Some(count), Some(ids)) = (request.get("count"), request.get("device_ids")) {
            findings.error(CheckError::Exclusive {
                owner: format!("a device request of service `{}`", key.name),
                first: "count",
                first_span: count.span,
                second: "device_ids",
                span: ids.span,
            });
        }
    }
}
