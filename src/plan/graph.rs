//! The plan: a graph of steps, and its text form.

use std::fmt;

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

use super::Step;

/// One step of a [`Plan`], shown as `#3`. Ids follow the order in which the planner emitted the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionId(u32);

impl fmt::Display for ActionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0 + 1)
    }
}

/// What one step is to another that comes before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// The later step is done only if the earlier one ended well, or was not needed.
    Requires,
    /// The later step comes after the earlier one, however that ended (`required: false`).
    Follows,
}

/// Everything that will happen, each step with its reason and with what must come before it. Acyclic.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    graph: DiGraph<Step, Edge>,
}

/// Collects the steps of a plan.
#[derive(Debug, Default)]
pub struct PlanBuilder {
    plan: Plan,
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

    /// Puts `earlier` before `later`. A pair that is there already keeps the stronger edge.
    ///
    /// # Panics
    ///
    /// In debug builds, if that closes a cycle.
    pub fn order(&mut self, earlier: ActionId, later: ActionId, edge: Edge) {
        debug_assert!(earlier != later, "a step cannot come before itself");
        let (from, to) = (node_of(earlier), node_of(later));
        match self.plan.graph.find_edge(from, to) {
            Some(known) if edge == Edge::Requires => self.plan.graph[known] = edge,
            Some(_) => {}
            None => {
                self.plan.graph.add_edge(from, to, edge);
            }
        }
    }

    /// The step of `id`, to change it.
    pub fn step_mut(&mut self, id: ActionId) -> &mut Step {
        &mut self.plan.graph[node_of(id)]
    }

    /// The plan.
    #[must_use]
    pub fn build(self) -> Plan {
        debug_assert!(!petgraph::algo::is_cyclic_directed(&self.plan.graph), "a plan is acyclic");
        self.plan
    }
}

impl Plan {
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

    /// All steps, in the order the planner emitted them.
    pub fn steps(&self) -> impl Iterator<Item = (ActionId, &Step)> {
        self.graph.node_indices().map(|node| (id_of(node), &self.graph[node]))
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

fn id_of(node: NodeIndex) -> ActionId {
    ActionId(u32::try_from(node.index()).expect("petgraph's indices have 32 bits"))
}

fn node_of(id: ActionId) -> NodeIndex {
    NodeIndex::new(id.0 as usize)
}
