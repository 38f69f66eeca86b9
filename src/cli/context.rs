//! What a command inherits from its process: environment, working directory and terminals.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::PathBuf;

use super::Failure;
use super::docker_flags::DockerFlags;
use super::global::GlobalArgs;
use super::invocation::Form;
use crate::load::{self, LoadOptions, Resources};
use crate::plan::SecretValues;
use crate::project::NameSeparator;
use crate::render::ProgressMode;
use crate::source::Reader;

/// The process environment of one run. Layers below the command line get what they need of it by value.
#[derive(Debug, Clone)]
pub struct Context {
    /// The flags before the command.
    pub global: GlobalArgs,
    /// The process's environment; names and values that are not UTF-8 are left out.
    pub environment: BTreeMap<String, String>,
    /// The current directory.
    pub working_directory: PathBuf,
    /// Which of the standard streams are terminals.
    pub terminals: Terminals,
    /// `COMPOSE_ANSI`, from the environment or an env file.
    pub ansi: Option<String>,
    /// `COMPOSE_PARALLEL_LIMIT`, likewise.
    pub parallel_limit: Option<String>,
    /// Reads the files for every load in this run, so that pipes are read only once.
    pub reader: Reader,
    /// What hoist was called as.
    pub form: Form,
    /// The flags of `docker`, if it called hoist.
    pub docker: DockerFlags,
}

/// Which of the standard streams are terminals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Terminals {
    /// Standard input.
    pub stdin: bool,
    /// Standard output.
    pub stdout: bool,
    /// Standard error.
    pub stderr: bool,
}

impl Context {
    /// The context of this process.
    ///
    /// # Errors
    ///
    /// If there is no current directory.
    pub fn of_process(global: &GlobalArgs, docker: DockerFlags, form: Form) -> Result<Self, Failure> {
        let working_directory = current_directory()?;
        let mut context = Self {
            global: without_empty_values(global.clone()),
            environment: std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .collect(),
            working_directory,
            terminals: Terminals {
                stdin: std::io::stdin().is_terminal(),
                stdout: std::io::stdout().is_terminal(),
                stderr: std::io::stderr().is_terminal(),
            },
            ansi: None,
            parallel_limit: None,
            reader: Reader::default(),
            form,
            docker,
        };
        // Docker's helper programs find the configuration through this variable.
        if let Some(folder) = &context.docker.config {
            context.environment.insert("DOCKER_CONFIG".to_owned(), folder.clone());
        }
        if form == Form::Plugin {
            forget_docker(&mut context.environment);
        }
        let names = ["COMPOSE_ANSI", PARALLEL_LIMIT];
        let [ansi, limit] = load::early_variables(&context.load_options(&[]), names);
        context.ansi = ansi.filter(|word| !word.is_empty());
        context.parallel_limit = limit;
        Ok(context)
    }

    /// The same with no progress shown.
    #[must_use]
    pub(super) fn quiet(mut self) -> Self {
        self.global.progress = Some("quiet".to_owned());
        self
    }

    /// A variable of the process's environment; `None` if it is unset or empty.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether `NO_COLOR` disables colours.
    #[must_use]
    pub fn no_color(&self) -> bool {
        self.variable("NO_COLOR").is_some()
    }

    /// Whether the terminal can neither move its cursor nor show colours.
    #[must_use]
    pub(super) fn is_dumb(&self) -> bool {
        self.variable("TERM") == Some("dumb")
    }

    /// For builds: the mode of progress from `BUILDKIT_PROGRESS`, unless `--progress` or `COMPOSE_PROGRESS` say one.
    /// Unknown modes, and those that contradict `--ansi`, do not count.
    pub(super) fn choose_build_progress(&mut self) {
        if self.global.progress.is_some() || self.variable("COMPOSE_PROGRESS").is_some() {
            return;
        }
        let mode = match (self.variable("BUILDKIT_PROGRESS"), self.ansi()) {
            (Some("plain"), ansi) if ansi != "always" => "plain",
            (Some("tty"), ansi) if ansi != "never" => "tty",
            (Some("quiet"), _) => "quiet",
            (Some("rawjson"), _) => "json",
            _ => return,
        };
        self.global.progress = Some(mode.to_owned());
    }

