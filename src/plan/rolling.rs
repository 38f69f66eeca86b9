//! Rolling updates: the replicas of a service are replaced in turn, each new one ready before its predecessor goes
//! (`order: start-first`), or before the next one's does (`stop-first`). See engine.md W38.

use std::num::NonZeroUsize;
use std::time::Duration;

use super::container::{Change, Fate};
use super::replace::Swap;
use super::steps::{Emit, existing};
use super::up::Context;
use super::when::When;
use super::{
    Action, ActionId, AnonymousVolumes, ContainerRef, Edge, FailureAction, Guard, Handle, PlanError, Reason, Step,
    WaitCondition, WaitSpec, Waiter, Warning, exclusive,
};
use crate::observed::Container;
use crate::project::{Service, UpdateConfig};

/// How a service is updated (compose-file.md §3.4, `deploy.update_config`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RollingUpdate {
    order: UpdateOrder,
    /// Replicas at a time; all at once where there is none.
    parallelism: Option<NonZeroUsize>,
    /// Time between one group and the next.
    delay: Duration,
    failure_action: FailureAction,
    /// For how long a new container is watched once it is ready.
    monitor: Duration,
}

/// Which of the two goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum UpdateOrder {
    /// The new container starts beside the old one.
    StartFirst,
    /// The old one stops before the new one starts.
    StopFirst,
}

impl RollingUpdate {
    /// What a service says; one replica at a time, stop-first, and a failure pauses the update by default.
    fn of(service: &Service) -> Result<Self, PlanError> {
        let unset = UpdateConfig::default();
        let written = service.deploy.as_ref().and_then(|deploy| deploy.update_config.as_ref()).unwrap_or(&unset);
        let failure_action = match written.failure_action.as_deref() {
            None | Some("" | "pause") => FailureAction::Pause,
            Some("continue") => FailureAction::Continue,
            Some("rollback") => FailureAction::Rollback,
            Some(word) => {
                let (service, word) = (service.name.clone(), word.to_owned());
                return Err(PlanError::UnknownFailureAction { service, word });
            }
        };
        let order = match written.order.as_deref() {
            Some("start-first") => UpdateOrder::StartFirst,
            _ => UpdateOrder::StopFirst,
        };
        let parallelism = usize::try_from(written.parallelism.unwrap_or(1)).unwrap_or(usize::MAX);
        let time = |written: crate::project::value::Duration| written.to_std().unwrap_or_default();
        Ok(Self {
            order,
            parallelism: NonZeroUsize::new(parallelism),
            delay: time(written.delay),
            failure_action,
            monitor: time(written.monitor),
        })
    }

    /// How many of so many replicas are replaced at a time.
    fn group(&self, replicas: usize) -> usize {
        self.parallelism.map_or(replicas, NonZeroUsize::get).clamp(1, replicas.max(1))
    }

    /// What the failure of a group is to the next one.
    fn edge(&self) -> Edge {
        if self.failure_action == FailureAction::Continue { Edge::Follows } else { Edge::Requires }
    }
}

impl Context<'_> {
    /// How a service is updated, where it is asked for: `up --rolling`, or `x-hoist: {rolling: true}`.
    pub(super) fn rolling(&self, service: &Service) -> Result<Option<RollingUpdate>, PlanError> {
        let asked = self.starts() && (self.options.rolling || service.x_hoist().rolling);
        asked.then(|| RollingUpdate::of(service)).transpose()
    }
}

/// Refuses what cannot be updated in the order it asks for: two containers at once that need one thing.
pub(super) fn check(cx: &Context<'_>, service: &Service) -> Result<(), PlanError> {
    let Some(update) = cx.rolling(service)? else { return Ok(()) };
    let replicas = cx.replicas(service) as usize;
    if update.order == UpdateOrder::StopFirst || replicas == 0 {
        return Ok(());
    }
    let obstacle = exclusive::of(service, replicas.saturating_add(update.group(replicas)));
    obstacle.map_or(Ok(()), |obstacle| Err(PlanError::StartFirst { service: service.name.clone(), obstacle }))
}

/// One replica that is replaced in its turn.
struct Row<'a> {
    old: &'a Container,
    when: When,
    /// The step that stops the old container; none where it does not run.
    stop: Option<ActionId>,
    /// The wait for the new one.
    accept: ActionId,
}

impl Row<'_> {
    /// The step after which the next replica has its turn.
    fn end(&self, order: UpdateOrder) -> ActionId {
        match order {
            UpdateOrder::StartFirst => self.stop.unwrap_or(self.accept),
            UpdateOrder::StopFirst => self.accept,
        }
    }
}

/// What comes before a turn.
type Turn = Vec<(ActionId, Edge)>;

