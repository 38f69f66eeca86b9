//! What was observed about a container in a failed wait.

use crate::observed::{Health, State};

/// An observation that explains a failed wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// The state of a container that is still being waited for.
    Late {
        /// Its name.
        container: String,
        /// Its state.
        state: State,
        /// Its health.
        health: Health,
    },
    /// A container whose end is being waited for still runs.
    StillRuns {
        /// Its name.
        container: String,
    },
    /// A container that is still being waited for is not ready (`x-hoist.ready`).
    NotReady {
        /// Its name.
        container: String,
        /// What was checked.
        check: String,
        /// The result of the last try.
        last: String,
    },
    /// The engine restarted the container after it had exited.
    Restarted {
        /// How many times.
        times: i64,
        /// Its latest exit status, if known.
        exit_code: Option<i64>,
    },
    /// It ran out of memory.
    OutOfMemory,
    /// What the engine reports about its exit.
    EngineSaid(String),
    /// No health check has finished yet.
    NoProbe,
    /// Its latest health check.
    Probe {
        /// The exit status.
        exit_code: i64,
        /// The last lines of its output.
        output: Vec<String>,
    },
    /// The last lines of its log.
    Log(Vec<String>),
}
