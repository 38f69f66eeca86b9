//! The final tree into the typed [`Project`] (compose-file.md §1.14). The tree is validated and in long form, so what can
//! still be wrong is a value: a size, a duration, a command, a number in quotes.
#![expect(clippy::wildcard_enum_match_arm, reason = "whatever kind of value is not expected is refused by name")]

mod blocks;
mod error;
mod origins;
mod resource;
mod scalar;
mod service;

use std::collections::BTreeMap;

pub use error::{DecodeError, DecodeProblem, DecodeWarning};

use crate::project::{Extensions, Project, Service, ServiceName};
use crate::source::{SourceMap, Span};
use crate::yaml::{Key, Mapping, Node, Path, Segment, Value};

/// What the tree holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decoded {
    /// Name, services, resources, `x-*` keys of the top level and origins; nothing else is filled in, and all services
    /// are in [`Project::services`]. Values with errors are left out.
    pub project: Project,
    /// All that is wrong, in the order of the tree.
    pub errors: Vec<DecodeError>,
    /// All that is not as it was written, in the order of the tree.
    pub warnings: Vec<DecodeWarning>,
}

/// Makes a project of a tree. `sources` is where its spans point into.
///
/// Unknown keys are passed over: refusing them was the schema's task.
#[must_use]
pub fn decode(model: Node, sources: &SourceMap) -> Decoded {
    let mut decoder = Decoder { sources, path: Vec::new(), errors: Vec::new(), warnings: Vec::new() };
    let mut project = Project { origins: origins::of(&model), ..Project::default() };
    if let Some(model) = decoder.mapping(model) {
        for entry in model {
            top_level(&mut decoder, &mut project, entry);
        }
    }
    Decoded { project, errors: decoder.errors, warnings: decoder.warnings }
}

fn top_level(d: &mut Decoder<'_>, project: &mut Project, entry: Entry) {
    match entry.0.name.as_str() {
        "name" => project.name = d.text(entry).unwrap_or_default().into(),
        "services" => project.services = services(d, entry),
        "networks" => project.networks = d.map(entry, |d, node| d.fill(node, resource::network)),
        "volumes" => project.volumes = d.map(entry, |d, node| d.fill(node, resource::volume)),
        "secrets" => project.secrets = d.map(entry, resource::secret),
        "configs" => project.configs = d.map(entry, resource::config),
        "models" => project.models = d.map(entry, |d, node| d.fill(node, resource::model)),
        _ => d.extension(&mut project.extensions, entry),
    }
}

fn services(d: &mut Decoder<'_>, entry: Entry) -> BTreeMap<ServiceName, Service> {
    let mut services: BTreeMap<ServiceName, Service> = d.map(entry, |d, node| d.fill(node, service::service));
    for (name, service) in &mut services {
        service.name = name.clone();
    }
    services
}

/// A key and its value.
type Entry = (Key, Node);

/// Takes one entry of a mapping into `T`.
type Field<T> = fn(&mut Decoder<'_>, &mut T, Entry);

/// Goes down the tree and keeps what is wrong.
struct Decoder<'a> {
    sources: &'a SourceMap,
    /// Of the value being read.
    path: Vec<Segment>,
    errors: Vec<DecodeError>,
    warnings: Vec<DecodeWarning>,
}

impl Decoder<'_> {
    /// The path of the value being read, for people.
    fn path(&self) -> String {
        self.path.iter().fold(Path::root(), |path, segment| path.then(segment.clone())).to_string()
    }

    fn refuse(&mut self, span: Span, problem: impl Into<DecodeProblem>) {
        let path = self.path();
        self.errors.push(DecodeError { path, span, problem: problem.into() });
    }

    fn refuse_kind(&mut self, node: &Node, expected: &'static str) {
        self.refuse(node.span, DecodeProblem::Kind { expected, found: node.value.kind() });
    }

    /// Reads the value of an entry, with the entry's key in the path.
    fn under<R>(&mut self, (key, node): Entry, read: impl FnOnce(&mut Self, Node) -> R) -> R {
        self.named(key, |d| read(d, node)).1
    }

    /// The entries of a mapping; null is none.
    fn mapping(&mut self, node: Node) -> Option<Mapping> {
        match node.value {
            Value::Mapping(mapping) => Some(mapping),
            Value::Null => None,
            _ => {
                self.refuse_kind(&node, "a mapping");
                None
            }
        }
    }

    /// The items of a list; null is none.
    fn sequence(&mut self, node: Node) -> Vec<Node> {
        match node.value {
            Value::Sequence(items) => items,
            Value::Null => Vec::new(),
            _ => {
                self.refuse_kind(&node, "a list");
                Vec::new()
            }
        }
    }

    /// What a mapping says, field by field.
    fn fill<T: Default>(&mut self, node: Node, field: Field<T>) -> T {
        let mut filled = T::default();
        for entry in self.mapping(node).into_iter().flatten() {
            field(self, &mut filled, entry);
        }
        filled
    }

    /// A block, unless it is null.
    fn block<T: Default>(&mut self, entry: Entry, field: Field<T>) -> Option<T> {
        if entry.1.is_null() {
            return None;
        }
        Some(self.under(entry, |d, node| d.fill(node, field)))
    }

    /// A list, item by item; `None` leaves an item out.
    fn list<T>(&mut self, entry: Entry, mut item: impl FnMut(&mut Self, Node) -> Option<T>) -> Vec<T> {
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
    fn blocks<T: Default>(&mut self, entry: Entry, field: Field<T>) -> Vec<T> {
        self.list(entry, |d, node| Some(d.fill(node, field)))
    }

    /// A mapping whose keys the user chose.
    fn map<K: From<String> + Ord, T>(&mut self, entry: Entry, read: impl Fn(&mut Self, Node) -> T) -> BTreeMap<K, T> {
        self.under(entry, |d, node| {
            // Not collected, which would sort the values first: services are large.
            let mut values = BTreeMap::new();
            for (key, node) in d.mapping(node).into_iter().flatten() {
                let (name, value) = d.named(key, |d| read(d, node));
                values.insert(name.into(), value);
            }
            values
        })
    }

    /// Reads with `key` in the path, and gives the key's text back.
    fn named<R>(&mut self, key: Key, read: impl FnOnce(&mut Self) -> R) -> (String, R) {
        self.path.push(Segment::Key(key.name));
        let result = read(self);
        let Some(Segment::Key(name)) = self.path.pop() else { unreachable!("whoever pushes a segment pops it") };
        (name, result)
    }

    /// Keeps an `x-*` key.
    #[expect(clippy::unused_self, reason = "the same shape as its neighbours, for the tables of fields")]
    fn extension(&mut self, extensions: &mut Extensions, (key, node): Entry) {
        if key.name.starts_with("x-") {
            extensions.insert(key.name, plain(node.value));
        }
    }
}

/// The value without places.
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

#[cfg(test)]
mod tests;
