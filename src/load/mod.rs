//! Files in, a project out.
//!
//! [`load`] runs the phases in the order of Docker Compose. All errors are collected and returned together, in file
//! order; an invalid value is removed from the tree, so that later phases do not report mere consequences.
//!
//! ```
//! use hoist::load::{LoadOptions, load};
//!
//! let folder = std::env::temp_dir().join("hoist-doc-load");
//! std::fs::create_dir_all(&folder)?;
//! std::fs::write(folder.join("compose.yaml"), "services: {web: {image: nginx, ports: ['8080:80']}}")?;
//! let loaded = load(&LoadOptions::new(&folder))?;
//! let web = loaded.project.service("web").ok_or("no service")?;
//! assert_eq!(web.ports[0].published.as_deref(), Some("8080"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod build;
pub mod cast;
mod changed_text;
mod check;
mod consequences;
mod contents;
pub mod decode;
mod defaults;
pub mod discover;
mod dockerfiles;
pub mod dotenv;
mod env_file;
pub mod environment;
mod error;
mod extends;
mod file;
mod file_name;
mod findings;
mod ignored_key;
mod include;
pub mod interpolate;
mod job;
mod layer;
mod lint;
mod list_item;
mod loader;
mod look_alike;
mod look_alike_error;
mod merge;
mod misplaced;
mod name;
mod nearby;
mod node_path;
mod normalize;
mod options;
mod outcome;
mod own_lint;
mod paths;
mod profiles;
mod read_env_file;
mod request;
mod reset;
mod rules;
mod scalar;
mod schema;
mod select;
mod short_form;
mod start;
mod swarm;
pub mod template;
mod unique;

pub use changed_text::ChangedText;
pub use check::{CheckError, ContextProblem, Dependence, Form};
pub use contents::{contents, missing_files};
pub use dockerfiles::base_images;
pub use env_file::{UnknownFormat, VariableFileError};
pub use error::{LoadError, LoadWarning};
pub use extends::{ExtendsError, ExtendsWarning};
pub use file::{FileError, FileRole, RemoteFile};
pub use ignored_key::IgnoredKey;
pub use include::{IncludeError, IncludeWarning};
pub use layer::{IgnoredTagWarning, LayerError};
pub use lint::LintWarning;
pub use look_alike_error::LookAlike;
pub use merge::{DroppedPools, MergeError};
pub use options::{Dependencies, LoadOptions, Purpose, Resources};
pub use outcome::{LoadFailure, Loaded, LoadedModel};
pub use own_lint::OwnLintWarning;
pub use paths::{MissingSource, NoHome};
pub use read_env_file::read_env_file;
pub use request::Request;
pub use schema::{ShapeError, ShapeProblem, attributes};
pub use select::{SelectError, drop_unused};
pub use short_form::{DeprecatedExternalName, FormError};
pub use start::{early_variable, early_variables};
pub use swarm::SwarmWarning;
pub use unique::{ItemError, ItemProblem};

use crate::project::Project;

use build::{build, typed};
use loader::{Loader, Settings};
use profiles::Profiles;
use start::begin;

/// Loads the project according to `options`.
///
/// # Errors
///
/// All errors in the files, the env files and the selection, as far as they could be checked.
pub fn load(options: &LoadOptions) -> Result<Loaded, LoadFailure> {
    let mut loader = Loader::new(options, Settings::of(options));
    let project = load_project(options, &mut loader);
    let (sources, warnings, project) = loader.finish(project)?;
    Ok(Loaded { project, sources, warnings })
}

/// Loads the merged model without decoding it, selecting from it or reading env files of services. If variables are
/// not to be expanded, none of their values are in it.
///
/// # Errors
///
/// All errors in the files, as far as they could be checked.
pub fn load_model(options: &LoadOptions) -> Result<LoadedModel, LoadFailure> {
    let mut loader = Loader::new(options, Settings { fill_values: options.interpolate, ..Settings::of(options) });
    let built = begin(options, &mut loader).and_then(|start| build(options, start, &mut loader));
    let (sources, warnings, built) = loader.finish(built)?;
    Ok(LoadedModel { model: built.model, sources, warnings })
}

/// The variables that the files refer to, without duplicates. The files are merged, but neither expanded nor checked.
///
/// # Errors
///
/// If the files cannot be read or merged.
pub fn variables(options: &LoadOptions) -> Result<Vec<template::Variable>, LoadFailure> {
    let mut loader = Loader::new(options, Settings { interpolate: false, validate: false, fill_values: false });
    let built = begin(options, &mut loader).and_then(|start| build(options, start, &mut loader));
    let (_, _, built) = loader.finish(built)?;
    Ok(interpolate::variables(&built.model))
}

/// The phases, in order. Those of each layer are in [`loader`].
fn load_project(options: &LoadOptions, loader: &mut Loader<'_>) -> Option<Project> {
    let start = begin(options, loader)?;
    let mut built = build(options, start, loader)?;
    let mut active = Profiles::new(&options.profiles, built.environment.get("COMPOSE_PROFILES").map(String::as_str));
    if options.check_consistency && !loader.incomplete {
        loader.findings.phase(|found| check::check_consistency(&mut built.model, &active, found));
        loader.findings.phase(|found| {
            check::check_extras(&built.model, &active, options.purpose, &options.services, found);
        });
    }
    loader.findings.phase(|found| swarm::look(&built.model, found));
    loader.findings.phase(|found| own_lint::look(&built.model, found));
    let mut project = typed(options, built, loader)?;
    select::split_by_profiles(&mut project, &active);
    loader.findings.warnings(lint::never_triggered(&project));
    if options.purpose == Purpose::Run {
        for name in &options.services {
            select::enable_job(&mut project, name, &mut active);
            let refused = job::become_services(&mut project, name, options.dependencies);
            if !refused.is_empty() {
                loader.findings.errors(refused);
                return None;
            }
        }
    }
    loader.read_label_files(&mut project);
    loader.findings.errors(select::select(&mut project, &options.services, options.dependencies, &mut active));
    select::prune(&mut project, options.resources, options.purpose);
    if options.resolve_environment {
        loader.read_service_env_files(&mut project, options.purpose);
    }
    Some(project)
}
