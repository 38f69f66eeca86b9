//! A dry run for programs: the events that carrying a plan out would send, without the engine.

use std::collections::BTreeSet;
use std::time::Duration;

use super::converge::{Change, Prepared};
use crate::event::{EventReceiver, Events, Fact, Outcome};

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
