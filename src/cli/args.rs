//! The command line, as clap structs. Nothing is decided here.
#![expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
#![expect(clippy::doc_markdown, reason = "these comments are the help that people read in a terminal")]

use std::path::PathBuf;

use clap::{ArgMatches, Args, FromArgMatches, Parser, Subcommand, ValueEnum};

/// Brings Compose projects up and down, and says what it will do before it does it.
#[derive(Debug, Parser)]
#[command(
    name = "hoist",
    args_override_self = true,
    disable_help_subcommand = true,
    disable_version_flag = true,
    subcommand_value_name = "COMMAND",
    after_help = "Run 'hoist COMMAND --help' for more information on a command."
)]
pub struct Cli {
    /// Flags that stand before the command.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// The command; without one the help is shown.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Flags that stand before the command (cli.md §2.1).
#[derive(Debug, Clone, Default, Args)]
pub struct GlobalArgs {
    /// Keep networks, volumes, secrets and configs that no service uses
    #[arg(long)]
    pub all_resources: bool,
    /// When to use colours and cursor movement: never, always or auto [default: auto]
    #[arg(long, value_name = "WHEN")]
    pub ansi: Option<String>,
    /// Join generated names with `_` instead of `-`
    #[arg(long)]
    pub compatibility: bool,
    /// Container engine to talk to, such as `unix:///var/run/docker.sock`
    #[arg(short = 'H', long, value_name = "ADDRESS")]
    pub host: Option<String>,
    /// Docker context to take the engine's address from
    #[arg(short = 'c', long, value_name = "NAME")]
    pub context: Option<String>,
    /// Print what would happen, and why, without doing it
    #[arg(long, global = true, display_order = 100)]
    pub dry_run: bool,
    /// Read variables from this file instead of .env
    #[arg(long, value_name = "FILE")]
    pub env_file: Vec<PathBuf>,
    /// Compose file; `-` reads standard input
    #[arg(short, long, value_name = "FILE")]
    pub file: Vec<PathBuf>,
    /// The same as `--ansi never`
    #[arg(long, hide = true)]
    pub no_ansi: bool,
    /// Maximum number of concurrent engine calls; 0 means no limit
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub parallel: Option<i64>,
    /// Profile to enable; `*` enables all
    #[arg(long, value_name = "NAME")]
    pub profile: Vec<String>,
    /// How progress is shown: auto, tty, plain, json or quiet
    #[arg(long, value_name = "MODE")]
    pub progress: Option<String>,
    /// Base directory for relative paths [default: that of the first Compose file]
    #[arg(long, value_name = "FOLDER")]
    pub project_directory: Option<PathBuf>,
    /// Name of the project [default: `name` in the files, else the folder's]
    #[arg(short, long, value_name = "NAME")]
    pub project_name: Option<String>,
    /// Show passwords and the like in plans and messages instead of •••
    #[arg(long, global = true, display_order = 100)]
    pub show_values: bool,
    /// With `plan` or `--dry-run`: print every step with what it waits for, instead of a line per resource
    #[arg(long, global = true, display_order = 100)]
    pub steps: bool,
    /// Print the version
    #[arg(short, long)]
    pub version: bool,
    /// The same as `--project-directory`
    #[arg(long, value_name = "FOLDER", hide = true)]
    pub workdir: Option<PathBuf>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print a shell's completion script
    Completion(Lazy<CompletionArgs>),
    /// Check the files and print the project as it is understood
    #[command(visible_alias = "convert")]
    Config(Lazy<ConfigArgs>),
    /// Create the containers of services without starting them
    Create(Lazy<CreateArgs>),
    /// Stop and remove containers and networks; volumes only with --volumes
    Down(Lazy<DownArgs>),
    /// Show the help of a command
    Help(Lazy<HelpArgs>),
    /// Show what containers write
    Logs(Lazy<LogsArgs>),
    /// Print what `up` would do, and why
    #[command(after_help = "Exit status: 0 when there is nothing to do, 2 when there is, 1 for an error.")]
    Plan(Lazy<PlanArgs>),
    /// List containers
    Ps(Lazy<PsArgs>),
    /// Create and start the containers of services
    Up(Lazy<UpArgs>),
    /// Print the version
    Version(Lazy<VersionArgs>),
}

/// Arguments that are defined when the command they belong to is called: defining those of all commands takes longer than
/// most of what is done with them.
#[derive(Debug)]
pub struct Lazy<T>(pub T);

impl<T: Args> Args for Lazy<T> {
    fn augment_args(command: clap::Command) -> clap::Command {
        command.defer(define::<T>)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        command.defer(T::augment_args_for_update)
    }
}

/// The arguments; what the command is about stays what its variant says.
fn define<T: Args>(command: clap::Command) -> clap::Command {
    let about = command.get_about().cloned();
    T::augment_args(command).about(about.unwrap_or_default()).long_about(None)
}

impl<T: FromArgMatches> FromArgMatches for Lazy<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        T::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.update_from_arg_matches(matches)
    }
}

