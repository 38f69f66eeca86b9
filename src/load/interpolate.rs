//! Expands variables in a document: every string is expanded in place and, where a number or a boolean is expected,
//! converted (Compose spec: `12-interpolation.md`).
//!
//! Spans stay as they are, so later errors still point at what was written. Problems with a variable point at its
//! `${…}` inside the scalar.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use super::cast::{self, Target};
use super::template::{self, Fault, FaultKind, Invalid, Lookup, Report, Variable};
use crate::diagnostic::{Explain, suggest};
use crate::source::{SourceMap, Span};
use crate::yaml::{MergeTag, Node, Path, Segment, Value};

/// Maximum number of bytes that variables may add to one file: more than any file needs, and less than a machine has.
const MOST_ADDED: usize = 32 << 20;

/// A string that could not be expanded or converted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// An invalid `${…}`.
    #[error("`{text}` in `{path}` is not a valid variable reference")]
    Invalid {
        /// Where the string is.
        path: Path,
        /// The reference as written.
        text: String,
        /// What is wrong with it.
        why: Invalid,
        /// Where it is in the file.
        span: Span,
    },
    /// `${NAME:?message}` without a value.
    #[error("{}", required(.variable, .message, *.empty))]
    Required {
        /// Where the string is.
        path: Path,
        /// The variable.
        variable: String,
        /// The file's own message; may be empty.
        message: String,
        /// Whether it is set, but empty.
        empty: bool,
        /// A variable with a similar name that an env file sets.
        closest: Option<String>,
        /// Where the `${…}` is.
        span: Span,
    },
    /// A text that became too long by expansion.
    #[error("`{path}` expands to more than {} MiB", template::LONGEST >> 20)]
    TooLong {
        /// Where the string is.
        path: Path,
        /// Where the text up to that point is.
        span: Span,
    },
    /// The texts of the file together became too long by expansion.
    #[error("the variables up to `{path}` add more than {} MiB to the file", MOST_ADDED >> 20)]
    TooMuch {
        /// The string that exceeds the limit.
        path: Path,
        /// Where it is in the file.
        span: Span,
    },
    /// References nested too deeply.
    #[error("variable references in `{path}` are nested more than {} deep", template::MOST_NESTED)]
    TooDeep {
        /// Where the string is.
        path: Path,
        /// Where the innermost one is.
        span: Span,
    },
    /// Text where a number or a boolean is expected.
    #[error("`{path}` must be {}, not `{text}`", target.words())]
    Cast {
        /// Where the string is.
        path: Path,
        /// The text after expansion.
        text: String,
        /// The string as written, if it refers to a variable.
        template: Option<String>,
        /// What is expected.
        target: Target,
        /// Where it is in the file.
        span: Span,
    },
}

impl TemplateError {
    /// Looks for a similar name among the variables that `environment` has beyond those of `shell`.
    pub(super) fn suggest(&mut self, environment: &BTreeMap<String, String>, shell: &BTreeMap<String, String>) {
        if let Self::Required { variable, closest, empty: false, .. } = self {
            let names = environment.keys().map(String::as_str);
            let names = names.filter(|name| !shell.contains_key(*name) && *name != "COMPOSE_PROJECT_NAME");
            *closest = suggest::closest_variable(variable, names).map(str::to_owned);
        }
    }

    /// The section and the name of the resource that lacks a required variable.
    pub(super) fn resource_without_value(&self) -> Option<(&str, &str)> {
        let Self::Required { path, .. } = self else { return None };
        let [Segment::Key(section), Segment::Key(name), ..] = path.segments() else { return None };
        Some((section, name))
    }
}

fn required(variable: &str, message: &str, empty: bool) -> String {
    let state = if empty { "is empty" } else { "is not set" };
    let separator = if message.is_empty() { "" } else { ": " };
    format!("required variable `{variable}` {state}{separator}{message}")
}

/// Something that works, but perhaps not as intended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateWarning {
    /// A variable without a value or a default.
    #[error("The {variable:?} variable is not set. Defaulting to a blank string.")]
    Unset {
        /// The variable.
        variable: String,
        /// Where it is used.
        span: Span,
    },
    /// `yes` or the like used as a boolean.
    #[error("{word:?} for boolean is not supported by YAML 1.2, please use `{better}`")]
    BooleanWord {
        /// The word.
        word: String,
        /// What to write instead.
        better: &'static str,
        /// Where it is in the file.
        span: Span,
    },
}

