//! A reference and a platform in, the engine's image for them out.

use std::collections::BTreeMap;

use futures::future;
use serde::Deserialize;

use super::client::{Client, percent_encoded, query as query_string};
use super::json::or_default;
use super::platform::Platform;
use super::reference::{self, Reference};
use super::status;
use crate::engine::{EngineError, ObserveQuery};
use crate::observed::{ApiVersion, Image, ImageDigest};

/// From this version on, listing and inspecting images include their manifests.
const MANIFESTS: ApiVersion = ApiVersion::new(1, 48);

/// Up to this many images are inspected one by one, which is cheaper for the engine than listing all images.
const FEW: usize = 2;

type Wanted = BTreeMap<(String, Option<String>), Image>;

/// The images of a snapshot, by reference and platform as requested. A few are inspected one by one; otherwise one list
/// is used, and only images for which the list is not enough are inspected.
pub(super) async fn find(client: &Client, query: &ObserveQuery) -> Result<Wanted, EngineError> {
    if query.images.is_empty() {
        return Ok(Wanted::new());
    }
    let version = client.version().await?;
    let here = Platform::of_this_machine(&version.os);
    let few = query.images.len() <= FEW;
    // Engines refuse invalid references.
    let listed: Option<Vec<ListedImage>> = if few && query.images.iter().all(|(text, _)| is_reference(text)) {
        None
    } else {
        Some(client.get(&list_path(version.api, query)).await?)
    };
    let wanted = query.images.iter().map(async |(text, platform)| {
        let needs_time = query.tag_times.contains(text);
        let choice = listed.as_ref().map_or(Choice::Unclear, |listed| choose(listed, text, platform.as_deref(), &here));
        let image = match choice {
            Choice::Image(_) if needs_time => look(client, text, platform.as_deref()).await?,
            Choice::Image(image) => Some(image),
            Choice::Unclear => look(client, text, platform.as_deref()).await?,
            Choice::Absent => None,
        };
        Ok::<_, EngineError>(image.map(|image| ((text.clone(), platform.clone()), image)))
    });
    Ok(future::try_join_all(wanted).await?.into_iter().flatten().collect())
}

fn is_reference(text: &str) -> bool {
    Reference::parse(text) != Reference::Malformed
}

/// The list to request. Listing costs newer engines time per manifest, so the list is restricted to the wanted names.
fn list_path(api: ApiVersion, query: &ObserveQuery) -> String {
    if api < MANIFESTS {
        return "/images/json".to_owned();
    }
    let names = query.images.iter().map(|(text, _)| match Reference::parse(text) {
        Reference::Named(name) if !reference::may_be_short_id(text) => Some(name.familiar_name()),
        Reference::Named(_) | Reference::Id(_) | Reference::Malformed => None,
    });
    match names.collect::<Option<Vec<_>>>() {
        Some(mut names) => {
            names.sort_unstable();
            names.dedup();
            let filters = serde_json::json!({ "reference": names }).to_string();
            format!("/images/json?{}", query_string(&[("manifests", "true"), ("filters", &filters)]))
        }
        None => "/images/json?manifests=true".to_owned(),
    }
}

/// What a list of images says about a reference.
#[derive(Debug, PartialEq, Eq)]
enum Choice {
    Image(Image),
    Absent,
    /// There is no list, or it does not include the platform of the image.
    Unclear,
}

fn choose(listed: &[ListedImage], text: &str, platform: Option<&str>, here: &Platform) -> Choice {
    let wanted = Reference::parse(text);
    let named = |image: &&ListedImage| wanted.is_among(image.names());
    let identified = |image: &&ListedImage| match &wanted {
        Reference::Id(id) => image.id == id.as_str(),
        Reference::Named(_) | Reference::Malformed => reference::is_short_id_of(text, &image.id),
    };
    let Some(image) = listed.iter().find(named).or_else(|| listed.iter().find(identified)) else {
        return Choice::Absent;
    };
    let pinned = platform.map(Platform::parse);
    let identity = identify(&image.id, &image.manifests, pinned.as_ref().unwrap_or(here));
    match (identity, pinned) {
        (Identity::Of(digest) | Identity::Only(digest) | Identity::Whole(digest), None)
        | (Identity::Of(digest), Some(_)) => {
            Choice::Image(Image { digest, id: image.id.as_str().into(), tagged_at: None })
        }
        (Identity::Only(_) | Identity::Whole(_), Some(_)) => Choice::Unclear,
    }
}

