//! The addresses behind the host name of an engine, and connections to them.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::{TcpStream, lookup_host};
use tokio::process::Command;
use tokio::sync::OnceCell;

/// Whether the C library is part of the program. It then must not load the modules that a system resolves names with
/// (mDNS, systemd-resolved): they need the C library of that system. The system's own `getent` may.
const STATIC: bool = cfg!(all(target_os = "linux", target_feature = "crt-static"));

/// The addresses of one host: looked up for the first connection, and again after one that failed.
#[derive(Debug, Default)]
pub(super) struct Lookup {
    found: Mutex<Arc<OnceCell<Vec<SocketAddr>>>>,
}

impl Lookup {
    /// Connects to `host` at `port`, which are the same each time.
    ///
    /// # Errors
    ///
    /// The name is not known or cannot be resolved now, or none of its addresses takes the connection.
    pub(super) async fn connect(&self, host: &str, port: u16) -> io::Result<TcpStream> {
        self.connect_to(addresses(host, port)).await
    }

    async fn connect_to(&self, look_up: impl Future<Output = io::Result<Vec<SocketAddr>>>) -> io::Result<TcpStream> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let connected = TcpStream::connect(&**found.get_or_try_init(|| look_up).await?).await;
        if connected.is_err() {
            let mut current = self.found.lock().unwrap_or_else(PoisonError::into_inner);
            // Unless somebody else has forgotten it already.
            if Arc::ptr_eq(&current, &found) {
                *current = Arc::default();
            }
        }
        connected
    }
}

/// The addresses of `host` at `port`, in the order in which to try them.
///
/// # Errors
///
/// The name is not known, or cannot be resolved now.
async fn addresses(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    if STATIC { by_getent(host, port).await } else { by_libc(host, port).await }
}

async fn by_libc(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    Ok(lookup_host((host, port)).await?.collect())
}

async fn by_getent(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let unknown = || io::Error::new(io::ErrorKind::NotFound, format!("no address is known for the name {host}"));
    // It would be an option of `getent`; no host is called like that.
    if host.starts_with('-') {
        return Err(unknown());
    }
    let asked = match Command::new("getent").args(["ahosts", host]).kill_on_drop(true).output().await {
        Ok(asked) => asked,
        // A system without it has no such modules either.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return by_libc(host, port).await,
        Err(error) => return Err(error),
    };
    let found = read(&String::from_utf8_lossy(&asked.stdout), port);
    if found.is_empty() { Err(unknown()) } else { Ok(found) }
}

/// What `getent ahosts` prints: a line per address and kind of socket, with the address first.
fn read(text: &str, port: u16) -> Vec<SocketAddr> {
    let mut found = Vec::new();
    for address in text.lines().filter_map(|line| line.split_whitespace().next()?.parse::<IpAddr>().ok()) {
        let address = SocketAddr::new(address, port);
        if !found.contains(&address) {
            found.push(address);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(found: &[SocketAddr]) -> Vec<String> {
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_address_is_tried_once_in_the_order_of_getent() {
        let text = "\
2001:db8::7     STREAM engine.example
2001:db8::7     DGRAM
192.0.2.7       STREAM
192.0.2.7       RAW
";
        assert_eq!(texts(&read(text, 2376)), ["[2001:db8::7]:2376", "192.0.2.7:2376"]);
        assert!(read("", 2376).is_empty());
    }

    #[tokio::test]
    async fn a_name_is_looked_up_once_unless_that_failed_or_leads_nowhere() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let here = listener.local_addr().expect("it has an address");
        let (lookup, asked) = (Lookup::default(), std::cell::Cell::new(0));
        let connect = async |answer: io::Result<Vec<SocketAddr>>| {
            let found = async {
                asked.set(asked.get() + 1);
                answer
            };
            lookup.connect_to(found).await.is_ok()
        };
        assert!(!connect(Err(io::ErrorKind::NotFound.into())).await);
        assert!(connect(Ok(vec![here])).await && connect(Ok(vec![])).await, "the second uses the first one's answer");
        assert_eq!(asked.get(), 2);
        drop(listener);
        assert!(!connect(Ok(vec![])).await, "nobody is there any more");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        assert!(connect(Ok(vec![listener.local_addr().expect("it has an address")])).await);
        assert_eq!(asked.get(), 3);
    }

    #[tokio::test]
    async fn an_address_needs_no_lookup() {
        assert_eq!(texts(&addresses("127.0.0.1", 1).await.expect("is an address")), ["127.0.0.1:1"]);
        assert_eq!(texts(&addresses("::1", 1).await.expect("is an address")), ["[::1]:1"]);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn both_ways_know_this_machine_and_no_option() {
        let (program, libc) = (by_getent("localhost", 1).await, by_libc("localhost", 1).await);
        let all_local = |found: Vec<SocketAddr>| !found.is_empty() && found.iter().all(|at| at.ip().is_loopback());
        assert!(all_local(program.expect("is known")) && all_local(libc.expect("is known")));
        assert_eq!(by_getent("--help", 1).await.expect_err("no host").kind(), io::ErrorKind::NotFound);
    }
}
