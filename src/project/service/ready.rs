//! The readiness check of a service without a healthcheck: `x-hoist.ready`.

use std::fmt;
use std::time::Duration;

use serde_yaml::Value;

use crate::project::value::{self, LogPattern};

/// How hoist finds out whether a container is ready that has no healthcheck.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// What shows that it is ready.
    pub check: ReadyCheck,
    /// How long after a start of the container it may take; 60 s by default.
    pub timeout: Duration,
    /// The time from one try to the next; 500 ms by default.
    pub interval: Duration,
}

/// What shows that a container is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadyCheck {
    /// A GET request is answered.
    Http {
        /// The container's port.
        port: u16,
        /// The path, with its query; `/` by default.
        path: String,
        /// The status of the answer; 200 to 399 by default.
        status: Option<u16>,
    },
    /// The container accepts connections at this port.
    Tcp(u16),
    /// It has written a line that matches.
    Log(LogPattern),
    /// A command in it exits with status 0.
    Exec(Vec<String>),
}

impl Ready {
    /// The default of `timeout`.
    pub const TIMEOUT: Duration = Duration::from_mins(1);
    /// The default of `interval`.
    pub const INTERVAL: Duration = Duration::from_millis(500);

    /// Reads the value of `ready`; `None` if loading would refuse it.
    pub(super) fn read(written: &Value) -> Option<Self> {
        let check = if let Some(http) = written.get("http") {
            read_http(http)?
        } else if let Some(tcp) = written.get("tcp") {
            ReadyCheck::Tcp(read_port(tcp)?)
        } else if let Some(log) = written.get("log") {
            ReadyCheck::Log(log.as_str()?.parse().ok()?)
        } else {
            ReadyCheck::Exec(read_command(written.get("exec")?)?)
        };
        let duration = |key: &str, default| match written.get(key) {
            Some(text) => read_duration(text.as_str()?),
            None => Some(default),
        };
        let (timeout, interval) = (duration("timeout", Self::TIMEOUT)?, duration("interval", Self::INTERVAL)?);
        Some(Self { check, timeout, interval })
    }
}

fn read_http(written: &Value) -> Option<ReadyCheck> {
    if let Some(short) = written.as_str() {
        let (port, path) = short_http(short)?;
        return Some(ReadyCheck::Http { port, path: path.to_owned(), status: None });
    }
    let port = read_port(written.get("port")?)?;
    let path = match written.get("path") {
        Some(path) => path.as_str().filter(|path| is_path(path))?.to_owned(),
        None => "/".to_owned(),
    };
    let status = match written.get("status") {
        Some(status) => Some(u16::try_from(status.as_u64()?).ok()?),
        None => None,
    };
    Some(ReadyCheck::Http { port, path, status })
}

/// The port and the path of `:8080/health`.
#[must_use]
pub(crate) fn short_http(text: &str) -> Option<(u16, &str)> {
    let rest = text.strip_prefix(':')?;
    let (port, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    Some((short_port(port)?, path)).filter(|(_, path)| is_path(path))
}

/// Whether this can be the path of a request.
#[must_use]
pub(crate) fn is_path(text: &str) -> bool {
    text.starts_with('/') && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The port of `:5432` or `5432`.
#[must_use]
pub(crate) fn short_port(text: &str) -> Option<u16> {
    let digits = text.strip_prefix(':').unwrap_or(text);
    digits.parse().ok().filter(|port| *port != 0 && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A duration above zero.
#[must_use]
pub(crate) fn read_duration(text: &str) -> Option<Duration> {
    text.parse::<value::Duration>().ok()?.to_std().filter(|duration| !duration.is_zero())
}

fn read_port(written: &Value) -> Option<u16> {
    match written.as_u64() {
        Some(port) => u16::try_from(port).ok().filter(|port| *port != 0),
        None => short_port(written.as_str()?),
    }
}

/// A text is run by a shell; a list may begin with `CMD` or `CMD-SHELL`, as in a healthcheck.
fn read_command(written: &Value) -> Option<Vec<String>> {
    let shell = |text: &str| vec!["/bin/sh".to_owned(), "-c".to_owned(), text.to_owned()];
    if let Some(text) = written.as_str() {
        return Some(shell(text));
    }
    let words = written.as_sequence()?.iter().map(|word| word.as_str().map(str::to_owned));
    let words: Vec<String> = words.collect::<Option<_>>()?;
    match words.split_first() {
        Some((first, rest)) if first == "CMD" => Some(rest.to_vec()),
        Some((first, rest)) if first == "CMD-SHELL" => Some(shell(&rest.join(" "))),
        Some(_) | None => Some(words),
    }
}

/// The first line of a command, or only its program if the rest may be secret.
fn shown(command: &str) -> &str {
    let line = command.trim().lines().next().unwrap_or_default();
    let small = line.to_ascii_lowercase();
    let is_secret = ["=", "pass", "secret", "token", "key", "-p", "-u", "://"].iter().any(|sign| small.contains(sign));
    let program = line.split_whitespace().next().unwrap_or_default();
    match (is_secret, program.contains('=')) {
        (false, _) => line,
        (true, false) => program,
        (true, true) => "",
    }
}

/// Says what is checked. Arguments of lists and queries are left out, as they may be secret.
impl fmt::Display for ReadyCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http { port, path, .. } => write!(f, "http :{port}{}", path.split('?').next().unwrap_or_default()),
            Self::Tcp(port) => write!(f, "tcp :{port}"),
            Self::Log(pattern) => write!(f, "log `{pattern}`"),
            Self::Exec(command) => {
                let is_shell = command.first().is_some_and(|program| program == "/bin/sh");
                let words = if is_shell { command.last() } else { command.first() };
                match shown(words.map_or("", String::as_str)) {
                    "" => write!(f, "exec"),
                    words => write!(f, "exec `{words}`"),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Ready> {
        Ready::read(&serde_yaml::from_str(text).unwrap())
    }

    #[test]
    fn checks_in_all_their_forms() {
        for (text, expected) in [
            ("http: ':8080/health?token=x'", "http :8080/health"),
            ("http: ':80'", "http :80/"),
            ("http: {port: 80, path: /up, status: 204}", "http :80/up"),
            ("tcp: 5432", "tcp :5432"),
            ("tcp: ':5432'", "tcp :5432"),
            ("log: ready.*connections", "log `ready.*connections`"),
            ("exec: curl -u me:x localhost", "exec `curl`"),
            ("exec: mysqladmin ping -px", "exec `mysqladmin`"),
            ("exec: PASSWORD=x check", "exec"),
            ("exec: [CMD, pg_isready]", "exec `pg_isready`"),
            ("exec: [CMD-SHELL, test -e /ready]", "exec `test -e /ready`"),
            ("exec: [test, -e, /ready]", "exec `test`"),
        ] {
            assert_eq!(read(text).expect(text).check.to_string(), expected);
        }
        for wrong in ["http: 8080", "http: ':0/'", "http: ':80/a b'", "tcp: 70000", "tcp: db", "log: '('", "{}"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn times_have_defaults() {
        let ready = read("tcp: 1").expect("valid");
        assert_eq!((ready.timeout, ready.interval), (Duration::from_mins(1), Duration::from_millis(500)));
        let ready = read("{tcp: 1, timeout: 1m30s, interval: 2s}").expect("valid");
        assert_eq!((ready.timeout, ready.interval), (Duration::from_secs(90), Duration::from_secs(2)));
        assert_eq!(read("{tcp: 1, timeout: 0s}"), None);
    }
}
