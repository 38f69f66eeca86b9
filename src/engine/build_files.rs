//! The local files of a build: a specification in, where its context and Dockerfile are out.

use std::path::{Path, PathBuf};

use crate::plan::{BuildSpec, Dockerfile};
use crate::project::value::BuildContext;
use crate::source::clean;

/// Why a build has no files.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildFilesError {
    /// The context does not exist.
    #[error("build context `{0}` does not exist")]
    ContextNotFound(String),
    /// The context is a file.
    #[error("build context `{0}` is not a folder")]
    ContextNotFolder(String),
    /// The Dockerfile does not exist, or is a folder.
    #[error("no Dockerfile at `{0}`")]
    DockerfileNotFound(String),
    /// An additional context does not exist or is a file.
    #[error("the additional context `{name}`: `{folder}` {problem}")]
    Additional {
        /// Its name.
        name: String,
        /// The folder that it should be.
        folder: String,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// Looks whether the context and the Dockerfile of a build are there, if they are on this machine.
///
/// # Errors
///
/// If one is missing.
pub fn look_for_build_files(spec: &BuildSpec) -> Result<(), BuildFilesError> {
    if let BuildContext::Folder(folder) = &spec.context {
        let context = existing_folder(folder)?;
        if let Dockerfile::Path(path) = &spec.dockerfile {
            existing_dockerfile(&context.join(path))?;
        }
    }
    for (name, context) in &spec.contexts {
        if let BuildContext::Folder(folder) = context {
            additional_folder(name, folder)?;
        }
    }
    Ok(())
}

/// The folder of the additional context `name`, without symbolic links.
pub(super) fn additional_folder(name: &str, folder: &Path) -> Result<PathBuf, BuildFilesError> {
    existing_folder(folder).map_err(|error| {
        let problem =
            if matches!(error, BuildFilesError::ContextNotFolder(_)) { "is not a folder" } else { "does not exist" };
        BuildFilesError::Additional { name: name.to_owned(), folder: folder.display().to_string(), problem }
    })
}

/// The folder of a context, without symbolic links.
pub(super) fn existing_folder(folder: &Path) -> Result<PathBuf, BuildFilesError> {
    let shown = || folder.display().to_string();
    let resolved = folder.canonicalize().map_err(|_| BuildFilesError::ContextNotFound(shown()))?;
    if resolved.is_dir() { Ok(resolved) } else { Err(BuildFilesError::ContextNotFolder(shown())) }
}

/// The path of a Dockerfile. As in Docker's own tools, `dockerfile` is accepted for `Dockerfile`.
pub(super) fn existing_dockerfile(path: &Path) -> Result<PathBuf, BuildFilesError> {
    let lowercase =
        path.file_name().is_some_and(|name| name == "Dockerfile").then(|| path.with_file_name("dockerfile"));
    let found = std::iter::once(path.to_path_buf()).chain(lowercase).find(|path| path.is_file());
    found.ok_or_else(|| BuildFilesError::DockerfileNotFound(clean(&path.to_string_lossy())))
}
