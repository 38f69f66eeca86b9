//! The steps of a plan that are not changes.

use std::collections::BTreeSet;

use super::{Effect, Plan, Repetition};

/// The steps of a plan that are not changes, because every run repeats them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repeated {
    /// The services that are completed jobs, which run again.
    pub jobs: BTreeSet<String>,
    /// The services whose providers are called.
    pub providers: BTreeSet<String>,
    /// The models that are configured.
    pub models: BTreeSet<String>,
    /// The other services being waited for.
    pub waits: BTreeSet<String>,
}

impl Plan {
    /// The steps that are not changes.
    #[must_use]
    pub fn repeated(&self) -> Repeated {
        let mut repeated = Repeated::default();
        for (_, step) in self.steps() {
            let Effect::Repeated(repetition) = step.effect() else { continue };
            let names = match repetition {
                Repetition::Job => &mut repeated.jobs,
                Repetition::Provider => &mut repeated.providers,
                Repetition::Model => &mut repeated.models,
                Repetition::Wait => &mut repeated.waits,
            };
            names.insert(step.action.service().map_or_else(|| step.action.object(), ToString::to_string));
        }
        repeated.waits.retain(|service| !repeated.jobs.contains(service));
        repeated
    }
}
