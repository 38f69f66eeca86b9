//! An env file that the command line names: a file in, its variables out.

use std::collections::BTreeMap;
use std::path::Path;

use crate::load::env_file::VariableFiles;
use crate::load::error::LoadError;
use crate::load::findings::Findings;
use crate::load::outcome::LoadFailure;
use crate::source::{Reader, SourceMap};

/// The variables of an env file; references are looked up in `outer` first.
///
/// # Errors
///
/// All errors in the file, or why it cannot be read.
pub fn read_env_file(
    path: &Path,
    reader: &Reader,
    outer: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, LoadFailure> {
    let (mut sources, mut findings) = (SourceMap::default(), Findings::default());
    let mut files = VariableFiles { reader, sources: &mut sources, findings: &mut findings };
    let read = files.of_include(&[(path.to_owned(), None)], outer).unwrap_or_default();
    let (errors, _) = findings.into_parts();
    if errors.is_empty() {
        return Ok(read);
    }
    let errors = errors.into_iter().map(LoadError::from).collect();
    Err(LoadFailure { sources, errors, warnings: Vec::new() })
}
