//! Errors that make a plan impossible.

use super::decide::shared::{NothingToShare, Shared};
use crate::project::circle::Circle;
use crate::project::{NetworkKey, ProjectName, ServiceName, VolumeKey};

/// Why planning failed. Nothing was touched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// Two services have the same `container_name`.
    #[error("container name \"{name}\" is already in use by service `{first}`")]
    DuplicateContainerName {
        /// The first of them.
        first: ServiceName,
        /// The second.
        second: ServiceName,
        /// The name.
        name: String,
    },
    /// A name that the engine does not accept.
    #[error("`{name}` is not a valid {} name", .kind.word())]
    BadName {
        /// What it names.
        kind: NamedKind,
        /// The key of the service, network or volume.
        key: String,
        /// The name.
        name: String,
    },
    /// A network that every engine has is used like a network of the project.
    #[error("network `{name}` is built into the engine, and services cannot find each other by name on it")]
    PredefinedNetwork {
        /// Its key.
        key: NetworkKey,
        /// Its name.
        name: String,
    },
    /// The replicas of a service need something that only one container can have.
    #[error("service `{service}` cannot have {replicas} replicas: {obstacle}")]
    NotShared {
        /// The service.
        service: ServiceName,
        /// The number of replicas.
        replicas: usize,
        /// What they need.
        obstacle: Exclusive,
    },
    /// A service with a `container_name` has several replicas.
    #[error(
        "WARNING: The \"{service}\" service is using the custom container name \"{name}\". Docker requires each \
         container to have a unique name. Remove the custom name to scale the service"
    )]
    NamedContainerScaled {
        /// The service.
        service: ServiceName,
        /// The name.
        name: String,
    },
    /// A service has neither `image` nor `build` nor `provider`.
    #[error("invalid service \"{service}\". Must specify either image or build")]
    NothingToRun {
        /// The service.
        service: ServiceName,
    },
    /// A service has too many replicas.
    #[error("service `{service}` has more than {most} replicas")]
    TooManyReplicas {
        /// The service.
        service: ServiceName,
        /// The maximum.
        most: usize,
    },
    /// A service uses a model, and Docker's `model` plugin is not installed.
    #[error("'models' support requires Docker Model plugin")]
    NoModelPlugin {
        /// The first service that uses one.
        service: ServiceName,
    },
    /// A `pre_start` hook that should run for each replica.
    #[error("service \"{service}\" pre_start[{hook}]: per_replica is not yet supported")]
    HookPerReplica {
        /// The service.
        service: ServiceName,
        /// Which item of `pre_start`, from 0.
        hook: String,
    },
    /// Enabled jobs with a schedule, which nothing here would run by it.
    #[error("scheduled jobs are not supported in this version: {}", jobs.join(", "))]
    Scheduled {
        /// The jobs.
        jobs: Vec<String>,
    },
    /// A `pre_start` hook uses a network, secret or config that no file defines.
    #[error("`pre_start[{hook}]` of service `{service}` uses undefined {what} `{name}`")]
    HookUndefined {
        /// The service.
        service: ServiceName,
        /// Which item of `pre_start`, from 0.
        hook: String,
        /// `network`, `secret` or `config`.
        what: &'static str,
        /// The name.
        name: String,
        /// Where it is in the hook.
        place: Vec<String>,
    },
    /// `update_config.failure_action` is unknown.
    #[error("service `{service}`: unknown `failure_action` `{word}`")]
    UnknownFailureAction {
        /// The service.
        service: ServiceName,
        /// The word.
        word: String,
    },
    /// The new containers of a service cannot start before the old ones stop (`order: start-first`).
    #[error("service `{service}` cannot be updated start-first: {obstacle}")]
    StartFirst {
        /// The service.
        service: ServiceName,
        /// Why not.
        obstacle: Exclusive,
    },
    /// A service shares a namespace or volumes with one that has no container, or none that runs.
    #[error("cannot share {shared} with service {other}: {}", nothing_to_share(.problem))]
    NothingToShare {
        /// The service that shares.
        service: ServiceName,
        /// What it shares.
        shared: Shared,
        /// The service it shares with.
        other: ServiceName,
        /// Why it cannot.
        problem: NothingToShare,
    },
    /// A container of the project that stays already has the name.
    #[error("container name `{name}` is taken by {}", name_owner(.owner))]
    NameTaken {
        /// The service that needs the name.
        service: ServiceName,
        /// The name.
        name: String,
        /// Whose container has it.
        owner: NameOwner,
    },
    /// An item of `expose` is not a port.
    #[error("service `{service}` exposes `{text}`, which is not a port")]
    BadExpose {
        /// The service.
        service: ServiceName,
        /// Which item of `expose`, from 0.
        item: String,
        /// The item.
        text: String,
    },
    /// `--scale` names an unknown service.
    #[error("no such service: {service}")]
    NoSuchService {
        /// The service.
        service: ServiceName,
    },
    /// A service is named that the engine has no container of, where there are no files.
    #[error("no such service: \"{service}\": not found")]
    UnknownService {
        /// The service.
        service: ServiceName,
    },
    /// The engine has no container of a project, and there are no files.
    #[error("no container found for project \"{project}\": not found")]
    NoContainers {
        /// The project.
        project: ProjectName,
    },
    /// A service is to be started in a project that has no container.
    #[error("service \"{service}\" has no container to start")]
    NoContainerToStart {
        /// The service.
        service: ServiceName,
    },
    /// `--scale` names a service that no active profile enables.
    #[error("service `{service}` is disabled by its profiles")]
    ServiceDisabled {
        /// The service.
        service: ServiceName,
        /// The profiles that would enable it.
        profiles: Vec<String>,
    },
    /// `--scale` names a service that is not selected.
    #[error("`--scale` names service `{service}`, which is not one of the services given")]
    ServiceNotNamed {
        /// The service.
        service: ServiceName,
    },
    /// A required dependency has no active profile.
    #[error("service {dependency} is required by {service} but is disabled. Can be enabled by profiles {profiles:?}")]
    DependencyDisabled {
        /// The service that needs it.
        service: ServiceName,
        /// The dependency.
        dependency: ServiceName,
        /// The profiles that would enable it.
        profiles: Vec<String>,
    },
    /// A required dependency is not defined.
    #[error("could not find {dependency}: not found")]
    DependencyUnknown {
        /// The service that needs it.
        service: ServiceName,
        /// The dependency.
        dependency: ServiceName,
    },
    /// Services depend on each other.
    #[error("cycle found: {}", Circle(.services.split_last().map_or(&[], |(_, services)| services), "->"))]
    Cycle {
        /// Along the cycle; the first is also the last.
        services: Vec<ServiceName>,
    },
    /// `DOCKER_DEFAULT_PLATFORM` is not one of the platforms that a service is built for.
    #[error("service \"{service}\" build.platforms does not support value set by DOCKER_DEFAULT_PLATFORM: {platform}")]
    DefaultPlatformNotBuilt {
        /// The service.
        service: ServiceName,
        /// The value of the variable.
        platform: String,
    },
    /// The platform of a service is not one of those that it is built for.
    #[error("service \"{service}\" build configuration does not support platform: {platform}")]
    PlatformNotBuilt {
        /// The service.
        service: ServiceName,
        /// Its `platform`.
        platform: String,
    },
    /// A build needs its own result.
    #[error("builds need each other: {}", Circle(.services.split_last().map_or(&[], |(_, services)| services), "->"))]
    ContextCycle {
        /// Along the cycle; the first is also the last.
        services: Vec<ServiceName>,
        /// The name of the additional context by which the first needs the second.
        context: String,
    },
    /// A variable that is on or off has another value.
    #[error(
        "{variable} environment variable expects boolean value: strconv.ParseBool: parsing {value:?}: invalid syntax"
    )]
    NoBoolean {
        /// The variable.
        variable: &'static str,
        /// Its value.
        value: String,
    },
    /// A service to be started needs an unset variable for the content of a secret or config.
    #[error("environment variable \"{variable}\" required by {kind} \"{name}\" is not set")]
    VariableUnset {
        /// The variable.
        variable: String,
        /// `secret` or `config`.
        kind: &'static str,
        /// The key of the secret or config.
        name: String,
    },
    /// A container or build needs a secret or config whose file is missing.
    #[error("the file of {kind} \"{name}\" does not exist: {path}")]
    FileMissing {
        /// `secret` or `config`.
        kind: &'static str,
        /// The key of the secret or config.
        name: String,
        /// The file.
        path: String,
    },
    /// The content of a secret or config cannot be copied to its target.
    #[error("cannot create {kind} \"{name}\" in {}{service}: {obstacle}", read_only(obstacle))]
    NotWritable {
        /// `secret` or `config`.
        kind: &'static str,
        /// The key of the secret or config.
        name: String,
        /// The service.
        service: ServiceName,
        /// Which item of the service's list, from 0.
        item: String,
        /// Why not.
        obstacle: Box<CopyObstacle>,
    },
    /// A container needs an image that does not exist and that this run neither pulls nor builds.
    #[error("No such image: {image}")]
    ImageMissing {
        /// The reference.
        image: String,
        /// The path in the model that refers to it.
        place: Vec<String>,
        /// Why it is neither pulled nor built.
        cause: ImageMissingCause,
    },
    /// An external network does not exist.
    #[error("network {name} declared as external, but could not be found")]
    ExternalNetworkMissing {
        /// Its key.
        key: NetworkKey,
        /// Its name.
        name: String,
    },
    /// The name of an external network is ambiguous.
    #[error("multiple networks with name \"{name}\" were found. Use network ID as `name` to avoid ambiguity")]
    ExternalNetworkAmbiguous {
        /// Its key.
        key: NetworkKey,
        /// Its name.
        name: String,
    },
    /// An external volume does not exist.
    #[error("external volume \"{name}\" not found")]
    ExternalVolumeMissing {
        /// Its key.
        key: VolumeKey,
        /// Its name.
        name: String,
    },
    /// A container of the project that keeps running has the fixed address.
    #[error("address {address} on network `{network}` is taken by container {container}")]
    AddressTaken {
        /// The service that needs the address.
        service: ServiceName,
        /// The key of the network.
        network: NetworkKey,
        /// The address.
        address: String,
        /// The name of the container that has it.
        container: String,
    },
    /// A network changed, and containers outside this run are connected to it.
    #[error(
        "network {name} must be recreated because its definition changed, but containers that stay are connected to it: {}",
        .containers.join(", ")
    )]
    NetworkInUse {
        /// Its key.
        key: NetworkKey,
        /// Its name.
        name: String,
        /// The containers' names.
        containers: Vec<String>,
    },
    /// A volume that the user agreed to recreate is mounted by containers that stay.
    #[error(
        "volume {name} must be recreated because its definition changed, but containers that stay mount it: {}",
        .containers.join(", ")
    )]
    VolumeInUse {
        /// Its key.
        key: VolumeKey,
        /// Its name.
        name: String,
        /// The containers' names.
        containers: Vec<String>,
    },
}

