//! Builds: a specification in, progress and an image out.

use std::sync::Arc;

use futures::stream::BoxStream;

use super::error::EngineError;
use super::images::ImageProgress;
use crate::plan::BuildSpec;

/// Calls about builds.
pub trait Builds {
    /// Builds an image. The stream ends when the image exists; its last item may be an error.
    ///
    /// A mere check (`BuildPurpose::Check`) reports lines of a step without an id, and ends with an error if it found
    /// something, otherwise with an image without a digest.
    fn build_image(&self, spec: Arc<BuildSpec>) -> BoxStream<'static, Result<ImageProgress, EngineError>>;
}
