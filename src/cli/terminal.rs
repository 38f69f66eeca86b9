//! The terminal that this process runs in: what is typed, what is shown, its size and its mode, and signals.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::FileTypeExt;
use std::sync::{Arc, Mutex, Once, PoisonError};

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use tokio::io::AsyncWriteExt;
use tokio::net::unix::pipe;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::io::ReaderStream;

use super::context::Terminals;
use crate::engine::{LogChunk, OutputStream, WindowSize};
use crate::operation::interactive::{Signal, Terminal};

/// How much is read of standard input at a time.
const INPUT: usize = 256 * 1024;
/// The room that is asked for in a pipe that output goes to.
#[cfg(target_os = "linux")]
const ROOM: usize = 1024 * 1024;

/// The signals that can be passed on to a container: all but those that this process handles itself or that tell of
/// mistakes in it. The second half does not ask it to end.
const SIGNALS: &[(&str, i32)] = &[
    ("SIGHUP", 1),
    ("SIGINT", 2),
    ("SIGQUIT", 3),
    ("SIGTERM", 15),
    ("SIGUSR1", rustix::process::Signal::USR1.as_raw()),
    ("SIGUSR2", rustix::process::Signal::USR2.as_raw()),
    ("SIGALRM", 14),
    ("SIGTSTP", rustix::process::Signal::TSTP.as_raw()),
    ("SIGCONT", rustix::process::Signal::CONT.as_raw()),
    ("SIGWINCH", 28),
];
/// How many of them ask this process to end.
const ENDING: usize = 4;

/// The mode of the terminal before it was changed, for as long as it is.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);
/// Whether a panic sets the terminal back.
static HOOK: Once = Once::new();

/// The terminal of this process, or what stands in its place.
pub(super) struct ProcessTerminal {
    terminals: Terminals,
    reads: bool,
    stdout: Sink,
    stderr: Sink,
}

impl ProcessTerminal {
    /// The streams of this process. Where it does not read, standard input is left alone.
    ///
    /// # Errors
    ///
    /// If one of them is closed.
    pub(super) fn new(terminals: Terminals, reads: bool) -> io::Result<Self> {
        let stdout = Sink::new(io::stdout().as_fd().try_clone_to_owned()?.into(), terminals.stdout);
        let stderr = Sink::new(io::stderr().as_fd().try_clone_to_owned()?.into(), terminals.stderr);
        Ok(Self { terminals, reads, stdout, stderr })
    }
}

impl Terminal for ProcessTerminal {
    fn size(&self) -> Option<WindowSize> {
        size(self.terminals)
    }

    fn is_typed(&self) -> bool {
        self.terminals.stdin
    }

    fn set_raw(&mut self, raw: bool) -> io::Result<()> {
        if !raw {
            set_back();
            return Ok(());
        }
        change_mode(Termios::make_raw)
    }

    fn input(&mut self) -> BoxStream<'static, io::Result<Vec<u8>>> {
        if !self.reads {
            return stream::empty().boxed();
        }
        ReaderStream::with_capacity(tokio::io::stdin(), INPUT).map(|bytes| bytes.map(Into::into)).boxed()
    }

    fn resizes(&mut self) -> BoxStream<'static, WindowSize> {
        let terminals = self.terminals;
        let sizes = signals_of(SignalKind::window_change()).filter_map(move |()| std::future::ready(size(terminals)));
        sizes.boxed()
    }

    fn signals(&mut self) -> BoxStream<'static, Signal> {
        let all = SIGNALS.iter().enumerate().map(|(at, (name, number))| {
            let signal = Signal { name, ends: at < ENDING };
            signals_of(SignalKind::from_raw(*number)).map(move |()| signal)
        });
        stream::select_all(all).boxed()
    }

    async fn write(&mut self, chunk: LogChunk) -> io::Result<()> {
        let sink = match chunk.stream {
            OutputStream::Stdout => &mut self.stdout,
            OutputStream::Stderr => &mut self.stderr,
        };
        sink.write(chunk.bytes).await
    }
}

/// A signal each time it comes; nothing where the system does not hand it over.
fn signals_of(kind: SignalKind) -> BoxStream<'static, ()> {
    match signal(kind) {
        Ok(signal) => stream::unfold(signal, async |mut signal| Some((signal.recv().await?, signal))).boxed(),
        Err(_) => stream::pending().boxed(),
    }
}

/// The size of the terminal that the output goes to, else of the one that is typed at.
fn size(terminals: Terminals) -> Option<WindowSize> {
    let size = match terminals {
        Terminals { stdout: true, .. } => tcgetwinsize(io::stdout()),
        Terminals { stdin: true, .. } => tcgetwinsize(io::stdin()),
        _ => return None,
    };
    let size = size.ok().filter(|size| size.ws_row > 0 && size.ws_col > 0)?;
    Some(WindowSize { rows: size.ws_row, columns: size.ws_col })
}

/// Changes the mode of the terminal that is typed at; a panic sets it back. A second change begins with the first mode,
/// not with the changed one.
///
/// # Errors
///
/// If the terminal refuses, or there is none.
pub(super) fn change_mode(change: impl FnOnce(&mut Termios)) -> io::Result<()> {
    let mut mode = {
        let mut before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner);
        match &*before {
            Some(mode) => mode.clone(),
            None => before.insert(tcgetattr(io::stdin())?).clone(),
        }
    };
    change(&mut mode);
    HOOK.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            set_back();
            usual(panic);
        }));
    });
    Ok(tcsetattr(io::stdin(), OptionalActions::Now, &mode)?)
}

