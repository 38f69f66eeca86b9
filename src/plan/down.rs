//! `down`: removes containers, dependents first, then networks and, if requested, volumes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::decide::{order, orphan, volume};
use super::{
    Action, ActionId, AnonymousVolumes, ContainerRef, ContainerSpec, Deferred, DownImages, DownOptions, DownVolumes,
    Handle, Orphans, Plan, PlanBuilder, ProjectSource, ProviderVerb, Reason, Replica, Step, Warning, auto_removed,
    unused,
};
use crate::observed::{Container, Observed};
use crate::project::{NetworkKey, Project, Service, ServiceName, VolumeKey};

/// The plan to take a project down. Unknown services in [`DownOptions::services`] are ignored; external networks and
/// volumes are never touched.
#[must_use]
pub fn down(target: &ProjectSource, observed: &Observed, options: &DownOptions) -> Plan {
    let project = target.project(observed);
    let mut down = Down {
        source: target,
        project: &project,
        observed,
        options,
        builder: PlanBuilder::default(),
        removed: Vec::new(),
        warnings: Vec::new(),
    };
    let services = down.services();
    down.auto_removed_first(&services);
    down.take_down(&services);
    down.orphans();
    down.hook_containers(&services);
    down.networks();
    if options.volumes == DownVolumes::Remove {
        down.volumes();
    }
    down.images(&services);
    let profiles_off = down.profiles_off();
    let mut warnings = down.warnings;
    let mut plan = down.builder.build();
    unused::mark(&mut plan, &project, observed);
    if options.volumes == DownVolumes::Keep {
        warnings.extend(volumes_of_auto_removed(&plan));
    }
    if plan.is_empty() && warnings.is_empty() {
        warnings.push(Warning::NothingToRemove(project.name.clone()));
    }
    warnings.extend(profiles_off);
    plan.with_warnings(warnings)
}

/// Warns of volumes that the engine removes although that was not requested.
fn volumes_of_auto_removed(plan: &Plan) -> Vec<Warning> {
    let removals = plan.steps().filter_map(|(_, step)| {
        let container = step.action.container()?;
        let volumes: Vec<_> = step.removed_volumes().into_iter().map(str::to_owned).collect();
        (!volumes.is_empty()).then(|| Warning::GoesWithContainer { container: container.name.clone(), volumes })
    });
    removals.collect()
}

/// Whether `run` created a container.
fn is_one_off(container: &Container) -> bool {
    container.one_off && !container.hook && container.config_hash.is_some()
}

struct Down<'a> {
    source: &'a ProjectSource,
    project: &'a Arc<Project>,
    observed: &'a Observed,
    options: &'a DownOptions,
    builder: PlanBuilder,
    /// The containers to remove, and the steps that remove them.
    removed: Vec<(&'a Container, ActionId)>,
    warnings: Vec<Warning>,
}

