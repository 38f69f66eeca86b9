//! Why a step of a plan failed.

use super::pull_hints;
use crate::engine::{AddressHolder, EngineError, NameHolder, PortHolder};
use crate::plan::{FailureAction, ProviderVerb, Shared, Waiter};
use crate::project::{ModelKey, NetworkKey, ServiceName};

/// Why a step failed. Messages about waits are those of Docker Compose, since scripts match on them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StepError {
    /// The engine refused or did not answer.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A network could not be removed.
    #[error("failed to remove network {name}: {cause}")]
    RemoveNetwork {
        /// Its name.
        name: String,
        /// The engine's answer.
        cause: EngineError,
    },
    /// An image could not be fetched.
    #[error("{}", about(.image, .cause))]
    Pull {
        /// The reference as the project writes it.
        image: String,
        /// The first service that needs it.
        service: Option<ServiceName>,
        /// The engine's answer.
        cause: Box<EngineError>,
    },
    /// A container could not be made because one that is not the project's has its name.
    #[error(
        "cannot create container {container}: the container name \"/{container}\" is already in use by container \
         \"{}\" of {}",
        .holder.id.short(), .holder.project.as_ref().map_or("no project".to_owned(), |name| format!("project {name}"))
    )]
    NameTaken {
        /// The name.
        container: String,
        /// The service.
        service: ServiceName,
        /// What has the name.
        holder: NameHolder,
    },
    /// A container could not be started because a port of the host that it publishes is taken.
    #[error("cannot start container {container}: {}", taken(*.port, .protocol, .host_ip.as_deref(), .holder.as_deref()))]
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
    #[error("{message}")]
    Refused {
        /// The engine's words.
        message: String,
        /// The rest of them, where they have several lines.
        context: Vec<String>,
        /// What they are about.
        refusal: Box<Refusal>,
    },
    /// A container could not be started because its fixed address is taken.
    #[error(transparent)]
    AddressTaken(Box<AddressTaken>),
    /// A service whose namespace or volumes are shared has no container.
    #[error("cannot share {shared} with service {service}: container missing")]
    SharedContainerMissing {
        /// What is shared.
        shared: Shared,
        /// The service it is shared with.
        service: ServiceName,
    },
    /// A service takes over the volumes of one that has a mount in memory, which engines cannot share.
    #[error(
        "cannot create container {container}: service `{service}` takes over the volumes of `{from}`, and the tmpfs at \
         {target} cannot be shared"
    )]
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
    #[error("no such container: {0}")]
    NoContainer(String),
    /// A pull or build ended well, and yet the image is not there.
    #[error("no such image: {0}")]
    NoImage(String),
    /// A service that is waited for has no container.
    #[error("{} is missing dependency {dependency}", dependent.as_ref().map_or("project", ServiceName::as_str))]
    MissingDependency {
        /// Who waits, where one service does.
        dependent: Option<ServiceName>,
        /// Who is waited for.
        dependency: ServiceName,
    },
    /// A container ended that should have become healthy, or should run.
    #[error("{}container {container} exited ({exit_code})", prefix(*.waiter))]
    Exited {
        /// On whose behalf was waited.
        waiter: Waiter,
        /// The container's name.
        container: String,
        /// Its exit status.
        exit_code: i64,
        /// What explains it.
        context: Vec<String>,
    },
    /// A container became unhealthy.
    #[error("{}container {container} is unhealthy", prefix(*.waiter))]
    Unhealthy {
        /// On whose behalf was waited.
        waiter: Waiter,
        /// The container's name.
        container: String,
        /// What explains it.
        context: Vec<String>,
    },
    /// A container can never become healthy.
    #[error("{}container {container} has no healthcheck configured", prefix(*.waiter))]
    NoHealthcheck {
        /// On whose behalf was waited.
        waiter: Waiter,
        /// The container's name.
        container: String,
    },
    /// A one-shot service failed.
    #[error("service \"{service}\" didn't complete successfully: exit {exit_code}")]
    NotSuccessful {
        /// The service.
        service: ServiceName,
        /// The name of the container of it that failed.
        container: String,
        /// Its exit status.
        exit_code: i64,
        /// What explains it.
        context: Vec<String>,
    },
    /// A wait took longer than allowed.
    #[error("{}", timed_out(*.waiter, *.seconds))]
    TimedOut {
        /// On whose behalf was waited.
        waiter: Waiter,
        /// The name of the first container that it still waited for.
        container: Option<String>,
        /// How long was waited.
        seconds: u64,
        /// What it still waited for.
        context: Vec<String>,
    },
    /// A hook in a replica ended with another status than 0.
    #[error("{} hook exited with status {exit_code}{}", .hook.service, colon(.context))]
    HookFailed {
        /// Which hook.
        hook: HookRef,
        /// Its exit status.
        exit_code: i64,
        /// The last it wrote.
        context: Vec<String>,
    },
    /// A hook could not be run: its container does not run, or the engine refused.
    #[error("service {}: could not run the {} hook: {cause}", .hook.service, .hook.key)]
    HookNotRun {
        /// Which hook.
        hook: HookRef,
        /// The engine's answer.
        cause: EngineError,
    },
    /// A hook before the start of a service failed.
    #[error(
        "service \"{service}\" pre_start[{hook}] exited with code {exit_code}{} (hook container {container} retained \
         for inspection)",
        colon(.context)
    )]
    PreStartFailed {
        /// The service.
        service: ServiceName,
        /// Which item of `pre_start`, from 0.
        hook: usize,
        /// Its exit status.
        exit_code: i64,
        /// Its container's id, as people see it.
        container: String,
        /// The last it wrote.
        context: Vec<String>,
    },
    /// The program that provides a service failed.
    #[error("failed to {} service provider {service}: {message}", provided(*.verb))]
    Provider {
        /// The service.
        service: ServiceName,
        /// What was asked of it.
        verb: ProviderVerb,
        /// Why.
        message: String,
    },
    /// Docker's `model` plugin did not tell where models are served.
    #[error("error checking docker-model status: {cause}{}", colon(.context))]
    ModelStatus {
        /// Why not.
        cause: String,
        /// The last it wrote.
        context: Vec<String>,
    },
    /// Docker's `model` plugin failed with a model.
    #[error("failed to {} model {reference}: {cause}{}", asked(*.verb), colon(.context))]
    Model {
        /// Which of the project's models.
        key: ModelKey,
        /// Its reference.
        reference: String,
        /// What was asked of the plugin.
        verb: ModelVerb,
        /// How it ended.
        cause: String,
        /// The last it wrote.
        context: Vec<String>,
    },
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
}

