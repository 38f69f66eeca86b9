//! A registry in, its credential from Docker's configuration and helper programs out, chosen as `docker pull` does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use serde::{Deserialize, Serialize};

use super::auth::decoded;
use super::config::{ConfigFile, read_text};
use super::helper;
use super::variable::{self, Logins};
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

/// Looks credentials up in `DOCKER_AUTH_CONFIG`, in the Docker configuration and with its helper programs.
#[derive(Clone, Default)]
pub(crate) struct CredentialStore {
    /// The folder of the configuration.
    folder: Option<PathBuf>,
    /// The logins in the variable, or what is wrong with it.
    variable: Option<Result<Logins, String>>,
}

impl std::fmt::Debug for CredentialStore {
    /// Leaves out secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CredentialStore").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl CredentialStore {
    /// The store for the configuration in `folder` and the text of `DOCKER_AUTH_CONFIG`; what is `None` is empty.
    pub(crate) fn new(folder: Option<PathBuf>, variable: Option<&str>) -> Self {
        let variable = variable.filter(|text| !text.is_empty()).map(variable::parse);
        Self { folder, variable }
    }

    /// The credential for a registry host such as `docker.io` or `registry.example:5000`; `None` if none is configured.
    /// Since helper programs may run, this happens off the runtime's thread.
    ///
    /// # Errors
    ///
    /// A message, if the configuration or a helper program does not work.
    pub(crate) async fn get(&self, registry: &str) -> Result<Option<Credential>, String> {
        let server = server_name(registry).to_owned();
        let store = self.clone();
        tokio::task::spawn_blocking(move || store.look_up(&server)).await.unwrap_or_else(|panic| Err(panic.to_string()))
    }

    /// The same for programs that only support names and passwords: a token's user is `<token>`. Blocks while a helper
    /// program runs; returns `None` if the lookup fails.
    pub(crate) fn user_and_password(&self, registry: &str) -> Option<(String, String)> {
        let credential = self.look_up(server_name(registry)).ok()??;
        Some(match credential.secret {
            Secret::Token(token) => ("<token>".to_owned(), token),
            Secret::Password { username, password } => (username, password),
        })
    }

    /// The variable comes first. If it is invalid the configuration still counts, as with Docker; the error is only
    /// returned if that has no credential.
    fn look_up(&self, server: &str) -> Result<Option<Credential>, String> {
        let logins = self.variable.as_ref().map(Result::as_ref).transpose();
        if let Ok(Some(logins)) = logins
            && let Some((username, password)) = logins.get(server).cloned()
        {
            return Ok(Some(Credential { server: server.to_owned(), secret: Secret::Password { username, password } }));
        }
        let configured = self.folder.as_deref().map_or(Ok(None), |folder| look_up(folder, server))?;
        match logins {
            Err(error) if configured.is_none() => Err(error.clone()),
            Ok(_) | Err(_) => Ok(configured),
        }
    }

    /// All individually configured credentials as a separate Docker configuration file, for `use_api_socket`.
    /// Registries whose lookup fails are left out.
    pub(crate) async fn as_config_file(&self) -> String {
        let file = ConfigFile::read_or_empty(self.folder.as_deref());
        let logins = self.variable.as_ref().and_then(|variable| variable.as_ref().ok());
        let mut registries = file.registries();
        registries.extend(logins.into_iter().flat_map(Logins::keys).cloned());
        let mut auths = serde_json::Map::new();
        for registry in registries {
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

/// The part of `config.json` about credentials.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Settings {
    auths: Option<BTreeMap<String, Option<Entry>>>,
    cred_helpers: Option<BTreeMap<String, String>>,
    creds_store: Option<String>,
}

/// A credential in the file itself.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    auth: String,
    username: String,
    password: String,
    identitytoken: String,
}

impl Settings {
    /// The helper program for a registry: its own, else the one for all, even if the file has a credential.
    fn helper(&self, server: &str) -> Option<&str> {
        let own = self.cred_helpers.as_ref().and_then(|helpers| helpers.get(server));
        own.or(self.creds_store.as_ref()).map(String::as_str).filter(|name| !name.is_empty())
    }

