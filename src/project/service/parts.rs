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
    /// Whether the dependent is restarted after the dependency was; false by default.
    pub restart: bool,
    /// Whether the dependent cannot do without it; true by default.
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
    /// `service_started`: it runs.
    #[default]
    Started,
    /// `service_healthy`: its health check passed.
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
    /// Whether it must be there; true by default.
    pub required: bool,
    /// `raw`, or dotenv when absent.
    pub format: Option<String>,
}

/// What is left of an `extends` whose base is null.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extends {
    /// The file of the base; the same when absent.
    pub file: Option<String>,
    /// The service that is the base.
    pub service: String,
}

/// A secret or config as a container or build sees it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FileReference<K> {
    /// Its key at the top level.
    pub source: K,
    /// Path in the container. Loading fills in `/run/secrets/<source>` for a service's secrets; for configs
    /// `/<source>` is meant when absent; for secrets of a build it is an id.
    pub target: Option<String>,
    /// Owner of the file, a number as text.
    pub uid: Option<String>,
    /// Group of the file, a number as text.
    pub gid: Option<String>,
    /// Permission bits; `0444` when absent.
    pub mode: Option<FileMode>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// How the engine sees whether a container is healthy.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Healthcheck {
    /// The probe: `CMD`, `CMD-SHELL` or `NONE` first. The image's when empty.
    pub test: Vec<String>,
    /// How long a probe may take; the engine's 30 s when absent.
    pub timeout: Option<Duration>,
    /// Time between probes; the engine's 30 s when absent.
    pub interval: Option<Duration>,
    /// Failures in a row that make it unhealthy; the engine's 3 when absent.
    pub retries: Option<u64>,
    /// Time after the start in which failures do not count; none when absent.
    pub start_period: Option<Duration>,
    /// Time between probes during `start_period`, which it needs; the engine's 5 s when absent.
    pub start_interval: Option<Duration>,
    /// Whether there is no check at all, not even the image's.
    pub disable: bool,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// Where the output of a container goes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Logging {
    /// The driver; the engine's default when absent.
    pub driver: Option<String>,
    /// Its options.
    pub options: BTreeMap<String, String>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// The program that provides a service in place of a container.
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
    /// A config that holds it.
    pub config: Option<String>,
    /// A file that holds it.
    pub file: Option<String>,
    /// A key of the Windows registry.
    pub registry: Option<String>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// Limits and weights of block devices.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Blkio {
    /// Relative weight, 10 to 1000; 0 is unset.
    pub weight: u16,
    /// Weights by device.
    pub weight_device: Vec<WeightDevice>,
    /// Bytes a second that may be read, by device.
    pub device_read_bps: Vec<ThrottleDevice>,
    /// Reads a second, by device.
    pub device_read_iops: Vec<ThrottleDevice>,
    /// Bytes a second that may be written, by device.
    pub device_write_bps: Vec<ThrottleDevice>,
    /// Writes a second, by device.
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
    /// Bytes or operations a second.
    pub rate: ByteSize,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// How a service is attached to a network (Compose spec: `05-services.md`, `networks`).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ServiceNetwork {
    /// Further host names of its containers.
    pub aliases: Vec<String>,
    /// Options for the network's driver.
    pub driver_opts: BTreeMap<String, String>,
    /// The highest gets the default gateway; 0 by default.
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
    /// Networks are attached from the highest to the lowest; 0 by default.
    pub priority: i64,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// How a service learns of a model.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ServiceModel {
    /// The variable for the endpoint; made from the key when absent: `<KEY>_URL`.
    pub endpoint_var: Option<String>,
    /// The variable for the model's name; made from the key when absent: `<KEY>_MODEL`.
    pub model_var: Option<String>,
    /// `x-*` keys.
    pub extensions: Extensions,
}
