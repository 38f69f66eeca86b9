//! The Docker configuration file: registry credentials and proxies.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use docker_credential::{CredentialRetrievalError, DockerCredential};
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::source::{ReadError, Reader};

/// What Docker EventStream is called in credential stores.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// The parts of `config.json` that are ours to read.
#[derive(Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConfigFile {
    /// Proxies by the address of the engine, or `default`.
    #[serde(default)]
    proxies: BTreeMap<String, Proxies>,
    /// Registries with credentials in the file itself.
    #[serde(default)]
    auths: Registries,
    /// Programs that keep credentials, by registry.
    #[serde(default)]
    cred_helpers: BTreeMap<String, String>,
}

/// The names of registries, of whose credentials nothing is kept.
#[derive(Clone, Default, PartialEq, Eq)]
struct Registries(BTreeSet<String>);

impl<'de> Deserialize<'de> for Registries {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = Registries;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("registries and their credentials")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Registries, A::Error> {
                let mut names = BTreeSet::new();
                while let Some((name, _)) = entries.next_entry::<String, IgnoredAny>()? {
                    names.insert(name);
                }
                Ok(Registries(names))
            }
        }
        from.deserialize_map(Names)
    }
}

/// The proxies that containers are told about.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
struct Proxies {
    #[serde(rename = "httpProxy")]
    http: Option<String>,
    #[serde(rename = "httpsProxy")]
    https: Option<String>,
    #[serde(rename = "noProxy")]
    excluded: Option<String>,
    #[serde(rename = "ftpProxy")]
    ftp: Option<String>,
    #[serde(rename = "allProxy")]
    all: Option<String>,
}

impl std::fmt::Debug for ConfigFile {
    /// Leaves out what is secret; proxies may have passwords.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConfigFile").finish_non_exhaustive()
    }
}

impl ConfigFile {
    /// Reads `config.json` of the configuration in `folder`; an absent file is an empty one.
    pub(super) fn read(folder: &Path) -> std::io::Result<Self> {
        match Reader::default().read(&folder.join("config.json")) {
            Ok(text) => Ok(serde_json::from_slice(&text)?),
            Err(ReadError::Missing) => Ok(Self::default()),
            Err(error) => Err(error.into()),
        }
    }

    /// The proxy variables for containers on the engine at `address`, upper and lower case (engine.md §3.2).
    pub(super) fn proxy_variables(&self, address: &str) -> BTreeMap<String, String> {
        let Some(proxies) = self.proxies.get(address).or_else(|| self.proxies.get("default")) else {
            return BTreeMap::new();
        };
        let rows = [
            ("HTTP_PROXY", &proxies.http),
            ("HTTPS_PROXY", &proxies.https),
            ("NO_PROXY", &proxies.excluded),
            ("FTP_PROXY", &proxies.ftp),
            ("ALL_PROXY", &proxies.all),
        ];
        let mut variables = BTreeMap::new();
        for (name, value) in rows {
            if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
                variables.insert(name.to_owned(), value.clone());
                variables.insert(name.to_lowercase(), value.clone());
            }
        }
        variables
    }

    /// The registries that credentials are configured for one by one.
    fn registries(&self) -> impl Iterator<Item = &String> {
        self.auths.0.iter().chain(self.cred_helpers.keys().filter(|registry| !self.auths.0.contains(*registry)))
    }
}

/// What a registry is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Credential {
    /// The registry it is for, as credential stores call it.
    server: String,
    secret: DockerCredentialParts,
}

#[derive(Clone, PartialEq, Eq)]
enum DockerCredentialParts {
    Token(String),
    Password { username: String, password: String },
}

impl std::fmt::Debug for DockerCredentialParts {
    /// Leaves out what is secret.
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
    pub(super) fn header(&self) -> String {
        let mut header =
            AuthHeader { username: None, password: None, identitytoken: None, serveraddress: &self.server };
        match &self.secret {
            DockerCredentialParts::Token(token) => header.identitytoken = Some(token),
            DockerCredentialParts::Password { username, password } => {
                header.username = Some(username);
                header.password = Some(password);
            }
        }
        URL_SAFE.encode(serde_json::to_vec(&header).expect("texts can be written as JSON"))
    }

    /// User name and password; a token has neither.
    pub(super) fn user_and_password(&self) -> Option<(&str, &str)> {
        match &self.secret {
            DockerCredentialParts::Token(_) => None,
            DockerCredentialParts::Password { username, password } => Some((username, password)),
        }
    }

    /// The identity token, if that is what it is.
    pub(super) fn token(&self) -> Option<&str> {
        match &self.secret {
            DockerCredentialParts::Token(token) => Some(token),
            DockerCredentialParts::Password { .. } => None,
        }
    }
}

/// Where credentials are looked up: files and helper programs of the Docker configuration.
#[derive(Debug, Clone, Default)]
pub(super) struct CredentialStore {
    /// The folder of the configuration.
    pub(super) folder: Option<PathBuf>,
}

