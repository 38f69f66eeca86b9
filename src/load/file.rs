//! Errors about unreadable files of the project: why, and what to do about it.

use std::path::{Path, PathBuf};

use crate::diagnostic::{Explain, MORE_FILES};
use crate::load::file_name::{FILE_NAMES, is_yaml, template_of};
use crate::load::misplaced::Misplaced;
use crate::load::nearby;
use crate::source::{ReadError, SourceMap, Span};

/// A file that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}: {error}", shown(path))]
pub struct FileError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub error: ReadError,
    /// What it is read as.
    pub role: FileRole,
    /// Where another file refers to it.
    pub span: Option<Span>,
    /// The path as written there.
    pub written: String,
}

/// A reference to a remote file, which is not supported yet.
#[derive(Debug, Clone, thiserror::Error)]
#[error("remote files are not supported yet: `{reference}`")]
pub struct RemoteFile {
    /// The reference as written.
    pub reference: String,
    /// Where it was written.
    pub span: Span,
}

impl Explain for RemoteFile {
    fn span(&self) -> Option<Span> {
        Some(self.span)
    }

    fn hint(&self) -> Option<String> {
        Some("fetch it first and give its path".to_owned())
    }
}

/// What a file is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileRole {
    /// A Compose file: of the project, of `include` or of `extends`.
    Compose,
    /// An item of a service's `env_file`.
    ServiceEnv,
    /// An env file of an `include`.
    IncludeEnv,
    /// An item of `label_file`.
    Labels,
}

fn shown(path: &Path) -> String {
    if path == Path::new("-") { "standard input".to_owned() } else { format!("`{}`", path.display()) }
}

impl Explain for FileError {
    fn span(&self) -> Option<Span> {
        self.span
    }

    fn hint(&self) -> Option<String> {
        match &self.error {
            ReadError::Missing => pattern_hint(&self.path).or_else(|| self.missing()),
            ReadError::Folder => Some(folder_hint(&self.path, self.role)),
            ReadError::Pipe => {
                Some("use a regular file; only files on the command line and env files may be pipes".to_owned())
            }
            ReadError::Denied => Some("give your user permission to read it".to_owned()),
            ReadError::TooLarge { .. } => Some("check the path: this looks like the wrong file".to_owned()),
            ReadError::TooManyOpen => Some(MORE_FILES.to_owned()),
            ReadError::System(_) => None,
        }
    }
}

impl FileError {
    /// The file at `path`, which is named at `span`.
    pub(super) fn new(path: &Path, error: ReadError, role: FileRole, span: Option<Span>, sources: &SourceMap) -> Self {
        let written = span.map(|span| sources.text(span).trim_matches(['"', '\''])).unwrap_or_default();
        Self { path: path.to_owned(), error, role, span, written: written.to_owned() }
    }

    fn missing(&self) -> Option<String> {
        let accept: fn(&str) -> bool = match self.role {
            FileRole::Compose => is_yaml,
            FileRole::ServiceEnv | FileRole::IncludeEnv | FileRole::Labels => |name| !is_yaml(name),
        };
        if self.role != FileRole::Compose
            && let Some(template) = template_of(&self.path)
        {
            return Some(format!("create it, for example as a copy of `{template}`"));
        }
        if let Some(path) = nearby::instead_of(&self.path, &self.written, accept) {
            return Some(format!("did you mean `{path}`?"));
        }
        if self.role == FileRole::ServiceEnv
            && let Some(misplaced) = Misplaced::of(&self.written, "env_file")
        {
            return Some(misplaced.hint(&self.written));
        }
        match (self.role, self.span) {
            (FileRole::ServiceEnv, _) => {
                Some("create it, or write `{path: …, required: false}` if it is optional".to_owned())
            }
            (FileRole::Compose | FileRole::IncludeEnv | FileRole::Labels, Some(_)) => Some(
                "correct the path or create the file; relative paths are resolved from the project's folder".to_owned(),
            ),
            (FileRole::Compose | FileRole::IncludeEnv | FileRole::Labels, None) => None,
        }
    }
}

/// The hint for a path that looks like a glob pattern, which is not supported.
pub(super) fn pattern_hint(path: &Path) -> Option<String> {
    let looks = path.file_name().is_some_and(|name| name.to_string_lossy().contains(['*', '?', '[']))
        || path.to_string_lossy().contains('*');
    looks.then(|| "patterns are not expanded here: list each file".to_owned())
}

/// What to write instead of a folder.
pub(super) fn folder_hint(path: &Path, role: FileRole) -> String {
    let (usual, words): (&[&str], _) = match role {
        FileRole::Compose => (&FILE_NAMES, "name a file inside it"),
        FileRole::ServiceEnv | FileRole::IncludeEnv => (&[".env"], "give the path of a file with `NAME=value` lines"),
        FileRole::Labels => (&[], "give the path of a file with `NAME=value` lines"),
    };
    match usual.iter().find(|name| path.join(name).is_file()) {
        Some(name) => format!(
            "name a file inside it, as in `{}`",
            Path::new(path.file_name().unwrap_or_default()).join(name).display()
        ),
        None => words.to_owned(),
    }
}
