//! Records the events of a run. What follows the run in the same session, such as its stop, is not part of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::lane::{self, About};
use super::{Ended, Health, Held, Kind, Probe, Segment, Span, Timeline, Try, critical, to_microseconds};
use crate::event::{Event, Fact, Outcome};
use crate::plan::{Action, ActionId, Lane, Plan, Probing};

/// Collects the events of a run.
#[derive(Debug, Clone, Default)]
pub struct Recorder {
    plan: Option<Arc<Plan>>,
    operation: &'static str,
    /// The steps that began, of all plans of the run.
    steps: Vec<Recorded>,
    /// How many of them belong to earlier plans.
    earlier: usize,
    /// The steps of the current plan that began.
    begun: HashMap<ActionId, usize>,
    /// The steps of the current plan that never will.
    left_out: BTreeSet<ActionId>,
    /// Those of them that would have begun if all had gone well, and when it was certain that they would not.
    skipped: BTreeMap<ActionId, Duration>,
    health: Vec<Health>,
    tries: Vec<Try>,
    failed: bool,
    /// Whether something else has begun.
    is_over: bool,
    ended: Option<Duration>,
    /// When the last event came.
    last: Duration,
}

/// A step that began.
#[derive(Debug, Clone)]
struct Recorded {
    about: About,
    kind: Kind,
    name: String,
    condition: Option<String>,
    limit: Lane,
    start: Duration,
    end: Option<(Duration, Ended)>,
    after: Vec<usize>,
}

impl Recorder {
    /// Whether the run is over, and something else has begun.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Takes note of an event.
    #[expect(clippy::wildcard_enum_match_arm, reason = "only beginnings and ends of steps count")]
    pub fn observe(&mut self, event: &Event) {
        if self.is_over {
            return;
        }
        let at = to_microseconds(event.at);
        match &event.fact {
            Fact::PlanStarted { plan, operation, replaces_failed } => {
                if self.plan.is_some() && !replaces_failed {
                    self.is_over = true;
                    return;
                }
                self.plan = Some(plan.clone());
                self.operation = operation;
                (self.failed, self.ended) = (false, None);
                self.earlier = self.steps.len();
                self.begun.clear();
                self.left_out.clear();
                self.skipped.clear();
            }
            Fact::TasksStarted { .. } => self.is_over = true,
            Fact::Started { id } => self.start(*id, at),
            Fact::HooksStarted { id } => self.go_on_with_hooks(*id, at),
            Fact::Finished { id, outcome, .. } => self.end(*id, at, of(outcome)),
            Fact::Failed { id, .. } => {
                self.failed = true;
                self.end(*id, at, Ended::Failed);
            }
            Fact::Skipped { id, .. } => {
                self.left_out.insert(*id);
                self.skipped.insert(*id, at);
            }
            Fact::NotNeeded { id } => {
                self.left_out.insert(*id);
            }
            Fact::Probed { id, container, runs, timing } => {
                let Some((span, probing)) = self.wait(*id) else { return };
                let probes = runs.iter().map(|run| Probe {
                    began: to_microseconds(run.began),
                    elapsed: to_microseconds(run.ended.saturating_sub(run.began)),
                    passed: run.passed,
                });
                self.health.push(Health {
                    span,
                    container: container.clone(),
                    eager: probing == Probing::Eager,
                    probes: probes.collect(),
                    interval: to_microseconds(timing.interval),
                    start_period: to_microseconds(timing.start_period),
                    start_interval: to_microseconds(timing.start_interval),
                });
            }
            Fact::Tried { id, container, elapsed, passed } => {
                let Some((span, _)) = self.wait(*id) else { return };
                // Once the wait has ended, more checks are part of no step.
                if self.steps[span].end.is_some() {
                    return;
                }
                let start = at.saturating_sub(to_microseconds(*elapsed)).max(self.steps[span].start);
                self.tries.push(Try { span, container: container.clone(), start, end: at, passed: *passed });
            }
            Fact::Ended => self.ended = Some(at),
            _ => return,
        }
        self.last = self.last.max(at);
    }

