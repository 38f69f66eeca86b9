//! The vocabulary of a plan: actions, their subjects and reasons. Pulling, building and waiting are actions too.

mod build;
mod container;
mod describe;
mod guard;
mod image;
mod reason;
mod subject;
mod wait;

use std::sync::Arc;
use std::time::Duration;

pub use build::{Attestation, Attestations, BuildPurpose, BuildSecret, BuildSpec, Builder, Dockerfile, Exporter};
pub use container::{
    AnonymousVolumes, ContainerRef, ContainerSpec, Handle, InheritedVolume, Replaced, Replica, UnusedVolume,
};
pub use describe::{Description, Effect, Lane, Repetition, Verb};
pub use guard::{Deferred, Guard};
pub use image::{LeftAlone, LeftAloneReason, ModelSpec, PullFailure, PullSpec, PushFailure, PushSpec};
pub use reason::{FieldChange, FieldValue, Reason};
pub use subject::Subject;
pub use wait::{FailureAction, Probing, WaitCondition, WaitSpec, Waiter};

use super::ActionId;
use crate::observed::NetworkId;
use crate::project::{NetworkKey, Project, ServiceName, VolumeKey};

/// One step of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What to do.
    pub action: Action,
    /// Why.
    pub reason: Reason,
    /// The condition under which it is done, if that is not known before the run.
    pub guard: Option<Guard>,
}

impl Step {
    /// Whether it changes anything. Waits do not, nor do completed jobs that run again, nor providers and models, which
    /// are called and configured on every run.
    #[must_use]
    pub fn is_change(&self) -> bool {
        self.effect() == Effect::Change
    }

    /// Whether it counts as a change.
    #[must_use]
    pub fn effect(&self) -> Effect {
        match self.action.describe().effect {
            Effect::Start if matches!(self.reason, Reason::RanBefore { .. }) => Effect::Repeated(Repetition::Job),
            Effect::Start => Effect::Change,
            effect @ (Effect::Change | Effect::Repeated(_) | Effect::Part) => effect,
        }
    }

    /// The volumes that it removes with their data. Volumes of a container that this plan creates do not count: nothing
    /// used them before.
    #[must_use]
    pub fn removed_volumes(&self) -> Vec<&str> {
        if let Action::RemoveVolume { name } = &self.action {
            return vec![name];
        }
        let Action::RemoveContainer { volumes: AnonymousVolumes::Remove, unused, .. } = &self.action else {
            return Vec::new();
        };
        let goes = |volume: &&UnusedVolume| volume.anonymous && volume.inherited_by.is_none();
        unused.iter().filter(goes).map(|volume| volume.name.as_str()).collect()
    }

    /// The volumes that it leaves without a container, with their data.
    #[must_use]
    pub fn volumes_left(&self) -> Vec<&UnusedVolume> {
        let Action::RemoveContainer { volumes, unused, .. } = &self.action else { return Vec::new() };
        let stays = |volume: &&UnusedVolume| *volumes == AnonymousVolumes::Keep || !volume.anonymous;
        unused.iter().filter(|volume| volume.inherited_by.is_none()).filter(stays).collect()
    }

    /// The volumes that it passes on to a new container, which may have no place for them.
    pub fn volumes_passed_on(&self) -> impl Iterator<Item = (&UnusedVolume, ActionId)> {
        let unused = if let Action::RemoveContainer { unused, .. } = &self.action { unused.as_slice() } else { &[] };
        unused.iter().filter_map(|volume| Some((volume, volume.inherited_by?)))
    }

    /// Whether it removes a volume and the data in it.
    #[must_use]
    pub fn is_destructive(&self) -> bool {
        !self.removed_volumes().is_empty()
    }
}

