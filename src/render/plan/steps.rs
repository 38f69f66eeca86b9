//! A plan in, a line per step out, or a single line if nothing changes. The format for tests and bug reports.

use std::io::{self, Write};

use crate::diagnostic::visible::{Colors, visible};
use crate::plan::Plan;
use crate::render::volume_data;

/// Writes the steps of a plan. If it changes nothing, they are summed up: what runs again, and what is waited for.
///
/// # Errors
///
/// If writing to `out` fails.
pub fn write(plan: &Plan, out: &mut impl Write) -> io::Result<()> {
    if plan.is_empty() {
        return writeln!(out, "nothing to do");
    }
    if plan.has_changes() {
        // A step must stay on one line, whatever its names contain.
        for (id, _) in plan.steps() {
            writeln!(out, "{}", visible(&plan.line(id).to_string(), Colors::Shown).replace('\n', "␊"))?;
        }
        return write!(out, "{}", visible(&volume_data::of_plan(plan), Colors::Shown));
    }
    let repeated = plan.repeated();
    write!(out, "nothing changes")?;
    for (words, names) in [
        ("up runs again", &repeated.jobs),
        ("up asks the providers of", &repeated.providers),
        ("up configures the models", &repeated.models),
        ("up waits for", &repeated.waits),
    ] {
        if !names.is_empty() {
            write!(out, "; {words}: {}", names.iter().cloned().collect::<Vec<_>>().join(", "))?;
        }
    }
    writeln!(out)
}
