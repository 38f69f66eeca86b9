//! A list item that swallows the next one: YAML reads a dash that is indented deeper than the one above as text.

use crate::source::{SourceMap, Span};
use crate::yaml::Node;

/// The line in `item` that looks like an item of its own.
pub(super) fn inner_item(item: &Node, sources: &SourceMap) -> Option<Span> {
    let text = sources.text(item.span);
    if text.starts_with(['"', '\'', '|', '>', '{', '[']) {
        return None;
    }
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim();
        if start > 0 && content.starts_with("- ") {
            let at = start + line.find('-')?;
            return Some(item.span.slice(at, at + content.len()));
        }
        start += line.len();
    }
    None
}
