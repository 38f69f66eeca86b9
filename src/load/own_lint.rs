//! Settings of `x-hoist` that have no effect, or contradict other attributes: the merged model in, warnings out.

use std::convert::Infallible;

use crate::diagnostic::Explain;
use crate::load::findings::Findings;
use crate::source::{SourceMap, Span};
use crate::yaml::{Key, Mapping, Node, Value};

/// A setting of `x-hoist` that has no effect, or contradicts another attribute.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum OwnLintWarning {
    /// `x-hoist` outside a service.
    #[error("`x-hoist.{key}` at the top level of the file has no effect")]
    AtTopLevel {
        /// Its first key.
        key: String,
        /// Where it is in the file.
        span: Span,
    },
    /// `x-hoist.ready` beside a healthcheck.
    #[error("service `{service}` has a healthcheck, so its `x-hoist.ready` is ignored")]
    ReadyIgnored {
        /// The service.
        service: String,
        /// Where `ready` is.
        span: Span,
    },
    /// `x-hoist.ready` of a job.
    #[error("service `{service}` is a job, so `--wait` waits for its end and ignores its `x-hoist.ready`")]
    ReadyOfJob {
        /// The service.
        service: String,
        /// Where `ready` is.
        span: Span,
    },
    /// `x-hoist.ready` needs a log that cannot be read.
    #[error("service `{service}` cannot become ready by its log: `logging.{setting}` keeps none to read")]
    NoLog {
        /// The service.
        service: String,
        /// The driver, or the option that leaves out the engine's copy.
        setting: String,
        /// Where it is in the file.
        span: Span,
    },
    /// A job that the engine starts again whenever it ends.
    #[error("service `{service}` is a job, but `restart: {word}` starts it again whenever it ends")]
    JobRestarts {
        /// The service.
        service: String,
        /// The restart policy.
        word: String,
        /// Where the policy is.
        span: Span,
    },
}

impl Explain for OwnLintWarning {
    fn span(&self) -> Option<Span> {
        let (Self::AtTopLevel { span, .. }
        | Self::ReadyIgnored { span, .. }
        | Self::ReadyOfJob { span, .. }
        | Self::NoLog { span, .. }
        | Self::JobRestarts { span, .. }) = self;
        Some(*span)
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::AtTopLevel { key, .. } => {
                format!("write it under a service: `services: {{NAME: {{x-hoist: {{{key}: …}}}}}}`")
            }
            Self::ReadyIgnored { .. } => {
                "remove one of them; `ready` counts where neither the service nor its image has a test of its own"
                    .to_owned()
            }
            Self::ReadyOfJob { .. } => "remove one of them: a job is done when it has ended with status 0".to_owned(),
            Self::NoLog { .. } => "use `http`, `tcp` or `exec`, or the driver `local` or `json-file`".to_owned(),
            Self::JobRestarts { .. } => {
                "`--wait` would never end: write `restart: \"no\"` or `on-failure`, or remove `job`".to_owned()
            }
        })
    }
}

/// The settings of a service.
const SETTINGS: [&str; 4] = ["eager_health", "job", "ready", "rolling"];

/// Drivers whose logs engines read without a cache.
const READABLE: [&str; 3] = ["json-file", "journald", "local"];

/// Warns of `x-hoist` outside services in a layer. One with an anchor is a template for others.
pub(super) fn look_at_layer(layer: &Node, sources: &SourceMap, findings: &mut Findings<Infallible, OwnLintWarning>) {
    let Some((at, own)) = layer.as_mapping().and_then(|layer| layer.entry("x-hoist")) else { return };
    let settings = own.as_mapping().into_iter().flatten();
    let Some((key, _)) = settings.map(|(key, node)| (key, node)).find(|(key, _)| SETTINGS.contains(&&*key.name)) else {
        return;
    };
    let is_right_here = key.span.file == at.span.file && at.span.start < key.span.start;
    if is_right_here && !sources.text(Span { end: key.span.start, ..at.span }).contains('&') {
        findings.warn(OwnLintWarning::AtTopLevel { key: key.name.clone(), span: key.span });
    }
}

/// Warns of contradictions in the services of the merged model.
pub(super) fn look(model: &Node, findings: &mut Findings<Infallible, OwnLintWarning>) {
    let services = model.get("services").and_then(Node::as_mapping);
    for (key, service) in services.into_iter().flatten() {
        let Some(own) = service.get("x-hoist").and_then(Node::as_mapping) else { continue };
        findings.warnings(of_service(&key.name, service, own));
    }
}

fn of_service(name: &str, service: &Node, own: &Mapping) -> Vec<OwnLintWarning> {
    let is_job = own.get("job").is_some_and(|job| job.value == Value::Bool(true));
    let mut found = Vec::new();
    match own.entry("ready") {
        Some((Key { span, .. }, _)) if has_test(service) => {
            found.push(OwnLintWarning::ReadyIgnored { service: name.to_owned(), span: *span });
        }
        Some((Key { span, .. }, _)) if is_job => {
            found.push(OwnLintWarning::ReadyOfJob { service: name.to_owned(), span: *span });
        }
        Some((_, ready)) if ready.get("log").is_some() => found.extend(no_log(name, service)),
        Some(_) | None => {}
    }
    if is_job
        && let Some(restart) = service.get("restart")
        && let Some(word @ ("always" | "unless-stopped")) = restart.as_str()
    {
        let (service, word) = (name.to_owned(), word.to_owned());
        found.push(OwnLintWarning::JobRestarts { service, word, span: restart.span });
    }
    found
}

/// Whether a service has a healthcheck of its own that is not disabled.
fn has_test(service: &Node) -> bool {
    let Some(check) = service.get("healthcheck") else { return false };
    let is_disabled = check.get("disable").is_some_and(|disable| disable.value == Value::Bool(true));
    let none =
        |test: &Node| test.as_sequence().is_some_and(|words| words.first().and_then(Node::as_str) == Some("NONE"));
    check.get("test").is_some_and(|test| !none(test)) && !is_disabled
}

/// Engines keep a copy of what other drivers send away, unless they are told not to.
fn no_log(name: &str, service: &Node) -> Option<OwnLintWarning> {
    let logging = service.get("logging")?;
    let driver = logging.get("driver")?;
    let word = driver.as_str()?;
    let option = logging.get("options").and_then(|options| options.get("cache-disabled"));
    let uncached = option.filter(|it| it.value == Value::Bool(true) || it.as_str() == Some("true"));
    let (setting, span) = match uncached {
        _ if word == "none" => ("driver: none", driver.span),
        Some(option) if !READABLE.contains(&word) => ("options.cache-disabled: true", option.span),
        Some(_) | None => return None,
    };
    Some(OwnLintWarning::NoLog { service: name.to_owned(), setting: setting.to_owned(), span })
}
