//! When an image is pulled (compose-file.md §2.4, engine.md §7.1).

use std::fmt;

/// The text of `pull_policy`. Shown as it was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PullPolicy(String);

impl PullPolicy {
    /// The text as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for PullPolicy {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for PullPolicy {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for PullPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
