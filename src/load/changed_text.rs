//! Values that do not come out as written where text is expected.

use crate::diagnostic::Explain;
use crate::source::Span;

/// A number, date or boolean where text is expected, which does not come out as written.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("`{written}` becomes `{becomes}` in `{path}`")]
pub struct ChangedText {
    /// Dotted path of the value.
    pub path: String,
    /// As written in the file.
    pub written: String,
    /// What it becomes.
    pub becomes: String,
    /// Where it is in the file.
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
