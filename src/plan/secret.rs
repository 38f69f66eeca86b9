//! Which values stay hidden in plans and reasons.

use super::SecretValues;

/// What stands for a hidden value.
pub(super) const HIDDEN: &str = "•••";

/// Parts of names whose values are hidden.
const SECRET_NAMES: [&str; 6] = ["PASS", "SECRET", "TOKEN", "KEY", "CREDENTIAL", "AUTH"];

/// The value of a variable, argument or label as it may be shown: hidden if its name sounds like a secret, without the
/// password where it is an address.
pub(super) fn shown(name: &str, value: &str, values: SecretValues) -> String {
    if values == SecretValues::Shown {
        return value.to_owned();
    }
    let name = name.to_ascii_uppercase();
    if SECRET_NAMES.iter().any(|part| name.contains(part)) {
        return HIDDEN.to_owned();
    }
    without_password(value)
}

/// `scheme://user:password@host` with the password hidden.
fn without_password(value: &str) -> String {
    let mut shown = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find("://") {
        let (scheme, after) = rest.split_at(at + 3);
        shown.push_str(scheme);
        let end = after.find(['/', '?', '#', ' ', ',', '"']).unwrap_or(after.len());
        let (authority, tail) = after.split_at(end);
        match authority.rsplit_once('@').and_then(|(user, host)| Some((user.split_once(':')?.0, host))) {
            Some((user, host)) => {
                shown.extend([user, ":", HIDDEN, "@", host]);
            }
            None => shown.push_str(authority),
        }
        rest = tail;
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden() {
        let cases = [
            ("DEBUG", "1", "1"),
            ("MYSQL_ROOT_PASSWORD", "hunter2", "•••"),
            ("api_key", "abc", "•••"),
            ("DATABASE_URL", "postgres://app:hunter2@db:5432/app", "postgres://app:•••@db:5432/app"),
            ("HOSTS", "http://a:x@h/ and http://b@h", "http://a:•••@h/ and http://b@h"),
            ("URL", "https://example.com/a:b@c", "https://example.com/a:b@c"),
        ];
        for (name, value, expected) in cases {
            assert_eq!(shown(name, value, SecretValues::Hidden), expected, "{name}");
            assert_eq!(shown(name, value, SecretValues::Shown), value, "{name}");
        }
    }
}
