//! The files of containers, as tar archives.

use std::future::Future;
use std::io;

use futures::stream::BoxStream;
pub use tokio_util::bytes::Bytes;

use super::error::EngineError;
use crate::observed::ContainerId;

/// A tar archive as the engine sends it.
pub type Download = BoxStream<'static, Result<Bytes, EngineError>>;
/// A tar archive on its way to the engine. An error in it ends the call.
pub type Upload = BoxStream<'static, io::Result<Bytes>>;

/// Calls about the files of containers, whether they run or not.
pub trait Archives {
    /// What is at a path in a container; `None` if nothing is there. Links on the way are followed, a link at its end is
    /// not.
    fn stat_path(
        &self,
        id: ContainerId,
        path: String,
    ) -> impl Future<Output = Result<Option<PathStat>, EngineError>> + Send;

    /// What is at a path in a container, and an archive of it. Its entries begin with the last name of the path; where
    /// that is `.` or `/`, with what is in the folder.
    fn read_archive(
        &self,
        id: ContainerId,
        path: String,
    ) -> impl Future<Output = Result<(PathStat, Download), EngineError>> + Send;

    /// Unpacks an archive in a folder of a container. A file never takes the place of a folder, nor the reverse.
    fn write_archive(
        &self,
        id: ContainerId,
        folder: String,
        owners: Owners,
        archive: Upload,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// An archive of all files of a container.
    fn export_container(&self, id: ContainerId) -> impl Future<Output = Result<Download, EngineError>> + Send;
}

/// What is at a path in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathStat {
    /// A file, or something else that can be replaced by one.
    File,
    /// A folder.
    Folder,
    /// A symbolic link, and the absolute path it leads to.
    Link(String),
    /// A device.
    Device,
}

impl PathStat {
    /// Whether it is a folder.
    #[must_use]
    pub fn is_folder(&self) -> bool {
        *self == Self::Folder
    }
}

/// Who owns unpacked files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Owners {
    /// The engine decides.
    #[default]
    Engine,
    /// Those in the archive (`--archive`).
    Archive,
}
