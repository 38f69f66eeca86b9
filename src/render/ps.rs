//! Containers as `ps` shows them (cli.md §5.1).

mod ports;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use unicode_width::UnicodeWidthChar;

use super::template::{Purpose, Template, TemplateError, Value};
use super::{table, text};
use crate::diagnostic::visible::{Colors, visible};
use crate::observed::{Container, Health, MountKind, State};
use crate::project::label;

/// How many columns of a command are shown.
const COMMAND_WIDTH: usize = 20;
/// How many columns of a mount are shown.
const MOUNT_WIDTH: usize = 15;

/// What stands above the columns of a table that people ask for by fields.
const HEADINGS: [(&str, &str); 14] = [
    ("Command", "COMMAND"),
    ("CreatedAt", "CREATED AT"),
    ("Engine", "ENGINE"),
    ("ID", "CONTAINER ID"),
    ("Image", "IMAGE"),
    ("Labels", "LABELS"),
    ("Name", "NAME"),
    ("Ports", "PORTS"),
    ("Project", "PROJECT"),
    ("RunningFor", "CREATED"),
    ("Service", "SERVICE"),
    ("Size", "SIZE"),
    ("State", "STATE"),
    ("Status", "STATUS"),
];

/// The form of the listing.
#[derive(Debug, Clone, PartialEq, Default)]
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
    /// A block of lines for each container.
    Raw,
    /// What a template makes of each container, on a line of its own.
    Template(Template),
    /// A table whose columns a template separates by tabs, with the heading that belongs to its fields.
    Columns(Template),
}

impl PsFormat {
    /// The form that `--format` asks for: `table`, `json`, `raw`, `table TEMPLATE` or a template, in which `\\t` and
    /// `\\n` stand for tabs and newlines.
    ///
    /// # Errors
    ///
    /// Where it is a template that cannot be read.
    ///
    /// ```
    /// use hoist::render::ps::PsFormat;
    ///
    /// assert_eq!(PsFormat::parse("json"), Ok(PsFormat::Json));
    /// assert!(PsFormat::parse(r"table {{.Name}}\t{{.Status}}").is_ok());
    /// assert!(PsFormat::parse("{{.Name").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        match text {
            "" | "table" => return Ok(Self::Table),
            "json" => return Ok(Self::Json),
            "raw" => return Ok(Self::Raw),
            _ => {}
        }
        let template = |text: &str| Template::parse(&text.trim_matches(' ').replace("\\t", "\t").replace("\\n", "\n"));
        match text.strip_prefix("table") {
            Some(columns) => template(columns).map(Self::Columns),
            None => template(text).map(Self::Template),
        }
    }
}

