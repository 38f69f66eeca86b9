//! Build contexts (Compose spec: `build.md`, `context` and `additional_contexts`).

use std::path::{Path, PathBuf};

use crate::source::is_remote_context;

/// Where the files of a build come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuildContext {
    /// A folder on this machine.
    Folder(PathBuf),
    /// Something that the builder fetches: a Git repository, an archive, an image (`docker-image://…`).
    Remote(String),
}

impl BuildContext {
    /// Parses a context; relative folders are resolved against `base`.
    ///
    /// ```
    /// use hoist::project::value::BuildContext;
    /// let context = |text| BuildContext::new(text, "/shop".as_ref());
    /// assert_eq!(context("app"), BuildContext::Folder("/shop/app".into()));
    /// assert_eq!(context("/app"), BuildContext::Folder("/app".into()));
    /// let url = "https://github.com/docker/compose.git#main";
    /// assert_eq!(context(url), BuildContext::Remote(url.to_owned()));
    /// ```
    #[must_use]
    pub fn new(text: &str, base: &Path) -> Self {
        if is_remote_context(text) { Self::Remote(text.to_owned()) } else { Self::Folder(base.join(text)) }
    }
}
