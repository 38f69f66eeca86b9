//! The value of `<<` in, the mappings that it adds out.

use super::{Mapping, Node, Value, syntax};

/// Why a value cannot be merged.
pub(super) struct Unmergeable {
    /// What it is.
    pub kind: String,
    /// Whether it is a list of `NAME=value`.
    pub assignments: bool,
    /// Which item of the list cannot be merged, and what it is.
    pub item: (usize, &'static str),
}

/// The mappings that a value of `<<` stands for.
pub(super) fn merge_sources(value: Value) -> Result<Vec<Mapping>, Unmergeable> {
    match value {
        Value::Mapping(mapping) => Ok(vec![mapping]),
        Value::Sequence(items) => {
            if let Some(item) = items.iter().position(|item| item.as_mapping().is_none()) {
                let is_assignment = |item: &Node| item.as_str().is_some_and(|text| text.contains('='));
                let kind = if items.iter().all(|item| item.as_str().is_some()) {
                    "a list of strings".to_owned()
                } else {
                    format!("a list with {} in it", items[item].value.kind())
                };
                return Err(Unmergeable {
                    kind,
                    assignments: items.iter().all(is_assignment),
                    item: (item, items[item].value.kind()),
                });
            }
            let mapping = |item| if let Value::Mapping(mapping) = item { Some(mapping) } else { None };
            Ok(items.into_iter().filter_map(|item| mapping(item.value)).collect())
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Timestamp(_) | Value::String(_) => {
            Err(Unmergeable { kind: value.kind().to_owned(), assignments: false, item: (0, value.kind()) })
        }
    }
}

/// The alias at `item` in a value of `<<` such as `[*a, *b]` or `*a`.
pub(super) fn alias_at(written: &str, item: usize) -> Option<&str> {
    let alias = match written.strip_prefix('[') {
        Some(items) => items.trim_end_matches(']').split(',').nth(item)?.trim(),
        None => written,
    };
    alias.starts_with('*').then_some(alias)
}

/// The value of a key that ends at byte `end` of `text`, as written on its line; empty if it begins on another line.
pub(super) fn value_after(text: &str, end: usize) -> &str {
    let line = text[end..].lines().next().unwrap_or_default();
    let Some(value) = line.trim_start().strip_prefix(':') else { return "" };
    let value = value.trim_start();
    let end = if value.starts_with(['[', '{']) {
        syntax::closed_length(value).unwrap_or(value.len())
    } else {
        value.find([' ', ',', '}', ']']).unwrap_or(value.len())
    };
    value[..end].trim_end()
}

#[cfg(test)]
mod tests {
    use super::value_after;

    #[test]
    fn a_value_ends_before_a_comment_or_a_bracket() {
        for (text, value) in [
            ("<<: *a # all", "*a"),
            ("<<: [*a, *b] # all", "[*a, *b]"),
            ("<<: *a, x: 1}", "*a"),
            ("<<:\n  *a", ""),
            ("<<", ""),
        ] {
            assert_eq!(value_after(text, 2), value, "{text}");
        }
    }
}
