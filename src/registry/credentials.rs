//! A registry in, its credential from Docker's configuration and helper programs out.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use docker_credential::{CredentialRetrievalError, DockerCredential};
use serde::Serialize;

use super::config::{ConfigFile, read_text};
use crate::source::ReadError;

/// The name of Docker Hub in credential stores.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// A credential for a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Credential {
    /// The registry's name in credential stores.
    server: String,
    secret: Secret,
}

#[derive(Clone, PartialEq, Eq)]
enum Secret {
    Token(String),
    Password { username: String, password: String },
}

impl std::fmt::Debug for Secret {
    /// Leaves out the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Token(_) => f.write_str("Token(•••)"),
            Self::Password { username, .. } => write!(f, "Password({username}, •••)"),
        }
    }
}

#[derive(Serialize)]
struct AuthHeader<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identitytoken: Option<&'a str>,
    serveraddress: &'a str,
}

impl Credential {
    /// The value of the header `X-Registry-Auth`.
    pub(crate) fn header(&self) -> String {
        let mut header =
            AuthHeader { username: None, password: None, identitytoken: None, serveraddress: &self.server };
        match &self.secret {
            Secret::Token(token) => header.identitytoken = Some(token),
            Secret::Password { username, password } => {
                header.username = Some(username);
                header.password = Some(password);
            }
        }
        URL_SAFE.encode(serde_json::to_vec(&header).expect("texts can be written as JSON"))
    }

    /// User name and password; `None` for a token.
    pub(crate) fn user_and_password(&self) -> Option<(&str, &str)> {
        match &self.secret {
            Secret::Token(_) => None,
            Secret::Password { username, password } => Some((username, password)),
        }
    }

    /// Whose it is: a user name; `None` for a token.
    pub(crate) fn user(&self) -> Option<&str> {
        self.user_and_password().map(|(user, _)| user)
    }

    /// The identity token, if it is one.
    pub(crate) fn token(&self) -> Option<&str> {
        match &self.secret {
            Secret::Token(token) => Some(token),
            Secret::Password { .. } => None,
        }
    }
}

/// Looks credentials up in the Docker configuration and with its helper programs.
#[derive(Debug, Clone, Default)]
pub(crate) struct CredentialStore {
    /// The folder of the configuration.
    folder: Option<PathBuf>,
}

