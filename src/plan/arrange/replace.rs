//! The steps of a service: its new containers, the replacements, the starts.

use crate::observed::{Container, State};
use crate::plan::arrange::writer::{End, PlanWriter, Replacement, ReplicaEnd, maker};
use crate::plan::decide::container::{Change, Decision, Slot};
use crate::plan::decide::volume;
use crate::plan::decide::when::When;
use crate::plan::down::container_ref;
use crate::plan::{
    Action, ActionId, AnonymousVolumes, ContainerRef, ContainerSpec, Edge, Handle, HookRun, ProviderVerb, Reason,
};
use crate::project::value::RestartCondition;
use crate::project::{Condition, Service, ServiceName};

impl<'a, 'b> PlanWriter<'a, 'b> {
    /// Adds the steps that create the new containers of a service. Those of the services it shares with come first.
    pub(in crate::plan) fn creations(&mut self, name: &ServiceName) {
        let decisions = self.decisions;
        let Some((name, decision)) = decisions.get_key_value(name) else { return };
        let replacements: Vec<_> = decision.slots.iter().map(|slot| self.create(decision, slot)).collect();
        self.replacements.insert(name, replacements);
    }

    /// Adds the replacements and starts of a service. Those of its dependencies have been added before.
    pub(in crate::plan) fn service(&mut self, name: &ServiceName) {
        let Some((name, service)) = self.cx.project.services.get_key_value(name) else { return };
        let ready = if self.cx.starts() { self.ready(service) } else { Vec::new() };
        if service.provider.is_some() {
            self.provider(service, &ready);
            return;
        }
        let decisions = self.decisions;
        let Some(decision) = decisions.get(name) else { return };
        let replacements = self.replacements.get(name).cloned().unwrap_or_default();
        if self.cx.starts() {
            decision.slots.iter().for_each(|slot| self.reattach(service, slot));
            self.follow_partners(decision);
        }
        let in_turn = self.in_turn(decision, &replacements);
        let rolls = in_turn.contains(&true);
        let stopped = if rolls { Vec::new() } else { self.stop_dependents(decision, &replacements, &ready) };
        let alone = replacements.iter().zip(&in_turn);
        let rows: Vec<_> = alone
            .map(|(replacement, in_turn)| if *in_turn { None } else { self.swap(replacement, &ready, &stopped) })
            .collect();
        let mut end = End { inherited: ready.clone(), ..End::default() };
        let starts: Vec<_> = replacements.iter().map(|replacement| self.start_when(replacement)).collect();
        let hooks = if self.cx.starts() {
            self.pre_start(service, &replacements, &starts, &rows, &ready)
        } else {
            self.prepare_hooks(decision, &replacements);
            Vec::new()
        };
        if let Some(update) = decision.rolling.filter(|_| rolls) {
            let turns: Vec<_> = replacements
                .iter()
                .zip(&in_turn)
                .filter(|(_, in_turn)| **in_turn)
                .map(|(replacement, _)| replacement)
                .collect();
            end.starts = self.roll(service, update, &turns, &ready, hooks.last().copied());
            self.stop_dependents_after(decision, &end.starts);
        }
        for (((replacement, row), started), in_turn) in replacements.into_iter().zip(rows).zip(starts).zip(in_turn) {
            end.starts.extend(self.unpause(&replacement, &ready));
            if !started.is_never() && !in_turn {
                let step = self.start(service, &replacement, &started, row, &ready);
                if let Some(hook) = hooks.last() {
                    self.builder.order(*hook, step, Edge::Requires);
                }
                end.starts.push(step);
            }
            let existing = match &replacement.slot.change {
                Change::Keep(container) => Some(*container),
                Change::Recreate { old, when: When::If(_), .. } => Some(*old),
                Change::Create | Change::Recreate { .. } | Change::Finish { .. } => None,
            };
            end.replicas.push(ReplicaEnd { container: replacement.container, existing, started });
        }
        self.ends.insert(name, end);
    }

    fn provider(&mut self, service: &'a Service, ready: &[(ActionId, Edge)]) {
        let mut end = End::default();
        let action = Action::RunProvider {
            project: self.cx.project.clone(),
            service: service.name.clone(),
            verb: ProviderVerb::Up,
        };
        let models: Vec<_> = self.resources.models.of_service(service).collect();
        let step = self.add(action, Reason::EveryRun, &When::Always, models);
        self.after_all(step, ready);
        // Its variables become part of its dependents' containers.
        let dependents = self.dependents.get(&service.name).cloned().unwrap_or_default();
        let replacements = dependents.iter().filter_map(|(name, _)| self.replacements.get(*name)).flatten();
        let creations: Vec<_> = replacements.filter_map(|replacement| replacement.create).collect();
        for create in creations {
            if !self.builder.is_before(create, step) {
                self.builder.order(step, create, Edge::Requires);
            }
        }
        end.starts.push(step);
        self.ends.insert(&service.name, end);
    }

