//! Why a step of a plan failed, as data.

use super::evidence::Evidence;
use super::fault::{ModelFault, ProviderFault};
use crate::engine::{AddressHolder, EngineError, NameHolder, PortHolder};
use crate::plan::{ProviderVerb, Shared, Waiter};
use crate::project::{ModelKey, NetworkKey, ServiceName};

/// Why a step failed: what failed, and what explains it. `render::failure` has the words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepError {
    /// The engine refused or did not answer.
    Engine(EngineError),
    /// A network could not be removed.
    RemoveNetwork {
        /// Its name.
        name: String,
        /// The engine's answer.
        cause: EngineError,
    },
    /// An image could not be fetched.
    Pull {
        /// The reference as the project writes it.
        image: String,
        /// The first service that needs it.
        service: Option<ServiceName>,
        /// The engine's answer.
        cause: Box<EngineError>,
    },
    /// A container could not be made because one that is not the project's has its name.
    NameTaken {
        /// The name.
        container: String,
        /// The service.
        service: ServiceName,
        /// What has the name.
        holder: NameHolder,
    },
    /// A container could not be started because a port of the host that it publishes is taken.
    PortTaken {
        /// The container's name.
        container: String,
        /// The service that publishes the port.
        service: ServiceName,
        /// The port of the host.
        port: u16,
        /// `tcp`, `udp` or `sctp`.
        protocol: String,
        /// The address of the host it was to be published at; `None` is all.
        host_ip: Option<String>,
        /// What has it, where that can be seen.
        holder: Option<Box<PortHolder>>,
        /// Whether that is a container of the same project.
        ours: bool,
        /// The engine's answer.
        cause: Box<EngineError>,
    },
    /// The engine refuses what the files ask for.
    Refused {
        /// The engine's words.
        words: String,
        /// What they are about.
        refusal: Box<Refusal>,
    },
    /// A container could not be started because its fixed address is taken.
    AddressTaken(Box<AddressTaken>),
    /// A service whose namespace or volumes are shared has no container.
    SharedContainerMissing {
        /// What is shared.
        shared: Shared,
        /// The service it is shared with.
        service: ServiceName,
    },
    /// A service takes over the volumes of one that has a mount in memory, which engines cannot share.
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
    /// A container that the step is about was not made.
    NoContainer(String),
    /// A pull or build ended well, and yet the image is not there.
    NoImage(String),
    /// A service that is waited for has no container.
    MissingDependency {
        /// Who waits, where one service does.
        dependent: Option<ServiceName>,
        /// Who is waited for.
        dependency: ServiceName,
    },
    /// A container ended that should have become healthy, or should run.
    Exited {
        /// On whose behalf was waited.
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
        /// On whose behalf was waited.
        waiter: Waiter,
        /// The container's name.
        container: String,
        /// What explains it.
        evidence: Vec<Evidence>,
    },
    /// A container can never become healthy.
    NoHealthcheck {
        /// On whose behalf was waited.
        waiter: Waiter,
        /// The container's name.
        container: String,
    },
    /// A one-shot service failed.
    NotSuccessful {
        /// The service.
        service: ServiceName,
        /// The name of the container of it that failed.
        container: String,
        /// Its exit status.
        exit_code: i64,
        /// What explains it.
        evidence: Vec<Evidence>,
    },
    /// A wait took longer than allowed.
    TimedOut {
        /// On whose behalf was waited.
        waiter: Waiter,
        /// The name of the first container that it still waited for.
        container: Option<String>,
        /// How long was waited.
        seconds: u64,
        /// What it still waited for.
        evidence: Vec<Evidence>,
    },
    /// A hook in a replica ended with another status than 0.
    HookFailed {
        /// Which hook.
        hook: HookRef,
        /// Its exit status.
        exit_code: i64,
        /// The last lines it wrote.
        output: Vec<String>,
    },
    /// A hook could not be run: its container does not run, or the engine refused.
    HookNotRun {
        /// Which hook.
        hook: HookRef,
        /// The engine's answer.
        cause: EngineError,
    },
    /// A hook before the start of a service failed.
    PreStartFailed {
        /// The service.
        service: ServiceName,
        /// Which item of `pre_start`, from 0.
        hook: usize,
        /// Its exit status.
        exit_code: i64,
        /// Its container's id, as people see it.
        container: String,
        /// The last lines it wrote.
        output: Vec<String>,
    },
    /// The program that provides a service failed.
    Provider {
        /// The service.
        service: ServiceName,
        /// What was asked of it.
        verb: ProviderVerb,
        /// Why.
        fault: ProviderFault,
    },
    /// Docker's `model` plugin did not tell where models are served.
    ModelStatus {
        /// Why not.
        fault: ModelFault,
        /// The last lines it wrote.
        output: Vec<String>,
    },
    /// Docker's `model` plugin failed with a model.
    Model {
        /// Which of the project's models.
        key: ModelKey,
        /// Its reference.
        reference: String,
        /// What was asked of the plugin.
        verb: ModelVerb,
        /// Why.
        fault: ModelFault,
        /// The last lines it wrote.
        output: Vec<String>,
    },
    /// The user asked to stop.
    Interrupted,
}

