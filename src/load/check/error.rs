//! What can be wrong between values that are each right on their own.

use crate::diagnostic::Explain;
use crate::source::{Span, Spanned};

/// A rule between several values that does not hold.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// A service refers to a network, volume, secret, config or model that no file defines.
    #[error("service `{service}` uses undefined {what} `{name}`")]
    Undefined {
        /// The service.
        service: String,
        /// `network`, `volume` and so on.
        what: &'static str,
        /// The name as written.
        name: Spanned<String>,
        /// The closest defined name.
        closest: Option<String>,
        /// Where to define it.
        section: &'static str,
    },
    /// A service depends on one that no file defines.
    #[error("service `{service}` depends on undefined service `{dependency}`")]
    UndefinedDependency {
        /// The service that depends.
        service: String,
        /// The name as written.
        dependency: Spanned<String>,
        /// The closest defined name.
        closest: Option<String>,
    },
    /// A service depends on one whose profiles are not active.
    #[error("service `{service}` depends on `{dependency}`, which is disabled by its profiles")]
    DisabledDependency {
        /// The service that depends.
        service: String,
        /// The name as written.
        dependency: Spanned<String>,
        /// The profiles that would enable it.
        profiles: Vec<String>,
    },
    /// A service without anything to run.
    #[error("service `{}` has neither `image` nor `build`", service.value)]
    NothingToRun {
        /// The service.
        service: Spanned<String>,
    },
    /// Two attributes that exclude each other.
    #[error("{owner} has both `{first}` and `{second}`, which exclude each other")]
    Exclusive {
        /// What has them: ``service `web` ``.
        owner: String,
        /// One attribute.
        first: &'static str,
        /// Where it stands.
        first_span: Span,
        /// The other attribute.
        second: &'static str,
        /// Where it stands.
        span: Span,
    },
    /// Two attributes that say the same thing, differently.
    #[error("service `{service}` sets `{first}`{}", differs(second, *missing))]
    Different {
        /// The service.
        service: String,
        /// One attribute.
        first: &'static str,
        /// Where it stands.
        span: Span,
        /// The other attribute.
        second: &'static str,
        /// Where it stands, or the block it is missing from.
        second_span: Span,
        /// Whether the other one is not there at all, which counts as 0.
        missing: bool,
    },
    /// A config of an included file that comes from a variable. Docker Compose takes the value it captured for a second
    /// source; the same is done here, so that a file is accepted by both or by neither.
    #[error("config `{config}` comes from a variable, which does not work in an included file")]
    IncludedVariable {
        /// The key of the config.
        config: String,
        /// Where the variable is named.
        span: Span,
    },
    /// A secret or config that has no content.
    #[error("{what} `{}` says nothing about where its content comes from", name.value)]
    NoSource {
        /// `secret` or `config`.
        what: &'static str,
        /// The key.
        name: Spanned<String>,
    },
    /// An external volume with attributes that only a volume of the project can have.
    #[error("volume `{volume}` is external, so `{key}` has no place in it")]
    ExternalWith {
        /// The key of the volume.
        volume: String,
        /// The other attribute.
        key: Spanned<String>,
    },
    /// `host_ip` of a port that is no address.
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
        /// Where it stands.
        span: Span,
    },
    /// An additional build context that is no service with a build.
    #[error("service `{service}` takes the build context `{context}` from service `{}`, which {}",
        other.value, if *known { "has no `build`" } else { "no file defines" })]
    BadContext {
        /// The service.
        service: String,
        /// The name of the context.
        context: String,
        /// The other service.
        other: Spanned<String>,
        /// Whether the other service is defined.
        known: bool,
        /// The closest defined name.
        closest: Option<String>,
    },
    /// A service runs on a platform that it is not built for.
    #[error("service `{service}` runs on `{}`, but `build.platforms` does not list it", platform.value)]
    PlatformNotBuilt {
        /// The service.
        service: String,
        /// The platform.
        platform: Spanned<String>,
    },
    /// A healthcheck whose list starts with something else than its kind.
    #[error("the healthcheck of service `{service}` starts with `{}`", word.value)]
    HealthcheckWord {
        /// The service.
        service: String,
        /// The first item of `test`.
        word: Spanned<String>,
    },
    /// A negative number of replicas.
    #[error("service `{service}`: `{attribute}` must be 0 or more")]
    Negative {
        /// The service.
        service: String,
        /// `scale` or `deploy.replicas`.
        attribute: &'static str,
        /// Where it stands.
        span: Span,
    },
    /// A container name for several replicas.
    #[error("service `{service}` has a `container_name`, which only one of its {scale} replicas could bear")]
    NameForSeveral {
        /// The service.
        service: String,
        /// Number of replicas.
        scale: i64,
        /// Where the number stands.
        scale_span: Span,
        /// Where the name stands.
        span: Span,
    },
    /// One container name for two services.
    #[error("services `{first}` and `{service}` have the same `container_name` `{}`", name.value)]
    NameTwice {
        /// The second service.
        service: String,
        /// The first service.
        first: String,
        /// Where the first one stands.
        first_span: Span,
        /// The name.
        name: Spanned<String>,
    },
    /// A watch rule that copies files to nowhere.
    #[error("service `{service}`: a watch rule with action `{action}` needs a `target`")]
    NoWatchTarget {
        /// The service.
        service: String,
        /// The action.
        action: String,
        /// Where the rule stands.
        span: Span,
    },
    /// Two mounts on one path.
    #[error("service `{service}` mounts two things on `{}`", target.value)]
    MountTwice {
        /// The service.
        service: String,
        /// The path in the container.
        target: Spanned<String>,
        /// Where the other one stands.
        first: Span,
    },
    /// Services that wait for each other.
    #[error("services depend on each other in a circle: {}", Circle(services))]
    Cycle {
        /// The services; each depends on the next, and the last on the first. With the places of the dependencies.
        services: Vec<Spanned<String>>,
    },
}

