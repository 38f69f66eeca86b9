//! Warnings about steps, as data.

use super::StepError;
use crate::project::ServiceName;

/// A warning about a step. `render::warning` turns it into text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepWarning {
    /// A warning from the engine, in its own words.
    EngineSaid(String),
    /// A container being waited for keeps exiting and being restarted.
    KeepsExiting {
        /// Its name.
        container: String,
        /// Its latest exit status, if known.
        exit_code: Option<i64>,
    },
    /// A container being waited for is paused, and cannot get there by itself.
    Paused {
        /// Its name.
        container: String,
    },
    /// The image of a service has a healthcheck, so its `x-hoist.ready` does not count.
    ReadyIgnored {
        /// The service.
        service: ServiceName,
    },
    /// Hooks are not run, because their container is paused.
    HooksNotRun {
        /// The container's name.
        container: String,
        /// `pre_stop`.
        key: &'static str,
    },
    /// A hook failed before its container is removed; the run goes on.
    HookFailed(Box<StepError>),
    /// A provider sets a variable that a dependent defines itself.
    OverriddenVariable {
        /// The provider service.
        provider: ServiceName,
        /// The variable's name.
        variable: String,
        /// The dependent.
        service: ServiceName,
    },
}
