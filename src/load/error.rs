//! All errors and warnings about a project's files: the sum of those of the load's phases, which do not know this type.

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
use crate::load::layer::{IgnoredTagWarning, LayerError};
use crate::load::lint::LintWarning;
use crate::load::look_alike_error::LookAlike;
use crate::load::merge::{DroppedPools, MergeError};
use crate::load::own_lint::OwnLintWarning;
use crate::load::paths::{MissingSource, NoHome};
use crate::load::schema::ShapeError;
use crate::load::select::SelectError;
use crate::load::short_form::{DeprecatedExternalName, FormError};
use crate::load::swarm::SwarmWarning;
use crate::load::unique::ItemError;
use crate::source::Span;

/// Why a project could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// All files are empty.
    #[error("{} is empty", files.iter().map(|file| format!("`{}`", file.display())).collect::<Vec<_>>().join(", "))]
    Empty {
        /// The files.
        files: Vec<PathBuf>,
    },
    /// An error in a variable, or in a text that must be a number or a boolean.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A file that is not a readable Compose file.
    #[error(transparent)]
    Layer(#[from] LayerError),
    /// There are no files, or not the requested ones.
    #[error(transparent)]
    Discover(#[from] DiscoverError),
    /// An error in a requested env file.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    /// The project has no name or an invalid one.
    #[error(transparent)]
    Name(#[from] ProjectNameError),
    /// A value that is not allowed at its place.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// A list item without its key.
    #[error(transparent)]
    Item(#[from] ItemError),
    /// An invalid short form.
    #[error(transparent)]
    Form(#[from] FormError),
    /// Two files that cannot be merged.
    #[error(transparent)]
    Merge(#[from] MergeError),
    /// An invalid `extends`.
    #[error(transparent)]
    Extends(#[from] ExtendsError),
    /// An invalid `include`.
    #[error(transparent)]
    Include(#[from] IncludeError),
    /// An error in a file of `env_file` or `label_file`.
    #[error(transparent)]
    VariableFile(#[from] VariableFileError),
    /// An invalid value.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A bind mount without a source.
    #[error(transparent)]
    Mount(#[from] MissingSource),
    /// Values that are inconsistent.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// A tag without a meaning at a value that is invalid without it.
    #[error(transparent)]
    Tag(IgnoredTagWarning),
    /// A character that looks like another.
    #[error(transparent)]
    LookAlike(#[from] LookAlike),
    /// An invalid selection of services.
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
            Self::Tag(error) => error,
            Self::LookAlike(error) => error,
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

/// Something that works, but perhaps not as intended.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum LoadWarning {
    /// A top-level `version`.
    #[error("the attribute `version` is obsolete and ignored")]
    Version {
        /// Where it is in the file.
        span: Span,
    },
    /// A tag without a meaning.
    #[error("{0} and is ignored")]
    Tag(#[from] IgnoredTagWarning),
    /// A variable without a value, or a word used as a boolean.
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
    /// A value that comes out differently from what was written.
    #[error(transparent)]
    Lint(#[from] LintWarning),
    /// An attribute that only Swarm honours.
    #[error(transparent)]
    Swarm(#[from] SwarmWarning),
    /// A broken rule that only matters when a job or a `pre_start` hook runs.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// Of a setting of `x-hoist` that has no effect.
    #[error(transparent)]
    OwnLint(#[from] OwnLintWarning),
    /// A value that is not taken as written.
    #[error(transparent)]
    Decode(#[from] DecodeWarning),
    /// A `~` without a home folder.
    #[error(transparent)]
    NoHome(#[from] NoHome),
    /// Address pools dropped by a merge.
    #[error(transparent)]
    DroppedPools(#[from] DroppedPools),
    /// Several candidate files, or a folder that is a symbolic link.
    #[error(transparent)]
    Discover(#[from] DiscoverWarning),
}

impl LoadWarning {
    /// Whether it is about when a job runs.
    #[must_use]
    pub fn is_about_a_schedule(&self) -> bool {
        matches!(self, Self::Lint(LintWarning::Cron { .. } | LintWarning::NeverTriggered { .. }))
    }
}

impl LoadWarning {
    /// The warning of the phase that found it, if it is one.
    fn inner(&self) -> Option<&dyn Explain> {
        Some(match self {
            Self::Version { .. } => return None,
            Self::Swarm(warning) => warning,
            Self::Check(warning) => warning,
            Self::OwnLint(warning) => warning,
            Self::Tag(warning) => warning,
            Self::Template(warning) => warning,
            Self::ExternalName(warning) => warning,
            Self::Extends(warning) => warning,
            Self::Include(warning) => warning,
            Self::Lint(warning) => warning,
            Self::Decode(warning) => warning,
            Self::NoHome(warning) => warning,
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

/// For phases without warnings.
impl From<Infallible> for LoadWarning {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// For phases without errors.
impl From<Infallible> for LoadError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}