fn differs(second: &str, missing: bool) -> String {
    if missing {
        format!(", but not `{second}`, which counts as 0")
    } else {
        format!(" and `{second}` to different values")
    }
}

/// `a -> b -> a`.
struct Circle<'a>(&'a [Spanned<String>]);

impl std::fmt::Display for Circle<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for service in self.0 {
            write!(f, "{service} -> ")?;
        }
        self.0.first().map_or(Ok(()), |first| write!(f, "{first}"))
    }
}

impl Explain for CheckError {
    fn span(&self) -> Option<Span> {
        match self {
            Self::Undefined { name, .. }
            | Self::NoSource { name, .. }
            | Self::NothingToRun { service: name }
            | Self::UndefinedDependency { dependency: name, .. }
            | Self::DisabledDependency { dependency: name, .. }
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
            | Self::Negative { span, .. }
            | Self::NameForSeveral { span, .. }
            | Self::NoWatchTarget { span, .. } => Some(*span),
            Self::Cycle { services } => services.first().map(|service| service.span),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Undefined { closest: Some(name), .. }
            | Self::UndefinedDependency { closest: Some(name), .. }
            | Self::BadContext { closest: Some(name), .. } => Some(format!("did you mean `{name}`?")),
            Self::Undefined { what: "volume", name, .. } if name.value.contains('/') => {
                Some(format!("a folder of this machine starts with `./`: `./{name}`"))
            }
            Self::Undefined { section, name, .. } => {
                let definition = match *section {
                    "secrets" | "configs" => "{file: …}",
                    "models" => "{model: …}",
                    _ => "{}",
                };
                Some(format!("define it at the top level of the file: `{section}: {{{name}: {definition}}}`"))
            }
            Self::DisabledDependency { profiles, .. } => Some(match profiles.first() {
                Some(profile) => {
                    format!("activate one with `--profile {profile}`, or write `required: false` beside the condition")
                }
                None => "write `required: false` beside the condition".to_owned(),
            }),
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
                Some("remove it; an external volume is made by somebody else".to_owned())
            }
            Self::BadAddress { .. } => Some("write an address like `127.0.0.1` or `::1`".to_owned()),
            Self::HealthcheckWord { .. } => Some(
                "a list starts with `CMD`, `CMD-SHELL` or `NONE`, as in `[\"CMD\", \"curl\", \"-f\", \"http://localhost\"]`"
                    .to_owned(),
            ),
            Self::PlatformNotBuilt { platform, .. } => Some(format!("add `{platform}` to `build.platforms`")),
            Self::NameForSeveral { .. } => Some("remove the name, or run one replica".to_owned()),
            Self::NameTwice { .. } => Some("give each service a name of its own, or none".to_owned()),
            Self::NoWatchTarget { .. } => Some("`target` is the path in the container to copy to".to_owned()),
            Self::Cycle { .. } => Some("remove one of the dependencies".to_owned()),
            Self::UndefinedDependency { .. } | Self::BadContext { known: false, .. } => {
                Some("define it under `services:`, or remove the reference".to_owned())
            }
            Self::BadContext { other, .. } => {
                Some(format!("give `{other}` a `build`, or write the path or image that is meant"))
            }
            Self::EmptyWatchPath { .. } => Some("write the folder or file to watch, as in `path: ./src`".to_owned()),
            Self::Negative { .. } => Some("write how many replicas to run; 0 runs none".to_owned()),
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
            Self::NameTwice { first_span, first, .. } => vec![(*first_span, format!("of `{first}` here"))],
            Self::MountTwice { first, .. } => vec![(*first, "first mounted here".to_owned())],
            Self::Cycle { services } => {
                let next = services.iter().cycle().skip(1);
                let pairs = services.iter().zip(next).skip(1);
                pairs.map(|(service, next)| (service.span, format!("`{service}` depends on `{next}` here"))).collect()
            }
            Self::Undefined { .. }
            | Self::UndefinedDependency { .. }
            | Self::DisabledDependency { .. }
            | Self::NothingToRun { .. }
            | Self::IncludedVariable { .. }
            | Self::NoSource { .. }
            | Self::ExternalWith { .. }
            | Self::BadAddress { .. }
            | Self::EmptyWatchPath { .. }
            | Self::BadContext { .. }
            | Self::PlatformNotBuilt { .. }
            | Self::HealthcheckWord { .. }
            | Self::Negative { .. }
            | Self::NoWatchTarget { .. } => Vec::new(),
        }
    }
}
