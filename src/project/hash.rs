//! The configuration hash: what makes a container, network or volume stale.

use sha2::{Digest as _, Sha256};

use super::canonical::{self, Form};
use super::value::{Mount, MountKind, NamespaceMode, VolumesFrom, VolumesFromSource};
use super::{FileReference, Network, Service, ServiceName, Tree, Volume};

/// The version of the hash. Docker Compose 2 and 5 write the same label, so containers of either are recognised.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum HashForm {
    /// The hash of Docker Compose 5.6, which hoist writes.
    #[default]
    V5,
    /// The hash of Docker Compose 5.5 and earlier, which differs if the service has `pre_start` hooks or
    /// `pull_refresh_after`.
    V5_5,
    /// The hash of Docker Compose 2, which also differs if a bind mount creates its source.
    V2,
}

impl HashForm {
    /// The forms that other versions wrote.
    pub const OTHERS: [Self; 2] = [Self::V5_5, Self::V2];

    fn form(self) -> Form {
        match self {
            Self::V5 => Form::Json,
            Self::V5_5 => Form::JsonOfV5_5,
            Self::V2 => Form::JsonOfV2,
        }
    }
}

/// The hash of a service with references to other services as written: what `config --hash` prints.
///
/// ```
/// use hoist::project::Service;
/// use hoist::project::hash::{HashForm, service_hash};
/// let web = Service { image: Some("nginx".into()), ..Service::new("web") };
/// let scaled = Service { scale: Some(3), ..web.clone() };
/// assert_eq!(service_hash(&web, HashForm::V5), service_hash(&scaled, HashForm::V5));
/// ```
#[must_use]
pub fn service_hash(service: &Service, form: HashForm) -> String {
    digest(&hashed(service.clone(), form))
}

/// The hash of a service as in the labels of its containers: `container` maps a referenced service to the id of the
/// container whose namespaces or mounts are shared. If it returns `None`, the reference is left as it is.
///
/// In `network_mode`, `ipc` and `pid`, `service:X` becomes `container:<id>`; in `volumes_from`, `X[:mode]` becomes
/// `<id>` and `container:Y[:mode]` becomes `Y`, without the mode. With `use_api_socket`, the mount of the socket and
/// the credentials count too.
#[must_use]
pub fn resolved_service_hash(
    service: &Service,
    form: HashForm,
    container: impl Fn(&ServiceName) -> Option<String>,
) -> String {
    let mut service = service.clone();
    for mode in [&mut service.network_mode, &mut service.ipc, &mut service.pid] {
        if let Some(id) = mode.as_ref().and_then(NamespaceMode::service).and_then(&container) {
            *mode = Some(NamespaceMode::Container(id));
        }
    }
    for mounts in &mut service.volumes_from {
        let id = match &mounts.source {
            VolumesFromSource::Service(name) => container(name),
            VolumesFromSource::Container(name) => Some(name.clone()),
        };
        if let Some(id) = id {
            *mounts = VolumesFrom { source: VolumesFromSource::Service(id.into()), mode: None };
        }
    }
    expand_api_socket(&mut service);
    digest(&hashed(service, form))
}

/// Adds what `use_api_socket` means: the engine's socket, and the credentials unless the service has its own.
fn expand_api_socket(service: &mut Service) {
    if !service.use_api_socket {
        return;
    }
    let socket = "/var/run/docker.sock".to_owned();
    let (kind, source) = (MountKind::Bind, Some(socket.clone()));
    service.volumes.push(Mount { kind, source, target: socket, ..Mount::default() });
    if !service.environment.contains_key("DOCKER_CONFIG") {
        let target = Some("/run/secrets/docker/config.json".to_owned());
        service.configs.push(FileReference { source: "#apisocket".into(), target, ..FileReference::default() });
        service.environment.insert("DOCKER_CONFIG".to_owned(), Some("/run/secrets/docker".to_owned()));
    }
}

/// The hash of a network.
#[must_use]
pub fn network_hash(network: &Network) -> String {
    digest(&canonical::network(network, Form::Json))
}

/// The hash of a volume; the driver defaults to `local`.
#[must_use]
pub fn volume_hash(volume: &Volume) -> String {
    if volume.driver.is_some() {
        return digest(&canonical::volume(volume, Form::Json));
    }
    let local = Volume { driver: Some("local".to_owned()), ..volume.clone() };
    digest(&canonical::volume(&local, Form::Json))
}

/// The part of a service that is digested: everything that its containers depend on.
pub(super) fn hashed(mut service: Service, form: HashForm) -> Tree {
    service.build = None;
    service.pull_policy = None;
    service.scale = None;
    if let Some(deploy) = &mut service.deploy {
        deploy.replicas = None;
    }
    service.depends_on.clear();
    service.profiles.clear();
    service.env_file.clear();
    if form != HashForm::V5 {
        service.pull_refresh_after = None;
    }
    canonical::hashed_service(&service, form.form())
}

