//! Volumes of the fake engine.

use std::sync::Arc;

use super::{Fake, made};
use crate::engine::{EngineError, Volumes};
use crate::observed::VolumeDetails;
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

    async fn volumes_of(&self, project: String) -> Result<Vec<VolumeDetails>, EngineError> {
        let mut state = self.state();
        state.take_failure("volumes")?;
        let ours = state.volumes.iter().filter(|volume| volume.project.as_ref() == Some(&project));
        let details = ours.map(|volume| VolumeDetails {
            name: volume.name.clone(),
            driver: "local".to_owned(),
            scope: "local".to_owned(),
            mountpoint: format!("/volumes/{}", volume.name),
            labels: volume.labels.clone(),
        });
        Ok(details.collect())
    }

    async fn remove_volume(&self, name: String) -> Result<(), EngineError> {
        self.call(format!("remove volume {name}")).await?;
        self.change(|state| {
            state.volumes.retain(|volume| volume.name != name);
            Ok(())
        })
    }
}