/// The owner of a container with a name that another one needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameOwner {
    /// A service that the files do not define.
    Orphan(Option<ServiceName>),
    /// A service outside this run: it is not selected, or its profiles are inactive.
    LeftAlone(ServiceName),
    /// A service of this run, which keeps the container.
    Kept(ServiceName),
    /// None: `run` created it, and it has exited.
    EndedOneOff,
    /// None: `run` created it, or a hook runs in it.
    Running,
}

/// What is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedKind {
    /// A container, by `container_name`.
    Container,
    /// A network.
    Network,
    /// A volume.
    Volume,
}

impl NamedKind {
    fn word(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::Network => "network",
            Self::Volume => "volume",
        }
    }
}

/// What only one container at a time can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Exclusive {
    /// A `container_name`.
    #[error("only one container at a time can have the name `{0}`")]
    ContainerName(String),
    /// A host port.
    #[error("only one container at a time can publish host port {port}")]
    HostPort {
        /// The port.
        port: u16,
        /// The port in the container.
        target: u32,
        /// Which item of `ports`, from 0.
        item: String,
    },
    /// A range of host ports with fewer ports than parallel containers.
    #[error("host ports {range} are not enough for {containers} containers at a time")]
    HostPorts {
        /// The range.
        range: String,
        /// The number of parallel containers.
        containers: usize,
        /// Which item of `ports`, from 0.
        item: String,
    },
    /// A fixed address.
    #[error("only one container at a time can have the address {address} on network `{network}`")]
    Address {
        /// The key of the network.
        network: NetworkKey,
        /// The attribute with the address.
        field: &'static str,
        /// The address.
        address: String,
    },
}

