//! Files in, positions out: the text of every file read, and spans that point into it.
//!
//! A [`Span`] is three numbers and stays with a value through the whole pipeline; the [`SourceMap`] turns it back into
//! file, line and column for messages.

mod encoding;
mod path;
mod reader;
mod remote;

pub use encoding::Encoding;
pub(crate) use path::clean;
pub use reader::{FolderEntry, ReadError, Reader, is_too_many_open, list_folder};
pub use remote::{Remote, is_remote_context};

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// One file in a [`SourceMap`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(u32);

/// A range of bytes in one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The file the bytes are in.
    pub file: FileId,
    /// Offset of the first byte.
    pub start: u32,
    /// Offset after the last byte; equal to `start` if there is nothing to underline.
    pub end: u32,
}

impl Span {
    /// The span of `start..end` in `file`. Offsets beyond 4 GiB saturate.
    #[must_use]
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self { file, start: offset(start), end: offset(end) }
    }

    /// The empty span at the start of this one: the place of what hoist adds to a model.
    #[must_use]
    pub fn at_start(self) -> Self {
        Self { end: self.start, ..self }
    }

    /// Whether it is empty. The key of an entry that hoist added has an empty span; a key from a file never has.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The part of this span from `from` to `to` bytes after its start.
    #[must_use]
    pub fn slice(self, from: usize, to: usize) -> Self {
        let start = self.start as usize;
        Self::new(self.file, start + from, start + to)
    }
}

/// A value and the place where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// `value`, written at `span`.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

impl<T: fmt::Display> fmt::Display for Spanned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

/// A line and a column, both counted from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// A file that was read: its path for messages, and its text.
#[derive(Debug, Clone)]
pub struct SourceFile {
    path: PathBuf,
    text: Arc<str>,
    encoding: Encoding,
    /// Offset of the first byte that is invalid in this encoding.
    not_text: Option<usize>,
    is_env_file: bool,
    /// Offset of the first byte of every line; computed on first use.
    lines: OnceLock<Vec<usize>>,
}

impl SourceFile {
    fn new(path: PathBuf, text: Arc<str>) -> Self {
        Self { path, text, encoding: Encoding::Utf8, not_text: None, is_env_file: false, lines: OnceLock::new() }
    }

    fn decoded(path: PathBuf, bytes: Vec<u8>) -> Self {
        let decoded = encoding::decode(bytes);
        let (encoding, not_text) = (decoded.encoding, decoded.not_text);
        Self { encoding, not_text, ..Self::new(path, Arc::from(decoded.text)) }
    }

    fn is_same(&self, other: &Self) -> bool {
        self.text == other.text && self.encoding == other.encoding && self.is_env_file == other.is_env_file
    }

    /// The absolute path, or `-` for standard input.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The whole text, without a byte order mark.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// The encoding of the file.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Offset of the first U+FFFD that replaces bytes which are invalid in the file's encoding.
    #[must_use]
    pub fn not_text(&self) -> Option<usize> {
        self.not_text
    }

    /// Whether it has `NAME=value` lines.
    #[must_use]
    pub fn is_env_file(&self) -> bool {
        self.is_env_file
    }

    /// Offset of the first byte of every line.
    fn lines(&self) -> &[usize] {
        self.lines.get_or_init(|| {
            std::iter::once(0).chain(self.text.match_indices('\n').map(|(newline, _)| newline + 1)).collect()
        })
    }
}

/// All files read in one run.
#[derive(Debug, Clone, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
    /// The file that was last read from each path.
    by_path: HashMap<PathBuf, FileId>,
}

impl SourceMap {
    /// Adds a file with `text`; drops a byte order mark at its start.
    ///
    /// # Panics
    ///
    /// With more than 2³² files.
    pub fn add(&mut self, path: impl Into<PathBuf>, text: impl Into<Arc<str>>) -> FileId {
        let text = text.into();
        let text = match text.strip_prefix('\u{feff}') {
            Some(rest) => Arc::from(rest),
            None => text,
        };
        self.push(SourceFile::new(path.into(), text))
    }

    /// Adds a file with the content `bytes`, like [`SourceMap::add`]. UTF-16 is converted to UTF-8
    /// ([`SourceFile::encoding`]); invalid bytes become U+FFFD ([`SourceFile::not_text`]).
    ///
    /// # Panics
    ///
    /// With more than 2³² files.
    pub fn add_bytes(&mut self, path: impl Into<PathBuf>, bytes: Vec<u8>) -> FileId {
        self.push(SourceFile::decoded(path.into(), bytes))
    }

    /// Adds a file of `NAME=value` lines, like [`SourceMap::add_bytes`].
    ///
    /// # Panics
    ///
    /// With more than 2³² files.
    pub fn add_env_file(&mut self, path: impl Into<PathBuf>, bytes: Vec<u8>) -> FileId {
        self.push(SourceFile { is_env_file: true, ..SourceFile::decoded(path.into(), bytes) })
    }

