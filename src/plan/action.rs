//! The vocabulary of a plan: what can be done, to what, and why. Pulling, building and waiting are actions too.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::ActionId;
use crate::observed::{ContainerId, ImageDigest, NetworkId};
use crate::project::fingerprint::Fingerprint;
use crate::project::{Condition, ModelKey, NetworkKey, Project, ServiceName, VolumeKey};

/// One step of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What is done.
    pub action: Action,
    /// Why.
    pub reason: Reason,
    /// What has to hold for it to be done at all; what is not known before the run decides.
    pub guard: Option<Guard>,
}

impl Step {
    /// Whether it changes anything: not so a wait, a job that ran to its end and runs again, and providers and models,
    /// which are asked and configured at every run.
    #[must_use]
    pub fn is_change(&self) -> bool {
        match &self.action {
            // The hooks of a service come with the starts of its replicas, which count.
            Action::Wait(_) | Action::Pause { .. } | Action::RunPreStart { .. } | Action::ConfigureModel(_) => false,
            Action::StartContainer { .. } => !matches!(self.reason, Reason::RanBefore { .. }),
            Action::RunProvider { verb, .. } => *verb != ProviderVerb::Up,
            Action::PullImage(_)
            | Action::BuildImage(_)
            | Action::PullModel(_)
            | Action::CreateNetwork { .. }
            | Action::RemoveNetwork { .. }
            | Action::DisconnectNetwork { .. }
            | Action::ConnectNetwork { .. }
            | Action::CreateVolume { .. }
            | Action::RemoveVolume { .. }
            | Action::RemoveImage { .. }
            | Action::CreateContainer(_)
            | Action::UnpauseContainer { .. }
            | Action::StopContainer { .. }
            | Action::RemoveContainer { .. }
            | Action::RenameContainer { .. } => true,
        }
    }

    /// The volumes that it removes with their data. What a container that this plan makes brought along does not count:
    /// nothing used it before.
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

