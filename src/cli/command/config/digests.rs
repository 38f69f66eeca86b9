//! `--resolve-image-digests` and `--lock-image-digests`: image references with the digests that registries have for
//! them.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{self, StreamExt, TryStreamExt};

use super::args::{ConfigArgs, Format};
use crate::cli::{Context, Failure, output};
use crate::engine::{Engine, EngineError};
use crate::project::Tree;
use crate::project::value::ImageRef;

/// How many digests are looked up at a time.
const AT_A_TIME: usize = 8;

/// Pins the images in a project as it is printed, and leaves out all the rest with `--lock-image-digests`.
///
/// # Errors
///
/// If the engine or a registry does not answer, or does not have an image.
pub(super) async fn pin<E: Engine>(
    tree: Tree,
    format: Format,
    args: &ConfigArgs,
    engine: &E,
    context: &Context,
) -> Result<Tree, Failure> {
    let mut tree = tree;
    let mut references = BTreeSet::new();
    images(&mut tree, &mut |image| {
        references.insert(image.clone());
    });
    let pinned = stream::iter(references).map(|image| pinned(image, engine)).buffered(AT_A_TIME);
    let pinned: BTreeMap<String, String> = pinned.try_collect().await?;
    images(&mut tree, &mut |image| image.clone_from(&pinned[image]));
    if !args.lock_image_digests {
        return Ok(tree);
    }
    for service in with_hook_images(&tree) {
        let message = format!(
            "service \"{service}\": pre_start hook images are not pinned in the override file produced by \
             --lock-image-digests, use the full --resolve-image-digests output to pin them"
        );
        output::warn(&message, context)?;
    }
    Ok(locked(tree, format, args))
}

/// A reference, and the same with its digest. One that has a digest stays as it is.
async fn pinned<E: Engine>(image: String, engine: &E) -> Result<(String, String), Failure> {
    let failed = |image: &str, why: &str| EngineError::Failed(format!("failed to resolve digest for {image}: {why}"));
    let reference: ImageRef = image.parse().map_err(|_| failed(&image, "invalid reference format"))?;
    if reference.digest.is_some() {
        return Ok((image.clone(), image));
    }
    let full = reference.to_string();
    let digest = engine.registry_digest(full.clone()).await.map_err(|error| {
        let is_about_the_engine = matches!(error, EngineError::Unreachable { .. } | EngineError::Configuration(_));
        if is_about_the_engine { error } else { failed(&full, &error.to_string()) }
    })?;
    Ok((image, format!("{full}@{digest}")))
}

/// Calls `with` for each image of a service, of its `pre_start` hooks and of its mounts. A mount of another service's
/// image has no reference of its own.
fn images(tree: &mut Tree, with: &mut impl FnMut(&mut String)) {
    let Some(Tree::Mapping(services)) = entry(tree, "services") else { return };
    let names: BTreeSet<_> = services.iter().map(|(name, _)| name.clone()).collect();
    for (_, service) in services {
        if let Some(Tree::String(image)) = entry(service, "image") {
            with(image);
        }
        if let Some(Tree::Sequence(hooks)) = entry(service, "pre_start") {
            for hook in hooks {
                if let Some(Tree::String(image)) = entry(hook, "image") {
                    with(image);
                }
            }
        }
        if let Some(Tree::Sequence(mounts)) = entry(service, "volumes") {
            for mount in mounts.iter_mut().filter(|mount| is_image(mount)) {
                if let Some(Tree::String(source)) = entry(mount, "source").filter(|it| !is_among(&names, it)) {
                    with(source);
                }
            }
        }
    }
}

fn is_among(names: &BTreeSet<String>, source: &Tree) -> bool {
    matches!(source, Tree::String(source) if names.contains(source))
}

fn is_image(mount: &Tree) -> bool {
    let Tree::Mapping(fields) = mount else { return false };
    fields.iter().any(|(key, value)| key == "type" && *value == Tree::from("image"))
}

fn entry<'a>(tree: &'a mut Tree, key: &str) -> Option<&'a mut Tree> {
    let Tree::Mapping(entries) = tree else { return None };
    entries.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value)
}

/// The services with hooks that run in an image.
fn with_hook_images(tree: &Tree) -> Vec<String> {
    let field = |tree: &Tree, key: &str| {
        let Tree::Mapping(entries) = tree else { return None };
        entries.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone())
    };
    let Some(Tree::Mapping(services)) = field(tree, "services") else { return Vec::new() };
    let has_images = |service: &Tree| {
        let Some(Tree::Sequence(hooks)) = field(service, "pre_start") else { return false };
        hooks.iter().any(|hook| field(hook, "image").is_some())
    };
    services.into_iter().filter(|(_, service)| has_images(service)).map(|(name, _)| name).collect()
}

/// A file that pins the images of another: the services, with their images and image mounts alone. As JSON, it has
/// what Docker Compose never leaves out.
fn locked(mut tree: Tree, format: Format, args: &ConfigArgs) -> Tree {
    let Some(Tree::Mapping(services)) = entry(&mut tree, "services").map(|it| std::mem::replace(it, Tree::Null)) else {
        return Tree::Mapping(Vec::new());
    };
    let services = services.into_iter().map(|(name, service)| (name, locked_service(service, format))).collect();
    let name = (format == Format::Json && !args.no_interpolate).then(|| ("name".to_owned(), Tree::from("")));
    let services = ("services".to_owned(), Tree::Mapping(services));
    Tree::Mapping(name.into_iter().chain([services]).collect())
}

fn locked_service(service: Tree, format: Format) -> Tree {
    let Tree::Mapping(fields) = service else { return service };
    let fields = fields.into_iter().filter_map(|(key, value)| {
        let value = match (key.as_str(), value) {
            ("image", value) => value,
            ("command" | "entrypoint", _) if format == Format::Json => Tree::Null,
            ("volumes", Tree::Sequence(mounts)) => {
                let mounts: Vec<_> = mounts.into_iter().filter(is_image).collect();
                if mounts.is_empty() {
                    return None;
                }
                Tree::Sequence(mounts)
            }
            _ => return None,
        };
        Some((key, value))
    });
    Tree::Mapping(fields.collect())
}
