//! The connection to the `docker` that called hoist. Unless its output is a terminal, `docker` closes the connection with
//! the first signal that it gets. Where the signal is for the whole process group, as Ctrl-C is, hoist gets it too: the two
//! are one interruption.

use std::future::pending;
use std::io;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// A signal belongs to the end of the connection if it came at most so long before it. A busy machine may delay `docker`.
const BEFORE: Duration = Duration::from_secs(1);
/// The same for one that comes after it: a process group gets its signals at about the same time.
const AFTER: Duration = Duration::from_millis(200);

/// One per process, like the process's signals.
static DOCKER: OnceLock<Socket> = OnceLock::new();

struct Socket {
    stream: UnixStream,
    /// How many wait in [`heed`]: parts of the command that handle the end of the connection as an interruption.
    heeding: AtomicUsize,
    /// When this process last got a signal itself.
    signalled: Mutex<Option<Instant>>,
}

/// Connects to the socket named by `DOCKER_CLI_PLUGIN_SOCKET`. Without a connection, only signals interrupt hoist.
pub(in crate::cli) fn connect() {
    let Some(name) = std::env::var_os("DOCKER_CLI_PLUGIN_SOCKET").filter(|name| !name.is_empty()) else { return };
    let Ok(stream) = open(&name) else { return };
    if stream.set_nonblocking(true).is_ok() {
        let _ = DOCKER.set(Socket { stream, heeding: AtomicUsize::new(0), signalled: Mutex::new(None) });
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

/// Notes that this process got a signal itself that asks it to end.
pub(in crate::cli) fn note_signal() {
    if let Some(docker) = DOCKER.get() {
        *docker.signalled.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }
}

/// Waits until `docker` alone was interrupted; the caller then interrupts the command.
pub(in crate::cli) async fn heed() {
    let Some(docker) = DOCKER.get() else { return pending().await };
    let heeding = Heeding::begin(docker);
    closed_alone(docker).await;
    // From now on the command handles it, and [`hung_up`] never ends it.
    std::mem::forget(heeding);
}

/// Waits until `docker` alone was interrupted while no one waits for it in [`heed`].
pub(in crate::cli) async fn hung_up() {
    let Some(docker) = DOCKER.get() else { return pending().await };
    closed_alone(docker).await;
    if docker.heeding.load(Ordering::Relaxed) > 0 {
        pending::<()>().await;
    }
}

/// One that waits in [`heed`], for as long as it does.
struct Heeding(&'static Socket);

impl Heeding {
    fn begin(docker: &'static Socket) -> Self {
        docker.heeding.fetch_add(1, Ordering::Relaxed);
        Self(docker)
    }
}

impl Drop for Heeding {
    fn drop(&mut self) {
        self.0.heeding.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Waits until `docker` closes the connection without a signal that this process gets too.
async fn closed_alone(docker: &Socket) {
    closed(docker).await;
    let since = Instant::now().checked_sub(BEFORE);
    tokio::time::sleep(AFTER).await;
    let signalled = *docker.signalled.lock().unwrap_or_else(PoisonError::into_inner);
    if signalled.is_some_and(|at| since.is_none_or(|since| at > since)) {
        pending::<()>().await;
    }
}

async fn closed(docker: &Socket) {
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
