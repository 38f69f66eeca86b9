//! The one door to the container engine: what can be asked of it, in hoist's own words.
//!
//! [`Engine`] is implemented by [`docker::Docker`] for every engine that speaks Docker's API, and by `fake::Fake` for
//! tests of the executor. Nobody outside sees an HTTP status or a type of the client library.

pub mod docker;
mod error;
#[cfg(feature = "fake-engine")]
pub mod fake;
pub(crate) mod line_buffer;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::BoxStream;

pub use error::EngineError;

use crate::observed::{ContainerId, Definition, EngineVersion, Health, Image, ImageDigest, NetworkId, Observed, State};
use crate::plan::{AnonymousVolumes, BuildSpec, ContainerSpec, InheritedVolume, PullSpec};
use crate::project::{NetworkKey, Project, ServiceName, VolumeKey};

/// What hoist asks of a container engine. All calls may be made in parallel; clones share one connection.
pub trait Engine: Clone + Send + Sync + 'static {
    /// Which engine answers. The first call negotiates the API version.
    fn version(&self) -> impl Future<Output = Result<EngineVersion, EngineError>> + Send;

    /// One snapshot of a project, with the fewest calls, in parallel.
    fn observe(&self, query: ObserveQuery) -> impl Future<Output = Result<Observed, EngineError>> + Send;

    /// Makes a network of the project; one of the same name that a concurrent run made counts as success.
    fn create_network(
        &self,
        project: Arc<Project>,
        key: NetworkKey,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Removes a network; [`EngineError::InUse`] when containers are connected to it.
    fn remove_network(&self, id: NetworkId) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Connects a container with the endpoint settings that its service asks for on that network.
    fn connect_network(
        &self,
        container: ContainerId,
        spec: Arc<ContainerSpec>,
        key: NetworkKey,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Takes a container off a network, by force.
    fn disconnect_network(
        &self,
        container: ContainerId,
        network: String,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Makes a volume of the project; one that is there already counts as success.
    fn create_volume(
        &self,
        project: Arc<Project>,
        key: VolumeKey,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Removes a volume and its data; [`EngineError::InUse`] when a container mounts it.
    fn remove_volume(&self, name: String) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Takes a name off an image, and removes the image where that was its last one; [`EngineError::InUse`] when a
    /// container is made from it.
    fn remove_image(&self, reference: String) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Makes a container without starting it.
    fn create_container(
        &self,
        request: CreateContainer,
    ) -> impl Future<Output = Result<CreatedContainer, EngineError>> + Send;

    /// Starts a container; one that runs already counts as success.
    fn start_container(&self, id: ContainerId) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Lets a paused container go on. One that is not paused is as it should be.
    fn unpause_container(&self, id: ContainerId) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Copies the secrets and configs that do not come from files into a container, before it starts (engine.md §3.7).
    fn inject_files(
        &self,
        id: ContainerId,
        spec: Arc<ContainerSpec>,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Stops a container and returns when it has stopped; `None` leaves the grace period to the container.
    fn stop_container(
        &self,
        id: ContainerId,
        timeout: Option<Duration>,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Sends a signal, such as `SIGKILL`.
    fn kill_container(&self, id: ContainerId, signal: String) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Removes a container by force.
    fn remove_container(
        &self,
        id: ContainerId,
        volumes: AnonymousVolumes,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Renames a container.
    fn rename_container(&self, id: ContainerId, name: String) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Looks at one container.
    fn inspect_container(&self, id: ContainerId) -> impl Future<Output = Result<ContainerDetails, EngineError>> + Send;

    /// What happens to containers of the project from now on. Ready when the engine listens: nothing that happens
    /// after this returns is missed. Ends with an error when the connection is lost.
    fn container_events(
        &self,
        project: String,
    ) -> impl Future<Output = Result<BoxStream<'static, Result<ContainerEvent, EngineError>>, EngineError>> + Send;

    /// What a container writes.
    fn logs(
        &self,
        id: ContainerId,
        query: LogQuery,
    ) -> impl Future<Output = Result<BoxStream<'static, Result<LogChunk, EngineError>>, EngineError>> + Send;

    /// What a container writes from now on, without history; asked for before it starts.
    fn attach(
        &self,
        id: ContainerId,
        terminal: bool,
    ) -> impl Future<Output = Result<BoxStream<'static, Result<LogChunk, EngineError>>, EngineError>> + Send;

    /// Runs a command in a running container: what it writes, and at last its exit status. [`EngineError::Conflict`]
    /// when the container does not run.
    fn exec(
        &self,
        id: ContainerId,
        spec: ExecSpec,
    ) -> impl Future<Output = Result<BoxStream<'static, Result<ExecProgress, EngineError>>, EngineError>> + Send;

    /// Makes the container of a `pre_start` hook, without starting it.
    fn create_hook_container(
        &self,
        request: HookContainer,
    ) -> impl Future<Output = Result<CreatedContainer, EngineError>> + Send;

    /// Fetches an image. The stream ends when it is there; its last item may be an error.
    fn pull_image(&self, spec: Arc<PullSpec>) -> BoxStream<'static, Result<ImageProgress, EngineError>>;

    /// Builds an image. The stream ends when it is there; its last item may be an error.
    fn build_image(&self, spec: Arc<BuildSpec>) -> BoxStream<'static, Result<ImageProgress, EngineError>>;

    /// The container that has a name. An engine that cannot tell says `None`.
    fn name_holder(&self, name: String) -> impl Future<Output = Result<Option<NameHolder>, EngineError>> + Send {
        let _ = name;
        async { Ok(None) }
    }

    /// The container that publishes a port of the host. An engine that cannot tell says `None`.
    fn port_holder(
        &self,
        port: u16,
        protocol: String,
    ) -> impl Future<Output = Result<Option<PortHolder>, EngineError>> + Send {
        let _ = (port, protocol);
        async { Ok(None) }
    }

    /// What has an address of a network. An engine that cannot tell says `None`.
    fn address_holder(
        &self,
        network: String,
        address: String,
    ) -> impl Future<Output = Result<Option<AddressHolder>, EngineError>> + Send {
        let _ = (network, address);
        async { Ok(None) }
    }

    /// What a container was made with, for the reasons of a plan; `None` when it is gone, or the engine cannot tell.
    fn definition(&self, id: ContainerId) -> impl Future<Output = Result<Option<Definition>, EngineError>> + Send {
        let _ = id;
        async { Ok(None) }
    }

    /// The names of the running containers outside of a project that are connected to a network. An engine that cannot
    /// tell names none.
    fn network_visitors(
        &self,
        network: NetworkId,
        project: String,
    ) -> impl Future<Output = Result<Vec<String>, EngineError>> + Send {
        let _ = (network, project);
        async { Ok(Vec::new()) }
    }

    /// The names of the containers outside of a project that mount a volume, running or not. An engine that cannot tell
    /// names none.
    fn volume_visitors(
        &self,
        volume: String,
        project: String,
    ) -> impl Future<Output = Result<Vec<String>, EngineError>> + Send {
        let _ = (volume, project);
        async { Ok(Vec::new()) }
    }

    /// The image of a reference, for a platform; `None` when it is not in the store (or not for that platform).
    fn image(
        &self,
        reference: String,
        platform: Option<String>,
    ) -> impl Future<Output = Result<Option<Image>, EngineError>> + Send;
}

/// The container that has a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameHolder {
    /// Its id.
    pub id: ContainerId,
    /// The project it belongs to, where it belongs to one.
    pub project: Option<String>,
}

/// What has a port of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortHolder {
    /// A container that publishes it.
    Container {
        /// Its name.
        name: String,
        /// The project it belongs to, where it belongs to one.
        project: Option<String>,
    },
    /// A process of this machine, where the engine runs on it too.
    Process {
        /// The name of its program.
        name: String,
        /// Its number.
        id: u32,
    },
}

impl PortHolder {
    /// The project it belongs to; none for processes.
    #[must_use]
    pub fn project(&self) -> Option<&str> {
        match self {
            Self::Container { project, .. } => project.as_deref(),
            Self::Process { .. } => None,
        }
    }
}

impl std::fmt::Display for PortHolder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Container { name, project: Some(project) } => write!(f, "container {name} of project {project}"),
            Self::Container { name, project: None } => write!(f, "container {name}"),
            Self::Process { name, id } => write!(f, "process {name} ({id})"),
        }
    }
}

/// What has an address of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressHolder {
    /// A container.
    Container {
        /// Its name.
        name: String,
    },
    /// The network itself, as the gateway of its containers.
    Gateway,
}