fn digest(tree: &Tree) -> String {
    hex(&Sha256::digest(tree.to_json_compact()))
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::service::{Dependency, Deploy, ServiceNetwork};
    use crate::project::value::mount;
    use crate::project::{Build, Hook, NetworkKey, PreStart};
    use std::collections::BTreeMap;

    fn with_mounts() -> Service {
        let volumes = ["/x:/y", "/x2:/y2:ro,z"].map(|text| mount::parse_short(text).expect("a mount")).to_vec();
        Service {
            image: Some("nginx".to_owned()),
            volumes,
            networks: [(NetworkKey::from("default"), None)].into(),
            ..Service::new("a")
        }
    }

    #[test]
    fn the_engines_socket_counts_where_containers_are_made() {
        let networks = [(NetworkKey::from("default"), None)].into();
        let service = Service { image: Some("app".to_owned()), use_api_socket: true, networks, ..Service::new("s") };
        assert_eq!(
            resolved_service_hash(&service, HashForm::V5, |_| None),
            "578114cb03d065120a13bba7b9cf56bdd65808c1286d6618d06b951a00ea27ff"
        );
        assert_ne!(service_hash(&service, HashForm::V5), resolved_service_hash(&service, HashForm::V5, |_| None));
    }

    /// Hashes that Docker Compose 2 and 5 print.
    #[test]
    fn services_hash_as_in_both_lines_of_docker_compose() {
        assert_eq!(
            service_hash(&with_mounts(), HashForm::V5),
            "33002deeede9282088444651c4ba7878d6b6653b0865466cbdbf925062e31663"
        );
        assert_eq!(
            service_hash(&with_mounts(), HashForm::V2),
            "bdaa60372d4568c87d9903d5a272615b81f953a84f6257e47146577abb4319d5"
        );
        let at = |priority| Some(ServiceNetwork { priority, ..ServiceNetwork::default() });
        let networks = [(NetworkKey::from("b"), at(100)), (NetworkKey::from("a"), at(10))].into();
        let attached = Service { networks, ..Service::new("s") };
        assert_eq!(
            service_hash(&attached, HashForm::V5),
            "8dbce408396f8986266bc5deba0c09cfebac63c95c2238e405c7bee5f1bd84b8"
        );
    }

    /// Hashes that Docker Compose 5.6 prints, and 5.5 for the same files.
    #[test]
    fn hooks_count_as_whole_containers() {
        let hooked = |image: &str| PreStart {
            container: Service { image: Some(image.to_owned()), ..Service::new("a") },
            written: Hook { image: Some(image.to_owned()), ..Hook::default() },
            ..PreStart::default()
        };
        let service = Service { image: Some("i".to_owned()), ..Service::new("a") };
        let fresh = Service { pull_refresh_after: Some("1h".to_owned()), ..service.clone() };
        let networks: BTreeMap<_, _> = [(NetworkKey::from("default"), None)].into();
        let with = |service: &Service| Service { networks: networks.clone(), ..service.clone() };
        let mut plain = with(&service);
        let mut hook = hooked("i");
        hook.container = Service { command: Some(vec!["c".to_owned()]), ..with(&hook.container) };
        hook.written.command.clone_from(&hook.container.command);
        plain.pre_start = vec![hook];
        assert_eq!(
            service_hash(&plain, HashForm::V5),
            "226bd0ad299923bfc2868c4e06f308f065d2e4dcaec79ff73dff04a6cccedbe2"
        );
        assert_eq!(
            service_hash(&with(&fresh), HashForm::V5),
            "85f32a702386e84064e4b75d9bd5b92cbb30dbae4ba9276decd4262f860c840c"
        );
        assert_eq!(service_hash(&with(&fresh), HashForm::V5_5), service_hash(&with(&service), HashForm::V5));
        let mut hook = hooked("q");
        let variables: BTreeMap<_, _> = [("B".to_owned(), Some("1".to_owned()))].into();
        let user = Some("u".to_owned());
        let refresh = fresh.pull_refresh_after.clone();
        let inherited = Service { user: user.clone(), pull_refresh_after: refresh, ..with(&hook.container) };
        hook.container = Service { environment: variables, ..inherited };
        hook.written.per_replica = true;
        let stop = Hook { command: Some(vec!["a".to_owned()]), ..Hook::default() };
        let all = Service { user, pre_start: vec![hook], pre_stop: vec![stop], ..with(&fresh) };
        assert_eq!(
            service_hash(&all, HashForm::V5),
            "a4f4e36b36637366c96f24dfe9d8a4ea01122f450aaaa1aeec502a5b6ee744ba"
        );
    }

    #[test]
    fn networks_and_volumes_have_hashes_of_their_own() {
        let network = Network { name: "p_default".to_owned(), ..Network::default() };
        assert_eq!(network_hash(&network), "cca2b3a66c94bd18c278d0ace2145197839f42c28f96dcd3878eeb5d03f53510");
        let volume = Volume { name: "v".to_owned(), ..Volume::default() };
        let local = Volume { driver: Some("local".to_owned()), ..volume.clone() };
        assert_eq!(volume_hash(&volume), volume_hash(&local));
    }

    #[test]
    fn what_no_container_depends_on_does_not_count() {
        let plain = Service { deploy: Some(Deploy::default()), ..with_mounts() };
        let other = Service {
            build: Some(Build::default()),
            pull_policy: Some("always".into()),
            scale: Some(2),
            deploy: Some(Deploy { replicas: Some(2), ..Deploy::default() }),
            depends_on: [("db".into(), Dependency::default())].into(),
            profiles: vec!["p".to_owned()],
            extensions: [("x-a".to_owned(), serde_yaml::Value::Null)].into(),
            ..Service { name: "z".into(), ..plain.clone() }
        };
        assert_eq!(service_hash(&plain, HashForm::V5), service_hash(&other, HashForm::V5));
    }

    #[test]
    fn references_become_containers() {
        let sharing = Service {
            network_mode: Some("service:db".into()),
            ipc: Some("service:gone".into()),
            uts: Some("service:db".into()),
            volumes_from: vec!["db:ro".into(), "container:c:rw".into(), "gone".into()],
            ..Service::new("s")
        };
        let resolved = Service {
            network_mode: Some("container:1d".into()),
            volumes_from: vec!["1d".into(), "c".into(), "gone".into()],
            ..sharing.clone()
        };
        let container = |name: &ServiceName| (name == "db").then(|| "1d".to_owned());
        assert_eq!(resolved_service_hash(&sharing, HashForm::V5, container), service_hash(&resolved, HashForm::V5));
    }
}