impl Explain for TemplateError {
    fn span(&self) -> Option<Span> {
        match self {
            Self::Invalid { span, .. }
            | Self::Required { span, .. }
            | Self::TooDeep { span, .. }
            | Self::TooLong { span, .. }
            | Self::TooMuch { span, .. }
            | Self::Cast { span, .. } => Some(*span),
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Invalid { text, why, .. } => invalid_hint(text, *why),
            Self::Required { closest: Some(closest), variable, .. } => {
                format!("an env file sets `{closest}`: rename it to `{variable}`, or refer to `{closest}` here")
            }
            Self::Required { variable, .. } => {
                format!("set `{variable}` in the shell, in `.env`, or in a file given by `--env-file`")
            }
            Self::TooMuch { .. } => "put a long value that is used this often in a file, and mount the file".to_owned(),
            Self::TooLong { .. } => "variables that repeat each other grow fast; shorten them".to_owned(),
            Self::TooDeep { .. } => "give the inner variables their own values in `.env`".to_owned(),
            Self::Cast { text, template: Some(template), target, .. } if text.is_empty() => format!(
                "`{template}` is empty: set the variable, or give it a default as in `${{NAME:-{}}}`",
                if *target == Target::Boolean { "false" } else { "1" }
            ),
            Self::Cast { template: Some(template), target, .. } => {
                format!("the text comes from `{template}`; {}", target.accepted())
            }
            Self::Cast { path, text, .. } if limits(path, text).is_some() => limits(path, text).unwrap_or_default(),
            Self::Cast { target, .. } => target.accepted().to_owned(),
        })
    }
}

/// What to write instead of a soft and a hard limit with a colon, as in `docker run --ulimit`.
fn limits(path: &Path, text: &str) -> Option<String> {
    let [.., Segment::Key(section), Segment::Key(name)] = path.segments() else { return None };
    let (soft, hard) = text.split_once(':').filter(|_| section == "ulimits")?;
    let is_number = |text: &str| text.trim_start_matches('-').parse::<u64>().is_ok();
    (is_number(soft) && is_number(hard)).then(|| format!("write `{name}: {{soft: {soft}, hard: {hard}}}`"))
}

fn invalid_hint(text: &str, why: Invalid) -> String {
    let name: String = text
        .trim_start_matches("${")
        .trim_start_matches(|c: char| !c.is_ascii_alphabetic() && c != '_')
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
        .collect();
    let dollar = "write `$$` for a literal `$`";
    match why {
        Invalid::Unclosed => format!("close it with `}}`; {dollar}"),
        Invalid::SeveralLines => "put the whole reference on one line".to_owned(),
        Invalid::Empty => format!("put a name between the braces; {dollar}"),
        Invalid::Blank => format!("remove the space: `${{{name}}}`"),
        Invalid::Name => format!("names begin with a letter or `_`; {dollar}"),
        Invalid::Operator if default_word(text).is_some() => {
            let word = default_word(text).unwrap_or_default();
            format!("for a default value write `${{{name}:-{word}}}`")
        }
        Invalid::Operator => format!(
            "the name may be followed by `:-default`, `:?message` or `:+alternate`, as in `${{{name}:-default}}`; {dollar}"
        ),
    }
}

/// `latest` of `${TAG:latest}` and `${TAG:=latest}`: a default without its `-`.
fn default_word(text: &str) -> Option<&str> {
    let (_, word) = text.strip_suffix('}')?.split_once(':')?;
    let word = word.strip_prefix('=').unwrap_or(word).trim_start();
    // `${NAME:0:1}` is a part of the value in a shell.
    let is_part = word.contains(':') && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
    let begins = word.chars().next().is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '/' | '_' | '"' | '\''));
    (begins && !is_part).then_some(word)
}

impl Explain for TemplateWarning {
    fn span(&self) -> Option<Span> {
        match self {
            Self::Unset { span, .. } | Self::BooleanWord { span, .. } => Some(*span),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Unset { variable, .. } => {
                Some(format!("set it, or write `${{{variable}:-}}` if it may be empty; write `$$` for a literal `$`"))
            }
            Self::BooleanWord { .. } => None,
        }
    }
}

/// Problems found while expanding a document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// Problems that stop loading.
    pub errors: Vec<TemplateError>,
    /// Problems that do not. A variable used in several places occurs once for each.
    pub warnings: Vec<TemplateWarning>,
}

/// Expands every string below `node`, which is a whole layer, and converts those that must be numbers or booleans.
///
/// Keys, and anything that `!reset` removes, are not expanded. A string with an error is expanded as far as possible.
pub fn interpolate(node: &mut Node, lookup: Lookup<'_>, sources: &SourceMap, findings: &mut Findings) {
    Walk { lookup, sources, findings, seen: HashSet::new(), added: 0 }.node(node, None);
}

