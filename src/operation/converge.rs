//! Observe, plan, execute, and where somebody else changed the project meanwhile, look again and plan anew.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::observe;
use super::{Ask, Interruption, OperationError};
use crate::engine::Engine;
use crate::event::{Conflict, Events, Fact, RunOutcome, Stopping};
use crate::execute::{ExecuteSettings, execute};
use crate::observed::{Container, ContainerId, Observed};
use crate::plan::{Plan, PlanError};
use crate::project::Project;

/// How long a run waits before it looks again when somebody else changed the project meanwhile, in milliseconds: the
/// engine lists what it is making only once it is made.
const DELAYS: [u64; 6] = [50, 100, 200, 400, 800, 1600];

/// Something that changes what a project has in the engine.
pub trait Change: Sync {
    /// The word of the command line: `up`, `down`.
    fn name(&self) -> &'static str;

    /// The project.
    fn project(&self) -> &Arc<Project>;

    /// Looks at everything that the plan depends on.
    ///
    /// # Errors
    ///
    /// When the engine does not answer as hoped.
    fn observe<E: Engine>(&self, engine: &E) -> impl Future<Output = Result<Observed, OperationError>>;

    /// Asks what only a person can answer; the answers become part of the change.
    ///
    /// # Errors
    ///
    /// When a question cannot be asked, or the engine has to be asked more and does not answer.
    fn ask<E: Engine>(
        &mut self,
        _engine: &E,
        _observed: &mut Observed,
        _ask: &impl Ask,
    ) -> impl Future<Output = Result<(), OperationError>> {
        async { Ok(()) }
    }

    /// What is to be done. The containers in `made` are this run's own: they are not made again, whatever is asked for.
    ///
    /// # Errors
    ///
    /// When what is asked for cannot be done.
    fn plan(&self, observed: &Observed, made: &BTreeSet<ContainerId>) -> Result<Plan, PlanError>;

    /// Whether unchanged containers that run are reported too.
    fn tells_of_untouched(&self) -> bool {
        false
    }
}

/// How much a plan has to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What it takes to carry it out.
    Enough,
    /// Old values too, at a call for each container that is replaced: it is to be shown.
    Full,
}

/// A plan, and what it was made from.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// What is to be done.
    pub plan: Arc<Plan>,
    /// What the engine had.
    pub observed: Observed,
}

impl Prepared {
    /// The containers of the project's services that are up and that the plan leaves as they are, by name.
    pub fn untouched(&self, project: &Project) -> impl Iterator<Item = &Container> {
        let is_untouched = |container: &&Container| {
            let known = container.service.as_ref().is_some_and(|name| project.services.contains_key(name));
            known && container.is_replica() && container.is_up() && !self.plan.touches(&container.id)
        };
        let mut untouched: Vec<_> = self.observed.containers.iter().filter(is_untouched).collect();
        untouched.sort_by(|one, other| one.name.cmp(&other.name));
        untouched.into_iter()
    }

    /// Begins to tell of the plan, and of what it leaves as it is.
    pub(super) fn announce(&self, change: &impl Change, events: &Events) {
        let plan = self.plan.clone();
        events.send(Fact::PlanStarted { plan, operation: change.name(), replaces_failed: false });
        if change.tells_of_untouched() {
            for container in self.untouched(change.project()) {
                events.send(Fact::UpToDate { container: container.name.clone(), state: container.state });
            }
        }
    }
}

/// How plans are carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RunSettings {
    /// The most calls to the engine at once; `None` is a small number per kind of call.
    pub parallel: Option<usize>,
}

impl RunSettings {
    /// The settings for plans of `project`.
    pub(super) fn of(self, project: &Project) -> ExecuteSettings {
        ExecuteSettings { project: project.name.to_string(), parallel: self.parallel, ..ExecuteSettings::default() }
    }
}

