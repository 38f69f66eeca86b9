//! Ignore files: finds the invalid line, which the engine does not report, and resolves linked ones.

use std::path::{Path, PathBuf};

use super::error::BuildError;
use crate::engine::{BuildFailure, BuildPlace};
use crate::project::value::path_pattern::Patterns;
use crate::source::Reader;

/// The file in a context that lists what not to send.
pub(super) const IGNORE_FILE: &str = ".dockerignore";

/// The content of the ignore file of a context, if it is a symbolic link; `None` if it is not.
///
/// # Errors
///
/// Those of [`check`], or if it cannot be read.
pub(super) fn read_linked(path: &Path, context: &Path) -> Result<Option<Vec<u8>>, BuildError> {
    if !path.is_symlink() {
        return Ok(None);
    }
    check(path, context)?;
    if path.is_dir() {
        return Ok(None);
    }
    Reader::default().read(path).map(Some).map_err(|cause| unreadable(path, &cause))
}

/// Refuses an ignore file that the frontend would silently ignore because it cannot get it: a pipe and the like, or a
/// broken link. A folder is none, as in Docker's own tools. A link may lead to any file in the context or, since contexts may share one, to an ignore file
/// outside. It may not lead to anything else: a link in a foreign repository must not make hoist send a private key.
///
/// # Errors
///
/// If it is none of these.
pub(super) fn check(path: &Path, context: &Path) -> Result<(), BuildError> {
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    let target = path.canonicalize().map_err(|cause| unreadable(path, &cause))?;
    if target.is_dir() {
        return Ok(());
    }
    if !target.is_file() {
        return Err(unreadable(path, &"it is not a file"));
    }
    let named = target.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.ends_with(IGNORE_FILE));
    if named || !path.is_symlink() || context.canonicalize().is_ok_and(|context| target.starts_with(context)) {
        return Ok(());
    }
    let target = target.display();
    Err(unreadable(
        path,
        &format!("it is a link to `{target}` outside the context, which is not named `{IGNORE_FILE}`"),
    ))
}

fn unreadable(path: &Path, cause: &dyn std::fmt::Display) -> BuildError {
    BuildError::Unreadable(format!("cannot read `{}`: {cause}", path.display()))
}

impl BuildError {
    /// Adds the invalid line of an ignore file, if that is the cause.
    pub(super) fn with_ignored(self, ignore_files: &[PathBuf]) -> Self {
        let message = self.to_string();
        // Matches the engine's messages for invalid patterns, including a lone `!`, and those of this client.
        let place = if message.contains("pattern") { bad_line(ignore_files) } else { None };
        match place {
            Some(place) => Self::Failed(Box::new(BuildFailure { place: Some(place), ..message.into() })),
            None => self,
        }
    }
}

/// The first invalid pattern in the files.
fn bad_line(files: &[PathBuf]) -> Option<BuildPlace> {
    files.iter().find_map(|file| {
        let text = Reader::default().read_named(file).ok()?;
        let text = String::from_utf8_lossy(&text);
        Some(BuildPlace { file: file.clone(), line: bad_pattern(&text)?, text: text.into_owned() })
    })
}

/// The line of the first invalid pattern, from 1.
fn bad_pattern(text: &str) -> Option<usize> {
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.starts_with('#'));
    let (index, _) = lines.find(|(_, line)| Patterns::parse(&[line]).is_err())?;
    Some(index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_is_no_pattern_is_found() {
        assert_eq!(bad_pattern("# [a\nkept\n\n!also/*\n  [b \n!\n"), Some(5));
        assert_eq!(bad_pattern("a\r\n!\r\n"), Some(2));
        assert_eq!(bad_pattern("#\na\n!b\n"), None);
        let folder = tempfile::tempdir().expect("folder");
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("file");
            path
        };
        let files = [folder.path().join("none"), file("good", "a"), file("bad", "a\n[")];
        let place = bad_line(&files).expect("a line");
        assert_eq!((&place.file, place.line, place.instruction()), (&files[2], 2, "["));
    }
}
