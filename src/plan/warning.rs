//! What the user should know about a plan, and what stops nothing.

use std::fmt;

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

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Orphans(names) => write!(
                f,
                "Found orphan containers ({}) for this project. If their services were removed or renamed, \
                 --remove-orphans removes these containers too.",
                names.join(", ")
            ),
            Self::UnmanagedNetwork { name, owned: false, .. } => write!(
                f,
                "network {name} exists but was not created by compose; set `external: true` if this is intended"
            ),
            Self::UnmanagedNetwork { name, owned: true, project } => write!(
                f,
                "network {name} exists but was not created for project \"{project}\"; `external: true` says that it \
                 is meant"
            ),
            Self::UnmanagedVolume { name, owner: None, .. } => write!(
                f,
                "volume \"{name}\" already exists but was not created by Docker Compose; `external: true` says that \
                 it is meant"
            ),
            Self::UnmanagedVolume { name, owner: Some(owner), project } => write!(
                f,
                "volume \"{name}\" already exists but was created for project \"{owner}\" (expected \"{project}\"); \
                 set `external: true` if this is intended"
            ),
            Self::OtherNetwork { name, key } => write!(
                f,
                "network {name} carries the compose label \"{key}\" but does not match the compose file; it is left \
                 alone"
            ),
            Self::OtherVolume { name, key } => write!(
                f,
                "volume \"{name}\" carries the compose label \"{key}\" but does not match the compose file; it and \
                 its data are left alone"
            ),
            Self::ChangedVolumeKept { name, .. } => write!(
                f,
                "volume \"{name}\" does not match its definition and is kept as it is; `up` asks whether to recreate it, \
                 which removes its data"
            ),
            Self::ForeignVolumeKept { name, owner } => {
                write!(f, "volume \"{name}\" was created for project \"{owner}\" and is kept")
            }
            Self::VolumeInUse { name, containers } => {
                write!(f, "Volume {name} Resource is still in use by {}", containers.join(", "))
            }
            Self::GoesWithContainer { container, volumes } => write!(
                f,
                "container {container} was started with --rm: when it stops, the engine removes it and the data of its \
                 anonymous volumes: {}",
                volumes.join(", ")
            ),
            Self::NetworkInUse { name, containers, orphans } => {
                let hint = if *orphans { "; --remove-orphans removes orphan and one-off containers too" } else { "" };
                write!(f, "Network {name} Resource is still in use by {}{hint}", containers.join(", "))
            }
            Self::ContentChanged { kind, name, replicas, service } => {
                let replicas: Vec<_> = replicas.iter().map(ToString::to_string).collect();
                write!(
                    f,
                    "{kind} {name} changed since {} started: hoist up --force-recreate {service}",
                    replicas.join(", ")
                )
            }
            Self::ContentHidden { kind, name, service, path, mount, .. } => write!(
                f,
                "service {service} will not see {kind} \"{name}\": it is copied to {path}, which is hidden by {}",
                hiding(mount)
            ),
            Self::FolderForFile { service, path, .. } => f.write_str(&becomes_folder(path, service)),
            Self::NotInTurn { service } => write!(
                f,
                "replicas of {service} are replaced at once, not in turn: they stop for a network or a dependency that is \
                 recreated, or a port, name or address passes from one container to another"
            ),
            Self::NamespaceLost { service, shared, other } => write!(
                f,
                "{service} shares the {shared} of {other}, and {other} is being restarted: {service} loses it until \
                 `hoist up -d {service}` restarts {service} too"
            ),
            Self::ProfilesOff { containers, profiles } => f.write_str(&profiles_off(containers, profiles)),
            Self::RuntimeFlagsLeftOut { model, version } => {
                let version = if version.is_empty() { "one without a version" } else { version };
                write!(
                    f,
                    "runtime_flags of model {model} are ignored: they need Docker Model plugin 1.0.6 or newer, this is \
                     {version}"
                )
            }
            Self::RestartKeepsDefinition { services } => {
                let names: Vec<_> = services.iter().map(ServiceName::as_str).collect();
                write!(
                    f,
                    "{} changed since the containers were created, and `restart` keeps them as they are; \
                     `hoist up -d {}` applies the change",
                    names.join(", "),
                    names.join(" ")
                )
            }
            Self::NothingToRemove(project) => {
                write!(f, "Warning: No resource found to remove for project \"{project}\".")
            }
        }
    }
}

fn profiles_off(containers: &[String], profiles: &[String]) -> String {
    let flags: Vec<_> = profiles.iter().map(|profile| format!("--profile {profile}")).collect();
    format!(
        "containers of services whose profile is not active are left in place: {}; `hoist {} down` removes them too",
        containers.join(", "),
        flags.join(" ")
    )
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

    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        if let Self::FolderForFile { .. } = self {
            return Some("create the file first".to_owned());
        }
        let Self::ContentHidden { mount, .. } = self else { return None };
        Some(format!("give it a `target` outside of {mount}, or read it from a `file`, which is mounted"))
    }
}

fn becomes_folder(path: &str, service: &ServiceName) -> String {
    format!("{path}, which service {service} mounts, does not exist: the engine will make a folder of that name")
}

fn hiding(mount: &str) -> String {
    match mount {
        "/dev" | "/proc" | "/sys" => format!("the {mount} that the engine mounts"),
        "/etc/hosts" | "/etc/hostname" | "/etc/resolv.conf" => format!("the engine's own {mount}"),
        _ => format!("the tmpfs at {mount}"),
    }
}
