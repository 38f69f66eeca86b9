//! What commands without a plan do with containers.

use crate::observed::ImageDigest;

/// What a command without a plan does with one container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// Files are copied.
    Copy {
        /// From where, as people write it.
        from: String,
        /// To where.
        to: String,
    },
    /// Its files are exported.
    Export,
    /// An image is made of it.
    Commit,
}

/// How far a task is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskStatus {
    /// It began.
    Started,
    /// It ended well.
    Done,
    /// It ended well and made an image.
    Committed(ImageDigest),
    /// It failed; the reason comes with the end of the command.
    Failed,
}