    fn start(&mut self, id: ActionId, at: Duration) {
        let Some(plan) = self.plan.clone() else { return };
        let action = &plan.step(id).action;
        let (about, kind) = About::of(action);
        let condition = if let Action::Wait(spec) = action { Some(spec.condition.to_string()) } else { None };
        let mut name = action.object();
        if let Action::RunPreStart { .. } = action {
            name = format!("pre_start {name}");
        }
        let mut after = BTreeSet::new();
        self.find_before(&plan, id, &mut after, &mut BTreeSet::new());
        if after.is_empty() && self.earlier > 0 {
            // What a second plan begins with came after the end of the first.
            after.extend(self.latest());
        }
        let recorded = Recorded {
            about,
            kind,
            name,
            condition,
            limit: action.describe().lane,
            start: at,
            end: None,
            after: after.into_iter().collect(),
        };
        self.begun.insert(id, self.steps.len());
        self.steps.push(recorded);
    }

    /// The start has ended, and its hooks have begun: what comes after the step comes after them.
    fn go_on_with_hooks(&mut self, id: ActionId, at: Duration) {
        let Some(index) = self.begun.insert(id, self.steps.len()) else { return };
        let start = &mut self.steps[index];
        start.end = Some((at.max(start.start), Ended::Done));
        let name = format!("post_start of {}", start.name);
        let hooks = Recorded { kind: Kind::Hook, name, start: at, end: None, after: vec![index], ..start.clone() };
        self.steps.push(hooks);
    }

    /// The steps that came before `id`; those that were not needed hand on what came before them.
    fn find_before(&self, plan: &Plan, id: ActionId, found: &mut BTreeSet<usize>, seen: &mut BTreeSet<ActionId>) {
        for (before, _) in plan.before(id) {
            // Many ways may lead to a step.
            if !seen.insert(before) {
                continue;
            }
            match self.begun.get(&before) {
                Some(index) => {
                    found.insert(*index);
                }
                None => self.find_before(plan, before, found, seen),
            }
        }
    }

    /// The step of the earlier plans that ended last.
    fn latest(&self) -> Option<usize> {
        let ended =
            self.steps[..self.earlier].iter().enumerate().filter_map(|(index, step)| Some((step.end?.0, index)));
        ended.max().map(|(_, index)| index)
    }

    fn end(&mut self, id: ActionId, at: Duration, outcome: Ended) {
        // An optional wait that was skipped ends without a beginning. A wait may be found to have failed after its end.
        if let Some(step) = self.begun.get(&id).and_then(|index| self.steps.get_mut(*index)) {
            let end = step.end.map_or(at, |(end, _)| end);
            step.end = Some((end.max(step.start), outcome));
        } else {
            self.left_out.insert(id);
        }
    }

    /// The steps of the plan that never began: skipped, or the run ended before them. For each row, those that wait for
    /// the same are one.
    fn missing(&self, plan: &Plan, end: Duration) -> Vec<Missing> {
        let mut all: Vec<Missing> = Vec::new();
        for (id, step) in plan.steps() {
            let is_left_out = self.left_out.contains(&id) && !self.skipped.contains_key(&id);
            let (about, kind) = About::of(&step.action);
            if self.begun.contains_key(&id) || is_left_out || kind == Kind::Wait {
                continue;
            }
            let mut after = BTreeSet::new();
            self.find_before(plan, id, &mut after, &mut BTreeSet::new());
            let until = self.skipped.get(&id).copied().unwrap_or(end);
            match all.iter_mut().find(|other| other.about == about) {
                Some(other) => {
                    other.after.extend(after);
                    other.until = other.until.max(until);
                }
                None => all.push(Missing { about, after, until }),
            }
        }
        all
    }

    fn wait(&self, id: ActionId) -> Option<(usize, Probing)> {
        let span = *self.begun.get(&id)?;
        let Action::Wait(spec) = &self.plan.as_ref()?.step(id).action else { return None };
        Some((span, spec.probing))
    }