impl CredentialStore {
    /// The credential for a registry host such as `docker.io` or `registry.example:5000`; nothing when none is
    /// configured. Helper programs run, so it happens off the runtime's thread.
    ///
    /// # Errors
    ///
    /// In words, if the configuration or a helper program does not work.
    pub(super) async fn get(&self, registry: &str) -> Result<Option<Credential>, String> {
        let Some(folder) = self.folder.clone() else { return Ok(None) };
        let server = server_name(registry).to_owned();
        tokio::task::spawn_blocking(move || look_up(&folder, &server))
            .await
            .unwrap_or_else(|panic| Err(panic.to_string()))
    }

    /// The same for programs that know names and passwords only: a token's user is `<token>`. It blocks while a helper
    /// program runs; a credential that cannot be had counts as none.
    pub(super) fn user_and_password(&self, registry: &str) -> Option<(String, String)> {
        let credential = look_up(self.folder.as_deref()?, server_name(registry)).ok()??;
        Some(match credential.secret {
            DockerCredentialParts::Token(token) => ("<token>".to_owned(), token),
            DockerCredentialParts::Password { username, password } => (username, password),
        })
    }

    /// All credentials that are configured one by one, as a Docker configuration file of their own (engine.md §3.10,
    /// `use_api_socket`). Registries whose credentials cannot be had are left out.
    pub(super) async fn as_config_file(&self) -> String {
        let file = self.folder.as_deref().and_then(|folder| ConfigFile::read(folder).ok()).unwrap_or_default();
        let mut auths = serde_json::Map::new();
        for registry in file.registries() {
            let Ok(Some(credential)) = self.get(registry).await else { continue };
            let entry = match (credential.user_and_password(), credential.token()) {
                (Some((user, password)), _) => {
                    let auth = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
                    serde_json::json!({ "auth": auth })
                }
                (None, token) => serde_json::json!({ "identitytoken": token }),
            };
            auths.insert(registry.clone(), entry);
        }
        serde_json::json!({ "auths": auths }).to_string()
    }
}

fn look_up(folder: &Path, server: &str) -> Result<Option<Credential>, String> {
    let text = match Reader::default().read(&folder.join("config.json")) {
        Ok(text) => text,
        Err(ReadError::Missing) => return Ok(None),
        Err(error) => return Err(format!("cannot read the Docker configuration: {error}")),
    };
    let secret = match docker_credential::get_credential_from_reader(&*text, server) {
        // Helpers answer `<token>` as the user name of a token.
        Ok(DockerCredential::UsernamePassword(user, token)) if user == "<token>" => DockerCredentialParts::Token(token),
        Ok(DockerCredential::UsernamePassword(username, password)) => {
            DockerCredentialParts::Password { username, password }
        }
        Ok(DockerCredential::IdentityToken(token)) => DockerCredentialParts::Token(token),
        Err(error) if means_none(&error) => return Ok(None),
        Err(error) => return Err(words(&error)),
    };
    Ok(Some(Credential { server: server.to_owned(), secret }))
}

/// Whether an error of a look-up only says that there is no credential.
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

/// What went wrong, in a line. Of what a helper wrote to its output only words are shown: an answer has a secret in it.
fn words(error: &CredentialRetrievalError) -> String {
    let CredentialRetrievalError::HelperFailure { helper, stdout, stderr } = error else { return error.to_string() };
    let mut said = [stderr, stdout].into_iter().flat_map(|text| text.lines()).map(str::trim);
    let last = said.rfind(|line| !line.is_empty() && !line.contains(['{', '}', '"']));
    match last {
        Some(line) => format!("{helper} failed: {line}"),
        None => format!("{helper} failed"),
    }
}

/// What a registry is called in credential stores: all names of Docker EventStream are one (engine.md §7.1).
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
        let file = ConfigFile::read(folder.path()).unwrap();
        let password = look_up(folder.path(), "r.example").unwrap().unwrap();
        let token = Credential { secret: DockerCredentialParts::Token("hunter2".to_owned()), ..password.clone() };
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
        let secret = DockerCredentialParts::Password { username: "user".to_owned(), password: "p?>".to_owned() };
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

    #[test]
    fn proxies_of_the_engine_or_the_default_ones() {
        let text = r#"{"proxies":{"default":{"httpProxy":"http://a:1"},"tcp://far:2375":{"noProxy":"x"}}}"#;
        let file: ConfigFile = serde_json::from_str(text).unwrap();
        let names = |address: &str| file.proxy_variables(address).into_keys().collect::<Vec<_>>();
        assert_eq!(names("unix:///var/run/docker.sock"), ["HTTP_PROXY", "http_proxy"]);
        assert_eq!(names("tcp://far:2375"), ["NO_PROXY", "no_proxy"]);
        assert!(ConfigFile::default().proxy_variables("x").is_empty());
    }

    #[tokio::test]
    async fn credentials_for_a_container_with_the_socket() {
        let folder = folder_with(r#"{"auths":{"registry.example":{"auth":"dXNlcjpzZWNyZXQ="}}}"#);
        let store = CredentialStore { folder: Some(folder.path().to_owned()) };
        let expected = r#"{"auths":{"registry.example":{"auth":"dXNlcjpzZWNyZXQ="}}}"#;
        assert_eq!(store.as_config_file().await, expected);
        assert_eq!(CredentialStore::default().as_config_file().await, r#"{"auths":{}}"#);
    }
}
