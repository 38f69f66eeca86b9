//! The graph of a project as a tree for terminals: each service with what it needs below it.

use std::fmt::Write as _;

use console::Style;
use unicode_width::UnicodeWidthStr;

use super::plan::PlanStyle;
use crate::export::graph::{Edge, Graph, Mood, Node, NodeKind};

/// The mark of a service whose needs are shown further up.
const SHOWN_ABOVE: &str = " ↑";

/// A line of the tree.
struct Row {
    /// The branches before the name, the name, and its mark.
    tree: String,
    /// What it is.
    kind: NodeKind,
    /// What must hold of it before the service above starts; where a volume is mounted.
    condition: String,
    /// Its image, driver or the like.
    detail: String,
    /// What the engine has of it.
    state: String,
    /// The colour of that.
    mood: Option<Mood>,
}

/// Writes the graph as a tree. Services that nothing needs stand at the left, sorted by name. A service that several
/// others need is unfolded once; later it is marked with `↑`.
#[must_use]
pub fn tree(graph: &Graph, style: PlanStyle) -> String {
    let mut rows = Vec::new();
    let mut unfolded = vec![false; graph.nodes.len()];
    for root in graph.roots() {
        add(graph, root, None, ["", ""], &mut unfolded, &mut rows);
    }
    table(&rows, style)
}

/// Adds a node and, below it, what it needs. `branches` stand before its own line and before those below it.
fn add(
    graph: &Graph,
    index: usize,
    edge: Option<&Edge>,
    branches: [&str; 2],
    unfolded: &mut [bool],
    rows: &mut Vec<Row>,
) {
    let node = &graph.nodes[index];
    let edges: Vec<&Edge> = graph.edges_from(index).collect();
    let is_above = unfolded[index] && !edges.is_empty();
    let mark = if is_above { SHOWN_ABOVE } else { "" };
    rows.push(Row {
        tree: format!("{}{}{mark}", branches[0], name(node)),
        kind: node.kind,
        condition: edge.map(|edge| edge.kind.label()).unwrap_or_default(),
        detail: node.detail.clone().unwrap_or_default(),
        state: node.live.as_ref().map(ToString::to_string).unwrap_or_default(),
        mood: node.live.as_ref().map(|live| live.state.mood()),
    });
    if is_above {
        return;
    }
    unfolded[index] = true;
    let below = branches[1];
    for (position, edge) in edges.iter().enumerate() {
        let (own, others) = if position + 1 == edges.len() { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        let branches = [&*format!("{below}{own}"), &*format!("{below}{others}")];
        add(graph, edge.to, Some(edge), branches, unfolded, rows);
    }
}

fn name(node: &Node) -> String {
    match node.kind {
        NodeKind::Service => node.name.clone(),
        NodeKind::Network => format!("network {}", node.name),
        NodeKind::Volume => format!("volume {}", node.name),
    }
}

fn table(rows: &[Row], style: PlanStyle) -> String {
    let is_live = rows.iter().any(|row| row.mood.is_some());
    let has_conditions = rows.iter().any(|row| !row.condition.is_empty());
    let width = |text: fn(&Row) -> &str, heading: &str| {
        rows.iter().map(|row| text(row).width()).chain([heading.width()]).max().unwrap_or_default()
    };
    let tree = width(|row| &row.tree, "SERVICE");
    let condition = if has_conditions { width(|row| &row.condition, "NEEDED") } else { 0 };
    let state = if is_live { width(|row| &row.state, "STATE") } else { 0 };
    let columns = |cells: [String; 4]| {
        let shown = [true, has_conditions, is_live, true];
        let cells = cells.into_iter().zip(shown).filter(|(_, is_shown)| *is_shown).map(|(cell, _)| cell);
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut text = String::new();
    let heading = [pad("SERVICE", tree), pad("NEEDED", condition), pad("STATE", state), "IMAGE".to_owned()];
    writeln!(text, "{}", columns(heading)).expect("memory can be written to");
    for row in rows {
        let used =
            [tree, condition, state].into_iter().filter(|width| *width > 0).map(|width| width + 2).sum::<usize>();
        let detail = style.width.map_or(row.detail.clone(), |width| clipped(&row.detail, width.saturating_sub(used)));
        let cells = [
            painted(&row.tree, tree, (row.kind != NodeKind::Service).then(|| Style::new().dim()), style),
            painted(&row.condition, condition, None, style),
            painted(&row.state, state, row.mood.map(colour), style),
            painted(&detail, 0, Some(Style::new().dim()), style),
        ];
        writeln!(text, "{}", columns(cells)).expect("memory can be written to");
    }
    text
}

fn colour(mood: Mood) -> Style {
    match mood {
        Mood::Bad => Style::new().red(),
        Mood::Waiting => Style::new().yellow(),
        Mood::Absent | Mood::Done => Style::new().dim(),
        Mood::Good => Style::new().green(),
    }
}

fn painted(text: &str, width: usize, paint: Option<Style>, style: PlanStyle) -> String {
    let blanks = " ".repeat(width.saturating_sub(text.width()));
    match paint {
        Some(paint) if style.color && !text.is_empty() => {
            format!("{}{blanks}", paint.force_styling(true).apply_to(text))
        }
        Some(_) | None => format!("{text}{blanks}"),
    }
}

fn pad(text: &str, width: usize) -> String {
    painted(text, width, None, PlanStyle::default())
}

/// The beginning of a text, in this many columns.
fn clipped(text: &str, width: usize) -> String {
    console::truncate_str(text, width, "…").into_owned()
}