impl<'a> Down<'a> {
    /// The services to take down: all, or those named; without files, where nothing else is known of them, what depends
    /// on these too, as in Docker Compose.
    fn services(&self) -> BTreeSet<&'a ServiceName> {
        let all = self.project.services.keys();
        if self.options.services.is_empty() {
            return all.collect();
        }
        if self.source.is_files() {
            return all.filter(|name| self.options.services.contains(name)).collect();
        }
        let chosen = order::with_dependents(self.project, &self.options.services);
        all.filter(|name| chosen.contains(*name)).collect()
    }

    /// Removes one-offs that the engine itself removes together with volumes that only they would still mount: before
    /// the containers that they share volumes with, and without waiting for any.
    fn auto_removed_first(&mut self, services: &BTreeSet<&'a ServiceName>) {
        if self.options.orphans != Orphans::Remove {
            return;
        }
        let goes = |container: &Container| {
            container.service.as_ref().is_some_and(|service| services.contains(service)) || self.is_orphan(container)
        };
        let one_offs = self.observed.containers.iter().filter(|container| is_one_off(container) && goes(container));
        let mut first: Vec<_> = one_offs.filter(|container| self.shares_as_auto_removed(container)).collect();
        first.sort_by(|a, b| a.name.cmp(&b.name));
        for container in first {
            self.remove(container, None, &orphan::reason(container), &[]);
        }
    }

    /// Stops and removes the containers of services, each service after all that depend on it.
    fn take_down(&mut self, services: &BTreeSet<&'a ServiceName>) {
        let mut done: BTreeMap<&ServiceName, Vec<ActionId>> = BTreeMap::new();
        let dependents = order::dependents(self.project);
        for name in dependents_first(self.project) {
            let dependents = dependents.get(name).into_iter().flatten();
            let before: Vec<_> = dependents.filter_map(|(other, _)| done.get(*other)).flatten().copied().collect();
            let mut steps = if services.contains(name) { self.service(name, &before) } else { Vec::new() };
            if steps.is_empty() {
                steps = before;
            }
            done.insert(name, steps);
        }
    }

    fn service(&mut self, name: &'a ServiceName, before: &[ActionId]) -> Vec<ActionId> {
        if self.project.services.get(name).is_some_and(|service| service.provider.is_some()) {
            let action =
                Action::RunProvider { project: self.project.clone(), service: name.clone(), verb: ProviderVerb::Down };
            return vec![self.add(action, Reason::Down, before)];
        }
        let one_offs = self.options.orphans == Orphans::Remove;
        let containers = self.observed.containers.iter().filter(|container| {
            (container.is_replica() || (one_offs && is_one_off(container))) && container.service.as_ref() == Some(name)
        });
        let mut containers: Vec<_> = containers.collect();
        containers.sort_by_key(|container| (container.one_off, container.number, &container.name));
        containers
            .into_iter()
            .map(|container| {
                if let Some(step) = self.removal_of(container) {
                    return step;
                }
                if container.one_off {
                    return self.remove(container, None, &orphan::reason(container), before);
                }
                let replica = container.number.map(|number| Replica { service: name.clone(), number });
                self.remove(container, replica, &Reason::Down, before)
            })
            .collect()
    }

    /// Removes orphans; one-offs of services that are not in the files count as such even while they run.
    fn orphans(&mut self) {
        if self.options.orphans != Orphans::Remove {
            return;
        }
        let removed: BTreeSet<_> = self.removed.iter().map(|(container, _)| &container.id).collect();
        let containers = self.observed.containers.iter().filter(|container| self.is_orphan(container));
        let mut orphans: Vec<_> = containers.filter(|container| !removed.contains(&container.id)).collect();
        orphans.sort_by(|a, b| a.name.cmp(&b.name));
        for container in orphans {
            self.remove(container, None, &orphan::reason(container), &[]);
        }
    }

    fn is_orphan(&self, container: &Container) -> bool {
        let known = container.service.as_ref().is_some_and(|service| self.project.is_known(service.as_str()));
        orphan::is_orphan(self.project, container) || (is_one_off(container) && !known)
    }

    /// Whether only `--remove-orphans` removes a container, not a plain `down`.
    fn is_left_without_remove_orphans(&self, container: &Container) -> bool {
        let acted_on = |service: &ServiceName| self.project.services.contains_key(service);
        self.is_orphan(container) || (is_one_off(container) && container.service.as_ref().is_some_and(acted_on))
    }

    /// The warning about containers that stay because their profiles are inactive; not needed if the user names
    /// services.
    fn profiles_off(&self) -> Option<Warning> {
        let replicas = self.observed.containers.iter().filter(|container| container.is_replica());
        let left = replicas.filter_map(|container| {
            let service = self.project.disabled.get(container.service.as_ref()?)?;
            Some((container.name.clone(), &service.profiles))
        });
        let mut left: Vec<_> = left.collect();
        if left.is_empty() || !self.options.services.is_empty() {
            return None;
        }
        // Services with a single profile first: it may enable others as well.
        left.sort_by_key(|(name, profiles)| (profiles.len(), name.clone()));
        let mut profiles: Vec<String> = Vec::new();
        for (_, needed) in &left {
            if !needed.iter().any(|profile| profiles.contains(profile)) {
                profiles.extend(needed.first().cloned());
            }
        }
        profiles.sort();
        let mut containers: Vec<_> = left.into_iter().map(|(name, _)| name).collect();
        containers.sort();
        Some(Warning::ProfilesOff { containers, profiles })
    }

    /// Removes hook containers.
    fn hook_containers(&mut self, services: &BTreeSet<&'a ServiceName>) {
        let hooks = self.observed.containers.iter().filter(|container| container.hook);
        for container in hooks {
            let chosen = container.service.as_ref().is_some_and(|service| services.contains(service));
            if chosen || self.options.services.is_empty() {
                let handle = container_ref(container, None);
                let action = Action::remove_container(handle, self.anonymous_volumes());
                let after = self.volume_sharers_before(container);
                let step = self.add(action, Reason::Down, &after);
                self.removed.push((container, step));
            }
        }
    }

    fn remove(
        &mut self,
        container: &'a Container,
        replica: Option<Replica>,
        reason: &Reason,
        before: &[ActionId],
    ) -> ActionId {
        let spec = replica.as_ref().and_then(|replica| existing_spec(self.project, container, replica));
        let handle = container_ref(container, replica);
        let mut after = before.to_vec();
        if container.is_up() {
            let action = Action::StopContainer { container: handle.clone(), spec, timeout: self.options.timeout };
            after = vec![self.add(action, reason.clone(), before)];
        }
        after.extend(self.volume_sharers_before(container));
        let volumes = if auto_removed::is_auto_removed(self.observed, container) {
            AnonymousVolumes::Remove
        } else {
            self.anonymous_volumes()
        };
        let step = self.add(Action::remove_container(handle, volumes), reason.clone(), &after);
        self.removed.push((container, step));
        step
    }

    fn shares_as_auto_removed(&self, container: &Container) -> bool {
        let lasting = |other: &&Container| !auto_removed::is_auto_removed(self.observed, other);
        auto_removed::is_auto_removed(self.observed, container)
            && self.observed.containers.iter().filter(lasting).any(|it| auto_removed::share_a_volume(container, it))
    }

    /// The steps that a removal must follow because of the volumes that the container shares.
    fn volume_sharers_before(&self, container: &Container) -> Vec<ActionId> {
        if auto_removed::is_auto_removed(self.observed, container) {
            return Vec::new();
        }
        let earlier = self.removed.iter().filter(|(other, _)| {
            auto_removed::is_auto_removed(self.observed, other) && auto_removed::share_a_volume(container, other)
        });
        earlier.map(|(_, step)| *step).collect()
    }

    fn removal_of(&self, container: &Container) -> Option<ActionId> {
        self.removed.iter().find(|(removed, _)| removed.id == container.id).map(|(_, step)| *step)
    }

    /// What happens to the anonymous volumes of removed containers.
    fn anonymous_volumes(&self) -> AnonymousVolumes {
        match self.options.volumes {
            DownVolumes::Keep => AnonymousVolumes::Keep,
            DownVolumes::Remove => AnonymousVolumes::Remove,
        }
    }

    /// Removes the project's networks once none of its containers is connected. A network used by a container that
    /// keeps running stays: not every engine refuses to remove it.
    fn networks(&mut self) {
        let ours = Some(self.project.name.as_str());
        for (key, network) in self.project.networks.iter().filter(|(_, network)| !network.external) {
            let live = self.observed.networks_of(key);
            for live in live.filter(|live| live.name == network.name && live.project.as_deref() == ours) {
                if !self.is_network_meant(key, &live.name) {
                    continue;
                }
                let in_use = self.left_running(&live.name);
                if !in_use.is_empty() {
                    // If only some services are taken down, it is obvious that others need it.
                    if self.options.services.is_empty() {
                        let orphans = in_use.iter().any(|container| self.is_left_without_remove_orphans(container));
                        let containers = in_use.iter().map(|container| container.name.clone()).collect();
                        self.warnings.push(Warning::NetworkInUse { name: live.name.clone(), containers, orphans });
                    }
                    continue;
                }
                let users = self.removed.iter().filter(|(container, _)| {
                    container.networks.is_empty() || container.networks.contains_key(&live.name)
                });
                let after: Vec<_> = users.map(|(_, step)| *step).collect();
                let action = Action::RemoveNetwork { id: live.id.clone(), name: live.name.clone() };
                self.add(action, Reason::Down, &after);
            }
        }
    }

    /// Whether a network is one of those to remove: if services are named, only one that they are on.
    fn is_network_meant(&self, key: &NetworkKey, name: &str) -> bool {
        let is_on = |service: &Service| service.networks.contains_key(key);
        self.options.services.is_empty()
            || self.named().any(is_on)
            || self.removed.iter().any(|(container, _)| container.networks.contains_key(name))
    }

    /// Whether a volume is one of those to remove: if services are named, only one that they mount and no other does. What
    /// others keep there is still theirs, even if they have no container now.
    fn is_volume_meant(&mut self, key: &VolumeKey, name: &str) -> bool {
        if self.options.services.is_empty() {
            return true;
        }
        let project = self.project;
        let mounts = |service: &&Service| volume::mounted(project, service).any(|mounted| mounted == key);
        let mounted = |container: &Container| container.mounts.iter().any(|mount| mount.name.as_deref() == Some(name));
        if !self.named().any(|service| mounts(&service)) && !self.removed.iter().any(|(it, _)| mounted(it)) {
            return false;
        }
        let all = project.services.values().chain(project.disabled.values());
        let others = all.filter(|service| !self.options.services.contains(&service.name)).filter(mounts);
        let others: Vec<_> = others.map(|service| format!("service {}", service.name)).collect();
        if others.is_empty() {
            return true;
        }
        self.warnings.push(Warning::VolumeInUse { name: name.to_owned(), containers: others });
        false
    }

    /// The services that were named.
    fn named(&self) -> impl Iterator<Item = &'a Service> {
        self.options.services.iter().filter_map(|name| self.project.services.get(name))
    }

    /// The running containers connected to a network that are not removed.
    fn left_running(&self, network: &str) -> Vec<&'a Container> {
        self.left(|container| container.is_up() && container.networks.contains_key(network))
    }

    /// The containers that mount a volume and are not removed. Engines keep it for stopped ones too.
    fn left_mounting(&self, volume: &str) -> Vec<&'a Container> {
        self.left(|container| container.mounts.iter().any(|mount| mount.name.as_deref() == Some(volume)))
    }

    /// The containers that are not removed and for which `uses` holds, by name.
    fn left(&self, uses: impl Fn(&Container) -> bool) -> Vec<&'a Container> {
        let removed: BTreeSet<_> = self.removed.iter().map(|(container, _)| &container.id).collect();
        let left = self.observed.containers.iter().filter(|it| uses(it) && !removed.contains(&it.id));
        let mut left: Vec<_> = left.collect();
        left.sort_by(|a, b| a.name.cmp(&b.name));
        left
    }

    /// Removes the project's volumes, and those that its containers carried over from their predecessors.
    fn volumes(&mut self) {
        let mut names = BTreeSet::new();
        for (key, volume) in self.project.volumes.iter().filter(|(_, volume)| !volume.external) {
            let Some(live) = self.observed.volume_named(&volume.name) else { continue };
            if !self.is_volume_meant(key, &live.name) {
                continue;
            }
            match &live.project {
                Some(owner) if owner != self.project.name.as_str() => {
                    self.warnings.push(Warning::ForeignVolumeKept { name: live.name.clone(), owner: owner.clone() });
                }
                _ => {
                    names.insert(live.name.as_str());
                }
            }
        }
        names.extend(self.removed.iter().flat_map(|(container, _)| volume::carried_over(self.project, container)));
        for name in names {
            let in_use = self.left_mounting(name);
            if !in_use.is_empty() {
                let containers = in_use.iter().map(|container| container.name.clone()).collect();
                self.warnings.push(Warning::VolumeInUse { name: name.to_owned(), containers });
                continue;
            }
            let users = self
                .removed
                .iter()
                .filter(|(container, _)| container.mounts.iter().any(|mount| mount.name.as_deref() == Some(name)));
            let after: Vec<_> = users.map(|(_, step)| *step).collect();
            self.add(Action::RemoveVolume { name: name.to_owned() }, Reason::VolumesAsked, &after);
        }
    }

    /// Removes the existing images among [`removable_images`].
    fn images(&mut self, services: &BTreeSet<&'a ServiceName>) {
        let after: Vec<_> = self.removed.iter().map(|(_, step)| *step).collect();
        for reference in images_of(self.project, services, self.options.images) {
            if self.observed.images.contains_key(&(reference.clone(), None)) {
                self.add(Action::RemoveImage { reference }, Reason::ImagesAsked, &after);
            }
        }
        if self.options.images != DownImages::Keep {
            self.nameless_images(&after);
        }
    }

    /// Removes images that have lost their name to a newer build, unless a container that stays needs them.
    fn nameless_images(&mut self, after: &[ActionId]) {
        let removed: BTreeSet<_> = self.removed.iter().map(|(container, _)| &container.id).collect();
        let stay = self.observed.containers.iter().filter(|container| !removed.contains(&container.id));
        let needed: BTreeSet<_> =
            stay.flat_map(|container| container.image_id.iter().chain(&container.image_digest)).collect();
        for image in self.observed.nameless_images.iter().filter(|image| !needed.contains(image)) {
            self.add(Action::RemoveImage { reference: image.to_string() }, Reason::NameLost, after);
        }
    }

    fn add(&mut self, action: Action, reason: Reason, after: &[ActionId]) -> ActionId {
        self.builder.add(Step { action, reason, guard: None }, after.iter().copied())
    }
}

