//! How progress is shown.

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProgressMode {
    /// A block of live lines, one for each resource.
    Tty,
    /// A line for each change of state.
    #[default]
    Plain,
    /// A JSON object for each change of state.
    Json,
    /// Nothing.
    Quiet,
}

/// What of the inside of a step is not shown; all of it is by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hidden {
    /// The layers of pulls (`--quiet-pull`).
    pub layers: bool,
    /// The steps of builds and what they write (`--quiet-build`).
    pub builds: bool,
}

/// Whether progress tells why a step failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Causes {
    /// With the step.
    #[default]
    Shown,
    /// Not at all: they are reported in full when the run has ended.
    Reported,
}
