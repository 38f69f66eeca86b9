//! Why an operation did not do what it was asked for.

use std::io;

use super::copy::CopyError;
use crate::engine::EngineError;
use crate::event::{RunFailure, StepError};
use crate::plan::PlanError;
use crate::project::{ProjectName, ServiceName};

/// Why an operation did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OperationError {
    /// The engine did not answer, or not as hoped.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// It is not known what serves the project's models.
    #[error("cannot find out what serves the project's models")]
    Models(StepError),
    /// What the files ask for cannot be planned for what the engine has.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Steps of the plan failed.
    #[error(transparent)]
    Run(Box<RunFailure>),
    /// A question could not be asked.
    #[error(transparent)]
    Ask(#[from] io::Error),
    /// A replica that was asked for by its number is not there.
    #[error("service \"{service}\" is not running container #{number}")]
    NoReplica {
        /// Its service.
        service: ServiceName,
        /// Its number.
        number: u32,
    },
    /// No container of the service runs.
    #[error("service \"{service}\" is not running")]
    NotRunning {
        /// The service.
        service: ServiceName,
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
    /// The user said stop.
    #[error("interrupted")]
    Interrupted,
}

impl From<RunFailure> for OperationError {
    fn from(failure: RunFailure) -> Self {
        if failure.is_interruption() {
            return Self::Interrupted;
        }
        // An engine that went away is reported once, not for each step.
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
