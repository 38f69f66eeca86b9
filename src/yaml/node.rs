//! The tree that parsing creates and loading works on: plain values, each with the place where it was written.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::source::Span;

/// A value in a YAML document and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it was written. A value that hoist adds has the span of what it was derived from.
    pub span: Span,
    /// Its `!reset` or `!override` tag, if any.
    pub tag: Option<MergeTag>,
}

/// The value of a node. Plain scalars are resolved as in YAML 1.2 with some rules of 1.1, as in Docker Compose.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Empty, `~`, `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A whole number that fits 64 bits.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A date or time in a plain scalar; as the text it has in an environment.
    Timestamp(String),
    /// Text.
    String(String),
    /// A list.
    Sequence(Vec<Node>),
    /// A mapping.
    Mapping(Mapping),
}

/// Compose's own tags (Compose spec: `13-merge.md`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergeTag {
    /// Removes the path from the layer below.
    Reset,
    /// Replaces the lower value instead of being merged.
    Override,
}

/// The key of an entry and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The text.
    pub name: String,
    /// Where it was written.
    pub span: Span,
}

/// Entries in the order they were written, keys unique.
#[derive(Debug, Default)]
pub struct Mapping {
    entries: Vec<(Key, Node)>,
    /// The position of each key. Built for large mappings on first use, dropped when positions change.
    #[expect(clippy::box_collection, reason = "a node is moved often, and few mappings have an index")]
    index: OnceLock<Box<HashMap<String, usize>>>,
}

/// A mapping with more entries than this gets an index.
const INDEXED_FROM: usize = 16;

impl Node {
    /// A node without a tag.
    #[must_use]
    pub fn new(value: Value, span: Span) -> Self {
        Self { value, span, tag: None }
    }

    /// Text at `span`.
    #[must_use]
    pub fn string(text: impl Into<String>, span: Span) -> Self {
        Self::new(Value::String(text.into()), span)
    }

    /// The mapping, if it is one.
    #[must_use]
    pub fn as_mapping(&self) -> Option<&Mapping> {
        if let Value::Mapping(mapping) = &self.value { Some(mapping) } else { None }
    }

    /// The mapping, if it is one.
    pub fn as_mapping_mut(&mut self) -> Option<&mut Mapping> {
        if let Value::Mapping(mapping) = &mut self.value { Some(mapping) } else { None }
    }

    /// The items, if it is a list.
    #[must_use]
    pub fn as_sequence(&self) -> Option<&[Node]> {
        if let Value::Sequence(items) = &self.value { Some(items) } else { None }
    }

    /// The items, if it is a list.
    pub fn as_sequence_mut(&mut self) -> Option<&mut Vec<Node>> {
        if let Value::Sequence(items) = &mut self.value { Some(items) } else { None }
    }

    /// The text, if it is text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Value::String(text) = &self.value { Some(text) } else { None }
    }

    /// Whether it is null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.value == Value::Null
    }

    /// A text that is equal for two nodes with the same values, regardless of places and the order of keys.
    ///
    /// ```
    /// use hoist::source::SourceMap;
    ///
    /// let mut sources = SourceMap::default();
    /// let file = sources.add("compose.yaml", "[{a: 1, b: [x]}, {b: [x], a: 1}, {a: '1', b: [x]}]");
    /// let parsed = hoist::yaml::parse(&sources, file);
    /// let items = parsed.documents[0].as_sequence().ok_or("a list")?;
    /// assert_eq!(items[0].fingerprint(), items[1].fingerprint());
    /// assert_ne!(items[0].fingerprint(), items[2].fingerprint(), "a number is no text");
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn fingerprint(&self) -> String {
        match &self.value {
            Value::Mapping(mapping) => {
                let entry = |(key, value): &(Key, Self)| format!("{:?}:{}", key.name, value.fingerprint());
                let mut entries: Vec<_> = mapping.iter().map(entry).collect();
                entries.sort_unstable();
                format!("{{{}}}", entries.join(","))
            }
            Value::Sequence(items) => {
                format!("[{}]", items.iter().map(Self::fingerprint).collect::<Vec<_>>().join(","))
            }
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Timestamp(_) | Value::String(_) => {
                format!("{:?}", self.value)
            }
        }
    }

    /// The value of `key`, if this is a mapping that contains it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_mapping()?.get(key)
    }
}

impl Value {
    /// Whether two values differ at first sight. Values that do not may differ still.
    #[must_use]
    pub(crate) fn surely_differs(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::String(one), Self::String(other)) => one != other,
            (Self::Int(one), Self::Int(other)) => one != other,
            (Self::Mapping(one), Self::Mapping(other)) => {
                let differs = |(key, node): &(Key, Node)| {
                    other.get(&key.name).is_none_or(|other| node.value.surely_differs(&other.value))
                };
                one.len() != other.len() || one.iter().any(differs)
            }
            (Self::String(_) | Self::Mapping(_), Self::Int(_))
            | (Self::Int(_) | Self::Mapping(_), Self::String(_))
            | (Self::Int(_) | Self::String(_), Self::Mapping(_)) => true,
            _ => false,
        }
    }

    /// Its kind for a message: `a list`, `a string`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Int(_) | Self::Float(_) => "a number",
            Self::Timestamp(_) => "a date",
            Self::String(_) => "a string",
            Self::Sequence(_) => "a list",
            Self::Mapping(_) => "a mapping",
        }
    }
}

