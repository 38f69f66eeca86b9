//! Two layers in, one out: the upper merged over the lower (Compose spec: `13-merge.md`).

use std::collections::HashSet;

use crate::diagnostic::Explain;
use crate::load::findings::Findings;
use crate::load::node_path::NodePath;
use crate::load::rules::{MERGE_RULES, Merge, Rules};
use crate::load::scalar;
use crate::source::{SourceMap, Span};
use crate::yaml::{Key, Mapping, Node, Value};

/// A value that cannot be merged over another one.
#[derive(Debug, Clone, thiserror::Error)]
#[error("`{path}` is {below} {place}, but {over} cannot be merged into it")]
pub struct MergeError {
    /// Dotted path of both.
    pub path: String,
    /// The kind of the lower value.
    pub below: &'static str,
    /// Where that is in the file.
    pub below_span: Span,
    /// The same as text: ``in `compose.yaml` ``, or the line if both are in one file.
    pub place: String,
    /// The kind of the upper value.
    pub over: &'static str,
    /// Where that is in the file.
    pub span: Span,
}

impl Explain for MergeError {
    fn span(&self) -> Option<Span> {
        Some(self.span)
    }

    fn hint(&self) -> Option<String> {
        Some(format!("write {} here too, or replace the other one with the tag `!override`", self.below))
    }

    fn related(&self) -> Vec<(Span, String)> {
        vec![(self.below_span, format!("{} here", self.below))]
    }
}

/// Address pools of the lower file that the upper one does not repeat.
#[derive(Debug, Clone, thiserror::Error)]
#[error("`{upper}` discards address pools from `{file}`: {}", pools.join(", "))]
pub struct DroppedPools {
    /// Their subnets.
    pub pools: Vec<String>,
    /// The lower file.
    pub file: String,
    /// The upper file.
    pub upper: String,
    /// Where the first of them is.
    pub lower: Span,
    /// Where the upper pools are.
    pub span: Span,
}

impl Explain for DroppedPools {
    fn span(&self) -> Option<Span> {
        Some(self.span)
    }

    fn hint(&self) -> Option<String> {
        Some(format!("repeat the pools to keep in `{}`", self.upper))
    }

    fn related(&self) -> Vec<(Span, String)> {
        vec![(self.lower, "dropped".to_owned())]
    }
}

/// What a merge needs, and where it reports.
pub(super) struct Merger<'a> {
    pub(super) sources: &'a SourceMap,
    pub(super) findings: &'a mut Findings<MergeError, DroppedPools>,
}

impl Merger<'_> {
    /// The file of `lower`, for a message about `upper`.
    fn file(&self, lower: Span, upper: Span) -> String {
        let (path, other) = (self.sources.file(lower.file).path(), self.sources.file(upper.file).path());
        match path.file_name() {
            Some(name) if other.file_name() != Some(name) => name.to_string_lossy().into_owned(),
            _ => path.display().to_string(),
        }
    }

    /// The place of `lower`, for a message about `upper`.
    fn place(&self, lower: Span, upper: Span) -> String {
        if lower.file == upper.file {
            return format!("on line {}", self.sources.position(lower).line);
        }
        format!("in `{}`", self.file(lower, upper))
    }
}

/// Merges the whole model `over` over `base`.
pub(super) fn merge_models(base: &mut Node, over: Node, merger: &mut Merger<'_>) {
    merge(base, over, Some(&MERGE_RULES), NodePath::Top, merger);
}

/// Merges the resource `over` over `base`; both are `section.name`.
pub(super) fn merge_resources(base: &mut Node, over: Node, section: &str, name: &str, merger: &mut Merger<'_>) {
    let rules = MERGE_RULES.key(section).and_then(|rules| rules.key(name));
    merge(base, over, rules, NodePath::Top.key(section).key(name), merger);
}

/// Completes a `pre_start` hook with the attributes of its service, which are in `base`.
pub(super) fn merge_hook(base: &mut Node, hook: Node, node_path: NodePath<'_>, merger: &mut Merger<'_>) {
    let rules = MERGE_RULES.key("services").and_then(|rules| rules.key(""));
    merge(base, hook, rules, node_path, merger);
}

