//! Short mounts in, mappings out.

use super::part::{Unread, entry};
use crate::project::value::mount::{BindOptions, VolumeOptions, parse_short};
use crate::source::Span;
use crate::yaml::{Key, Mapping, Node, Value};

/// The long form of a text in `volumes`.
pub(super) fn long_form(text: &str, span: Span) -> Result<Value, Unread> {
    let mount = parse_short(text)
        .map_err(|error| Unread { problem: error.to_string(), hint: Some(error.hint().to_owned()) })?;
    let mut mapping = Mapping::new();
    put(&mut mapping, entry("type", mount.kind.as_str(), span));
    if let Some(source) = &mount.source {
        put(&mut mapping, entry("source", source, beginning(text, source, span)));
    }
    put(&mut mapping, entry("target", &mount.target, span));
    if mount.read_only {
        put(&mut mapping, flag("read_only", true, span));
    }
    if let Some(options) = &mount.bind {
        put(&mut mapping, (key("bind", span), bind(options, span)));
    }
    if let Some(options) = &mount.volume {
        put(&mut mapping, (key("volume", span), volume(options, span)));
    }
    Ok(Value::Mapping(mapping))
}

/// The place of `part`, with which `text` begins, if `text` was written verbatim at `span`, with or without quotes.
fn beginning(text: &str, part: &str, span: Span) -> Span {
    let written = (span.end - span.start) as usize;
    let quote = written.saturating_sub(text.len());
    if !text.starts_with(part) || !matches!(quote, 0 | 2) || written < text.len() {
        return span;
    }
    let start = span.start as usize + quote / 2;
    Span::new(span.file, start, start + part.len())
}

/// The path in the container of a text in `volumes`, cleaned; `None` if the text is not a mount.
pub(in crate::load) fn target(text: &str) -> Option<String> {
    parse_short(text).ok().map(|mount| mount.target)
}

fn bind(options: &BindOptions, span: Span) -> Node {
    let mut mapping = Mapping::new();
    if let Some(label) = options.selinux {
        put(&mut mapping, entry("selinux", label.as_str(), span));
    }
    if let Some(propagation) = &options.propagation {
        put(&mut mapping, entry("propagation", propagation, span));
    }
    if options.says_create_host_path {
        put(&mut mapping, flag("create_host_path", options.create_host_path, span));
    }
    Node::new(Value::Mapping(mapping), span)
}

fn volume(options: &VolumeOptions, span: Span) -> Node {
    let mut mapping = Mapping::new();
    if options.nocopy {
        put(&mut mapping, flag("nocopy", true, span));
    }
    Node::new(Value::Mapping(mapping), span)
}

fn put(mapping: &mut Mapping, (key, node): (Key, Node)) {
    mapping.insert(key, node);
}

fn key(name: &str, span: Span) -> Key {
    Key { name: name.to_owned(), span }
}

fn flag(name: &str, flag: bool, span: Span) -> (Key, Node) {
    (key(name, span), Node::new(Value::Bool(flag), span))
}
