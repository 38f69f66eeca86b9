//! A folder as entries for the engine: one per path, folders before their content, names sorted by bytes.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::Metadata;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use bollard_buildkit_proto::fsutil::types::Stat;

use super::filter::{Decision, Filter, Inherited};

/// Why a folder could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum TreeError {
    /// The system returned an error.
    #[error("cannot read `{}`: {cause}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The protocol has only UTF-8 names.
    #[error("the name of `{}` is not UTF-8, which a build context does not support", path.display())]
    NotUtf8 {
        /// The file or folder.
        path: PathBuf,
    },
}

/// A folder on the path of the walk.
struct Level {
    /// Its path in the tree; empty for the root.
    path: String,
    /// The state it passes on to its content.
    inherited: Inherited,
    /// Its own entry, if not sent yet.
    unsent: Option<Stat>,
    /// Its remaining children, in reverse order.
    rest: Vec<Child>,
}

struct Child {
    name: OsString,
    is_folder: bool,
}

/// Passes each path that the filter accepts to `visit`, until that breaks.
///
/// A folder is sent if it is accepted, or before the first accepted path inside it. A socket is sent as an empty file,
/// as in Docker's own tools; paths that vanish meanwhile are skipped.
///
/// # Errors
///
/// [`TreeError`] for unreadable folders and names that cannot be sent, unless the filter excludes them.
pub(super) fn walk(
    root: &Path,
    filter: &Filter,
    mut visit: impl FnMut(Stat) -> ControlFlow<()>,
) -> Result<(), TreeError> {
    let mut links = HardLinks::default();
    let first = Level {
        path: String::new(),
        inherited: Inherited::default(),
        unsent: None,
        rest: children(root).map_err(|cause| TreeError::Unreadable { path: root.to_path_buf(), cause })?,
    };
    let mut levels = vec![first];
    while let Some(level) = levels.last_mut() {
        let Some(child) = level.rest.pop() else {
            levels.pop();
            continue;
        };
        let source = root.join(&level.path).join(&child.name);
        let path = join(&level.path, &child.name.to_string_lossy());
        let (decision, inherited) = filter.decide(&path, child.is_folder, &level.inherited);
        if decision == Decision::Skip {
            continue;
        }
        if child.name.to_str().is_none() {
            return Err(TreeError::NotUtf8 { path: source });
        }
        let Some(stat) = stat(&source, &path, &mut links)? else { continue };
        let unsent = if decision == Decision::Send {
            let folders = levels.iter_mut().filter_map(|level| level.unsent.take());
            for stat in folders.chain(std::iter::once(stat)) {
                if visit(stat).is_break() {
                    return Ok(());
                }
            }
            None
        } else {
            Some(stat)
        };
        if child.is_folder {
            match children(&source) {
                Ok(rest) => levels.push(Level { path, inherited, unsent, rest }),
                Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {}
                Err(_) if decision == Decision::Descend => {}
                Err(cause) => return Err(TreeError::Unreadable { path: source, cause }),
            }
        }
    }
    Ok(())
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// The content of a folder, in reverse order.
fn children(folder: &Path) -> std::io::Result<Vec<Child>> {
    let mut children = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        children.push(Child { name: entry.file_name(), is_folder: entry.file_type()?.is_dir() });
    }
    children.sort_unstable_by(|a, b| b.name.as_encoded_bytes().cmp(a.name.as_encoded_bytes()));
    Ok(children)
}

/// The entry of one path; `None` if it is gone.
fn stat(source: &Path, path: &str, links: &mut HardLinks) -> Result<Option<Stat>, TreeError> {
    let unreadable = |cause| TreeError::Unreadable { path: source.to_path_buf(), cause };
    let metadata = match std::fs::symlink_metadata(source) {
        Ok(metadata) => metadata,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(unreadable(cause)),
    };
    let mode = mode::of(&metadata);
    let mut stat = Stat { path: path.to_owned(), mode, mod_time: modified(&metadata), ..Stat::default() };
    if metadata.is_symlink() {
        let target = std::fs::read_link(source).map_err(unreadable)?;
        let target = target.to_str().ok_or_else(|| TreeError::NotUtf8 { path: source.to_path_buf() })?;
        stat.linkname = target.replace(std::path::MAIN_SEPARATOR, "/");
        stat.size = size(&metadata);
    } else if !metadata.is_dir() {
        match links.earlier(&metadata, path) {
            Some(earlier) => stat.linkname = earlier,
            None => stat.size = size(&metadata),
        }
        (stat.devmajor, stat.devminor) = mode::device(&metadata);
    }
    Ok(Some(stat))
}

