//! Pushes an image that was just built, where the builder itself cannot.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE;
use futures::StreamExt;
use hyper::Method;
use serde::Deserialize;

use super::classify;
use super::client::{Client, TRANSFER, percent_encoded, query};
use super::reference::Reference;
use super::transport::{self, Ask};
use crate::engine::EngineError;

/// Pushes `image` to the registry of its name.
pub(super) async fn push(client: &Client, image: &str) -> Result<(), EngineError> {
    let Reference::Named(reference) = Reference::parse(image) else {
        return Err(EngineError::Refused(format!(
            "image `{image}` cannot be pushed: its name is not a valid image reference"
        )));
    };
    let tag = reference.tag.as_deref().unwrap_or("latest");
    let path = format!("/images/{}/push?{}", percent_encoded(&reference.familiar_name()), query(&[("tag", tag)]));
    let credential = client.credentials().get(&reference.registry).await.unwrap_or_default();
    // Engines require the header.
    let header = credential.map_or_else(|| BASE64_URL_SAFE.encode("{}"), |credential| credential.header());
    let headers = [("X-Registry-Auth", header.as_str())];
    let ask = Ask { method: Method::POST, headers: &headers, ..Ask::get(&path) };
    let response = client.ask(TRANSFER, ask).await?;
    let mut lines = transport::json_lines::<Line>(response.into_body());
    while let Some(line) = lines.next().await {
        if let Some(message) = line?.error {
            return Err(classify::pull(&message));
        }
    }
    Ok(())
}

/// A message during a push.
#[derive(Debug, Deserialize)]
struct Line {
    error: Option<String>,
}
