//! Describes each action: its subject, its verb in three forms, whether it counts as a change, its lane, its text, its
//! JSON data. [`Action::describe`] is the single source of all of it.

use std::fmt;

use serde_json::Value;

use super::{
    Action, AnonymousVolumes, BuildPurpose, ContainerRef, ContainerSpec, Handle, HookRun, ModelSpec, Probing,
    ProviderVerb, Subject, UnusedVolume, WaitCondition, WaitSpec, Waiter,
};
use crate::observed::ImageDigest;
use crate::project::value::Port;
use crate::project::{Project, ServiceName};

/// The description of an action.
#[derive(Debug, Clone)]
pub struct Description<'a> {
    /// The objects it is about, with the names that progress shows: one, except for waits.
    pub subjects: Vec<Subject>,
    /// What it does.
    pub verb: Verb,
    /// The object it acts on, as a plan shows it: `web/2`, `shop_default`, `nginx:1.29`.
    pub object: String,
    /// What follows the object in a plan: the destination, the new name, the condition.
    pub detail: String,
    /// The service whose image, container or wait it is about.
    pub service: Option<&'a ServiceName>,
    /// The one container that it changes, existing or created earlier in the plan.
    pub container: Option<&'a ContainerRef>,
    /// Whether it counts as a change.
    pub effect: Effect,
    /// The limit on parallel calls that applies to it.
    pub lane: Lane,
    /// Further data for JSON; null is left out.
    pub data: Vec<(&'static str, Value)>,
}

/// What an action does, in three forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verb {
    /// The form for plans: `create container`, `wait for`.
    pub plan: &'static str,
    /// The forms for progress, during the action and after: `Creating`, `Created`. `None` if progress does not show it.
    pub progress: Option<(&'static str, &'static str)>,
}

/// Whether an action counts as a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// A change.
    Change,
    /// A change, unless the container is a completed job: then every run repeats it.
    Start,
    /// Not a change: every run repeats it.
    Repeated(Repetition),
    /// Part of another action.
    Part,
}

/// What every run repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repetition {
    /// A completed job runs again.
    Job,
    /// A provider's program is called.
    Provider,
    /// A model is configured.
    Model,
    /// A condition is waited for.
    Wait,
}

/// The group of actions that share a limit on parallel calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// No limit: it waits for events.
    Wait,
    /// Pulls, pushes and builds.
    Fetch,
    /// Stops.
    Stop,
    /// All others.
    Change,
    /// All others, one at a time: starts with ports from a range. In parallel starts, engines would assign the same
    /// port twice.
    ChangeAlone,
}

impl<'a> Description<'a> {
    /// A change to an object.
    fn change(plan: &'static str, progress: (&'static str, &'static str), subject: Subject) -> Self {
        Self {
            object: subject.name().to_owned(),
            subjects: vec![subject],
            verb: Verb { plan, progress: Some(progress) },
            detail: String::new(),
            service: None,
            container: None,
            effect: Effect::Change,
            lane: Lane::Change,
            data: Vec::new(),
        }
    }

    /// A change to a container.
    fn of_container(
        plan: &'static str,
        progress: Option<(&'static str, &'static str)>,
        container: &'a ContainerRef,
    ) -> Self {
        Self {
            verb: Verb { plan, progress },
            object: container.to_string(),
            service: container.replica.as_ref().map(|replica| &replica.service),
            container: Some(container),
            data: vec![("name", container.name.clone().into())],
            ..Self::change(plan, ("", ""), Subject::Container(container.name.clone()))
        }
    }

    fn of_model(plan: &'static str, progress: (&'static str, &'static str), spec: &ModelSpec) -> Self {
        Self {
            object: spec.reference.clone(),
            lane: Lane::Fetch,
            data: vec![("model", spec.key.as_str().into()), ("services", names(&spec.services))],
            ..Self::change(plan, progress, Subject::Model(spec.name.clone()))
        }
    }

