//! Errors between values that are each valid on their own.

use crate::diagnostic::Explain;
use crate::load::misplaced::Misplaced;
use crate::load::unique::ItemError;
use crate::project::circle::{Circle, is_shown};
use crate::source::{SourceMap, Span, Spanned};

/// A violated rule about several values.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// A service, job or hook refers to a network, volume, secret, config or model that no file defines.
    #[error("{user} uses undefined {what} `{name}`")]
    Undefined {
        /// Who refers to it: ``service `web` ``.
        user: String,
        /// `network`, `volume` and so on.
        what: &'static str,
        /// The name as written.
        name: Spanned<String>,
        /// The closest defined name.
        closest: Option<String>,
        /// Where to define it.
        section: &'static str,
        /// The form in which the attribute is written.
        form: Form,
        /// Whether a service has the name.
        is_service: bool,
        /// What has the name next to the file, if a volume is undefined: `file` or `folder`.
        exists: Option<&'static str>,
    },
    /// A service depends on one that no file defines.
    #[error("service `{service}` depends on undefined service `{dependency}`")]
    UndefinedDependency {
        /// The service with the dependency.
        service: String,
        /// The name as written.
        dependency: Spanned<String>,
        /// The closest defined name.
        closest: Option<String>,
        /// The section that defines the name.
        section: Option<&'static str>,
    },
    /// A service depends on one whose profiles are not active.
    #[error("service `{service}` depends on `{dependency}`, which is disabled by its profiles")]
    DisabledDependency {
        /// The service with the dependency.
        service: String,
        /// The name as written.
        dependency: Spanned<String>,
        /// The profiles that would enable it.
        profiles: Vec<String>,
        /// How the dependency is written.
        written: Dependence,
    },
    /// A service depends on a job.
    #[error("service `{service}` cannot depend on job `{job}`")]
    DependsOnJob {
        /// The service.
        service: String,
        /// The name as written.
        job: Spanned<String>,
    },
    /// A job depends on something that no file defines, or that its profiles disable.
    #[error("job `{job}` depends on {} `{dependency}`", if profiles.is_empty() { "undefined service or job" } else { "disabled" })]
    JobDependency {
        /// The job.
        job: String,
        /// The name as written.
        dependency: Spanned<String>,
        /// The closest defined name.
        closest: Option<String>,
        /// The profiles that would enable it.
        profiles: Vec<String>,
    },
    /// A job with the name of a service.
    #[error("`{name}` is both a service and a job")]
    JobAndService {
        /// The name.
        name: Spanned<String>,
        /// Where the service is.
        service_span: Span,
    },
    /// A service or job without an image or a build.
    #[error("{what} `{}` has neither `image` nor `build`", service.value)]
    NothingToRun {
        /// `service` or `job`.
        what: &'static str,
        /// The service.
        service: Spanned<String>,
        /// A service of another file with a similar name.
        closest: Option<String>,
    },
    /// Two attributes that exclude each other.
    #[error("{owner} has both `{first}` and `{second}`, which are mutually exclusive")]
    Exclusive {
        /// The owner of both: ``service `web` ``.
        owner: String,
        /// One attribute.
        first: &'static str,
        /// Where it is in the file.
        first_span: Span,
        /// The other attribute.
        second: &'static str,
        /// Where it is in the file.
        span: Span,
    },
    /// Two attributes with the same meaning but different values.
    #[error("service `{service}` sets `{first}`{}", differs(second, *missing))]
    Different {
        /// The service.
        service: String,
        /// One attribute.
        first: &'static str,
        /// Where it is in the file.
        span: Span,
        /// The other attribute.
        second: &'static str,
        /// Where it is in the file, or the block that lacks it.
        second_span: Span,
        /// Whether the other attribute is missing, which counts as 0.
        missing: bool,
    },
    /// A config of an included file that comes from a variable. Docker Compose mistakes the captured value for a second
    /// source and refuses it; hoist does the same, so that both accept the same files.
    #[error("config `{config}` comes from a variable, which does not work in an included file")]
    IncludedVariable {
        /// The key of the config.
        config: String,
        /// Where the variable is named.
        span: Span,
    },
    /// A secret or config without a source.
    #[error("{what} `{}` does not say where its content comes from", name.value)]
    NoSource {
        /// `secret` or `config`.
        what: &'static str,
        /// The key.
        name: Spanned<String>,
    },
    /// An external volume with attributes that only volumes of the project may have.
    #[error("volume `{volume}` is external, so it cannot have `{key}`")]
    ExternalWith {
        /// The key of the volume.
        volume: String,
        /// The other attribute.
        key: Spanned<String>,
    },
    /// A port whose `host_ip` is not an IP address.
    #[error("`{}` is not an IP address", address.value)]
    BadAddress {
        /// The text.
        address: Spanned<String>,
    },
    /// A watch rule without a path.
    #[error("service `{service}` watches an empty path")]
    EmptyWatchPath {
        /// The service.
        service: String,
        /// Where it is in the file.
        span: Span,
    },
    /// An additional build context that is not a service with a `build`.
    #[error("service `{service}` takes the build context `{context}` from service `{other}`, which {problem}")]
    BadContext {
        /// The service.
        service: String,
        /// The name of the context.
        context: String,
        /// The other service.
        other: Spanned<String>,
        /// What is wrong with the other service.
        problem: ContextProblem,
    },
    /// A service runs on a platform that it is not built for.
    #[error("service `{service}` runs on `{}`, but `build.platforms` does not list it", platform.value)]
    PlatformNotBuilt {
        /// The service.
        service: String,
        /// The platform.
        platform: Spanned<String>,
    },
    /// A healthcheck whose list does not start with `CMD`, `CMD-SHELL` or `NONE`.
    #[error("the healthcheck of service `{service}` starts with `{}`", word.value)]
    HealthcheckWord {
        /// The service.
        service: String,
        /// The first item of `test`.
        word: Spanned<String>,
    },
    /// A check of `x-hoist.ready` without a command.
    #[error("`x-hoist.ready.exec` of service `{service}` has no command")]
    NoCommand {
        /// The service.
        service: String,
        /// Where the list is.
        span: Span,
    },
    /// A negative number of replicas.
    #[error("service `{service}`: `{attribute}` must be 0 or more")]
    Negative {
        /// The service.
        service: String,
        /// `scale` or `deploy.replicas`.
        attribute: &'static str,
        /// Where it is in the file.
        span: Span,
    },
    /// A container name for several replicas.
    #[error("service `{service}` has a `container_name`, which only one of its {scale} replicas can have")]
    NameForSeveral {
        /// The service.
        service: String,
        /// Number of replicas.
        scale: i64,
        /// Where the number is.
        scale_span: Span,
        /// Where the name is.
        span: Span,
    },
    /// One container name for two services.
    #[error("container name \"{name}\" is already in use by service `{first}`")]
    NameTwice {
        /// The second service.
        service: String,
        /// The first service.
        first: String,
        /// Where the first one is.
        first_span: Span,
        /// The name.
        name: Spanned<String>,
    },
    /// A watch rule that copies files but has no target.
    #[error("service `{service}`: a watch rule with action `{action}` needs a `target`")]
    NoWatchTarget {
        /// The service.
        service: String,
        /// The action.
        action: String,
        /// Where the rule is.
        span: Span,
    },
    /// Two mounts on one path.
    #[error("service `{service}` has two mounts at `{}`", target.value)]
    MountTwice {
        /// The service.
        service: String,
        /// The path in the container.
        target: Spanned<String>,
        /// Where the other one is.
        first: Span,
    },
    /// A list item without its key.
    #[error(transparent)]
    Item(#[from] ItemError),
    /// Services that wait for each other.
    #[error("services depend on each other in a cycle: {}", Circle(services, "->"))]
    Cycle {
        /// The services, with the places of their dependencies; each depends on the next, and the last on the first.
        services: Vec<Spanned<String>>,
    },
    /// Jobs that need each other. Docker Compose runs the one that is asked for last.
    #[error("jobs depend on each other in a cycle: {}", Circle(jobs, "->"))]
    JobCycle {
        /// The jobs, with the places of their dependencies; each depends on the next, and the last on the first.
        jobs: Vec<Spanned<String>>,
    },
}

