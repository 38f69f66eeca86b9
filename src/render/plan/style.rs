//! How a plan is shown.

/// How a plan is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PlanStyle {
    /// Whether it is coloured. It is complete without colours.
    pub color: bool,
    /// The columns of the terminal; `None` where there is none, which breaks no line.
    pub width: Option<usize>,
}
