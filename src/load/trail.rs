//! Where a walk over the tree is: a way back to the top, made of references, that costs nothing until it is shown.

use crate::yaml::Path;

/// One step below another, or the top of a document.
#[derive(Debug, Clone, Copy)]
pub(super) enum Trail<'a> {
    /// The document itself.
    Top,
    /// The value of a key.
    Key(&'a Trail<'a>, &'a str),
    /// The item of a list, counted from 0.
    Index(&'a Trail<'a>, usize),
}

impl<'a> Trail<'a> {
    /// The value of `key` below here.
    pub(super) fn key(&'a self, key: &'a str) -> Trail<'a> {
        Trail::Key(self, key)
    }

    /// The item at `index` below here.
    pub(super) fn index(&'a self, index: usize) -> Trail<'a> {
        Trail::Index(self, index)
    }

    /// The way as a path that can be kept.
    pub(super) fn path(&self) -> Path {
        match self {
            Trail::Top => Path::root(),
            Trail::Key(parent, key) => parent.path().key(*key),
            Trail::Index(parent, index) => parent.path().index(*index),
        }
    }

    /// The last step, if it is a key.
    pub(super) fn last_key(&self) -> Option<&'a str> {
        match self {
            Trail::Key(_, key) => Some(key),
            Trail::Top | Trail::Index(..) => None,
        }
    }

    /// The resource the way leads into: section and name, as `("services", "web")`.
    pub(super) fn resource(&self) -> Option<(&'a str, &'a str)> {
        match self {
            Trail::Key(Trail::Key(Trail::Top, section), name) => Some((section, name)),
            Trail::Key(parent, _) | Trail::Index(parent, _) => parent.resource(),
            Trail::Top => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trail_knows_its_path_and_its_resource() {
        let services = Trail::Top.key("services");
        let web = services.key("web");
        let ports = web.key("ports");
        let item = ports.index(1);
        assert_eq!(item.path().to_string(), "services.web.ports[1]");
        assert_eq!(item.resource(), Some(("services", "web")));
        assert_eq!(services.resource(), None);
        assert_eq!(item.last_key(), None);
    }
}
