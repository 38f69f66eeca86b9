//! Files in, a project out.
//!
//! [`load`] runs the phases of compose-file.md §1.0 in order. Everything that is wrong is gathered and given back at
//! once, in file order; a value that was found wrong is taken out of the tree, so that later phases do not complain
//! about what merely follows from it.

pub mod cast;
mod check;
mod defaults;
pub mod dotenv;
mod env_file;
mod error;
mod extends;
mod findings;
mod include;
pub mod interpolate;
mod layer;
mod loader;
mod merge;
mod name;
mod normalize;
mod paths;
mod profiles;
mod reset;
mod rules;
mod scalar;
mod schema;
mod select;
mod short_form;
pub mod template;
mod trail;
mod unique;

pub use check::CheckError;
pub use env_file::UnknownFormat;
pub use error::{LoadError, LoadWarning};
pub use extends::ExtendsError;
pub use include::IncludeError;
pub use merge::MergeError;
pub use paths::MissingSource;
pub use schema::{ShapeError, ShapeProblem};
pub use short_form::FormError;
pub use unique::{ItemError, ItemProblem};

/// Whether the services that selected ones depend on are selected too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Dependencies {
    /// They are.
    #[default]
    Include,
    /// Only what was named is (`--no-deps`).
    Ignore,
}

/// Which networks, volumes, secrets, configs and models are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Resources {
    /// Those that a service uses.
    #[default]
    Used,
    /// All that the files define (`--all-resources`).
    All,
}
