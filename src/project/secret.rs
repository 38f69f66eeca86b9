//! Secrets of a project, and where secrets and configs get their content.

use std::collections::BTreeMap;

use super::Extensions;

/// An entry of the top-level `secrets:` (compose-file.md §3.9).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Secret {
    /// Its name in a store.
    pub name: String,
    /// Where the content comes from; `None` for external ones and those of a driver.
    pub source: Option<FileSource>,
    /// Whether it exists without us; refused once a container needs it.
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
    /// A file of the host, by absolute path.
    File(String),
    /// A variable of the project's environment.
    Environment {
        /// Its name.
        variable: String,
        /// Its value when the project was loaded; `None` if unset, which fails once a container needs it. Never
        /// rendered.
        value: Option<String>,
    },
    /// The text itself (configs only).
    Content(String),
}

impl std::fmt::Debug for FileSource {
    /// Leaves out what may be secret.
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
