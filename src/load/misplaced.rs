//! A list item in, the attribute that it belongs to out: a port under `environment`, a mount under `ports`.

use crate::project::value::port;

/// An item that belongs to another attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Misplaced {
    /// What it is: `a port`.
    pub what: &'static str,
    /// The attribute for such items.
    pub home: &'static str,
}

impl Misplaced {
    const PORT: Self = Self { what: "a port", home: "ports" };
    const MOUNT: Self = Self { what: "a mount", home: "volumes" };
    const VARIABLE: Self = Self { what: "a variable", home: "environment" };

    /// The kind of `text`, if items of `list` never look like this.
    pub(super) fn of(text: &str, list: &str) -> Option<Self> {
        let kind = [Self::PORT, Self::MOUNT, Self::VARIABLE].into_iter().find(|kind| kind.fits(text))?;
        (kind.home != list).then_some(kind)
    }

    fn fits(self, text: &str) -> bool {
        match self.home {
            "ports" => is_published_port(text),
            "volumes" => is_bind_mount(text),
            _ => is_assignment(text),
        }
    }

    /// What to do about it.
    pub(super) fn hint(self, text: &str) -> String {
        format!("`{text}` looks like {}: list it under `{}`", self.what, self.home)
    }
}

fn is_published_port(text: &str) -> bool {
    let is_port = |character: char| character.is_ascii_digit() || matches!(character, ':' | '.' | '-');
    let ports = text.trim_end_matches("/tcp").trim_end_matches("/udp");
    ports.contains(':') && ports.chars().all(is_port) && port::parse_short(text).is_ok()
}

fn is_bind_mount(text: &str) -> bool {
    let Some((source, target)) = text.split_once(':') else { return false };
    target.starts_with('/')
        && !target.starts_with("//")
        && !source.contains('=')
        && (source.starts_with(['.', '/', '~'])
            || source.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'))
}

fn is_assignment(text: &str) -> bool {
    text.split_once('=').is_some_and(|(name, _)| {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        !name.is_empty() && name.bytes().all(is_word) && !name.as_bytes()[0].is_ascii_digit()
    })
}

#[cfg(test)]
mod tests {
    use super::Misplaced;

    #[test]
    fn items_tell_where_they_belong() {
        for (text, list, home) in [
            ("8080:80", "environment", Some("ports")),
            ("127.0.0.1:8080:80/udp", "volumes", Some("ports")),
            ("8080:80", "ports", None),
            ("./html:/srv:ro", "ports", Some("volumes")),
            ("data:/data", "environment", Some("volumes")),
            ("https://example.com", "environment", None),
            ("LEVEL=debug", "ports", Some("environment")),
            ("A=./x:/y", "environment", None),
            ("12:30", "labels", Some("ports")),
            ("80x:80", "volumes", None),
        ] {
            assert_eq!(Misplaced::of(text, list).map(|kind| kind.home), home, "{text} in {list}");
        }
    }
}
