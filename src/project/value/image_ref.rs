//! Image references: `nginx`, `ghcr.io/owner/app:1.2@sha256:…`.

use std::fmt;
use std::str::FromStr;

/// An image reference with all defaults filled in. Shown in full.
///
/// ```
/// use hoist::project::value::ImageRef;
/// let image: ImageRef = "nginx".parse()?;
/// assert_eq!(image.to_string(), "docker.io/library/nginx:latest");
/// assert_eq!(image.familiar_name(), "nginx");
/// assert!("Nginx".parse::<ImageRef>().is_err());
/// # Ok::<(), hoist::project::value::image_ref::ImageRefError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageRef {
    /// Host, and port if there is one; `docker.io` by default.
    pub registry: String,
    /// The path in the registry: `library/nginx`.
    pub repository: String,
    /// The tag; `latest` if there is neither a tag nor a digest.
    pub tag: Option<String>,
    /// The digest, as `sha256:…`.
    pub digest: Option<String>,
}

/// Why a text is not an image reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an image reference: {problem}")]
pub struct ImageRefError {
    /// The text as written.
    pub text: String,
    /// What is wrong with it.
    pub problem: ImageRefProblem,
}

/// What is wrong with an image reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImageRefProblem {
    /// There is no name.
    #[error("the name is empty")]
    Empty,
    /// The name has upper-case letters.
    #[error("the name has uppercase letters")]
    UpperCase,
    /// The name has invalid characters.
    #[error("the name is malformed")]
    Name,
    /// The tag has invalid characters or is too long.
    #[error("the tag is malformed")]
    Tag,
    /// The digest is not an algorithm and hexadecimal digits.
    #[error("the digest is malformed")]
    Digest,
    /// The name has 64 hexadecimal digits and so looks like an id.
    #[error("64 hexadecimal digits are read as an ID")]
    LooksLikeId,
    /// More than 255 characters.
    #[error("the name is longer than 255 characters")]
    TooLong,
}

impl ImageRef {
    /// The familiar form: without `docker.io/`, `library/`, tag and digest.
    #[must_use]
    pub fn familiar_name(&self) -> String {
        if self.registry != DOCKER_HUB {
            return format!("{}/{}", self.registry, self.repository);
        }
        let short = self.repository.strip_prefix("library/").filter(|rest| !rest.contains('/'));
        short.unwrap_or(&self.repository).to_owned()
    }

    /// The full form of a reference, in which two that mean the same image are equal; the text itself if it is none.
    #[must_use]
    pub fn full(text: &str) -> String {
        text.parse::<Self>().map_or_else(|_| text.to_owned(), |reference| reference.to_string())
    }

    fn suffix(&self) -> String {
        let tag = self.tag.iter().map(|tag| format!(":{tag}"));
        tag.chain(self.digest.iter().map(|digest| format!("@{digest}"))).collect()
    }
}

const DOCKER_HUB: &str = "docker.io";

impl FromStr for ImageRef {
    type Err = ImageRefError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).map_err(|problem| ImageRefError { text: text.to_owned(), problem })
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}{}", self.registry, self.repository, self.suffix())
    }
}

fn parse(text: &str) -> Result<ImageRef, ImageRefProblem> {
    if text.len() == 64 && text.bytes().all(is_lower_hex) {
        return Err(ImageRefProblem::LooksLikeId);
    }
    let (rest, digest) = match text.split_once('@') {
        Some((rest, digest)) if is_digest(digest) => (rest, Some(digest.to_owned())),
        Some(_) => return Err(ImageRefProblem::Digest),
        None => (text, None),
    };
    let (registry, rest) = split_registry(rest);
    let (path, tag) = match rest.split_once(':') {
        Some((path, tag)) if is_tag(tag) => (path, Some(tag.to_owned())),
        Some(_) => return Err(ImageRefProblem::Tag),
        None => (rest, None),
    };
    check_name(registry, path)?;
    let registry = match registry {
        None | Some("index.docker.io") => DOCKER_HUB,
        Some(registry) => registry,
    };
    let in_library = registry == DOCKER_HUB && !path.contains('/');
    let tag = tag.or_else(|| digest.is_none().then(|| "latest".to_owned()));
    let repository = if in_library { format!("library/{path}") } else { path.to_owned() };
    Ok(ImageRef { registry: registry.to_owned(), repository, tag, digest })
}

