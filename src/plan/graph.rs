//! The plan: a graph of steps, and its text form.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::fmt;

use petgraph::Direction;
use petgraph::algo::has_path_connecting;
use petgraph::graph::{DiGraph, EdgeIndex, NodeIndex};
use petgraph::visit::{Dfs, EdgeRef, Reversed};

use super::{Handle, LeftAlone, Step, Warning};
use crate::observed::ContainerId;

/// The id of a step of a [`Plan`], shown as `#3`. Ids follow the order in which the planner added the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionId(u32);

impl ActionId {
    /// The number it is shown with, from 1.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0 + 1
    }
}

impl fmt::Display for ActionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0 + 1)
    }
}

/// How a step depends on an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// The later step is done only if the earlier one succeeded or was not needed.
    Requires,
    /// The later step comes after the earlier one, regardless of its outcome (`required: false`).
    Follows,
}

/// All steps to take, each with its reason and its predecessors. Acyclic.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    graph: DiGraph<Step, Edge>,
    warnings: Vec<Warning>,
    left_alone: Vec<LeftAlone>,
}

/// Two plans are equal if they have the same steps, edges and warnings in the same order.
impl PartialEq for Plan {
    fn eq(&self, other: &Self) -> bool {
        let steps = |plan: &Self| plan.graph.node_weights().cloned().collect::<Vec<_>>();
        let edges = |plan: &Self| {
            plan.graph.raw_edges().iter().map(|edge| (edge.source(), edge.target(), edge.weight)).collect::<Vec<_>>()
        };
        steps(self) == steps(other) && edges(self) == edges(other) && self.warnings == other.warnings
    }
}

/// Collects the steps of a plan.
#[derive(Debug, Default)]
pub struct PlanBuilder {
    plan: Plan,
    /// The edges so far, as an index: the graph itself would search all edges of a step.
    edges: HashMap<(NodeIndex, NodeIndex), EdgeIndex>,
}

impl PlanBuilder {
    /// Adds a step that comes after `after`.
    pub fn add(&mut self, step: Step, after: impl IntoIterator<Item = ActionId>) -> ActionId {
        let node = self.plan.graph.add_node(step);
        let id = id_of(node);
        for earlier in after {
            self.order(earlier, id, Edge::Requires);
        }
        id
    }

    /// Orders `earlier` before `later`. An existing pair keeps the stronger edge.
    ///
    /// # Panics
    ///
    /// In debug builds, if this closes a cycle.
    pub fn order(&mut self, earlier: ActionId, later: ActionId, edge: Edge) {
        debug_assert!(earlier != later, "a step cannot come before itself");
        let (from, to) = (node_of(earlier), node_of(later));
        match self.edges.entry((from, to)) {
            Entry::Occupied(known) if edge == Edge::Requires => self.plan.graph[*known.get()] = edge,
            Entry::Occupied(_) => {}
            Entry::Vacant(new) => {
                new.insert(self.plan.graph.add_edge(from, to, edge));
            }
        }
    }

    /// Mutable access to a step.
    pub fn step_mut(&mut self, id: ActionId) -> &mut Step {
        &mut self.plan.graph[node_of(id)]
    }

    /// Whether `later` already comes after `earlier`, directly or through others.
    #[must_use]
    pub fn is_before(&self, earlier: ActionId, later: ActionId) -> bool {
        has_path_connecting(&self.plan.graph, node_of(earlier), node_of(later), None)
    }

    /// The steps that come before `id`, directly or through others, and the step itself.
    #[must_use]
    pub fn all_before(&self, id: ActionId) -> HashSet<ActionId> {
        let reversed = Reversed(&self.plan.graph);
        let mut visit = Dfs::new(reversed, node_of(id));
        std::iter::from_fn(|| visit.next(reversed)).map(id_of).collect()
    }

    /// The plan, without redundant edges.
    #[must_use]
    pub fn build(mut self) -> Plan {
        self.reduce();
        self.plan
    }

    /// Removes redundant edges: one from `a` to `c` if `a` comes before `b` and `b` before `c`. A step that requires
    /// another is skipped if that fails, so a requiring edge is redundant only if every edge on the other path requires
    /// too.
    fn reduce(&mut self) {
        let graph = &self.plan.graph;
        let Ok(order) = petgraph::algo::toposort(graph, None) else {
            debug_assert!(false, "a plan is acyclic:\n{}", self.plan);
            return;
        };
        let count = graph.node_count();
        // The predecessors of each node: by any edges, and by requirements only.
        let (mut any, mut required) = (NodeSets::new(count), NodeSets::new(count));
        let mut needless = HashSet::new();
        for node in order {
            let edges: Vec<_> = graph.edges_directed(node, Direction::Incoming).collect();
            // First the predecessors of predecessors: an edge to one of those is redundant.
            for edge in &edges {
                any.include(node.index(), edge.source().index());
                if *edge.weight() == Edge::Requires {
                    required.include(node.index(), edge.source().index());
                }
            }
            for edge in &edges {
                let implied = match edge.weight() {
                    Edge::Requires => &required,
                    Edge::Follows => &any,
                };
                if implied.contains(node.index(), edge.source().index()) {
                    needless.insert(edge.id());
                }
            }
            for edge in &edges {
                any.add(node.index(), edge.source().index());
                if *edge.weight() == Edge::Requires {
                    required.add(node.index(), edge.source().index());
                }
            }
        }
        self.plan.graph.retain_edges(|_, edge| !needless.contains(&edge));
    }
}

