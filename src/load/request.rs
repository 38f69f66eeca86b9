//! How a run was invoked, and the paths that follow from it.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use crate::load::options::LoadOptions;
use crate::source::{Reader, Remote};

/// The part of a run's invocation needed to find files and variables. Apart from the files, no other outside input is
/// used.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The current directory, absolute.
    pub current_dir: PathBuf,
    /// The process environment.
    pub process: BTreeMap<String, String>,
    /// `--file`, in order; `-` is standard input.
    pub files: Vec<String>,
    /// `--env-file`, in order.
    pub env_files: Vec<String>,
    /// `--project-directory`.
    pub project_directory: Option<PathBuf>,
    /// Reads the env files.
    pub reader: Reader,
}

impl Request {
    /// The request of a load.
    pub(super) fn of(options: &LoadOptions) -> Self {
        let text = |path: &PathBuf| path.to_string_lossy().into_owned();
        Self {
            current_dir: options.working_directory.clone(),
            process: options.environment.clone(),
            files: options.files.iter().map(text).collect(),
            env_files: options.env_files.iter().map(text).collect(),
            project_directory: options.project_directory.clone(),
            reader: options.reader.clone(),
        }
    }

    /// `path` resolved against the current directory, without `.` and `..`.
    #[must_use]
    pub fn absolute(&self, path: impl AsRef<Path>) -> PathBuf {
        normalize(&self.current_dir.join(path))
    }

    /// Where the search for files and the first `.env` begins: the given project directory, else the folder of the
    /// first given file, else the current directory.
    #[must_use]
    pub fn starting_dir(&self) -> PathBuf {
        if let Some(directory) = &self.project_directory {
            return self.absolute(directory);
        }
        let first = self.files.iter().find(|file| *file != "-" && Remote::of(file).is_none());
        let directory = first.and_then(|file| self.absolute(file).parent().map(Path::to_path_buf));
        directory.unwrap_or_else(|| self.current_dir.clone())
    }

    pub(super) fn process(&self, name: &str) -> Option<&str> {
        self.process.get(name).map(String::as_str)
    }
}

/// `path` without `.`, `..` and doubled separators; symbolic links are not followed.
#[must_use]
fn normalize(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if clean.file_name().is_some() => {
                clean.pop();
            }
            Component::ParentDir if clean.has_root() => {}
            Component::ParentDir | Component::Normal(_) | Component::RootDir | Component::Prefix(_) => {
                clean.push(component);
            }
        }
    }
    if clean.as_os_str().is_empty() { PathBuf::from(".") } else { clean }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_without_dots() {
        for (path, expected) in [("/a/./b/../c", "/a/c"), ("/../a", "/a"), ("a/..", "."), ("../x", "../x"), ("/", "/")]
        {
            assert_eq!(normalize(Path::new(path)), Path::new(expected));
        }
    }
}
