//! Carries a [`Plan`] out and decides nothing: steps in, [`Event`]s and a [`RunOutcome`] out.
//!
//! Everything that is started lives in a [`JoinSet`] of the call that started it, so nothing outlives that call.

mod action;
mod announce;
mod eager;
mod evidence;
mod facts;
mod hook;
mod hub;
pub mod model;
mod plugin;
mod provider;
pub mod refusal;
mod schedule;
mod start;
mod step;
mod wait;

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

use facts::Facts;
use hub::Hub;
use schedule::{Ended, Schedule};
use step::StepContext;
use wait::Standing;

/// How a plan is carried out.
#[derive(Debug, Clone, Default)]
pub struct ExecuteSettings {
    /// The project whose events drive the waits.
    pub project: String,
    /// The most calls to the engine at once (`--parallel`). `None` is a small number per kind of call: enough to keep
    /// the engine busy, and slow pulls and stops do not hold up the rest.
    pub parallel: Option<usize>,
    /// Tells who shows the output of containers of each before it starts; `None` where nobody does.
    pub announcer: Option<Announcer>,
    /// Where the output of hooks is shown; `None` shows none.
    pub outputs: Option<Outputs>,
}

/// Carries out `plan`: each step once all that come before it have ended, as many at once as `settings` allow.
///
/// Only success releases what requires a step; the rest is skipped, and reported with its cause. Once `cancel` is
/// cancelled nothing is started any more: waits and pulls end, other calls that run are left to finish.
///
/// # Panics
///
/// Goes on with a panic of one of its steps.
pub async fn execute<E: Engine>(
    plan: &Arc<Plan>,
    engine: &E,
    events: &Events,
    cancel: &CancellationToken,
    settings: &ExecuteSettings,
) -> RunOutcome {
    let began = Instant::now();
    // Listening comes before the first step: what happens to a container from then on is not missed.
    let waits = plan.steps().any(|(_, step)| matches!(step.action, Action::Wait(_)));
    let hub = if waits { Some(Hub::open(engine.clone(), settings.project.clone()).await) } else { None };
    let context = StepContext {
        plan: plan.clone(),
        engine: engine.clone(),
        events: events.clone(),
        cancel: cancel.clone(),
        facts: Arc::new(Facts::default()),
        notices: hub.as_ref().map(Hub::notices),
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
    };
    run.drive().await;
    run.look_again().await;
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

/// The volumes that lost their last container: those of which every removal that gives them up was done, and that no
/// successor of those containers mounts again.
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

/// A plan on its way.
struct Run<E> {
    context: StepContext<E>,
    schedule: Schedule,
    outcome: RunOutcome,
    /// The steps that were done, by this run itself.
    done: BTreeSet<ActionId>,
    /// The waits of the command that ended well, in the order in which they did.
    waited: Vec<ActionId>,
    /// When the time of the first of them is over.
    waits_end: Option<Instant>,
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
        self.outcome.interrupted |= self.schedule.has_ready();
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
            Err(StepError::Interrupted) => self.outcome.interrupted = true,
            Err(error) => {
                self.fail(id, elapsed, error);
                self.end(id, Ended::Failed);
            }
        }
    }

    fn fail(&mut self, id: ActionId, elapsed: Duration, error: StepError) {
        self.context.events.send(Fact::Failed { id, elapsed, error: Box::new(error.clone()) });
        self.outcome.fail(id, error);
        self.context.facts.failed(id);
    }

    /// The wait that step `id` is, if it is one of the command's own.
    fn command_wait(&self, id: ActionId) -> Option<Arc<WaitSpec>> {
        let Action::Wait(spec) = &self.context.plan.step(id).action else { return None };
        (spec.waiter == Waiter::Command).then(|| spec.clone())
    }

    /// Looks again at what the command waited for: while it waited for the last of them, others may have failed. Those
    /// that are about to come back are waited for, and then all are looked at once more.
    async fn look_again(&mut self) {
        let latest = self.waited.pop();
        let mut waits = std::mem::take(&mut self.waited);
        let held_up = self.wait_again(&waits).await;
        if held_up {
            waits.extend(latest);
            self.look_at(&waits).await;
        }
    }

    /// Whether there was something to wait for.
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

    /// Notes what has failed, and gives back what is about to come back.
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

    /// Releases what comes after a step, and skips what requires it when it failed.
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
