//! Which steps may start now: what comes before them has ended, and the engine has room.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::plan::{Action, ActionId, Edge, Plan, Step};

/// Calls at once that keep an engine busy; more only queue there.
const CHANGES: usize = 8;
/// Pulls and builds at once. They have a number of their own, since a slow one must not hold up the rest.
const FETCHES: usize = 8;
/// Stops at once. A stop is mostly waiting for the grace period to pass.
const STOPS: usize = 64;

/// How a step ended, as far as others are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// It was done, or not needed.
    Well,
    /// It failed, or was skipped.
    Badly,
}

/// The state of every step of a plan.
#[derive(Debug)]
pub(super) struct Schedule {
    plan: Arc<Plan>,
    /// Of steps that wait for others, how many.
    blockers: BTreeMap<ActionId, usize>,
    /// Steps that nothing blocks; the planner's order is the order among them.
    ready: BTreeSet<ActionId>,
    /// Steps on their way.
    running: BTreeMap<ActionId, Lane>,
    limit: Limit,
}

/// What kind of room a step needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lane {
    /// None: it waits for events.
    Wait,
    /// That of a pull or a build.
    Fetch,
    /// That of a stop.
    Stop,
    /// That of any other call.
    Change,
    /// That of a call, alone: starts with ports out of a range. Engines give out the ports of parallel starts twice.
    ChangeAlone,
}

/// How many steps may run at once.
#[derive(Debug, Clone, Copy)]
enum Limit {
    /// So many of each kind.
    PerLane,
    /// So many in all.
    InAll(usize),
}

impl Schedule {
    pub(super) fn new(plan: &Arc<Plan>, parallel: Option<usize>) -> Self {
        let mut schedule = Self {
            plan: plan.clone(),
            blockers: BTreeMap::new(),
            ready: BTreeSet::new(),
            running: BTreeMap::new(),
            limit: parallel.map_or(Limit::PerLane, |calls| Limit::InAll(calls.max(1))),
        };
        for (id, _) in plan.steps() {
            match plan.before(id).count() {
                0 => {
                    schedule.ready.insert(id);
                }
                blockers => {
                    schedule.blockers.insert(id, blockers);
                }
            }
        }
        schedule
    }

    /// The next step to start, which counts as running from now on.
    pub(super) fn next(&mut self) -> Option<ActionId> {
        let (id, lane) =
            self.ready.iter().map(|id| (*id, lane(self.plan.step(*id)))).find(|(_, lane)| self.has_room(*lane))?;
        self.ready.remove(&id);
        self.running.insert(id, lane);
        Some(id)
    }

    /// Whether something could go on, if it were allowed to.
    pub(super) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Notes that `id` ended, releases what only waited for it, and gives back what must now be skipped.
    pub(super) fn end(&mut self, id: ActionId, how: Ended) -> Vec<ActionId> {
        self.running.remove(&id);
        let mut skipped = Vec::new();
        let plan = self.plan.clone();
        for (next, edge) in plan.after(id) {
            // A step that is not blocked any more was skipped already.
            let Some(left) = self.blockers.get_mut(&next) else { continue };
            *left -= 1;
            if how == Ended::Badly && edge == Edge::Requires {
                self.blockers.remove(&next);
                skipped.push(next);
            } else if *left == 0 {
                self.blockers.remove(&next);
                self.ready.insert(next);
            }
        }
        skipped.sort_unstable();
        skipped
    }

    fn has_room(&self, lane: Lane) -> bool {
        let busy = |matches: fn(Lane) -> bool| self.running.values().filter(|lane| matches(**lane)).count();
        if lane == Lane::Wait {
            return true;
        }
        if lane == Lane::ChangeAlone && busy(|lane| lane == Lane::ChangeAlone) > 0 {
            return false;
        }
        match (self.limit, lane) {
            (Limit::InAll(limit), _) => busy(|lane| lane != Lane::Wait) < limit,
            (Limit::PerLane, Lane::Fetch) => busy(|lane| lane == Lane::Fetch) < FETCHES,
            (Limit::PerLane, Lane::Stop) => busy(|lane| lane == Lane::Stop) < STOPS,
            (Limit::PerLane, Lane::Change | Lane::ChangeAlone | Lane::Wait) => {
                busy(|lane| matches!(lane, Lane::Change | Lane::ChangeAlone)) < CHANGES
            }
        }
    }
}

fn lane(step: &Step) -> Lane {
    match &step.action {
        Action::Wait(_) | Action::Pause { .. } => Lane::Wait,
        Action::PullImage(_)
        | Action::BuildImage(_)
        | Action::PullModel(_)
        | Action::ConfigureModel(_)
        | Action::RunProvider { .. } => Lane::Fetch,
        Action::StopContainer { .. } => Lane::Stop,
        Action::StartContainer { spec: Some(spec), .. } => {
            let service = spec.project.services.get(&spec.replica.service);
            let range = |port: &crate::project::value::Port| {
                port.published.as_deref().is_some_and(|published| published.contains('-'))
            };
            if service.is_some_and(|service| service.ports.iter().any(range)) {
                Lane::ChangeAlone
            } else {
                Lane::Change
            }
        }
        Action::CreateNetwork { .. }
        | Action::RemoveNetwork { .. }
        | Action::DisconnectNetwork { .. }
        | Action::ConnectNetwork { .. }
        | Action::CreateVolume { .. }
        | Action::RemoveVolume { .. }
        | Action::RemoveImage { .. }
        | Action::CreateContainer(_)
        | Action::StartContainer { spec: None, .. }
        | Action::UnpauseContainer { .. }
        | Action::RemoveContainer { .. }
        | Action::RenameContainer { .. }
        | Action::RunPreStart { .. } => Lane::Change,
    }
}
