//! Rows with their fields in, a listing out: a table, JSON, ids, or the result of a template.
//!
//! A listing command has a type for its rows and one [`Listing`], which is data: its fields and columns are in the
//! command's own file of `render/`, such as `ps.rs`. Every `--format` works for all of them.

mod cell;
mod format;
mod json;
mod table;
pub mod template;

use std::collections::BTreeMap;
use std::io::{self, Write};

pub use cell::Truncate;
pub(super) use cell::{age, cut, joined, labels};
pub use format::{Format, UnknownFormat};
pub use json::JsonForm;
pub(super) use table::{Layout, write as write_table};

use crate::diagnostic::visible::{Colors, visible};
use template::{Purpose, Template, TemplateError, Value};

/// Describes a listing of rows of type `R`; `S` has what it depends on besides, such as the time or the project's name.
#[derive(Debug)]
pub struct Listing<R: 'static, S: 'static> {
    /// The fields of a row, in the order of the JSON.
    pub fields: &'static [Field<R, S>],
    /// The columns of the default table.
    pub columns: &'static [Column<R>],
    /// The id of a row (`--quiet`, [`JsonForm::ById`]). Each is shown only once.
    pub id: fn(&R, &S) -> String,
    /// The lines of a row in the format `raw`: the word before the colon, and the field after it. If empty, `raw` is an
    /// ordinary template.
    pub raw: &'static [(&'static str, &'static str)],
    /// The form of JSON.
    pub json: JsonForm,
    /// Minimum width of a table column, including the spaces after it.
    pub narrowest: usize,
}

/// A field of a row.
#[derive(Debug)]
pub struct Field<R, S> {
    /// Its name in JSON and in templates.
    name: &'static str,
    heading: Heading,
    value: fn(&R, &S) -> Value,
    cell: Option<fn(&R, &S) -> String>,
}

/// The heading of a column that shows a field by a template.
#[derive(Debug, Clone, Copy)]
enum Heading {
    Text(&'static str),
    /// The name that a template looks up, such as a label.
    Key,
    /// `<no value>`.
    Missing,
}

impl<R, S> Field<R, S> {
    /// A field with a heading.
    #[must_use]
    pub const fn new(name: &'static str, heading: &'static str, value: fn(&R, &S) -> Value) -> Self {
        Self { name, heading: Heading::Text(heading), value, cell: None }
    }

    /// A field that is not for tables.
    #[must_use]
    pub const fn without_heading(name: &'static str, value: fn(&R, &S) -> Value) -> Self {
        Self { name, heading: Heading::Missing, value, cell: None }
    }

    /// Texts that templates look up by name: a [`Value::Lookup`]. They are not in the JSON.
    #[must_use]
    pub const fn lookup(name: &'static str, value: fn(&R, &S) -> Value) -> Self {
        Self { name, heading: Heading::Key, value, cell: None }
    }

    /// The field with a different text in tables than in JSON and templates.
    #[must_use]
    pub const fn shown_as(self, cell: fn(&R, &S) -> String) -> Self {
        Self { cell: Some(cell), ..self }
    }

    fn cell(&self, row: &R, settings: &S) -> String {
        self.cell.map_or_else(|| (self.value)(row, settings).to_string(), |cell| cell(row, settings))
    }
}

/// A column of a table.
#[derive(Debug)]
pub struct Column<R> {
    field: &'static str,
    only_with: Option<fn(&R) -> bool>,
}

impl<R> Column<R> {
    /// The column of a field.
    #[must_use]
    pub const fn of(field: &'static str) -> Self {
        Self { field, only_with: None }
    }

