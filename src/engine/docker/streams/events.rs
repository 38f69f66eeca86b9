//! The engine's events, as they happen.

use std::collections::BTreeMap;

use futures::stream::{BoxStream, StreamExt};
use serde::Deserialize;

use crate::engine::docker::client::{Client, QUESTION, query};
use crate::engine::docker::json::or_default;
use crate::engine::docker::transport::{self, Ask};
use crate::engine::docker::{classify, status};
use crate::engine::{ContainerEvent, ContainerEventKind, EngineError, EventQuery};
use crate::observed::EngineEvent;
use crate::project::label;

/// The kinds of events to receive. Probes and other execs would be most of a busy engine's events.
const KINDS: &[&str] = &[
    "create",
    "start",
    "restart",
    "kill",
    "die",
    "stop",
    "destroy",
    "rename",
    "pause",
    "unpause",
    "health_status",
    "oom",
];

/// Events of a project's containers from now on. If the connection ends, that is an error, since events never end.
pub(super) async fn container_events(
    client: &Client,
    project: &str,
) -> Result<BoxStream<'static, Result<ContainerEvent, EngineError>>, EngineError> {
    let mut filters = serde_json::json!({
        "type": ["container"],
        "label": [format!("{}={project}", label::PROJECT)],
    });
    // Podman 4.3 only returns events that match all kinds in the filter, and names some of them differently.
    if !client.is_podman().await? {
        filters["event"] = KINDS.into();
    }
    let messages = listen(client, &filters, EventQuery::default()).await?;
    Ok(messages.filter_map(async |message| message.map(Message::event).transpose()).boxed())
}

/// All events of a project's containers, in a period.
pub(super) async fn all(
    client: &Client,
    project: &str,
    period: EventQuery,
) -> Result<BoxStream<'static, Result<EngineEvent, EngineError>>, EngineError> {
    let filters = serde_json::json!({
        "type": ["container"],
        "label": [format!("{}={project}", label::PROJECT)],
    });
    let messages = listen(client, &filters, period).await?;
    Ok(messages.map(|message| message.map(Message::engine_event)).boxed())
}

/// The engine's messages; if they end before the period does, that is an error.
async fn listen(
    client: &Client,
    filters: &serde_json::Value,
    period: EventQuery,
) -> Result<BoxStream<'static, Result<Message, EngineError>>, EngineError> {
    let (filters, since, until) = (filters.to_string(), period.since.map(moment), period.until.map(moment));
    let mut asked = vec![("filters", filters.as_str())];
    asked.extend(since.as_deref().map(|since| ("since", since)));
    asked.extend(until.as_deref().map(|until| ("until", until)));
    let path = format!("/events?{}", query(&asked));
    // Engines send the response headers when they begin to listen.
    let answer = client.ask(QUESTION, Ask::get(&path)).await;
    let response = answer.map_err(|error| classify::failed_to("report container events", error))?;
    let messages = transport::json_lines::<Message>(response.into_body());
    if until.is_some() {
        return Ok(messages.boxed());
    }
    let ended = futures::stream::once(async {
        Err(EngineError::Disconnected("the engine closed the event stream".to_owned()))
    });
    Ok(messages.chain(ended).boxed())
}

/// Nanoseconds since 1970 as seconds with a fraction.
fn moment(nanoseconds: i128) -> String {
    const NANOSECONDS: i128 = 1_000_000_000;
    format!("{}.{:09}", nanoseconds.div_euclid(NANOSECONDS), nanoseconds.rem_euclid(NANOSECONDS))
}

#[derive(Debug, Deserialize)]
struct Message {
    #[serde(default, rename = "Action")]
    action: String,
    #[serde(default, rename = "Actor")]
    actor: Actor,
    #[serde(default, rename = "timeNano")]
    time_nano: i64,
    #[serde(default)]
    time: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Actor {
    #[serde(default, rename = "ID")]
    id: String,
    #[serde(default, deserialize_with = "or_default")]
    attributes: BTreeMap<String, String>,
}

impl Message {
    fn event(self) -> Option<ContainerEvent> {
        let kind = self.kind()?;
        let time = self.nanoseconds();
        Some(ContainerEvent { id: self.actor.id.into(), kind, time, attributes: self.actor.attributes })
    }

