//! Images: found, pulled, pushed, removed.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::BoxStream;

use super::error::EngineError;
use crate::observed::{ContainerId, Image, ImageDetails, ImageDigest, ImagePlatform};
use crate::plan::{PullSpec, PushSpec};

/// Calls about images.
pub trait Images {
    /// The image of a reference, for a platform; `None` if it is not in the store, or not for that platform.
    fn image(
        &self,
        reference: String,
        platform: Option<String>,
    ) -> impl Future<Output = Result<Option<Image>, EngineError>> + Send;

    /// The details of an image, of one with several platforms those for `platform`; `None` if it is not in the store.
    fn image_details(
        &self,
        reference: String,
        platform: Option<ImagePlatform>,
    ) -> impl Future<Output = Result<Option<ImageDetails>, EngineError>> + Send;

    /// Pulls an image. The stream ends when the image exists; its last item may be an error.
    fn pull_image(&self, spec: Arc<PullSpec>) -> BoxStream<'static, Result<ImageProgress, EngineError>>;

    /// Pushes an image. The stream ends when the registry has it; its last item may be an error.
    fn push_image(&self, spec: Arc<PushSpec>) -> BoxStream<'static, Result<ImageProgress, EngineError>>;

    /// The digest of a reference in its registry, for all platforms together.
    fn registry_digest(&self, reference: String) -> impl Future<Output = Result<ImageDigest, EngineError>> + Send;

    /// Removes a name from an image, and the image if that was its last name; [`EngineError::InUse`] if a container
    /// uses it.
    fn remove_image(&self, reference: String) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// The ids of images that were built for a project and have no name any more.
    fn nameless_images(&self, project: String) -> impl Future<Output = Result<Vec<ImageDigest>, EngineError>> + Send;

    /// Makes an image of what a container has changed, and gives its id.
    fn commit_container(&self, spec: CommitSpec) -> impl Future<Output = Result<ImageDigest, EngineError>> + Send;
}

/// The image to make of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitSpec {
    /// The container.
    pub container: ContainerId,
    /// Its name, with or without a tag; `None` leaves it unnamed.
    pub image: Option<String>,
    /// Who made it.
    pub author: String,
    /// What it is for.
    pub message: String,
    /// Dockerfile instructions that change what it runs and with what: `ENV A=b`.
    pub changes: Vec<String>,
    /// Whether the container is suspended meanwhile.
    pub pause: bool,
}

/// Progress of a pull, a push or a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageProgress {
    /// A layer of a pull or push.
    Layer {
        /// Its short id.
        id: String,
        /// The engine's words: `Downloading`, `Pull complete`.
        status: String,
        /// Bytes done, if counted.
        current: Option<u64>,
        /// Total bytes, if known.
        total: Option<u64>,
    },
    /// A build step started or ended.
    BuildStep {
        /// Its number in the build.
        id: String,
        /// What it does: `[2/3] RUN make`.
        name: String,
        /// Whether it started or how it ended.
        status: BuildStatus,
        /// How long it took, once it has ended.
        elapsed: Option<Duration>,
    },
    /// A line of a build step's output.
    BuildLog {
        /// The step.
        id: String,
        /// The text, without the line end.
        line: String,
    },
    /// How the line stands that a build step is still writing; it may overwrite it, as progress bars do.
    BuildOpenLine {
        /// The step.
        id: String,
        /// The text.
        line: String,
    },
    /// The image exists now.
    Done(Image),
}

/// The state of a build step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuildStatus {
    /// It runs.
    Started,
    /// It is done.
    Done,
    /// Its result was in the cache.
    Cached,
    /// It failed, with this message.
    Failed(String),
}
