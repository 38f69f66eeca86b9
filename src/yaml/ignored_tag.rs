//! Tags of other tools.

use crate::source::Span;

/// A tag without a meaning, at its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoredTag {
    /// The tag, with its mark.
    pub tag: String,
    /// The value, if it is a single one.
    pub value: Option<String>,
    /// Where the tag is.
    pub span: Span,
}

/// The tag with this suffix before the value at byte `start` of `text`, or at it: its text, and where it begins.
pub(super) fn locate(text: &str, suffix: &str, start: usize) -> Option<(String, usize)> {
    let tag = format!("!{suffix}");
    if text[start..].starts_with(&tag) {
        return Some((tag, start));
    }
    // At most an anchor and a line break are between them.
    let at = text[..start].rfind(&tag).filter(|at| text[*at..start].matches('\n').count() < 2)?;
    Some((tag, at))
}
