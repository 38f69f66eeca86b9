//! Images to and from registries: pulls, pushes, and the digest that a registry has for a reference.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use futures::stream::{self, BoxStream, Stream, StreamExt};
use hyper::Method;
use serde::Deserialize;

use super::client::{Client, percent_encoded, query as query_string};
use super::reference::Reference;
use super::transport::{self, Ask};
use super::{classify, image_lookup};
use crate::engine::{EngineError, ImageProgress};
use crate::observed::ImageDigest;
use crate::plan::{PullSpec, PushSpec};
use crate::project::value::ImageRef;

/// How long a transfer may be silent. Engines report whenever bytes arrive; extracting a large layer is silent.
const SILENCE: Duration = Duration::from_mins(10);

/// How long the engine may take to ask a registry for a digest.
const LOOK_UP: Duration = Duration::from_mins(2);

/// The header with the credentials for a registry.
const AUTH: &str = "X-Registry-Auth";

type Lines = BoxStream<'static, Result<Line, EngineError>>;

/// Pulls an image: progress of its layers, then the image.
pub(super) fn pull(client: Client, spec: Arc<PullSpec>) -> BoxStream<'static, Result<ImageProgress, EngineError>> {
    let begin = {
        let (client, spec) = (client.clone(), spec.clone());
        async move { ask_for_pull(&client, &spec).await }
    };
    let image = async move {
        let image = image_lookup::look(&client, &spec.image, spec.platform.as_deref()).await?;
        image.map(ImageProgress::Done).ok_or_else(|| missing_after_pull(&spec))
    };
    // An error ends the first part, and the image is not looked at.
    stream::try_unfold((progress(begin).boxed(), Some(Box::pin(image))), async |(mut layers, image)| {
        match layers.next().await {
            Some(layer) => Ok(Some((layer?, (layers, image)))),
            None => match image {
                Some(image) => Ok(Some((image.await?, (layers, None)))),
                None => Ok(None),
            },
        }
    })
    .boxed()
}

/// Pushes an image: progress of its layers.
pub(super) fn push(client: Client, spec: Arc<PushSpec>) -> BoxStream<'static, Result<ImageProgress, EngineError>> {
    progress(async move { ask_for_push(&client, &spec).await }).boxed()
}

/// A transfer that has begun.
struct Transfer {
    lines: Lines,
    /// The credentials that were sent.
    sent: Sent,
    /// What is asked for, for the message of a timeout.
    what: String,
}

/// The credentials that were sent with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Sent {
    /// None, because none are configured.
    Nothing,
    /// None, because the lookup failed.
    LookupFailed(String),
    /// Those of a user.
    User(String),
    /// A token.
    Token,
}

/// The state of a transfer.
enum State<F> {
    Ask(F),
    Read(Transfer),
}

/// The progress of the layers of a transfer.
fn progress(
    begin: impl Future<Output = Result<Transfer, EngineError>> + Send + 'static,
) -> impl Stream<Item = Result<ImageProgress, EngineError>> + Send + 'static {
    stream::try_unfold(State::Ask(Box::pin(begin)), async |state| {
        let mut transfer = match state {
            State::Ask(begin) => begin.await?,
            State::Read(transfer) => transfer,
        };
        loop {
            let what = || transfer.what.clone();
            let next = async { Ok(transfer.lines.next().await) };
            match classify::within(SILENCE, what, next).await? {
                None => return Ok(None),
                Some(line) => match line?.progress() {
                    Some(Ok(progress)) => return Ok(Some((progress, State::Read(transfer)))),
                    Some(Err(message)) => return Err(explain(classify::transfer(&message), &transfer.sent)),
                    None => {}
                },
            }
        }
    })
}

async fn ask_for_pull(client: &Client, spec: &PullSpec) -> Result<Transfer, EngineError> {
    let reference = named(&spec.image, "pulled", |why| format!("image `{}` does not exist, and {why}", spec.image))?;
    let name = reference.familiar_name();
    let mut pairs = vec![("fromImage", name.as_str())];
    pairs.extend(reference.digest.as_ref().or(reference.tag.as_ref()).map(|version| ("tag", version.as_str())));
    if let Some(platform) = &spec.platform {
        pairs.push(("platform", platform));
    }
    let path = format!("/images/create?{}", query_string(&pairs));
    let (header, sent) = credentials(client, &reference.registry).await;
    let headers: Vec<_> = header.iter().map(|value| (AUTH, value.as_str())).collect();
    begin(client, &path, &headers, sent, format!("pull {}", spec.image)).await
}

