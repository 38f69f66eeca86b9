//! Local files in, a tar archive out, piece by piece.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tar::{Builder, Header};

use super::error::CopyError;
use super::local::Source;

/// How many bytes of a file are read at a time.
const BUFFER: usize = 128 << 10;
/// Files up to this size are read as a whole when they are copied one by one.
const SMALL: u64 = 5 << 20;

/// Writes an archive of `source`, which is called `name` in it; without a name, of what is in the folder.
pub(super) fn pack(source: &Source, name: Option<&OsStr>, out: impl Write) -> Result<(), CopyError> {
    let mut builder = Builder::new(out);
    builder.follow_symlinks(false);
    builder.sparse(false);
    let mut packer = Packer { builder, links: BTreeMap::new() };
    match name {
        Some(name) => packer.add(&source.path, Path::new(name))?,
        None => packer.add_content(&source.path, Path::new(""))?,
    }
    packer.builder.into_inner().map(drop).map_err(CopyError::Archive)
}

/// Writes an archive of single files, given by their name in it. Those that are gone are left out, and so are folders
/// unless they are wanted. A small file is read as a whole, so that what is written to it meanwhile does no harm. Those
/// that cannot be opened are left out and returned with the reason.
pub(in crate::operation) fn pack_files(
    files: &BTreeMap<PathBuf, PathBuf>,
    folders: bool,
    out: impl Write,
) -> Result<Vec<(PathBuf, CopyError)>, CopyError> {
    let mut unreadable = Vec::new();
    let mut builder = Builder::new(out);
    builder.follow_symlinks(false);
    builder.sparse(false);
    let mut packer = Packer { builder, links: BTreeMap::new() };
    for (name, path) in files {
        match packer.add_single(path, name, folders) {
            Err(CopyError::Local { error, .. }) if error.kind() == io::ErrorKind::NotFound => {}
            // Nothing of it is in the archive yet.
            Err(error @ CopyError::Local { call: "lstat" | "open", .. }) => unreadable.push((name.clone(), error)),
            added => added?,
        }
    }
    packer.builder.into_inner().map_err(CopyError::Archive)?;
    Ok(unreadable)
}

struct Packer<W: Write> {
    builder: Builder<W>,
    /// The first name of each file that has several, by device and number.
    links: BTreeMap<(u64, u64), PathBuf>,
}

impl<W: Write> Packer<W> {
    /// Adds a file under a name; a folder with all that is in it.
    fn add(&mut self, path: &Path, name: &Path) -> Result<(), CopyError> {
        let metadata = fs::symlink_metadata(path).map_err(CopyError::local("lstat", path))?;
        if metadata.is_dir() {
            self.builder.append_dir(name, path).map_err(CopyError::Archive)?;
            return self.add_content(path, name);
        }
        if metadata.is_file() {
            return self.add_file(path, name, &metadata);
        }
        if metadata.is_symlink() {
            return self.builder.append_path_with_name(path, name).map_err(CopyError::Archive);
        }
        self.add_special(name, &metadata)
    }

    /// Adds a file, a link or a folder without what is in it.
    fn add_single(&mut self, path: &Path, name: &Path, folders: bool) -> Result<(), CopyError> {
        let metadata = fs::symlink_metadata(path).map_err(CopyError::local("lstat", path))?;
        if metadata.is_dir() {
            return if folders { self.builder.append_dir(name, path).map_err(CopyError::Archive) } else { Ok(()) };
        }
        if metadata.is_symlink() {
            return self.builder.append_path_with_name(path, name).map_err(CopyError::Archive);
        }
        if !metadata.is_file() {
            return self.add_special(name, &metadata);
        }
        if metadata.len() > SMALL {
            return self.add_content_of(path, name);
        }
        let mut content = Vec::new();
        let mut file = File::open(path).map_err(CopyError::local("open", path))?;
        let metadata = file.metadata().map_err(CopyError::local("stat", path))?;
        file.read_to_end(&mut content).map_err(CopyError::local("read", path))?;
        let mut header = Header::new_gnu();
        header.set_metadata(&metadata);
        header.set_size(content.len() as u64);
        self.builder.append_data(&mut header, name, content.as_slice()).map_err(CopyError::Archive)
    }

    /// Adds a pipe or a device, which are not opened. Sockets have no place in an archive.
    fn add_special(&mut self, name: &Path, metadata: &Metadata) -> Result<(), CopyError> {
        let special = special(metadata);
        let mut header = Header::new_gnu();
        header.set_metadata(metadata);
        header.set_size(0);
        match special {
            Special::Pipe => {}
            Special::Device { major, minor } => {
                header.set_device_major(major).map_err(CopyError::Archive)?;
                header.set_device_minor(minor).map_err(CopyError::Archive)?;
            }
            Special::Other => return Ok(()),
        }
        self.builder.append_data(&mut header, name, io::empty()).map_err(CopyError::Archive)
    }

    fn add_content(&mut self, folder: &Path, name: &Path) -> Result<(), CopyError> {
        let read = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut entries = read.map_err(CopyError::local("open", folder))?;
        entries.sort_by_key(fs::DirEntry::file_name);
        entries.iter().try_for_each(|entry| self.add(&entry.path(), &name.join(entry.file_name())))
    }

