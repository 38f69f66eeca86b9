//! Sizes in bytes: `512m`, `1.5 GiB` (Compose spec: `11-extension.md`, "Specifying byte values").

use std::fmt;
use std::str::FromStr;

/// A number of bytes; -1 means unlimited for attributes that support it.
///
/// Shown as a decimal number without a unit, as `config` prints it.
///
/// ```
/// use hoist::project::value::ByteSize;
/// assert_eq!("1.5g".parse(), Ok(ByteSize(1_610_612_736)));
/// assert_eq!("64 MiB".parse(), Ok(ByteSize(67_108_864)));
/// assert!("10x".parse::<ByteSize>().is_err());
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(pub i64);

/// Why a text is not a size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ByteSizeError {
    /// There is no number.
    #[error("`{text}` is not a size")]
    NoNumber {
        /// The text as written.
        text: String,
    },
    /// The part before the unit is not a number.
    #[error("`{text}` is not a size: `{number}` is not a number")]
    BadNumber {
        /// The text as written.
        text: String,
        /// What should be the number.
        number: String,
    },
    /// The unit is unknown.
    #[error("`{text}` is not a size: unknown unit `{unit}`")]
    UnknownUnit {
        /// The text as written.
        text: String,
        /// What should be the unit.
        unit: String,
    },
    /// A negative number other than the integer that some attributes use for "unlimited".
    #[error("the size `{text}` is negative")]
    Negative {
        /// The text as written.
        text: String,
    },
    /// More than 8 EiB.
    #[error("the size `{text}` is too large")]
    TooLarge {
        /// The text as written.
        text: String,
    },
}

impl ByteSizeError {
    /// An example of what is accepted.
    #[must_use]
    pub fn hint(&self) -> String {
        let words = match self {
            Self::BadNumber { text, .. } | Self::UnknownUnit { text, .. } if in_units(text).is_some() => {
                return format!("write `{}`", in_units(text).unwrap_or_default());
            }
            Self::NoNumber { .. } | Self::BadNumber { .. } | Self::UnknownUnit { .. } => {
                "write a number and one of the units `b`, `k`, `m`, `g`, `t`, `p`, as in `512m` or `1.5g`"
            }
            Self::Negative { .. } => "write a size like `512m`, or `-1` if the attribute can be unlimited",
            Self::TooLarge { .. } => "the largest size is 8 EiB, less one byte",
        };
        words.to_owned()
    }
}

impl ByteSize {
    /// The number of bytes.
    #[must_use]
    pub fn as_bytes(self) -> i64 {
        self.0
    }
}

impl FromStr for ByteSize {
    type Err = ByteSizeError;

    /// Parses an integer of either sign, or a decimal number with an optional space and unit. Units are powers of 1024
    /// and may be followed by `b` or `ib`; fractions of a byte are cut off.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(bytes) = text.parse() {
            return Ok(Self(bytes));
        }
        let Some(last) = text.rfind(|c: char| c.is_ascii_digit() || c == '.' || c == ' ') else {
            return Err(ByteSizeError::NoNumber { text: text.to_owned() });
        };
        let (number, unit) = text.split_at(last + 1);
        let number = number.strip_suffix(' ').unwrap_or(number);
        let amount = parse_number(number)
            .ok_or_else(|| ByteSizeError::BadNumber { text: text.to_owned(), number: number.to_owned() })?;
        if amount < 0.0 {
            return Err(ByteSizeError::Negative { text: text.to_owned() });
        }
        let factor = parse_unit(unit)
            .ok_or_else(|| ByteSizeError::UnknownUnit { text: text.to_owned(), unit: unit.to_owned() })?;
        truncate(amount * factor).map(Self).ok_or_else(|| ByteSizeError::TooLarge { text: text.to_owned() })
    }
}

/// `64m` for `64 megabytes`: the size with a unit that is accepted.
fn in_units(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len()));
    let unit = match unit.trim().trim_start_matches(['-', '_']).trim_end_matches('s') {
        "byte" => "b",
        "kb" | "kib" | "k" | "kbyte" | "kilobyte" | "kibibyte" | "kilo" => "k",
        "mb" | "mib" | "m" | "mbyte" | "meg" | "mega" | "megabyte" | "mebibyte" => "m",
        "gb" | "gib" | "g" | "gbyte" | "gig" | "giga" | "gigabyte" | "gibibyte" => "g",
        "tb" | "tib" | "t" | "tbyte" | "tera" | "terabyte" | "tebibyte" => "t",
        _ => return None,
    };
    let size = format!("{number}{unit}");
    size.parse::<ByteSize>().is_ok().then_some(size)
}

/// A decimal number, possibly with an exponent; no infinities.
fn parse_number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

fn parse_unit(unit: &str) -> Option<f64> {
    let unit = unit.to_ascii_lowercase();
    let mut letters = unit.chars();
    let exponent = match letters.next() {
        None => return Some(1.0),
        Some('b') => return letters.next().is_none().then_some(1.0),
        Some('k') => 1,
        Some('m') => 2,
        Some('g') => 3,
        Some('t') => 4,
        Some('p') => 5,
        Some(_) => return None,
    };
    matches!(letters.as_str(), "" | "b" | "ib").then(|| 1024_f64.powi(exponent))
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked, and a part of a byte is cut off")]
fn truncate(bytes: f64) -> Option<i64> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    (bytes < LIMIT).then_some(bytes as i64)
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let cases = [
            ("2b", 2),
            ("1024k", 1 << 20),
            ("1024kb", 1 << 20),
            ("2048KB", 2 << 20),
            ("300M", 300 << 20),
            ("1gb", 1 << 30),
            ("1GiB", 1 << 30),
            ("1.5g", 3 << 29),
            ("64 m", 64 << 20),
            ("1t", 1 << 40),
            ("1pb", 1 << 50),
            ("1048576", 1 << 20),
            (".5k", 512),
            ("0.3k", 307),
            ("5.k", 5120),
            ("0", 0),
            ("-1", -1),
            ("-5", -5),
            ("+5", 5),
            ("1e3", 1000),
            ("5 ", 5),
        ];
        for (text, bytes) in cases {
            assert_eq!(text.parse(), Ok(ByteSize(bytes)), "{text}");
        }
    }

    #[test]
    fn long_units_are_shortened() {
        for (text, hint) in [
            ("1 gigabyte", "write `1g`"),
            ("64 megabytes", "write `64m`"),
            ("64  MB", "write `64m`"),
            ("1.5 Gigs", "write `1.5g`"),
        ] {
            assert_eq!(text.parse::<ByteSize>().map_err(|error| error.hint()), Err(hint.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let cases = [
            ("", "`` is not a size"),
            ("lots", "`lots` is not a size"),
            ("10x", "`10x` is not a size: unknown unit `x`"),
            ("10bb", "`10bb` is not a size: unknown unit `bb`"),
            ("10kiby", "`10kiby` is not a size: unknown unit `kiby`"),
            ("64  m", "`64  m` is not a size: `64 ` is not a number"),
            ("1.2.3m", "`1.2.3m` is not a size: `1.2.3` is not a number"),
            ("-5m", "the size `-5m` is negative"),
            ("8192p", "the size `8192p` is too large"),
            ("8193p", "the size `8193p` is too large"),
        ];
        for (text, message) in cases {
            assert_eq!(text.parse::<ByteSize>().map_err(|error| error.to_string()), Err(message.to_owned()), "{text}");
        }
    }
}