impl Plan {
    /// The same plan with these warnings.
    #[must_use]
    pub(super) fn with_warnings(mut self, warnings: Vec<Warning>) -> Self {
        self.warnings = warnings;
        self
    }

    /// The same plan, which says that these are left alone.
    #[must_use]
    pub(super) fn leaving_alone(mut self, left_alone: Vec<LeftAlone>) -> Self {
        self.left_alone = left_alone;
        self
    }

    /// What the plan leaves alone, though the command could have been expected to act on it.
    #[must_use]
    pub fn left_alone(&self) -> &[LeftAlone] {
        &self.left_alone
    }

    /// Adds warnings for the user.
    pub(super) fn warn(&mut self, warnings: Vec<Warning>) {
        self.warnings.extend(warnings);
    }

    /// Warnings for the user.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Whether executing it changes anything. Waits do not, nor do completed jobs that run again, nor providers, which
    /// are called on every run. A guarded step counts, since it may.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        self.changes().next().is_some()
    }

    /// The steps that change something.
    pub fn changes(&self) -> impl Iterator<Item = (ActionId, &Step)> {
        self.steps().filter(|(_, step)| step.is_change())
    }

    /// The steps that remove a volume and the data in it, which a command may ask about first.
    pub fn destructive(&self) -> impl Iterator<Item = (ActionId, &Step)> {
        self.steps().filter(|(_, step)| step.is_destructive())
    }

    /// Whether a step is about an existing container.
    #[must_use]
    pub fn touches(&self, container: &ContainerId) -> bool {
        let about = |handle: &Handle| match handle {
            Handle::Existing(id) | Handle::MadeOr { otherwise: id, .. } => id == container,
            Handle::Made(_) => false,
        };
        self.steps().any(|(_, step)| step.action.container().is_some_and(|container| about(&container.handle)))
    }

    /// Number of steps.
    #[must_use]
    pub fn len(&self) -> usize {
        self.graph.node_count()
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The step of `id`.
    ///
    /// # Panics
    ///
    /// If `id` belongs to another plan.
    #[must_use]
    pub fn step(&self, id: ActionId) -> &Step {
        &self.graph[node_of(id)]
    }

    /// All steps, in the order the planner added them.
    pub fn steps(&self) -> impl Iterator<Item = (ActionId, &Step)> {
        self.graph.node_indices().map(|node| (id_of(node), &self.graph[node]))
    }

    /// Mutable access to all steps, to fill in details.
    pub(super) fn steps_mut(&mut self) -> impl Iterator<Item = (ActionId, &mut Step)> {
        let ids: Vec<_> = self.graph.node_indices().map(id_of).collect();
        ids.into_iter().zip(self.graph.node_weights_mut())
    }

    /// The steps that come before `id`.
    pub fn before(&self, id: ActionId) -> impl Iterator<Item = (ActionId, Edge)> {
        self.neighbours(id, Direction::Incoming)
    }

    /// The steps that come after `id`.
    pub fn after(&self, id: ActionId) -> impl Iterator<Item = (ActionId, Edge)> {
        self.neighbours(id, Direction::Outgoing)
    }

    fn neighbours(&self, id: ActionId, direction: Direction) -> impl Iterator<Item = (ActionId, Edge)> {
        self.graph.edges_directed(node_of(id), direction).map(move |edge| {
            let other = if direction == Direction::Incoming { edge.source() } else { edge.target() };
            (id_of(other), *edge.weight())
        })
    }
}

/// A bit set of nodes for every node.
struct NodeSets {
    words: usize,
    bits: Vec<u64>,
}

impl NodeSets {
    fn new(nodes: usize) -> Self {
        let words = nodes.div_ceil(64);
        Self { words, bits: vec![0; nodes * words] }
    }

    fn contains(&self, set: usize, node: usize) -> bool {
        self.bits[set * self.words + node / 64] & (1 << (node % 64)) != 0
    }

    /// Adds everything in the set of `node`.
    fn include(&mut self, set: usize, node: usize) {
        for word in 0..self.words {
            self.bits[set * self.words + word] |= self.bits[node * self.words + word];
        }
    }

    fn add(&mut self, set: usize, node: usize) {
        self.bits[set * self.words + node / 64] |= 1 << (node % 64);
    }
}

fn id_of(node: NodeIndex) -> ActionId {
    ActionId(u32::try_from(node.index()).expect("petgraph's indices have 32 bits"))
}

fn node_of(id: ActionId) -> NodeIndex {
    NodeIndex::new(id.0 as usize)
}
