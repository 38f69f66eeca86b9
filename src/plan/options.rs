//! The options of the planner.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::{BuildPurpose, Probing, project_from_labels};
use crate::observed::{ContainerId, Observed};
use crate::project::fingerprint::Fingerprint;
use crate::project::value::{BaseImages, PullPolicy};
use crate::project::{Project, ProjectName, ServiceName, SshKey, VolumeKey};

/// Options of `up` and `create`. The default is a plain `up -d`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UpOptions {
    /// When to recreate containers of the services that the user named, or of all services if none was named.
    pub recreate: Recreate,
    /// When to recreate containers of their dependencies.
    pub recreate_dependencies: Recreate,
    /// Containers that an earlier plan of the same command created: these are recreated only if they changed.
    pub newer: BTreeSet<ContainerId>,
    /// What to do with the anonymous volumes of recreated containers.
    pub anonymous_volumes: AnonymousVolumePolicy,
    /// Which images to build.
    pub build: BuildImages,
    /// `--pull`: overrides every service's `pull_policy`.
    pub pull: Option<PullPolicy>,
    /// What to do with containers of services that are not in the files.
    pub orphans: Orphans,
    /// Whether to start containers, or only create them.
    pub start: StartContainers,
    /// `--wait`: wait until everything is running and healthy; by default, the command itself waits for nothing.
    pub wait: Option<WaitUntilReady>,
    /// `--eager-health`: who checks the health of containers being waited for, unless their service sets
    /// `x-hoist.eager_health`.
    pub probing: Probing,
    /// `--rolling`: replace the replicas of every service in turn; otherwise only those of services with
    /// `x-hoist.rolling`.
    pub rolling: bool,
    /// `run`: the container for one command. The replicas of its service are left alone.
    pub one_off: Option<OneOff>,
    /// `-t`: grace period of every stop; each container's own by default.
    pub timeout: Option<Duration>,
    /// `--scale`: numbers of replicas that override those in the files.
    pub scale: BTreeMap<ServiceName, u32>,
    /// Volumes whose definition changed and whose data the user agreed to lose; others are kept. See
    /// [`super::changed_volumes`].
    pub recreate_volumes: BTreeSet<VolumeKey>,
    /// The platform of images for services without `platform`; the engine's own by default.
    pub default_platform: Option<String>,
    /// The current time in seconds since 1970: determines which images are due for `pull_policy: daily` and the like.
    /// At 0, none is.
    pub now: i64,
    /// The current content of secrets and configs (`load::contents`), to report which changed since a container was
    /// created; by default nothing is reported.
    pub contents: Fingerprint,
    /// Missing files (`load::missing_files`): a plan that needs a missing file of a secret or config is refused; a
    /// missing source of a bind mount will be created by the engine as a folder. Empty if the engine is on another
    /// machine.
    pub missing_files: BTreeSet<String>,
    /// Whether reasons may show values that look like secrets (`--show-values`).
    pub values: SecretValues,
    /// The images that builds are made from (`load::base_images`): a build comes after those of its base images. By
    /// default only the contexts of builds count.
    pub base_images: BTreeMap<ServiceName, BaseImages>,
}

/// A container that `run` creates for one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneOff {
    /// Its service, whose definition in the project is already what the command asks for.
    pub service: ServiceName,
    /// Its name.
    pub name: String,
    /// What tells it from all other one-offs: the value of the label `com.docker.compose.slug`.
    pub slug: String,
    /// What the engine does with it when it exits.
    pub at_end: OneOffEnd,
    /// The names it answers to on its networks.
    pub aliases: OneOffAliases,
}

/// What the engine does with a one-off when it exits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OneOffEnd {
    /// It keeps it.
    #[default]
    Keep,
    /// It removes it, with its anonymous volumes (`--rm`).
    Remove,
}

/// The names that a one-off answers to on its networks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OneOffAliases {
    /// Only its own name: it does not answer for its service.
    #[default]
    Name,
    /// Those of a replica, too (`--use-aliases`).
    Service,
}

/// When to recreate existing containers.
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

/// What to do with the anonymous volumes of a recreated container.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AnonymousVolumePolicy {
    /// The new container mounts them again.
    #[default]
    Inherit,
    /// `-V`: the new container gets empty ones, so every named service is recreated. The old ones stay, with their
    /// data, but unmounted.
    Renew,
}

/// Which images to build.
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

/// Options of `build`. The default is a plain `build`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildOptions {
    /// Whether the services that the named ones depend on are built too.
    pub dependencies: BuildDependencies,
    /// `--build-arg`: arguments that override those in the files; one without a value is left out of the build.
    pub args: BTreeMap<String, Option<String>>,
    /// `--ssh`: agents and keys in addition to those in the files.
    pub ssh: Vec<SshKey>,
    /// `--no-cache`: ignore the cache, as if every service had `build.no_cache`.
    pub no_cache: bool,
    /// `--pull`: pull newer base images, as if every service had `build.pull`.
    pub pull: bool,
    /// `--push`: push the images of services with `image` instead of storing them.
    pub push: bool,
    /// `--provenance`: overrides `build.provenance`.
    pub provenance: Option<String>,
    /// `--sbom`: overrides `build.sbom`.
    pub sbom: Option<String>,
    /// `--check`: look for mistakes in the Dockerfiles instead of building.
    pub purpose: BuildPurpose,
    /// `--memory`: memory limit of build steps in bytes.
    pub memory: Option<i64>,
    /// `--builder`: a buildx builder that builds instead of the engine.
    pub builder: Option<String>,
    /// The platform to build for where the files do not set one; the engine's own by default.
    pub default_platform: Option<String>,
    /// The images that builds are made from, as in [`UpOptions`].
    pub base_images: BTreeMap<ServiceName, BaseImages>,
}

