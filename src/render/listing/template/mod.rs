//! Templates, as for `ps --format`: `{{.Name}}: {{upper .State}}` in, text out.
//!
//! The language is the part of Go's templates that works on data: fields, pipelines, variables, `if`, `range`, `with`
//! and functions. Nested templates (`define`, `template`, `block`) are refused by name.

mod error;
mod eval;
mod function;
mod lex;
mod parse;
mod value;

pub use error::{Purpose, TemplateError};
pub use value::Value;

use parse::Node;

/// A parsed template.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    nodes: Vec<Node>,
}

impl Template {
    /// Parses a template.
    ///
    /// # Errors
    ///
    /// If it is invalid, or uses something that is not supported, which is then named.
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
    /// If the template uses an unknown field or a function fails.
    pub fn render(&self, data: &Value, purpose: Purpose) -> Result<String, TemplateError> {
        eval::render(&self.nodes, data, purpose)
    }
}

#[cfg(test)]
mod tests;