    /// The credential in the file: under the registry's name, else under an address on that host.
    fn entry(&self, server: &str) -> Option<&Entry> {
        let auths = self.auths.as_ref()?;
        let on_host = || auths.iter().find(|(name, _)| host(name) == server).map(|(_, entry)| entry);
        auths.get(server).or_else(on_host)?.as_ref()
    }
}

/// The host in the address of a registry: `r.example` of `https://r.example/v1/`.
fn host(address: &str) -> &str {
    let bare = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://")).unwrap_or(address);
    bare.split('/').next().unwrap_or_default()
}

impl Entry {
    /// The secret; `None` if there is none, because a helper keeps it or somebody logged out.
    fn secret(&self) -> Result<Option<Secret>, String> {
        if !self.identitytoken.is_empty() {
            return Ok(Some(Secret::Token(self.identitytoken.clone())));
        }
        let (username, password) = if self.auth.is_empty() {
            (self.username.clone(), self.password.clone())
        } else {
            decoded(&self.auth).ok_or("the configuration has an invalid `auth`")?
        };
        let is_empty = username.is_empty() && password.is_empty();
        Ok((!is_empty).then_some(Secret::Password { username, password }))
    }
}

fn look_up(folder: &Path, server: &str) -> Result<Option<Credential>, String> {
    let text = match read_text(folder) {
        Ok(text) => text,
        Err(ReadError::Missing) => return Ok(None),
        Err(error) => return Err(format!("cannot read the Docker configuration: {error}")),
    };
    let settings: Settings =
        serde_json::from_slice(&text).map_err(|_| "the Docker configuration has invalid credentials".to_owned())?;
    let secret = match settings.helper(server) {
        Some(helper) => helper::get(helper, server)?.and_then(of_helper),
        None => settings.entry(server).map(Entry::secret).transpose()?.flatten(),
    };
    Ok(secret.map(|secret| Credential { server: server.to_owned(), secret }))
}

/// Helpers answer `<token>` as the user name of a token.
fn of_helper(helper::Answer { username, secret }: helper::Answer) -> Option<Secret> {
    match username.as_str() {
        "<token>" => Some(Secret::Token(secret)),
        "" if secret.is_empty() => None,
        _ => Some(Secret::Password { username, password: secret }),
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
        // A helper comes before what the file has.
        for config in [
            r#"{"credsStore":"hoist-test-none","auths":{"r.example":{"auth":"dXNlcjpzZWNyZXQ="}}}"#,
            r#"{"credHelpers":{"r.example":"hoist-test-none"}}"#,
            r#"{"credsStore":"x","credHelpers":{"r.example":"hoist-test-none"}}"#,
        ] {
            let error = look_up(folder_with(config).path(), "r.example");
            assert_eq!(error, Err("docker-credential-hoist-test-none is not installed".to_owned()), "{config}");
        }
        let other = folder_with(r#"{"credHelpers":{"r.example":"hoist-test-none"}}"#);
        assert_eq!(look_up(other.path(), "other.example"), Ok(None));
    }

    #[test]
    fn credentials_in_the_file() {
        let password = |username: &str, password: &str| {
            Some(Secret::Password { username: username.to_owned(), password: password.to_owned() })
        };
        let token = Some(Secret::Token("t".to_owned()));
        for (config, expected) in [
            (r#"{"auths":{"r.example":{"auth":"dXNlcjpzZWNyZXQ="}}}"#, password("user", "secret")),
            (r#"{"auths":{"r.example":{"auth":"dXNlcjpzZWNyZXQ"}}}"#, password("user", "secret")),
            (r#"{"auths":{"https://r.example/v1/":{"auth":"dXNlcjpzZWNyZXQ="}}}"#, password("user", "secret")),
            (r#"{"auths":{"r.example":{"username":"u","password":"p:q"}}}"#, password("u", "p:q")),
            (r#"{"auths":{"r.example":{"auth":"dTp4","identitytoken":"t"}}}"#, token),
            (r#"{"auths":{"r.example":{}}}"#, None),
            (r#"{"auths":{"r.example:5000":{"auth":"dXNlcjpzZWNyZXQ="}}}"#, None),
            (r#"{"auths":null,"credsStore":""}"#, None),
        ] {
            let found = look_up(folder_with(config).path(), "r.example").unwrap();
            assert_eq!(found.map(|credential| credential.secret), expected, "{config}");
        }
        for broken in [r#"{"auths":{"r.example":{"auth":"%"}}}"#, r#"{"auths":7}"#] {
            assert!(look_up(folder_with(broken).path(), "r.example").is_err(), "{broken}");
        }
    }

    #[tokio::test]
    async fn credentials_for_a_container_with_the_socket() {
        let folder = folder_with(r#"{"auths":{"registry.example":{"auth":"dXNlcjpzZWNyZXQ="}}}"#);
        let store = CredentialStore::new(Some(folder.path().to_owned()), None);
        let expected = r#"{"auths":{"registry.example":{"auth":"dXNlcjpzZWNyZXQ="}}}"#;
        assert_eq!(store.as_config_file().await, expected);
        let variable = r#"{"auths":{"other.example":{"auth":"dTp4"}}}"#;
        let both = CredentialStore::new(Some(folder.path().to_owned()), Some(variable)).as_config_file().await;
        let expected = r#"{"auths":{"other.example":{"auth":"dTp4"},"registry.example":{"auth":"dXNlcjpzZWNyZXQ="}}}"#;
        assert_eq!(both, expected);
        assert_eq!(CredentialStore::default().as_config_file().await, r#"{"auths":{}}"#);
    }

    #[test]
    fn the_variable_comes_before_the_configuration() {
        let config =
            r#"{"auths":{"r.example":{"auth":"dXNlcjpzZWNyZXQ="}},"credHelpers":{"h.example":"hoist-test-none"}}"#;
        let folder = folder_with(config);
        let store = |variable: &str| CredentialStore::new(Some(folder.path().to_owned()), Some(variable));
        let password = |store: &CredentialStore, registry: &str| store.user_and_password(registry);
        let of_variable = Some(("u".to_owned(), "x".to_owned()));
        let of_file = Some(("user".to_owned(), "secret".to_owned()));
        for registry in ["r.example", "h.example", "https://index.docker.io/v1/"] {
            let store = store(&format!(r#"{{"auths":{{"{registry}":{{"auth":"dTp4"}}}}}}"#));
            assert_eq!(password(&store, registry), of_variable, "{registry}");
            assert!(!format!("{store:?}").contains("dTp4"));
        }
        // Names must be equal: an address on that host is another registry here.
        assert_eq!(password(&store(r#"{"auths":{"https://r.example/v1/":{"auth":"dTp4"}}}"#), "r.example"), of_file);
        assert_eq!(password(&store(r#"{"auths":{"docker.io":{"auth":"dTp4"}}}"#), "docker.io"), None);
        assert_eq!(password(&store(""), "r.example"), of_file);
        let alone = CredentialStore::new(None, Some(r#"{"auths":{"r.example":{"auth":"dTp4"}}}"#));
        assert_eq!(password(&alone, "r.example"), of_variable);
    }

    #[tokio::test]
    async fn an_invalid_variable_is_told_where_the_configuration_has_nothing() {
        let folder = folder_with(r#"{"auths":{"r.example":{"auth":"dXNlcjpzZWNyZXQ="}}}"#);
        let store = CredentialStore::new(Some(folder.path().to_owned()), Some("hunter2"));
        assert!(store.get("r.example").await.unwrap().is_some());
        let error = store.get("other.example").await.unwrap_err();
        assert!(error.starts_with("DOCKER_AUTH_CONFIG") && !error.contains("hunter2"), "{error}");
        assert!(!format!("{store:?}").contains("hunter2"));
    }
}
