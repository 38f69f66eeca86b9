//! Files in, a project out.
//!
//! [`load`] runs the phases in the order of Docker Compose. Everything that is wrong is gathered and given back at
//! once, in file order; a value that was found wrong is taken out of the tree, so that later phases do not complain
//! about what merely follows from it.
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

pub mod cast;
mod check;
mod contents;
pub mod decode;
mod defaults;
pub mod discover;
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
mod layer;
mod lint;
mod loader;
mod merge;
mod name;
mod node_path;
mod normalize;
mod options;
mod paths;
mod profiles;
mod request;
mod reset;
mod rules;
mod scalar;
mod schema;
mod select;
mod short_form;
pub mod template;
mod unique;

pub use check::{CheckError, ContextProblem, Dependence, Form};
pub use contents::{contents, missing_files};
pub use env_file::{UnknownFormat, VariableFileError};
pub use error::{LoadError, LoadWarning};
pub use extends::{ExtendsError, ExtendsWarning};
pub use file::{FileError, FileRole, RemoteFile};
pub use ignored_key::IgnoredKey;
pub use include::{IncludeError, IncludeWarning};
pub use layer::LayerError;
pub use lint::LintWarning;
pub use merge::{DroppedPools, MergeError};
pub use options::{Dependencies, LoadOptions, Resources};
pub use paths::MissingSource;
pub use request::Request;
pub use schema::{ShapeError, ShapeProblem, attributes};
pub use select::SelectError;
pub use short_form::{DeprecatedExternalName, FormError};
pub use unique::{ItemError, ItemProblem};

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::diagnostic::Explain;
use crate::project::{NameSeparator, ProgramPaths, Project};
use crate::source::SourceMap;
use crate::yaml::Node;

use discover::{ComposeFile, NameSources};
use environment::Environment;
use findings::Findings;
use layer::Layer;
use loader::{Loader, Scope, Settings};
use profiles::Profiles;

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
    /// The name of the project.
    pub name: String,
    /// The model in long forms, `name` included.
    pub model: Node,
    /// The variables that substitution sees.
    pub environment: BTreeMap<String, String>,
    /// The base directory for relative paths.
    pub project_directory: PathBuf,
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

/// Loads the project that `options` ask for.
///
/// # Errors
///
/// Everything that is wrong with the files, the env files and the selection, as far as it could be looked at.
pub fn load(options: &LoadOptions) -> Result<Loaded, LoadFailure> {
    let mut loader = Loader::new(options, Settings::of(options));
    let project = load_project(options, &mut loader);
    let (sources, warnings, project) = finish(loader, project)?;
    Ok(Loaded { project, sources, warnings })
}

/// Loads the merged model without decoding it, selecting from it or reading env files of services.
///
/// # Errors
///
/// Everything that is wrong with the files, as far as it could be looked at.
pub fn load_model(options: &LoadOptions) -> Result<LoadedModel, LoadFailure> {
    let mut loader = Loader::new(options, Settings::of(options));
    let built = begin(options, &mut loader).and_then(|start| build(options, start, &mut loader));
    let (sources, warnings, built) = finish(loader, built)?;
    let Built { name, model, environment, folder, .. } = built;
    Ok(LoadedModel { name, model, environment, project_directory: folder, sources, warnings })
}

/// The variables that the files name, one entry a name. The files are merged, but neither expanded nor checked.
///
/// # Errors
///
/// What keeps the files from being read and merged.
pub fn variables(options: &LoadOptions) -> Result<Vec<template::Variable>, LoadFailure> {
    let mut loader = Loader::new(options, Settings { interpolate: false, validate: false });
    let built = begin(options, &mut loader).and_then(|start| build(options, start, &mut loader));
    let (_, _, built) = finish(loader, built)?;
    Ok(interpolate::variables(&built.model))
}

/// The phases, in order. Those of each layer are in [`loader`].
fn load_project(options: &LoadOptions, loader: &mut Loader<'_>) -> Option<Project> {
    let start = begin(options, loader)?;
    let mut built = build(options, start, loader)?;
    let mut active = Profiles::new(&options.profiles, built.environment.get("COMPOSE_PROFILES").map(String::as_str));
    if options.check_consistency && !loader.incomplete {
        loader.findings.phase(|found| check::check_consistency(&mut built.model, &active, found));
    }
    let mut project = typed(options, built, loader)?;
    select::split_by_profiles(&mut project, &active);
    loader.read_label_files(&mut project);
    loader.findings.errors(select::select(&mut project, &options.services, options.dependencies, &mut active));
    select::prune(&mut project, options.resources);
    if options.resolve_environment {
        loader.read_service_env_files(&mut project);
    }
    Some(project)
}

/// What is known before a Compose file is read.
struct Start {
    files: Vec<PathBuf>,
    folder: PathBuf,
    env_files: Vec<PathBuf>,
    environment: BTreeMap<String, String>,
}

/// A variable as it is known before any Compose file is looked for: from the process, else from the env files that were
/// asked for or the `.env` where the search begins. What is wrong with those is reported when the files are loaded.
#[must_use]
pub fn early_variable(options: &LoadOptions, name: &str) -> Option<String> {
    let mut found = environment::Findings::default();
    let environment = Environment::begin(&request(options), &mut SourceMap::default(), &mut found);
    environment.get(name).map(str::to_owned)
}

