//! Why files could not be copied or exported.

use std::io;
use std::path::{Path, PathBuf};

use crate::project::ServiceName;

/// Why files could not be copied or exported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// No source was given.
    #[error("source can not be empty")]
    NoSource,
    /// No destination was given.
    #[error("destination can not be empty")]
    NoDestination,
    /// Both sides are in a service.
    #[error("copying between services is not supported")]
    BetweenServices,
    /// Neither side is in a service.
    #[error("unknown copy direction")]
    NoDirection,
    /// The service has no container.
    #[error("no container found for service \"{0}\"")]
    NoContainer(ServiceName),
    /// A folder cannot take the place of a file.
    #[error("cannot copy directory")]
    FolderOverFile,
    /// A file was to be copied into a folder that is not there.
    #[error("no such directory")]
    NoFolder,
    /// Something that is named as a folder is none.
    #[error("not a directory")]
    NotAFolder,
    /// An archive can only be unpacked in a folder.
    #[error("destination \"{0}\" must be a directory")]
    DestinationNotAFolder(String),
    /// A device of a container cannot be replaced.
    #[error("destination \"{0}\" must be a directory or a regular file: got a device")]
    DestinationIsDevice(String),
    /// The folder of a local destination is not there.
    #[error("invalid output path: directory \"{}\" does not exist", .0.display())]
    NoOutputFolder(PathBuf),
    /// A local device cannot be replaced.
    #[error("invalid output path: \"{}\" must be a directory or a regular file: got a device", .0.display())]
    OutputIsDevice(PathBuf),
    /// What an export cannot be written to.
    #[error("cannot write to a {0}")]
    OutputNotAFile(&'static str),
    /// Links that lead to links.
    #[error("too many symlinks in {}", .0.display())]
    TooManyLinks(PathBuf),
    /// An export cannot be written where it was to go.
    #[error("failed to export container: {0}")]
    Export(Box<CopyError>),
    /// A local file could not be used.
    #[error("{call} {}: {}", .path.display(), words(.error))]
    Local {
        /// What was to be done with it.
        call: &'static str,
        /// Its path.
        path: PathBuf,
        /// Why that failed.
        error: io::Error,
    },
    /// A file got shorter while it was read.
    #[error("{} was changed while it was copied", .0.display())]
    Changed(PathBuf),
    /// An entry of an archive leads out of the destination.
    #[error("the archive has an entry outside of the destination: \"{0}\"")]
    Outside(String),
    /// An entry of an archive needs a folder where something else is.
    #[error("cannot overwrite non-directory \"{}\" with directory", .0.display())]
    FileInTheWay(PathBuf),
    /// An entry of an archive needs a file where a folder is.
    #[error("cannot overwrite directory \"{}\" with non-directory", .0.display())]
    FolderInTheWay(PathBuf),
    /// Files of an archive that cannot be made; all others were copied.
    #[error("cannot create {kind} \"{}\"; everything else was copied", .path.display())]
    Special {
        /// What it is.
        kind: &'static str,
        /// Its path.
        path: PathBuf,
    },
    /// What was read is not an archive, or not all of one.
    #[error("the archive cannot be read: {0}")]
    Archive(io::Error),
    /// The standard streams could not be used.
    #[error("cannot {call}: {}", words(.error))]
    Stream {
        /// What was to be done.
        call: &'static str,
        /// Why that failed.
        error: io::Error,
    },
}

impl CopyError {
    /// The failure of a call on a local file.
    pub(in crate::operation) fn local(call: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Local { call, path: path.to_owned(), error }
    }
}

/// The system's words in lower case and without the number, as Docker has them.
fn words(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.rfind(" (os error ").map_or(text.as_str(), |at| &text[..at]);
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
