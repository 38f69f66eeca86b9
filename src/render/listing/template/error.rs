//! What a template is for, and why it says nothing.

/// Whether a template makes the rows of a table or the heading above them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Purpose {
    /// It shows data: fields that are not there are mistakes.
    #[default]
    Row,
    /// It shows the names of columns: functions leave those as they are, and what has no name is `<no value>`.
    Heading,
}

/// Why a template says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("template parsing error: {message}")]
pub struct TemplateError {
    pub(super) message: String,
}

impl TemplateError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}