fn merge(
    base: &mut Node,
    mut over: Node,
    rules: Option<&Rules<Merge>>,
    node_path: NodePath<'_>,
    merger: &mut Merger<'_>,
) {
    match rules.and_then(Rules::rule) {
        Some(Merge::Replace) => *base = over,
        // Docker Compose crashes on a blank block here; the schema refuses it, as in a single file.
        Some(Merge::Logging) if over.is_null() || another_driver(base, &over) => *base = over,
        // Null never erases.
        _ if over.is_null() => {}
        Some(Merge::ReplaceUnlessNull) => *base = over,
        _ if base.is_null() => *base = over,
        None | Some(Merge::Logging) => generic(base, over, rules, node_path, merger),
        Some(Merge::Gpus) => {
            all_gpus_to_list(&mut over);
            generic(base, over, rules, node_path, merger);
        }
        Some(Merge::ToList) => append_new(to_list(base), into_list(over)),
        Some(Merge::DependsOn) => {
            names_to_mapping(base, started);
            name_to_list(&mut over);
            names_to_mapping(&mut over, started);
            generic(base, over, rules, node_path, merger);
        }
        Some(Merge::NamesToMapping) => {
            names_to_mapping(base, null);
            name_to_list(&mut over);
            names_to_mapping(&mut over, null);
            generic(base, over, rules, node_path, merger);
        }
        Some(Merge::Build) => {
            context_to_mapping(base);
            context_to_mapping(&mut over);
            generic(base, over, rules, node_path, merger);
        }
        Some(Merge::AddressPools) => merge_pools(base, over, node_path, merger),
    }
}

fn generic(
    base: &mut Node,
    over: Node,
    rules: Option<&Rules<Merge>>,
    node_path: NodePath<'_>,
    merger: &mut Merger<'_>,
) {
    match (&mut base.value, over.value) {
        (Value::Mapping(below), Value::Mapping(above)) => merge_mappings(below, above, rules, node_path, merger),
        (Value::Sequence(below), Value::Sequence(above)) => append_new(below, above),
        (Value::Mapping(_) | Value::Sequence(_), value) => {
            let error = MergeError {
                path: node_path.path().to_string(),
                below: base.value.kind(),
                below_span: base.span,
                place: merger.place(base.span, over.span),
                over: value.kind(),
                span: over.span,
            };
            merger.findings.error(error);
        }
        (_, value) => *base = Node { value, span: over.span, tag: over.tag },
    }
}

fn merge_mappings(
    below: &mut Mapping,
    above: Mapping,
    rules: Option<&Rules<Merge>>,
    node_path: NodePath<'_>,
    merger: &mut Merger<'_>,
) {
    for (key, node) in above {
        match below.get_mut(&key.name) {
            Some(slot) => {
                let rules = rules.and_then(|rules| rules.key(&key.name));
                merge(slot, node, rules, node_path.key(&key.name), merger);
            }
            None => {
                below.insert(key, node);
            }
        }
    }
}

/// Whether both sides name a driver and the drivers differ.
fn another_driver(base: &Node, over: &Node) -> bool {
    let driver = |node: &Node| node.get("driver").filter(|driver| !driver.is_null()).map(|driver| driver.value.clone());
    matches!((driver(base), driver(over)), (Some(below), Some(above)) if below != above)
}