/// Why content cannot be copied into a container.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CopyObstacle {
    /// `read_only: true`.
    #[error("its content is copied into the file system")]
    ReadOnlyService,
    /// Its target is in a read-only mount.
    #[error("its content is copied to {path}, and {mount} is mounted read-only")]
    ReadOnlyMount {
        /// Its target.
        path: String,
        /// Where the mount is.
        mount: String,
    },
    /// Something else is mounted at its target.
    #[error("its content is copied to {path}, where something else is mounted")]
    Mounted {
        /// Its target.
        path: String,
    },
}

/// Why a missing image is neither pulled nor built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageMissingCause {
    /// `pull_policy: never`, or `--pull never`.
    NeverPulled,
    /// `pull_policy: build` without a `build`.
    NothingToBuild,
    /// `--no-build`.
    NotBuilt,
}

impl Exclusive {
    /// Its path in the service.
    fn path(&self) -> Vec<&str> {
        match self {
            Self::ContainerName(_) => vec!["container_name"],
            Self::HostPort { item, .. } | Self::HostPorts { item, .. } => vec!["ports", item],
            Self::Address { network, field, .. } => vec!["networks", network.as_str(), field],
        }
    }

    /// How to avoid the conflict for this many containers.
    fn way_out(&self, containers: usize) -> String {
        match self {
            Self::ContainerName(_) => "remove `container_name`".to_owned(),
            Self::HostPort { port, target, .. } => {
                let last = usize::from(*port) + containers - 1;
                format!("publish a range as in `{port}-{last}:{target}`, or let the engine choose the host port")
            }
            Self::HostPorts { .. } => "publish a larger range".to_owned(),
            Self::Address { .. } => "let the engine choose the address".to_owned(),
        }
    }
}

