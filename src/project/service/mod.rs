//! A service with all its attributes.

mod build;
mod deploy;
mod develop;
mod hook;
mod parts;
mod ready;
mod x_hoist;

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::value::{
    ByteSize, Device, DeviceRequest, Duration, ExtraHosts, Link, Mount, NamespaceMode, Port, PullPolicy, PullRule,
    RestartPolicy, Tmpfs, Ulimit, VolumesFrom,
};
use super::{ConfigKey, Extensions, ModelKey, NetworkKey, SecretKey, ServiceName};

pub use build::{Build, SshKey};
pub use deploy::{
    Deploy, DeployRestartPolicy, DiscreteResource, GenericResource, Placement, PlacementPreference, Reservations,
    ResourceLimits, Resources, UpdateConfig,
};
pub use develop::{Develop, Watch, WatchAction};
pub use hook::{Hook, PreStart};
pub use parts::{
    Blkio, Condition, CredentialSpec, Dependency, EnvFile, Extends, FileReference, Healthcheck, Logging, Provider,
    ServiceModel, ServiceNetwork, ThrottleDevice, WeightDevice,
};
pub use ready::{Ready, ReadyCheck};
pub(crate) use ready::{is_path, read_duration, short_http, short_port};
pub use x_hoist::XHoist;

