//! The result of a load: a project or its model, or all errors.

use crate::diagnostic::Explain;
use crate::load::error::{LoadError, LoadWarning};
use crate::load::select::SelectError;
use crate::project::Project;
use crate::source::SourceMap;
use crate::yaml::Node;

/// A project, and the files it was loaded from.
#[derive(Debug)]
pub struct Loaded {
    /// The project.
    pub project: Project,
    /// The files, for the places of its values.
    pub sources: SourceMap,
    /// What works, but perhaps not as intended.
    pub warnings: Vec<LoadWarning>,
}

/// The merged, untyped model of a project: what `config --no-interpolate` prints.
#[derive(Debug)]
pub struct LoadedModel {
    /// The model in long forms, including `name`.
    pub model: Node,
    /// The files, for the places of its values.
    pub sources: SourceMap,
    /// What works, but perhaps not as intended.
    pub warnings: Vec<LoadWarning>,
}

/// Why a project could not be loaded.
#[derive(Debug)]
pub struct LoadFailure {
    /// The files, for the places of the errors.
    pub sources: SourceMap,
    /// All errors, in file order; never empty.
    pub errors: Vec<LoadError>,
    /// What works, but perhaps not as intended.
    pub warnings: Vec<LoadWarning>,
}

impl LoadFailure {
    /// The job that was named where a service is expected, if nothing else is wrong.
    #[must_use]
    pub fn job_as_service(&self) -> Option<&str> {
        match &self.errors[..] {
            [LoadError::Select(SelectError::NoSuchService { name, is_job: true, .. })] => Some(name),
            _ => None,
        }
    }
}

impl std::fmt::Display for LoadFailure {
    /// The messages, one per line, with their places.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, error) in self.errors.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            if let Some(span) = error.span() {
                let position = self.sources.position(span);
                let path = self.sources.file(span.file).path().display();
                write!(f, "{path}:{}:{}: ", position.line, position.column)?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for LoadFailure {}
