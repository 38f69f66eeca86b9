//! What `--format` and `--quiet` ask for.

use super::template::{Template, TemplateError};

/// The form of a listing.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Format {
    /// A table with headings.
    #[default]
    Table,
    /// JSON, as the listing has it.
    Json,
    /// What identifies the rows, one a line.
    Ids,
    /// A block of `key: value` lines for each row.
    Raw,
    /// What a template makes of each row, on a line of its own.
    Template(Template),
    /// A table whose columns a template separates by tabs, with the heading that belongs to its fields.
    Columns(Template),
}

/// A `--format` that is neither `table` nor `json`, where there are no others.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("format value \"{0}\" could not be parsed: parsing failed")]
pub struct UnknownFormat(String);

impl Format {
    /// The form that `--format` asks for: `table`, `json`, `raw`, `table TEMPLATE` or a template, in which `\t` and `\n`
    /// stand for tabs and newlines.
    ///
    /// # Errors
    ///
    /// Where it is a template that cannot be read.
    ///
    /// ```
    /// use hoist::render::listing::Format;
    ///
    /// assert_eq!(Format::parse("json"), Ok(Format::Json));
    /// assert!(Format::parse(r"table {{.Name}}\t{{.Status}}").is_ok());
    /// assert!(Format::parse("{{.Name").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        match text {
            "" | "table" => return Ok(Self::Table),
            "json" => return Ok(Self::Json),
            "raw" => return Ok(Self::Raw),
            _ => {}
        }
        let template = |text: &str| Template::parse(&text.trim_matches(' ').replace("\\t", "\t").replace("\\n", "\n"));
        match text.strip_prefix("table") {
            Some(columns) => template(columns).map(Self::Columns),
            None => template(text).map(Self::Template),
        }
    }

    /// The form that `--format` asks for where there are no templates (`ls`, `images`): `table`, `pretty` or `json`.
    ///
    /// # Errors
    ///
    /// Where it is another word.
    ///
    /// ```
    /// use hoist::render::listing::Format;
    ///
    /// assert_eq!(Format::parse_word("JSON"), Ok(Format::Json));
    /// assert!(Format::parse_word("{{.Name}}").is_err());
    /// ```
    pub fn parse_word(word: &str) -> Result<Self, UnknownFormat> {
        match word.to_lowercase().as_str() {
            "" | "table" | "pretty" => Ok(Self::Table),
            "json" => Ok(Self::Json),
            _ => Err(UnknownFormat(word.to_owned())),
        }
    }
}
