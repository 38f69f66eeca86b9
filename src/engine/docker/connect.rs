//! Settings in, the engine's address and TLS files out. Nothing is sent.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use super::address::{Address, DEFAULT_SOCKET, TlsFiles};
use super::contexts;
use super::ssh::DialCommand;
use crate::engine::EngineError;
use crate::plan::SecretValues;
use crate::registry::{ConfigFile, config_folder};

/// Flags and environment that select the engine and how to talk to it. Empty strings count as absent, as in the Docker
/// client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConnectSettings {
    /// `--host`: an address; excludes `context`.
    pub host: Option<String>,
    /// `--context`: the name of a Docker context.
    pub context: Option<String>,
    /// `DOCKER_HOST`: an address.
    pub docker_host: Option<String>,
    /// `DOCKER_CONTEXT`: the name of a Docker context.
    pub docker_context: Option<String>,
    /// The folder of the Docker configuration: `DOCKER_CONFIG`, else `~/.docker`.
    pub config_folder: Option<PathBuf>,
    /// `DOCKER_AUTH_CONFIG`: credentials for registries, which come before those of the Docker configuration.
    pub auth_config: Option<AuthConfig>,
    /// Whether `DOCKER_TLS_VERIFY` or `DOCKER_TLS` requests TLS over TCP, and with which verification.
    pub tls: TlsRequest,
    /// `DOCKER_CERT_PATH`: the folder of `ca.pem`, `cert.pem` and `key.pem`; the configuration folder if absent.
    pub certificates: Option<PathBuf>,
    /// `--tlscacert`: the authorities that may sign the engine's certificate, instead of `ca.pem`.
    pub tls_authority: Option<PathBuf>,
    /// `--tlscert`: the client's certificate, instead of `cert.pem`.
    pub tls_certificate: Option<PathBuf>,
    /// `--tlskey`: the key of the client's certificate, instead of `key.pem`.
    pub tls_key: Option<PathBuf>,
    /// `DOCKER_API_VERSION`: the API version to use regardless of what the engine offers; for example `1.44`.
    pub api_version: Option<String>,
    /// A program that leads to the engine, instead of all addresses.
    pub dial: Option<DialCommand>,
    /// What builds use of their surroundings.
    pub builds: BuildSettings,
}

/// What builds use of their surroundings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildSettings {
    /// `SSH_AUTH_SOCK`: the socket of the user's SSH agent.
    pub ssh_agent: Option<PathBuf>,
    /// The job of GitHub Actions that hoist runs in.
    pub github: GithubJob,
    /// The folder for temporary files: `TMPDIR`, else `/tmp`.
    pub temporary_folder: PathBuf,
    /// Whether what builds and checks say may contain their secrets (`--show-values`).
    pub secrets: SecretValues,
}

impl Default for BuildSettings {
    fn default() -> Self {
        Self {
            ssh_agent: None,
            github: GithubJob::default(),
            temporary_folder: PathBuf::from("/tmp"),
            secrets: SecretValues::Hidden,
        }
    }
}

/// The variables by which a job of GitHub Actions finds its cache, by name.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct GithubJob(pub BTreeMap<String, String>);

impl GithubJob {
    const VARIABLES: [&str; 4] =
        ["ACTIONS_CACHE_SERVICE_V2", "ACTIONS_RUNTIME_TOKEN", "ACTIONS_RESULTS_URL", "ACTIONS_CACHE_URL"];
}

impl fmt::Debug for GithubJob {
    /// Leaves out the values, one of which is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("GithubJob").field(&self.0.keys()).finish()
    }
}

/// The text of `DOCKER_AUTH_CONFIG`, JSON with `auths` as in Docker's `config.json`.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthConfig(pub String);

impl fmt::Debug for AuthConfig {
    /// Leaves out the text, which is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthConfig(•••)")
    }
}

