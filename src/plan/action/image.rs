//! Images and models to pull, images to push, and what is left alone.

use std::path::PathBuf;
use std::sync::Arc;

use super::Subject;
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
    /// The services that can build it instead.
    pub built_by: Vec<ServiceName>,
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
    /// The step failed, and the run ends: other pulls are interrupted.
    EndRun,
    /// The step failed, and the image has to be built; other pulls go on.
    ToBeBuilt,
    /// It is reported, but does not count: `--ignore-pull-failures`.
    Ignore,
}

/// An image to push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushSpec {
    /// The reference as the project writes it.
    pub image: String,
    /// The service whose image it is.
    pub service: ServiceName,
    /// What a failure means.
    pub on_failure: PushFailure,
}

/// What a failed push means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushFailure {
    /// The step failed, and the run ends: other pushes are interrupted.
    EndRun,
    /// It is reported, but does not count: `--ignore-push-failures`.
    Ignore,
}

/// Something that a command could have been expected to act on, and leaves alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftAlone {
    /// The image, or the service.
    pub subject: Subject,
    /// Why.
    pub why: LeftAloneReason,
}

/// Why a command leaves something alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftAloneReason {
    /// The service has no image to pull.
    NoImage,
    /// Its pull policy says so.
    Policy,
    /// The image exists already.
    Present,
    /// The service has a `build` section, and `--ignore-buildable` was given.
    Buildable,
    /// The service has no image that is built and named, so there is nothing to push.
    NotPushed,
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
