//! An attached `up`: executes the plan and shows the output of its containers until all have exited or something ends
//! the session.
//!
//! One loop owns the state: starting, following, stopping. The first interruption ends the first two with a graceful
//! stop, the second turns the stop into a kill. Detaching ends them too, and stops nothing.

use std::sync::Arc;

use futures::future::join_all;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Duration;
use tokio_util::sync::CancellationToken;

use super::converge::{Attempts, Change, Prepared, RunSettings};
use super::follow::{Exit, FollowSettings, Following, Target, display_name};
use super::watch::{Live, WatchContext, Watching};
use super::{Interruption, OperationError};
use crate::engine::{Engine, EngineError, ObserveQuery};
use crate::event::{Conflict, Events, Fact, Output, Outputs, RunOutcome, Stopping};
use crate::execute::{Announcer, ExecuteSettings, execute};
use crate::plan::{self, Action, ContainerRef, Handle, Plan};
use crate::project::ServiceName;

/// How long the last output of stopped containers may take to arrive.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How an attached `up` behaves.
#[derive(Debug, Clone, Default)]
pub struct SessionSettings {
    /// How to execute the plans.
    pub run: RunSettings,
    /// What to show, and whose exit ends the session.
    pub follow: FollowSettings,
    /// What to do when a container exits.
    pub on_exit: OnExit,
    /// The service whose exit status becomes that of the session (`--exit-code-from`).
    pub exit_code_from: Option<ServiceName>,
    /// Files that can be watched meanwhile. As long as they have been from the start, the session goes on without a
    /// container that runs.
    pub watching: Option<Watching>,
}

/// The engine, channels and settings of a session.
#[derive(Debug)]
pub struct SessionContext<'a, E> {
    /// The engine.
    pub engine: &'a E,
    /// Receives the events.
    pub events: &'a Events,
    /// Receives the output of containers.
    pub outputs: &'a Outputs,
    /// Interruptions by the user.
    pub interruption: &'a Interruption,
    /// Cancelled when the user leaves the containers running. Dependents wait for nothing any more then; what is being
    /// done is finished.
    pub detach: &'a CancellationToken,
    /// How the session behaves.
    pub settings: &'a SessionSettings,
}

impl<E> Clone for SessionContext<'_, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for SessionContext<'_, E> {}

/// What to do with the others when a monitored container exits. Exits after which the engine restarts it do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnExit {
    /// Nothing.
    #[default]
    GoOn,
    /// Stop all (`--abort-on-container-exit`).
    Stop,
    /// Stop all if its exit status is not 0 (`--abort-on-container-failure`).
    StopOnFailure,
}

/// How a session ended.
#[derive(Debug, Clone)]
pub struct SessionOutcome {
    /// The last executed plan.
    pub plan: Arc<Plan>,
    /// Its outcome.
    pub run: RunOutcome,
    /// The plan of the stop and its outcome, if there was one.
    pub stop: Option<(Arc<Plan>, RunOutcome)>,
    /// Whether the user interrupted the session.
    pub interrupted: bool,
    /// Whether the user detached from it.
    pub detached: bool,
    /// The exit status of the container that ended the session, or of the one that determines it.
    pub exit_code: Option<i64>,
}

/// Brings up what was prepared, attached to what it starts and to what is already running.
///
/// # Errors
///
/// If the engine's event stream cannot be opened, or the query of what to stop fails.
pub async fn up<E: Engine>(
    change: &impl Change,
    prepared: &Prepared,
    cx: SessionContext<'_, E>,
) -> Result<SessionOutcome, OperationError> {
    let SessionContext { engine, settings, .. } = cx;
    let project = change.project();
    let targets = prepared.untouched(project).filter_map(|container| Target::of(&settings.follow, container)).collect();
    let mut attempts = Attempts::after(&prepared.observed);
    let replan =
        async |failed: Arc<Plan>, conflict: Conflict| attempts.plan_again(change, engine, &failed, &conflict).await;
    let stop = async || {
        let observed = engine.observe(ObserveQuery::containers_of(project.name.as_str())).await?;
        // A watch may have added services meanwhile.
        let watched = settings.watching.as_ref().map(|watching| watching.watch.project_with_left());
        let project = watched.as_ref().unwrap_or(project);
        Ok(Arc::new(plan::stop(project, &observed, &project.selected, None)))
    };
    prepared.announce(change, cx.events);
    Ok(attached(&prepared.plan, cx, targets, replan, stop).await?)
}