/// Why there is no listing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PsError {
    /// The template asks for what there is not.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// It could not be written.
    #[error("cannot write the listing")]
    Write(#[from] io::Error),
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
/// When `out` cannot be written to, or a template asks for what containers do not have.
pub fn write(
    containers: &[&Container],
    format: &PsFormat,
    settings: &PsSettings,
    out: &mut impl Write,
) -> Result<(), PsError> {
    let mut sorted = containers.to_vec();
    sorted.sort_by(|one, other| one.name.cmp(&other.name));
    let mut values = sorted.iter().map(|container| fields(container, settings));
    match format {
        PsFormat::Table => table::write(&rows(&sorted, settings), out)?,
        PsFormat::Json => values.try_for_each(|value| writeln!(out, "{}", value.to_json()))?,
        PsFormat::Ids => sorted.iter().try_for_each(|container| writeln!(out, "{}", container.id))?,
        PsFormat::Services => {
            let names: BTreeSet<&str> =
                sorted.iter().filter_map(|container| Some(container.service.as_ref()?.as_str())).collect();
            names.iter().try_for_each(|name| writeln!(out, "{}", visible(name, Colors::Shown)))?;
        }
        PsFormat::Raw => sorted.iter().try_for_each(|container| write_raw(container, settings, out))?,
        PsFormat::Template(template) => {
            // Nothing is written if one of them cannot be.
            let lines = values.map(|value| template.render(&value, Purpose::Row)).collect::<Result<Vec<_>, _>>()?;
            lines.iter().try_for_each(|line| writeln!(out, "{line}"))?;
        }
        PsFormat::Columns(template) => {
            let heading = template.render(&headings(), Purpose::Heading)?;
            let lines = values.map(|value| template.render(&value, Purpose::Row)).collect::<Result<Vec<_>, _>>()?;
            let cells = |line: &str| line.split('\t').map(str::to_owned).collect::<Vec<_>>();
            let rows: Vec<_> =
                std::iter::once(&heading).chain(&lines).flat_map(|text| text.split('\n').map(cells)).collect();
            table::write(&rows, out)?;
        }
    }
    Ok(())
}

/// What stands above the columns: labels are asked for by name.
fn headings() -> Value {
    let fixed = HEADINGS.iter().map(|(field, heading)| (*field, Value::from(*heading)));
    Value::Record(fixed.chain([("Label", Value::Lookup(BTreeMap::new()))]).collect())
}

/// The block of a container. A line for each of its labels would break up what scripts split at the colons.
fn write_raw(container: &Container, settings: &PsSettings, out: &mut impl Write) -> io::Result<()> {
    for (key, value) in [
        ("container_id", id(container, settings)),
        ("image", container.image.clone()),
        ("command", command(container, settings.truncate)),
        ("created_at", created_at(container, settings)),
        ("state", container.state.as_str().to_owned()),
        ("status", container.status.clone()),
        ("names", container.name.clone()),
        ("labels", labels(container)),
        ("ports", ports::displayed(&container.ports)),
    ] {
        let space = if value.is_empty() { "" } else { " " };
        writeln!(out, "{key}:{space}{}", visible(&value, Colors::Shown))?;
    }
    writeln!(out)
}

fn rows(containers: &[&Container], settings: &PsSettings) -> Vec<Vec<String>> {
    let engines = containers.iter().any(|container| container.labels.contains_key(label::ENGINE));
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

/// What templates and JSON have of a container; members in the order in which JSON has them.
fn fields(container: &Container, settings: &PsSettings) -> Value {
    let has_ended = matches!(container.state, State::Exited | State::Dead);
    let volumes = container.mounts.iter().filter(|mount| mount.kind == MountKind::Volume).count();
    let mounts = container.mounts.iter().map(|mount| {
        let name = mount.name.as_ref().unwrap_or(&mount.source);
        if settings.truncate == Truncate::Never { name.clone() } else { cut(name, MOUNT_WIDTH) }
    });
    Value::Record(vec![
        ("Command", command(container, settings.truncate).into()),
        ("CreatedAt", created_at(container, settings).into()),
        ("Engine", engine(container).into()),
        ("ExitCode", container.exit_code.filter(|_| has_ended).unwrap_or_default().into()),
        ("Health", health(container).into()),
        ("ID", id(container, settings).into()),
        ("Image", container.image.clone().into()),
        ("Label", Value::Lookup(container.labels.clone())),
        ("Labels", labels(container).into()),
        ("LocalVolumes", volumes.to_string().into()),
        ("Mounts", join(mounts).into()),
        ("Name", container.name.clone().into()),
        ("Names", container.name.clone().into()),
        ("Networks", join(container.networks.keys().cloned()).into()),
        ("Ports", ports::displayed(&container.ports).into()),
        ("Project", settings.project.clone().into()),
        ("Publishers", publishers(container)),
        ("RunningFor", age(container, settings).into()),
        ("Service", service(container).into()),
        ("Size", "0B".into()),
        ("State", container.state.as_str().into()),
        ("Status", container.status.clone().into()),
    ])
}

fn publishers(container: &Container) -> Value {
    let mut ports = container.ports.clone();
    ports.sort_by_key(|port| port.target);
    let publisher = |port: crate::observed::PublishedPort| {
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

fn labels(container: &Container) -> String {
    join(container.labels.iter().map(|(key, value)| format!("{key}={value}")))
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(",")
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
    text::quoted(&command)
}

/// `text` in at most `width` columns, the last of which is `…` where something is missing.
fn cut(text: &str, width: usize) -> String {
    let columns = |character: char| character.width().unwrap_or_default().max(1);
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
