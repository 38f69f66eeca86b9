//! `env_file` and `label_file` (Compose spec: `05-services.md`), and the env files of an `include`: files in, variables
//! and labels of services out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::diagnostic::Explain;
use crate::load::Purpose;
use crate::load::dotenv::{self, EnvFileError};
use crate::load::file::{FileError, FileRole};
use crate::load::findings::Findings;
use crate::load::interpolate::TemplateWarning;
use crate::load::normalize::Environment;
use crate::project::{EnvFile, Project, Service};
use crate::source::{FileId, Reader, SourceMap, Span};

/// An error in a file of variables or labels.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VariableFileError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A line is invalid.
    #[error(transparent)]
    Line(#[from] EnvFileError),
    /// Its format is unknown.
    #[error(transparent)]
    Format(#[from] UnknownFormat),
}

impl VariableFileError {
    fn inner(&self) -> &dyn Explain {
        match self {
            Self::File(error) => error,
            Self::Line(error) => error,
            Self::Format(error) => error,
        }
    }
}

impl Explain for VariableFileError {
    fn span(&self) -> Option<Span> {
        self.inner().span()
    }

    fn hint(&self) -> Option<String> {
        self.inner().hint()
    }

    fn related(&self) -> Vec<(Span, String)> {
        self.inner().related()
    }
}

/// An entry of `env_file` with an unknown format.
#[derive(Debug, Clone, thiserror::Error)]
#[error("unknown env file format `{format}`")]
pub struct UnknownFormat {
    /// The word as written.
    pub format: String,
    /// Where the entry is.
    pub span: Option<Span>,
}

impl Explain for UnknownFormat {
    fn span(&self) -> Option<Span> {
        self.span
    }

    fn hint(&self) -> Option<String> {
        Some("the only other format is `raw`; omit `format` for the default one".to_owned())
    }
}

/// Reads files of variables and labels.
pub(super) struct VariableFiles<'a> {
    pub reader: &'a Reader,
    pub sources: &'a mut SourceMap,
    pub findings: &'a mut Findings<VariableFileError, TemplateWarning>,
}

impl VariableFiles<'_> {
    /// The variables of the files; later ones win. `None` if one cannot be read. References are looked up in `outer`
    /// first.
    pub(super) fn of_include(&mut self, files: &[(PathBuf, Option<Span>)], outer: &Environment) -> Option<Environment> {
        let mut read = Environment::new();
        let mut complete = true;
        for (path, span) in files {
            let Some(file) = self.read_text(path, *span, FileRole::IncludeEnv) else {
                complete = false;
                continue;
            };
            let lookup = |name: &str| outer.get(name).cloned();
            complete &= self.read_dotenv(file, &lookup, &mut read);
        }
        complete.then_some(read)
    }

    /// Adds the entries of a dotenv file to `read`. Returns whether it had no errors.
    fn read_dotenv(&mut self, file: FileId, outer: &dyn Fn(&str) -> Option<String>, read: &mut Environment) -> bool {
        let earlier = |name: &str| read.get(name).cloned();
        let found = dotenv::parse(self.sources, file, outer, &earlier);
        self.take_entries(found, read)
    }

    fn take_entries(&mut self, found: dotenv::EnvFile, read: &mut Environment) -> bool {
        let complete = found.errors.is_empty();
        self.findings.errors(found.errors);
        self.findings.warnings(found.warnings);
        read.extend(found.entries.into_iter().map(|entry| (entry.name.value, entry.value.value)));
        complete
    }

    fn read_text(&mut self, path: &Path, span: Option<Span>, role: FileRole) -> Option<FileId> {
        match self.reader.read(path) {
            Ok(bytes) => Some(self.sources.add_env_file(path, bytes)),
            Err(error) => {
                self.findings.error(FileError::new(path, error, role, span, self.sources));
                None
            }
        }
    }

    /// Reads the `label_file`s of every enabled service, selected or not.
    pub(super) fn labels(&mut self, project: &mut Project) {
        let Project { services, origins, working_directory, .. } = project;
        for (name, service) in services {
            let mut labels = Environment::new();
            for (index, path) in service.label_file.iter().enumerate() {
                let span = origins.nearest(&["services", name.as_str(), "label_file", &index.to_string()]);
                // Relative only if the caller wants paths as written.
                if let Some(file) = self.read_text(&working_directory.join(path), span, FileRole::Labels) {
                    self.read_dotenv(file, &|_| None, &mut labels);
                }
            }
            labels.append(&mut service.labels);
            service.labels = labels;
        }
    }

    /// Reads the `env_file`s of the selected services into their `environment`, and those of hooks that are to run.
    pub(super) fn of_services(&mut self, project: &mut Project, purpose: Purpose) {
        let Project { services, origins, environment, working_directory, .. } = project;
        for (name, service) in services {
            let place = ["services", name.as_str()];
            let mut container = |service: &Service, place: &[&str]| {
                let mut read = Environment::new();
                for (index, file) in service.env_file.iter().enumerate() {
                    let span = origins.nearest(&[place, &["env_file", &index.to_string(), "path"]].concat());
                    let file = EnvFile { path: working_directory.join(&file.path), ..file.clone() };
                    self.read_service_env_file(&file, span, service, environment, &mut read);
                }
                read
            };
            let read = container(service, &place);
            let hooks = service.pre_start.iter_mut().enumerate();
            for (index, hook) in hooks.filter(|_| purpose != Purpose::Show) {
                let index = index.to_string();
                let read = container(&hook.container, &[&place[..], &["pre_start", &index]].concat());
                hook.variables = read.into_iter().map(|(name, value)| (name, Some(value))).collect();
            }
            service.env_file.clear();
            overlay(service, read);
        }
    }

    fn read_service_env_file(
        &mut self,
        file: &EnvFile,
        span: Option<Span>,
        service: &Service,
        environment: &BTreeMap<String, String>,
        read: &mut Environment,
    ) {
        if !file.required && !file.path.exists() {
            return;
        }
        let Some(id) = self.read_text(&file.path, span, FileRole::ServiceEnv) else { return };
        let outer = |name: &str| {
            let own = || service.environment.get(name).cloned().flatten();
            environment.get(name).cloned().or_else(own)
        };
        match file.format.as_deref() {
            None | Some("") => {
                self.read_dotenv(id, &outer, read);
            }
            Some("raw") => {
                let found = dotenv::parse_raw(self.sources, id, &outer);
                self.take_entries(found, read);
            }
            Some(format) => self.findings.error(UnknownFormat { format: format.to_owned(), span }),
        }
    }
}

/// The service's own entries win, even if they leave a variable unset.
fn overlay(service: &mut Service, read: Environment) {
    for (name, value) in read {
        service.environment.entry(name).or_insert(Some(value));
    }
}
