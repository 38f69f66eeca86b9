//! The places of a tree's values.

use crate::project::Origins;
use crate::project::origin::OriginId;
use crate::yaml::{Node, Value};

/// Where everything in `model` was written.
pub(super) fn of(model: &Node) -> Origins {
    let mut origins = Origins::default();
    let mut open = vec![(None, model)];
    let mut names = Indices::default();
    while let Some((parent, node)) = open.pop() {
        match &node.value {
            Value::Mapping(mapping) => {
                let children = mapping.iter().map(|(key, node)| (key.name.as_str(), node.span, key.span));
                let ids = origins.add(parent, children);
                open.extend(ids.zip(mapping.iter()).map(|(id, (_, node))| (Some(id), node)).filter(has_children));
            }
            Value::Sequence(items) => {
                names.up_to(items.len());
                let children = items.iter().zip(&names.0).map(|(item, name)| (name.as_str(), item.span, item.span));
                let ids = origins.add(parent, children);
                open.extend(ids.zip(items).map(|(id, node)| (Some(id), node)).filter(has_children));
            }
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Timestamp(_) | Value::String(_) => {
            }
        }
    }
    origins
}

fn has_children((_, node): &(Option<OriginId>, &Node)) -> bool {
    matches!(&node.value, Value::Mapping(_) | Value::Sequence(_))
}

/// The texts of small numbers, each made once.
#[derive(Default)]
struct Indices(Vec<String>);

impl Indices {
    fn up_to(&mut self, count: usize) {
        self.0.extend((self.0.len()..count).map(|number| number.to_string()));
    }
}
