//! Why programs that hoist runs, providers and plugins, failed.

use std::process::ExitStatus;

/// Why the program that provides a service failed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProviderFault {
    /// It could not be run or read from; the system's message.
    System(String),
    /// It exited with a non-zero status.
    Ended(ExitStatus),
    /// It reported a failure; its message.
    Said(String),
    /// It wrote something that is not a message; the beginning of that.
    InvalidResponse(String),
    /// It sent a message of this type without `NAME=value`.
    NoAssignment(String),
    /// It has no output.
    NoOutput,
    /// The files name `compose` as the program.
    IsCompose,
    /// Its `type` in the files is not a valid name.
    InvalidName(String),
    /// The name of the service would be read as a flag.
    ServiceIsFlag,
    /// There is no program with this name.
    NotFound(String),
    /// A required option is missing in the files.
    MissingOption {
        /// The option.
        option: String,
        /// The program.
        provider: String,
    },
}

/// Why Docker's `model` plugin failed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModelFault {
    /// It could not be run; the system's message.
    System(String),
    /// It exited with a non-zero status.
    Ended(ExitStatus),
    /// It did not answer in time.
    NoResponse {
        /// The time limit.
        seconds: u64,
    },
    /// It did not report its endpoint.
    NoEndpoint,
    /// It would read the name of the model as a flag.
    InvalidName,
}
