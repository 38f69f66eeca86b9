//! A timeline as one page that needs nothing else: the sentence, the picture, and a table of all steps.

use std::fmt::Write as _;

use super::svg::{Words, draw, escape};
use super::{advice, ended, headline, short, what};
use crate::event::timeline::Timeline;

const STYLE: &str = "\
:root{color-scheme:light dark}
body{margin:2rem auto;max-width:1100px;padding:0 1rem;background:#ffffff;color:#1f2328;font:15px/1.5 ui-sans-serif,system-ui,\
-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}
.advice{border-left:4px solid #bc4c00;padding:.4rem .8rem;background:#f6f8fa}
.picture{overflow-x:auto}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.2rem .7rem;border-bottom:1px solid #d1d9e0}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.critical td{font-weight:600}
.critical td:first-child{box-shadow:inset 4px 0 #bc4c00}
@media(prefers-color-scheme:dark){
body{background:#0d1117;color:#f0f6fc}
.advice{background:#161b22;border-color:#f0883e}
th,td{border-color:#3d444d}
.critical td:first-child{box-shadow:inset 4px 0 #f0883e}
}
";

/// The timeline as an HTML page.
#[must_use]
pub fn html(timeline: &Timeline) -> String {
    let title = escape(&headline(timeline));
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <h1>{title}</h1>\n"
    );
    let mut line = |line: String| {
        page += &line;
        page.push('\n');
    };
    if let Some(began) = &timeline.began_at {
        line(format!("<p>Began at {}</p>", escape(began)));
    }
    if let Some(advice) = advice(timeline) {
        line(format!("<p class=\"advice\">{}</p>", escape(&advice)));
    }
    line(format!("<div class=\"picture\">\n{}</div>", draw(timeline, Words::Beside)));
    line("<h2>Steps</h2>\n<p>The critical path is bold.</p>".to_owned());
    line("<table>\n<thead><tr><th>Step</th><th class=\"number\">Begins</th><th class=\"number\">Takes</th></tr></thead>\n\
          <tbody>"
        .to_owned());
    for span in &timeline.spans {
        let class = if span.critical { " class=\"critical\"" } else { "" };
        let mut row = format!("<tr{class}><td>{}{}</td>", escape(&what(span)), ended(span.outcome));
        for time in [span.start, span.duration()] {
            write!(row, "<td class=\"number\">{}</td>", short(time)).expect("memory can be written to");
        }
        line(row + "</tr>");
    }
    page + "</tbody>\n</table>\n</body>\n</html>\n"
}
