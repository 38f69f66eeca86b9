//! Rebuilds a project without its files, from labels in the engine.

use std::collections::BTreeMap;

use crate::observed::{Container, Observed};
use crate::project::label;
use crate::project::{Condition, Dependency, Network, Project, ProjectName, Service, ServiceName, Volume};

/// The project with this name, rebuilt from its containers, networks and volumes: services with image, number of
/// replicas and dependencies, and everything else with labels. Hooks and providers leave no trace.
#[must_use]
pub fn project_from_labels(name: &ProjectName, observed: &Observed) -> Project {
    let mut services: BTreeMap<ServiceName, Service> = BTreeMap::new();
    for container in observed.containers.iter().filter(|container| container.is_replica()) {
        let Some(key) = &container.service else { continue };
        let service = services.entry(key.clone()).or_insert_with(|| service(key, container));
        service.scale = service.scale.map(|scale| scale + 1);
    }
    let known: Vec<_> = services.keys().cloned().collect();
    for service in services.values_mut() {
        service.depends_on.retain(|dependency, _| known.contains(dependency));
    }
    let ours = |project: &Option<String>| project.as_deref() == Some(name.as_str());
    let networks = observed.networks.iter().filter(|network| ours(&network.project));
    let networks = networks.filter_map(|network| {
        Some((network.key.clone()?, Network { name: network.name.clone(), ..Network::default() }))
    });
    // If a changed `name` left several with the same key, the one that containers mount.
    let is_mounted = |name: &str| {
        let mounts = observed.containers.iter().flat_map(|container| &container.mounts);
        mounts.into_iter().any(|mount| mount.name.as_deref() == Some(name))
    };
    let mut volumes: Vec<_> = observed.volumes.iter().filter(|volume| ours(&volume.project)).collect();
    volumes.sort_by_key(|volume| (is_mounted(&volume.name), std::cmp::Reverse(&volume.name)));
    let volumes = volumes
        .into_iter()
        .filter_map(|volume| Some((volume.key.clone()?, Volume { name: volume.name.clone(), ..Volume::default() })));
    Project {
        name: name.clone(),
        services,
        networks: networks.collect(),
        volumes: volumes.collect(),
        ..Project::default()
    }
}

/// A service rebuilt from one of its containers, without replicas yet.
fn service(name: &ServiceName, container: &Container) -> Service {
    let depends_on = container.labels.get(label::DEPENDS_ON).map(|label| dependencies(label)).unwrap_or_default();
    Service { image: Some(container.image.clone()), scale: Some(0), depends_on, ..Service::new(name.clone()) }
}

/// The dependencies in a label such as `db:service_healthy:true,cache`. Without a condition they are only ordered;
/// without the third part, dependents restart with them.
fn dependencies(label: &str) -> BTreeMap<ServiceName, Dependency> {
    let items = label.split(',').filter(|item| !item.is_empty());
    items
        .map(|item| {
            let mut parts = item.split(':');
            let name = parts.next().unwrap_or_default();
            let condition = match parts.next() {
                Some("service_healthy") => Condition::Healthy,
                Some("service_completed_successfully") => Condition::CompletedSuccessfully,
                _ => Condition::Started,
            };
            let restart = parts.next().is_none_or(|word| word == "true");
            (ServiceName::from(name), Dependency { condition, restart, ..Dependency::default() })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_are_read_from_the_label() {
        let read = dependencies("db:service_healthy:false,job:service_completed_successfully:true,cache");
        let shown: Vec<_> = read
            .iter()
            .map(|(name, how)| format!("{name} {} {} {}", how.condition, how.restart, how.required))
            .collect();
        assert_eq!(
            shown,
            [
                "cache service_started true true",
                "db service_healthy false true",
                "job service_completed_successfully true true",
            ]
        );
        assert!(dependencies("").is_empty());
    }
}
