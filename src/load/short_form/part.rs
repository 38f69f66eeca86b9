//! What the short forms share: an entry made from a part of the text, and the error for an invalid text.

use crate::source::Span;
use crate::yaml::{Key, Node};

/// What is wrong with a text, and an accepted example.
pub(super) struct Unread {
    pub problem: String,
    pub hint: Option<String>,
}

/// An entry with a text from `span`.
pub(super) fn entry(key: &str, text: &str, span: Span) -> (Key, Node) {
    (Key { name: key.to_owned(), span }, Node::string(text, span))
}
