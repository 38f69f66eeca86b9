//! The `deploy` block: replicas, resources, restarts.

use std::collections::BTreeMap;

use crate::project::Extensions;
use crate::project::value::{ByteSize, DeviceRequest, Duration};

/// The `deploy` block of a service (Compose spec: `deploy.md`).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Deploy {
    /// `replicated` (default) or `global`; not checked; no effect on a single machine.
    pub mode: Option<String>,
    /// Number of replicas; see [`super::Service::replicas`].
    pub replicas: Option<i64>,
    /// Labels of the swarm service, not of containers.
    pub labels: BTreeMap<String, String>,
    /// How a swarm, or `up --rolling` (`x-hoist.rolling`), replaces replicas.
    pub update_config: Option<UpdateConfig>,
    /// How a swarm rolls back.
    pub rollback_config: Option<UpdateConfig>,
    /// Limits and reservations.
    pub resources: Resources,
    /// When to restart an exited container; overrides `restart`.
    pub restart_policy: Option<DeployRestartPolicy>,
    /// Where a swarm places replicas.
    pub placement: Placement,
    /// `vip` or `dnsrr`.
    pub endpoint_mode: Option<String>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// `update_config` and `rollback_config` of [`Deploy`]. On a single machine, `update_config` applies to rolling updates
/// (`up --rolling`, [`super::XHoist::rolling`]); the rest has no effect.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UpdateConfig {
    /// Replicas at a time, 1 by default; 0 means all.
    pub parallelism: Option<u64>,
    /// Delay between groups; none by default.
    pub delay: Duration,
    /// What to do on failure: `pause` (default), `continue` or `rollback`.
    pub failure_action: Option<String>,
    /// How long a new container is monitored for failure once it is running or healthy; 0 by default.
    pub monitor: Duration,
    /// The share of failures that a swarm tolerates; no effect here.
    pub max_failure_ratio: f32,
    /// `stop-first` (default) or `start-first`.
    pub order: Option<String>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// `resources` of [`Deploy`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Resources {
    /// Maximum resources of a container; overrides `cpus`, `mem_limit`, `pids_limit`.
    pub limits: Option<ResourceLimits>,
    /// Resources reserved for a container.
    pub reservations: Option<Reservations>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

impl Resources {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// `resources.limits` of [`Deploy`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ResourceLimits {
    /// Number of CPUs, which may be fractional; 0 means no limit.
    pub cpus: f32,
    /// Maximum memory; 0 means no limit.
    pub memory: ByteSize,
    /// Maximum number of processes; 0 means no limit.
    pub pids: i64,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// `resources.reservations` of [`Deploy`]; only `memory` and `devices` have an effect.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reservations {
    /// Number of CPUs, which may be fractional; 0 means none.
    pub cpus: f32,
    /// Reserved memory; 0 means none.
    pub memory: ByteSize,
    /// Devices.
    pub devices: Vec<DeviceRequest>,
    /// Resources declared by a swarm's nodes.
    pub generic_resources: Vec<GenericResource>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// An item of `generic_resources` of [`Reservations`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GenericResource {
    /// `discrete_resource_spec`: the resource.
    pub discrete: Option<DiscreteResource>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// A countable resource.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DiscreteResource {
    /// Its kind.
    pub kind: Option<String>,
    /// How many.
    pub value: i64,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// `restart_policy` of [`Deploy`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DeployRestartPolicy {
    /// `none`, `on-failure`, `any`, or a value of `restart`; not checked when loading.
    pub condition: Option<String>,
    /// Time before a restart.
    pub delay: Option<Duration>,
    /// Maximum number of restarts; no limit if absent.
    pub max_attempts: Option<u64>,
    /// How long a container must run for a restart to count as successful.
    pub window: Option<Duration>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// `placement` of [`Deploy`]; no effect on a single machine.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Placement {
    /// Requirements for nodes.
    pub constraints: Vec<String>,
    /// How to spread replicas.
    pub preferences: Vec<PlacementPreference>,
    /// Maximum number of replicas per node; 0 means no limit.
    pub max_replicas_per_node: u64,
    /// `x-*` keys.
    pub extensions: Extensions,
}

impl Placement {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// An item of `placement.preferences`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlacementPreference {
    /// The node label replicas are spread over.
    pub spread: Option<String>,
    /// `x-*` keys.
    pub extensions: Extensions,
}
