//! Looks up values of a mapping by key.

use crate::load::profiles;
use crate::yaml::{Mapping, Node};

/// The text under `key`, and its node.
pub(super) fn text<'a>(mapping: &'a Mapping, key: &str) -> Option<(&'a str, &'a Node)> {
    let node = mapping.get(key)?;
    Some((node.as_str()?, node))
}

/// The node at this path of keys.
pub(super) fn at<'a>(mapping: &'a Mapping, keys: &[&str]) -> Option<&'a Node> {
    let (first, rest) = keys.split_first()?;
    let mut node = mapping.get(first)?;
    for key in rest {
        node = node.get(key)?;
    }
    Some(node)
}

/// The items of the list under `key`.
pub(super) fn items<'a>(mapping: &'a Mapping, key: &str) -> &'a [Node] {
    mapping.get(key).and_then(Node::as_sequence).unwrap_or_default()
}

/// The profiles of a service as written.
pub(super) fn profiles_of(service: &Mapping) -> Vec<String> {
    profiles::written(service).map(str::to_owned).collect()
}
