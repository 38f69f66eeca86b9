//! A container as the engine lists it.

use std::collections::BTreeMap;

use super::{ContainerId, ImageDigest, ImagePlatform, NetworkId};
use crate::project::ServiceName;

/// One container of the project. Everything here comes from the engine's list, without a call per container.
#[derive(Debug, Clone, PartialEq)]
pub struct Container {
    /// Its id.
    pub id: ContainerId,
    /// Its canonical name, without the leading slash.
    pub name: String,
    /// The service in its labels.
    pub service: Option<ServiceName>,
    /// The replica number in its labels; one-offs have none.
    pub number: Option<u32>,
    /// Whether `run` created it.
    pub one_off: bool,
    /// Whether it is the container of a `pre_start` hook.
    pub hook: bool,
    /// Its state.
    pub state: State,
    /// Its health; `None` if the engine's list does not tell.
    pub health: Health,
    /// Its exit status, if it has exited.
    pub exit_code: Option<i64>,
    /// Its status as the engine shows it, such as `Up 5 seconds (healthy)`.
    pub status: String,
    /// The image reference it was created from.
    pub image: String,
    /// The id of that image.
    pub image_id: Option<ImageDigest>,
    /// The platform of that image, if it is for several and the engine tells.
    pub image_platform: Option<ImagePlatform>,
    /// The command line it runs, as the engine shows it.
    pub command: String,
    /// When it was created, in seconds since 1970.
    pub created: i64,
    /// The configuration hash in its labels.
    pub config_hash: Option<String>,
    /// The image digest in its labels (`com.docker.compose.image`).
    pub image_digest: Option<ImageDigest>,
    /// The networks it is connected to, by name.
    pub networks: BTreeMap<String, Endpoint>,
    /// Its mounts.
    pub mounts: Vec<Mount>,
    /// The ports it publishes or exposes.
    pub ports: Vec<PublishedPort>,
    /// All its labels.
    pub labels: BTreeMap<String, String>,
}

/// The state of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Created, never started.
    Created,
    /// Running.
    Running,
    /// Suspended.
    Paused,
    /// Waiting for the engine to start it again.
    Restarting,
    /// Being removed.
    Removing,
    /// Exited.
    Exited,
    /// Could not be removed.
    Dead,
}

impl State {
    /// The engine's word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Restarting => "restarting",
            Self::Removing => "removing",
            Self::Exited => "exited",
            Self::Dead => "dead",
        }
    }

    /// Whether its processes are running or the engine is about to restart them. By default, the engine lists only
    /// these containers.
    #[must_use]
    pub const fn is_up(self) -> bool {
        matches!(self, Self::Running | Self::Paused | Self::Restarting)
    }
}

/// The result of a container's healthcheck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Health {
    /// It has no healthcheck, or the engine does not tell.
    #[default]
    None,
    /// No result yet.
    Starting,
    /// The last probe succeeded.
    Healthy,
    /// `retries` consecutive probes failed.
    Unhealthy,
}

/// The connection of a container to a network.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Endpoint {
    /// The network; `None` until the first start, on engines that only tell then.
    pub network: Option<NetworkId>,
    /// Its IPv4 address in the network, while it runs.
    pub ipv4: Option<String>,
    /// Its aliases in the network.
    pub aliases: Vec<String>,
}

/// Something mounted into a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// What kind of mount.
    pub kind: MountKind,
    /// The volume's name, for volumes.
    pub name: Option<String>,
    /// The path on the host.
    pub source: String,
    /// The path in the container.
    pub target: String,
    /// Whether it is read-only.
    pub read_only: bool,
}

/// The kind of a mount in the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MountKind {
    /// A path on the host.
    Bind,
    /// A volume.
    Volume,
    /// Memory.
    Tmpfs,
    /// Anything else; the engine's word.
    Other(String),
}

/// A port of a container.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublishedPort {
    /// The host address it is published on.
    pub host_ip: Option<String>,
    /// The host port, if it is published.
    pub published: Option<u16>,
    /// The port in the container.
    pub target: u16,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
}

impl Container {
    /// Whether it is a replica of a service: neither a one-off nor a hook container.
    #[must_use]
    pub fn is_replica(&self) -> bool {
        !self.one_off && !self.hook && self.config_hash.is_some()
    }

    /// Whether it belongs to one of these services; always if there are none.
    #[must_use]
    pub fn is_of_any(&self, services: &[ServiceName]) -> bool {
        services.is_empty() || self.service.as_ref().is_some_and(|service| services.contains(service))
    }

    /// Whether it is running.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.state == State::Running
    }

    /// Whether it is running or the engine is about to restart it ([`State::is_up`]).
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.state.is_up()
    }
}
