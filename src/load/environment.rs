//! The variables for substitution: process environment, env files and `.env`, in this order of precedence (Compose
//! spec: `12-interpolation.md`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::dotenv::{self, EnvFile, EnvFileError};
use super::file::{FileRole, folder_hint, pattern_hint};
use super::interpolate::TemplateWarning;
use super::request::Request;
use crate::diagnostic::Explain;
use crate::source::{ReadError, Reader, SourceMap, Span};

/// An error about env files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvironmentError {
    /// A requested file does not exist.
    #[error("couldn't find env file: {}", path.display())]
    Missing {
        /// Its path.
        path: PathBuf,
        /// The flag or variable that requests it.
        asked_by: &'static str,
    },
    /// A requested file is a folder.
    #[error("env file {} is a directory", path.display())]
    Directory {
        /// Its path.
        path: PathBuf,
        /// The flag or variable that requests it.
        asked_by: &'static str,
    },
    /// A file exists but cannot be read.
    #[error("cannot read env file {}: {error}", path.display())]
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// Why.
        error: ReadError,
    },
    /// `COMPOSE_DISABLE_ENV_FILE` that is neither true nor false.
    #[error("COMPOSE_DISABLE_ENV_FILE must be true or false, not `{value}`")]
    Switch {
        /// Its value.
        value: String,
    },
    /// A mistake in a file.
    #[error(transparent)]
    Content(#[from] EnvFileError),
}

impl Explain for EnvironmentError {
    fn span(&self) -> Option<Span> {
        match self {
            Self::Content(error) => error.span(),
            Self::Missing { .. } | Self::Directory { .. } | Self::Unreadable { .. } | Self::Switch { .. } => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Content(error) => error.hint(),
            Self::Missing { path, asked_by } => {
                let usual = || format!("the path comes from {asked_by} and is relative to the current folder");
                Some(pattern_hint(path).unwrap_or_else(usual))
            }
            Self::Directory { path, asked_by } => {
                Some(format!("the path comes from {asked_by}; {}", folder_hint(path, FileRole::IncludeEnv)))
            }
            Self::Unreadable { error: ReadError::TooLarge { .. }, .. } => {
                Some("check the path: this looks like the wrong file".to_owned())
            }
            Self::Unreadable { .. } => None,
            Self::Switch { .. } => Some("set it to `1` or `0`, or unset it".to_owned()),
        }
    }
}

/// Problems found while reading env files.
#[derive(Debug, Default)]
pub struct Findings {
    /// Problems that stop loading.
    pub errors: Vec<EnvironmentError>,
    /// Problems that do not.
    pub warnings: Vec<TemplateWarning>,
}

/// The project environment: all variables available for substitution.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    reader: Reader,
    variables: BTreeMap<String, String>,
    explicit: Vec<PathBuf>,
    /// The `.env` files that were read because none was requested.
    default_files: Vec<PathBuf>,
    defaults: bool,
}

impl Environment {
    /// The environment before files are looked for: the process environment, then the requested env files or, if there
    /// are none, the `.env` of [`Request::starting_dir`].
    pub fn begin(request: &Request, sources: &mut SourceMap, findings: &mut Findings) -> Self {
        let mut environment =
            Self { reader: request.reader.clone(), variables: request.process.clone(), ..Self::default() };
        let current = || request.current_dir.to_string_lossy().into_owned();
        environment.variables.entry("PWD".to_owned()).or_insert_with(current);
        let (files, asked_by) = if request.env_files.is_empty() {
            let list = request.process("COMPOSE_ENV_FILES").unwrap_or_default();
            (list.split(',').filter(|file| !file.is_empty()).collect::<Vec<_>>(), "COMPOSE_ENV_FILES")
        } else {
            (request.env_files.iter().map(String::as_str).collect(), "--env-file")
        };
        if !files.is_empty() {
            environment.explicit = files.into_iter().map(|file| request.absolute(file)).collect();
            environment.read_explicit(asked_by, sources, findings);
            return environment;
        }
        environment.defaults = match request.process("COMPOSE_DISABLE_ENV_FILE").map(|value| (value, switch(value))) {
            None => true,
            Some((_, Some(disabled))) => !disabled,
            Some((value, None)) => {
                findings.errors.push(EnvironmentError::Switch { value: value.to_owned() });
                false
            }
        };
        environment.add_default(&request.starting_dir(), sources, findings);
        environment
    }

    /// Adds the `.env` of `directory`, the project directory that follows from the files; existing variables stay. Does
    /// nothing if env files were requested or the default is switched off.
    pub fn add_default(&mut self, directory: &Path, sources: &mut SourceMap, findings: &mut Findings) {
        let path = directory.join(".env");
        if !self.defaults || self.default_files.contains(&path) || !is_env_file(&path) {
            return;
        }
        self.default_files.push(path.clone());
        let Some(file) = self.read(&path, &BTreeMap::new(), sources, findings) else { return };
        // If a name is repeated, the last line counts.
        for entry in file.entries.into_iter().rev() {
            self.variables.entry(entry.name.value).or_insert(entry.value.value);
        }
    }

    fn read_explicit(&mut self, asked_by: &'static str, sources: &mut SourceMap, findings: &mut Findings) {
        let mut values = BTreeMap::new();
        for path in self.explicit.clone() {
            if path.is_dir() {
                findings.errors.push(EnvironmentError::Directory { path, asked_by });
                continue;
            }
            if !path.exists() {
                findings.errors.push(EnvironmentError::Missing { path, asked_by });
                continue;
            }
            let Some(file) = self.read(&path, &values, sources, findings) else { continue };
            for entry in file.entries {
                values.insert(entry.name.value, entry.value.value);
            }
        }
        for (name, value) in values {
            self.variables.entry(name).or_insert(value);
        }
    }