    /// Creates the new container of a slot that needs one.
    fn create(&mut self, decision: &Decision<'a>, slot: &'b Slot<'a>) -> Replacement<'a, 'b> {
        let service = decision.service;
        let (when, reason) = match &slot.change {
            Change::Create if decision.emptied.is_empty() => (When::Always, Reason::NoContainer),
            Change::Create => (When::Always, self.emptied_reason()),
            Change::Recreate { when, reason, .. } => (when.clone(), reason.clone()),
            Change::Keep(container) | Change::Finish { new: container, .. } => {
                let handle = Handle::Existing(container.id.clone());
                let spec = self.spec(service, slot, None);
                return Replacement { slot, spec, create: None, container: reference(slot, handle) };
            }
        };
        let holder = self.cx.observed.containers.iter().find(|container| container.name == slot.name);
        let (gone, holder): (Vec<_>, Vec<_>) =
            holder.into_iter().partition(|holder| decision.emptied.iter().any(|emptied| emptied.id == holder.id));
        let temporary = holder.first().map(|holder| {
            // The temporary name comes from the container it replaces or, if there is none, from the one that has the
            // name.
            let after = slot.change.old().unwrap_or(holder);
            format!("{}_{}", after.id.short(), slot.name)
        });
        let spec = self.spec(service, slot, temporary);
        let mut after = self.before_create(service, &spec);
        if slot.change.old().is_some() {
            // So that nothing is left behind if an image is unavailable.
            after.extend(self.gate());
        }
        after.extend(gone.iter().filter_map(|gone| self.removes.get(&gone.id)));
        after.extend(spec.temporary_name.as_deref().and_then(|name| self.freed(name)));
        let create = self.add(Action::CreateContainer(spec.clone()), reason, &when, after);
        let handle = match (&when, slot.change.old()) {
            (When::If(_), Some(old)) => Handle::MadeOr { made: create, otherwise: old.id.clone() },
            _ => Handle::Made(create),
        };
        Replacement { slot, spec, create: Some(create), container: reference(slot, handle) }
    }

    /// The steps that a new container of a service needs: its image, models, networks, volumes, and the containers it
    /// shares with.
    pub(in crate::plan) fn before_create(&self, service: &Service, spec: &ContainerSpec) -> Vec<ActionId> {
        let mut before = self.resources.images.before_create(self.cx.project, service, self.cx.options);
        before.extend(self.resources.models.of_service(service));
        if service.network_mode.is_none() {
            before.extend(service.networks.keys().filter_map(|key| self.network_steps.get(key)));
        }
        before.extend(volume::mounted(self.cx.project, service).filter_map(|key| self.volume_steps.get(key)));
        let shared = spec.references.values().chain(spec.linked.values().flatten());
        before.extend(shared.filter_map(maker));
        before
    }

    /// Stops the containers of dependents with `restart: true` before their dependency is replaced.
    fn stop_dependents(
        &mut self,
        decision: &Decision<'a>,
        replacements: &[Replacement<'a, '_>],
        ready: &[(ActionId, Edge)],
    ) -> Vec<ActionId> {
        if decision.recreated.is_never() {
            return Vec::new();
        }
        let olds: Vec<_> = replacements.iter().filter_map(|replacement| replacement.slot.change.old()).collect();
        let stops: Vec<_> = olds.iter().filter_map(|old| self.stops.get(&old.id)).collect();
        // If a container must stop before something is created, or as early as possible, its dependents must too.
        let before_create = stops.iter().any(|stop| stop.before_create);
        let early = !stops.is_empty() || olds.iter().any(|old| self.early.contains(&old.id));
        let creates = replacements.iter().filter_map(|replacement| replacement.create).filter(|_| !before_create);
        let after: Vec<_> = creates.collect();
        let dependents = self.dependents.get(&decision.service.name).cloned().unwrap_or_default();
        let mut stopped = Vec::new();
        let decisions = self.decisions;
        for (name, _) in dependents.into_iter().filter(|(_, how)| how.restart) {
            let Some(dependent) = decisions.get(name) else { continue };
            for slot in &dependent.slots {
                let Some(container) = slot.change.old() else { continue };
                let handle = reference(slot, Handle::Existing(container.id.clone()));
                let known = self.stops.contains_key(&container.id);
                let reason = Reason::DependencyRecreated(decision.service.name.clone());
                let after = if known { &[][..] } else { &after };
                let Some(step) = self.stop(container, handle, &decision.recreated, reason, after) else { continue };
                if !known {
                    if let Some(stop) = self.stops.get_mut(&container.id) {
                        stop.before_create = before_create;
                    }
                    if !early && !self.early.contains(&container.id) {
                        self.after_all(step, ready);
                    }
                }
                stopped.push(step);
            }
        }
        stopped
    }

