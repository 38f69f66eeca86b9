//! A service and everything the file says about it.

mod build;
mod deploy;
mod develop;
mod hook;
mod parts;
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
pub use hook::Hook;
pub use parts::{
    Blkio, Condition, CredentialSpec, Dependency, EnvFile, Extends, FileReference, Healthcheck, Logging, Provider,
    ServiceModel, ServiceNetwork, ThrottleDevice, WeightDevice,
};
pub use x_hoist::XHoist;

/// A definition under `services:`; never something that runs.
///
/// Every attribute of `05-services.md` in the Compose specification, under its name there. A text, number or flag of
/// the file that is empty, 0 or false is the same as one that is absent, unless the type is an `Option` of a number or
/// flag.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an attribute of the file format")]
pub struct Service {
    /// Its key under `services:`.
    pub name: ServiceName,
    /// Profiles that enable it; enabled always when there are none.
    pub profiles: Vec<String>,
    /// Annotations of its containers.
    pub annotations: BTreeMap<String, String>,
    /// Whether an attached `up` shows its output; true when absent.
    pub attach: Option<bool>,
    /// How its image is built.
    pub build: Option<Build>,
    /// What `watch` does when files change.
    pub develop: Option<Develop>,
    /// Limits and weights of block devices.
    pub blkio_config: Option<Blkio>,
    /// Capabilities added to the engine's default set.
    pub cap_add: Vec<String>,
    /// Capabilities taken from the engine's default set.
    pub cap_drop: Vec<String>,
    /// The cgroup above that of its containers.
    pub cgroup_parent: Option<String>,
    /// The cgroup namespace: `host` or `private`; the engine's default when absent.
    pub cgroup: Option<NamespaceMode>,
    /// Number of CPUs it may use (Windows); 0 is no limit.
    pub cpu_count: i64,
    /// Share of the CPUs in percent (Windows); 0 is no limit.
    pub cpu_percent: f32,
    /// Length of a CFS period in µs; 0 is the kernel's default.
    pub cpu_period: i64,
    /// CPU time per CFS period in µs; 0 is no limit.
    pub cpu_quota: i64,
    /// Length of a real-time period in µs; 0 is the kernel's default.
    pub cpu_rt_period: i64,
    /// CPU time per real-time period in µs; 0 is none.
    pub cpu_rt_runtime: i64,
    /// CPUs it may use, also parts of one; 0 is no limit.
    pub cpus: f32,
    /// The CPUs it may run on, as in `0-3` or `0,1`.
    pub cpuset: Option<String>,
    /// Relative weight among containers; 0 is the kernel's default.
    pub cpu_shares: i64,
    /// The command, in words. `None` is the image's, an empty list is none.
    pub command: Option<Vec<String>>,
    /// Configs its containers see.
    pub configs: Vec<FileReference<ConfigKey>>,
    /// The name of its only container; made of project, service and number when absent.
    pub container_name: Option<String>,
    /// Credentials of a managed service account (Windows); kept, not applied.
    pub credential_spec: Option<CredentialSpec>,
    /// What it needs before it starts, implied dependencies included.
    pub depends_on: BTreeMap<ServiceName, Dependency>,
    /// Replicas, resources, restarts and what else swarms define.
    pub deploy: Option<Deploy>,
    /// Rules for device cgroups, as in `c 1:3 mr`.
    pub device_cgroup_rules: Vec<String>,
    /// Devices of the host its containers see.
    pub devices: Vec<Device>,
    /// Name servers.
    pub dns: Vec<String>,
    /// Resolver options.
    pub dns_opt: Vec<String>,
    /// Domains names are searched in.
    pub dns_search: Vec<String>,
    /// Domain name of its containers.
    pub domainname: Option<String>,
    /// The entrypoint, in words. `None` is the image's, an empty list is none.
    pub entrypoint: Option<Vec<String>>,
    /// The program that provides it in place of a container.
    pub provider: Option<Provider>,
    /// Variables of its containers, those of `env_file` included; `None` is a name that stays unset.
    pub environment: BTreeMap<String, Option<String>>,
    /// Files variables are read from; empty once they are read into `environment`.
    pub env_file: Vec<EnvFile>,
    /// Ports for other containers: `80`, `53/udp`, `3000-3005/tcp`, as written.
    pub expose: Vec<String>,
    /// What it extended, where loading left that standing, which is where its base is null.
    pub extends: Option<Extends>,
    /// Containers of other projects it can reach, as `container[:alias]`.
    pub external_links: Vec<String>,
    /// Entries of the hosts file.
    pub extra_hosts: ExtraHosts,
    /// Further groups of the process, by name or number.
    pub group_add: Vec<String>,
    /// GPUs; each request implies the capability `gpu`.
    pub gpus: Vec<DeviceRequest>,
    /// Host name of its containers.
    pub hostname: Option<String>,
    /// How the engine sees whether a container is healthy; the image's check when absent.
    pub healthcheck: Option<Healthcheck>,
    /// The image it runs, or the name its build gets.
    pub image: Option<String>,
    /// Whether an init process reaps zombies; the engine's default when absent.
    pub init: Option<bool>,
    /// The IPC namespace.
    pub ipc: Option<NamespaceMode>,
    /// Isolation technology (Windows); not checked.
    pub isolation: Option<String>,
    /// Labels of its containers, those of `label_file` included.
    pub labels: BTreeMap<String, String>,
    /// Files labels were read from.
    pub label_file: Vec<PathBuf>,
    /// Services it reaches under further names.
    pub links: Vec<Link>,
    /// Where its output goes.
    pub logging: Option<Logging>,
    /// The most memory it may use; 0 is no limit.
    pub mem_limit: ByteSize,
    /// The memory it keeps under pressure; 0 is none.
    pub mem_reservation: ByteSize,
    /// The most memory and swap together; -1 is no limit, 0 unset.
    pub memswap_limit: ByteSize,
    /// How readily it is swapped out, in percent; 0 is unset. The peer reads and prints it as a byte size.
    pub mem_swappiness: ByteSize,
    /// MAC address on its first network.
    pub mac_address: Option<String>,
    /// Models it uses; `None` takes the default names of variables.
    pub models: BTreeMap<ModelKey, Option<ServiceModel>>,
    /// `none`, `host`, `bridge`, another's network, or a network by name; excludes `networks`.
    pub network_mode: Option<NamespaceMode>,
    /// Networks it is attached to; `None` is an attachment without settings.
    pub networks: BTreeMap<NetworkKey, Option<ServiceNetwork>>,
    /// Whether the kernel spares it when memory runs out.
    pub oom_kill_disable: bool,
    /// How readily the kernel kills it when memory runs out: −1000 to 1000; 0 is unset.
    pub oom_score_adj: i64,
    /// The PID namespace.
    pub pid: Option<NamespaceMode>,
    /// The most processes; -1 is no limit, 0 unset.
    pub pids_limit: i64,
    /// `os[/arch[/variant]]` of image and container; the engine's own when absent.
    pub platform: Option<String>,
    /// Published ports.
    pub ports: Vec<Port>,
    /// Whether containers get all rights on the host.
    pub privileged: bool,
    /// When the image is pulled; when it is missing, if absent.
    pub pull_policy: Option<PullPolicy>,
    /// Whether the root file system is read-only.
    pub read_only: bool,
    /// `no`, `always`, `on-failure[:n]`, `unless-stopped`; not checked when loading. See [`Service::restart_policy`].
    pub restart: Option<String>,
    /// The OCI runtime.
    pub runtime: Option<String>,
    /// Number of replicas; see [`Service::replicas`].
    pub scale: Option<i64>,
    /// Secrets its containers see.
    pub secrets: Vec<FileReference<SecretKey>>,
    /// Security options, as in `no-new-privileges`, `seccomp=<file>`.
    pub security_opt: Vec<String>,
    /// Size of `/dev/shm`; 0 is the engine's default.
    pub shm_size: ByteSize,
    /// Whether standard input stays open.
    pub stdin_open: bool,
    /// Time between the stop signal and the kill; the engine's 10 s when absent.
    pub stop_grace_period: Option<Duration>,
    /// The signal that asks it to stop; the image's, else SIGTERM, when absent.
    pub stop_signal: Option<String>,
    /// Options of the storage driver.
    pub storage_opt: BTreeMap<String, String>,
    /// Kernel parameters.
    pub sysctls: BTreeMap<String, String>,
    /// Memory mounts.
    pub tmpfs: Vec<Tmpfs>,
    /// Whether containers get a terminal.
    pub tty: bool,
    /// Resource limits by name.
    pub ulimits: BTreeMap<String, Ulimit>,
    /// Whether the engine's socket and the registry credentials are handed in.
    pub use_api_socket: bool,
    /// User, or `user:group`, of the process; the image's when absent.
    pub user: Option<String>,
    /// The user namespace.
    pub userns_mode: Option<String>,
    /// The UTS namespace.
    pub uts: Option<NamespaceMode>,
    /// What is mounted.
    pub volumes: Vec<Mount>,
    /// Services and containers whose mounts are taken over.
    pub volumes_from: Vec<VolumesFrom>,
    /// Working folder of the process; the image's when absent.
    pub working_dir: Option<String>,
    /// Hooks run in containers of their own before the service starts.
    pub pre_start: Vec<Hook>,
    /// Hooks run in the container after it started.
    pub post_start: Vec<Hook>,
    /// Hooks run in the container before it is stopped.
    pub pre_stop: Vec<Hook>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

impl Service {
    /// A service of that name that says nothing.
    #[must_use]
    pub fn new(name: impl Into<ServiceName>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// How many replicas it asks for: `scale`, else `deploy.replicas`, else 1. Negative numbers, which
    /// loading refuses, count as 0.
    #[must_use]
    pub fn replicas(&self) -> usize {
        let written = self.scale.or_else(|| self.deploy.as_ref()?.replicas);
        written.map_or(1, |replicas| usize::try_from(replicas).unwrap_or(0))
    }

    /// When the engine starts a container again: `deploy.restart_policy` in place of `restart`; `None` if neither is
    /// there.
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

    /// When its image is pulled: `pull_policy`, else when it is missing.
    #[must_use]
    pub fn pull_rule(&self) -> PullRule {
        self.pull_policy.as_ref().map(PullPolicy::rule).unwrap_or_default()
    }
}
