//! A merged tree in, every violation of the file format out.
//!
//! The table of shapes ([`table`]) defines what is allowed where; the walk here checks a tree against it. An invalid
//! value is reported once, with its place, and removed from the tree, so that later phases do not report it again.

mod attributes;
mod ready;
mod shape;
mod table;
mod unknown_key;
mod wrong_type;

pub use attributes::attributes;

use std::collections::HashMap;

use crate::diagnostic::{Explain, redact};
use crate::load::findings::Findings;
use crate::load::node_path::NodePath;
use crate::load::scalar;
use crate::source::{SourceMap, Span};
use crate::yaml::{Key, Mapping, Node, Path, Value};

use shape::{Extensions, Keys, List, Map, Names, Repeats, Scalars, Shape, Text};
use unknown_key::{Meant, looks_like_a_service, unknown_key_hint};
use wrong_type::{WrongType, example, example_of};

/// A value that the file format does not allow where it stands.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{problem}")]
pub struct ShapeError {
    /// Where in the merged model.
    pub path: Path,
    /// Where in the files.
    pub span: Span,
    /// What is wrong.
    pub problem: ShapeProblem,
    /// What to do about it.
    pub hint: Option<String>,
    /// Another place that belongs to the problem.
    pub related: Option<(Span, String)>,
}

/// What is wrong with a value's shape. `path` is the place in dotted form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShapeProblem {
    /// A value of another type.
    #[error("`{path}` must be {accepted}, not {found}")]
    WrongType {
        /// Dotted path.
        path: String,
        /// The accepted types in words.
        accepted: String,
        /// What was found there.
        found: String,
    },
    /// A key without a value.
    #[error("`{path}` is empty, but must be {accepted}")]
    Blank {
        /// Dotted path.
        path: String,
        /// The accepted types in words.
        accepted: String,
    },
    /// Keys of a resource are not indented below it.
    #[error("`{key}` is next to `{owner}` instead of below it")]
    NotIndented {
        /// The first of these keys.
        key: String,
        /// The path of the resource, which is blank.
        owner: String,
    },
    /// An unknown key.
    #[error("unknown key `{key}` in {place}")]
    UnknownKey {
        /// The key as written.
        key: String,
        /// What it is in: `a service`, with the path.
        place: String,
    },
    /// A resource with an invalid name.
    #[error("`{name}` is not a valid {what} name")]
    BadName {
        /// The name as written.
        name: String,
        /// The kind of resource.
        what: String,
    },
    /// A text that is not one of the accepted ones.
    #[error("`{path}` must be {accepted}, not `{found}`")]
    NotAccepted {
        /// Dotted path.
        path: String,
        /// The accepted texts in words.
        accepted: String,
        /// What was found there.
        found: String,
    },
    /// A number outside the accepted range.
    #[error("`{path}` must be {accepted}, not {found}")]
    OutOfRange {
        /// Dotted path.
        path: String,
        /// The range in words.
        accepted: String,
        /// What was found there.
        found: String,
    },
    /// A duplicate in a list that does not allow duplicates.
    #[error("`{path}` lists `{item}` twice")]
    Repeated {
        /// Dotted path of the list.
        path: String,
        /// The item.
        item: String,
    },
    /// A mapping without a required key.
    #[error("`{path}` needs `{key}`")]
    MissingKey {
        /// Dotted path of the mapping.
        path: String,
        /// The missing key.
        key: &'static str,
    },
    /// A mapping that has none of several keys.
    #[error("`{path}` needs one of {keys}")]
    MissingOneOf {
        /// Dotted path of the mapping.
        path: String,
        /// The keys.
        keys: String,
    },
    /// An infinity or NaN.
    #[error("`{path}` is not a finite number")]
    NotFinite {
        /// Dotted path.
        path: String,
    },
}

impl Explain for ShapeError {
    fn span(&self) -> Option<Span> {
        Some(self.span)
    }

    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }

    fn related(&self) -> Vec<(Span, String)> {
        self.related.iter().cloned().collect()
    }
}

/// Checks a merged model against the file format. Invalid values are reported to `findings` and removed from the tree.
pub(super) fn validate(model: &mut Node, sources: &SourceMap, findings: &mut Findings<ShapeError>) {
    let mut validator = Validator { sources, findings };
    if let Value::Mapping(document) = &mut model.value {
        validator.services_not_indented(document);
        validator.fixed(document, model.span, &table::DOCUMENT, NodePath::Top);
    }
}

