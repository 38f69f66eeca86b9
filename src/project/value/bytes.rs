//! Sizes in bytes: `512m`, `1.5 GiB` (compose-file.md §2.4).

use std::fmt;

/// A number of bytes; -1 where the attribute takes it means unlimited.
///
/// Shown as a decimal number without unit, as `config` prints it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(pub i64);

impl ByteSize {
    /// The number of bytes.
    #[must_use]
    pub fn as_bytes(self) -> i64 {
        self.0
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