impl CredentialStore {
    /// The store for the configuration in `folder`; empty if `None`.
    pub(crate) fn new(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// The credential for a registry host such as `docker.io` or `registry.example:5000`; `None` if none is configured.
    /// Since helper programs may run, this happens off the runtime's thread.
    ///
    /// # Errors
    ///
    /// A message, if the configuration or a helper program does not work.
    pub(crate) async fn get(&self, registry: &str) -> Result<Option<Credential>, String> {
        let Some(folder) = self.folder.clone() else { return Ok(None) };
        let server = server_name(registry).to_owned();
        tokio::task::spawn_blocking(move || look_up(&folder, &server))
            .await
            .unwrap_or_else(|panic| Err(panic.to_string()))
    }

    /// The same for programs that only support names and passwords: a token's user is `<token>`. Blocks while a helper
    /// program runs; returns `None` if the lookup fails.
    pub(crate) fn user_and_password(&self, registry: &str) -> Option<(String, String)> {
        let credential = look_up(self.folder.as_deref()?, server_name(registry)).ok()??;
        Some(match credential.secret {
            Secret::Token(token) => ("<token>".to_owned(), token),
            Secret::Password { username, password } => (username, password),
        })
    }

    /// All individually configured credentials as a separate Docker configuration file, for `use_api_socket`.
    /// Registries whose lookup fails are left out.
    pub(crate) async fn as_config_file(&self) -> String {
        let file = ConfigFile::read_or_empty(self.folder.as_deref());
        let mut auths = serde_json::Map::new();
        for registry in file.registries() {
            let Ok(Some(credential)) = self.get(&registry).await else { continue };
            let entry = match (credential.user_and_password(), credential.token()) {
                (Some((user, password)), _) => {
                    let auth = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
                    serde_json::json!({ "auth": auth })
                }
                (None, token) => serde_json::json!({ "identitytoken": token }),
            };
            auths.insert(registry, entry);
        }
        serde_json::json!({ "auths": auths }).to_string()
    }
}

fn look_up(folder: &Path, server: &str) -> Result<Option<Credential>, String> {
    let text = match read_text(folder) {
        Ok(text) => text,
        Err(ReadError::Missing) => return Ok(None),
        Err(error) => return Err(format!("cannot read the Docker configuration: {error}")),
    };
    let secret = match docker_credential::get_credential_from_reader(&*text, server) {
        // Helpers answer `<token>` as the user name of a token.
        Ok(DockerCredential::UsernamePassword(user, token)) if user == "<token>" => Secret::Token(token),
        Ok(DockerCredential::UsernamePassword(username, password)) => Secret::Password { username, password },
        Ok(DockerCredential::IdentityToken(token)) => Secret::Token(token),
        Err(error) if means_none(&error) => return Ok(None),
        Err(error) => return Err(words(&error)),
    };
    Ok(Some(Credential { server: server.to_owned(), secret }))
}

/// Whether an error only means that there is no credential.
fn means_none(error: &CredentialRetrievalError) -> bool {
    match error {
        CredentialRetrievalError::NoCredentialConfigured => true,
        CredentialRetrievalError::HelperFailure { stdout, stderr, .. } => {
            [stdout, stderr].iter().any(|text| text.contains("credentials not found"))
        }
        CredentialRetrievalError::HelperCommunicationError
        | CredentialRetrievalError::MalformedHelperResponse
        | CredentialRetrievalError::CredentialDecodingError
        | CredentialRetrievalError::CredentialMismatchError
        | CredentialRetrievalError::ConfigNotFound
        | CredentialRetrievalError::ConfigReadError => false,
    }
}

/// The error on one line. Of a helper's output only error messages are shown, since an answer contains a secret.
fn words(error: &CredentialRetrievalError) -> String {
    let CredentialRetrievalError::HelperFailure { helper, stdout, stderr } = error else { return error.to_string() };
    let mut said = [stderr, stdout].into_iter().flat_map(|text| text.lines()).map(str::trim);
    let last = said.rfind(|line| !line.is_empty() && !line.contains(['{', '}', '"']));
    match last {
        Some(line) => format!("{helper} failed: {line}"),
        None => format!("{helper} failed"),
    }
}

/// The name of a registry in credential stores: all names of Docker Hub are mapped to one.
fn server_name(registry: &str) -> &str {
    match registry {
        "docker.io" | "index.docker.io" | "registry-1.docker.io" => DOCKER_HUB,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_credential_is_written_by_mistake() {
        let folder = folder_with(r#"{"auths":{"r.example":{"auth":"dTpodW50ZXIy"}}}"#);
        let file = ConfigFile::read_or_empty(Some(folder.path()));
        let password = look_up(folder.path(), "r.example").unwrap().unwrap();
        let token = Credential { secret: Secret::Token("hunter2".to_owned()), ..password.clone() };
        assert_eq!(password.user_and_password(), Some(("u", "hunter2")));
        for shown in [format!("{file:?}"), format!("{password:?}"), format!("{token:?}")] {
            assert!(!shown.contains("hunter2") && !shown.contains("dTpodW50ZXIy"), "{shown}");
        }
    }

    #[test]
    fn a_helper_that_fails_gives_no_secret_away() {
        let failure = |stdout: &str, stderr: &str| {
            words(&CredentialRetrievalError::HelperFailure {
                helper: "docker-credential-x".to_owned(),
                stdout: stdout.to_owned(),
                stderr: stderr.to_owned(),
            })
        };
        assert_eq!(failure("the store is locked\n", ""), "docker-credential-x failed: the store is locked");
        assert_eq!(failure(r#"{"Username":"u","Secret":"hunter2"}"#, ""), "docker-credential-x failed");
        assert_eq!(failure(r#""Secret":"hunter2""#, "broken pipe"), "docker-credential-x failed: broken pipe");
    }

    fn folder_with(config: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.json"), config).unwrap();
        folder
    }

    #[test]
    fn credentials_of_docker_hub_under_all_its_names() {
        // `dXNlcjpzZWNyZXQ=` is `user:secret`.
        let folder = folder_with(r#"{"auths":{"https://index.docker.io/v1/":{"auth":"dXNlcjpzZWNyZXQ="}}}"#);
        for registry in ["docker.io", "index.docker.io", "registry-1.docker.io"] {
            let credential = look_up(folder.path(), server_name(registry)).unwrap().unwrap();
            assert_eq!(credential.user_and_password(), Some(("user", "secret")), "{registry}");
        }
        assert_eq!(look_up(folder.path(), "registry.example:5000"), Ok(None));
        assert_eq!(look_up(Path::new("/nonexistent"), "registry.example"), Ok(None));
    }

    #[test]
    fn the_header_is_what_engines_expect() {
        let secret = Secret::Password { username: "user".to_owned(), password: "p?>".to_owned() };
        let credential = Credential { server: "registry.example".to_owned(), secret };
        let text = URL_SAFE.decode(credential.header()).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let expected = serde_json::json!({"username": "user", "password": "p?>", "serveraddress": "registry.example"});
        assert_eq!(value, expected);
        assert!(!format!("{credential:?}").contains("p?>"));
    }

    #[test]
    fn a_missing_helper_is_told() {
        let folder = folder_with(r#"{"credsStore":"hoist-test-that-does-not-exist"}"#);
        assert!(look_up(folder.path(), "registry.example").is_err());
    }

    #[tokio::test]
    async fn credentials_for_a_container_with_the_socket() {
        let folder = folder_with(r#"{"auths":{"registry.example":{"auth":"dXNlcjpzZWNyZXQ="}}}"#);
        let store = CredentialStore::new(Some(folder.path().to_owned()));
        let expected = r#"{"auths":{"registry.example":{"auth":"dXNlcjpzZWNyZXQ="}}}"#;
        assert_eq!(store.as_config_file().await, expected);
        assert_eq!(CredentialStore::default().as_config_file().await, r#"{"auths":{}}"#);
    }
}
