//! Images of containers as `images` shows them.

use std::io::Write;

use jiff::Timestamp;

use super::listing::template::Value;
use super::listing::{Column, Field, Format, JsonForm, Listing, ListingError, age};
use super::text;
use crate::observed::UsedImage;

/// The columns of images, and the fields of their JSON.
static IMAGES: Listing<UsedImage, Timestamp> = Listing {
    fields: &[
        Field::new("ID", "IMAGE ID", |image: &UsedImage, _| image.details.id.to_string().into())
            .shown_as(|image, _| image.details.id.short().to_owned()),
        Field::new("ContainerName", "CONTAINER", |image, _| image.container.clone().into()),
        REPOSITORY,
        TAG,
        Field::new("Platform", "PLATFORM", |image, _| image.details.platform.to_string().into()),
        SIZE,
        CREATED,
        TAGGED_AT,
    ],
    columns: &[
        Column::of("ContainerName"),
        Column::of("Repository"),
        Column::of("Tag"),
        Column::of("Platform"),
        Column::of("ID"),
        Column::of("Size"),
        Column::of("Created"),
    ],
    // Scripts pass these on without the algorithm.
    id: |image, _| {
        let id = image.details.id.as_str();
        id.split_once(':').map_or(id, |(_, hexadecimal)| hexadecimal).to_owned()
    },
    raw: &[],
    json: JsonForm::ArrayOrNull,
    narrowest: 20,
};

/// The JSON of `--format JSON` in capitals, which Docker Compose gives another form.
static BY_CONTAINER: Listing<UsedImage, Timestamp> = Listing {
    fields: &[
        Field::new("ID", "IMAGE ID", |image: &UsedImage, _| image.details.id.to_string().into()),
        REPOSITORY,
        TAG,
        Field::new("Platform", "PLATFORM", |image, _| platform(image)),
        SIZE,
        CREATED,
        TAGGED_AT,
    ],
    columns: &[],
    id: |image, _| image.container.clone(),
    raw: &[],
    json: JsonForm::ById,
    narrowest: 20,
};

const REPOSITORY: Field<UsedImage, Timestamp> =
    Field::new("Repository", "REPOSITORY", |image: &UsedImage, _| image.repository.clone().unwrap_or_default().into())
        .shown_as(|image: &UsedImage, _| image.repository.clone().unwrap_or_else(|| NONE.to_owned()));
const TAG: Field<UsedImage, Timestamp> =
    Field::new("Tag", "TAG", |image: &UsedImage, _| image.tag.clone().unwrap_or_default().into())
        .shown_as(|image: &UsedImage, _| image.tag.clone().unwrap_or_else(|| NONE.to_owned()));
const SIZE: Field<UsedImage, Timestamp> =
    Field::new("Size", "SIZE", |image: &UsedImage, _| i64::try_from(image.details.size).unwrap_or(i64::MAX).into())
        .shown_as(|image, _| text::decimal_size(image.details.size, 3));
const CREATED: Field<UsedImage, Timestamp> =
    Field::new("Created", "CREATED", |image: &UsedImage, _| image.details.created.and_then(time).into())
        .shown_as(created);
const TAGGED_AT: Field<UsedImage, Timestamp> =
    Field::new("LastTagTime", "TAGGED", |image, _| image.details.tagged_at.and_then(time).into());

/// The name of an image that has none.
const NONE: &str = "<none>";

/// The format of the listing.
#[derive(Debug, Clone, PartialEq)]
pub enum ImagesFormat {
    /// One of the common formats.
    Images(Format),
    /// One JSON object with an image per container.
    ByContainer,
}

/// Writes `images`, in their order.
///
/// # Errors
///
/// If writing to `out` fails.
pub fn write(
    images: &[UsedImage],
    format: &ImagesFormat,
    now: Timestamp,
    out: &mut impl Write,
) -> Result<(), ListingError> {
    let images: Vec<&UsedImage> = images.iter().collect();
    match format {
        ImagesFormat::Images(format) => IMAGES.write(&images, format, &now, out),
        ImagesFormat::ByContainer => BY_CONTAINER.write(&images, &Format::Json, &now, out),
    }
}

fn created(image: &UsedImage, now: &Timestamp) -> String {
    match image.details.created {
        Some(created) => age(i64::try_from(created.div_euclid(1_000_000_000)).unwrap_or_default(), *now),
        None => "N/A".to_owned(),
    }
}

fn time(nanoseconds: i128) -> Option<String> {
    Some(text::time(Timestamp::from_nanosecond(nanoseconds).ok()?, &jiff::tz::TimeZone::UTC))
}

fn platform(image: &UsedImage) -> Value {
    let platform = &image.details.platform;
    let optional = |text: &str| Some(text).filter(|text| !text.is_empty()).map(str::to_owned).into();
    Value::Record(vec![
        ("architecture", platform.architecture.clone().into()),
        ("os", platform.os.clone().into()),
        ("os.version", optional(&platform.os_version)),
        ("variant", optional(&platform.variant)),
    ])
}
