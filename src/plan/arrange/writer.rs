//! The steps of `up` and what comes before what: what all parts of it share.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::observed::{Container, ContainerId};
use crate::plan::decide::conflicts;
use crate::plan::decide::container::{self, Change, Decision, Removal, Resources, Slot};
use crate::plan::decide::content;
use crate::plan::decide::order;
use crate::plan::decide::orphan;
use crate::plan::decide::volume::{self, VolumeChange};
use crate::plan::decide::when::When;
use crate::plan::inputs::Inputs;
use crate::plan::{
    Action, ActionId, AnonymousVolumePolicy, AnonymousVolumes, ContainerRef, ContainerSpec, Edge, Handle, Plan,
    PlanBuilder, Reason, Replaced, Replica, Step, WaitCondition, Warning, unused,
};
use crate::project::{NetworkKey, Service, ServiceName, VolumeKey};

/// Collects the steps of `up`.
pub(in crate::plan) struct PlanWriter<'a, 'b> {
    pub(in crate::plan) cx: Inputs<'a>,
    pub(in crate::plan) resources: &'b Resources<'a>,
    pub(in crate::plan) fates: &'b BTreeMap<&'a ServiceName, Decision<'a>>,
    pub(in crate::plan) dependents: BTreeMap<&'a ServiceName, Vec<(&'a ServiceName, &'a crate::project::Dependency)>>,
    pub(in crate::plan) builder: PlanBuilder,
    /// The steps that make networks.
    pub(in crate::plan) network_steps: BTreeMap<&'a NetworkKey, ActionId>,
    /// The containers that have to be removed before those steps remove their networks.
    pub(in crate::plan) network_removes: Vec<(&'a ContainerId, ActionId)>,
    /// The steps that make volumes.
    pub(in crate::plan) volume_steps: BTreeMap<&'a VolumeKey, ActionId>,
    /// The steps that remove volumes to make them anew, with their names.
    volume_removals: Vec<(ActionId, &'a str)>,
    /// The steps that stop containers which were there.
    pub(in crate::plan) stops: BTreeMap<&'a ContainerId, Stop>,
    /// The steps that remove them.
    pub(in crate::plan) removes: BTreeMap<&'a ContainerId, ActionId>,
    /// The steps that take them off recreated networks, and those that connect them again.
    pub(in crate::plan) connects: BTreeMap<&'a ContainerId, Vec<ActionId>>,
    /// Containers that are stopped as early as can be, because something of theirs is needed elsewhere.
    pub(in crate::plan) early: conflicts::Early<'a>,
    /// The replicas of the services whose new containers are made, but whose swaps and starts are not there yet.
    pub(in crate::plan) swaps: BTreeMap<&'a ServiceName, Vec<Replacement<'a, 'b>>>,
    /// What has become of the services emitted so far.
    pub(in crate::plan) ends: BTreeMap<&'a ServiceName, End<'a>>,
    /// The waits so far; nothing for one whose condition holds.
    pub(in crate::plan) waits: BTreeMap<(&'a ServiceName, WaitCondition), Option<ActionId>>,
    /// The steps that give containers their final names.
    pub(in crate::plan) renames: Vec<(ActionId, String)>,
    /// The starts of new containers, with what they need.
    pub(in crate::plan) new_starts: Vec<(ActionId, &'a Service, Option<&'a ContainerId>)>,
    /// What the user should know about the steps.
    pub(in crate::plan) warnings: Vec<Warning>,
}

/// A stop of a container that was there.
#[derive(Debug, Clone)]
pub(in crate::plan) struct Stop {
    pub(in crate::plan) step: ActionId,
    pub(in crate::plan) when: When,
    pub(in crate::plan) reason: Reason,
    /// Whether it is part of recreating a network, so that new containers come after it.
    pub(in crate::plan) before_create: bool,
}

/// A service when its steps are all in the plan.
#[derive(Debug, Default)]
pub(in crate::plan) struct End<'a> {
    /// Its replicas, by number.
    pub(in crate::plan) replicas: Vec<ReplicaEnd<'a>>,
    /// The steps that start them.
    pub(in crate::plan) starts: Vec<ActionId>,
    /// Where nothing is started: what its dependencies ask dependents to come after.
    pub(in crate::plan) inherited: Vec<(ActionId, Edge)>,
}

/// A replica when its steps are all in the plan.
#[derive(Debug)]
pub(in crate::plan) struct ReplicaEnd<'a> {
    pub(in crate::plan) container: ContainerRef,
    /// The container that was there, where it may still be there.
    pub(in crate::plan) existing: Option<&'a Container>,
    /// Whether it is started in this run.
    pub(in crate::plan) started: When,
}

/// A replica while its steps are made.
#[derive(Debug, Clone)]
pub(in crate::plan) struct Replacement<'a, 'b> {
    pub(in crate::plan) slot: &'b Slot<'a>,
    pub(in crate::plan) spec: Arc<ContainerSpec>,
    /// The step that makes its new container.
    pub(in crate::plan) create: Option<ActionId>,
    /// The container it has in the end.
    pub(in crate::plan) container: ContainerRef,
}

impl<'a, 'b> PlanWriter<'a, 'b> {
    pub(in crate::plan) fn new(
        cx: Inputs<'a>,
        resources: &'b Resources<'a>,
        fates: &'b BTreeMap<&'a ServiceName, Decision<'a>>,
        builder: PlanBuilder,
    ) -> Self {
        let dependents = order::dependents(cx.project);
        let early = conflicts::early(fates, &dependents);
        Self {
            cx,
            resources,
            fates,
            dependents,
            builder,
            network_steps: BTreeMap::new(),
            network_removes: Vec::new(),
            volume_steps: BTreeMap::new(),
            volume_removals: Vec::new(),
            stops: BTreeMap::new(),
            removes: BTreeMap::new(),
            connects: BTreeMap::new(),
            early,
            swaps: BTreeMap::new(),
            ends: BTreeMap::new(),
            waits: BTreeMap::new(),
            renames: Vec::new(),
            new_starts: Vec::new(),
            warnings: Vec::new(),
        }
    }

