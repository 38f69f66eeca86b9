//! What is known of the terminal that progress is shown in.

use std::fmt;
use std::sync::Arc;

/// What is known of the terminal.
#[derive(Debug, Clone, Default)]
pub struct TtySettings {
    /// Whether there are colours.
    pub color: bool,
    /// Its size, asked for at each draw.
    pub size: TerminalSize,
}

/// Where the size of a terminal is asked for.
#[derive(Clone)]
pub struct TerminalSize(Arc<dyn Fn() -> (u16, u16) + Send + Sync>);

impl TerminalSize {
    /// The terminal behind standard error; 24 rows of 80 columns where its size is unknown.
    #[must_use]
    pub fn of_stderr() -> Self {
        let terminal = console::Term::stderr();
        Self(Arc::new(move || terminal.size_checked().unwrap_or((24, 80))))
    }

    /// A terminal that keeps its size.
    #[must_use]
    pub fn fixed(rows: u16, columns: u16) -> Self {
        Self(Arc::new(move || (rows, columns)))
    }

    /// Rows and columns now.
    pub(super) fn get(&self) -> (u16, u16) {
        (self.0)()
    }
}

impl Default for TerminalSize {
    fn default() -> Self {
        Self::of_stderr()
    }
}

impl fmt::Debug for TerminalSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TerminalSize").field(&self.get()).finish()
    }
}
