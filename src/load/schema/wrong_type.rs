//! A value of the wrong type in, what to write instead out.

use super::shape::{Keys, Map, Names, Scalars, Shape};
use super::table;
use crate::diagnostic::redact::is_secret;
use crate::load::list_item::instead_of_mapping;
use crate::load::node_path::NodePath;
use crate::source::SourceMap;
use crate::yaml::{Node, Value};

/// A value of the wrong type.
pub(super) struct WrongType<'a> {
    pub node: &'a Node,
    /// A scalar as written.
    pub written: &'a str,
    /// What is accepted instead.
    pub shape: &'a Shape,
    pub node_path: NodePath<'a>,
    pub sources: &'a SourceMap,
}

impl WrongType<'_> {
    /// What to write instead.
    pub(super) fn hint(&self) -> Option<String> {
        let instead = self.shape.instead.filter(|_| scalar_text(self.node).is_some());
        if let Some(hint) = instead.and_then(|instead| instead(self.written)) {
            return Some(hint);
        }
        if let Some(advice) = self.shape.advice {
            return Some(advice.to_owned());
        }
        match &self.node.value {
            Value::Mapping(_) => self.instead_of_mapping(),
            Value::Sequence(items) => self.instead_of_list(items),
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Timestamp(_) | Value::String(_) => {
                self.instead_of_scalar()
            }
        }
    }

    fn instead_of_scalar(&self) -> Option<String> {
        let Self { shape, written, .. } = *self;
        if let Some(entry) = with_blank(written).filter(|_| shape.map.is_some()) {
            let (key, _) = entry.split_once(':').unwrap_or((&entry, ""));
            return Some(match shape.map {
                Some(Map::Free { value, .. }) if value.scalars == Scalars::NONE => {
                    format!("write `{key}:`, with the keys of `{key}` below it")
                }
                _ => format!("add a space after the colon: `{entry}`"),
            });
        }
        if let Some(item) = glued_item(written).filter(|_| shape.list.is_some()) {
            return Some(format!("add a space after the dash: `- {item}`"));
        }
        if let Some((mark, item)) = typographic_item(written).filter(|_| shape.list.is_some()) {
            return Some(format!("`{mark}` does not start a list item in YAML: write a dash, `- {item}`"));
        }
        if shape.scalars == Scalars::BOOL {
            return boolean(written).map(|word| format!("write `{word}`"));
        }
        if !matches!(self.node.value, Value::String(_)) && self.only_text() {
            return Some(format!("put it in quotes: `\"{written}\"`"));
        }
        if shape.list.is_some() && has_own_keys(shape) {
            return Some("write `NAME: value` lines below it, or a list of `NAME=value`".to_owned());
        }
        if shape.list.is_some() {
            let items: Vec<String> = written.split(", ").map(|item| format!("\"{}\"", item.trim())).collect();
            let items = if written.chars().count() > 80 { "\"…\"".to_owned() } else { items.join(", ") };
            return self.node_path.last_key().map(|key| format!("write it as a list: `{key}: [{items}]`"));
        }
        self.example()
    }

    fn instead_of_mapping(&self) -> Option<String> {
        if self.shape.list.is_some() && self.shape.map.is_none() {
            return Some(if self.in_brackets() {
                "use a list, such as `[…]`".to_owned()
            } else {
                "start each item with `- `".to_owned()
            });
        }
        if let NodePath::Index(list, _) = self.node_path
            && self.only_text()
        {
            return instead_of_mapping(self.node, list.last_key().unwrap_or_default());
        }
        self.example()
    }

    fn instead_of_list(&self, items: &[Node]) -> Option<String> {
        if self.shape.map.is_none() {
            return (self.shape.list.is_none()).then(|| {
                "write a single value, without brackets or dashes; quote a string that contains brackets".to_owned()
            });
        }
        let first = items.first()?;
        let has_free_names = matches!(self.shape.map, Some(Map::Free { .. }));
        if let Some(entries) = first.as_mapping().filter(|entries| has_free_names && entries.iter().count() > 1) {
            let name = entries.iter().find(|(key, _)| key.name == "name").and_then(|(_, value)| scalar_text(value));
            return Some(match name {
                Some(name) => {
                    format!("names are keys here: write `{name}:` instead of `- name: {name}`, and the rest below it")
                }
                None => {
                    "names are keys here: write a name and a colon on a line of its own instead of the dash".to_owned()
                }
            });
        }
        if let Some((key, value)) = first.as_mapping().and_then(|first| first.iter().next()) {
            let value = scalar_text(value).map(|text| self.as_written(value, text)).filter(|_| !is_secret(&key.name));
            let entry = value.map_or_else(|| format!("{}:", key.name), |value| format!("{}: {value}", key.name));
            return Some(if self.in_brackets() {
                format!("use braces instead of brackets: `{{{entry} …}}`")
            } else {
                format!("names are keys here: write `{entry}`, with a space instead of the dash")
            });
        }
        let names = first.as_str().filter(|_| matches!(self.shape.map, Some(Map::Free { .. })));
        let Some(name) = names else { return Some(self.example().unwrap_or_else(|| self.brackets_or_dashes())) };
        let (entry, what) = match name.split_once('=') {
            Some((name, value)) => (format!("{name}: {value}"), "names are keys here"),
            None => (format!("{name}:"), "names are keys here"),
        };
        let key = self.node_path.last_key().unwrap_or_default();
        let content = match (&self.node_path, key) {
            (NodePath::Key(NodePath::Top, _), "secrets") => ", with `file: …` or `environment: …` below it",
            (NodePath::Key(NodePath::Top, _), "configs") => ", with `file: …` or `content: …` below it",
            (NodePath::Key(NodePath::Top, _), "models") => ", with `model: …` below it",
            (NodePath::Key(NodePath::Top, _), "services") => ", with `image: …` or `build: …` below it",
            _ => "",
        };
        Some(if self.in_brackets() && content.is_empty() {
            let entry = if entry.ends_with(':') { format!("{entry} {{}}") } else { entry };
            format!("{what}: write `{key}: {{{entry}}}`")
        } else if self.in_brackets() {
            format!("{what}: write `{entry}` on a line of its own{content}")
        } else {
            format!("{what}: write `{entry}` instead of `- {name}`{content}")
        })
    }

    /// A scalar as the file has it, with its quotes: `* * * * *` needs them. Its `text` if it takes several lines.
    fn as_written(&self, scalar: &Node, text: String) -> String {
        let written = self.sources.text(scalar.span).trim();
        if written.is_empty() || written.contains('\n') { text } else { written.to_owned() }
    }

    fn brackets_or_dashes(&self) -> String {
        if self.in_brackets() {
            "use a mapping, such as `{NAME: …}`".to_owned()
        } else {
            "write `NAME: …` lines without the `-`".to_owned()
        }
    }

    fn example(&self) -> Option<String> {
        example(self.shape).map(|example| format!("write for example `{example}`"))
    }

    fn in_brackets(&self) -> bool {
        self.sources.text(self.node.span).starts_with(['{', '['])
    }

    fn only_text(&self) -> bool {
        self.shape.scalars == Scalars::STRING || self.shape.scalars == Scalars::STRING.and(Scalars::NULL)
    }
}

