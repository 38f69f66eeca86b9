//! Executes a [`Plan`] and decides nothing: steps in, [`Event`](crate::event::Event)s and a [`RunOutcome`] out.
//!
//! Every task lives in a [`JoinSet`] of the call that started it, so nothing outlives that call.

mod action;
mod announce;
pub mod diagnosis;
mod event_stream;
mod facts;
mod fetch;
mod hook;
mod in_use;
pub mod model;
mod plugin;
mod probes;
mod provider;
pub mod readiness;
pub mod refusal;
mod schedule;
pub mod start;
mod step;
mod trial;
mod verdict;
mod wait;
mod watched;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;
use crate::event::{Events, Fact, Outcome, Outputs, RunOutcome, StepError};
use crate::plan::{Action, ActionId, Plan, UnusedVolume, WaitSpec, Waiter};

pub use announce::{Announcement, Announcer};

use event_stream::EventStream;
use facts::Facts;
use schedule::{Ended, Schedule};
use step::StepContext;
use wait::Standing;

/// How to execute a plan.
#[derive(Debug, Clone, Default)]
pub struct ExecuteSettings {
    /// The project whose events drive the waits.
    pub project: String,
    /// Maximum number of parallel engine calls (`--parallel`). `None` means a small number per kind of call: enough to
    /// keep the engine busy, while slow pulls and stops do not hold up the rest.
    pub parallel: Option<usize>,
    /// Announces each container before it starts to the reader of its output; `None` if output is not shown.
    pub announcer: Option<Announcer>,
    /// Receives the output of hooks; `None` if it is not shown.
    pub outputs: Option<Outputs>,
    /// Once it is cancelled, dependents wait for nothing any more: those that still do are not started. Everything else
    /// goes on.
    pub detach: CancellationToken,
}

/// Executes `plan`: each step once all its predecessors have ended, as many in parallel as `settings` allow.
///
/// Only success releases the steps that require a step; the others are skipped and reported with their cause. After
/// `cancel` is cancelled nothing new is started: waits and pulls end, other running calls are left to finish.
///
/// # Panics
///
/// If one of its steps panics.
pub async fn execute<E: Engine>(
    plan: &Arc<Plan>,
    engine: &E,
    events: &Events,
    cancel: &CancellationToken,
    settings: &ExecuteSettings,
) -> RunOutcome {
    let began = Instant::now();
    // Listen before the first step, so that no event of a container is missed.
    let waits = plan.steps().any(|(_, step)| matches!(step.action, Action::Wait(_)));
    let hub = if waits { Some(EventStream::open(engine.clone(), settings.project.clone()).await) } else { None };
    let context = StepContext {
        plan: plan.clone(),
        engine: engine.clone(),
        events: events.clone(),
        // A step whose failure ends the run ends what the user could interrupt, too.
        cancel: cancel.child_token(),
        detach: settings.detach.clone(),
        facts: Arc::new(Facts::default()),
        notices: hub.as_ref().map(EventStream::notices),
        announcer: settings.announcer.clone(),
        outputs: settings.outputs.clone(),
    };
    let schedule = Schedule::new(plan, settings.parallel);
    let mut run = Run {
        schedule,
        context,
        outcome: RunOutcome::default(),
        done: BTreeSet::new(),
        waited: Vec::new(),
        waits_end: None,
        ended_by_failure: false,
        probe_looks: JoinSet::new(),
    };
    run.drive().await;
    run.look_again().await;
    probes::all_seen(&mut run.probe_looks).await;
    if let Some(hub) = hub {
        hub.close().await;
    }
    let left = volumes_left(plan, &run.done, &run.context.facts);
    if !left.is_empty() {
        events.send(Fact::VolumesLeft(left));
    }
    run.outcome.elapsed = began.elapsed();
    events.send(Fact::Ended);
    run.outcome
}

/// The volumes that lost their last container: every removal that releases them was done, and no successor of those
/// containers mounts them.
fn volumes_left(plan: &Plan, done: &BTreeSet<ActionId>, facts: &Facts) -> Vec<UnusedVolume> {
    let mut left: BTreeMap<&str, (&UnusedVolume, bool)> = BTreeMap::new();
    for (id, step) in plan.steps() {
        let given_up = step.volumes_left().into_iter().map(|volume| (volume, true));
        let passed_on =
            step.volumes_passed_on().map(|(volume, create)| (volume, facts.is_left_out(create, &volume.name)));
        for (volume, unused) in given_up.chain(passed_on) {
            let (_, all) = left.entry(&volume.name).or_insert((volume, true));
            *all &= unused && done.contains(&id);
        }
    }
    left.into_values().filter(|(_, all)| *all).map(|(volume, _)| volume.clone()).collect()
}

type StepResult = (ActionId, Duration, Result<Outcome, StepError>);

/// A plan in progress.
struct Run<E> {
    context: StepContext<E>,
    schedule: Schedule,
    outcome: RunOutcome,
    /// The steps that this run itself did.
    done: BTreeSet<ActionId>,
    /// The waits of the command itself that succeeded, in the order in which they did.
    waited: Vec<ActionId>,
    /// The earliest deadline of these waits.
    waits_end: Option<Instant>,
    /// Whether a failed step ended the run.
    ended_by_failure: bool,
    /// Looks at the probes of containers that were waited for.
    probe_looks: JoinSet<()>,
}

impl<E: Engine> Run<E> {
    async fn drive(&mut self) {
        let mut running = JoinSet::new();
        loop {
            while !self.context.cancel.is_cancelled()
                && let Some(id) = self.schedule.next()
            {
                self.start(id, &mut running);
            }
            let Some(joined) = running.join_next().await else { break };
            let (id, elapsed, result) = joined.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
            self.settle(id, elapsed, result);
        }
        self.outcome.interrupted |= self.schedule.has_ready() && !self.ended_by_failure;
    }

