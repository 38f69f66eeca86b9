//! A tar archive in, local files out. What is in the archive stays in the destination: no entry leads out of it, and
//! no link is followed.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use tar::{Archive, Entry, EntryType};

use super::error::CopyError;

/// How many bytes are written at a time.
const BUFFER: usize = 128 << 10;

/// Where the entries of an archive go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Where the first entry goes, with all others below it.
    pub(super) root: PathBuf,
    /// Whether entries begin with the name of what was packed, which `root` takes the place of.
    pub(super) named: bool,
}

/// Unpacks an archive. Of files that cannot be made here, such as devices, the first is an error once everything else is
/// there.
pub(super) fn unpack(archive: impl Read, place: &Place) -> Result<(), CopyError> {
    let mut unpacker =
        Unpacker { place, folders: BTreeSet::new(), made: Vec::new(), special: None, buffer: vec![0; BUFFER] };
    let entries = unpacker.all(archive);
    let finished = unpacker.finish_folders();
    entries.and(finished)?;
    unpacker.special.map_or(Ok(()), Err)
}

struct Unpacker<'a> {
    place: &'a Place,
    /// Folders that are known to be none but folders.
    folders: BTreeSet<PathBuf>,
    /// Folders that were made, with their modes and times, which they get when all is in them.
    made: Vec<(PathBuf, Attributes)>,
    special: Option<CopyError>,
    buffer: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Attributes {
    mode: u32,
    modified: SystemTime,
}

