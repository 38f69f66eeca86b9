//! What the user should know about a step, and what stops nothing, as data.

use super::StepError;
use crate::project::ServiceName;

/// Something the user should know about a step. `render::warning` has the words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepWarning {
    /// In the engine's own words.
    EngineSaid(String),
    /// A container that is waited for ends and is restarted over and over.
    KeepsExiting {
        /// Its name.
        container: String,
        /// Its latest exit status, where that is known.
        exit_code: Option<i64>,
    },
    /// A container that is waited for is paused, and does not get there by itself.
    Paused {
        /// Its name.
        container: String,
    },
    /// Hooks are not run, because their container is paused.
    HooksNotRun {
        /// The container's name.
        container: String,
        /// `pre_stop`.
        key: &'static str,
    },
    /// A hook failed before its container is removed, which keeps nothing from being done.
    HookFailed(Box<StepError>),
    /// A provider sets a variable that a dependent has of its own.
    OverriddenVariable {
        /// The service that is provided.
        provider: ServiceName,
        /// The variable's name.
        variable: String,
        /// The dependent.
        service: ServiceName,
    },
}
