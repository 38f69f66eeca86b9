//! Images of the fake engine: whatever is pulled or built exists afterwards.

use std::sync::Arc;

use futures::StreamExt;
use futures::stream::{self, BoxStream};

use super::Fake;
use crate::engine::{CommitSpec, EngineError, ImageProgress, Images};
use crate::observed::{Image, ImageDetails, ImageDigest, ImagePlatform};
use crate::plan::{PullSpec, PushSpec};

impl Images for Fake {
    async fn image(&self, reference: String, _platform: Option<String>) -> Result<Option<Image>, EngineError> {
        Ok(self.state().images.get(&reference).cloned())
    }

    async fn image_details(
        &self,
        reference: String,
        _platform: Option<ImagePlatform>,
    ) -> Result<Option<ImageDetails>, EngineError> {
        let mut state = self.state();
        state.take_failure(&format!("image {reference}"))?;
        Ok(state.image_details.get(&reference).cloned())
    }

    fn pull_image(&self, spec: Arc<PullSpec>) -> BoxStream<'static, Result<ImageProgress, EngineError>> {
        self.fetch(format!("pull {}", spec.image), spec.image.clone())
    }

    fn push_image(&self, spec: Arc<PushSpec>) -> BoxStream<'static, Result<ImageProgress, EngineError>> {
        let engine = self.clone();
        let push = async move {
            let image = spec.image.clone();
            engine.call(format!("push {image}")).await?;
            let missing = || EngineError::NotFound(format!("An image does not exist locally with the tag: {image}"));
            let image = engine.state().images.get(&image).cloned().ok_or_else(missing)?;
            Ok(ImageProgress::Done(image))
        };
        stream::once(push).boxed()
    }

    async fn registry_digest(&self, reference: String) -> Result<ImageDigest, EngineError> {
        self.call(format!("look up {reference}")).await?;
        Ok(format!("sha256:{:064x}", reference.len()).into())
    }

    async fn remove_image(&self, reference: String) -> Result<(), EngineError> {
        self.call(format!("remove image {reference}")).await?;
        self.change(|state| {
            state.images.remove(&reference);
            Ok(())
        })
    }

    async fn nameless_images(&self, project: String) -> Result<Vec<ImageDigest>, EngineError> {
        self.call(format!("list images without a name of {project}")).await?;
        Ok(vec!["sha256:nameless".into()])
    }

    async fn commit_container(&self, spec: CommitSpec) -> Result<ImageDigest, EngineError> {
        self.call_on("commit", &spec.container).await?;
        Ok("sha256:committed".into())
    }
}

impl Fake {
    /// A pull or build: one layer, then the image.
    pub(super) fn fetch(&self, call: String, image: String) -> BoxStream<'static, Result<ImageProgress, EngineError>> {
        let engine = self.clone();
        let layer = |status: &str, current| ImageProgress::Layer {
            id: "a1b2c3".to_owned(),
            status: status.to_owned(),
            current,
            total: Some(100),
        };
        let begin = stream::iter([Ok(layer("Downloading", Some(50)))]);
        let end = layer("Pull complete", None);
        let rest = stream::once(async move {
            match engine.call(call).await {
                Ok(()) => vec![Ok(end), Ok(ImageProgress::Done(engine.state().fetched(&image)))],
                Err(error) => vec![Err(error)],
            }
        });
        begin.chain(rest.flat_map(stream::iter)).boxed()
    }
}
