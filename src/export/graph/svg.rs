//! A graph as a picture: an SVG file that follows the reader's light or dark theme and needs no font of its own.

use std::fmt::Write as _;

use super::layout::{self, Box, Curve, LINE};
use super::state::Mood;
use super::{Edge, EdgeKind, Graph, Node, NodeKind};

/// The longest text in a node, in characters; the whole one is shown by the pointer.
const LONGEST: usize = 36;

/// Colours for both themes, without variables, which many programs that show pictures do not know. The names of states
/// are those of [`Mood`].
const STYLE: &str = "\
svg{background:#ffffff;font-family:ui-sans-serif,system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}
text{fill:#59636e;font-size:11.5px;text-anchor:middle}
text.name{fill:#1f2328;font-size:14px;font-weight:600}
text.label{paint-order:stroke;stroke:#ffffff;stroke-width:4px}
.shape{fill:#f6f8fa;stroke:#8c959f;stroke-width:1.25}
.edge{fill:none;stroke:#8c959f;stroke-width:1.25}
.head{fill:#8c959f}
.optional{stroke-dasharray:5 4}
.resource{opacity:.7}
.absent .shape{stroke-dasharray:4 3}
.good .shape,.waiting .shape,.bad .shape,.done .shape{stroke-width:2}
.good .shape{stroke:#1a7f37}.good .state{fill:#1a7f37}
.waiting .shape{stroke:#9a6700}.waiting .state{fill:#9a6700}
.bad .shape{stroke:#cf222e}.bad .state{fill:#cf222e}
@media(prefers-color-scheme:dark){
svg{background:#0d1117}
text{fill:#9198a1}
text.name{fill:#f0f6fc}
text.label{stroke:#0d1117}
.shape{fill:#161b22;stroke:#6e7681}
.edge{stroke:#6e7681}
.head{fill:#6e7681}
.good .shape{stroke:#3fb950}.good .state{fill:#3fb950}
.waiting .shape{stroke:#d29922}.waiting .state{fill:#d29922}
.bad .shape{stroke:#f85149}.bad .state{fill:#f85149}
}
";

/// The graph as an SVG picture.
#[must_use]
pub fn svg(graph: &Graph) -> String {
    let lines: Vec<Vec<String>> = graph.nodes.iter().map(lines).collect();
    let drawing = layout::draw(graph, &lines);
    let (width, height) = (drawing.width.ceil(), drawing.height.ceil());
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\">\n<title>{}</title>\n<style>\n{STYLE}</style>\n\
         <defs><marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
         orient=\"auto\"><path class=\"head\" d=\"M0 0L8 4L0 8z\"/></marker></defs>\n",
        escape(&graph.name)
    );
    for (edge, curve) in graph.edges.iter().zip(&drawing.curves) {
        text += &path(edge, curve);
    }
    for (edge, curve) in graph.edges.iter().zip(&drawing.curves) {
        text += &label(edge, curve);
    }
    for ((node, shape), lines) in graph.nodes.iter().zip(&drawing.boxes).zip(&lines) {
        text += &group(node, *shape, lines);
    }
    text + "</svg>\n"
}

/// The lines of text in a node.
fn lines(node: &Node) -> Vec<String> {
    let live = node.live.as_ref().map(ToString::to_string);
    let all = [Some(node.name.clone()), node.detail.clone(), live];
    all.into_iter().flatten().map(|line| shortened(&line)).collect()
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    // The end of an image's name says more than its beginning.
    let skipped = text.chars().count() - (LONGEST - 1);
    std::iter::once('…').chain(text.chars().skip(skipped)).collect()
}

fn path(edge: &Edge, curve: &Curve) -> String {
    let class = match &edge.kind {
        EdgeKind::Dependency { required: true, .. } => "edge",
        EdgeKind::Dependency { required: false, .. } => "edge optional",
        EdgeKind::Network | EdgeKind::Volume { .. } => "edge resource",
    };
    let head = match &edge.kind {
        EdgeKind::Dependency { .. } => " marker-end=\"url(#head)\"",
        EdgeKind::Network | EdgeKind::Volume { .. } => "",
    };
    format!("<path class=\"{class}\" d=\"{}\"{head}/>\n", smooth(&curve.points))
}

fn label(edge: &Edge, curve: &Curve) -> String {
    let Some((x, y)) = curve.label else { return String::new() };
    format!("<text class=\"label\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>\n", y + 4.0, escape(&edge.kind.label()))
}

/// A curve through these points that leaves each box and reaches the next in the direction of the columns.
fn smooth(points: &[(f64, f64)]) -> String {
    let mut points = points.iter();
    let Some((mut x, mut y)) = points.next().copied() else { return String::new() };
    let mut path = format!("M{x:.1} {y:.1}");
    for (to_x, to_y) in points {
        if *to_x <= x {
            continue;
        }
        let middle = f64::midpoint(x, *to_x);
        write!(path, "C{middle:.1} {y:.1} {middle:.1} {to_y:.1} {to_x:.1} {to_y:.1}")
            .expect("memory can be written to");
        (x, y) = (*to_x, *to_y);
    }
    path
}

fn group(node: &Node, shape: Box, lines: &[String]) -> String {
    let class = node.live.as_ref().map_or("plain", |live| match live.state.mood() {
        Mood::Bad => "bad",
        Mood::Waiting => "waiting",
        Mood::Absent => "absent",
        Mood::Done => "done",
        Mood::Good => "good",
    });
    let whole = [Some(node.name.as_str()), node.detail.as_deref()];
    let title = whole.into_iter().flatten().map(escape).collect::<Vec<_>>().join(": ");
    let mut text = format!("<g class=\"{class}\"><title>{title}</title>{}", outline(node.kind, shape));
    let count = f64::from(u32::try_from(lines.len()).unwrap_or(u32::MAX));
    let mut y = shape.y - (count - 1.0) * LINE / 2.0 + 4.5;
    let state = node.live.as_ref().map(|_| lines.len() - 1);
    for (index, line) in lines.iter().enumerate() {
        let class = match index {
            0 => " class=\"name\"",
            index if Some(index) == state => " class=\"state\"",
            _ => "",
        };
        write!(text, "<text{class} x=\"{:.1}\" y=\"{y:.1}\">{}</text>", shape.x, escape(line))
            .expect("memory can be written to");
        y += LINE;
    }
    text + "</g>\n"
}

/// A box for a service, rounded ends for a network, a drum for a volume.
fn outline(kind: NodeKind, Box { x, y, width, height }: Box) -> String {
    let (left, top) = (x - width / 2.0, y - height / 2.0);
    let rounded = |radius: f64| {
        format!(
            "<rect class=\"shape\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" \
             rx=\"{radius:.1}\"/>"
        )
    };
    match kind {
        NodeKind::Service => rounded(7.0),
        NodeKind::Network => rounded(height / 2.0),
        NodeKind::Volume => {
            let (right, bottom, half, bow) = (left + width, top + height, width / 2.0, 4.0);
            format!(
                "<path class=\"shape\" d=\"M{left:.1} {top:.1}A{half:.1} {bow} 0 0 1 {right:.1} {top:.1}V{bottom:.1}\
                 A{half:.1} {bow} 0 0 1 {left:.1} {bottom:.1}Z\"/>\
                 <path class=\"shape\" style=\"fill:none\" d=\"M{left:.1} {top:.1}A{half:.1} {bow} 0 0 0 {right:.1} {top:.1}\"/>"
            )
        }
    }
}

/// Text inside an element.
fn escape(text: &str) -> String {
    let shown = text.chars().map(|character| if character.is_control() { ' ' } else { character });
    shown.collect::<String>().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
