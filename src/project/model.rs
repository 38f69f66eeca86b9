//! Models of a project.

use super::Extensions;

/// An entry of the top-level `models:` (Compose spec: `05-services.md`, `models`).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Model {
    /// Its name; the key if absent.
    pub name: Option<String>,
    /// The reference of the model artifact.
    pub model: String,
    /// Context size in tokens; 0 means the runner's default.
    pub context_size: i64,
    /// Flags for the runner.
    pub runtime_flags: Vec<String>,
    /// `x-*` keys.
    pub extensions: Extensions,
}
