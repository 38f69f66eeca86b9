//! Volumes of a project in, the engine's requests out.

use bollard::models::VolumeCreateRequest;

use super::absent::{map, text};
use crate::engine::EngineError;
use crate::project::hash::volume_hash;
use crate::project::label;
use crate::project::{Project, VolumeKey};

/// The request that creates a volume of the project.
///
/// # Errors
///
/// If it is not defined.
pub(in crate::engine::docker) fn volume_request(
    project: &Project,
    key: &VolumeKey,
) -> Result<VolumeCreateRequest, EngineError> {
    let Some(volume) = project.volumes.get(key) else {
        return Err(EngineError::NotFound(format!("the project has no volume `{key}`")));
    };
    let mut labels = map(&volume.labels).unwrap_or_default();
    for (name, value) in [
        (label::VOLUME, key.to_string()),
        (label::PROJECT, project.name.to_string()),
        (label::VERSION, label::VERSION_VALUE.to_owned()),
        (label::CONFIG_HASH, volume_hash(volume)),
    ] {
        labels.insert(name.to_owned(), value);
    }
    Ok(VolumeCreateRequest {
        name: Some(volume.name.clone()),
        driver: text(volume.driver.as_ref()),
        driver_opts: map(&volume.driver_opts),
        labels: Some(labels),
        ..VolumeCreateRequest::default()
    })
}