impl CheckError {
    /// Looks for a file or a folder with the name of an undefined volume.
    pub(in crate::load) fn look_beside(&mut self, sources: &SourceMap) {
        if let Self::Undefined { section: "volumes", name, form: Form::Short, exists, .. } = self {
            let file = sources.file(name.span.file).path();
            let path = file.parent().map(|folder| folder.join(&name.value));
            *exists = path.and_then(|path| match path.metadata() {
                Ok(metadata) if metadata.is_dir() => Some("folder"),
                Ok(_) => Some("file"),
                Err(_) => None,
            });
        }
    }
}

/// The form in which an attribute is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A plain string.
    Short,
    /// The value of a key such as `source`.
    Long,
}

/// How a dependency is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dependence {
    /// In `depends_on`, with its condition.
    Conditional,
    /// In `depends_on`, as an item of a list.
    Listed,
    /// Implied by this attribute, such as `links` or `network_mode`.
    By(&'static str),
}

/// Why a service cannot be a build context.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContextProblem {
    /// It is not defined.
    #[error("no file defines")]
    Undefined {
        /// The closest defined name.
        closest: Option<String>,
    },
    /// It has no `build`.
    #[error("has no `build`")]
    NotBuilt,
}

/// How to enable a service with these profiles.
fn enable(profiles: &[String]) -> String {
    match profiles.first() {
        Some(profile) => format!("enable it with `--profile {profile}`"),
        None => "enable one of its profiles".to_owned(),
    }
}

