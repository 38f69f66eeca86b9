//! The dependency graph: names and their dependencies in; orders, closures and cycles out.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};
use std::fmt;

use petgraph::Direction::{Incoming, Outgoing};
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{Dfs, Reversed};

use super::circle::Circle;
use super::{Service, ServiceName};

/// The graph of services, with an edge from each dependent to each of its dependencies.
///
/// Dependencies that are not services of the graph are left out.
///
/// ```
/// use hoist::project::graph::ServiceGraph;
/// let graph = ServiceGraph::new([("web", vec!["db", "cache"]), ("db", vec![]), ("cache", vec![])]);
/// assert_eq!(graph.order().map(|name| name.as_str()).collect::<Vec<_>>(), ["cache", "db", "web"]);
/// let broken = ServiceGraph::new([("a", vec!["b"]), ("b", vec!["a"])]);
/// assert_eq!(broken.cycles()[0].to_string(), "a -> b -> a");
/// ```
#[derive(Debug, Clone, Default)]
pub struct ServiceGraph {
    graph: DiGraph<ServiceName, ()>,
    nodes: BTreeMap<ServiceName, NodeIndex>,
}

/// Services in a cycle: each needs the next, and the last needs the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cycle(Vec<ServiceName>);

impl Cycle {
    /// Each dependent and its dependency, around the cycle.
    pub fn edges(&self) -> impl Iterator<Item = (&ServiceName, &ServiceName)> {
        self.0.iter().zip(self.0.iter().cycle().skip(1))
    }
}

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Circle(&self.0, "->").fmt(f)
    }
}

impl ServiceGraph {
    /// The graph of names and the names they depend on. A name that occurs twice has the dependencies of both.
    pub fn new<N, D>(services: impl IntoIterator<Item = (N, D)>) -> Self
    where
        N: Into<ServiceName>,
        D: IntoIterator,
        D::Item: AsRef<str>,
    {
        let mut this = Self::default();
        let services: Vec<_> = services.into_iter().map(|(name, needs)| (this.node(name.into()), needs)).collect();
        for (dependent, needs) in services {
            for dependency in needs {
                if let Some(dependency) = this.nodes.get(dependency.as_ref()) {
                    this.graph.update_edge(dependent, *dependency, ());
                }
            }
        }
        this
    }