/// A definition under `services:`; never a running container. Jobs and `pre_start` hooks are made from the same
/// attributes, so theirs are kept in this type too.
///
/// Has every attribute of `05-services.md` in the Compose specification, with the name used there. Empty text, 0 and
/// false in the file mean the same as absent, unless the type is an `Option` of a number or flag.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an attribute of the file format")]
pub struct Service {
    /// Its key under `services:`.
    pub name: ServiceName,
    /// Profiles that enable it; always enabled if there are none.
    pub profiles: Vec<String>,
    /// Annotations of its containers.
    pub annotations: BTreeMap<String, String>,
    /// Whether an attached `up` shows its output; true if absent.
    pub attach: Option<bool>,
    /// How to build its image.
    pub build: Option<Build>,
    /// What `watch` does when files change.
    pub develop: Option<Develop>,
    /// Limits and weights of block devices.
    pub blkio_config: Option<Blkio>,
    /// Capabilities added to the engine's default set.
    pub cap_add: Vec<String>,
    /// Capabilities removed from the engine's default set.
    pub cap_drop: Vec<String>,
    /// The parent cgroup of its containers.
    pub cgroup_parent: Option<String>,
    /// The cgroup namespace: `host` or `private`; the engine's default if absent.
    pub cgroup: Option<NamespaceMode>,
    /// Number of CPUs it may use (Windows); 0 means no limit.
    pub cpu_count: i64,
    /// Share of the CPUs in percent (Windows); 0 means no limit.
    pub cpu_percent: f32,
    /// Length of the CFS period in µs; 0 means the kernel's default.
    pub cpu_period: i64,
    /// CPU time per CFS period in µs; 0 means no limit.
    pub cpu_quota: i64,
    /// Length of the real-time period in µs; 0 means the kernel's default.
    pub cpu_rt_period: i64,
    /// CPU time per real-time period in µs; 0 means none.
    pub cpu_rt_runtime: i64,
    /// Number of CPUs it may use, which may be fractional; 0 means no limit.
    pub cpus: f32,
    /// The CPUs it may run on, such as `0-3` or `0,1`.
    pub cpuset: Option<String>,
    /// Relative CPU weight among containers; 0 means the kernel's default.
    pub cpu_shares: i64,
    /// The command and its arguments. `None` means the image's; an empty list means none.
    pub command: Option<Vec<String>>,
    /// Configs of its containers.
    pub configs: Vec<FileReference<ConfigKey>>,
    /// The name of its only container; generated from project, service and number if absent.
    pub container_name: Option<String>,
    /// Credentials of a managed service account (Windows); not applied.
    pub credential_spec: Option<CredentialSpec>,
    /// What it needs before it starts, including implied dependencies.
    pub depends_on: BTreeMap<ServiceName, Dependency>,
    /// Replicas, resources, restarts and swarm settings.
    pub deploy: Option<Deploy>,
    /// Rules for device cgroups, such as `c 1:3 mr`.
    pub device_cgroup_rules: Vec<String>,
    /// Host devices of its containers.
    pub devices: Vec<Device>,
    /// DNS servers.
    pub dns: Vec<String>,
    /// Resolver options.
    pub dns_opt: Vec<String>,
    /// DNS search domains.
    pub dns_search: Vec<String>,
    /// Domain name of its containers.
    pub domainname: Option<String>,
    /// The entrypoint and its arguments. `None` means the image's; an empty list means none.
    pub entrypoint: Option<Vec<String>>,
    /// The program that provides it instead of a container.
    pub provider: Option<Provider>,
    /// Variables of its containers, including those from `env_file`; `None` means a name that stays unset.
    pub environment: BTreeMap<String, Option<String>>,
    /// Files to read variables from; empty after they have been read into `environment`.
    pub env_file: Vec<EnvFile>,
    /// Ports for other containers: `80`, `53/udp`, `3000-3005/tcp`, as written.
    pub expose: Vec<String>,
    /// Its `extends`, which loading keeps only if the base is null.
    pub extends: Option<Extends>,
    /// Containers of other projects it can reach, as `container[:alias]`.
    pub external_links: Vec<String>,
    /// Entries of the hosts file.
    pub extra_hosts: ExtraHosts,
    /// Additional groups of the process, by name or number.
    pub group_add: Vec<String>,
    /// GPUs; each request implies the capability `gpu`.
    pub gpus: Vec<DeviceRequest>,
    /// Host name of its containers.
    pub hostname: Option<String>,
    /// How the engine checks the health of a container; the image's healthcheck if absent.
    pub healthcheck: Option<Healthcheck>,
    /// The image it runs, or the name of its built image.
    pub image: Option<String>,
    /// Whether an init process reaps zombies; the engine's default if absent.
    pub init: Option<bool>,
    /// The IPC namespace.
    pub ipc: Option<NamespaceMode>,
    /// Isolation technology (Windows); not checked.
    pub isolation: Option<String>,
    /// Labels of its containers, including those from `label_file`.
    pub labels: BTreeMap<String, String>,
    /// Files that labels were read from.
    pub label_file: Vec<PathBuf>,
    /// Services it reaches by additional names.
    pub links: Vec<Link>,
    /// Where its logs go.
    pub logging: Option<Logging>,
    /// Maximum memory; 0 means no limit.
    pub mem_limit: ByteSize,
    /// Memory reserved under memory pressure; 0 means none.
    pub mem_reservation: ByteSize,
    /// Maximum memory and swap together; -1 means no limit, 0 unset.
    pub memswap_limit: ByteSize,
    /// Swappiness in percent; 0 means unset. Docker Compose reads and prints it as a byte size.
    pub mem_swappiness: ByteSize,
    /// MAC address on its first network.
    pub mac_address: Option<String>,
    /// Models it uses; `None` means the default variable names.
    pub models: BTreeMap<ModelKey, Option<ServiceModel>>,
    /// `none`, `host`, `bridge`, the network of another container, or a network by name; excludes `networks`.
    pub network_mode: Option<NamespaceMode>,
    /// Networks it is connected to; `None` means without settings.
    pub networks: BTreeMap<NetworkKey, Option<ServiceNetwork>>,
    /// Whether the OOM killer is disabled for it.
    pub oom_kill_disable: bool,
    /// Its OOM score adjustment: −1000 to 1000; 0 means unset.
    pub oom_score_adj: i64,
    /// The PID namespace.
    pub pid: Option<NamespaceMode>,
    /// Maximum number of processes; -1 means no limit, 0 unset.
    pub pids_limit: i64,
    /// `os[/arch[/variant]]` of image and container; the engine's own if absent.
    pub platform: Option<String>,
    /// Published ports.
    pub ports: Vec<Port>,
    /// Whether containers are privileged.
    pub privileged: bool,
    /// When to pull the image; if it is missing, by default.
    pub pull_policy: Option<PullPolicy>,
    /// How long a pulled image stays fresh; not applied.
    pub pull_refresh_after: Option<String>,
    /// Whether the root file system is read-only.
    pub read_only: bool,
    /// `no`, `always`, `on-failure[:n]`, `unless-stopped`; not checked when loading. See [`Service::restart_policy`].
    pub restart: Option<String>,
    /// The OCI runtime.
    pub runtime: Option<String>,
    /// Number of replicas; see [`Service::replicas`].
    pub scale: Option<i64>,
    /// Secrets of its containers.
    pub secrets: Vec<FileReference<SecretKey>>,
    /// Security options, such as `no-new-privileges` or `seccomp=<file>`.
    pub security_opt: Vec<String>,
    /// Size of `/dev/shm`; 0 means the engine's default.
    pub shm_size: ByteSize,
    /// Whether standard input stays open.
    pub stdin_open: bool,
    /// Time between the stop signal and the kill; 10 s if absent, the engine's default.
    pub stop_grace_period: Option<Duration>,
    /// The stop signal; if absent, the image's, else SIGTERM.
    pub stop_signal: Option<String>,
    /// Options of the storage driver.
    pub storage_opt: BTreeMap<String, String>,
    /// Kernel parameters.
    pub sysctls: BTreeMap<String, String>,
    /// tmpfs mounts.
    pub tmpfs: Vec<Tmpfs>,
    /// Whether containers get a terminal.
    pub tty: bool,
    /// Resource limits by name.
    pub ulimits: BTreeMap<String, Ulimit>,
    /// Whether containers get the engine's socket and the registry credentials.
    pub use_api_socket: bool,
    /// User, or `user:group`, of the process; the image's if absent.
    pub user: Option<String>,
    /// The user namespace.
    pub userns_mode: Option<String>,
    /// The UTS namespace.
    pub uts: Option<NamespaceMode>,
    /// Mounts.
    pub volumes: Vec<Mount>,
    /// Services and containers whose mounts it uses.
    pub volumes_from: Vec<VolumesFrom>,
    /// Working directory of the process; the image's if absent.
    pub working_dir: Option<String>,
    /// Hooks that run in their own containers before the service starts.
    pub pre_start: Vec<PreStart>,
    /// Hooks that run in the container after it has started.
    pub post_start: Vec<Hook>,
    /// Hooks that run in the container before it is stopped.
    pub pre_stop: Vec<Hook>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

impl Service {
    /// A service with this name and no attributes.
    #[must_use]
    pub fn new(name: impl Into<ServiceName>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// The number of replicas: `scale`, else `deploy.replicas`, else 1. Negative numbers, which loading refuses, count
    /// as 0.
    #[must_use]
    pub fn replicas(&self) -> usize {
        let written = self.scale.or_else(|| self.deploy.as_ref()?.replicas);
        written.map_or(1, |replicas| usize::try_from(replicas).unwrap_or(0))
    }

    /// When the engine restarts a container: `deploy.restart_policy`, else `restart`; `None` if neither is set.
    #[must_use]
    pub fn restart_policy(&self) -> Option<RestartPolicy> {
        match self.deploy.as_ref().and_then(|deploy| deploy.restart_policy.as_ref()) {
            Some(policy) => Some(RestartPolicy {
                condition: policy.condition.as_deref().unwrap_or_default().into(),
                max_retries: policy.max_attempts.unwrap_or_default(),
            }),
            None => self.restart.as_deref().map(RestartPolicy::parse),
        }
    }

    /// When to pull its image: `pull_policy`, else if it is missing.
    #[must_use]
    pub fn pull_rule(&self) -> PullRule {
        self.pull_policy.as_ref().map(PullPolicy::rule).unwrap_or_default()
    }
}
