//! The text of a scalar, as used in an environment or a label.

use crate::project::number;
use crate::source::{SourceMap, Span};
use crate::yaml::{self, Value};

/// The text of a scalar; `None` for null, lists and mappings.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Int(number) => Some(number.to_string()),
        Value::Float(number) => Some(number::text(*number)),
        Value::Timestamp(text) | Value::String(text) => Some(text.clone()),
        Value::Null | Value::Sequence(_) | Value::Mapping(_) => None,
    }
}

/// The text of a scalar as written: `1.10` for the number 1.1. For a value from an alias or a variable it is the
/// value's own text.
pub(super) fn written(value: &Value, span: Span, sources: &SourceMap) -> String {
    let written = sources.text(span);
    if !written.is_empty() && yaml::resolve(written) == *value {
        return written.to_owned();
    }
    text(value).unwrap_or_default()
}
