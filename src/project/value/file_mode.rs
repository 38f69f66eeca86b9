//! Permission bits of secrets and configs (compose-file.md §2.4).

use std::fmt;

/// Permission bits. Shown in octal with a leading 0, as `config` prints them: `0440`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileMode(pub i64);

impl fmt::Display for FileMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 0 { write!(f, "-0{:o}", self.0.unsigned_abs()) } else { write!(f, "0{:o}", self.0) }
    }
}