impl PlanError {
    /// The path of the cause in the model; [`crate::project::Origins::nearest`] maps it to the place in the files.
    #[must_use]
    pub fn path(&self) -> Option<Vec<&str>> {
        match self {
            Self::DuplicateContainerName { second: service, .. } | Self::NamedContainerScaled { service, .. } => {
                Some(vec!["services", service.as_str(), "container_name"])
            }
            Self::TooManyReplicas { service, .. } => Some(vec!["services", service.as_str(), "scale"]),
            Self::HookPerReplica { service, hook } => {
                Some(vec!["services", service.as_str(), "pre_start", hook, "per_replica"])
            }
            Self::Scheduled { jobs } => jobs.first().map(|job| vec!["jobs", job.as_str(), "triggers", "schedule"]),
            Self::HookUndefined { service, hook, place, .. } => {
                let hook = ["services", service.as_str(), "pre_start", hook];
                Some(hook.into_iter().chain(place.iter().map(String::as_str)).collect())
            }
            Self::BadExpose { service, item, .. } => Some(vec!["services", service.as_str(), "expose", item]),
            Self::NoModelPlugin { service } => Some(vec!["services", service.as_str(), "models"]),
            Self::NothingToRun { service } => Some(vec!["services", service.as_str()]),
            Self::UnknownFailureAction { service, .. } => {
                Some(vec!["services", service.as_str(), "deploy", "update_config", "failure_action"])
            }
            Self::StartFirst { service, obstacle } | Self::NotShared { service, obstacle, .. } => {
                Some(["services", service.as_str()].into_iter().chain(obstacle.path()).collect())
            }
            Self::BadName { kind, key, .. } => Some(match kind {
                NamedKind::Container => vec!["services", key, "container_name"],
                NamedKind::Network => vec!["networks", key, "name"],
                NamedKind::Volume => vec!["volumes", key, "name"],
            }),
            Self::PredefinedNetwork { key, .. } => Some(vec!["networks", key.as_str(), "name"]),
            Self::ServiceDisabled { service, .. } => Some(vec!["services", service.as_str(), "profiles"]),
            Self::NothingToShare { service, shared, .. } => Some(vec!["services", service.as_str(), shared.key()]),
            Self::NameTaken { service, .. } => Some(vec!["services", service.as_str(), "container_name"]),
            Self::ServiceNotNamed { .. }
            | Self::NoSuchService { .. }
            | Self::UnknownService { .. }
            | Self::NoContainers { .. }
            | Self::NoBoolean { .. }
            | Self::NoContainerToStart { .. } => None,
            Self::DependencyDisabled { service, dependency, .. } | Self::DependencyUnknown { service, dependency } => {
                Some(vec!["services", service.as_str(), "depends_on", dependency.as_str()])
            }
            Self::Cycle { services } => {
                services.first().map(|service| vec!["services", service.as_str(), "depends_on"])
            }
            Self::DefaultPlatformNotBuilt { service, .. } | Self::PlatformNotBuilt { service, .. } => {
                Some(vec!["services", service.as_str(), "build", "platforms"])
            }
            Self::ContextCycle { services, context } => services
                .first()
                .map(|service| vec!["services", service.as_str(), "build", "additional_contexts", context.as_str()]),
            Self::ExternalNetworkMissing { key, .. }
            | Self::ExternalNetworkAmbiguous { key, .. }
            | Self::NetworkInUse { key, .. } => Some(vec!["networks", key.as_str()]),
            Self::AddressTaken { service, network, .. } => {
                Some(vec!["services", service.as_str(), "networks", network.as_str(), "ipv4_address"])
            }
            Self::ExternalVolumeMissing { key, .. } | Self::VolumeInUse { key, .. } => {
                Some(vec!["volumes", key.as_str()])
            }
            Self::FileMissing { kind: "config", name, .. } => Some(vec!["configs", name, "file"]),
            Self::FileMissing { name, .. } => Some(vec!["secrets", name, "file"]),
            Self::NotWritable { kind, service, item, .. } => {
                Some(vec!["services", service.as_str(), if *kind == "config" { "configs" } else { "secrets" }, item])
            }
            Self::ImageMissing { place, .. } => Some(place.iter().map(String::as_str).collect()),
            Self::VariableUnset { kind: "config", name, .. } => Some(vec!["configs", name]),
            Self::VariableUnset { name, .. } => Some(vec!["secrets", name]),
        }
    }

    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::VariableUnset { variable, .. } => {
                Some(format!("set `{variable}` in the shell, in `.env`, or in a file given by --env-file"))
            }
            Self::NoBoolean { variable, .. } => Some(format!("unset `{variable}`, or set it to 1 or 0")),
            Self::FileMissing { kind, .. } => Some(format!(
                "create the file, or take the content from `environment`{}",
                if *kind == "config" { " or `content`" } else { "" }
            )),
            Self::NotWritable { obstacle, .. } => Some(match **obstacle {
                CopyObstacle::ReadOnlyService | CopyObstacle::ReadOnlyMount { .. } => {
                    "read it from a `file`, which is mounted".to_owned()
                }
                CopyObstacle::Mounted { .. } => "choose another `target`".to_owned(),
            }),
            Self::ImageMissing { image, cause, .. } => Some(match cause {
                ImageMissingCause::NeverPulled => {
                    format!("the pull policy `never` forbids pulling it: run `docker pull {image}`, or use `missing`")
                }
                ImageMissingCause::NothingToBuild => {
                    "`pull_policy: build` needs a `build` section for the image".to_owned()
                }
                ImageMissingCause::NotBuilt => "omit `--no-build`, which forbids building it".to_owned(),
            }),
            Self::BadExpose { .. } => Some("write a port or a range, as in `80` or `8000-8010/udp`".to_owned()),
            Self::NoModelPlugin { .. } => Some(
                "install Docker Model Runner: `docker model version` must work, with a plugin `docker-model` in \
                 ~/.docker/cli-plugins or /usr/libexec/docker/cli-plugins"
                    .to_owned(),
            ),
            Self::ExternalNetworkMissing { name, .. } => {
                Some(format!("create it with `docker network create {name}`, or remove `external: true`"))
            }
            Self::ExternalVolumeMissing { name, .. } => {
                Some(format!("create it with `docker volume create {name}`, or remove `external: true`"))
            }
            Self::NetworkInUse { .. } | Self::VolumeInUse { .. } => Some(
                "`up` without service names includes all services; `--remove-orphans` removes containers of services \
                 that are gone; remove others first"
                    .into(),
            ),
            Self::AddressTaken { container, .. } => {
                Some(format!("stop it first; the next `up` gives it another address: `docker stop {container}`"))
            }
            Self::NothingToShare { other, problem, .. } => Some(match problem {
                NothingToShare::NoReplicas => format!("`{other}` has 0 replicas"),
                NothingToShare::NotSelected { profiles } | NothingToShare::NotRunning { profiles, .. } => {
                    let others = if profiles.is_empty() { ", or leave out --no-deps" } else { "" };
                    format!("start it first: `hoist up -d {other}`{others}")
                }
            }),
            Self::NameTaken { name, owner, .. } => Some(match owner {
                NameOwner::Orphan(_) | NameOwner::EndedOneOff => "--remove-orphans removes it first".to_owned(),
                NameOwner::LeftAlone(service) => format!("remove it first: `hoist down {service}`"),
                NameOwner::Kept(_) | NameOwner::Running => format!("remove it first: `docker rm --force {name}`"),
            }),
            Self::UnknownFailureAction { .. } => Some("use `pause`, `continue` or `rollback`".to_owned()),
            Self::StartFirst { obstacle, .. } => {
                let way = match obstacle {
                    Exclusive::HostPort { .. } => "let the engine choose the host port".to_owned(),
                    Exclusive::ContainerName(_) | Exclusive::HostPorts { .. } | Exclusive::Address { .. } => {
                        obstacle.way_out(1)
                    }
                };
                Some(format!("use `order: stop-first`, or {way}"))
            }
            Self::NotShared { obstacle, replicas, .. } => Some(obstacle.way_out(*replicas)),
            Self::BadName { kind: NamedKind::Container | NamedKind::Volume, .. } => {
                Some("start with a letter or digit, followed by letters, digits, `_`, `.` and `-`".to_owned())
            }
            Self::BadName { kind: NamedKind::Network, .. } => Some("give it a name, or remove the key".to_owned()),
            Self::PredefinedNetwork { name, .. } if name == "default" => {
                Some("give the network another name".to_owned())
            }
            Self::PredefinedNetwork { name, .. } => {
                Some(format!("use `network_mode: {name}` in the service instead of `networks`"))
            }
            Self::ServiceDisabled { profiles, .. } => {
                profiles.first().map(|profile| format!("enable it with `--profile {profile}`"))
            }
            Self::ServiceNotNamed { service } => Some(format!("add `{service}` to the command line")),
            Self::NoContainerToStart { service } => Some(format!("`hoist up -d {service}` creates and starts it")),
            Self::Scheduled { .. } => Some(HIDE_SCHEDULED.to_owned()),
            Self::HookPerReplica { .. } => Some("remove `per_replica`, or set it to false".to_owned()),
            Self::HookUndefined { what, name, .. } => Some(define(what, name)),
            Self::DuplicateContainerName { .. } => Some("give each container its own name".to_owned()),
            Self::NamedContainerScaled { .. }
            | Self::NothingToRun { .. }
            | Self::NoSuchService { .. }
            | Self::UnknownService { .. }
            | Self::NoContainers { .. }
            | Self::TooManyReplicas { .. }
            | Self::DependencyDisabled { .. }
            | Self::DependencyUnknown { .. }
            | Self::Cycle { .. }
            | Self::DefaultPlatformNotBuilt { .. }
            | Self::PlatformNotBuilt { .. }
            | Self::ContextCycle { .. }
            | Self::ExternalNetworkAmbiguous { .. } => None,
        }
    }
}

