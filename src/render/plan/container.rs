//! Containers: merges the steps of a slot into one entry, so that a recreation is one line.

use std::collections::BTreeSet;

use super::entry::{Certainty, Detail, Entry, Kind, Verb};
use super::reason;
use super::role::{self, Part, Role};
use crate::observed::ContainerId;
use crate::plan::{Action, ContainerRef, Handle, Plan, Reason, Replica, Step, WaitSpec, Waiter};
use crate::render::text::plural;

/// What happens to containers, in the order of the plan.
pub(super) fn entries(plan: &Plan) -> Vec<Entry> {
    slots(plan).iter().filter_map(|slot| slot.entry(plan)).collect()
}

/// The subject of a line.
#[derive(Debug, Clone, PartialEq)]
enum Subject {
    /// A slot, whichever container fills it.
    Slot(Replica),
    /// A container outside of any slot, or a surplus one in it, by name.
    Container(String),
}

/// The steps of one subject, without those that only happen if something fails.
#[derive(Debug)]
struct Steps<'a> {
    subject: Subject,
    create: Option<&'a Step>,
    start: Option<&'a Step>,
    unpause: Option<&'a Step>,
    pause: Option<&'a Step>,
    restart: Option<&'a Step>,
    kill: Option<&'a Step>,
    stop: Option<&'a Step>,
    remove: Option<&'a Step>,
    rename: Option<&'a Step>,
    connect: Option<&'a Step>,
    hooks: usize,
    in_turn: bool,
}

fn slots(plan: &Plan) -> Vec<Steps<'_>> {
    let superfluous = superfluous(plan);
    let mut slots: Vec<Steps<'_>> = Vec::new();
    for (_, step) in plan.steps().filter(|(_, step)| !reason::is_for_failure(step)) {
        if let Action::Wait(spec) = &step.action {
            mark_turns(&mut slots, spec);
            continue;
        }
        let Some(subject) = subject(&step.action, &superfluous) else { continue };
        let at = slots.iter().position(|slot| slot.subject == subject).unwrap_or_else(|| {
            slots.push(Steps::of(subject));
            slots.len() - 1
        });
        slots[at].add(step);
    }
    slots
}

/// The containers that are removed without a replacement.
fn superfluous(plan: &Plan) -> BTreeSet<&ContainerId> {
    let (mut removed, mut replaced, mut refilled) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for (_, step) in plan.steps() {
        if let Action::RemoveContainer { container, .. } = &step.action {
            removed.extend(existing(container).map(|id| (id, container, &step.reason)));
        } else if let Action::CreateContainer(spec) = &step.action {
            match &spec.replaces {
                Some(old) => replaced.extend(existing(&old.container)),
                // Its predecessor must be removed first, because a volume is recreated.
                None => refilled.extend([(&spec.replica, false)]),
            }
        } else if let Action::RenameContainer { container, .. } = &step.action
            && step.reason == Reason::Interrupted
        {
            // The successor from an interrupted run already exists, and is only renamed.
            refilled.extend(container.replica.as_ref().map(|replica| (replica, true)));
        }
    }
    let has_successor = |container: &ContainerRef, reason: &Reason| {
        let interrupted = *reason == Reason::Interrupted;
        container.replica.as_ref().is_some_and(|replica| refilled.contains(&(replica, interrupted)))
    };
    removed
        .into_iter()
        .filter(|(id, container, reason)| !replaced.contains(id) && !has_successor(container, reason))
        .map(|(id, ..)| id)
        .collect()
}

fn existing(container: &ContainerRef) -> Option<&ContainerId> {
    match &container.handle {
        Handle::Existing(id) => Some(id),
        Handle::Made(_) | Handle::MadeOr { .. } => None,
    }
}

fn subject(action: &Action, superfluous: &BTreeSet<&ContainerId>) -> Option<Subject> {
    if let Action::CreateContainer(spec) = action {
        return Some(match spec.one_off {
            Some(_) => Subject::Container(spec.name.clone()),
            None => Subject::Slot(spec.replica.clone()),
        });
    }
    let container = action.container()?;
    let is_superfluous = existing(container).is_some_and(|id| superfluous.contains(id));
    match &container.replica {
        Some(replica) if !is_superfluous => Some(Subject::Slot(replica.clone())),
        Some(_) | None => Some(Subject::Container(container.name.clone())),
    }
}