    /// Reads one file; references in it are looked up in this environment, then in `earlier`.
    fn read(
        &self,
        path: &Path,
        earlier: &BTreeMap<String, String>,
        sources: &mut SourceMap,
        findings: &mut Findings,
    ) -> Option<EnvFile> {
        let bytes = match self.reader.read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                findings.errors.push(EnvironmentError::Unreadable { path: path.to_path_buf(), error });
                return None;
            }
        };
        let id = sources.add_env_file(path, bytes);
        let outer = |name: &str| self.get(name).map(str::to_owned);
        let mut file = dotenv::parse(sources, id, &outer, &|name| earlier.get(name).cloned());
        findings.errors.extend(file.errors.drain(..).map(EnvironmentError::Content));
        findings.warnings.append(&mut file.warnings);
        Some(file)
    }

    /// The value of `name`. On Windows, falls back to a name that differs only in letter case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.variables.get(name);
        #[cfg(windows)]
        let found = found.or_else(|| {
            self.variables.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        });
        found.map(String::as_str)
    }

    /// All variables, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The absolute paths of the requested env files; containers have them in a label.
    #[must_use]
    pub fn explicit_files(&self) -> &[PathBuf] {
        &self.explicit
    }
}

/// Whether a default `.env` is read: a file or a pipe, which password managers create, but not a folder.
pub(super) fn is_env_file(path: &Path) -> bool {
    path.exists() && !path.is_dir()
}

/// Whether a boolean environment variable is true.
#[must_use]
pub fn is_true(value: &str) -> bool {
    switch(value) == Some(true)
}

/// The value of a boolean environment variable; `None` if it is neither true nor false.
fn switch(value: &str) -> Option<bool> {
    match value {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Scene {
        root: tempfile::TempDir,
        request: Request,
    }

    impl Scene {
        fn new(files: &[(&str, &str)], process: &[(&str, &str)]) -> Self {
            let root = tempfile::tempdir().expect("a folder");
            for (path, text) in files {
                let path = root.path().join(path);
                std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
                std::fs::write(path, text).expect("a file");
            }
            let process = process.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let request = Request { current_dir: root.path().to_path_buf(), process, ..Request::default() };
            Self { root, request }
        }

        fn begin(&self) -> (Environment, Findings, SourceMap) {
            let (mut sources, mut findings) = (SourceMap::default(), Findings::default());
            let environment = Environment::begin(&self.request, &mut sources, &mut findings);
            (environment, findings, sources)
        }
    }

    #[test]
    fn the_process_beats_the_files_and_the_first_default_the_second() {
        let scene =
            Scene::new(&[(".env", "P=cwd\nA=cwd\nA=twice\n"), ("sub/.env", "A=sub\nB=sub\n")], &[("P", "process")]);
        let (mut environment, mut findings, mut sources) = scene.begin();
        environment.add_default(&scene.root.path().join("sub"), &mut sources, &mut findings);
        assert_eq!(environment.get("P"), Some("process"));
        assert_eq!(environment.get("A"), Some("twice"));
        assert_eq!(environment.get("B"), Some("sub"));
        assert_eq!(environment.get("PWD"), scene.root.path().to_str());
        assert!(findings.errors.is_empty());
    }

    #[test]
    fn files_that_were_asked_for_replace_the_default() {
        let mut scene = Scene::new(
            &[(".env", "ONLY=dotenv\n"), ("a.env", "P=a\nA=a\nB=a\n"), ("b.env", "B=b\nREF=${A}-${P}-${B}\n")],
            &[("P", "process")],
        );
        scene.request.env_files = vec!["a.env".to_owned(), "b.env".to_owned()];
        let (environment, findings, _) = scene.begin();
        assert!(findings.errors.is_empty(), "{:?}", findings.errors);
        assert_eq!(environment.get("B"), Some("b"));
        assert_eq!(environment.get("REF"), Some("a-process-b"));
        assert_eq!(environment.get("ONLY"), None);
        assert_eq!(environment.explicit_files().len(), 2);
        let scene = Scene::new(&[("a.env", "A=1\n")], &[("COMPOSE_ENV_FILES", "a.env,,")]);
        assert_eq!(scene.begin().0.get("A"), Some("1"));
    }

    #[test]
    fn switched_off() {
        let scene = Scene::new(&[(".env", "A=1\n")], &[("COMPOSE_DISABLE_ENV_FILE", "1")]);
        assert_eq!(scene.begin().0.get("A"), None);
        let scene = Scene::new(&[(".env", "A=1\n")], &[("COMPOSE_DISABLE_ENV_FILE", "maybe")]);
        assert!(matches!(scene.begin().1.errors[..], [EnvironmentError::Switch { .. }]));
    }

    #[test]
    fn missing_files_matter_only_when_asked_for() {
        let mut scene = Scene::new(&[("dir/x", "")], &[]);
        assert!(scene.begin().1.errors.is_empty());
        scene.request.env_files = vec!["nope.env".to_owned(), "dir".to_owned()];
        let (_, findings, _) = scene.begin();
        assert!(matches!(findings.errors[..], [EnvironmentError::Missing { .. }, EnvironmentError::Directory { .. }]));
        let scene = Scene::new(&[(".env/x", "")], &[]);
        assert!(scene.begin().1.errors.is_empty(), "a folder of the name is no file");
    }

    #[test]
    fn mistakes_have_places() {
        let scene = Scene::new(&[(".env", "A=1\nB=\"x\n")], &[]);
        let (_, findings, sources) = scene.begin();
        let span = findings.errors[0].span().expect("a place");
        assert_eq!(sources.position(span).line, 2);
    }
}
