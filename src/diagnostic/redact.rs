//! Hides secrets in everything that is shown: values whose name suggests a secret, and passwords in URLs.

mod lines;
mod message;
mod outline;
mod private_key;

use std::ops::Range;

use private_key::private_keys;

pub use lines::Lines;
pub use message::Secrets;

/// Shown in place of a hidden value.
pub const HIDDEN: &str = "•••";

/// A name that contains one of these words suggests a secret.
const WORDS: [&str; 6] = ["PASS", "SECRET", "TOKEN", "KEY", "CREDENTIAL", "AUTH"];

/// Whether the value of a variable called `name` is hidden.
///
/// ```
/// use hoist::diagnostic::redact::is_secret;
/// assert!(is_secret("MYSQL_ROOT_PASSWORD"));
/// assert!(!is_secret("MYSQL_DATABASE"));
/// ```
#[must_use]
pub fn is_secret(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    WORDS.iter().any(|word| upper.contains(word))
}

/// Whether a word is a flag whose value, the next word, must be hidden.
///
/// ```
/// use hoist::diagnostic::redact::is_secret_flag;
/// assert!(is_secret_flag("--password"));
/// assert!(!is_secret_flag("--password=x"));
/// ```
#[must_use]
pub fn is_secret_flag(word: &str) -> bool {
    word.starts_with('-') && word.chars().all(is_name_character) && is_secret(word)
}

/// `text` with its recognisable secrets hidden: passwords and tokens in URLs, private keys, and values whose name
/// suggests a secret, as in `--password=x`, `--token x`, `password = x`, `"password": "x"`, `Authorization: x` and
/// `Bearer x`.
///
/// ```
/// use hoist::diagnostic::redact::text;
/// assert_eq!(text("https://me:hunter2@host/x"), "https://me:•••@host/x");
/// assert_eq!(text("login --password hunter2 --user me"), "login --password ••• --user me");
/// assert_eq!(text("username=me,password=hunter2,vers=3"), "username=me,password=•••,vers=3");
/// ```
#[must_use]
pub fn text(text: &str) -> String {
    without(text, &secrets_in(text, Kind::Message))
}

/// A value from the user's files with its recognisable secrets hidden. In addition to what [`text`] hides, these
/// include whatever follows a name and a colon; in a message that may only be the start of an explanation.
///
/// ```
/// use hoist::diagnostic::redact::value;
/// assert_eq!(value("password: hunter2"), "password: •••");
/// assert_eq!(value(r#"{"tokens":["a","b"],"user":"me"}"#), r#"{"tokens":•••,"user":"me"}"#);
/// ```
#[must_use]
pub fn value(text: &str) -> String {
    without(text, &secrets_in(text, Kind::Value))
}

/// The kind of a text, which decides how much of it may be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A sentence, or a line of a file.
    Message,
    /// The value of an attribute.
    Value,
}

/// `text` with `ranges`, which are in order, hidden.
fn without(text: &str, ranges: &[Range<usize>]) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut from = 0;
    for range in ranges {
        shown.push_str(&text[from..range.start]);
        shown.push_str(HIDDEN);
        from = range.end;
    }
    shown + &text[from..]
}

/// The ranges to hide in a text, in order.
fn secrets_in(text: &str, kind: Kind) -> Vec<Range<usize>> {
    let mut found = url_passwords(text);
    found.extend(named_values(text, kind));
    found.extend(bearer_tokens(text));
    found.extend(private_keys(text));
    apart(found)
}

/// `ranges` in order, without empty ones; overlapping ones are merged.
fn apart(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| range.start);
    let mut apart: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match apart.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => apart.push(range),
        }
    }
    apart
}

/// `text` with its value hidden if it is an assignment to a variable whose name suggests a secret.
/// `DB_PASSWORD:hunter2` counts: it only lacks a space.
///
/// ```
/// use hoist::diagnostic::redact::assignment;
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

/// The password in a URL.
///
/// ```
/// use hoist::diagnostic::redact::password_in;
/// assert_eq!(password_in("https://me:hunter2@host/x"), Some("hunter2"));
/// assert_eq!(password_in("https://host/x"), None);
/// ```
#[must_use]
pub fn password_in(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let (user, _) = authority.rsplit_once('@')?;
    user.split_once(':').map(|(_, password)| password)
}

/// `text` with these values hidden, besides its recognisable secrets. Values of less than three characters occur in too
/// many words.
///
/// ```
/// use hoist::diagnostic::redact::without_values;
/// assert_eq!(without_values("tok swordfish of me", &["me".to_owned(), "swordfish".to_owned()]), "tok ••• of me");
/// ```
#[must_use]
pub fn without_values(text: &str, values: &[String]) -> String {
    let mut values: Vec<&str> = values.iter().flat_map(|value| value.lines()).map(str::trim).collect();
    values.retain(|value| value.chars().count() >= 3);
    // One may be part of another.
    values.sort_by_key(|value| std::cmp::Reverse(value.len()));
    self::text(&values.iter().fold(text.to_owned(), |text, value| text.replace(value, HIDDEN)))
}

