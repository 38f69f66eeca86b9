//! Ignore files: which line of them is no pattern (the engine reads them, and does not say), and what a linked one
//! leads to.

use std::path::{Path, PathBuf};

use super::error::{BuildError, Place};
use super::pattern::Patterns;
use crate::source::Reader;

/// The file in a context that says what of it is not sent.
pub(super) const IGNORE_FILE: &str = ".dockerignore";

/// The content of an ignore file that is a symbolic link. It may lead out of the context, as a file that several contexts
/// share does, but to an ignore file only: a link in somebody's repository must not send a private key.
///
/// # Errors
///
/// When it leads to anything else, or cannot be read.
pub(super) fn read_linked(path: &Path) -> Result<Vec<u8>, BuildError> {
    let unreadable =
        |cause: &dyn std::fmt::Display| BuildError::Unreadable(format!("cannot read `{}`: {cause}", path.display()));
    let target = path.canonicalize().map_err(|cause| unreadable(&cause))?;
    if !target.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.ends_with(IGNORE_FILE)) {
        return Err(unreadable(&format!("it is a link to `{}`, which is not named `{IGNORE_FILE}`", target.display())));
    }
    Reader::default().read(&target).map_err(|cause| unreadable(&cause))
}

/// The first line of the files that is no pattern.
pub(super) fn bad_line(files: &[PathBuf]) -> Option<Place> {
    files.iter().find_map(|file| {
        let text = std::fs::read(file).ok()?;
        let (line, text) = bad_pattern(&String::from_utf8_lossy(&text))?;
        Some(Place { file: file.display().to_string(), line, text })
    })
}

/// The first line, counted from 1, that is no pattern.
fn bad_pattern(text: &str) -> Option<(usize, String)> {
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.starts_with('#'));
    let (index, line) = lines.find(|(_, line)| Patterns::parse(&[line]).is_err())?;
    Some((index + 1, line.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_is_no_pattern_is_found() {
        assert_eq!(bad_pattern("# [a\nkept\n\n!also/*\n  [b \n!\n"), Some((5, "[b".to_owned())));
        assert_eq!(bad_pattern("a\r\n!\r\n"), Some((2, "!".to_owned())));
        assert_eq!(bad_pattern("#\na\n!b\n"), None);
        let folder = tempfile::tempdir().expect("folder");
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("file");
            path
        };
        let files = [folder.path().join("none"), file("good", "a"), file("bad", "a\n[")];
        let place = bad_line(&files).expect("a line");
        assert_eq!((place.file, place.line, place.text.as_str()), (files[2].display().to_string(), 2, "["));
    }
}