    fn of_image(
        plan: &'static str,
        progress: (&'static str, &'static str),
        image: &str,
        platform: Option<&str>,
    ) -> Self {
        Self {
            object: platform.map_or_else(|| image.to_owned(), |platform| format!("{image} for {platform}")),
            lane: Lane::Fetch,
            data: vec![("platform", platform.into())],
            ..Self::change(plan, progress, Subject::Image(image.to_owned()))
        }
    }
}

impl Action {
    /// Describes the action.
    #[must_use]
    #[expect(clippy::too_many_lines, reason = "a table: an arm for each action")]
    pub fn describe(&self) -> Description<'_> {
        const CREATE: (&str, &str) = ("Creating", "Created");
        const REMOVE: (&str, &str) = ("Removing", "Removed");
        match self {
            Self::PullImage(spec) => {
                let pull =
                    Description::of_image("pull image", ("Pulling", "Pulled"), &spec.image, spec.platform.as_deref());
                let services = ("services", names(&spec.services));
                Description { data: pull.data.iter().cloned().chain([services]).collect(), ..pull }
            }
            Self::BuildImage { spec, .. } => {
                let several = (spec.platforms.len() > 1).then(|| spec.platforms.join(", "));
                let platform = several.as_deref().or(spec.platform.as_deref());
                let (plan, progress) = match spec.purpose {
                    BuildPurpose::Image => ("build image", ("Building", "Built")),
                    BuildPurpose::Check => ("check the build of image", ("Checking", "Checked")),
                };
                Description {
                    service: Some(&spec.service),
                    ..Description::of_image(plan, progress, &spec.image, platform)
                }
            }
            Self::PushImage(spec) => Description {
                service: Some(&spec.service),
                subjects: vec![Subject::Tag(spec.image.clone())],
                data: Vec::new(),
                ..Description::of_image("push image", ("Pushing", "Pushed"), &spec.image, None)
            },
            Self::PullModel(spec) => Description::of_model("pull model", ("Pulling", "Pulled"), spec),
            Self::ConfigureModel(spec) => {
                let configure = Description::of_model("configure model", ("Configuring", "Configured"), spec);
                let flags = Some(spec.runtime_flags.len()).filter(|count| *count > 0);
                let data = [("context_size", spec.context_size.into()), ("runtime_flag_count", flags.into())];
                Description {
                    detail: model_settings(spec),
                    effect: Effect::Repeated(Repetition::Model),
                    data: configure.data.iter().cloned().chain(data).collect(),
                    ..configure
                }
            }
            Self::CreateNetwork { project, key } => {
                let subject = Subject::Network(network_name(project, key.as_str()).to_owned());
                Description::change("create network", CREATE, subject)
            }
            Self::RemoveNetwork { name, .. } => {
                Description::change("remove network", REMOVE, Subject::Network(name.clone()))
            }
            Self::DisconnectNetwork { container, network } => {
                let disconnect = Description::of_container("disconnect container", None, container);
                let data = ("network", network.clone().into());
                Description {
                    detail: format!(" from {network}"),
                    data: disconnect.data.iter().cloned().chain([data]).collect(),
                    ..disconnect
                }
            }
            Self::ConnectNetwork { container, spec, key } => {
                let connect = Description::of_container("connect container", None, container);
                let data = ("network", key.as_str().into());
                Description {
                    detail: format!(" to {}", network_name(&spec.project, key.as_str())),
                    data: connect.data.iter().cloned().chain([data]).collect(),
                    ..connect
                }
            }
            Self::CreateVolume { project, key } => {
                let name = project.volumes.get(key).map_or(key.as_str(), |volume| &volume.name);
                Description::change("create volume", CREATE, Subject::Volume(name.to_owned()))
            }
            Self::RemoveVolume { name } => Description {
                detail: " and its data".to_owned(),
                ..Description::change("remove volume", REMOVE, Subject::Volume(name.clone()))
            },
            Self::RemoveImage { reference } => {
                let nameless = reference.starts_with("sha256:");
                let shown =
                    if nameless { ImageDigest::from(&**reference).short().to_owned() } else { reference.clone() };
                Description::change("remove image", REMOVE, Subject::Image(shown))
            }
            Self::CreateContainer(spec) => Description {
                object: if spec.one_off.is_some() { spec.name.clone() } else { spec.replica.to_string() },
                detail: spec.temporary_name.as_ref().map_or_else(String::new, |name| format!(" as {name}")),
                service: Some(&spec.replica.service),
                data: creation(spec),
                ..Description::change("create container", CREATE, Subject::Container(spec.name.clone()))
            },
            Self::StartContainer { container, spec } => Description {
                effect: Effect::Start,
                lane: if spec.as_ref().is_some_and(|spec| publishes_range(spec)) {
                    Lane::ChangeAlone
                } else {
                    Lane::Change
                },
                ..Description::of_container("start container", Some(("Starting", "Started")), container)
            },
            Self::StopContainer { container, timeout, .. } => {
                let stop = Description::of_container("stop container", Some(("Stopping", "Stopped")), container);
                let data = ("timeout_s", timeout.map(|timeout| timeout.as_secs()).into());
                Description { lane: Lane::Stop, data: stop.data.iter().cloned().chain([data]).collect(), ..stop }
            }
            Self::RestartContainer { container, timeout, .. } => {
                let restart =
                    Description::of_container("restart container", Some(("Restarting", "Started")), container);
                let data = ("timeout_s", timeout.map(|timeout| timeout.as_secs()).into());
                Description { lane: Lane::Stop, data: restart.data.iter().cloned().chain([data]).collect(), ..restart }
            }
            Self::KillContainer { container, signal } => {
                let kill = Description::of_container("kill container", Some(("Killing", "Killed")), container);
                let data = ("signal", signal.clone().into());
                Description {
                    detail: format!(" with {signal}"),
                    data: kill.data.iter().cloned().chain([data]).collect(),
                    ..kill
                }
            }
            Self::PauseContainer { container } => {
                Description::of_container("pause container", Some(("", "Paused")), container)
            }
            Self::UnpauseContainer { container } => {
                Description::of_container("unpause container", Some(("", "Unpaused")), container)
            }
            Self::RemoveContainer { container, volumes, unused } => Description {
                detail: if *volumes == AnonymousVolumes::Remove { removed_data(unused) } else { String::new() },
                ..Description::of_container("remove container", Some(REMOVE), container)
            },
            Self::RenameContainer { container, name } => Description {
                detail: format!(" to {name}"),
                data: vec![("name", name.clone().into())],
                ..Description::of_container("rename container", None, container)
            },
            Self::Wait(spec) => wait(spec),
            Self::Delay { service, duration } => Description {
                detail: format!(" for {duration:?}"),
                service: Some(service),
                effect: Effect::Part,
                lane: Lane::Wait,
                data: vec![("duration_s", duration.as_secs_f64().into())],
                ..Description::change("delay update of", ("Waiting", "Waited"), Subject::Service(service.to_string()))
            },
            Self::RunPreStart { spec, container, hook, run } => {
                let plan = match run {
                    HookRun::Now => "run pre_start hook",
                    HookRun::AtStart => "create pre_start hook",
                };
                Description {
                    object: format!("{} of {container}", hook + 1),
                    service: Some(&spec.replica.service),
                    effect: Effect::Part,
                    data: vec![("hook", (*hook).into())],
                    ..Description::of_container(plan, None, container)
                }
            }
            Self::RunProvider { service, verb, .. } => {
                let (plan, progress, effect) = match verb {
                    ProviderVerb::Up => ("provide", CREATE, Effect::Repeated(Repetition::Provider)),
                    ProviderVerb::Down => ("take back", REMOVE, Effect::Change),
                    ProviderVerb::Stop => ("stop provider of", ("Stopping", "Stopped"), Effect::Change),
                };
                let subject = Subject::Service(service.to_string());
                let run = Description::change(plan, progress, subject);
                Description { service: Some(service), effect, lane: Lane::Fetch, ..run }
            }
        }
    }

    /// The one container that it changes, existing or created earlier in the plan.
    #[must_use]
    pub fn container(&self) -> Option<&ContainerRef> {
        self.describe().container
    }

    /// The service whose image, container or wait it is about.
    #[must_use]
    pub fn service(&self) -> Option<&ServiceName> {
        self.describe().service
    }

    /// What it does, in the form for plans: `create container`, `wait for`.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        self.describe().verb.plan
    }

    /// The object it acts on, as a plan shows it: `web/2`, `shop_default`, `nginx:1.29`.
    #[must_use]
    pub fn object(&self) -> String {
        self.describe().object
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Description { verb, object, detail, .. } = self.describe();
        write!(f, "{} {object}{detail}", verb.plan)
    }
}