fn is_name_character(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '-' | '.')
}

/// The values in `text` whose name suggests a secret. The bare word `key` does not count: `key=value` usually describes
/// a syntax.
fn named_values(text: &str, kind: Kind) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut rest = 0;
    while let Some(start) = text[rest..].find(is_name_character).map(|at| rest + at) {
        let end = text[start..].find(|c| !is_name_character(c)).map_or(text.len(), |length| start + length);
        rest = end;
        let name = &text[start..end];
        if name.eq_ignore_ascii_case("key") || !is_secret(name) || is_own_key(name) {
            continue;
        }
        if let Some(value) = named_value(text, start..end, kind) {
            rest = rest.max(value.end);
            found.push(value);
        }
    }
    found
}

/// The value that belongs to `name`.
fn named_value(text: &str, name: Range<usize>, kind: Kind) -> Option<Range<usize>> {
    let (end, word_of_name) = (name.end, &text[name.clone()]);
    if text[end..].starts_with('=') {
        return word(text, end + 1);
    }
    // The end of a clause can look like a header: `no such secret: …`.
    let is_header =
        word_of_name.eq_ignore_ascii_case("authorization") || word_of_name.trim_start_matches('-').contains('-');
    // … or like the words of engines for a refusal: `may require authorization: no basic auth credentials`.
    let is_header = is_header && !text[..name.start].ends_with("require ");
    let is_entry = kind == Kind::Value && text[end..].starts_with(": ");
    if is_entry || (is_header && text[end..].starts_with(':')) {
        return header(text, name.start, end + 1);
    }
    match after_separator(text, &name) {
        Some(from) if text[from..].starts_with(['[', '{']) => {
            (kind == Kind::Value).then(|| from..closing_bracket(text, from))
        }
        Some(from) => word(text, from),
        None if is_secret_flag(word_of_name) => next_word(text, end),
        None => None,
    }
}

/// Where the value begins after a quoted name and a colon, or after a name and an equals sign between spaces:
/// `"password": "x"`, `password = x`.
fn after_separator(text: &str, name: &Range<usize>) -> Option<usize> {
    let unquoted = &text[name.end..];
    let quote = text[..name.start].chars().next_back().filter(|last| matches!(last, '"' | '\''));
    let closed = quote.and_then(|quote| unquoted.trim_start_matches('\\').strip_prefix(quote));
    let blank: &[char] = &[' ', '\t'];
    let separated = match closed {
        Some(rest) => rest.trim_start_matches(blank).strip_prefix([':', '=']),
        None if quote.is_none() && unquoted.starts_with(blank) => unquoted
            .trim_start_matches(blank)
            .strip_prefix('=')
            .filter(|rest| rest.starts_with(blank) && !rest.trim_start().is_empty()),
        None => None,
    }?;
    Some(text.len() - separated.trim_start_matches(blank).len())
}

/// The position of the bracket that closes the one at `from`; the end of the text if there is none.
fn closing_bracket(text: &str, from: usize) -> usize {
    let mut depth = 0_usize;
    for (at, character) in text[from..].char_indices() {
        match character {
            '[' | '{' => depth += 1,
            ']' | '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return from + at + character.len_utf8();
        }
    }
    text.len()
}

/// The tokens after the word `Bearer`: at least eight characters, not all of them letters.
fn bearer_tokens(text: &str) -> Vec<Range<usize>> {
    const SHORTEST: usize = 8;
    let lower = text.to_ascii_lowercase();
    let token = |(at, word): (usize, &str)| {
        let token = word_at(text, at + word.len())?;
        let looks_like_one = token.len() >= SHORTEST && text[token.clone()].contains(|c: char| !c.is_alphabetic());
        looks_like_one.then_some(token)
    };
    lower.match_indices("bearer ").filter_map(token).collect()
}

/// The word at `start`.
fn word_at(text: &str, start: usize) -> Option<Range<usize>> {
    let value = word(text, start)?;
    (value.start == start).then_some(value)
}

/// Whether `name` is a Compose key that only sounds like a secret.
#[must_use]
pub fn is_own_key(name: &str) -> bool {
    matches!(name, "secrets" | "credential_spec")
}

