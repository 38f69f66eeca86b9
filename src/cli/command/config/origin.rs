//! `config --origin`: every value with the place where it was written.

use std::path::Path as FilePath;

use super::args::Format;
use crate::cli::Context;
use crate::load::Loaded;
use crate::project::Tree;
use crate::yaml::{Path, Segment, emit};

/// The origin shown for a value that is in no file.
const DEFAULT: &str = "default";

pub(super) fn text(tree: &Tree, format: Format, loaded: &Loaded, context: &Context) -> String {
    let origin = |path: &Path| place(path, loaded, &context.working_directory);
    match format {
        Format::Yaml => emit(tree, Some(&|path| Some(origin(path)))),
        Format::Json => with_origins(tree, &Path::root(), &origin).to_json_pretty(),
    }
}

/// `file:line:col` of the value at `path`, with the file relative to the current directory.
fn place(path: &Path, loaded: &Loaded, current: &FilePath) -> String {
    let keys: Vec<String> = path
        .segments()
        .iter()
        .map(|segment| match segment {
            Segment::Key(key) => key.clone(),
            Segment::Index(index) => index.to_string(),
        })
        .collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let Some(span) = loaded.project.origins.span(&keys) else { return DEFAULT.to_owned() };
    let position = loaded.sources.position(span);
    let file = loaded.sources.file(span.file).path();
    let file = file.strip_prefix(current).unwrap_or(file);
    format!("{}:{}:{}", file.display(), position.line, position.column)
}

/// Each scalar becomes `{value, origin}`.
fn with_origins(tree: &Tree, path: &Path, origin: &dyn Fn(&Path) -> String) -> Tree {
    match tree {
        Tree::Mapping(entries) => Tree::Mapping(
            entries.iter().map(|(key, value)| (key.clone(), with_origins(value, &path.key(key), origin))).collect(),
        ),
        Tree::Sequence(items) => Tree::Sequence(
            items.iter().enumerate().map(|(at, item)| with_origins(item, &path.index(at), origin)).collect(),
        ),
        Tree::Null | Tree::Bool(_) | Tree::Int(_) | Tree::Float(_) | Tree::Float32(_) | Tree::String(_) => {
            Tree::Mapping(vec![("value".to_owned(), tree.clone()), ("origin".to_owned(), Tree::String(origin(path)))])
        }
    }
}
