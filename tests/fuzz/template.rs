//! Text in, expanded as a value with `${…}`, and read as a template of `--format`; a panic, a hang or too much memory
//! out, or better nothing.
#![no_main]

use std::collections::BTreeMap;

use hoist::load::template::{self, LONGEST, Report};
use hoist::render::listing::template::{Purpose, Template, Value};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let lookup = |name: &str| (name.len() % 2 == 0).then(|| format!("${{{name}:-x}}"));
    let mut report = Report::default();
    let expanded = template::expand(text, &lookup, &mut report);
    assert!(expanded.len() <= LONGEST.max(text.len()));
    for fault in &report.faults {
        assert!(text.get(fault.range.clone()).is_some(), "a fault has its place in the text");
    }
    for (_, range) in &report.unset {
        assert!(text.get(range.clone()).is_some(), "a variable has its place in the text");
    }
    let _ = template::variables(text);
    let Ok(template) = Template::parse(text) else { return };
    let labels = BTreeMap::from([("tier".to_owned(), "front".to_owned())]);
    let row = Value::Record(vec![
        ("Name", Value::Text("web-1".to_owned())),
        ("Number", Value::Number(-1)),
        ("Up", Value::Bool(true)),
        ("Nothing", Value::Null),
        ("Ports", Value::List(vec![Value::Number(80), Value::Text("81".to_owned())])),
        ("Label", Value::Lookup(labels)),
    ]);
    let _ = template.render(&row, Purpose::Row);
    let _ = template.render(&row, Purpose::Heading);
});
