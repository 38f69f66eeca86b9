//! What only the run finds out: deferred values, and guards that decide from them whether a step is done.

use crate::observed::ImageDigest;
use crate::plan::ActionId;

/// A value that is known now, or only after an earlier step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deferred<T> {
    /// Known when the plan is made.
    Known(T),
    /// The result of the step that pulls or builds the image. For a build that only replaces a failed pull
    /// ([`Guard::ImageMissing`]), it is the result of the pull if the build is not needed.
    From(ActionId),
}

/// The condition under which a guarded step is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guard {
    /// The image that `producer` pulls or builds is not the one the container has.
    ImageChanged {
        /// The step that pulls or builds.
        producer: ActionId,
        /// The image reference.
        image: String,
        /// The image the container was created from.
        from: Option<ImageDigest>,
    },
    /// `producer` did not get the image.
    ImageMissing {
        /// The step that pulls.
        producer: ActionId,
        /// The image reference.
        image: String,
    },
    /// One of these steps failed, or was skipped because another one failed.
    Failed(Vec<ActionId>),
    /// At least one of them holds.
    AnyOf(Vec<Guard>),
    /// All of them hold.
    AllOf(Vec<Guard>),
}
