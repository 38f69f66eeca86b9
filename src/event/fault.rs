//! Why programs that hoist runs, providers and plugins, did not do what they were asked for.

use std::process::ExitStatus;

/// Why the program that provides a service did not do what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProviderFault {
    /// It could not be run, or not be read from; the system's words.
    System(String),
    /// It ended with another status than 0.
    Ended(ExitStatus),
    /// It said that it failed; its words.
    Said(String),
    /// It wrote what is no message; the beginning of that.
    InvalidResponse(String),
    /// It sent a message of that type which has no `NAME=value`.
    NoAssignment(String),
    /// It has no output.
    NoOutput,
    /// The files name `compose` as the program.
    IsCompose,
    /// What the files call it is not a name.
    InvalidName(String),
    /// The name of the service begins like a flag.
    ServiceIsFlag,
    /// There is no program of that name.
    NotFound(String),
    /// An option that it needs is not in the files.
    MissingOption {
        /// The option.
        option: String,
        /// The program.
        provider: String,
    },
}

/// Why Docker's `model` plugin did not do what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModelFault {
    /// It could not be run; the system's words.
    System(String),
    /// It ended with another status than 0.
    Ended(ExitStatus),
    /// It did not answer within so many seconds.
    NoResponse {
        /// How long was waited.
        seconds: u64,
    },
    /// It did not say where models are served.
    NoEndpoint,
    /// It would take the name of the model for a flag.
    InvalidName,
}
