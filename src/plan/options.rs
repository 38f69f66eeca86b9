//! What a command asks of the planner.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::{Probing, project_from_labels};
use crate::observed::{ContainerId, Observed};
use crate::project::fingerprint::Fingerprint;
use crate::project::value::PullPolicy;
use crate::project::{Project, ProjectName, ServiceName, VolumeKey};

/// How `up` and `create` go about it. The default is a plain `up -d`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UpOptions {
    /// When containers of the services the user named are recreated; those of all services, if none was named.
    pub recreate: Recreate,
    /// When containers of the services they depend on are recreated.
    pub recreate_dependencies: Recreate,
    /// Containers that are newer than the command, as an earlier plan of its own made them: of these, only those that
    /// changed are recreated.
    pub newer: BTreeSet<ContainerId>,
    /// What becomes of the anonymous volumes of recreated containers.
    pub anonymous_volumes: AnonymousVolumePolicy,
    /// Which images are built.
    pub build: BuildImages,
    /// `--pull`: takes the place of every service's `pull_policy`.
    pub pull: Option<PullPolicy>,
    /// What becomes of containers of services that are not in the files.
    pub orphans: Orphans,
    /// Whether containers are started, or only made.
    pub start: StartContainers,
    /// `--wait`: wait until everything runs and is healthy; nothing is waited for on the command's behalf by default.
    pub wait: Option<WaitUntilReady>,
    /// `--eager-health`: who finds out whether containers that are waited for are healthy, where their service does not
    /// ask for more (`x-hoist.eager_health`).
    pub probing: Probing,
    /// `--rolling`: the replicas of every service are replaced in turn; otherwise those of services that ask for it
    /// (`x-hoist.rolling`).
    pub rolling: bool,
    /// `-t`: grace period of every stop; each container's own by default.
    pub timeout: Option<Duration>,
    /// `--scale`: numbers of replicas that win over those in the files.
    pub scale: BTreeMap<ServiceName, u32>,
    /// Volumes whose definition changed and whose data the user agreed to lose; the others are kept as they are. See
    /// [`super::changed_volumes`].
    pub recreate_volumes: BTreeSet<VolumeKey>,
    /// The platform of images for services without `platform`; the engine's own by default.
    pub default_platform: Option<String>,
    /// The moment the plan is made, in seconds since 1970: which images are due by `pull_policy: daily` and the like.
    /// None is due at 0.
    pub now: i64,
    /// What secrets and configs contain at the moment (`load::contents`), so that it can be told which changed since a
    /// container was made; nothing is reported by default.
    pub contents: Fingerprint,
    /// The files of secrets and configs that are not there (`load::missing_files`), which makes a plan that needs them
    /// impossible, and the missing sources of bind mounts, which the engine makes as folders; empty where the engine has other files than this machine.
    pub missing_files: BTreeSet<String>,
    /// Whether reasons may tell values that look like secrets (`--show-values`).
    pub values: SecretValues,
}

/// When existing containers are recreated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Recreate {
    /// When their definition, image, networks or volumes changed.
    #[default]
    IfChanged,
    /// Always: `--force-recreate`, `--always-recreate-deps`.
    Always,
    /// Never: `--no-recreate`.
    Never,
}

/// What becomes of the anonymous volumes of a recreated container.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AnonymousVolumePolicy {
    /// The new container mounts them again.
    #[default]
    Inherit,
    /// `-V`: the new container gets empty ones, for which every named service is recreated. The old ones stay, with their
    /// data, and nobody mounts them.
    Renew,
}

/// Which images are built.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BuildImages {
    /// Those that are missing, and those whose `pull_policy` is `build`.
    #[default]
    AsNeeded,
    /// `--build`: those of all services with a `build`.
    Always,
    /// `--no-build`: none.
    Never,
}

/// What becomes of containers of services that are not in the files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Orphans {
    /// They stay, and a warning names them.
    #[default]
    Keep,
    /// `--remove-orphans`.
    Remove,
    /// They stay and nothing is said: `COMPOSE_IGNORE_ORPHANS`.
    Ignore,
}

/// Whether containers are started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StartContainers {
    /// All that do not run.
    #[default]
    Yes,
    /// None: `create`, `up --no-start`.
    No,
}

