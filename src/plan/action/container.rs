//! Containers that steps are about: those that are there, and those that a plan makes.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::Deferred;
use crate::observed::{ContainerId, ImageDigest};
use crate::plan::ActionId;
use crate::project::fingerprint::Fingerprint;
use crate::project::{Project, ServiceName};

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

/// A container that a step is about: one that exists, or one that an earlier step makes.
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerRef {
    /// The slot it fills; `None` for orphans, one-offs and hook containers.
    pub replica: Option<Replica>,
    /// Its name, the final one where it bears a temporary one.
    pub name: String,
    /// How it is found.
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
    /// It was there when the plan was made.
    Existing(ContainerId),
    /// That step makes it.
    Made(ActionId),
    /// That guarded step makes it; where its guard does not hold, it is the one that was there.
    MadeOr {
        /// The step that makes it, if at all.
        made: ActionId,
        /// What fills the slot otherwise.
        otherwise: ContainerId,
    },
}

/// Everything a container is created from that is known before the run.
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerSpec {
    /// The project, which has the service of [`ContainerSpec::replica`].
    pub project: Arc<Project>,
    /// Which slot of which service.
    pub replica: Replica,
    /// The name it has in the end.
    pub name: String,
    /// The name it is created under where another container still bears `name`.
    pub temporary_name: Option<String>,
    /// The image reference.
    pub image: String,
    /// What the label `com.docker.compose.image` says.
    pub image_digest: Deferred<Option<ImageDigest>>,
    /// The digests of the images that are mounted (`type: image`), by their place in the container; what the label
    /// `com.docker.compose.image-volume-digest` says.
    pub image_volumes: BTreeMap<String, Deferred<Option<ImageDigest>>>,
    /// A digest of what its secrets and configs contain, which the label `hoist.contents` keeps.
    pub contents: Fingerprint,
    /// The container it takes the place of.
    pub replaces: Option<Replaced>,
    /// The containers that `service:X` in `network_mode`, `ipc`, `pid` and `volumes_from` stand for.
    pub references: BTreeMap<ServiceName, ContainerRef>,
    /// The containers that the services of `links` have.
    pub linked: BTreeMap<ServiceName, Vec<ContainerRef>>,
}

impl ContainerSpec {
    /// A container of an image that is not looked at, under its name from the start, that shares nothing with others.
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
        }
    }
}

/// A container that another one takes the place of.
#[derive(Debug, Clone, PartialEq)]
pub struct Replaced {
    /// The old container.
    pub container: ContainerRef,
    /// Its anonymous volumes that the new one mounts again; empty with `--renew-anon-volumes`.
    pub inherited: Vec<InheritedVolume>,
    /// Whether volumes are inherited at all, which decides about the label `com.docker.compose.replace`.
    pub inherits: bool,
}

/// An anonymous volume carried over to a new container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InheritedVolume {
    /// The volume's name.
    pub volume: String,
    /// Where it is mounted.
    pub target: String,
    /// Whether it cannot be written to.
    pub read_only: bool,
}

/// What happens to the anonymous volumes of a container that is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnonymousVolumes {
    /// They stay: another container inherits them, or nobody asked for their removal.
    Keep,
    /// They go with the container, and so does their data.
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
    /// Whether the engine gave it its name, so that it can go with the container.
    pub anonymous: bool,
    /// The step that makes a container which mounts it again, if its service or its image still has a place for it: only
    /// the run finds out.
    pub inherited_by: Option<ActionId>,
}
