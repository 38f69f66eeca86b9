//! The keyboard of an attached `up`: bytes and the signals of job control in, keys out.
//!
//! The terminal keeps turning line feeds into line breaks and Ctrl-C and Ctrl-Z into signals; only the echo and the wait
//! for Enter are off. It is read through a file of its own, which never blocks: a read of standard input that waits would
//! stop a process in the background.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use rustix::process::{getpgrp, getpid, getsid, kill_process};
use rustix::termios::{LocalModes, SpecialCodeIndex, Termios, tcgetpgrp, ttyname};
use tokio::net::unix::pipe::Receiver;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Interval;

use super::terminal::{change_mode, give_up_mode, set_back};

/// How many bytes are read at once; nobody types more.
const TYPED: usize = 256;

/// How often a process in the background looks whether it still is: a shell that brings it to the foreground tells it only
/// if it was stopped.
const LOOK: Duration = Duration::from_millis(200);

/// What the user does with the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// `d`.
    Detach,
    /// `w`.
    Watch,
    /// `r`.
    Apply,
    /// Enter.
    Enter,
    /// Ctrl-C, in a terminal that does not turn it into a signal.
    Interrupt,
    /// Ctrl-\.
    Quit,
    /// Ctrl-Z.
    Suspend,
    /// The process was continued, or brought to the foreground.
    Continue,
}

/// The keyboard; the terminal is set back when it is dropped.
pub(super) struct Keyboard {
    /// The terminal. As far as reading goes, it is like a pipe.
    tty: Receiver,
    state: State,
    keys: VecDeque<Key>,
    suspends: Signal,
    continues: Signal,
    quits: Signal,
    looks: Interval,
}

/// Whether the terminal is listened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It is, in a mode of its own.
    Listening,
    /// The process is in the background, or about to stop.
    Away,
    /// The terminal is gone.
    Closed,
}

impl Keyboard {
    /// Listens to the terminal on standard input, as soon as this process is in the foreground.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or has no modes.
    pub(super) fn open() -> io::Result<Self> {
        let name = ttyname(io::stdin(), Vec::new())?;
        let tty =
            File::from(rustix::fs::open(name, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY, Mode::empty())?);
        let mut keyboard = Self {
            tty: Receiver::from_file_unchecked(tty)?,
            state: State::Away,
            keys: VecDeque::new(),
            suspends: signal(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()))?,
            continues: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
            quits: signal(SignalKind::quit())?,
            looks: tokio::time::interval(LOOK),
        };
        keyboard.listen()?;
        Ok(keyboard)
    }

    /// The next key. No key is lost if this is abandoned.
    pub(super) async fn next(&mut self) -> Key {
        loop {
            if let Some(key) = self.keys.pop_front() {
                return key;
            }
            tokio::select! {
                Some(()) = self.suspends.recv() => if can_be_continued() { return Key::Suspend },
                Some(()) = self.continues.recv() => return Key::Continue,
                Some(()) = self.quits.recv() => return Key::Quit,
                _ = self.looks.tick(), if self.state == State::Away => if is_in_foreground() { return Key::Continue },
                read = read(&self.tty), if self.state == State::Listening => match read {
                    Ok(bytes) => self.keys.extend(decode(&bytes)),
                    Err(_) => self.state = State::Closed,
                },
            }
        }
    }

    /// Sets the terminal back and stops this process, as Ctrl-Z does; [`Key::Continue`] tells when it goes on.
    pub(super) fn suspend(&mut self) {
        self.let_go();
        // It cannot fail: a process may signal itself.
        let _ = kill_process(getpid(), rustix::process::Signal::STOP);
    }

    /// Listens again, unless this process is in the background; returns whether it does.
    ///
    /// # Errors
    ///
    /// If the terminal is gone.
    pub(super) fn listen(&mut self) -> io::Result<bool> {
        if self.state == State::Closed {
            return Ok(false);
        }
        if !is_in_foreground() {
            self.let_go();
            return Ok(false);
        }
        // Without job control nothing turns keys into signals.
        let signals = tcgetpgrp(io::stdin()).is_ok();
        change_mode(|mode| without_lines(mode, signals))?;
        self.state = State::Listening;
        Ok(true)
    }

    /// In the background, the terminal has the mode of another process, and changing it would stop this one.
    fn let_go(&mut self) {
        if is_in_foreground() {
            set_back();
        } else {
            give_up_mode();
        }
        if self.state == State::Listening {
            self.state = State::Away;
            self.looks.reset();
        }
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        self.let_go();
    }
}

