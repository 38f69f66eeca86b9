//! Images and models to fetch.

use std::path::PathBuf;
use std::sync::Arc;

use crate::project::{ModelKey, Project, ServiceName};

/// An image to fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullSpec {
    /// The reference as the project writes it.
    pub image: String,
    /// `os[/arch[/variant]]`; `None` is the engine's own.
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
    /// The image is built instead, or the one that is there is used.
    Tolerate,
}

/// A model to pull or configure.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelSpec {
    /// The project.
    pub project: Arc<Project>,
    /// Which of its models.
    pub key: ModelKey,
    /// What it is called: its `name`, else its key.
    pub name: String,
    /// Its reference as the project writes it.
    pub reference: String,
    /// Tokens of context; `None` is the runner's default.
    pub context_size: Option<i64>,
    /// Flags for the runner, those that the plugin takes.
    pub runtime_flags: Vec<String>,
    /// The services that use it.
    pub services: Vec<ServiceName>,
    /// The plugin that is asked to.
    pub plugin: PathBuf,
}