/// Forgets that the mode was changed: somebody else set it, and [`set_back`] does nothing until the next change.
pub(super) fn give_up_mode() {
    BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take();
}

/// Sets the terminal back to the mode before it was changed.
pub(super) fn set_back() {
    if let Some(before) = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take() {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &before);
    }
}

/// Where output goes.
struct Sink {
    file: Arc<File>,
    /// The same, if it is a pipe that was full once.
    pipe: Option<pipe::Sender>,
    /// Whether a write may last as long as somebody likes: he stops the terminal, or the program at the other end.
    waits: bool,
}

impl Sink {
    fn new(file: File, is_terminal: bool) -> Self {
        let kind = file.metadata().map(|metadata| metadata.file_type());
        let at_once = kind.is_ok_and(|kind| kind.is_file() || kind.is_char_device());
        Self { file: Arc::new(file), pipe: None, waits: is_terminal || !at_once }
    }

    async fn write(&mut self, bytes: Vec<u8>) -> io::Result<()> {
        if !self.waits {
            return (&*self.file).write_all(&bytes);
        }
        if let Some(pipe) = &mut self.pipe {
            return pipe.write_all(&bytes).await;
        }
        let written = write_at_once(&self.file, &bytes);
        if written == bytes.len() {
            return Ok(());
        }
        self.pipe = open_again(&self.file);
        if let Some(pipe) = &mut self.pipe {
            return pipe.write_all(&bytes[written..]).await;
        }
        let file = self.file.clone();
        tokio::task::spawn_blocking(move || (&*file).write_all(&bytes[written..])).await.map_err(io::Error::other)?
    }
}

/// Writes what can be written without waiting, and returns how much that was. What is wrong with the file is left to
/// the write of the rest.
#[cfg(target_os = "linux")]
fn write_at_once(file: &File, bytes: &[u8]) -> usize {
    // Where the file is at: pipes have no other place.
    let here = u64::MAX;
    let mut written = 0;
    while written < bytes.len() {
        let rest = [io::IoSlice::new(&bytes[written..])];
        match rustix::io::pwritev2(file, &rest, here, rustix::io::ReadWriteFlags::NOWAIT) {
            Ok(0) | Err(_) => break,
            Ok(more) => written += more,
        }
    }
    written
}

/// Other systems have no write that never waits.
#[cfg(not(target_os = "linux"))]
fn write_at_once(_: &File, _: &[u8]) -> usize {
    0
}

/// Opens a pipe once more, as one that tells when there is room, so that no thread has to wait for that. The one that
/// this process was started with stays as it is: others may write to it too. `None` if it is no pipe.
///
/// It gets room for more than is written at a time, if the system allows it: each time it is full, its reader and this
/// process have to be woken up.
#[cfg(target_os = "linux")]
fn open_again(file: &File) -> Option<pipe::Sender> {
    use std::os::fd::AsRawFd;
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    let pipe = pipe::OpenOptions::new().open_sender(path).ok()?;
    let _ = rustix::pipe::fcntl_setpipe_size(&pipe, ROOM);
    Some(pipe)
}

/// Other systems have no such path.
#[cfg(not(target_os = "linux"))]
fn open_again(_: &File) -> Option<pipe::Sender> {
    None
}

#[cfg(test)]
mod tests {
    use std::io::{PipeReader, Read};
    use std::os::fd::OwnedFd;

    use super::*;

    /// A sink that is a pipe.
    fn piped() -> (PipeReader, Sink) {
        let (reader, writer) = io::pipe().expect("a pipe");
        (reader, Sink::new(OwnedFd::from(writer).into(), false))
    }

    #[tokio::test]
    async fn a_pipe_that_is_full_holds_up_nothing_else_and_loses_nothing() {
        let (mut reader, mut sink) = piped();
        let data: Vec<u8> = (0..=u8::MAX).cycle().take(300_000).collect();
        {
            let mut writing = std::pin::pin!(sink.write(data.clone()));
            assert!(futures::poll!(&mut writing).is_pending(), "nobody reads");
            let reading = tokio::task::spawn_blocking(move || {
                let mut read = vec![0; 300_000];
                reader.read_exact(&mut read).map(|()| (read, reader))
            });
            let (written, read) = tokio::join!(writing, reading);
            written.expect("it is read");
            let (read, rest) = read.expect("no panic").expect("all is there");
            assert_eq!(read, data);
            reader = rest;
        }
        #[cfg(target_os = "linux")]
        {
            assert!(sink.pipe.is_some(), "no thread waits for the reader");
            let mode = rustix::fs::fcntl_getfl(&sink.file).expect("a file has a mode");
            assert!(!mode.contains(rustix::fs::OFlags::NONBLOCK), "others may use the pipe too");
        }
        sink.write(b"short".to_vec()).await.expect("it fits");
        drop(sink);
        let mut rest = Vec::new();
        reader.read_to_end(&mut rest).expect("it is read");
        assert_eq!(rest, b"short");
    }

    #[tokio::test]
    async fn a_reader_that_has_gone_is_an_error() {
        let (reader, mut sink) = piped();
        drop(reader);
        assert_eq!(sink.write(vec![0; 10]).await.expect_err("nobody reads").kind(), io::ErrorKind::BrokenPipe);
    }
}
