//! What can go wrong at the engine, classified where the answer arrives.

/// An engine's answer that is not the one hoped for. Messages carry the engine's own words without its protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// What was asked for is not there.
    #[error("{0}")]
    NotFound(String),
    /// The name is taken, or the object is not in a state for that call.
    #[error("{0}")]
    Conflict(String),
    /// It is still in use by something else, and stays.
    #[error("{0}")]
    InUse(String),
    /// The engine refuses the request as it is.
    #[error("{0}")]
    Refused(String),
    /// The engine is too old for, or does not have, what the file asks for.
    #[error("{0}")]
    Unsupported(String),
    /// The settings that say which engine to use make no sense.
    #[error("{0}")]
    Configuration(String),
    /// No answer within the time that fits the call. The change may still happen.
    #[error("the engine did not answer within {seconds} s: {call}")]
    Timeout {
        /// What was asked.
        call: String,
        /// How long was waited.
        seconds: u64,
    },
    /// No engine answers at the address.
    #[error("cannot connect to a container engine at {address}: {cause}")]
    Unreachable {
        /// The address that was tried.
        address: String,
        /// Why, in the system's words.
        cause: String,
    },
    /// The connection was lost while the engine was answering: the cause, and what was asked. The change may still
    /// happen.
    #[error("the connection to the engine was lost: {0}")]
    Disconnected(String),
    /// A registry refused, or its credentials are missing.
    #[error("{0}")]
    Registry(String),
    /// A build failed: the message, then the log of the step that failed.
    #[error("{0}")]
    Build(String),
    /// Anything else the engine failed at.
    #[error("{0}")]
    Failed(String),
}

impl EngineError {
    /// Whether something else is at work on the same object right now, which a look at the engine does not show: a name is
    /// taken by a container that is only being made, another one is being removed.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        let Self::Conflict(words) = self else { return false };
        ["already in use by", "is ambiguous", "is already in progress", "marked for removal"]
            .iter()
            .any(|phrase| words.contains(phrase))
    }
}
