//! Walks down a tree and turns entries into fields, keeping track of the current path and of errors.

use std::collections::BTreeMap;

use super::error::{DecodeError, DecodeProblem, DecodeWarning};
use crate::project::Extensions;
use crate::source::{SourceMap, Span};
use crate::yaml::{Key, Mapping, Node, Path, Segment, Value};

/// A key and its value.
pub(super) type Entry = (Key, Node);

/// Takes one entry of a mapping into `T`.
pub(super) type Field<T> = fn(&mut Decoder<'_>, &mut T, Entry);

/// Walks down the tree and collects errors.
pub(super) struct Decoder<'a> {
    pub sources: &'a SourceMap,
    /// The path of the value being read.
    pub path: Vec<Segment>,
    pub errors: Vec<DecodeError>,
    pub warnings: Vec<DecodeWarning>,
}

impl Decoder<'_> {
    /// The path of the value being read, in dotted form.
    pub(super) fn path(&self) -> String {
        self.path.iter().fold(Path::root(), |path, segment| path.then(segment.clone())).to_string()
    }

    pub(super) fn refuse(&mut self, span: Span, problem: impl Into<DecodeProblem>) {
        let path = self.path();
        self.errors.push(DecodeError { path, span, problem: problem.into() });
    }

    pub(super) fn refuse_kind(&mut self, node: &Node, expected: &'static str) {
        self.refuse(node.span, DecodeProblem::Kind { expected, found: node.value.kind() });
    }

    /// Reads the value of an entry, with the entry's key in the path.
    pub(super) fn under<R>(&mut self, (key, node): Entry, read: impl FnOnce(&mut Self, Node) -> R) -> R {
        self.named(key, |d| read(d, node)).1
    }

    /// The entries of a mapping; null means none.
    pub(super) fn mapping(&mut self, node: Node) -> Option<Mapping> {
        match node.value {
            Value::Mapping(mapping) => Some(mapping),
            Value::Null => None,
            _ => {
                self.refuse_kind(&node, "a mapping");
                None
            }
        }
    }

    /// The items of a list; null means none.
    pub(super) fn sequence(&mut self, node: Node) -> Vec<Node> {
        match node.value {
            Value::Sequence(items) => items,
            Value::Null => Vec::new(),
            _ => {
                self.refuse_kind(&node, "a list");
                Vec::new()
            }
        }
    }

    /// Reads a mapping field by field.
    pub(super) fn fill<T: Default>(&mut self, node: Node, field: Field<T>) -> T {
        let mut filled = T::default();
        for entry in self.mapping(node).into_iter().flatten() {
            field(self, &mut filled, entry);
        }
        filled
    }

    /// A block, unless it is null.
    pub(super) fn block<T: Default>(&mut self, entry: Entry, field: Field<T>) -> Option<T> {
        if entry.1.is_null() {
            return None;
        }
        Some(self.under(entry, |d, node| d.fill(node, field)))
    }

    /// A list; items for which `item` returns `None` are left out.
    pub(super) fn list<T>(&mut self, entry: Entry, mut item: impl FnMut(&mut Self, Node) -> Option<T>) -> Vec<T> {
        self.under(entry, |d, node| {
            let mut items = Vec::new();
            for (at, node) in d.sequence(node).into_iter().enumerate() {
                d.path.push(Segment::Index(at));
                items.extend(item(d, node));
                d.path.pop();
            }
            items
        })
    }

    /// A list of blocks.
    pub(super) fn blocks<T: Default>(&mut self, entry: Entry, field: Field<T>) -> Vec<T> {
        self.list(entry, |d, node| Some(d.fill(node, field)))
    }

    /// A mapping whose keys the user chose.
    pub(super) fn map<K: From<String> + Ord, T>(
        &mut self,
        entry: Entry,
        read: impl Fn(&mut Self, Node) -> T,
    ) -> BTreeMap<K, T> {
        self.under(entry, |d, node| {
            // Not `collect`, which would sort the values first: services are large.
            let mut values = BTreeMap::new();
            for (key, node) in d.mapping(node).into_iter().flatten() {
                let (name, value) = d.named(key, |d| read(d, node));
                values.insert(name.into(), value);
            }
            values
        })
    }

    /// Reads with `key` in the path; also returns the key's text.
    pub(super) fn named<R>(&mut self, key: Key, read: impl FnOnce(&mut Self) -> R) -> (String, R) {
        self.path.push(Segment::Key(key.name));
        let result = read(self);
        let Some(Segment::Key(name)) = self.path.pop() else { unreachable!("whoever pushes a segment pops it") };
        (name, result)
    }

    /// Keeps an `x-*` key.
    #[expect(clippy::unused_self, reason = "the same shape as its neighbours, for the tables of fields")]
    pub(super) fn extension(&mut self, extensions: &mut Extensions, (key, node): Entry) {
        if key.name.starts_with("x-") {
            extensions.insert(key.name, plain(node.value));
        }
    }
}

/// The value without its spans.
fn plain(value: Value) -> serde_yaml::Value {
    match value {
        Value::Null => serde_yaml::Value::Null,
        Value::Bool(value) => value.into(),
        Value::Int(value) => value.into(),
        Value::Float(value) => value.into(),
        Value::Timestamp(text) | Value::String(text) => text.into(),
        Value::Sequence(items) => items.into_iter().map(|item| plain(item.value)).collect::<Vec<_>>().into(),
        Value::Mapping(entries) => {
            let entries = entries.into_iter().map(|(key, node)| (key.name.into(), plain(node.value)));
            serde_yaml::Value::Mapping(entries.collect())
        }
    }
}