fn disabled_hint(dependency: &str, profiles: &[String], written: Dependence) -> String {
    let enable = enable(profiles);
    match written {
        Dependence::Conditional => format!("{enable}, or write `required: false` next to the condition"),
        Dependence::Listed => format!(
            "{enable}, or write `depends_on: {{{dependency}: {{condition: service_started, required: false}}}}`"
        ),
        Dependence::By(attribute) => format!("{enable}, or remove `{attribute}`"),
    }
}

/// What to write instead of a name that no file defines.
fn undefined_hint(section: &str, name: &str, form: Form) -> String {
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    match (section, form) {
        ("volumes", Form::Long) if !is_name => {
            "write `type: bind` to mount a folder or file on this machine".to_owned()
        }
        ("volumes", Form::Short) if !is_name => {
            format!("to mount a folder on this machine, start the path with `./`: `./{name}`")
        }
        ("volumes", Form::Short) if name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') => {
            format!("`{name}:…` looks like a port: list it under `ports`")
        }
        ("secrets" | "configs", _) if !is_name => {
            let (path, target) = name.split_once(':').unwrap_or((name, ""));
            let reference = match (form, target) {
                (Form::Short, target) if !target.is_empty() => format!("`{{source: NAME, target: {target}}}`"),
                _ => "`NAME`".to_owned(),
            };
            format!(
                "define it at the top level, `{section}: {{NAME: {{file: {path}}}}}`, and refer to it here as {reference}"
            )
        }
        ("networks", _) if matches!(name, "host" | "none" | "bridge") => {
            format!("to use the engine's own network, write `network_mode: {name}` instead of `networks`")
        }
        _ if !is_name => {
            let misplaced = Misplaced::of(name, section).filter(|_| section == "networks");
            let hint = misplaced.map(|misplaced| misplaced.hint(name));
            hint.unwrap_or_else(|| "names may contain only letters, digits, `.`, `_` and `-`".to_owned())
        }
        ("secrets" | "configs", _) => define(section, name, "{file: …}"),
        ("services", _) => "define it under `services:`, or remove the reference".to_owned(),
        ("models", _) => define(section, name, "{model: …}"),
        _ => define(section, name, "{}"),
    }
}

