//! Formats numbers for people: plurals, sizes, durations.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// `1 second`, `2 seconds`.
///
/// ```
/// assert_eq!(hoist::render::text::plural(1, "step"), "1 step");
/// assert_eq!(hoist::render::text::plural(2, "step"), "2 steps");
/// ```
#[must_use]
pub fn plural(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// Bytes in decimal units: `512B`, `1.5kB`, `12.3MB`.
///
/// ```
/// assert_eq!(hoist::render::text::size(12_345_678), "12.3MB");
/// ```
#[must_use]
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1000 {
        return format!("{bytes}B");
    }
    let (mut unit, mut tenths) = (0, bytes / 100);
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        tenths /= 1000;
        unit += 1;
    }
    format!("{}.{}{}", tenths / 10, tenths % 10, UNITS[unit])
}

/// Bytes in decimal units with this many significant digits, as engines' clients show them: `1.98MB`, `135MB`.
///
/// ```
/// use hoist::render::text::decimal_size;
/// assert_eq!(decimal_size(1_984_794, 3), "1.98MB");
/// assert_eq!(decimal_size(0, 3), "0B");
/// ```
#[must_use]
pub fn decimal_size(bytes: u64, digits: usize) -> String {
    scaled(bytes, 1000.0, &["B", "kB", "MB", "GB", "TB", "PB", "EB"], digits)
}

/// Bytes in binary units with four significant digits: `476KiB`, `23.54GiB`.
///
/// ```
/// assert_eq!(hoist::render::text::binary_size(25_276_502_016), "23.54GiB");
/// ```
#[must_use]
pub fn binary_size(bytes: u64) -> String {
    scaled(bytes, 1024.0, &["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"], 4)
}

#[expect(clippy::cast_precision_loss, reason = "few digits are shown")]
fn scaled(bytes: u64, base: f64, units: &[&str], digits: usize) -> String {
    let (mut number, mut unit) = (bytes as f64, 0);
    while number >= base && unit + 1 < units.len() {
        number /= base;
        unit += 1;
    }
    format!("{}{}", significant(number, digits), units[unit])
}

/// A number that is not negative with at most this many significant digits, like Go's `%.3g`: in scientific notation if
/// it is larger than they can tell (999.9 is `1e+03`).
fn significant(number: f64, digits: usize) -> String {
    let scientific = format!("{number:.*e}", digits.saturating_sub(1));
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: usize = exponent.parse().unwrap_or_default();
    let without_zeros = |text: &str| {
        let shown = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text };
        shown.to_owned()
    };
    if exponent >= digits {
        return format!("{}e+{exponent:02}", without_zeros(mantissa));
    }
    without_zeros(&format!("{number:.*}", digits - 1 - exponent))
}

/// A time as in JSON: `2026-11-29T16:21:07.765875123Z`, the fraction without trailing zeros.
#[must_use]
pub fn time(time: Timestamp, zone: &TimeZone) -> String {
    let zoned = time.to_zoned(zone.clone());
    let offset = if zoned.offset().is_zero() { "Z" } else { "%:z" };
    zoned.strftime(&format!("%Y-%m-%dT%H:%M:%S%.f{offset}")).to_string()
}

/// A duration in words: `Less than a second`, `About a minute`, `3 weeks`. Followed by `ago` it is an age.
///
/// ```
/// use std::time::Duration;
/// use hoist::render::text::duration;
/// assert_eq!(duration(Duration::from_secs(75)), "About a minute");
/// assert_eq!(duration(Duration::from_secs(7200)), "2 hours");
/// ```
#[must_use]
pub fn duration(span: Duration) -> String {
    let seconds = span.as_secs();
    let (minutes, hours) = (seconds / 60, (seconds + 1800) / 3600);
    let days = hours / 24;
    match () {
        () if seconds < 1 => "Less than a second".to_owned(),
        () if seconds < 60 => plural(seconds, "second"),
        () if minutes == 1 => "About a minute".to_owned(),
        () if minutes < 60 => plural(minutes, "minute"),
        () if hours == 1 => "About an hour".to_owned(),
        () if hours < 48 => plural(hours, "hour"),
        () if days < 14 => plural(days, "day"),
        () if days < 60 => plural(days / 7, "week"),
        () if days < 730 => plural(days / 30, "month"),
        () => plural(days / 365, "year"),
    }
}

