//! Formats numbers for people: plurals, sizes, durations.

use std::time::Duration;

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
pub(super) fn quoted(text: &str) -> String {
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
}
