//! The text of a scalar, as used in an environment or a label.

use crate::source::{SourceMap, Span};
pub(super) use crate::yaml::text;
use crate::yaml::{self, Value};

/// The text of a scalar as written: `1.10` for the number 1.1. For a value from an alias or a variable it is the
/// value's own text.
pub(super) fn written(value: &Value, span: Span, sources: &SourceMap) -> String {
    let written = sources.text(span);
    if !written.is_empty() && yaml::resolve(written) == *value {
        return written.to_owned();
    }
    text(value).unwrap_or_default()
}
