//! Images in detail, one call each.

use serde::Deserialize;

use super::client::{Client, percent_encoded, query};
use super::status;
use crate::engine::EngineError;
use crate::observed::{ApiVersion, ImageDetails, ImagePlatform};

/// From this version on, the image for a platform can be inspected.
const BY_PLATFORM: ApiVersion = ApiVersion::new(1, 49);

/// The details of an image; `None` if it is not in the store.
pub(super) async fn look(
    client: &Client,
    reference: &str,
    platform: Option<&ImagePlatform>,
) -> Result<Option<ImageDetails>, EngineError> {
    let path = format!("/images/{}/json", percent_encoded(reference));
    let Some(whole) = inspect(client, &path).await? else { return Ok(None) };
    let Some(platform) = platform else { return Ok(Some(whole)) };
    if client.version().await?.api < BY_PLATFORM {
        return Ok(Some(whole));
    }
    let mut wanted = serde_json::json!({ "os": platform.os, "architecture": platform.architecture });
    for (key, value) in [("variant", &platform.variant), ("os.version", &platform.os_version)] {
        if !value.is_empty() {
            wanted[key] = value.as_str().into();
        }
    }
    let path = format!("{path}?{}", query(&[("platform", &wanted.to_string())]));
    // The id of the image as a whole is the one that its names have.
    Ok(inspect(client, &path).await?.map(|part| ImageDetails { id: whole.id, ..part }))
}

async fn inspect(client: &Client, path: &str) -> Result<Option<ImageDetails>, EngineError> {
    match client.get::<Inspected>(path).await {
        Ok(image) => Ok(Some(image.into())),
        Err(EngineError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspected {
    id: String,
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    variant: String,
    #[serde(default)]
    os_version: String,
    #[serde(default)]
    size: i64,
    created: Option<String>,
    metadata: Option<Metadata>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    last_tag_time: Option<String>,
}

impl From<Inspected> for ImageDetails {
    fn from(image: Inspected) -> Self {
        let Inspected { os, architecture, variant, os_version, .. } = image;
        let tagged_at = image.metadata.and_then(|metadata| metadata.last_tag_time);
        Self {
            // Podman leaves out the algorithm.
            id: if image.id.contains(':') { image.id.into() } else { format!("sha256:{}", image.id).into() },
            platform: ImagePlatform { os, architecture, variant, os_version },
            size: u64::try_from(image.size).unwrap_or_default(),
            created: image.created.and_then(|time| status::nanoseconds(&time)),
            tagged_at: tagged_at.and_then(|time| status::nanoseconds(&time)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_mean_never_are_none() {
        let image = |text: &str| ImageDetails::from(serde_json::from_str::<Inspected>(text).unwrap());
        let built = r#"{"Id":"sha256:1","Os":"linux","Architecture":"arm","Variant":"v7","Size":3,
            "Created":"1970-01-01T00:00:01.5Z","Metadata":{"LastTagTime":"0001-01-01T00:00:00Z"}}"#;
        let details = image(built);
        assert_eq!((details.created, details.tagged_at, details.size), (Some(1_500_000_000), None, 3));
        assert_eq!(details.platform.to_string(), "linux/arm/v7");
        let bare = image(r#"{"Id":"1","Created":""}"#);
        assert_eq!((bare.id.as_str(), bare.created, bare.platform.to_string().as_str()), ("sha256:1", None, "unknown"));
    }
}
