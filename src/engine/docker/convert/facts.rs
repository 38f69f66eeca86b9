//! What a conversion needs to know besides the plan.

use std::collections::BTreeMap;

use crate::observed::{ApiVersion, EngineVersion};

/// From this version on, a container is created with all its networks.
pub(super) const ALL_NETWORKS: ApiVersion = ApiVersion::new(1, 44);

/// What a conversion needs to know that the plan does not.
#[derive(Debug, Clone, Default)]
pub(in crate::engine::docker) struct Facts {
    /// The engine's version and operating system.
    pub(in crate::engine::docker) engine: EngineVersion,
    /// Whether the engine is Podman.
    pub(in crate::engine::docker) podman: bool,
    /// Proxy variables from the Docker configuration.
    pub(in crate::engine::docker) proxies: BTreeMap<String, String>,
    /// The text of seccomp profiles, by the path in the project.
    pub(in crate::engine::docker) seccomp: BTreeMap<String, String>,
}
