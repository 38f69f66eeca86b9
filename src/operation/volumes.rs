//! `volumes`: lists the volumes of a project.

use super::OperationError;
use crate::engine::{Engine, EngineError, ObserveQuery};
use crate::observed::{Container, VolumeDetails};
use crate::project::{ProjectName, ServiceName};

/// Lists the volumes of a project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Volumes {
    /// The project.
    pub project: ProjectName,
    /// Services whose running containers mount the volumes; all volumes if empty.
    pub services: Vec<ServiceName>,
}

impl Volumes {
    /// The volumes, sorted by name.
    ///
    /// # Errors
    ///
    /// If the engine does not answer.
    pub async fn list<E: Engine>(&self, engine: &E) -> Result<Vec<VolumeDetails>, OperationError> {
        let (mut volumes, containers) =
            tokio::try_join!(engine.volumes_of(self.project.to_string()), self.containers(engine))?;
        if !self.services.is_empty() {
            let mounts = |container: &Container, volume: &VolumeDetails| {
                container.mounts.iter().any(|mount| mount.name.as_ref() == Some(&volume.name))
            };
            volumes.retain(|volume| containers.iter().any(|container| mounts(container, volume)));
        }
        volumes.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(volumes)
    }

    /// The containers of the services that are up.
    async fn containers<E: Engine>(&self, engine: &E) -> Result<Vec<Container>, EngineError> {
        if self.services.is_empty() {
            return Ok(Vec::new());
        }
        let mut containers = engine.observe(ObserveQuery::containers_of(self.project.as_str())).await?.containers;
        containers.retain(|container| container.is_up() && container.is_of_any(&self.services));
        Ok(containers)
    }
}
