//! Containers as `ps` shows them (cli.md §5.1).

mod ports;

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use unicode_width::UnicodeWidthChar;

use super::json::escape_html;
use super::{table, text};
use crate::observed::{Container, Health, MountKind, State};

/// The label of containers that run on another engine than the project's.
const ENGINE_LABEL: &str = "com.docker.compose.engine";
/// How many columns of a command are shown.
const COMMAND_WIDTH: usize = 20;
/// How many columns of a mount are shown.
const MOUNT_WIDTH: usize = 15;

/// The form of the listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PsFormat {
    /// A table with headings.
    #[default]
    Table,
    /// A JSON object a line.
    Json,
    /// Full ids, one a line.
    Ids,
    /// The names of services, each once.
    Services,
}

/// What the listing depends on beside the containers.
#[derive(Debug, Clone)]
pub struct PsSettings {
    /// The project they belong to.
    pub project: String,
    /// Whether long ids, commands and mounts are cut.
    pub truncate: Truncate,
    /// The time that ages count to.
    pub now: Timestamp,
    /// The time zone of dates.
    pub zone: TimeZone,
}

/// Whether long values are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Truncate {
    /// They are.
    #[default]
    Long,
    /// They are not (`--no-trunc`).
    Never,
}

/// Writes `containers`, sorted by name.
///
/// # Errors
///
/// When `out` cannot be written to.
pub fn write(
    containers: &[&Container],
    format: PsFormat,
    settings: &PsSettings,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut sorted = containers.to_vec();
    sorted.sort_by(|one, other| one.name.cmp(&other.name));
    match format {
        PsFormat::Table => table::write(&rows(&sorted, settings), out),
        PsFormat::Json => sorted.iter().try_for_each(|container| {
            let json = serde_json::to_string(&Row::of(container, settings))?;
            writeln!(out, "{}", escape_html(&json))
        }),
        PsFormat::Ids => sorted.iter().try_for_each(|container| writeln!(out, "{}", container.id)),
        PsFormat::Services => {
            let names: BTreeSet<&str> =
                sorted.iter().filter_map(|container| Some(container.service.as_ref()?.as_str())).collect();
            names.iter().try_for_each(|name| writeln!(out, "{name}"))
        }
    }
}

fn rows(containers: &[&Container], settings: &PsSettings) -> Vec<Vec<String>> {
    let engines = containers.iter().any(|container| container.labels.contains_key(ENGINE_LABEL));
    let mut heading: Vec<String> =
        ["NAME", "IMAGE", "COMMAND", "SERVICE", "CREATED", "STATUS", "PORTS"].map(str::to_owned).to_vec();
    if engines {
        heading.push("ENGINE".to_owned());
    }
    let row = |container: &&Container| {
        let mut cells = vec![
            container.name.clone(),
            container.image.clone(),
            command(container, settings.truncate),
            service(container),
            age(container, settings),
            container.status.clone(),
            ports::displayed(&container.ports),
        ];
        if engines {
            cells.push(engine(container));
        }
        cells
    };
    std::iter::once(heading).chain(containers.iter().map(row)).collect()
}

/// The members of a JSON object, in the order in which they are written.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    command: String,
    created_at: String,
    engine: String,
    exit_code: i64,
    health: &'static str,
    #[serde(rename = "ID")]
    id: String,
    image: String,
    labels: String,
    local_volumes: String,
    mounts: String,
    name: String,
    names: String,
    networks: String,
    ports: String,
    project: String,
    publishers: Vec<Publisher>,
    running_for: String,
    service: String,
    size: &'static str,
    state: &'static str,
    status: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Publisher {
    #[serde(rename = "URL")]
    url: String,
    target_port: u16,
    published_port: u16,
    protocol: String,
}

impl Row {
    fn of(container: &Container, settings: &PsSettings) -> Self {
        let has_ended = matches!(container.state, State::Exited | State::Dead);
        let volumes = container.mounts.iter().filter(|mount| mount.kind == MountKind::Volume).count();
        Self {
            command: command(container, settings.truncate),
            created_at: created_at(container, settings),
            engine: engine(container),
            exit_code: container.exit_code.filter(|_| has_ended).unwrap_or_default(),
            health: health(container),
            id: match settings.truncate {
                Truncate::Long => container.id.short().to_owned(),
                Truncate::Never => container.id.to_string(),
            },
            image: container.image.clone(),
            labels: join(container.labels.iter().map(|(key, value)| format!("{key}={value}"))),
            local_volumes: volumes.to_string(),
            mounts: join(container.mounts.iter().map(|mount| {
                let name = mount.name.as_ref().unwrap_or(&mount.source);
                if settings.truncate == Truncate::Never { name.clone() } else { cut(name, MOUNT_WIDTH) }
            })),
            name: container.name.clone(),
            names: container.name.clone(),
            networks: join(container.networks.keys().cloned()),
            ports: ports::displayed(&container.ports),
            project: settings.project.clone(),
            publishers: publishers(container),
            running_for: age(container, settings),
            service: service(container),
            size: "0B",
            state: container.state.as_str(),
            status: container.status.clone(),
        }
    }
}

fn publishers(container: &Container) -> Vec<Publisher> {
    let mut ports = container.ports.clone();
    ports.sort_by_key(|port| port.target);
    let publisher = |port: crate::observed::PublishedPort| Publisher {
        url: port.host_ip.unwrap_or_default(),
        target_port: port.target,
        published_port: port.published.unwrap_or_default(),
        protocol: port.protocol,
    };
    ports.into_iter().map(publisher).collect()
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(",")
}

fn service(container: &Container) -> String {
    container.service.as_ref().map(ToString::to_string).unwrap_or_default()
}

fn engine(container: &Container) -> String {
    container.labels.get(ENGINE_LABEL).cloned().unwrap_or_default()
}

fn health(container: &Container) -> &'static str {
    match container.health {
        _ if container.state != State::Running => "",
        Health::None => "",
        Health::Starting => "starting",
        Health::Healthy => "healthy",
        Health::Unhealthy => "unhealthy",
    }
}

fn age(container: &Container, settings: &PsSettings) -> String {
    let seconds = settings.now.as_second().saturating_sub(container.created);
    format!("{} ago", text::duration(Duration::from_secs(u64::try_from(seconds).unwrap_or_default())))
}

fn created_at(container: &Container, settings: &PsSettings) -> String {
    let created = Timestamp::from_second(container.created).unwrap_or_default();
    created.to_zoned(settings.zone.clone()).strftime("%Y-%m-%d %H:%M:%S %z %Z").to_string()
}

/// The command in quotes, cut before it is quoted.
fn command(container: &Container, truncate: Truncate) -> String {
    let command = match truncate {
        Truncate::Long => cut(&container.command, COMMAND_WIDTH),
        Truncate::Never => container.command.clone(),
    };
    quote(&command)
}

/// `text` in at most `width` columns, the last of which is `…` where something is missing.
fn cut(text: &str, width: usize) -> String {
    let columns = |character: char| character.width().unwrap_or_default();
    if text.chars().map(columns).sum::<usize>() <= width {
        return text.to_owned();
    }
    let mut used = 0;
    let fits = |character: &char| {
        used += columns(*character);
        used < width
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

/// `text` in double quotes, with the escapes of Go's string literals.
fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{b}' => quoted.push_str("\\v"),
            '\u{c}' => quoted.push_str("\\f"),
            character if character.is_control() => {
                let code = u32::from(character);
                let escape = if code < 0x80 { format!("\\x{code:02x}") } else { format!("\\u{code:04x}") };
                quoted.push_str(&escape);
            }
            character => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}