    /// Replaces a slot's old container with the new one: stop, remove, rename in a row. Returns the last of these
    /// steps, which the start follows.
    fn swap(
        &mut self,
        replacement: &Replacement<'a, '_>,
        ready: &[(ActionId, Edge)],
        stopped: &[ActionId],
    ) -> Option<ActionId> {
        match &replacement.slot.change {
            Change::Keep(container) if container.name == replacement.slot.name => None,
            Change::Keep(_) => Some(self.rename(replacement, Reason::Interrupted, &When::Always, None)),
            Change::Create => {
                replacement.spec.temporary_name.as_ref()?;
                Some(self.rename(replacement, Reason::Replacement, &When::Always, replacement.create))
            }
            Change::Recreate { old, when, .. } => {
                let remove = self.leave_slot(replacement, old, when, (ready, stopped));
                let renamed = replacement.spec.temporary_name.is_some();
                Some(if renamed { self.rename(replacement, Reason::Replacement, when, Some(remove)) } else { remove })
            }
            Change::Finish { old, new } => {
                let remove = self.leave_slot(replacement, old, &When::Always, (ready, stopped));
                let renamed = new.name != replacement.slot.name;
                let always = When::Always;
                Some(if renamed {
                    self.rename(replacement, Reason::Interrupted, &always, Some(remove))
                } else {
                    remove
                })
            }
        }
    }

    /// Stops and removes the old container of a slot.
    fn leave_slot(
        &mut self,
        replacement: &Replacement<'a, '_>,
        old: &'a Container,
        when: &When,
        (ready, stopped): (&[(ActionId, Edge)], &[ActionId]),
    ) -> ActionId {
        let handle =
            ContainerRef { name: old.name.clone(), ..reference(replacement.slot, Handle::Existing(old.id.clone())) };
        let known = self.stops.get(&old.id).map(|stop| stop.before_create);
        let reason = if replacement.create.is_some() { Reason::Replaced } else { Reason::Interrupted };
        let stop = self.stop(old, handle, when, reason.clone(), &[]);
        if let Some(stop) = stop {
            if known != Some(true)
                && let Some(create) = replacement.create
            {
                self.order_if_possible(create, stop);
            }
            for dependent in stopped {
                self.order_if_possible(*dependent, stop);
            }
            // The old one runs until everything is ready for the new one, unless something it holds is needed earlier.
            if known.is_none() && !self.early.contains(&old.id) {
                self.after_all(stop, ready);
            }
        }
        let after: Vec<_> = match stop {
            Some(stop) => replacement.create.into_iter().chain([stop]).collect(),
            None => replacement.create.into_iter().chain(self.gate()).chain(stopped.iter().copied()).collect(),
        };
        self.remove_replaced(replacement, old, when, &reason, after)
    }

    /// Removes the old container of a slot. Its volumes stay: those that its successor does not mount may still contain
    /// user data.
    pub(in crate::plan) fn remove_replaced(
        &mut self,
        replacement: &Replacement<'a, '_>,
        old: &'a Container,
        when: &When,
        reason: &Reason,
        after: Vec<ActionId>,
    ) -> ActionId {
        let container =
            ContainerRef { name: old.name.clone(), ..reference(replacement.slot, Handle::Existing(old.id.clone())) };
        let action = Action::remove_container(container, AnonymousVolumes::Keep);
        let remove = self.add(action, reason.clone(), when, after);
        self.after_connects(old, remove);
        self.removes.insert(&old.id, remove);
        remove
    }

