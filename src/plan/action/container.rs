//! Containers that steps are about: existing ones, and those that a plan creates.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::Deferred;
use crate::observed::{ContainerId, ImageDigest};
use crate::plan::{ActionId, OneOff};
use crate::project::fingerprint::Fingerprint;
use crate::project::{PreStart, Project, ServiceName};

/// A numbered slot of a service, shown as `web/2`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Replica {
    /// The service.
    pub service: ServiceName,
    /// The number, from 1.
    pub number: u32,
}

impl fmt::Display for Replica {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.service, self.number)
    }
}

/// A container that a step is about: one that exists, or one that an earlier step creates.
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerRef {
    /// The slot it fills; `None` for orphans, one-offs and hook containers.
    pub replica: Option<Replica>,
    /// Its final name, even while it has a temporary one.
    pub name: String,
    /// How to find it.
    pub handle: Handle,
}

impl fmt::Display for ContainerRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.replica {
            Some(replica) => replica.fmt(f),
            None => f.write_str(&self.name),
        }
    }
}

/// How a container is found when a step runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handle {
    /// It existed when the plan was made.
    Existing(ContainerId),
    /// This step creates it.
    Made(ActionId),
    /// A guarded step creates it; if its guard does not hold, it is the existing one.
    MadeOr {
        /// The step that may create it.
        made: ActionId,
        /// The container that otherwise fills the slot.
        otherwise: ContainerId,
    },
}

/// Everything known before the run that a container is created from.
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerSpec {
    /// The project, which contains the service of [`ContainerSpec::replica`].
    pub project: Arc<Project>,
    /// Which slot of which service.
    pub replica: Replica,
    /// Its final name.
    pub name: String,
    /// The name it is created with if another container still has `name`.
    pub temporary_name: Option<String>,
    /// The image reference.
    pub image: String,
    /// The value of the label `com.docker.compose.image`.
    pub image_digest: Deferred<Option<ImageDigest>>,
    /// The digests of mounted images (`type: image`), by path in the container; the value of the label
    /// `com.docker.compose.image-volume-digest`.
    pub image_volumes: BTreeMap<String, Deferred<Option<ImageDigest>>>,
    /// A digest of the content of its secrets and configs, kept in the label `hoist.contents`.
    pub contents: Fingerprint,
    /// The container it replaces.
    pub replaces: Option<Replaced>,
    /// The containers that `service:X` in `network_mode`, `ipc`, `pid` and `volumes_from` refers to.
    pub references: BTreeMap<ServiceName, ContainerRef>,
    /// The containers of the services in `links`.
    pub linked: BTreeMap<ServiceName, Vec<ContainerRef>>,
    /// What makes it a container of `run`; `None` for replicas.
    pub one_off: Option<OneOff>,
}

impl ContainerSpec {
    /// A container with an unknown image digest, its final name from the start, and nothing shared with others.
    #[must_use]
    pub fn new(project: Arc<Project>, replica: Replica, name: impl Into<String>, image: impl Into<String>) -> Self {
        Self {
            project,
            replica,
            name: name.into(),
            temporary_name: None,
            image: image.into(),
            image_digest: Deferred::Known(None),
            image_volumes: BTreeMap::new(),
            contents: Fingerprint::default(),
            replaces: None,
            references: BTreeMap::new(),
            linked: BTreeMap::new(),
            one_off: None,
        }
    }

    /// The same for the container of a `pre_start` hook: as if the service were made from what the hook says.
    #[must_use]
    pub fn of_hook(&self, hook: &PreStart) -> Self {
        let mut container = hook.container.clone();
        let own = std::mem::take(&mut container.environment);
        container.environment.clone_from(&hook.variables);
        container.environment.extend(own);
        let mut project = Project::clone(&self.project);
        project.services.insert(self.replica.service.clone(), container);
        Self {
            project: Arc::new(project),
            image: hook.container.image.clone().unwrap_or_else(|| self.image.clone()),
            ..self.clone()
        }
    }
}

/// A container that another one replaces.
#[derive(Debug, Clone, PartialEq)]
pub struct Replaced {
    /// The old container.
    pub container: ContainerRef,
    /// Its anonymous volumes that the new one mounts again; empty with `--renew-anon-volumes`.
    pub inherited: Vec<InheritedVolume>,
    /// Whether volumes are inherited at all, which determines the label `com.docker.compose.replace`.
    pub inherits: bool,
}

/// An anonymous volume carried over to a new container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InheritedVolume {
    /// The volume's name.
    pub volume: String,
    /// Where it is mounted.
    pub target: String,
    /// Whether it is read-only.
    pub read_only: bool,
}

/// What happens to the anonymous volumes of a container that is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnonymousVolumes {
    /// They stay: another container inherits them, or their removal was not requested.
    Keep,
    /// They are removed with the container, including their data.
    Remove,
}

/// A volume that no container uses any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusedVolume {
    /// Its name.
    pub name: String,
    /// Where it was mounted.
    pub target: String,
    /// The container that mounted it, as a plan shows it: `db/1`, or its name.
    pub container: String,
    /// Whether the engine named it, so that it can be removed with the container.
    pub anonymous: bool,
    /// The step that creates a container which will mount it again, if its service or image still has a place for it;
    /// only the run finds out.
    pub inherited_by: Option<ActionId>,
}