    /// Adds a file; one that is read again keeps its id, so that places in it stay the same.
    fn push(&mut self, file: SourceFile) -> FileId {
        if let Some(id) = self.by_path.get(&file.path)
            && self.file(*id).is_same(&file)
        {
            return *id;
        }
        let id = FileId(u32::try_from(self.files.len()).expect("fewer than 2^32 files are read in one run"));
        self.by_path.insert(file.path.clone(), id);
        self.files.push(file);
        id
    }

    /// The file with this id.
    ///
    /// # Panics
    ///
    /// If `id` belongs to another map.
    #[must_use]
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// All files, in the order they were read.
    pub fn files(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        (0..).map(FileId).zip(&self.files)
    }

    /// The text in `span`; anything outside the file is left out.
    #[must_use]
    pub fn text(&self, span: Span) -> &str {
        let text = &self.file(span.file).text;
        let end = (span.end as usize).min(text.len());
        text.get((span.start as usize).min(end)..end).unwrap_or_default()
    }

    /// Line and column of the first byte of `span`.
    #[must_use]
    pub fn position(&self, span: Span) -> Position {
        let file = self.file(span.file);
        let mut at = (span.start as usize).min(file.text.len());
        while !file.text.is_char_boundary(at) {
            at -= 1;
        }
        let lines = file.lines();
        let line = lines.partition_point(|start| *start <= at);
        let start = lines[line - 1];
        Position { line, column: file.text[start..at].chars().count() + 1 }
    }

    /// What stands on a line, counted from 1, without the blanks around it; the end of the file if it is shorter.
    #[must_use]
    pub fn line_at(&self, file: FileId, line: usize) -> Span {
        let lines = self.file(file).lines();
        let start = line.checked_sub(1).and_then(|before| lines.get(before).copied());
        let start = start.unwrap_or_else(|| self.file(file).text.len());
        let whole = self.line(Span::new(file, start, start));
        let text = self.text(whole);
        let blanks = text.len() - text.trim_start().len();
        whole.slice(blanks, text.trim_end().len().max(blanks))
    }

    /// The byte range of the line on which `span` starts, without its line break.
    #[must_use]
    pub fn line(&self, span: Span) -> Span {
        let file = self.file(span.file);
        let at = (span.start as usize).min(file.text.len());
        let lines = file.lines();
        let line = lines.partition_point(|start| *start <= at);
        let start = lines[line - 1];
        let end = lines.get(line).map_or(file.text.len(), |next| next - 1);
        let text = &file.text[start..end];
        Span::new(span.file, start, start + text.strip_suffix('\r').unwrap_or(text).len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        let mut sources = SourceMap::default();
        let file = sources.add("compose.yaml", "a: é1\nb: x\n");
        assert_eq!(sources.position(Span::new(file, 0, 1)), Position { line: 1, column: 1 });
        assert_eq!(sources.position(Span::new(file, 5, 6)), Position { line: 1, column: 5 });
        assert_eq!(sources.position(Span::new(file, 10, 11)), Position { line: 2, column: 4 });
        assert_eq!(sources.text(Span::new(file, 10, 11)), "x");
        assert_eq!(sources.position(Span::new(file, 99, 99)), Position { line: 3, column: 1 });
        assert_eq!(sources.text(sources.line(Span::new(file, 10, 11))), "b: x");
        assert_eq!(sources.text(sources.line(Span::new(file, 99, 99))), "");
    }

    #[test]
    fn a_file_that_is_read_again_is_the_same_one() {
        let mut sources = SourceMap::default();
        let first = sources.add_bytes("a", b"x: 1".to_vec());
        assert_eq!(sources.add_bytes("a", b"x: 1".to_vec()), first);
        assert_ne!(sources.add_bytes("b", b"x: 1".to_vec()), first);
        assert_ne!(sources.add_bytes("a", b"x: 2".to_vec()), first, "it changed in between");
        assert_ne!(sources.add_env_file("a", b"x: 2".to_vec()), first);
    }

    #[test]
    fn byte_order_marks_and_foreign_bytes_are_taken_out() {
        let mut sources = SourceMap::default();
        let marked = sources.add("a", "\u{feff}x: 1\r\n");
        assert_eq!(&**sources.file(marked).text(), "x: 1\r\n");
        assert_eq!(sources.text(sources.line(Span::new(marked, 0, 0))), "x: 1");
        let broken = sources.add_bytes("b", b"\xef\xbb\xbfx: \xff".to_vec());
        assert_eq!(&**sources.file(broken).text(), "x: \u{fffd}");
        assert_eq!(sources.file(broken).not_text(), Some(3));
    }
}
