//! What a run was called with, and the paths that follow from it.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use crate::load::options::LoadOptions;
use crate::source::{Reader, Remote};

/// What a run was called with, as far as finding files and variables goes. Nothing else of the outside world is read,
/// but for the files themselves.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The current folder, absolute.
    pub current_dir: PathBuf,
    /// The process environment.
    pub process: BTreeMap<String, String>,
    /// `--file`, in order; `-` is standard input.
    pub files: Vec<String>,
    /// `--env-file`, in order.
    pub env_files: Vec<String>,
    /// `--project-directory`.
    pub project_directory: Option<PathBuf>,
    /// What reads the env files.
    pub reader: Reader,
}

impl Request {
    /// What a load is called with.
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

    /// `path` from the current folder, with `.` and `..` taken out.
    #[must_use]
    pub fn absolute(&self, path: impl AsRef<Path>) -> PathBuf {
        normalize(&self.current_dir.join(path))
    }

    /// Where the search for files begins, and for the first `.env`: the project directory that was asked for, else the
    /// folder of the first file that was, else the current one.
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

/// `path` without `.`, `..` and doubled separators; links are not followed.
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