async fn ask_for_push(client: &Client, spec: &PushSpec) -> Result<Transfer, EngineError> {
    let reference = named(&spec.image, "pushed", |why| format!("image `{}` cannot be pushed: {why}", spec.image))?;
    let Some(tag) = &reference.tag else {
        return Err(EngineError::Refused(format!("image `{}` cannot be pushed: it has no tag", spec.image)));
    };
    let name = percent_encoded(&reference.familiar_name());
    let path = format!("/images/{name}/push?{}", query_string(&[("tag", tag)]));
    let (header, sent) = credentials(client, &reference.registry).await;
    // Engines require the header.
    let header = header.unwrap_or_else(|| URL_SAFE.encode("{}"));
    begin(client, &path, &[(AUTH, &header)], sent, format!("push {}", spec.image)).await
}

/// The digest that the registry has for a reference.
pub(super) async fn registry_digest(client: &Client, reference: &str) -> Result<ImageDigest, EngineError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Distribution {
        descriptor: Descriptor,
    }
    #[derive(Deserialize)]
    struct Descriptor {
        digest: String,
    }
    let image = named(reference, "looked up", |why| format!("image `{reference}` cannot be looked up: {why}"))?;
    let (header, sent) = credentials(client, &image.registry).await;
    let headers: Vec<_> = header.iter().map(|value| (AUTH, value.as_str())).collect();
    let path = format!("/distribution/{}/json", percent_encoded(&image.to_string()));
    let answer = client.ask(LOOK_UP, Ask { headers: &headers, ..Ask::get(&path) }).await;
    let body = answer.map_err(|error| explain(of_registry(error), &sent))?.into_body();
    let body = transport::whole(body, transport::LARGEST_REFUSAL).await?;
    let found: Distribution = serde_json::from_slice(&body)
        .map_err(|error| EngineError::Failed(format!("cannot read the engine's answer to {path}: {error}")))?;
    Ok(found.descriptor.digest.into())
}

async fn begin(
    client: &Client,
    path: &str,
    headers: &[(&str, &str)],
    sent: Sent,
    what: String,
) -> Result<Transfer, EngineError> {
    let ask = Ask { method: Method::POST, headers, ..Ask::get(path) };
    match client.ask(SILENCE, ask).await {
        Ok(response) => {
            let lines = transport::json_lines(response.into_body()).boxed();
            Ok(Transfer { lines, sent, what })
        }
        Err(error) => Err(explain(of_registry(error), &sent)),
    }
}

fn named(image: &str, verb: &str, refusal: impl Fn(&str) -> String) -> Result<ImageRef, EngineError> {
    match Reference::parse(image) {
        Reference::Named(reference) => Ok(reference),
        Reference::Id(_) => Err(EngineError::Refused(refusal(&format!("an image ID cannot be {verb}")))),
        Reference::Malformed => Err(EngineError::Refused(refusal("its name is not a valid image reference"))),
    }
}

/// The header with the credentials for a registry, and what it has. Most images can be pulled without any; if one
/// cannot, the reason is reported with the refusal.
async fn credentials(client: &Client, registry: &str) -> (Option<String>, Sent) {
    match client.credentials().get(registry).await {
        Ok(Some(credential)) => {
            let sent = credential.user().map_or(Sent::Token, |user| Sent::User(user.to_owned()));
            (Some(credential.header()), sent)
        }
        Ok(None) => (None, Sent::Nothing),
        Err(why) => (None, Sent::LookupFailed(why)),
    }
}

/// The engine's answer to a request about a registry. Not found here means that the registry does not have it, not that
/// another client changed the project.
#[expect(clippy::wildcard_enum_match_arm, reason = "the others are about the engine")]
fn of_registry(error: EngineError) -> EngineError {
    let by_words = match &error {
        EngineError::Failed(words) | EngineError::Refused(words) | EngineError::Registry(words) => {
            classify::transfer(words)
        }
        EngineError::NotFound(words) => EngineError::Registry(words.clone()),
        _ => return error,
    };
    // Where the words say nothing, the status does.
    if matches!(by_words, EngineError::Failed(_)) { error } else { by_words }
}