/// The variables that the strings below `node` refer to, sorted by name, without duplicates.
#[must_use]
pub fn variables(node: &Node) -> Vec<Variable> {
    let mut found = std::collections::BTreeMap::<String, Variable>::new();
    collect(node, &mut |variable| {
        let known = found
            .entry(variable.name.clone())
            .or_insert_with(|| Variable { name: variable.name.clone(), ..Variable::default() });
        known.required |= variable.required;
        for (text, new) in [(&mut known.default, variable.default), (&mut known.alternate, variable.alternate)] {
            if text.is_empty() {
                *text = new;
            }
        }
    });
    found.into_values().collect()
}

fn collect(node: &Node, take: &mut dyn FnMut(Variable)) {
    match &node.value {
        Value::String(text) => template::variables(text).into_iter().for_each(take),
        Value::Sequence(items) => items.iter().for_each(|item| collect(item, take)),
        Value::Mapping(entries) => entries.iter().for_each(|(_, node)| collect(node, take)),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Timestamp(_) => {}
    }
}

/// The current position of the walk: the last step and its parent.
struct NodePath<'a> {
    outer: Option<&'a NodePath<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

impl<'a> NodePath<'a> {
    fn steps(&'a self) -> Vec<Step<'a>> {
        let mut steps: Vec<_> =
            std::iter::successors(Some(self), |node_path| node_path.outer).map(|node_path| node_path.step).collect();
        steps.reverse();
        steps
    }
}

fn path(node_path: Option<&NodePath<'_>>) -> Path {
    let steps = node_path.map(NodePath::steps).unwrap_or_default();
    steps.into_iter().fold(Path::root(), |path, step| match step {
        Step::Key(key) => path.key(key),
        Step::Index(index) => path.index(index),
    })
}

struct Walk<'a> {
    lookup: Lookup<'a>,
    sources: &'a SourceMap,
    findings: &'a mut Findings,
    /// Places already reported: an alias repeats the same text.
    seen: HashSet<Span>,
    /// How many bytes the variables have added so far.
    added: usize,
}

impl Walk<'_> {
    fn node(&mut self, node: &mut Node, node_path: Option<&NodePath<'_>>) {
        if node.tag == Some(MergeTag::Reset) {
            return;
        }
        match &mut node.value {
            Value::String(text) => {
                if let Some(value) = self.string(text, node.span, node_path) {
                    node.value = value;
                }
            }
            Value::Sequence(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.node(item, Some(&NodePath { outer: node_path, step: Step::Index(index) }));
                }
            }
            Value::Mapping(entries) => {
                for (key, value) in entries.values_mut() {
                    self.node(value, Some(&NodePath { outer: node_path, step: Step::Key(&key.name) }));
                }
            }
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Timestamp(_) => {}
        }
    }

    /// The new value of a string, or `None` if it does not change.
    fn string(&mut self, text: &str, span: Span, node_path: Option<&NodePath<'_>>) -> Option<Value> {
        let mut report = Report::default();
        let expanded = text.contains('$').then(|| template::expand(text, self.lookup, &mut report));
        if !self.affords(text, expanded.as_deref(), span, node_path) {
            return None;
        }
        let faulty = !report.faults.is_empty();
        self.report(text, span, node_path, report);
        let value = expanded.as_deref().unwrap_or(text);
        let keys =
            std::iter::successors(node_path, |node_path| node_path.outer).map(|node_path| match node_path.step {
                Step::Key(key) => Some(key),
                Step::Index(_) => None,
            });
        let Some(target) = cast::target(&keys).filter(|_| !faulty) else { return expanded.map(Value::String) };
        let Some(converted) = target.convert(value) else {
            self.cast_error(value, expanded.is_some().then_some(text), target, span, node_path);
            return expanded.map(Value::String);
        };
        if let Some(better) = converted.better {
            let word = value.to_owned();
            self.findings.warnings.push(TemplateWarning::BooleanWord { word, better, span });
        }
        Some(converted.value)
    }

    /// Whether the file may still grow by this expansion; if not, reports that once.
    fn affords(&mut self, text: &str, expanded: Option<&str>, span: Span, node_path: Option<&NodePath<'_>>) -> bool {
        let more = expanded.map_or(0, |expanded| expanded.len().saturating_sub(text.len()));
        let had = self.added <= MOST_ADDED;
        self.added = self.added.saturating_add(more);
        let affords = self.added <= MOST_ADDED || more == 0;
        if had && !affords {
            self.findings.errors.push(TemplateError::TooMuch { path: path(node_path), span });
        }
        affords
    }

    fn cast_error(
        &mut self,
        text: &str,
        template: Option<&str>,
        target: Target,
        span: Span,
        node_path: Option<&NodePath<'_>>,
    ) {
        if self.seen.insert(span) {
            self.findings.errors.push(TemplateError::Cast {
                path: path(node_path),
                text: text.to_owned(),
                template: template.map(str::to_owned),
                target,
                span,
            });
        }
    }

    fn report(&mut self, text: &str, span: Span, node_path: Option<&NodePath<'_>>, report: Report) {
        if report.faults.is_empty() && report.unset.is_empty() {
            return;
        }
        let written = Written::of(self.sources, span, text);
        for Fault { kind, range } in report.faults {
            let place = written.locate(&range);
            if !self.seen.insert(place) {
                continue;
            }
            let path = path(node_path);
            self.findings.errors.push(match kind {
                FaultKind::Invalid(why) => {
                    TemplateError::Invalid { path, text: text[range].to_owned(), why, span: place }
                }
                FaultKind::Required { variable, message, empty } => {
                    TemplateError::Required { path, variable, message, empty, closest: None, span: place }
                }
                FaultKind::TooDeep => TemplateError::TooDeep { path, span: place },
                FaultKind::TooLong => TemplateError::TooLong { path, span: place },
            });
        }
        for (variable, range) in report.unset {
            let span = written.locate(&range);
            self.findings.warnings.push(TemplateWarning::Unset { variable, span });
        }
    }
}

