//! A plan in, a line per step out, or a line where they change nothing. The language of tests and of bug reports.

use std::io::{self, Write};

use crate::diagnostic::visible::{Colors, visible};
use crate::plan::Plan;
use crate::render::volume_data;

/// Writes the steps of a plan. Those of one that changes nothing are summed up: what runs again, and what is waited for.
///
/// # Errors
///
/// When `out` cannot be written to.
pub fn write(plan: &Plan, out: &mut impl Write) -> io::Result<()> {
    if plan.is_empty() {
        return writeln!(out, "nothing to do");
    }
    if plan.has_changes() {
        // A line is a step, whatever is in its names.
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
