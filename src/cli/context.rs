//! What a command finds around it: the process's environment, folder and terminals.

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

/// The surroundings of one run. Everything below the command line gets what it needs of it by value.
#[derive(Debug, Clone)]
pub struct Context {
    /// The flags before the command.
    pub global: GlobalArgs,
    /// The process's environment; names and values that are not UTF-8 are left out.
    pub environment: BTreeMap<String, String>,
    /// The current folder.
    pub working_directory: PathBuf,
    /// Which of the standard streams are terminals.
    pub terminals: Terminals,
    /// `COMPOSE_ANSI`, from the environment or an env file.
    pub ansi: Option<String>,
    /// What reads the files of all loads of the run, so that pipes are read once.
    pub reader: Reader,
    /// Whom hoist stands in for.
    pub form: Form,
    /// The flags of `docker`, where that called hoist.
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
    /// The surroundings of this process.
    ///
    /// # Errors
    ///
    /// When there is no current folder.
    pub fn of_process(global: &GlobalArgs, docker: DockerFlags, form: Form) -> Result<Self, Failure> {
        let working_directory = current_directory()?;
        let mut context = Self {
            global: global.clone(),
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
            reader: Reader::default(),
            form,
            docker,
        };
        // Docker's own programs look for their configuration where its command line was told to.
        if let Some(folder) = &context.docker.config {
            context.environment.insert("DOCKER_CONFIG".to_owned(), folder.clone());
        }
        let ansi = load::early_variable(&context.load_options(&[]), "COMPOSE_ANSI");
        context.ansi = ansi.filter(|word| !word.is_empty());
        Ok(context)
    }

    /// A variable of the process's environment, unless it is empty.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether the user does not want colours (`NO_COLOR`).
    #[must_use]
    pub fn no_color(&self) -> bool {
        self.variable("NO_COLOR").is_some()
    }

    /// What to load for a command that acts on `services`.
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

    /// `--ansi`, or `--no-ansi` for `never`, else `COMPOSE_ANSI`, else `auto`. Other words mean no colours in logs, and `auto`
    /// elsewhere.
    #[must_use]
    pub fn ansi(&self) -> &str {
        let given = if self.global.no_ansi { Some("never") } else { self.global.ansi.as_deref() };
        given.or(self.ansi.as_deref()).unwrap_or("auto")
    }

    /// How progress is shown: `--progress`, else `COMPOSE_PROGRESS`, else what standard error can show.
    ///
    /// # Errors
    ///
    /// Where the word is not known, or contradicts `--ansi`.
    pub fn progress_mode(&self) -> Result<ProgressMode, Failure> {
        let word = self.global.progress.as_deref().or(self.variable("COMPOSE_PROGRESS")).unwrap_or("auto");
        match (word, self.ansi()) {
            ("tty", "never") => Failure::usage("can't use --progress tty while ANSI support is disabled"),
            ("plain", "always") => Failure::usage("can't use --progress plain while ANSI support is forced"),
            ("" | "auto", "never") => Ok(ProgressMode::Plain),
            ("" | "auto", _) if self.terminals.stderr => Ok(ProgressMode::Tty),
            ("" | "auto" | "plain", _) => Ok(ProgressMode::Plain),
            ("tty", _) => Ok(ProgressMode::Tty),
            ("json", _) => Ok(ProgressMode::Json),
            ("quiet" | "none", _) => Ok(ProgressMode::Quiet),
            (other, _) => Failure::usage(&format!("unsupported --progress value \"{other}\"")),
        }
    }
}

/// The current folder as the shell names it, where that is true: a symbolic link on the way is part of the name that
/// the project gets from it.
fn current_directory() -> Result<PathBuf, Failure> {
    let real = std::env::current_dir()
        .map_err(|error| Failure::Unexpected(anyhow::Error::new(error).context("there is no current folder")))?;
    let named = std::env::var_os("PWD").map(PathBuf::from).filter(|path| path.is_absolute());
    Ok(named.filter(|path| path.canonicalize().is_ok_and(|path| path == real)).unwrap_or(real))
}
