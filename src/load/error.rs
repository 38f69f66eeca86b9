//! What can be wrong with the files of a project, and what is worth a word though it works: the sum of what the phases
//! of a load find, which none of them knows.

use std::convert::Infallible;
use std::path::PathBuf;

use crate::diagnostic::Explain;
use crate::load::check::CheckError;
use crate::load::decode::{DecodeError, DecodeWarning};
use crate::load::discover::{DiscoverError, DiscoverWarning, ProjectNameError};
use crate::load::env_file::VariableFileError;
use crate::load::environment::EnvironmentError;
use crate::load::extends::{ExtendsError, ExtendsWarning};
use crate::load::include::{IncludeError, IncludeWarning};
use crate::load::interpolate::{TemplateError, TemplateWarning};
use crate::load::layer::LayerError;
use crate::load::lint::LintWarning;
use crate::load::merge::{DroppedPools, MergeError};
use crate::load::paths::MissingSource;
use crate::load::schema::ShapeError;
use crate::load::select::SelectError;
use crate::load::short_form::{DeprecatedExternalName, FormError};
use crate::load::unique::ItemError;
use crate::source::Span;

/// Why a project could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// No file holds anything.
    #[error("{} is empty", files.iter().map(|file| format!("`{}`", file.display())).collect::<Vec<_>>().join(", "))]
    Empty {
        /// The files.
        files: Vec<PathBuf>,
    },
    /// A variable or a text that has to be a number or a boolean.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A file that is not a Compose file that can be read.
    #[error(transparent)]
    Layer(#[from] LayerError),
    /// No files, or not those that were asked for.
    #[error(transparent)]
    Discover(#[from] DiscoverError),
    /// An env file that was asked for.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    /// No name for the project, or none that can be one.
    #[error(transparent)]
    Name(#[from] ProjectNameError),
    /// A value that cannot stand where it stands.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// An item of a list that cannot be told from the others.
    #[error(transparent)]
    Item(#[from] ItemError),
    /// A short form that does not follow its grammar.
    #[error(transparent)]
    Form(#[from] FormError),
    /// Two files that do not go together.
    #[error(transparent)]
    Merge(#[from] MergeError),
    /// `extends` that leads nowhere.
    #[error(transparent)]
    Extends(#[from] ExtendsError),
    /// `include` that leads nowhere.
    #[error(transparent)]
    Include(#[from] IncludeError),
    /// A file of an `env_file` or `label_file`.
    #[error(transparent)]
    VariableFile(#[from] VariableFileError),
    /// A value that means nothing where it stands.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A bind mount without a source.
    #[error(transparent)]
    Mount(#[from] MissingSource),
    /// Values that do not go together.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// A selection that cannot be made.
    #[error(transparent)]
    Select(#[from] SelectError),
}

impl LoadError {
    /// The error of the phase that found it, if it is one.
    fn inner(&self) -> Option<&dyn Explain> {
        Some(match self {
            Self::Empty { .. } => return None,
            Self::Template(error) => error,
            Self::Layer(error) => error,
            Self::Discover(error) => error,
            Self::Environment(error) => error,
            Self::Name(error) => error,
            Self::Shape(error) => error,
            Self::Item(error) => error,
            Self::Form(error) => error,
            Self::Merge(error) => error,
            Self::Extends(error) => error,
            Self::Include(error) => error,
            Self::VariableFile(error) => error,
            Self::Decode(error) => error,
            Self::Mount(error) => error,
            Self::Check(error) => error,
            Self::Select(error) => error,
        })
    }
}

impl Explain for LoadError {
    fn span(&self) -> Option<Span> {
        self.inner()?.span()
    }

    fn hint(&self) -> Option<String> {
        match self.inner() {
            Some(inner) => inner.hint(),
            None => Some("begin with `services:`".to_owned()),
        }
    }

    fn related(&self) -> Vec<(Span, String)> {
        self.inner().map(Explain::related).unwrap_or_default()
    }
}

/// Something that works, but not as it may have been meant.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum LoadWarning {
    /// `version` at the top.
    #[error("the attribute `version` is obsolete and ignored")]
    Version {
        /// Where it stands.
        span: Span,
    },
    /// A variable without value, or a word for a boolean.
    #[error(transparent)]
    Template(#[from] TemplateWarning),
    /// `external: {name: …}`.
    #[error(transparent)]
    ExternalName(#[from] DeprecatedExternalName),
    /// An `extends` that does not do what it seems to.
    #[error(transparent)]
    Extends(#[from] ExtendsWarning),
    /// An `include` that does not do what it seems to.
    #[error(transparent)]
    Include(#[from] IncludeWarning),
    /// A value that comes out differently from how it is written.
    #[error(transparent)]
    Lint(#[from] LintWarning),
    /// A value that is taken for another one than is written.
    #[error(transparent)]
    Decode(#[from] DecodeWarning),
    /// Address pools that a merge leaves out.
    #[error(transparent)]
    DroppedPools(#[from] DroppedPools),
    /// Several files that could be meant, or a folder that is a link.
    #[error(transparent)]
    Discover(#[from] DiscoverWarning),
}

impl LoadWarning {
    /// The warning of the phase that found it, if it is one.
    fn inner(&self) -> Option<&dyn Explain> {
        Some(match self {
            Self::Version { .. } => return None,
            Self::Template(warning) => warning,
            Self::ExternalName(warning) => warning,
            Self::Extends(warning) => warning,
            Self::Include(warning) => warning,
            Self::Lint(warning) => warning,
            Self::Decode(warning) => warning,
            Self::DroppedPools(warning) => warning,
            Self::Discover(warning) => warning,
        })
    }
}

impl Explain for LoadWarning {
    fn span(&self) -> Option<Span> {
        if let Self::Version { span } = self {
            return Some(*span);
        }
        self.inner()?.span()
    }

    fn hint(&self) -> Option<String> {
        match self.inner() {
            Some(inner) => inner.hint(),
            None => Some("remove the line".to_owned()),
        }
    }

    fn related(&self) -> Vec<(Span, String)> {
        self.inner().map(Explain::related).unwrap_or_default()
    }
}

/// What a phase without warnings finds.
impl From<Infallible> for LoadWarning {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// What a phase without errors finds.
impl From<Infallible> for LoadError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}