/// The digest that identifies the content of an image.
#[derive(Debug, PartialEq, Eq)]
enum Identity {
    /// The manifest for the wanted platform.
    Of(ImageDigest),
    /// The only manifest present; it is for another platform or an unknown one.
    Only(ImageDigest),
    /// The image as a whole.
    Whole(ImageDigest),
}

/// The manifest for the wanted platform, else the only one present, else the image as a whole.
fn identify(id: &str, manifests: &[ListedManifest], wanted: &Platform) -> Identity {
    let mut available = manifests.iter().filter(|manifest| manifest.available && manifest.kind == "image");
    if let Some(manifest) = available.clone().find(|manifest| manifest.platform().as_ref() == Some(wanted)) {
        return Identity::Of(manifest.id.as_str().into());
    }
    match (available.next(), available.next()) {
        (Some(only), None) => Identity::Only(only.id.as_str().into()),
        _ => Identity::Whole(id.into()),
    }
}

/// Inspects one image; `None` if it is not in the store, or not for the platform.
pub(super) async fn look(
    client: &Client,
    reference: &str,
    platform: Option<&str>,
) -> Result<Option<Image>, EngineError> {
    let version = client.version().await?;
    let manifests = if version.api < MANIFESTS { "" } else { "?manifests=true" };
    let path = format!("/images/{}/json{manifests}", percent_encoded(reference));
    let image: InspectedImage = match client.get(&path).await {
        Ok(image) => image,
        Err(EngineError::NotFound(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let pinned = platform.map(Platform::parse);
    let here = Platform::of_this_machine(&version.os);
    let digest = match identify(&image.id, &image.manifests, pinned.as_ref().unwrap_or(&here)) {
        Identity::Of(digest) => Some(digest),
        Identity::Only(digest) | Identity::Whole(digest) => {
            pinned.is_none_or(|pinned| image.is_for(&pinned)).then_some(digest)
        }
    };
    let tagged_at = image.metadata.and_then(|metadata| status::nanoseconds(&metadata.last_tag_time?));
    let seconds = tagged_at.and_then(|nanoseconds| i64::try_from(nanoseconds / 1_000_000_000).ok());
    Ok(digest.map(|digest| Image { digest, id: image.id.into(), tagged_at: seconds }))
}

/// The paths where an image declares volumes; `None` if it is not in the store.
pub(super) async fn declared_volumes(client: &Client, reference: &str) -> Result<Option<Vec<String>>, EngineError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Inspected {
        #[serde(default, deserialize_with = "or_default")]
        config: Config,
    }
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Config {
        #[serde(default, deserialize_with = "or_default")]
        volumes: BTreeMap<String, serde_json::Value>,
    }
    match client.get::<Inspected>(&format!("/images/{}/json", percent_encoded(reference))).await {
        Ok(image) => Ok(Some(image.config.volumes.into_keys().collect())),
        Err(EngineError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedImage {
    id: String,
    #[serde(default, deserialize_with = "or_default")]
    repo_tags: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    repo_digests: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    manifests: Vec<ListedManifest>,
}

impl ListedImage {
    fn names(&self) -> impl Iterator<Item = &str> {
        self.repo_tags.iter().chain(&self.repo_digests).map(String::as_str).filter(|name| !name.contains("<none>"))
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedManifest {
    #[serde(rename = "ID")]
    id: String,
    #[serde(default)]
    available: bool,
    #[serde(default)]
    kind: String,
    image_data: Option<ManifestData>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ManifestData {
    platform: ManifestPlatform,
}

#[derive(Debug, Deserialize)]
struct ManifestPlatform {
    os: String,
    architecture: String,
    #[serde(default)]
    variant: String,
}

impl ListedManifest {
    fn platform(&self) -> Option<Platform> {
        let platform = &self.image_data.as_ref()?.platform;
        Some(Platform::new(&platform.os, &platform.architecture, &platform.variant))
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InspectedImage {
    id: String,
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    variant: String,
    #[serde(default, deserialize_with = "or_default")]
    manifests: Vec<ListedManifest>,
    metadata: Option<ImageMetadata>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ImageMetadata {
    last_tag_time: Option<String>,
}

impl InspectedImage {
    /// Whether an image whose manifests do not tell is for a platform.
    fn is_for(&self, platform: &Platform) -> bool {
        let silent = self.manifests.iter().all(|manifest| manifest.image_data.is_none());
        silent && Platform::new(&self.os, &self.architecture, &self.variant) == *platform
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AMD64: &str = r#"{"ID":"sha256:m1","Available":true,"Kind":"image",
                            "ImageData":{"Platform":{"os":"linux","architecture":"amd64"}}}"#;
    const ARM64: &str = r#"{"ID":"sha256:m2","Available":true,"Kind":"image",
                            "ImageData":{"Platform":{"os":"linux","architecture":"arm64","variant":"v8"}}}"#;
    const ATTESTATION: &str = r#"{"ID":"sha256:m3","Available":true,"Kind":"attestation"}"#;
    const SILENT: &str = r#"{"ID":"sha256:m4","Available":true,"Kind":"image"}"#;
    const AWAY: &str = r#"{"ID":"sha256:m5","Available":false,"Kind":"image",
                           "ImageData":{"Platform":{"os":"linux","architecture":"amd64"}}}"#;

    const DD: &str = "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd";

    fn listed(manifests: &[&str]) -> Vec<ListedImage> {
        let manifests = manifests.join(",");
        let text = format!(
            r#"[{{"Id":"sha256:other","RepoTags":null}},
                {{"Id":"sha256:0123","RepoTags":["nginx:1"],"RepoDigests":["nginx@sha256:{DD}"],"Manifests":[{manifests}]}}]"#
        );
        serde_json::from_str(&text).unwrap()
    }

    fn digest(manifests: &[&str], text: &str, platform: Option<&str>) -> Option<String> {
        match choose(&listed(manifests), text, platform, &Platform::parse("linux/amd64")) {
            Choice::Image(image) => Some(image.digest.to_string()),
            Choice::Absent => None,
            Choice::Unclear => Some("unclear".to_owned()),
        }
    }

    #[test]
    fn the_digest_of_a_listed_image() {
        type Row<'a> = (&'a [&'a str], Option<&'a str>, &'a str);
        let table: &[Row<'_>] = &[
            (&[], None, "sha256:0123"),
            (&[], Some("linux/amd64"), "unclear"),
            (&[AMD64, ATTESTATION], None, "sha256:m1"),
            (&[AMD64, ARM64], None, "sha256:m1"),
            (&[AMD64, ARM64], Some("linux/arm64"), "sha256:m2"),
            (&[ARM64, ATTESTATION], None, "sha256:m2"),
            (&[ARM64, AWAY], None, "sha256:m2"),
            (&[ARM64], Some("linux/amd64"), "unclear"),
            (&[SILENT], None, "sha256:m4"),
            (&[SILENT, ARM64], None, "sha256:0123"),
            (&[AWAY], None, "sha256:0123"),
        ];
        for (manifests, platform, expected) in table {
            let found = digest(manifests, "nginx:1", *platform);
            assert_eq!(found.as_deref(), Some(*expected), "{manifests:?} {platform:?}");
        }
    }

    #[test]
    fn references_to_a_listed_image() {
        for text in ["nginx:1", "docker.io/library/nginx:1", &format!("nginx:9@sha256:{DD}"), "0123", "sha256:0123"] {
            assert_eq!(digest(&[], text, None).as_deref(), Some("sha256:0123"), "{text}");
        }
        for text in ["nginx", "nginx:2", "me/nginx:1", "9999"] {
            assert_eq!(digest(&[], text, None), None, "{text}");
        }
    }

    #[test]
    fn the_list_is_narrowed_where_it_costs() {
        let query = |images: &[&str]| ObserveQuery {
            images: images.iter().map(|image| ((*image).to_owned(), None)).collect(),
            ..ObserveQuery::default()
        };
        let named = query(&["nginx:1", "docker.io/library/nginx:2", "me/app"]);
        let new = ApiVersion::new(1, 51);
        assert_eq!(list_path(ApiVersion::new(1, 41), &named), "/images/json");
        let expected = "/images/json?manifests=true&filters=%7B%22reference%22:%5B%22me/app%22%2C%22nginx%22%5D%7D";
        assert_eq!(list_path(new, &named), expected);
        assert_eq!(list_path(new, &query(&["cafe"])), "/images/json?manifests=true");
    }
}
