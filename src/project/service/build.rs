//! How the image of a service is built.

use std::collections::BTreeMap;

use crate::project::value::{ByteSize, ExtraHosts, Ulimit};
use crate::project::{Extensions, FileReference, SecretKey};

/// The `build` block of a service (Compose spec: `build.md`).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Build {
    /// The folder sent to the build, or a URL. Absent only with `--no-normalize`.
    pub context: Option<String>,
    /// The Dockerfile, relative to the context; `Dockerfile` unless `dockerfile_inline` is given.
    pub dockerfile: Option<String>,
    /// The text of the Dockerfile.
    pub dockerfile_inline: Option<String>,
    /// Privileges the build may use, as in `network.host`.
    pub entitlements: Vec<String>,
    /// Build arguments; normalising leaves none without a value.
    pub args: BTreeMap<String, Option<String>>,
    /// Provenance attestation: `true`, `false` or its settings.
    pub provenance: Option<String>,
    /// Bill of materials: `true`, `false` or its settings.
    pub sbom: Option<String>,
    /// SSH agents and keys for the build.
    pub ssh: Vec<SshKey>,
    /// Labels of the image.
    pub labels: BTreeMap<String, String>,
    /// Where the cache is read from.
    pub cache_from: Vec<String>,
    /// Where the cache is written to.
    pub cache_to: Vec<String>,
    /// Whether the cache is left aside.
    pub no_cache: bool,
    /// Stages for which the cache is left aside.
    pub no_cache_filter: Vec<String>,
    /// Further contexts by name: a path, a URL, or `service:X`.
    pub additional_contexts: BTreeMap<String, String>,
    /// Whether base images are pulled even if they are there.
    pub pull: bool,
    /// Entries of the hosts file during the build.
    pub extra_hosts: ExtraHosts,
    /// Isolation technology (Windows).
    pub isolation: Option<String>,
    /// Network of the build's containers: `host`, `none`, a name.
    pub network: Option<String>,
    /// The stage to build; the last when absent.
    pub target: Option<String>,
    /// Secrets of the build; `target` is the id they have in it.
    pub secrets: Vec<FileReference<SecretKey>>,
    /// Size of `/dev/shm` in the build's containers; 0 is the engine's default.
    pub shm_size: ByteSize,
    /// Further names of the image.
    pub tags: Vec<String>,
    /// Resource limits in the build's containers.
    pub ulimits: BTreeMap<String, Ulimit>,
    /// Platforms to build for; the engine's own when empty.
    pub platforms: Vec<String>,
    /// Whether the build runs with all rights.
    pub privileged: bool,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// An item of `build.ssh`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct SshKey {
    /// The id the build knows it by.
    pub id: String,
    /// A key file or agent socket; the agent of the environment when absent.
    pub path: Option<String>,
}
