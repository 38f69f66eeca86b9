//! Waits for health and exits, driven by the engine's events.
//!
//! A wait subscribes to events, inspects its containers once, and then follows the events. It inspects again when
//! events may have been missed, and every few seconds in case the engine does not send any.

use std::time::Duration;

use futures::future::join_all;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use super::diagnosis;
use super::event_stream::Notice;
use super::readiness::NotReady;
use super::step::StepContext;
use super::trial;
use super::verdict::{Verdict, current_health, is_probed, runs_only, verdict};
use super::watched::Watched;
use crate::engine::waiting::until;
use crate::engine::{ContainerDetails, ContainerEvent, ContainerEventKind, Engine, EngineError};
use crate::event::{Evidence, Fact, Outcome, StepError, StepWarning, UnreadyContainer};
use crate::observed::{Health, State};
use crate::plan::{Action, ActionId, ContainerRef, WaitCondition, WaitSpec, Waiter};
use crate::project::ServiceName;

/// How often a wait inspects its containers if no events arrive.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// How long the engine may be unreachable before the wait gives up.
const PATIENCE: Duration = Duration::from_secs(30);
/// The number of restarts by the engine during a wait that triggers a warning.
const RESTART_LOOP: i64 = 3;

/// The outcome of a wait that was skipped because a step before it failed: if its dependents do not require it, it ends
/// and they go on.
pub(super) fn skipped_optional(action: &Action) -> Option<Outcome> {
    let Action::Wait(spec) = action else { return None };
    (spec.waiter == Waiter::OptionalDependents)
        .then(|| Outcome::OptionalNotMet { service: spec.service.clone(), error: None })
}

/// Waits until the condition of `spec` holds.
pub(super) async fn wait<E: Engine>(
    context: &StepContext<E>,
    id: ActionId,
    spec: &WaitSpec,
) -> Result<Outcome, StepError> {
    // Subscribe before inspecting, so that no event is missed in between.
    let notices = context.notices.as_ref().map(broadcast::Sender::subscribe);
    let met = match Wait::new(context, id, spec) {
        Ok(wait) => wait.until_met(notices).await,
        Err(error) => Err(error),
    };
    match met {
        Ok(()) => Ok(Outcome::Done),
        Err(error) if spec.waiter == Waiter::OptionalDependents && is_unmet(&error) => {
            Ok(Outcome::OptionalNotMet { service: spec.service.clone(), error: Some(Box::new(error)) })
        }
        Err(error) => Err(error),
    }
}

/// Checks containers for which the condition of `spec` held before: whether it still holds, or may hold again. A
/// failure since then is an error; a container that has exited with 0 is not.
pub(super) async fn look_again<E: Engine>(
    context: &StepContext<E>,
    id: ActionId,
    spec: &WaitSpec,
) -> Result<Standing, StepError> {
    let mut wait = Wait { again: true, ..Wait::new(context, id, spec)? };
    wait.look_at_all().await?;
    Ok(match wait.judge().await? {
        Judged::Met | Judged::Settling(_) => Standing::Holds,
        Judged::Pending => Standing::MayHold,
    })
}

/// Waits until a condition that held before holds again.
pub(super) async fn wait_again<E: Engine>(
    context: &StepContext<E>,
    id: ActionId,
    spec: &WaitSpec,
    deadline: Option<Instant>,
) -> Result<(), StepError> {
    let notices = context.notices.as_ref().map(broadcast::Sender::subscribe);
    let wait = Wait { again: true, deadline, ..Wait::new(context, id, spec)? };
    wait.until_met(notices).await
}

/// The state of a condition that was met before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It holds.
    Holds,
    /// It does not hold now, but may hold again.
    MayHold,
}

/// Whether `error` says that a condition was not or cannot be met, which is allowed for an optional dependency.
fn is_unmet(error: &StepError) -> bool {
    matches!(
        error,
        StepError::NotSuccessful { .. }
            | StepError::Exited { .. }
            | StepError::Unhealthy { .. }
            | StepError::NotReady(_)
            | StepError::NoHealthcheck { .. }
            | StepError::MissingDependency { .. }
            | StepError::NoContainer(_)
    )
}

