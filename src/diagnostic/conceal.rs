//! Values that stay hidden where lines of the user's files are shown: of variables whose names speak of secrets, and
//! passwords in URLs (design.md, "Values that are secrets stay hidden").

use std::ops::Range;

/// What stands for a hidden value.
pub const HIDDEN: &str = "•••";

/// Parts of names whose values are hidden.
const WORDS: [&str; 6] = ["PASS", "SECRET", "TOKEN", "KEY", "CREDENTIAL", "AUTH"];

/// Whether the value of a variable called `name` is hidden.
///
/// ```
/// use hoist::diagnostic::conceal::is_secret;
/// assert!(is_secret("MYSQL_ROOT_PASSWORD"));
/// assert!(!is_secret("MYSQL_DATABASE"));
/// ```
#[must_use]
pub fn is_secret(name: &str) -> bool {
    let upper = name.to_uppercase();
    WORDS.iter().any(|word| upper.contains(word))
}

/// `text` with the passwords of URLs hidden.
///
/// ```
/// use hoist::diagnostic::conceal::urls;
/// assert_eq!(urls("https://me:hunter2@host/x"), "https://me:•••@host/x");
/// ```
#[must_use]
pub fn urls(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut from = 0;
    for range in url_passwords(text) {
        shown.push_str(&text[from..range.start]);
        shown.push_str(HIDDEN);
        from = range.end;
    }
    shown + &text[from..]
}

/// `text` without its value where it is an assignment to a variable whose name speaks of a secret: `DB_PASSWORD:hunter2`
/// is one that lacks a blank.
///
/// ```
/// use hoist::diagnostic::conceal::assignment;
/// assert_eq!(assignment("DB_PASSWORD:hunter2"), "DB_PASSWORD:•••");
/// assert_eq!(assignment("DB:hunter2"), "DB:hunter2");
/// ```
#[must_use]
pub fn assignment(text: &str) -> String {
    match text.find([':', '=']).filter(|at| is_secret(&text[..*at])) {
        Some(at) => format!("{}{HIDDEN}", &text[..=at]),
        None => text.to_owned(),
    }
}

fn url_passwords(text: &str) -> Vec<Range<usize>> {
    let starts: Vec<usize> = text.match_indices("://").map(|(at, separator)| at + separator.len()).collect();
    let url = |(at, start): (usize, &usize)| {
        let end = starts.get(at + 1).map_or(text.len(), |next| next - "://".len());
        let password = password(&text[*start..end])?;
        Some(start + password.start..start + password.end)
    };
    starts.iter().enumerate().filter_map(url).collect()
}

/// Where the password is in what follows the `://` of a URL.
fn password(url: &str) -> Option<Range<usize>> {
    let length = |ends: fn(char) -> bool| url.find(ends).unwrap_or(url.len());
    let authority = &url[..length(|c| c.is_whitespace() || "/\"'`?#,}]".contains(c))];
    let range = if let Some(host) = authority.rfind('@') {
        authority[..host].find(':')? + 1..host
    } else {
        // A password with a slash in it that should be written %2F: nobody's URL, and somebody's password.
        let start = authority.find(':')? + 1;
        let whole = &url[..length(|c| c.is_whitespace() || "\"'`".contains(c))];
        let host = whole.rfind('@')?;
        if is_port_and_path(&whole[start..]) {
            return None;
        }
        start..host
    };
    (!range.is_empty()).then_some(range)
}

/// Whether the text behind the first colon of a URL is a port, whose path only happens to have an `@`: a package of a
/// scope, or an image with its digest.
fn is_port_and_path(text: &str) -> bool {
    let Some((port, path)) = text.split_once('/') else { return false };
    port.parse::<u16>().is_ok() && (path.starts_with('@') || path.contains("@sha256:"))
}

/// The ranges of `text` to hide among the bytes of `line`, which are one line of it.
///
/// In an env file (`yaml` is false) that is the value of every variable with a telling name. In a Compose file it is
/// those below `environment`, `args` and the like; `secrets` or `key_file` elsewhere are shown.
#[must_use]
pub fn ranges(text: &str, line: Range<usize>, yaml: bool) -> Vec<Range<usize>> {
    let shown = &text[line.clone()];
    let mut found = if yaml { in_yaml(text, &line) } else { in_env_file(shown) };
    for range in url_passwords(shown) {
        if !found.iter().any(|other| other.start <= range.start && range.end <= other.end) {
            found.push(range);
        }
    }
    found.sort_by_key(|range| range.start);
    let mut end = 0;
    found.retain(|range| {
        let apart = range.start >= end && !range.is_empty();
        if apart {
            end = range.end;
        }
        apart
    });
    found.into_iter().map(|range| line.start + range.start..line.start + range.end).collect()
}

fn in_env_file(line: &str) -> Vec<Range<usize>> {
    let Some(at) = line.find(['=', ':']) else { return Vec::new() };
    let name = line[..at].trim().trim_start_matches("export ");
    if line.trim_start().starts_with('#') || !is_secret(name) { Vec::new() } else { value(line, at + 1, line.len()) }
}

