//! The resources that containers use, as `stats` shows them.

use std::io::Write;

use super::listing::{Column, Field, Format, JsonForm, Listing, ListingError, Truncate};
use super::text;
use crate::observed::{ContainerUsage, Usage};

/// What is shown without a measurement.
const NOTHING: &str = "--";

/// The columns and fields of containers.
static CONTAINERS: Listing<ContainerUsage, Truncate> = Listing {
    fields: &[
        Field::new("BlockIO", "BLOCK I/O", |container, _| {
            measured(container, |usage| pair(usage.read, usage.written)).into()
        }),
        Field::new("CPUPerc", "CPU %", |container, _| measured(container, |usage| percent(usage.cpu_percent)).into()),
        Field::new("Container", "CONTAINER", |container, _| container.id.to_string().into()),
        Field::new("ID", "CONTAINER ID", |container, truncate| id(container, *truncate).into()),
        Field::new("MemPerc", "MEM %", |container, _| {
            measured(container, |usage| percent(usage.memory_percent())).into()
        }),
        Field::new("MemUsage", "MEM USAGE / LIMIT", |container, _| memory(container).into()),
        Field::new("Name", "NAME", |container, _| name(container).into()),
        Field::new("NetIO", "NET I/O", |container, _| {
            measured(container, |usage| pair(usage.received, usage.sent)).into()
        }),
        Field::new("PIDs", "PIDS", |container, _| measured(container, |usage| usage.processes.to_string()).into()),
    ],
    columns: &[
        Column::of("ID"),
        Column::of("Name"),
        Column::of("CPUPerc"),
        Column::of("MemUsage"),
        Column::of("MemPerc"),
        Column::of("NetIO"),
        Column::of("BlockIO"),
        Column::of("PIDs"),
    ],
    id: |container, truncate| id(container, *truncate),
    raw: &[],
    json: JsonForm::Lines,
    narrowest: 10,
};

/// Writes the usage of containers, in their order.
///
/// # Errors
///
/// If writing to `out` fails, or a template uses a field that containers do not have.
pub fn write(
    containers: &[ContainerUsage],
    format: &Format,
    truncate: Truncate,
    out: &mut impl Write,
) -> Result<(), ListingError> {
    let containers: Vec<&ContainerUsage> = containers.iter().collect();
    CONTAINERS.write(&containers, format, &truncate, out)
}

/// Writes the usage of containers over what was written before: from the top left corner, clearing the rest of each line
/// and of the screen.
///
/// # Errors
///
/// As [`write()`].
pub fn redraw(
    containers: &[ContainerUsage],
    format: &Format,
    truncate: Truncate,
    out: &mut impl Write,
) -> Result<(), ListingError> {
    let mut listing = Vec::new();
    write(containers, format, truncate, &mut listing)?;
    let mut screen = b"\x1b[H".to_vec();
    for line in listing.split(|byte| *byte == b'\n') {
        screen.extend_from_slice(line);
        screen.extend_from_slice(b"\x1b[K\n");
    }
    screen.extend_from_slice(b"\x1b[J");
    Ok(out.write_all(&screen)?)
}

fn measured(container: &ContainerUsage, shown: impl FnOnce(&Usage) -> String) -> String {
    container.usage.as_ref().map_or_else(|| NOTHING.to_owned(), shown)
}

fn memory(container: &ContainerUsage) -> String {
    let Some(usage) = &container.usage else { return format!("{NOTHING} / {NOTHING}") };
    format!("{} / {}", text::binary_size(usage.memory), text::binary_size(usage.memory_limit))
}

fn name(container: &ContainerUsage) -> &str {
    if container.name.is_empty() { NOTHING } else { &container.name }
}

fn id(container: &ContainerUsage, truncate: Truncate) -> String {
    match truncate {
        Truncate::Long => container.id.short().to_owned(),
        Truncate::Never => container.id.to_string(),
    }
}

fn percent(percent: f64) -> String {
    format!("{percent:.2}%")
}

fn pair(one: u64, other: u64) -> String {
    format!("{} / {}", text::decimal_size(one, 3), text::decimal_size(other, 3))
}
