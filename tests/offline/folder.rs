//! Files on the disk for one test.

use std::fs;

use tempfile::TempDir;

/// A folder with those files in it, by name and content.
pub(crate) fn folder_with(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).expect("a file can be written");
    }
    folder
}

/// A folder with one Compose file.
pub(crate) fn compose_file(text: &str) -> TempDir {
    folder_with(&[("compose.yaml", text.as_bytes())])
}
