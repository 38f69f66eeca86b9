//! What `watch` does when files change.

use std::fmt;

use super::Hook;
use crate::project::Extensions;

/// The `develop` block of a service (Compose spec: `develop.md`).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Develop {
    /// The rules, in order.
    pub watch: Vec<Watch>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// A rule of `develop.watch`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Watch {
    /// The file or folder that is watched.
    pub path: String,
    /// What a change leads to.
    pub action: WatchAction,
    /// Where files go in the container; set for all actions that sync.
    pub target: Option<String>,
    /// The command of `sync+exec`; says nothing when absent.
    pub exec: Hook,
    /// Patterns of files that count; all when empty.
    pub include: Vec<String>,
    /// Patterns of files that do not count.
    pub ignore: Vec<String>,
    /// Whether files are synced once at the start.
    pub initial_sync: bool,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// What a change leads to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WatchAction {
    /// `rebuild`: the image is built again and the containers are replaced.
    #[default]
    Rebuild,
    /// `sync`: the file is copied into the containers.
    Sync,
    /// `restart`: the containers are restarted.
    Restart,
    /// `sync+restart`: copied, then restarted.
    SyncRestart,
    /// `sync+exec`: copied, then the command of `exec` runs.
    SyncExec,
}

impl WatchAction {
    /// The word in the file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rebuild => "rebuild",
            Self::Sync => "sync",
            Self::Restart => "restart",
            Self::SyncRestart => "sync+restart",
            Self::SyncExec => "sync+exec",
        }
    }
}

impl fmt::Display for WatchAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
