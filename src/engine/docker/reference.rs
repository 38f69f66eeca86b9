//! Image references: the many ways to write the name of one image, made one.

use crate::observed::ImageDigest;

/// The registry of names without one.
const DEFAULT_REGISTRY: &str = "docker.io";

/// What an image reference asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reference {
    /// An image by name.
    Named {
        /// The registry's host: `docker.io`, `registry.example:5000`.
        registry: String,
        /// The repository there: `library/nginx`.
        repository: String,
        /// Which of its images.
        version: Version,
    },
    /// An image by id: `sha256:` and digits.
    Id(ImageDigest),
}

/// Which image of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Version {
    /// The one that bears a tag; `latest` where nothing is said.
    Tag(String),
    /// The one with that digest, whatever tag is written beside it.
    Digest(String),
}

impl Reference {
    /// Reads a reference. What is no valid one becomes a name that no image has; the engine says what is wrong.
    ///
    /// `nginx`, `docker.io/library/nginx:latest` and `index.docker.io/nginx` are the same.
    pub(super) fn parse(text: &str) -> Self {
        let bare = text.strip_prefix("sha256:").unwrap_or(text);
        if is_hex(bare, 64) {
            return Self::Id(format!("sha256:{bare}").into());
        }
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (text, None),
        };
        let (name, tag) = split_tag(name);
        let (registry, repository) = split_registry(name);
        let version = match (digest, tag) {
            (Some(digest), _) => Version::Digest(digest.to_owned()),
            (None, tag) => Version::Tag(tag.unwrap_or("latest").to_owned()),
        };
        let repository = if registry == DEFAULT_REGISTRY && !repository.contains('/') {
            format!("library/{repository}")
        } else {
            repository.to_owned()
        };
        Self::Named { registry: registry.to_owned(), repository, version }
    }

    /// The registry's host; nothing for an id.
    pub(super) fn registry(&self) -> Option<&str> {
        match self {
            Self::Named { registry, .. } => Some(registry),
            Self::Id(_) => None,
        }
    }

    /// The name as people write it, without tag and digest: `nginx`, `registry.example:5000/app`.
    pub(super) fn familiar_name(&self) -> Option<String> {
        let Self::Named { registry, repository, .. } = self else { return None };
        Some(match (registry.as_str(), repository.strip_prefix("library/")) {
            (DEFAULT_REGISTRY, Some(short)) if !short.contains('/') => short.to_owned(),
            (DEFAULT_REGISTRY, _) => repository.clone(),
            _ => format!("{registry}/{repository}"),
        })
    }

    /// Whether one of the names an image is listed under is this one. Podman lists images of its own under
    /// `localhost/`.
    pub(super) fn is_among<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> bool {
        names.into_iter().any(|name| {
            let listed = Self::parse(name);
            *self == listed || self.is_local_name_of(&listed)
        })
    }

    fn is_local_name_of(&self, listed: &Self) -> bool {
        match (self, listed) {
            (
                Self::Named { registry, repository, version },
                Self::Named { registry: local, repository: listed, version: listed_version },
            ) => {
                registry == DEFAULT_REGISTRY
                    && local == "localhost"
                    && repository.strip_prefix("library/").unwrap_or(repository) == listed
                    && version == listed_version
            }
            (Self::Named { .. } | Self::Id(_), _) => false,
        }
    }
}

/// Whether a reference may be the beginning of an id, which only the full list of images tells.
pub(super) fn may_be_short_id(text: &str) -> bool {
    is_hex(text.strip_prefix("sha256:").unwrap_or(text), 0) || text.starts_with("sha256:")
}

/// Whether `id` begins with what may be a short id.
pub(super) fn is_short_id_of(text: &str, id: &str) -> bool {
    let short = text.strip_prefix("sha256:").unwrap_or(text);
    is_hex(short, 0) && id.strip_prefix("sha256:").unwrap_or(id).starts_with(short)
}

/// Whether a text is made of hexadecimal digits in lower case: `length` of them, or any number if that is 0.
fn is_hex(text: &str, length: usize) -> bool {
    !text.is_empty()
        && (length == 0 || text.len() == length)
        && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Name and tag; a colon before the last slash belongs to a port.
fn split_tag(name: &str) -> (&str, Option<&str>) {
    match name.rsplit_once(':') {
        Some((before, tag)) if !tag.contains('/') => (before, Some(tag)),
        _ => (name, None),
    }
}

/// Registry and repository: the first part is a registry if it looks like a host.
fn split_registry(name: &str) -> (&str, &str) {
    match name.split_once('/') {
        Some((first, rest))
            if first.contains(['.', ':']) || first == "localhost" || first.chars().any(char::is_uppercase) =>
        {
            (if first == "index.docker.io" { DEFAULT_REGISTRY } else { first }, rest)
        }
        _ => (DEFAULT_REGISTRY, name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_image_written_in_many_ways() {
        let nginx = Reference::parse("nginx");
        for same in ["nginx:latest", "library/nginx", "docker.io/nginx", "docker.io/library/nginx:latest"] {
            assert_eq!(Reference::parse(same), nginx, "{same}");
        }
        assert_eq!(Reference::parse("index.docker.io/library/nginx"), nginx);
        for other in ["nginx:1", "localhost/nginx", "registry.example/nginx", "me/nginx"] {
            assert_ne!(Reference::parse(other), nginx, "{other}");
        }
    }

    #[test]
    fn familiar_names() {
        let table = [
            ("docker.io/library/nginx:1", Some("nginx")),
            ("me/app", Some("me/app")),
            ("localhost:5000/app:1", Some("localhost:5000/app")),
            ("registry.example/library/x", Some("registry.example/library/x")),
            ("sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", None),
        ];
        for (text, name) in table {
            assert_eq!(Reference::parse(text).familiar_name().as_deref(), name, "{text}");
        }
    }

    #[test]
    fn names_of_listed_images() {
        let digest = "nginx@sha256:aa";
        assert!(Reference::parse("nginx:1@sha256:aa").is_among([digest]));
        assert!(!Reference::parse("nginx:1").is_among([digest]));
        assert!(Reference::parse("nginx:1").is_among(["x", "docker.io/library/nginx:1"]));
        assert!(Reference::parse("app").is_among(["localhost/app:latest"]));
        assert!(!Reference::parse("app:2").is_among(["localhost/app:latest"]));
    }

    #[test]
    fn ids() {
        let digits = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        assert_eq!(Reference::parse(digits), Reference::Id(format!("sha256:{digits}").into()));
        assert!(may_be_short_id("0123456789ab"));
        assert!(may_be_short_id("cafe"));
        assert!(!may_be_short_id("nginx"));
        assert!(is_short_id_of("0123", &format!("sha256:{digits}")));
        assert!(!is_short_id_of("123", &format!("sha256:{digits}")));
    }
}
