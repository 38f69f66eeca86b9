//! What was left out because the user detached: a plan and its outcome in, one sentence out.

use std::collections::BTreeSet;

use crate::event::RunOutcome;
use crate::plan::{Action, Plan};
use crate::project::ServiceName;

/// Names the services that were not started, and what they were waiting for; `None` if nothing was left out.
#[must_use]
pub fn message(plan: &Plan, outcome: &RunOutcome) -> Option<String> {
    let skipped = outcome.skipped.iter().filter(|(_, cause)| outcome.abandoned.contains(*cause));
    let left_out: BTreeSet<&ServiceName> = skipped
        .filter_map(|(step, _)| {
            let Action::StartContainer { container, .. } = &plan.step(*step).action else { return None };
            Some(&container.replica.as_ref()?.service)
        })
        .collect();
    let awaited = outcome.abandoned.iter().filter_map(|step| {
        let Action::Wait(spec) = &plan.step(*step).action else { return None };
        Some(&spec.service)
    });
    let awaited: BTreeSet<&ServiceName> = awaited.collect();
    if left_out.is_empty() {
        return None;
    }
    let names = |services: BTreeSet<&ServiceName>| {
        services.iter().map(|service| format!("\"{service}\"")).collect::<Vec<_>>().join(", ")
    };
    let (verb, wait) = if left_out.len() == 1 { ("was", "it waits") } else { ("were", "they wait") };
    let (left_out, awaited) = (names(left_out), names(awaited));
    Some(format!(
        "{left_out} {verb} not started, because {wait} for {awaited}; `hoist up -d` waits and starts the rest"
    ))
}