impl<'a, 'b> Emit<'a, 'b> {
    /// Which replicas of a service are replaced in turn: those that run, unless they have to stop for something else. Where
    /// ports, names or addresses pass from one container to another in this run, none are: whoever gives has to stop
    /// before whoever takes starts. That is reported.
    pub(super) fn in_turn(&mut self, fate: &Fate<'a>, swaps: &[Swap<'a, 'b>]) -> Vec<bool> {
        let calm = |container: &Container| {
            self.early.is_empty()
                && !self.stops.contains_key(&container.id)
                && !self.connects.contains_key(&container.id)
        };
        let wanted = |change: &Change<'_>| match change {
            Change::Recreate { old, when, .. } => fate.rolling.is_some() && !when.is_never() && old.is_up(),
            Change::Finish { .. } => fate.rolling.is_some(),
            Change::Keep(_) | Change::Create => false,
        };
        let possible = |change: &Change<'_>| match change {
            Change::Finish { old, new } => calm(old) && calm(new),
            Change::Keep(_) | Change::Create | Change::Recreate { .. } => change.old().is_none_or(calm),
        };
        let changes = || swaps.iter().map(|swap| &swap.slot.change);
        let in_turn: Vec<_> = changes().map(|change| wanted(change) && possible(change)).collect();
        if changes().zip(&in_turn).any(|(change, in_turn)| wanted(change) && !in_turn) {
            self.warnings.push(Warning::NotInTurn { service: fate.service.name.clone() });
        }
        in_turn
    }

    /// Replaces containers in turn. Gives back the waits that whoever needs the service comes after.
    pub(super) fn roll(
        &mut self,
        service: &'a Service,
        update: RollingUpdate,
        swaps: &[&Swap<'a, 'b>],
        ready: &[(ActionId, Edge)],
        hook: Option<ActionId>,
    ) -> Vec<ActionId> {
        let undone_alone = update.failure_action != FailureAction::Rollback;
        let mut rows: Vec<Row<'a>> = Vec::new();
        let mut turn = Turn::new();
        for group in swaps.chunks(update.group(swaps.len())) {
            let first = rows.len();
            let mut next = Turn::new();
            for swap in group {
                let Some(row) = self.row(service, update, swap, ready, (&turn, hook)) else { continue };
                if undone_alone {
                    self.leave_for_good(swap, &row, &[row.accept]);
                    let undone = self.undo(service, update, swap, &row, &[row.accept], &[]);
                    next.push((undone, Edge::Follows));
                }
                next.push((row.end(update.order), update.edge()));
                rows.push(row);
            }
            turn = self.pause(service, update, &rows[first..], next, rows.len() < swaps.len());
        }
        let accepts: Vec<_> = rows.iter().map(|row| row.accept).collect();
        if !undone_alone {
            for (swap, row) in swaps.iter().zip(&rows) {
                self.leave_for_good(swap, row, &accepts);
            }
            self.undo_all(service, update, swaps, &rows, &accepts);
        }
        self.hold_back_sharing(swaps, &accepts);
        accepts
    }

    /// Has containers that share with one of these made once it is known that they stay.
    fn hold_back_sharing(&mut self, swaps: &[&Swap<'a, 'b>], accepts: &[ActionId]) {
        let sharing: Vec<_> = swaps.iter().flat_map(|swap| self.sharing(swap)).filter_map(|swap| swap.create).collect();
        for create in sharing {
            for accept in accepts {
                self.order_if_possible(*accept, create);
            }
        }
    }

    /// The replicas of other services that share with the container of one.
    fn sharing(&self, swap: &Swap<'a, 'b>) -> impl Iterator<Item = &Swap<'a, 'b>> {
        let handle = swap.container.handle.clone();
        self.swaps.values().flatten().filter(move |other| {
            let mut shared = other.spec.references.values().chain(other.spec.linked.values().flatten());
            shared.any(|container| container.handle == handle)
        })
    }

    /// The steps of one replica, up to the moment when its new container is there and the old one stopped.
    fn row(
        &mut self,
        service: &'a Service,
        update: RollingUpdate,
        swap: &Swap<'a, 'b>,
        ready: &[(ActionId, Edge)],
        (turn, hook): (&Turn, Option<ActionId>),
    ) -> Option<Row<'a>> {
        let (old, when) = match &swap.slot.change {
            Change::Recreate { old, when, .. } => (*old, when.clone()),
            Change::Finish { old, .. } => (*old, When::Always),
            Change::Keep(_) | Change::Create => return None,
        };
        let old_ref = old_reference(swap, old);
        let stop_after =
            |emit: &mut Self, after: &[ActionId]| emit.stop(old, old_ref.clone(), &when, Reason::Replaced, after);
        let created: Vec<_> = swap.create.into_iter().collect();
        let stopped = (update.order == UpdateOrder::StopFirst).then(|| stop_after(self, &created)).flatten();
        let start = self.start(service, swap, &when, stopped, ready);
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
            containers: vec![swap.container.clone()],
            waiter: Waiter::Update(update.failure_action),
            probing: self.probing(&service.name, WaitCondition::RunningOrHealthy),
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

    /// Removes the old container, once its successor can stay, and gives that its name.
    fn leave_for_good(&mut self, swap: &Swap<'a, 'b>, row: &Row<'a>, accepts: &[ActionId]) {
        let after = row.stop.into_iter().chain(accepts.iter().copied()).collect();
        let remove = self.remove_replaced(swap, row.old, &row.when, &Reason::Replaced, after);
        match &swap.slot.change {
            Change::Finish { new, .. } if new.name != swap.slot.name => {
                self.rename(swap, Reason::Interrupted, &row.when, Some(remove));
            }
            Change::Recreate { .. } if swap.spec.temporary_name.is_some() => {
                self.rename(swap, Reason::Replacement, &row.when, Some(remove));
            }
            Change::Finish { .. } | Change::Recreate { .. } | Change::Keep(_) | Change::Create => {}
        }
    }

    /// What happens where one of `failing` fails: the new container of a replica goes, update failed: restoring the old container. Gives
    /// back the last of these steps.
    fn undo(
        &mut self,
        service: &Service,
        update: RollingUpdate,
        swap: &Swap<'a, 'b>,
        row: &Row<'a>,
        failing: &[ActionId],
        turn: &[ActionId],
    ) -> ActionId {
        let failed = Guard::Failed(failing.to_vec());
        let guard = match row.when.guard() {
            Some(guard) => Guard::AllOf(vec![guard, failed]),
            None => failed,
        };
        // Never the old container, though that fills the slot where no new one could be made.
        let handle = swap.create.map_or_else(|| swap.container.handle.clone(), Handle::Made);
        let name = swap.spec.temporary_name.clone().unwrap_or_else(|| swap.container.name.clone());
        let new = ContainerRef { name, handle, ..swap.container.clone() };
        let old = old_reference(swap, row.old);
        let timeout = self.cx.options.timeout;
        // One that never got ready has nothing to say good-bye to: no hooks.
        let spec = (update.failure_action == FailureAction::Rollback).then(|| swap.spec.clone());
        let stop_new = (Action::StopContainer { container: new.clone(), spec, timeout }, Reason::TakenBack);
        // What this run made brought its volumes along; what an earlier run made has used them.
        let volumes = if swap.create.is_some() { AnonymousVolumes::Remove } else { AnonymousVolumes::Keep };
        let remove_new = (Action::remove_container(new, volumes), Reason::TakenBack);
        // It has the files it was started with.
        let start_old = (Action::StartContainer { container: old.clone(), spec: None }, Reason::PutBack);
        let wait_old = || {
            let spec = WaitSpec {
                service: service.name.clone(),
                condition: WaitCondition::RunningOrHealthy,
                containers: vec![old.clone()],
                waiter: Waiter::Update(update.failure_action),
                probing: self.probing(&service.name, WaitCondition::RunningOrHealthy),
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

    /// What happens where any replica fails: all go back, in turn as they came.
    fn undo_all(
        &mut self,
        service: &Service,
        update: RollingUpdate,
        swaps: &[&Swap<'a, 'b>],
        rows: &[Row<'a>],
        accepts: &[ActionId],
    ) {
        let pairs: Vec<_> = swaps.iter().zip(rows).collect();
        let mut turn = Vec::new();
        for group in pairs.chunks(update.group(pairs.len())) {
            let undone = group.iter().map(|(swap, row)| self.undo(service, update, swap, row, accepts, &turn));
            turn = undone.collect();
        }
    }

    /// What comes before the next group: the end of this one, and some time where that is asked for.
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
    pub(super) fn stop_dependents_after(&mut self, fate: &Fate<'a>, accepts: &[ActionId]) {
        let dependents = self.dependents.get(&fate.service.name).cloned().unwrap_or_default();
        let fates = self.fates;
        for (name, _) in dependents.into_iter().filter(|(_, how)| how.restart) {
            let slots = fates.get(name).into_iter().flat_map(|fate| &fate.slots);
            for container in slots.filter_map(|slot| slot.change.old()) {
                if !self.stops.contains_key(&container.id) {
                    let reason = Reason::DependencyRecreated(fate.service.name.clone());
                    self.stop(container, existing(name, container), &fate.recreated, reason, accepts);
                }
            }
        }
    }
}

/// The old container of a slot, as itself.
fn old_reference(swap: &Swap<'_, '_>, old: &Container) -> ContainerRef {
    ContainerRef {
        replica: Some(swap.slot.replica.clone()),
        name: old.name.clone(),
        handle: Handle::Existing(old.id.clone()),
    }
}
