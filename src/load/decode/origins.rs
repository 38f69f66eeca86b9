//! The places of a tree's values, by their paths in the canonical form.

use crate::project::Origins;
use crate::project::origin::OriginId;
use crate::project::value::ExtraHosts;
use crate::source::Span;
use crate::yaml::{Mapping, Node, Value};

/// Where every value in `model` was written. Values filled in by loading are left out.
pub(super) fn of(model: &Node) -> Origins {
    let mut builder = Builder { origins: Origins::default(), open: Vec::new(), positions: Vec::new() };
    builder.open.push(Open { id: None, node: model, depth: 0, naming: Naming::AsWritten });
    while let Some(open) = builder.open.pop() {
        match &open.node.value {
            Value::Mapping(mapping) => builder.mapping(&open, mapping),
            Value::Sequence(items) => builder.sequence(&open, items),
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Timestamp(_) | Value::String(_) => {
            }
        }
    }
    builder.origins
}

/// A list or mapping whose content is not added yet.
struct Open<'a> {
    /// `None` for the model itself.
    id: Option<OriginId>,
    node: &'a Node,
    /// Number of keys and indices in its path.
    depth: usize,
    naming: Naming,
}

/// How the canonical form names what is in a list or mapping.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Naming {
    /// Keys, and positions in lists.
    AsWritten,
    /// A list item `NAME=VALUE` is the entry `NAME` of a mapping.
    Pairs,
    /// A sorted list of hosts and addresses.
    Hosts,
    /// A list sorted by key.
    SortedKeys,
    /// As written, at all levels: the value of an `x-*` key.
    Extension,
}

impl Naming {
    /// The naming within the value of `key`, in a mapping at `depth`.
    fn of(key: &str, depth: usize, outer: Self) -> Self {
        match key {
            _ if outer == Self::Extension => Self::Extension,
            // Second-level keys are names chosen by users.
            _ if key.starts_with("x-") && depth != 1 => Self::Extension,
            _ if depth < 2 => Self::AsWritten,
            "environment" | "labels" | "annotations" | "sysctls" | "args" | "additional_contexts" | "options" => {
                Self::Pairs
            }
            "extra_hosts" => Self::Hosts,
            "ssh" => Self::SortedKeys,
            _ => Self::AsWritten,
        }
    }
}

struct Builder<'a> {
    origins: Origins,
    open: Vec<Open<'a>>,
    /// Cache of small numbers as text.
    positions: Vec<String>,
}

impl<'a> Builder<'a> {
    fn mapping(&mut self, open: &Open<'a>, mapping: &'a Mapping) {
        match open.naming {
            Naming::Hosts => return self.add_positions(open.id, &hosts_of_mapping(mapping)),
            Naming::SortedKeys => {
                let mut entries: Vec<_> = mapping.iter().map(|(key, node)| (key.name.clone(), node.span)).collect();
                entries.sort();
                return self.add_positions(open.id, &entries);
            }
            Naming::AsWritten | Naming::Pairs | Naming::Extension => {}
        }
        // A key that loading filled in has an empty span: it is in no file.
        let children = mapping.iter().filter(|(key, _)| !key.span.is_empty());
        let ids =
            self.origins.add(open.id, children.clone().map(|(key, node)| (key.name.as_str(), node.span, key.span)));
        for (id, (key, node)) in ids.zip(children) {
            self.push(id, node, open.depth + 1, Naming::of(&key.name, open.depth, open.naming));
        }
    }

    fn sequence(&mut self, open: &Open<'a>, items: &'a [Node]) {
        match open.naming {
            Naming::Hosts => return self.add_positions(open.id, &hosts_of_list(items)),
            Naming::Pairs => {
                let children = items.iter().filter_map(|item| {
                    let text = item.as_str()?;
                    Some((text.split_once('=').map_or(text, |(name, _)| name), item.span, item.span))
                });
                self.origins.add(open.id, children);
                return;
            }
            Naming::AsWritten | Naming::SortedKeys | Naming::Extension => {}
        }
        self.number_up_to(items.len());
        let children = items.iter().zip(&self.positions).map(|(item, name)| (name.as_str(), item.span, item.span));
        let ids = self.origins.add(open.id, children);
        let naming = if open.naming == Naming::Extension { Naming::Extension } else { Naming::AsWritten };
        for (id, node) in ids.zip(items) {
            self.push(id, node, open.depth + 1, naming);
        }
    }

    fn push(&mut self, id: OriginId, node: &'a Node, depth: usize, naming: Naming) {
        if matches!(&node.value, Value::Mapping(_) | Value::Sequence(_)) {
            self.open.push(Open { id: Some(id), node, depth, naming });
        } else if !node.is_null() {
            self.origins.set_scalar(id);
        }
    }

    /// Adds the places of a list's items, in order.
    fn add_positions(&mut self, parent: Option<OriginId>, places: &[(String, Span)]) {
        self.number_up_to(places.len());
        let children = places.iter().zip(&self.positions).map(|((_, span), name)| (name.as_str(), *span, *span));
        self.origins.add(parent, children);
    }

    fn number_up_to(&mut self, count: usize) {
        self.positions.extend((self.positions.len()..count).map(|number| number.to_string()));
    }
}

/// Hosts and addresses as they are shown, sorted, with the place of each.
fn hosts_of_list(items: &[Node]) -> Vec<(String, Span)> {
    let shown = |item: &Node| {
        let mut hosts = ExtraHosts::default();
        let _ = item.as_str().map(|text| hosts.add(text));
        hosts.entries('=').into_iter().map(|entry| (entry, item.span)).collect::<Vec<_>>()
    };
    let mut places: Vec<_> = items.iter().flat_map(shown).collect();
    places.sort();
    places
}

/// As [`hosts_of_list`].
fn hosts_of_mapping(mapping: &Mapping) -> Vec<(String, Span)> {
    let mut places = Vec::new();
    for (key, node) in mapping {
        let addresses = node.as_sequence().unwrap_or(std::slice::from_ref(node));
        for address in addresses {
            let mut hosts = ExtraHosts::default();
            let _ = hosts.insert(&key.name, [address.as_str().unwrap_or_default()]);
            places.extend(hosts.entries('=').into_iter().map(|entry| (entry, address.span)));
        }
    }
    places.sort();
    places
}
