//! Which parts of a line of a Compose file or env file are hidden.

use std::ops::Range;

use super::outline::{Continuation, Continued, Outline, assigned};
use super::private_key::private_keys;
use super::{Kind, apart, is_name_character, is_own_key, is_reference, is_secret, is_secret_flag, secrets_in};

/// Keys whose entries are settings of something other than Compose: values of entries whose name suggests a secret are
/// hidden.
const SETTINGS: [&str; 6] = ["labels", "annotations", "driver_opts", "options", "storage_opt", "sysctls"];

/// The lines of one file, to find what must be hidden in them.
#[derive(Debug)]
pub struct Lines<'a> {
    text: &'a str,
    form: Form,
    private_keys: Vec<Range<usize>>,
}

/// The syntax of a file, and what its lines stand below or continue.
#[derive(Debug)]
enum Form {
    Yaml(Outline),
    EnvFile(Continued),
}

impl<'a> Lines<'a> {
    /// The lines of a Compose file (`is_yaml`) or of an env file.
    #[must_use]
    pub fn of(text: &'a str, is_yaml: bool) -> Self {
        let form = if is_yaml { Form::Yaml(Outline::of(text)) } else { Form::EnvFile(Continued::of(text)) };
        Self { text, form, private_keys: private_keys(text) }
    }

    /// The ranges of the file to hide in `line`, the range of one line of it.
    ///
    /// These are the values of all names that suggest a secret (except Compose's own keys such as `secrets`), the lines
    /// of private keys, and secrets recognisable in the line itself, as in `--password=x`.
    #[must_use]
    pub fn hidden(&self, line: Range<usize>) -> Vec<Range<usize>> {
        let shown = &self.text[line.clone()];
        let mut found = if self.is_in_private_key(&line) {
            value(shown, indent(shown), shown.len())
        } else {
            match &self.form {
                Form::Yaml(outline) => in_yaml(self.text, outline, &line),
                Form::EnvFile(continued) => in_env_file(shown, continued.at(line.start)),
            }
        };
        let kind = if matches!(self.form, Form::Yaml(_)) { Kind::Value } else { Kind::Message };
        if kind == Kind::Value || !shown.trim_start().starts_with('#') {
            let said = secrets_in(shown, kind);
            // Quotes are hidden together with their content.
            found.retain(|range| !said.iter().any(|other| other.start <= range.start && range.end <= other.end));
            found.extend(said);
        }
        apart(found).into_iter().map(|range| line.start + range.start..line.start + range.end).collect()
    }

    /// Whether a private key that began on an earlier line continues in `line`.
    fn is_in_private_key(&self, line: &Range<usize>) -> bool {
        let before = self.private_keys.partition_point(|key| key.start < line.start);
        before > 0 && self.private_keys[before - 1].end > line.start
    }
}

/// The value of a variable whose name suggests a secret, or the line if it continues such a value.
fn in_env_file(shown: &str, continues: Option<Continuation>) -> Vec<Range<usize>> {
    let own = assigned(shown);
    if continues == Some(Continuation::Open) || (continues.is_some() && own.is_none()) {
        return value(shown, 0, shown.len());
    }
    match own {
        Some((name, at)) if is_secret(name) => {
            let mut hidden = value(shown, at, shown.len());
            if name.contains(char::is_whitespace) {
                hidden.extend(without_separator(shown, is_variable));
            }
            hidden
        }
        Some(_) | None => without_separator(shown, is_variable),
    }
}

/// The value of a variable whose name suggests a secret, if its `=` or `:`, or the space after the colon, is missing:
/// `DB_PASSWORD hunter2`. `is_name` tells a variable's name from the first word of a text.
fn without_separator(line: &str, is_name: fn(&str) -> bool) -> Vec<Range<usize>> {
    let start = indent(line);
    let item = line[start..].trim_start_matches("export ").trim_start_matches(['"', '\'']);
    let Some(end) = item.find(|c| !is_name_character(c)) else { return Vec::new() };
    let (name, rest) = item.split_at(end);
    let rest = rest.trim_start_matches([' ', '\t', ':']);
    if !is_name(name) || !is_secret(name) {
        return Vec::new();
    }
    value(line, line.len() - rest.len(), line.len())
}

/// Whether a name is written the way variables usually are.
pub(super) fn is_variable(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// Where the text of a line begins, after its indentation and the dash of a list.
fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t', '-']).len()
}

