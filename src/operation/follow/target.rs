//! A container whose output is shown, and the name it is shown with.

use std::sync::Arc;

use super::settings::FollowSettings;
use crate::engine::ContainerEvent;
use crate::execute::Announcement;
use crate::observed::{Container, ContainerId};
use crate::project::ServiceName;
use crate::project::label;

/// A container whose output is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its id.
    pub id: ContainerId,
    /// Its name.
    pub name: String,
    /// The name its lines are shown with.
    pub source: Arc<str>,
    /// Its service.
    pub service: ServiceName,
    /// Its replica number.
    pub number: Option<u32>,
    /// Whether it has a terminal, so that its output is one raw stream; `None` if unknown: ask the engine.
    pub terminal: Option<bool>,
    /// Whether it is up.
    pub running: bool,
}

impl Target {
    /// The target for an observed container; `None` if it does not belong to a service.
    #[must_use]
    pub fn of(settings: &FollowSettings, container: &Container) -> Option<Self> {
        let mut target = Self {
            id: container.id.clone(),
            name: container.name.clone(),
            source: Arc::from(""),
            service: container.service.clone()?,
            number: container.number,
            terminal: None,
            running: container.is_up(),
        };
        target.source = display_name(settings, &target);
        Some(target)
    }

    /// The target for a replica that is about to start.
    pub(super) fn of_announcement(announcement: &Announcement) -> Self {
        Self {
            id: announcement.id.clone(),
            name: announcement.name.clone(),
            source: Arc::from(""),
            service: announcement.replica.service.clone(),
            number: Some(announcement.replica.number),
            terminal: announcement.terminal,
            running: announcement.running,
        }
    }

    /// The target for the container of an event; `None` for one-offs and hook containers, which are not replicas.
    pub(super) fn of_event(settings: &FollowSettings, event: &ContainerEvent) -> Option<Self> {
        let attribute = |name: &str| event.attributes.get(name);
        let one_off = attribute(label::ONE_OFF).is_some_and(|value| value == "True");
        let mut target = Self {
            id: event.id.clone(),
            name: attribute("name").cloned().unwrap_or_else(|| event.id.short().to_owned()),
            source: Arc::from(""),
            service: attribute(label::SERVICE)?.as_str().into(),
            number: attribute(label::NUMBER).and_then(|number| number.parse().ok()),
            terminal: None,
            running: true,
        };
        if one_off || attribute(label::CONFIG_HASH).is_none() {
            return None;
        }
        target.source = display_name(settings, &target);
        Some(target)
    }
}

/// The name that the lines of a container are shown with: its name, without the project's if it is the default name.
#[must_use]
pub fn display_name(settings: &FollowSettings, target: &Target) -> Arc<str> {
    let (name, project) = (final_name(&target.name), settings.project.as_str());
    let short = target.number.and_then(|number| settings.separator.short_name(name, project, &target.service, number));
    short.map_or_else(|| Arc::from(target.name.as_str()), Arc::from)
}

/// The final name of a container that may have the temporary name of a replacement: `<12 hex digits>_<name>`.
fn final_name(name: &str) -> &str {
    match name.split_once('_') {
        Some((id, name)) if id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) => name,
        Some(_) | None => name,
    }
}
