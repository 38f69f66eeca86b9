//! Images: found, pulled, pushed, removed, committed.

use std::sync::Arc;

use bollard::query_parameters::RemoveImageOptions;
use futures::stream::BoxStream;
use serde::Deserialize;

use super::client::{CHANGE, check_segment, query};
use super::{Docker, commit, image_details, image_lookup, transfer};
use crate::engine::{CommitSpec, EngineError, ImageProgress, Images};
use crate::observed::{Image, ImageDetails, ImageDigest, ImagePlatform};
use crate::plan::{PullSpec, PushSpec};
use crate::project::label;

impl Images for Docker {
    async fn image(&self, reference: String, platform: Option<String>) -> Result<Option<Image>, EngineError> {
        image_lookup::look(&self.client, &reference, platform.as_deref()).await
    }

    async fn image_details(
        &self,
        reference: String,
        platform: Option<ImagePlatform>,
    ) -> Result<Option<ImageDetails>, EngineError> {
        image_details::look(&self.client, &reference, platform.as_ref()).await
    }

    fn pull_image(&self, spec: Arc<PullSpec>) -> BoxStream<'static, Result<ImageProgress, EngineError>> {
        transfer::pull(self.client.clone(), spec)
    }

    fn push_image(&self, spec: Arc<PushSpec>) -> BoxStream<'static, Result<ImageProgress, EngineError>> {
        transfer::push(self.client.clone(), spec)
    }

    async fn registry_digest(&self, reference: String) -> Result<ImageDigest, EngineError> {
        transfer::registry_digest(&self.client, &reference).await
    }

    async fn remove_image(&self, reference: String) -> Result<(), EngineError> {
        check_segment(&reference)?;
        let call = self.client.api().await?.remove_image(&reference, None::<RemoveImageOptions>, None);
        match self.client.wait(CHANGE, || format!("remove image {reference}"), call).await {
            Ok(_) => Ok(()),
            // For an image, this is the only possible conflict.
            Err(EngineError::Conflict(words)) => Err(EngineError::InUse(words)),
            Err(error) => Err(error),
        }
    }

    async fn nameless_images(&self, project: String) -> Result<Vec<ImageDigest>, EngineError> {
        let label = format!("{}={project}", label::PROJECT);
        let filters = serde_json::json!({ "dangling": ["true"], "label": [label] }).to_string();
        let path = format!("/images/json?{}", query(&[("filters", &filters)]));
        let listed: Vec<Nameless> = self.client.get(&path).await?;
        Ok(listed.into_iter().map(|image| image.id.into()).collect())
    }

    async fn commit_container(&self, spec: CommitSpec) -> Result<ImageDigest, EngineError> {
        commit::commit(&self.client, &spec).await
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Nameless {
    id: String,
}