    /// The volumes that it leaves to a new container, which may have no place for them.
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
    /// Fetches an image from its registry.
    PullImage(Arc<PullSpec>),
    /// Builds the image of a service.
    BuildImage(Arc<BuildSpec>),
    /// Fetches a model for Docker's model runner (engine.md §3.10).
    PullModel(Arc<ModelSpec>),
    /// Tells the model runner how a model is to be served.
    ConfigureModel(Arc<ModelSpec>),
    /// Makes a network of the project.
    CreateNetwork {
        /// The project it is defined in.
        project: Arc<Project>,
        /// Which of its networks.
        key: NetworkKey,
    },
    /// Removes a network. One that is still in use is left, and reported; where another one takes its place, the step
    /// fails.
    RemoveNetwork {
        /// The network.
        id: NetworkId,
        /// Its name.
        name: String,
    },
    /// Takes a container off a network.
    DisconnectNetwork {
        /// The container.
        container: ContainerRef,
        /// The network's name.
        network: String,
    },
    /// Puts a container on a network, with the endpoint settings its service asks for.
    ConnectNetwork {
        /// The container.
        container: ContainerRef,
        /// The replica's definition.
        spec: Arc<ContainerSpec>,
        /// Which of the project's networks.
        key: NetworkKey,
    },
    /// Makes a volume of the project.
    CreateVolume {
        /// The project it is defined in.
        project: Arc<Project>,
        /// Which of its volumes.
        key: VolumeKey,
    },
    /// Removes a volume and its data. One that is still in use is left, and reported; where another one takes its place,
    /// the step fails.
    RemoveVolume {
        /// Its name.
        name: String,
    },
    /// Removes an image's name, and the image where that was its last. One that is still in use is left, and reported.
    RemoveImage {
        /// Its reference.
        reference: String,
    },
    /// Makes a container, without starting it.
    CreateContainer(Arc<ContainerSpec>),
    /// Starts a container.
    StartContainer {
        /// The container.
        container: ContainerRef,
        /// The replica's definition, for what is done at each start; `None` for one without a definition.
        spec: Option<Arc<ContainerSpec>>,
    },
    /// Stops a container: its `pre_stop` hooks, its stop signal, the grace period, then the kill.
    StopContainer {
        /// The container.
        container: ContainerRef,
        /// The replica's definition, for its hooks; `None` for one without a definition.
        spec: Option<Arc<ContainerSpec>>,
        /// Grace period; `None` leaves it to the container's own, 10 s where it has none.
        timeout: Option<Duration>,
    },
    /// Lets a paused container go on.
    UnpauseContainer {
        /// The container.
        container: ContainerRef,
    },
    /// Removes a container, stopped or not.
    RemoveContainer {
        /// The container.
        container: ContainerRef,
        /// What happens to its anonymous volumes.
        volumes: AnonymousVolumes,
        /// The volumes of it that no container uses once the plan is carried out: those that go with it, or that it leaves
        /// behind. Found when the whole plan is known.
        unused: Vec<UnusedVolume>,
    },
    /// Gives a container its final name.
    RenameContainer {
        /// The container.
        container: ContainerRef,
        /// The new name.
        name: String,
    },
    /// Waits until a dependency is as its dependents need it, or a new container as its predecessor's removal needs it.
    Wait(Arc<WaitSpec>),
    /// Lets time pass before the next replicas of a service are replaced.
    Pause {
        /// The service.
        service: ServiceName,
        /// How long.
        duration: Duration,
    },
    /// Runs a `pre_start` hook of a service, once before its first replica starts (engine.md §4.5).
    RunPreStart {
        /// The replica whose volumes the hook sees.
        spec: Arc<ContainerSpec>,
        /// The container that fills that slot.
        container: ContainerRef,
        /// Which item of `pre_start`, from 0.
        hook: usize,
    },
    /// Runs the program that provides a service (engine.md §8.8).
    RunProvider {
        /// The project.
        project: Arc<Project>,
        /// The service that has the `provider`.
        service: ServiceName,
        /// What the program is asked for.
        verb: ProviderVerb,
    },
}

impl Action {
    /// Removes a container. What it leaves unused is found when the whole plan is known.
    #[must_use]
    pub fn remove_container(container: ContainerRef, volumes: AnonymousVolumes) -> Self {
        Self::RemoveContainer { container, volumes, unused: Vec::new() }
    }

    /// The one container that it changes, among those that there are or will be by then.
    #[must_use]
    pub fn container(&self) -> Option<&ContainerRef> {
        match self {
            Self::DisconnectNetwork { container, .. }
            | Self::ConnectNetwork { container, .. }
            | Self::StartContainer { container, .. }
            | Self::UnpauseContainer { container }
            | Self::StopContainer { container, .. }
            | Self::RemoveContainer { container, .. }
            | Self::RenameContainer { container, .. }
            | Self::RunPreStart { container, .. } => Some(container),
            Self::PullImage(_)
            | Self::BuildImage(_)
            | Self::PullModel(_)
            | Self::ConfigureModel(_)
            | Self::CreateNetwork { .. }
            | Self::RemoveNetwork { .. }
            | Self::CreateVolume { .. }
            | Self::RemoveVolume { .. }
            | Self::RemoveImage { .. }
            | Self::CreateContainer(_)
            | Self::Wait(_)
            | Self::Pause { .. }
            | Self::RunProvider { .. } => None,
        }
    }
}

/// What the program of a provider service is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderVerb {
    /// To have it there.
    Up,
    /// To remove it.
    Down,
    /// To stop it, if the program offers that.
    Stop,
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

