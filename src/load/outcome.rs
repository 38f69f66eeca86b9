//! What a load gives back: a project or its model, or why there is none.

use crate::diagnostic::Explain;
use crate::load::error::{LoadError, LoadWarning};
use crate::project::Project;
use crate::source::SourceMap;
use crate::yaml::Node;

/// A project, and what was read for it.
#[derive(Debug)]
pub struct Loaded {
    /// The project.
    pub project: Project,
    /// The files, for the places of its values.
    pub sources: SourceMap,
    /// What works, but not as it may have been meant.
    pub warnings: Vec<LoadWarning>,
}

/// The merged model of a project before it becomes typed: what `config --no-interpolate` prints.
#[derive(Debug)]
pub struct LoadedModel {
    /// The model in long forms, `name` included.
    pub model: Node,
    /// The files, for the places of its values.
    pub sources: SourceMap,
    /// What works, but not as it may have been meant.
    pub warnings: Vec<LoadWarning>,
}

/// Everything that keeps a project from being loaded.
#[derive(Debug)]
pub struct LoadFailure {
    /// The files, for the places of the errors.
    pub sources: SourceMap,
    /// What is wrong, in file order; never empty.
    pub errors: Vec<LoadError>,
    /// What works, but not as it may have been meant.
    pub warnings: Vec<LoadWarning>,
}

impl std::fmt::Display for LoadFailure {
    /// The messages, a line each, with the places they have.
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
