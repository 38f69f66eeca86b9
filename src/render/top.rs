//! Processes as `top` shows them.

use std::io::{self, Write};

use super::listing::{Layout, write_table};
use crate::observed::ContainerProcesses;

/// The engine's heading of the command, which is shown last.
const COMMAND: &str = "CMD";

/// The layout of the table.
const LAYOUT: Layout = Layout { narrowest: 4, separation: 2 };

/// Writes the processes of all containers as one table; nothing if there are none.
///
/// # Errors
///
/// If writing to `out` fails.
pub fn write(containers: &[ContainerProcesses], out: &mut impl Write) -> io::Result<()> {
    if containers.is_empty() {
        return Ok(());
    }
    let titles = titles(containers);
    let heading = ["SERVICE", "#"].into_iter().chain(titles.iter().copied()).map(str::to_owned).collect();
    let rows = containers.iter().flat_map(|container| rows(container, &titles));
    write_table(&std::iter::once(heading).chain(rows).collect::<Vec<_>>(), LAYOUT, out)
}

/// The columns of all containers in the order of their first appearance, the command last.
fn titles(containers: &[ContainerProcesses]) -> Vec<&str> {
    let mut titles: Vec<&str> = Vec::new();
    for title in containers.iter().flat_map(|container| &container.processes.titles) {
        if !titles.contains(&title.as_str()) {
            titles.push(title);
        }
    }
    titles.sort_by_key(|title| *title == COMMAND);
    titles
}

fn rows(container: &ContainerProcesses, titles: &[&str]) -> Vec<Vec<String>> {
    let service = container.service.as_ref().map(ToString::to_string).unwrap_or_default();
    let number = container.number.map(|number| number.to_string()).unwrap_or_default();
    let own = &container.processes.titles;
    let row = |process: &Vec<String>| {
        let cell = |title: &&str| {
            let at = own.iter().position(|known| known == title);
            at.and_then(|at| process.get(at)).cloned().unwrap_or_else(|| "-".to_owned())
        };
        [service.clone(), number.clone()].into_iter().chain(titles.iter().map(cell)).collect()
    };
    container.processes.rows.iter().map(row).collect()
}