/// A wait on behalf of the command.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WaitUntilReady {
    /// `--wait-timeout`: after how long a wait is given up; never by default.
    pub timeout: Option<Duration>,
}

/// Whether values that look like secrets may be shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SecretValues {
    /// They appear as `•••`.
    #[default]
    Hidden,
    /// They appear as they are.
    Shown,
}

/// Where a command that also works without files gets the project from.
#[derive(Debug, Clone, PartialEq)]
pub enum ProjectSource {
    /// The files that define it.
    Files(Arc<Project>),
    /// The labels of whatever the engine has under its name.
    Labels(ProjectName),
}

impl ProjectSource {
    /// The project; without files as the engine shows it.
    #[must_use]
    pub fn project(&self, observed: &Observed) -> Arc<Project> {
        match self {
            Self::Files(project) => project.clone(),
            Self::Labels(name) => Arc::new(project_from_labels(name, observed)),
        }
    }

    /// What is known of it before the engine is asked: without files, the name.
    #[must_use]
    pub fn known(&self) -> Arc<Project> {
        match self {
            Self::Files(project) => project.clone(),
            Self::Labels(name) => Arc::new(Project { name: name.clone(), ..Project::default() }),
        }
    }
}

/// How `start` goes about it. The default is a plain `start`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StartOptions {
    /// The services to start, with all that they depend on; empty is all.
    pub services: Vec<ServiceName>,
    /// `--wait`: wait until everything runs and is healthy; nothing is waited for on the command's behalf by default.
    pub wait: Option<WaitUntilReady>,
}

/// How `restart` goes about it. The default is a plain `restart`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RestartOptions {
    /// The services to restart; empty is all.
    pub services: Vec<ServiceName>,
    /// Whether services that depend on them with `restart: true` are restarted too.
    pub dependents: RestartDependents,
    /// `-t`: grace period of every stop; each container's own by default.
    pub timeout: Option<Duration>,
}

/// Whether dependents with `restart: true` follow a restart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RestartDependents {
    /// They do.
    #[default]
    Yes,
    /// They do not: `--no-deps`.
    No,
}

/// Which containers are sent a signal, and which signal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KillOptions {
    /// Their services; empty is all.
    pub services: Vec<ServiceName>,
    /// The signal, as the user names it: `SIGKILL`, `TERM`, `9`.
    pub signal: String,
    /// What becomes of containers of services that are not in the files: they are left alone unless they are to be removed.
    pub orphans: Orphans,
}

/// How `rm` goes about it. The default is a plain `rm`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RmOptions {
    /// The services whose containers are removed; empty is all.
    pub services: Vec<ServiceName>,
    /// Whether containers that are up are stopped and removed too (`--stop`), or left alone.
    pub stop: bool,
    /// Whether their anonymous volumes go with them (`--volumes`), or stay with their data.
    pub volumes: DownVolumes,
    /// The containers that may go, as a person agreed to; `None` is all of these services.
    pub agreed: Option<BTreeSet<ContainerId>>,
    /// `-t`: grace period of every stop; each container's own by default.
    pub timeout: Option<Duration>,
}

/// How `down` goes about it. The default is a plain `down`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DownOptions {
    /// The services to take down, and with them all that depend on them; empty is all.
    pub services: Vec<ServiceName>,
    /// What becomes of volumes.
    pub volumes: DownVolumes,
    /// What becomes of the images of its services.
    pub images: DownImages,
    /// What becomes of containers of services that are not in the files, and of one-offs that ended; nothing is said of
    /// those that stay.
    pub orphans: Orphans,
    /// `-t`: grace period of every stop; each container's own by default.
    pub timeout: Option<Duration>,
}

/// What becomes of volumes on `down`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DownVolumes {
    /// They stay, with their data.
    #[default]
    Keep,
    /// `--volumes`: those of the project that are not external go, and the anonymous ones of its containers.
    Remove,
}

/// What becomes of images on `down`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DownImages {
    /// They stay.
    #[default]
    Keep,
    /// `--rmi local`: those that were built for a service without an `image` of its own go.
    Local,
    /// `--rmi all`: those of all services go.
    All,
}
