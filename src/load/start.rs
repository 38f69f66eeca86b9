//! Options in, the Compose files and the variables out, before any Compose file is read.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::load::LoadOptions;
use crate::load::discover::{self, ComposeFile};
use crate::load::environment::{self, Environment};
use crate::load::loader::Loader;
use crate::load::request::Request;
use crate::source::SourceMap;

/// What is known before a Compose file is read.
pub(super) struct Start {
    pub files: Vec<PathBuf>,
    pub folder: PathBuf,
    pub env_files: Vec<PathBuf>,
    pub environment: BTreeMap<String, String>,
}

/// Finds the files and the variables.
pub(super) fn begin(options: &LoadOptions, loader: &mut Loader<'_>) -> Option<Start> {
    let request = Request::of(options);
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

/// A variable before any Compose file is searched for: from the process environment, else from the requested env files
/// or the `.env` where the search begins. Errors in these are reported when the files are loaded.
#[must_use]
pub fn early_variable(options: &LoadOptions, name: &str) -> Option<String> {
    let [variable] = early_variables(options, [name]);
    variable
}

/// Several of them at once: [`early_variable`].
#[must_use]
pub fn early_variables<const N: usize>(options: &LoadOptions, names: [&str; N]) -> [Option<String>; N] {
    let mut found = environment::Findings::default();
    let environment = Environment::begin(&Request::of(options), &mut SourceMap::default(), &mut found);
    names.map(|name| environment.get(name).map(str::to_owned))
}