/// Flags of everything that makes containers.
#[derive(Debug, Clone, Default, Args)]
pub struct ConvergeArgs {
    /// Build images that have a `build` section, even if they exist
    #[arg(long)]
    pub build: bool,
    /// Never build an image
    #[arg(long)]
    pub no_build: bool,
    /// Recreate containers even if nothing changed
    #[arg(long)]
    pub force_recreate: bool,
    /// Leave existing containers alone even if they differ
    #[arg(long)]
    pub no_recreate: bool,
    /// When to pull images: always, missing, if_not_present, never or build
    #[arg(long, value_name = "POLICY")]
    pub pull: Option<String>,
    /// Pull without showing the layers
    #[arg(long)]
    pub quiet_pull: bool,
    /// Remove containers of services that the files do not define
    #[arg(long)]
    pub remove_orphans: bool,
    /// Run NUM replicas of a service
    #[arg(long, value_name = "SERVICE=NUM")]
    pub scale: Vec<String>,
    /// Answer yes to all questions
    #[arg(short = 'y', long)]
    pub yes: bool,
}

/// Arguments of `create`.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// What decides about containers.
    #[command(flatten)]
    pub converge: ConvergeArgs,
    /// Services to create, with what they depend on [default: all]
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
}

/// The flags of `up` that decide what its plan is.
#[derive(Debug, Clone, Default, Args)]
pub struct UpPlanArgs {
    /// What decides about containers.
    #[command(flatten)]
    pub converge: ConvergeArgs,
    /// Recreate the services that the named ones depend on, too
    #[arg(long)]
    pub always_recreate_deps: bool,
    /// Leave out the services that the named ones depend on
    #[arg(long)]
    pub no_deps: bool,
    /// Create the containers without starting them
    #[arg(long)]
    pub no_start: bool,
    /// Build without showing the log
    #[arg(long)]
    pub quiet_build: bool,
    /// Give new containers empty anonymous volumes; the old volumes are kept
    #[arg(short = 'V', long)]
    pub renew_anon_volumes: bool,
    /// Seconds a container gets to stop [default: its own grace period]
    #[arg(short, long, value_name = "SECONDS", allow_hyphen_values = true)]
    pub timeout: Option<i64>,
    /// Return when all services run, or are healthy where they have a healthcheck
    #[arg(long)]
    pub wait: bool,
    /// While a service has to become healthy, run its test at once and often, instead of once an interval
    #[arg(long)]
    pub eager_health: bool,
    /// Replace the replicas of a service in turn, as its `deploy.update_config` says, each new one ready before the next
    #[arg(long)]
    pub rolling: bool,
    /// Seconds that --wait waits at most; 0 is no limit
    #[arg(long, value_name = "SECONDS", default_value_t = 0, allow_hyphen_values = true)]
    pub wait_timeout: i64,
    /// Services to bring up, with what they depend on [default: all]
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
}

/// Arguments of `up`.
#[derive(Debug, Args)]
pub struct UpArgs {
    /// What decides about the plan.
    #[command(flatten)]
    pub plan: UpPlanArgs,
    /// Return when the containers are started
    #[arg(short, long)]
    pub detach: bool,
    /// Which output is shown and what the end of a container means.
    #[command(flatten)]
    pub attach: AttachArgs,
    /// Show log lines without colours
    #[arg(long)]
    pub no_color: bool,
    /// Show log lines without the container's name
    #[arg(long)]
    pub no_log_prefix: bool,
    /// Show the time each log line came in
    #[arg(long)]
    pub timestamps: bool,
}

/// What an attached `up` shows, and when it ends.
#[derive(Debug, Default, Args)]
pub struct AttachArgs {
    /// Show the output of this service only; may be repeated
    #[arg(long, value_name = "SERVICE")]
    pub attach: Vec<String>,
    /// Show the output of what the named services depend on, too
    #[arg(long)]
    pub attach_dependencies: bool,
    /// Leave out the output of this service; may be repeated
    #[arg(long, value_name = "SERVICE")]
    pub no_attach: Vec<String>,
    /// Stop everything when a container ends
    #[arg(long)]
    pub abort_on_container_exit: bool,
    /// Stop everything when a container ends with another status than 0
    #[arg(long)]
    pub abort_on_container_failure: bool,
    /// End with the exit status of this service; stops everything when a container ends
    #[arg(long, value_name = "SERVICE")]
    pub exit_code_from: Option<String>,
}

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// What decides about the plan.
    #[command(flatten)]
    pub plan: UpPlanArgs,
    /// text for people, or json for one object with every step
    #[arg(long, value_name = "FORMAT", value_enum, hide_possible_values = true, default_value_t = PlanFormat::Text)]
    pub format: PlanFormat,
}

/// The forms a plan is printed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// A line per resource, or per step with `--steps`.
    Text,
    /// One JSON object.
    Json,
}