/// Whether `build` also builds what the named services depend on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BuildDependencies {
    /// No: only what their builds use.
    #[default]
    Ignore,
    /// `--with-dependencies`.
    Include,
}

/// What to do with containers of services that are not in the files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Orphans {
    /// They stay, and a warning names them.
    #[default]
    Keep,
    /// `--remove-orphans`.
    Remove,
    /// They stay without a warning: `COMPOSE_IGNORE_ORPHANS`.
    Ignore,
}

/// Which containers to start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StartContainers {
    /// All that are not running.
    #[default]
    Yes,
    /// None: `create`, `up --no-start`.
    No,
}

/// A wait on behalf of the command.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WaitUntilReady {
    /// `--wait-timeout`: time limit of a wait; none by default.
    pub timeout: Option<Duration>,
    /// Which services may end, or must.
    pub jobs: Jobs,
}

/// Which services count as done under `--wait` once they have ended with status 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Jobs {
    /// Those that others wait for by `service_completed_successfully`, and those with `x-hoist: {job: true}`.
    #[default]
    Declared,
    /// `--wait-for-jobs`: those that the engine never restarts too.
    ByRestart,
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

    /// Whether files define it.
    #[must_use]
    pub fn is_files(&self) -> bool {
        matches!(self, Self::Files(_))
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

/// Options of `start`. The default is a plain `start`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StartOptions {
    /// The services to start, with all that they depend on; empty is all.
    pub services: Vec<ServiceName>,
    /// `--wait`: wait until everything runs and is healthy; off by default.
    pub wait: Option<WaitUntilReady>,
}

/// Options of `restart`. The default is a plain `restart`.
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

/// What becomes of the finished containers of `run` on `rm`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RmOneOffs {
    /// They stay.
    #[default]
    Keep,
    /// They go, too: `--all`.
    Remove,
}

/// Options of `rm`. The default is a plain `rm`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RmOptions {
    /// The services whose containers are removed; empty is all.
    pub services: Vec<ServiceName>,
    /// What becomes of the finished containers of `run`.
    pub one_offs: RmOneOffs,
    /// Whether containers that are up are stopped and removed too (`--stop`), or left alone.
    pub stop: bool,
    /// Whether their anonymous volumes go with them (`--volumes`), or stay with their data.
    pub volumes: DownVolumes,
    /// The containers that may go, as a person agreed to; `None` is all of these services.
    pub agreed: Option<BTreeSet<ContainerId>>,
    /// `-t`: grace period of every stop; each container's own by default.
    pub timeout: Option<Duration>,
}

/// Options of `pull`. The default is a plain `pull`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PullOptions {
    /// `--policy`, instead of the policies of the services.
    pub policy: Option<PullPolicy>,
    /// Whether images that can be built are pulled too.
    pub buildable: PullBuildable,
    /// What a failed pull means for the command.
    pub failures: TransferFailures,
    /// The platform of services that name none (`DOCKER_DEFAULT_PLATFORM`); `None` means the engine's own.
    pub default_platform: Option<String>,
}

/// Whether `pull` pulls images that can be built.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PullBuildable {
    /// It does.
    #[default]
    Yes,
    /// `--ignore-buildable`: it leaves them alone.
    No,
}

/// What failed pulls and pushes mean for `pull` and `push`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TransferFailures {
    /// The command fails.
    #[default]
    Fail,
    /// `--ignore-pull-failures`, `--ignore-push-failures`: they are reported, and the command succeeds.
    Ignore,
}

/// Options of `down`. The default is a plain `down`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DownOptions {
    /// The services to take down, with the networks and volumes that only they use; empty means all.
    pub services: Vec<ServiceName>,
    /// What to do with volumes.
    pub volumes: DownVolumes,
    /// What to do with the images of its services.
    pub images: DownImages,
    /// What to do with containers of services that are not in the files, and with exited one-offs; there is no warning
    /// about those that stay.
    pub orphans: Orphans,
    /// `-t`: grace period of every stop; each container's own by default.
    pub timeout: Option<Duration>,
}

/// What `down` does with volumes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DownVolumes {
    /// They stay, with their data.
    #[default]
    Keep,
    /// `--volumes`: removes the project's volumes, except external ones, and the anonymous ones of its containers.
    Remove,
}

/// What `down` does with images.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DownImages {
    /// They stay.
    #[default]
    Keep,
    /// `--rmi local`: removes those built for services without `image`.
    Local,
    /// `--rmi all`: removes those of all services.
    All,
}
