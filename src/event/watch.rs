//! What `watch` does, as data.

use std::path::PathBuf;
use std::sync::Arc;

use super::StepError;
use crate::engine::EngineError;
use crate::plan::Plan;
use crate::project::{ServiceName, WatchAction};

/// Something that `watch` does, or cannot do. `render::watch` turns it into text.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum WatchNote {
    /// It listens to the files from now on.
    Enabled,
    /// A rule that it follows.
    Rule {
        /// The service.
        service: ServiceName,
        /// The file or folder, relative to the project where it is below that.
        path: PathBuf,
        /// What a change means.
        action: WatchAction,
        /// Where it is copied to.
        target: Option<String>,
    },
    /// It does not listen any more.
    Disabled,
    /// Files are being copied and removed.
    Syncing {
        /// The service.
        service: ServiceName,
        /// How many files and folders.
        changes: usize,
    },
    /// Files could not be copied or removed. It is tried again with the next change.
    SyncFailed {
        /// The service.
        service: ServiceName,
        /// Why.
        cause: WatchFailure,
    },
    /// An image is being built.
    Rebuilding {
        /// The service.
        service: ServiceName,
    },
    /// Files changed during a build, which is cancelled for another one.
    BuildCancelled {
        /// The service.
        service: ServiceName,
    },
    /// An image was built.
    Built {
        /// The service.
        service: ServiceName,
    },
    /// An image could not be built. The containers stay as they are.
    BuildFailed {
        /// The service.
        service: ServiceName,
        /// Why.
        cause: WatchFailure,
    },
    /// Containers were restarted.
    Restarted {
        /// The service.
        service: ServiceName,
    },
    /// Containers could not be replaced or restarted.
    Failed {
        /// The service.
        service: ServiceName,
        /// Why.
        cause: WatchFailure,
    },
    /// The command of a rule ended with another status than 0.
    CommandFailed {
        /// The service.
        service: ServiceName,
        /// The status.
        exit_code: i64,
    },
    /// A path does not exist. It is watched once it does.
    Missing {
        /// The service.
        service: ServiceName,
        /// The path.
        path: PathBuf,
    },
    /// A path cannot be watched.
    Unwatched {
        /// The service.
        service: ServiceName,
        /// The path.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A path is mounted into the containers, so nothing of it has to be copied.
    Mounted {
        /// The path.
        path: PathBuf,
    },
    /// Services that are no longer in the files; their containers stay.
    Left {
        /// The services.
        services: Vec<ServiceName>,
    },
    /// Nothing can be listened to.
    NoFiles {
        /// Why.
        reason: String,
    },
    /// The files of the project changed.
    Redefined(Redefined),
    /// What they say now could not be applied.
    NotApplied {
        /// Why.
        cause: WatchFailure,
    },
}

/// What a change of the project's own files comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Redefined {
    /// They have mistakes; the messages.
    Invalid(String),
    /// Nothing of it would change anything.
    Nothing,
    /// This would be done.
    Changes(Arc<Plan>),
    /// It is being applied.
    Applying,
    /// It was applied.
    Applied,
}

/// Why `watch` could not do something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchFailure {
    /// A step of a plan failed.
    Step(Box<StepError>),
    /// The engine refused, or did not answer.
    Engine(EngineError),
    /// A folder that has the container's own files in it stays where a file is to be.
    FolderInTheWay {
        /// Its path in the container.
        path: PathBuf,
    },
    /// Something else, in words.
    Other(String),
}

impl From<EngineError> for WatchFailure {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}
