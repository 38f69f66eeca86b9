//! Collects the steps of `up` and their order; shared by all parts of `up`.

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
    pub(in crate::plan) decisions: &'b BTreeMap<&'a ServiceName, Decision<'a>>,
    pub(in crate::plan) dependents: BTreeMap<&'a ServiceName, Vec<(&'a ServiceName, &'a crate::project::Dependency)>>,
    pub(in crate::plan) builder: PlanBuilder,
    /// The steps that create networks.
    pub(in crate::plan) network_steps: BTreeMap<&'a NetworkKey, ActionId>,
    /// The containers that must be removed before these steps remove their networks.
    pub(in crate::plan) network_removes: Vec<(&'a ContainerId, ActionId)>,
    /// The steps that create volumes.
    pub(in crate::plan) volume_steps: BTreeMap<&'a VolumeKey, ActionId>,
    /// The steps that remove volumes to recreate them, with their names.
    volume_removals: Vec<(ActionId, &'a str)>,
    /// The steps that stop existing containers.
    pub(in crate::plan) stops: BTreeMap<&'a ContainerId, Stop>,
    /// The steps that remove them.
    pub(in crate::plan) removes: BTreeMap<&'a ContainerId, ActionId>,
    /// The steps that disconnect them from recreated networks and connect them again.
    pub(in crate::plan) connects: BTreeMap<&'a ContainerId, Vec<ActionId>>,
    /// Containers to stop as early as possible, because something they hold is needed elsewhere.
    pub(in crate::plan) early: conflicts::Early<'a>,
    /// The replicas of services whose creations have been added, but not yet their replacements and starts.
    pub(in crate::plan) replacements: BTreeMap<&'a ServiceName, Vec<Replacement<'a, 'b>>>,
    /// The result of the services added so far.
    pub(in crate::plan) ends: BTreeMap<&'a ServiceName, End<'a>>,
    /// The waits so far; `None` if the condition already holds.
    pub(in crate::plan) waits: BTreeMap<(&'a ServiceName, WaitCondition), Option<ActionId>>,
    /// The steps that give containers their final names.
    pub(in crate::plan) renames: Vec<(ActionId, String)>,
    /// The starts of new containers, each with its service and the container it replaces.
    pub(in crate::plan) new_starts: Vec<(ActionId, &'a Service, Option<&'a ContainerId>)>,
    /// Warnings about the steps.
    pub(in crate::plan) warnings: Vec<Warning>,
}

/// A stop of an existing container.
#[derive(Debug, Clone)]
pub(in crate::plan) struct Stop {
    pub(in crate::plan) step: ActionId,
    pub(in crate::plan) when: When,
    pub(in crate::plan) reason: Reason,
    /// Whether it is part of recreating a network, so that new containers come after it.
    pub(in crate::plan) before_create: bool,
}

/// A service after all its steps have been added.
#[derive(Debug, Default)]
pub(in crate::plan) struct End<'a> {
    /// Its replicas, by number.
    pub(in crate::plan) replicas: Vec<ReplicaEnd<'a>>,
    /// The steps that start them.
    pub(in crate::plan) starts: Vec<ActionId>,
    /// If nothing is started: the steps of its dependencies that dependents must come after.
    pub(in crate::plan) inherited: Vec<(ActionId, Edge)>,
}

/// A replica after all its steps have been added.
#[derive(Debug)]
pub(in crate::plan) struct ReplicaEnd<'a> {
    pub(in crate::plan) container: ContainerRef,
    /// The existing container, if it may still exist.
    pub(in crate::plan) existing: Option<&'a Container>,
    /// When it is started in this run.
    pub(in crate::plan) started: When,
}

/// A replica while its steps are being added.
#[derive(Debug, Clone)]
pub(in crate::plan) struct Replacement<'a, 'b> {
    pub(in crate::plan) slot: &'b Slot<'a>,
    pub(in crate::plan) spec: Arc<ContainerSpec>,
    /// The step that creates its new container.
    pub(in crate::plan) create: Option<ActionId>,
    /// Its final container.
    pub(in crate::plan) container: ContainerRef,
}

