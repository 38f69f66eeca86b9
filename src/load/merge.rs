//! Two layers in, one out: the upper over the lower (compose-file.md §1.7).

use crate::diagnostic::Explain;
use crate::load::error::LoadWarning;
use crate::load::findings::Findings;
use crate::load::rules::{MERGE_RULES, Merge, Rules};
use crate::load::scalar;
use crate::load::trail::Trail;
use crate::source::Span;
use crate::yaml::{Key, Mapping, Node, Value};

/// A value of one file that cannot go over the value of another.
#[derive(Debug, Clone, thiserror::Error)]
#[error("`{path}` is {below} in the lower file, {over} cannot go over it")]
pub struct MergeError {
    /// Dotted path of both.
    pub path: String,
    /// What stands below.
    pub below: &'static str,
    /// Where that stands.
    pub below_span: Span,
    /// What should go over it.
    pub over: &'static str,
    /// Where that stands.
    pub span: Span,
}

impl Explain for MergeError {
    fn span(&self) -> Option<Span> {
        Some(self.span)
    }

    fn hint(&self) -> Option<String> {
        Some(format!("write {} here too, or replace what is below with the tag `!override`", self.below))
    }

    fn related(&self) -> Vec<(Span, String)> {
        vec![(self.below_span, format!("{} here", self.below))]
    }
}

/// Puts the whole model `over` over `base`.
pub(super) fn merge_models(base: &mut Node, over: Node, findings: &mut Findings) {
    merge(base, over, Some(&MERGE_RULES), Trail::Top, findings);
}

/// Puts the resource `over` over `base`; both are `section.name`.
pub(super) fn merge_resources(base: &mut Node, over: Node, section: &str, name: &str, findings: &mut Findings) {
    let rules = MERGE_RULES.key(section).and_then(|rules| rules.key(name));
    merge(base, over, rules, Trail::Top.key(section).key(name), findings);
}

fn merge(base: &mut Node, mut over: Node, rules: Option<&Rules<Merge>>, trail: Trail<'_>, findings: &mut Findings) {
    match rules.and_then(Rules::rule) {
        Some(Merge::Replace) => *base = over,
        // Docker Compose crashes at a blank block here; the schema refuses it as it does in a single file.
        Some(Merge::Logging) if over.is_null() || another_driver(base, &over) => *base = over,
        // Null never erases.
        _ if over.is_null() => {}
        Some(Merge::ReplaceUnlessNull) => *base = over,
        _ if base.is_null() => *base = over,
        None | Some(Merge::Logging) => generic(base, over, rules, trail, findings),
        Some(Merge::ToList) => append(to_list(base), into_list(over)),
        Some(Merge::ToListOfNewItems) => append_new(to_list(base), into_list(over)),
        Some(Merge::DependsOn) => {
            names_to_mapping(base, started);
            names_to_mapping(&mut over, started);
            generic(base, over, rules, trail, findings);
        }
        Some(Merge::NamesToMapping) => {
            names_to_mapping(base, null);
            names_to_mapping(&mut over, null);
            generic(base, over, rules, trail, findings);
        }
        Some(Merge::Build) => {
            context_to_mapping(base);
            context_to_mapping(&mut over);
            generic(base, over, rules, trail, findings);
        }
        Some(Merge::AddressPools) => merge_pools(base, over, trail, findings),
    }
}

fn generic(base: &mut Node, over: Node, rules: Option<&Rules<Merge>>, trail: Trail<'_>, findings: &mut Findings) {
    match (&mut base.value, over.value) {
        (Value::Mapping(below), Value::Mapping(above)) => merge_mappings(below, above, rules, trail, findings),
        (Value::Sequence(below), Value::Sequence(mut above)) => below.append(&mut above),
        (Value::Mapping(_) | Value::Sequence(_), value) => {
            let error = MergeError {
                path: trail.path().to_string(),
                below: base.value.kind(),
                below_span: base.span,
                over: value.kind(),
                span: over.span,
            };
            findings.error(error);
        }
        (_, value) => *base = Node { value, span: over.span, tag: over.tag },
    }
}

fn merge_mappings(
    below: &mut Mapping,
    above: Mapping,
    rules: Option<&Rules<Merge>>,
    trail: Trail<'_>,
    findings: &mut Findings,
) {
    for (key, node) in above {
        match below.get_mut(&key.name) {
            Some(slot) => {
                let rules = rules.and_then(|rules| rules.key(&key.name));
                merge(slot, node, rules, trail.key(&key.name), findings);
            }
            None => {
                below.insert(key, node);
            }
        }
    }
}

