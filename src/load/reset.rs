//! `!reset` and `!override` (Compose spec: `13-merge.md`): a layer with tags in, a layer without them and the list of
//! their paths out.

use crate::load::node_path::NodePath;
use crate::yaml::{MergeTag, Node, Path, Segment, Value};

/// The paths at which a layer has a tag.
#[derive(Debug, Clone, Default)]
pub(super) struct TaggedPaths(Vec<Path>);

impl TaggedPaths {
    /// Removes the tags from `layer`, and the values tagged with `!reset`.
    pub(super) fn take(layer: &mut Node) -> Self {
        let mut paths = Vec::new();
        take(layer, NodePath::Top, &mut paths);
        Self(paths)
    }

    /// Removes these paths from the layer below.
    pub(super) fn apply(&self, base: &mut Node) {
        for path in &self.0 {
            remove(base, path.segments());
        }
    }

    /// Removes these paths from a copy of a service or job, as if it were called `resource`.
    pub(super) fn apply_to(&self, section: &str, resource: &str, base: &mut Node) {
        for path in &self.0 {
            if let [Segment::Key(own), Segment::Key(name), rest @ ..] = path.segments()
                && own == section
                && name == resource
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

/// Removes the tags from everything below `node`.
fn take(node: &mut Node, node_path: NodePath<'_>, paths: &mut Vec<Path>) {
    match &mut node.value {
        Value::Mapping(mapping) => mapping.retain(|key, value| {
            let node_path = node_path.key(&key.name);
            let tag = value.tag.take();
            if tag.is_some() {
                paths.push(node_path.path());
            }
            if tag == Some(MergeTag::Reset) {
                return false;
            }
            take(value, node_path, paths);
            true
        }),
        Value::Sequence(items) => {
            let mut index = 0;
            items.retain_mut(|item| {
                let node_path = node_path.index(index);
                index += 1;
                if item.tag.take() == Some(MergeTag::Reset) {
                    // Drops the item from its own list; the list below is not affected.
                    return false;
                }
                take(item, node_path, paths);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    fn model(text: &str) -> Node {
        yaml::document(text).0
    }

    #[test]
    fn tags_leave_the_layer_and_their_paths_leave_the_base() {
        let mut layer = model(
            "services:\n  a.b:\n    ports: !reset\n    environment: {FOO: !reset null, BAR: 1}\n    \
             dns: [!reset x, y]\n    build: !override {context: .}\n",
        );
        let tagged = TaggedPaths::take(&mut layer);
        let paths: Vec<_> = tagged.0.iter().map(ToString::to_string).collect();
        assert_eq!(paths, ["services.a.b.ports", "services.a.b.environment.FOO", "services.a.b.build"]);
        let service = layer.get("services").and_then(|services| services.get("a.b")).expect("the service");
        assert!(service.get("ports").is_none());
        assert_eq!(service.get("dns").and_then(Node::as_sequence).map(<[Node]>::len), Some(1));
        assert_eq!(service.get("build").map(|build| build.tag), Some(None));

        let mut base =
            model("services: {a.b: {ports: [80], environment: {FOO: 1, BAZ: 2}, dns: [x], build: {target: dev}}}");
        tagged.apply(&mut base);
        let service = base.get("services").and_then(|services| services.get("a.b")).expect("the service");
        let left: Vec<_> = service.as_mapping().expect("a mapping").keys().collect();
        assert_eq!(left, ["environment", "dns"]);
        assert!(service.get("environment").is_some_and(|environment| environment.get("FOO").is_none()));
    }

    #[test]
    fn an_entry_of_a_list_cannot_be_addressed() {
        let mut layer = model("services: {a: {environment: {FOO: !reset null}}}");
        let mut base = model("services: {a: {environment: [FOO=1]}}");
        let before = base.clone();
        TaggedPaths::take(&mut layer).apply(&mut base);
        assert_eq!(base, before);
    }
}
