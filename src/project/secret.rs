//! Secrets of a project, and where secrets and configs get their content.

use std::collections::BTreeMap;

use super::value::mount::clean_target;
use super::{Extensions, FileReference};

/// The folder in a container that targets of secrets are relative to.
pub const SECRETS_FOLDER: &str = "/run/secrets";

/// The folder in a container that targets of configs are relative to.
pub const CONFIGS_FOLDER: &str = "/";

/// An entry of the top-level `secrets:` (Compose spec: `09-secrets.md`).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Secret {
    /// Its name in a store.
    pub name: String,
    /// Where the content comes from; `None` for external ones and those of a driver.
    pub source: Option<FileSource>,
    /// Whether it is managed outside the project; refused once a container needs it.
    pub external: bool,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// A secret store; refused once a container needs it.
    pub driver: Option<String>,
    /// Options for the store.
    pub driver_opts: BTreeMap<String, String>,
    /// A template engine for the content; refused once a container needs it.
    pub template_driver: Option<String>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// Where a secret or config gets its content.
#[derive(Clone, PartialEq, Eq)]
pub enum FileSource {
    /// A file on the host, by absolute path.
    File(String),
    /// A variable of the project's environment.
    Environment {
        /// Its name.
        variable: String,
        /// Its value when the project was loaded; `None` if unset, which is an error once a container needs it. Never
        /// shown.
        value: Option<String>,
    },
    /// The text itself (configs only).
    Content(String),
}

impl std::fmt::Debug for FileSource {
    /// Leaves out the content, which may be secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Environment { variable, value } => {
                let value = value.as_ref().map(|_| "•••");
                f.debug_struct("Environment").field("variable", variable).field("value", &value).finish()
            }
            Self::Content(_) => f.debug_tuple("Content").field(&"•••").finish(),
        }
    }
}

impl<K: AsRef<str>> FileReference<K> {
    /// Its path in a container: its target, or else its key, relative to `folder` unless absolute; without `.`, `..`,
    /// doubled and trailing slashes.
    #[must_use]
    pub fn path_in(&self, folder: &str) -> String {
        let target = self.target.as_deref().filter(|target| !target.is_empty());
        let target = target.unwrap_or(self.source.as_ref());
        if target.starts_with('/') { clean_target(target) } else { clean_target(&format!("{folder}/{target}")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::{ConfigKey, SecretKey};

    #[test]
    fn targets_are_paths_in_the_container() {
        let secret = |target: Option<&str>| {
            let target = target.map(str::to_owned);
            FileReference::<SecretKey> { source: "s".into(), target, ..FileReference::default() }
                .path_in(SECRETS_FOLDER)
        };
        let config = |target: Option<&str>| {
            let target = target.map(str::to_owned);
            FileReference::<ConfigKey> { source: "c".into(), target, ..FileReference::default() }
                .path_in(CONFIGS_FOLDER)
        };
        assert_eq!(secret(None), "/run/secrets/s");
        assert_eq!(secret(Some("")), "/run/secrets/s");
        assert_eq!(secret(Some("a/b")), "/run/secrets/a/b");
        assert_eq!(secret(Some("/x//y/")), "/x/y");
        assert_eq!(secret(Some("../app/./s")), "/run/app/s");
        assert_eq!(config(None), "/c");
        assert_eq!(config(Some("etc/app.conf/")), "/etc/app.conf");
        assert_eq!(config(Some("/")), "/");
    }
}
