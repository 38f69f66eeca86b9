//! Rolling updates: the replicas of a service are replaced in turn, each new one ready before its predecessor (`order:
//! start-first`) or the next one's predecessor (`stop-first`) is removed.

use std::time::Duration;

use crate::observed::Container;
use crate::plan::arrange::writer::{PlanWriter, Replacement, existing};
use crate::plan::decide::container::{Change, Decision};
use crate::plan::decide::rolling::{RollingUpdate, UpdateOrder};
use crate::plan::decide::when::When;
use crate::plan::{
    Action, ActionId, AnonymousVolumes, ContainerRef, Edge, FailureAction, Guard, Handle, Reason, Step, WaitCondition,
    WaitSpec, Waiter, Warning,
};
use crate::project::Service;

/// The steps of one replica in a rolling update.
struct Row<'a> {
    old: &'a Container,
    when: When,
    /// The step that stops the old container; `None` if it is not running.
    stop: Option<ActionId>,
    /// The wait for the new one.
    accept: ActionId,
}

impl Row<'_> {
    /// The step after which it is the next replica's turn.
    fn end(&self, order: UpdateOrder) -> ActionId {
        match order {
            UpdateOrder::StartFirst => self.stop.unwrap_or(self.accept),
            UpdateOrder::StopFirst => self.accept,
        }
    }
}

/// What comes before a turn.
type Turn = Vec<(ActionId, Edge)>;