impl Unpacker<'_> {
    fn all(&mut self, archive: impl Read) -> Result<(), CopyError> {
        let mut archive = Archive::new(archive);
        for entry in archive.entries().map_err(CopyError::Archive)? {
            self.entry(entry.map_err(CopyError::Archive)?)?;
        }
        // What comes behind the end of the archive is read too: the engine is to have sent all of it.
        io::copy(&mut archive.into_inner(), &mut io::sink()).map(drop).map_err(CopyError::Archive)
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "no other kind of entry is a file")]
    fn entry(&mut self, mut entry: Entry<'_, impl Read>) -> Result<(), CopyError> {
        let name = entry.path().map_err(CopyError::Archive)?.into_owned();
        let path = self.path(&name)?;
        let kind = entry.header().entry_type();
        let attributes = Attributes {
            mode: entry.header().mode().map_err(CopyError::Archive)? & 0o7777,
            modified: SystemTime::UNIX_EPOCH
                + Duration::from_secs(entry.header().mtime().map_err(CopyError::Archive)?.min(u32::MAX.into())),
        };
        match kind {
            EntryType::Directory => self.folder(&path, attributes),
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                self.file(&path, &mut entry, attributes)
            }
            EntryType::Symlink => {
                let target = link_name(&entry, &name)?;
                self.free(&path)?;
                symlink(&target, &path).map_err(CopyError::local("symlink", &path))
            }
            EntryType::Link => {
                let target = self.path(&link_name(&entry, &name)?)?;
                self.check_parents(&target)?;
                self.free(&path)?;
                fs::hard_link(&target, &path).map_err(CopyError::local("link", &path))
            }
            EntryType::Fifo | EntryType::Char | EntryType::Block => {
                let kind = if kind == EntryType::Fifo { "named pipe" } else { "device" };
                self.special.get_or_insert(CopyError::Special { kind, path });
                Ok(())
            }
            // Headers that are about other entries.
            _ => Ok(()),
        }
    }

    /// Where an entry of that name goes.
    fn path(&self, name: &Path) -> Result<PathBuf, CopyError> {
        let mut path = self.place.root.clone();
        let mut left_out = usize::from(self.place.named);
        for component in name.components() {
            match component {
                Component::CurDir | Component::RootDir => {}
                Component::Normal(_) if left_out > 0 => left_out -= 1,
                Component::Normal(part) => path.push(part),
                Component::ParentDir | Component::Prefix(_) => {
                    return Err(CopyError::Outside(name.display().to_string()));
                }
            }
        }
        Ok(path)
    }

    /// Sees that the folders from the root to a path are folders, and makes those that are missing.
    fn check_parents(&mut self, path: &Path) -> Result<(), CopyError> {
        let inside = path.strip_prefix(&self.place.root).unwrap_or(Path::new(""));
        let Some(parents) = inside.parent() else { return Ok(()) };
        let mut folder = self.place.root.clone();
        self.check_folder(&folder)?;
        for name in parents {
            folder.push(name);
            self.check_folder(&folder)?;
        }
        Ok(())
    }

    fn check_folder(&mut self, folder: &Path) -> Result<(), CopyError> {
        if self.folders.contains(folder) {
            return Ok(());
        }
        match fs::symlink_metadata(folder) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => return Err(CopyError::FileInTheWay(folder.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir(folder).map_err(CopyError::local("mkdir", folder))?;
            }
            Err(error) => return Err(CopyError::local("lstat", folder)(error)),
        }
        self.folders.insert(folder.to_owned());
        Ok(())
    }

    fn folder(&mut self, path: &Path, attributes: Attributes) -> Result<(), CopyError> {
        self.check_parents(path)?;
        match fs::symlink_metadata(path) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => return Err(CopyError::FileInTheWay(path.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make_private_folder(path).map_err(CopyError::local("mkdir", path))?;
                self.made.push((path.to_owned(), attributes));
            }
            Err(error) => return Err(CopyError::local("lstat", path)(error)),
        }
        self.folders.insert(path.to_owned());
        Ok(())
    }

    /// Removes what is at a path, unless it is a folder.
    fn free(&mut self, path: &Path) -> Result<(), CopyError> {
        self.check_parents(path)?;
        match fs::symlink_metadata(path) {
            Ok(metadata) if metadata.is_dir() => Err(CopyError::FolderInTheWay(path.to_owned())),
            Ok(_) => fs::remove_file(path).map_err(CopyError::local("unlink", path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(CopyError::local("lstat", path)(error)),
        }
    }

    fn file(&mut self, path: &Path, entry: &mut Entry<'_, impl Read>, with: Attributes) -> Result<(), CopyError> {
        self.free(path)?;
        let mut file = new_private_file(path).map_err(CopyError::local("open", path))?;
        let mut left = entry.size();
        while left > 0 {
            let part = usize::try_from(left).unwrap_or(BUFFER).min(BUFFER);
            let part = &mut self.buffer[..part];
            entry.read_exact(part).map_err(CopyError::Archive)?;
            file.write_all(part).map_err(CopyError::local("write", path))?;
            left -= part.len() as u64;
        }
        file.set_modified(with.modified).map_err(CopyError::local("chtimes", path))?;
        set_mode(&file, with.mode).map_err(CopyError::local("chmod", path))
    }

    /// The folders that were made get their modes and times, the innermost first.
    fn finish_folders(&mut self) -> Result<(), CopyError> {
        self.made.drain(..).rev().try_for_each(|(path, with)| {
            let file = OpenOptions::new().read(true).open(&path).map_err(CopyError::local("open", &path))?;
            // A system that cannot set the time of a folder leaves it.
            let _ = file.set_modified(with.modified);
            set_mode(&file, with.mode).map_err(CopyError::local("chmod", &path))
        })
    }
}

fn link_name(entry: &Entry<'_, impl Read>, name: &Path) -> Result<PathBuf, CopyError> {
    let link = entry.link_name().map_err(CopyError::Archive)?;
    link.map(std::borrow::Cow::into_owned)
        .ok_or_else(|| CopyError::Archive(io::Error::other(format!("the link {} leads nowhere", name.display()))))
}

/// A file that nobody else can read while it is written.
fn new_private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A folder that nobody else can read while it is filled.
fn make_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(unix)]
fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_: &File, _: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn symlink(target: &Path, path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

#[cfg(not(unix))]
fn symlink(target: &Path, path: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(target, path)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use tar::{Builder, Header};

    use super::*;

    /// An archive of entries: a kind, a name, and a text or what a link leads to.
    fn archive(entries: &[(EntryType, &str, &str)]) -> Vec<u8> {
        let mut builder = Builder::new(Vec::new());
        for (kind, name, text) in entries {
            let mut header = Header::new_gnu();
            header.set_entry_type(*kind);
            header.set_mode(if *kind == EntryType::Directory { 0o555 } else { 0o640 });
            header.set_mtime(1_000_000_000);
            // The library refuses such names, and engines may be worse.
            header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
            if matches!(kind, EntryType::Symlink | EntryType::Link) {
                header.as_mut_bytes()[157..157 + text.len()].copy_from_slice(text.as_bytes());
                header.set_size(0);
                header.set_cksum();
                builder.append(&header, io::empty()).expect("an entry");
            } else {
                header.set_size(text.len() as u64);
                header.set_cksum();
                builder.append(&header, text.as_bytes()).expect("an entry");
            }
        }
        builder.into_inner().expect("an archive")
    }

    const FILE: EntryType = EntryType::Regular;
    const FOLDER: EntryType = EntryType::Directory;
    const SOFT: EntryType = EntryType::Symlink;
    const HARD: EntryType = EntryType::Link;

    #[test]
    fn entries_go_to_the_place_with_their_modes_and_times() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("new");
        let entries = [(FOLDER, "d/", ""), (FILE, "d/f", "text"), (SOFT, "d/up", "../../x"), (HARD, "d/same", "d/f")];
        unpack(&*archive(&entries), &Place { root: root.clone(), named: true }).expect("it is unpacked");
        assert_eq!(fs::read_to_string(root.join("same")).expect("a file"), "text");
        assert_eq!(fs::read_link(root.join("up")).expect("a link"), Path::new("../../x"));
        let file = fs::metadata(root.join("f")).expect("a file");
        assert_eq!(file.permissions().mode() & 0o7777, 0o640);
        assert_eq!(file.modified().expect("a time"), SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000));
        assert_eq!(fs::metadata(&root).expect("a folder").permissions().mode() & 0o7777, 0o555);
        fs::set_permissions(&root, fs::Permissions::from_mode(0o755)).expect("it is ours");
        // The content alone, over what is there.
        let content = [(FOLDER, "./", ""), (FILE, "./f", "new"), (FILE, "e", "more")];
        unpack(&*archive(&content), &Place { root: root.clone(), named: false }).expect("it is unpacked");
        assert_eq!(fs::read_to_string(root.join("f")).expect("a file"), "new");
        assert_eq!(fs::read_to_string(root.join("same")).expect("the other name keeps the old text"), "text");
        assert_eq!(fs::metadata(&root).expect("a folder").permissions().mode() & 0o7777, 0o755, "it was there");
    }

    #[test]
    fn nothing_is_written_outside() {
        for entries in [
            vec![(FILE, "d/../../evil", "x")],
            vec![(FILE, "../evil", "x")],
            vec![(SOFT, "d/out", "../outside"), (FILE, "d/out/evil", "x")],
            vec![(SOFT, "d/out", "../outside"), (FOLDER, "d/out", "")],
            vec![(SOFT, "d/out", "../outside/evil"), (HARD, "d/evil", "d/../../outside/secret")],
            vec![(SOFT, "d/out", "../outside"), (HARD, "d/evil", "d/out/secret")],
            vec![(SOFT, "d", "outside"), (FILE, "d/evil", "x")],
        ] {
            let folder = tempfile::tempdir().expect("a folder");
            let outside = folder.path().join("outside");
            fs::create_dir(&outside).expect("a folder");
            fs::write(outside.join("secret"), "kept").expect("a file");
            let place = Place { root: folder.path().join("d"), named: true };
            unpack(&*archive(&entries), &place).expect_err("it leads out");
            assert_eq!(fs::read_dir(&outside).expect("a folder").count(), 1, "{entries:?}");
            assert!(!folder.path().join("d/evil").exists() && !folder.path().join("evil").exists(), "{entries:?}");
        }
        // An absolute name is one below the root, and a link in the way of a file is replaced.
        let folder = tempfile::tempdir().expect("a folder");
        let outside = folder.path().join("outside");
        fs::write(&outside, "kept").expect("a file");
        let root = folder.path().join("d");
        fs::create_dir(&root).expect("a folder");
        symlink("../outside", root.join("f")).expect("a link");
        let entries = archive(&[(FILE, "/f", "new"), (SOFT, "s", "../outside"), (FILE, "s", "two")]);
        unpack(&*entries, &Place { root: root.clone(), named: false }).expect("it is unpacked");
        assert_eq!(fs::read_to_string(root.join("f")).expect("a file"), "new");
        assert_eq!(fs::read_to_string(root.join("s")).expect("a file"), "two");
        assert_eq!(fs::read_to_string(&outside).expect("a file"), "kept");
    }

    #[test]
    fn a_file_and_a_folder_do_not_take_each_others_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = Place { root: folder.path().join("d"), named: true };
        unpack(&*archive(&[(FILE, "d/f", "x")]), &place).expect("folders that the archive leaves out are made");
        let error = unpack(&*archive(&[(FOLDER, "d/f", "")]), &place).expect_err("a file is there");
        assert!(error.to_string().starts_with("cannot overwrite non-directory"), "{error}");
        let error = unpack(&*archive(&[(FILE, "d", "x")]), &place).expect_err("a folder is there");
        assert!(error.to_string().starts_with("cannot overwrite directory"), "{error}");
    }

    #[test]
    fn what_cannot_be_made_is_told_once_the_rest_is_there_and_half_an_archive_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = Place { root: folder.path().join("d"), named: true };
        let entries = archive(&[(EntryType::Fifo, "d/pipe", ""), (FILE, "d/f", "text")]);
        let error = unpack(&*entries, &place).expect_err("it cannot be made");
        assert!(error.to_string().starts_with("cannot create named pipe"), "{error}");
        assert_eq!(fs::read_to_string(place.root.join("f")).expect("a file"), "text");
        unpack(&entries[..1026], &place).expect_err("the text of the file is cut");
    }
}
