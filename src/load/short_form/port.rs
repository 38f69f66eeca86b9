//! Short ports in, mappings out.

use super::part::{Unread, entry};
use crate::load::scalar;
use crate::project::value::port::parse_short;
use crate::source::{SourceMap, Span};
use crate::yaml::{Key, Mapping, Node, Value};

/// The long forms of an item of `ports`; several for a range. A mapping is already long.
pub(super) fn long_forms(item: &Node, sources: &SourceMap) -> Result<Vec<Node>, Unread> {
    let text = match &item.value {
        Value::Mapping(_) => return Ok(vec![item.clone()]),
        Value::String(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        Value::Float(_) => {
            return Err(Unread {
                problem: format!("`{}` is not a port", scalar::written(&item.value, item.span, sources)),
                hint: Some("write a whole number, or `HOST:CONTAINER` in quotes".to_owned()),
            });
        }
        Value::Null | Value::Bool(_) | Value::Timestamp(_) | Value::Sequence(_) => {
            return Err(Unread { problem: format!("{} is not a port", item.value.kind()), hint: None });
        }
    };
    let ports = parse_short(&text)
        .map_err(|error| Unread { problem: error.to_string(), hint: Some(error.hint().to_owned()) })?;
    let span = item.span;
    let long = ports.into_iter().map(|port| {
        let mut mapping = Mapping::new();
        put(&mut mapping, "mode", port.mode, span.at_start());
        put(&mut mapping, "host_ip", port.host_ip, span);
        let target = Node::new(Value::Int(i64::from(port.target)), span);
        mapping.insert(Key { name: "target".to_owned(), span }, target);
        put(&mut mapping, "published", port.published, span);
        let protocol_span = if text.contains('/') { span } else { span.at_start() };
        put(&mut mapping, "protocol", port.protocol, protocol_span);
        Node::new(Value::Mapping(mapping), span)
    });
    Ok(long.collect())
}

fn put(mapping: &mut Mapping, key: &str, text: Option<String>, span: Span) {
    if let Some(text) = text {
        let (key, node) = entry(key, &text, span);
        mapping.insert(key, node);
    }
}
