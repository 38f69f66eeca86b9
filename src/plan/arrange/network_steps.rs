//! The steps that create and recreate networks, and reconnect their containers.

use crate::observed::{self, Container};
use crate::plan::arrange::writer::{PlanWriter, existing};
use crate::plan::decide::container::{Change, Slot};
use crate::plan::decide::network::{NetworkChange, NetworkDecision, is_connected};
use crate::plan::decide::when::When;
use crate::plan::{Action, ActionId, ContainerRef, Edge, Handle, Reason};
use crate::project::{NetworkKey, Service};

impl<'a> PlanWriter<'a, '_> {
    /// Creates and recreates networks. Containers connected to one that changes are stopped, reconnected, and started
    /// again by the steps of their service.
    pub(in crate::plan) fn networks(&mut self) {
        for (key, decision) in &self.resources.networks {
            let mut cleared = None;
            for duplicate in &decision.duplicates {
                let action = Action::RemoveNetwork { id: duplicate.id.clone(), name: duplicate.name.clone() };
                cleared = Some(self.add(action, Reason::Interrupted, &When::Always, cleared));
            }
            match decision.change {
                // From now on, containers must be connected to the one that stays.
                NetworkChange::Keep => {
                    self.network_steps.extend(cleared.map(|step| (*key, step)));
                }
                NetworkChange::Create => {
                    self.create_network(key, Reason::Missing, &[]);
                }
                NetworkChange::Recreate | NetworkChange::Rename => self.replace_network(key, decision),
            }
        }
    }

    fn create_network(&mut self, key: &'a NetworkKey, reason: Reason, after: &[ActionId]) -> ActionId {
        let action = Action::CreateNetwork { project: self.cx.project.clone(), key: key.clone() };
        let step = self.add(action, reason, &When::Always, after.iter().copied());
        self.network_steps.insert(key, step);
        step
    }

    fn replace_network(&mut self, key: &'a NetworkKey, decision: &NetworkDecision<'a>) {
        let Some(old) = decision.leaving() else { return };
        let same_name = decision.change == NetworkChange::Recreate;
        // If both networks can exist at the same time, containers that are replaced use the old one until they are
        // removed.
        let (replaced, users): (Vec<_>, Vec<_>) =
            self.users(key, old).into_iter().partition(|user| user.goes && !same_name);
        let left: Vec<_> = users.iter().map(|user| self.leave(user, old)).collect();
        let gone = self.removed_users(old);
        let action = Action::RemoveNetwork { id: old.id.clone(), name: old.name.clone() };
        let before: Vec<_> = self.gate().into_iter().chain(left.iter().copied().flatten()).chain(gone).collect();
        let remove = self.add(action, Reason::DefinitionChanged, &When::Always, before);
        self.network_removes.extend(replaced.iter().map(|user| (&user.container.id, remove)));
        let after = if same_name { vec![remove] } else { Vec::new() };
        let create = self.create_network(key, Reason::DefinitionChanged, &after);
        for (user, left) in users.iter().zip(left) {
            if user.stays {
                self.join(user, key, &old.name, left.into_iter().chain([create]));
            }
        }
    }

    /// The containers that must leave the network: those of services that use it or used it.
    fn users(&self, key: &NetworkKey, old: &observed::Network) -> Vec<User<'a>> {
        let mut users = Vec::new();
        for decision in self.decisions.values() {
            let asks = decision.service.networks.contains_key(key);
            for slot in &decision.slots {
                let (present, successor) = match &slot.change {
                    Change::Keep(old) | Change::Recreate { old, .. } => (Some(*old), None),
                    Change::Finish { old, new } => (Some(*old), Some(*new)),
                    Change::Create => (None, None),
                };
                let stays = asks && !slot.change.leaves().is_always();
                let goes = slot.change.leaves().is_always();
                let present = present.map(|container| (container, stays, goes));
                for (container, stays, goes) in present.into_iter().chain(successor.map(|new| (new, asks, false))) {
                    if is_connected(container, old) || stays {
                        users.push(User { slot_of: slot_ref(slot, container), container, stays, goes });
                    }
                }
            }
        }
        users
    }

    /// The removals of containers on the network that are removed anyway.
    fn removed_users(&self, old: &observed::Network) -> Vec<ActionId> {
        let going = self.removes.iter();
        going
            .filter(|(id, _)| self.cx.observed.container(id).is_some_and(|container| is_connected(container, old)))
            .map(|(_, step)| *step)
            .collect()
    }

    /// Stops a container and disconnects it from the network. Returns the last of these steps; `None` if there is
    /// nothing to do.
    fn leave(&mut self, user: &User<'a>, network: &observed::Network) -> Option<ActionId> {
        let reason = Reason::ResourceRecreated(network.name.clone());
        let stopped = self.stop(user.container, user.slot_of.clone(), &When::Always, reason.clone(), &[]);
        if let Some(stop) = self.stops.get_mut(&user.container.id) {
            stop.before_create = true;
        }
        if !is_connected(user.container, network) {
            // Not connected, but stopped anyway, so that it starts on the new one.
            return stopped;
        }
        let after: Vec<_> = stopped.map_or_else(|| self.gate(), |stopped| vec![stopped]);
        let action = Action::DisconnectNetwork { container: user.slot_of.clone(), network: network.name.clone() };
        let step = self.add(action, reason, &When::Always, after);
        self.connects.entry(&user.container.id).or_default().push(step);
        Some(step)
    }

    /// Connects a container to the new network, with its service's endpoint settings.
    fn join(&mut self, user: &User<'a>, key: &NetworkKey, name: &str, after: impl Iterator<Item = ActionId>) {
        let reason = Reason::ResourceRecreated(name.to_owned());
        self.connect(user.container, user.slot_of.clone(), key, reason, after);
    }

    fn connect(
        &mut self,
        container: &'a Container,
        reference: ContainerRef,
        key: &NetworkKey,
        reason: Reason,
        after: impl Iterator<Item = ActionId>,
    ) {
        let Some(replica) = &reference.replica else { return };
        let Some(spec) = self.existing_spec(container, replica) else { return };
        let action = Action::ConnectNetwork { container: reference, spec, key: key.clone() };
        let step = self.add(action, reason, &When::Always, after);
        self.connects.entry(&container.id).or_default().push(step);
    }

    /// Connects a stopped container that is about to start to networks it lacks, because a run that recreated a network
    /// was interrupted. A running container would be recreated instead.
    pub(in crate::plan) fn reattach(&mut self, service: &'a Service, slot: &Slot<'a>) {
        let Change::Keep(container) = &slot.change else { return };
        if container.is_up() || service.network_mode.is_some() || self.connects.contains_key(&container.id) {
            return;
        }
        for key in service.networks.keys() {
            let Some(decision) = self.resources.networks.get(key) else { continue };
            if decision.live.is_some_and(|live| is_connected(container, live))
                || container.networks.contains_key(decision.name)
            {
                continue;
            }
            let made = self.network_steps.get(key).copied();
            self.connect(
                container,
                slot_ref(slot, container),
                key,
                Reason::NotConnected(key.clone()),
                made.into_iter(),
            );
        }
    }

    /// Orders `step` after all steps that change a container's connections.
    pub(in crate::plan) fn after_connects(&mut self, container: &Container, step: ActionId) {
        for connect in self.connects.get(&container.id).cloned().unwrap_or_default() {
            self.builder.order(connect, step, Edge::Requires);
        }
    }
}

/// A container on a network that is recreated.
struct User<'a> {
    slot_of: ContainerRef,
    container: &'a Container,
    /// Whether it will be connected to the new one.
    stays: bool,
    /// Whether it is removed anyway.
    goes: bool,
}

fn slot_ref(slot: &Slot<'_>, container: &Container) -> ContainerRef {
    let mut reference = existing(&slot.replica.service, container);
    reference.replica = Some(slot.replica.clone());
    reference.handle = Handle::Existing(container.id.clone());
    reference
}