/// The word that begins at `start`, without quotes around it; `None` if it only refers to a variable. In a list such as
/// `user=me,password=x,vers=3` the word ends at a comma that another name follows.
fn word(text: &str, start: usize) -> Option<Range<usize>> {
    let rest = &text[start..];
    let quote = rest.trim_start_matches('\\').chars().next().filter(|quote| matches!(quote, '"' | '\'' | '`'));
    if let Some(quote) = quote {
        let from = start + rest.find(quote)? + 1;
        let length = text[from..].find([quote, '\\', '\n']).unwrap_or(text.len() - from);
        return hidden(text, from..from + length);
    }
    let ends = |(at, character): (usize, char)| match character {
        '"' | '\'' | '`' => true,
        ',' | ';' | '&' => {
            let behind = &rest[at + 1..];
            let name = behind.find(|c| !is_name_character(c)).unwrap_or(behind.len());
            name > 0 && behind[name..].starts_with('=')
        }
        character => character.is_whitespace(),
    };
    let length = rest.char_indices().find(|it| ends(*it)).map_or(rest.len(), |(at, _)| at);
    let mut value = &rest[..length];
    for (open, close) in [('[', ']'), ('{', '}'), ('(', ')')] {
        value = if value.contains(open) { value } else { value.trim_end_matches([close, ',']) };
    }
    hidden(text, start..start + value.len())
}

/// The word after a flag that ends at `end`, in the same text or as the next item of a list: `--token x`, `"--token",
/// "x"`.
fn next_word(text: &str, end: usize) -> Option<Range<usize>> {
    let rest = &text[end..];
    let between = rest.find(|c: char| !c.is_whitespace() && !matches!(c, '"' | '\'' | ',')).unwrap_or(rest.len());
    let gap = &rest[..between];
    let is_gap = gap.contains(char::is_whitespace) || gap.contains(',');
    if !is_gap || rest[between..].starts_with(['-', '`', '|', '>', '<', '=', ':', ']', '}', ')']) {
        return None;
    }
    // A quote closes the word only if it also opens it.
    let quote = gap.chars().next_back().filter(|quote| matches!(quote, '"' | '\''));
    word(text, end + between - usize::from(quote.is_some()))
}

/// What follows the colon of a header whose name begins at `name`: up to the closing quote if the header is quoted,
/// else to the end of its line or entry.
fn header(text: &str, name: usize, start: usize) -> Option<Range<usize>> {
    let rest = &text[start..];
    let from = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    let quoted = text[..name].ends_with(['"', '\'', '`']);
    let mut braces = 0_usize;
    let ends = |c: char| {
        let inside = braces > 0;
        match c {
            '{' => braces += 1,
            '}' => braces = braces.saturating_sub(1),
            _ => {}
        }
        matches!(c, '"' | '\'' | '`' | '\n' | '\r') || (!quoted && !inside && matches!(c, ',' | '}'))
    };
    let length = rest[from..].find(ends).unwrap_or(rest.len() - from);
    let value = rest[from..from + length].trim_end();
    // A YAML mapping or list, or a phrase about the name: `is not there: …`.
    if value.starts_with(['{', '[', '&', '*', '|', '>', '/', '#']) {
        return None;
    }
    hidden(text, start + from..start + from + value.len())
}

/// The range, or `None` if there is nothing to hide in it.
fn hidden(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let value = &text[range.clone()];
    (!value.is_empty() && value != HIDDEN && !is_reference(value)).then_some(range)
}

/// `$NAME`, `${NAME}` and `${NAME:?message}` do not contain the value; nor does `$$NAME`, which a shell expands.
fn is_reference(text: &str) -> bool {
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let text = text.strip_prefix('$').filter(|rest| rest.starts_with('$')).unwrap_or(text);
    match text.strip_prefix("${") {
        Some(rest) => rest.split_once('}').is_some_and(|(inner, _)| {
            let name = inner.split([':', '?']).next().unwrap_or_default();
            let behind = &inner[name.len()..];
            is_name(name) && (behind.is_empty() || behind.starts_with('?') || behind.starts_with(":?"))
        }),
        None => text.strip_prefix('$').is_some_and(is_name),
    }
}

fn url_passwords(text: &str) -> Vec<Range<usize>> {
    let starts: Vec<usize> = text.match_indices("://").map(|(at, separator)| at + separator.len()).collect();
    let url = |(at, start): (usize, &usize)| {
        let end = starts.get(at + 1).map_or(text.len(), |next| next - "://".len());
        let password = password(&text[*start..end]).or_else(|| token(&text[..*start], &text[*start..end]))?;
        Some(start + password.start..start + password.end)
    };
    starts.iter().enumerate().filter_map(url).collect()
}

/// The user name of a URL without a password, in the text after `scheme`: over HTTP it is a token.
fn token(scheme: &str, url: &str) -> Option<Range<usize>> {
    if !scheme.ends_with("http://") && !scheme.ends_with("https://") {
        return None;
    }
    let authority = &url[..url.find(|c: char| c.is_whitespace() || "/\"'`?#,}]".contains(c)).unwrap_or(url.len())];
    let user = authority.rfind('@').filter(|at| *at > 0)?;
    (!is_reference(&authority[..user])).then_some(0..user)
}

