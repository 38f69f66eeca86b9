//! Rows as JSON: an object a line, or one array.

use std::io::{self, Write};

use super::template::Value;

/// How a listing is written as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonForm {
    /// An object a line, and nothing where there are no rows. `<`, `>` and `&` are escaped, as Docker Compose does here.
    Lines,
    /// One array on a line, `[]` where there are no rows.
    Array,
}

/// Writes the records of the rows.
pub(super) fn write(form: JsonForm, records: Vec<Value>, out: &mut impl Write) -> io::Result<()> {
    match form {
        JsonForm::Lines => records.iter().try_for_each(|record| writeln!(out, "{}", record.to_json())),
        JsonForm::Array => writeln!(out, "{}", serde_json::to_string(&Value::List(records))?),
    }
}
