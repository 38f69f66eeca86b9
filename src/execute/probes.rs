//! Tells when the engine ran the health tests of containers that were waited for: a step that waited in, facts out. It
//! holds nothing up.

use std::time::Duration;

use futures::future::join_all;
use tokio::task::JoinSet;

use super::step::StepContext;
use crate::engine::{ContainerDetails, Engine, Probe, ProbeTiming};
use crate::event::{Fact, ProbeRun};
use crate::observed::ContainerId;
use crate::plan::{Action, ActionId, ContainerRef, WaitCondition};

/// A wait that is shorter than this was not slow because of its probes.
const WORTH_A_LOOK: Duration = Duration::from_secs(1);
/// How long the end of a run may be put off by looks that have not ended.
const PATIENCE: Duration = Duration::from_millis(500);

/// Whether step `id` was a wait for health that took long enough to ask what it was made of.
pub(super) fn are_of_interest<E>(context: &StepContext<E>, id: ActionId, elapsed: Duration) -> bool {
    let Action::Wait(spec) = &context.plan.step(id).action else { return false };
    spec.condition != WaitCondition::CompletedSuccessfully && elapsed >= WORTH_A_LOOK && !context.cancel.is_cancelled()
}

/// Sends the probes of the containers that step `id` waited for. What cannot be read is left out.
pub(super) async fn look<E: Engine>(context: &StepContext<E>, id: ActionId) {
    let Action::Wait(spec) = &context.plan.step(id).action else { return };
    let there = |container: &ContainerRef| Some((container.name.clone(), context.facts.container(container)?));
    let looks = spec.containers.iter().filter_map(there).map(async |(name, container): (String, ContainerId)| {
        let details = context.engine.inspect_container(container).await.ok()?;
        let timing = details.health_test.as_ref()?.timing;
        Some((name, runs(&details), timing))
    });
    let found: Vec<Option<(String, Vec<ProbeRun>, ProbeTiming)>> = join_all(looks).await;
    for (container, runs, timing) in found.into_iter().flatten() {
        if !runs.is_empty() {
            context.events.send(Fact::Probed { id, container, runs, timing });
        }
    }
}

/// Waits until the looks have ended, but not for long.
pub(super) async fn all_seen(looks: &mut JoinSet<()>) {
    let all = async { while looks.join_next().await.is_some() {} };
    // What is not known by then is not told.
    let _ = tokio::time::timeout(PATIENCE, all).await;
    looks.shutdown().await;
}

/// The probes since its latest start.
fn runs(details: &ContainerDetails) -> Vec<ProbeRun> {
    let Some(start) = details.started_at else { return Vec::new() };
    let since = |at: i128| u64::try_from(at - start).ok().map(Duration::from_nanos);
    let run = |probe: &Probe| {
        let (began, ended) = (since(probe.started_at?)?, since(probe.ended_at?)?);
        (began <= ended).then_some(ProbeRun { began, ended, passed: probe.exit_code == 0 })
    };
    details.probes.iter().filter_map(run).collect()
}
