//! What `watch` does if files change.

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
    /// The file or folder to watch.
    pub path: String,
    /// What to do on a change.
    pub action: WatchAction,
    /// The destination in the container; set for all actions that sync.
    pub target: Option<String>,
    /// The command of `sync+exec`; empty if absent.
    pub exec: Hook,
    /// Patterns of files to include; all if empty.
    pub include: Vec<String>,
    /// Patterns of files to ignore.
    pub ignore: Vec<String>,
    /// Whether to sync files once at the start.
    pub initial_sync: bool,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// What to do on a change.
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

    /// Whether it copies what changed.
    #[must_use]
    pub fn syncs(self) -> bool {
        matches!(self, Self::Sync | Self::SyncRestart | Self::SyncExec)
    }
}

impl fmt::Display for WatchAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
