//! Lists with unique items: a later item replaces an earlier one (Compose spec: `13-merge.md`, "Unique resources").

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::diagnostic::Explain;
use crate::load::findings::Findings;
use crate::load::list_item::instead_of_mapping;
use crate::load::node_path::NodePath;
use crate::load::rules::{Rules, UNIQUE_RULES, Unique};
use crate::load::{scalar, short_form};
use crate::source::Span;
use crate::yaml::{Node, Value};

/// A list item without the key that identifies it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("`{path}` {problem}")]
pub struct ItemError {
    /// Dotted path of the item.
    pub path: String,
    /// What is wrong with it.
    pub problem: ItemProblem,
    /// Where it is in the file.
    pub span: Span,
}

/// What is wrong with a list item.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ItemProblem {
    /// A required key is missing.
    #[error("needs `{0}`")]
    Missing(&'static str),
    /// Not one of the accepted kinds.
    #[error("must be {accepted}, not {found}")]
    WrongType {
        /// The accepted kinds in words.
        accepted: &'static str,
        /// What was found there.
        found: &'static str,
        /// What to write instead, if it is clear what was meant.
        instead: Option<String>,
    },
}

impl Explain for ItemError {
    fn span(&self) -> Option<Span> {
        Some(self.span)
    }

    fn hint(&self) -> Option<String> {
        match &self.problem {
            ItemProblem::Missing("target") => Some("`target` is the path or port in the container".to_owned()),
            ItemProblem::WrongType { found: "a number" | "a boolean", .. } => Some("put it in quotes".to_owned()),
            ItemProblem::WrongType { instead: Some(instead), .. } => Some(instead.clone()),
            ItemProblem::Missing(_) | ItemProblem::WrongType { .. } => None,
        }
    }
}

/// Removes duplicates from every keyed list of the model. Items without a key are reported to `findings` and removed
/// from the tree.
pub(super) fn enforce(model: &mut Node, findings: &mut Findings<ItemError>) {
    walk(model, &UNIQUE_RULES, NodePath::Top, findings);
}

