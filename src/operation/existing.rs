//! Commands on the containers that a project has: which steps they take, a plan function says.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::converge::{Change, Known};
use super::{Ask, OperationError, Question};
use crate::engine::{Engine, ObserveQuery};
use crate::observed::Observed;
use crate::plan::{self, Plan, PlanError, ProjectSource, RmOptions};
use crate::project::Project;

/// A command that a plan function of the project and its containers is enough for: `start`, `stop`, `restart`, `kill`,
/// `pause`, `unpause`.
#[derive(Debug, Clone)]
pub struct Existing<P> {
    name: &'static str,
    source: ProjectSource,
    project: Arc<Project>,
    plan: P,
}

impl<P: Fn(&ProjectSource, &Observed) -> Result<Plan, PlanError> + Sync> Existing<P> {
    /// The command `name`, whose plans `plan` makes.
    #[must_use]
    pub fn new(name: &'static str, source: ProjectSource, plan: P) -> Self {
        Self { name, project: source.known(), source, plan }
    }
}

impl<P: Fn(&ProjectSource, &Observed) -> Result<Plan, PlanError> + Sync> Change for Existing<P> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn project(&self) -> &Arc<Project> {
        &self.project
    }

    async fn observe<E: Engine>(&self, engine: &E) -> Result<Observed, OperationError> {
        Ok(engine.observe(ObserveQuery::containers_of(self.project.name.as_str())).await?)
    }

    fn plan(&self, observed: &Observed, _known: &Known) -> Result<Plan, PlanError> {
        (self.plan)(&self.source, observed)
    }
}

/// `rm`: removes containers that have ended, once somebody agreed to it.
#[derive(Debug, Clone)]
pub struct Rm {
    source: ProjectSource,
    options: RmOptions,
    project: Arc<Project>,
}

impl Rm {
    /// Removes containers of what `source` names.
    #[must_use]
    pub fn new(source: ProjectSource, options: RmOptions) -> Self {
        Self { project: source.known(), source, options }
    }

    /// Whether there was something to remove, and the answer was no.
    #[must_use]
    pub fn was_declined(&self) -> bool {
        self.options.agreed.as_ref().is_some_and(BTreeSet::is_empty)
    }
}

impl Change for Rm {
    fn name(&self) -> &'static str {
        "remove"
    }

    fn project(&self) -> &Arc<Project> {
        &self.project
    }

    async fn observe<E: Engine>(&self, engine: &E) -> Result<Observed, OperationError> {
        Ok(engine.observe(ObserveQuery::containers_of(self.project.name.as_str())).await?)
    }

    /// Asks whether the containers may go. What started in the meantime is not removed.
    async fn ask<E: Engine>(
        &mut self,
        engine: &E,
        observed: &mut Observed,
        ask: &impl Ask,
    ) -> Result<(), OperationError> {
        let plan = plan::rm(&self.source, observed, &self.options);
        let containers: Vec<_> = plan::removed_containers(&plan).map(|container| container.name.clone()).collect();
        if containers.is_empty() {
            return Ok(());
        }
        let ids = observed.containers.iter().filter(|container| containers.contains(&container.name));
        let agreed = ids.map(|container| container.id.clone()).collect();
        let is_agreed = ask.confirm(&Question::RemoveContainers { containers })?;
        self.options.agreed = Some(if is_agreed { agreed } else { BTreeSet::new() });
        *observed = self.observe(engine).await?;
        Ok(())
    }

    fn plan(&self, observed: &Observed, _known: &Known) -> Result<Plan, PlanError> {
        Ok(plan::rm(&self.source, observed, &self.options))
    }
}