    /// The column of a field that is only shown if some row has something to show in it.
    #[must_use]
    pub const fn if_any(field: &'static str, has: fn(&R) -> bool) -> Self {
        Self { field, only_with: Some(has) }
    }
}

/// Why there is no listing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListingError {
    /// The template uses an unknown field or an invalid argument.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// It could not be written.
    #[error("cannot write the listing")]
    Write(#[from] io::Error),
}

impl<R, S> Listing<R, S> {
    /// Writes `rows`, in their order.
    ///
    /// # Errors
    ///
    /// If writing to `out` fails, or a template uses an unknown field.
    pub fn write(&self, rows: &[&R], format: &Format, settings: &S, out: &mut impl Write) -> Result<(), ListingError> {
        let records = || rows.iter().map(|row| self.record(row, settings));
        match format {
            Format::Table => table::write(&self.table(rows, settings), self.layout(), out)?,
            Format::Json => {
                let rows = rows.iter().map(|row| ((self.id)(row, settings), self.record(row, settings)));
                json::write(self.json, &rows.collect::<Vec<_>>(), out)?;
            }
            Format::Ids => self.write_ids(rows, settings, out)?,
            Format::Raw if self.raw.is_empty() => rows.iter().try_for_each(|_| writeln!(out, "raw"))?,
            Format::Raw => rows.iter().try_for_each(|row| self.write_raw(row, settings, out))?,
            Format::Template(template) => {
                // Write nothing if one of them fails.
                let lines = rendered(template, records())?;
                lines.iter().try_for_each(|line| writeln!(out, "{line}"))?;
            }
            Format::Columns(template) => {
                let heading = template.render(&self.headings(), Purpose::Heading)?;
                let lines = rendered(template, records())?;
                let cells = |line: &str| line.split('\t').map(str::to_owned).collect::<Vec<_>>();
                let table: Vec<_> =
                    std::iter::once(&heading).chain(&lines).flat_map(|text| text.split('\n').map(cells)).collect();
                table::write(&table, self.layout(), out)?;
            }
        }
        Ok(())
    }

    fn layout(&self) -> Layout {
        Layout { narrowest: self.narrowest, ..Layout::default() }
    }

    /// The record of a row for JSON and templates.
    fn record(&self, row: &R, settings: &S) -> Value {
        Value::Record(self.fields.iter().map(|field| (field.name, (field.value)(row, settings))).collect())
    }

    /// The headings for a template.
    fn headings(&self) -> Value {
        let heading = |field: &Field<R, S>| match field.heading {
            Heading::Text(text) => Some((field.name, Value::from(text))),
            Heading::Key => Some((field.name, Value::Lookup(BTreeMap::new()))),
            Heading::Missing => None,
        };
        Value::Record(self.fields.iter().filter_map(heading).collect())
    }

    fn table(&self, rows: &[&R], settings: &S) -> Vec<Vec<String>> {
        let is_shown = |column: &&Column<R>| column.only_with.is_none_or(|has| rows.iter().any(|row| has(row)));
        let fields: Vec<_> =
            self.columns.iter().filter(is_shown).filter_map(|column| self.field(column.field)).collect();
        let heading = fields.iter().map(|field| match field.heading {
            Heading::Text(text) => text.to_owned(),
            Heading::Key | Heading::Missing => field.name.to_uppercase(),
        });
        let cells = |row: &&R| fields.iter().map(|field| field.cell(row, settings)).collect();
        std::iter::once(heading.collect()).chain(rows.iter().map(cells)).collect()
    }

    fn field(&self, name: &str) -> Option<&Field<R, S>> {
        let found = self.fields.iter().find(|field| field.name == name);
        debug_assert!(found.is_some(), "a listing has no field {name}");
        found
    }

    fn write_ids(&self, rows: &[&R], settings: &S, out: &mut impl Write) -> io::Result<()> {
        let mut ids: Vec<String> = Vec::new();
        for row in rows {
            let id = (self.id)(row, settings);
            if !ids.contains(&id) {
                writeln!(out, "{}", visible(&id, Colors::Shown))?;
                ids.push(id);
            }
        }
        Ok(())
    }

    fn write_raw(&self, row: &R, settings: &S, out: &mut impl Write) -> io::Result<()> {
        for (key, field) in self.raw {
            let value = self.field(field).map(|field| (field.value)(row, settings).to_string()).unwrap_or_default();
            let space = if value.is_empty() { "" } else { " " };
            writeln!(out, "{key}:{space}{}", visible(&value, Colors::Shown))?;
        }
        writeln!(out)
    }
}

/// The text of each record.
fn rendered(template: &Template, records: impl Iterator<Item = Value>) -> Result<Vec<String>, TemplateError> {
    records.map(|record| template.render(&record, Purpose::Row)).collect()
}

#[cfg(test)]
mod tests;