impl Mapping {
    /// An empty mapping.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, node)| node)
    }

    /// The value of `key`.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        let at = self.position(key)?;
        Some(&mut self.entries[at].1)
    }

    /// Key and value of `key`.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&(Key, Node)> {
        self.position(key).map(|at| &self.entries[at])
    }

    fn position(&self, key: &str) -> Option<usize> {
        if self.entries.len() <= INDEXED_FROM {
            return self.entries.iter().position(|(name, _)| name.name == key);
        }
        let index = self.index.get_or_init(|| {
            Box::new(self.entries.iter().enumerate().map(|(at, (name, _))| (name.name.clone(), at)).collect())
        });
        index.get(key).copied()
    }

    /// Whether there is an entry for `key`.
    #[must_use]
    pub fn contains(&self, key: &str) -> bool {
        self.entry(key).is_some()
    }

    /// Sets the value of `key`: in place if the key exists, else at the end. Returns the old value.
    pub fn insert(&mut self, key: Key, node: Node) -> Option<Node> {
        if let Some(slot) = self.get_mut(&key.name) {
            return Some(std::mem::replace(slot, node));
        }
        self.push(key, node);
        None
    }

    /// Adds an entry at the end whose key the mapping does not have.
    pub(super) fn push(&mut self, key: Key, node: Node) {
        if let Some(index) = self.index.get_mut() {
            index.insert(key.name.clone(), self.entries.len());
        }
        self.entries.push((key, node));
    }

    /// Removes the entry of `key`.
    pub fn remove(&mut self, key: &str) -> Option<Node> {
        let at = self.position(key)?;
        self.index.take();
        Some(self.entries.remove(at).1)
    }

    /// The entries in order.
    pub fn iter(&self) -> std::slice::Iter<'_, (Key, Node)> {
        self.entries.iter()
    }

    /// The entries in order.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, (Key, Node)> {
        self.index.take();
        self.entries.iter_mut()
    }

    /// The values in order, mutable; keys are not.
    pub fn values_mut(&mut self) -> impl Iterator<Item = (&Key, &mut Node)> {
        self.entries.iter_mut().map(|(key, node)| (&*key, node))
    }

    /// Keeps the entries for which `keep` is true.
    pub fn retain(&mut self, mut keep: impl FnMut(&Key, &mut Node) -> bool) {
        self.index.take();
        self.entries.retain_mut(|(key, node)| keep(key, node));
    }

    /// The keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(key, _)| key.name.as_str())
    }
}

impl Clone for Mapping {
    fn clone(&self) -> Self {
        Self { entries: self.entries.clone(), index: OnceLock::new() }
    }
}

impl PartialEq for Mapping {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl IntoIterator for Mapping {
    type Item = (Key, Node);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<'a> IntoIterator for &'a Mapping {
    type Item = &'a (Key, Node);
    type IntoIter = std::slice::Iter<'a, (Key, Node)>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a> IntoIterator for &'a mut Mapping {
    type Item = &'a mut (Key, Node);
    type IntoIter = std::slice::IterMut<'a, (Key, Node)>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

impl FromIterator<(Key, Node)> for Mapping {
    /// A later entry replaces an earlier one with the same key, at the earlier one's position.
    fn from_iter<I: IntoIterator<Item = (Key, Node)>>(entries: I) -> Self {
        let mut mapping = Self::new();
        for (key, node) in entries {
            mapping.insert(key, node);
        }
        mapping
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceMap;

    #[test]
    fn large_mappings_find_their_keys_after_every_change() {
        let span = Span::new(SourceMap::default().add("f", ""), 0, 0);
        let key = |number: usize| Key { name: format!("k{number}"), span };
        let mut mapping: Mapping = (0..40).map(|number| (key(number), Node::new(Value::Int(1), span))).collect();
        assert!(mapping.contains("k39") && !mapping.contains("k40"));
        mapping.insert(key(40), Node::new(Value::Int(2), span));
        assert_eq!(mapping.get("k40").map(|node| &node.value), Some(&Value::Int(2)));
        assert!(mapping.remove("k0").is_some());
        assert_eq!(mapping.entry("k40").map(|(key, _)| key.name.as_str()), Some("k40"));
        for (key, _) in &mut mapping {
            key.name.push('x');
        }
        assert!(mapping.contains("k40x") && !mapping.contains("k40"));
        mapping.retain(|key, _| key.name != "k1x");
        assert!(!mapping.contains("k1x"));
        assert_eq!(mapping.len(), 39);
    }
}