/// Whether it is an attribute of every container, rather than of services or jobs alone.
pub(super) fn is_of_containers(key: &str) -> bool {
    table::CONTAINER.get(key).is_some()
}

/// What to do with a checked value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Keep,
    Drop,
}

struct Validator<'a> {
    sources: &'a SourceMap,
    findings: &'a mut Findings<ShapeError>,
}

impl Validator<'_> {
    fn value(&mut self, node: &mut Node, at: Span, shape: &'static Shape, node_path: NodePath<'_>) -> Verdict {
        match &mut node.value {
            Value::Sequence(items) => match &shape.list {
                Some(list) => self.list(items, list, node_path),
                None => self.wrong_type(node, at, shape, node_path),
            },
            Value::Mapping(mapping) => match &shape.map {
                Some(Map::Fixed(keys)) => self.fixed(mapping, at, keys, node_path),
                Some(Map::Free { value, names }) => self.free(mapping, value, *names, node_path),
                None => self.wrong_type(node, at, shape, node_path),
            },
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Timestamp(_) | Value::String(_) => {
                self.scalar(node, at, shape, node_path)
            }
        }
    }

    fn scalar(&mut self, node: &Node, at: Span, shape: &'static Shape, node_path: NodePath<'_>) -> Verdict {
        let accepted = match &node.value {
            Value::Null if shape.scalars.contains(Scalars::NULL) => true,
            Value::Null => {
                let path = node_path.path();
                let problem = ShapeProblem::Blank { path: path.to_string(), accepted: shape.accepted() };
                let hint = match example(shape) {
                    None if std::ptr::eq(shape, &raw const table::ADDRESSES) => {
                        let host = node_path.last_key().unwrap_or("HOST");
                        format!("write the address of the host: `{host}: 10.0.0.5`, or `host-gateway` for this machine")
                    }
                    Some(example) => format!("write for example `{example}`, or remove the key"),
                    None => "give it a value or remove the key".to_owned(),
                };
                let hint = Some(hint);
                return self.report(path, at, problem, hint, node_path);
            }
            Value::Bool(_) => shape.scalars.contains(Scalars::BOOL),
            Value::Float(number) if !number.is_finite() => {
                let path = node_path.path();
                let problem = ShapeProblem::NotFinite { path: path.to_string() };
                return self.report(
                    path,
                    node.span,
                    problem,
                    Some("quote it to make it a string".to_owned()),
                    node_path,
                );
            }
            Value::Int(number) if shape.scalars.contains(Scalars::INT) => {
                return self.in_range(*number, node, shape, node_path);
            }
            Value::Float(number) => {
                shape.scalars.contains(Scalars::NUMBER) || shape.scalars.contains(Scalars::INT) && number.fract() == 0.0
            }
            Value::String(text) if shape.scalars.contains(Scalars::STRING) => {
                return self.text(text, node, shape, node_path);
            }
            Value::Timestamp(_) => shape.scalars.contains(Scalars::STRING),
            Value::Int(_) | Value::String(_) | Value::Sequence(_) | Value::Mapping(_) => false,
        };
        if accepted { Verdict::Keep } else { self.wrong_type(node, at, shape, node_path) }
    }

    fn in_range(&mut self, number: i64, node: &Node, shape: &Shape, node_path: NodePath<'_>) -> Verdict {
        match shape.range {
            Some((low, high)) if number < low || number > high => {
                let path = node_path.path();
                let accepted = if high == i64::MAX { format!("{low} or more") } else { format!("{low} to {high}") };
                let problem = ShapeProblem::OutOfRange { path: path.to_string(), accepted, found: self.written(node) };
                self.report(path, node.span, problem, None, node_path)
            }
            _ => Verdict::Keep,
        }
    }

    fn text(&mut self, text: &str, node: &Node, shape: &Shape, node_path: NodePath<'_>) -> Verdict {
        let (accepted, hint) = match shape.text {
            Text::Any => return Verdict::Keep,
            Text::OneOf(words) if words.contains(&text) => return Verdict::Keep,
            Text::OneOf(words) => {
                let closest = crate::diagnostic::suggest::closest(text, words.iter().copied());
                (shape.accepted(), closest.or_else(|| with_part(text, words)).map(did_you_mean))
            }
            Text::Form(accepts, _) if accepts(text) => return Verdict::Keep,
            Text::Form(_, form) => (form.to_owned(), shape.instead.and_then(|instead| instead(text))),
        };
        let path = node_path.path();
        if text.is_empty() && hint.is_some() {
            let problem = ShapeProblem::Blank { path: path.to_string(), accepted };
            return self.report(path, node.span, problem, hint, node_path);
        }
        let problem = ShapeProblem::NotAccepted { path: path.to_string(), accepted, found: text.to_owned() };
        self.report(path, node.span, problem, hint, node_path)
    }

    fn list(&mut self, items: &mut Vec<Node>, list: &'static List, node_path: NodePath<'_>) -> Verdict {
        let mut index = 0;
        let mut refused_mapping = false;
        items.retain_mut(|item| {
            let span = item.span;
            // One message is enough for a list whose items are mappings.
            let is_mapping = item.as_mapping().is_some() && list.item.map.is_none();
            if is_mapping && refused_mapping {
                return false;
            }
            refused_mapping |= is_mapping;
            let verdict = self.value(item, span, list.item, node_path.index(index));
            index += 1;
            verdict == Verdict::Keep
        });
        if list.repeats == Repeats::Refused {
            self.refuse_repeats(items, node_path);
        }
        Verdict::Keep
    }

    fn refuse_repeats(&mut self, items: &mut Vec<Node>, node_path: NodePath<'_>) {
        if all_differ(items) {
            return;
        }
        let mut seen: HashMap<String, Span> = HashMap::with_capacity(items.len());
        items.retain(|item| {
            let text = match &item.value {
                Value::String(text) => format!("s{text}"),
                Value::Int(number) => format!("n{number}"),
                Value::Float(number) => format!("n{number}"),
                Value::Mapping(_) => format!("m{}", item.fingerprint()),
                Value::Null | Value::Bool(_) | Value::Timestamp(_) | Value::Sequence(_) => return true,
            };
            let Some(first) = seen.get(&text) else {
                seen.insert(text, item.span);
                return true;
            };
            let path = node_path.path();
            let item_text = if matches!(item.value, Value::Mapping(_)) {
                "the same item".to_owned()
            } else {
                scalar::written(&item.value, item.span, self.sources)
            };
            let problem = ShapeProblem::Repeated { path: path.to_string(), item: item_text };
            let related = Some((*first, "first here".to_owned()));
            let hint = Some("remove one of them".to_owned());
            self.findings.error(ShapeError { path, span: item.span, problem, hint, related });
            false
        });
    }

    fn fixed(&mut self, mapping: &mut Mapping, at: Span, keys: &'static Keys, node_path: NodePath<'_>) -> Verdict {
        let errors_before = self.findings.error_count();
        mapping.retain(|key, node| {
            if let Some(shape) = keys.get(&key.name) {
                let at = if node.is_null() { key.span } else { node.span };
                return self.value(node, at, shape, node_path.key(&key.name)) == Verdict::Keep;
            }
            if keys.extensions == Extensions::Allowed && key.name.starts_with("x-") {
                return self.value(node, node.span, &table::ANY, node_path.key(&key.name)) == Verdict::Keep;
            }
            self.unknown_key(key, node, keys, node_path);
            false
        });
        let none = !keys.one_of.is_empty() && !keys.one_of.iter().any(|key| mapping.contains(key));
        let missing = keys.required.iter().find(|key| !mapping.contains(key)).or(keys.one_of.first().filter(|_| none));
        match missing {
            // The missing key may have been reported already: with a typo, or with an invalid value.
            Some(_) if self.findings.error_count() > errors_before => Verdict::Drop,
            Some(key) => {
                let path = node_path.path();
                let problem = if none && keys.one_of.contains(key) {
                    ShapeProblem::MissingOneOf { path: path.to_string(), keys: shape::in_order(keys.one_of) }
                } else {
                    ShapeProblem::MissingKey { path: path.to_string(), key }
                };
                let hint = example_of(keys, key).map(|example| format!("write for example `{example}`"));
                self.report(path, at, problem, hint, node_path)
            }
            None => Verdict::Keep,
        }
    }

    fn free(&mut self, mapping: &mut Mapping, shape: &'static Shape, names: Names, node_path: NodePath<'_>) -> Verdict {
        self.not_indented(mapping, shape, node_path);
        self.beside_resource(mapping, shape, node_path);
        mapping.retain(|key, node| {
            if !names.accept(&key.name) {
                self.bad_name(key, names, node_path);
                return false;
            }
            let at = if node.is_null() { key.span } else { node.span };
            self.value(node, at, shape, node_path.key(&key.name)) == Verdict::Keep
        });
        Verdict::Keep
    }

    /// Removes the services that are next to a blank `services` instead of below it, with one message.
    fn services_not_indented(&mut self, document: &mut Mapping) {
        let Some((owner, _)) = document.entry("services").filter(|(_, services)| services.is_null()) else { return };
        let is_service =
            |(key, node): &&(Key, Node)| table::DOCUMENT.get(&key.name).is_none() && looks_like_a_service(node);
        let services: Vec<Key> = document.iter().filter(is_service).map(|(key, _)| key.clone()).collect();
        let Some(first) = services.first() else { return };
        let problem = ShapeProblem::NotIndented { key: first.name.clone(), owner: owner.name.clone() };
        let hint = Some("indent it, and everything else that belongs to `services`, below that line".to_owned());
        let related = Some((owner.span, "this is empty".to_owned()));
        let path = Path::root().key(&first.name);
        self.findings.mark_section_broken("services");
        self.findings.error(ShapeError { path, span: first.span, problem, hint, related });
        document.retain(|key, _| key.name != "services" && !services.iter().any(|gone| gone.name == key.name));
    }

    /// Removes blank resources whose keys follow at the same indentation, with one message for each.
    fn not_indented(&mut self, mapping: &mut Mapping, shape: &'static Shape, node_path: NodePath<'_>) {
        let Some(Map::Fixed(keys)) = &shape.map else { return };
        if shape.scalars.contains(Scalars::NULL) {
            return;
        }
        let known = |key: &Key| keys.get(&key.name).is_some();
        let is_resource = |node: &Node| node.get("image").is_some() || node.get("build").is_some();
        let mut gone = Vec::new();
        let mut entries = mapping.iter().peekable();
        while let Some((owner, node)) = entries.next() {
            let follows = |(key, node): &&(Key, Node)| known(key) && !node.is_null() && node.as_mapping().is_none();
            if !node.is_null() || known(owner) {
                continue;
            }
            let Some((first, _)) = entries.next_if(follows) else { continue };
            gone.extend([owner.name.clone(), first.name.clone()]);
            while let Some((key, _)) = entries.next_if(|(key, node)| known(key) && !is_resource(node)) {
                gone.push(key.name.clone());
            }
            let path = node_path.path().key(&first.name);
            let owner_path = node_path.path().key(&owner.name).to_string();
            let problem = ShapeProblem::NotIndented { key: first.name.clone(), owner: owner_path };
            let hint =
                Some(format!("indent it, and everything else that belongs to `{}`, below that line", owner.name));
            let related = Some((owner.span, "this is empty".to_owned()));
            if let Some((section, name)) = node_path.key(&owner.name).resource() {
                self.findings.mark_broken(section, name);
            }
            self.findings.error(ShapeError { path, span: first.span, problem, hint, related });
        }
        mapping.retain(|key, _| !gone.contains(&key.name));
    }

    /// Removes attributes that are next to the resource above them instead of below it, with one message for each.
    fn beside_resource(&mut self, mapping: &mut Mapping, shape: &'static Shape, node_path: NodePath<'_>) {
        let Some(Map::Fixed(keys)) = &shape.map else { return };
        if !mapping.iter().any(|(key, node)| is_attribute(key, node, keys)) {
            return;
        }
        let mut owner: Option<Key> = None;
        mapping.retain(|key, node| {
            if !is_attribute(key, node, keys) {
                owner = Some(key.clone());
                return true;
            }
            let Some(owner) = owner.as_ref().filter(|owner| owner.span.file == key.span.file) else { return true };
            if let Some((section, name)) = node_path.key(&owner.name).resource() {
                self.findings.mark_broken(section, name);
            }
            let owner_path = node_path.path().key(&owner.name).to_string();
            let problem = ShapeProblem::NotIndented { key: key.name.clone(), owner: owner_path };
            let hint = Some(format!("indent `{}` more, below `{}:`", key.name, owner.name));
            let path = node_path.path().key(&key.name);
            self.findings.error(ShapeError { path, span: key.span, problem, hint, related: None });
            false
        });
    }

    fn bad_name(&mut self, key: &Key, names: Names, node_path: NodePath<'_>) {
        let what = match names {
            Names::Resource(what) => what,
            Names::NonEmpty | Names::Any => "key",
        };
        let path = node_path.path().key(&key.name);
        let problem = ShapeProblem::BadName { name: key.name.clone(), what: what.to_owned() };
        let hint = Some("use letters, digits, `.`, `_` and `-`".to_owned());
        self.report(path, key.span, problem, hint, node_path.key(&key.name));
    }

    fn wrong_type(&mut self, node: &Node, at: Span, shape: &Shape, node_path: NodePath<'_>) -> Verdict {
        let path = node_path.path();
        let written = self.written(node);
        let hint = WrongType { node, written: &written, shape, node_path, sources: self.sources }.hint();
        let found = described(node, &written);
        let problem = ShapeProblem::WrongType { path: path.to_string(), accepted: shape.accepted(), found };
        self.report(path, at, problem, hint, node_path)
    }

    /// The text of a scalar as written in the file.
    fn written(&self, node: &Node) -> String {
        scalar::written(&node.value, node.span, self.sources)
    }

    fn unknown_key(&mut self, key: &Key, node: &Node, keys: &'static Keys, node_path: NodePath<'_>) {
        let (hint, meant) = unknown_key_hint(key, node, keys, node_path);
        let path = node_path.path();
        let place =
            if let NodePath::Top = node_path { keys.what.to_owned() } else { format!("{} (`{path}`)", keys.what) };
        let problem = ShapeProblem::UnknownKey { key: key.name.clone(), place };
        match meant {
            Meant::Service => self.findings.mark_broken("services", &key.name),
            Meant::Section(section) => self.findings.mark_section_broken(section),
            Meant::Nothing => {}
        }
        let below = node_path.key(&key.name);
        self.report(path.key(&key.name), key.span, problem, hint, below);
    }

    fn report(
        &mut self,
        path: Path,
        span: Span,
        problem: ShapeProblem,
        hint: Option<String>,
        node_path: NodePath<'_>,
    ) -> Verdict {
        match node_path {
            NodePath::Key(NodePath::Top, section) => self.findings.mark_section_broken(section),
            NodePath::Top | NodePath::Key(..) | NodePath::Index(..) => {
                if let Some((section, name)) = node_path.resource() {
                    self.findings.mark_broken(section, name);
                }
            }
        }
        self.findings.error(ShapeError { path, span, problem, hint, related: None });
        Verdict::Drop
    }
}

