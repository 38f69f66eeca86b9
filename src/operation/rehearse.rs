//! A dry run: what carrying a plan out would say, without the engine.

use std::collections::BTreeSet;
use std::time::Duration;

use super::converge::{Change, Prepared};
use crate::engine::{BuildFailure, look_for_build_files};
use crate::event::{EventReceiver, Events, Fact, Outcome, RunFailure, RunOutcome, StepError};
use crate::execute::refusal;
use crate::plan::Action;

/// The events of a run in which every step succeeds at once. Steps whose need only the run would find out are left out.
#[must_use]
pub fn rehearse(change: &impl Change, prepared: &Prepared) -> EventReceiver {
    let (events, received) = Events::channel();
    prepared.announce(change, &events);
    let plan = &prepared.plan;
    let mut left: Vec<_> = plan.steps().collect();
    let mut done = BTreeSet::new();
    while !left.is_empty() {
        // Each step comes after those that it waits for; among these, in the order of the plan.
        let ready = left.iter().position(|(id, _)| plan.before(*id).all(|(before, _)| done.contains(&before)));
        let (id, step) = left.remove(ready.unwrap_or_default());
        done.insert(id);
        if step.guard.is_some() {
            events.send(Fact::NotNeeded { id });
            continue;
        }
        events.send(Fact::Started { id });
        events.send(Fact::Finished { id, elapsed: Duration::ZERO, outcome: Outcome::Done });
    }
    events.send(Fact::Ended);
    received
}

/// Looks for the local files of the builds, as carrying the plan out would.
///
/// # Errors
///
/// That of the run, if a context or a Dockerfile is missing.
pub fn look_for_files(prepared: &Prepared) -> Result<(), Box<RunFailure>> {
    let mut outcome = RunOutcome::default();
    for (id, step) in prepared.plan.steps().filter(|(_, step)| step.guard.is_none()) {
        let Action::BuildImage { spec, .. } = &step.action else { continue };
        if let Err(missing) = look_for_build_files(spec) {
            let failure = Box::new(BuildFailure::from(missing.to_string()));
            let error = StepError::Build { service: spec.service.clone(), failure };
            outcome.fail(id, refusal::explained(error, &step.action));
        }
    }
    outcome.into_result(&prepared.plan).map_err(Box::new)
}
