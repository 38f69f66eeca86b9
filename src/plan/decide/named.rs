//! Explicit names: refuses those that the engine would refuse, and duplicates.

use std::collections::BTreeMap;

use crate::plan::inputs::Inputs;
use crate::plan::{NamedKind, PlanError};
use crate::project::{Network, NetworkKey, ServiceName};

/// Networks that every engine has.
const PREDEFINED: [&str; 4] = ["bridge", "host", "none", "default"];

/// Checks the names of containers, networks and volumes against what engines accept.
pub(in crate::plan) fn check(cx: &Inputs<'_>) -> Result<(), PlanError> {
    containers(cx)?;
    for (key, network) in &cx.project.networks {
        check_network(cx, key, network)?;
    }
    for (key, volume) in cx.project.volumes.iter().filter(|(_, volume)| !volume.external) {
        let local = volume.driver.as_deref().is_none_or(|driver| matches!(driver, "" | "local"));
        if local && !volume.name.is_empty() && !is_restricted(&volume.name) {
            return Err(bad(NamedKind::Volume, key.as_str(), &volume.name));
        }
    }
    Ok(())
}

fn containers(cx: &Inputs<'_>) -> Result<(), PlanError> {
    let mut names: BTreeMap<&str, &ServiceName> = BTreeMap::new();
    for service in cx.project.services.values() {
        let Some(name) = service.container_name.as_deref() else { continue };
        if cx.replicas(service) > 1 {
            return Err(PlanError::NamedContainerScaled { service: service.name.clone(), name: name.to_owned() });
        }
        // The engine drops a slash at the beginning.
        if !is_restricted(name.strip_prefix('/').unwrap_or(name)) {
            return Err(bad(NamedKind::Container, service.name.as_str(), name));
        }
        if let Some(first) = names.insert(name, &service.name) {
            return Err(twice(first, &service.name, name));
        }
    }
    if names.is_empty() {
        return Ok(());
    }
    // A replica of another service may have this name.
    for service in cx.project.services.values().filter(|service| service.container_name.is_none()) {
        for number in 1..=cx.replicas(service) {
            let name = cx.project.replica_name(&service.name, number.into());
            if let Some(named) = names.get(name.as_str()) {
                return Err(twice(&service.name, named, &name));
            }
        }
    }
    Ok(())
}

fn check_network(cx: &Inputs<'_>, key: &NetworkKey, network: &Network) -> Result<(), PlanError> {
    let used = cx.project.services.values().any(|service| service.networks.contains_key(key));
    // An external network may be specified by id.
    let live = cx.observed.networks.iter().find(|live| network.external && live.id.as_str() == network.name);
    let name = live.map_or(&network.name, |live| &live.name);
    if used && PREDEFINED.contains(&name.as_str()) {
        return Err(PlanError::PredefinedNetwork { key: key.clone(), name: name.clone() });
    }
    if !network.external && name.trim().is_empty() {
        return Err(bad(NamedKind::Network, key.as_str(), name));
    }
    Ok(())
}

fn bad(kind: NamedKind, key: &str, name: &str) -> PlanError {
    PlanError::BadName { kind, key: key.to_owned(), name: name.to_owned() }
}

fn twice(first: &ServiceName, second: &ServiceName, name: &str) -> PlanError {
    PlanError::DuplicateContainerName { first: first.clone(), second: second.clone(), name: name.to_owned() }
}

/// Whether engines accept the name for a container or a local volume. Docker requires two characters, Podman only one.
fn is_restricted(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphanumeric())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}
