//! The text form of a plan: one line a step, in the words of `hoist plan`, of the planner's tests and of bug reports.

use std::fmt::{self, Display as _};

use super::{
    Action, ActionId, AnonymousVolumes, BuildSpec, ContainerRef, Edge, FieldChange, FieldValue, Guard, ModelSpec, Plan,
    Probing, ProviderVerb, PullSpec, Reason, Step, WaitCondition, WaitSpec, Waiter,
};
use crate::observed::ImageDigest;
use crate::project::{Project, ServiceName};

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.steps().try_for_each(|(id, _)| writeln!(f, "{}", self.line(id)))
    }
}

impl Plan {
    /// The line of a step: `#2 remove container web/2: scaled down, after #1`.
    #[must_use]
    pub fn line(&self, id: ActionId) -> impl fmt::Display {
        Line { plan: self, id }
    }

    /// Why a step is there, with what has to hold for it: `scaled down`, `if the build changes its image`.
    #[must_use]
    pub fn why(&self, id: ActionId) -> impl fmt::Display {
        Why { plan: self, id }
    }

    /// The condition of a guard, as in `if the build changes its image`, seen from a step of `service`.
    fn guard_text(&self, guard: &Guard, service: Option<&ServiceName>) -> String {
        match guard {
            Guard::ImageChanged { producer, image, .. } => {
                let (verb, own) = self.producer(*producer, service);
                let image = if own { "its image".to_owned() } else { format!("image {image}") };
                format!("if the {verb} changes {image}")
            }
            Guard::ImageMissing { producer, .. } => format!("if {producer} does not get the image"),
            Guard::AnyOf(guards) => {
                let mut texts: Vec<_> = guards.iter().map(|guard| self.guard_text(guard, service)).collect();
                texts.dedup();
                texts.join(" or ")
            }
            Guard::Failed(steps) => {
                let steps: Vec<_> = steps.iter().map(ToString::to_string).collect();
                format!("if {} fails", steps.join(" or "))
            }
            Guard::AllOf(guards) => {
                let texts: Vec<_> = guards.iter().map(|guard| self.guard_text(guard, service)).collect();
                texts.join(" and ")
            }
        }
    }

    /// What a step does to an image, and whether that is the image of `service`.
    fn producer(&self, id: ActionId, service: Option<&ServiceName>) -> (&'static str, bool) {
        let Action::BuildImage(spec) = &self.step(id).action else {
            let own =
                |service| matches!(&self.step(id).action, Action::PullImage(spec) if spec.services.contains(service));
            return ("pull", service.is_some_and(own));
        };
        let image = service.and_then(|name| spec.project.services.get(name)).map(|own| spec.project.image_name(own));
        ("build", image.as_ref() == Some(&spec.image))
    }
}

struct Line<'a> {
    plan: &'a Plan,
    id: ActionId,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = self.plan.step(self.id);
        write!(f, "{} {}: {}", self.id, step.action, self.plan.why(self.id))?;
        for (edge, word) in [(Edge::Requires, "after"), (Edge::Follows, "after the end of")] {
            let mut before: Vec<_> =
                self.plan.before(self.id).filter(|(_, kind)| *kind == edge).map(|(id, _)| id).collect();
            before.sort_unstable();
            for (at, id) in before.into_iter().enumerate() {
                if at == 0 {
                    write!(f, ", {word} {id}")?;
                } else {
                    write!(f, ", {id}")?;
                }
            }
        }
        Ok(())
    }
}

struct Why<'a> {
    plan: &'a Plan,
    id: ActionId,
}

impl fmt::Display for Why<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Step { action, reason, guard } = self.plan.step(self.id);
        let Some(guard) = guard else { return reason.fmt(f) };
        let guard = self.plan.guard_text(guard, action.service());
        if let Reason::ImageChanged { to: None, .. } = reason {
            // The guard is the reason.
            return f.write_str(&guard);
        }
        write!(f, "{reason}, {guard}")
    }
}