    fn engine_event(self) -> EngineEvent {
        let time = self.nanoseconds();
        EngineEvent { id: self.actor.id.into(), action: self.action, time, attributes: self.actor.attributes }
    }

    fn nanoseconds(&self) -> i128 {
        match self.time_nano {
            0 => i128::from(self.time) * 1_000_000_000,
            nanoseconds => nanoseconds.into(),
        }
    }

    fn kind(&self) -> Option<ContainerEventKind> {
        // `health_status: healthy`
        let (action, detail) = match self.action.split_once(':') {
            Some((action, detail)) => (action, detail.trim()),
            None => (self.action.as_str(), ""),
        };
        Some(match action {
            "create" => ContainerEventKind::Create,
            "start" => ContainerEventKind::Start,
            "restart" => ContainerEventKind::Restart,
            "die" | "died" => ContainerEventKind::Die(self.exit_code()),
            "kill" => ContainerEventKind::Kill,
            "stop" => ContainerEventKind::Stop,
            "destroy" | "remove" => ContainerEventKind::Destroy,
            "rename" => ContainerEventKind::Rename,
            "pause" => ContainerEventKind::Pause,
            "unpause" => ContainerEventKind::Unpause,
            "health_status" => ContainerEventKind::Health(status::health(self.health_word(detail))),
            "oom" => ContainerEventKind::OutOfMemory,
            _ => return None,
        })
    }

    fn exit_code(&self) -> i64 {
        let attribute = |name: &str| self.actor.attributes.get(name).and_then(|code| code.parse().ok());
        attribute("exitCode").or_else(|| attribute("containerExitCode")).unwrap_or(0)
    }

    /// Podman has the result in a separate attribute.
    fn health_word<'a>(&'a self, detail: &'a str) -> &'a str {
        match self.actor.attributes.get("health_status") {
            Some(word) if detail.is_empty() => word,
            _ => detail,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observed::Health;

    fn event(action: &str, attributes: &str) -> Option<ContainerEvent> {
        let text = format!(
            r#"{{"Type":"container","Action":"{action}","Actor":{{"ID":"c1","Attributes":{attributes}}},
                "time":3,"timeNano":3000000001}}"#
        );
        serde_json::from_str::<Message>(&text).unwrap().event()
    }

    #[test]
    fn actions() {
        let kind = |action: &str, attributes: &str| event(action, attributes).map(|event| event.kind);
        assert_eq!(kind("die", r#"{"exitCode":"137"}"#), Some(ContainerEventKind::Die(137)));
        assert_eq!(kind("health_status: healthy", "null"), Some(ContainerEventKind::Health(Health::Healthy)));
        assert_eq!(kind("health_status: unhealthy", "{}"), Some(ContainerEventKind::Health(Health::Unhealthy)));
        let podman = r#"{"health_status":"healthy"}"#;
        assert_eq!(kind("health_status", podman), Some(ContainerEventKind::Health(Health::Healthy)));
        assert_eq!(kind("exec_create: sh", "{}"), None);
        assert_eq!(kind("oom", "{}"), Some(ContainerEventKind::OutOfMemory));
    }

    #[test]
    fn moments_are_seconds_with_a_fraction() {
        assert_eq!(moment(1_700_000_000_000_000_001), "1700000000.000000001");
        assert_eq!(moment(0), "0.000000000");
    }

    #[test]
    fn an_event() {
        let start = event("start", r#"{"name":"shop-db-1"}"#).unwrap();
        assert_eq!(start.id, "c1".into());
        assert_eq!(start.time, 3_000_000_001);
        assert_eq!(start.attributes["name"], "shop-db-1");
    }
}
