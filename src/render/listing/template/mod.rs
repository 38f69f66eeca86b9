//! Templates as people write them for `ps --format`: `{{.Name}}: {{upper .State}}` in, text out.
//!
//! The language is the part of Go's templates that acts on data: fields, pipelines, variables, `if`, `range`, `with` and
//! functions. What defines templates in templates (`define`, `template`, `block`) is refused by name.

mod error;
mod eval;
mod function;
mod lex;
mod parse;
mod value;

pub use error::{Purpose, TemplateError};
pub use value::Value;

use parse::Node;

/// A template that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    nodes: Vec<Node>,
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
