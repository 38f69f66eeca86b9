//! Published and exposed ports (Compose spec: `05-services.md`, `ports`).

use std::net::IpAddr;

use crate::project::Extensions;

/// A published container port: one entry of `ports` in long form, with ranges expanded.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Port {
    /// A descriptive name.
    pub name: Option<String>,
    /// `ingress` (the default) or `host`; no effect on a single machine.
    pub mode: Option<String>,
    /// The host address to publish on; all if absent.
    pub host_ip: Option<String>,
    /// The port in the container. The long form is not checked against 65535 when loading.
    pub target: u32,
    /// The host port, or a range such as `8000-8010` from which the engine picks one; any free port if absent or `0`.
    pub published: Option<String>,
    /// `tcp` (the default), `udp` or `sctp`.
    pub protocol: Option<String>,
    /// The application protocol, such as `http`; informational.
    pub app_protocol: Option<String>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// Why a text is not a published or exposed port.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a port{}", .problem.after(text))]
pub struct PortError {
    /// The entry as written.
    pub text: String,
    /// What is wrong with it.
    pub problem: PortProblem,
}

impl PortProblem {
    /// What follows the text in a message: nothing if the text is all that is wrong.
    fn after(&self, text: &str) -> String {
        let is_all = matches!(self, Self::ContainerPort(part) if part == text);
        if is_all { String::new() } else { format!(": {self}") }
    }
}

/// What is wrong with a port.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PortProblem {
    /// There is no container port.
    #[error("the container port is missing")]
    NoContainerPort,
    /// The container port is 0.
    #[error("the container port cannot be 0")]
    ContainerPortZero,
    /// The container side is not a number or range within 0–65535.
    #[error("`{0}` is not a container port")]
    ContainerPort(String),
    /// The host side is not a number or range within 0–65535.
    #[error("`{0}` is not a host port")]
    HostPort(String),
    /// The first part is not an IP address.
    #[error("`{0}` is not an IP address")]
    Address(String),
    /// The protocol is unknown.
    #[error("unknown protocol `{0}`")]
    Protocol(String),
    /// Both sides are ranges of different length.
    #[error("the ranges `{host}` and `{container}` differ in length")]
    UnequalRanges {
        /// The host side.
        host: String,
        /// The container side.
        container: String,
    },
}

impl PortError {
    /// An example of what is accepted.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self.problem {
            PortProblem::NoContainerPort
            | PortProblem::ContainerPortZero
            | PortProblem::ContainerPort(_)
            | PortProblem::HostPort(_) => "write `HOST:CONTAINER` with numbers up to 65535, as in `8080:80`",
            PortProblem::Address(_) => "write the address first, as in `127.0.0.1:8080:80` or `[::1]:8080:80`",
            PortProblem::Protocol(_) => "write `/tcp`, `/udp` or `/sctp`, as in `53:53/udp`",
            PortProblem::UnequalRanges { .. } => {
                "use the same number of ports on both sides, as in `8000-8002:80-82`, or a single container port"
            }
        }
    }
}

/// Parses an entry in short form, `[[ip]:[host]:]container[/protocol]`, and expands ranges.
///
/// Ranges of equal length are paired. As in Docker Compose, entries are sorted by the text `port/protocol`, so
/// `998-1001` yields 1000, 1001, 998, 999. A host range with a single container port stays one entry, from which the
/// engine picks a port.
///
/// ```
/// use hoist::project::value::port::parse_short;
/// let ports = parse_short("127.0.0.1:8080:80/udp")?;
/// assert_eq!(ports[0].host_ip.as_deref(), Some("127.0.0.1"));
/// assert_eq!((ports[0].published.as_deref(), ports[0].target), (Some("8080"), 80));
/// assert!(parse_short("localhost:8080:80").is_err());
/// # Ok::<(), hoist::project::value::port::PortError>(())
/// ```
///
/// # Errors
///
/// For anything outside the grammar; the container port may not be 0.
pub fn parse_short(text: &str) -> Result<Vec<Port>, PortError> {
    expand(text).map_err(|problem| PortError { text: text.to_owned(), problem })
}

