//! Where each value of the loaded model was written.

use crate::source::Span;

/// The places of the model's values, by path: `services`, `web`, `ports`, `0`, `published`.
///
/// A tree stored in one list of nodes and one text of names, so that it needs no allocation per value. Lookups search
/// siblings linearly, which is fine for the few that errors need; for many, walk down with [`Origin`]s.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins {
    /// Children of a node are adjacent; the top-level keys are `0..roots`.
    nodes: Vec<OriginNode>,
    /// The names of all nodes, concatenated.
    names: String,
    roots: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct OriginNode {
    name_start: u32,
    name_end: u32,
    value: Span,
    key: Span,
    first_child: u32,
    children: u32,
    /// Whether it is text, a number or a flag; then everything derived from it has its place.
    is_scalar: bool,
}

/// The place of one value.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    origins: &'a Origins,
    node: &'a OriginNode,
}

/// A handle of a value in [`Origins`], for adding its children.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OriginId(u32);

/// The handles of values that were added together, in order.
#[derive(Debug, Clone)]
pub struct OriginIds(std::ops::Range<u32>);

impl Iterator for OriginIds {
    type Item = OriginId;

    fn next(&mut self) -> Option<OriginId> {
        self.0.next().map(OriginId)
    }
}

impl Origins {
    /// Adds the children of `parent`, or the top-level keys: name, place of the value, place of the key. The name of a
    /// list item is its position, and its key is the item itself. Call at most once per parent.
    pub fn add<'n>(
        &mut self,
        parent: Option<OriginId>,
        children: impl IntoIterator<Item = (&'n str, Span, Span)>,
    ) -> OriginIds {
        let first = small(self.nodes.len());
        for (name, value, key) in children {
            let name_start = small(self.names.len());
            self.names.push_str(name);
            let name_end = small(self.names.len());
            self.nodes.push(OriginNode {
                name_start,
                name_end,
                value,
                key,
                first_child: 0,
                children: 0,
                is_scalar: false,
            });
        }
        let end = small(self.nodes.len());
        match parent {
            Some(OriginId(parent)) => {
                let node = &mut self.nodes[parent as usize];
                (node.first_child, node.children) = (first, end - first);
            }
            None => self.roots = end,
        }
        OriginIds(first..end)
    }

    /// Marks a value that is neither a list nor a mapping. Everything that loading derives from it, such as the words
    /// of a command, has its place.
    pub fn set_scalar(&mut self, OriginId(id): OriginId) {
        self.nodes[id as usize].is_scalar = true;
    }

    /// Where the value at `path` was written; `None` if it is in no file.
    #[must_use]
    pub fn span(&self, path: &[&str]) -> Option<Span> {
        self.get(path).map(Origin::span)
    }

    /// Where the key of the value at `path` was written; for list items, the item.
    #[must_use]
    pub fn key_span(&self, path: &[&str]) -> Option<Span> {
        self.get(path).map(Origin::key_span)
    }

    /// Where the value at `path` was written, or else its closest ancestor that is in a file.
    #[must_use]
    pub fn nearest(&self, path: &[&str]) -> Option<Span> {
        let (mut origin, rest) = self.section(path)?;
        for name in rest {
            let Some(child) = origin.child(name) else { break };
            origin = child;
        }
        Some(origin.span())
    }

    /// The place of the value at `path`.
    #[must_use]
    pub fn get(&self, path: &[&str]) -> Option<Origin<'_>> {
        let (section, rest) = self.section(path)?;
        rest.iter().try_fold(section, |origin, name| origin.child(name))
    }

    /// The top-level value that `path` begins with, and the rest of the path. A job that is run is a service of the
    /// project, but was written under `jobs`.
    fn section<'p>(&self, path: &'p [&'p str]) -> Option<(Origin<'_>, &'p [&'p str])> {
        let (first, rest) = path.split_first()?;
        let section = self.root(first);
        if let ("services", Some(name)) = (*first, rest.first())
            && section.is_none_or(|services| services.child(name).is_none())
            && let Some(jobs) = self.root("jobs")
            && jobs.child(name).is_some()
        {
            return Some((jobs, rest));
        }
        section.map(|section| (section, rest))
    }

    /// The place of a top-level value.
    #[must_use]
    pub fn root(&self, name: &str) -> Option<Origin<'_>> {
        self.find(0, self.roots, name)
    }

    fn find(&self, first: u32, count: u32, name: &str) -> Option<Origin<'_>> {
        let siblings = &self.nodes[first as usize..][..count as usize];
        let is_it = |node: &&OriginNode| self.names[node.name_start as usize..node.name_end as usize] == *name;
        siblings.iter().find(is_it).map(|node| Origin { origins: self, node })
    }
}