/// The state of the whole wait.
enum Judged {
    Met,
    Pending,
    /// Every container is running, but the most recently started one not for long enough yet.
    Settling(Instant),
}

struct Wait<'a, E> {
    context: &'a StepContext<E>,
    id: ActionId,
    spec: &'a WaitSpec,
    containers: Vec<Watched>,
    /// The container last reported as the one waited for.
    told: Option<usize>,
    /// Since when the condition has held.
    held_since: Option<Instant>,
    /// Since when the engine has not answered.
    silent_since: Option<Instant>,
    /// When the wait times out.
    deadline: Option<Instant>,
    /// Whether the condition was met before.
    again: bool,
}

impl<'a, E: Engine> Wait<'a, E> {
    fn new(context: &'a StepContext<E>, id: ActionId, spec: &'a WaitSpec) -> Result<Self, StepError> {
        if spec.containers.is_empty() {
            return Err(StepError::MissingDependency {
                dependent: dependent_of(context, id),
                dependency: spec.service.clone(),
            });
        }
        let watch = |container| {
            let is_new = comes_after(context, id, container, |action| {
                matches!(action, Action::StartContainer { .. } | Action::RestartContainer { .. })
            });
            let goes_on =
                comes_after(context, id, container, |action| matches!(action, Action::UnpauseContainer { .. }));
            Ok(Watched::new(context.container(container)?, container.name.clone(), is_new, goes_on))
        };
        let containers = spec.containers.iter().map(watch).collect::<Result<_, StepError>>()?;
        let deadline = spec.timeout.map(|timeout| Instant::now() + timeout);
        let (told, held_since, silent_since) = (None, None, None);
        Ok(Self { context, id, spec, containers, told, held_since, silent_since, deadline, again: false })
    }