/// The part before the first slash is a registry if it can only be a host: it has a dot, a port or an upper-case
/// letter, or is `localhost`.
fn split_registry(name: &str) -> (Option<&str>, &str) {
    let is_host = |part: &str| {
        part == "localhost" || part.contains(['.', ':', '[']) || part.contains(|c: char| c.is_ascii_uppercase())
    };
    match name.split_once('/') {
        Some((first, rest)) if is_host(first) => (Some(first), rest),
        _ => (None, name),
    }
}

fn check_name(registry: Option<&str>, path: &str) -> Result<(), ImageRefProblem> {
    if path.is_empty() {
        return Err(ImageRefProblem::Empty);
    }
    if path.contains(|c: char| c.is_ascii_uppercase()) {
        return Err(ImageRefProblem::UpperCase);
    }
    if !path.split('/').all(is_component) || !registry.is_none_or(is_registry) {
        return Err(ImageRefProblem::Name);
    }
    if registry.map_or(0, str::len) + path.len() > 255 { Err(ImageRefProblem::TooLong) } else { Ok(()) }
}

/// Runs of letters and digits, separated by `.`, `_`, `__` or any number of `-`.
fn is_component(part: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let separators = part.split(is_word).filter(|separator| !separator.is_empty());
    part.starts_with(is_word)
        && part.ends_with(is_word)
        && separators
            .into_iter()
            .all(|separator| matches!(separator, "." | "_" | "__") || separator.bytes().all(|byte| byte == b'-'))
}

fn is_registry(registry: &str) -> bool {
    let (host, port) = match registry.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (registry, None),
    };
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_ipv6 = |host: &str| {
        let inner = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        inner.is_some_and(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok())
    };
    let port_is_fine = port.is_none_or(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()));
    port_is_fine && (host.split('.').all(is_label) || is_ipv6(host))
}

fn is_tag(tag: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    tag.len() <= 128
        && tag.bytes().next().is_some_and(is_word)
        && tag.bytes().all(|byte| is_word(byte) || byte == b'.' || byte == b'-')
}

fn is_digest(digest: &str) -> bool {
    let Some((algorithm, hex)) = digest.split_once(':') else { return false };
    let expected = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => return false,
    };
    hex.len() == expected && hex.bytes().all(is_lower_hex)
}

fn is_lower_hex(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_in_full() {
        let digest = format!("sha256:{}", "0".repeat(64));
        let cases = [
            ("nginx".to_owned(), "docker.io/library/nginx:latest".to_owned()),
            ("nginx:1.27".to_owned(), "docker.io/library/nginx:1.27".to_owned()),
            ("owner/app".to_owned(), "docker.io/owner/app:latest".to_owned()),
            ("index.docker.io/nginx".to_owned(), "docker.io/library/nginx:latest".to_owned()),
            ("localhost/app".to_owned(), "localhost/app:latest".to_owned()),
            ("localhost:5000/a/b:c".to_owned(), "localhost:5000/a/b:c".to_owned()),
            ("ghcr.io/o/a__b.c-d--e:V_1".to_owned(), "ghcr.io/o/a__b.c-d--e:V_1".to_owned()),
            ("[::1]:5000/app".to_owned(), "[::1]:5000/app:latest".to_owned()),
            (format!("nginx@{digest}"), format!("docker.io/library/nginx@{digest}")),
            (format!("nginx:1@{digest}"), format!("docker.io/library/nginx:1@{digest}")),
        ];
        for (text, full) in cases {
            assert_eq!(text.parse::<ImageRef>().map(|image| image.to_string()), Ok(full), "{text}");
        }
    }

    #[test]
    fn people_write_less() {
        for (text, familiar) in [
            ("docker.io/library/nginx", "nginx"),
            ("docker.io/owner/app:1", "owner/app"),
            ("quay.io/app", "quay.io/app"),
        ] {
            assert_eq!(text.parse::<ImageRef>().map(|image| image.familiar_name()), Ok(familiar.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let id = "a".repeat(64);
        let cases = [
            ("", ImageRefProblem::Empty),
            ("Nginx", ImageRefProblem::UpperCase),
            ("a//b", ImageRefProblem::Name),
            ("a___b", ImageRefProblem::Name),
            ("-a", ImageRefProblem::Name),
            ("a b", ImageRefProblem::Name),
            ("a:", ImageRefProblem::Tag),
            ("a:b c", ImageRefProblem::Tag),
            ("a:-b", ImageRefProblem::Tag),
            ("a@sha256:12", ImageRefProblem::Digest),
            ("-.x/a", ImageRefProblem::Name),
            (&id, ImageRefProblem::LooksLikeId),
        ];
        for (text, problem) in cases {
            assert_eq!(text.parse::<ImageRef>().map_err(|error| error.problem), Err(problem), "{text}");
        }
    }
}
