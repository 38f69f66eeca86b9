//! The connection to the `docker` that called hoist. If its output is not a terminal, `docker` closes the connection when
//! it is interrupted; in a terminal, hoist receives the signal itself.

use std::future::pending;
use std::io;
use std::os::unix::net::UnixStream;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// One per process, like the process's signals.
static DOCKER: OnceLock<Socket> = OnceLock::new();

struct Socket {
    stream: UnixStream,
    /// Whether the command handles the end of the connection as an interruption.
    is_heeded: AtomicBool,
}

/// Connects to the socket named by `DOCKER_CLI_PLUGIN_SOCKET`. Without a connection, only signals interrupt hoist.
pub(in crate::cli) fn connect() {
    let Some(name) = std::env::var_os("DOCKER_CLI_PLUGIN_SOCKET").filter(|name| !name.is_empty()) else { return };
    let Ok(stream) = open(&name) else { return };
    if stream.set_nonblocking(true).is_ok() {
        let _ = DOCKER.set(Socket { stream, is_heeded: AtomicBool::new(false) });
    }
}

/// Names that begin with `@` are abstract: they do not exist in the file system.
#[cfg(target_os = "linux")]
fn open(name: &std::ffi::OsStr) -> io::Result<UnixStream> {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::net::SocketAddr;
    match name.as_bytes().strip_prefix(b"@") {
        Some(name) => UnixStream::connect_addr(&SocketAddr::from_abstract_name(name)?),
        None => UnixStream::connect(name),
    }
}

#[cfg(not(target_os = "linux"))]
fn open(name: &std::ffi::OsStr) -> io::Result<UnixStream> {
    UnixStream::connect(name)
}

/// Waits until `docker` closes the connection; the caller then interrupts the command.
pub(in crate::cli) async fn heed() {
    if let Some(docker) = DOCKER.get() {
        docker.is_heeded.store(true, Ordering::Relaxed);
    }
    closed().await;
}

/// Waits until `docker` closes the connection while no one waits for it in [`heed`].
pub(in crate::cli) async fn hung_up() {
    closed().await;
    if DOCKER.get().is_some_and(|docker| docker.is_heeded.load(Ordering::Relaxed)) {
        pending::<()>().await;
    }
}

async fn closed() {
    let Some(docker) = DOCKER.get() else { return pending().await };
    let stream = docker.stream.try_clone().and_then(tokio::net::UnixStream::from_std);
    let Ok(stream) = stream else { return pending().await };
    let mut ignored = [0; 64];
    while stream.readable().await.is_ok() {
        match stream.try_read(&mut ignored) {
            Ok(0) => return,
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return,
            Ok(_) | Err(_) => {}
        }
    }
}
