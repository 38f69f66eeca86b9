//! A container as the engine lists it.

use std::collections::BTreeMap;

use super::{ContainerId, ImageDigest, NetworkId};
use crate::project::ServiceName;

/// One container of the project. Everything here comes from the engine's list, without a call per container.
#[derive(Debug, Clone, PartialEq)]
pub struct Container {
    /// Its id.
    pub id: ContainerId,
    /// Its canonical name, without the leading slash.
    pub name: String,
    /// The service it is labelled with.
    pub service: Option<ServiceName>,
    /// The replica number it is labelled with; one-offs have none.
    pub number: Option<u32>,
    /// Whether `run` made it.
    pub one_off: bool,
    /// Whether it ran a `pre_start` hook.
    pub hook: bool,
    /// What it is doing.
    pub state: State,
    /// What its healthcheck says; `None` where the engine's list does not tell.
    pub health: Health,
    /// Its exit status, where it has exited.
    pub exit_code: Option<i64>,
    /// The engine's words about its state, such as `Up 5 seconds (healthy)`.
    pub status: String,
    /// The image reference it was created from.
    pub image: String,
    /// The id of that image.
    pub image_id: Option<ImageDigest>,
    /// The command line it runs, as the engine shows it.
    pub command: String,
    /// When it was created, in seconds since 1970.
    pub created: i64,
    /// The configuration hash it is labelled with.
    pub config_hash: Option<String>,
    /// The image digest it is labelled with (`com.docker.compose.image`).
    pub image_digest: Option<ImageDigest>,
    /// The networks it is connected to, by name.
    pub networks: BTreeMap<String, Endpoint>,
    /// What is mounted into it.
    pub mounts: Vec<Mount>,
    /// The ports it publishes or exposes.
    pub ports: Vec<PublishedPort>,
    /// All its labels.
    pub labels: BTreeMap<String, String>,
}

/// What a container is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Made, never started.
    Created,
    /// Running.
    Running,
    /// Suspended.
    Paused,
    /// Waiting for the engine to start it again.
    Restarting,
    /// On its way out.
    Removing,
    /// Ended.
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

    /// Whether there are processes, or the engine is about to start them again. That is what the engine lists unless it is
    /// asked for all.
    #[must_use]
    pub const fn is_up(self) -> bool {
        matches!(self, Self::Running | Self::Paused | Self::Restarting)
    }
}

/// What a container's healthcheck says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Health {
    /// It has no healthcheck, or the engine does not tell.
    #[default]
    None,
    /// No result yet.
    Starting,
    /// The last probe succeeded.
    Healthy,
    /// As many probes failed in a row as `retries` says.
    Unhealthy,
}

/// The connection of a container to a network.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Endpoint {
    /// The network; `None` before the container first started on engines that tell only then.
    pub network: Option<NetworkId>,
    /// Its IPv4 address there, while it runs.
    pub ipv4: Option<String>,
    /// The names it answers to there.
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
    /// Whether it cannot be written to.
    pub read_only: bool,
}

/// The kind of a mount in the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MountKind {
    /// A path of the host.
    Bind,
    /// A volume.
    Volume,
    /// Memory.
    Tmpfs,
    /// Anything else, in the engine's word.
    Other(String),
}

/// A port of a container.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublishedPort {
    /// The address on the host it is published at.
    pub host_ip: Option<String>,
    /// The port on the host, where it is published.
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

    /// Whether its processes run now.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.state == State::Running
    }

    /// Whether it has processes, or the engine is about to start them again ([`State::is_up`]).
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.state.is_up()
    }
}
