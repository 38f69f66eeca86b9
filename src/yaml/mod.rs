//! YAML text in, a [`Node`] tree with positions out; and back.

mod conflict;
mod emit;
mod error;
mod ignored_tag;
mod merge_key;
mod node;
mod parse;
mod patch;
mod path;
mod scalar;
mod syntax;
mod timestamp;

pub use emit::{Comments, emit};
pub use error::YamlError;
pub use ignored_tag::IgnoredTag;
pub use node::{Key, Mapping, MergeTag, Node, Value};
pub use parse::{Limits, Parsed, parse, parse_within};
pub use path::{Path, Segment};
pub(crate) use scalar::resolve;
pub use scalar::text;

/// The document in a valid text, for tests.
#[cfg(test)]
pub(crate) fn document(text: &str) -> (Node, crate::source::SourceMap) {
    let mut sources = crate::source::SourceMap::default();
    let file = sources.add("compose.yaml", text);
    let parsed = parse(&sources, file);
    assert_eq!(parsed.errors, [], "{text}");
    (parsed.documents.into_iter().next().expect("a document"), sources)
}
