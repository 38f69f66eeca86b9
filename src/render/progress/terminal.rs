//! Properties of the terminal that shows progress.

use std::fmt;
use std::sync::Arc;

/// Properties of the terminal.
#[derive(Debug, Clone, Default)]
pub struct TtySettings {
    /// Whether to use colours.
    pub color: bool,
    /// Its size, queried at each draw.
    pub size: TerminalSize,
}

/// A source of the terminal's size.
#[derive(Clone)]
pub struct TerminalSize(Arc<dyn Fn() -> (u16, u16) + Send + Sync>);

impl TerminalSize {
    /// The terminal on standard error; 24 rows of 80 columns if its size is unknown.
    #[must_use]
    pub fn of_stderr() -> Self {
        let terminal = console::Term::stderr();
        Self(Arc::new(move || terminal.size_checked().unwrap_or((24, 80))))
    }

    /// A terminal of a fixed size.
    #[must_use]
    pub fn fixed(rows: u16, columns: u16) -> Self {
        Self(Arc::new(move || (rows, columns)))
    }

    /// The current number of rows and columns.
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
