//! Parses engine addresses as users write them.

use std::fmt;
use std::path::{Path, PathBuf};

use super::ssh::{DialCommand, SshAddress};
use crate::diagnostic::redact;
use crate::engine::EngineError;

/// The default socket.
pub(super) const DEFAULT_SOCKET: &str = "/var/run/docker.sock";

/// Where an engine listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    /// A Unix socket, by path.
    Unix(PathBuf),
    /// TCP, unencrypted or with TLS.
    Tcp {
        /// Host name or address; an IPv6 address without its brackets.
        host: String,
        /// The port.
        port: u16,
        /// The TLS files; `None` for an unencrypted connection.
        tls: Option<TlsFiles>,
    },
    /// Another machine, over ssh.
    Ssh(SshAddress),
    /// Whatever a program leads to.
    Program(DialCommand),
}

/// The files that TLS needs. They are read when the first connection is opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct TlsFiles {
    /// The certificate authorities trusted to sign the engine's certificate; the system's if absent.
    pub authority: Option<PathBuf>,
    /// The client's certificate and its key.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// Whether to accept any certificate of the engine.
    pub unverified: bool,
    /// The folder that has no client certificate, for the message of an engine that asks for one.
    pub without_identity: Option<PathBuf>,
}

impl TlsFiles {
    /// Whichever of `ca.pem`, `cert.pem` and `key.pem` are in a folder. A certificate without its key, or a key without
    /// its certificate, is found out when they are read.
    pub(super) fn in_folder(folder: Option<&Path>, verified: bool) -> Self {
        let Some(folder) = folder else { return Self { unverified: !verified, ..Self::default() } };
        let [authority, certificate, key] = ["ca.pem", "cert.pem", "key.pem"].map(|name| folder.join(name));
        let has_identity = certificate.exists() || key.exists();
        Self {
            authority: Some(authority).filter(|path| path.exists()),
            identity: has_identity.then_some((certificate, key)),
            unverified: !verified,
            without_identity: (!has_identity).then(|| folder.to_owned()),
        }
    }
}

impl Address {
    /// Parses an address as in `DOCKER_HOST`. `tls` applies to TCP.
    pub(super) fn parse(text: &str, tls: Option<TlsFiles>) -> Result<Self, EngineError> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("tcp", text));
        match scheme {
            "unix" if rest.is_empty() => Ok(Self::Unix(PathBuf::from(DEFAULT_SOCKET))),
            "unix" => Ok(Self::Unix(PathBuf::from(rest))),
            "tcp" | "http" => Self::tcp(text, rest, tls),
            "https" => Self::tcp(text, rest, Some(tls.unwrap_or_default())),
            "ssh" => Self::ssh(text, rest),
            "npipe" => Err(EngineError::Unsupported(format!("named pipes exist only on Windows: `{text}`"))),
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
            let what = "an ssh address cannot contain a password: load a key into the ssh agent";
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

    /// Whether the engine is on this machine, judging by its address.
    pub(super) fn is_local(&self) -> bool {
        match self {
            Self::Unix(_) => true,
            Self::Ssh(_) | Self::Program(_) => false,
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
        "`{text}` is not an engine address; addresses look like unix:///var/run/docker.sock, tcp://host:2376 \
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
            Self::Program(command) => command.fmt(f),
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
}
