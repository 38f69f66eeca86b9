//! The tree that `config` prints and the configuration hash digests: untyped values in their final layout.

use std::fmt::Write as _;

use super::number;

/// A value in its final layout. Mappings keep the order in which they were built.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    /// Nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A 64-bit float.
    Float(f64),
    /// A 32-bit float, printed with just enough digits.
    Float32(f32),
    /// Text.
    String(String),
    /// A list.
    Sequence(Vec<Tree>),
    /// Keys and values, each key once.
    Mapping(Vec<(String, Tree)>),
}

impl Tree {
    /// Compact JSON: the form that is hashed.
    ///
    /// `<`, `>`, `&` and the two line separators of Unicode are escaped, as Docker Compose does.
    ///
    /// ```
    /// use hoist::project::Tree;
    /// let tree = Tree::Mapping(vec![("command".into(), Tree::Null), ("image".into(), Tree::from("a<b"))]);
    /// assert_eq!(tree.to_json_compact(), r#"{"command":null,"image":"a\u003cb"}"#);
    /// ```
    #[must_use]
    pub fn to_json_compact(&self) -> String {
        let mut out = String::new();
        write_json(self, None, 0, &mut out);
        out
    }

    /// Pretty-printed JSON: indented by two spaces, without a line break at the end.
    #[must_use]
    pub fn to_json_pretty(&self) -> String {
        let mut out = String::new();
        write_json(self, Some(2), 0, &mut out);
        out
    }

    /// Whether this is an empty list or mapping.
    #[must_use]
    pub fn is_empty_collection(&self) -> bool {
        match self {
            Self::Sequence(items) => items.is_empty(),
            Self::Mapping(entries) => entries.is_empty(),
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Float(_) | Self::Float32(_) | Self::String(_) => false,
        }
    }
}

impl From<&str> for Tree {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Tree {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<bool> for Tree {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Tree {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

fn write_json(tree: &Tree, indent: Option<usize>, depth: usize, out: &mut String) {
    match tree {
        Tree::Null => out.push_str("null"),
        Tree::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Tree::Int(value) => {
            let _ = write!(out, "{value}");
        }
        Tree::Float(value) => out.push_str(&number::json(*value)),
        Tree::Float32(value) => out.push_str(&number::json32(*value)),
        Tree::String(text) => write_json_string(text, out),
        Tree::Sequence(items) if items.is_empty() => out.push_str("[]"),
        Tree::Sequence(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                separate(at, indent, depth + 1, out);
                write_json(item, indent, depth + 1, out);
            }
            new_line(indent, depth, out);
            out.push(']');
        }
        Tree::Mapping(entries) if entries.is_empty() => out.push_str("{}"),
        Tree::Mapping(entries) => {
            out.push('{');
            for (at, (key, value)) in entries.iter().enumerate() {
                separate(at, indent, depth + 1, out);
                write_json_string(key, out);
                out.push_str(if indent.is_some() { ": " } else { ":" });
                write_json(value, indent, depth + 1, out);
            }
            new_line(indent, depth, out);
            out.push('}');
        }
    }
}

fn separate(at: usize, indent: Option<usize>, depth: usize, out: &mut String) {
    if at > 0 {
        out.push(',');
    }
    new_line(indent, depth, out);
}

fn new_line(indent: Option<usize>, depth: usize, out: &mut String) {
    if let Some(indent) = indent {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', indent * depth));
    }
}

fn write_json_string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Tree {
        Tree::Mapping(vec![
            ("a".into(), Tree::Sequence(vec![Tree::Int(1), Tree::Float(0.5), Tree::Null])),
            ("b".into(), Tree::Mapping(vec![])),
            ("c".into(), Tree::from("<&>\u{2028}\n\u{1}\"\\")),
            ("d".into(), Tree::Sequence(vec![])),
        ])
    }

    #[test]
    fn compact_json_has_no_blanks() {
        assert_eq!(
            sample().to_json_compact(),
            r#"{"a":[1,0.5,null],"b":{},"c":"\u003c\u0026\u003e\u2028\n\u0001\"\\","d":[]}"#
        );
    }

    #[test]
    fn pretty_json_is_indented_by_two() {
        assert_eq!(
            sample().to_json_pretty(),
            "{\n  \"a\": [\n    1,\n    0.5,\n    null\n  ],\n  \"b\": {},\n  \
             \"c\": \"\\u003c\\u0026\\u003e\\u2028\\n\\u0001\\\"\\\\\",\n  \"d\": []\n}"
        );
    }
}