/// Something done to the engine, or waited for.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Pulls an image from its registry.
    PullImage(Arc<PullSpec>),
    /// Builds the image of a service.
    BuildImage {
        /// The project it is defined in.
        project: Arc<Project>,
        /// What to build, and how.
        spec: Arc<BuildSpec>,
    },
    /// Pushes an image to its registry.
    PushImage(Arc<PushSpec>),
    /// Pulls a model for Docker's model runner.
    PullModel(Arc<ModelSpec>),
    /// Tells the model runner how to serve a model.
    ConfigureModel(Arc<ModelSpec>),
    /// Creates a network of the project.
    CreateNetwork {
        /// The project it is defined in.
        project: Arc<Project>,
        /// Which of its networks.
        key: NetworkKey,
    },
    /// Removes a network. One that is still in use is kept, and that is reported; if another one replaces it, the step
    /// fails.
    RemoveNetwork {
        /// The network.
        id: NetworkId,
        /// Its name.
        name: String,
    },
    /// Disconnects a container from a network.
    DisconnectNetwork {
        /// The container.
        container: ContainerRef,
        /// The network's name.
        network: String,
    },
    /// Connects a container to a network, with its service's endpoint settings.
    ConnectNetwork {
        /// The container.
        container: ContainerRef,
        /// The replica's definition.
        spec: Arc<ContainerSpec>,
        /// Which of the project's networks.
        key: NetworkKey,
    },
    /// Creates a volume of the project.
    CreateVolume {
        /// The project it is defined in.
        project: Arc<Project>,
        /// Which of its volumes.
        key: VolumeKey,
    },
    /// Removes a volume and its data. One that is still in use is kept, and that is reported; if another one replaces
    /// it, the step fails.
    RemoveVolume {
        /// Its name.
        name: String,
    },
    /// Removes an image's name, and the image if that was its last name. One that is still in use is kept, and that is
    /// reported.
    RemoveImage {
        /// Its reference; its digest if it has no name.
        reference: String,
    },
    /// Creates a container without starting it.
    CreateContainer(Arc<ContainerSpec>),
    /// Starts a container.
    StartContainer {
        /// The container.
        container: ContainerRef,
        /// The replica's definition, for what is done at each start; `None` if it has none.
        spec: Option<Arc<ContainerSpec>>,
    },
    /// Stops a container: its `pre_stop` hooks, its stop signal, the grace period, then the kill.
    StopContainer {
        /// The container.
        container: ContainerRef,
        /// The replica's definition, for its hooks; `None` if it has none.
        spec: Option<Arc<ContainerSpec>>,
        /// Grace period; `None` means the container's own, 10 s by default.
        timeout: Option<Duration>,
    },
    /// Stops a container and starts it again: its `pre_stop` hooks, the engine's restart, its `post_start` hooks. One that
    /// does not run is started.
    RestartContainer {
        /// The container.
        container: ContainerRef,
        /// The replica's definition, for its hooks; `None` for one without a definition.
        spec: Option<Arc<ContainerSpec>>,
        /// Grace period; `None` leaves it to the container's own, 10 s where it has none.
        timeout: Option<Duration>,
    },
    /// Sends a signal to the first process of a container.
    KillContainer {
        /// The container.
        container: ContainerRef,
        /// The signal, as the user named it: `SIGKILL`, `TERM`, `9`.
        signal: String,
    },
    /// Suspends the processes of a container.
    PauseContainer {
        /// The container.
        container: ContainerRef,
    },
    /// Resumes a paused container.
    UnpauseContainer {
        /// The container.
        container: ContainerRef,
    },
    /// Removes a container, running or not.
    RemoveContainer {
        /// The container.
        container: ContainerRef,
        /// What happens to its anonymous volumes.
        volumes: AnonymousVolumes,
        /// Its volumes that no container uses after the plan: removed with it, or left behind. Filled in when the whole
        /// plan is known.
        unused: Vec<UnusedVolume>,
    },
    /// Gives a container its final name.
    RenameContainer {
        /// The container.
        container: ContainerRef,
        /// The new name.
        name: String,
    },
    /// Waits until a dependency is ready for its dependents, or a new container is ready so that its predecessor can be
    /// removed.
    Wait(Arc<WaitSpec>),
    /// Waits for a fixed time before the next replicas of a service are replaced.
    Delay {
        /// The service.
        service: ServiceName,
        /// How long.
        duration: Duration,
    },
    /// Makes the container of a `pre_start` hook of a service and, once before its first replica starts, runs it.
    RunPreStart {
        /// The replica whose volumes the hook sees.
        spec: Arc<ContainerSpec>,
        /// The container of this replica.
        container: ContainerRef,
        /// Which item of `pre_start`, from 0.
        hook: usize,
        /// When it runs.
        run: HookRun,
    },
    /// Runs the program that provides a service.
    RunProvider {
        /// The project.
        project: Arc<Project>,
        /// The service with the `provider`.
        service: ServiceName,
        /// What to ask the program for.
        verb: ProviderVerb,
    },
}

impl Action {
    /// Whether its failure ends the run, with all that is under way.
    #[must_use]
    #[expect(clippy::wildcard_enum_match_arm, reason = "a failure of the others only stops what depends on them")]
    pub fn ends_run(&self) -> bool {
        match self {
            Self::PullImage(spec) => spec.on_failure == PullFailure::EndRun,
            Self::PushImage(spec) => spec.on_failure == PushFailure::EndRun,
            _ => false,
        }
    }

    /// The services that can build the image instead, if it is a pull.
    #[must_use]
    pub fn built_by(&self) -> &[ServiceName] {
        if let Self::PullImage(spec) = self { &spec.built_by } else { &[] }
    }

    /// Removes a container. `unused` is filled in when the whole plan is known.
    #[must_use]
    pub fn remove_container(container: ContainerRef, volumes: AnonymousVolumes) -> Self {
        Self::RemoveContainer { container, volumes, unused: Vec::new() }
    }
}

/// When a `pre_start` hook runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookRun {
    /// As soon as its container is made.
    Now,
    /// When the service starts; until then, its container waits.
    AtStart,
}

/// What to ask the program of a provider service for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderVerb {
    /// To provide it.
    Up,
    /// To remove it.
    Down,
    /// To stop it, if the program supports that.
    Stop,
}