    /// Gives the slot's container its final name, once it is free.
    pub(in crate::plan) fn rename(
        &mut self,
        replacement: &Replacement<'a, '_>,
        reason: Reason,
        when: &When,
        after: Option<ActionId>,
    ) -> ActionId {
        let name = replacement.slot.name.clone();
        let action = Action::RenameContainer { container: replacement.container.clone(), name: name.clone() };
        let made = replacement.create.filter(|_| after.is_none());
        let step = self.add(action, reason, when, after.into_iter().chain(made));
        self.renames.push((step, name));
        step
    }

    /// The step after which a container's name is free.
    pub(in crate::plan) fn freed(&self, name: &str) -> Option<ActionId> {
        let holder = self.cx.observed.containers.iter().find(|container| container.name == name)?;
        self.removes.get(&holder.id).copied()
    }

    /// When a slot's container is started.
    fn start_when(&self, replacement: &Replacement<'a, '_>) -> When {
        if !self.cx.starts() {
            return When::Never;
        }
        let stopped =
            |container: &Container| self.stops.get(&container.id).map_or(When::Never, |stop| stop.when.clone());
        match &replacement.slot.change {
            Change::Keep(container) if container.is_up() => stopped(container),
            Change::Recreate { old, when, .. } if old.is_up() => when.or(&stopped(old)),
            Change::Keep(_) | Change::Recreate { .. } | Change::Create | Change::Finish { .. } => When::Always,
        }
    }

    /// Resumes a paused container that stays: it is not started, nor stopped unless for another reason.
    fn unpause(&mut self, replacement: &Replacement<'a, '_>, ready: &[(ActionId, Edge)]) -> Option<ActionId> {
        let old = match &replacement.slot.change {
            Change::Keep(old) | Change::Recreate { old, when: When::If(_), .. } => *old,
            Change::Recreate { .. } | Change::Create | Change::Finish { .. } => return None,
        };
        let stop = self.stops.get(&old.id);
        let stops = stop.is_some_and(|stop| stop.when.is_always());
        let stop = stop.map(|stop| stop.step);
        if old.state != State::Paused || stops || !self.cx.starts() {
            return None;
        }
        let container =
            ContainerRef { name: old.name.clone(), ..reference(replacement.slot, Handle::Existing(old.id.clone())) };
        let unpause = self.add(Action::UnpauseContainer { container }, Reason::Paused, &When::Always, []);
        self.after_all(unpause, ready);
        if let Some(stop) = stop {
            self.order_if_possible(unpause, stop);
        }
        Some(unpause)
    }

    pub(in crate::plan) fn start(
        &mut self,
        service: &'a Service,
        replacement: &Replacement<'a, '_>,
        when: &When,
        row: Option<ActionId>,
        ready: &[(ActionId, Edge)],
    ) -> ActionId {
        let reason = self.start_reason(service, replacement);
        // If it is certain whether the container is new or the old one stays, there is no choice to make.
        let action =
            Action::StartContainer { container: replacement.container.clone(), spec: Some(replacement.spec.clone()) };
        let models: Vec<_> = self.resources.models.of_service(service).collect();
        let step = self.add(action, reason, when, row.into_iter().chain(replacement.create).chain(models));
        self.after_all(step, ready);
        if let Some(old) = replacement.slot.change.old() {
            self.after_connects(old, step);
            if let Some(before) = self.stops.get(&old.id).map(|stop| stop.step) {
                self.builder.order(before, step, Edge::Requires);
            }
        }
        if let Change::Finish { new, .. } = &replacement.slot.change {
            self.after_connects(new, step);
        }
        self.new_starts.push((step, service, replacement.slot.change.old().map(|old| &old.id)));
        step
    }

    fn start_reason(&self, service: &Service, replacement: &Replacement<'a, '_>) -> Reason {
        match &replacement.slot.change {
            Change::Create => Reason::Created,
            Change::Recreate { .. } | Change::Finish { .. } => Reason::Replacement,
            Change::Keep(container) => {
                let stop = self.stops.get(&container.id);
                match stop {
                    Some(stop) => stop.reason.clone(),
                    None if self.is_finished_job(service, container) => {
                        Reason::RanBefore { exit_code: container.exit_code.unwrap_or(0) }
                    }
                    None => Reason::NotRunning,
                }
            }
        }
    }

