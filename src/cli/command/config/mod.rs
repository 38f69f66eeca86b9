//! `config`: checks the files and prints the resolved project.

mod args;
mod digests;
mod listing;
mod origin;
mod variables;

use crate::cli::engine::with_engine;
use crate::cli::output::Remarks;
use crate::cli::{Context, Failure, output};
use crate::load::{LoadOptions, Loaded, Purpose};
use crate::project::canonical::{self, Form};
use crate::project::{Tree, natural_order};
use crate::yaml::{Node, Value, emit};

pub(crate) use args::ConfigArgs;

use args::Format;
use listing::Listing;

pub(super) fn config(args: &ConfigArgs, context: &Context) -> Result<(), Failure> {
    let mut options = load_options(args, context);
    if let Some(listing) = Listing::asked(args) {
        if listing.ignores_names() {
            options.services.clear();
        }
        let loaded = output::load(&options, Remarks::All, context)?;
        // `-q` silences only what is rendered.
        return output::print(listing.text(&loaded.project)?);
    }
    let text = if args.variables {
        variables::text(args, &options, context)?
    } else if args.environment {
        listing::environment(&output::load(&options, Remarks::All, context)?.project).into_bytes()
    } else {
        render(args, &options, context)?.into_bytes()
    };
    // Docker Compose prints the variables despite `-q`.
    if args.quiet && !args.variables {
        return Ok(());
    }
    output::write(text, args.output.as_deref(), context)
}

fn load_options(args: &ConfigArgs, context: &Context) -> LoadOptions {
    let mut options = context.load_options(&args.names);
    options.interpolate = !args.no_interpolate;
    // Everywhere else `--compatibility` affects names only.
    options.normalize = !args.no_normalize && !context.global.compatibility;
    options.resolve_paths = !args.no_path_resolution;
    options.check_consistency = !args.no_consistency;
    options.resolve_environment = !args.no_env_resolution;
    options.purpose = Purpose::Show;
    options
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
        let load = || Ok(sorted_tree(&output::load_model(options, context)?.model));
        if !args.asks_registries() {
            return Ok(written(&load()?, format));
        }
        return with_engine(context, load, async |tree, engine| {
            Ok(written(&digests::pin(tree, format, args, &engine, context).await?, format))
        });
    }
    let form = match format {
        Format::Yaml => Form::Yaml,
        Format::Json => Form::Json,
    };
    let printed = |loaded: &Loaded| canonical::double_dollars(canonical::project(&loaded.project, form));
    if !args.asks_registries() {
        let loaded = output::load(options, Remarks::All, context)?;
        if args.quiet {
            return Ok(String::new());
        }
        let tree = printed(&loaded);
        let text = rendered(&tree, args, format, &loaded, context);
        // Nothing but the output comes after this, and to free all values one by one would take a tenth of the time.
        std::mem::forget((tree, loaded));
        return Ok(text);
    }
    with_engine(
        context,
        || output::load(options, Remarks::All, context),
        async |loaded, engine| {
            let tree = digests::pin(printed(&loaded), format, args, &engine, context).await?;
            Ok(rendered(&tree, args, format, &loaded, context))
        },
    )
}

fn rendered(tree: &Tree, args: &ConfigArgs, format: Format, loaded: &Loaded, context: &Context) -> String {
    if args.origin { origin::text(tree, format, loaded, context) } else { written(tree, format) }
}

fn written(tree: &Tree, format: Format) -> String {
    match format {
        Format::Yaml => emit(tree, None),
        Format::Json => tree.to_json_pretty(),
    }
}

/// The model as loaded, with all mappings in natural order.
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