fn request(options: &LoadOptions) -> Request {
    let text = |path: &PathBuf| path.to_string_lossy().into_owned();
    Request {
        current_dir: options.working_directory.clone(),
        process: options.environment.clone(),
        files: options.files.iter().map(text).collect(),
        env_files: options.env_files.iter().map(text).collect(),
        project_directory: options.project_directory.clone(),
        project_name: options.project_name.clone(),
        reader: options.reader.clone(),
    }
}

/// Finds the files and the variables.
fn begin(options: &LoadOptions, loader: &mut Loader<'_>) -> Option<Start> {
    let request = request(options);
    let mut found = environment::Findings::default();
    let mut environment = Environment::begin(&request, &mut loader.sources, &mut found);
    let discovery = discover::discover(&request, &environment);
    if let Ok(discovery) = &discovery {
        environment.add_default(&discovery.project_directory, &mut loader.sources, &mut found);
    }
    loader.variables_missing = !found.errors.is_empty();
    loader.findings.errors(found.errors);
    loader.findings.warnings(found.warnings);
    let discovery = match discovery {
        Ok(discovery) => discovery,
        Err(errors) => {
            loader.findings.errors(errors);
            return None;
        }
    };
    loader.findings.warnings(discovery.warnings);
    let files = discovery.files.into_iter().map(|file| match file {
        ComposeFile::Path(path) => path,
        ComposeFile::Stdin => PathBuf::from("-"),
    });
    Some(Start {
        files: files.collect(),
        folder: discovery.project_directory,
        env_files: environment.explicit_files().to_vec(),
        environment: environment.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
    })
}

/// The merged model, and what it was made with.
struct Built {
    name: String,
    model: Node,
    files: Vec<PathBuf>,
    folder: PathBuf,
    env_files: Vec<PathBuf>,
    environment: BTreeMap<String, String>,
}

/// Reads and merges the files.
fn build(options: &LoadOptions, start: Start, loader: &mut Loader<'_>) -> Option<Built> {
    let Start { files, folder, env_files, mut environment } = start;
    let layers: Vec<Layer> = files.iter().flat_map(|file| loader.read_layers(file, None)).collect();
    let name = project_name(options, &environment, &layers, &folder, &mut loader.findings);
    environment.insert("COMPOSE_PROJECT_NAME".to_owned(), name.clone());
    let base = folder.to_string_lossy();
    let scope = Scope {
        folder: &base,
        resolve_from: options.resolve_paths.then_some(&*base),
        environment: &environment,
        included: files.first().map(std::slice::from_ref).unwrap_or_default(),
    };
    let model = loader.build(layers, &scope).filter(|model| model.as_mapping().is_some_and(|model| !model.is_empty()));
    let Some(mut model) = model else {
        if !loader.findings.failed() {
            loader.findings.error(LoadError::Empty { files });
        }
        return None;
    };
    name::set(&mut model, &name);
    if options.normalize {
        normalize::normalize(&mut model, &name, &environment);
    }
    Some(Built { name, model, files, folder, env_files, environment })
}

fn project_name(
    options: &LoadOptions,
    environment: &BTreeMap<String, String>,
    layers: &[Layer],
    folder: &std::path::Path,
    findings: &mut Findings<LoadError, LoadWarning>,
) -> String {
    let written = name::written(layers, environment, options.interpolate);
    let sources = NameSources {
        flag: options.project_name.as_deref(),
        variable: environment.get("COMPOSE_PROJECT_NAME").map(String::as_str),
        file: written.as_deref(),
        directory: Some(folder),
    };
    discover::project_name(sources).unwrap_or_else(|error| {
        findings.error(error);
        String::new()
    })
}

/// The typed project. `None` if something is wrong with it, here or before.
fn typed(options: &LoadOptions, built: Built, loader: &mut Loader<'_>) -> Option<Project> {
    let Built { model, files, folder, env_files, environment, .. } = built;
    let decoded = decode::decode(model, &loader.sources);
    loader.findings.errors(decoded.errors);
    loader.findings.warnings(decoded.warnings);
    if loader.findings.failed() {
        return None;
    }
    let compatible = environment.get("COMPOSE_COMPATIBILITY").is_some_and(|value| environment::is_true(value));
    Some(Project {
        working_directory: folder,
        compose_files: files,
        env_files,
        environment,
        programs: ProgramPaths::of(&options.environment),
        separator: if compatible { NameSeparator::Underscore } else { options.separator },
        ..decoded.project
    })
}

/// Takes a load apart; a failure if anything was wrong.
fn finish<T>(loader: Loader<'_>, result: Option<T>) -> Result<(SourceMap, Vec<LoadWarning>, T), LoadFailure> {
    let Loader { sources, findings, .. } = loader;
    let (errors, warnings) = findings.into_parts();
    match result {
        Some(result) if errors.is_empty() => Ok((sources, warnings, result)),
        _ => Err(LoadFailure { sources, errors, warnings }),
    }
}