/// The value between `from` and `to`, without surrounding spaces; empty if it only refers to a variable.
fn value(line: &str, from: usize, to: usize) -> Vec<Range<usize>> {
    let text = &line[from..to];
    let start = from + text.len() - text.trim_start().len();
    let end = from + text.trim_end().len();
    if start >= end || is_reference(line[start..end].trim_matches(['"', '\''])) {
        return Vec::new();
    }
    std::iter::once(start..end).collect()
}

fn in_yaml(text: &str, outline: &Outline, line: &Range<usize>) -> Vec<Range<usize>> {
    let shown = &text[line.clone()];
    let above = outline.above(text, line.start, shown);
    let before = outline.before(text, line.start);
    let of_secret = |(at, key): (usize, &&str)| {
        let among_values = || above.get(at + 1).is_some_and(|key| holds_values(key));
        is_secret(key) && (is_variable(key) || among_values())
    };
    let of_content = above.first() == Some(&"content") && above.last() == Some(&"secrets");
    if above.iter().enumerate().any(of_secret) || of_content || is_value_of_flag(before, shown) {
        return value(shown, indent(shown), shown.len());
    }
    let entries = entries(shown);
    if entries.is_empty() {
        if opens_text_of_secret(before) {
            // A block of text that is not indented correctly.
            return value(shown, indent(shown), shown.len());
        }
        let within =
            above.first().is_some_and(|key| holds_values(key)) || above.iter().any(|key| key.starts_with("x-"));
        return without_separator(shown, if within { |_| true } else { is_variable });
    }
    of_entries(shown, entries, &above)
}

/// The values of those `entries` of a line whose names suggest a secret; `above` are the keys it stands below.
fn of_entries(shown: &str, entries: Vec<Entry>, above: &[&str]) -> Vec<Range<usize>> {
    let mut among_values =
        above.first().is_some_and(|key| holds_values(key)) || above.iter().any(|key| key.starts_with("x-"));
    let secret_content = above.last().is_some_and(|key| *key == "secrets");
    let mut found = Vec::new();
    for entry in entries {
        let name = &shown[entry.name.clone()];
        // A flag's value is one word, not the rest of the line.
        let is_flag = shown[..entry.name.start].ends_with("--");
        let meant = is_secret(name) && !is_own_key(name) && !is_flag;
        if entry.opens && (holds_values(name) || name.starts_with("x-")) {
            among_values = true;
        } else if meant && entry.opens && (among_values || is_variable(name)) {
            // Not the value of a variable, but meant to be one.
            found.extend(value(shown, entry.value.end, shown.len()));
            break;
        } else if (meant && !entry.opens) || (secret_content && name == "content") {
            let written = shown[entry.value.clone()].trim_start();
            // Names of services and networks may sound like secrets too.
            let refers = written.starts_with(['*', '&', '!']) && !among_values && !is_variable(name);
            // A closing quote whose opening quote comes before the name is not part of the value.
            let closing = usize::from(!written.starts_with(['"', '\'']) && written.ends_with(['"', '\'']));
            let hidden = if refers { Vec::new() } else { value(shown, entry.value.start, entry.value.end - closing) };
            found.extend(if hidden.is_empty() { after_bracket(shown, entry.value.end) } else { hidden });
        }
    }
    found
}

/// The text right after a bracket that closes where a value should be: `{DB_PASSWORD: }hunter2`.
fn after_bracket(shown: &str, end: usize) -> Vec<Range<usize>> {
    let Some(rest) = shown[end..].strip_prefix(['}', ']']) else { return Vec::new() };
    let length = rest.find([',', '}', ']', ' ', '\t']).unwrap_or(rest.len());
    value(shown, end + 1, end + 1 + length)
}

/// Whether the entries below `key` are settings of something other than Compose.
fn holds_settings(key: &str) -> bool {
    SETTINGS.contains(&key)
}

/// Whether a list item is the value of the flag on the line before it.
fn is_value_of_flag(before: &str, line: &str) -> bool {
    let item = |line: &str| {
        let text = line.trim().trim_start_matches("- ").trim_end_matches(',');
        text.rsplit(',').next().unwrap_or_default().trim_matches(['"', '\'', ' ', '[']).to_owned()
    };
    let in_list = line.trim_start().starts_with("- ") == before.trim_start().starts_with("- ");
    in_list && is_secret_flag(&item(before)) && !item(line).starts_with('-')
}

