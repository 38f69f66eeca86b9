//! What was seen of a container that was waited for in vain.

use crate::observed::{Health, State};

/// What explains that a wait failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// What a container that is still waited for is at.
    Late {
        /// Its name.
        container: String,
        /// Its state.
        state: State,
        /// Its health.
        health: Health,
    },
    /// The engine started the container again after it had ended.
    Restarted {
        /// How many times.
        times: i64,
        /// Its latest exit status, where that is known.
        exit_code: Option<i64>,
    },
    /// It ran out of memory.
    OutOfMemory,
    /// What the engine says about its end.
    EngineSaid(String),
    /// No health check of it has finished yet.
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
