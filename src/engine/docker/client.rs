//! The connection to one engine: negotiates its version once, and sends the requests of this folder.

use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bollard::ClientVersion;
use futures::Stream;
use hyper::body::{Bytes, Incoming};
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;

use super::classify;
use super::connect::{AuthConfig, BuildSettings, ConnectSettings};
use super::transport::{Ask, Transport};
use crate::engine::EngineError;
use crate::observed::{ApiVersion, EngineVersion};
use crate::registry::{ConfigFile, CredentialStore};

/// The newest API version that hoist knows.
const NEWEST: ApiVersion = ApiVersion::new(1, 53);
/// The API version used with an engine that does not report one.
const OLDEST: ApiVersion = ApiVersion::new(1, 41);

/// Time limit of a query.
pub(super) const QUESTION: Duration = Duration::from_mins(1);
/// Time limit of a change that waits for nothing but the engine: creating copies an image's files into volumes,
/// removing deletes them.
pub(super) const CHANGE: Duration = Duration::from_mins(10);
/// How long a call may take that moves as much data as there is: without end.
pub(super) const TRANSFER: Duration = Duration::from_hours(10 * 365 * 24);

/// A client of one engine. Clones share its connections and what it has found out about the engine.
#[derive(Debug, Clone)]
pub(super) struct Client {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    transport: Transport,
    settings: ConnectSettings,
    ready: OnceCell<Ready>,
    config: OnceCell<ConfigFile>,
}

/// What the engine's first answer reveals.
#[derive(Debug)]
struct Ready {
    version: EngineVersion,
    api: bollard::Docker,
    /// Whether the engine is Podman.
    podman: bool,
}

impl Client {
    /// A client for the engine that the settings select. Nothing is sent before the first call.
    pub(super) fn new(settings: ConnectSettings) -> Result<Self, EngineError> {
        let transport = Transport::new(settings.address()?);
        let shared = Shared { transport, settings, ready: OnceCell::new(), config: OnceCell::new() };
        Ok(Self { shared: Arc::new(shared) })
    }

    pub(super) fn transport(&self) -> &Transport {
        &self.shared.transport
    }

    /// The engine's address as users write it.
    pub(super) fn address(&self) -> String {
        self.transport().address().to_string()
    }

    /// The engine and the negotiated API version. Requested once; failures are not cached.
    pub(super) async fn version(&self) -> Result<EngineVersion, EngineError> {
        Ok(self.ready().await?.version.clone())
    }

    /// Whether the engine is Podman.
    pub(super) async fn is_podman(&self) -> Result<bool, EngineError> {
        Ok(self.ready().await?.podman)
    }

    /// The bollard client, with the negotiated version.
    pub(super) async fn api(&self) -> Result<&bollard::Docker, EngineError> {
        Ok(&self.ready().await?.api)
    }

    async fn ready(&self) -> Result<&Ready, EngineError> {
        self.shared.ready.get_or_try_init(async || self.negotiate().await).await
    }

    /// Reads the version from the headers of a ping's answer, which takes a tenth of the time of `/version`.
    async fn negotiate(&self) -> Result<Ready, EngineError> {
        let ask = Ask::get("/_ping");
        let what = || format!("ping {}", self.address());
        let answer = classify::within(QUESTION, what, self.transport().ask(ask)).await;
        let response = answer.map_err(|error| classify::failed_to("answer a ping", error))?;
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        let offered = header("api-version").and_then(parse_version).unwrap_or(OLDEST);
        let asked =
            match &self.shared.settings.api_version {
                None => None,
                Some(text) => Some(parse_version(text).ok_or_else(|| {
                    EngineError::Configuration(format!("DOCKER_API_VERSION is not a version: `{text}`"))
                })?),
            };
        let api = asked.unwrap_or_else(|| offered.min(NEWEST));
        let os = header("ostype").unwrap_or("linux").to_owned();
        let podman = header("libpod-api-version").is_some();
        Ok(Ready { version: EngineVersion { api, os }, api: self.bollard(api)?, podman })
    }

    fn bollard(&self, api: ApiVersion) -> Result<bollard::Docker, EngineError> {
        let transport = self.transport().clone();
        let send = move |request| {
            let transport = transport.clone();
            async move { transport.send_for_bollard(request).await }
        };
        // Timeouts are set per kind of call by this crate.
        let no_deadline = u64::from(u32::MAX);
        let version = ClientVersion { major_version: api.major as usize, minor_version: api.minor as usize };
        bollard::Docker::connect_with_custom_transport(send, Some("http://localhost"), no_deadline, &version)
            .map_err(|error| classify::bollard(self.transport().address(), &error))
    }

