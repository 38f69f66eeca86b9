//! Ports as `ps` shows them: `0.0.0.0:8080->80/tcp, 9000/tcp`, with consecutive ports as ranges.

use crate::observed::PublishedPort;

/// The text for the ports of a container.
pub(super) fn displayed(ports: &[PublishedPort]) -> String {
    let mut sorted: Vec<&PublishedPort> = ports.iter().collect();
    sorted.sort_by(|one, other| key(one).cmp(&key(other)));
    let mut ended = Vec::new();
    let mut mapped = Vec::new();
    let mut open: Vec<Run> = Vec::new();
    for port in sorted {
        let host_ip = port.host_ip.as_deref().filter(|ip| !ip.is_empty());
        if let Some(ip) = host_ip
            && port.published != Some(port.target)
        {
            let published = port.published.unwrap_or_default();
            mapped.push(format!("{}->{}/{}", address(ip, &published.to_string()), port.target, port.protocol));
            continue;
        }
        let run = Run { host_ip, protocol: &port.protocol, first: port.target, last: port.target };
        match open.iter_mut().find(|open| open.host_ip == host_ip && open.protocol == run.protocol) {
            None => open.push(run),
            Some(open) if open.last.checked_add(1) == Some(port.target) => open.last = port.target,
            Some(open) => ended.push(std::mem::replace(open, run).to_string()),
        }
    }
    ended.extend(open.iter().map(ToString::to_string));
    ended.extend(mapped);
    ended.join(", ")
}

fn key(port: &PublishedPort) -> (u16, &Option<String>, Option<u16>, &str) {
    (port.target, &port.host_ip, port.published, &port.protocol)
}

/// Consecutive ports that are published under the same numbers, or not at all.
struct Run<'a> {
    host_ip: Option<&'a str>,
    protocol: &'a str,
    first: u16,
    last: u16,
}

impl std::fmt::Display for Run<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let numbers =
            if self.first == self.last { self.first.to_string() } else { format!("{}-{}", self.first, self.last) };
        match self.host_ip {
            Some(ip) => write!(f, "{}->{numbers}/{}", address(ip, &numbers), self.protocol),
            None => write!(f, "{numbers}/{}", self.protocol),
        }
    }
}

fn address(ip: &str, port: &str) -> String {
    if ip.contains(':') { format!("[{ip}]:{port}") } else { format!("{ip}:{port}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(host_ip: &str, published: u16, target: u16) -> PublishedPort {
        PublishedPort {
            host_ip: (!host_ip.is_empty()).then(|| host_ip.to_owned()),
            published: (published > 0).then_some(published),
            target,
            protocol: "tcp".to_owned(),
        }
    }

    #[test]
    fn ports_are_sorted_and_runs_become_ranges() {
        for (ports, text) in [
            (vec![], ""),
            (vec![port("", 0, 80)], "80/tcp"),
            (vec![port("0.0.0.0", 8080, 80)], "0.0.0.0:8080->80/tcp"),
            (vec![port("0.0.0.0", 80, 80), port("::", 80, 80)], "0.0.0.0:80->80/tcp, [::]:80->80/tcp"),
            (vec![port("", 0, 9001), port("", 0, 9000)], "9000-9001/tcp"),
            (
                vec![port("0.0.0.0", 91, 91), port("0.0.0.0", 90, 90), port("0.0.0.0", 1, 2)],
                "0.0.0.0:90-91->90-91/tcp, 0.0.0.0:1->2/tcp",
            ),
            (vec![port("", 0, 80), port("", 0, 82)], "80/tcp, 82/tcp"),
        ] {
            assert_eq!(displayed(&ports), text);
        }
    }
}
