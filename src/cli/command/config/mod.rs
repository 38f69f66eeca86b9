//! `config`: checks the files and prints the project as it is understood (cli.md §4).
#![expect(clippy::doc_markdown, reason = "these comments are the help that people read in a terminal")]

mod listing;
mod origin;
mod variables;

use std::fs;
use std::path::PathBuf;

use clap::Args;

use crate::cli::{Context, Failure, output};
use crate::load::LoadOptions;
use crate::project::canonical::{self, Form};
use crate::project::{Tree, natural_order};
use crate::yaml::{Node, Value, emit};

use listing::Listing;

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

pub(super) fn config(args: &ConfigArgs, context: &Context) -> Result<(), Failure> {
    if args.resolve_image_digests || args.lock_image_digests {
        return Failure::usage("image digests are looked up in a registry, which hoist does not do yet");
    }
    let options = load_options(args, context);
    if let Some(listing) = Listing::asked(args) {
        let loaded = output::load(&options, context)?;
        // `-q` silences only what is rendered.
        return output::print(listing.text(&loaded.project)?);
    }
    let text = if args.variables {
        variables::text(args, &options, context)?
    } else if args.environment {
        listing::environment(&output::load(&options, context)?.project)
    } else {
        render(args, &options, context)?
    };
    if args.quiet {
        return Ok(());
    }
    match &args.output {
        Some(path) => fs::write(context.working_directory.join(path), text).map_err(|error| {
            let what = format!("cannot write to `{}`", path.display());
            Failure::Unexpected(anyhow::Error::new(error).context(what))
        }),
        None => output::print(text),
    }
}

fn load_options(args: &ConfigArgs, context: &Context) -> LoadOptions {
    let mut options = context.load_options(&args.names);
    options.interpolate = !args.no_interpolate;
    // The flag of that name is a compatibility with names alone everywhere else.
    options.normalize = !args.no_normalize && !context.global.compatibility;
    options.resolve_paths = !args.no_path_resolution;
    options.check_consistency = !args.no_consistency;
    options.resolve_environment = !args.no_env_resolution;
    options
}

/// How the project is printed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Yaml,
    Json,
}

impl Format {
    fn of(args: &ConfigArgs) -> Result<Self, Failure> {
        match args.format.as_deref() {
            None | Some("yaml" | "") => Ok(Self::Yaml),
            Some("json") => Ok(Self::Json),
            Some(other) => Failure::usage(&format!("unsupported format \"{other}\"")),
        }
    }
}

fn render(args: &ConfigArgs, options: &LoadOptions, context: &Context) -> Result<String, Failure> {
    let format = Format::of(args)?;
    if args.no_interpolate {
        if !args.names.is_empty() {
            output::warn(
                "service filtering is not applied when --no-interpolate is set, the full model will be rendered",
                context,
            )?;
        }
        let tree = sorted_tree(&output::load_model(options, context)?.model);
        return Ok(written(&tree, format));
    }
    let loaded = output::load(options, context)?;
    let form = match format {
        Format::Yaml => Form::Yaml,
        Format::Json => Form::Json,
    };
    let tree = canonical::double_dollars(canonical::project(&loaded.project, form));
    if args.origin {
        return Ok(origin::text(&tree, format, &loaded, context));
    }
    Ok(written(&tree, format))
}

fn written(tree: &Tree, format: Format) -> String {
    match format {
        Format::Yaml => emit(tree, None),
        Format::Json => tree.to_json_pretty(),
    }
}

/// The model as it is, with all mappings in natural order (compose-file.md §6.4).
fn sorted_tree(node: &Node) -> Tree {
    match &node.value {
        Value::Null => Tree::Null,
        Value::Bool(on) => Tree::Bool(*on),
        Value::Int(number) => Tree::Int(*number),
        Value::Float(number) => Tree::Float(*number),
        Value::Timestamp(text) | Value::String(text) => Tree::String(text.clone()),
        Value::Sequence(items) => Tree::Sequence(items.iter().map(sorted_tree).collect()),
        Value::Mapping(mapping) => {
            let mut entries: Vec<_> =
                mapping.iter().map(|(key, value)| (key.name.clone(), sorted_tree(value))).collect();
            entries.sort_by(|(a, _), (b, _)| natural_order(a, b));
            Tree::Mapping(entries)
        }
    }
}
