//! Containers as `ps` shows them.

mod ports;

use std::collections::BTreeSet;
use std::io::{self, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::listing::template::Value;
use super::listing::{Column, Field, Format, JsonForm, Listing, ListingError, Truncate, age, cut, joined, labels};
use super::text;
use crate::diagnostic::visible::{Colors, visible};
use crate::observed::{Container, Health, MountKind, PublishedPort, State};
use crate::project::label;

/// How many columns of a command are shown.
const COMMAND_WIDTH: usize = 20;
/// How many columns of a mount are shown.
const MOUNT_WIDTH: usize = 15;

/// The columns and fields of containers.
static CONTAINERS: Listing<Container, PsSettings> = Listing {
    fields: &[
        Field::new("Command", "COMMAND", |container, settings| command(container, settings.truncate).into()),
        Field::new("CreatedAt", "CREATED AT", |container, settings| created_at(container, settings).into()),
        Field::new("Engine", "ENGINE", |container, _| engine(container).into()),
        Field::without_heading("ExitCode", |container, _| exit_code(container).into()),
        Field::without_heading("Health", |container, _| health(container).into()),
        Field::new("ID", "CONTAINER ID", |container, settings| id(container, settings).into()),
        Field::new("Image", "IMAGE", |container, _| container.image.clone().into()),
        Field::lookup("Label", |container, _| Value::Lookup(container.labels.clone())),
        Field::new("Labels", "LABELS", |container, _| labels(&container.labels).into()),
        Field::without_heading("LocalVolumes", |container, _| local_volumes(container).into()),
        Field::without_heading("Mounts", |container, settings| mounts(container, settings).into()),
        Field::new("Name", "NAME", |container, _| container.name.clone().into()),
        Field::without_heading("Names", |container, _| container.name.clone().into()),
        Field::without_heading("Networks", |container, _| joined(container.networks.keys().cloned()).into()),
        Field::new("Ports", "PORTS", |container, _| ports::displayed(&container.ports).into()),
        Field::new("Project", "PROJECT", |_, settings| settings.project.clone().into()),
        Field::without_heading("Publishers", |container, _| publishers(container)),
        Field::new("RunningFor", "CREATED", |container, settings| age(container.created, settings.now).into()),
        Field::new("Service", "SERVICE", |container, _| service(container).into()),
        Field::new("Size", "SIZE", |_, _| "0B".into()),
        Field::new("State", "STATE", |container, _| container.state.as_str().into()),
        Field::new("Status", "STATUS", |container, _| container.status.clone().into()),
    ],
    columns: &[
        Column::of("Name"),
        Column::of("Image"),
        Column::of("Command"),
        Column::of("Service"),
        Column::of("RunningFor"),
        Column::of("Status"),
        Column::of("Ports"),
        Column::if_any("Engine", |container| container.labels.contains_key(label::ENGINE)),
    ],
    id: |container, _| container.id.to_string(),
    // One line per label would break scripts that split lines at colons.
    raw: &[
        ("container_id", "ID"),
        ("image", "Image"),
        ("command", "Command"),
        ("created_at", "CreatedAt"),
        ("state", "State"),
        ("status", "Status"),
        ("names", "Names"),
        ("labels", "Labels"),
        ("ports", "Ports"),
    ],
    json: JsonForm::Lines,
    narrowest: 10,
};

/// The format of the listing.
#[derive(Debug, Clone, PartialEq)]
pub enum PsFormat {
    /// Containers, in one of the common formats.
    Containers(Format),
    /// The names of their services, without duplicates.
    Services,
}

/// What the listing depends on besides the containers.
#[derive(Debug, Clone)]
pub struct PsSettings {
    /// The project they belong to.
    pub project: String,
    /// Whether to truncate long ids, commands and mounts.
    pub truncate: Truncate,
    /// The current time, for ages.
    pub now: Timestamp,
    /// The time zone for dates.
    pub zone: TimeZone,
}

/// Writes `containers`, sorted by name.
///
/// # Errors
///
/// If writing to `out` fails, or a template uses a field that containers do not have.
pub fn write(
    containers: &[&Container],
    format: &PsFormat,
    settings: &PsSettings,
    out: &mut impl Write,
) -> Result<(), ListingError> {
    let mut sorted = containers.to_vec();
    sorted.sort_by(|one, other| one.name.cmp(&other.name));
    match format {
        PsFormat::Containers(format) => CONTAINERS.write(&sorted, format, settings, out),
        PsFormat::Services => Ok(write_services(&sorted, out)?),
    }
}

fn write_services(containers: &[&Container], out: &mut impl Write) -> io::Result<()> {
    let names: BTreeSet<&str> =
        containers.iter().filter_map(|container| Some(container.service.as_ref()?.as_str())).collect();
    names.iter().try_for_each(|name| writeln!(out, "{}", visible(name, Colors::Shown)))
}

fn exit_code(container: &Container) -> i64 {
    let has_ended = matches!(container.state, State::Exited | State::Dead);
    container.exit_code.filter(|_| has_ended).unwrap_or_default()
}

fn local_volumes(container: &Container) -> String {
    container.mounts.iter().filter(|mount| mount.kind == MountKind::Volume).count().to_string()
}

fn mounts(container: &Container, settings: &PsSettings) -> String {
    joined(container.mounts.iter().map(|mount| {
        let name = mount.name.as_ref().unwrap_or(&mount.source);
        if settings.truncate == Truncate::Never { name.clone() } else { cut(name, MOUNT_WIDTH) }
    }))
}

fn publishers(container: &Container) -> Value {
    let mut ports = container.ports.clone();
    ports.sort_by_key(|port| port.target);
    let publisher = |port: PublishedPort| {
        Value::Record(vec![
            ("URL", port.host_ip.unwrap_or_default().into()),
            ("TargetPort", i64::from(port.target).into()),
            ("PublishedPort", i64::from(port.published.unwrap_or_default()).into()),
            ("Protocol", port.protocol.into()),
        ])
    };
    Value::List(ports.into_iter().map(publisher).collect())
}

fn id(container: &Container, settings: &PsSettings) -> String {
    match settings.truncate {
        Truncate::Long => container.id.short().to_owned(),
        Truncate::Never => container.id.to_string(),
    }
}

fn service(container: &Container) -> String {
    container.service.as_ref().map(ToString::to_string).unwrap_or_default()
}

fn engine(container: &Container) -> String {
    container.labels.get(label::ENGINE).cloned().unwrap_or_default()
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

fn created_at(container: &Container, settings: &PsSettings) -> String {
    let created = Timestamp::from_second(container.created).unwrap_or_default();
    created.to_zoned(settings.zone.clone()).strftime("%Y-%m-%d %H:%M:%S %z %Z").to_string()
}

/// The command in quotes, truncated before quoting.
fn command(container: &Container, truncate: Truncate) -> String {
    let command = match truncate {
        Truncate::Long => cut(&container.command, COMMAND_WIDTH),
        Truncate::Never => container.command.clone(),
    };
    text::quoted(&command)
}
