//! Finds the process on this machine that listens on a port: from `/proc` on Linux, never elsewhere. Only root can see
//! the sockets of other users' processes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// A process that listens on a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Process {
    /// The name of its program.
    pub(super) name: String,
    /// Its process id.
    pub(super) id: u32,
}

/// The kernel's code for a listening socket.
const LISTENS: &str = "0A";

/// The process that listens on `port`; the first one if several share a socket. `None` if it cannot be seen, or if
/// several programs listen at different addresses.
pub(super) fn on(port: u16, protocol: &str) -> Option<Process> {
    let inodes = sockets(port, protocol);
    let mut found: Vec<Process> = Vec::new();
    if !inodes.is_empty() {
        let processes = fs::read_dir("/proc").ok()?.flatten();
        let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let having = numbers.filter(|id| has_one_of(*id, &inodes));
        found.extend(having.filter_map(|id| Some(Process { name: name(id)?, id })));
    }
    let first = found.iter().min_by_key(|process| process.id)?;
    found.iter().all(|process| process.name == first.name).then(|| first.clone())
}

/// The sockets bound to the port, as they appear in `/proc/PID/fd`.
fn sockets(port: u16, protocol: &str) -> BTreeSet<String> {
    let tables = match protocol {
        "tcp" => ["tcp", "tcp6"],
        "udp" => ["udp", "udp6"],
        _ => return BTreeSet::new(),
    };
    let texts = tables.iter().filter_map(|table| fs::read_to_string(Path::new("/proc/net").join(table)).ok());
    texts.flat_map(|text| text.lines().filter_map(|line| socket(line, port, protocol)).collect::<Vec<_>>()).collect()
}

/// The socket in a line of the kernel's table, if it is bound to `port`.
fn socket(line: &str, port: u16, protocol: &str) -> Option<String> {
    // sl, local address, remote address, state, queues, timer, retransmits, uid, timeout, inode
    let fields: Vec<_> = line.split_whitespace().collect();
    let (_, local) = fields.get(1)?.rsplit_once(':')?;
    let bound = u16::from_str_radix(local, 16) == Ok(port);
    let listens = protocol == "udp" || *fields.get(3)? == LISTENS;
    let inode = fields.get(9).filter(|inode| **inode != "0")?;
    (bound && listens).then(|| format!("socket:[{inode}]"))
}

fn has_one_of(process: u32, sockets: &BTreeSet<String>) -> bool {
    let Ok(open) = fs::read_dir(format!("/proc/{process}/fd")) else { return false };
    let targets = open.flatten().filter_map(|entry| fs::read_link(entry.path()).ok());
    targets.into_iter().any(|target| target.to_str().is_some_and(|target| sockets.contains(target)))
}

fn name(process: u32) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{process}/comm")).ok()?;
    // Programs choose their names, and this one is shown in a terminal.
    Some(text.trim_end().chars().filter(|character| !character.is_control()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_kernels_tables() {
        let line =
            "   1: 00000000:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0  0 4711 1 0 100 0 0 10 0";
        assert_eq!(socket(line, 8000, "tcp"), Some("socket:[4711]".to_owned()));
        assert_eq!(socket(line, 8001, "tcp"), None);
        let connected = line.replace(" 0A ", " 01 ");
        assert_eq!(socket(&connected, 8000, "tcp"), None);
        assert_eq!(socket(&connected, 8000, "udp"), Some("socket:[4711]".to_owned()));
        assert_eq!(socket(&line.replace("4711", "0"), 8000, "tcp"), None);
        for header in
            ["", "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"]
        {
            assert_eq!(socket(header, 8000, "tcp"), None);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn whoever_listens_is_found() {
        let tcp = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let udp = std::net::UdpSocket::bind("[::1]:0").or_else(|_| std::net::UdpSocket::bind("127.0.0.1:0")).unwrap();
        let id = std::process::id();
        for (port, protocol) in [(tcp.local_addr(), "tcp"), (udp.local_addr(), "udp")] {
            let found = on(port.unwrap().port(), protocol).unwrap();
            assert_eq!(found.id, id);
            assert!(!found.name.is_empty());
        }
        let port = tcp.local_addr().unwrap().port();
        drop(tcp);
        assert_eq!(on(port, "tcp"), None);
        assert_eq!(on(port, "sctp"), None);
    }
}
