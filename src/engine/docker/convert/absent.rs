//! Leaves empty values of a project out of a request.

use std::collections::{BTreeMap, HashMap};

/// A list, or `None` if it is empty.
pub(super) fn non_empty<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

/// A copy of a list, or `None` if it is empty.
pub(super) fn list<T: Clone>(list: &[T]) -> Option<Vec<T>> {
    non_empty(list.to_vec())
}

/// A copy of a map, or `None` if it is empty.
pub(super) fn map(map: &BTreeMap<String, String>) -> Option<HashMap<String, String>> {
    (!map.is_empty()).then(|| map.iter().map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// A number, or `None` if it is 0.
pub(super) fn non_zero(number: i64) -> Option<i64> {
    (number != 0).then_some(number)
}

/// A copy of a text, or `None` if it is empty.
pub(super) fn text(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.is_empty()).cloned()
}
