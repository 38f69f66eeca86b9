//! `why`: what is wrong with the services of a project, and what is behind it. Looks, and changes nothing.

mod judge;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::future::join_all;

use super::{OperationError, Prepared};
use crate::engine::{ContainerDetails, Engine, EngineError};
use crate::event::{Finding, Trouble};
use crate::execute::{diagnosis, readiness, refusal, start};
use crate::observed::{ContainerId, State};
use crate::plan::{Action, ContainerSpec, Handle};
use crate::project::Project;

use judge::{Case, Unready};

/// Finds out what is wrong with a project.
#[derive(Debug, Clone)]
pub struct Why {
    /// The project.
    pub project: Arc<Project>,
    /// What `up` would do to it, in full detail, and what the engine has.
    pub prepared: Prepared,
    /// The files of secrets, configs and bind mounts that are not there.
    pub missing_files: BTreeSet<String>,
}

impl Why {
    /// Everything that is not as it should be: causes before what they cause, the worst first.
    ///
    /// # Errors
    ///
    /// If the engine does not answer.
    pub async fn find<E: Engine>(&self, engine: &E) -> Result<Vec<Finding>, OperationError> {
        let details = self.details(engine).await?;
        let mut findings = judge::judge(&self.case(), &details, &self.unready(engine, &details).await);
        for finding in &mut findings {
            let container = finding.container.as_deref();
            let Some(details) = container.and_then(|name| details.values().find(|details| details.name == name)) else {
                continue;
            };
            self.explain(engine, &mut finding.trouble, details).await;
        }
        Ok(findings)
    }

    fn case(&self) -> Case<'_> {
        Case { project: &self.project, prepared: &self.prepared, missing_files: &self.missing_files }
    }

    /// What the engine knows of each replica, and of each hook that failed.
    async fn details<E: Engine>(&self, engine: &E) -> Result<BTreeMap<ContainerId, ContainerDetails>, OperationError> {
        let case = self.case();
        let containers = case.replicas().map(|(_, container)| container).chain(case.failed_hooks());
        let calls = containers.map(|container| engine.inspect_container(container.id.clone()));
        let mut found = BTreeMap::new();
        for details in join_all(calls).await {
            match details {
                Ok(details) => {
                    found.insert(details.id.clone(), details);
                }
                // Removed meanwhile.
                Err(EngineError::NotFound(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(found)
    }

    /// Checks the running containers without a healthcheck whose service says how.
    async fn unready<E: Engine>(&self, engine: &E, details: &BTreeMap<ContainerId, ContainerDetails>) -> Unready {
        let checks = self.case().replicas().filter_map(|(service, container)| {
            let details = details.get(&container.id)?;
            let is_checked = details.state == State::Running && !details.has_healthcheck;
            let ready = self.project.services.get(service).filter(|_| is_checked)?.ready()?;
            Some(async move {
                let error = readiness::is_ready(engine, details, &ready).await.err()?;
                Some((details.id.clone(), (ready.check.to_string(), error.last)))
            })
        });
        join_all(checks).await.into_iter().flatten().collect()
    }

    /// Adds what takes further calls: the last output, and who holds a port.
    async fn explain<E: Engine>(&self, engine: &E, trouble: &mut Trouble, details: &ContainerDetails) {
        if let Trouble::CannotStart(error) = trouble {
            let Some(words) = &details.error else { return };
            let cause = EngineError::Failed(words.clone());
            let step = self.start_of(&details.id);
            let spec = step.and_then(|(_, spec)| spec);
            let explained = start::explain_start(engine, &details.name, spec, cause).await;
            **error = match step {
                Some((action, _)) => refusal::explained(explained, action),
                None => explained,
            };
        } else if let Trouble::HookFailed { evidence, .. }
        | Trouble::Exited { evidence, .. }
        | Trouble::Restarting { evidence, .. } = trouble
        {
            *evidence = diagnosis::of_exit(engine, details).await;
        }
    }

    /// The step of the plan that would start this container.
    fn start_of(&self, id: &ContainerId) -> Option<(&Action, Option<&Arc<ContainerSpec>>)> {
        self.prepared.plan.steps().find_map(|(_, step)| {
            let Action::StartContainer { container, spec } = &step.action else { return None };
            (container.handle == Handle::Existing(id.clone())).then_some((&step.action, spec.as_ref()))
        })
    }
}