impl std::fmt::Display for AddressHolder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Container { name } => write!(f, "container {name}"),
            Self::Gateway => f.write_str("its gateway"),
        }
    }
}

/// What a snapshot has to hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ObserveQuery {
    /// The project's name.
    pub project: String,
    /// What of the project is looked at.
    pub scope: Scope,
    /// Real names of networks to find even without the project's labels.
    pub networks: Vec<String>,
    /// Real names of volumes to find even without the project's labels.
    pub volumes: Vec<String>,
    /// Image references, as written, and the platform each is wanted for; without any, images are not looked at.
    pub images: Vec<(String, Option<String>)>,
    /// Those of `images` whose last tag time the pull policy needs (`daily`, `weekly`, `every_…`): a call each.
    pub tag_times: Vec<String>,
}

/// What a snapshot holds of a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scope {
    /// Containers, networks and volumes.
    #[default]
    All,
    /// Containers alone: one call.
    Containers,
}

impl ObserveQuery {
    /// All that a project has, and nothing beside it.
    #[must_use]
    pub fn of_project(project: impl Into<String>) -> Self {
        Self { project: project.into(), ..Self::default() }
    }

    /// The containers of a project.
    #[must_use]
    pub fn containers_of(project: impl Into<String>) -> Self {
        Self { project: project.into(), scope: Scope::Containers, ..Self::default() }
    }
}