fn wait(spec: &WaitSpec) -> Description<'_> {
    let containers = || spec.containers.iter();
    let names = || containers().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let eager = if spec.probing == Probing::Eager { " (eager health)" } else { "" };
    let ready = spec.ready.as_ref().map(|ready| format!(" ({})", ready.check)).unwrap_or_default();
    let monitor = if spec.monitor.is_zero() { String::new() } else { format!(" for {:?}", spec.monitor) };
    let done = match spec.condition {
        WaitCondition::Healthy | WaitCondition::RunningOrHealthy | WaitCondition::RunningOrCompleted => "Healthy",
        WaitCondition::CompletedSuccessfully => "Exited",
    };
    Description {
        subjects: containers().map(|container| Subject::Container(container.name.clone())).collect(),
        object: if matches!(spec.waiter, Waiter::Update(_)) { names() } else { spec.service.to_string() },
        detail: format!(" to be {}{eager}{ready}{monitor}", spec.condition),
        service: Some(&spec.service),
        effect: Effect::Repeated(Repetition::Wait),
        lane: Lane::Wait,
        data: vec![
            ("condition", spec.condition.to_string().replace(' ', "_").into()),
            ("eager_health", (spec.probing == Probing::Eager).then_some(true).into()),
            ("ready", spec.ready.as_ref().map(|ready| ready.check.to_string()).into()),
            ("monitor_s", Some(spec.monitor.as_secs_f64()).filter(|seconds| *seconds > 0.0).into()),
            ("timeout_s", spec.timeout.map(|timeout| timeout.as_secs()).into()),
        ],
        ..Description::change("wait for", ("Waiting", done), Subject::Service(spec.service.to_string()))
    }
}