impl Action {
    /// The service whose image, container or wait it is about.
    #[must_use]
    pub fn service(&self) -> Option<&ServiceName> {
        match self {
            Self::BuildImage(spec) => Some(&spec.service),
            Self::CreateContainer(spec) | Self::RunPreStart { spec, .. } => Some(&spec.replica.service),
            Self::DisconnectNetwork { container, .. }
            | Self::ConnectNetwork { container, .. }
            | Self::StartContainer { container, .. }
            | Self::UnpauseContainer { container }
            | Self::StopContainer { container, .. }
            | Self::RemoveContainer { container, .. }
            | Self::RenameContainer { container, .. } => container.replica.as_ref().map(|replica| &replica.service),
            Self::Wait(spec) => Some(&spec.service),
            Self::Pause { service, .. } | Self::RunProvider { service, .. } => Some(service),
            Self::PullImage(_)
            | Self::PullModel(_)
            | Self::ConfigureModel(_)
            | Self::CreateNetwork { .. }
            | Self::RemoveNetwork { .. }
            | Self::CreateVolume { .. }
            | Self::RemoveVolume { .. }
            | Self::RemoveImage { .. } => None,
        }
    }

    /// What is done, in one or two words: `create container`, `wait for`.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        match self {
            Self::PullImage(_) => "pull image",
            Self::BuildImage(_) => "build image",
            Self::PullModel(_) => "pull model",
            Self::ConfigureModel(_) => "configure model",
            Self::CreateNetwork { .. } => "create network",
            Self::RemoveNetwork { .. } => "remove network",
            Self::DisconnectNetwork { .. } => "disconnect container",
            Self::ConnectNetwork { .. } => "connect container",
            Self::CreateVolume { .. } => "create volume",
            Self::RemoveVolume { .. } => "remove volume",
            Self::RemoveImage { .. } => "remove image",
            Self::CreateContainer(_) => "create container",
            Self::StartContainer { .. } => "start container",
            Self::UnpauseContainer { .. } => "unpause container",
            Self::StopContainer { .. } => "stop container",
            Self::RemoveContainer { .. } => "remove container",
            Self::RenameContainer { .. } => "rename container",
            Self::Wait(_) => "wait for",
            Self::Pause { .. } => "pause update of",
            Self::RunPreStart { .. } => "run pre_start hook",
            Self::RunProvider { verb, .. } => match verb {
                ProviderVerb::Up => "provide",
                ProviderVerb::Down => "take back",
                ProviderVerb::Stop => "stop provider of",
            },
        }
    }

    /// What it is done to: `web/2`, `shop_default`, `nginx:1.29`.
    #[must_use]
    pub fn object(&self) -> String {
        match self {
            Self::PullImage(spec) => image(&spec.image, spec.platform.as_deref()),
            Self::BuildImage(spec) => image(&spec.image, spec.platform.as_deref()),
            Self::PullModel(spec) | Self::ConfigureModel(spec) => spec.reference.clone(),
            Self::CreateNetwork { project, key } => network_name(project, key.as_str()).to_owned(),
            Self::RemoveNetwork { name, .. } | Self::RemoveVolume { name } => name.clone(),
            Self::RemoveImage { reference } => reference.clone(),
            Self::CreateVolume { project, key } => {
                project.volumes.get(key).map_or(key.as_str(), |volume| &volume.name).to_owned()
            }
            Self::CreateContainer(spec) => spec.replica.to_string(),
            Self::DisconnectNetwork { container, .. }
            | Self::ConnectNetwork { container, .. }
            | Self::StartContainer { container, .. }
            | Self::UnpauseContainer { container }
            | Self::StopContainer { container, .. }
            | Self::RemoveContainer { container, .. }
            | Self::RenameContainer { container, .. } => container.to_string(),
            Self::Wait(spec) if matches!(spec.waiter, Waiter::Update(_)) => {
                spec.containers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
            }
            Self::Wait(spec) => spec.service.to_string(),
            Self::RunPreStart { container, hook, .. } => hook_object(container, *hook),
            Self::Pause { service, .. } | Self::RunProvider { service, .. } => service.to_string(),
        }
    }

    /// What comes behind the object: where to, under which name, how far.
    fn detail(&self) -> String {
        match self {
            Self::DisconnectNetwork { network, .. } => format!(" from {network}"),
            Self::ConnectNetwork { spec, key, .. } => format!(" to {}", network_name(&spec.project, key.as_str())),
            Self::RenameContainer { name, .. } => format!(" to {name}"),
            Self::Wait(spec) => {
                let eager = if spec.probing == Probing::Eager { " (eager health)" } else { "" };
                let monitor = if spec.monitor.is_zero() { String::new() } else { format!(" for {:?}", spec.monitor) };
                format!(" to be {}{eager}{monitor}", spec.condition)
            }
            Self::Pause { duration, .. } => format!(" for {duration:?}"),
            Self::ConfigureModel(spec) => model_settings(spec),
            Self::RemoveVolume { .. } => " and its data".to_owned(),
            Self::RemoveContainer { volumes: AnonymousVolumes::Remove, unused, .. } => {
                match unused.iter().filter(|volume| volume.anonymous && volume.inherited_by.is_none()).count() {
                    0 => String::new(),
                    1 => " and the data of 1 anonymous volume".to_owned(),
                    count => format!(" and the data of {count} anonymous volumes"),
                }
            }
            Self::CreateContainer(spec) => {
                spec.temporary_name.as_ref().map_or_else(String::new, |name| format!(" as {name}"))
            }
            Self::PullImage(_)
            | Self::BuildImage(_)
            | Self::PullModel(_)
            | Self::CreateNetwork { .. }
            | Self::RemoveNetwork { .. }
            | Self::CreateVolume { .. }
            | Self::RemoveImage { .. }
            | Self::StartContainer { .. }
            | Self::UnpauseContainer { .. }
            | Self::StopContainer { .. }
            | Self::RemoveContainer { volumes: AnonymousVolumes::Keep, .. }
            | Self::RunPreStart { .. }
            | Self::RunProvider { .. } => String::new(),
        }
    }
}