/// Arguments of `down`.
#[derive(Debug, Args)]
pub struct DownArgs {
    /// Remove containers of services that the files do not define
    #[arg(long)]
    pub remove_orphans: bool,
    /// Remove images: local for those built without a name of their own, or all of the services'
    #[arg(long, value_name = "WHICH")]
    pub rmi: Option<String>,
    /// Seconds a container gets to stop [default: its own grace period]
    #[arg(short, long, value_name = "SECONDS", allow_hyphen_values = true)]
    pub timeout: Option<i64>,
    /// Remove the project's named volumes and anonymous volumes, and their data
    #[arg(short = 'v', long, alias = "volume")]
    pub volumes: bool,
    /// Services to take down, with what depends on them [default: all]
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
}

/// Arguments of `ps`.
#[derive(Debug, Args)]
pub struct PsArgs {
    /// Show stopped containers and those of `run`, too
    #[arg(short, long)]
    pub all: bool,
    /// Show only what matches, such as status=running
    #[arg(long, value_name = "KEY=VALUE")]
    pub filter: Option<String>,
    /// table, json for an object per line, raw, a template, or `table` and a template [default: table]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<String>,
    /// Show ids and commands in full
    #[arg(long)]
    pub no_trunc: bool,
    /// Show containers of services that the files do not define
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = true,
          default_missing_value = "true", action = clap::ArgAction::Set)]
    pub orphans: bool,
    /// Show ids only
    #[arg(short, long)]
    pub quiet: bool,
    /// Show the names of services only
    #[arg(long)]
    pub services: bool,
    /// Show only containers in that state: paused, restarting, removing, running, dead, created or exited
    #[arg(long, value_name = "STATE")]
    pub status: Vec<String>,
    /// Services to show [default: all]
    #[arg(value_name = "SERVICE")]
    pub names: Vec<String>,
}

/// Arguments of `logs`.
#[derive(Debug, Args)]
pub struct LogsArgs {
    /// Go on showing what is written from now on
    #[arg(short, long)]
    pub follow: bool,
    /// Only the replica of that number; 0 is all
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub index: u32,
    /// Show lines without colours
    #[arg(long)]
    pub no_color: bool,
    /// Show lines without the container's name
    #[arg(long)]
    pub no_log_prefix: bool,
    /// From that time on: a time stamp, or a duration such as 42m
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Only so many lines from the end of each container's output
    #[arg(short = 'n', long, value_name = "LINES", default_value = "all", allow_hyphen_values = true)]
    pub tail: String,
    /// Show the engine's time of each line
    #[arg(short, long)]
    pub timestamps: bool,
    /// Up to that time: a time stamp, or a duration such as 42m
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Services to show [default: all]
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
}

/// Arguments of `config`.
#[derive(Debug, Clone, Default, Args)]
pub struct ConfigArgs {
    /// yaml or json [default: yaml]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<String>,
    /// Print the variables of the environment that substitution sees
    #[arg(long)]
    pub environment: bool,
    /// Print the configuration hash of services; `*` is all
    #[arg(long, value_name = "SERVICES")]
    pub hash: Option<String>,
    /// Print the names of images
    #[arg(long)]
    pub images: bool,
    /// Print images and image mounts only, with their digests
    #[arg(long)]
    pub lock_image_digests: bool,
    /// Print the names of models
    #[arg(long)]
    pub models: bool,
    /// Print the names of networks
    #[arg(long)]
    pub networks: bool,
    /// Do not check what refers to what
    #[arg(long)]
    pub no_consistency: bool,
    /// Do not read env_file, nor fill in variables without a value
    #[arg(long)]
    pub no_env_resolution: bool,
    /// Leave ${…} as written
    #[arg(long)]
    pub no_interpolate: bool,
    /// Do not add what the files leave to defaults
    #[arg(long)]
    pub no_normalize: bool,
    /// Leave relative paths as written
    #[arg(long)]
    pub no_path_resolution: bool,
    /// Show after each value where it was written
    #[arg(long)]
    pub origin: bool,
    /// Write to a file
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Print the names of profiles
    #[arg(long)]
    pub profiles: bool,
    /// Check only, print nothing
    #[arg(short, long)]
    pub quiet: bool,
    /// Pin images to their digests
    #[arg(long)]
    pub resolve_image_digests: bool,
    /// Print the names of services
    #[arg(long)]
    pub services: bool,
    /// Print the variables that the files use
    #[arg(long)]
    pub variables: bool,
    /// Print the names of volumes
    #[arg(long)]
    pub volumes: bool,
    /// Services to show, with what they depend on [default: all]
    #[arg(value_name = "SERVICE")]
    pub names: Vec<String>,
}

/// Arguments of `version`.
#[derive(Debug, Args)]
pub struct VersionArgs {
    /// pretty or json
    #[arg(short, long, value_name = "FORMAT")]
    pub format: Option<String>,
    /// Print the number only
    #[arg(long)]
    pub short: bool,
}

/// Arguments of `help`.
#[derive(Debug, Args)]
pub struct HelpArgs {
    /// The command
    #[arg(value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// Arguments of `completion`.
#[derive(Debug, Args)]
pub struct CompletionArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}
