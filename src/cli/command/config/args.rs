//! The arguments of `config`.
#![expect(clippy::doc_markdown, reason = "these comments are the help that people read in a terminal")]

use std::path::PathBuf;

use clap::Args;

use crate::cli::Failure;

/// Arguments of `config`.
#[derive(Debug, Clone, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub(crate) struct ConfigArgs {
    /// Output format: yaml or json [default: yaml]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<String>,
    /// Print the environment used for interpolation
    #[arg(long)]
    pub(crate) environment: bool,
    /// Print the configuration hash of the given services, or `*` for all
    #[arg(long, value_name = "SERVICES")]
    pub(crate) hash: Option<String>,
    /// Print image names
    #[arg(long)]
    pub(crate) images: bool,
    /// Print only images and image mounts, with their digests
    #[arg(long)]
    pub(crate) lock_image_digests: bool,
    /// Print model names
    #[arg(long)]
    pub(crate) models: bool,
    /// Print network names
    #[arg(long)]
    pub(crate) networks: bool,
    /// Skip consistency checks
    #[arg(long)]
    pub(crate) no_consistency: bool,
    /// Do not read env_file or resolve variables without a value
    #[arg(long)]
    pub(crate) no_env_resolution: bool,
    /// Do not interpolate variables
    #[arg(long)]
    pub(crate) no_interpolate: bool,
    /// Do not add defaults
    #[arg(long)]
    pub(crate) no_normalize: bool,
    /// Do not resolve relative paths
    #[arg(long)]
    pub(crate) no_path_resolution: bool,
    /// Show where each value comes from
    #[arg(long)]
    pub(crate) origin: bool,
    /// Write to a file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Print profile names
    #[arg(long)]
    pub(crate) profiles: bool,
    /// Only check the files, print nothing
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Pin images to their digests
    #[arg(long)]
    pub(crate) resolve_image_digests: bool,
    /// Print service names
    #[arg(long)]
    pub(crate) services: bool,
    /// Print the variables used in the files
    #[arg(long)]
    pub(crate) variables: bool,
    /// Print volume names
    #[arg(long)]
    pub(crate) volumes: bool,
    /// Services to show, with their dependencies [default: all]
    #[arg(value_name = "SERVICE")]
    pub(crate) names: Vec<String>,
}

impl ConfigArgs {
    /// Whether the digests of images are looked up in their registries.
    pub(super) fn asks_registries(&self) -> bool {
        self.resolve_image_digests || self.lock_image_digests
    }
}

/// How the project is printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Yaml,
    Json,
}

impl Format {
    pub(super) fn of(args: &ConfigArgs) -> Result<Self, Failure> {
        match args.format.as_deref() {
            None | Some("yaml" | "") => Ok(Self::Yaml),
            Some("json") => Ok(Self::Json),
            Some(other) => Failure::usage(&format!("unsupported format \"{other}\"")),
        }
    }
}
