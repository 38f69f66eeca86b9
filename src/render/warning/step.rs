//! A warning of a step in, its text out.

use crate::event::{StepError, StepWarning};
use crate::project::ServiceName;
use crate::render::failure;

/// The message.
#[must_use]
pub fn message(warning: &StepWarning) -> String {
    match warning {
        StepWarning::EngineSaid(words) => words.clone(),
        StepWarning::KeepsExiting { container, exit_code } => {
            let status = exit_code.map(|code| format!(" (last exit status {code})")).unwrap_or_default();
            format!("container {container} keeps exiting and being restarted{status}")
        }
        StepWarning::Paused { container } => failure::paused(container),
        StepWarning::ReadyIgnored { service } => {
            format!("the image of service `{service}` has a healthcheck, so its `x-hoist.ready` is ignored")
        }
        StepWarning::HooksNotRun { container, key } => format!("{container} is paused, so its {key} hooks do not run"),
        StepWarning::HookFailed(error) => hook_failed(error),
        StepWarning::OverriddenVariable { provider, variable, service } => {
            format!("provider \"{provider}\" overrides environment variable \"{variable}\" in service \"{service}\"")
        }
    }
}

fn hook_failed(error: &StepError) -> String {
    let hint = failure::hint(error).map(|hint| format!(" ({hint})")).unwrap_or_default();
    let lines = match &failure::explanation(error)[..] {
        [] => String::new(),
        lines => format!(": {}", lines.join("; ")),
    };
    format!("{}{lines}{hint}; the container is still stopped and removed", failure::message(error))
}

/// Why dependents of `service` went on without it: `error`, or a failed step before the wait. The messages are those of
/// Docker Compose.
#[must_use]
pub fn optional_not_met(service: &ServiceName, error: Option<&StepError>) -> String {
    let what = match error {
        Some(StepError::NotSuccessful { exit_code, .. }) => {
            format!("didn't complete successfully: exit {exit_code}")
        }
        Some(StepError::Exited { .. } | StepError::Unhealthy { .. }) => "is not running or is unhealthy".to_owned(),
        Some(StepError::NoHealthcheck { container, .. }) => {
            format!("failed to start: container {container} has no healthcheck configured")
        }
        _ => "failed to start".to_owned(),
    };
    format!("optional dependency \"{service}\" {what}")
}
