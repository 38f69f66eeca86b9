//! The text of a scalar, as it reaches an environment or a label (compose-file.md §1.2).

use crate::project::number;
use crate::yaml::Value;

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