    async fn until_met(mut self, notices: Option<broadcast::Receiver<Notice>>) -> Result<(), StepError> {
        let deadline = self.deadline;
        let (cancel, detach) = (self.context.cancel.clone(), self.context.detach.clone());
        let for_dependents = matches!(self.spec.waiter, Waiter::Dependents | Waiter::OptionalDependents);
        tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(StepError::Interrupted),
            met = self.watch(notices) => return met,
            () = detach.cancelled(), if for_dependents => return Err(StepError::Interrupted),
            () = until(deadline) => {}
        }
        let known = self.containers.iter().filter(|watched| !watched.passed()).filter_map(|it| it.details.as_ref());
        let late: Vec<_> = known.filter(|details| verdict(self.spec, details) == Verdict::NotYet).cloned().collect();
        let mut evidence = Vec::new();
        for details in &late {
            match self.why_late(details) {
                Some(known) => evidence.push(known),
                None => evidence.extend(diagnosis::of_delay(&self.context.engine, details).await),
            }
        }
        let seconds = self.spec.timeout.map_or(0, |timeout| timeout.as_secs());
        let at_fault = self.containers.iter().find(|it| late.first().is_some_and(|details| details.id == it.id));
        let container = at_fault.map(|watched| watched.name.clone());
        let service = self.spec.service.clone();
        Err(StepError::TimedOut { waiter: self.spec.waiter, service, container, seconds, evidence })
    }

    /// Why the condition does not hold for a container yet, if that needs no more than what the wait found out itself.
    fn why_late(&self, details: &ContainerDetails) -> Option<Evidence> {
        let container = details.name.clone();
        if details.state != State::Running {
            return None;
        }
        if self.spec.condition == WaitCondition::CompletedSuccessfully {
            return Some(Evidence::StillRuns { container });
        }
        let ready = self.spec.ready.as_ref().filter(|_| is_probed(self.spec, details))?;
        let trial = self.containers.iter().find(|watched| watched.id == details.id)?.trial.as_ref();
        let last = trial::why_late(trial, details.state, &ready.check);
        Some(Evidence::NotReady { container, check: ready.check.to_string(), last })
    }

    async fn watch(&mut self, mut notices: Option<broadcast::Receiver<Notice>>) -> Result<(), StepError> {
        self.look_at_all().await?;
        let mut look_again = Instant::now() + LOOK_AGAIN;
        loop {
            self.keep_trials();
            let judged = self.judge().await?;
            if !matches!(judged, Judged::Met) {
                self.held_since = None;
            }
            let settled = match judged {
                Judged::Met => {
                    let held_since = *self.held_since.get_or_insert_with(Instant::now);
                    if held_since.elapsed() >= self.spec.monitor {
                        return Ok(());
                    }
                    Some(held_since + self.spec.monitor)
                }
                Judged::Pending => None,
                Judged::Settling(at) => Some(at),
            };
            tokio::select! {
                () = until(settled) => {}
                () = until(self.containers.iter().filter_map(|watched| watched.ready_by).min()) => {}
                () = trial::one_ends(self.containers.iter_mut().filter_map(|watched| watched.trial.as_mut())) => {}
                notice = next(&mut notices) => match notice {
                    Notice::Happened(event) => self.apply(&event).await?,
                    Notice::LookAgain => self.look_at_all().await?,
                },
                () = tokio::time::sleep_until(look_again) => {
                    self.look_at_all().await?;
                    look_again = Instant::now() + LOOK_AGAIN;
                }
            }
        }
    }

    /// Starts the checks of running containers that are not known to be ready, and ends all others.
    fn keep_trials(&mut self) {
        for watched in &mut self.containers {
            let (events, id, container) = (self.context.events.clone(), self.id, watched.name.clone());
            let tell = move |began: Instant, passed| {
                events.send(Fact::Tried { id, container: container.clone(), elapsed: began.elapsed(), passed });
            };
            watched.keep_trial(&self.context.engine, self.spec, tell);
        }
    }

    /// Whether the condition holds for every container; fails if it can no longer hold for one of them.
    async fn judge(&mut self) -> Result<Judged, StepError> {
        let mut pending = None;
        let mut settling = None;
        for at in 0..self.containers.len() {
            let Some(details) = &self.containers[at].details else {
                pending.get_or_insert(at);
                continue;
            };
            let restarted = details.restart_count > self.containers[at].restarts_before;
            let verdict = if restarted && matches!(self.spec.waiter, Waiter::Update(_)) {
                // A replacement must run at the first attempt.
                Verdict::Exited(self.containers[at].last_exit.or(details.exit_code).unwrap_or_default())
            } else {
                verdict(self.spec, details)
            };
            match verdict {
                Verdict::Exited(0) if self.again => {}
                Verdict::Holds if runs_only(self.spec, details) => {
                    settling = settling.max(self.containers[at].settles_at());
                }
                Verdict::Holds => {}
                Verdict::NotYet if self.containers[at].passed() => {}
                Verdict::NotYet => {
                    let check = self.spec.ready.as_ref().map(|ready| &ready.check);
                    if let Some(error) = self.containers[at].check_failure(check) {
                        return Err(self.not_ready(at, error).await);
                    }
                    pending.get_or_insert(at);
                }
                failed @ (Verdict::Exited(_) | Verdict::Unhealthy | Verdict::NoHealthcheck) => {
                    return Err(self.failure(at, failed).await);
                }
            }
        }
        if pending != self.told
            && let Some(at) = pending
        {
            let container = self.containers[at].name.clone();
            self.context.events.send(Fact::Waiting { id: self.id, container });
        }
        self.told = pending;
        Ok(match (pending, settling) {
            (Some(_), _) => Judged::Pending,
            (None, Some(at)) => Judged::Settling(at),
            (None, None) => Judged::Met,
        })
    }

    async fn failure(&mut self, at: usize, verdict: Verdict) -> StepError {
        let (waiter, engine) = (self.spec.waiter, &self.context.engine);
        let container = self.containers[at].name.clone();
        // The explanation needs the latest probe and the log, which events do not include.
        let fresh = engine.inspect_container(self.containers[at].id.clone()).await.ok();
        let details = fresh.or_else(|| self.containers[at].details.clone());
        match verdict {
            Verdict::Unhealthy => {
                let evidence = details.as_ref().map(diagnosis::of_health).unwrap_or_default();
                StepError::Unhealthy { waiter, container, evidence }
            }
            Verdict::Exited(exit_code) => {
                let evidence = match &details {
                    Some(details) => diagnosis::of_exit(engine, details).await,
                    None => Vec::new(),
                };
                if self.spec.condition == WaitCondition::CompletedSuccessfully {
                    StepError::NotSuccessful { service: self.spec.service.clone(), container, exit_code, evidence }
                } else {
                    StepError::Exited { waiter, container, exit_code, evidence }
                }
            }
            Verdict::NoHealthcheck | Verdict::Holds | Verdict::NotYet => StepError::NoHealthcheck { waiter, container },
        }
    }

    /// The failure of `x-hoist.ready`.
    async fn not_ready(&mut self, at: usize, error: NotReady) -> StepError {
        let container = self.containers[at].name.clone();
        let fresh = self.context.engine.inspect_container(self.containers[at].id.clone()).await.ok();
        let details = fresh.or_else(|| self.containers[at].details.clone());
        let evidence = match &details {
            Some(details) => diagnosis::of_exit(&self.context.engine, details).await,
            None => Vec::new(),
        };
        let ready = self.spec.ready.as_ref();
        StepError::NotReady(Box::new(UnreadyContainer {
            waiter: self.spec.waiter,
            service: self.spec.service.clone(),
            container,
            check: ready.map(|ready| ready.check.to_string()).unwrap_or_default(),
            after: ready.filter(|_| !error.is_final).map(|ready| ready.timeout),
            last: error.last,
            evidence,
        }))
    }

    async fn look_at_all(&mut self) -> Result<(), StepError> {
        let engine = &self.context.engine;
        let looks = join_all(self.containers.iter().map(|watched| engine.inspect_container(watched.id.clone()))).await;
        for (at, look) in looks.into_iter().enumerate() {
            self.seen(at, look)?;
        }
        Ok(())
    }

    async fn look_at(&mut self, at: usize) -> Result<(), StepError> {
        let look = self.context.engine.inspect_container(self.containers[at].id.clone()).await;
        self.seen(at, look)
    }

    fn seen(&mut self, at: usize, look: Result<ContainerDetails, EngineError>) -> Result<(), StepError> {
        match look {
            Ok(mut details) => {
                self.silent_since = None;
                details.health = current_health(&details);
                let last_probe = details.probes.last().and_then(|probe| probe.started_at);
                let watched = &mut self.containers[at];
                let paused_before = match &watched.details {
                    Some(known) => known.state == State::Paused,
                    None => watched.goes_on && !self.again,
                };
                if paused_before {
                    watched.stale_probe = last_probe;
                }
                if details.health == Health::Unhealthy && last_probe.is_some() && last_probe == watched.stale_probe {
                    details.health = Health::Starting;
                }
                self.warn_of_ready(&details);
                self.warn_of_restarts(at, &details);
                self.warn_of_pause(at, &details);
                self.containers[at].details = Some(details);
                Ok(())
            }
            Err(
                error @ (EngineError::Unreachable { .. } | EngineError::Disconnected(_) | EngineError::Timeout { .. }),
            ) => {
                // The engine may soon be back, and its containers with it.
                let since = *self.silent_since.get_or_insert_with(Instant::now);
                if since.elapsed() < PATIENCE { Ok(()) } else { Err(error.into()) }
            }
            Err(EngineError::NotFound(_)) => Err(StepError::NoContainer(self.containers[at].name.clone())),
            Err(error) => Err(error.into()),
        }
    }

    /// What an image has is known only once there is a container.
    fn warn_of_ready(&self, details: &ContainerDetails) {
        let service = &self.spec.service;
        let is_ignored = self.spec.ready.is_some() && details.has_healthcheck;
        if is_ignored && self.context.facts.is_news_of_ready(service) {
            let warning = StepWarning::ReadyIgnored { service: service.clone() };
            self.context.events.send(Fact::Warning { id: Some(self.id), warning });
        }
    }

    /// A container that keeps exiting and being restarted may still get there, so this only warns.
    fn warn_of_restarts(&mut self, at: usize, details: &ContainerDetails) {
        let watched = &mut self.containers[at];
        if watched.details.is_none() {
            watched.restarts_before = details.restart_count;
        }
        let restarts = details.restart_count - watched.restarts_before;
        if restarts < RESTART_LOOP || watched.warned {
            return;
        }
        watched.warned = true;
        let warning = StepWarning::KeepsExiting { container: watched.name.clone(), exit_code: details.exit_code };
        self.context.events.send(Fact::Warning { id: Some(self.id), warning });
    }

    /// A paused container cannot get there by itself.
    fn warn_of_pause(&mut self, at: usize, details: &ContainerDetails) {
        let paused = details.state == State::Paused;
        let watched = &mut self.containers[at];
        if paused && !std::mem::replace(&mut watched.pause_told, paused) {
            let warning = StepWarning::Paused { container: watched.name.clone() };
            self.context.events.send(Fact::Warning { id: Some(self.id), warning });
        }
    }

    async fn apply(&mut self, event: &ContainerEvent) -> Result<(), StepError> {
        let Some(at) = self.containers.iter().position(|watched| watched.id == event.id) else { return Ok(()) };
        let Some(details) = &mut self.containers[at].details else { return self.look_at(at).await };
        match &event.kind {
            ContainerEventKind::Health(health) => {
                if details.started_at.is_none_or(|started| event.time >= started) {
                    details.health = *health;
                    details.has_healthcheck = true;
                }
                Ok(())
            }
            ContainerEventKind::Start => {
                details.state = State::Running;
                details.started_at = Some(event.time);
                details.exit_code = None;
                if details.has_healthcheck {
                    details.health = Health::Starting;
                }
                Ok(())
            }
            // Only the engine knows whether it will restart it.
            ContainerEventKind::Die(exit_code) => {
                self.containers[at].last_exit = Some(*exit_code);
                self.look_at(at).await
            }
            ContainerEventKind::Destroy
            | ContainerEventKind::Restart
            | ContainerEventKind::Pause
            | ContainerEventKind::Unpause => self.look_at(at).await,
            ContainerEventKind::Create
            | ContainerEventKind::Kill
            | ContainerEventKind::Stop
            | ContainerEventKind::Rename
            | ContainerEventKind::OutOfMemory => Ok(()),
        }
    }
}

/// Whether a step right before `id` acts like this on a container.
fn comes_after<E>(context: &StepContext<E>, id: ActionId, container: &ContainerRef, that: fn(&Action) -> bool) -> bool {
    let is_it = |action: &Action| that(action) && action.container().map(|it| &it.handle) == Some(&container.handle);
    context.plan.before(id).any(|(before, _)| is_it(&context.plan.step(before).action))
}

/// The service on whose behalf a wait happens, for messages about a missing dependency.
fn dependent_of<E>(context: &StepContext<E>, id: ActionId) -> Option<ServiceName> {
    context.plan.after(id).find_map(|(next, _)| {
        let Action::StartContainer { container, .. } = &context.plan.step(next).action else { return None };
        Some(container.replica.as_ref()?.service.clone())
    })
}

async fn next(notices: &mut Option<broadcast::Receiver<Notice>>) -> Notice {
    let Some(receiver) = notices else { return std::future::pending().await };
    match receiver.recv().await {
        Ok(notice) => notice,
        Err(RecvError::Lagged(_)) => Notice::LookAgain,
        Err(RecvError::Closed) => {
            *notices = None;
            std::future::pending().await
        }
    }
}
