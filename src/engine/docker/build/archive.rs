//! A context as a tar stream, for builders that take one: the folder in, chunks out, never as a whole in memory.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use bollard_buildkit_proto::fsutil::types::Stat;
use hyper::body::Bytes;
use tar::{Builder, EntryType, Header};
use tokio::sync::mpsc;

use super::filter::Filter;
use super::tree::{has_content, walk};

/// Size of a chunk.
const CHUNK: usize = 64 * 1024;

/// Maximum number of queued chunks.
pub(super) const QUEUE: usize = 8;

/// The kinds of files in an entry's mode, as in Go.
const FOLDER: u32 = 1 << 31;
const LINK: u32 = 1 << 27;
const PIPE: u32 = 1 << 25;
const DEVICE: u32 = 1 << 26;

/// What an archive contains.
#[derive(Debug)]
pub(super) struct Contents {
    /// The folder.
    pub(super) folder: PathBuf,
    /// Patterns of files to leave out.
    pub(super) excluded: Vec<String>,
    /// Files that replace those of the folder, or come in addition: name and text.
    pub(super) texts: Vec<(String, Vec<u8>)>,
}

/// Writes the archive to a channel. Blocks if the other side is slower, and ends when it is gone.
pub(super) fn send(contents: &Contents, chunks: &mpsc::Sender<io::Result<Bytes>>) {
    let writer = Chunks { chunks, buffer: Vec::with_capacity(CHUNK) };
    if let Err(cause) = write(contents, writer) {
        // It does not matter if the other side is gone.
        let _ = chunks.blocking_send(Err(cause));
    }
}

fn write(contents: &Contents, writer: impl Write) -> io::Result<()> {
    let filter = Filter::new(&contents.folder, &[], &contents.excluded, &[]).map_err(io::Error::other)?;
    let mut archive = Builder::new(writer);
    let mut result = Ok(());
    let walked = walk(&contents.folder, &filter, |stat| {
        if contents.texts.iter().any(|(name, _)| *name == stat.path) {
            return ControlFlow::Continue(());
        }
        result = append(&mut archive, &contents.folder, &stat);
        if result.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    walked.map_err(io::Error::other)?;
    result?;
    for (name, text) in &contents.texts {
        let mut header = Header::new_gnu();
        header.set_mode(0o600);
        header.set_size(text.len() as u64);
        archive.append_data(&mut header, name, text.as_slice())?;
    }
    archive.into_inner()?.flush()
}

fn append(archive: &mut Builder<impl Write>, folder: &Path, stat: &Stat) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_mode(stat.mode & 0o777 | special_bits(stat.mode));
    header.set_mtime(u64::try_from(stat.mod_time / 1_000_000_000).unwrap_or(0));
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(0);
    if stat.mode & FOLDER != 0 {
        header.set_entry_type(EntryType::Directory);
        return archive.append_data(&mut header, format!("{}/", stat.path), io::empty());
    }
    if stat.mode & LINK != 0 {
        header.set_entry_type(EntryType::Symlink);
        return archive.append_link(&mut header, &stat.path, &stat.linkname);
    }
    if !stat.linkname.is_empty() {
        header.set_entry_type(EntryType::Link);
        return archive.append_link(&mut header, &stat.path, &stat.linkname);
    }
    if stat.mode & PIPE != 0 {
        header.set_entry_type(EntryType::Fifo);
        return archive.append_data(&mut header, &stat.path, io::empty());
    }
    if stat.mode & DEVICE != 0 || !has_content(stat) {
        // Devices of this machine mean nothing to a build; sockets arrive as empty files.
        return archive.append_data(&mut header, &stat.path, io::empty());
    }
    let path = folder.join(&stat.path);
    let unreadable = |cause| io::Error::other(format!("cannot read `{}`: {cause}", path.display()));
    let file = super::file_sync::open_unfollowed(&path).map_err(unreadable)?;
    // A file that grows meanwhile must not break the archive; one that shrinks is an error.
    let size = file.metadata().map_err(unreadable)?.len();
    header.set_size(size);
    let mut content = io::Read::take(file, size);
    archive.append_data(&mut header, &stat.path, &mut content)?;
    if content.limit() > 0 {
        return Err(unreadable(io::Error::other("it became shorter while it was being sent")));
    }
    Ok(())
}

/// The set-user, set-group and sticky bits.
fn special_bits(mode: u32) -> u32 {
    [(1 << 23, 0o4000), (1 << 22, 0o2000), (1 << 20, 0o1000)]
        .into_iter()
        .filter_map(|(go, unix)| (mode & go != 0).then_some(unix))
        .sum()
}

/// Collects what is written into chunks.
struct Chunks<'a> {
    chunks: &'a mpsc::Sender<io::Result<Bytes>>,
    buffer: Vec<u8>,
}

impl Write for Chunks<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let chunk = std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK));
        if chunk.is_empty() {
            return Ok(());
        }
        self.chunks.blocking_send(Ok(Bytes::from(chunk))).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn an_archive_has_the_files_that_are_not_excluded_and_the_texts() {
        let folder = tempfile::tempdir().expect("folder");
        let at = |path: &str| folder.path().join(path);
        std::fs::create_dir(at("sub")).expect("folder");
        for name in ["a", "sub/b", "sub/kept", ".dockerignore"] {
            std::fs::write(at(name), name).expect("file");
        }
        symlink("a", at("link")).expect("link");
        std::fs::hard_link(at("a"), at("hard")).expect("link");
        let contents = Contents {
            folder: folder.path().to_owned(),
            excluded: vec!["sub".into(), "!sub/kept".into()],
            texts: vec![(".dockerignore".into(), b"new".to_vec())],
        };
        let mut bytes = Vec::new();
        write(&contents, &mut bytes).expect("written");
        let mut archive = tar::Archive::new(bytes.as_slice());
        let mut found = Vec::new();
        for entry in archive.entries().expect("entries") {
            let mut entry = entry.expect("entry");
            let path = entry.path().expect("path").display().to_string();
            let link = entry.link_name().expect("link").map(|link| format!(" -> {}", link.display()));
            let mut text = String::new();
            io::Read::read_to_string(&mut entry, &mut text).expect("text");
            found.push(format!("{path}{} {text}", link.unwrap_or_default()).trim_end().to_owned());
        }
        assert_eq!(found, ["a a", "hard -> a", "link -> a", "sub/", "sub/kept sub/kept", ".dockerignore new"]);
    }
}