/// The range of the password in the text after the `://` of a URL.
fn password(url: &str) -> Option<Range<usize>> {
    let length = |ends: fn(char) -> bool| url.find(ends).unwrap_or(url.len());
    let authority = &url[..length(|c| c.is_whitespace() || "/\"'`?#,}]".contains(c))];
    let range = if let Some(host) = authority.rfind('@') {
        authority[..host].find(':')? + 1..host
    } else {
        // The password has a slash that should be written %2F: the URL is invalid, but the password is real.
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

/// Whether the text after the first colon of a URL is a port with a path that happens to contain an `@`: a scoped
/// package, or an image with its digest.
fn is_port_and_path(text: &str) -> bool {
    let Some((port, path)) = text.split_once('/') else { return false };
    port.parse::<u16>().is_ok() && (path.starts_with('@') || path.contains("@sha256:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_itself_to_be_a_secret() {
        for (given, expected) in [
            ("mysqld --password=hunter2 -u root", "mysqld --password=••• -u root"),
            ("--password='hunter 2' x", "--password='•••' x"),
            (r#"sh -c "x --token=\"hun ter\" y""#, r#"sh -c "x --token=\"•••\" y""#),
            ("--requirepass hunter2 --appendonly yes", "--requirepass ••• --appendonly yes"),
            ("--skip-auth --user me", "--skip-auth --user me"),
            (r#"["--password", "hunter2"]"#, r#"["--password", "•••"]"#),
            (r#"["--password=hunter2", "x"]"#, r#"["--password=•••", "x"]"#),
            ("[--password=hunter2]", "[--password=•••]"),
            ("username=u,password=a,b,vers=3", "username=u,password=•••,vers=3"),
            ("x?token=a&user=b", "x?token=•••&user=b"),
            (r#"curl -H "Authorization: Bearer abc" x"#, r#"curl -H "Authorization: •••" x"#),
            ("curl -H 'PRIVATE-TOKEN:abc' x", "curl -H 'PRIVATE-TOKEN:•••' x"),
            ("--password=${DB_PASSWORD}", "--password=${DB_PASSWORD}"),
            ("--password=$$DB_PASSWORD", "--password=$$DB_PASSWORD"),
            ("--password=${X:-hunter2}", "--password=•••"),
            ("--password=", "--password="),
            ("quay.io/keycloak/keycloak:26.0", "quay.io/keycloak/keycloak:26.0"),
            ("of the form `key=value`", "of the form `key=value`"),
            ("no such secret: x", "no such secret: x"),
            ("may require authorization: no basic auth", "may require authorization: no basic auth"),
            ("redis://:hunter2@cache", "redis://:•••@cache"),
            ("PASSWORD=http://a:b@c", "PASSWORD=•••"),
            ("password", "password"),
            (r#"{"password":"hunter2","a":1}"#, r#"{"password":"•••","a":1}"#),
            (r#"{"password" : 1234, "a": 1}"#, r#"{"password" : •••, "a": 1}"#),
            (r#"x '{\"password\":\"hunter2\"}'"#, r#"x '{\"password\":\"•••\"}'"#),
            (r#"{"services":{"keycloak":{"image":"x"}}}"#, r#"{"services":{"keycloak":{"image":"x"}}}"#),
            ("password = hunter2", "password = •••"),
            ("password == 1", "password == 1"),
            ("https://ghp_0123@host/x", "https://•••@host/x"),
            ("https://${TOKEN}@host/x", "https://${TOKEN}@host/x"),
            ("ssh://git@host/x", "ssh://git@host/x"),
            ("curl -H 'Bearer abc.def0'", "curl -H 'Bearer •••'"),
            ("the bearer token is missing", "the bearer token is missing"),
            ("a -----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY----- b", "a ••• b"),
        ] {
            assert_eq!(text(given), expected, "{given}");
        }
    }

    #[test]
    fn a_value_says_more_than_a_message() {
        for (given, expected) in [
            ("password: hunter2", "password: •••"),
            ("a: b, password: hunter2, c: d", "a: b, password: •••, c: d"),
            ("user: me\npassword: hunter2\nhost: x", "user: me\npassword: •••\nhost: x"),
            (r#"{"tokens": ["a", "b"], "c": 1}"#, r#"{"tokens": •••, "c": 1}"#),
            ("quay.io/keycloak/keycloak:26.0", "quay.io/keycloak/keycloak:26.0"),
        ] {
            assert_eq!(value(given), expected, "{given}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_can_be_shown(given in "([-=:,\"'`$@/ {\\[é]|--?token|key|PASS|://|[a-z]){0,40}") {
            for shown in [text(&given), value(&given)] {
                proptest::prop_assert!(shown.len() <= given.len() * 4 + 16);
            }
        }
    }
}
