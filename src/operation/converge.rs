//! Observe, plan and execute; if another client changed the project meanwhile, observe and plan again.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::observe;
use super::{Ask, Interruption, OperationError};
use crate::engine::Engine;
use crate::event::{Conflict, Events, Fact, RunOutcome, Stopping};
use crate::execute::{ExecuteSettings, execute};
use crate::load;
use crate::observed::{Container, ContainerId, Observed};
use crate::plan::{Action, ActionId, Plan, PlanError};
use crate::project::value::BaseImages;
use crate::project::{Project, ServiceName};

/// Delays in milliseconds before observing again when another client changed the project meanwhile: the engine lists an
/// object only once its creation has finished.
const DELAYS: [u64; 6] = [50, 100, 200, 400, 800, 1600];

/// Something that changes what a project has in the engine.
pub trait Change: Sync {
    /// The name of the command: `up`, `down`.
    fn name(&self) -> &'static str;

    /// The project.
    fn project(&self) -> &Arc<Project>;

    /// Observes everything that the plan depends on.
    ///
    /// # Errors
    ///
    /// If the engine does not answer or returns an error.
    fn observe<E: Engine>(&self, engine: &E) -> impl Future<Output = Result<Observed, OperationError>>;

    /// Asks the user if necessary; the answers become part of the change.
    ///
    /// # Errors
    ///
    /// If a question cannot be asked, or a further query to the engine fails.
    fn ask<E: Engine>(
        &mut self,
        _engine: &E,
        _observed: &mut Observed,
        _ask: &impl Ask,
    ) -> impl Future<Output = Result<(), OperationError>> {
        async { Ok(()) }
    }

    /// Makes the plan.
    ///
    /// # Errors
    ///
    /// If the goal cannot be reached.
    fn plan(&self, observed: &Observed, known: &Known) -> Result<Plan, PlanError>;

    /// Whether a container of this service that is up and stays as it is is reported too.
    fn reports_untouched(&self, _service: &ServiceName) -> bool {
        false
    }
}

/// What a plan takes into account besides the observed state. At first nothing is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Containers that this run created: they are not recreated, whatever the options say.
    pub made: BTreeSet<ContainerId>,
    /// The images that the builds are made from: a build comes after those of its base images. They are looked up only
    /// for a plan that has several builds.
    pub base_images: BTreeMap<ServiceName, BaseImages>,
}

impl Known {
    /// Whether there is nothing to take into account.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.made.is_empty() && self.base_images.is_empty()
    }
}

/// How detailed a plan must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Enough to execute it.
    Enough,
    /// With old values, because it will be shown; costs one call per replaced container.
    Full,
}

/// A plan, and the observed state it is based on.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The plan.
    pub plan: Arc<Plan>,
    /// The observed state.
    pub observed: Observed,
}

impl Prepared {
    /// The containers of the project's services that are up and that the plan does not touch, by name.
    pub fn untouched(&self, project: &Project) -> impl Iterator<Item = &Container> {
        let is_untouched = |container: &&Container| {
            let known = container.service.as_ref().is_some_and(|name| project.services.contains_key(name));
            known && container.is_replica() && container.is_up() && !self.plan.touches(&container.id)
        };
        let mut untouched: Vec<_> = self.observed.containers.iter().filter(is_untouched).collect();
        untouched.sort_by(|one, other| one.name.cmp(&other.name));
        untouched.into_iter()
    }

    /// Reports the start of the plan, and what it leaves unchanged.
    pub(super) fn announce(&self, change: &impl Change, events: &Events) {
        let plan = self.plan.clone();
        events.send(Fact::PlanStarted { plan, operation: change.name(), replaces_failed: false });
        for left in self.plan.left_alone() {
            events.send(Fact::LeftAlone(left.clone()));
        }
        let is_reported = |container: &&Container| {
            container.service.as_ref().is_some_and(|service| change.reports_untouched(service))
        };
        for container in self.untouched(change.project()).filter(is_reported) {
            events.send(Fact::UpToDate { container: container.name.clone(), state: container.state });
        }
    }
}

/// How to execute plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RunSettings {
    /// Maximum number of parallel engine calls; `None` means a small number per kind of call.
    pub parallel: Option<usize>,
}

impl RunSettings {
    /// The settings for plans of `project`.
    pub(super) fn of(self, project: &Project) -> ExecuteSettings {
        ExecuteSettings { project: project.name.to_string(), parallel: self.parallel, ..ExecuteSettings::default() }
    }
}