fn define(section: &str, name: &str, definition: &str) -> String {
    format!("define it at the top level of the file: `{section}: {{{name}: {definition}}}`")
}

fn differs(second: &str, missing: bool) -> String {
    if missing {
        format!(", but not `{second}`, which counts as 0")
    } else {
        format!(" and `{second}` to different values")
    }
}

impl Explain for CheckError {
    fn span(&self) -> Option<Span> {
        match self {
            Self::Undefined { name, .. }
            | Self::NoSource { name, .. }
            | Self::NothingToRun { service: name, .. }
            | Self::UndefinedDependency { dependency: name, .. }
            | Self::DisabledDependency { dependency: name, .. }
            | Self::DependsOnJob { job: name, .. }
            | Self::JobDependency { dependency: name, .. }
            | Self::JobAndService { name, .. }
            | Self::ExternalWith { key: name, .. }
            | Self::BadAddress { address: name }
            | Self::BadContext { other: name, .. }
            | Self::PlatformNotBuilt { platform: name, .. }
            | Self::HealthcheckWord { word: name, .. }
            | Self::NameTwice { name, .. }
            | Self::MountTwice { target: name, .. } => Some(name.span),
            Self::Exclusive { span, .. }
            | Self::IncludedVariable { span, .. }
            | Self::Different { span, .. }
            | Self::EmptyWatchPath { span, .. }
            | Self::NoCommand { span, .. }
            | Self::Negative { span, .. }
            | Self::NameForSeveral { span, .. }
            | Self::NoWatchTarget { span, .. } => Some(*span),
            Self::Item(error) => error.span(),
            Self::Cycle { services: circle } | Self::JobCycle { jobs: circle } => {
                circle.first().map(|first| first.span)
            }
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Undefined { name, exists: Some(what), .. } => {
                Some(format!("to mount the {what} `{name}`, start its path with `./`: `./{name}`"))
            }
            Self::Undefined { name, is_service: true, .. } => Some(format!(
                "`{name}` is a service: list it under `depends_on` to start it first; services on one network reach each \
                 other by name"
            )),
            Self::UndefinedDependency { dependency, section: Some(section), .. } => Some(format!(
                "`{dependency}` is not a service, but is defined under `{section}`: list it under `{section}` of the service"
            )),
            Self::Undefined { closest: Some(name), .. }
            | Self::UndefinedDependency { closest: Some(name), .. }
            | Self::NothingToRun { closest: Some(name), .. }
            | Self::JobDependency { closest: Some(name), .. } => Some(format!("did you mean `{name}`?")),
            Self::Undefined { section, name, form, .. } => Some(undefined_hint(section, &name.value, *form)),
            Self::DisabledDependency { dependency, profiles, written, .. } => {
                Some(disabled_hint(&dependency.value, profiles, *written))
            }
            Self::DependsOnJob { .. } => {
                Some("services can only depend on services; a job that must run first can be a `pre_start` hook".to_owned())
            }
            Self::JobDependency { profiles, .. } if !profiles.is_empty() => Some(enable(profiles)),
            Self::JobDependency { .. } => Some("define it, or remove the reference".to_owned()),
            Self::JobAndService { .. } => Some("rename one of them".to_owned()),
            Self::NothingToRun { .. } => Some("add an `image`, or a `build` with the folder of a Dockerfile".to_owned()),
            Self::Exclusive { .. } | Self::MountTwice { .. } => Some("remove one of them".to_owned()),
            Self::Different { missing: true, second, .. } => Some(format!("set `{second}` to the same value")),
            Self::Different { .. } => Some("keep one of them, or make them equal".to_owned()),
            Self::IncludedVariable { .. } => {
                Some("write `content: ${…}` with the variable, or define the config in the project's own file".to_owned())
            }
            Self::NoSource { what: "config", .. } => {
                Some("give it one of `file`, `content`, `environment` or `external: true`".to_owned())
            }
            Self::NoSource { .. } => Some("give it one of `file`, `environment` or `external: true`".to_owned()),
            Self::ExternalWith { .. } => {
                Some("remove it; an external volume is managed outside this project".to_owned())
            }
            Self::BadAddress { .. } => Some("write an address like `127.0.0.1` or `::1`".to_owned()),
            Self::HealthcheckWord { .. } => Some(
                "a list starts with `CMD`, `CMD-SHELL` or `NONE`, as in `[\"CMD\", \"curl\", \"-f\", \"http://localhost\"]`"
                    .to_owned(),
            ),
            Self::NoCommand { .. } => Some("write the command, as in `[CMD, pg_isready]`".to_owned()),
            Self::PlatformNotBuilt { platform, .. } => Some(format!("add `{platform}` to `build.platforms`")),
            Self::NameForSeveral { .. } => Some("remove the name, or run one replica".to_owned()),
            Self::NameTwice { .. } => Some("give each service its own name, or none".to_owned()),
            Self::NoWatchTarget { .. } => Some("`target` is the path in the container to copy to".to_owned()),
            Self::Cycle { .. } | Self::JobCycle { .. } => Some("remove one of the dependencies".to_owned()),
            Self::UndefinedDependency { dependency, .. } => {
                let hint = Misplaced::of(&dependency.value, "depends_on").map(|found| found.hint(&dependency.value));
                Some(hint.unwrap_or_else(|| "define it under `services:`, or remove the reference".to_owned()))
            }
            Self::BadContext { other, problem, .. } => Some(match problem {
                ContextProblem::Undefined { closest: Some(name) } => format!("did you mean `{name}`?"),
                ContextProblem::Undefined { closest: None } => {
                    "define it under `services:`, or remove the reference".to_owned()
                }
                ContextProblem::NotBuilt => {
                    format!("give `{other}` a `build`, or write the path or image that you meant")
                }
            }),
            Self::Item(error) => error.hint(),
            Self::EmptyWatchPath { .. } => Some("write the folder or file to watch, as in `path: ./src`".to_owned()),
            Self::Negative { .. } => Some("write the number of replicas; 0 runs none".to_owned()),
        }
    }

