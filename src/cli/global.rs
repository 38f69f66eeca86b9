//! The global flags, which stand before the command.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};

/// The global flags, which stand before the command.
#[derive(Debug, Clone, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub struct GlobalArgs {
    /// Keep networks, volumes, secrets and configs that no service uses
    #[arg(long)]
    pub all_resources: bool,
    /// When to use colours and move the cursor: never, always or auto [default: auto]
    #[arg(long, value_name = "WHEN")]
    pub ansi: Option<String>,
    /// Join generated names with `_` instead of `-`
    #[arg(long)]
    pub compatibility: bool,
    /// Address of the container engine, such as `unix:///var/run/docker.sock`
    #[arg(short = 'H', long, value_name = "ADDRESS")]
    pub host: Option<String>,
    /// Docker context that selects the engine
    #[arg(short = 'c', long, value_name = "NAME")]
    pub context: Option<String>,
    /// Print what would be done, and why, without doing it
    #[arg(long, global = true, display_order = 100)]
    pub dry_run: bool,
    /// Read variables from this file instead of .env; may be repeated
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub env_file: Vec<PathBuf>,
    /// Compose file, or `-` for standard input; may be repeated
    #[arg(short, long, value_name = "FILE", value_parser = path())]
    pub file: Vec<PathBuf>,
    /// Accepted for compatibility; Compose files cannot be read from a registry yet
    #[arg(long, value_name = "REGISTRY", hide = true)]
    pub insecure_registry: Vec<String>,
    /// Same as --ansi never
    #[arg(long, hide = true)]
    pub no_ansi: bool,
    /// Maximum number of parallel engine calls; 0 means no limit
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub parallel: Option<i64>,
    /// Profile to enable, or `*` for all; may be repeated
    #[arg(long, value_name = "NAME")]
    pub profile: Vec<String>,
    /// How to show progress: auto, tty, plain, json or quiet
    #[arg(long, value_name = "MODE")]
    pub progress: Option<String>,
    /// Base directory for relative paths [default: directory of the first Compose file]
    #[arg(long, value_name = "FOLDER", value_parser = path())]
    pub project_directory: Option<PathBuf>,
    /// Project name [default: `name` in the files, else the name of the directory]
    #[arg(short, long, value_name = "NAME")]
    pub project_name: Option<String>,
    /// Show secrets in plans and messages instead of •••
    #[arg(long, global = true, display_order = 100)]
    pub show_values: bool,
    /// With `plan` or --dry-run, print every step and the steps it waits for instead of one line per resource
    #[arg(long, global = true, display_order = 100)]
    pub steps: bool,
    /// Accepted for compatibility; hoist keeps no log
    #[arg(long, hide = true)]
    pub verbose: bool,
    /// Print the version
    #[arg(short, long)]
    pub version: bool,
    /// Same as --project-directory
    #[arg(long, value_name = "FOLDER", value_parser = path(), hide = true)]
    pub workdir: Option<PathBuf>,
}

/// A path that may be empty, which clap's own parser rejects.
fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}