/// A container to make: what the plan knew and what the run found out.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateContainer {
    /// What the plan knew.
    pub spec: Arc<ContainerSpec>,
    /// The name to create it under.
    pub name: String,
    /// The configuration hash of the service with its references resolved.
    pub config_hash: String,
    /// The label `hoist.fields`: a digest per field of the definition.
    pub field_digests: String,
    /// The label `hoist.contents`: a digest of what each secret and config contains. No label where it is empty.
    pub content_digests: String,
    /// The digest of the image.
    pub image_digest: Option<ImageDigest>,
    /// The containers that references to services stand for.
    pub references: BTreeMap<ServiceName, ContainerId>,
    /// Variables that are not in the definition: those that provider services give. They win.
    pub variables: BTreeMap<String, String>,
    /// The digests of mounted images, by where they are mounted: the label `com.docker.compose.image-volume-digest`.
    pub image_volumes: BTreeMap<String, ImageDigest>,
    /// Anonymous volumes to mount again.
    pub inherited: Vec<InheritedVolume>,
}

/// A command to run in a container.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExecSpec {
    /// Its words.
    pub command: Vec<String>,
    /// The user; `None` is the container's.
    pub user: Option<String>,
    /// Whether it runs with all rights.
    pub privileged: bool,
    /// The working folder; `None` is the container's.
    pub working_dir: Option<String>,
    /// Further variables, as `NAME=value`.
    pub environment: Vec<String>,
}

/// How a command in a container gets on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExecProgress {
    /// It wrote something.
    Output(LogChunk),
    /// It ended with that status.
    Exited(i64),
}

/// The container of a `pre_start` hook to make.
#[derive(Debug, Clone, PartialEq)]
pub struct HookContainer {
    /// A replica of the service that has the hook.
    pub spec: Arc<ContainerSpec>,
    /// Which item of `pre_start`, from 0.
    pub hook: usize,
    /// The container whose volumes it sees.
    pub volumes_from: ContainerId,
    /// The containers that references to services stand for.
    pub references: BTreeMap<ServiceName, ContainerId>,
}

/// A container that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedContainer {
    /// Its id.
    pub id: ContainerId,
    /// The volumes of its predecessor for which it has no place any more, by name. They stay in the engine.
    pub left_out: Vec<String>,
    /// What the engine warned of.
    pub warnings: Vec<String>,
}