    fn add_file(&mut self, path: &Path, name: &Path, metadata: &Metadata) -> Result<(), CopyError> {
        if let Some(identity) = identity_of_several(metadata) {
            if let Some(first) = self.links.get(&identity) {
                let mut header = Header::new_gnu();
                header.set_metadata(metadata);
                header.set_entry_type(tar::EntryType::Link);
                header.set_size(0);
                return self.builder.append_link(&mut header, name, first).map_err(CopyError::Archive);
            }
            self.links.insert(identity, name.to_owned());
        }
        self.add_content_of(path, name)
    }

    fn add_content_of(&mut self, path: &Path, name: &Path) -> Result<(), CopyError> {
        let file = File::open(path).map_err(CopyError::local("open", path))?;
        let metadata = file.metadata().map_err(CopyError::local("stat", path))?;
        if !metadata.is_file() {
            return Err(CopyError::Changed(path.to_owned()));
        }
        let mut header = Header::new_gnu();
        header.set_metadata(&metadata);
        let mut content =
            Content { file: io::BufReader::with_capacity(BUFFER, file), left: metadata.len(), failure: None };
        let added = self.builder.append_data(&mut header, name, &mut content);
        match content.failure {
            Some(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(CopyError::Changed(path.to_owned())),
            Some(error) => Err(CopyError::local("read", path)(error)),
            None => added.map_err(CopyError::Archive),
        }
    }
}

/// As many bytes of a file as its header says, whatever becomes of the file meanwhile.
struct Content {
    file: io::BufReader<File>,
    left: u64,
    /// Why it could not be read.
    failure: Option<io::Error>,
}

impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if wanted == 0 {
            return Ok(0);
        }
        let read = match self.file.read(&mut buffer[..wanted]) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            read => read,
        };
        match read {
            Ok(read) => {
                self.left -= read as u64;
                Ok(read)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let told = io::Error::from(error.kind());
                self.failure = Some(error);
                Err(told)
            }
        }
    }
}

/// A file that is neither a file, a folder nor a link.
enum Special {
    Pipe,
    Device { major: u32, minor: u32 },
    Other,
}

#[cfg(unix)]
fn special(metadata: &Metadata) -> Special {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};
    let (kind, device) = (metadata.file_type(), metadata.rdev());
    if kind.is_fifo() {
        return Special::Pipe;
    }
    if !kind.is_char_device() && !kind.is_block_device() {
        return Special::Other;
    }
    // As Linux keeps them: the low bits of both, then the high bits of the minor and of the major number.
    let number = |bits: u64| u32::try_from(bits & 0xffff_ffff).unwrap_or_default();
    let major = ((device >> 8) & 0xfff) | ((device >> 32) & 0xffff_f000);
    let minor = (device & 0xff) | ((device >> 12) & 0xffff_ff00);
    Special::Device { major: number(major), minor: number(minor) }
}

#[cfg(not(unix))]
fn special(_: &Metadata) -> Special {
    Special::Other
}

/// Device and number of a file that has more than one name.
#[cfg(unix)]
fn identity_of_several(metadata: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    (metadata.nlink() > 1).then(|| (metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity_of_several(_: &Metadata) -> Option<(u64, u64)> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::operation::copy::local::LocalPath;

    fn packed(folder: &Path, text: &str, name: Option<&str>) -> Vec<String> {
        let source = LocalPath::new(folder, text).source(false).expect("it is there");
        let mut archive = Vec::new();
        pack(&source, name.map(OsStr::new), &mut archive).expect("it is packed");
        let mut archive = tar::Archive::new(&*archive);
        let entries = archive.entries().expect("an archive").map(|entry| {
            let mut entry = entry.expect("an entry");
            let mut text = String::new();
            entry.read_to_string(&mut text).expect("text");
            let link = entry.link_name().expect("a name").map(|link| format!(" > {}", link.display()));
            let path = entry.path().expect("a path").display().to_string();
            format!("{path}{}{}", link.unwrap_or_default(), if text.is_empty() { text } else { format!(" {text}") })
        });
        entries.collect()
    }

    #[test]
    fn all_kinds_of_files_are_packed_and_none_is_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let long = "x".repeat(150);
        fs::create_dir_all(at("d/sub")).expect("folders");
        fs::write(at("d/one"), "1").expect("a file");
        fs::write(at("d/sub").join(&long), "long").expect("a file");
        fs::hard_link(at("d/one"), at("d/same")).expect("a name");
        symlink("nowhere", at("d/soft")).expect("a link");
        let made = std::process::Command::new("mkfifo").arg(at("d/pipe")).status().expect("mkfifo runs");
        assert!(made.success());
        let _socket = std::os::unix::net::UnixListener::bind(at("d/socket")).expect("a socket");
        let below = |name: &str| {
            let one = if name.is_empty() { "one".to_owned() } else { format!("{name}/one") };
            let of = |rest: &str| if name.is_empty() { rest.to_owned() } else { format!("{name}/{rest}") };
            vec![
                of("one 1"),
                of("pipe"),
                of(&format!("same > {one}")),
                of("soft > nowhere"),
                of("sub"),
                of(&format!("sub/{long} long")),
            ]
        };
        let named = [vec!["new".to_owned()], below("new")].concat();
        assert_eq!(packed(folder.path(), "d", Some("new")), named);
        assert_eq!(packed(folder.path(), "d/.", None), below(""));
        assert_eq!(packed(folder.path(), "d/one", Some("two")), ["two 1"]);
    }
}