/// An image to build.
#[derive(Debug, Clone, PartialEq)]
pub struct BuildSpec {
    /// The project.
    pub project: Arc<Project>,
    /// The service whose `build` says how.
    pub service: ServiceName,
    /// The name the image gets (`image`, or `<project>-<service>`).
    pub image: String,
    /// `os[/arch[/variant]]` of the result; `None` is the engine's own.
    pub platform: Option<String>,
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
    pub image_digest: Late<Option<ImageDigest>>,
    /// The digests of the images that are mounted (`type: image`), by their place in the container; what the label
    /// `com.docker.compose.image-volume-digest` says.
    pub image_volumes: BTreeMap<String, Late<Option<ImageDigest>>>,
    /// A digest of what its secrets and configs contain, which the label `hoist.contents` keeps.
    pub contents: Fingerprint,
    /// The container it takes the place of.
    pub replaces: Option<Replaced>,
    /// The containers that `service:X` in `network_mode`, `ipc`, `pid` and `volumes_from` stand for.
    pub references: BTreeMap<ServiceName, ContainerRef>,
    /// The containers that the services of `links` have.
    pub linked: BTreeMap<ServiceName, Vec<ContainerRef>>,
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

/// A fact that is known now, or only once an earlier step has run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Late<T> {
    /// Known when the plan is made.
    Known(T),
    /// What the step that pulls or builds the image finds out. A build that is only there for the case that a pull
    /// fails ([`Guard::ImageMissing`]) has, where it is not needed, found out what that pull did.
    From(ActionId),
}

/// What is waited for.
#[derive(Debug, Clone, PartialEq)]
pub struct WaitSpec {
    /// The service waited for.
    pub service: ServiceName,
    /// What has to hold.
    pub condition: WaitCondition,
    /// Its replicas.
    pub containers: Vec<ContainerRef>,
    /// Who waits: a service's dependents, `up --wait` itself, or the update of the service.
    pub waiter: Waiter,
    /// Who finds out whether they are healthy.
    pub probing: Probing,
    /// For how long it has to go on holding, without a restart, once it holds; nothing but in rolling updates.
    pub monitor: Duration,
    /// After how long it is given up; `None` waits for ever.
    pub timeout: Option<Duration>,
}

/// Who finds out whether a container that is waited for is healthy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Probing {
    /// The engine alone, at the interval of the healthcheck.
    #[default]
    Engine,
    /// hoist too: it runs the container's own test at once and every 500 ms, and the first success counts as healthy.
    Eager,
}

/// The state waited for (engine.md §4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WaitCondition {
    /// Every replica is healthy.
    Healthy,
    /// Every replica has exited with status 0.
    CompletedSuccessfully,
    /// Every replica is healthy, or running where it has no healthcheck.
    RunningOrHealthy,
}

impl WaitCondition {
    /// What a `depends_on` condition waits for; `service_started` is ordering alone.
    #[must_use]
    pub fn of(condition: Condition) -> Option<Self> {
        match condition {
            Condition::Started => None,
            Condition::Healthy => Some(Self::Healthy),
            Condition::CompletedSuccessfully => Some(Self::CompletedSuccessfully),
        }
    }
}

/// On whose behalf a wait happens; it decides the words of a failure (engine.md §4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiter {
    /// Services that depend on it, at least one of them in need of it.
    Dependents,
    /// Services that depend on it and start without it too (`required: false`).
    OptionalDependents,
    /// `up --wait`.
    Command,
    /// The rolling update of the service itself: a new container has to be there before its predecessor goes, or before
    /// the next one's does.
    Update(FailureAction),
}

/// What the failure of one replica means for a rolling update (compose-file.md §3.4, `failure_action`). That replica
/// keeps its old container, or gets it back, in any case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FailureAction {
    /// The replicas after it stay as they are.
    #[default]
    Pause,
    /// The replicas after it are replaced all the same.
    Continue,
    /// The replicas before it get their old containers back, those after it stay as they are.
    Rollback,
}

