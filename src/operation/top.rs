//! `top`: the processes in containers.

use futures::future;

use super::OperationError;
use crate::engine::{Engine, EngineError, ObserveQuery};
use crate::observed::{Container, ContainerProcesses, State};
use crate::project::{ProjectName, ServiceName};

/// Lists the processes in the running containers of a project, one-offs included.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Top {
    /// The project.
    pub project: ProjectName,
    /// The services of the containers; all if empty.
    pub services: Vec<ServiceName>,
}

impl Top {
    /// The processes, sorted by container.
    ///
    /// # Errors
    ///
    /// If the engine does not answer.
    pub async fn list<E: Engine>(&self, engine: &E) -> Result<Vec<ContainerProcesses>, OperationError> {
        let mut containers = engine.observe(ObserveQuery::containers_of(self.project.as_str())).await?.containers;
        containers.retain(|container| has_processes(container) && container.is_of_any(&self.services));
        containers.sort_by(|one, other| one.name.cmp(&other.name));
        let processes = containers.into_iter().map(async |container| {
            match engine.processes(container.id.clone()).await {
                Ok(processes) => Ok(Some(ContainerProcesses {
                    container: container.name,
                    service: container.service,
                    number: container.number.filter(|_| !container.one_off),
                    processes,
                })),
                // It has exited since it was listed.
                Err(EngineError::Conflict(_) | EngineError::NotFound(_)) => Ok(None),
                Err(error) => Err(error),
            }
        });
        Ok(future::try_join_all(processes).await?.into_iter().flatten().collect())
    }
}

fn has_processes(container: &Container) -> bool {
    matches!(container.state, State::Running | State::Paused)
}
