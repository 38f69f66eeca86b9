//! Permission bits of secrets and configs (Compose spec: `05-services.md`, `mode` of `secrets` and `configs`).

use std::fmt;
use std::str::FromStr;

/// Permission bits. Shown in octal with a leading 0, as `config` prints them: `0440`.
///
/// A number in the file is taken as is, so it must be written in octal (`0440`); text is parsed as octal.
///
/// ```
/// use hoist::project::value::FileMode;
/// assert_eq!("0440".parse(), Ok(FileMode(0o440)));
/// assert_eq!(FileMode(0o440).to_string(), "0440");
/// assert!("rw-r".parse::<FileMode>().is_err());
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileMode(pub i64);

/// Why a text is not a file mode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a file mode in octal")]
pub struct FileModeError {
    /// The text as written.
    pub text: String,
}

impl FileModeError {
    /// An example of what is accepted.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        "write octal digits, as in `0440`"
    }
}

impl FromStr for FileMode {
    type Err = FileModeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        i64::from_str_radix(text, 8).map(Self).map_err(|_| FileModeError { text: text.to_owned() })
    }
}

impl fmt::Display for FileMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 0 { write!(f, "-0{:o}", self.0.unsigned_abs()) } else { write!(f, "0{:o}", self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_octal() {
        for (text, mode) in [("0440", Some(0o440)), ("440", Some(0o440)), ("0", Some(0)), ("8", None), ("", None)] {
            assert_eq!(text.parse::<FileMode>().ok(), mode.map(FileMode), "{text}");
        }
        assert_eq!(FileMode(440).to_string(), "0670");
        assert_eq!(FileMode(0).to_string(), "00");
    }
}
