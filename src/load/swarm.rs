//! Attributes that only Docker Swarm honours: a warning for each, since the engine ignores them here.

use std::convert::Infallible;

use crate::diagnostic::Explain;
use crate::load::findings::Findings;
use crate::source::Span;
use crate::yaml::{Key, Mapping, Node, Value};

/// An attribute without effect outside Swarm.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{owner}: `{path}` {why}")]
pub struct SwarmWarning {
    /// What has it: ``service `web` ``.
    pub owner: String,
    /// Its path within the owner.
    pub path: String,
    /// Why it has no effect.
    pub why: &'static str,
    /// Where it is in the file.
    pub span: Span,
}

impl Explain for SwarmWarning {
    fn span(&self) -> Option<Span> {
        Some(self.span)
    }
}

/// Attributes of `deploy`, and why they have no effect.
const DEPLOY: [(&str, &str); 6] = [
    ("mode", "is only honored in Swarm mode"),
    ("endpoint_mode", "only applies to Swarm's routing mesh"),
    ("labels", "are only applied to Swarm services"),
    ("placement", "is only honored by the Swarm scheduler"),
    ("update_config", "only applies to rolling updates in Swarm mode"),
    ("rollback_config", "only applies to rolling updates in Swarm mode"),
];

/// Attributes of secrets and configs.
const RESOURCES: [(&str, &str, &str, &str); 3] = [
    ("configs", "config", "labels", "are only applied to Swarm config objects"),
    ("secrets", "secret", "labels", "are only applied to Swarm secret objects"),
    ("secrets", "secret", "driver_opts", "are only honored by Swarm secret drivers"),
];

/// Warns of every such attribute of the model, in the order of the text.
pub(super) fn look(model: &Node, findings: &mut Findings<Infallible, SwarmWarning>) {
    let mut found = Vec::new();
    for (section, what) in [("services", "service"), ("jobs", "job")] {
        for (key, service) in entries(model, section) {
            let owner = format!("{what} `{}`", key.name);
            let hooks = service.get("pre_start").and_then(Node::as_sequence).unwrap_or_default();
            deploy(&owner, service, &mut found);
            container(&owner, "", service, &mut found);
            for (index, hook) in hooks.iter().enumerate() {
                container(&owner, &format!("pre_start[{index}]."), hook, &mut found);
            }
        }
    }
    for (section, what, attribute, why) in RESOURCES {
        for (key, resource) in entries(model, section) {
            if let Some((at, _)) = resource.as_mapping().and_then(|resource| resource.entry(attribute)) {
                let owner = format!("{what} `{}`", key.name);
                found.push(SwarmWarning { owner, path: attribute.to_owned(), why, span: at.span });
            }
        }
    }
    found.sort_by_cached_key(ToString::to_string);
    findings.warnings(found);
}

fn entries<'a>(model: &'a Node, section: &str) -> impl Iterator<Item = (&'a Key, &'a Node)> {
    let section = model.get(section).and_then(Node::as_mapping);
    section.into_iter().flat_map(Mapping::iter).map(|(key, node)| (key, node))
}

fn deploy(owner: &str, service: &Node, found: &mut Vec<SwarmWarning>) {
    let Some(deploy) = service.get("deploy").and_then(Node::as_mapping) else { return };
    // hoist itself replaces the containers of such a service by these settings.
    let rolling = service.get("x-hoist").and_then(|own| own.get("rolling"));
    let is_rolling = rolling.is_some_and(|rolling| rolling.value == Value::Bool(true));
    for (attribute, why) in DEPLOY {
        if let Some((key, _)) = deploy.entry(attribute)
            && !(is_rolling && attribute == "update_config")
        {
            let path = format!("deploy.{attribute}");
            found.push(SwarmWarning { owner: owner.to_owned(), path, why, span: key.span });
        }
    }
}

/// What containers of services, jobs and hooks may have; `prefix` is the path of a hook.
fn container(owner: &str, prefix: &str, node: &Node, found: &mut Vec<SwarmWarning>) {
    let mut warn = |path: String, why, span| {
        let path = format!("{prefix}{path}");
        found.push(SwarmWarning { owner: owner.to_owned(), path, why, span });
    };
    if let Some((key, _)) = node.as_mapping().and_then(|node| node.entry("credential_spec")) {
        let why = "is only supported when running Windows containers under Swarm";
        warn("credential_spec".to_owned(), why, key.span);
    }
    let items = |key: &str| node.get(key).and_then(Node::as_sequence).unwrap_or_default().iter().enumerate();
    let is = |item: &Node, key: &str, word: &str| item.get(key).and_then(Node::as_str) == Some(word);
    let key = |item: &Node, key: &str| {
        let entry = item.as_mapping().and_then(|item| item.entry(key));
        entry.map_or(item.span, |(key, _)| key.span)
    };
    // A range is one item of the file, and several here.
    let ports: Vec<&Node> = items("ports").map(|(_, port)| port).collect();
    for (index, range) in ports.chunk_by(|port, next| port.span == next.span).enumerate() {
        for port in range.iter().filter(|port| is(port, "mode", "host")) {
            let why = "`host` is only honored by the Swarm routing mesh";
            warn(format!("ports[{index}].mode"), why, key(port, "mode"));
        }
    }
    for (index, mount) in items("volumes").filter(|(_, mount)| is(mount, "type", "cluster")) {
        warn(format!("volumes[{index}].type"), "`cluster` is only supported in Swarm mode", key(mount, "type"));
    }
}