/// Merges each pool of `over` over the pool of `base` with the same subnet; other pools of `base` are dropped.
fn merge_pools(base: &mut Node, over: Node, node_path: NodePath<'_>, merger: &mut Merger<'_>) {
    if base.as_sequence().is_none() || over.as_sequence().is_none() {
        return generic(base, over, None, node_path, merger);
    }
    let Value::Sequence(above) = over.value else { return };
    let mut below = std::mem::take(to_list(base));
    let subnet = |pool: &Node| pool.get("subnet").map(|subnet| subnet.value.clone());
    for (index, pool) in above.into_iter().enumerate() {
        let same = below.iter().position(|other| subnet(other) == subnet(&pool));
        let kept = match same {
            Some(at) => {
                let mut lower = below.remove(at);
                generic(&mut lower, pool, None, node_path.index(index), merger);
                lower
            }
            None => pool,
        };
        to_list(base).push(kept);
    }
    if let Some(first) = below.first() {
        let named = |pool: &Node| pool.get("subnet").and_then(Node::as_str).unwrap_or("without a subnet").to_owned();
        merger.findings.warn(DroppedPools {
            pools: below.iter().map(named).collect(),
            file: merger.file(first.span, over.span),
            upper: merger.file(over.span, first.span),
            lower: first.span,
            span: over.span,
        });
    }
}

/// Turns `node` into a list in place and returns its items.
fn to_list(node: &mut Node) -> &mut Vec<Node> {
    if node.as_sequence().is_none() {
        let span = node.span;
        let old = std::mem::replace(node, Node::new(Value::Null, span));
        node.value = Value::Sequence(into_list(old));
    }
    node.as_sequence_mut().expect("the value was made a list above")
}

/// A mapping as sorted `K=V` items, a list as it is, anything else as the only item.
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
            // A list item that is not text: left in place for the schema, which refuses it.
            items.push(value);
        }
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Timestamp(_) | Value::String(_) => {
            let text = scalar::text(&value.value).unwrap_or_default();
            items.push(Node::string(format!("{}={text}", key.name), value.span));
        }
    }
}

/// Appends items that are not yet in the list, regardless of where they were written.
fn append_new(below: &mut Vec<Node>, above: Vec<Node>) {
    let mut known: HashSet<String> = below.iter().map(Node::fingerprint).collect();
    below.extend(above.into_iter().filter(|item| known.insert(item.fingerprint())));
}

/// Turns a lone name over a list or mapping of names into a list.
fn name_to_list(node: &mut Node) {
    if let Value::String(_) = node.value {
        let name = node.clone();
        node.value = Value::Sequence(vec![name]);
    }
}