/// What a look at one container shows.
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerDetails {
    /// Its id.
    pub id: ContainerId,
    /// Its name, without the leading slash.
    pub name: String,
    /// What it is doing.
    pub state: State,
    /// Its exit status, where it has exited.
    pub exit_code: Option<i64>,
    /// Whether the engine killed it for want of memory.
    pub out_of_memory: bool,
    /// Why it could not start, in the engine's words.
    pub error: Option<String>,
    /// What its healthcheck says; [`Health::None`] where it has none.
    pub health: Health,
    /// Whether it has a healthcheck that is not disabled.
    pub has_healthcheck: bool,
    /// What its healthcheck runs, from the file or the image.
    pub health_test: Option<HealthTest>,
    /// The latest probes, oldest first.
    pub probes: Vec<Probe>,
    /// When it last started, in nanoseconds since 1970.
    pub started_at: Option<i128>,
    /// Whether it has a terminal, so that its output is one raw stream.
    pub terminal: bool,
    /// How often the engine restarted it.
    pub restart_count: i64,
    /// What the engine does with it once it has ended.
    pub at_end: AtEnd,
}

/// What the engine does with a container that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtEnd {
    /// It keeps it.
    Keep,
    /// It removes it, with its anonymous volumes (`run --rm`).
    Remove,
}

/// What a healthcheck runs in its container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthTest {
    /// The words of the command; for `CMD-SHELL` with the container's shell before them.
    pub command: Vec<String>,
    /// How long it may take; the engine's 30 s where nothing is said.
    pub timeout: Duration,
}

/// One run of a healthcheck.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// When it began, in nanoseconds since 1970.
    pub started_at: Option<i128>,
    /// Its exit status.
    pub exit_code: i64,
    /// What it wrote.
    pub output: String,
}

/// Something that happened to a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerEvent {
    /// The container.
    pub id: ContainerId,
    /// What happened.
    pub kind: ContainerEventKind,
    /// When, in nanoseconds since 1970.
    pub time: i128,
    /// The container's name and labels, as the engine sends them along.
    pub attributes: BTreeMap<String, String>,
}

/// What happened to a container. What waits and log streams do not need is left out at the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContainerEventKind {
    /// It was made.
    Create,
    /// It was started.
    Start,
    /// It was restarted by a client.
    Restart,
    /// Its process ended with that status.
    Die(i64),
    /// A client sent it a signal, as stopping and restarting do.
    Kill,
    /// It was stopped by a client.
    Stop,
    /// It was removed.
    Destroy,
    /// It was renamed.
    Rename,
    /// It was suspended.
    Pause,
    /// It was resumed.
    Unpause,
    /// A probe changed what its healthcheck says.
    Health(Health),
    /// The engine killed it for want of memory.
    OutOfMemory,
}

/// Which part of a container's output is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogQuery {
    /// Go on with what is written later.
    pub follow: bool,
    /// Only the last so many lines; `None` is all.
    pub tail: Option<u64>,
    /// From that moment on, in nanoseconds since 1970.
    pub since: Option<i128>,
    /// Up to that moment, in nanoseconds since 1970.
    pub until: Option<i128>,
    /// Put the engine's time stamp before each line.
    pub timestamps: bool,
    /// Whether the container has a terminal, so that its output is one raw stream.
    pub terminal: bool,
}

/// A piece of output: whole lines or parts of lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogChunk {
    /// Where it was written to.
    pub stream: OutputStream,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// One of a process's two output streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputStream {
    /// Standard output; everything, for a container with a terminal.
    Stdout,
    /// Standard error.
    Stderr,
}

/// How a pull or a build gets on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageProgress {
    /// A layer of a pull.
    Layer {
        /// Its short id.
        id: String,
        /// The engine's words: `Downloading`, `Pull complete`.
        status: String,
        /// Bytes done, where counted.
        current: Option<u64>,
        /// Bytes in all, where known.
        total: Option<u64>,
    },
    /// A step of a build began, or ended.
    BuildStep {
        /// Its number in the build.
        id: String,
        /// What it does: `[2/3] RUN make`.
        name: String,
        /// Whether it began or how it ended.
        status: BuildStatus,
    },
    /// A line that a step of a build wrote.
    BuildLog {
        /// The step.
        id: String,
        /// The text, without the line end.
        line: String,
    },
    /// The image is there.
    Done(Image),
}

/// How far a step of a build is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuildStatus {
    /// It runs.
    Started,
    /// It is done.
    Done,
    /// Its result was there from an earlier build.
    Cached,
    /// It failed, with this message.
    Failed(String),
}
