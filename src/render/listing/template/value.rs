//! The values of templates.

use std::collections::BTreeMap;
use std::fmt;

use serde::ser::{Serialize, SerializeMap, Serializer};

/// A value in a template.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// No value: shown as `<no value>`, and left out of records in JSON.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Number(i64),
    /// Text.
    Text(String),
    /// A list of values.
    List(Vec<Value>),
    /// Values by name, in display order.
    Record(Vec<(&'static str, Value)>),
    /// Texts by name that are not part of the data itself, but are looked up.
    Lookup(BTreeMap<String, String>),
}

impl Value {
    /// Whether it counts as true: empty, zero and no value do not.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(truth) => *truth,
            Self::Number(number) => *number != 0,
            Self::Text(text) => !text.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Record(_) => true,
            Self::Lookup(texts) => !texts.is_empty(),
        }
    }

    /// Its kind, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "a list",
            Self::Record(_) => "a record",
            Self::Lookup(_) => "a lookup",
        }
    }

    /// The value as JSON, with HTML characters escaped.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "it cannot happen")]
    pub fn to_json(&self) -> String {
        let text = serde_json::to_string(self).expect("texts, numbers and lists of them can always be written");
        crate::render::text::escape_html(&text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// The text that a template shows: lists and records in brackets and braces, as Go's templates print them.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn joined<'a>(f: &mut fmt::Formatter<'_>, items: impl Iterator<Item = &'a Value>) -> fmt::Result {
            for (at, item) in items.enumerate() {
                let space = if at > 0 { " " } else { "" };
                write!(f, "{space}{item}")?;
            }
            Ok(())
        }
        match self {
            Self::Null => f.write_str("<no value>"),
            Self::Bool(truth) => write!(f, "{truth}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
            Self::List(items) => {
                f.write_str("[")?;
                joined(f, items.iter())?;
                f.write_str("]")
            }
            Self::Record(members) => {
                f.write_str("{")?;
                joined(f, members.iter().map(|(_, value)| value))?;
                f.write_str("}")
            }
            Self::Lookup(_) => f.write_str("<lookup>"),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(truth) => serializer.serialize_bool(*truth),
            Self::Number(number) => serializer.serialize_i64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Record(members) => {
                let mut map = serializer.serialize_map(None)?;
                for (name, value) in members {
                    // Values that are looked up by name are not part of the data.
                    if !matches!(value, Self::Lookup(_) | Self::Null) {
                        map.serialize_entry(name, value)?;
                    }
                }
                map.end()
            }
            Self::Lookup(texts) => serializer.collect_map(texts),
        }
    }
}
