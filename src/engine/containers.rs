//! Containers: created, started, stopped, removed, inspected.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;

use super::error::EngineError;
use super::streams::WindowSize;
use crate::observed::{ContainerId, Definition, Health, ImageDigest, Processes, State};
use crate::plan::{AnonymousVolumes, ContainerSpec, InheritedVolume};
use crate::project::ServiceName;

/// Calls about containers.
pub trait Containers {
    /// Creates a container without starting it.
    fn create_container(
        &self,
        request: CreateContainer,
    ) -> impl Future<Output = Result<CreatedContainer, EngineError>> + Send;

    /// Creates the container of a `pre_start` hook without starting it.
    fn create_hook_container(
        &self,
        request: HookContainer,
    ) -> impl Future<Output = Result<CreatedContainer, EngineError>> + Send;

    /// Copies secrets and configs that do not come from files into a container before it starts.
    fn inject_files(
        &self,
        id: ContainerId,
        spec: Arc<ContainerSpec>,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Starts a container; succeeds if it is already running.
    fn start_container(&self, id: ContainerId) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Stops a container and returns when it has stopped; `None` means the container's own grace period.
    fn stop_container(
        &self,
        id: ContainerId,
        timeout: Option<Duration>,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Sends a signal, such as `SIGKILL`.
    fn kill_container(&self, id: ContainerId, signal: String) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Stops a container and starts it again, and returns when it runs; `None` leaves the grace period to the container.
    fn restart_container(
        &self,
        id: ContainerId,
        timeout: Option<Duration>,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Suspends a container. One that is paused is as it should be.
    fn pause_container(&self, id: ContainerId) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Resumes a paused container; succeeds if it is not paused.
    fn unpause_container(&self, id: ContainerId) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Removes a container by force.
    fn remove_container(
        &self,
        id: ContainerId,
        volumes: AnonymousVolumes,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Renames a container.
    fn rename_container(&self, id: ContainerId, name: String) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Tells the terminal of a container that its size has changed.
    fn resize_container(
        &self,
        id: ContainerId,
        size: WindowSize,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Waits for a container's end. Ready when the engine listens: no end after that is missed.
    fn wait_container(
        &self,
        id: ContainerId,
        until: WaitFor,
    ) -> impl Future<Output = Result<ContainerEnd, EngineError>> + Send;

    /// Inspects a container.
    fn inspect_container(&self, id: ContainerId) -> impl Future<Output = Result<ContainerDetails, EngineError>> + Send;

    /// The processes that run in a container; [`EngineError::Conflict`] if it is not running.
    fn processes(&self, id: ContainerId) -> impl Future<Output = Result<Processes, EngineError>> + Send;

    /// The definition a container was created with, for the reasons of a plan; `None` if it is gone or the engine
    /// cannot tell.
    fn definition(&self, id: ContainerId) -> impl Future<Output = Result<Option<Definition>, EngineError>> + Send {
        let _ = id;
        async { Ok(None) }
    }

    /// The container with this name; `None` if there is none or the engine cannot tell.
    fn name_holder(&self, name: String) -> impl Future<Output = Result<Option<NameHolder>, EngineError>> + Send {
        let _ = name;
        async { Ok(None) }
    }

    /// The container or process that has a port of the host; `None` if there is none or the engine cannot tell.
    fn port_holder(
        &self,
        port: u16,
        protocol: String,
    ) -> impl Future<Output = Result<Option<PortHolder>, EngineError>> + Send {
        let _ = (port, protocol);
        async { Ok(None) }
    }
}

/// A container to create: what the plan knew and what the run found out.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateContainer {
    /// The specification from the plan.
    pub spec: Arc<ContainerSpec>,
    /// The name to create it under.
    pub name: String,
    /// The configuration hash of the service, with its references resolved.
    pub config_hash: String,
    /// The label `hoist.fields`: a digest per field of the definition.
    pub field_digests: String,
    /// The label `hoist.contents`: a digest of the content of each secret and config. Empty means no label.
    pub content_digests: String,
    /// The digest of the image.
    pub image_digest: Option<ImageDigest>,
    /// The containers that references to services stand for.
    pub references: BTreeMap<ServiceName, ContainerId>,
    /// Variables from provider services, which are not in the definition. They take precedence.
    pub variables: BTreeMap<String, String>,
    /// The digests of mounted images, by where they are mounted: the label `com.docker.compose.image-volume-digest`.
    pub image_volumes: BTreeMap<String, ImageDigest>,
    /// Anonymous volumes to mount again.
    pub inherited: Vec<InheritedVolume>,
}

/// The container to create for a `pre_start` hook.
#[derive(Debug, Clone, PartialEq)]
pub struct HookContainer {
    /// A replica of the service that has the hook.
    pub spec: Arc<ContainerSpec>,
    /// The name to create it under.
    pub name: String,
    /// Which item of `pre_start`, from 0.
    pub hook: usize,
    /// The container whose volumes it sees.
    pub volumes_from: ContainerId,
    /// The containers that references to services stand for.
    pub references: BTreeMap<ServiceName, ContainerId>,
}

/// A container that was created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedContainer {
    /// Its id.
    pub id: ContainerId,
    /// Names of its predecessor's volumes that it no longer mounts. They stay in the engine.
    pub left_out: Vec<String>,
    /// Warnings of the engine.
    pub warnings: Vec<String>,
}

/// The result of inspecting a container.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own in the engine's answer")]
pub struct ContainerDetails {
    /// Its id.
    pub id: ContainerId,
    /// Its name, without the leading slash.
    pub name: String,
    /// Its state.
    pub state: State,
    /// Its exit status, if it has exited.
    pub exit_code: Option<i64>,
    /// Whether the kernel killed it because it ran out of memory.
    pub out_of_memory: bool,
    /// Why it could not start, as the engine reports it.
    pub error: Option<String>,
    /// The result of its healthcheck; [`Health::None`] if it has none.
    pub health: Health,
    /// Whether it has a healthcheck that is not disabled.
    pub has_healthcheck: bool,
    /// The test of its healthcheck, from the file or the image.
    pub health_test: Option<HealthTest>,
    /// The latest probes, oldest first.
    pub probes: Vec<Probe>,
    /// When it last started, in nanoseconds since 1970.
    pub started_at: Option<i128>,
    /// When it last exited, in nanoseconds since 1970; `None` if it never has.
    pub finished_at: Option<i128>,
    /// Whether it has a terminal; then its output is one raw stream.
    pub terminal: bool,
    /// Whether its standard input is kept open for those who attach.
    pub stdin_open: bool,
    /// How often the engine restarted it.
    pub restart_count: i64,
    /// What the engine does with it after it exits.
    pub at_end: AtEnd,
    /// Where its ports can be reached.
    pub reach: Reach,
    /// Secrets in its environment; empty if they may be shown (`--show-values`).
    pub secrets: Vec<String>,
}

/// Where the ports of a container can be reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// Its addresses in its networks.
    pub addresses: Vec<IpAddr>,
    /// Its TCP ports that are published, with the address on the engine's machine.
    pub published: Vec<(u16, SocketAddr)>,
    /// Whether it uses the network of the engine's machine.
    pub host_network: bool,
}

/// A container's exit status, once it has ended.
pub type ContainerEnd = BoxFuture<'static, Result<i64, EngineError>>;

/// Which end of a container is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitFor {
    /// The next one; a container that does not run is waited for until it has run.
    NextExit,
    /// Its removal.
    Removed,
}

/// What the engine does with a container that has exited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtEnd {
    /// It keeps it.
    Keep,
    /// It removes it, with its anonymous volumes (`run --rm`).
    Remove,
}