    fn start(&mut self, id: ActionId, running: &mut JoinSet<StepResult>) {
        let step = self.context.plan.step(id);
        if !self.context.facts.allows(step.guard.as_ref()) {
            self.context.facts.not_needed(id, step);
            self.context.events.send(Fact::NotNeeded { id });
            self.end(id, Ended::Succeeded);
            return;
        }
        if let Some(spec) = self.command_wait(id) {
            let end = spec.timeout.map(|timeout| Instant::now() + timeout);
            self.waits_end = self.waits_end.or(end);
        }
        self.context.events.send(Fact::Started { id });
        let context = self.context.clone();
        running.spawn(async move {
            let began = Instant::now();
            let result = action::run(&context, id).await;
            (id, began.elapsed(), result)
        });
    }

    fn settle(&mut self, id: ActionId, elapsed: Duration, result: Result<Outcome, StepError>) {
        if probes::are_of_interest(&self.context, id, elapsed) {
            let context = self.context.clone();
            self.probe_looks.spawn(async move { probes::look(&context, id).await });
        }
        match result {
            Ok(outcome) => {
                if outcome == Outcome::Done {
                    self.done.insert(id);
                }
                if self.command_wait(id).is_some() {
                    self.waited.push(id);
                }
                self.context.events.send(Fact::Finished { id, elapsed, outcome });
                self.end(id, Ended::Succeeded);
            }
            Err(StepError::Interrupted) if self.ended_by_failure => {
                self.context.events.send(Fact::Finished { id, elapsed, outcome: Outcome::Interrupted });
                self.end(id, Ended::Failed);
            }
            Err(StepError::Interrupted) if self.is_abandoned(id) => {
                self.outcome.abandoned.insert(id);
                self.end(id, Ended::Failed);
            }
            Err(StepError::Interrupted) => self.outcome.interrupted = true,
            Err(error) => {
                self.fail(id, elapsed, error);
                if self.context.plan.step(id).action.ends_run() && !self.context.cancel.is_cancelled() {
                    self.ended_by_failure = true;
                    self.context.cancel.cancel();
                }
                self.end(id, Ended::Failed);
            }
        }
    }

    fn fail(&mut self, id: ActionId, elapsed: Duration, error: StepError) {
        self.context.events.send(Fact::Failed { id, elapsed, error: Box::new(error.clone()) });
        self.outcome.fail(id, error);
        self.context.facts.failed(id);
    }

    /// Whether step `id` is a wait that ended because the user detached.
    fn is_abandoned(&self, id: ActionId) -> bool {
        matches!(self.context.plan.step(id).action, Action::Wait(_)) && !self.context.cancel.is_cancelled()
    }

    /// The wait of step `id`, if it is one of the command itself.
    fn command_wait(&self, id: ActionId) -> Option<Arc<WaitSpec>> {
        let Action::Wait(spec) = &self.context.plan.step(id).action else { return None };
        (spec.waiter == Waiter::Command).then(|| spec.clone())
    }

    /// Checks again what the command waited for: during the last wait, other containers may have failed. Waits for
    /// those that are about to come back, then checks all once more.
    async fn look_again(&mut self) {
        let latest = self.waited.pop();
        let mut waits = std::mem::take(&mut self.waited);
        let held_up = self.wait_again(&waits).await;
        if held_up {
            waits.extend(latest);
            self.look_at(&waits).await;
        }
    }

    /// Waits for these again; returns whether there was something to wait for.
    async fn wait_again(&mut self, waits: &[ActionId]) -> bool {
        let pending = self.look_at(waits).await;
        let looks = pending.iter().filter_map(|id| Some((*id, self.command_wait(*id)?)));
        let context = &self.context;
        let end = self.waits_end;
        let waited =
            join_all(looks.map(async |(id, spec)| (id, wait::wait_again(context, id, &spec, end).await))).await;
        self.note(waited);
        !pending.is_empty()
    }

    /// Records what has failed, and returns what is about to come back.
    async fn look_at(&mut self, waits: &[ActionId]) -> Vec<ActionId> {
        let looks = waits.iter().filter_map(|id| Some((*id, self.command_wait(*id)?)));
        let context = &self.context;
        let looked = join_all(looks.map(async |(id, spec)| (id, wait::look_again(context, id, &spec).await))).await;
        let pending = looked.iter().filter(|(_, standing)| *standing == Ok(Standing::MayHold));
        let pending = pending.map(|(id, _)| *id).collect();
        self.note(looked);
        pending
    }

    fn note<T>(&mut self, looked: Vec<(ActionId, Result<T, StepError>)>) {
        for (id, result) in looked {
            match result {
                Ok(_) => {}
                Err(StepError::Interrupted) => self.outcome.interrupted = true,
                Err(error) => self.fail(id, Duration::ZERO, error),
            }
        }
    }

    /// Releases the successors of a step or, if it failed, skips those that require it.
    fn end(&mut self, id: ActionId, how: Ended) {
        for skipped in self.schedule.end(id, how) {
            if let Some(outcome) = wait::skipped_optional(&self.context.plan.step(skipped).action) {
                self.context.events.send(Fact::Finished { id: skipped, elapsed: Duration::ZERO, outcome });
                self.end(skipped, Ended::Succeeded);
                continue;
            }
            let cause = self.outcome.skipped.get(&id).copied().unwrap_or(id);
            self.outcome.skipped.insert(skipped, cause);
            self.context.facts.failed(skipped);
            self.context.events.send(Fact::Skipped { id: skipped, cause });
            self.end(skipped, Ended::Failed);
        }
    }
}