/// Looks, asks and plans; changes nothing.
///
/// # Errors
///
/// When the engine does not answer, a question cannot be asked, or there is no plan.
pub async fn prepare<E: Engine>(
    change: &mut impl Change,
    engine: &E,
    ask: &impl Ask,
    detail: Detail,
) -> Result<Prepared, OperationError> {
    let mut observed = change.observe(engine).await?;
    change.ask(engine, &mut observed, ask).await?;
    let nothing = BTreeSet::new();
    let mut plan = change.plan(&observed, &nothing)?;
    if detail == Detail::Full && observe::definitions(engine, &plan, &mut observed).await? {
        plan = change.plan(&observed, &nothing)?;
    }
    Ok(Prepared { plan: Arc::new(plan), observed })
}

/// Carries out what was prepared. What fails because somebody else changes the project at the same time is looked at and
/// planned again, a few times.
///
/// # Errors
///
/// When steps failed, or the user interrupted the run.
pub async fn converge<E: Engine>(
    change: &impl Change,
    engine: &E,
    prepared: &Prepared,
    events: &Events,
    interruption: &Interruption,
    settings: RunSettings,
) -> Result<(), OperationError> {
    let execute_settings = settings.of(change.project());
    let mut attempts = Attempts::after(&prepared.observed);
    let mut plan = prepared.plan.clone();
    prepared.announce(change, events);
    loop {
        let outcome = carry_out(&plan, engine, events, interruption, &execute_settings).await?;
        let next = match outcome.conflict() {
            Some(conflict) => attempts.plan_again(change, engine, &plan, &conflict).await,
            None => None,
        };
        let Some(next) = next else { return Ok(outcome.into_result(&plan)?) };
        plan = next;
        events.send(Fact::PlanStarted { plan: plan.clone(), operation: change.name(), replaces_failed: true });
    }
}

/// Carries one plan out. Interrupted once, what has begun is finished; twice, it is left to the engine.
async fn carry_out<E: Engine>(
    plan: &Arc<Plan>,
    engine: &E,
    events: &Events,
    interruption: &Interruption,
    settings: &ExecuteSettings,
) -> Result<RunOutcome, OperationError> {
    let mut run = Box::pin(execute(plan, engine, events, &interruption.stop, settings));
    let mut told = false;
    loop {
        tokio::select! {
            outcome = &mut run => return Ok(outcome),
            () = interruption.stop.cancelled(), if !told => {
                told = true;
                events.send(Fact::Stopping(Stopping::Finishing));
            }
            () = interruption.kill.cancelled() => return Err(OperationError::Interrupted),
        }
    }
}

/// The attempts of a run to come through beside somebody else's.
pub(super) struct Attempts {
    delays: std::array::IntoIter<u64, 6>,
    /// The containers that were there before the run.
    before: BTreeSet<ContainerId>,
    /// Whether the same was done again although nothing had changed that can be seen.
    repeated: bool,
}

impl Attempts {
    /// Those of a run that began with `observed`.
    pub(super) fn after(observed: &Observed) -> Self {
        let before = observed.containers.iter().map(|container| container.id.clone()).collect();
        Self { delays: DELAYS.into_iter(), before, repeated: false }
    }

    /// What is left to do after a plan that failed with a conflict; nothing, where the same would fail again, or where
    /// looking fails: then the failure that made it necessary is the one to tell.
    pub(super) async fn plan_again<E: Engine>(
        &mut self,
        change: &impl Change,
        engine: &E,
        failed: &Plan,
        conflict: &Conflict,
    ) -> Option<Arc<Plan>> {
        while let Some(delay) = self.delays.next() {
            tokio::time::sleep(Duration::from_millis(delay)).await;
            let next = self.look_again(change, engine).await.ok()?;
            if !next.repeats(failed, &conflict.steps) {
                return Some(Arc::new(next));
            }
            if !conflict.may_pass {
                return None;
            }
            // Once at once, and once at the end; looking shows nothing to the user.
            if !std::mem::replace(&mut self.repeated, true) || self.delays.len() == 0 {
                return Some(Arc::new(next));
            }
        }
        None
    }

    /// What is left to do now. What the run made in the meantime is not made again.
    async fn look_again<E: Engine>(&self, change: &impl Change, engine: &E) -> Result<Plan, OperationError> {
        let observed = change.observe(engine).await?;
        let ids = observed.containers.iter().map(|container| &container.id);
        let made = ids.filter(|id| !self.before.contains(*id)).cloned().collect();
        Ok(change.plan(&observed, &made)?)
    }
}
