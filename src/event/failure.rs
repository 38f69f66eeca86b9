//! Why a step of a plan failed, as data.

use std::time::Duration;

use super::evidence::Evidence;
use super::fault::{ModelFault, ProviderFault};
use crate::engine::{AddressHolder, BuildFailure, EngineError, NameHolder, PortHolder};
use crate::plan::{ProviderVerb, Shared, Waiter};
use crate::project::{ModelKey, NetworkKey, ServiceName};

/// Why a step failed: what failed, and what explains it. `render::failure` turns it into text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepError {
    /// The engine refused, or did not answer.
    Engine(EngineError),
    /// A network could not be removed.
    RemoveNetwork {
        /// Its name.
        name: String,
        /// The engine's answer.
        cause: EngineError,
    },
    /// An image could not be pulled.
    Pull {
        /// The reference as the project writes it.
        image: String,
        /// The first service that needs it.
        service: Option<ServiceName>,
        /// What can be used instead.
        alternative: Option<PullAlternative>,
        /// The engine's answer.
        cause: Box<EngineError>,
    },
    /// An image could not be pushed.
    Push {
        /// The reference as the project writes it.
        image: String,
        /// The service whose image it is.
        service: ServiceName,
        /// The engine's answer.
        cause: Box<EngineError>,
    },
    /// An image could not be built.
    Build {
        /// The service whose image it is.
        service: ServiceName,
        /// What went wrong, where, and what the step wrote.
        failure: Box<BuildFailure>,
    },
    /// A container could not be created because a container outside the project has its name.
    NameTaken {
        /// The name.
        container: String,
        /// The service.
        service: ServiceName,
        /// What has the name.
        holder: NameHolder,
    },
    /// A container could not be started because a host port that it publishes is taken.
    PortTaken {
        /// The container's name.
        container: String,
        /// The service that publishes the port.
        service: ServiceName,
        /// The host port.
        port: u16,
        /// `tcp`, `udp` or `sctp`.
        protocol: String,
        /// The host address to publish on; `None` means all.
        host_ip: Option<String>,
        /// What has it, if known.
        holder: Option<Box<PortHolder>>,
        /// Whether the holder is a container of the same project.
        ours: bool,
        /// The engine's answer.
        cause: Box<EngineError>,
    },
    /// The engine rejected something in the files.
    Refused {
        /// The engine's message.
        words: String,
        /// What the message is about.
        refusal: Box<Refusal>,
    },
    /// A container could not be started because its fixed address is taken.
    AddressTaken(Box<AddressTaken>),
    /// A service whose namespace or volumes should be shared has no container.
    SharedContainerMissing {
        /// What is shared.
        shared: Shared,
        /// The service it is shared with.
        service: ServiceName,
    },
    /// A service uses the volumes of one with a tmpfs mount, which engines cannot share.
    TmpfsNotShared {
        /// The container's name.
        container: String,
        /// Its service.
        service: ServiceName,
        /// The service with the mount.
        from: ServiceName,
        /// Where it is mounted.
        target: String,
    },
    /// A container that the step needs was not created.
    NoContainer(String),
    /// A pull or build succeeded, but the image does not exist.
    NoImage(String),
    /// A service being waited for has no container.
    MissingDependency {
        /// The service that waits, if it is a single one.
        dependent: Option<ServiceName>,
        /// The service being waited for.
        dependency: ServiceName,
    },
    /// A container exited that should have become healthy, or should be running.
    Exited {
        /// On whose behalf the wait happened.
        waiter: Waiter,
        /// The container's name.
        container: String,
        /// Its exit status.
        exit_code: i64,
        /// What explains it.
        evidence: Vec<Evidence>,
    },
    /// A container became unhealthy.
    Unhealthy {
        /// On whose behalf the wait happened.
        waiter: Waiter,
        /// The container's name.
        container: String,
        /// What explains it.
        evidence: Vec<Evidence>,
    },
    /// A container without a healthcheck did not become ready (`x-hoist.ready`).
    NotReady(Box<UnreadyContainer>),
    /// A container can never become healthy.
    NoHealthcheck {
        /// On whose behalf the wait happened.
        waiter: Waiter,
        /// The container's name.
        container: String,
    },
    /// A one-shot service failed.
    NotSuccessful {
        /// The service.
        service: ServiceName,
        /// The name of its container that failed.
        container: String,
        /// Its exit status.
        exit_code: i64,
        /// What explains it.
        evidence: Vec<Evidence>,
    },
    /// A wait took longer than allowed.
    TimedOut {
        /// On whose behalf the wait happened.
        waiter: Waiter,
        /// The service that was still being waited for.
        service: ServiceName,
        /// The name of the first container that was still being waited for.
        container: Option<String>,
        /// The time limit.
        seconds: u64,
        /// What was still being waited for.
        evidence: Vec<Evidence>,
    },
    /// A hook in a replica exited with a non-zero status.
    HookFailed {
        /// Which hook.
        hook: HookRef,
        /// Its exit status.
        exit_code: i64,
        /// The last lines of its output.
        output: Vec<String>,
    },
    /// A hook could not be run: its container is not running, or the engine refused.
    HookNotRun {
        /// Which hook.
        hook: HookRef,
        /// The engine's answer.
        cause: EngineError,
    },
    /// A `pre_start` hook of a service failed.
    PreStartFailed {
        /// The service.
        service: ServiceName,
        /// Which item of `pre_start`, from 0.
        hook: usize,
        /// Its exit status.
        exit_code: i64,
        /// The short id of its container.
        container: String,
        /// The last lines of its output.
        output: Vec<String>,
    },
    /// The program that provides a service failed.
    Provider {
        /// The service.
        service: ServiceName,
        /// What it was asked to do.
        verb: ProviderVerb,
        /// Why.
        fault: ProviderFault,
    },
    /// Docker's `model` plugin did not report its endpoint.
    ModelStatus {
        /// Why not.
        fault: ModelFault,
        /// The last lines of its output.
        output: Vec<String>,
    },
    /// Docker's `model` plugin failed to handle a model.
    Model {
        /// Which of the project's models.
        key: ModelKey,
        /// Its reference.
        reference: String,
        /// What the plugin was asked to do.
        verb: ModelVerb,
        /// Why.
        fault: ModelFault,
        /// The last lines of its output.
        output: Vec<String>,
    },
    /// The user interrupted the run.
    Interrupted,
}