fn creation(spec: &ContainerSpec) -> Vec<(&'static str, Value)> {
    let replaces = spec.replaces.as_ref().and_then(|replaced| match &replaced.container.handle {
        Handle::Existing(id) => Some(id.as_str().to_owned()),
        Handle::Made(_) | Handle::MadeOr { .. } => None,
    });
    vec![
        ("name", spec.name.clone().into()),
        ("temporary_name", spec.temporary_name.clone().into()),
        ("image", spec.image.clone().into()),
        ("replaces", replaces.into()),
    ]
}

fn publishes_range(spec: &ContainerSpec) -> bool {
    let range = |port: &Port| port.published.as_deref().is_some_and(|published| published.contains('-'));
    spec.project.services.get(&spec.replica.service).is_some_and(|service| service.ports.iter().any(range))
}

fn removed_data(unused: &[UnusedVolume]) -> String {
    match unused.iter().filter(|volume| volume.anonymous && volume.inherited_by.is_none()).count() {
        0 => String::new(),
        1 => " and the data of 1 anonymous volume".to_owned(),
        count => format!(" and the data of {count} anonymous volumes"),
    }
}

/// How a model is configured. Its flags are only counted: they may contain a secret.
fn model_settings(spec: &ModelSpec) -> String {
    let size = spec.context_size.map(|size| format!("context size {size}"));
    let flags = match spec.runtime_flags.len() {
        0 => None,
        1 => Some("1 runtime flag".to_owned()),
        count => Some(format!("{count} runtime flags")),
    };
    let settings: Vec<_> = size.into_iter().chain(flags).collect();
    if settings.is_empty() { String::new() } else { format!(" with {}", settings.join(" and ")) }
}

fn names(services: &[ServiceName]) -> Value {
    services.iter().map(ToString::to_string).collect::<Vec<_>>().into()
}

fn network_name<'a>(project: &'a Project, key: &'a str) -> &'a str {
    project.networks.get(key).map_or(key, |network| &network.name)
}