/// The time that a step took or has taken so far: `0.1s`.
#[must_use]
pub fn elapsed(span: Duration) -> String {
    format!("{:.1}s", span.as_secs_f64())
}

/// `text` in double quotes, with the escapes of Go's string literals.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{b}' => quoted.push_str("\\v"),
            '\u{c}' => quoted.push_str("\\f"),
            character if character.is_control() => {
                let code = u32::from(character);
                let escape = if code < 0x80 { format!("\\x{code:02x}") } else { format!("\\u{code:04x}") };
                quoted.push_str(&escape);
            }
            character => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

/// JSON text with `<`, `>` and `&` escaped as in Docker Compose: `\u003c`, `\u003e`, `\u0026`. They only occur inside
/// strings.
pub(super) fn escape_html(json: &str) -> String {
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// `text` in lines of at most `width` columns, broken at spaces if possible.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_inclusive(' ') {
        if !line.is_empty() && line.width() + word.trim_end().width() > width {
            lines.push(std::mem::take(&mut line));
        }
        for character in word.chars() {
            if line.width() + character.width().unwrap_or_default() > width && character != ' ' {
                lines.push(std::mem::take(&mut line));
            }
            line.push(character);
        }
    }
    lines.push(line);
    lines.into_iter().map(|line| line.trim_end().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_time_have_the_words_of_the_contract() {
        const MINUTE: u64 = 60;
        const HOUR: u64 = 60 * MINUTE;
        const DAY: u64 = 24 * HOUR;
        for (seconds, words) in [
            (0, "Less than a second"),
            (1, "1 second"),
            (59, "59 seconds"),
            (MINUTE, "About a minute"),
            (2 * MINUTE - 1, "About a minute"),
            (2 * MINUTE, "2 minutes"),
            (59 * MINUTE, "59 minutes"),
            (HOUR, "About an hour"),
            (2 * HOUR, "2 hours"),
            (47 * HOUR, "47 hours"),
            (2 * DAY, "2 days"),
            (13 * DAY, "13 days"),
            (14 * DAY, "2 weeks"),
            (59 * DAY, "8 weeks"),
            (60 * DAY, "2 months"),
            (729 * DAY, "24 months"),
            (730 * DAY, "2 years"),
        ] {
            assert_eq!(duration(Duration::from_secs(seconds)), words, "{seconds} s");
        }
    }

    #[test]
    fn sizes_have_one_decimal() {
        for (bytes, text) in [(0, "0B"), (999, "999B"), (1000, "1.0kB"), (48_100_000, "48.1MB"), (u64::MAX, "18.4EB")] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn sizes_have_significant_digits() {
        for (bytes, text) in [
            (999, "999B"),
            (1000, "1kB"),
            (1150, "1.15kB"),
            (126, "126B"),
            (134_900_000, "135MB"),
            (398_000_000, "398MB"),
            (999_900, "1e+03kB"),
            (u64::MAX, "18.4EB"),
        ] {
            assert_eq!(decimal_size(bytes, 3), text);
        }
        for (bytes, text) in [
            (0, "0B"),
            (1023, "1023B"),
            (1024, "1KiB"),
            (487_424, "476KiB"),
            (2_093_056, "1.996MiB"),
            (1_048_570, "1024KiB"),
        ] {
            assert_eq!(binary_size(bytes), text);
        }
    }

    #[test]
    fn times_have_no_trailing_zeros() {
        let shown = |nanoseconds, zone: &TimeZone| time(Timestamp::from_nanosecond(nanoseconds).unwrap(), zone);
        assert_eq!(shown(1_500_000_000, &TimeZone::UTC), "1970-01-01T00:00:01.5Z");
        assert_eq!(shown(0, &TimeZone::UTC), "1970-01-01T00:00:00Z");
        let east = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(shown(1, &east), "1970-01-01T02:00:00.000000001+02:00");
    }
}