/// Whether a line begins a multi-line text as the value of a variable whose name suggests a secret.
fn opens_text_of_secret(line: &str) -> bool {
    let Some((name, mark)) = line.trim().trim_start_matches("- ").split_once(':') else { return false };
    is_secret(name) && mark.trim_start().starts_with(['|', '>'])
}

/// Whether the entries below `key` are variables or settings of something other than Compose.
fn holds_values(key: &str) -> bool {
    holds_variables(key) || holds_settings(key)
}

/// Whether the entries below `key` are variables.
fn holds_variables(key: &str) -> bool {
    matches!(key, "environment" | "args") || key.to_lowercase().contains("env")
}

/// A `name: value` or `name=value` in a line.
struct Entry {
    name: Range<usize>,
    value: Range<usize>,
    /// Whether a bracket opens after the name.
    opens: bool,
}

/// The entries of one line, including those in brackets.
fn entries(line: &str) -> Vec<Entry> {
    let mut found: Vec<Entry> = Vec::new();
    let mut start = 0;
    let mut depth = 0_usize;
    let mut quote = None;
    let mut pending: Option<(Range<usize>, usize)> = None;
    let mut finish = |pending: &mut Option<(Range<usize>, usize)>, end: usize, opens: bool| {
        if let Some((name, value)) = pending.take() {
            found.push(Entry { name, value: value.min(end)..end, opens });
        }
    };
    for (at, character) in line.char_indices() {
        if let Some(open) = quote {
            if character == open {
                quote = None;
            }
            if character != '=' || pending.is_some() {
                continue;
            }
        }
        let fresh = line[start..at].trim().is_empty();
        match character {
            '"' | '\'' if fresh && pending.is_none() => {
                quote = Some(character);
            }
            '"' | '\'' if pending.as_ref().is_some_and(|(_, value)| line[*value..at].trim().is_empty()) => {
                quote = Some(character);
            }
            '{' | '[' if fresh || pending.as_ref().is_some_and(|(_, value)| line[*value..at].trim().is_empty()) => {
                finish(&mut pending, at, true);
                depth += 1;
                start = at + 1;
            }
            ',' | '}' | ']' if depth > 0 => {
                finish(&mut pending, at, false);
                depth = if character == ',' { depth } else { depth - 1 };
                start = at + 1;
            }
            ':' | '=' if pending.is_none() => {
                let behind = line[at + 1..].chars().next();
                if character == '=' || behind.is_none_or(char::is_whitespace) {
                    pending = Some((name(line, start..at), at + 1));
                }
            }
            _ => {}
        }
    }
    finish(&mut pending, line.len(), false);
    found
}

/// `range` without the dash, quotes and spaces around the name in it.
fn name(line: &str, range: Range<usize>) -> Range<usize> {
    let text = &line[range.clone()];
    let name = text.trim_start_matches([' ', '\t', '-', '"', '\'', '?']);
    let start = range.end - name.len();
    start..start + name.trim_end_matches([' ', '\t', '"', '\'']).len()
}

#[cfg(test)]
mod tests {
    use super::super::HIDDEN;
    use super::*;

    /// The last line of `text`, as it is shown.
    fn shown(text: &str, yaml: bool) -> String {
        let start = text.rfind('\n').map_or(0, |newline| newline + 1);
        let mut line = String::new();
        let mut from = start;
        for range in Lines::of(text, yaml).hidden(start..text.len()) {
            line += &text[from..range.start];
            line += HIDDEN;
            from = range.end;
        }
        line + &text[from..]
    }

