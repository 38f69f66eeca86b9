//! Values in places for text that do not come out as written.

use crate::diagnostic::Explain;
use crate::source::Span;

/// A number, date or boolean in a place for text, which is not what was written.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("`{written}` becomes `{becomes}` in `{path}`")]
pub struct ChangedText {
    /// Dotted path of the value.
    pub path: String,
    /// As it stands in the file.
    pub written: String,
    /// As it comes out.
    pub becomes: String,
    /// Where it stands.
    pub span: Span,
}

impl Explain for ChangedText {
    fn span(&self) -> Option<Span> {
        Some(self.span)
    }

    fn hint(&self) -> Option<String> {
        Some(format!("put it in quotes to keep it: \"{}\"", self.written))
    }
}
