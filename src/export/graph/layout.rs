//! Where the nodes and edges of a graph go in a drawing: in columns from left to right, each service left of what it
//! needs, with as few crossings as the layout finds.

use dagre::graph::{Graph as Layered, GraphOptions};
use dagre::layout::types::LabelPos;
use dagre::{EdgeLabel, LayoutOptions, NodeLabel, Point, RankDir, layout};
use unicode_width::UnicodeWidthStr;

use super::Graph;

/// Width of a character of a name, in pixels, wide enough for the usual fonts.
const NAME_CHARACTER: f64 = 9.0;
/// Width of a character of what stands below a name and beside an edge.
const SMALL_CHARACTER: f64 = 6.6;
/// Height of a line of text.
pub(super) const LINE: f64 = 17.0;
/// Space around the text of a node.
const PADDING: f64 = 12.0;
/// Space around a drawing.
const MARGIN: f64 = 16.0;

/// A drawing, in pixels from the top left corner.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Drawing {
    /// Its size.
    pub width: f64,
    /// Its size.
    pub height: f64,
    /// A box for each node of the graph.
    pub boxes: Vec<Box>,
    /// A curve for each edge of the graph.
    pub curves: Vec<Curve>,
}

/// Where a node is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Box {
    /// Its centre.
    pub x: f64,
    /// Its centre.
    pub y: f64,
    /// Its size.
    pub width: f64,
    /// Its size.
    pub height: f64,
}

/// Where an edge goes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Curve {
    /// The points it follows, from the border of one box to that of the other.
    pub points: Vec<(f64, f64)>,
    /// The centre of its label.
    pub label: Option<(f64, f64)>,
}

/// Lays a graph out. `lines` are the lines of text in each node, the name first.
pub(super) fn draw(graph: &Graph, lines: &[Vec<String>]) -> Drawing {
    let options = GraphOptions { directed: true, multigraph: true, compound: false };
    let mut layered = Layered::with_options(options);
    for (index, lines) in lines.iter().enumerate() {
        let (width, height) = size(lines);
        layered.set_node(index.to_string(), Some(NodeLabel { width, height, ..NodeLabel::default() }));
    }
    for (index, edge) in graph.edges.iter().enumerate() {
        let label = edge.kind.label();
        let (width, height) = if label.is_empty() { (0.0, 0.0) } else { (text_width(&label), LINE) };
        let label = EdgeLabel { width, height, labelpos: LabelPos::Center, ..EdgeLabel::default() };
        layered.set_edge(edge.from.to_string(), edge.to.to_string(), Some(label), Some(&index.to_string()));
    }
    let spacing = LayoutOptions {
        rankdir: RankDir::LR,
        nodesep: 18.0,
        edgesep: 10.0,
        ranksep: 40.0,
        marginx: MARGIN,
        marginy: MARGIN,
        ..LayoutOptions::default()
    };
    layout(&mut layered, Some(spacing));
    Drawing::read(graph, &layered)
}

impl Drawing {
    fn read(graph: &Graph, layered: &Layered<NodeLabel, EdgeLabel>) -> Self {
        let boxes: Vec<Box> = (0..graph.nodes.len())
            .map(|index| {
                let node = layered.node(&index.to_string()).cloned().unwrap_or_default();
                let (x, y) = (node.x.unwrap_or_default(), node.y.unwrap_or_default());
                Box { x, y, width: node.width, height: node.height }
            })
            .collect();
        let columns = columns(&boxes);
        let curves: Vec<Curve> = graph
            .edges
            .iter()
            .enumerate()
            .map(|(index, edge)| {
                let name = index.to_string();
                let found = layered.edge(&edge.from.to_string(), &edge.to.to_string(), Some(&name));
                let label = found.cloned().unwrap_or_default();
                let bends: Vec<(f64, f64)> = label.points.iter().map(|Point { x, y }| (*x, *y)).collect();
                Curve {
                    points: route(boxes[edge.from], boxes[edge.to], &bends, &columns),
                    label: label.x.zip(label.y).filter(|_| label.width > 0.0),
                }
            })
            .collect();
        let right = boxes.iter().map(|shape| shape.x + shape.width / 2.0);
        let below = boxes.iter().map(|shape| shape.y + shape.height / 2.0);
        let points = || curves.iter().flat_map(|curve| &curve.points);
        let width = right.chain(points().map(|(x, _)| *x)).fold(0.0, f64::max) + MARGIN;
        let height = below.chain(points().map(|(_, y)| *y)).fold(0.0, f64::max) + MARGIN;
        Self { width, height, boxes, curves }
    }
}

/// The columns in which the boxes stand: where each begins and ends.
fn columns(boxes: &[Box]) -> Vec<(f64, f64)> {
    let mut columns: Vec<(f64, f64)> = Vec::new();
    let mut sides: Vec<(f64, f64)> =
        boxes.iter().map(|one| (one.x - one.width / 2.0, one.x + one.width / 2.0)).collect();
    sides.sort_by(|one, other| one.0.total_cmp(&other.0));
    for (left, right) in sides {
        match columns.last_mut() {
            Some(last) if left < last.1 => last.1 = last.1.max(right),
            _ => columns.push((left, right)),
        }
    }
    columns
}

