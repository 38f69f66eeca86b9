//! The arguments of `config`.
#![expect(clippy::doc_markdown, reason = "these comments are the help that people read in a terminal")]

use std::path::PathBuf;

use clap::Args;

use crate::cli::Failure;

/// Arguments of `config`.
#[derive(Debug, Clone, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub(crate) struct ConfigArgs {
    /// yaml or json [default: yaml]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<String>,
    /// Print the variables of the environment that substitution sees
    #[arg(long)]
    pub(crate) environment: bool,
    /// Print the configuration hash of services; `*` is all
    #[arg(long, value_name = "SERVICES")]
    pub(crate) hash: Option<String>,
    /// Print the names of images
    #[arg(long)]
    pub(crate) images: bool,
    /// Print images and image mounts only, with their digests
    #[arg(long)]
    pub(crate) lock_image_digests: bool,
    /// Print the names of models
    #[arg(long)]
    pub(crate) models: bool,
    /// Print the names of networks
    #[arg(long)]
    pub(crate) networks: bool,
    /// Do not check what refers to what
    #[arg(long)]
    pub(crate) no_consistency: bool,
    /// Do not read env_file, nor fill in variables without a value
    #[arg(long)]
    pub(crate) no_env_resolution: bool,
    /// Leave ${…} as written
    #[arg(long)]
    pub(crate) no_interpolate: bool,
    /// Do not add what the files leave to defaults
    #[arg(long)]
    pub(crate) no_normalize: bool,
    /// Leave relative paths as written
    #[arg(long)]
    pub(crate) no_path_resolution: bool,
    /// Show after each value where it was written
    #[arg(long)]
    pub(crate) origin: bool,
    /// Write to a file
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Print the names of profiles
    #[arg(long)]
    pub(crate) profiles: bool,
    /// Check only, print nothing
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Pin images to their digests
    #[arg(long)]
    pub(crate) resolve_image_digests: bool,
    /// Print the names of services
    #[arg(long)]
    pub(crate) services: bool,
    /// Print the variables that the files use
    #[arg(long)]
    pub(crate) variables: bool,
    /// Print the names of volumes
    #[arg(long)]
    pub(crate) volumes: bool,
    /// Services to show, with what they depend on [default: all]
    #[arg(value_name = "SERVICE")]
    pub(crate) names: Vec<String>,
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
