//! Events of containers as `events` shows them.

use std::collections::BTreeMap;
use std::io::{self, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::text;
use crate::diagnostic::visible::{Colors, visible};
use crate::observed::EngineEvent;
use crate::project::label;

/// Writes an event as a line of text, and an empty line as Docker Compose does.
///
/// # Errors
///
/// If writing to `out` fails.
pub fn write(event: &EngineEvent, zone: &TimeZone, out: &mut impl Write) -> io::Result<()> {
    let time = time(event).to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S.%6f").to_string();
    let attributes: Vec<String> = attributes(event).map(|(key, value)| format!("{key}={value}")).collect();
    let line = format!("{time} container {} {} ({})", event.action, event.id, attributes.join(", "));
    writeln!(out, "{}\n", visible(&line, Colors::Shown).replace('\n', " "))
}

/// Writes an event as a JSON object on its own line.
///
/// # Errors
///
/// If writing to `out` fails.
pub fn write_json(event: &EngineEvent, zone: &TimeZone, out: &mut impl Write) -> io::Result<()> {
    let object = serde_json::json!({
        "action": event.action,
        "attributes": attributes(event).collect::<BTreeMap<_, _>>(),
        "id": event.id.as_str(),
        "service": event.service().map(|service| service.to_string()).unwrap_or_default(),
        "time": text::time(time(event), zone),
        "type": "container",
    });
    writeln!(out, "{}", text::escape_html(&object.to_string()))
}

fn time(event: &EngineEvent) -> Timestamp {
    Timestamp::from_nanosecond(event.time).unwrap_or_default()
}

/// The attributes without the labels that Compose tools set.
fn attributes(event: &EngineEvent) -> impl Iterator<Item = (&String, &String)> {
    let is_set_by_a_tool = |key: &str| label::PREFIXES.iter().any(|prefix| key.starts_with(prefix));
    event.attributes.iter().filter(move |(key, _)| !is_set_by_a_tool(key))
}
