//! How progress is shown.

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProgressMode {
    /// A block of live lines, one for each resource.
    Tty,
    /// One line per change of state.
    #[default]
    Plain,
    /// One JSON object per change of state.
    Json,
    /// Nothing.
    Quiet,
}

/// Which details of steps to hide; by default none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hidden {
    /// The layers of pulls (`--quiet-pull`).
    pub layers: bool,
    /// The steps of builds and their output (`--quiet-build`).
    pub builds: bool,
}

/// Whether progress shows why a step failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Causes {
    /// With the step.
    #[default]
    Shown,
    /// Not at all: they are reported in full after the run.
    Reported,
}