/// Turns a list of names into a mapping with `value` for each.
pub(super) fn names_to_mapping(node: &mut Node, value: fn(Span) -> Node) {
    let Value::Sequence(items) = &mut node.value else { return };
    if !items.iter().all(|item| item.as_str().is_some()) {
        // Left in place for the schema, which refuses it.
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

/// Turns a string into `{context: …}`.
pub(super) fn context_to_mapping(node: &mut Node) {
    string_to_mapping(node, "context");
}

/// Turns `all` into a list with a request for all GPUs.
pub(super) fn all_gpus_to_list(node: &mut Node) {
    if node.as_str() != Some("all") {
        return;
    }
    let span = node.span;
    let count = (Key { name: "count".to_owned(), span }, Node::string("all", span));
    node.value = Value::Sequence(vec![Node::new(Value::Mapping(std::iter::once(count).collect()), span)]);
}

/// Turns a string into a mapping with that string under `key`.
pub(super) fn string_to_mapping(node: &mut Node, key: &str) {
    if let Value::String(text) = &mut node.value {
        let text = std::mem::take(text);
        let entry = (Key { name: key.to_owned(), span: node.span }, Node::string(text, node.span));
        node.value = Value::Mapping(std::iter::once(entry).collect());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceMap;
    use crate::yaml;

    fn model(sources: &mut SourceMap, text: &str) -> Node {
        let file = sources.add("compose.yaml", text);
        let parsed = yaml::parse(sources, file);
        assert_eq!(parsed.errors, [], "{text}");
        parsed.documents.into_iter().next().expect("a document")
    }

    /// `web` of both texts merged, as text that shows values only.
    fn merged(base: &str, over: &str) -> (String, Vec<String>) {
        let mut sources = SourceMap::default();
        let mut wrap = |text: &str| model(&mut sources, &format!("services: {{web: {{{text}}}}}"));
        let (mut base, over) = (wrap(base), wrap(over));
        let mut findings = Findings::<MergeError, DroppedPools>::default();
        let mut merger = Merger { sources: &sources, findings: &mut findings };
        merge_models(&mut base, over, &mut merger);
        let web = base.get("services").and_then(|services| services.get("web")).map(shown).unwrap_or_default();
        let errors = findings.into_errors();
        (web, errors.iter().map(ToString::to_string).collect())
    }

    fn shown(node: &Node) -> String {
        match &node.value {
            Value::Null => "null".to_owned(),
            Value::Mapping(entries) => {
                let entries: Vec<_> =
                    entries.iter().map(|(key, node)| format!("{}: {}", key.name, shown(node))).collect();
                format!("{{{}}}", entries.join(", "))
            }
            Value::Sequence(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
            Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Timestamp(_) | Value::String(_) => {
                scalar::text(&node.value).unwrap_or_default()
            }
        }
    }

    #[test]
    fn keys_merge_by_their_rules() {
        let cases = [
            ("image: a, user: u", "image: b", "{image: b, user: u}"),
            ("image: a", "image: ", "{image: a}"),
            ("command: [a]", "command: [b]", "{command: [b]}"),
            ("command: [a]", "command: ", "{command: null}"),
            ("cap_add: [a]", "cap_add: [b, a]", "{cap_add: [a, b]}"),
            ("group_add: [a, a]", "group_add: [b, a, 1, b, '1']", "{group_add: [a, a, b, 1, 1]}"),
            ("cache_from: [a, a]", "cache_from: [a, b, b]", "{cache_from: [a, a, b]}"),
            ("gpus: [{count: 1}]", "gpus: all", "{gpus: [{count: 1}, {count: all}]}"),
            (
                "build: {ssh: {default: , b: /b}}",
                "build: {ssh: [default, a=/a]}",
                "{build: {ssh: [b=/b, default, a=/a]}}",
            ),
            ("environment: {B: 1, A: }", "environment: [C=2]", "{environment: [A, B=1, C=2]}"),
            ("dns: 1.1.1.1", "dns: [8.8.8.8]", "{dns: [1.1.1.1, 8.8.8.8]}"),
            ("extra_hosts: [\"a=1\"]", "extra_hosts: {a: 1, b: [2, 3]}", "{extra_hosts: [a=1, b=2, b=3]}"),
            (
                "depends_on: [a]",
                "depends_on: {a: {required: false}}",
                "{depends_on: {a: {condition: service_started, required: false}}}",
            ),
            ("networks: [a]", "networks: {a: {aliases: [x]}, b: }", "{networks: {a: {aliases: [x]}, b: null}}"),
            ("build: .", "build: {target: dev}", "{build: {context: ., target: dev}}"),
            (
                "logging: {driver: a, options: {x: 1}}",
                "logging: {options: {y: 2}}",
                "{logging: {driver: a, options: {x: 1, y: 2}}}",
            ),
            ("logging: {driver: a, options: {x: 1}}", "logging: {driver: b}", "{logging: {driver: b}}"),
            ("ulimits: {nofile: {soft: 1, hard: 2}}", "ulimits: {nofile: 3}", "{ulimits: {nofile: 3}}"),
            ("x-a: {b: [1], c: 2}", "x-a: {b: [3]}", "{x-a: {b: [1, 3], c: 2}}"),
        ];
        for (base, over, expected) in cases {
            assert_eq!(merged(base, over), (expected.to_owned(), vec![]), "{base} under {over}");
        }
    }

    #[test]
    fn kinds_that_do_not_go_together_are_refused() {
        for (base, over) in [("cap_add: [a]", "cap_add: b"), ("healthcheck: {test: x}", "healthcheck: [x]")] {
            let (web, errors) = merged(base, over);
            assert_eq!(web, shown(&model(&mut SourceMap::default(), &format!("{{{base}}}"))), "the lower value stays");
            assert_eq!(errors.len(), 1, "{errors:?}");
        }
    }
}
