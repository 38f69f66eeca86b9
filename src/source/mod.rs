//! Files in, positions out: the text of every file read, and spans that point into it.
//!
//! A [`Span`] is three numbers and travels with a value through the whole pipeline; the [`SourceMap`] turns it back
//! into file, line and column when somebody has to be told.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    /// Offset behind the last byte; equal to `start` where there is nothing to underline.
    pub end: u32,
}

impl Span {
    /// The span of `start..end` in `file`. Offsets beyond 4 GiB saturate.
    #[must_use]
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self { file, start: offset(start), end: offset(end) }
    }

    /// The part of this span `from..to` bytes behind its start.
    #[must_use]
    pub fn slice(self, from: usize, to: usize) -> Self {
        let start = self.start as usize;
        Self::new(self.file, start + from, start + to)
    }
}

/// A value and the place it was written at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
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

/// A file that was read: its path as shown to people, and its text.
#[derive(Debug, Clone)]
pub struct SourceFile {
    path: PathBuf,
    text: Arc<str>,
}

impl SourceFile {
    /// The path, absolute, or `-` for standard input.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The whole text, without a byte order mark.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }
}

/// All files read in one run.
#[derive(Debug, Clone, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

impl SourceMap {
    /// Keeps `text` under `path`.
    ///
    /// # Panics
    ///
    /// With more than 2³² files.
    pub fn add(&mut self, path: impl Into<PathBuf>, text: impl Into<Arc<str>>) -> FileId {
        let id = u32::try_from(self.files.len()).expect("fewer than 2^32 files are read in one run");
        self.files.push(SourceFile { path: path.into(), text: text.into() });
        FileId(id)
    }

    /// The file of `id`.
    ///
    /// # Panics
    ///
    /// If `id` was made by another map.
    #[must_use]
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// All files, in the order they were read.
    pub fn files(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        (0..).map(FileId).zip(&self.files)
    }

    /// The text under `span`; what lies outside the file is left out.
    #[must_use]
    pub fn text(&self, span: Span) -> &str {
        let text = &self.file(span.file).text;
        let end = (span.end as usize).min(text.len());
        text.get((span.start as usize).min(end)..end).unwrap_or_default()
    }

    /// Line and column of the first byte of `span`.
    #[must_use]
    pub fn position(&self, span: Span) -> Position {
        let text = &self.file(span.file).text;
        let mut at = (span.start as usize).min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let before = &text[..at];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Position {
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
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
    }
}
