//! A plan in, its text for the user out: a line per resource with the reason below, and a count.
//!
//! [`steps`] has the other form, a line per step, which shows the order too.

mod container;
mod count;
mod entry;
mod json;
mod layout;
mod reason;
mod resource;
mod role;
pub mod steps;
mod style;
mod unchanged;

use std::io::{self, Write};

pub use json::json;
pub use style::PlanStyle;
pub use unchanged::unchanged;

use crate::plan::Plan;
use entry::{Entry, Kind};

/// Writes what `plan` does, grouped by kind of resource. `unchanged` is the number of resources that it does not touch.
///
/// # Errors
///
/// If writing to `out` fails.
pub fn write(plan: &Plan, unchanged: usize, style: PlanStyle, out: &mut impl Write) -> io::Result<()> {
    let entries = entries(plan);
    layout::groups(&entries, style, out)?;
    layout::summary(&count::summary(plan, &entries, unchanged), style, out)
}

/// What happens to each resource, grouped by kind.
fn entries(plan: &Plan) -> Vec<Entry> {
    let mut entries = resource::entries(plan);
    entries.extend(container::entries(plan));
    entries.sort_by_key(|entry| Kind::ALL.iter().position(|kind| *kind == entry.kind));
    entries
}
