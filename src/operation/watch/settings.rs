//! How files are watched.

use super::super::converge::RunSettings;
use crate::plan::{BuildOptions, UpOptions};

/// How files are watched, and how what follows is carried out.
#[derive(Debug, Clone, Default)]
pub struct WatchSettings {
    /// How plans are executed.
    pub run: RunSettings,
    /// How containers are replaced.
    pub up: UpOptions,
    /// How images are built.
    pub build: BuildOptions,
    /// Whether images that lose their name to a newer one are removed.
    pub prune: Prune,
}

/// Whether images that lose their name to a newer one are removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Prune {
    /// They stay.
    #[default]
    No,
    /// They are removed.
    Yes,
}
