//! Volumes: created, removed, and who mounts them.

use std::future::Future;
use std::sync::Arc;

use super::error::EngineError;
use crate::observed::VolumeDetails;
use crate::project::{Project, VolumeKey};

/// Calls about volumes.
pub trait Volumes {
    /// Creates a volume of the project; succeeds if it already exists.
    fn create_volume(
        &self,
        project: Arc<Project>,
        key: VolumeKey,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// The volumes with a project's label, in any order.
    fn volumes_of(&self, project: String) -> impl Future<Output = Result<Vec<VolumeDetails>, EngineError>> + Send;

    /// Removes a volume and its data; [`EngineError::InUse`] if a container mounts it.
    fn remove_volume(&self, name: String) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// The names of containers outside the project that mount a volume, running or not; empty if the engine cannot
    /// tell.
    fn volume_visitors(
        &self,
        volume: String,
        project: String,
    ) -> impl Future<Output = Result<Vec<String>, EngineError>> + Send {
        let _ = (volume, project);
        async { Ok(Vec::new()) }
    }
}
