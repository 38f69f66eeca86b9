//! Namespaces and volumes that services share.

use std::fmt;

use crate::observed::State;
use crate::project::value::{NamespaceMode, VolumesFromSource};
use crate::project::{Service, ServiceName};

/// What one container uses of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shared {
    /// `network_mode: service:X`
    Network,
    /// `ipc: service:X`
    Ipc,
    /// `pid: service:X`
    Pid,
    /// `uts: service:X`
    Uts,
    /// `cgroup: service:X`
    Cgroup,
    /// `volumes_from: X`
    Volumes,
}

impl Shared {
    /// The attribute of the service that requests it.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Network => "network_mode",
            Self::Ipc => "ipc",
            Self::Pid => "pid",
            Self::Uts => "uts",
            Self::Cgroup => "cgroup",
            Self::Volumes => "volumes_from",
        }
    }
}

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Network => "network namespace",
            Self::Ipc => "IPC namespace",
            Self::Pid => "PID namespace",
            Self::Uts => "UTS namespace",
            Self::Cgroup => "cgroup namespace",
            Self::Volumes => "volume",
        })
    }
}

/// Everything that a service shares with other services by reference.
pub fn shared_services(service: &Service) -> impl Iterator<Item = (Shared, &ServiceName)> {
    let volumes = service.volumes_from.iter().filter_map(|from| match &from.source {
        VolumesFromSource::Service(other) => Some((Shared::Volumes, other)),
        VolumesFromSource::Container(_) => None,
    });
    namespaces(service).chain(volumes)
}

/// The namespaces of other services that a service uses. They end with the container that owns them.
pub(in crate::plan) fn namespaces(service: &Service) -> impl Iterator<Item = (Shared, &ServiceName)> {
    let modes = [
        (Shared::Network, &service.network_mode),
        (Shared::Ipc, &service.ipc),
        (Shared::Pid, &service.pid),
        (Shared::Uts, &service.uts),
        (Shared::Cgroup, &service.cgroup),
    ];
    modes.into_iter().filter_map(|(shared, mode)| Some((shared, mode.as_ref().and_then(NamespaceMode::service)?)))
}

/// Why there is nothing to share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NothingToShare {
    /// The service has no replicas.
    NoReplicas,
    /// The service has no container, and this run creates none: it is not selected, or its profiles are inactive.
    NotSelected {
        /// The profiles of the service.
        profiles: Vec<String>,
    },
    /// The same, but the service has a stopped container.
    NotRunning {
        /// Its name.
        container: String,
        /// Its state.
        state: State,
        /// The profiles of the service.
        profiles: Vec<String>,
    },
}
