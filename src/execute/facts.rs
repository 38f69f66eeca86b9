//! What a run has found out so far: containers created, images pulled or built. Guards are evaluated with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::observed::{ContainerId, ImageDigest};
use crate::plan::{Action, ActionId, ContainerRef, Deferred, Guard, Handle, Step};
use crate::project::{Service, ServiceName};

/// The deferred values of one run.
#[derive(Debug, Default)]
pub(super) struct Facts(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// The containers that steps created.
    containers: BTreeMap<ActionId, ContainerId>,
    /// The images that steps pulled or built; `None` if a step did not get one.
    images: BTreeMap<ActionId, Option<ImageDigest>>,
    /// The variables that the programs of provider services returned for their dependents.
    variables: BTreeMap<ServiceName, BTreeMap<String, String>>,
    /// The steps that failed, and those skipped because of them.
    failed: BTreeSet<ActionId>,
    /// The volumes of their predecessors that new containers no longer mount, by the steps that created these
    /// containers.
    left_out: BTreeMap<ActionId, Vec<String>>,
    /// The services whose `x-hoist.ready` was reported not to count.
    unready: BTreeSet<ServiceName>,
}

impl Facts {
    /// Records that step `id` created `container`.
    pub(super) fn made(&self, id: ActionId, container: ContainerId) {
        self.known().containers.insert(id, container);
    }

    /// Records that the container created by step `id` no longer mounts these volumes of its predecessor.
    pub(super) fn left_out(&self, id: ActionId, volumes: Vec<String>) {
        self.known().left_out.insert(id, volumes);
    }

    /// Whether it is not yet reported that the `x-hoist.ready` of a service does not count; from now on it is.
    pub(super) fn is_news_of_ready(&self, service: &ServiceName) -> bool {
        self.known().unready.insert(service.clone())
    }

    /// Whether the container created by step `id` no longer mounts a volume.
    pub(super) fn is_left_out(&self, id: ActionId, volume: &str) -> bool {
        self.known().left_out.get(&id).is_some_and(|names| names.iter().any(|name| name == volume))
    }

    /// Records that step `id` got an image, or failed to.
    pub(super) fn got_image(&self, id: ActionId, digest: Option<ImageDigest>) {
        self.known().images.insert(id, digest);
    }

    /// Records that step `id` failed, or was skipped because another one failed.
    pub(super) fn failed(&self, id: ActionId) {
        self.known().failed.insert(id);
    }

    /// Records a variable that a provider service's program returned for its dependents.
    pub(super) fn provided(&self, service: &ServiceName, name: String, value: String) {
        self.known().variables.entry(service.clone()).or_default().insert(name, value);
    }

    /// The variables that a service gets from the provider services it depends on. They are part neither of its
    /// definition nor of its hash.
    pub(super) fn variables(&self, service: &Service) -> BTreeMap<String, String> {
        let known = self.known();
        service.depends_on.keys().filter_map(|name| known.variables.get(name)).flat_map(Clone::clone).collect()
    }

    /// Records that step `id` was not needed: its result is what existed before.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others find nothing out")]
    pub(super) fn not_needed(&self, id: ActionId, step: &Step) {
        match &step.action {
            Action::CreateContainer(spec) => {
                let old = spec.replaces.as_ref().and_then(|replaced| self.container(&replaced.container));
                if let Some(old) = old {
                    self.made(id, old);
                }
            }
            Action::PullImage(_) | Action::BuildImage { .. } => {
                let digest = step.guard.as_ref().and_then(|guard| self.image_behind(guard));
                self.got_image(id, digest);
            }
            _ => {}
        }
    }

    /// The id of a container; `None` if it should have been created but was not.
    pub(super) fn container(&self, container: &ContainerRef) -> Option<ContainerId> {
        match &container.handle {
            Handle::Existing(id) => Some(id.clone()),
            Handle::Made(made) => self.known().containers.get(made).cloned(),
            Handle::MadeOr { made, otherwise } => {
                let known = self.known();
                let made_now = known.containers.get(made);
                made_now.or_else(|| (!known.failed.contains(made)).then_some(otherwise)).cloned()
            }
        }
    }

    /// The digest of an image, if known.
    pub(super) fn image(&self, digest: &Deferred<Option<ImageDigest>>) -> Option<ImageDigest> {
        match digest {
            Deferred::Known(digest) => digest.clone(),
            Deferred::From(step) => self.known().images.get(step).cloned().flatten(),
        }
    }

    /// Whether a guard allows its step; without a guard, always.
    pub(super) fn allows(&self, guard: Option<&Guard>) -> bool {
        let known = self.known();
        guard.is_none_or(|guard| known.holds(guard))
    }

    fn image_behind(&self, guard: &Guard) -> Option<ImageDigest> {
        match guard {
            Guard::ImageChanged { producer, .. } | Guard::ImageMissing { producer, .. } => {
                self.known().got(*producer).cloned()
            }
            Guard::Failed(_) => None,
            Guard::AnyOf(guards) | Guard::AllOf(guards) => guards.iter().find_map(|guard| self.image_behind(guard)),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // A panic elsewhere ends the run anyway; the data here is still consistent.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn got(&self, producer: ActionId) -> Option<&ImageDigest> {
        self.images.get(&producer).and_then(Option::as_ref)
    }

    fn holds(&self, guard: &Guard) -> bool {
        match guard {
            Guard::ImageChanged { producer, from, .. } => {
                self.got(*producer).is_some_and(|digest| from.as_ref() != Some(digest))
            }
            Guard::ImageMissing { producer, .. } => self.got(*producer).is_none(),
            Guard::Failed(steps) => steps.iter().any(|step| self.failed.contains(step)),
            Guard::AnyOf(guards) => guards.iter().any(|guard| self.holds(guard)),
            Guard::AllOf(guards) => guards.iter().all(|guard| self.holds(guard)),
        }
    }
}
