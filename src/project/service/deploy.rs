//! The `deploy` block: replicas, resources, restarts.

use std::collections::BTreeMap;

use crate::project::Extensions;
use crate::project::value::{ByteSize, DeviceRequest, Duration};

/// The `deploy` block of a service (Compose spec: `deploy.md`).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Deploy {
    /// `replicated` (default) or `global`; not checked, without effect on one machine.
    pub mode: Option<String>,
    /// Number of replicas; see [`super::Service::replicas`].
    pub replicas: Option<i64>,
    /// Labels of the swarm's service, not of containers.
    pub labels: BTreeMap<String, String>,
    /// How replicas are replaced: by a swarm, and by `up --rolling` (`x-hoist.rolling`).
    pub update_config: Option<UpdateConfig>,
    /// How a swarm goes back.
    pub rollback_config: Option<UpdateConfig>,
    /// Limits and reservations.
    pub resources: Resources,
    /// When a container that ended is started again; wins over `restart`.
    pub restart_policy: Option<DeployRestartPolicy>,
    /// Where a swarm puts replicas.
    pub placement: Placement,
    /// `vip` or `dnsrr`.
    pub endpoint_mode: Option<String>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// `update_config` and `rollback_config` of [`Deploy`]. On one machine `update_config` counts for services that are
/// updated in turn (`up --rolling`, [`super::XHoist::rolling`]); the rest is kept without effect.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UpdateConfig {
    /// Replicas at a time, 1 by default; 0 is all.
    pub parallelism: Option<u64>,
    /// Time between one group and the next; none by default.
    pub delay: Duration,
    /// What a failure leads to: `pause` (default), `continue`, `rollback`.
    pub failure_action: Option<String>,
    /// How long a new container is watched for failure once it runs, or is healthy; not at all by default.
    pub monitor: Duration,
    /// The share of failures that a swarm bears; without effect here.
    pub max_failure_ratio: f32,
    /// `stop-first` (default) or `start-first`.
    pub order: Option<String>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// `resources` of [`Deploy`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Resources {
    /// What a container may use at most; wins over `cpus`, `mem_limit`, `pids_limit`.
    pub limits: Option<ResourceLimits>,
    /// What a container is sure of.
    pub reservations: Option<Reservations>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

impl Resources {
    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// `resources.limits` of [`Deploy`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ResourceLimits {
    /// CPUs, also parts of one; 0 is no limit.
    pub cpus: f32,
    /// Memory; 0 is no limit.
    pub memory: ByteSize,
    /// Processes; 0 is no limit.
    pub pids: i64,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// `resources.reservations` of [`Deploy`]; only `memory` and `devices` have an effect.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reservations {
    /// CPUs, also parts of one; 0 is none.
    pub cpus: f32,
    /// Memory; 0 is none.
    pub memory: ByteSize,
    /// Devices.
    pub devices: Vec<DeviceRequest>,
    /// Resources a swarm's nodes declare.
    pub generic_resources: Vec<GenericResource>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// An item of `generic_resources` of [`Reservations`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GenericResource {
    /// `discrete_resource_spec`: what it is.
    pub discrete: Option<DiscreteResource>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// A resource that is counted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DiscreteResource {
    /// What it is called.
    pub kind: Option<String>,
    /// How many.
    pub value: i64,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// `restart_policy` of [`Deploy`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DeployRestartPolicy {
    /// `none`, `on-failure`, `any`, or a word of `restart`; not checked when loading.
    pub condition: Option<String>,
    /// Time before a restart.
    pub delay: Option<Duration>,
    /// How often; without end when absent.
    pub max_attempts: Option<u64>,
    /// How long a container must run for a restart to count as good.
    pub window: Option<Duration>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// `placement` of [`Deploy`]; kept, without effect on one machine.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Placement {
    /// What a node must be.
    pub constraints: Vec<String>,
    /// What replicas are spread over.
    pub preferences: Vec<PlacementPreference>,
    /// The most replicas on one node; 0 is no limit.
    pub max_replicas_per_node: u64,
    /// `x-*` keys.
    pub extensions: Extensions,
}

impl Placement {
    /// Whether nothing is said.
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