/// The images that taking a project down may remove, for [`crate::engine::ObserveQuery::images`].
#[must_use]
pub fn removable_images(project: &Project, images: DownImages) -> Vec<String> {
    images_of(project, &project.services.keys().collect(), images).into_iter().collect()
}

fn images_of(project: &Project, services: &BTreeSet<&ServiceName>, images: DownImages) -> BTreeSet<String> {
    let chosen = project.services.values().filter(|service| services.contains(&service.name));
    let chosen = chosen.filter(|service| service.provider.is_none());
    let is_removed = |service: &Service| {
        let own_name = project.image_name(&Service { image: None, ..Service::new(service.name.clone()) });
        match images {
            DownImages::Keep => false,
            // In a project known only from labels, every service has an image name.
            DownImages::Local => service.image.as_ref().is_none_or(|image| *image == own_name),
            DownImages::All => true,
        }
    };
    chosen.filter(|service| is_removed(service)).map(|service| project.image_name(service)).collect()
}

pub(super) fn container_ref(container: &Container, replica: Option<Replica>) -> ContainerRef {
    ContainerRef { replica, name: container.name.clone(), handle: Handle::Existing(container.id.clone()) }
}

/// The specification of an existing container, for the hooks that run before it stops.
pub(super) fn existing_spec(
    project: &Arc<Project>,
    container: &Container,
    replica: &Replica,
) -> Option<Arc<ContainerSpec>> {
    let service = project.services.get(&replica.service)?;
    let image_digest = Deferred::Known(container.image_digest.clone());
    let image = project.image_name(service);
    let spec = ContainerSpec::new(project.clone(), replica.clone(), container.name.clone(), image);
    Some(Arc::new(ContainerSpec { image_digest, ..spec }))
}

/// All services, each after its dependents. Services in a cycle, which labels from older files may contain, come in an
/// arbitrary order.
pub(super) fn dependents_first(project: &Project) -> Vec<&ServiceName> {
    let (mut seen, mut order) = (BTreeSet::new(), Vec::new());
    // An explicit stack: a long chain of services must not cause a stack overflow.
    let mut way = Vec::new();
    for (name, service) in &project.services {
        if seen.insert(name) {
            way.push((name, service.depends_on.keys()));
        }
        while let Some((name, needs)) = way.last_mut() {
            let Some(need) = needs.next() else {
                order.push(*name);
                way.pop();
                continue;
            };
            if let Some((need, service)) = project.services.get_key_value(need)
                && seen.insert(need)
            {
                way.push((need, service.depends_on.keys()));
            }
        }
    }
    order.reverse();
    order
}
