//! What a load is asked for.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::project::NameSeparator;
use crate::source::Reader;

/// What to load, and how. Everything that comes from outside (arguments, process environment, current directory) is
/// in here.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of `config`, and they do not depend on each other")]
pub struct LoadOptions {
    /// `-f`, in order; `-` is standard input. Where there are none, the files are looked for.
    pub files: Vec<PathBuf>,
    /// `--project-directory`; the folder of the first file where there is none.
    pub project_directory: Option<PathBuf>,
    /// `-p`.
    pub project_name: Option<String>,
    /// `--env-file`, in order; `.env` where there are none.
    pub env_files: Vec<PathBuf>,
    /// `--profile`; `COMPOSE_PROFILES` where there are none.
    pub profiles: Vec<String>,
    /// The current directory, absolute.
    pub working_directory: PathBuf,
    /// The process environment.
    pub environment: BTreeMap<String, String>,
    /// The services to act on, by name or pattern; all where there are none.
    pub services: Vec<String>,
    /// Whether the dependencies of the selected services are acted on too.
    pub dependencies: Dependencies,
    /// Which networks, volumes, secrets, configs and models are kept.
    pub resources: Resources,
    /// What stands between the parts of names; a true `COMPOSE_COMPATIBILITY` makes it `_`.
    pub separator: NameSeparator,
    /// Whether variables are substituted; true.
    pub interpolate: bool,
    /// Whether what the files mean without saying it is filled in; true.
    pub normalize: bool,
    /// Whether relative paths become absolute; true.
    pub resolve_paths: bool,
    /// Whether values are held against each other; true.
    pub check_consistency: bool,
    /// Whether `env_file`s are read into `environment`; true.
    pub resolve_environment: bool,
    /// What reads the files. Loads that share one read standard input and pipes once.
    pub reader: Reader,
}

/// Whether the services that selected ones depend on are selected too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Dependencies {
    /// They are.
    #[default]
    Include,
    /// Only what was named is (`--no-deps`).
    Ignore,
    /// All services are selected: names only enable their profiles.
    All,
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

impl LoadOptions {
    /// A load of the files found from `working_directory`, with an empty environment and every switch at its default.
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