/// Executes `plan`, attached to what it starts and to `targets`, which are already running.
///
/// If steps fail only because of another client's changes, `replan` is called with the plan and these steps for another
/// plan, until it returns none. `stop` returns the plan that stops everything the session is responsible for; it is
/// called when the user interrupts, or when the exit of a container ends the session.
///
/// # Errors
///
/// If the engine's event stream cannot be opened, or the query of what to stop fails.
pub async fn attached<E, R, S>(
    plan: &Arc<Plan>,
    cx: SessionContext<'_, E>,
    targets: Vec<Target>,
    mut replan: R,
    stop: S,
) -> Result<SessionOutcome, EngineError>
where
    E: Engine,
    R: AsyncFnMut(Arc<Plan>, Conflict) -> Option<Arc<Plan>>,
    S: AsyncFnOnce() -> Result<Arc<Plan>, EngineError>,
{
    let SessionContext { engine, events, outputs, interruption, detach, settings } = cx;
    let (following, announcer, exits) = Following::open(engine, settings.follow.clone(), outputs).await?;
    announce(plan, &settings.follow, &targets, outputs).await;
    let (unfollow, closing) = (detach.child_token(), CancellationToken::new());
    let following = following.closing(&closing);
    let mut tasks = JoinSet::new();
    let token = unfollow.clone();
    tasks.spawn(async move { following.run(targets, &token).await });

    let mut session = Session { cx, exits, tasks, closing, exit_code: None };
    let for_watch = settings.watching.as_ref().filter(|watching| *watching.wanted.borrow()).map(|_| announcer.clone());
    let (plan, run) = {
        // The announcer is dropped with these settings: once the plan is done, the following ends with its containers.
        let execute_settings = ExecuteSettings {
            announcer: Some(announcer),
            outputs: Some(outputs.clone()),
            detach: detach.clone(),
            ..execute_settings(settings)
        };
        let mut plan = plan.clone();
        loop {
            let run = execute(&plan, engine, events, &interruption.stop, &execute_settings).await;
            let next = match run.conflict() {
                Some(conflict) => replan(plan.clone(), conflict).await,
                None => None,
            };
            let Some(next) = next else { break (plan, run) };
            plan = next;
            events.send(Fact::PlanStarted { plan: plan.clone(), operation: "up", replaces_failed: true });
        }
    };
    let mut outcome = SessionOutcome { plan, run, stop: None, interrupted: false, detached: false, exit_code: None };
    if outcome.run.failed.is_empty() || outcome.run.interrupted {
        let end =
            if outcome.run.interrupted { End::Stop(Stopping::Interrupted) } else { session.follow(for_watch).await? };
        match end {
            End::Exited => {}
            End::Detached => outcome.detached = true,
            End::Stop(why) => {
                outcome.interrupted = why != Stopping::ContainerExited;
                outcome.stop = Some(session.stop(why, stop).await?);
            }
        }
    }
    if !outcome.run.failed.is_empty() && outcome.stop.is_none() {
        // What was started keeps running; the command ends with the error.
        unfollow.cancel();
    }
    session.finish(&unfollow).await?;
    outcome.exit_code = session.exit_code;
    Ok(outcome)
}

