//! Settings in, the address of the engine and what is needed to reach it out. Nothing is sent.

use std::fmt;
use std::path::{Path, PathBuf};

use super::contexts;
use super::ssh::SshAddress;
use crate::diagnostic::redact;
use crate::engine::EngineError;

/// The socket that is used when nothing says otherwise.
const DEFAULT_SOCKET: &str = "/var/run/docker.sock";

/// Everything outside the files that decides which engine is used and how it is asked. Texts that are empty count as
/// absent, as they do for the Docker client.
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
    /// Whether `DOCKER_TLS_VERIFY` or `DOCKER_TLS` asks for TLS over TCP, and how strictly.
    pub tls: TlsRequest,
    /// `DOCKER_CERT_PATH`: the folder of `ca.pem`, `cert.pem` and `key.pem`; the configuration folder when absent.
    pub certificates: Option<PathBuf>,
    /// `DOCKER_API_VERSION`: the API version to speak, whatever the engine offers; `1.44` for example.
    pub api_version: Option<String>,
}

/// Whether TLS is asked for by the environment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TlsRequest {
    /// Not at all.
    #[default]
    No,
    /// `DOCKER_TLS`: the engine's certificate is taken as it is.
    Unverified,
    /// `DOCKER_TLS_VERIFY`: the engine's certificate must be signed by the authority in `ca.pem`.
    Verified,
}

impl ConnectSettings {
    /// The settings that an environment gives; `host` and `context` are the command line's.
    #[must_use]
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let given = |name: &str| variable(name).filter(|value| !value.is_empty());
        let home = given("HOME").or_else(|| given("USERPROFILE"));
        Self {
            host: None,
            context: None,
            docker_host: given("DOCKER_HOST"),
            docker_context: given("DOCKER_CONTEXT"),
            config_folder: given("DOCKER_CONFIG")
                .map(PathBuf::from)
                .or_else(|| home.map(|home| Path::new(&home).join(".docker"))),
            tls: if given("DOCKER_TLS_VERIFY").is_some() {
                TlsRequest::Verified
            } else if given("DOCKER_TLS").is_some() {
                TlsRequest::Unverified
            } else {
                TlsRequest::No
            },
            certificates: given("DOCKER_CERT_PATH").map(PathBuf::from),
            api_version: given("DOCKER_API_VERSION"),
        }
    }

    /// The address of the engine, by the Docker client's precedence: `--host`, `--context`, `DOCKER_HOST`,
    /// `DOCKER_CONTEXT`, the current context of the configuration, the default socket.
    ///
    /// # Errors
    ///
    /// [`EngineError::Configuration`] if both `--host` and `--context` are given, a context is missing or unreadable,
    /// or the address is none.
    pub(super) fn address(&self) -> Result<Address, EngineError> {
        if let (Some(_), Some(_)) = (&self.host, &self.context) {
            return Err(EngineError::Configuration("`--host` and `--context` exclude each other".to_owned()));
        }
        if let Some(host) = &self.host {
            return self.host_address(host);
        }
        let named = match (&self.context, &self.docker_host, &self.docker_context) {
            (None, Some(host), _) => return self.host_address(host),
            (Some(context), ..) | (None, None, Some(context)) => Some(context.clone()),
            (None, None, None) => contexts::current(self.config_folder.as_deref()),
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
            TlsFiles::in_folder(folder.as_deref(), self.tls == TlsRequest::Verified)
        });
        Address::parse(host, tls)
    }
}

/// Where an engine listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    /// A Unix socket, by path.
    Unix(PathBuf),
    /// TCP, in clear or with TLS.
    Tcp {
        /// Name or address; an IPv6 address without its brackets.
        host: String,
        /// The port.
        port: u16,
        /// What TLS needs; `None` for a connection in clear.
        tls: Option<TlsFiles>,
    },
    /// Another machine, through ssh.
    Ssh(SshAddress),
}

/// The files that TLS needs. They are read when the first connection is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct TlsFiles {
    /// The authorities that may sign the engine's certificate; those of the system when absent.
    pub authority: Option<PathBuf>,
    /// The client's certificate and its key.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// Whether any certificate of the engine is taken.
    pub unverified: bool,
}

impl TlsFiles {
    /// Those of `ca.pem`, `cert.pem` and `key.pem` that are in a folder.
    pub(super) fn in_folder(folder: Option<&Path>, verified: bool) -> Self {
        let file = |name: &str| folder.map(|folder| folder.join(name)).filter(|path| path.exists());
        Self { authority: file("ca.pem"), identity: file("cert.pem").zip(file("key.pem")), unverified: !verified }
    }
}

