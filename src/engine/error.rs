//! Errors of the engine, classified when the answer arrives.

use std::time::Duration;

use super::build_failure::BuildFailure;

/// Why a call to the engine failed. Messages are the engine's own, without protocol details.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The object does not exist.
    #[error("{0}")]
    NotFound(String),
    /// The name is taken, or the object is not in the right state for the call.
    #[error("{0}")]
    Conflict(String),
    /// The object is still in use and was not removed.
    #[error("{0}")]
    InUse(String),
    /// The engine refuses the request.
    #[error("{0}")]
    Refused(String),
    /// The engine is too old for something the file asks for, or lacks it.
    #[error("{0}")]
    Unsupported(String),
    /// The settings that select the engine are invalid.
    #[error("{0}")]
    Configuration(String),
    /// No answer within the time limit of the call. The change may still happen.
    #[error("the engine did not answer within {seconds} s: {call}")]
    Timeout {
        /// The call.
        call: String,
        /// The time limit.
        seconds: u64,
    },
    /// No engine answers at the address.
    #[error("cannot connect to a container engine at {address}: {cause}")]
    Unreachable {
        /// The address that was tried.
        address: String,
        /// Why, as the system reports it.
        cause: String,
    },
    /// The connection was lost while the engine was answering: the cause and the call. The change may still happen.
    #[error("the connection to the engine was lost: {0}")]
    Disconnected(String),
    /// A registry refused the request, or its credentials are missing.
    #[error("{0}")]
    Registry(String),
    /// A registry failed in a way that may pass: the connection broke, or it was busy.
    #[error("{words}")]
    RegistryFault {
        /// The message.
        words: String,
        /// How long the registry asks to wait before the next attempt.
        retry_after: Option<Duration>,
    },
    /// A build failed.
    #[error("{}", .0.message)]
    Build(Box<BuildFailure>),
    /// Any other failure of the engine.
    #[error("{0}")]
    Failed(String),
}

impl EngineError {
    /// If a step that creates something gets "not found", the missing object is not part of the project, such as a
    /// driver or an image in a registry. That is not a conflict: a retry would fail the same way.
    #[must_use]
    pub fn lasting(self) -> Self {
        if let Self::NotFound(words) = self { Self::Failed(words) } else { self }
    }

    /// Whether another client may be working on the same object right now, in a way that observing the engine does not
    /// show: a name is taken by a container that is still being created, or an object is being removed.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        let Self::Conflict(words) = self else { return false };
        ["already in use by", "is ambiguous", "is already in progress", "marked for removal"]
            .iter()
            .any(|phrase| words.contains(phrase))
    }
}
