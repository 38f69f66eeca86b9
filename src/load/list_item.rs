//! A list item that is a mapping by mistake in, what to write instead out: a colon and a space make a mapping of
//! unquoted text.

use crate::load::scalar;
use crate::yaml::{Key, Node, Value};

/// Lists of `NAME=value`, which may also be mappings.
const ASSIGNMENTS: [&str; 7] =
    ["additional_contexts", "annotations", "args", "environment", "extra_hosts", "labels", "sysctls"];

/// Lists of names, which may also be mappings from a name to more keys.
const NAMES: [&str; 3] = ["depends_on", "models", "networks"];

/// What to write instead of `item` in the list `list`. `None` if it is unclear what was meant.
pub(super) fn instead_of_mapping(item: &Node, list: &str) -> Option<String> {
    let mapping = item.as_mapping()?;
    let (key, value) = mapping.iter().next()?;
    let is_text = matches!(&value.value, Value::Null) || scalar::text(&value.value).is_some();
    if NAMES.contains(&list) {
        return Some(if value.is_null() {
            format!("write `- {0}`, or `{0}:` without the dash if other keys follow below it", key.name)
        } else {
            format!("a name with keys below it takes no dash: write `{}:` instead of `- {}:`", key.name, key.name)
        });
    }
    let is_sentence = key.name.contains(['=', ' ']);
    if ASSIGNMENTS.contains(&list) && is_text && !is_sentence {
        let assignment = if value.is_null() { key.name.clone() } else { format!("{}={}", key.name, text(value)) };
        let entry = as_entry(key, value);
        return Some(format!("write `{assignment}`, or a mapping without dashes: `{entry}`"));
    }
    if mapping.len() > 1 || !is_text {
        return None;
    }
    let whole = as_entry(key, value);
    let quote = if whole.contains('"') { '\'' } else { '"' };
    Some(format!("a colon and a space begin a mapping: put the item in quotes: `{quote}{whole}{quote}`"))
}

/// `key: value` on one line.
fn as_entry(key: &Key, value: &Node) -> String {
    if value.is_null() { format!("{}:", key.name) } else { format!("{}: {}", key.name, text(value)) }
}

fn text(node: &Node) -> String {
    scalar::text(&node.value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    #[test]
    fn what_was_meant_depends_on_the_list() {
        let hint = |text: &str, list: &str| {
            let (document, _) = yaml::document(text);
            instead_of_mapping(&document.as_sequence().expect("a list")[0], list)
        };
        let cases = [
            ("- A: b", "labels", Some("write `A=b`, or a mapping without dashes: `A: b`")),
            ("- A:", "environment", Some("write `A`, or a mapping without dashes: `A:`")),
            (
                "- A=b: c",
                "environment",
                Some("a colon and a space begin a mapping: put the item in quotes: `\"A=b: c\"`"),
            ),
            (
                "- db: {x: 1}",
                "depends_on",
                Some("a name with keys below it takes no dash: write `db:` instead of `- db:`"),
            ),
            ("- a: b", "command", Some("a colon and a space begin a mapping: put the item in quotes: `\"a: b\"`")),
            ("- a: [b]", "command", None),
        ];
        for (text, list, expected) in cases {
            assert_eq!(hint(text, list).as_deref(), expected, "{text}");
        }
    }
}