impl Address {
    /// An address as `DOCKER_HOST` has it. `tls` says what TCP uses.
    pub(super) fn parse(text: &str, tls: Option<TlsFiles>) -> Result<Self, EngineError> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("tcp", text));
        match scheme {
            "unix" if rest.is_empty() => Ok(Self::Unix(PathBuf::from(DEFAULT_SOCKET))),
            "unix" => Ok(Self::Unix(PathBuf::from(rest))),
            "tcp" | "http" => Self::tcp(text, rest, tls),
            "https" => Self::tcp(text, rest, Some(tls.unwrap_or_default())),
            "ssh" => Self::ssh(text, rest),
            "npipe" => Err(EngineError::Unsupported(format!("named pipes exist on Windows only: `{text}`"))),
            _ => Err(bad_address(text)),
        }
    }

    /// `[user@]host[:port][/path/of/the/socket]`.
    fn ssh(text: &str, rest: &str) -> Result<Self, EngineError> {
        let (authority, socket) = match rest.find('/') {
            Some(at) => (&rest[..at], &rest[at..]),
            None => (rest, ""),
        };
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        if user.is_some_and(|user| user.contains(':')) {
            let what = "an ssh address has no place for a password: load a key into the ssh agent";
            return Err(EngineError::Configuration(what.to_owned()));
        }
        let (host, port) = split_port(host).ok_or_else(|| bad_address(text))?;
        let odd = |text: &str| text.contains(['?', '#']) || text.chars().any(char::is_control);
        if host.is_empty() || user.is_some_and(str::is_empty) || odd(rest) {
            return Err(bad_address(text));
        }
        let socket = (socket.len() > 1).then(|| socket.to_owned());
        Ok(Self::Ssh(SshAddress { user: user.map(str::to_owned), host: host.to_owned(), port, socket }))
    }

    /// Whether the engine is on this machine, as far as its address tells.
    pub(super) fn is_local(&self) -> bool {
        match self {
            Self::Unix(_) => true,
            Self::Ssh(_) => false,
            Self::Tcp { host, .. } => {
                host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
            }
        }
    }

    fn tcp(text: &str, rest: &str, tls: Option<TlsFiles>) -> Result<Self, EngineError> {
        let authority = rest.split('/').next().unwrap_or_default();
        let default_port = if tls.is_some() { 2376 } else { 2375 };
        let (host, port) = split_port(authority).ok_or_else(|| bad_address(text))?;
        if host.is_empty() {
            return Err(bad_address(text));
        }
        Ok(Self::Tcp { host: host.to_owned(), port: port.unwrap_or(default_port), tls })
    }
}

/// Host and port of `host`, `host:port`, `[::1]:port`.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        return match port.strip_prefix(':') {
            Some(port) => Some((host, Some(port.parse().ok()?))),
            None => port.is_empty().then_some((host, None)),
        };
    }
    match authority.split_once(':') {
        Some((host, port)) => Some((host, Some(port.parse().ok()?))),
        None => Some((authority, None)),
    }
}

fn bad_address(text: &str) -> EngineError {
    let text = if text.contains("://") { redact::text(text) } else { redact::text(&format!("tcp://{text}")) };
    EngineError::Configuration(format!(
        "`{text}` is not the address of an engine; addresses look like unix:///var/run/docker.sock, tcp://host:2376 \
         or ssh://user@host"
    ))
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp { host, port, .. } if host.contains(':') => write!(f, "tcp://[{host}]:{port}"),
            Self::Tcp { host, port, .. } => write!(f, "tcp://{host}:{port}"),
            Self::Ssh(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(host: &str, port: u16) -> Address {
        Address::Tcp { host: host.to_owned(), port, tls: None }
    }

    #[test]
    fn addresses() {
        let parse = |text: &str| Address::parse(text, None);
        assert_eq!(parse("unix:///run/x.sock"), Ok(Address::Unix("/run/x.sock".into())));
        assert_eq!(parse("unix://"), Ok(Address::Unix(DEFAULT_SOCKET.into())));
        assert_eq!(parse("tcp://engine"), Ok(tcp("engine", 2375)));
        assert_eq!(parse("engine:4000"), Ok(tcp("engine", 4000)));
        assert_eq!(parse("tcp://[::1]:4000/"), Ok(tcp("::1", 4000)));
        assert_eq!(parse("http://engine:4000/path"), Ok(tcp("engine", 4000)));
        assert!(matches!(parse("https://engine"), Ok(Address::Tcp { port: 2376, tls: Some(_), .. })));
        for wrong in ["fd://3", "tcp://", "tcp://engine:port", "tcp://[::1", "nonsense://x"] {
            assert!(matches!(parse(wrong), Err(EngineError::Configuration(_))), "{wrong}");
        }
        for wrong in ["ssh://", "ssh://@host", "ssh://u:secret@host", "ssh://host:port", "ssh://host?x", "ssh://host#x"]
        {
            assert!(matches!(parse(wrong), Err(EngineError::Configuration(_))), "{wrong}");
        }
        let ssh = |user: Option<&str>, host: &str, port, socket: Option<&str>| {
            let (user, socket) = (user.map(str::to_owned), socket.map(str::to_owned));
            Ok(Address::Ssh(SshAddress { user, host: host.to_owned(), port, socket }))
        };
        assert_eq!(parse("ssh://host"), ssh(None, "host", None, None));
        assert_eq!(parse("ssh://me@host:2222/"), ssh(Some("me"), "host", Some(2222), None));
        assert_eq!(parse("ssh://me@[::1]/run/x.sock"), ssh(Some("me"), "::1", None, Some("/run/x.sock")));
        for with_password in [
            "ssh://u:secret@host",
            "tcp://u:secret@host:2376",
            "https://u:secret@host",
            "x://u:secret@h",
            "u:secret@h:1",
        ] {
            let refused = parse(with_password).unwrap_err().to_string();
            assert!(!refused.contains("secret"), "{refused}");
        }
    }

    #[test]
    fn an_address_is_shown_as_it_is_written() {
        for text in ["unix:///run/x.sock", "tcp://engine:4000", "tcp://[::1]:4000"] {
            assert_eq!(Address::parse(text, None).unwrap().to_string(), text);
        }
    }

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
        assert_eq!(ConnectSettings::default().address(), Ok(Address::Unix(DEFAULT_SOCKET.into())));
    }

    #[test]
    fn the_environment_is_read() {
        let variables = |name: &str| match name {
            "HOME" => Some("/home/u".to_owned()),
            "DOCKER_TLS_VERIFY" => Some("1".to_owned()),
            "DOCKER_CONTEXT" => Some(String::new()),
            _ => None,
        };
        let settings = ConnectSettings::from_environment(variables);
        assert_eq!(settings.config_folder, Some("/home/u/.docker".into()));
        assert_eq!(settings.tls, TlsRequest::Verified);
        assert_eq!(settings.docker_context, None);
    }
}
