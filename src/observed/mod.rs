//! Actual state: one snapshot of what the engine has of one project. Plain data, no I/O.

mod container;
mod definition;
mod engine_event;
mod image;
mod listed_project;
mod model;
mod processes;
mod usage;
mod volume;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

pub use container::{Container, Endpoint, Health, Mount, MountKind, PublishedPort, State};
pub use definition::{Definition, Settings};
pub use engine_event::EngineEvent;
pub use image::{ImageDetails, ImagePlatform, UsedImage};
pub use listed_project::ListedProject;
pub use model::ModelRunner;
pub use processes::{ContainerProcesses, Processes};
pub use usage::{ContainerUsage, Usage};
pub use volume::VolumeDetails;

use crate::project::{NetworkKey, VolumeKey};

/// Defines identifiers that the engine hands out, so that swapped arguments do not compile.
macro_rules! engine_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The text of the identifier.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The first twelve characters, as engines show it to users.
            #[must_use]
            pub fn short(&self) -> &str {
                let text = self.0.strip_prefix("sha256:").unwrap_or(&self.0);
                text.get(..12).unwrap_or(text)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

engine_id! {
    /// The id of a container: 64 hexadecimal digits.
    ContainerId,
    /// The id of a network: 64 hexadecimal digits.
    NetworkId,
    /// The digest that identifies an image's content: `sha256:` and 64 hexadecimal digits.
    ImageDigest,
}

/// A snapshot of what the engine has of a project.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observed {
    /// Every container with the project's label: replicas, one-offs, hook containers; in any state.
    pub containers: Vec<Container>,
    /// The networks of the project, and others that have the name of one of its networks.
    pub networks: Vec<Network>,
    /// The volumes of the project, and others that have the name of one of its volumes.
    pub volumes: Vec<Volume>,
    /// The requested images that exist, by reference as written in the project and by platform.
    pub images: BTreeMap<(String, Option<String>), Image>,
    /// The images that were built for the project and have lost their name to a newer one, if requested.
    pub nameless_images: Vec<ImageDigest>,
    /// The version of the engine.
    pub engine: EngineVersion,
    /// The definitions containers were created with; empty unless they were inspected one by one, which only reasons
    /// need.
    pub definitions: BTreeMap<ContainerId, Definition>,
    /// When containers last started, in nanoseconds since 1970; only those that share a namespace, and those they share
    /// it with. Empty unless they were inspected one by one.
    pub started: BTreeMap<ContainerId, i128>,
    /// The running one-offs that the engine removes when they exit, with their anonymous volumes (`run --rm`). Empty
    /// unless they were inspected one by one.
    pub auto_removed: BTreeSet<ContainerId>,
    /// The model runner; `None` if no service uses a model, or Docker's `model` plugin is not installed. It comes from
    /// `execute::model::look`, not from the engine.
    pub models: Option<ModelRunner>,
}

/// The version of the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineVersion {
    /// The negotiated API version.
    pub api: ApiVersion,
    /// The operating system of the server: `linux` or `windows`.
    pub os: String,
}

impl Default for EngineVersion {
    fn default() -> Self {
        Self { api: ApiVersion::new(1, 51), os: "linux".to_owned() }
    }
}

/// A version of the engine's API, such as 1.44.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiVersion {
    /// The number before the dot.
    pub major: u32,
    /// The number after the dot.
    pub minor: u32,
}

impl ApiVersion {
    /// The version `major.minor`.
    #[must_use]
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// A network in the engine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Network {
    /// Its id.
    pub id: NetworkId,
    /// Its name.
    pub name: String,
    /// The project it is labelled with.
    pub project: Option<String>,
    /// The key it is labelled with.
    pub key: Option<NetworkKey>,
    /// The configuration hash it is labelled with.
    pub config_hash: Option<String>,
    /// All its labels.
    pub labels: BTreeMap<String, String>,
    /// The names of running containers outside the project that are connected to it, if requested.
    pub visitors: Vec<String>,
}

/// A volume in the engine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Volume {
    /// Its name, which identifies it.
    pub name: String,
    /// The project it is labelled with.
    pub project: Option<String>,
    /// The key it is labelled with.
    pub key: Option<VolumeKey>,
    /// The configuration hash it is labelled with.
    pub config_hash: Option<String>,
    /// All its labels.
    pub labels: BTreeMap<String, String>,
    /// The names of containers outside the project that mount it, if requested.
    pub visitors: Vec<String>,
}

/// An image in the engine's store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The digest of its content for the wanted platform; stable across rebuilds that only change attestations.
    pub digest: ImageDigest,
    /// The id of the store's entry.
    pub id: ImageDigest,
    /// When it was last tagged, in seconds since 1970, if the engine tells.
    pub tagged_at: Option<i64>,
}

impl Observed {
    /// The container with this id.
    #[must_use]
    pub fn container(&self, id: &ContainerId) -> Option<&Container> {
        self.containers.iter().find(|container| container.id == *id)
    }

    /// The networks labelled with `key`.
    pub fn networks_of<'a>(&'a self, key: &'a NetworkKey) -> impl Iterator<Item = &'a Network> {
        self.networks.iter().filter(move |network| network.key.as_ref() == Some(key))
    }

    /// The network with this name.
    #[must_use]
    pub fn network_named(&self, name: &str) -> Option<&Network> {
        self.networks.iter().find(|network| network.name == name)
    }

    /// The volume with this name.
    #[must_use]
    pub fn volume_named(&self, name: &str) -> Option<&Volume> {
        self.volumes.iter().find(|volume| volume.name == name)
    }
}