/// The place in the file of `range` of `text`, which was read from `span`.
pub(crate) fn locate(sources: &SourceMap, span: Span, text: &str, range: &Range<usize>) -> Span {
    Written::of(sources, span, text).locate(range)
}

/// A scalar and how it was written.
struct Written<'a> {
    span: Span,
    raw: &'a str,
    text: &'a str,
    /// Where the text is in `raw`, if it occurs there verbatim.
    verbatim: Option<usize>,
}

/// Maximum size of a scalar with escapes that is searched for places.
const LONGEST_SEARCHED: usize = 1 << 14;

impl<'a> Written<'a> {
    /// The scalar at `span`, whose value is `text`.
    fn of(sources: &'a SourceMap, span: Span, text: &'a str) -> Self {
        let raw = sources.text(span);
        Self { span, raw, text, verbatim: raw.find(text) }
    }

    /// The place in the file of a range of the value.
    ///
    /// A scalar has no map from its value back to its source text, so the same characters are searched in the source;
    /// if escapes or line breaks hide them, the result is the start of the scalar.
    fn locate(&self, range: &Range<usize>) -> Span {
        if let Some(at) = self.verbatim {
            return self.span.slice(at + range.start, at + range.end);
        }
        let wanted = &self.text[range.clone()];
        let wanted = wanted.split('\n').next().unwrap_or(wanted);
        let found = if wanted.is_empty() || self.text.len() > LONGEST_SEARCHED {
            None
        } else {
            let before = self.text[..range.start].matches(wanted).count();
            self.raw.match_indices(wanted).nth(before)
        };
        match found {
            Some((at, _)) => self.span.slice(at, at + wanted.len()),
            None => self.span.slice(0, self.raw.lines().next().map_or(0, str::len)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    /// The document after expansion, and all problems with the text they point at.
    fn run(text: &str) -> (Node, Vec<String>, Vec<String>) {
        let (mut document, sources) = yaml::document(text);
        let lookup = |name: &str| match name {
            "N" => Some("3".to_owned()),
            "B" => Some("maybe".to_owned()),
            "V" => Some("value".to_owned()),
            _ => None,
        };
        let mut findings = Findings::default();
        interpolate(&mut document, &lookup, &sources, &mut findings);
        let show = |finding: &dyn Explain| {
            let span = finding.span().expect("findings have a place");
            let position = sources.position(span);
            format!(
                "{}:{} {finding} | {} | {}",
                position.line,
                position.column,
                sources.text(span),
                finding.hint().unwrap_or_default()
            )
        };
        let errors = findings.errors.iter().map(|error| show(error)).collect();
        let warnings = findings.warnings.iter().map(|warning| show(warning)).collect();
        (document, errors, warnings)
    }

    #[test]
    fn strings_change_and_the_rest_stays() {
        let (document, errors, warnings) = run(
            "name: p-$V\nservices:\n  s:\n    image: $V # ${not\n    $V: $V\n    n: 1\n    \
             scale: ${N}\n    cpus: \"0.$N\"\n    privileged: \"true\"\n    ports: [{target: '$N', published: '$N'}]\n    \
             gone: !reset ${bad!}\n",
        );
        assert_eq!((errors, warnings), (vec![], vec![]));
        assert_eq!(document.get("name").and_then(Node::as_str), Some("p-value"));
        let service = document.get("services").and_then(|services| services.get("s")).expect("the service");
        let value = |key: &str| service.get(key).map(|node| node.value.clone());
        assert_eq!(value("image"), Some(Value::String("value".to_owned())));
        assert_eq!(value("$V"), Some(Value::String("value".to_owned())));
        assert_eq!(value("n"), Some(Value::Int(1)));
        assert_eq!(value("scale"), Some(Value::Int(3)));
        assert_eq!(value("cpus"), Some(Value::Float(0.3)));
        assert_eq!(value("privileged"), Some(Value::Bool(true)));
        let port = &service.get("ports").and_then(Node::as_sequence).expect("ports")[0];
        assert_eq!(port.get("target").map(|node| &node.value), Some(&Value::Int(3)));
        assert_eq!(port.get("published").and_then(Node::as_str), Some("3"));
    }

    #[test]
    fn errors_point_at_the_reference() {
        for (text, expected) in [
            (
                "services:\n  s: {image: \"app:${TAG:?set the tag}\"}\n",
                "2:19 required variable `TAG` is not set: set the tag | ${TAG:?set the tag} | \
                 set `TAG` in the shell, in `.env`, or in a file given by `--env-file`",
            ),
            (
                "a: \"x\\ty ${TAG:?}\"\n",
                "1:10 required variable `TAG` is not set | ${TAG:?} | \
                 set `TAG` in the shell, in `.env`, or in a file given by `--env-file`",
            ),
            (
                "a:\n  - |\n    one\n    two ${TAG }\n",
                "4:9 `${TAG }` in `a[0]` is not a valid variable reference | ${TAG } | remove the space: `${TAG}`",
            ),
            (
                "a: ${T:=x}\n",
                "1:4 `${T:=x}` in `a` is not a valid variable reference | ${T:=x} | \
                 for a default value write `${T:-x}`",
            ),
            (
                "a: ${T:0:1}\n",
                "1:4 `${T:0:1}` in `a` is not a valid variable reference | ${T:0:1} | the name may be followed by \
                 `:-default`, `:?message` or `:+alternate`, as in `${T:-default}`; write `$$` for a literal `$`",
            ),
            (
                "a: 'it''s ${'\n",
                "1:11 `${` in `a` is not a valid variable reference | ${ | \
                 close it with `}`; write `$$` for a literal `$`",
            ),
            (
                "services:\n  s:\n    privileged: ${B}\n",
                "3:17 `services.s.privileged` must be a boolean, not `maybe` | ${B} | \
                 the text comes from `${B}`; write `true` or `false`",
            ),
            (
                "services:\n  s:\n    scale: three\n",
                "3:12 `services.s.scale` must be a whole number, not `three` | three | \
                 write digits only, as in `3`",
            ),
        ] {
            assert_eq!(run(text).1, [expected], "{text}");
        }
    }

    #[test]
    fn an_empty_number_names_its_variable() {
        let (_, errors, warnings) = run("services:\n  s:\n    scale: ${M}\n");
        assert_eq!(
            errors,
            ["3:12 `services.s.scale` must be a whole number, not `` | ${M} | \
              `${M}` is empty: set the variable, or give it a default as in `${NAME:-1}`"]
        );
        assert_eq!(warnings.len(), 1);
    }

    #[test]
    fn warnings_have_places_too() {
        let (_, _, warnings) = run("a: x$U-${U}\nservices:\n  s:\n    tty: no\n");
        assert_eq!(warnings.len(), 3);
        assert!(warnings[0].starts_with("1:5 The \"U\" variable is not set. Defaulting to a blank string. | $U |"));
        assert!(warnings[1].starts_with("1:8 "), "{}", warnings[1]);
        assert!(
            warnings[2].starts_with("4:10 \"no\" for boolean is not supported by YAML 1.2, please use `false` | no")
        );
    }

    #[test]
    fn one_mistake_behind_an_anchor_is_one_message() {
        let (_, errors, _) = run("a: &a ${bad!}\nb: *a\nc: *a\n");
        assert_eq!(errors.len(), 1);
    }

    #[test]
    fn variables_come_once_a_name() {
        let (document, _) = yaml::document("b: $B\na: ['${A:-x}', {c: '${B:?}'}]\nd: ${A:-y}\n");
        let found = variables(&document);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].name.as_str(), found[0].default.as_str()), ("A", "x"));
        assert_eq!((found[1].name.as_str(), found[1].required), ("B", true));
    }
}