/// Adds to a registry's refusal which credentials were sent, or why none were.
fn explain(error: EngineError, sent: &Sent) -> EngineError {
    let EngineError::Registry(message) = error else { return error };
    EngineError::Registry(match sent {
        Sent::LookupFailed(why) => format!("{message} (no credentials were sent: {why})"),
        Sent::User(user) if classify::means_denied(&message) => format!("{message} (logged in as {user})"),
        Sent::Token if classify::means_denied(&message) => format!("{message} (with the stored token)"),
        Sent::Nothing | Sent::User(_) | Sent::Token => message,
    })
}

fn missing_after_pull(spec: &PullSpec) -> EngineError {
    match &spec.platform {
        Some(platform) => EngineError::Failed(format!("image `{}` is not for platform {platform}", spec.image)),
        None => EngineError::Failed(format!("image `{}` does not exist after the pull", spec.image)),
    }
}

/// A message during a transfer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    #[serde(default)]
    status: String,
    #[serde(default)]
    id: String,
    progress_detail: Option<Detail>,
    error: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Detail {
    current: Option<u64>,
    total: Option<u64>,
}

impl Line {
    /// The progress of a layer, or the message of a failure; `None` for lines about the image as a whole.
    fn progress(self) -> Option<Result<ImageProgress, String>> {
        if let Some(message) = self.error {
            return Some(Err(message));
        }
        // The line `Pulling from library/nginx` has the tag as its id.
        let is_layer = self.id.len() == 12 && self.id.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_layer || self.status.starts_with("Pulling from") {
            return None;
        }
        let (current, total) = match self.progress_detail {
            Some(detail) => (detail.current, detail.total.filter(|total| *total > 0)),
            None => (None, None),
        };
        Some(Ok(ImageProgress::Layer { id: self.id, status: self.status, current, total }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_registry_does_not_have_is_its_refusal() {
        let words = "pull access denied for x, repository does not exist";
        for answer in
            [classify::answer(404, words), classify::transfer(words), classify::transfer("manifest unknown: x")]
        {
            assert!(matches!(explain(of_registry(answer), &Sent::Nothing), EngineError::Registry(_)));
        }
        let explained = explain(of_registry(classify::answer(404, words)), &Sent::LookupFailed("no helper".to_owned()));
        assert_eq!(explained, EngineError::Registry(format!("{words} (no credentials were sent: no helper)")));
    }

    #[test]
    fn faults_that_pass_are_known_whatever_the_status() {
        for status in [400, 429, 500, 503] {
            let error = of_registry(classify::answer(status, "toomanyrequests: slow down"));
            assert!(matches!(error, EngineError::RegistryFault { .. }), "{status}");
        }
        let refused = classify::answer(401, "who are you?");
        assert_eq!(of_registry(refused.clone()), refused);
    }

    #[test]
    fn a_refusal_says_which_credentials_were_sent() {
        let denied = || EngineError::Registry("denied: no".to_owned());
        let user = Sent::User("bob".to_owned());
        assert_eq!(explain(denied(), &user).to_string(), "denied: no (logged in as bob)");
        assert_eq!(explain(denied(), &Sent::Token).to_string(), "denied: no (with the stored token)");
        let unknown = EngineError::Registry("manifest unknown".to_owned());
        assert_eq!(explain(unknown, &user).to_string(), "manifest unknown");
    }

    #[test]
    fn lines_of_a_pull() {
        let progress = |text: &str| serde_json::from_str::<Line>(text).unwrap().progress();
        assert_eq!(progress(r#"{"status":"Pulling from library/nginx","id":"latest"}"#), None);
        assert_eq!(progress(r#"{"status":"Status: Downloaded newer image for nginx:latest"}"#), None);
        let line = r#"{"status":"Downloading","progressDetail":{"current":5,"total":9},"id":"0123456789ab"}"#;
        let expected = ImageProgress::Layer {
            id: "0123456789ab".to_owned(),
            status: "Downloading".to_owned(),
            current: Some(5),
            total: Some(9),
        };
        assert_eq!(progress(line), Some(Ok(expected)));
        let line = r#"{"errorDetail":{"message":"no"},"error":"no"}"#;
        assert_eq!(progress(line), Some(Err("no".to_owned())));
    }
}