/// What has to hold for a guarded step to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guard {
    /// The image that `producer` pulls or builds is not the one the container has.
    ImageChanged {
        /// The step that pulls or builds.
        producer: ActionId,
        /// The image reference.
        image: String,
        /// What the container was made from.
        from: Option<ImageDigest>,
    },
    /// `producer` did not get the image.
    ImageMissing {
        /// The step that pulls.
        producer: ActionId,
        /// The image reference.
        image: String,
    },
    /// One of these steps failed, or was skipped because another one had failed.
    Failed(Vec<ActionId>),
    /// At least one of them holds.
    AnyOf(Vec<Guard>),
    /// All of them hold.
    AllOf(Vec<Guard>),
}

/// Why a step is there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The engine does not have it.
    Missing,
    /// The replica has no container.
    NoContainer,
    /// The service's definition changed; what changed, field by field, where that is known.
    ConfigChanged(Vec<FieldChange>),
    /// The image is another one.
    ImageChanged {
        /// What the container was made from.
        from: Option<ImageDigest>,
        /// What the reference stands for now; `None` where the run finds out.
        to: Option<ImageDigest>,
    },
    /// An image that is mounted into it is another one: where it is mounted.
    ImageVolumeChanged(String),
    /// `--force-recreate`, `--always-recreate-deps` or `--renew-anon-volumes`.
    Forced,
    /// It is not connected to a network its service is on.
    NotConnected(NetworkKey),
    /// It lacks a volume its service mounts.
    NotMounted(VolumeKey),
    /// A service whose namespace or volumes it shares is recreated.
    SharesWith(ServiceName),
    /// A service whose namespace it shares starts again, or did since: the old namespace has ended.
    PartnerRestarted(ServiceName),
    /// A dependency with `restart: true` is recreated.
    DependencyRecreated(ServiceName),
    /// There are more replicas than the service asks for.
    ScaledDown,
    /// Another container takes its place.
    Replaced,
    /// The replacement is ready.
    Replacement,
    /// The replicas of the service are replaced in turn.
    RollingUpdate,
    /// Its update failed, and it is the new container.
    TakenBack,
    /// Its update failed, and it is the old container.
    PutBack,
    /// An interrupted run left it under a temporary name.
    Interrupted,
    /// It was stopped, or made and never started.
    NotRunning,
    /// Somebody paused it.
    Paused,
    /// It ran before and is run again, as every `up` does.
    RanBefore {
        /// What it exited with.
        exit_code: i64,
    },
    /// It was made in this run.
    Created,
    /// Its service is not in the files.
    Orphan,
    /// It was made by `run` and has ended.
    OneOffEnded,
    /// It was made by `run`, and `down --remove-orphans` removes it too.
    OneOff,
    /// `down` takes the project down.
    Down,
    /// The user, or the end of a container, ends an attached `up`.
    StopAsked,
    /// `--volumes` was given.
    VolumesAsked,
    /// `down --rmi`.
    ImagesAsked,
    /// The definition of the network or volume changed.
    DefinitionChanged,
    /// The resource it uses is recreated.
    ResourceRecreated(String),
    /// Those services need it.
    NeededBy(Vec<ServiceName>),
    /// The pull policy asks for it.
    PullPolicy(String),
    /// `--build` or `pull_policy: build` was given.
    BuildAsked,
    /// `--wait` was given.
    WaitAsked,
    /// Every run asks for it.
    EveryRun,
    /// The service asks for it before it starts.
    Hook,
    /// A `pre_start` hook of an earlier run failed in it.
    HookFailed,
}

/// One field of a definition that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// The field, such as `image` or `environment.DEBUG`.
    pub field: String,
    /// The old value, where it is known.
    pub from: Option<FieldValue>,
    /// The new value, where there is one.
    pub to: Option<FieldValue>,
}

/// A value of a field as it may be shown: secrets are hidden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldValue {
    /// Text.
    Text(String),
    /// Anything else, as JSON without blanks: `true`, `["sleep","600"]`.
    Json(String),
}
