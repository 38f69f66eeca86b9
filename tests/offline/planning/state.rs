//! Observed states for the planner's tests: what an engine has after `up` of a project, and what happened since.

use hoist::observed::{
    Container, ContainerId, Endpoint, Health, Image, ImageDigest, Mount, MountKind, Network, Observed, PublishedPort,
    State, Volume,
};
use hoist::project::fingerprint::Fingerprint;
use hoist::project::hash::{HashForm, network_hash, resolved_service_hash, volume_hash};
use hoist::project::value::MountKind as Kind;
use hoist::project::{Project, Service, ServiceName};

/// Collects an observed state.
#[derive(Clone)]
pub(super) struct Engine {
    project: Project,
    observed: Observed,
}

impl From<Engine> for Observed {
    fn from(engine: Engine) -> Self {
        engine.observed
    }
}

/// An engine that has the images of a project and nothing else.
pub(super) fn images_only(project: &Project) -> Engine {
    let mut engine = Engine { project: project.clone(), observed: Observed::default() };
    for service in project.services.values().chain(project.disabled.values()) {
        let reference = project.image_name(service);
        let there = image(&reference);
        engine.observed.images.insert((reference, service.platform.clone()), there);
    }
    engine
}

/// An engine after `up` of a project: everything is there, everything runs.
pub(super) fn in_sync(project: &Project) -> Engine {
    let mut engine = images_only(project);
    for (key, network) in &project.networks {
        engine.observed.networks.push(Network {
            id: format!("net-{}", network.name).into(),
            name: network.name.clone(),
            project: (!network.external).then(|| "shop".to_owned()),
            key: (!network.external).then(|| key.clone()),
            config_hash: (!network.external).then(|| network_hash(network)),
            ..Network::default()
        });
    }
    for (key, volume) in &project.volumes {
        engine.observed.volumes.push(Volume {
            name: volume.name.clone(),
            project: (!volume.external).then(|| "shop".to_owned()),
            key: (!volume.external).then(|| key.clone()),
            config_hash: (!volume.external).then(|| volume_hash(volume)),
            ..Volume::default()
        });
    }
    for service in project.services.values().filter(|service| service.provider.is_none()) {
        for number in 1..=u32::try_from(service.replicas()).expect("few replicas") {
            engine = engine.running(service.name.as_str(), number);
        }
    }
    engine
}

impl Engine {
    /// A running container, as `up` makes it.
    pub(super) fn running(mut self, service: &str, number: u32) -> Self {
        let definition = self.project.services.get(service).or_else(|| self.project.disabled.get(service));
        let definition = definition.expect("the service is there");
        let container = replica(&self.project, definition, number);
        self.observed.containers.push(container);
        self
    }

    /// A container of a service that the files do not have.
    pub(super) fn orphan(mut self, service: &str) -> Self {
        let definition = Service { image: Some("old:1".to_owned()), ..Service::new(service) };
        let container = replica(&self.project, &definition, 1);
        self.observed.containers.push(container);
        self
    }

    /// The same engine, with what happened to a container.
    pub(super) fn with(mut self, name: &str, change: impl FnOnce(&mut Container)) -> Self {
        let found = self.observed.containers.iter_mut().find(|container| container.name == name);
        change(found.unwrap_or_else(|| panic!("no container {name}")));
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.observed.containers.retain(|container| container.name != name);
        self
    }

    pub(super) fn without_image(mut self, reference: &str) -> Self {
        self.observed.images.retain(|(name, _), _| name != reference);
        self
    }

    /// Puts another image under a reference.
    pub(super) fn retagged(mut self, reference: &str) -> Self {
        self.observed.images.insert((reference.to_owned(), None), image(&format!("{reference} rebuilt")));
        self
    }

    pub(super) fn tagged_at(mut self, reference: &str, time: i64) -> Self {
        self.observed.images.get_mut(&(reference.to_owned(), None)).expect("the image is there").tagged_at = Some(time);
        self
    }

    pub(super) fn with_network(mut self, name: &str, change: impl FnOnce(&mut Network)) -> Self {
        change(self.observed.networks.iter_mut().find(|network| network.name == name).expect("the network is there"));
        self
    }

    pub(super) fn with_volume(mut self, name: &str, change: impl FnOnce(&mut Volume)) -> Self {
        change(self.observed.volumes.iter_mut().find(|volume| volume.name == name).expect("the volume is there"));
        self
    }

    pub(super) fn without_volume(mut self, name: &str) -> Self {
        self.observed.volumes.retain(|volume| volume.name != name);
        self
    }

