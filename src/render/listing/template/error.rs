//! The purpose of a template, and its errors.

/// Whether a template renders the rows of a table or their headings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Purpose {
    /// It shows data: unknown fields are errors.
    #[default]
    Row,
    /// It shows the names of columns: functions do not change them, and fields without a name are `<no value>`.
    Heading,
}

/// Why a template is invalid or cannot be rendered.
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
