//! What a plan does though it changes nothing.

use std::collections::BTreeSet;

use super::{Effect, Plan, Repetition};

/// What a plan does though it changes nothing: what every run does again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repeated {
    /// The services whose containers ran to their end and run again.
    pub jobs: BTreeSet<String>,
    /// The services that are provided.
    pub providers: BTreeSet<String>,
    /// The models that are configured.
    pub models: BTreeSet<String>,
    /// The other services that are waited for.
    pub waits: BTreeSet<String>,
}

impl Plan {
    /// What it does though that changes nothing.
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