fn mark_turns(slots: &mut [Steps<'_>], wait: &WaitSpec) {
    if !matches!(wait.waiter, Waiter::Update(_)) {
        return;
    }
    for replica in wait.containers.iter().filter_map(|container| container.replica.as_ref()) {
        let own = slots.iter_mut().filter(|slot| matches!(&slot.subject, Subject::Slot(slot) if slot == replica));
        own.for_each(|slot| slot.in_turn = true);
    }
}

impl<'a> Steps<'a> {
    fn of(subject: Subject) -> Self {
        Self {
            subject,
            create: None,
            start: None,
            unpause: None,
            pause: None,
            restart: None,
            kill: None,
            stop: None,
            remove: None,
            rename: None,
            connect: None,
            hooks: 0,
            in_turn: false,
        }
    }

    fn add(&mut self, step: &'a Step) {
        let Role::Part(part) = role::of(&step.action) else { return };
        let place = match part {
            Part::Create => &mut self.create,
            Part::Start => &mut self.start,
            Part::Pause => &mut self.pause,
            Part::Unpause => &mut self.unpause,
            Part::Restart => &mut self.restart,
            Part::Kill => &mut self.kill,
            Part::Stop => &mut self.stop,
            Part::Remove => &mut self.remove,
            Part::Rename => &mut self.rename,
            Part::Connect => &mut self.connect,
            Part::Hook => {
                self.hooks += 1;
                return;
            }
        };
        place.get_or_insert(step);
    }

    fn entry(&self, plan: &Plan) -> Option<Entry> {
        let (verb, step) = self.verb()?;
        let mut details = reason::of_step(plan, step);
        if let Some(create) = self.create.filter(|create| !std::ptr::eq(*create, step))
            && let Some(condition) = reason::condition_of(plan, create)
        {
            details.push(Detail::Text(format!("recreated if {condition}")));
        }
        if self.in_turn {
            details.push(Detail::Text("replicas are replaced in turn".to_owned()));
        }
        if self.hooks > 0 {
            details.push(Detail::Text(format!("runs {} first", plural(self.hooks as u64, "pre_start hook"))));
        }
        let certainty = if step.guard.is_some() { Certainty::Possible } else { Certainty::Certain };
        Some(Entry { kind: Kind::Container, verb, certainty, name: self.name(step), details })
    }

    /// The overall verb of the steps, and the step with the reason.
    fn verb(&self) -> Option<(Verb, &'a Step)> {
        let certain = |step: Option<&'a Step>| step.filter(|step| step.guard.is_none());
        if let Some(create) = self.create {
            let replaces = matches!(&create.action, Action::CreateContainer(spec) if spec.replaces.is_some());
            let verb = if replaces || self.remove.is_some() { Verb::Recreate } else { Verb::Create };
            // A container that may be recreated may certainly be started.
            return match (certain(Some(create)), certain(self.stop), certain(self.start), certain(self.unpause)) {
                (None, Some(stop), Some(_), _) => Some((Verb::Restart, stop)),
                (None, _, Some(start), _) => Some((Verb::Start, start)),
                (None, _, None, Some(unpause)) => Some((Verb::Unpause, unpause)),
                _ => Some((verb, create)),
            };
        }
        if let Some(remove) = self.remove {
            let verb = if self.rename.is_some() || self.start.is_some() { Verb::Recreate } else { Verb::Remove };
            return Some((verb, remove));
        }
        match (self.stop, self.start) {
            (Some(stop), Some(_)) => Some((Verb::Restart, stop)),
            (None, Some(start)) if matches!(start.reason, Reason::RanBefore { .. }) => Some((Verb::RunAgain, start)),
            (None, Some(start)) => Some((Verb::Start, start)),
            (stop, None) => [
                (Verb::Restart, self.restart),
                (Verb::Kill, self.kill),
                (Verb::Pause, self.pause),
                (Verb::Unpause, self.unpause),
                (Verb::Stop, stop),
                (Verb::Connect, self.connect),
                (Verb::Rename, self.rename),
            ]
            .into_iter()
            .find_map(|(verb, step)| Some((verb, step?))),
        }
    }

    /// The slot, or the name of a surplus container left by an interrupted run.
    fn name(&self, step: &Step) -> String {
        match &self.subject {
            Subject::Slot(replica) => replica.to_string(),
            Subject::Container(name) if step.reason == Reason::Interrupted => name.clone(),
            Subject::Container(name) => step.action.container().map_or_else(|| name.clone(), ToString::to_string),
        }
    }
}