    /// The timeline of what was recorded; steps that have not ended were interrupted. `None` if no plan began.
    #[must_use]
    pub fn finish(self, project: &str) -> Option<Timeline> {
        let plan = self.plan.clone()?;
        let ends = self.steps.iter().map(|step| step.end.map_or(step.start, |(end, _)| end));
        let end = ends.chain([self.ended.unwrap_or(self.last)]).max().unwrap_or_default();
        let is_cut = self.ended.is_none()
            || self.steps.iter().any(|step| step.end.is_none_or(|(_, ended)| ended == Ended::Interrupted))
            || plan.steps().any(|(id, _)| !self.begun.contains_key(&id) && !self.left_out.contains(&id));
        let outcome = match (self.failed, is_cut) {
            (true, _) => Ended::Failed,
            (false, true) => Ended::Interrupted,
            (false, false) => Ended::Done,
        };
        let missing = self.missing(&plan, end);
        let begun = self.steps.iter().map(|step| step.about.clone());
        let about: Vec<About> = begun.chain(missing.iter().map(|step| step.about.clone())).collect();
        let (lanes, rows) = lane::lanes(&about);
        let rows_of_missing = rows[self.steps.len()..].to_vec();
        let limits: Vec<Lane> = self.steps.iter().map(|step| step.limit).collect();
        let spans = self.steps.into_iter().zip(rows).map(|(step, lane)| {
            let (end, outcome) = step.end.unwrap_or((end, Ended::Interrupted));
            let Recorded { kind, name, condition, start, after, .. } = step;
            Span { lane, kind, name, condition, start, end, outcome, critical: false, after }
        });
        let mut spans: Vec<Span> = spans.collect();
        let critical_path = critical::path(&spans, &limits, end);
        for index in critical_path.iter().filter_map(|segment: &Segment| segment.span) {
            spans[index].critical = true;
        }
        let mut waits = holds(&spans);
        for (step, lane) in missing.iter().zip(rows_of_missing) {
            let held = hold(&spans, lane, &step.after, step.until);
            waits.extend(held.filter(|held| !waits.contains(held)));
        }
        Some(Timeline {
            project: project.to_owned(),
            operation: self.operation.to_owned(),
            began_at: None,
            end,
            outcome,
            lanes,
            spans,
            waits,
            health: self.health,
            tries: self.tries,
            critical_path,
        })
    }
}

/// A step that never began.
struct Missing {
    about: About,
    /// The steps before it that began.
    after: BTreeSet<usize>,
    /// When it was certain that it would not begin.
    until: Duration,
}

fn of(outcome: &Outcome) -> Ended {
    match outcome {
        Outcome::Done | Outcome::StillInUse { .. } | Outcome::NothingThere => Ended::Done,
        Outcome::PullTolerated(_) | Outcome::FailureIgnored(_) | Outcome::OptionalNotMet { .. } => Ended::Failed,
        Outcome::Interrupted => Ended::Interrupted,
    }
}

/// The times in which the steps of a lane waited for those of others.
fn holds(spans: &[Span]) -> Vec<Held> {
    let mut holds: Vec<Held> = Vec::new();
    for span in spans.iter().filter(|span| span.kind != Kind::Wait) {
        let held = hold(spans, span.lane, &span.after, span.start);
        holds.extend(held.filter(|held| !holds.contains(held)));
    }
    holds
}

/// The time until `until` in which a step of a lane waited for those of others `after` which it comes.
fn hold<'a>(spans: &[Span], lane: usize, after: impl IntoIterator<Item = &'a usize>, until: Duration) -> Option<Held> {
    let (own, others): (Vec<usize>, Vec<usize>) = after.into_iter().partition(|index| spans[**index].lane == lane);
    let start = own.into_iter().map(|index| spans[index].end).max().unwrap_or_default();
    let on = others.into_iter().max_by_key(|index| spans[*index].end)?;
    let end = spans[on].end.min(until);
    (start < end).then_some(Held { lane, on, start, end })
}