impl<'a, 'b> PlanWriter<'a, 'b> {
    /// Which replicas of a service are replaced in turn: the running ones, unless they must stop for another reason. If
    /// ports, names or addresses move from one container to another in this run, none are, because the giver must stop
    /// before the taker starts; that is reported.
    pub(in crate::plan) fn in_turn(
        &mut self,
        decision: &Decision<'a>,
        replacements: &[Replacement<'a, 'b>],
    ) -> Vec<bool> {
        let calm = |container: &Container| {
            self.early.is_empty()
                && !self.stops.contains_key(&container.id)
                && !self.connects.contains_key(&container.id)
        };
        let wanted = |change: &Change<'_>| match change {
            Change::Recreate { old, when, .. } => decision.rolling.is_some() && !when.is_never() && old.is_up(),
            Change::Finish { .. } => decision.rolling.is_some(),
            Change::Keep(_) | Change::Create => false,
        };
        let possible = |change: &Change<'_>| match change {
            Change::Finish { old, new } => calm(old) && calm(new),
            Change::Keep(_) | Change::Create | Change::Recreate { .. } => change.old().is_none_or(calm),
        };
        let changes = || replacements.iter().map(|replacement| &replacement.slot.change);
        let in_turn: Vec<_> = changes().map(|change| wanted(change) && possible(change)).collect();
        if changes().zip(&in_turn).any(|(change, in_turn)| wanted(change) && !in_turn) {
            self.warnings.push(Warning::NotInTurn { service: decision.service.name.clone() });
        }
        in_turn
    }

    /// Replaces containers in turn. Returns the waits that dependents of the service come after.
    pub(in crate::plan) fn roll(
        &mut self,
        service: &'a Service,
        update: RollingUpdate,
        replacements: &[&Replacement<'a, 'b>],
        ready: &[(ActionId, Edge)],
        hook: Option<ActionId>,
    ) -> Vec<ActionId> {
        let undone_alone = update.failure_action != FailureAction::Rollback;
        let mut rows: Vec<Row<'a>> = Vec::new();
        let mut turn = Turn::new();
        for group in replacements.chunks(update.group(replacements.len())) {
            let first = rows.len();
            let mut next = Turn::new();
            for replacement in group {
                let Some(row) = self.row(service, update, replacement, ready, (&turn, hook)) else { continue };
                if undone_alone {
                    self.leave_for_good(replacement, &row, &[row.accept]);
                    let undone = self.undo(service, update, replacement, &row, &[row.accept], &[]);
                    next.push((undone, Edge::Follows));
                }
                next.push((row.end(update.order), update.edge()));
                rows.push(row);
            }
            turn = self.pause(service, update, &rows[first..], next, rows.len() < replacements.len());
        }
        let accepts: Vec<_> = rows.iter().map(|row| row.accept).collect();
        if !undone_alone {
            for (replacement, row) in replacements.iter().zip(&rows) {
                self.leave_for_good(replacement, row, &accepts);
            }
            self.undo_all(service, update, replacements, &rows, &accepts);
        }
        self.hold_back_sharing(replacements, &accepts);
        accepts
    }

    /// Delays the creation of containers that share with one of these until it is certain that these stay.
    fn hold_back_sharing(&mut self, replacements: &[&Replacement<'a, 'b>], accepts: &[ActionId]) {
        let sharing: Vec<_> = replacements
            .iter()
            .flat_map(|replacement| self.sharing(replacement))
            .filter_map(|replacement| replacement.create)
            .collect();
        for create in sharing {
            for accept in accepts {
                self.order_if_possible(*accept, create);
            }
        }
    }

    /// The replicas of other services that share with the container of this one.
    fn sharing(&self, replacement: &Replacement<'a, 'b>) -> impl Iterator<Item = &Replacement<'a, 'b>> {
        let handle = replacement.container.handle.clone();
        self.replacements.values().flatten().filter(move |other| {
            let mut shared = other.spec.references.values().chain(other.spec.linked.values().flatten());
            shared.any(|container| container.handle == handle)
        })
    }

    /// The steps of one replica, until its new container is ready and the old one stopped.
    fn row(
        &mut self,
        service: &'a Service,
        update: RollingUpdate,
        replacement: &Replacement<'a, 'b>,
        ready: &[(ActionId, Edge)],
        (turn, hook): (&Turn, Option<ActionId>),
    ) -> Option<Row<'a>> {
        let (old, when) = match &replacement.slot.change {
            Change::Recreate { old, when, .. } => (*old, when.clone()),
            Change::Finish { old, .. } => (*old, When::Always),
            Change::Keep(_) | Change::Create => return None,
        };
        let old_ref = old_reference(replacement, old);
        let stop_after =
            |emit: &mut Self, after: &[ActionId]| emit.stop(old, old_ref.clone(), &when, Reason::Replaced, after);
        let created: Vec<_> = replacement.create.into_iter().collect();
        let stopped = (update.order == UpdateOrder::StopFirst).then(|| stop_after(self, &created)).flatten();
        let start = self.start(service, replacement, &when, stopped, ready);
        if let Some(hook) = hook {
            self.builder.order(hook, start, Edge::Requires);
        }
        if let Some(stop) = stopped {
            self.after_all(stop, ready);
        }
        self.after_all(stopped.unwrap_or(start), turn);
        let accept = WaitSpec {
            service: service.name.clone(),
            condition: WaitCondition::RunningOrHealthy,
            containers: vec![replacement.container.clone()],
            waiter: Waiter::Update(update.failure_action),
            probing: self.probing(&service.name, WaitCondition::RunningOrHealthy),
            ready: self.readiness(&service.name, WaitCondition::RunningOrHealthy),
            monitor: update.monitor,
            timeout: self.cx.options.wait.and_then(|wait| wait.timeout),
        };
        let accept = self.add(Action::Wait(accept.into()), Reason::RollingUpdate, &when, [start]);
        let stop = match update.order {
            UpdateOrder::StartFirst => stop_after(self, &[accept]),
            UpdateOrder::StopFirst => stopped,
        };
        Some(Row { old, when, stop, accept })
    }

    /// Removes the old container once its successor can stay, and renames the successor.
    fn leave_for_good(&mut self, replacement: &Replacement<'a, 'b>, row: &Row<'a>, accepts: &[ActionId]) {
        let after = row.stop.into_iter().chain(accepts.iter().copied()).collect();
        let remove = self.remove_replaced(replacement, row.old, &row.when, &Reason::Replaced, after);
        match &replacement.slot.change {
            Change::Finish { new, .. } if new.name != replacement.slot.name => {
                self.rename(replacement, Reason::Interrupted, &row.when, Some(remove));
            }
            Change::Recreate { .. } if replacement.spec.temporary_name.is_some() => {
                self.rename(replacement, Reason::Replacement, &row.when, Some(remove));
            }
            Change::Finish { .. } | Change::Recreate { .. } | Change::Keep(_) | Change::Create => {}
        }
    }

    /// The steps if one of `failing` fails: the new container of a replica is removed and the old one restored. Returns
    /// the last of these steps.
    fn undo(
        &mut self,
        service: &Service,
        update: RollingUpdate,
        replacement: &Replacement<'a, 'b>,
        row: &Row<'a>,
        failing: &[ActionId],
        turn: &[ActionId],
    ) -> ActionId {
        let failed = Guard::Failed(failing.to_vec());
        let guard = match row.when.guard() {
            Some(guard) => Guard::AllOf(vec![guard, failed]),
            None => failed,
        };
        // Never the old container, even though it fills the slot if no new one could be created.
        let handle = replacement.create.map_or_else(|| replacement.container.handle.clone(), Handle::Made);
        let name = replacement.spec.temporary_name.clone().unwrap_or_else(|| replacement.container.name.clone());
        let new = ContainerRef { name, handle, ..replacement.container.clone() };
        let old = old_reference(replacement, row.old);
        let timeout = self.cx.options.timeout;
        // A container that never got ready needs no `pre_stop` hooks.
        let spec = (update.failure_action == FailureAction::Rollback).then(|| replacement.spec.clone());
        let stop_new = (Action::StopContainer { container: new.clone(), spec, timeout }, Reason::TakenBack);
        // A container created in this run has only new volumes; one from an earlier run has used its volumes.
        let volumes = if replacement.create.is_some() { AnonymousVolumes::Remove } else { AnonymousVolumes::Keep };
        let remove_new = (Action::remove_container(new, volumes), Reason::TakenBack);
        // It still has the files it was started with.
        let start_old = (Action::StartContainer { container: old.clone(), spec: None }, Reason::PutBack);
        let wait_old = || {
            let spec = WaitSpec {
                service: service.name.clone(),
                condition: WaitCondition::RunningOrHealthy,
                containers: vec![old.clone()],
                waiter: Waiter::Update(update.failure_action),
                probing: self.probing(&service.name, WaitCondition::RunningOrHealthy),
                ready: self.readiness(&service.name, WaitCondition::RunningOrHealthy),
                monitor: Duration::ZERO,
                timeout: self.cx.options.wait.and_then(|wait| wait.timeout),
            };
            (Action::Wait(spec.into()), Reason::PutBack)
        };
        let steps = match (update.order, update.failure_action) {
            // The old one was not touched.
            (UpdateOrder::StartFirst, FailureAction::Pause | FailureAction::Continue) => vec![stop_new, remove_new],
            (UpdateOrder::StartFirst, FailureAction::Rollback) => vec![start_old, wait_old(), stop_new, remove_new],
            (UpdateOrder::StopFirst, _) => vec![stop_new, start_old, wait_old(), remove_new],
        };
        let mut last = None;
        for (action, reason) in steps {
            let step = self.builder.add(Step { action, reason, guard: Some(guard.clone()) }, last);
            if last.is_none() {
                let before = failing.iter().chain(&row.stop).chain(turn);
                before.for_each(|earlier| self.builder.order(*earlier, step, Edge::Follows));
            }
            last = Some(step);
        }
        last.unwrap_or(row.accept)
    }

    /// The steps if any replica fails: all are rolled back, in the same order.
    fn undo_all(
        &mut self,
        service: &Service,
        update: RollingUpdate,
        replacements: &[&Replacement<'a, 'b>],
        rows: &[Row<'a>],
        accepts: &[ActionId],
    ) {
        let pairs: Vec<_> = replacements.iter().zip(rows).collect();
        let mut turn = Vec::new();
        for group in pairs.chunks(update.group(pairs.len())) {
            let undone =
                group.iter().map(|(replacement, row)| self.undo(service, update, replacement, row, accepts, &turn));
            turn = undone.collect();
        }
    }

    /// What comes before the next group: the end of this one, and a delay if configured.
    fn pause(&mut self, service: &Service, update: RollingUpdate, group: &[Row<'a>], end: Turn, more: bool) -> Turn {
        if update.delay.is_zero() || !more {
            return end;
        }
        let when = group.iter().fold(When::Never, |all, row| all.or(&row.when));
        let action = Action::Delay { service: service.name.clone(), duration: update.delay };
        let pause = self.add(action, Reason::RollingUpdate, &when, []);
        self.after_all(pause, &end);
        vec![(pause, Edge::Requires)]
    }

    /// Restarts the dependents with `restart: true` once the update is over.
    pub(in crate::plan) fn stop_dependents_after(&mut self, decision: &Decision<'a>, accepts: &[ActionId]) {
        let dependents = self.dependents.get(&decision.service.name).cloned().unwrap_or_default();
        let decisions = self.decisions;
        for (name, _) in dependents.into_iter().filter(|(_, how)| how.restart) {
            let slots = decisions.get(name).into_iter().flat_map(|decision| &decision.slots);
            for container in slots.filter_map(|slot| slot.change.old()) {
                if !self.stops.contains_key(&container.id) {
                    let reason = Reason::DependencyRecreated(decision.service.name.clone());
                    self.stop(container, existing(name, container), &decision.recreated, reason, accepts);
                }
            }
        }
    }
}

/// A reference to the old container of a slot.
fn old_reference(replacement: &Replacement<'_, '_>, old: &Container) -> ContainerRef {
    ContainerRef {
        replica: Some(replacement.slot.replica.clone()),
        name: old.name.clone(),
        handle: Handle::Existing(old.id.clone()),
    }
}