/// Observes, asks and plans; changes nothing.
///
/// # Errors
///
/// If the engine does not answer, a question cannot be asked, or planning fails.
pub async fn prepare<E: Engine>(
    change: &mut impl Change,
    engine: &E,
    ask: &impl Ask,
    detail: Detail,
) -> Result<Prepared, OperationError> {
    let mut observed = change.observe(engine).await?;
    change.ask(engine, &mut observed, ask).await?;
    let mut plan = plan(change, &observed, Known::default())?;
    if detail == Detail::Full && observe::definitions(engine, &plan, &mut observed).await? {
        plan = self::plan(change, &observed, Known::default())?;
    }
    Ok(Prepared { plan: Arc::new(plan), observed })
}

/// Makes the plan; if it has several builds, again with the images that they are made from, which may order them.
fn plan(change: &impl Change, observed: &Observed, mut known: Known) -> Result<Plan, PlanError> {
    let plan = change.plan(observed, &known)?;
    let builds = plan.steps().filter(|(_, step)| matches!(step.action, Action::BuildImage { .. }));
    if builds.count() < 2 {
        return Ok(plan);
    }
    known.base_images = load::base_images(change.project());
    change.plan(observed, &known)
}

/// Executes what was prepared. If steps fail because another client is changing the project, observes and plans again,
/// a few times.
///
/// # Errors
///
/// If steps failed, or the user interrupted the run.
pub async fn converge<E: Engine>(
    change: &impl Change,
    engine: &E,
    prepared: &Prepared,
    events: &Events,
    interruption: &Interruption,
    settings: RunSettings,
) -> Result<(), OperationError> {
    converge_with(change, engine, prepared, events, interruption, &settings.of(change.project())).await
}

/// The same with all settings of the execution.
pub(super) async fn converge_with<E: Engine>(
    change: &impl Change,
    engine: &E,
    prepared: &Prepared,
    events: &Events,
    interruption: &Interruption,
    execute_settings: &ExecuteSettings,
) -> Result<(), OperationError> {
    let mut attempts = Attempts::after(&prepared.observed);
    let mut plan = prepared.plan.clone();
    prepared.announce(change, events);
    loop {
        let outcome = carry_out(&plan, engine, events, interruption, execute_settings).await?;
        let next = match outcome.conflict() {
            Some(conflict) => attempts.plan_again(change, engine, &plan, &conflict).await,
            None => None,
        };
        let Some(next) = next else { return Ok(outcome.into_result(&plan)?) };
        plan = next;
        events.send(Fact::PlanStarted { plan: plan.clone(), operation: change.name(), replaces_failed: true });
    }
}

/// Executes one plan. After one interruption, what has started is finished; after two, it is left to the engine.
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

/// The attempts of a run to succeed despite a concurrent one.
pub(super) struct Attempts {
    delays: std::array::IntoIter<u64, 6>,
    /// The containers that existed before the run.
    before: BTreeSet<ContainerId>,
    /// Whether the same was tried again although nothing had visibly changed.
    repeated: bool,
}

impl Attempts {
    /// The attempts of a run that started with `observed`.
    pub(super) fn after(observed: &Observed) -> Self {
        let before = observed.containers.iter().map(|container| container.id.clone()).collect();
        Self { delays: DELAYS.into_iter(), before, repeated: false }
    }

    /// The plan for what is left to do after a conflict. `None` if the same would fail again, or if observing fails:
    /// then the original failure is the one to report.
    pub(super) async fn plan_again<E: Engine>(
        &mut self,
        change: &impl Change,
        engine: &E,
        failed: &Plan,
        conflict: &Conflict,
    ) -> Option<Arc<Plan>> {
        // The user chose the name of a one-off: nobody but the user makes room for it.
        let is_one_off =
            |id: &ActionId| matches!(&failed.step(*id).action, Action::CreateContainer(spec) if spec.one_off.is_some());
        if conflict.steps.iter().any(is_one_off) {
            return None;
        }
        while let Some(delay) = self.delays.next() {
            tokio::time::sleep(Duration::from_millis(delay)).await;
            let next = self.look_again(change, engine).await.ok()?;
            if !next.repeats(failed, &conflict.steps) {
                return Some(Arc::new(next));
            }
            if !conflict.may_pass {
                return None;
            }
            // Retry once immediately, and once at the end; observing shows nothing to the user.
            if !std::mem::replace(&mut self.repeated, true) || self.delays.len() == 0 {
                return Some(Arc::new(next));
            }
        }
        None
    }

    /// The plan for what is left to do now. What the run has already created is not recreated.
    async fn look_again<E: Engine>(&self, change: &impl Change, engine: &E) -> Result<Plan, OperationError> {
        let observed = change.observe(engine).await?;
        let ids = observed.containers.iter().map(|container| &container.id);
        let made = ids.filter(|id| !self.before.contains(*id)).cloned().collect();
        Ok(plan(change, &observed, Known { made, ..Known::default() })?)
    }
}
