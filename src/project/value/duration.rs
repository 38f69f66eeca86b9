//! Durations: `1m30s`, `500ms` (Compose spec: `11-extension.md`, "Specifying durations").

use std::fmt;
use std::str::FromStr;

/// A duration in nanoseconds; may be negative, as in Docker Compose.
///
/// Shown as `1h30m0s`, `1m30s`, `1.5s`, `250µs`, `0s`.
///
/// ```
/// use hoist::project::value::Duration;
/// assert_eq!("1m30s".parse(), Ok(Duration::from_secs(90)));
/// assert_eq!(Duration::from_secs(90).to_string(), "1m30s");
/// assert!("10".parse::<Duration>().is_err());
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(pub i64);

const MICROSECOND: u64 = 1_000;
const MILLISECOND: u64 = 1_000 * MICROSECOND;
const SECOND: u64 = 1_000 * MILLISECOND;

impl Duration {
    /// A duration in seconds.
    #[must_use]
    pub const fn from_secs(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000_000))
    }

    /// The number of nanoseconds.
    #[must_use]
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// The number of whole seconds, truncated towards zero.
    #[must_use]
    pub const fn as_secs(self) -> i64 {
        self.0 / 1_000_000_000
    }

    /// The same as a standard duration; `None` if it is negative.
    #[must_use]
    pub fn to_std(self) -> Option<std::time::Duration> {
        u64::try_from(self.0).ok().map(std::time::Duration::from_nanos)
    }
}

/// Why a text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DurationError {
    /// A number is missing.
    #[error("`{text}` is not a duration")]
    NoNumber {
        /// The text as written.
        text: String,
    },
    /// A number has no unit.
    #[error("the duration `{text}` has no unit")]
    NoUnit {
        /// The text as written.
        text: String,
    },
    /// It would be a duration without its spaces.
    #[error("`{text}` is not a duration: it contains a space")]
    Space {
        /// The text as written.
        text: String,
    },
    /// The unit is unknown.
    #[error("`{text}` is not a duration: unknown unit `{unit}`")]
    UnknownUnit {
        /// The text as written.
        text: String,
        /// What should be the unit.
        unit: String,
    },
    /// More than about 292 years.
    #[error("the duration `{text}` is too long")]
    TooLong {
        /// The text as written.
        text: String,
    },
}

impl DurationError {
    /// An example of what is accepted.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NoUnit { text } => format!("did you mean `{text}s`?"),
            Self::Space { text } => format!("write it without spaces: `{}`", without_blanks(text)),
            Self::UnknownUnit { text, .. } if in_units(text).is_some() => {
                format!("write `{}`", in_units(text).unwrap_or_default())
            }
            Self::NoNumber { .. } | Self::UnknownUnit { .. } => {
                "write numbers with the units `ns`, `us`, `ms`, `s`, `m`, `h`, `d`, `w`, as in `1m30s`".to_owned()
            }
            Self::TooLong { .. } => "the longest duration is about 292 years".to_owned(),
        }
    }
}

impl FromStr for Duration {
    type Err = DurationError;

    /// Parses an optional sign and one or more numbers, each with a unit, in any order; `0` needs no unit.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        read(text).map_err(|error| match read(&without_blanks(text)) {
            Ok(_) => DurationError::Space { text: text.to_owned() },
            Err(_) => error,
        })
    }
}

/// `1m30s` for `1 minute and 30 seconds`: the duration with units that are accepted.
fn in_units(text: &str) -> Option<String> {
    let text = text.to_lowercase();
    let mut short = String::new();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, behind) = rest.split_at(end);
        let behind = behind.trim_start();
        let end = behind.find(|c: char| !c.is_alphabetic()).unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(end);
        short.push_str(number);
        short.push_str(match unit.strip_suffix('s').filter(|unit| unit.len() > 1).unwrap_or(unit) {
            "ns" | "nano" | "nanosecond" => "ns",
            "us" | "micro" | "microsecond" => "us",
            "ms" | "msec" | "milli" | "millisecond" => "ms",
            "s" | "sec" | "second" => "s",
            "m" | "min" | "minute" => "m",
            "h" | "hr" | "hour" => "h",
            "d" | "day" => "d",
            "w" | "week" => "w",
            _ => return None,
        });
        rest = behind.trim_start_matches([' ', ',']);
        rest = rest.strip_prefix("and ").unwrap_or(rest);
    }
    read(&short).is_ok().then_some(short)
}

fn without_blanks(text: &str) -> String {
    text.split_whitespace().collect()
}

/// Parses a text without spaces.
fn read(text: &str) -> Result<Duration, DurationError> {
    let (negative, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Ok(Duration(0));
    }
    if rest.is_empty() {
        return Err(DurationError::NoNumber { text: text.to_owned() });
    }
    let mut total = 0_u64;
    while !rest.is_empty() {
        let (nanos, behind) = component(text, rest)?;
        total = total.checked_add(nanos).ok_or_else(|| too_long(text))?;
        rest = behind;
    }
    let nanos = if negative { 0_i64.checked_sub_unsigned(total) } else { i64::try_from(total).ok() };
    nanos.map(Duration).ok_or_else(|| too_long(text))
}

fn too_long(text: &str) -> DurationError {
    DurationError::TooLong { text: text.to_owned() }
}