/// A fixed address that something else has.
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
    /// The key of the address there.
    pub field: &'static str,
    /// The address.
    pub address: String,
    /// What has it, where that can be seen.
    pub holder: Option<AddressHolder>,
}

/// What a plugin is asked to do with a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelVerb {
    /// To fetch it.
    Pull,
    /// To serve it in a certain way.
    Configure,
}

/// A hook of a service that runs in its replicas, and the replica that it ran in.
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
    /// The name of the container at fault, of those that were waited for.
    #[must_use]
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others are not about a container that was waited for")]
    pub fn container(&self) -> Option<&str> {
        match self {
            Self::Exited { container, .. }
            | Self::Unhealthy { container, .. }
            | Self::NoHealthcheck { container, .. }
            | Self::NotSuccessful { container, .. }
            | Self::NoContainer(container) => Some(container),
            Self::TimedOut { container, .. } => container.as_deref(),
            _ => None,
        }
    }

    /// Whether somebody else changed the same things meanwhile, so that a new look and a new plan may do.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Engine(EngineError::NotFound(_) | EngineError::Conflict(_)) | Self::NoContainer(_))
    }

    /// Whether it is about what the command waited for at its end.
    pub(super) fn is_at_end(&self) -> bool {
        matches!(
            self,
            Self::Exited { waiter: Waiter::Command, .. }
                | Self::Unhealthy { waiter: Waiter::Command, .. }
                | Self::NoHealthcheck { waiter: Waiter::Command, .. }
                | Self::TimedOut { waiter: Waiter::Command, .. }
        )
    }

    /// Whether somebody who was told `other` knows why this failed.
    pub(super) fn has_cause_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Exited { container, .. }, Self::Exited { container: other, .. })
            | (Self::Unhealthy { container, .. }, Self::Unhealthy { container: other, .. })
            | (Self::NoHealthcheck { container, .. }, Self::NoHealthcheck { container: other, .. }) => {
                container == other
            }
            (Self::TimedOut { evidence, .. }, Self::TimedOut { evidence: other, .. }) => {
                !evidence.is_empty() && evidence.iter().all(|it| other.contains(it))
            }
            _ => false,
        }
    }
}

/// What the words of a refusal are about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The phrase of the engine by which it was recognised, with `{}` for what it names.
    pub phrase: &'static str,
    /// The keys that may ask for what was refused, as paths from the top of the model; all of them stand in the files.
    pub places: Vec<Vec<String>>,
    /// What the engine names: the right one of the places, and the right entry in it, have it in their text.
    pub word: Option<String>,
}