    /// Requests a JSON document; `path` has path and query, without the version.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, EngineError> {
        let versioned = self.versioned(path).await?;
        classify::within(QUESTION, || format!("GET {path}"), self.transport().get(&versioned)).await
    }

    /// Sends a request whose path and query lack the version. The limit covers the response headers only.
    pub(super) async fn ask(&self, limit: Duration, ask: Ask<'_>) -> Result<hyper::Response<Incoming>, EngineError> {
        let versioned = self.versioned(ask.path).await?;
        let what = format!("{} {}", ask.method, ask.path);
        classify::within(limit, || what, self.transport().ask(Ask { path: &versioned, ..ask })).await
    }

    /// Sends a stream to a path and query that lack the version. Neither has a time limit.
    pub(super) async fn upload(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Result<hyper::Response<Incoming>, EngineError> {
        let versioned = self.versioned(path).await?;
        self.transport().upload(&versioned, headers, body).await
    }

    /// Waits for a bollard call, up to its time limit.
    pub(super) async fn wait<T>(
        &self,
        limit: Duration,
        what: impl FnOnce() -> String,
        call: impl Future<Output = Result<T, bollard::errors::Error>>,
    ) -> Result<T, EngineError> {
        let answer = async { call.await.map_err(|error| classify::bollard(self.transport().address(), &error)) };
        classify::within(limit, what, answer).await
    }

    async fn versioned(&self, path: &str) -> Result<String, EngineError> {
        Ok(format!("/v{}{path}", self.ready().await?.version.api))
    }

    /// The Docker configuration, read on first use.
    pub(super) async fn config(&self) -> &ConfigFile {
        let folder = self.shared.settings.config_folder.as_deref();
        self.shared.config.get_or_init(async || ConfigFile::read_or_empty(folder)).await
    }

    /// The folder of the Docker configuration.
    pub(super) fn config_folder(&self) -> Option<PathBuf> {
        self.shared.settings.config_folder.clone()
    }

    /// What builds use of their surroundings.
    pub(super) fn build_settings(&self) -> &BuildSettings {
        &self.shared.settings.builds
    }

    /// Where credentials for registries are looked up.
    pub(super) fn credentials(&self) -> CredentialStore {
        let settings = &self.shared.settings;
        let variable = settings.auth_config.as_ref().map(|AuthConfig(text)| text.as_str());
        CredentialStore::new(settings.config_folder.clone(), variable)
    }
}

/// A version such as `1.44`.
fn parse_version(text: &str) -> Option<ApiVersion> {
    let (major, minor) = text.trim().split_once('.')?;
    Some(ApiVersion::new(major.parse().ok()?, minor.parse().ok()?))
}

/// A query string of names and values.
pub(super) fn query(pairs: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push('&');
        }
        text.push_str(name);
        text.push('=');
        text.push_str(&percent_encoded(value));
    }
    text
}

/// Refuses a name that would change the path of a request it becomes part of.
pub(super) fn check_segment(name: &str) -> Result<(), EngineError> {
    let odd = |character: char| matches!(character, '?' | '#' | '%' | '\\') || character.is_control();
    let walks = name.split('/').any(|part| matches!(part, "" | "." | ".."));
    if walks || name.contains(odd) {
        return Err(EngineError::Refused(format!("`{name}` is not a valid name for an object on the engine")));
    }
    Ok(())
}

/// A text in which everything but letters, digits and `-._~/:` is percent-encoded, for paths and queries.
pub(super) fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b':' => {
                encoded.push(char::from(byte));
            }
            _ => write!(encoded, "%{byte:02X}").expect("a text can always be written to"),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        assert_eq!(parse_version("1.44"), Some(ApiVersion::new(1, 44)));
        for wrong in ["", "1", "1.x", "v1.2"] {
            assert_eq!(parse_version(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn names_stay_where_they_are_put() {
        for name in ["shop_default", "docker.io/library/nginx:1@sha256:00", "a b", "ü"] {
            assert_eq!(check_segment(name), Ok(()), "{name}");
        }
        for name in
            ["", "../containers/x", "a/../../x", "a/./b", "/x", "x?force=1", "x#y", "%2e%2e/x", "a\\..\\b", "a\nb"]
        {
            assert!(check_segment(name).is_err(), "{name}");
        }
    }

    #[test]
    fn queries_are_encoded() {
        assert_eq!(
            query(&[("all", "true"), ("filters", r#"{"a":["b c"]}"#)]),
            "all=true&filters=%7B%22a%22:%5B%22b%20c%22%5D%7D"
        );
        assert_eq!(percent_encoded("docker.io/x:1@sha256:a+ü"), "docker.io/x:1%40sha256:a%2B%C3%BC");
    }

    #[tokio::test]
    async fn no_engine_names_the_address() {
        let settings =
            ConnectSettings { host: Some("unix:///nonexistent/engine.sock".to_owned()), ..ConnectSettings::default() };
        let error = Client::new(settings).unwrap().version().await.unwrap_err();
        let expected = EngineError::Unreachable {
            address: "unix:///nonexistent/engine.sock".to_owned(),
            cause: "No such file or directory".to_owned(),
        };
        assert_eq!(error, expected);
    }
}