    #[test]
    fn compose_files() {
        for (text, expected) in [
            ("environment:\n  DB_PASSWORD: hunter2", "  DB_PASSWORD: •••"),
            ("environment:\n  A: 1\n  DB_PASSWORD: \"hunter2\"", "  DB_PASSWORD: •••"),
            ("environment:\n  - DB_PASSWORD=hunter2", "  - DB_PASSWORD=•••"),
            ("environment:\n- DB_PASSWORD=hunter2", "- DB_PASSWORD=•••"),
            ("environment:\n  - \"DB_PASSWORD=hunter2\"", "  - \"DB_PASSWORD=•••\""),
            ("environment: {A: b, API_KEY: x, C: d}", "environment: {A: b, API_KEY: •••, C: d}"),
            ("s: {image: a, environment: [TOKEN=x, B=y]}", "s: {image: a, environment: [TOKEN=•••, B=y]}"),
            ("build:\n  args:\n    AUTH: x", "    AUTH: •••"),
            ("environment:\n  DB_PASSWORD:hunter2", "  DB_PASSWORD:•••"),
            ("environment:\n  DB_PASSWORD: [hunter2]", "  DB_PASSWORD: •••"),
            ("environment: {A_KEY: {x: y}, B: z}", "environment: {A_KEY: •••"),
            ("environment:\n  DATABASE:wordpress", "  DATABASE:wordpress"),
            ("x-env: &env\n  API_KEY: x", "  API_KEY: •••"),
            ("environment:\n  API_KEY: |\n    line", "    •••"),
            ("environment:\n  API_KEY: ${API_KEY:?set it}", "  API_KEY: ${API_KEY:?set it}"),
            ("environment:\n  API_KEY: ${API_KEY:-hunter2}", "  API_KEY: •••"),
            ("environment:\n  API_KEY:", "  API_KEY:"),
            ("environment:\n  DATABASE: wordpress", "  DATABASE: wordpress"),
            ("services:\n  s:\n    secrets: [dbb]", "    secrets: [dbb]"),
            ("services:\n  s:\n    secrets:\n      - source: token", "      - source: token"),
            ("environment:\n  A: b\nkey_file: x", "key_file: •••"),
            ("services:\n  DB_PASSWORD: hunter2", "  DB_PASSWORD: •••"),
            ("services:\n  s:\n    db_password: hunter2", "    db_password: •••"),
            ("services:\n  s:\n    - DB_PASSWORD=hunter2", "    - DB_PASSWORD=•••"),
            ("services:\n  s:\n    DB_PASSWORD: *hunter2", "    DB_PASSWORD: •••"),
            ("services:\n  s:\n    DB_PASSWORD: |\n      hunter2", "      •••"),
            ("services:\n  s:\n    DB_PASSWORD:hunter2", "    DB_PASSWORD:•••"),
            ("environment:\n  DB_PASSWORD hunter2", "  DB_PASSWORD •••"),
            ("environment:\n  db_password hunter2", "  db_password •••"),
            ("environment:\n  - DB_PASSWORD hunter2", "  - DB_PASSWORD •••"),
            ("services:\n  s:\n    DB_PASSWORD hunter2", "    DB_PASSWORD •••"),
            ("services:\n  auth: *base", "  auth: *base"),
            ("services:\n  keycloak: {image: x, ports: [80]}", "  keycloak: {image: x, ports: [80]}"),
            ("services:\n  keycloak:\n    image: x", "    image: x"),
            ("cache_from:\n  - keycloak:26", "  - keycloak:26"),
            ("    environment: DB_PASSWORD: hunter2", "    environment: DB_PASSWORD: •••"),
            ("environment:\n  A: b DB_PASSWORD: hunter2", "  A: b DB_PASSWORD: •••"),
            ("command: sh -c \"echo 'DB_PASSWORD: hunter2'\"", "command: sh -c \"echo 'DB_PASSWORD: •••'\""),
            ("environment: {DB_PASSWORD: }hunter2, B: c}", "environment: {DB_PASSWORD: }•••, B: c}"),
            ("environment: {DB_PASSWORD: }", "environment: {DB_PASSWORD: }"),
            ("labels:\n  traefik.auth.secret hunter2", "  traefik.auth.secret •••"),
            ("options:\n  splunk-token hunter2", "  splunk-token •••"),
            ("environment:\n  DB_PASSWORD: |\n  hunter2", "  •••"),
            ("environment:\n  DB_PASSWORD: |\n\thunter2", "\t•••"),
            ("services:\n  keycloak: {image: \"x: y\"}", "  keycloak: {image: \"x: y\"}"),
            ("configs:\n  tls:\n    content: |\n      -----BEGIN PRIVATE KEY-----\n      MIIE", "      •••"),
            ("secrets:\n  s:\n    content: hunter2", "    content: •••"),
            ("image: https://me:hunter2@host/x", "image: https://me:•••@host/x"),
            ("build: https://host/x", "build: https://host/x"),
            ("image: https://me:hunt/er2@host/x", "image: https://me:•••@host/x"),
            ("image: https://me:12/er?2#@host/x", "image: https://me:•••@host/x"),
            ("url: amqp://u:p/q@one,amqp://v:r@two/x", "url: amqp://u:•••@one,amqp://v:•••@two/x"),
            ("url: http://host:4873/@scope/package", "url: http://host:4873/@scope/package"),
            ("image: http://host:5000/x@sha256:0123", "image: http://host:5000/x@sha256:0123"),
            ("url: http://host:80/x, mail: me@host", "url: http://host:80/x, mail: me@host"),
            ("url: https://token@host:80/x@y", "url: https://•••@host:80/x@y"),
            ("labels:\n  auth.users: x", "  auth.users: •••"),
            ("labels:\n  - auth.users=x", "  - auth.users=•••"),
            ("labels: {auth.users: [x]}", "labels: {auth.users: •••"),
            ("logging:\n  options: {splunk-token: x, tag: y}", "  options: {splunk-token: •••, tag: y}"),
            (
                "driver_opts: {o: \"username=u,password=x,vers=3\"}",
                "driver_opts: {o: \"username=u,password=•••,vers=3\"}",
            ),
            ("driver_opts:\n  password: x", "  password: •••"),
            ("x-app:\n  api_key: x", "  api_key: •••"),
            ("x-app:\n  secrets: [db]", "  secrets: [db]"),
            ("x-app: {deep: {token: x}}", "x-app: {deep: {token: •••}}"),
            ("command: mysqld --password=x -v", "command: mysqld --password=••• -v"),
            ("command: [a, --token, x]", "command: [a, --token, •••]"),
            ("command:\n  - --token\n  - x", "  - •••"),
            ("command:\n  - --token\n  - --verbose", "  - --verbose"),
            ("command: [\n  \"--token\",\n  \"x\",", "  •••"),
            (
                "test: [\"CMD\", \"mysqladmin\", \"--password=x\"]",
                "test: [\"CMD\", \"mysqladmin\", \"--password=•••\"]",
            ),
            ("test: curl -H \"Authorization: Bearer x\" y", "test: curl -H \"Authorization: •••\" y"),
            ("command: |\n  x \\\n  --password=y \\", "  --password=••• \\"),
            ("secrets:\n  s:\n    content: |\n      hunter2", "      •••"),
            ("secrets:\n  db-password: {file: ./x}", "  db-password: {file: ./x}"),
            ("secrets:\n  db-password:\n    file: ./x", "    file: ./x"),
            ("image: quay.io/keycloak/keycloak:26.0", "image: quay.io/keycloak/keycloak:26.0"),
        ] {
            assert_eq!(shown(text, true), expected, "{text:?}");
        }
    }