    fn related(&self) -> Vec<(Span, String)> {
        match self {
            Self::Exclusive { first, first_span, .. } => vec![(*first_span, format!("`{first}` here"))],
            Self::Different { second, second_span, missing, .. } => {
                let note = if *missing { format!("no `{second}` here") } else { format!("`{second}` here") };
                vec![(*second_span, note)]
            }
            Self::NameForSeveral { scale_span, scale, .. } => vec![(*scale_span, format!("{scale} replicas here"))],
            Self::JobAndService { service_span, .. } => vec![(*service_span, "the service".to_owned())],
            Self::NameTwice { first_span, first, .. } => vec![(*first_span, format!("of `{first}` here"))],
            Self::MountTwice { first, .. } => vec![(*first, "first mounted here".to_owned())],
            Self::Cycle { services } | Self::JobCycle { jobs: services } => {
                let next = services.iter().cycle().skip(1);
                let pairs = services.iter().zip(next).enumerate().skip(1);
                let shown = pairs.filter(|(at, _)| is_shown(*at, services.len()));
                let place = |(service, next): (&Spanned<String>, &Spanned<String>)| {
                    (service.span, format!("`{service}` depends on `{next}` here"))
                };
                shown.map(|(_, pair)| place(pair)).collect()
            }
            Self::Item(error) => error.related(),
            Self::Undefined { .. }
            | Self::UndefinedDependency { .. }
            | Self::DisabledDependency { .. }
            | Self::DependsOnJob { .. }
            | Self::JobDependency { .. }
            | Self::NothingToRun { .. }
            | Self::IncludedVariable { .. }
            | Self::NoSource { .. }
            | Self::ExternalWith { .. }
            | Self::BadAddress { .. }
            | Self::EmptyWatchPath { .. }
            | Self::NoCommand { .. }
            | Self::BadContext { .. }
            | Self::PlatformNotBuilt { .. }
            | Self::HealthcheckWord { .. }
            | Self::Negative { .. }
            | Self::NoWatchTarget { .. } => Vec::new(),
        }
    }
}
