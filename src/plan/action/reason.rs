//! Why a step is there.

use std::fmt::{self, Display as _};

use crate::observed::ImageDigest;
use crate::project::{NetworkKey, ServiceName, VolumeKey};

/// Why a step is there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// It does not exist in the engine.
    Missing,
    /// The replica has no container.
    NoContainer,
    /// The service's definition changed; the changed fields, if known.
    ConfigChanged(Vec<FieldChange>),
    /// The image changed.
    ImageChanged {
        /// The image the container was created from.
        from: Option<ImageDigest>,
        /// The image the reference means now; `None` if only the run finds out.
        to: Option<ImageDigest>,
    },
    /// The image mounted at this path changed.
    ImageVolumeChanged(String),
    /// `--force-recreate`, `--always-recreate-deps` or `--renew-anon-volumes`.
    Forced,
    /// It is not connected to this network of its service.
    NotConnected(NetworkKey),
    /// It does not mount this volume of its service.
    NotMounted(VolumeKey),
    /// A service whose namespace or volumes it uses is recreated.
    SharesWith(ServiceName),
    /// A service whose namespace it uses restarts or has restarted: the old namespace is gone.
    PartnerRestarted(ServiceName),
    /// A dependency with `restart: true` is recreated.
    DependencyRecreated(ServiceName),
    /// There are more replicas than the service defines.
    ScaledDown,
    /// Another container replaces it.
    Replaced,
    /// It is the replacement.
    Replacement,
    /// The replicas of the service are replaced in turn.
    RollingUpdate,
    /// Its update failed, and it is the new container.
    TakenBack,
    /// Its update failed, and it is the old container.
    PutBack,
    /// An interrupted run left it under a temporary name.
    Interrupted,
    /// It was stopped, or created and never started.
    NotRunning,
    /// It was paused.
    Paused,
    /// It is a completed job, which every `up` runs again.
    RanBefore {
        /// Its exit status.
        exit_code: i64,
    },
    /// It was created in this run.
    Created,
    /// Its service is not in the files.
    Orphan,
    /// It was created by `run` and has exited.
    OneOffEnded,
    /// It was created by `run`, and `down --remove-orphans` removes it too.
    OneOff,
    /// `down` takes the project down.
    Down,
    /// The user, or the exit of a container, ends an attached `up`.
    StopAsked,
    /// The command is there for nothing else: `restart`, `kill`, `pause`, `unpause`, `rm`.
    Requested,
    /// `run` runs a command in it.
    OneOffAsked,
    /// A dependency with `restart: true` is restarted.
    DependencyRestarted(ServiceName),
    /// `--volumes` was given.
    VolumesAsked,
    /// `down --rmi`.
    ImagesAsked,
    /// A newer image of the project took its name.
    NameLost,
    /// The definition of the network or volume changed.
    DefinitionChanged,
    /// The resource it uses is recreated.
    ResourceRecreated(String),
    /// These services need it.
    NeededBy(Vec<ServiceName>),
    /// The pull policy requires it.
    PullPolicy(String),
    /// `--build` or `pull_policy: build` was given.
    BuildAsked,
    /// `--wait` was given.
    WaitAsked,
    /// Every run does it.
    EveryRun,
    /// It is a hook of the service.
    Hook,
    /// A `pre_start` hook of an earlier run failed in it.
    HookFailed,
    /// A `pre_start` hook that an earlier run made but did not run is made anew.
    HookRenewed,
}

/// One field of a definition that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// The field, such as `image` or `environment.DEBUG`.
    pub field: String,
    /// The old value, if known.
    pub from: Option<FieldValue>,
    /// The new value, if there is one.
    pub to: Option<FieldValue>,
}

/// A value of a field for display, with secrets hidden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldValue {
    /// Text.
    Text(String),
    /// Anything else, as compact JSON: `true`, `["sleep","600"]`.
    Json(String),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("missing"),
            Self::NoContainer => f.write_str("no container yet"),
            Self::ConfigChanged(fields) => config_changed(f, fields),
            Self::ImageChanged { from, to } => image_changed(f, from.as_ref(), to.as_ref()),
            Self::ImageVolumeChanged(target) => write!(f, "the image mounted at {target} changed"),
            Self::Forced => f.write_str("recreation requested"),
            Self::NotConnected(key) => write!(f, "not connected to network {key}"),
            Self::NotMounted(key) => write!(f, "does not mount volume {key}"),
            Self::SharesWith(service) => write!(f, "shares with {service}, which is recreated"),
            Self::PartnerRestarted(service) => write!(f, "shares a namespace with {service}, which was restarted"),
            Self::DependencyRecreated(service) => write!(f, "{service} is recreated"),
            Self::ScaledDown => f.write_str("scaled down"),
            Self::Replaced => f.write_str("replaced"),
            Self::Replacement => f.write_str("replaces the old container"),
            Self::RollingUpdate => f.write_str("replicas are replaced in turn"),
            Self::TakenBack => f.write_str("update failed: removing the new container"),
            Self::PutBack => f.write_str("update failed: restoring the old container"),
            Self::Interrupted => f.write_str("left by an interrupted run"),
            Self::NotRunning => f.write_str("not running"),
            Self::Paused => f.write_str("paused"),
            Self::RanBefore { exit_code } => write!(f, "ran before, exit {exit_code}"),
            Self::Created => f.write_str("created"),
            Self::Orphan => f.write_str("its service is not in the files"),
            Self::OneOffEnded => f.write_str("finished one-off"),
            Self::OneOff => f.write_str("one-off"),
            Self::Down => f.write_str("down"),
            Self::StopAsked => f.write_str("stop requested"),
            Self::Requested => f.write_str("requested"),
            Self::OneOffAsked => f.write_str("for one command"),
            Self::DependencyRestarted(service) => write!(f, "{service} is restarted"),
            Self::VolumesAsked => f.write_str("removal of volumes requested"),
            Self::ImagesAsked => f.write_str("removal of images requested"),
            Self::NameLost => f.write_str("replaced by a newer build"),
            Self::DefinitionChanged => f.write_str("definition changed"),
            Self::ResourceRecreated(name) => write!(f, "{name} is recreated"),
            Self::NeededBy(services) => write!(f, "needed by {}", names(services)),
            Self::PullPolicy(policy) => write!(f, "pull policy {policy}"),
            Self::BuildAsked => f.write_str("build requested"),
            Self::WaitAsked => f.write_str("wait requested"),
            Self::EveryRun => f.write_str("done on every run"),
            Self::Hook => f.write_str("before the service starts"),
            Self::HookFailed => f.write_str("left by a failed hook"),
            Self::HookRenewed => f.write_str("made anew"),
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
            (Some(from), None) => write!(f, "{} removed, was {from}", self.field),
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

/// JSON text with `<`, `>` and `&` unescaped; [`crate::project::Tree`] escapes them as Docker Compose does.
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