/// Whether both sides name a driver, and not the same one.
fn another_driver(base: &Node, over: &Node) -> bool {
    let driver = |node: &Node| node.get("driver").filter(|driver| !driver.is_null()).map(|driver| driver.value.clone());
    matches!((driver(base), driver(over)), (Some(below), Some(above)) if below != above)
}

/// The pools of `over`, each over the pool of `base` with the same subnet; other pools of `base` are dropped.
fn merge_pools(base: &mut Node, over: Node, trail: Trail<'_>, findings: &mut Findings) {
    if base.as_sequence().is_none() || over.as_sequence().is_none() {
        return generic(base, over, None, trail, findings);
    }
    let Value::Sequence(above) = over.value else { return };
    let mut below = std::mem::take(to_list(base));
    let subnet = |pool: &Node| pool.get("subnet").map(|subnet| subnet.value.clone());
    for (index, pool) in above.into_iter().enumerate() {
        let same = below.iter().position(|other| subnet(other) == subnet(&pool));
        let merged = match same {
            Some(at) => {
                let mut merged = below.remove(at);
                generic(&mut merged, pool, None, trail.index(index), findings);
                merged
            }
            None => pool,
        };
        to_list(base).push(merged);
    }
    if !below.is_empty() {
        findings.warn(LoadWarning::DroppedPools { count: below.len(), span: over.span });
    }
}

/// Makes `node` a list in place and gives its items.
fn to_list(node: &mut Node) -> &mut Vec<Node> {
    if node.as_sequence().is_none() {
        let span = node.span;
        let old = std::mem::replace(node, Node::new(Value::Null, span));
        node.value = Value::Sequence(into_list(old));
    }
    node.as_sequence_mut().expect("the value was made a list above")
}

/// A mapping as `K=V` sorted by text, a list as it is, anything else as the only item.
pub(super) fn into_list(node: Node) -> Vec<Node> {
    match node.value {
        Value::Sequence(items) => items,
        Value::Mapping(mapping) => {
            let mut items = Vec::with_capacity(mapping.len());
            for (key, value) in mapping {
                push_assignments(&mut items, &key, value);
            }
            items.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
            items
        }
        Value::Null => Vec::new(),
        value @ (Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Timestamp(_) | Value::String(_)) => {
            vec![Node { value, span: node.span, tag: node.tag }]
        }
    }
}

fn push_assignments(items: &mut Vec<Node>, key: &Key, value: Node) {
    match value.value {
        Value::Null => items.push(Node::string(key.name.clone(), key.span)),
        Value::Sequence(values) => {
            for value in values {
                push_assignments(items, key, value);
            }
        }
        Value::Mapping(_) => {
            // Refused by the schema, which has to see it: a list item that is no text.
            items.push(value);
        }
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Timestamp(_) | Value::String(_) => {
            let text = scalar::text(&value.value).unwrap_or_default();
            items.push(Node::string(format!("{}={text}", key.name), value.span));
        }
    }
}

fn append(below: &mut Vec<Node>, mut above: Vec<Node>) {
    below.append(&mut above);
}

fn append_new(below: &mut Vec<Node>, above: Vec<Node>) {
    for item in above {
        if !below.iter().any(|other| other.value == item.value) {
            below.push(item);
        }
    }
}

/// Makes a list of names a mapping with `value` for each.
pub(super) fn names_to_mapping(node: &mut Node, value: fn(Span) -> Node) {
    let Value::Sequence(items) = &mut node.value else { return };
    if !items.iter().all(|item| item.as_str().is_some()) {
        // Refused by the schema, which has to see it.
        return;
    }
    let entries = std::mem::take(items).into_iter().filter_map(|item| {
        let span = item.span;
        let Value::String(name) = item.value else { return None };
        Some((Key { name, span }, value(span)))
    });
    node.value = Value::Mapping(entries.collect());
}

/// The long form of a plain dependency.
pub(super) fn started(span: Span) -> Node {
    let added = span.at_start();
    let key = |name: &str| Key { name: name.to_owned(), span: added };
    let entries = [
        (key("condition"), Node::string("service_started", added)),
        (key("required"), Node::new(Value::Bool(true), added)),
    ];
    Node::new(Value::Mapping(entries.into_iter().collect()), span)
}

/// A null.
pub(super) fn null(span: Span) -> Node {
    Node::new(Value::Null, span)
}

/// Makes a string `{context: …}`.
pub(super) fn context_to_mapping(node: &mut Node) {
    string_to_mapping(node, "context");
}

/// Makes a string a mapping with that string under `key`.
pub(super) fn string_to_mapping(node: &mut Node, key: &str) {
    if let Value::String(text) = &mut node.value {
        let text = std::mem::take(text);
        let entry = (Key { name: key.to_owned(), span: node.span }, Node::string(text, node.span));
        node.value = Value::Mapping(std::iter::once(entry).collect());
    }
}
