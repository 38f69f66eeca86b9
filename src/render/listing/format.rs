//! The formats of `--format` and `--quiet`.

use super::template::{Template, TemplateError};

/// The format of a listing.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Format {
    /// A table with headings.
    #[default]
    Table,
    /// JSON, in the form of the listing.
    Json,
    /// The ids of the rows, one per line.
    Ids,
    /// A block of `key: value` lines for each row.
    Raw,
    /// The result of a template for each row, on its own line.
    Template(Template),
    /// A table whose columns a template separates with tabs, with the headings of its fields.
    Columns(Template),
}

/// A `--format` other than `table` and `json`, if only these are supported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("format value \"{0}\" could not be parsed: parsing failed")]
pub struct UnknownFormat(String);

impl Format {
    /// Parses `--format`: `table`, `json`, `raw`, `table TEMPLATE` or a template, in which `\t` and `\n` mean tabs and
    /// newlines.
    ///
    /// # Errors
    ///
    /// If it is an invalid template.
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

    /// Parses `--format` of commands without templates (`ls`, `images`): `table`, `pretty` or `json`.
    ///
    /// # Errors
    ///
    /// If it is another word.
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
