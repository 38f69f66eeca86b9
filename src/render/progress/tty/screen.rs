//! A terminal over any writer. Output is buffered and written at once, so nothing flickers.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indicatif::TermLike;

use crate::render::progress::terminal::TerminalSize;

/// A terminal; clones draw on the same one.
pub(super) struct Screen<W> {
    inner: Arc<Mutex<Inner<W>>>,
    size: TerminalSize,
}

struct Inner<W> {
    out: W,
    pending: Vec<u8>,
    /// Whether the next line needs a line feed before it. indicatif pads lines, even the last, with spaces up to the
    /// edge; the `^C` that a terminal echoes would then wrap and move the block away from where the next draw expects
    /// it. Here lines are separated by line feeds instead, and the last one has none.
    line_ends: bool,
}

impl<W: Write> Screen<W> {
    pub(super) fn new(out: W, size: TerminalSize) -> Self {
        Self { inner: Arc::new(Mutex::new(Inner { out, pending: Vec::new(), line_ends: false })), size }
    }

    /// Writes whole lines at the cursor.
    pub(super) fn print(&self, lines: &[String]) -> io::Result<()> {
        let mut inner = self.lock();
        for line in lines {
            inner.pending.extend_from_slice(line.as_bytes());
            inner.pending.push(b'\n');
        }
        inner.flush()
    }

    fn lock(&self) -> MutexGuard<'_, Inner<W>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, text: &str) {
        self.lock().pending.extend_from_slice(text.as_bytes());
    }

    /// Moves the cursor; `letter` is the direction.
    fn move_cursor(&self, n: usize, letter: char) {
        if n > 0 {
            self.push(&format!("\x1b[{n}{letter}"));
        }
    }
}

impl<W: Write> Inner<W> {
    fn flush(&mut self) -> io::Result<()> {
        let written = self.out.write_all(&self.pending);
        self.pending.clear();
        self.line_ends = false;
        written.and_then(|()| self.out.flush())
    }
}

impl<W> Clone for Screen<W> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), size: self.size.clone() }
    }
}

impl<W> fmt::Debug for Screen<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Screen").field("size", &self.size).finish_non_exhaustive()
    }
}

impl<W: Write + Send> TermLike for Screen<W> {
    fn width(&self) -> u16 {
        self.size.get().1
    }

    fn height(&self) -> u16 {
        self.size.get().0
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.move_cursor(n, 'A');
        Ok(())
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.move_cursor(n, 'B');
        Ok(())
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.move_cursor(n, 'C');
        Ok(())
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.move_cursor(n, 'D');
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.push(text);
        self.push("\n");
        Ok(())
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        let mut inner = self.lock();
        if text.bytes().all(|byte| byte == b' ') {
            inner.line_ends = true;
        } else {
            if std::mem::take(&mut inner.line_ends) {
                inner.pending.push(b'\n');
            }
            inner.pending.extend_from_slice(text.as_bytes());
        }
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.push("\r\x1b[2K");
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        self.lock().flush()
    }
}
