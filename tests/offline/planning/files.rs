//! Projects for the planner's tests, as loading would make them.

use std::sync::Arc;

use hoist::project::value::{Mount, MountKind, Port, port};
use hoist::project::{
    Build, Condition, Dependency, Healthcheck, Model, Network, NetworkKey, Project, Service, ServiceName,
    ServiceNetwork, Volume, VolumeKey,
};

/// Collects a project named `shop`.
pub(super) struct Files(Project);

pub(super) fn files() -> Files {
    Files(Project { name: "shop".into(), working_directory: "/shop".into(), ..Project::default() })
}

/// `after` waits for `job` to complete, which needs `db` to be healthy.
pub(super) fn after_a_job() -> Files {
    files()
        .service("db", "db:1", is_checked)
        .service("job", "job:1", |job| needs(job, "db", Condition::Healthy))
        .service("after", "after:1", |after| needs(after, "job", Condition::CompletedSuccessfully))
}

/// One service, with nothing about it.
pub(super) fn one_web() -> Files {
    files().service("web", "nginx:1", |_| {})
}

impl Files {
    /// A service that runs `image`, as `change` has it.
    pub(super) fn service(mut self, name: &str, image: &str, change: impl FnOnce(&mut Service)) -> Self {
        let mut service = Service { image: Some(image.to_owned()), ..Service::new(name) };
        change(&mut service);
        self.0.services.insert(name.into(), service);
        self
    }

    /// The same file, with a service changed.
    pub(super) fn change(mut self, name: &str, change: impl FnOnce(&mut Service)) -> Self {
        change(self.0.services.get_mut(name).expect("the service is there"));
        self
    }

    pub(super) fn disabled(mut self, name: &str) -> Self {
        let service = self.0.services.remove(name).expect("the service is there");
        self.0.disabled.insert(name.into(), service);
        self
    }

    pub(super) fn network(mut self, key: &str, change: impl FnOnce(&mut Network)) -> Self {
        let mut network = Network { name: format!("shop_{key}"), ..Network::default() };
        change(&mut network);
        self.0.networks.insert(key.into(), network);
        self
    }

    pub(super) fn volume(mut self, key: &str, change: impl FnOnce(&mut Volume)) -> Self {
        let mut volume = Volume { name: format!("shop_{key}"), ..Volume::default() };
        change(&mut volume);
        self.0.volumes.insert(key.into(), volume);
        self
    }

    pub(super) fn model(mut self, key: &str, reference: &str, change: impl FnOnce(&mut Model)) -> Self {
        let mut model = Model { model: reference.to_owned(), ..Model::default() };
        change(&mut model);
        self.0.models.insert(key.into(), model);
        self
    }

    pub(super) fn select(mut self, services: &[&str]) -> Self {
        self.0.selected = services.iter().map(|name| ServiceName::from(*name)).collect();
        self
    }

    /// The project, with what loading fills in: the default network and implied dependencies.
    pub(super) fn load(mut self) -> Arc<Project> {
        let default = NetworkKey::from("default");
        for service in self.0.services.values_mut() {
            if service.network_mode.is_none() && service.networks.is_empty() && service.provider.is_none() {
                service.networks.insert(default.clone(), None);
            }
            imply(service);
        }
        let used = self.0.services.values().any(|service| service.networks.contains_key(&default));
        if used && !self.0.networks.contains_key(&default) {
            self = self.network("default", |_| {});
        }
        Arc::new(self.0)
    }
}

fn imply(service: &mut Service) {
    let links = service.links.iter().map(|link| link.service.clone());
    let modes = [&service.network_mode, &service.ipc, &service.pid];
    let shared = modes.into_iter().flatten().filter_map(|mode| mode.service()).cloned();
    let restarting: Vec<_> = links.chain(shared).collect();
    for name in restarting {
        service.depends_on.entry(name).or_insert(Dependency { restart: true, ..Dependency::default() });
    }
    for from in service.volumes_from.clone() {
        if let hoist::project::value::VolumesFromSource::Service(name) = from.source {
            service.depends_on.entry(name).or_default();
        }
    }
}

/// `depends_on` with a condition.
pub(super) fn needs(service: &mut Service, dependency: &str, condition: Condition) {
    service.depends_on.insert(dependency.into(), Dependency { condition, ..Dependency::default() });
}

/// `depends_on` with `restart: true`.
pub(super) fn restarts_with(service: &mut Service, dependency: &str) {
    service.depends_on.insert(dependency.into(), Dependency { restart: true, ..Dependency::default() });
}

/// `depends_on` with `required: false`.
pub(super) fn can_use(service: &mut Service, dependency: &str, condition: Condition) {
    service.depends_on.insert(dependency.into(), Dependency { condition, required: false, ..Dependency::default() });
}

pub(super) fn environment(service: &mut Service, name: &str, value: &str) {
    service.environment.insert(name.to_owned(), Some(value.to_owned()));
}

pub(super) fn mounts(service: &mut Service, volume: &str, target: &str) {
    service.volumes.push(Mount {
        kind: MountKind::Volume,
        source: Some(volume.to_owned()),
        target: target.to_owned(),
        ..Mount::default()
    });
}

pub(super) fn mounts_image(service: &mut Service, image: &str, target: &str) {
    service.volumes.push(Mount {
        kind: MountKind::Image,
        source: Some(image.to_owned()),
        target: target.to_owned(),
        ..Mount::default()
    });
}

pub(super) fn publishes(service: &mut Service, text: &str) {
    let ports = port::parse_short(text).expect("a port");
    let filled = ports.into_iter().map(|port| Port { protocol: port.protocol.or(Some("tcp".into())), ..port });
    service.ports.extend(filled);
}

pub(super) fn joins(service: &mut Service, network: &str) {
    service.networks.insert(network.into(), None);
}

pub(super) fn has_address(service: &mut Service, network: &str, address: &str) {
    let settings = ServiceNetwork { ipv4_address: Some(address.to_owned()), ..ServiceNetwork::default() };
    service.networks.insert(network.into(), Some(settings));
}

pub(super) fn is_checked(service: &mut Service) {
    let test = vec!["CMD".to_owned(), "true".to_owned()];
    service.healthcheck = Some(Healthcheck { test, ..Healthcheck::default() });
}

pub(super) fn is_built(service: &mut Service) {
    service.build = Some(Build { context: Some("/shop".to_owned()), ..Build::default() });
}

pub(super) fn volume_keys(keys: &[&str]) -> std::collections::BTreeSet<VolumeKey> {
    keys.iter().map(|key| VolumeKey::from(*key)).collect()
}
