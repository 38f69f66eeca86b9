//! `port`: where ports of a container are published.

use std::num::IntErrorKind;

use clap::Args;

use crate::cli::engine::with_engine;
use crate::cli::{Context, Failure, output};
use crate::operation::{OneContainer, Port, WantedPorts};
use crate::project::ServiceName;
use crate::render::{port, text};

/// Arguments of `port`.
#[derive(Debug, Args)]
pub(crate) struct PortArgs {
    /// Number of the replica; 0 means the first
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    pub(crate) index: i64,
    /// Protocol of the port: tcp or udp [default: tcp for one port, any for the list]
    #[arg(long, value_name = "PROTOCOL")]
    pub(crate) protocol: Option<String>,
    /// Service
    #[arg(value_name = "SERVICE", allow_negative_numbers = true)]
    pub(crate) service: String,
    /// Port in its container [default: all ports]
    #[arg(value_name = "PRIVATE_PORT", allow_negative_numbers = true)]
    pub(crate) private_port: Option<String>,
}

pub(super) fn port(args: &PortArgs, context: &Context) -> Result<(), Failure> {
    let number = args.private_port.as_deref().map(number).transpose()?;
    let wanted = wanted(number, args.protocol.as_deref());
    let is_one = matches!(wanted, WantedPorts::One { .. });
    let load = || Ok(output::named(context)?.name().clone());
    let ports = with_engine(context, load, async |project, engine| {
        let container = OneContainer {
            project,
            service: ServiceName::from(args.service.as_str()),
            number: u32::try_from(args.index).ok().filter(|number| *number > 0),
        };
        Port { container, wanted }.find(&engine).await.map_err(Failure::without_files)
    })?;
    let mut out = Vec::new();
    match ports.first() {
        Some(port) if is_one => port::write_address(port, &mut out)?,
        Some(_) | None => port::write(&ports, &mut out)?,
    }
    output::print(out)
}

/// The ports to find. Port 0 means all ports of the protocol, which is TCP if none is given.
fn wanted(number: Option<u16>, protocol: Option<&str>) -> WantedPorts {
    let given = protocol.map(str::to_lowercase).filter(|protocol| !protocol.is_empty());
    let or_tcp = if protocol.is_none() { Some("tcp".to_owned()) } else { given.clone() };
    match number {
        None => WantedPorts::All { protocol: given },
        Some(0) => WantedPorts::All { protocol: or_tcp },
        Some(number) => WantedPorts::One { number, protocol: or_tcp },
    }
}

/// Parses a port number; the messages are those of Docker Compose.
fn number(text: &str) -> Result<u16, Failure> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let problem = match text.parse::<u16>() {
        Ok(number) if is_number => return Ok(number),
        Err(error) if is_number && *error.kind() == IntErrorKind::PosOverflow => "value out of range",
        Ok(_) | Err(_) => "invalid syntax",
    };
    Failure::usage(&format!("strconv.ParseUint: parsing {}: {problem}", text::quoted(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_digits_only() {
        assert_eq!(number("080").ok(), Some(80));
        for (text, problem) in [
            ("", "\"\": invalid syntax"),
            ("+80", "\"+80\": invalid syntax"),
            ("-1", "\"-1\": invalid syntax"),
            ("80-90", "\"80-90\": invalid syntax"),
            ("70000", "\"70000\": value out of range"),
        ] {
            let Err(Failure::Usage(message)) = number(text) else { panic!("{text} is accepted") };
            assert_eq!(message, format!("strconv.ParseUint: parsing {problem}"));
        }
    }

    #[test]
    fn the_protocol_is_tcp_only_for_a_port() {
        let (all, one) =
            (|protocol| WantedPorts::All { protocol }, |protocol| WantedPorts::One { number: 1, protocol });
        let protocol = |text: &str| Some(text.to_owned());
        assert_eq!(wanted(None, None), all(None));
        assert_eq!(wanted(None, Some("UDP")), all(protocol("udp")));
        assert_eq!(wanted(Some(0), None), all(protocol("tcp")));
        assert_eq!(wanted(Some(1), None), one(protocol("tcp")));
        assert_eq!(wanted(Some(1), Some("")), one(None));
    }
}