    /// The load options for a command that acts on `services`.
    #[must_use]
    pub fn load_options(&self, services: &[String]) -> LoadOptions {
        let global = &self.global;
        let mut options = LoadOptions::new(&self.working_directory);
        options.files.clone_from(&global.file);
        options.project_directory = global.project_directory.as_ref().or(global.workdir.as_ref()).cloned();
        options.project_name.clone_from(&global.project_name);
        options.env_files.clone_from(&global.env_file);
        options.profiles.clone_from(&global.profile);
        options.environment.clone_from(&self.environment);
        options.services = services.to_vec();
        options.reader = self.reader.clone();
        if global.all_resources {
            options.resources = Resources::All;
        }
        if global.compatibility {
            options.separator = NameSeparator::Underscore;
        }
        options
    }

    /// Whether `--show-values` was given.
    #[must_use]
    pub fn secret_values(&self) -> SecretValues {
        if self.global.show_values { SecretValues::Shown } else { SecretValues::Hidden }
    }

    /// `--ansi`, or `--no-ansi` for `never`, else `COMPOSE_ANSI`, else `auto`. Any other value means no colours in
    /// logs, and `auto` elsewhere.
    #[must_use]
    pub fn ansi(&self) -> &str {
        let given = if self.global.no_ansi { Some("never") } else { self.global.ansi.as_deref() };
        given.or(self.ansi.as_deref()).unwrap_or("auto")
    }

    /// How progress is shown: `--progress`, else `COMPOSE_PROGRESS`, else whatever standard error supports.
    ///
    /// # Errors
    ///
    /// If the mode is unknown or contradicts `--ansi`.
    pub fn progress_mode(&self) -> Result<ProgressMode, Failure> {
        let word = self.global.progress.as_deref().or(self.variable("COMPOSE_PROGRESS")).unwrap_or("auto");
        match (word, self.ansi()) {
            ("tty", "never") => Failure::usage("can't use --progress tty while ANSI support is disabled"),
            ("plain", "always") => Failure::usage("can't use --progress plain while ANSI support is forced"),
            ("" | "auto", "never") => Ok(ProgressMode::Plain),
            ("" | "auto", _) if self.terminals.stderr && !self.is_dumb() => Ok(ProgressMode::Tty),
            ("" | "auto" | "plain", _) => Ok(ProgressMode::Plain),
            ("tty", _) => Ok(ProgressMode::Tty),
            ("json", _) => Ok(ProgressMode::Json),
            ("quiet" | "none", _) => Ok(ProgressMode::Quiet),
            (other, _) => Failure::usage(&format!("unsupported --progress value \"{other}\"")),
        }
    }
}

/// The same flags; an empty name or folder counts as none.
fn without_empty_values(global: GlobalArgs) -> GlobalArgs {
    let folder = |folder: Option<PathBuf>| folder.filter(|folder| !folder.as_os_str().is_empty());
    GlobalArgs {
        project_name: global.project_name.filter(|name| !name.is_empty()),
        project_directory: folder(global.project_directory),
        workdir: folder(global.workdir),
        ..global
    }
}

/// The variable that limits the number of parallel engine calls.
pub(super) const PARALLEL_LIMIT: &str = "COMPOSE_PARALLEL_LIMIT";

/// Where `docker` tells its plugins how they were called, for their traces.
const RESOURCE_ATTRIBUTES: &str = "OTEL_RESOURCE_ATTRIBUTES";

/// Leaves out what `docker` added to the variables of the user.
fn forget_docker(environment: &mut BTreeMap<String, String>) {
    let Some(attributes) = environment.remove(RESOURCE_ATTRIBUTES) else { return };
    let kept: Vec<_> = attributes.split(',').filter(|attribute| !attribute.starts_with("docker.cli.")).collect();
    if !kept.is_empty() {
        environment.insert(RESOURCE_ATTRIBUTES.to_owned(), kept.join(","));
    }
}

/// The current directory as in `PWD`, if that is correct: with symbolic links kept, since the project's default name
/// comes from it.
fn current_directory() -> Result<PathBuf, Failure> {
    let real = std::env::current_dir()
        .map_err(|error| Failure::Unexpected(anyhow::Error::new(error).context("there is no current directory")))?;
    let named = std::env::var_os("PWD").map(PathBuf::from).filter(|path| path.is_absolute());
    Ok(named.filter(|path| path.canonicalize().is_ok_and(|path| path == real)).unwrap_or(real))
}
