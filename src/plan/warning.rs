//! Warnings about plans, as data. `render::warning` turns them into text.

use super::{Replica, Shared};
use crate::project::{ModelKey, NetworkKey, ProjectName, ServiceName, VolumeKey};

/// A warning about a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// Containers of services that are not in the files, by name.
    Orphans(Vec<String>),
    /// A network is used that is not labelled with this project.
    UnmanagedNetwork {
        /// Its name.
        name: String,
        /// Whether it belongs to another project.
        owned: bool,
        /// This project.
        project: ProjectName,
    },
    /// A volume is used that is not labelled with this project.
    UnmanagedVolume {
        /// Its name.
        name: String,
        /// The project it belongs to.
        owner: Option<String>,
        /// This project.
        project: ProjectName,
    },
    /// A network of this project is labelled with a key that now means another one.
    OtherNetwork {
        /// Its name.
        name: String,
        /// The key.
        key: NetworkKey,
    },
    /// A volume of this project is labelled with a key that now means another one. Its data stays.
    OtherVolume {
        /// Its name.
        name: String,
        /// The key.
        key: VolumeKey,
    },
    /// A volume was created from a different definition. It is kept unless the user agrees to lose its data.
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
    /// A volume stays, because remaining containers mount it.
    VolumeInUse {
        /// Its name.
        name: String,
        /// The containers, by name.
        containers: Vec<String>,
    },
    /// Anonymous volumes are removed although that was not requested: the engine removes them with a container of `run
    /// --rm` as soon as that stops.
    GoesWithContainer {
        /// The container's name.
        container: String,
        /// The volumes' names.
        volumes: Vec<String>,
    },
    /// A network stays, because containers that keep running are connected to it.
    NetworkInUse {
        /// Its name.
        name: String,
        /// The containers, by name.
        containers: Vec<String>,
        /// Whether `--remove-orphans` would remove any of them.
        orphans: bool,
    },
    /// The content of a secret or config has changed since containers that stay were created; they are not recreated.
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
    /// The content of a secret or config is copied to a place where containers do not see it.
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
    /// The source of a mount is missing, so the engine will create a folder, but a file seems to be meant.
    FolderForFile {
        /// The service.
        service: ServiceName,
        /// Which item of `volumes`, from 0.
        item: String,
        /// The source.
        path: String,
    },
    /// A service that should be updated in turn is not: it must stop for another reason, such as a recreated network.
    NotInTurn {
        /// The service.
        service: ServiceName,
    },
    /// Containers of a service outside this run stay in a namespace that ends because its owner restarts.
    NamespaceLost {
        /// Their service.
        service: ServiceName,
        /// What they share.
        shared: Shared,
        /// The service they share it with.
        other: ServiceName,
    },
    /// `down` leaves containers of services whose profiles are inactive.
    ProfilesOff {
        /// The containers, by name.
        containers: Vec<String>,
        /// A profile of each of their services.
        profiles: Vec<String>,
    },
    /// The plugin is too old for the `runtime_flags` of a model, so they are ignored.
    RuntimeFlagsLeftOut {
        /// The model.
        model: ModelKey,
        /// The plugin's version; empty if unknown.
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
    /// The path of the cause in the model.
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