/// The text of a scalar that is not blank.
fn scalar_text(node: &Node) -> Option<String> {
    if node.is_null() { None } else { crate::load::scalar::text(&node.value) }
}

/// An example where a mapping with known keys is expected.
pub(super) fn example(shape: &Shape) -> Option<&'static str> {
    let Some(Map::Fixed(keys)) = &shape.map else { return None };
    table::EXAMPLES.iter().find(|(what, _)| *what == keys.what).map(|(_, example)| *example)
}

/// An example for the missing key.
pub(super) fn example_of(keys: &Keys, key: &str) -> Option<&'static str> {
    table::REQUIRED_EXAMPLES.iter().find(|(what, name, _)| *what == keys.what && *name == key).map(|example| example.2)
}

/// Whether it is a mapping of arbitrary names, like `environment`.
fn has_own_keys(shape: &Shape) -> bool {
    matches!(shape.map, Some(Map::Free { names: Names::NonEmpty | Names::Any, .. }))
}

/// `key: value` for `key:value`, unless that is a URL or a sentence.
fn with_blank(text: &str) -> Option<String> {
    let is_key = |key: &str| {
        !key.is_empty() && key.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.'))
    };
    // Several such lines are one text.
    let (key, value) = text.split_whitespace().next()?.split_once(':')?;
    let is_entry = is_key(key) && !key.starts_with('-') && !value.starts_with('/') && !value.is_empty();
    is_entry.then(|| format!("{key}: {}", if is_secret(key) { "…" } else { value }))
}

/// The boolean that a word means in other formats.
fn boolean(written: &str) -> Option<bool> {
    match written.trim_matches(['"', '\'']).to_ascii_lowercase().as_str() {
        "yes" | "y" | "on" | "true" | "1" => Some(true),
        "no" | "n" | "off" | "false" | "0" => Some(false),
        _ => None,
    }
}

/// The mark and the text of `– item` or `• item`: the first of them, if there are several.
fn typographic_item(text: &str) -> Option<(char, &str)> {
    let mark = text.chars().next().filter(|mark| matches!(mark, '–' | '—' | '−' | '•' | '·' | '●'))?;
    let item = text[mark.len_utf8()..].strip_prefix(' ')?;
    let end = item.find(&format!(" {mark} ")).unwrap_or(item.len());
    let item = item[..end].trim();
    (!item.is_empty()).then_some((mark, item))
}

/// `item` of `-item`, which is not a list item without the space.
fn glued_item(text: &str) -> Option<&str> {
    let item = text.strip_prefix('-')?.split(" -").next()?.trim_end();
    (!item.is_empty() && !item.starts_with([' ', '-'])).then_some(item)
}