/// How a model is configured. Its flags are counted only: they may hold a secret.
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

fn hook_object(container: &ContainerRef, hook: usize) -> String {
    format!("{} of {container}", hook + 1)
}

fn image(reference: &str, platform: Option<&str>) -> String {
    match platform {
        Some(platform) => format!("{reference} for {platform}"),
        None => reference.to_owned(),
    }
}

fn network_name<'a>(project: &'a Project, key: &'a str) -> &'a str {
    project.networks.get(key).map_or(key, |network| &network.name)
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.verb(), self.object(), self.detail())
    }
}

impl fmt::Display for WaitCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Healthy => "healthy",
            Self::CompletedSuccessfully => "completed",
            Self::RunningOrHealthy => "running or healthy",
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("missing"),
            Self::NoContainer => f.write_str("no container yet"),
            Self::ConfigChanged(fields) => config_changed(f, fields),
            Self::ImageChanged { from, to } => image_changed(f, from.as_ref(), to.as_ref()),
            Self::ImageVolumeChanged(target) => write!(f, "the image mounted at {target} changed"),
            Self::Forced => f.write_str("recreation was asked for"),
            Self::NotConnected(key) => write!(f, "not connected to network {key}"),
            Self::NotMounted(key) => write!(f, "does not mount volume {key}"),
            Self::SharesWith(service) => write!(f, "shares with {service}, which is recreated"),
            Self::PartnerRestarted(service) => write!(f, "shares a namespace with {service}, which was restarted"),
            Self::DependencyRecreated(service) => write!(f, "{service} is recreated"),
            Self::ScaledDown => f.write_str("scaled down"),
            Self::Replaced => f.write_str("replaced"),
            Self::Replacement => f.write_str("takes the place of the old one"),
            Self::RollingUpdate => f.write_str("replicas are replaced in turn"),
            Self::TakenBack => f.write_str("the new one goes again"),
            Self::PutBack => f.write_str("the old one comes back"),
            Self::Interrupted => f.write_str("left by an interrupted run"),
            Self::NotRunning => f.write_str("not running"),
            Self::Paused => f.write_str("paused"),
            Self::RanBefore { exit_code } => write!(f, "ran before, exit {exit_code}"),
            Self::Created => f.write_str("created"),
            Self::Orphan => f.write_str("its service is not in the files"),
            Self::OneOffEnded => f.write_str("one-off that ended"),
            Self::OneOff => f.write_str("one-off"),
            Self::Down => f.write_str("down"),
            Self::StopAsked => f.write_str("stop was asked for"),
            Self::VolumesAsked => f.write_str("removal of volumes was asked for"),
            Self::ImagesAsked => f.write_str("removal of images was asked for"),
            Self::DefinitionChanged => f.write_str("definition changed"),
            Self::ResourceRecreated(name) => write!(f, "{name} is recreated"),
            Self::NeededBy(services) => write!(f, "needed by {}", names(services)),
            Self::PullPolicy(policy) => write!(f, "pull policy {policy}"),
            Self::BuildAsked => f.write_str("build was asked for"),
            Self::WaitAsked => f.write_str("waiting was asked for"),
            Self::EveryRun => f.write_str("asked at every run"),
            Self::Hook => f.write_str("before the service starts"),
            Self::HookFailed => f.write_str("left behind by a failed hook"),
        }
    }
}

