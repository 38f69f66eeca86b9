//! What only the run finds out: late facts, and the guards that decide about steps by them.

use crate::observed::ImageDigest;
use crate::plan::ActionId;

/// A fact that is known now, or only once an earlier step has run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deferred<T> {
    /// Known when the plan is made.
    Known(T),
    /// The result of the step that pulls or builds the image. A build that only replaces a failed pull
    /// ([`Guard::ImageMissing`]) has the result of that pull if it is not needed.
    From(ActionId),
}

/// What has to hold for a guarded step to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guard {
    /// The image that `producer` pulls or builds is not the one the container has.
    ImageChanged {
        /// The step that pulls or builds.
        producer: ActionId,
        /// The image reference.
        image: String,
        /// What the container was made from.
        from: Option<ImageDigest>,
    },
    /// `producer` did not get the image.
    ImageMissing {
        /// The step that pulls.
        producer: ActionId,
        /// The image reference.
        image: String,
    },
    /// One of these steps failed, or was skipped because another one had failed.
    Failed(Vec<ActionId>),
    /// At least one of them holds.
    AnyOf(Vec<Guard>),
    /// All of them hold.
    AllOf(Vec<Guard>),
}