fn size(metadata: &Metadata) -> i64 {
    i64::try_from(metadata.len()).unwrap_or(i64::MAX)
}

/// Nanoseconds since 1970; 0 if unknown or out of range.
fn modified(metadata: &Metadata) -> i64 {
    let Ok(modified) = metadata.modified() else { return 0 };
    match modified.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(0),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(0, |nanos| -nanos),
    }
}

/// Whether an entry is a regular file with its own content; the engine may request only these.
pub(super) fn has_content(stat: &Stat) -> bool {
    stat.mode & mode::KIND == 0
}

/// Files with several names: every one after the first points to the first.
#[derive(Default)]
struct HardLinks(HashMap<(u64, u64), String>);

impl HardLinks {
    #[cfg(unix)]
    fn earlier(&mut self, metadata: &Metadata, path: &str) -> Option<String> {
        use std::os::unix::fs::MetadataExt;
        if metadata.nlink() < 2 {
            return None;
        }
        let file = (metadata.dev(), metadata.ino());
        let earlier = self.0.get(&file).cloned();
        if earlier.is_none() {
            self.0.insert(file, path.to_owned());
        }
        earlier
    }

    #[cfg(not(unix))]
    fn earlier(&mut self, _: &Metadata, _: &str) -> Option<String> {
        None
    }
}

/// Kind and permissions in the protocol's format, which differs from that of Unix.
pub(super) mod mode {
    use std::fs::Metadata;

    pub(in super::super) const FOLDER: u32 = 1 << 31;
    const SYMLINK: u32 = 1 << 27;
    const DEVICE: u32 = 1 << 26;
    const PIPE: u32 = 1 << 25;
    const SET_UID: u32 = 1 << 23;
    const SET_GID: u32 = 1 << 22;
    const CHARACTER_DEVICE: u32 = 1 << 21;
    const STICKY: u32 = 1 << 20;
    /// The bits for everything that is not a regular file.
    pub(in super::super) const KIND: u32 = FOLDER | SYMLINK | DEVICE | PIPE | CHARACTER_DEVICE;

    /// The protocol has no sockets: they become regular files.
    #[cfg(unix)]
    pub(super) fn of(metadata: &Metadata) -> u32 {
        use std::os::unix::fs::{FileTypeExt, MetadataExt};
        let kind = metadata.file_type();
        let unix = metadata.mode();
        let bits = [
            (kind.is_dir(), FOLDER),
            (kind.is_symlink(), SYMLINK),
            (kind.is_fifo(), PIPE),
            (kind.is_block_device() || kind.is_char_device(), DEVICE),
            (kind.is_char_device(), CHARACTER_DEVICE),
            (unix & 0o4000 != 0, SET_UID),
            (unix & 0o2000 != 0, SET_GID),
            (unix & 0o1000 != 0, STICKY),
        ];
        bits.into_iter().filter(|(set, _)| *set).fold(unix & 0o777, |mode, (_, bit)| mode | bit)
    }

    /// On systems without Unix permissions all files are executable, and writable only by their owner.
    #[cfg(not(unix))]
    pub(super) fn of(metadata: &Metadata) -> u32 {
        let kind = metadata.file_type();
        if kind.is_dir() {
            FOLDER | 0o755
        } else if kind.is_symlink() {
            SYMLINK | 0o777
        } else {
            0o755
        }
    }

    /// Major and minor number of a device file.
    #[cfg(unix)]
    pub(super) fn device(metadata: &Metadata) -> (i64, i64) {
        use std::os::unix::fs::{FileTypeExt, MetadataExt};
        let kind = metadata.file_type();
        if !kind.is_block_device() && !kind.is_char_device() {
            return (0, 0);
        }
        let device = metadata.rdev();
        let major = ((device >> 8) & 0xfff) | ((device >> 32) & 0xffff_f000);
        let minor = (device & 0xff) | ((device >> 12) & 0xffff_ff00);
        (i64::try_from(major).unwrap_or(0), i64::try_from(minor).unwrap_or(0))
    }

