//! What a conversion needs to know beside the plan.

use std::collections::BTreeMap;

use crate::observed::{ApiVersion, EngineVersion};

/// From here on a container is created with all its networks.
pub(super) const ALL_NETWORKS: ApiVersion = ApiVersion::new(1, 44);

/// What a conversion needs to know that the plan does not.
#[derive(Debug, Clone, Default)]
pub(in crate::engine::docker) struct Facts {
    /// The engine's version and operating system.
    pub(in crate::engine::docker) engine: EngineVersion,
    /// Whether it is Podman that speaks the API.
    pub(in crate::engine::docker) podman: bool,
    /// Proxy variables of the Docker configuration.
    pub(in crate::engine::docker) proxies: BTreeMap<String, String>,
    /// The text of seccomp profiles, by the path that the project writes.
    pub(in crate::engine::docker) seccomp: BTreeMap<String, String>,
}
