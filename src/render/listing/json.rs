//! Rows as JSON: one object per line, one array, or one object with a member per row.

use std::io::{self, Write};

use serde::ser::{SerializeMap as _, Serializer as _};
use serde_json::ser::{PrettyFormatter, Serializer};

use super::template::Value;

/// The JSON form of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonForm {
    /// One object per line; nothing if there are no rows. `<`, `>` and `&` are escaped, as in Docker Compose.
    Lines,
    /// One array on a line; `[]` if there are no rows.
    Array,
    /// One array on a line, then an empty line; `null` if there are no rows: what Docker Compose prints for `images`.
    ArrayOrNull,
    /// One indented object with the rows by id, then an empty line.
    ById,
}

/// Writes the records of rows, given with their ids.
pub(super) fn write(form: JsonForm, rows: &[(String, Value)], out: &mut impl Write) -> io::Result<()> {
    let is_empty = rows.is_empty();
    let mut records = rows.iter().map(|(_, record)| record);
    match form {
        JsonForm::Lines => records.try_for_each(|record| writeln!(out, "{}", record.to_json())),
        JsonForm::ArrayOrNull if is_empty => writeln!(out, "null\n"),
        JsonForm::ArrayOrNull => writeln!(out, "{}\n", array(records)?),
        JsonForm::Array => writeln!(out, "{}", array(records)?),
        JsonForm::ById => writeln!(out, "{}\n", by_id(rows)?),
    }
}

fn array<'a>(records: impl Iterator<Item = &'a Value>) -> io::Result<String> {
    Ok(serde_json::to_string(&records.collect::<Vec<_>>())?)
}

fn by_id(rows: &[(String, Value)]) -> io::Result<String> {
    let mut text = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut text, PrettyFormatter::with_indent(b"    "));
    let mut object = serializer.serialize_map(Some(rows.len()))?;
    for (id, record) in rows {
        object.serialize_entry(id, record)?;
    }
    object.end()?;
    String::from_utf8(text).map_err(io::Error::other)
}