/// What can be used instead of an image that cannot be pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullAlternative {
    /// An image built from the files.
    Build,
    /// The image that the engine has.
    LocalImage,
}

/// A container without a healthcheck that did not become ready (`x-hoist.ready`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadyContainer {
    /// On whose behalf the wait happened.
    pub waiter: Waiter,
    /// The service.
    pub service: ServiceName,
    /// The container's name.
    pub container: String,
    /// What was checked.
    pub check: String,
    /// How long it had; `None` if it cannot be checked.
    pub after: Option<Duration>,
    /// The result of the last try.
    pub last: String,
    /// What explains it.
    pub evidence: Vec<Evidence>,
}

/// A fixed address that is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressTaken {
    /// The container's name.
    pub container: String,
    /// The service.
    pub service: ServiceName,
    /// The network's key.
    pub key: NetworkKey,
    /// Its name.
    pub network: String,
    /// The attribute with the address.
    pub field: &'static str,
    /// The address.
    pub address: String,
    /// What has it, if known.
    pub holder: Option<AddressHolder>,
}

/// What a plugin is asked to do with a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelVerb {
    /// To pull it.
    Pull,
    /// To configure how it is served.
    Configure,
}

/// A hook that runs in replicas of a service, and the replica it ran in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookRef {
    /// The service.
    pub service: ServiceName,
    /// `post_start` or `pre_stop`.
    pub key: &'static str,
    /// Which item of it, from 0.
    pub index: usize,
    /// The container's name.
    pub container: String,
}

impl From<EngineError> for StepError {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl StepError {
    /// The name of the container that made a wait fail.
    #[must_use]
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others are not about a container that was waited for")]
    pub fn container(&self) -> Option<&str> {
        match self {
            Self::Exited { container, .. }
            | Self::Unhealthy { container, .. }
            | Self::NoHealthcheck { container, .. }
            | Self::NotSuccessful { container, .. }
            | Self::NoContainer(container) => Some(container),
            Self::NotReady(unready) => Some(&unready.container),
            Self::TimedOut { container, .. } => container.as_deref(),
            _ => None,
        }
    }

    /// Whether another client changed the same objects meanwhile, so that observing and planning again may help.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Engine(EngineError::NotFound(_) | EngineError::Conflict(_)) | Self::NoContainer(_))
    }

    /// Whether it is about a final wait of the command itself.
    pub(super) fn is_at_end(&self) -> bool {
        if let Self::NotReady(unready) = self {
            return unready.waiter == Waiter::Command;
        }
        matches!(
            self,
            Self::Exited { waiter: Waiter::Command, .. }
                | Self::Unhealthy { waiter: Waiter::Command, .. }
                | Self::NoHealthcheck { waiter: Waiter::Command, .. }
                | Self::TimedOut { waiter: Waiter::Command, .. }
        )
    }

    /// Whether `other` already explains this failure.
    pub(super) fn has_cause_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Exited { container, .. }, Self::Exited { container: other, .. })
            | (Self::Unhealthy { container, .. }, Self::Unhealthy { container: other, .. })
            | (Self::NoHealthcheck { container, .. }, Self::NoHealthcheck { container: other, .. }) => {
                container == other
            }
            (Self::NotReady(unready), Self::NotReady(other)) => unready.container == other.container,
            (Self::TimedOut { evidence, .. }, Self::TimedOut { evidence: other, .. }) => {
                !evidence.is_empty() && evidence.iter().all(|it| other.contains(it))
            }
            _ => false,
        }
    }
}

/// What a rejection by the engine is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The phrase in the engine's message that identifies it, with `{}` for the part it names.
    pub phrase: &'static str,
    /// The keys that may have caused it, as paths in the model; all of them are in the files.
    pub places: Vec<Vec<String>>,
    /// The part that the engine names: it occurs in the text of the right place, and of the right entry in it.
    pub word: Option<String>,
}