/// A fixed address that something else has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "cannot start container {container}: address {address} of network {network} is already taken{}",
    by(.holder.as_ref())
)]
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

impl std::fmt::Display for HookRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}[{}] of service `{}` in container {}", self.key, self.index, self.service, self.container)
    }
}

/// The engine's words, with the image where they do not name it.
fn about(image: &str, cause: &EngineError) -> String {
    let words = cause.to_string();
    if words.contains(image) { words } else { format!("Image {image}: {words}") }
}

/// Output of one line goes with the message; more is context.
fn colon(context: &[String]) -> String {
    if let [line] = context { format!(": {line}") } else { String::new() }
}

fn provided(verb: ProviderVerb) -> &'static str {
    match verb {
        ProviderVerb::Up => "create",
        ProviderVerb::Down => "remove",
        ProviderVerb::Stop => "stop",
    }
}

fn asked(verb: ModelVerb) -> &'static str {
    match verb {
        ModelVerb::Pull => "pull",
        ModelVerb::Configure => "configure",
    }
}

fn prefix(waiter: Waiter) -> &'static str {
    match waiter {
        Waiter::Dependents | Waiter::OptionalDependents => "dependency failed to start: ",
        Waiter::Command | Waiter::Update(_) => "",
    }
}

fn timed_out(waiter: Waiter, seconds: u64) -> String {
    match waiter {
        Waiter::Dependents | Waiter::OptionalDependents => "timeout waiting for dependencies".to_owned(),
        Waiter::Command | Waiter::Update(_) => format!("application not healthy after {seconds}s"),
    }
}

fn by(holder: Option<&AddressHolder>) -> String {
    holder.map(|holder| format!(" by {holder}")).unwrap_or_default()
}

fn taken(port: u16, protocol: &str, host_ip: Option<&str>, holder: Option<&PortHolder>) -> String {
    let address = host_ip.map(|ip| if ip.contains(':') { format!("[{ip}]:") } else { format!("{ip}:") });
    let port = format!("port {}{port}/{protocol} of the host is already taken", address.unwrap_or_default());
    match holder {
        Some(holder) => format!("{port} by {holder}"),
        None => port,
    }
}

impl StepError {
    /// The name of the container at fault, of those that were waited for.
    #[must_use]
    pub fn container(&self) -> Option<&str> {
        match self {
            Self::Exited { container, .. }
            | Self::Unhealthy { container, .. }
            | Self::NoHealthcheck { container, .. }
            | Self::NotSuccessful { container, .. }
            | Self::NoContainer(container) => Some(container),
            Self::TimedOut { container, .. } => container.as_deref(),
            Self::Engine(_)
            | Self::RemoveNetwork { .. }
            | Self::Pull { .. }
            | Self::NameTaken { .. }
            | Self::PortTaken { .. }
            | Self::AddressTaken(_)
            | Self::Refused { .. }
            | Self::SharedContainerMissing { .. }
            | Self::NoImage(_)
            | Self::MissingDependency { .. }
            | Self::HookFailed { .. }
            | Self::HookNotRun { .. }
            | Self::TmpfsNotShared { .. }
            | Self::PreStartFailed { .. }
            | Self::Provider { .. }
            | Self::ModelStatus { .. }
            | Self::Model { .. }
            | Self::Interrupted => None,
        }
    }