fn names(services: &[ServiceName]) -> String {
    services.iter().map(ServiceName::as_str).collect::<Vec<_>>().join(", ")
}

fn config_changed(f: &mut fmt::Formatter<'_>, fields: &[FieldChange]) -> fmt::Result {
    if fields.is_empty() {
        return f.write_str("definition changed");
    }
    for (at, field) in fields.iter().enumerate() {
        if at > 0 {
            f.write_str("; ")?;
        }
        field.fmt(f)?;
    }
    Ok(())
}

impl fmt::Display for FieldChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => write!(f, "{}: {from} → {to}", self.field),
            (None, Some(to)) => write!(f, "{} is now {to}", self.field),
            (Some(from), None) => write!(f, "{} is gone, was {from}", self.field),
            (None, None) => write!(f, "{} changed", self.field),
        }
    }
}

impl fmt::Display for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Json(json) => f.write_str(&unescape_html(json)),
        }
    }
}

/// JSON text with `<`, `>` and `&` themselves, which [`crate::project::Tree`] escapes as Docker Compose does.
fn unescape_html(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        shown.push_str(before);
        let known = [("\\u003c", "<"), ("\\u003e", ">"), ("\\u0026", "&"), ("\\\\", "\\\\")];
        let (code, character) = known.into_iter().find(|(code, _)| escape.starts_with(code)).unwrap_or(("\\", "\\"));
        shown.push_str(character);
        rest = &escape[code.len()..];
    }
    shown + rest
}

fn image_changed(f: &mut fmt::Formatter<'_>, from: Option<&ImageDigest>, to: Option<&ImageDigest>) -> fmt::Result {
    let short = |digest: &ImageDigest| match digest.as_str().split_once(':') {
        Some((algorithm, _)) => format!("{algorithm}:{}…", digest.short()),
        None => format!("{}…", digest.short()),
    };
    match (from.map(short), to.map(short)) {
        (Some(from), Some(to)) => write!(f, "image changed ({from} → {to})"),
        (None, Some(to)) => write!(f, "image changed (now {to})"),
        (_, None) => f.write_str("image changed"),
    }
}

impl fmt::Display for PullSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&image(&self.image, self.platform.as_deref()))
    }
}

impl fmt::Display for BuildSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&image(&self.image, self.platform.as_deref()))
    }
}

impl fmt::Display for WaitSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to be {}", self.service, self.condition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_shows_the_characters_that_compose_escapes() {
        let cases = [
            (r#"["sh","-c","a \u0026\u0026 b \u003e c \u003c d"]"#, r#"["sh","-c","a && b > c < d"]"#),
            (r#"["a\\u0026","\"\n\\"]"#, r#"["a\\u0026","\"\n\\"]"#),
        ];
        for (json, shown) in cases {
            assert_eq!(FieldValue::Json(json.to_owned()).to_string(), shown);
        }
    }
}
