//! A reference in, whether it is remote out: the only place that decides this.

/// The kind of location of a remote Compose file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remote {
    /// A git repository.
    Git,
    /// An artifact in a registry.
    Oci,
}

impl Remote {
    /// The kind of location of `reference`; `None` for a file on this machine.
    ///
    /// ```
    /// use hoist::source::Remote;
    /// assert_eq!(Remote::of("https://github.com/docker/compose.git#main"), Some(Remote::Git));
    /// assert_eq!(Remote::of("oci://registry.example/app:1"), Some(Remote::Oci));
    /// assert_eq!(Remote::of("stack/compose.yaml"), None);
    /// ```
    #[must_use]
    pub fn of(reference: &str) -> Option<Self> {
        if reference.starts_with("oci://") {
            return Some(Self::Oci);
        }
        let lower = reference.to_ascii_lowercase();
        let before_fragment = lower.split('#').next().unwrap_or_default();
        let web = before_fragment.starts_with("https://") || before_fragment.starts_with("http://");
        let repository = before_fragment.strip_suffix(".git").is_some();
        let git = before_fragment.starts_with("git://")
            || before_fragment.starts_with("git@")
            || before_fragment.starts_with("ssh://")
            || before_fragment.starts_with("github.com/")
            || (web && repository);
        git.then_some(Self::Git)
    }

    /// What to do instead until remote files are supported.
    #[must_use]
    pub fn instead(self) -> &'static str {
        match self {
            Self::Git => "clone the repository and name the file in it",
            Self::Oci => "fetch the artifact with another tool and name the file in it",
        }
    }
}

/// Whether a build context is fetched by the builder rather than sent from a folder on this machine: a URL, or one of
/// git's short forms. Unlike a Compose file, it may be any URL: the builder fetches archives and images too.
///
/// ```
/// use hoist::source::is_remote_context;
/// assert!(is_remote_context("https://github.com/docker/compose.git"));
/// assert!(is_remote_context("docker-image://alpine"));
/// assert!(is_remote_context("git@github.com:docker/compose"));
/// assert!(!is_remote_context("../app"));
/// ```
#[must_use]
pub fn is_remote_context(context: &str) -> bool {
    context.contains("://") || context.starts_with("git@") || context.starts_with("github.com/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compose_files_are_in_repositories_artifacts_or_here() {
        let cases = [
            ("https://h/r.git", Some(Remote::Git)),
            ("http://h/r.GIT#main:folder", Some(Remote::Git)),
            ("HTTPS://h/r.git", Some(Remote::Git)),
            ("git://h/r", Some(Remote::Git)),
            ("git@h:o/r", Some(Remote::Git)),
            ("ssh://git@h/o/r", Some(Remote::Git)),
            ("github.com/o/r", Some(Remote::Git)),
            ("oci://h/app:1", Some(Remote::Oci)),
            ("https://h/compose.yaml", None),
            ("compose.yaml", None),
            ("./github.com/o/r", None),
            ("C:\\app\\compose.yaml", None),
            ("a#https://h/r.git", None),
            ("-", None),
            ("", None),
        ];
        for (reference, expected) in cases {
            assert_eq!(Remote::of(reference), expected, "{reference}");
        }
    }

    #[test]
    fn contexts_are_fetched_or_sent() {
        let fetched = [
            "https://h/r",
            "http://h/a.tar.gz",
            "git://h/r",
            "ssh://git@h/o/r",
            "git@h:o/r",
            "github.com/o/r",
            "docker-image://alpine",
            "oci-layout://store",
        ];
        for context in fetched {
            assert!(is_remote_context(context), "{context}");
        }
        for context in ["", ".", "../app", "/app", "app:1", "./github.com/o/r", "github.community", "C:\\app"] {
            assert!(!is_remote_context(context), "{context}");
        }
    }
}