/// Whether the items of a short list differ at first sight.
fn all_differ(items: &[Node]) -> bool {
    const SHORT: usize = 16;
    let differs_from_the_rest =
        |(at, item): (usize, &Node)| items[at + 1..].iter().all(|other| item.value.surely_differs(&other.value));
    items.len() <= SHORT && items.iter().enumerate().all(differs_from_the_rest)
}

/// The only word that has `text` as one or more of its parts: `service_healthy` for `healthy`.
fn with_part<'a>(text: &str, words: &[&'a str]) -> Option<&'a str> {
    let part = format!("_{text}_");
    let mut having = words.iter().filter(|word| text.len() > 3 && format!("_{word}_").contains(&part));
    having.next().filter(|_| having.next().is_none()).copied()
}

fn did_you_mean(word: &str) -> String {
    format!("did you mean `{word}`?")
}

/// Whether an entry is an attribute of a resource rather than a resource with such a name.
fn is_attribute(key: &Key, node: &Node, keys: &Keys) -> bool {
    keys.get(&key.name).is_some()
        && match &node.value {
            Value::Null => false,
            // A resource has keys that a resource may have; `environment` and the like do not.
            Value::Mapping(inner) => !inner.is_empty() && inner.keys().all(|name| keys.get(name).is_none()),
            Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Timestamp(_)
            | Value::String(_)
            | Value::Sequence(_) => true,
        }
}

/// Describes what was found, with the text of a scalar.
fn described(node: &Node, written: &str) -> String {
    match &node.value {
        Value::Bool(_) => format!("the boolean `{written}`"),
        Value::Int(_) | Value::Float(_) => format!("the number `{written}`"),
        Value::Timestamp(_) => format!("the date `{written}`"),
        Value::String(text) if text.chars().count() <= 40 && !text.contains('\n') => {
            format!("the text `{}`", redact::assignment(text))
        }
        Value::String(_) => "a string".to_owned(),
        Value::Null | Value::Sequence(_) | Value::Mapping(_) => node.value.kind().to_owned(),
    }
}