/// Announces the containers to attach to, sorted by name, which is the order of their colours.
async fn announce(plan: &Plan, settings: &FollowSettings, targets: &[Target], outputs: &Outputs) {
    let is_shown = |service: &ServiceName| settings.services.as_ref().is_none_or(|shown| shown.contains(service));
    let mut named: Vec<(String, Arc<str>)> = targets
        .iter()
        .filter(|target| target.running && is_shown(&target.service))
        .map(|target| (target.name.clone(), target.source.clone()))
        .collect();
    for (_, step) in plan.steps() {
        let (Action::StartContainer { container, .. } | Action::UnpauseContainer { container }) = &step.action else {
            continue;
        };
        let Some(target) = about_to_start(container).filter(|target| is_shown(&target.service)) else { continue };
        named.push((target.name.clone(), display_name(settings, &target)));
    }
    named.sort();
    named.dedup();
    if !named.is_empty() {
        outputs.send(Output::Attaching(named.into_iter().map(|(_, source)| source).collect())).await;
    }
}

fn about_to_start(container: &ContainerRef) -> Option<Target> {
    let replica = container.replica.as_ref()?;
    Some(Target {
        id: "".into(),
        name: container.name.clone(),
        source: Arc::from(""),
        service: replica.service.clone(),
        number: Some(replica.number),
        terminal: None,
        running: false,
    })
}

fn execute_settings(settings: &SessionSettings) -> ExecuteSettings {
    let project = settings.follow.project.to_string();
    ExecuteSettings { project, parallel: settings.run.parallel, ..ExecuteSettings::default() }
}

/// What ends the following.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// All monitored containers have exited.
    Exited,
    /// The user detached.
    Detached,
    /// All are to be stopped.
    Stop(Stopping),
}

type BoxedWatch<'a> = std::pin::Pin<Box<dyn Future<Output = ()> + 'a>>;

struct Session<'a, E> {
    cx: SessionContext<'a, E>,
    exits: mpsc::UnboundedReceiver<Exit>,
    tasks: JoinSet<Result<(), EngineError>>,
    /// Tells the following that containers which exit from now on will not come back.
    closing: CancellationToken,
    exit_code: Option<i64>,
}

