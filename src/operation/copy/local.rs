//! The local side of a copy: what a path names, and where it leads.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Component, Path, PathBuf};

use super::error::CopyError;
use super::sides::{Kind, asserts_folder, means_content};

/// No more links than that are followed to a destination.
const MOST_LINKS: usize = 10;

/// A local path that is copied from or to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LocalPath {
    /// Absolute, without `.` and `..`.
    pub(super) path: PathBuf,
    /// Whether it is named as a folder.
    pub(super) asserts_folder: bool,
    /// Whether what is in it is meant.
    pub(super) means_content: bool,
}

/// What is copied into containers.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// Where it is.
    pub(super) path: PathBuf,
    /// Its own name; none where what is in a folder is meant.
    pub(super) name: Option<OsString>,
    /// What it is.
    pub(super) kind: Kind,
}

/// Where a copy from a container goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Destination {
    /// The path, with its last links followed.
    pub(super) path: PathBuf,
    /// What is there.
    pub(super) found: Option<Kind>,
}

impl LocalPath {
    /// The path that is written as `text` in `folder`.
    pub(super) fn new(folder: &Path, text: &str) -> Self {
        Self {
            path: cleaned(&folder.join(text)),
            asserts_folder: asserts_folder(text),
            means_content: means_content(text),
        }
    }

    /// Looks at what is copied.
    pub(super) fn source(&self, follow_links: bool) -> Result<Source, CopyError> {
        let path = if follow_links || self.asserts_folder { self.resolved()? } else { self.path.clone() };
        let metadata = fs::symlink_metadata(&path).map_err(CopyError::local("lstat", &path))?;
        if self.asserts_folder && !metadata.is_dir() {
            return Err(CopyError::NotAFolder);
        }
        let name = self.path.file_name().filter(|_| !self.means_content).map(ToOwned::to_owned);
        Ok(Source { path, name, kind: Kind::of(metadata.is_dir()) })
    }

    fn resolved(&self) -> Result<PathBuf, CopyError> {
        fs::canonicalize(&self.path).map_err(|error| {
            // The end of a link that leads nowhere says more than the link.
            let target = fs::read_link(&self.path).ok().map(|target| beside(&self.path, &target));
            CopyError::local("lstat", &target.unwrap_or_else(|| self.path.clone()))(error)
        })
    }

    /// Looks at the destination: its folder has to be there, and nothing that a file cannot replace.
    pub(super) fn destination(&self) -> Result<Destination, CopyError> {
        let folder = self.path.parent().unwrap_or(&self.path);
        match fs::metadata(folder) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => return Err(CopyError::NotAFolder),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(CopyError::NoOutputFolder(folder.to_owned()));
            }
            Err(error) => return Err(CopyError::local("stat", folder)(error)),
        }
        if fs::metadata(&self.path).is_ok_and(|metadata| is_device(&metadata)) {
            return Err(CopyError::OutputIsDevice(self.path.clone()));
        }
        let destination = self.follow()?;
        if self.asserts_folder && destination.found == Some(Kind::Other) {
            return Err(CopyError::NotAFolder);
        }
        Ok(destination)
    }

    /// Follows the links at the end of the path; where they end need not be there.
    fn follow(&self) -> Result<Destination, CopyError> {
        let mut path = self.path.clone();
        for _ in 0..=MOST_LINKS {
            let metadata = match fs::symlink_metadata(&path) {
                Ok(metadata) => metadata,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    let folder = path.parent().unwrap_or(&path);
                    let there = fs::metadata(folder).map_err(CopyError::local("stat", folder))?;
                    return if there.is_dir() {
                        Ok(Destination { path, found: None })
                    } else {
                        Err(CopyError::NotAFolder)
                    };
                }
                Err(error) => return Err(CopyError::local("lstat", &path)(error)),
            };
            if !metadata.is_symlink() {
                return Ok(Destination { path, found: Some(Kind::of(metadata.is_dir())) });
            }
            let target = fs::read_link(&path).map_err(CopyError::local("readlink", &path))?;
            path = beside(&path, &target);
        }
        Err(CopyError::TooManyLinks(self.path.clone()))
    }
}

/// Where a link at `link` leads.
fn beside(link: &Path, target: &Path) -> PathBuf {
    link.parent().map_or_else(|| target.to_owned(), |folder| cleaned(&folder.join(target)))
}

/// The path without `.` and `..`, as it is written: links are not looked at.
pub(in crate::operation) fn cleaned(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => drop(clean.pop()),
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => clean.push(component),
        }
    }
    clean
}

/// Whether it is a device.
#[cfg(unix)]
pub(in crate::operation) fn is_device(metadata: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    metadata.file_type().is_char_device() || metadata.file_type().is_block_device()
}

#[cfg(not(unix))]
pub(in crate::operation) fn is_device(_: &Metadata) -> bool {
    false
}

/// Whether it is a named pipe.
#[cfg(unix)]
pub(in crate::operation) fn is_pipe(metadata: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    metadata.file_type().is_fifo()
}

#[cfg(not(unix))]
pub(in crate::operation) fn is_pipe(_: &Metadata) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// `file`, `folder`, `link` to the folder, `nowhere` to nothing, `circle`.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "x").expect("a file");
        fs::create_dir(at("folder")).expect("a folder");
        symlink("folder", at("link")).expect("a link");
        symlink("missing", at("nowhere")).expect("a link");
        symlink("circle", at("circle")).expect("a link");
        folder
    }

    #[test]
    fn sources() {
        let folder = folder();
        let of = |text: &str, follow: bool| match LocalPath::new(folder.path(), text).source(follow) {
            Ok(Source { name, kind, .. }) => format!("{:?} {kind:?}", name.unwrap_or_default()),
            Err(error) => error.to_string().replace(&format!("{}/", folder.path().display()), ""),
        };
        for (text, follow, expected) in [
            ("file", false, "\"file\" Other"),
            ("./folder/../file", false, "\"file\" Other"),
            ("folder", false, "\"folder\" Folder"),
            ("folder/", false, "\"folder\" Folder"),
            ("folder/.", false, "\"\" Folder"),
            ("link", false, "\"link\" Other"),
            ("link", true, "\"link\" Folder"),
            ("link/", false, "\"link\" Folder"),
            ("nowhere", false, "\"nowhere\" Other"),
            ("nowhere", true, "lstat missing: no such file or directory"),
            ("none", false, "lstat none: no such file or directory"),
            ("file/", false, "not a directory"),
        ] {
            assert_eq!(of(text, follow), expected, "{text}");
        }
    }

    #[test]
    fn destinations() {
        let folder = folder();
        let of = |text: &str| match LocalPath::new(folder.path(), text).destination() {
            Ok(Destination { path, found }) => {
                let name = path.strip_prefix(folder.path()).expect("it is inside").display().to_string();
                format!("{name} {found:?}")
            }
            Err(error) => error.to_string().replace(&folder.path().display().to_string(), "."),
        };
        for (text, expected) in [
            ("file", "file Some(Other)"),
            ("new", "new None"),
            ("new/", "new None"),
            ("link", "folder Some(Folder)"),
            ("nowhere", "missing None"),
            ("circle", "too many symlinks in ./circle"),
            ("none/new", "invalid output path: directory \"./none\" does not exist"),
            ("file/new", "not a directory"),
            ("file/", "not a directory"),
            ("/dev/null", "invalid output path: \"/dev/null\" must be a directory or a regular file: got a device"),
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
    }
}
