//! `images`: lists the images of containers.

use std::collections::BTreeMap;

use futures::future;

use super::OperationError;
use crate::engine::{Engine, EngineError, ObserveQuery};
use crate::observed::{Container, ImageDetails, ImagePlatform, UsedImage};
use crate::project::value::ImageRef;
use crate::project::{ProjectName, ServiceName};

/// Lists the images of a project's containers, in any state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Images {
    /// The project.
    pub project: ProjectName,
    /// The services of the containers; all if empty.
    pub services: Vec<ServiceName>,
}

/// An image as a container names it, and its platform.
type Wanted = (String, Option<ImagePlatform>);

impl Images {
    /// The images, sorted by container. Each is inspected once, in parallel.
    ///
    /// # Errors
    ///
    /// If the engine does not answer.
    pub async fn list<E: Engine>(&self, engine: &E) -> Result<Vec<UsedImage>, OperationError> {
        let mut containers = engine.observe(ObserveQuery::containers_of(self.project.as_str())).await?.containers;
        containers.retain(|container| container.is_of_any(&self.services));
        containers.sort_by(|one, other| one.name.cmp(&other.name));
        let mut images: Vec<Wanted> = containers.iter().map(wanted).collect();
        images.sort();
        images.dedup();
        let details: BTreeMap<Wanted, ImageDetails> = future::try_join_all(images.into_iter().map(async |wanted| {
            let details = engine.image_details(wanted.0.clone(), wanted.1.clone()).await?;
            Ok::<_, EngineError>(details.map(|details| (wanted, details)))
        }))
        .await?
        .into_iter()
        .flatten()
        .collect();
        Ok(containers.iter().map(|container| used(container, details.get(&wanted(container)))).collect())
    }
}

fn wanted(container: &Container) -> Wanted {
    (container.image.clone(), container.image_platform.clone())
}

/// The image of a container; of one that is gone, only what the container tells is known.
fn used(container: &Container, details: Option<&ImageDetails>) -> UsedImage {
    let gone = || ImageDetails { id: container.image_id.clone().unwrap_or_default(), ..ImageDetails::default() };
    let details = details.cloned().unwrap_or_else(gone);
    let name = (!is_id(&container.image, &details)).then(|| container.image.parse::<ImageRef>().ok()).flatten();
    UsedImage {
        container: container.name.clone(),
        repository: name.as_ref().map(ImageRef::familiar_name),
        tag: name.and_then(|name| name.tag.filter(|_| name.digest.is_none())),
        details,
    }
}

/// Whether a container names its image by id, as engines tell once the image has lost its name.
fn is_id(image: &str, details: &ImageDetails) -> bool {
    let id = details.id.as_str();
    let hexadecimal = id.split_once(':').map_or(id, |(_, hexadecimal)| hexadecimal);
    image.starts_with("sha256:") || (image.len() >= 12 && hexadecimal.starts_with(image))
}
