//! The options of a load.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::project::NameSeparator;
use crate::source::Reader;

/// What to load, and how. This includes all outside input: arguments, process environment, current directory.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of `config`, and they do not depend on each other")]
pub struct LoadOptions {
    /// `-f`, in order; `-` is standard input. If empty, the files are searched for.
    pub files: Vec<PathBuf>,
    /// `--project-directory`; the folder of the first file by default.
    pub project_directory: Option<PathBuf>,
    /// `-p`.
    pub project_name: Option<String>,
    /// `--env-file`, in order; `.env` by default.
    pub env_files: Vec<PathBuf>,
    /// `--profile`; `COMPOSE_PROFILES` by default.
    pub profiles: Vec<String>,
    /// The current directory, absolute.
    pub working_directory: PathBuf,
    /// The process environment.
    pub environment: BTreeMap<String, String>,
    /// The services to act on, by name or pattern; all if empty.
    pub services: Vec<String>,
    /// Whether to act on the dependencies of the selected services too.
    pub dependencies: Dependencies,
    /// Which networks, volumes, secrets, configs and models to keep.
    pub resources: Resources,
    /// What the project is for.
    pub purpose: Purpose,
    /// The separator between the parts of names; `_` if `COMPOSE_COMPATIBILITY` is true.
    pub separator: NameSeparator,
    /// Whether to substitute variables; default true.
    pub interpolate: bool,
    /// Whether to fill in what the files imply; default true.
    pub normalize: bool,
    /// Whether to make relative paths absolute; default true.
    pub resolve_paths: bool,
    /// Whether to check values for consistency; default true.
    pub check_consistency: bool,
    /// Whether to read `env_file`s into `environment`; default true.
    pub resolve_environment: bool,
    /// Reads the files. Loads that share a reader read standard input and pipes only once.
    pub reader: Reader,
}

/// Whether the services that selected ones depend on are selected too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Dependencies {
    /// They are.
    #[default]
    Include,
    /// Only the named services are selected (`--no-deps`).
    Ignore,
    /// All services are selected: names only enable their profiles.
    All,
}

/// Which networks, volumes, secrets, configs and models to keep.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Resources {
    /// Those that a service uses.
    #[default]
    Used,
    /// All that the files define (`--all-resources`).
    All,
}

/// What a project is loaded for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Purpose {
    /// Its containers are started, or found.
    #[default]
    Act,
    /// A service or job is run.
    Run,
    /// What exists of it is found, even what only jobs use.
    Find,
    /// `config` prints it, as Docker Compose does: env files of `pre_start` hooks are not read, and what only hooks use
    /// is left out.
    Show,
}

impl LoadOptions {
    /// Options for the files found from `working_directory`, with an empty environment and defaults otherwise.
    #[must_use]
    pub fn new(working_directory: impl Into<PathBuf>) -> Self {
        Self {
            files: Vec::new(),
            project_directory: None,
            project_name: None,
            env_files: Vec::new(),
            profiles: Vec::new(),
            working_directory: working_directory.into(),
            environment: BTreeMap::new(),
            services: Vec::new(),
            dependencies: Dependencies::default(),
            resources: Resources::default(),
            purpose: Purpose::default(),
            separator: NameSeparator::default(),
            interpolate: true,
            normalize: true,
            resolve_paths: true,
            check_consistency: true,
            resolve_environment: true,
            reader: Reader::default(),
        }
    }
}