    #[cfg(not(unix))]
    pub(super) fn device(_: &Metadata) -> (i64, i64) {
        (0, 0)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn files(paths: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("folder");
        for path in paths {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("parent")).expect("folder");
            std::fs::write(path, "text").expect("file");
        }
        folder
    }

    fn listed(root: &Path, filter: &Filter) -> Vec<Stat> {
        let mut stats = Vec::new();
        walk(root, filter, |stat| {
            stats.push(stat);
            ControlFlow::Continue(())
        })
        .expect("walk");
        stats
    }

    fn paths(stats: &[Stat]) -> Vec<&str> {
        stats.iter().map(|stat| stat.path.as_str()).collect()
    }

    fn filter(include: &[&str], exclude: &[&str]) -> Filter {
        let strings = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        Filter::new(Path::new("/nowhere"), &strings(include), &strings(exclude), &[]).expect("filter")
    }

    #[test]
    fn a_folder_comes_before_its_files_and_a_slash_before_any_character() {
        let folder = files(&["a.txt", "a/b", "a/b.c", "a-b", "aa", "B", "a/c/d"]);
        assert_eq!(
            paths(&listed(folder.path(), &Filter::default())),
            ["B", "a", "a/b", "a/b.c", "a/c", "a/c/d", "a-b", "a.txt", "aa"]
        );
    }

    #[test]
    fn folders_are_sent_only_with_something_in_them_that_is_wanted() {
        let folder = files(&["docs/a.md", "docs/deep/b.md", "src/main.rs", "src/x.md", "top.md"]);
        let names =
            |include: &[&str], exclude: &[&str]| paths(&listed(folder.path(), &filter(include, exclude))).join(" ");
        assert_eq!(names(&[], &["**/*.md"]), "docs docs/deep src src/main.rs");
        assert_eq!(names(&["docs/deep/b.md"], &[]), "docs docs/deep docs/deep/b.md");
        assert_eq!(names(&["**/*.rs"], &[]), "src src/main.rs");
        assert_eq!(names(&[], &["*", "!src/main.rs"]), "src src/main.rs");
        assert_eq!(names(&[], &["docs", "!docs/a.md", "src", "*.md"]), "docs docs/a.md");
        assert_eq!(names(&["docs"], &["docs/deep"]), "docs docs/a.md");
    }

    #[test]
    fn entries_say_what_a_file_is() {
        let folder = files(&["file"]);
        let at = |name: &str| folder.path().join(name);
        std::fs::set_permissions(at("file"), PermissionsExt::from_mode(0o4751)).expect("mode");
        std::fs::hard_link(at("file"), at("hard")).expect("link");
        symlink("missing/target", at("soft")).expect("link");
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).expect("socket");
        let mut stats = listed(folder.path(), &Filter::default());
        assert_eq!(paths(&stats), ["file", "hard", "socket", "soft"]);
        let socket = stats.remove(2);
        assert!(has_content(&socket) && socket.size == 0, "{socket:?}");
        assert_eq!(stats[0].mode, (1 << 23) | 0o751);
        assert_eq!((stats[0].size, stats[0].linkname.as_str()), (4, ""));
        assert_eq!((stats[1].size, stats[1].linkname.as_str()), (0, "file"));
        assert_eq!((stats[2].mode & mode::KIND, stats[2].linkname.as_str()), (1 << 27, "missing/target"));
        assert!(has_content(&stats[0]) && !has_content(&stats[2]));
        assert!(stats.iter().all(|stat| stat.uid == 0 && stat.gid == 0 && stat.xattrs.is_empty()));
    }

    #[test]
    fn names_that_cannot_be_sent_are_an_error_unless_left_out() {
        use std::os::unix::ffi::OsStrExt;
        let folder = tempfile::tempdir().expect("folder");
        std::fs::write(folder.path().join(std::ffi::OsStr::from_bytes(b"x\xff")), "").expect("file");
        let result = walk(folder.path(), &Filter::default(), |_| ControlFlow::Continue(()));
        assert!(matches!(result, Err(TreeError::NotUtf8 { .. })));
        assert!(listed(folder.path(), &filter(&[], &["x*"])).is_empty());
    }
}
