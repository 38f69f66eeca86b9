//! Decides which steps may start now: their predecessors have ended, and the limits allow it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::plan::{ActionId, Edge, Lane, Plan};

/// Number of parallel calls that keeps an engine busy; more would only queue there.
const CHANGES: usize = 8;
/// Maximum number of parallel pulls and builds. They have their own limit, so that slow ones do not hold up the rest.
const FETCHES: usize = 8;
/// Maximum number of parallel stops. A stop mostly waits for the grace period.
const STOPS: usize = 64;

/// How a step ended, from the point of view of its successors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// It was done, or not needed.
    Succeeded,
    /// It failed, or was skipped.
    Failed,
}

/// The state of every step of a plan.
#[derive(Debug)]
pub(super) struct Schedule {
    plan: Arc<Plan>,
    /// The number of unfinished predecessors of each waiting step.
    blockers: BTreeMap<ActionId, usize>,
    /// Steps that nothing blocks, with their lanes, in the planner's order.
    ready: BTreeMap<ActionId, Lane>,
    /// Running steps.
    running: BTreeMap<ActionId, Lane>,
    limit: Limit,
}

/// How many steps may run at once.
#[derive(Debug, Clone, Copy)]
enum Limit {
    /// A limit for each kind.
    PerLane,
    /// A limit for all kinds together.
    InAll(usize),
}

impl Schedule {
    pub(super) fn new(plan: &Arc<Plan>, parallel: Option<usize>) -> Self {
        let mut schedule = Self {
            plan: plan.clone(),
            blockers: BTreeMap::new(),
            ready: BTreeMap::new(),
            running: BTreeMap::new(),
            limit: parallel.map_or(Limit::PerLane, |calls| Limit::InAll(calls.max(1))),
        };
        for (id, _) in plan.steps() {
            match plan.before(id).count() {
                0 => schedule.release(id),
                blockers => {
                    schedule.blockers.insert(id, blockers);
                }
            }
        }
        schedule
    }

    /// The next step to start; it counts as running from now on.
    pub(super) fn next(&mut self) -> Option<ActionId> {
        let (id, lane) = self.ready.iter().map(|(id, lane)| (*id, *lane)).find(|(_, lane)| self.has_room(*lane))?;
        self.ready.remove(&id);
        self.running.insert(id, lane);
        Some(id)
    }

    fn release(&mut self, id: ActionId) {
        self.ready.insert(id, self.plan.step(id).action.describe().lane);
    }

    /// Whether a step could start, apart from limits.
    pub(super) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Records that `id` ended, releases the steps that only waited for it, and returns those that must now be skipped.
    pub(super) fn end(&mut self, id: ActionId, how: Ended) -> Vec<ActionId> {
        self.running.remove(&id);
        let mut skipped = Vec::new();
        let plan = self.plan.clone();
        for (next, edge) in plan.after(id) {
            // A step without an entry was already skipped.
            let Some(left) = self.blockers.get_mut(&next) else { continue };
            *left -= 1;
            if how == Ended::Failed && edge == Edge::Requires {
                self.blockers.remove(&next);
                skipped.push(next);
            } else if *left == 0 {
                self.blockers.remove(&next);
                self.release(next);
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