fn walk(node: &mut Node, rules: &Rules<Unique>, node_path: NodePath<'_>, findings: &mut Findings<ItemError>) {
    match &mut node.value {
        Value::Mapping(mapping) => {
            for (key, value) in mapping.values_mut() {
                if let Some(rules) = rules.key(&key.name) {
                    walk(value, rules, node_path.key(&key.name), findings);
                }
            }
        }
        Value::Sequence(items) => {
            if let Some(rule) = rules.rule() {
                let old = std::mem::take(items);
                *items = without_repetitions(old, rule, node_path, findings);
            }
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Timestamp(_) | Value::String(_) => {}
    }
}

fn without_repetitions(
    items: Vec<Node>,
    rule: Unique,
    node_path: NodePath<'_>,
    findings: &mut Findings<ItemError>,
) -> Vec<Node> {
    let mut kept: Vec<Node> = Vec::with_capacity(items.len());
    // Most lists are short: this finds their keys faster than hashes do.
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut refused_mapping = false;
    for (index, item) in items.into_iter().enumerate() {
        let key = match key_of(&item, rule, node_path) {
            Ok(key) => key,
            // The missing value may be under a key that was already refused.
            Err(_)
                if item.as_mapping().is_some_and(|item| item.iter().any(|(key, _)| findings.reported_at(key.span))) =>
            {
                continue;
            }
            // One message is enough for a list whose items are mappings.
            Err(ItemProblem::WrongType { found: "a mapping", .. }) if std::mem::replace(&mut refused_mapping, true) => {
                continue;
            }
            Err(problem) => {
                if let Some((section, name)) = node_path.resource() {
                    findings.mark_broken(section, name);
                }
                findings.error(ItemError { path: node_path.index(index).path().to_string(), problem, span: item.span });
                continue;
            }
        };
        match places.entry(key) {
            Entry::Occupied(place) => kept[*place.get()] = item,
            Entry::Vacant(place) => {
                place.insert(kept.len());
                kept.push(item);
            }
        }
    }
    kept
}

fn key_of(item: &Node, rule: Unique, list: NodePath<'_>) -> Result<String, ItemProblem> {
    let key = match rule {
        Unique::Name => return name_key(item, list),
        Unique::Text => return port_or_range_key(item),
        Unique::Port => return port_key(item),
        Unique::Mount => match item.as_str() {
            Some(text) => short_form::mount_target(text).unwrap_or_else(|| text.to_owned()),
            None => return key_in(item, "target"),
        },
        Unique::Device => match item.as_str() {
            Some(text) => {
                let mut parts = text.split(':');
                let source = parts.next().unwrap_or_default();
                parts.next().unwrap_or(source).to_owned()
            }
            None => return key_in(item, "target"),
        },
        Unique::SecretTarget => reference_key(item, "/run/secrets/"),
        Unique::ConfigTarget => reference_key(item, "/"),
        Unique::EnvFile => match item.as_str() {
            Some(path) => path.to_owned(),
            None => return key_in(item, "path"),
        },
    };
    Ok(key)
}

/// The text under `key` of a mapping; anything else is refused by the schema.
fn key_in(item: &Node, key: &'static str) -> Result<String, ItemProblem> {
    if item.as_mapping().is_none() {
        return Ok(whole(item));
    }
    text_of(item, key).ok_or(ItemProblem::Missing(key))
}

fn name_key(item: &Node, list: NodePath<'_>) -> Result<String, ItemProblem> {
    let Some(text) = item.as_str() else {
        let instead = instead_of_mapping(item, list.last_key().unwrap_or_default());
        return Err(ItemProblem::WrongType { accepted: "a string", found: item.value.kind(), instead });
    };
    Ok(text.split('=').next().unwrap_or_default().to_owned())
}

fn port_or_range_key(item: &Node) -> Result<String, ItemProblem> {
    let found = if matches!(item.value, Value::Float(_)) { "a number with a fraction" } else { item.value.kind() };
    match &item.value {
        Value::String(text) => Ok(text.clone()),
        Value::Int(number) => Ok(number.to_string()),
        Value::Null
        | Value::Bool(_)
        | Value::Float(_)
        | Value::Timestamp(_)
        | Value::Sequence(_)
        | Value::Mapping(_) => {
            Err(ItemProblem::WrongType { accepted: "a port or a range of ports", found, instead: None })
        }
    }
}

fn port_key(item: &Node) -> Result<String, ItemProblem> {
    if item.as_mapping().is_none() {
        return Ok(whole(item));
    }
    let target = item.get("target").filter(|target| !target.is_null()).ok_or(ItemProblem::Missing("target"))?;
    let address = text_of(item, "host_ip").unwrap_or_else(|| "0.0.0.0".to_owned());
    let protocol = text_of(item, "protocol").unwrap_or_else(|| "tcp".to_owned());
    // A number and the same digits as text differ, as in Docker Compose.
    let published = item.get("published").map(|published| &published.value);
    Ok(format!("{address}:{published:?}:{:?}/{protocol}", target.value))
}

fn reference_key(item: &Node, folder: &str) -> String {
    if let Some(source) = item.as_str() {
        return format!("{folder}{source}");
    }
    if item.as_mapping().is_none() {
        return whole(item);
    }
    text_of(item, "target").unwrap_or_else(|| {
        let source = text_of(item, "source").unwrap_or_default();
        format!("{folder}{source}")
    })
}

fn text_of(item: &Node, key: &str) -> Option<String> {
    scalar::text(&item.get(key)?.value)
}

/// A unique key for an item that the schema will refuse.
fn whole(item: &Node) -> String {
    scalar::text(&item.value).unwrap_or_else(|| format!("{:?}", item.span))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    fn model(text: &str) -> Node {
        yaml::document(text).0
    }

    fn kept(attribute: &str, list: &str) -> Vec<String> {
        let mut model = model(&format!("services: {{web: {{{attribute}: {list}}}}}"));
        let mut findings = Findings::<ItemError>::default();
        enforce(&mut model, &mut findings);
        let errors = findings.into_errors();
        let web = model.get("services").and_then(|services| services.get("web"));
        let items = web.and_then(|web| web.get(attribute)).and_then(Node::as_sequence).unwrap_or_default();
        let shown =
            |item: &Node| scalar::text(&item.value).unwrap_or_else(|| text_of(item, "source").unwrap_or_default());
        items.iter().map(shown).chain(errors.iter().map(ToString::to_string)).collect()
    }

    #[test]
    fn a_later_item_takes_the_place_of_the_earlier_one() {
        let cases: [(&str, &str, &[&str]); 8] = [
            ("environment", "[A=1, B=2, A]", &["A", "B=2"]),
            ("ports", "['80', '81', '80', 80]", &["80", "81"]),
            ("expose", "[80, '80', 81]", &["80", "81"]),
            ("volumes", "['aa:/x', 'bb:/y', './c:/x/']", &["./c:/x/", "bb:/y"]),
            ("devices", "['/dev/a:/dev/x', '/dev/b:/dev/x']", &["/dev/b:/dev/x"]),
            ("secrets", "[a, {source: b, target: /run/secrets/a}]", &["b"]),
            ("configs", "[a, {source: b, target: /a}, {source: c}]", &["b", "c"]),
            ("security_opt", "[a, a]", &["a", "a"]),
        ];
        for (attribute, list, expected) in cases {
            assert_eq!(kept(attribute, list), expected, "{attribute} {list}");
        }
    }

    #[test]
    fn an_item_without_a_key_is_refused() {
        assert_eq!(kept("ports", "[{published: 80}]"), ["`services.web.ports[0]` needs `target`"]);
        assert_eq!(kept("labels", "[a, 5]"), ["a", "`services.web.labels[1]` must be a string, not a number"]);
    }
}
