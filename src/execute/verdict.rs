//! What the state of a container means for a wait, as far as the engine knows it.

use std::time::{Duration, SystemTime};

use crate::engine::ContainerDetails;
use crate::observed::{Health, State};
use crate::plan::{WaitCondition, WaitSpec};

/// How long a container without a healthcheck must have been running before it counts as running: a program that cannot
/// start its work exits immediately.
pub(super) const SETTLING: Duration = Duration::from_millis(500);
/// A container that has been running for this long need not be watched. Engines record the start time before the
/// program starts; on a busy machine the difference can exceed the time a program takes to fail.
const SETTLED: Duration = Duration::from_secs(5);

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

/// Whether a container has been running for so long that it will not exit soon; `is_new` if this run has started it.
pub(super) fn has_settled(is_new: bool, details: &ContainerDetails) -> bool {
    !is_new && running_for(details) >= SETTLED
}

/// How long a container has been running, by the engine's clock and this machine's; zero if they disagree.
fn running_for(details: &ContainerDetails) -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let started = details.started_at.and_then(|started| u64::try_from(started).ok()).map(Duration::from_nanos);
    started.map_or(Duration::ZERO, |started| now.saturating_sub(started))
}
