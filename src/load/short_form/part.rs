//! What the short forms have in common: an entry made of a part of the text, and a text that is none.

use crate::source::Span;
use crate::yaml::{Key, Node};

/// What is wrong with a text, and an accepted one.
pub(super) struct Unread {
    pub problem: String,
    pub hint: Option<String>,
}

/// An entry with a text that was read from `span`.
pub(super) fn entry(key: &str, text: &str, span: Span) -> (Key, Node) {
    (Key { name: key.to_owned(), span }, Node::string(text, span))
}
