//! A container in, an image of what it has changed out.

use hyper::Method;
use serde::Deserialize;

use super::client::{Client, TRANSFER, query};
use super::transport::{self, Ask};
use crate::engine::{CommitSpec, EngineError};
use crate::observed::ImageDigest;
use crate::project::value::ImageRef;

/// How large the answer may be: an id.
const LARGEST_ANSWER: usize = 64 << 10;

/// Makes the image.
pub(super) async fn commit(client: &Client, spec: &CommitSpec) -> Result<ImageDigest, EngineError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Made {
        id: String,
    }
    let (repository, tag) = name(spec.image.as_deref())?;
    let changes = spec.changes.join("\n");
    let mut asked = vec![
        ("container", spec.container.as_str()),
        ("repo", &repository),
        ("tag", &tag),
        ("comment", &spec.message),
        ("author", &spec.author),
        ("pause", if spec.pause { "true" } else { "false" }),
        ("changes", &changes),
    ];
    // An engine takes empty changes for a Dockerfile without instructions.
    asked.retain(|(_, value)| !value.is_empty());
    let path = format!("/commit?{}", query(&asked));
    let response = client.ask(TRANSFER, Ask { method: Method::POST, ..Ask::get(&path) }).await?;
    let body = transport::whole(response.into_body(), LARGEST_ANSWER).await?;
    let made: Made = serde_json::from_slice(&body)
        .map_err(|error| EngineError::Failed(format!("the engine does not say which image it made: {error}")))?;
    Ok(made.id.into())
}

/// The repository and the tag, empty where the image gets no name.
fn name(image: Option<&str>) -> Result<(String, String), EngineError> {
    let Some(text) = image.filter(|text| !text.is_empty()) else { return Ok(<_>::default()) };
    let named: ImageRef = text.parse().map_err(|error| EngineError::Refused(format!("{error}")))?;
    if named.digest.is_some() {
        return Err(EngineError::Refused("refusing to create a tag with a digest reference".to_owned()));
    }
    Ok((format!("{}/{}", named.registry, named.repository), named.tag.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_named_by_repository_and_tag() {
        let of = |image: Option<&str>| name(image).map_err(|error| error.to_string());
        let named = |repository: &str, tag: &str| Ok((repository.to_owned(), tag.to_owned()));
        assert_eq!(of(None), named("", ""));
        assert_eq!(of(Some("app")), named("docker.io/library/app", "latest"));
        assert_eq!(of(Some("localhost:5000/app:1")), named("localhost:5000/app", "1"));
        let digest = format!("app@sha256:{}", "1".repeat(64));
        assert_eq!(of(Some(&digest)), Err("refusing to create a tag with a digest reference".to_owned()));
        assert!(of(Some("Bad:ref:x")).is_err());
    }
}
