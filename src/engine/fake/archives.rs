//! The files of containers in the fake engine: those that a test puts there, and archives that were unpacked.

use futures::stream::StreamExt;
use futures::{TryStreamExt, stream};

use super::Fake;
use super::state::Content;
use crate::engine::{Archives, Bytes, Download, EngineError, Owners, PathStat, Upload};
use crate::observed::ContainerId;

impl Fake {
    /// What the container of that name has at a path, and the archive that the engine makes of it.
    pub fn has_path(&self, container: &str, path: &str, stat: PathStat, archive: impl Into<Vec<u8>>) {
        let content = Content { stat, archive: archive.into().into() };
        self.state().paths.insert((container.to_owned(), path.to_owned()), content);
    }

    /// The archives that were unpacked in the container of that name so far, each with its folder.
    #[must_use]
    pub fn unpacked(&self, container: &str) -> Vec<(String, Vec<u8>)> {
        self.state().unpacked.get(container).cloned().unwrap_or_default()
    }

    fn content(&self, id: &ContainerId, path: &str) -> Result<Option<Content>, EngineError> {
        let state = self.state();
        let name = state.name_of(id)?;
        Ok(state.paths.get(&(name, path.to_owned())).cloned())
    }

    fn download(archive: &Bytes) -> Download {
        let pieces: Vec<_> = archive.chunks(1000).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        stream::iter(pieces).boxed()
    }
}

impl Archives for Fake {
    async fn stat_path(&self, id: ContainerId, path: String) -> Result<Option<PathStat>, EngineError> {
        Ok(self.content(&id, &path)?.map(|content| content.stat))
    }

    async fn read_archive(&self, id: ContainerId, path: String) -> Result<(PathStat, Download), EngineError> {
        let found = self.content(&id, &path)?;
        let content =
            found.ok_or_else(|| EngineError::NotFound(format!("Could not find the file {path} in container {id}")))?;
        Ok((content.stat, Self::download(&content.archive)))
    }

    async fn write_archive(
        &self,
        id: ContainerId,
        folder: String,
        _owners: Owners,
        archive: Upload,
    ) -> Result<(), EngineError> {
        let bytes: Result<Vec<Bytes>, _> = archive.try_collect().await;
        let bytes = bytes.map_err(|error| EngineError::Disconnected(error.to_string()))?;
        self.call_on("unpack", &id).await?;
        self.change(|state| {
            let name = state.name_of(&id)?;
            state.unpacked.entry(name).or_default().push((folder, bytes.concat()));
            Ok(())
        })
    }

    async fn export_container(&self, id: ContainerId) -> Result<Download, EngineError> {
        self.call_on("export", &id).await?;
        Ok(Self::download(&self.content(&id, "/")?.map(|content| content.archive).unwrap_or_default()))
    }
}