    /// Whether an exited container is a completed job rather than a stopped server: something waits for its completion,
    /// or nothing suggests a server, such as a port, a healthcheck, a restart policy or a dependent.
    fn is_finished_job(&self, service: &Service, container: &Container) -> bool {
        if container.state != State::Exited || container.exit_code != Some(0) {
            return false;
        }
        let dependents = self.dependents.get(&service.name).map_or(&[][..], Vec::as_slice);
        let waited_for = service.x_hoist().job
            || dependents.iter().any(|(_, how)| how.condition == Condition::CompletedSuccessfully);
        let restarts = service.restart_policy().is_some_and(|policy| policy.condition != RestartCondition::No);
        let serves = restarts
            || !dependents.is_empty()
            || !service.ports.is_empty()
            || !service.expose.is_empty()
            || service.healthcheck.as_ref().is_some_and(|check| !check.disable);
        waited_for || !serves
    }

    /// Removes containers of hooks that failed in earlier runs, or were never run. They share the volumes of the service, which stay.
    fn sweep_hooks(&mut self, service: &Service, when: &When) -> Vec<ActionId> {
        let left = self.cx.observed.containers.iter().filter(|container| container.hook && has_ended(container));
        let left = left.filter(|container| container.service.as_ref() == Some(&service.name));
        left.map(|container| {
            let handle = container_ref(container, None);
            let action = Action::remove_container(handle, AnonymousVolumes::Keep);
            let is_unused = container.state == State::Created;
            let reason = if is_unused { Reason::HookRenewed } else { Reason::HookFailed };
            self.add(action, reason, when, [])
        })
        .collect()
    }

    /// Runs the `pre_start` hooks if every replica is about to start.
    fn pre_start(
        &mut self,
        service: &Service,
        replacements: &[Replacement<'a, '_>],
        starts: &[When],
        rows: &[Option<ActionId>],
        ready: &[(ActionId, Edge)],
    ) -> Vec<ActionId> {
        let Some(first) = replacements.first().filter(|_| starts.iter().all(|start| !start.is_never())) else {
            return Vec::new();
        };
        // Unconditional only if every start is: if one replica stays up, the hooks do not run.
        let when = starts.iter().find(|start| !start.is_always()).cloned().unwrap_or(When::Always);
        let mut before: Vec<_> = rows
            .iter()
            .copied()
            .flatten()
            .chain(replacements.iter().filter_map(|replacement| replacement.create))
            .collect();
        if !service.pre_start.is_empty() {
            before.extend(self.sweep_hooks(service, &when));
        }
        let mut hooks = Vec::new();
        for hook in 0..service.pre_start.len() {
            let (spec, container) = (first.spec.clone(), first.container.clone());
            let action = Action::RunPreStart { spec, container, hook, run: HookRun::Now };
            let step = self.add(action, Reason::Hook, &when, before);
            self.after_all(step, ready);
            hooks.push(step);
            before = vec![step];
        }
        hooks
    }

    /// Makes the containers of the `pre_start` hooks for a later start if no replica runs. Those that are there are kept
    /// if the replicas are.
    fn prepare_hooks(&mut self, decision: &Decision<'a>, replacements: &[Replacement<'a, '_>]) {
        let service = decision.service;
        let is_up = |slot: &Slot<'_>| match &slot.change {
            Change::Keep(container) | Change::Recreate { old: container, .. } => container.is_up(),
            Change::Create => false,
            Change::Finish { .. } => true,
        };
        let (Some(first), false) = (replacements.first(), decision.slots.iter().any(is_up)) else { return };
        let made: Vec<_> = replacements.iter().filter_map(|replacement| replacement.create).collect();
        let is_ready = |container: &&Container| container.hook && container.state == State::Created;
        let waiting = self.cx.observed.containers.iter().filter(is_ready);
        let waiting = waiting.filter(|container| container.service.as_ref() == Some(&service.name)).count();
        if service.pre_start.is_empty() || made.is_empty() && waiting == service.pre_start.len() {
            return;
        }
        let mut before = made;
        before.extend(self.sweep_hooks(service, &When::Always));
        for hook in 0..service.pre_start.len() {
            let (spec, container) = (first.spec.clone(), first.container.clone());
            let action = Action::RunPreStart { spec, container, hook, run: HookRun::AtStart };
            self.add(action, Reason::Hook, &When::Always, before.clone());
        }
    }
}

/// Whether the container of a hook is no longer needed. A running one may belong to another run.
fn has_ended(container: &Container) -> bool {
    matches!(container.state, State::Created | State::Exited | State::Dead)
}

fn reference(slot: &Slot<'_>, handle: Handle) -> ContainerRef {
    ContainerRef { replica: Some(slot.replica.clone()), name: slot.name.clone(), handle }
}
