//! Models of a project.

use super::Extensions;

/// An entry of the top-level `models:` (Compose spec: `05-services.md`, `models`).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Model {
    /// A name of its own; its key counts when absent.
    pub name: Option<String>,
    /// The artifact.
    pub model: String,
    /// Tokens of context; 0 is the runner's default.
    pub context_size: i64,
    /// Flags for the runner.
    pub runtime_flags: Vec<String>,
    /// `x-*` keys.
    pub extensions: Extensions,
}
