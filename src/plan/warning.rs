//! What the user should know about a plan, and what stops nothing: data, whose words are in `render::warning`.

use super::{Replica, Shared};
use crate::project::{ModelKey, NetworkKey, ProjectName, ServiceName, VolumeKey};

/// Something the user should know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// Containers of services that are not in the files, by name.
    Orphans(Vec<String>),
    /// A network is used that nobody labelled with this project.
    UnmanagedNetwork {
        /// Its name.
        name: String,
        /// Whether it belongs to another project.
        owned: bool,
        /// This project.
        project: ProjectName,
    },
    /// A volume is used that nobody labelled with this project.
    UnmanagedVolume {
        /// Its name.
        name: String,
        /// The project it belongs to.
        owner: Option<String>,
        /// This project.
        project: ProjectName,
    },
    /// A network of this project carries a key that now stands for another one.
    OtherNetwork {
        /// Its name.
        name: String,
        /// The key.
        key: NetworkKey,
    },
    /// A volume of this project carries a key that now stands for another one. Its data stays.
    OtherVolume {
        /// Its name.
        name: String,
        /// The key.
        key: VolumeKey,
    },
    /// A volume was made from another definition. It is kept as it is, unless the user agrees to lose its data.
    ChangedVolumeKept {
        /// Its name.
        name: String,
        /// Its key.
        key: VolumeKey,
    },
    /// A volume has a name of this project but belongs to another one, so it is not removed.
    ForeignVolumeKept {
        /// Its name.
        name: String,
        /// The project it belongs to.
        owner: String,
    },
    /// A volume stays, because containers that `down` leaves mount it.
    VolumeInUse {
        /// Its name.
        name: String,
        /// The containers, by name.
        containers: Vec<String>,
    },
    /// Anonymous volumes go without having been asked for: the engine removes them with a container that was started with
    /// `run --rm`, as soon as that stops.
    GoesWithContainer {
        /// The container's name.
        container: String,
        /// The volumes' names.
        volumes: Vec<String>,
    },
    /// A network stays, because containers that `down` leaves running are connected to it.
    NetworkInUse {
        /// Its name.
        name: String,
        /// The containers, by name.
        containers: Vec<String>,
        /// Whether `--remove-orphans` would remove any of them.
        orphans: bool,
    },
    /// A secret or config contains something else than when containers that stay were made, which recreates nothing.
    ContentChanged {
        /// `secret` or `config`.
        kind: &'static str,
        /// Its name.
        name: String,
        /// The containers that have it.
        replicas: Vec<Replica>,
        /// Their service.
        service: ServiceName,
    },
    /// The content of a secret or config is copied to where containers do not see it.
    ContentHidden {
        /// `secret` or `config`.
        kind: &'static str,
        /// Its name.
        name: String,
        /// The service.
        service: ServiceName,
        /// Which item of the service's list, from 0.
        item: String,
        /// Its path in containers.
        path: String,
        /// What is mounted over it.
        mount: String,
    },
    /// The source of a mount is missing, so the engine makes a folder of that name, where a file seems to be meant.
    FolderForFile {
        /// The service.
        service: ServiceName,
        /// Which item of `volumes`, from 0.
        item: String,
        /// The source.
        path: String,
    },
    /// A service that should be updated in turn is not: it has to stop for something else, such as a recreated network.
    NotInTurn {
        /// The service.
        service: ServiceName,
    },
    /// Containers of a service that this run leaves alone go on in a namespace that ends, because the container that has
    /// it starts again.
    NamespaceLost {
        /// Their service.
        service: ServiceName,
        /// What they share.
        shared: Shared,
        /// The service they share it with.
        other: ServiceName,
    },
    /// `down` leaves containers of services whose profiles are off.
    ProfilesOff {
        /// The containers, by name.
        containers: Vec<String>,
        /// A profile of each of their services.
        profiles: Vec<String>,
    },
    /// The plugin is too old for the `runtime_flags` of a model, which are left out.
    RuntimeFlagsLeftOut {
        /// The model.
        model: ModelKey,
        /// The plugin's version; empty where it does not say.
        version: String,
    },
    /// `restart` restarts containers whose service has another definition by now, which it does not apply.
    RestartKeepsDefinition {
        /// The services.
        services: Vec<ServiceName>,
    },
    /// `down` found nothing.
    NothingToRemove(ProjectName),
}

impl Warning {
    /// Where the cause stands in the model, as a path from its top.
    #[must_use]
    pub fn path(&self) -> Option<Vec<&str>> {
        if let Self::ChangedVolumeKept { key, .. } = self {
            return Some(vec!["volumes", key.as_str()]);
        }
        if let Self::FolderForFile { service, item, .. } = self {
            return Some(vec!["services", service.as_str(), "volumes", item]);
        }
        let Self::ContentHidden { kind, service, item, .. } = self else { return None };
        Some(vec!["services", service.as_str(), if *kind == "config" { "configs" } else { "secrets" }, item])
    }
}
