//! `!reset` and `!override` (compose-file.md §1.3): a layer with tags in, a layer without them and the list of paths
//! they were written at out.

use crate::load::trail::Trail;
use crate::yaml::{MergeTag, Node, Path, Segment, Value};

/// The paths at which a layer carries a tag.
#[derive(Debug, Clone, Default)]
pub(super) struct TaggedPaths(Vec<Path>);

impl TaggedPaths {
    /// Takes the tags off `layer`, and what `!reset` was written at out of it.
    pub(super) fn take(layer: &mut Node) -> Self {
        let mut paths = Vec::new();
        take(layer, Trail::Top, &mut paths);
        Self(paths)
    }

    /// Removes these paths from what lies below.
    pub(super) fn apply(&self, base: &mut Node) {
        for path in &self.0 {
            remove(base, path.segments());
        }
    }

    /// Removes these paths from a copy of a service that goes under the name `service`.
    pub(super) fn apply_to_service(&self, service: &str, base: &mut Node) {
        for path in &self.0 {
            if let [Segment::Key(section), Segment::Key(name), rest @ ..] = path.segments()
                && section == "services"
                && name == service
                && !rest.is_empty()
            {
                remove(base, rest);
            }
        }
    }

    /// Adds the paths of another document of the same file.
    pub(super) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

/// Takes the tags off everything below `node`.
fn take(node: &mut Node, trail: Trail<'_>, paths: &mut Vec<Path>) {
    match &mut node.value {
        Value::Mapping(mapping) => mapping.retain(|key, value| {
            let trail = trail.key(&key.name);
            let tag = value.tag.take();
            if tag.is_some() {
                paths.push(trail.path());
            }
            if tag == Some(MergeTag::Reset) {
                return false;
            }
            take(value, trail, paths);
            true
        }),
        Value::Sequence(items) => {
            let mut index = 0;
            items.retain_mut(|item| {
                let trail = trail.index(index);
                index += 1;
                if item.tag.take() == Some(MergeTag::Reset) {
                    // Drops the item from its own list; the base list is left alone.
                    return false;
                }
                take(item, trail, paths);
                true
            });
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Timestamp(_) | Value::String(_) => {}
    }
}

fn remove(node: &mut Node, path: &[Segment]) {
    let Some((Segment::Key(first), rest)) = path.split_first() else { return };
    let Some(mapping) = node.as_mapping_mut() else { return };
    if rest.is_empty() {
        mapping.remove(first);
    } else if let Some(below) = mapping.get_mut(first) {
        remove(below, rest);
    }
}
