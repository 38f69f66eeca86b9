//! A graph as a Mermaid flowchart, which many sites draw inside Markdown.

use std::fmt::Write as _;

use super::state::Mood;
use super::{EdgeKind, Graph, Node, NodeKind};

/// The graph as a [Mermaid flowchart](https://mermaid.js.org/syntax/flowchart.html).
#[must_use]
pub fn mermaid(graph: &Graph) -> String {
    let mut text = String::from("flowchart LR\n");
    for (index, node) in graph.nodes.iter().enumerate() {
        let class = node.live.as_ref().map(|live| format!(":::{}", class(live.state.mood()))).unwrap_or_default();
        line(&mut text, &format!("n{index}{}{class}", shape(node)));
    }
    for edge in &graph.edges {
        let arrow = match &edge.kind {
            EdgeKind::Dependency { required: false, .. } => "-.->",
            EdgeKind::Dependency { .. } => "-->",
            EdgeKind::Network | EdgeKind::Volume { .. } => "---",
        };
        let label = edge.kind.label();
        let label = if label.is_empty() { label } else { format!("|\"{}\"|", escape(&label)) };
        line(&mut text, &format!("n{} {arrow}{label} n{}", edge.from, edge.to));
    }
    if graph.nodes.iter().any(|node| node.live.is_some()) {
        for (class, colour) in [
            ("good", "#2da44e"),
            ("waiting", "#bf8700"),
            ("bad", "#cf222e"),
            ("done", "#57606a"),
            ("absent", "#8c959f,stroke-dasharray:4 3"),
        ] {
            line(&mut text, &format!("classDef {class} stroke:{colour},stroke-width:2px"));
        }
    }
    text
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "    {line}").expect("memory can be written to");
}

const fn class(mood: Mood) -> &'static str {
    match mood {
        Mood::Bad => "bad",
        Mood::Waiting => "waiting",
        Mood::Absent => "absent",
        Mood::Done => "done",
        Mood::Good => "good",
    }
}

fn shape(node: &Node) -> String {
    let live = node.live.as_ref().map(ToString::to_string);
    let more = [node.detail.as_deref(), live.as_deref()].into_iter().flatten();
    let label = more.fold(format!("<b>{}</b>", escape(&node.name)), |label, more| label + "<br>" + &escape(more));
    match node.kind {
        NodeKind::Service => format!("[\"{label}\"]"),
        NodeKind::Network => format!("([\"{label}\"])"),
        NodeKind::Volume => format!("[(\"{label}\")]"),
    }
}

/// Text inside the quotes of a label: Mermaid reads HTML there, and `#` begins an entity.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' => escaped.push_str("#quot;"),
            '#' => escaped.push_str("#35;"),
            '&' => escaped.push_str("#amp;"),
            '<' => escaped.push_str("#lt;"),
            '>' => escaped.push_str("#gt;"),
            character if character.is_control() => escaped.push(' '),
            character => escaped.push(character),
        }
    }
    escaped
}
