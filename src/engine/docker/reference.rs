//! Normalises image references.

use crate::observed::ImageDigest;
use crate::project::value::ImageRef;

/// A parsed image reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reference {
    /// An image by name.
    Named(ImageRef),
    /// An image by id: `sha256:` and 64 digits.
    Id(ImageDigest),
    /// Neither: no image matches, and the engine reports what is wrong with it.
    Malformed,
}

impl Reference {
    /// Reads a reference. `nginx`, `docker.io/library/nginx:latest` and `index.docker.io/nginx` mean the same image.
    pub(super) fn parse(text: &str) -> Self {
        let bare = text.strip_prefix("sha256:").unwrap_or(text);
        if bare.len() == 64 && is_hex(bare) {
            return Self::Id(format!("sha256:{bare}").into());
        }
        text.parse().map_or(Self::Malformed, Self::Named)
    }

    /// Whether one of the names of a listed image is this reference.
    pub(super) fn is_among<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> bool {
        let Self::Named(wanted) = self else { return false };
        names.into_iter().filter_map(|name| name.parse().ok()).any(|listed| is_same(wanted, &listed))
    }
}

/// Whether a listed name is the wanted one. If there is a digest, it decides, and the tag is ignored. Podman lists
/// locally built images under `localhost/`.
fn is_same(wanted: &ImageRef, listed: &ImageRef) -> bool {
    let local = || {
        let short = wanted.repository.strip_prefix("library/").unwrap_or(&wanted.repository);
        listed.registry == "localhost" && wanted.registry == "docker.io" && listed.repository == short
    };
    let same_place = wanted.registry == listed.registry && wanted.repository == listed.repository;
    let same_version = match &wanted.digest {
        Some(digest) => listed.digest.as_ref() == Some(digest),
        None => listed.digest.is_none() && listed.tag == wanted.tag,
    };
    same_version && (same_place || local())
}

/// Whether a reference may be the beginning of an id, which only the full list of images can tell.
pub(super) fn may_be_short_id(text: &str) -> bool {
    text.starts_with("sha256:") || is_hex(text)
}

/// Whether `id` begins with `text`, which may leave out `sha256:`.
pub(super) fn is_short_id_of(text: &str, id: &str) -> bool {
    let short = text.strip_prefix("sha256:").unwrap_or(text);
    is_hex(short) && id.strip_prefix("sha256:").unwrap_or(id).starts_with(short)
}

/// Whether a text consists of lower-case hexadecimal digits.
fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn names_of_listed_images() {
        let is_among = |text: &str, listed: &[&str]| Reference::parse(text).is_among(listed.iter().copied());
        let digest = format!("nginx@sha256:{DIGITS}");
        for same in ["nginx", "nginx:latest", "library/nginx", "docker.io/nginx", "index.docker.io/library/nginx"] {
            assert!(is_among(same, &["x", "nginx:latest"]), "{same}");
            assert!(is_among(same, &["docker.io/library/nginx:latest"]), "{same}");
        }
        for other in ["nginx:1", "localhost/nginx", "registry.example/nginx", "me/nginx", "Nginx", DIGITS] {
            assert!(!is_among(other, &["nginx:latest", &digest]), "{other}");
        }
        assert!(is_among(&format!("nginx:1@sha256:{DIGITS}"), &[&digest]));
        assert!(!is_among("nginx:latest", &[&digest]));
        assert!(is_among("app", &["localhost/app:latest"]));
        assert!(!is_among("app:2", &["localhost/app:latest"]));
    }

    #[test]
    fn ids() {
        assert_eq!(Reference::parse(DIGITS), Reference::Id(format!("sha256:{DIGITS}").into()));
        for short in ["0123456789ab", "cafe", "sha256:01"] {
            assert!(may_be_short_id(short), "{short}");
        }
        assert!(!may_be_short_id("nginx"));
        assert!(is_short_id_of("0123", &format!("sha256:{DIGITS}")));
        assert!(!is_short_id_of("123", &format!("sha256:{DIGITS}")));
    }
}
