//! Streams: container events and output.

use std::collections::BTreeMap;
use std::future::Future;

use futures::stream::BoxStream;

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
}

/// Progress of a command in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExecProgress {
    /// It wrote output.
    Output(LogChunk),
    /// It exited with this status.
    Exited(i64),
}
