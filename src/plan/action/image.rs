//! Images and models to pull.

use std::path::PathBuf;
use std::sync::Arc;

use crate::project::{ModelKey, Project, ServiceName};

/// An image to pull.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullSpec {
    /// The reference as the project writes it.
    pub image: String,
    /// `os[/arch[/variant]]`; `None` means the engine's own.
    pub platform: Option<String>,
    /// The services that need it.
    pub services: Vec<ServiceName>,
    /// What a failure means.
    pub on_failure: PullFailure,
}

/// What a failed pull means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullFailure {
    /// The step failed.
    Fail,
    /// The image is built instead, or the existing one is used.
    Tolerate,
}

/// A model to pull or configure.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelSpec {
    /// The project.
    pub project: Arc<Project>,
    /// Which of its models.
    pub key: ModelKey,
    /// Its `name`, else its key.
    pub name: String,
    /// Its reference as the project writes it.
    pub reference: String,
    /// Context size in tokens; `None` means the runner's default.
    pub context_size: Option<i64>,
    /// Flags for the runner, if the plugin accepts them.
    pub runtime_flags: Vec<String>,
    /// The services that use it.
    pub services: Vec<ServiceName>,
    /// The plugin to call.
    pub plugin: PathBuf,
}