    pub(in crate::plan) fn into_plan(mut self, mut warnings: Vec<Warning>) -> Plan {
        warnings.append(&mut self.warnings);
        for (container, network) in std::mem::take(&mut self.network_removes) {
            if let Some(removed) = self.removes.get(container) {
                self.builder.order(*removed, network, Edge::Requires);
            }
        }
        let mut plan = self.builder.build();
        unused::mark(&mut plan, self.cx.project, self.cx.observed);
        plan.with_warnings(warnings)
    }

    pub(in crate::plan) fn add(
        &mut self,
        action: Action,
        reason: Reason,
        when: &When,
        after: impl IntoIterator<Item = ActionId>,
    ) -> ActionId {
        self.builder.add(Step { action, reason, guard: when.guard() }, after)
    }

    /// Puts one step before another, unless they have to be the other way round. For what is better so, not needed.
    pub(in crate::plan) fn order_if_possible(&mut self, earlier: ActionId, later: ActionId) {
        if !self.builder.is_before(later, earlier) {
            self.builder.order(earlier, later, Edge::Requires);
        }
    }

    /// Orders a step after what its service needs to be ready.
    pub(in crate::plan) fn after_all(&mut self, step: ActionId, ready: &[(ActionId, Edge)]) {
        for (earlier, edge) in ready {
            self.builder.order(*earlier, step, *edge);
        }
    }

    /// The steps that get images and models: nothing that runs is touched before them.
    pub(in crate::plan) fn gate(&self) -> Vec<ActionId> {
        self.resources.images.steps.iter().copied().chain(self.resources.models.steps()).collect()
    }

    /// Stops a container that runs; nothing for one that does not. One stop is enough for whatever asks for it.
    pub(in crate::plan) fn stop(
        &mut self,
        container: &'a Container,
        handle: ContainerRef,
        when: &When,
        reason: Reason,
        after: &[ActionId],
    ) -> Option<ActionId> {
        if !container.is_up() || when.is_never() {
            return None;
        }
        if let Some(known) = self.stops.get_mut(&container.id) {
            known.when = known.when.or(when);
            let (step, guard) = (known.step, known.when.guard());
            self.builder.step_mut(step).guard = guard;
            for earlier in after {
                self.builder.order(*earlier, step, Edge::Requires);
            }
            return Some(step);
        }
        let spec = handle.replica.as_ref().and_then(|replica| self.existing_spec(container, replica));
        let action = Action::StopContainer { container: handle, spec, timeout: self.cx.options.timeout };
        let after: Vec<_> = self.gate().into_iter().chain(after.iter().copied()).collect();
        let step = self.add(action, reason.clone(), when, after);
        self.stops.insert(&container.id, Stop { step, when: when.clone(), reason, before_create: false });
        Some(step)
    }