/// The points of an edge, which bends between the columns only: it leaves a box at the middle of its right side, and
/// crosses each column on one height. `bends` are the points that the layout chose, its ends included.
fn route(from: Box, to: Box, bends: &[(f64, f64)], columns: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let start = (from.x + from.width / 2.0, from.y);
    let end = (to.x - to.width / 2.0, to.y);
    let column = |x: f64| columns.iter().copied().find(|(left, right)| (*left..=*right).contains(&x));
    let mut points = vec![start];
    points.extend(column(from.x).map(|(_, right)| (right, from.y)));
    for (x, y) in bends.iter().skip(1).take(bends.len().saturating_sub(2)).copied() {
        match column(x) {
            Some((left, right)) => points.extend([(left, y), (right, y)]),
            None => points.push((x, y)),
        }
    }
    points.extend(column(to.x).map(|(left, _)| (left, to.y)));
    points.push(end);
    points
}

/// The size of a node with these lines.
fn size(lines: &[String]) -> (f64, f64) {
    let widths = lines
        .iter()
        .enumerate()
        .map(|(index, line)| if index == 0 { characters(line) * NAME_CHARACTER } else { text_width(line) });
    let height = LINE * f64::from(u32::try_from(lines.len()).unwrap_or(u32::MAX));
    (widths.fold(0.0, f64::max) + 2.0 * PADDING, height + PADDING)
}

/// The width of a text below a name or beside an edge.
pub(super) fn text_width(text: &str) -> f64 {
    characters(text) * SMALL_CHARACTER
}

fn characters(text: &str) -> f64 {
    f64::from(u32::try_from(text.width()).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::export::graph::{Edge, EdgeKind, Node, NodeKind};
    use crate::project::Condition;

    /// Up to 30 services; each may need some of those after it, so that nothing goes in a circle.
    fn graphs() -> impl Strategy<Value = Graph> {
        (1_usize..30).prop_flat_map(|count| {
            let edges = proptest::collection::btree_set((0..count, 0..count), 0..2 * count);
            edges.prop_map(move |edges| {
                let node = |index| Node {
                    kind: NodeKind::Service,
                    name: format!("service-{index}"),
                    detail: (index % 2 == 0).then(|| "registry.example.com/shop/image:1.0".to_owned()),
                    live: None,
                };
                let kind = EdgeKind::Dependency { condition: Condition::Healthy, required: true };
                let edges = edges.into_iter().filter(|(from, to)| from < to);
                Graph {
                    name: "generated".to_owned(),
                    nodes: (0..count).map(node).collect(),
                    edges: edges.map(|(from, to)| Edge { from, to, kind: kind.clone() }).collect(),
                }
            })
        })
    }

    fn lines(graph: &Graph) -> Vec<Vec<String>> {
        graph
            .nodes
            .iter()
            .map(|node| [Some(node.name.clone()), node.detail.clone()].into_iter().flatten().collect())
            .collect()
    }

    proptest! {
        #[test]
        fn boxes_stand_apart_and_left_of_what_they_need(graph in graphs()) {
            let drawing = draw(&graph, &lines(&graph));
            for (index, one) in drawing.boxes.iter().enumerate() {
                prop_assert!(one.x - one.width / 2.0 >= 0.0 && one.x + one.width / 2.0 <= drawing.width, "{one:?}");
                prop_assert!(one.y - one.height / 2.0 >= 0.0 && one.y + one.height / 2.0 <= drawing.height, "{one:?}");
                for other in &drawing.boxes[index + 1..] {
                    let beside = (one.x - other.x).abs() >= f64::midpoint(one.width, other.width) - 0.01;
                    let above = (one.y - other.y).abs() >= f64::midpoint(one.height, other.height) - 0.01;
                    prop_assert!(beside || above, "{one:?} lies on {other:?}");
                }
            }
            for (edge, curve) in graph.edges.iter().zip(&drawing.curves) {
                let (from, to) = (drawing.boxes[edge.from], drawing.boxes[edge.to]);
                prop_assert!(from.x + from.width / 2.0 <= to.x - to.width / 2.0, "{from:?} is not left of {to:?}");
                prop_assert!(curve.label.is_some(), "{curve:?}");
                // It goes to the right, and is at one height wherever a box could be.
                for pair in curve.points.windows(2) {
                    let ((x, y), (to_x, to_y)) = (pair[0], pair[1]);
                    prop_assert!(to_x >= x, "{curve:?}");
                    let is_beside = |one: &Box| one.x + one.width / 2.0 <= x || one.x - one.width / 2.0 >= to_x;
                    prop_assert!((y - to_y).abs() < 0.01 || drawing.boxes.iter().all(is_beside), "{curve:?}");
                }
            }
        }
    }

    #[test]
    fn a_graph_without_edges_is_a_column() {
        let nodes =
            ["a", "b"].map(|name| Node { kind: NodeKind::Service, name: name.into(), detail: None, live: None });
        let graph = Graph { nodes: nodes.into(), ..Graph::default() };
        let drawing = draw(&graph, &lines(&graph));
        assert_eq!(drawing.boxes.len(), 2);
        assert!(drawing.curves.is_empty());
    }
}
