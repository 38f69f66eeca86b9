//! A path or standard input in, its bytes out, up to a limit: the only reader of files named by users.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Reads whole files up to a size limit.
///
/// An endless file, such as `/dev/zero`, fails as soon as the limit is reached. Pipes and standard input can be read
/// only once, so a reader and its clones keep their content and return it again.
///
/// ```
/// use hoist::source::Reader;
/// let file = std::env::temp_dir().join("hoist-doc-reader");
/// std::fs::write(&file, "text")?;
/// assert_eq!(Reader::default().read(&file)?, b"text");
/// let error = Reader::up_to(3).read(&file).unwrap_err();
/// assert_eq!(error.to_string(), "it is larger than 3 bytes");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Reader {
    limit: u64,
    /// What was read from pipes and standard input.
    kept: Arc<Mutex<HashMap<PathBuf, Vec<u8>>>>,
}

/// Why a file cannot be read; the message follows the file's name.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no such file.
    #[error("no such file")]
    Missing,
    /// It is a folder.
    #[error("it is a folder")]
    Folder,
    /// It is a named pipe, but must be a regular file.
    #[error("it is a named pipe, not a file")]
    Pipe,
    /// Permission is denied.
    #[error("permission denied")]
    Denied,
    /// It is larger than the reader's limit.
    #[error("it is larger than {}", Size(*.limit))]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// This process or the system has as many files open as it may.
    #[error("too many open files")]
    TooManyOpen,
    /// Any other error of the system.
    #[error("{0}")]
    System(io::Error),
}

/// Whether this process, or the system, has as many files open as it may: `EMFILE` and `ENFILE`.
#[must_use]
pub fn is_too_many_open(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(23 | 24))
}

/// A number of bytes, shown in the largest unit that fits.
struct Size(u64);

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            bytes if bytes >= 1 << 20 && bytes % (1 << 20) == 0 => write!(f, "{} MiB", bytes >> 20),
            bytes if bytes >= 1 << 10 && bytes % (1 << 10) == 0 => write!(f, "{} KiB", bytes >> 10),
            bytes => write!(f, "{bytes} bytes"),
        }
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        let is = |kind| error.kind() == kind;
        if is(ErrorKind::NotFound) {
            Self::Missing
        } else if is(ErrorKind::IsADirectory) {
            Self::Folder
        } else if is(ErrorKind::PermissionDenied) {
            Self::Denied
        } else if is_too_many_open(&error) {
            Self::TooManyOpen
        } else {
            Self::System(error)
        }
    }
}

impl From<ReadError> for io::Error {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::System(error) => error,
            ReadError::Missing => Self::new(ErrorKind::NotFound, error),
            ReadError::Folder => Self::new(ErrorKind::IsADirectory, error),
            ReadError::Pipe => Self::new(ErrorKind::InvalidInput, error),
            ReadError::Denied => Self::new(ErrorKind::PermissionDenied, error),
            ReadError::TooLarge { .. } => Self::new(ErrorKind::FileTooLarge, error),
            ReadError::TooManyOpen => Self::other(error),
        }
    }
}

impl Default for Reader {
    /// A reader of files up to 64 MiB.
    fn default() -> Self {
        Self::up_to(64 << 20)
    }
}

impl Reader {
    /// A reader of files up to `limit` bytes.
    #[must_use]
    pub fn up_to(limit: u64) -> Self {
        Self { limit, kept: Arc::default() }
    }

    /// The content of the file at `path`, or of standard input if it is `-`.
    ///
    /// # Errors
    ///
    /// If it does not exist, cannot be read or is larger than the limit.
    pub fn read(&self, path: &Path) -> Result<Vec<u8>, ReadError> {
        if let Some(bytes) = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(path) {
            return Ok(bytes.clone());
        }
        if path == Path::new("-") {
            return Ok(self.keep(path, self.read_from(io::stdin().lock())?));
        }
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.len() > self.limit {
            return Err(ReadError::TooLarge { limit: self.limit });
        }
        let bytes = self.read_from(file)?;
        Ok(if metadata.is_file() { bytes } else { self.keep(path, bytes) })
    }

    /// The same for a file referenced by another file. A named pipe is an immediate error, since it may never have a
    /// writer. Pipes of a shell (`/dev/stdin`, `/dev/fd/63`) have a writer, so they are read.
    ///
    /// # Errors
    ///
    /// Those of [`Reader::read`], and for a named pipe.
    pub fn read_named(&self, path: &Path) -> Result<Vec<u8>, ReadError> {
        let is_of_shell = path.starts_with("/dev") || path.starts_with("/proc");
        if !is_of_shell && !self.has_kept(path) && is_pipe(path) {
            return Err(ReadError::Pipe);
        }
        self.read(path)
    }

    fn has_kept(&self, path: &Path) -> bool {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).contains_key(path)
    }

    fn keep(&self, path: &Path, bytes: Vec<u8>) -> Vec<u8> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(path.to_owned(), bytes.clone());
        bytes
    }

    fn read_from(&self, input: impl Read) -> Result<Vec<u8>, ReadError> {
        let mut bytes = Vec::new();
        input.take(self.limit.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > self.limit {
            return Err(ReadError::TooLarge { limit: self.limit });
        }
        Ok(bytes)
    }
}

/// A file or a folder in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderEntry {
    /// Its name.
    pub name: String,
    /// Whether it is a folder.
    pub is_folder: bool,
}

/// Maximum number of entries that are listed: a list is only for hints.
const MOST_ENTRIES: usize = 5_000;

/// What is in a folder, sorted by name; nothing if it cannot be read.
#[must_use]
pub fn list_folder(folder: &Path) -> Vec<FolderEntry> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().take(MOST_ENTRIES);
    let mut entries: Vec<FolderEntry> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            Some(FolderEntry { name: entry.file_name().into_string().ok()?, is_folder })
        })
        .collect();
    entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    entries
}

#[cfg(unix)]
fn is_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    path.metadata().is_ok_and(|metadata| metadata.file_type().is_fifo())
}

#[cfg(not(unix))]
fn is_pipe(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_up_to_the_limit_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        for (length, fits) in [(0, true), (1024, true), (1025, false)] {
            std::fs::write(&file, vec![b'x'; length]).expect("a file");
            let read = Reader::up_to(1024).read(&file).map(|bytes| bytes.len()).map_err(|error| error.to_string());
            let expected = if fits { Ok(length) } else { Err("it is larger than 1 KiB".to_owned()) };
            assert_eq!(read, expected);
        }
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(matches!(Reader::default().read(&folder.path().join("none")), Err(ReadError::Missing)));
        assert!(matches!(Reader::default().read(folder.path()), Err(ReadError::Folder)));
    }

    #[cfg(unix)]
    #[test]
    fn a_device_without_an_end_is_refused() {
        let error = Reader::default().read(Path::new("/dev/zero")).expect_err("it has no end");
        assert_eq!(error.to_string(), "it is larger than 64 MiB");
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_read_once_and_given_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs");
        assert!(made.success());
        let writer = std::thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::write(pipe, "A=1\n")
        });
        let reader = Reader::default();
        let error = reader.read_named(&pipe).expect_err("it is not read");
        assert_eq!(error.to_string(), "it is a named pipe, not a file");
        assert_eq!(reader.read(&pipe).expect("the content"), b"A=1\n");
        writer.join().expect("the writer ends").expect("it was read");
        assert_eq!(reader.clone().read(&pipe).expect("the same content"), b"A=1\n");
        assert_eq!(reader.read_named(&pipe).expect("the same content"), b"A=1\n");
    }
}