fn expand(text: &str) -> Result<Vec<Port>, PortProblem> {
    let (rest, container) = text.rsplit_once(':').unwrap_or(("", text));
    let (address, host) = rest.rsplit_once(':').unwrap_or(("", rest));
    let (container, protocol) = container.split_once('/').unwrap_or((container, ""));
    if container.is_empty() {
        return Err(PortProblem::NoContainerPort);
    }
    let protocol = parse_protocol(protocol)?;
    let host_ip = parse_address(address)?;
    let targets = parse_range(container).ok_or_else(|| PortProblem::ContainerPort(container.to_owned()))?;
    let published = match host {
        "" => None,
        host => Some(parse_range(host).ok_or_else(|| PortProblem::HostPort(host.to_owned()))?),
    };
    let is_pool = published.is_some_and(|published| published.len() != targets.len());
    if is_pool && targets.len() > 1 {
        return Err(PortProblem::UnequalRanges { host: host.to_owned(), container: container.to_owned() });
    }
    if targets.first == 0 {
        return Err(PortProblem::ContainerPortZero);
    }
    let port = |target: u16| Port {
        mode: Some("ingress".to_owned()),
        host_ip: host_ip.clone(),
        target: u32::from(target),
        published: published.map(|range| {
            if is_pool {
                format!("{}-{}", range.first, range.last)
            } else {
                (range.first + (target - targets.first)).to_string()
            }
        }),
        protocol: Some(protocol.to_owned()),
        ..Port::default()
    };
    let mut ports: Vec<_> = (targets.first..=targets.last).map(port).collect();
    if ports.len() > 1 {
        ports.sort_by_cached_key(|port| format!("{}/{protocol}", port.target));
    }
    Ok(ports)
}

fn parse_protocol(text: &str) -> Result<&'static str, PortProblem> {
    match text.to_ascii_lowercase().as_str() {
        "" | "tcp" => Ok("tcp"),
        "udp" => Ok("udp"),
        "sctp" => Ok("sctp"),
        _ => Err(PortProblem::Protocol(text.to_owned())),
    }
}

/// An address without its brackets; only IPv6 addresses may have them.
fn parse_address(text: &str) -> Result<Option<String>, PortProblem> {
    let address = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    if text.is_empty() {
        Ok(None)
    } else if is_address(address) {
        Ok(Some(address.to_owned()))
    } else {
        Err(PortProblem::Address(text.to_owned()))
    }
}

/// Whether `text` is an IP address, as required for `host_ip` in a long entry.
#[must_use]
pub fn is_address(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}

/// An inclusive range of ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortRange {
    /// The lowest port.
    pub first: u16,
    /// The highest port, not below `first`.
    pub last: u16,
}

impl PortRange {
    /// The number of ports.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a range has at least one port")]
    pub fn len(self) -> usize {
        usize::from(self.last - self.first) + 1
    }

    /// Whether a port is in the range.
    #[must_use]
    pub fn contains(self, port: u16) -> bool {
        (self.first..=self.last).contains(&port)
    }

    /// The ports.
    pub fn iter(self) -> impl Iterator<Item = u16> {
        self.first..=self.last
    }
}

/// Parses `port` or `first-last`.
#[must_use]
pub fn parse_range(text: &str) -> Option<PortRange> {
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    let (first, last) = match text.split_once('-') {
        Some((first, last)) => (number(first)?, number(last)?),
        None => (number(text)?, number(text)?),
    };
    (first <= last).then_some(PortRange { first, last })
}