impl<E: Engine> Session<'_, E> {
    /// Follows until all monitored containers have exited, or something ends the session.
    async fn follow(&mut self, announcer: Option<Announcer>) -> Result<End, EngineError> {
        let SessionContext { engine, events, outputs, interruption, settings, .. } = self.cx;
        let watching = settings.watching.as_ref();
        let watch = |interruption: Interruption, announcer: Option<Announcer>| -> BoxedWatch<'_> {
            let (engine, events, outputs) = (engine.clone(), events.clone(), outputs.clone());
            Box::pin(async move {
                let added = settings.follow.added.clone();
                let cx = WatchContext { engine, events, outputs, interruption, announcer, added };
                if let Some(watching) = watching {
                    watching.watch.run_here(cx).await;
                }
            })
        };
        let mut live = Live::new(watching, watch, announcer);
        let end = self.follow_with(interruption, &mut live).await;
        live.end().await;
        end
    }

    async fn follow_with<'w, F>(
        &mut self,
        interruption: &Interruption,
        live: &mut Live<'w, F>,
    ) -> Result<End, EngineError>
    where
        F: Fn(Interruption, Option<Announcer>) -> BoxedWatch<'w>,
    {
        loop {
            live.follow_wish(interruption);
            tokio::select! {
                biased;
                () = self.cx.interruption.stop.cancelled() => return Ok(End::Stop(Stopping::Interrupted)),
                () = self.cx.detach.cancelled() => return Ok(End::Detached),
                () = live.work() => {}
                Some(exit) = self.exits.recv() => {
                    if self.ends_session(&exit) {
                        return Ok(End::Stop(Stopping::ContainerExited));
                    }
                }
                ended = self.tasks.join_next() => {
                    following_ended(ended)?;
                    return Ok(self.last_exit());
                }
            }
        }
    }

    /// Handles an exit reported while the following was ending: the last exit counts like any other.
    fn last_exit(&mut self) -> End {
        while let Ok(exit) = self.exits.try_recv() {
            if self.ends_session(&exit) {
                return End::Stop(Stopping::ContainerExited);
            }
        }
        End::Exited
    }

    fn ends_session(&mut self, exit: &Exit) -> bool {
        if exit.restarting {
            return false;
        }
        let ends = match self.cx.settings.on_exit {
            OnExit::GoOn => false,
            OnExit::Stop => true,
            OnExit::StopOnFailure => exit.exit_code != 0,
        };
        if ends {
            self.exit_code.get_or_insert(exit.exit_code);
        }
        self.note_exit(exit);
        ends
    }

    /// The exit of the service that determines the status takes precedence over that of the container that ended the
    /// session.
    fn note_exit(&mut self, exit: &Exit) {
        if self.cx.settings.exit_code_from.as_ref() == Some(&exit.service) {
            self.exit_code = Some(exit.exit_code);
        }
    }

    async fn stop<S>(&mut self, why: Stopping, stop: S) -> Result<(Arc<Plan>, RunOutcome), EngineError>
    where
        S: AsyncFnOnce() -> Result<Arc<Plan>, EngineError>,
    {
        self.cx.events.send(Fact::Stopping(why));
        self.closing.cancel();
        let plan = stop().await?;
        self.cx.events.send(Fact::PlanStarted { plan: plan.clone(), operation: "stop", replaces_failed: false });
        // The second interruption does not cancel the stops: a killed container ends them.
        let never = CancellationToken::new();
        let outputs = Some(self.cx.outputs.clone());
        let settings = ExecuteSettings { outputs, ..execute_settings(self.cx.settings) };
        let stopping = execute(&plan, self.cx.engine, self.cx.events, &never, &settings);
        tokio::pin!(stopping);
        let mut killed = false;
        loop {
            tokio::select! {
                outcome = &mut stopping => return Ok((plan.clone(), outcome)),
                () = self.cx.interruption.kill.cancelled(), if !killed => {
                    killed = true;
                    self.cx.events.send(Fact::Stopping(Stopping::Forced));
                    kill_all(self.cx.engine, &plan).await;
                }
                () = self.cx.interruption.stop.cancelled(), if why == Stopping::ContainerExited && !killed => {
                    killed = true;
                    self.cx.events.send(Fact::Stopping(Stopping::Forced));
                    kill_all(self.cx.engine, &plan).await;
                }
            }
        }
    }

    /// Waits for the last output, and ends the following.
    async fn finish(&mut self, unfollow: &CancellationToken) -> Result<(), EngineError> {
        if self.cx.settings.exit_code_from.is_some() || !self.tasks.is_empty() {
            let ended = tokio::time::timeout(LAST_WORDS, self.tasks.join_next()).await;
            following_ended(ended.ok().flatten())?;
        }
        unfollow.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            following_ended(Some(ended))?;
        }
        let wanted = self.cx.settings.exit_code_from.clone();
        let mut from_wanted = None;
        while let Ok(exit) = self.exits.try_recv() {
            if wanted.as_ref() == Some(&exit.service) && !exit.restarting {
                from_wanted.get_or_insert(exit.exit_code);
            }
        }
        self.exit_code = from_wanted.or(self.exit_code);
        Ok(())
    }
}

/// Kills what `plan` stops. A container that is already gone or has exited counts as success.
async fn kill_all<E: Engine>(engine: &E, plan: &Plan) {
    let kills = plan.steps().filter_map(|(_, step)| {
        let Action::StopContainer { container, .. } = &step.action else { return None };
        let Handle::Existing(id) = &container.handle else { return None };
        Some(engine.kill_container(id.clone(), "SIGKILL".to_owned()))
    });
    join_all(kills).await;
}

/// The result of the following; propagates its panic.
fn following_ended(ended: Option<Result<Result<(), EngineError>, tokio::task::JoinError>>) -> Result<(), EngineError> {
    match ended {
        Some(Ok(ended)) => ended,
        Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // If it was aborted, nothing waits for it any more.
        Some(Err(_)) | None => Ok(()),
    }
}
