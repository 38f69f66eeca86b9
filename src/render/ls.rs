//! Projects as `ls` shows them.

use std::io::Write;

use super::listing::{Column, Field, Format, JsonForm, Listing, ListingError};
use crate::observed::ListedProject;

/// The columns and fields of projects.
static PROJECTS: Listing<ListedProject, ()> = Listing {
    fields: &[
        Field::new("Name", "NAME", |project, ()| project.name.clone().into()),
        Field::new("Status", "STATUS", |project, ()| status(project).into()),
        Field::new("ConfigFiles", "CONFIG FILES", |project, ()| files(project).into()),
    ],
    columns: &[Column::of("Name"), Column::of("Status"), Column::of("ConfigFiles")],
    id: |project, ()| project.name.clone(),
    raw: &[],
    json: JsonForm::Array,
    narrowest: 20,
};

/// Writes `projects`, in their order.
///
/// # Errors
///
/// If writing to `out` fails.
pub fn write(projects: &[ListedProject], format: &Format, out: &mut impl Write) -> Result<(), ListingError> {
    let projects: Vec<&ListedProject> = projects.iter().collect();
    PROJECTS.write(&projects, format, &(), out)
}

/// `exited(1), running(2)`.
fn status(project: &ListedProject) -> String {
    let states = project.states.iter().map(|(state, count)| format!("{state}({count})"));
    states.collect::<Vec<_>>().join(", ")
}

fn files(project: &ListedProject) -> String {
    project.files.as_ref().map_or_else(|| "N/A".to_owned(), |files| files.join(","))
}