    #[test]
    fn env_files() {
        for (text, expected) in [
            ("DB_PASSWORD=hunter2", "DB_PASSWORD=•••"),
            ("export API_KEY = \"x\"", "export API_KEY = •••"),
            ("TOKEN: x", "TOKEN: •••"),
            ("NAME=x", "NAME=x"),
            ("# PASSWORD=x", "# PASSWORD=x"),
            ("URL=postgres://u:p@db/x", "URL=postgres://u:•••@db/x"),
            ("PASSWORD=${OTHER", "PASSWORD=•••"),
            ("DB_PASSWORD≔hunter2", "DB_PASSWORD•••"),
            ("OPTIONS=--password=x", "OPTIONS=--password=•••"),
            ("TLS_KEY=\"-----BEGIN\nMIIE=a${x$\"", "•••"),
            ("TLS_KEY=-----BEGIN\nMIIE/a", "•••"),
            ("TLS_KEY=\"a\nb\"\nNAME=x", "NAME=x"),
            ("TEXT=\"a\nb", "b"),
            ("DB_PASSWORD hunter2", "DB_PASSWORD •••"),
            ("export DB_PASSWORD hunter2=x", "export DB_PASSWORD •••"),
            ("MY KEY=x", "MY KEY=•••"),
            ("TLS=-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED", "•••"),
            ("TLS=-----BEGIN RSA PRIVATE KEY-----\nMIIE==\nMI:IE", "MI:IE"),
            ("TLS=-----BEGIN RSA PRIVATE KEY-----\nMIIE==", "•••"),
            ("TLS=-----BEGIN RSA PRIVATE KEY-----", "TLS=•••"),
        ] {
            assert_eq!(shown(text, false), expected, "{text:?}");
        }
    }
}
