//! The smaller blocks of a service.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use crate::project::Extensions;
use crate::project::value::{ByteSize, Duration, FileMode};

/// An entry of `depends_on`.
#[derive(Debug, Clone, PartialEq)]
pub struct Dependency {
    /// What must hold before the dependent starts.
    pub condition: Condition,
    /// Whether to restart the dependent after the dependency; false by default.
    pub restart: bool,
    /// Whether the dependent requires it; true by default.
    pub required: bool,
    /// `x-*` keys.
    pub extensions: Extensions,
}

impl Default for Dependency {
    fn default() -> Self {
        Self { condition: Condition::Started, restart: false, required: true, extensions: Extensions::default() }
    }
}

/// What must hold for a dependency before its dependent starts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Condition {
    /// `service_started`: it is running.
    #[default]
    Started,
    /// `service_healthy`: its healthcheck passed.
    Healthy,
    /// `service_completed_successfully`: it ran and exited with 0.
    CompletedSuccessfully,
}

impl Condition {
    /// The word in the file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "service_started",
            Self::Healthy => "service_healthy",
            Self::CompletedSuccessfully => "service_completed_successfully",
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An item of `env_file` (Compose spec: `05-services.md`, `env_file`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvFile {
    /// The file.
    pub path: PathBuf,
    /// Whether it must exist; true by default.
    pub required: bool,
    /// `raw`, or dotenv if absent.
    pub format: Option<String>,
}

/// An `extends` whose base is null.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extends {
    /// The file of the base; the same file if absent.
    pub file: Option<String>,
    /// The base service.
    pub service: String,
}

/// A secret or config of a container or build.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FileReference<K> {
    /// Its key at the top level.
    pub source: K,
    /// Path in the container. Loading fills in `/run/secrets/<source>` for a service's secrets; for configs the default
    /// is `/<source>`; for secrets of a build it is an id.
    pub target: Option<String>,
    /// Owner of the file, a number as text.
    pub uid: Option<String>,
    /// Group of the file, a number as text.
    pub gid: Option<String>,
    /// Permission bits; `0444` if absent.
    pub mode: Option<FileMode>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// How the engine checks the health of a container.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Healthcheck {
    /// The test, starting with `CMD`, `CMD-SHELL` or `NONE`. The image's if empty.
    pub test: Vec<String>,
    /// Time limit of a probe; 30 s if absent, the engine's default.
    pub timeout: Option<Duration>,
    /// Time between probes; 30 s if absent, the engine's default.
    pub interval: Option<Duration>,
    /// Number of consecutive failures that make it unhealthy; 3 if absent, the engine's default.
    pub retries: Option<u64>,
    /// Time after the start during which failures do not count; 0 if absent.
    pub start_period: Option<Duration>,
    /// Time between probes during `start_period`, which is required for it; 5 s if absent, the engine's default.
    pub start_interval: Option<Duration>,
    /// Whether to disable the healthcheck, even the image's.
    pub disable: bool,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// Where the logs of a container go.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Logging {
    /// The driver; the engine's default if absent.
    pub driver: Option<String>,
    /// Its options.
    pub options: BTreeMap<String, String>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// The program that provides a service instead of a container.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Provider {
    /// `type`: the name of the program.
    pub kind: String,
    /// Its options; each may have several values.
    pub options: BTreeMap<String, Vec<String>>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// Credentials of a managed service account (Windows).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CredentialSpec {
    /// A config that contains it.
    pub config: Option<String>,
    /// A file that contains it.
    pub file: Option<String>,
    /// A key of the Windows registry.
    pub registry: Option<String>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// Limits and weights of block devices.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Blkio {
    /// Relative weight, 10 to 1000; 0 means unset.
    pub weight: u16,
    /// Weights by device.
    pub weight_device: Vec<WeightDevice>,
    /// Maximum bytes read per second, by device.
    pub device_read_bps: Vec<ThrottleDevice>,
    /// Maximum reads per second, by device.
    pub device_read_iops: Vec<ThrottleDevice>,
    /// Maximum bytes written per second, by device.
    pub device_write_bps: Vec<ThrottleDevice>,
    /// Maximum writes per second, by device.
    pub device_write_iops: Vec<ThrottleDevice>,
}

/// A block device and its weight.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WeightDevice {
    /// Path on the host.
    pub path: String,
    /// Relative weight, 10 to 1000.
    pub weight: u16,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// A block device and its limit.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ThrottleDevice {
    /// Path on the host.
    pub path: String,
    /// Bytes or operations per second.
    pub rate: ByteSize,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// How a service is connected to a network (Compose spec: `05-services.md`, `networks`).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ServiceNetwork {
    /// Additional host names of its containers.
    pub aliases: Vec<String>,
    /// Options for the network's driver.
    pub driver_opts: BTreeMap<String, String>,
    /// The network with the highest value provides the default gateway; 0 by default.
    pub gw_priority: i64,
    /// Name of the interface in the container.
    pub interface_name: Option<String>,
    /// Fixed IPv4 address.
    pub ipv4_address: Option<String>,
    /// Fixed IPv6 address.
    pub ipv6_address: Option<String>,
    /// Link-local addresses.
    pub link_local_ips: Vec<String>,
    /// MAC address.
    pub mac_address: Option<String>,
    /// Networks are connected from the highest to the lowest priority; 0 by default.
    pub priority: i64,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// How a service gets the details of a model.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ServiceModel {
    /// The variable for the endpoint; `<KEY>_URL` if absent.
    pub endpoint_var: Option<String>,
    /// The variable for the model's name; `<KEY>_MODEL` if absent.
    pub model_var: Option<String>,
    /// `x-*` keys.
    pub extensions: Extensions,
}