/// Parses an `expose` item, `port[/protocol]` or `first-last[/protocol]`; the protocol is returned in lower case.
///
/// The model keeps items as text; they are parsed when a container is created.
///
/// ```
/// use hoist::project::value::port::parse_exposed;
/// let (range, protocol) = parse_exposed("3000-3002/udp")?;
/// assert_eq!((range.len(), protocol.as_str()), (3, "udp"));
/// assert!(parse_exposed("web").is_err());
/// # Ok::<(), hoist::project::value::port::PortError>(())
/// ```
///
/// # Errors
///
/// For anything outside the grammar.
pub fn parse_exposed(text: &str) -> Result<(PortRange, String), PortError> {
    let wrong = |problem| PortError { text: text.to_owned(), problem };
    let (port, protocol) = text.split_once('/').unwrap_or((text, ""));
    if port.is_empty() {
        return Err(wrong(PortProblem::NoContainerPort));
    }
    let range = parse_range(port).ok_or_else(|| wrong(PortProblem::ContainerPort(port.to_owned())))?;
    Ok((range, parse_protocol(protocol).map_err(wrong)?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ip published target protocol` of every port.
    fn shown(text: &str) -> Result<Vec<String>, String> {
        let ports = parse_short(text).map_err(|error| error.to_string())?;
        let show = |port: &Port| {
            format!(
                "{} {} {} {}",
                port.host_ip.as_deref().unwrap_or("-"),
                port.published.as_deref().unwrap_or("-"),
                port.target,
                port.protocol.as_deref().unwrap_or("-")
            )
        };
        Ok(ports.iter().map(show).collect())
    }

    #[test]
    fn short_forms() {
        let cases: [(&str, &[&str]); 20] = [
            ("80", &["- - 80 tcp"]),
            ("80/", &["- - 80 tcp"]),
            (":80", &["- - 80 tcp"]),
            ("8080:80", &["- 8080 80 tcp"]),
            ("0:80", &["- 0 80 tcp"]),
            ("6061/UDP", &["- - 6061 udp"]),
            ("6063:6063/sctp", &["- 6063 6063 sctp"]),
            ("127.0.0.1:8001:8001", &["127.0.0.1 8001 8001 tcp"]),
            ("127.0.0.1::5001", &["127.0.0.1 - 5001 tcp"]),
            ("[::1]:6001:6001", &["::1 6001 6001 tcp"]),
            ("::1:6002:6002", &["::1 6002 6002 tcp"]),
            ("[2001:db8::1]::6003", &["2001:db8::1 - 6003 tcp"]),
            ("[::]:6004:6004/udp", &[":: 6004 6004 udp"]),
            ("3000-3002", &["- - 3000 tcp", "- - 3001 tcp", "- - 3002 tcp"]),
            ("9090-9091:8080-8081", &["- 9090 8080 tcp", "- 9091 8081 tcp"]),
            ("8000-8010:80", &["- 8000-8010 80 tcp"]),
            ("127.0.0.1:9000-9001:81/udp", &["127.0.0.1 9000-9001 81 udp"]),
            ("80-80:90-90", &["- 80 90 tcp"]),
            ("998-1001:998-1001", &["- 1000 1000 tcp", "- 1001 1001 tcp", "- 998 998 tcp", "- 999 999 tcp"]),
            ("65535:65535", &["- 65535 65535 tcp"]),
        ];
        for (text, ports) in cases {
            assert_eq!(
                shown(text).as_deref(),
                Ok(ports.iter().map(ToString::to_string).collect::<Vec<_>>().as_slice()),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let cases = [
            ("", "the container port is missing"),
            ("8080:", "the container port is missing"),
            ("8080:/tcp", "the container port is missing"),
            ("80:0", "the container port cannot be 0"),
            ("80:eighty", "`eighty` is not a container port"),
            ("80:70000", "`70000` is not a container port"),
            (" 80:80 ", "`80 ` is not a container port"),
            ("80:+80", "`+80` is not a container port"),
            ("8001-8000:81-80", "`81-80` is not a container port"),
            ("80-:80", "`80-` is not a host port"),
            ("eighty:80", "`eighty` is not a host port"),
            ("70000:80", "`70000` is not a host port"),
            ("127.0.0.256:80:80", "`127.0.0.256` is not an IP address"),
            ("localhost:80:80", "`localhost` is not an IP address"),
            ("80:80/quic", "unknown protocol `quic`"),
            ("8000-8001:80-82", "the ranges `8000-8001` and `80-82` differ in length"),
        ];
        for (text, problem) in cases {
            assert_eq!(shown(text), Err(format!("`{text}` is not a port: {problem}")), "{text}");
        }
    }

    #[test]
    fn exposed_ports() {
        assert_eq!(parse_exposed("80"), Ok((PortRange { first: 80, last: 80 }, "tcp".to_owned())));
        assert_eq!(parse_exposed("80-82/UDP"), Ok((PortRange { first: 80, last: 82 }, "udp".to_owned())));
        assert!(["", "/tcp", "82-80", "80/x", "8080:80"].iter().all(|text| parse_exposed(text).is_err()));
    }
}