    /// What explains it, a line each.
    #[must_use]
    pub fn context(&self) -> &[String] {
        match self {
            Self::Exited { context, .. }
            | Self::Unhealthy { context, .. }
            | Self::NotSuccessful { context, .. }
            | Self::TimedOut { context, .. }
            | Self::Refused { context, .. } => context,
            Self::HookFailed { context, .. }
            | Self::PreStartFailed { context, .. }
            | Self::ModelStatus { context, .. }
            | Self::Model { context, .. }
                if context.len() > 1 =>
            {
                context
            }
            Self::Engine(_)
            | Self::RemoveNetwork { .. }
            | Self::Pull { .. }
            | Self::NameTaken { .. }
            | Self::PortTaken { .. }
            | Self::AddressTaken(_)
            | Self::SharedContainerMissing { .. }
            | Self::NoContainer(_)
            | Self::NoImage(_)
            | Self::MissingDependency { .. }
            | Self::NoHealthcheck { .. }
            | Self::HookFailed { .. }
            | Self::HookNotRun { .. }
            | Self::TmpfsNotShared { .. }
            | Self::PreStartFailed { .. }
            | Self::Provider { .. }
            | Self::ModelStatus { .. }
            | Self::Model { .. }
            | Self::Interrupted => &[],
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

    pub(super) fn is_timeout(&self) -> bool {
        matches!(self, Self::TimedOut { .. })
    }

    /// Whether somebody who was told `other` knows why this failed.
    pub(super) fn has_cause_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Exited { container, .. }, Self::Exited { container: other, .. })
            | (Self::Unhealthy { container, .. }, Self::Unhealthy { container: other, .. })
            | (Self::NoHealthcheck { container, .. }, Self::NoHealthcheck { container: other, .. }) => {
                container == other
            }
            (Self::TimedOut { context, .. }, Self::TimedOut { context: other, .. }) => {
                !context.is_empty() && context.iter().all(|line| other.contains(line))
            }
            _ => false,
        }
    }

    /// What to do about it, where the cause is known: a sentence without a period.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoHealthcheck { .. } => {
                Some("give it a `healthcheck`, or depend on it with `condition: service_started`".to_owned())
            }
            Self::NameTaken { holder, .. } => Some(match &holder.project {
                Some(project) => format!("`hoist -p {project} down` removes it; or choose another `container_name`"),
                None => "remove or rename that container, or choose another `container_name`".to_owned(),
            }),
            Self::PortTaken { holder: None, port, .. } => {
                Some(format!("stop the program that listens on port {port}, or publish another port"))
            }
            Self::PortTaken { holder: Some(holder), ours: true, .. } => Some(format!(
                "{holder} is this project's own: let one of the two publish another port; if its service is no longer in \
                 the files, `--remove-orphans` removes it first"
            )),
            Self::PortTaken { holder: Some(holder), .. } => {
                let what = match &**holder {
                    PortHolder::Container { name, .. } => format!("container {name}"),
                    PortHolder::Process { name, id } => format!("process {name} ({id})"),
                };
                Some(format!("stop {what}, or publish another port"))
            }
            Self::Refused { refusal, .. } => refusal.hint.clone(),
            Self::AddressTaken(taken) => Some(match &taken.holder {
                Some(AddressHolder::Container { name }) => {
                    format!("stop container {name}, or choose another `{}`", taken.field)
                }
                Some(AddressHolder::Gateway) | None => format!("choose another `{}`", taken.field),
            }),
            Self::Pull { image, cause, .. } => pull_hints::hint(image, &cause.to_string()),
            Self::HookFailed { hook, .. } | Self::HookNotRun { hook, .. } => Some(format!("this was {hook}")),
            Self::TmpfsNotShared { from, target, .. } => Some(format!(
                "mount it in `{from}` through `tmpfs: [{target}]` instead of `volumes`; such mounts are not inherited"
            )),
            Self::Exited { waiter: Waiter::Update(action), .. }
            | Self::Unhealthy { waiter: Waiter::Update(action), .. }
            | Self::TimedOut { waiter: Waiter::Update(action), .. } => Some(after_failed_update(*action).to_owned()),
            Self::Engine(_)
            | Self::RemoveNetwork { .. }
            | Self::SharedContainerMissing { .. }
            | Self::NoContainer(_)
            | Self::NoImage(_)
            | Self::MissingDependency { .. }
            | Self::Exited { .. }
            | Self::Unhealthy { .. }
            | Self::NotSuccessful { .. }
            | Self::TimedOut { .. }
            | Self::PreStartFailed { .. }
            | Self::Provider { .. }
            | Self::ModelStatus { .. }
            | Self::Model { .. }
            | Self::Interrupted => None,
        }
    }
}

/// What has become of a service whose rolling update failed.
fn after_failed_update(action: FailureAction) -> &'static str {
    match action {
        FailureAction::Pause => {
            "its old container is kept or restored, and the remaining replicas are left as they are"
        }
        FailureAction::Continue => "its old container is kept or restored; the other replicas are still replaced",
        FailureAction::Rollback => "the old containers of all replicas are kept or restored",
    }
}

/// What the words of a refusal are about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The keys that may ask for what was refused, as paths from the top of the model; all of them stand in the files.
    pub places: Vec<Vec<String>>,
    /// What the engine names of it: the right one of the places, and the right entry in it, have it in their text.
    pub word: Option<String>,
    /// What to do about it: a sentence without a period.
    pub hint: Option<String>,
}
