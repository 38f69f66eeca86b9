//! The runtime in which an engine is asked.

use std::io;
use std::os::unix::net::UnixStream;

use tokio::runtime::{Builder, Runtime};

/// Pairs of open files that the runtime is sure to find room for: it panics without one of them.
const ROOM: usize = 4;

/// A runtime of one thread, which starts fastest.
///
/// # Errors
///
/// If the system does not give it what it needs, such as enough open files.
pub(super) fn runtime() -> io::Result<Runtime> {
    let room: Vec<_> = (0..ROOM).map(|_| UnixStream::pair()).collect::<Result<_, _>>()?;
    drop(room);
    Builder::new_current_thread().enable_all().build()
}