/// The value between `from` and `to`, without blanks around it; nothing if it only names a variable.
fn value(line: &str, from: usize, to: usize) -> Vec<Range<usize>> {
    let text = &line[from..to];
    let start = from + text.len() - text.trim_start().len();
    let end = from + text.trim_end().len();
    if start >= end || is_reference(line[start..end].trim_matches(['"', '\''])) {
        return Vec::new();
    }
    std::iter::once(start..end).collect()
}

/// `$NAME`, `${NAME}` and `${NAME:?message}` say nothing of the value.
fn is_reference(text: &str) -> bool {
    let is_name = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    match text.strip_prefix("${") {
        Some(rest) => rest.split('}').next().is_some_and(|inner| {
            let name = inner.split([':', '?']).next().unwrap_or_default();
            let behind = &inner[name.len()..];
            is_name(name) && (behind.is_empty() || behind.starts_with('?') || behind.starts_with(":?"))
        }),
        None => text.strip_prefix('$').is_some_and(is_name),
    }
}

fn in_yaml(text: &str, line: &Range<usize>) -> Vec<Range<usize>> {
    let shown = &text[line.clone()];
    let above = ancestors(&text[..line.start], shown);
    if above
        .iter()
        .enumerate()
        .any(|(at, key)| is_secret(key) && above.get(at + 1).is_some_and(|key| holds_variables(key)))
    {
        return value(shown, 0, shown.len());
    }
    let mut within = above.first().is_some_and(|key| holds_variables(key));
    let entries = entries(shown);
    if within && entries.is_empty() {
        // A blank is missing behind the colon.
        let at = shown.find(':').filter(|at| is_secret(&shown[..*at]));
        return at.map(|at| value(shown, at + 1, shown.len())).unwrap_or_default();
    }
    let secret_content = above.last().is_some_and(|key| *key == "secrets");
    let mut found = Vec::new();
    for entry in entries {
        let name = &shown[entry.name.clone()];
        if holds_variables(name) && entry.opens {
            within = true;
        } else if within && is_secret(name) && entry.opens {
            // No value of a variable, but what was meant to be one.
            found.extend(value(shown, entry.value.end, shown.len()));
            break;
        } else if (within && is_secret(name)) || (secret_content && name == "content") {
            found.extend(value(shown, entry.value.start, entry.value.end));
        }
    }
    found
}

/// Whether the entries below `key` are variables.
fn holds_variables(key: &str) -> bool {
    matches!(key, "environment" | "args") || key.to_lowercase().contains("env")
}

/// The keys that `line` stands below, the nearest first; `before` is the text above it.
fn ancestors<'a>(before: &'a str, line: &str) -> Vec<&'a str> {
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let mut least = indent(line);
    let mut list = line.trim_start().starts_with("- ");
    let mut keys = Vec::new();
    for line in before.lines().rev() {
        let content = line.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let depth = indent(line);
        // A list may stand as far left as its key.
        let sibling = depth == least && (!list || content.starts_with('-'));
        if depth > least || sibling {
            continue;
        }
        least = depth;
        list = content.starts_with("- ");
        let content = content.trim_start_matches("- ");
        if let Some((key, _)) = content.split_once(':') {
            keys.push(key.trim().trim_matches(['"', '\'']));
        }
        if least == 0 && !list {
            break;
        }
    }
    keys
}

/// A `name: value` or `name=value` in a line.
struct Entry {
    name: Range<usize>,
    value: Range<usize>,
    /// Whether a bracket opens behind the name.
    opens: bool,
}

/// The entries of one line, those within brackets too.
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

/// `range` without the dash, quotes and blanks around the name in it.
fn name(line: &str, range: Range<usize>) -> Range<usize> {
    let text = &line[range.clone()];
    let name = text.trim_start_matches([' ', '\t', '-', '"', '\'', '?']);
    let start = range.end - name.len();
    start..start + name.trim_end_matches([' ', '\t', '"', '\'']).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The last line of `text`, as it is shown.
    fn shown(text: &str, yaml: bool) -> String {
        let start = text.rfind('\n').map_or(0, |newline| newline + 1);
        let mut line = String::new();
        let mut from = start;
        for range in ranges(text, start..text.len(), yaml) {
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
            ("environment:\n  - \"DB_PASSWORD=hunter2\"", "  - \"DB_PASSWORD=•••"),
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
            ("environment:\n  A: b\nkey_file: x", "key_file: x"),
            ("secrets:\n  s:\n    content: hunter2", "    content: •••"),
            ("image: https://me:hunter2@host/x", "image: https://me:•••@host/x"),
            ("build: https://host/x", "build: https://host/x"),
            ("image: https://me:hunt/er2@host/x", "image: https://me:•••@host/x"),
            ("image: https://me:12/er?2#@host/x", "image: https://me:•••@host/x"),
            ("url: amqp://u:p/q@one,amqp://v:r@two/x", "url: amqp://u:•••@one,amqp://v:•••@two/x"),
            ("url: http://host:4873/@scope/package", "url: http://host:4873/@scope/package"),
            ("image: http://host:5000/x@sha256:0123", "image: http://host:5000/x@sha256:0123"),
            ("url: http://host:80/x, mail: me@host", "url: http://host:80/x, mail: me@host"),
            ("url: https://token@host:80/x@y", "url: https://token@host:80/x@y"),
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
            ("PASSWORD=${OTHER", "PASSWORD=${OTHER"),
        ] {
            assert_eq!(shown(text, false), expected, "{text:?}");
        }
    }
}
