//! Streams: container events and output.

use std::collections::BTreeMap;
use std::future::Future;

use futures::stream::BoxStream;
use tokio::io::AsyncWrite;

use super::error::EngineError;
use crate::observed::{ContainerId, EngineEvent, Health, Usage};

/// Calls that return a stream.
pub trait Streams {
    /// Events of the project's containers from now on. Returns once the engine is listening: nothing that happens
    /// afterwards is missed. Ends with an error if the connection is lost.
    fn container_events(
        &self,
        project: String,
    ) -> impl Future<Output = Result<BoxStream<'static, Result<ContainerEvent, EngineError>>, EngineError>> + Send;

    /// Events of the project's containers in the engine's words, all kinds. Ends at the end of the query; without one,
    /// with an error if the connection is lost.
    fn events(
        &self,
        project: String,
        query: EventQuery,
    ) -> impl Future<Output = Result<BoxStream<'static, Result<EngineEvent, EngineError>>, EngineError>> + Send;

    /// The resources a container uses: one measurement, or one per second until the container is gone.
    fn usage(
        &self,
        id: ContainerId,
        measurements: Measurements,
    ) -> impl Future<Output = Result<BoxStream<'static, Result<Usage, EngineError>>, EngineError>> + Send;

    /// The output of a container.
    fn logs(
        &self,
        id: ContainerId,
        query: LogQuery,
    ) -> impl Future<Output = Result<BoxStream<'static, Result<LogChunk, EngineError>>, EngineError>> + Send;

    /// The output of a container from now on, without history; to be called before it starts.
    fn attach(
        &self,
        id: ContainerId,
        terminal: bool,
    ) -> impl Future<Output = Result<BoxStream<'static, Result<LogChunk, EngineError>>, EngineError>> + Send;

    /// Connects to the streams of a container from now on, without history: what it writes, and what it reads. For one
    /// that does not run yet: before it starts.
    fn connect(
        &self,
        id: ContainerId,
        spec: AttachSpec,
    ) -> impl Future<Output = Result<Connection, EngineError>> + Send;

    /// Runs a command in a running container; yields its output and finally its exit status. [`EngineError::Conflict`]
    /// if the container is not running.
    fn exec(
        &self,
        id: ContainerId,
        spec: ExecSpec,
    ) -> impl Future<Output = Result<BoxStream<'static, Result<ExecProgress, EngineError>>, EngineError>> + Send;
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

/// What happened to a container. Only kinds that waits and log streams need are received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContainerEventKind {
    /// It was created.
    Create,
    /// It was started.
    Start,
    /// It was restarted by a client.
    Restart,
    /// Its process exited with this status.
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
    /// Its health changed after a probe.
    Health(Health),
    /// It ran out of memory.
    OutOfMemory,
}

/// The period of events, in nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EventQuery {
    /// Its beginning; now if absent.
    pub since: Option<i128>,
    /// Its end; never if absent.
    pub until: Option<i128>,
}

/// How many measurements of a container's resources to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measurements {
    /// One.
    One,
    /// One per second.
    Continuous,
}

/// Which part of a container's output to read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogQuery {
    /// Follow new output.
    pub follow: bool,
    /// Number of lines from the end of the log; `None` means all of it.
    pub tail: Option<u64>,
    /// Only output since this time, in nanoseconds since 1970.
    pub since: Option<i128>,
    /// Only output until this time, in nanoseconds since 1970.
    pub until: Option<i128>,
    /// Prefix each line with the engine's timestamp.
    pub timestamps: bool,
    /// Whether the container has a terminal; then its output is one raw stream.
    pub terminal: bool,
}

/// The streams of a process, both ways.
pub struct Connection {
    /// What it writes. It ends with the process, or with an error when the connection is lost.
    pub output: BoxStream<'static, Result<LogChunk, EngineError>>,
    /// Where what it reads is written to, if that was asked for. Shutting it down ends what the process reads.
    pub input: Option<Input>,
}

/// The standard input of a process in a container.
pub type Input = Box<dyn AsyncWrite + Send + Unpin>;

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("input", &self.input.is_some()).finish_non_exhaustive()
    }
}

/// Which streams of a container are connected to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AttachSpec {
    /// Whether the container has a terminal, so that its output is one raw stream.
    pub terminal: bool,
    /// Whether something is written to its standard input.
    pub stdin: bool,
    /// The keys at which the engine itself leaves a container with a terminal, in its notation; `None` is its default.
    pub detach_keys: Option<String>,
}

/// The size of a terminal in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowSize {
    /// How many lines it has.
    pub rows: u16,
    /// How many characters a line has.
    pub columns: u16,
}

/// A piece of output: whole lines or parts of lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogChunk {
    /// The stream it was written to.
    pub stream: OutputStream,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// One of a process's two output streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputStream {
    /// Standard output; for a container with a terminal, all output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// A command to run in a container.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExecSpec {
    /// The command and its arguments.
    pub command: Vec<String>,
    /// The user; `None` means the container's.
    pub user: Option<String>,
    /// Whether it runs with extended privileges.
    pub privileged: bool,
    /// The working directory; `None` means the container's.
    pub working_dir: Option<String>,
    /// Additional variables, as `NAME=value`.
    pub environment: Vec<String>,
    /// Whether something can be written to its standard input.
    pub stdin: bool,
    /// Whether it gets a terminal.
    pub terminal: bool,
    /// The size of that terminal. Older engines take it only once the command runs.
    pub size: Option<WindowSize>,
    /// The keys at which the engine itself leaves a command with a terminal, in its notation; `None` is its default.
    pub detach_keys: Option<String>,
}

/// Progress of a command in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExecProgress {
    /// It wrote output.
    Output(LogChunk),
    /// It exited with this status.
    Exited(i64),
}
