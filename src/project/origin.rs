//! Where each value of the loaded model was written.

use crate::source::Span;

/// The places of the model's values, by path: `services`, `web`, `ports`, `0`, `published`.
///
/// A trie kept in one list of nodes and one list of children; it costs no more than the paths it holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins {
    /// Children of the root first; every node's children stand together, sorted by name.
    nodes: Vec<OriginNode>,
    /// How many nodes are children of the root.
    roots: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct OriginNode {
    name: Box<str>,
    /// The place of the value.
    value: Span,
    /// The place of the key it stands under; that of the value for items of lists.
    key: Span,
    first_child: u32,
    children: u32,
}

/// A value, its place and what is in it: what [`Origins`] are made from.
#[derive(Debug, Clone)]
pub struct OriginTree {
    /// The key or the index of the value.
    pub name: Box<str>,
    /// The place of the value.
    pub value: Span,
    /// The place of the key; that of the value for items of lists.
    pub key: Span,
    /// What is in it.
    pub children: Vec<OriginTree>,
}

impl Origins {
    /// The places of everything in `trees`, which are the top-level keys.
    #[must_use]
    pub fn new(trees: Vec<OriginTree>) -> Self {
        let mut origins = Self::default();
        origins.roots = origins.add(trees).1;
        origins
    }

    /// Adds siblings, then what is in them; gives back where they begin and how many they are.
    fn add(&mut self, mut trees: Vec<OriginTree>) -> (u32, u32) {
        trees.sort_by(|a, b| a.name.cmp(&b.name));
        let first = self.nodes.len();
        let mut below = Vec::with_capacity(trees.len());
        for tree in trees {
            self.nodes.push(OriginNode {
                name: tree.name,
                value: tree.value,
                key: tree.key,
                first_child: 0,
                children: 0,
            });
            below.push(tree.children);
        }
        let count = below.len();
        for (at, children) in below.into_iter().enumerate() {
            if !children.is_empty() {
                let (first_child, children) = self.add(children);
                let node = &mut self.nodes[first + at];
                node.first_child = first_child;
                node.children = children;
            }
        }
        let small = |number: usize| u32::try_from(number).expect("a model has fewer than 2^32 values");
        (small(first), small(count))
    }

    /// Where the value at `path` was written; nothing if no file says it.
    #[must_use]
    pub fn span(&self, path: &[&str]) -> Option<Span> {
        self.find(path).map(|node| node.value)
    }

    /// Where the key of the value at `path` was written; for items of lists the item.
    #[must_use]
    pub fn key_span(&self, path: &[&str]) -> Option<Span> {
        self.find(path).map(|node| node.key)
    }

    /// Where the value at `path` was written, or the closest value around it that a file says.
    #[must_use]
    pub fn nearest(&self, path: &[&str]) -> Option<Span> {
        (1..=path.len()).rev().find_map(|length| self.span(&path[..length]))
    }

    fn find(&self, path: &[&str]) -> Option<&OriginNode> {
        let mut level = &self.nodes[..self.roots as usize];
        let mut found = None;
        for name in path {
            let at = level.binary_search_by(|node| (*node.name).cmp(name)).ok()?;
            let node = &level[at];
            level = &self.nodes[node.first_child as usize..][..node.children as usize];
            found = Some(node);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceMap;

    #[test]
    fn places_are_found_by_path() {
        let file = SourceMap::default().add("compose.yaml", "");
        let tree = |name: &str, at: usize, children| OriginTree {
            name: name.into(),
            value: Span::new(file, at, at + 1),
            key: Span::new(file, at + 100, at + 101),
            children,
        };
        let origins = Origins::new(vec![
            tree(
                "services",
                1,
                vec![
                    tree("web", 2, vec![tree("image", 3, vec![]), tree("ports", 4, vec![tree("0", 5, vec![])])]),
                    tree("db", 6, vec![tree("image", 7, vec![])]),
                ],
            ),
            tree("name", 8, vec![]),
        ]);
        let start = |path: &[&str]| origins.span(path).map(|span| span.start);
        assert_eq!(start(&["name"]), Some(8));
        assert_eq!(start(&["services", "web", "ports", "0"]), Some(5));
        assert_eq!(start(&["services", "db", "image"]), Some(7));
        assert_eq!(start(&["services", "db", "ports"]), None);
        assert_eq!(start(&["services", "db", "image", "x"]), None);
        assert_eq!(start(&[]), None);
        assert_eq!(origins.key_span(&["services"]).map(|span| span.start), Some(101));
        assert_eq!(origins.nearest(&["services", "db", "ports", "1"]).map(|span| span.start), Some(6));
        assert_eq!(Origins::default().span(&["name"]), None);
    }
}