/// How to start the rest of a project with scheduled jobs.
const HIDE_SCHEDULED: &str = "put them behind a profile, and run them with `hoist run` from a scheduler of your own";

/// How to define the `network`, `secret` or `config` with this name.
fn define(what: &str, name: &str) -> String {
    let definition = if what == "network" { "{}" } else { "{file: …}" };
    format!("define it at the top level of the file: `{what}s: {{{name}: {definition}}}`")
}

fn nothing_to_share(problem: &NothingToShare) -> String {
    match problem {
        NothingToShare::NoReplicas | NothingToShare::NotSelected { .. } => "container missing".to_owned(),
        NothingToShare::NotRunning { container, state, .. } => format!("container {container} is {}", state.as_str()),
    }
}

fn name_owner(owner: &NameOwner) -> String {
    match owner {
        NameOwner::Orphan(None) => "an orphan container".to_owned(),
        NameOwner::Orphan(Some(service)) => {
            format!("an orphan container of service `{service}`, which the files no longer define")
        }
        NameOwner::LeftAlone(service) => format!("a container of service `{service}`, which is not part of this run"),
        NameOwner::Kept(service) => format!("a container of service `{service}`, which keeps it"),
        NameOwner::EndedOneOff => "a one-off container of `run` that has exited".to_owned(),
        NameOwner::Running => "a one-off container of `run`".to_owned(),
    }
}

fn read_only(obstacle: &CopyObstacle) -> &'static str {
    match obstacle {
        CopyObstacle::ReadOnlyService => "read-only service ",
        CopyObstacle::ReadOnlyMount { .. } | CopyObstacle::Mounted { .. } => "service ",
    }
}