impl<'a, 'b> PlanWriter<'a, 'b> {
    pub(in crate::plan) fn new(
        cx: Inputs<'a>,
        resources: &'b Resources<'a>,
        decisions: &'b BTreeMap<&'a ServiceName, Decision<'a>>,
        builder: PlanBuilder,
    ) -> Self {
        let dependents = order::dependents(cx.project);
        let early = conflicts::early(decisions, &dependents);
        Self {
            cx,
            resources,
            decisions,
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
            replacements: BTreeMap::new(),
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

    /// Orders one step before another, unless the opposite order is required. For orders that are desirable but not
    /// necessary.
    pub(in crate::plan) fn order_if_possible(&mut self, earlier: ActionId, later: ActionId) {
        if !self.builder.is_before(later, earlier) {
            self.builder.order(earlier, later, Edge::Requires);
        }
    }

    /// Orders a step after everything its service needs.
    pub(in crate::plan) fn after_all(&mut self, step: ActionId, ready: &[(ActionId, Edge)]) {
        for (earlier, edge) in ready {
            self.builder.order(*earlier, step, *edge);
        }
    }

    /// The steps that get images and models: no running container is touched before them.
    pub(in crate::plan) fn gate(&self) -> Vec<ActionId> {
        self.resources.images.steps.iter().copied().chain(self.resources.models.steps()).collect()
    }

    /// Stops a container; `None` if it is not running. Adds only one stop per container.
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

    /// Removes a container that has no replacement.
    fn discard(&mut self, removal: &Removal<'a>, handle: &ContainerRef) -> ActionId {
        let container = removal.container;
        let stopped = self.stop(container, handle.clone(), &When::Always, removal.reason.clone(), &[]);
        let action = Action::remove_container(handle.clone(), AnonymousVolumes::Keep);
        let after: Vec<_> = stopped.map_or_else(|| self.gate(), |stopped| vec![stopped]);
        let step = self.add(action, removal.reason.clone(), &When::Always, after);
        self.removes.insert(&container.id, step);
        step
    }

    /// Removes containers that have no place in the project any more (orphans, surplus replicas, left-overs), and those
    /// that mount a volume which is recreated.
    pub(in crate::plan) fn removals(&mut self, orphans: &[&'a Container]) {
        for container in orphans {
            let handle = ContainerRef {
                replica: None,
                name: container.name.clone(),
                handle: Handle::Existing(container.id.clone()),
            };
            self.discard(&Removal { container, reason: orphan::reason(container) }, &handle);
        }
        for decision in self.decisions.values() {
            for removal in &decision.removed {
                let handle = existing(&decision.service.name, removal.container);
                self.discard(removal, &handle);
            }
            for container in &decision.emptied {
                let reason = self.emptied_reason();
                let handle = existing(&decision.service.name, container);
                self.discard(&Removal { container, reason }, &handle);
            }
        }
    }

    /// The reason for removing and creating all containers of a service: a recreated volume.
    pub(in crate::plan) fn emptied_reason(&self) -> Reason {
        let recreated = self.resources.volumes.values().find(|decision| decision.change == VolumeChange::Recreate);
        recreated.map_or(Reason::Forced, |volume| Reason::ResourceRecreated(volume.name.to_owned()))
    }

    /// Creates and recreates volumes. Containers that mount a recreated one are removed before.
    pub(in crate::plan) fn volumes(&mut self) {
        let emptied = self.decisions.values().flat_map(|decision| &decision.emptied);
        let gone: Vec<_> = emptied.filter_map(|container| self.removes.get(&container.id)).copied().collect();
        for (key, decision) in &self.resources.volumes {
            let after = match decision.change {
                VolumeChange::Keep => continue,
                VolumeChange::Create => Vec::new(),
                VolumeChange::Recreate => {
                    let action = Action::RemoveVolume { name: decision.name.to_owned() };
                    let after: Vec<_> = self.gate().into_iter().chain(gone.iter().copied()).collect();
                    let step = self.add(action, Reason::DefinitionChanged, &When::Always, after);
                    self.volume_removals.push((step, decision.name));
                    vec![step]
                }
            };
            let reason = if after.is_empty() { Reason::Missing } else { Reason::DefinitionChanged };
            let action = Action::CreateVolume { project: self.cx.project.clone(), key: (*key).clone() };
            let step = self.add(action, reason, &When::Always, after);
            self.volume_steps.insert(key, step);
        }
    }

    /// Orders the removal of volumes after the removal of all containers that mount them.
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

    /// The specification of a slot's container.
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

    pub(in crate::plan) fn bare_spec(
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
            one_off: None,
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

    /// The first container, by name, of every service that this one shares something with.
    fn references(&self, service: &Service) -> BTreeMap<ServiceName, ContainerRef> {
        let shared = order::references(service).into_iter();
        shared
            .filter_map(|name| {
                let replicas = self.replicas(name).into_iter();
                let first = if self.decisions.contains_key(name) {
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

    /// The replicas of a service as they will be; as they are, if its new containers have not been added yet.
    fn replicas(&self, service: &ServiceName) -> Vec<ContainerRef> {
        if let Some(replacements) = self.replacements.get(service) {
            return replacements.iter().map(|replacement| replacement.container.clone()).collect();
        }
        let present: Vec<_> = match self.decisions.get(service) {
            Some(decision) => decision.slots.iter().filter_map(|slot| slot.change.old()).collect(),
            None => container::left_alone(&self.cx, service),
        };
        present.into_iter().map(|container| existing(service, container)).collect()
    }
}

/// A reference to an existing container as a replica of a service.
pub(in crate::plan) fn existing(service: &ServiceName, container: &Container) -> ContainerRef {
    let replica = container.number.map(|number| Replica { service: service.clone(), number });
    ContainerRef { replica, name: container.name.clone(), handle: Handle::Existing(container.id.clone()) }
}

/// The step of this run that creates a container, if any.
pub(in crate::plan) fn maker(container: &ContainerRef) -> Option<ActionId> {
    match &container.handle {
        Handle::Existing(_) => None,
        Handle::Made(step) | Handle::MadeOr { made: step, .. } => Some(*step),
    }
}