/// The test that a healthcheck runs in its container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthTest {
    /// The command and its arguments; for `CMD-SHELL`, preceded by the container's shell.
    pub command: Vec<String>,
    /// How long it may take; 30 s by default, as in the engine.
    pub timeout: Duration,
    /// When the engine runs it.
    pub timing: ProbeTiming,
}

/// When the engine runs the test of a healthcheck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProbeTiming {
    /// Time between two runs; 30 s by default, as in the engine.
    pub interval: Duration,
    /// Time after the start in which failures do not count and `start_interval` is used; 0 by default.
    pub start_period: Duration,
    /// Time between two runs during `start_period`; 5 s by default, as in engines that know it.
    pub start_interval: Duration,
}

impl Default for ProbeTiming {
    fn default() -> Self {
        let (interval, start_interval) = (Duration::from_secs(30), Duration::from_secs(5));
        Self { interval, start_period: Duration::ZERO, start_interval }
    }
}

/// One run of a healthcheck.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// When it started, in nanoseconds since 1970.
    pub started_at: Option<i128>,
    /// When it ended, in nanoseconds since 1970.
    pub ended_at: Option<i128>,
    /// Its exit status.
    pub exit_code: i64,
    /// Its output.
    pub output: String,
}

/// The container that has a certain name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameHolder {
    /// Its id.
    pub id: ContainerId,
    /// The project it belongs to, where it belongs to one.
    pub project: Option<String>,
}

/// What occupies a port of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortHolder {
    /// A container that publishes the port.
    Container {
        /// Its name.
        name: String,
        /// The project it belongs to, where it belongs to one.
        project: Option<String>,
    },
    /// A process on this machine, if the engine runs here too.
    Process {
        /// The name of its program.
        name: String,
        /// Its process id.
        id: u32,
    },
}

impl PortHolder {
    /// The project it belongs to; `None` for processes.
    #[must_use]
    pub fn project(&self) -> Option<&str> {
        match self {
            Self::Container { project, .. } => project.as_deref(),
            Self::Process { .. } => None,
        }
    }
}