/// What is typed, as soon as something is.
async fn read(tty: &Receiver) -> io::Result<Vec<u8>> {
    loop {
        tty.readable().await?;
        if !is_in_foreground() {
            // It goes to somebody else. Once this process is in the foreground again, it is continued.
            return std::future::pending().await;
        }
        let mut bytes = [0; TYPED];
        match tty.try_read(&mut bytes) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(length) => return Ok(bytes[..length].to_vec()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

/// Each key at once and without echo.
fn without_lines(mode: &mut Termios, signals: bool) {
    mode.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ECHONL);
    mode.local_modes.set(LocalModes::ISIG, signals);
    mode.special_codes[SpecialCodeIndex::VMIN] = 1;
    mode.special_codes[SpecialCodeIndex::VTIME] = 0;
}

/// Whether keys go to this process. A terminal that does not control it knows no foreground.
fn is_in_foreground() -> bool {
    tcgetpgrp(io::stdin()).map_or(true, |foreground| foreground == getpgrp())
}

/// Whether a shell with job control called this process. Without one, nobody would continue it.
fn can_be_continued() -> bool {
    getsid(None).is_ok_and(|session| session != getpgrp())
}

/// The keys among `bytes`; anything else that is typed does nothing, and neither do parts of sequences, which other keys
/// send.
fn decode(bytes: &[u8]) -> Vec<Key> {
    let mut keys = Vec::new();
    let mut rest = bytes;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'd' => keys.push(Key::Detach),
            b'w' => keys.push(Key::Watch),
            b'r' => keys.push(Key::Apply),
            b'\r' | b'\n' => keys.push(Key::Enter),
            b'\x03' => keys.push(Key::Interrupt),
            b'\x1b' => rest = after_sequence(after),
            _ => {}
        }
    }
    keys
}

/// What comes after the sequence that an Escape began: `Escape [ parameters letter`, or another key with Alt.
fn after_sequence(bytes: &[u8]) -> &[u8] {
    match bytes {
        [b'[', parameters @ ..] => {
            let end = parameters.iter().position(|byte| (b'@'..=b'~').contains(byte));
            end.map_or(&[], |end| &parameters[end + 1..])
        }
        [b'O', _, rest @ ..] | [_, rest @ ..] => rest,
        [] => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, decode};

    #[test]
    fn keys_are_told_from_what_other_keys_send() {
        for (typed, keys) in [
            (&b"d"[..], &[Key::Detach][..]),
            (b"\n", &[Key::Enter]),
            (b"ww", &[Key::Watch, Key::Watch]),
            (b"\r", &[Key::Enter]),
            (b"\x03", &[Key::Interrupt]),
            (b"xd\n", &[Key::Detach, Key::Enter]),
            (b"D", &[]),
            ("\u{e4}\u{64}".as_bytes(), &[Key::Detach]),
            (b"\x1bd", &[]),
            (b"\x1b[D", &[]),
            (b"\x1b[1;5dd", &[Key::Detach]),
            (b"\x1bOdd", &[Key::Detach]),
            (b"\x1b", &[]),
            (b"\x1b[", &[]),
            (b"", &[]),
        ] {
            assert_eq!(decode(typed), keys, "{typed:?}");
        }
    }
}