/// Whether the environment requests TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TlsRequest {
    /// Not at all.
    #[default]
    No,
    /// `DOCKER_TLS`: the engine's certificate is not verified.
    Unverified,
    /// `DOCKER_TLS_VERIFY`: the engine's certificate must be signed by the authority in `ca.pem`.
    Verified,
}

impl ConnectSettings {
    /// The settings from an environment; `host` and `context` come from the command line.
    #[must_use]
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let given = |name: &str| variable(name).filter(|value| !value.is_empty());
        Self {
            host: None,
            context: None,
            docker_host: given("DOCKER_HOST"),
            docker_context: given("DOCKER_CONTEXT"),
            config_folder: config_folder(&variable),
            auth_config: given("DOCKER_AUTH_CONFIG").map(AuthConfig),
            tls: if given("DOCKER_TLS_VERIFY").is_some() {
                TlsRequest::Verified
            } else if given("DOCKER_TLS").is_some() {
                TlsRequest::Unverified
            } else {
                TlsRequest::No
            },
            certificates: given("DOCKER_CERT_PATH").map(PathBuf::from),
            tls_authority: None,
            tls_certificate: None,
            tls_key: None,
            api_version: given("DOCKER_API_VERSION"),
            dial: None,
            builds: BuildSettings {
                ssh_agent: given("SSH_AUTH_SOCK").map(PathBuf::from),
                github: GithubJob(
                    GithubJob::VARIABLES.iter().filter_map(|name| Some(((*name).to_owned(), given(name)?))).collect(),
                ),
                temporary_folder: given("TMPDIR").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from),
                secrets: SecretValues::Hidden,
            },
        }
    }

    /// The address of the engine, by the Docker client's precedence: `--host`, `--context`, `DOCKER_HOST`,
    /// `DOCKER_CONTEXT`, the current context of the configuration, the default socket.
    ///
    /// # Errors
    ///
    /// [`EngineError::Configuration`] if both `--host` and `--context` are given, a context is missing or unreadable,
    /// or the address is invalid.
    pub(super) fn address(&self) -> Result<Address, EngineError> {
        if let Some(command) = &self.dial {
            return Ok(Address::Program(command.clone()));
        }
        if let (Some(_), Some(_)) = (&self.host, &self.context) {
            return Err(EngineError::Configuration("`--host` and `--context` are mutually exclusive".to_owned()));
        }
        if let Some(host) = &self.host {
            return self.host_address(host);
        }
        let named = match (&self.context, &self.docker_host, &self.docker_context) {
            (None, Some(host), _) => return self.host_address(host),
            (Some(context), ..) | (None, None, Some(context)) => Some(context.clone()),
            (None, None, None) => ConfigFile::read_or_empty(self.config_folder.as_deref()).current_context(),
        };
        match (named, &self.docker_host) {
            (Some(name), _) if name != contexts::DEFAULT => {
                contexts::read(self.config_folder.as_deref(), &name)?.address()
            }
            (_, Some(host)) => self.host_address(host),
            (_, None) => Ok(Address::Unix(PathBuf::from(DEFAULT_SOCKET))),
        }
    }

    fn host_address(&self, host: &str) -> Result<Address, EngineError> {
        let tls = (self.tls != TlsRequest::No).then(|| {
            let folder = self.certificates.clone().or_else(|| self.config_folder.clone());
            let mut files = TlsFiles::in_folder(folder.as_deref(), self.tls == TlsRequest::Verified);
            // Docker's client insists on it too where the folder is named.
            let named = self.certificates.as_ref().map(|folder| folder.join("ca.pem"));
            files.authority = self.tls_authority.clone().or(named).or(files.authority);
            let (certificate, key) = files.identity.unzip();
            files.identity = self.tls_certificate.clone().or(certificate).zip(self.tls_key.clone().or(key));
            files.without_identity = files.without_identity.filter(|_| files.identity.is_none());
            files
        });
        Address::parse(host, tls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_wins_over_environment_and_contexts() {
        let settings = ConnectSettings {
            host: Some("unix:///flag.sock".to_owned()),
            docker_host: Some("unix:///environment.sock".to_owned()),
            docker_context: Some("other".to_owned()),
            ..ConnectSettings::default()
        };
        assert_eq!(settings.address(), Ok(Address::Unix("/flag.sock".into())));
        let settings = ConnectSettings { host: None, ..settings };
        assert_eq!(settings.address(), Ok(Address::Unix("/environment.sock".into())));
        let settings = ConnectSettings { context: Some("default".to_owned()), ..settings };
        assert_eq!(settings.address(), Ok(Address::Unix("/environment.sock".into())));
        let settings = ConnectSettings { host: Some("unix:///x".to_owned()), ..settings };
        assert!(matches!(settings.address(), Err(EngineError::Configuration(_))));
        let dial = DialCommand { program: "docker".to_owned(), arguments: vec!["dial".to_owned()] };
        let settings = ConnectSettings { dial: Some(dial.clone()), ..settings };
        assert_eq!(settings.address(), Ok(Address::Program(dial)));
        assert_eq!(ConnectSettings::default().address(), Ok(Address::Unix(DEFAULT_SOCKET.into())));
    }

    #[test]
    fn files_of_flags_take_the_place_of_those_in_the_folder() {
        let settings = ConnectSettings {
            host: Some("tcp://h".to_owned()),
            tls: TlsRequest::Verified,
            tls_authority: Some("/ca".into()),
            tls_certificate: Some("/cert".into()),
            tls_key: Some("/key".into()),
            ..ConnectSettings::default()
        };
        let files = TlsFiles {
            authority: Some("/ca".into()),
            identity: Some(("/cert".into(), "/key".into())),
            unverified: false,
            without_identity: None,
        };
        assert_eq!(settings.address(), Ok(Address::Tcp { host: "h".to_owned(), port: 2376, tls: Some(files) }));
    }

    #[test]
    fn a_named_folder_of_certificates_must_have_its_authority() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let files = |settings: ConnectSettings| match settings.address() {
            Ok(Address::Tcp { tls: Some(files), .. }) => files,
            other => panic!("no TLS: {other:?}"),
        };
        let settings = ConnectSettings {
            host: Some("tcp://h".to_owned()),
            tls: TlsRequest::Verified,
            config_folder: Some(folder.path().to_owned()),
            ..ConnectSettings::default()
        };
        let none = TlsFiles { without_identity: Some(folder.path().to_owned()), ..TlsFiles::default() };
        assert_eq!(files(settings.clone()), none, "the configuration's folder need not have any");
        let named = ConnectSettings { certificates: settings.config_folder.clone(), ..settings };
        let authority = Some(at("ca.pem"));
        assert_eq!(files(named.clone()), TlsFiles { authority: authority.clone(), ..none });
        std::fs::write(at("key.pem"), "").unwrap();
        let identity = Some((at("cert.pem"), at("key.pem")));
        assert_eq!(files(named), TlsFiles { authority, identity, ..TlsFiles::default() });
    }

    #[test]
    fn the_environment_is_read() {
        let variables = |name: &str| match name {
            "HOME" => Some("/home/u".to_owned()),
            "DOCKER_TLS_VERIFY" => Some("1".to_owned()),
            "DOCKER_CONTEXT" => Some(String::new()),
            "DOCKER_AUTH_CONFIG" => Some("hunter2".to_owned()),
            _ => None,
        };
        let settings = ConnectSettings::from_environment(variables);
        assert_eq!(settings.auth_config, Some(AuthConfig("hunter2".to_owned())));
        assert!(!format!("{settings:?}").contains("hunter2"));
        assert_eq!(settings.config_folder, Some("/home/u/.docker".into()));
        assert_eq!(settings.tls, TlsRequest::Verified);
        assert_eq!(settings.docker_context, None);
    }
}
