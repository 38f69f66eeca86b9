//! Why an operation failed.

use std::io;

use super::copy::CopyError;
use crate::engine::EngineError;
use crate::event::{RunFailure, StepError};
use crate::plan::PlanError;
use crate::project::{ProjectName, ServiceName};

/// Why an operation failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OperationError {
    /// The engine did not answer, or returned an error.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The model runner cannot be queried.
    #[error("cannot find out what serves the project's models")]
    Models(StepError),
    /// There is no plan from the observed state to what the files define.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Steps of the plan failed.
    #[error(transparent)]
    Run(Box<RunFailure>),
    /// A question could not be asked.
    #[error(transparent)]
    Ask(#[from] io::Error),
    /// A replica requested by number does not exist.
    #[error("service \"{service}\" is not running container #{number}")]
    NoReplica {
        /// Its service.
        service: ServiceName,
        /// Its number.
        number: u32,
    },
    /// Files could not be copied or exported.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// There is nothing to wait for.
    #[error("no containers for project \"{project}\"")]
    NoContainers {
        /// The project.
        project: ProjectName,
    },
    /// No container of a service runs.
    #[error("service \"{service}\" is not running")]
    NotRunning {
        /// The service.
        service: ServiceName,
    },
    /// A container does not have a port.
    #[error("no port {wanted} for container {container}: {}", ports.join(", "))]
    NoPort {
        /// The port and its protocol.
        wanted: String,
        /// The name of the container.
        container: String,
        /// The ports that it has.
        ports: Vec<String>,
    },
    /// A container is in a state in which it cannot be attached to.
    #[error("cannot attach to a {0}")]
    CannotAttach(&'static str),
    /// A container reads from a terminal, and standard input is none.
    #[error("cannot attach stdin to a TTY-enabled container because stdin is not a terminal")]
    NotATerminal,
    /// Standard input cannot be used.
    #[error("cannot read standard input: {0}")]
    Input(io::Error),
    /// Standard output or standard error cannot be written to.
    #[error("cannot write to standard output: {0}")]
    Output(io::Error),
    /// A command has ended, and the engine does not say how.
    #[error(transparent)]
    NoExitStatus(EngineError),
    /// The user left a program running with the detach keys.
    #[error("read escape sequence")]
    Detached,
    /// The user interrupted the operation.
    #[error("interrupted")]
    Interrupted,
}

impl From<RunFailure> for OperationError {
    fn from(failure: RunFailure) -> Self {
        if failure.is_interruption() {
            return Self::Interrupted;
        }
        // Report a lost engine once, not for each step.
        let gone = failure.failures().find_map(|(_, error)| {
            if let StepError::Engine(error @ EngineError::Unreachable { .. }) = error {
                Some(error.clone())
            } else {
                None
            }
        });
        gone.map_or_else(|| Self::Run(Box::new(failure)), Self::Engine)
    }
}