/// The number with its unit at the start of `rest`, in nanoseconds, and the remaining text.
fn component<'a>(text: &str, rest: &'a str) -> Result<(u64, &'a str), DurationError> {
    let behind_digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (whole, rest) = rest.split_at(behind_digits(rest));
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(behind_digits(rest)),
        None => ("", rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(DurationError::NoNumber { text: text.to_owned() });
    }
    let (unit, rest) = rest.split_at(rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len()));
    let factor = match unit {
        blank if blank.trim().is_empty() => return Err(DurationError::NoUnit { text: text.trim().to_owned() }),
        "ns" => 1,
        "us" | "µs" | "μs" => MICROSECOND,
        "ms" => MILLISECOND,
        "s" => SECOND,
        "m" => 60 * SECOND,
        "h" => 3_600 * SECOND,
        "d" => 24 * 3_600 * SECOND,
        "w" => 7 * 24 * 3_600 * SECOND,
        _ => return Err(DurationError::UnknownUnit { text: text.to_owned(), unit: unit.trim().to_owned() }),
    };
    let whole = if whole.is_empty() { 0 } else { whole.parse::<u64>().map_err(|_| too_long(text))? };
    let whole = whole.checked_mul(factor).ok_or_else(|| too_long(text))?;
    whole.checked_add(part_of(fraction, factor)).map(|nanos| (nanos, rest)).ok_or_else(|| too_long(text))
}

/// The decimals `fraction` of a unit of `factor` nanoseconds, truncated to nanoseconds. Digits after the 18th are
/// ignored.
fn part_of(fraction: &str, factor: u64) -> u64 {
    let digits = &fraction[..fraction.len().min(18)];
    let Ok(number) = digits.parse::<u128>() else { return 0 };
    let scale = 10_u128.pow(u32::try_from(digits.len()).unwrap_or_default());
    u64::try_from(number * u128::from(factor) / scale).unwrap_or(factor)
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.unsigned_abs();
        if self.0 < 0 {
            f.write_str("-")?;
        }
        match nanos {
            0 => f.write_str("0s"),
            1..MICROSECOND => write!(f, "{nanos}ns"),
            MICROSECOND..MILLISECOND => fraction(f, nanos, MICROSECOND, "µs"),
            MILLISECOND..SECOND => fraction(f, nanos, MILLISECOND, "ms"),
            _ => {
                let minutes = nanos / (60 * SECOND);
                if minutes >= 60 {
                    write!(f, "{}h", minutes / 60)?;
                }
                if minutes > 0 {
                    write!(f, "{}m", minutes % 60)?;
                }
                fraction(f, nanos % (60 * SECOND), SECOND, "s")
            }
        }
    }
}

/// Formats `nanos` in `unit`s with as many decimals as needed.
fn fraction(f: &mut fmt::Formatter<'_>, nanos: u64, unit: u64, name: &str) -> fmt::Result {
    write!(f, "{}", nanos / unit)?;
    let rest = nanos % unit;
    if rest > 0 {
        let width = unit.ilog10() as usize;
        let digits = format!("{rest:0width$}");
        write!(f, ".{}", digits.trim_end_matches('0'))?;
    }
    f.write_str(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_how_they_are_shown() {
        let cases = [
            ("1h5m30s20ms", "1h5m30.02s"),
            ("2.5s", "2.5s"),
            ("10ms", "10ms"),
            ("40us", "40µs"),
            ("7µs", "7µs"),
            ("7μs", "7µs"),
            ("15ns", "15ns"),
            ("0", "0s"),
            ("-0", "0s"),
            ("90s", "1m30s"),
            ("1.5h", "1h30m0s"),
            ("1d", "24h0m0s"),
            ("1w2d3h", "219h0m0s"),
            (".5m", "30s"),
            ("+5s", "5s"),
            ("-5s", "-5s"),
            ("100s100ms", "1m40.1s"),
            ("1s1m", "1m1s"),
            ("5.s", "5s"),
            ("0.000000001s", "1ns"),
            ("1.0000000009s", "1s"),
            ("1500us", "1.5ms"),
        ];
        for (text, shown) in cases {
            assert_eq!(text.parse::<Duration>().map(|duration| duration.to_string()), Ok(shown.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let cases = [
            ("", "`` is not a duration"),
            ("-", "`-` is not a duration"),
            (".s", "`.s` is not a duration"),
            ("soon", "`soon` is not a duration"),
            ("10 ", "the duration `10` has no unit"),
            ("10", "the duration `10` has no unit"),
            ("1m 30s", "`1m 30s` is not a duration: it contains a space"),
            ("1 m", "`1 m` is not a duration: it contains a space"),
            ("1 y", "`1 y` is not a duration: unknown unit `y`"),
            ("1y", "`1y` is not a duration: unknown unit `y`"),
            ("1S", "`1S` is not a duration: unknown unit `S`"),
            ("9999999h", "the duration `9999999h` is too long"),
            ("99999999999999999999s", "the duration `99999999999999999999s` is too long"),
        ];
        for (text, message) in cases {
            assert_eq!(text.parse::<Duration>().map_err(|error| error.to_string()), Err(message.to_owned()), "{text}");
        }
        let hint = |text: &str| text.parse::<Duration>().map_err(|error| error.hint());
        for (text, short) in [
            ("2 minutes", "2m"),
            ("1 minute and 30 seconds", "1m30s"),
            ("1 hour, 5 min", "1h5m"),
            ("30sec", "30s"),
            ("500 milliseconds", "500ms"),
            ("1S", "1s"),
        ] {
            assert_eq!(hint(text), Err(format!("write `{short}`")), "{text}");
        }
        assert!(hint("1 year").is_err_and(|hint| hint.contains("the units")));
        assert_eq!(hint("1 m"), Err("write it without spaces: `1m`".to_owned()));
    }

    #[test]
    fn timers_take_what_is_not_negative() {
        assert_eq!(Duration(1_500_000_000).to_std(), Some(std::time::Duration::from_millis(1500)));
        assert_eq!(Duration(-1).to_std(), None);
        assert_eq!(Duration(-1_500_000_000).as_secs(), -1);
    }
}
