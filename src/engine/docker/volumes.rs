//! Volumes: created, removed, and who mounts them.

use std::sync::Arc;

use bollard::query_parameters::RemoveVolumeOptions;

use super::client::{CHANGE, check_segment};
use super::{Docker, convert, listed, observe};
use crate::engine::{EngineError, Volumes};
use crate::observed::VolumeDetails;
use crate::project::{Project, VolumeKey};

impl Volumes for Docker {
    async fn create_volume(&self, project: Arc<Project>, key: VolumeKey) -> Result<(), EngineError> {
        let request = convert::volume_request(&project, &key)?;
        let call = self.client.api().await?.create_volume(request);
        match self.client.wait(CHANGE, || format!("create volume {key}"), call).await {
            Ok(_) | Err(EngineError::Conflict(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn volumes_of(&self, project: String) -> Result<Vec<VolumeDetails>, EngineError> {
        observe::volume_details(&self.client, &project).await
    }

    async fn remove_volume(&self, name: String) -> Result<(), EngineError> {
        check_segment(&name)?;
        let options = RemoveVolumeOptions { force: true };
        let call = self.client.api().await?.remove_volume(&name, Some(options));
        match self.client.wait(CHANGE, || format!("remove volume {name}"), call).await {
            // For a volume, this is the only possible conflict.
            Err(EngineError::Conflict(words)) => Err(EngineError::InUse(words)),
            result => result,
        }
    }

    async fn volume_visitors(&self, volume: String, project: String) -> Result<Vec<String>, EngineError> {
        // Including stopped containers: engines keep the volume for them.
        let filters = serde_json::json!({ "volume": [volume] }).to_string();
        listed::others(&self.client, &project, &[("all", "true"), ("filters", &filters)]).await
    }
}
