//! Volumes of the fake engine: calls are noted, nothing is kept.

use std::sync::Arc;

use super::Fake;
use crate::engine::{EngineError, Volumes};
use crate::project::{Project, VolumeKey};

impl Volumes for Fake {
    async fn create_volume(&self, project: Arc<Project>, key: VolumeKey) -> Result<(), EngineError> {
        let name = project.volumes.get(&key).map_or(key.as_str(), |volume| &volume.name);
        self.call(format!("create volume {name}")).await
    }

    async fn remove_volume(&self, name: String) -> Result<(), EngineError> {
        self.call(format!("remove volume {name}")).await
    }
}
