//! Commands in running containers, step by step. [`Streams::exec`](super::Streams::exec) does all of them for commands
//! that read nothing.

use std::future::Future;

use super::error::EngineError;
use super::streams::{Connection, ExecSpec, WindowSize};
use crate::observed::ContainerId;

/// Calls about commands in running containers.
pub trait Execs {
    /// Makes a command ready. [`EngineError::Conflict`] when the container does not run.
    fn create_exec(&self, id: ContainerId, spec: ExecSpec) -> impl Future<Output = Result<ExecId, EngineError>> + Send;

    /// Starts a command that was made ready of `spec`, and connects to its streams. If there is no such program, the
    /// output says so, and the exit status is 126 or 127.
    fn start_exec(&self, exec: ExecId, spec: ExecSpec) -> impl Future<Output = Result<Connection, EngineError>> + Send;

    /// Starts a command that was made ready of `spec`, and returns as soon as it runs.
    fn start_exec_detached(&self, exec: ExecId, spec: ExecSpec)
    -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Tells the terminal of a command that its size has changed.
    fn resize_exec(&self, exec: ExecId, size: WindowSize) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// What became of a command.
    fn inspect_exec(&self, exec: ExecId) -> impl Future<Output = Result<ExecDetails, EngineError>> + Send;
}

/// The engine's id of a command in a container.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExecId(String);

impl From<String> for ExecId {
    fn from(id: String) -> Self {
        Self(id)
    }
}

impl std::fmt::Display for ExecId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What became of a command in a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExecDetails {
    /// Whether it still runs.
    pub running: bool,
    /// Its exit status, once it has ended.
    pub exit_code: Option<i64>,
}
