//! The files of a project in, its merged model and then the typed project out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::load::discover::{self, NameSources};
use crate::load::error::{LoadError, LoadWarning};
use crate::load::findings::Findings;
use crate::load::layer::Layer;
use crate::load::loader::{Loader, Scope};
use crate::load::merge::Merger;
use crate::load::normalize::{WrittenHooks, normalize};
use crate::load::start::Start;
use crate::load::{LoadOptions, decode, environment, name};
use crate::project::{NameSeparator, ProgramPaths, Project};
use crate::yaml::Node;

/// The merged model, and what it was built with.
pub(super) struct Built {
    pub model: Node,
    pub files: Vec<PathBuf>,
    pub folder: PathBuf,
    pub env_files: Vec<PathBuf>,
    pub environment: BTreeMap<String, String>,
    /// The `pre_start` hooks of each service as written.
    pub hooks: WrittenHooks,
}

/// Reads and merges the files.
pub(super) fn build(options: &LoadOptions, start: Start, loader: &mut Loader<'_>) -> Option<Built> {
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
    // A model with its variables that is not normalised is as written.
    if options.normalize || loader.settings.fill_values {
        name::set(&mut model, &name);
    }
    let hooks = if options.normalize {
        let Loader { sources, findings, settings, .. } = loader;
        let none = BTreeMap::new();
        let values = if settings.fill_values { &environment } else { &none };
        findings.phase(|findings| normalize(&mut model, &name, values, &mut Merger { sources, findings }))
    } else {
        WrittenHooks::new()
    };
    Some(Built { model, files, folder, env_files, environment, hooks })
}

fn project_name(
    options: &LoadOptions,
    environment: &BTreeMap<String, String>,
    layers: &[Layer],
    folder: &Path,
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
        // Without any name, variables that hold it would seem to be empty.
        "project".to_owned()
    })
}

/// The typed project. `None` if there were errors, here or before.
pub(super) fn typed(options: &LoadOptions, built: Built, loader: &mut Loader<'_>) -> Option<Project> {
    let Built { model, files, folder, env_files, environment, hooks } = built;
    let decoded = decode::decode(model, hooks, &loader.sources);
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