    pub(super) fn edit(mut self, change: impl FnOnce(&mut Observed)) -> Self {
        change(&mut self.observed);
        self
    }
}

pub(super) fn exited(code: i64) -> impl FnOnce(&mut Container) {
    move |container| {
        container.state = State::Exited;
        container.exit_code = Some(code);
        container.ports.clear();
    }
}

pub(super) fn created(container: &mut Container) {
    container.state = State::Created;
    container.health = Health::None;
    container.ports.clear();
}

pub(super) fn stale(container: &mut Container) {
    container.config_hash = Some("made from another definition".to_owned());
    container.labels.remove("hoist.fields");
}

pub(super) fn health(health: Health) -> impl FnOnce(&mut Container) {
    move |container| container.health = health
}

/// An anonymous volume at a path.
pub(super) fn anonymous(target: &'static str) -> impl FnOnce(&mut Container) {
    move |container| {
        container.mounts.push(Mount {
            kind: MountKind::Volume,
            name: Some("a".repeat(64)),
            source: String::new(),
            target: target.to_owned(),
            read_only: false,
        });
    }
}

/// Whether a volume has a name as engines give them.
pub(super) fn is_anonymous_name(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

pub(super) fn image(reference: &str) -> Image {
    let digest = |kind: &str| ImageDigest::from(format!("sha256:{kind}-{reference}"));
    Image { digest: digest("content"), id: digest("entry"), tagged_at: None }
}

/// An id that shows in hexadecimal digits whose it is.
pub(super) fn id(service: &ServiceName, number: u32) -> ContainerId {
    let text = format!("{service}/{number}");
    let digits = text.bytes().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"));
    format!("{digits:0<64}").into()
}

fn replica(project: &Project, service: &Service, number: u32) -> Container {
    replica_sharing(project, service, number, |shared| Some(id(shared, 1).as_str().to_owned()))
}

/// A running container of a service whose references to others stand for the containers that `shared` knows.
pub(super) fn replica_sharing(
    project: &Project,
    service: &Service,
    number: u32,
    shared: impl Fn(&ServiceName) -> Option<String>,
) -> Container {
    let hash = resolved_service_hash(service, HashForm::V5, shared);
    let reference = project.image_name(service);
    let networks = service.networks.iter().filter_map(|(key, settings)| {
        let name = project.networks.get(key)?.name.clone();
        let ipv4 = settings.as_ref().and_then(|settings| settings.ipv4_address.clone());
        let network = Some(format!("net-{name}").into());
        Some((name, Endpoint { network, ipv4, aliases: Vec::new() }))
    });
    let mounts = service.volumes.iter().filter(|mount| mount.kind == Kind::Volume).filter_map(|mount| {
        let volume = project.volumes.get(mount.source.as_deref()?)?;
        Some(Mount {
            kind: MountKind::Volume,
            name: Some(volume.name.clone()),
            source: format!("/volumes/{}", volume.name),
            target: mount.target.clone(),
            read_only: mount.read_only,
        })
    });
    let ports = service.ports.iter().map(|port| PublishedPort {
        host_ip: Some("0.0.0.0".to_owned()),
        published: port.published.as_deref().and_then(|published| published.parse().ok()),
        target: u16::try_from(port.target).expect("a port"),
        protocol: "tcp".to_owned(),
    });
    let mut labels = service.labels.clone();
    labels.insert("hoist.fields".to_owned(), Fingerprint::of(service).to_string());
    Container {
        id: id(&service.name, number),
        name: project.container_name(service, u64::from(number)),
        service: Some(service.name.clone()),
        number: Some(number),
        one_off: false,
        hook: false,
        state: State::Running,
        health: if service.healthcheck.is_some() { Health::Healthy } else { Health::None },
        exit_code: None,
        status: String::new(),
        image: reference.clone(),
        image_id: Some(image(&reference).id),
        image_platform: None,
        command: String::new(),
        created: i64::from(number),
        config_hash: Some(hash),
        image_digest: Some(image(&reference).digest),
        networks: networks.collect(),
        mounts: mounts.collect(),
        ports: ports.collect(),
        labels,
    }
}

/// The successor that an interrupted swap made, under its temporary name.
pub(super) fn with_successor(state: Engine, change: impl FnOnce(&mut Container)) -> Engine {
    state.edit(|observed| {
        let mut new = observed.containers[0].clone();
        new.name = format!("{}_{}", new.id.short(), new.name);
        new.id = "f0".repeat(32).into();
        new.created += 10;
        created(&mut new);
        change(&mut new);
        observed.containers.push(new);
    })
}