    /// The graph of loaded services.
    #[must_use]
    pub fn of<'a>(services: impl IntoIterator<Item = &'a Service>) -> Self {
        Self::new(services.into_iter().map(|service| (service.name.clone(), service.depends_on.keys())))
    }

    fn node(&mut self, name: ServiceName) -> NodeIndex {
        if let Some(node) = self.nodes.get(&name) {
            return *node;
        }
        let node = self.graph.add_node(name.clone());
        self.nodes.insert(name, node);
        node
    }

    /// All services, dependencies before their dependents, otherwise by name. Services in a cycle, and their
    /// dependents, are left out.
    pub fn order(&self) -> impl Iterator<Item = &ServiceName> {
        let mut waiting: Vec<_> =
            self.graph.node_indices().map(|node| self.graph.neighbors_directed(node, Outgoing).count()).collect();
        let free = self.graph.node_indices().filter(|node| waiting[node.index()] == 0);
        let mut ready: BinaryHeap<_> = free.map(|node| Reverse((&self.graph[node], node))).collect();
        std::iter::from_fn(move || {
            let Reverse((name, node)) = ready.pop()?;
            for dependent in self.graph.neighbors_directed(node, Incoming) {
                let left = &mut waiting[dependent.index()];
                *left -= 1;
                if *left == 0 {
                    ready.push(Reverse((&self.graph[dependent], dependent)));
                }
            }
            Some(name)
        })
    }

    /// All dependents of `service`, direct and indirect, by name; itself only if it is in a cycle.
    #[must_use]
    pub fn dependents(&self, service: &str) -> BTreeSet<&ServiceName> {
        let mut dfs = Dfs::empty(&self.graph);
        if let Some(node) = self.nodes.get(service) {
            dfs.stack.extend(self.graph.neighbors_directed(*node, Incoming));
        }
        std::iter::from_fn(|| dfs.next(Reversed(&self.graph))).map(|node| &self.graph[node]).collect()
    }

    /// One cycle for every group of services that need each other: the shortest through its first service by name;
    /// sorted by name. A service that depends on itself counts too.
    #[must_use]
    pub fn cycles(&self) -> Vec<Cycle> {
        // Not Tarjan's algorithm, which recurses: a long chain of services must not cause a stack overflow.
        let mut cycles: Vec<_> = kosaraju_scc(&self.graph).iter().filter_map(|group| self.cycle_in(group)).collect();
        cycles.sort_by(|a, b| a.0.cmp(&b.0));
        cycles
    }

    /// The shortest path from the first service of `group` back to itself. A group has all services that need each
    /// other, so no such path leaves it.
    fn cycle_in(&self, group: &[NodeIndex]) -> Option<Cycle> {
        let start = *group.iter().min_by_key(|node| &self.graph[**node])?;
        let group: BTreeSet<_> = group.iter().copied().collect();
        let mut came_from: BTreeMap<NodeIndex, NodeIndex> = BTreeMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            let neighbours = self.graph.neighbors_directed(node, Outgoing);
            let mut next: Vec<_> = neighbours.filter(|node| group.contains(node)).collect();
            next.sort_by_key(|node| &self.graph[*node]);
            for dependency in next {
                if dependency == start {
                    return Some(self.way_to(node, start, &came_from));
                }
                came_from.entry(dependency).or_insert_with(|| {
                    queue.push_back(dependency);
                    node
                });
            }
        }
        None
    }

    fn way_to(&self, last: NodeIndex, start: NodeIndex, came_from: &BTreeMap<NodeIndex, NodeIndex>) -> Cycle {
        let mut way: Vec<_> =
            std::iter::successors(Some(last), |node| came_from.get(node).copied().filter(|_| *node != start))
                .map(|node| self.graph[node].clone())
                .collect();
        way.reverse();
        Cycle(way)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::service::Dependency;

    fn diamond() -> ServiceGraph {
        ServiceGraph::new([
            ("top", vec!["left", "right"]),
            ("right", vec!["base"]),
            ("left", vec!["base", "nowhere"]),
            ("base", vec![]),
            ("alone", vec![]),
        ])
    }

    fn names<'a>(services: impl IntoIterator<Item = &'a ServiceName>) -> Vec<&'a str> {
        services.into_iter().map(ServiceName::as_str).collect()
    }

    #[test]
    fn dependencies_come_first_and_names_decide_ties() {
        assert_eq!(names(diamond().order()), ["alone", "base", "left", "right", "top"]);
    }

    #[test]
    fn closures() {
        let graph = diamond();
        assert_eq!(names(graph.dependents("base")), ["left", "right", "top"]);
        assert_eq!(names(graph.dependents("nowhere")), [""; 0]);
        assert!(graph.cycles().is_empty());
    }

    #[test]
    fn cycles_are_shown_as_a_way_around() {
        type Case = (&'static [(&'static str, &'static [&'static str])], &'static [&'static str]);
        let cases: [Case; 4] = [
            (&[("a", &["a"])], &["a -> a"]),
            (&[("b", &["a"]), ("a", &["b"])], &["a -> b -> a"]),
            (&[("a", &["b"]), ("b", &["c", "d"]), ("c", &["a"]), ("d", &["c"])], &["a -> b -> c -> a"]),
            (&[("x", &["y"]), ("y", &["x"]), ("a", &["b", "x"]), ("b", &["a"])], &["a -> b -> a", "x -> y -> x"]),
        ];
        for (services, cycles) in cases {
            let graph = ServiceGraph::new(services.iter().map(|(name, needs)| (*name, *needs)));
            let shown: Vec<_> = graph.cycles().iter().map(Cycle::to_string).collect();
            assert_eq!(shown, cycles);
        }
    }

    #[test]
    fn the_edges_of_a_cycle_are_known_and_its_services_have_no_order() {
        let graph = ServiceGraph::new([("a", vec!["b"]), ("b", vec!["a"]), ("c", vec!["a"]), ("d", vec![])]);
        let cycles = graph.cycles();
        let edges: Vec<_> = cycles[0].edges().map(|(from, to)| (from.as_str(), to.as_str())).collect();
        assert_eq!(edges, [("a", "b"), ("b", "a")]);
        assert_eq!(names(graph.order()), ["d"]);
        assert_eq!(names(graph.dependents("a")), ["a", "b", "c"]);
    }

    #[test]
    fn loaded_services_make_a_graph() {
        let depends_on = [("db".into(), Dependency::default())].into();
        let services = [Service { depends_on, ..Service::new("web") }, Service::new("db")];
        assert_eq!(names(ServiceGraph::of(&services).order()), ["db", "web"]);
    }
}
