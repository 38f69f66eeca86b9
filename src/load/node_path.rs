//! The current path of a walk over the tree, as a chain of references, which costs nothing until it is shown.

use crate::yaml::Path;

/// One step below another, or the top of a document.
#[derive(Debug, Clone, Copy)]
pub(super) enum NodePath<'a> {
    /// The document itself.
    Top,
    /// The value of a key.
    Key(&'a NodePath<'a>, &'a str),
    /// The item of a list, from 0.
    Index(&'a NodePath<'a>, usize),
}

impl<'a> NodePath<'a> {
    /// The value of `key` below here.
    pub(super) fn key(&'a self, key: &'a str) -> NodePath<'a> {
        NodePath::Key(self, key)
    }

    /// The item at `index` below here.
    pub(super) fn index(&'a self, index: usize) -> NodePath<'a> {
        NodePath::Index(self, index)
    }

    /// The same as an owned path.
    pub(super) fn path(&self) -> Path {
        match self {
            NodePath::Top => Path::root(),
            NodePath::Key(parent, key) => parent.path().key(*key),
            NodePath::Index(parent, index) => parent.path().index(*index),
        }
    }

    /// The last step, if it is a key.
    pub(super) fn last_key(&self) -> Option<&'a str> {
        match self {
            NodePath::Key(_, key) => Some(key),
            NodePath::Top | NodePath::Index(..) => None,
        }
    }

    /// The resource it is in: section and name, such as `("services", "web")`.
    pub(super) fn resource(&self) -> Option<(&'a str, &'a str)> {
        match self {
            NodePath::Key(NodePath::Key(NodePath::Top, section), name) => Some((section, name)),
            NodePath::Key(parent, _) | NodePath::Index(parent, _) => parent.resource(),
            NodePath::Top => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_path_knows_its_path_and_its_resource() {
        let services = NodePath::Top.key("services");
        let web = services.key("web");
        let ports = web.key("ports");
        let item = ports.index(1);
        assert_eq!(item.path().to_string(), "services.web.ports[1]");
        assert_eq!(item.resource(), Some(("services", "web")));
        assert_eq!(services.resource(), None);
        assert_eq!(item.last_key(), None);
    }
}
