//! What a plan comes to, replica by replica: the lines and the numbers a person reads first.

use std::collections::{BTreeMap, BTreeSet};

use super::{Action, ActionId, Effect, Plan, Repetition, Replica};

/// What a plan comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// The replicas that get a new container though they had none, with the step that says why.
    pub created: Vec<(Replica, ActionId)>,
    /// The replicas whose container is replaced, with the step that says why.
    pub recreated: Vec<(Replica, ActionId)>,
    /// The replicas whose container is started again.
    pub started: Vec<(Replica, ActionId)>,
    /// The containers that go without a successor: the steps that remove them.
    pub removed: Vec<ActionId>,
    /// The other steps that change something: pulls, builds, models, networks, volumes, providers.
    pub others: Vec<ActionId>,
    /// The same in numbers.
    pub counts: Counts,
}

/// How many of what a plan does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Images pulled.
    pub pulls: usize,
    /// Models pulled.
    pub model_pulls: usize,
    /// Images built.
    pub builds: usize,
    /// Networks made.
    pub networks_created: usize,
    /// Networks removed.
    pub networks_removed: usize,
    /// Volumes made.
    pub volumes_created: usize,
    /// Volumes removed with their data, also anonymous ones that go with their container.
    pub volumes_removed: usize,
    /// Volumes that no container uses any more, and whose data is kept.
    pub volumes_left: usize,
    /// Images removed.
    pub images_removed: usize,
    /// Replicas that get their first container.
    pub created: usize,
    /// Replicas whose container is replaced.
    pub recreated: usize,
    /// Of these, those about which the run decides.
    pub maybe_recreated: usize,
    /// Replicas whose container is started again.
    pub started: usize,
    /// Containers that go without a successor.
    pub removed: usize,
}

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

    /// What it comes to.
    #[must_use]
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others tell themselves whether they count")]
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        let mut new: BTreeMap<&Replica, ActionId> = BTreeMap::new();
        for (id, step) in self.steps() {
            match &step.action {
                Action::CreateContainer(spec) => {
                    new.insert(&spec.replica, id);
                    if spec.replaces.is_some() {
                        summary.counts.maybe_recreated += usize::from(step.guard.is_some());
                        summary.recreated.push((spec.replica.clone(), id));
                    } else {
                        summary.created.push((spec.replica.clone(), id));
                    }
                }
                Action::StartContainer { container, .. } | Action::UnpauseContainer { container }
                    if step.is_change() =>
                {
                    if let Some(replica) = container.replica.as_ref().filter(|replica| !new.contains_key(replica)) {
                        summary.started.push((replica.clone(), id));
                    }
                }
                Action::RemoveContainer { container, .. }
                    if !container.replica.as_ref().is_some_and(|replica| new.contains_key(replica)) =>
                {
                    summary.removed.push(id);
                }
                Action::RemoveContainer { .. }
                | Action::StopContainer { .. }
                | Action::RenameContainer { .. }
                | Action::DisconnectNetwork { .. }
                | Action::ConnectNetwork { .. }
                | Action::StartContainer { .. }
                | Action::UnpauseContainer { .. } => {}
                _ if step.is_change() => {
                    summary.others.push(id);
                    if let Some(tally) = step.action.describe().tally {
                        *tally(&mut summary.counts) += 1;
                    }
                }
                _ => {}
            }
        }
        let names_left: BTreeSet<_> =
            self.steps().flat_map(|(_, step)| step.volumes_left()).map(|it| &it.name).collect();
        summary.counts.volumes_left = names_left.len();
        summary.counts.volumes_removed = self.steps().map(|(_, step)| step.removed_volumes().len()).sum();
        summary.counts.created = summary.created.len();
        summary.counts.recreated = summary.recreated.len();
        summary.counts.started = summary.started.len();
        summary.counts.removed = summary.removed.len();
        summary
    }
}
