//! The table of shapes in, the paths of all attributes out.

use std::collections::BTreeSet;

use super::shape::{Keys, Map, Shape};
use super::table;

/// The paths of all attributes of the file format, sorted, such as `services.*.ports[].target`. `*` stands for a name
/// chosen by the user, `[]` for a list item.
///
/// ```
/// let attributes = hoist::load::attributes();
/// assert!(attributes.iter().any(|attribute| attribute == "services.*.healthcheck.interval"));
/// ```
#[must_use]
pub fn attributes() -> Vec<String> {
    let mut found = BTreeSet::new();
    add_keys(&table::DOCUMENT, "", &mut found);
    found.into_iter().collect()
}

fn add_keys(keys: &'static Keys, above: &str, found: &mut BTreeSet<String>) {
    for (name, shape) in keys.all() {
        let path = if above.is_empty() { (*name).to_owned() } else { format!("{above}.{name}") };
        add_below(shape, &path, found);
        found.insert(path);
    }
}

fn add_below(shape: &'static Shape, path: &str, found: &mut BTreeSet<String>) {
    if std::ptr::eq(shape, &raw const table::ANY) {
        return;
    }
    if let Some(list) = &shape.list {
        add_below(list.item, &format!("{path}[]"), found);
    }
    match &shape.map {
        Some(Map::Fixed(keys)) => add_keys(keys, path, found),
        Some(Map::Free { value, .. }) => add_below(value, &format!("{path}.*"), found),
        None => {}
    }
}
