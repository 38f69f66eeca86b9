//! Where ports are published, as `port` shows it.

use std::io::{self, Write};

use crate::observed::PublishedPort;

/// Writes the address of a port: `0.0.0.0:8080`, or `:0` if it is not published.
///
/// # Errors
///
/// If writing to `out` fails.
pub fn write_address(port: &PublishedPort, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}", address(port))
}

/// Writes ports with their addresses: `80/tcp -> 0.0.0.0:8080`.
///
/// # Errors
///
/// If writing to `out` fails.
pub fn write(ports: &[PublishedPort], out: &mut impl Write) -> io::Result<()> {
    ports.iter().try_for_each(|port| writeln!(out, "{}/{} -> {}", port.target, port.protocol, address(port)))
}

fn address(port: &PublishedPort) -> String {
    let host = port.host_ip.as_deref().unwrap_or_default();
    let number = port.published.unwrap_or_default();
    if host.contains(':') { format!("[{host}]:{number}") } else { format!("{host}:{number}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let port = |host: Option<&str>, published| PublishedPort {
            host_ip: host.map(str::to_owned),
            published,
            target: 80,
            protocol: "tcp".to_owned(),
        };
        let ports = [port(Some("0.0.0.0"), Some(32797)), port(Some("::"), Some(32797)), port(None, None)];
        let mut out = Vec::new();
        write(&ports, &mut out).unwrap();
        write_address(&ports[1], &mut out).unwrap();
        let expected = "80/tcp -> 0.0.0.0:32797\n80/tcp -> [::]:32797\n80/tcp -> :0\n[::]:32797\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
