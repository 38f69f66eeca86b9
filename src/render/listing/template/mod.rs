//! Templates as people write them for `ps --format`: `{{.Name}}: {{upper .State}}` in, text out.
//!
//! The language is the part of Go's templates that acts on data: fields, pipelines, variables, `if`, `range`, `with` and
//! functions. What defines templates in templates (`define`, `template`, `block`) is refused by name.

mod eval;
mod function;
mod lex;
mod parse;
mod value;

pub use value::Value;

use parse::Node;

/// A template that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    nodes: Vec<Node>,
}

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
    message: String,
}

impl TemplateError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    ///
    /// Where it is not one, or uses what is not supported, which is then named.
    ///
    /// ```
    /// use hoist::render::listing::template::Template;
    ///
    /// assert!(Template::parse("{{.Name}} is {{upper .State}}").is_ok());
    /// assert!(Template::parse("{{.Name").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        Ok(Self { nodes: parse::parse(lex::lex(text)?)? })
    }

    /// The text for `data`.
    ///
    /// # Errors
    ///
    /// Where the template asks for a field that the data does not have, or for what a function cannot do.
    pub fn render(&self, data: &Value, purpose: Purpose) -> Result<String, TemplateError> {
        eval::render(&self.nodes, data, purpose)
    }
}

#[cfg(test)]
mod tests;
