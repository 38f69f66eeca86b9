//! Reads files on this machine without blocking other work.

use std::path::Path;

use crate::source::{ReadError, Reader};

/// The content of a file.
pub(super) async fn read(reader: &Reader, path: &Path) -> Result<Vec<u8>, ReadError> {
    let (reader, path) = (reader.clone(), path.to_owned());
    let read = tokio::task::spawn_blocking(move || reader.read(&path)).await;
    read.unwrap_or_else(|stopped| Err(ReadError::System(std::io::Error::other(stopped))))
}
