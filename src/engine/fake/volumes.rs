//! Volumes of the fake engine.

use std::sync::Arc;

use super::{Fake, made};
use crate::engine::{EngineError, Volumes};
use crate::project::{Project, VolumeKey};

impl Volumes for Fake {
    async fn create_volume(&self, project: Arc<Project>, key: VolumeKey) -> Result<(), EngineError> {
        let name = project.volumes.get(&key).map_or(key.as_str(), |volume| &volume.name);
        self.call(format!("create volume {name}")).await?;
        self.change(|state| {
            let is_there = state.volumes.iter().any(|volume| volume.name == name);
            state.volumes.extend(made::volume(&project, &key).filter(|_| !is_there));
            Ok(())
        })
    }

    async fn remove_volume(&self, name: String) -> Result<(), EngineError> {
        self.call(format!("remove volume {name}")).await?;
        self.change(|state| {
            state.volumes.retain(|volume| volume.name != name);
            Ok(())
        })
    }
}
