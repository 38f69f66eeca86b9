//! How to build the image of a service.

use std::collections::BTreeMap;

use crate::project::value::{ByteSize, ExtraHosts, Ulimit};
use crate::project::{Extensions, FileReference, SecretKey};

/// The `build` block of a service (Compose spec: `build.md`).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Build {
    /// The build context: a folder or a URL. Absent only with `--no-normalize`.
    pub context: Option<String>,
    /// The Dockerfile, relative to the context; `Dockerfile` unless `dockerfile_inline` is given.
    pub dockerfile: Option<String>,
    /// The text of the Dockerfile.
    pub dockerfile_inline: Option<String>,
    /// Privileges the build may use, such as `network.host`.
    pub entitlements: Vec<String>,
    /// Build arguments; after normalising, all have values.
    pub args: BTreeMap<String, Option<String>>,
    /// Provenance attestation: `true`, `false` or its settings.
    pub provenance: Option<String>,
    /// Bill of materials: `true`, `false` or its settings.
    pub sbom: Option<String>,
    /// SSH agents and keys for the build.
    pub ssh: Vec<SshKey>,
    /// Labels of the image.
    pub labels: BTreeMap<String, String>,
    /// Cache sources.
    pub cache_from: Vec<String>,
    /// Cache destinations.
    pub cache_to: Vec<String>,
    /// Whether to ignore the cache.
    pub no_cache: bool,
    /// Stages for which to ignore the cache.
    pub no_cache_filter: Vec<String>,
    /// Additional contexts by name: a path, a URL, or `service:X`.
    pub additional_contexts: BTreeMap<String, String>,
    /// Whether to pull base images even if they exist.
    pub pull: bool,
    /// Entries of the hosts file during the build.
    pub extra_hosts: ExtraHosts,
    /// Isolation technology (Windows).
    pub isolation: Option<String>,
    /// Network of the build's containers: `host`, `none` or a name.
    pub network: Option<String>,
    /// The stage to build; the last if absent.
    pub target: Option<String>,
    /// Secrets of the build; `target` is the id in the build.
    pub secrets: Vec<FileReference<SecretKey>>,
    /// Size of `/dev/shm` in the build's containers; 0 means the engine's default.
    pub shm_size: ByteSize,
    /// Additional names of the image.
    pub tags: Vec<String>,
    /// Resource limits in the build's containers.
    pub ulimits: BTreeMap<String, Ulimit>,
    /// Platforms to build for; the engine's own if empty.
    pub platforms: Vec<String>,
    /// Whether the build runs with extended privileges.
    pub privileged: bool,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// An item of `build.ssh`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct SshKey {
    /// Its id in the build.
    pub id: String,
    /// A key file or agent socket; the environment's agent if absent.
    pub path: Option<String>,
}
