//! What the state of a container means for a wait, as far as the engine knows it.

use crate::engine::ContainerDetails;
use crate::observed::{Health, State};
use crate::plan::{WaitCondition, WaitSpec};

/// What the state of one container means for the wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Holds,
    NotYet,
    Exited(i64),
    Unhealthy,
    NoHealthcheck,
}

/// The current health. Results from before the latest start do not count, though engines go on showing them.
pub(super) fn current_health(details: &ContainerDetails) -> Health {
    let last_probe = details.probes.last().and_then(|probe| probe.started_at);
    match (details.health, last_probe, details.started_at) {
        (Health::Healthy | Health::Unhealthy, Some(probe), Some(started)) if probe < started => Health::Starting,
        (health, ..) => health,
    }
}

pub(super) fn verdict(spec: &WaitSpec, details: &ContainerDetails) -> Verdict {
    let condition = spec.condition;
    if matches!(details.state, State::Exited | State::Dead) {
        let code = details.exit_code.unwrap_or_default();
        let holds =
            code == 0 && matches!(condition, WaitCondition::CompletedSuccessfully | WaitCondition::RunningOrCompleted);
        return if holds { Verdict::Holds } else { Verdict::Exited(code) };
    }
    let checked = match condition {
        WaitCondition::CompletedSuccessfully => return Verdict::NotYet,
        WaitCondition::Healthy => true,
        WaitCondition::RunningOrHealthy | WaitCondition::RunningOrCompleted => details.has_healthcheck,
    };
    match (details.state, details.health) {
        (_, _) if is_probed(spec, details) => Verdict::NotYet,
        (_, _) if checked && !details.has_healthcheck => Verdict::NoHealthcheck,
        (State::Running, Health::Unhealthy) if checked => Verdict::Unhealthy,
        (State::Running, Health::Healthy) => Verdict::Holds,
        (State::Running, _) if !checked => Verdict::Holds,
        _ => Verdict::NotYet,
    }
}

/// Whether running is the only sign that the container is ready.
pub(super) fn runs_only(spec: &WaitSpec, details: &ContainerDetails) -> bool {
    matches!(spec.condition, WaitCondition::RunningOrHealthy | WaitCondition::RunningOrCompleted)
        && spec.ready.is_none()
        && details.state == State::Running
        && !details.has_healthcheck
}

/// Whether hoist itself checks if the container is ready: it has no healthcheck, and the files say how to check it.
pub(super) fn is_probed(spec: &WaitSpec, details: &ContainerDetails) -> bool {
    spec.ready.is_some() && !details.has_healthcheck
}
