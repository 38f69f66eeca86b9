//! Volumes as `volumes` shows them.

use std::io::Write;

use super::listing::template::Value;
use super::listing::{Column, Field, Format, JsonForm, Listing, ListingError, labels};
use crate::observed::VolumeDetails;

/// What engines do not tell when they list volumes.
const UNKNOWN: &str = "N/A";

/// The columns and fields of volumes.
static VOLUMES: Listing<VolumeDetails, ()> = Listing {
    fields: &[
        Field::new("Availability", "AVAILABILITY", |_, ()| UNKNOWN.into()),
        Field::new("Driver", "DRIVER", |volume, ()| volume.driver.clone().into()),
        Field::new("Group", "GROUP", |_, ()| UNKNOWN.into()),
        Field::lookup("Label", |volume, ()| Value::Lookup(volume.labels.clone())),
        Field::new("Labels", "LABELS", |volume, ()| labels(&volume.labels).into()),
        Field::new("Links", "LINKS", |_, ()| UNKNOWN.into()),
        Field::new("Mountpoint", "MOUNTPOINT", |volume, ()| volume.mountpoint.clone().into()),
        Field::new("Name", "VOLUME NAME", |volume, ()| volume.name.clone().into()),
        Field::new("Scope", "SCOPE", |volume, ()| volume.scope.clone().into()),
        Field::new("Size", "SIZE", |_, ()| UNKNOWN.into()),
        Field::new("Status", "STATUS", |_, ()| UNKNOWN.into()),
    ],
    columns: &[Column::of("Driver"), Column::of("Name")],
    id: |volume, ()| volume.name.clone(),
    raw: &[("name", "Name"), ("driver", "Driver")],
    json: JsonForm::Lines,
    narrowest: 10,
};

/// Writes `volumes`, in their order.
///
/// # Errors
///
/// If writing to `out` fails, or a template uses a field that volumes do not have.
pub fn write(volumes: &[VolumeDetails], format: &Format, out: &mut impl Write) -> Result<(), ListingError> {
    let volumes: Vec<&VolumeDetails> = volumes.iter().collect();
    VOLUMES.write(&volumes, format, &(), out)
}
