//! Which values stay hidden in plans and reasons.

use crate::diagnostic::redact::{self, HIDDEN};
use crate::plan::SecretValues;
use crate::project::Tree;

/// A value for display: hidden if its name suggests a secret, else with recognisable secrets hidden. The name is that
/// of a variable, argument, label or option; empty if there is none.
pub(in crate::plan) fn shown(name: &str, value: Tree, values: SecretValues) -> Tree {
    if values == SecretValues::Shown { value } else { concealed(name, value) }
}

fn concealed(name: &str, value: Tree) -> Tree {
    match value {
        Tree::Mapping(entries) => Tree::Mapping(
            entries
                .into_iter()
                .map(|(key, value)| {
                    let value = concealed(&key, value);
                    (key, value)
                })
                .collect(),
        ),
        Tree::Sequence(items) => Tree::Sequence(list(name, items)),
        Tree::Null | Tree::Bool(_) => value,
        _ if is_secret(name) => Tree::from(HIDDEN),
        Tree::String(text) => Tree::from(redact::value(&text).as_str()),
        Tree::Int(_) | Tree::Float(_) | Tree::Float32(_) => value,
    }
}

/// The same for a list, in which an item may be the value of the flag before it.
fn list(name: &str, items: Vec<Tree>) -> Vec<Tree> {
    let mut after_flag = false;
    items
        .into_iter()
        .map(|item| {
            let Tree::String(text) = &item else {
                after_flag = false;
                return concealed(name, item);
            };
            let is_value = after_flag && !text.starts_with('-');
            after_flag = redact::is_secret_flag(text);
            if is_value { Tree::from(HIDDEN) } else { concealed(name, item) }
        })
        .collect()
}

fn is_secret(name: &str) -> bool {
    redact::is_secret(name) && !redact::is_own_key(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(name: &str, text: &str, values: SecretValues) -> String {
        fn tree(value: serde_json::Value) -> Tree {
            match value {
                serde_json::Value::Null => Tree::Null,
                serde_json::Value::Bool(value) => Tree::Bool(value),
                serde_json::Value::Number(number) => Tree::Int(number.as_i64().expect("whole")),
                serde_json::Value::String(text) => Tree::from(text.as_str()),
                serde_json::Value::Array(items) => Tree::Sequence(items.into_iter().map(tree).collect()),
                serde_json::Value::Object(entries) => {
                    Tree::Mapping(entries.into_iter().map(|(key, value)| (key, tree(value))).collect())
                }
            }
        }
        shown(name, tree(serde_json::from_str(text).expect("JSON")), values).to_json_compact()
    }

    #[test]
    fn secrets_are_hidden() {
        let cases = [
            ("DEBUG", r#""1""#, r#""1""#),
            ("MYSQL_ROOT_PASSWORD", r#""hunter2""#, r#""•••""#),
            ("api_key", r#""abc""#, r#""•••""#),
            ("DATABASE_URL", r#""postgres://app:hunter2@db/app""#, r#""postgres://app:•••@db/app""#),
            ("URL", r#""amqp://u:pa/ss@one,amqp://v:w@two""#, r#""amqp://u:•••@one,amqp://v:•••@two""#),
            ("", r#"["mysqld","--password=hunter2","-v"]"#, r#"["mysqld","--password=•••","-v"]"#),
            ("", r#"["x","--token","hunter2","--key","-v"]"#, r#"["x","--token","•••","--key","-v"]"#),
            (
                "",
                r#"["CMD-SHELL","curl -H 'Authorization: Bearer x' y"]"#,
                r#"["CMD-SHELL","curl -H 'Authorization: •••' y"]"#,
            ),
            (
                "",
                r#"{"driver":"splunk","options":{"splunk-token":"x"}}"#,
                r#"{"driver":"splunk","options":{"splunk-token":"•••"}}"#,
            ),
            ("", r#"{"o":"username=u,password=x,vers=3"}"#, r#"{"o":"username=u,password=•••,vers=3"}"#),
            ("APP_CONFIG", r#""{\"password\":\"hunter2\"}""#, r#""{\"password\":\"•••\"}""#),
            ("APP_CONFIG", r#""user: me\npassword: hunter2""#, r#""user: me\npassword: •••""#),
            ("", r#"{"auth":true,"keys":["a"],"pin_key":1234}"#, r#"{"auth":true,"keys":["•••"],"pin_key":"•••"}"#),
            (
                "",
                r#"{"credential_spec":{"file":"x"},"secrets":["db"]}"#,
                r#"{"credential_spec":{"file":"x"},"secrets":["db"]}"#,
            ),
        ];
        for (name, value, expected) in cases {
            assert_eq!(json(name, value, SecretValues::Hidden), expected, "{name}");
            assert_eq!(json(name, value, SecretValues::Shown), value, "{name}");
        }
    }
}