impl<'a> Origin<'a> {
    /// Where the value was written.
    #[must_use]
    pub fn span(self) -> Span {
        self.node.value
    }

    /// Where its key was written; for list items, the item.
    #[must_use]
    pub fn key_span(self) -> Span {
        self.node.key
    }

    /// Its name in its parent: its key, or its position in a list.
    #[must_use]
    pub fn name(self) -> &'a str {
        &self.origins.names[self.node.name_start as usize..self.node.name_end as usize]
    }

    /// The places of its children.
    pub fn children(self) -> impl Iterator<Item = Self> {
        let nodes = &self.origins.nodes[self.node.first_child as usize..][..self.node.children as usize];
        nodes.iter().map(move |node| Self { origins: self.origins, node })
    }

    /// The place of its child `name`; its own place if `name` was derived from it, such as a word of a command.
    #[must_use]
    pub fn child(self, name: &str) -> Option<Origin<'a>> {
        if self.node.is_scalar {
            return Some(self);
        }
        self.origins.find(self.node.first_child, self.node.children, name)
    }
}

fn small(number: usize) -> u32 {
    u32::try_from(number).expect("a model that was read fits 4 GiB")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceMap;

    #[test]
    fn places_are_found_by_path() {
        let file = SourceMap::default().add("compose.yaml", "");
        let at = |start| Span::new(file, start, start + 1);
        let child = |name, start| (name, at(start), at(start + 100));
        let mut origins = Origins::default();
        let top: Vec<_> = origins.add(None, [child("services", 1), child("name", 8), child("jobs", 9)]).collect();
        let services: Vec<_> = origins.add(Some(top[0]), [child("web", 2), child("db", 6)]).collect();
        let web: Vec<_> = origins.add(Some(services[0]), [child("image", 3), child("ports", 4)]).collect();
        let image = origins.add(Some(services[1]), [child("image", 7)]).next();
        origins.set_scalar(image.expect("just added"));
        origins.add(Some(web[1]), [child("0", 5)]);
        origins.add(Some(top[2]), [child("migrate", 10)]);

        let start = |path: &[&str]| origins.span(path).map(|span| span.start);
        assert_eq!(start(&["name"]), Some(8));
        assert_eq!(start(&["services", "web", "ports", "0"]), Some(5));
        assert_eq!(start(&["services", "db", "image"]), Some(7));
        assert_eq!(start(&["services", "db", "ports"]), None);
        assert_eq!(start(&["services", "db", "image", "0"]), Some(7));
        assert_eq!(start(&["services", "migrate"]), Some(10));
        assert_eq!(start(&["services", "unknown"]), None);
        assert_eq!(start(&[]), None);
        let web = origins.get(&["services", "web"]).expect("just added");
        assert_eq!(web.children().map(Origin::name).collect::<Vec<_>>(), ["image", "ports"]);
        assert_eq!(web.children().flat_map(Origin::children).map(|item| item.span().start).collect::<Vec<_>>(), [5]);
        assert_eq!(origins.key_span(&["services"]).map(|span| span.start), Some(101));
        assert_eq!(origins.nearest(&["services", "db", "ports", "1"]).map(|span| span.start), Some(6));
        assert_eq!(origins.nearest(&["volumes"]), None);
        assert_eq!(Origins::default().span(&["name"]), None);
    }
}
