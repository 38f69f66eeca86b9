//! A graph in the language of Graphviz.

use std::fmt::Write as _;

use super::state::Mood;
use super::{Edge, EdgeKind, Graph, Node, NodeKind};

/// The graph in [Graphviz's language](https://graphviz.org/doc/info/lang.html).
#[must_use]
pub fn dot(graph: &Graph) -> String {
    let mut text = format!("digraph \"{}\" {{\n", escape(&graph.name));
    line(&mut text, "rankdir=LR");
    line(&mut text, "node [shape=box style=rounded fontname=\"Helvetica\"]");
    line(&mut text, "edge [fontname=\"Helvetica\" fontsize=10]");
    for (index, node) in graph.nodes.iter().enumerate() {
        line(&mut text, &format!("n{index} [{}]", attributes(node)));
    }
    for edge in &graph.edges {
        line(&mut text, &format!("n{} -> n{}{}", edge.from, edge.to, edge_attributes(edge)));
    }
    text + "}\n"
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "  {line};").expect("memory can be written to");
}

fn attributes(node: &Node) -> String {
    let live = node.live.as_ref().map(ToString::to_string);
    let lines = [Some(node.name.as_str()), node.detail.as_deref(), live.as_deref()];
    let label = lines.into_iter().flatten().map(escape).collect::<Vec<_>>().join("\\n");
    let shape = match node.kind {
        NodeKind::Service => "",
        NodeKind::Network => " shape=ellipse style=solid",
        NodeKind::Volume => " shape=cylinder style=solid",
    };
    let colour = node.live.as_ref().map_or("", |live| match live.state.mood() {
        Mood::Bad => " color=\"#cf222e\" penwidth=2",
        Mood::Waiting => " color=\"#bf8700\" penwidth=2",
        Mood::Absent => " color=\"#8c959f\" style=\"rounded,dashed\"",
        Mood::Done => " color=\"#57606a\" penwidth=2",
        Mood::Good => " color=\"#2da44e\" penwidth=2",
    });
    format!("label=\"{label}\"{shape}{colour}")
}

fn edge_attributes(edge: &Edge) -> String {
    let label = edge.kind.label();
    match &edge.kind {
        EdgeKind::Dependency { required, .. } => {
            let style = if *required { "" } else { " style=dashed" };
            format!(" [label=\"{}\"{style}]", escape(&label))
        }
        EdgeKind::Network => " [arrowhead=none color=\"#8c959f\"]".to_owned(),
        EdgeKind::Volume { .. } => format!(" [label=\"{}\" arrowhead=none color=\"#8c959f\"]", escape(&label)),
    }
}

/// Text inside double quotes.
fn escape(text: &str) -> String {
    let shown = text.chars().map(|character| if character.is_control() { ' ' } else { character });
    shown.collect::<String>().replace('\\', "\\\\").replace('"', "\\\"")
}
