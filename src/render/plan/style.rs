//! How a plan is shown.

/// How a plan is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PlanStyle {
    /// Whether to use colours; the output is complete without them.
    pub color: bool,
    /// The width of the terminal; `None` without a terminal, which wraps no lines.
    pub width: Option<usize>,
}