    /// Removes a container that nothing takes the place of.
    fn discard(&mut self, removal: &Removal<'a>, handle: &ContainerRef) -> ActionId {
        let container = removal.container;
        let stopped = self.stop(container, handle.clone(), &When::Always, removal.reason.clone(), &[]);
        let action = Action::remove_container(handle.clone(), AnonymousVolumes::Keep);
        let after: Vec<_> = stopped.map_or_else(|| self.gate(), |stopped| vec![stopped]);
        let step = self.add(action, removal.reason.clone(), &When::Always, after);
        self.removes.insert(&container.id, step);
        step
    }

    /// Removes what has no place in the project any more, orphans, surplus replicas and left-overs, and what mounts a
    /// volume that is recreated.
    pub(in crate::plan) fn removals(&mut self, orphans: &[&'a Container]) {
        for container in orphans {
            let handle = ContainerRef {
                replica: None,
                name: container.name.clone(),
                handle: Handle::Existing(container.id.clone()),
            };
            self.discard(&Removal { container, reason: orphan::reason(container) }, &handle);
        }
        for fate in self.fates.values() {
            for removal in &fate.removed {
                let handle = existing(&fate.service.name, removal.container);
                self.discard(removal, &handle);
            }
            for container in &fate.emptied {
                let reason = self.emptied_reason();
                let handle = existing(&fate.service.name, container);
                self.discard(&Removal { container, reason }, &handle);
            }
        }
    }

    /// Why all containers of a service go and come again: for the volume that is recreated.
    pub(in crate::plan) fn emptied_reason(&self) -> Reason {
        let recreated = self.resources.volumes.values().find(|fate| fate.change == VolumeChange::Recreate);
        recreated.map_or(Reason::Forced, |volume| Reason::ResourceRecreated(volume.name.to_owned()))
    }

    /// Makes and recreates volumes. What mounts one that is recreated is gone by then.
    pub(in crate::plan) fn volumes(&mut self) {
        let emptied = self.fates.values().flat_map(|fate| &fate.emptied);
        let gone: Vec<_> = emptied.filter_map(|container| self.removes.get(&container.id)).copied().collect();
        for (key, fate) in &self.resources.volumes {
            let after = match fate.change {
                VolumeChange::Keep => continue,
                VolumeChange::Create => Vec::new(),
                VolumeChange::Recreate => {
                    let action = Action::RemoveVolume { name: fate.name.to_owned() };
                    let after: Vec<_> = self.gate().into_iter().chain(gone.iter().copied()).collect();
                    let step = self.add(action, Reason::DefinitionChanged, &When::Always, after);
                    self.volume_removals.push((step, fate.name));
                    vec![step]
                }
            };
            let reason = if after.is_empty() { Reason::Missing } else { Reason::DefinitionChanged };
            let action = Action::CreateVolume { project: self.cx.project.clone(), key: (*key).clone() };
            let step = self.add(action, reason, &When::Always, after);
            self.volume_steps.insert(key, step);
        }
    }

    /// Orders the removal of volumes after that of everything that mounts them.
    pub(in crate::plan) fn unmount(&mut self) {
        for (step, name) in std::mem::take(&mut self.volume_removals) {
            let mounts =
                |container: &Container| container.mounts.iter().any(|mount| mount.name.as_deref() == Some(name));
            let users = self.cx.observed.containers.iter().filter(|container| mounts(container));
            let removals: Vec<_> = users.filter_map(|container| self.removes.get(&container.id)).copied().collect();
            for removal in removals {
                self.order_if_possible(removal, step);
            }
        }
    }

    /// What a container of the slot is made from.
    pub(in crate::plan) fn spec(
        &self,
        service: &Service,
        slot: &Slot<'_>,
        temporary_name: Option<String>,
    ) -> Arc<ContainerSpec> {
        let replaces = match &slot.change {
            Change::Recreate { old, .. } => Some(self.replaced(service, &slot.replica, old)),
            Change::Keep(_) | Change::Create | Change::Finish { .. } => None,
        };
        Arc::new(self.bare_spec(service, slot.replica.clone(), slot.name.clone(), temporary_name, replaces))
    }

    pub(in crate::plan) fn existing_spec(
        &self,
        container: &Container,
        replica: &Replica,
    ) -> Option<Arc<ContainerSpec>> {
        let service = self.cx.project.services.get(&replica.service)?;
        let spec = self.bare_spec(service, replica.clone(), container.name.clone(), None, None);
        Some(Arc::new(spec))
    }

    fn bare_spec(
        &self,
        service: &Service,
        replica: Replica,
        name: String,
        temporary_name: Option<String>,
        replaces: Option<Replaced>,
    ) -> ContainerSpec {
        let (project, options) = (self.cx.project, self.cx.options);
        let image = self.resources.images.of_service(project, service, options);
        let mounted = self.resources.images.mounted(project, service, options);
        ContainerSpec {
            project: project.clone(),
            replica,
            name,
            temporary_name,
            image: image.reference.clone(),
            image_digest: image.digest.clone(),
            image_volumes: mounted.into_iter().map(|(target, fact)| (target, fact.digest.clone())).collect(),
            contents: content::of_service(&options.contents, service),
            replaces,
            references: self.references(service),
            linked: self.linked(service),
        }
    }

    fn replaced(&self, service: &Service, replica: &Replica, old: &Container) -> Replaced {
        let inherits = self.cx.options.anonymous_volumes == AnonymousVolumePolicy::Inherit;
        let inherited = if inherits { volume::inherited(self.cx.project, old, service) } else { Vec::new() };
        let container = ContainerRef {
            replica: Some(replica.clone()),
            name: old.name.clone(),
            handle: Handle::Existing(old.id.clone()),
        };
        Replaced { container, inherited, inherits }
    }

    /// The first container by name of every service that this one shares something with.
    fn references(&self, service: &Service) -> BTreeMap<ServiceName, ContainerRef> {
        let shared = order::references(service).into_iter();
        shared
            .filter_map(|name| {
                let replicas = self.replicas(name).into_iter();
                let first = if self.fates.contains_key(name) {
                    replicas.min_by(|a, b| a.name.cmp(&b.name))
                } else {
                    replicas.into_iter().next()
                };
                Some((name.clone(), first?))
            })
            .collect()
    }

    fn linked(&self, service: &Service) -> BTreeMap<ServiceName, Vec<ContainerRef>> {
        let linked = service.links.iter().map(|link| &link.service);
        linked
            .filter_map(|name| {
                let replicas = self.replicas(name);
                (!replicas.is_empty()).then(|| (name.clone(), replicas))
            })
            .collect()
    }

    /// The replicas of a service as they will be; before its new containers are made, as they are.
    fn replicas(&self, service: &ServiceName) -> Vec<ContainerRef> {
        if let Some(swaps) = self.swaps.get(service) {
            return swaps.iter().map(|swap| swap.container.clone()).collect();
        }
        let present: Vec<_> = match self.fates.get(service) {
            Some(fate) => fate.slots.iter().filter_map(|slot| slot.change.old()).collect(),
            None => container::left_alone(&self.cx, service),
        };
        present.into_iter().map(|container| existing(service, container)).collect()
    }
}

/// A container that was there, as a replica of a service.
pub(in crate::plan) fn existing(service: &ServiceName, container: &Container) -> ContainerRef {
    let replica = container.number.map(|number| Replica { service: service.clone(), number });
    ContainerRef { replica, name: container.name.clone(), handle: Handle::Existing(container.id.clone()) }
}

/// The step that makes a container, if one of this run does.
pub(in crate::plan) fn maker(container: &ContainerRef) -> Option<ActionId> {
    match &container.handle {
        Handle::Existing(_) => None,
        Handle::Made(step) | Handle::MadeOr { made: step, .. } => Some(*step),
    }
}
