//! Dates in plain scalars, and their text: `2020-01-01` is `2020-01-01 00:00:00 +0000 UTC` in an environment.

/// A cursor over a text.
struct Cursor<'a> {
    rest: &'a [u8],
}

impl Cursor<'_> {
    /// Reads `min` to `max` digits; `None` if there are fewer.
    fn number(&mut self, min: usize, max: usize) -> Option<u32> {
        let count = self.rest.iter().take(max).take_while(|byte| byte.is_ascii_digit()).count();
        if count < min {
            return None;
        }
        let (digits, rest) = self.rest.split_at(count);
        self.rest = rest;
        Some(digits.iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0')))
    }

    fn one_of(&mut self, accepted: &[u8]) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        if !accepted.contains(first) {
            return None;
        }
        self.rest = rest;
        Some(*first)
    }

    /// A fraction such as `.5`, as text without trailing zeros; empty if there is none.
    fn fraction(&mut self) -> String {
        let digits = match self.rest {
            [b'.' | b',', after @ ..] => after.iter().take_while(|byte| byte.is_ascii_digit()).count(),
            _ => 0,
        };
        if digits == 0 {
            return String::new();
        }
        let text = String::from_utf8_lossy(&self.rest[1..=digits.min(9)]).trim_end_matches('0').to_owned();
        self.rest = &self.rest[1 + digits..];
        if text.is_empty() { text } else { format!(".{text}") }
    }

    /// `Z` or `+05:00`, as shown after the time.
    fn zone(&mut self) -> Option<String> {
        let sign = self.one_of(b"Z+-")?;
        if sign == b'Z' {
            return Some(UTC.to_owned());
        }
        let hours = self.number(2, 2).filter(|hours| *hours <= 24)?;
        self.one_of(b":")?;
        let minutes = self.number(2, 2).filter(|minutes| *minutes < 60)?;
        if hours == 0 && minutes == 0 {
            return Some(UTC.to_owned());
        }
        let zone = format!("{}{hours:02}{minutes:02}", char::from(sign));
        Some(format!("{zone} {zone}"))
    }
}

const UTC: &str = "+0000 UTC";

/// The text of the timestamp `text`; `None` if it is not a timestamp.
///
/// Accepts `2001-12-14`, `2001-12-14 21:59:43.1` and `2001-12-14T21:59:43.1-05:00` (also `t`, `Z`, and one-digit
/// fields); the year has four digits.
pub(super) fn resolve(text: &str) -> Option<String> {
    let mut cursor = Cursor { rest: text.as_bytes() };
    let year = cursor.number(4, 4)?;
    cursor.one_of(b"-")?;
    let month = cursor.number(1, 2).filter(|month| (1..=12).contains(month))?;
    cursor.one_of(b"-")?;
    let day = cursor.number(1, 2).filter(|day| (1..=days(year, month)).contains(day))?;
    let date = format!("{year:04}-{month:02}-{day:02}");
    if cursor.rest.is_empty() {
        return Some(format!("{date} 00:00:00 {UTC}"));
    }
    let separator = cursor.one_of(b"Tt ")?;
    let hour = cursor.number(1, 2).filter(|hour| *hour < 24)?;
    cursor.one_of(b":")?;
    let minute = cursor.number(1, 2).filter(|minute| *minute < 60)?;
    cursor.one_of(b":")?;
    let second = cursor.number(1, 2).filter(|second| *second < 60)?;
    let fraction = cursor.fraction();
    let zone = if separator == b' ' { UTC.to_owned() } else { cursor.zone()? };
    cursor.rest.is_empty().then(|| format!("{date} {hour:02}:{minute:02}:{second:02}{fraction} {zone}"))
}

fn days(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn accepted() {
        for (text, expected) in [
            ("2020-01-01", "2020-01-01 00:00:00 +0000 UTC"),
            ("2020-1-2", "2020-01-02 00:00:00 +0000 UTC"),
            ("2020-02-29", "2020-02-29 00:00:00 +0000 UTC"),
            ("2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43.1 -0500 -0500"),
            ("2001-12-14T21:59:43Z", "2001-12-14 21:59:43 +0000 UTC"),
            ("2001-12-14T21:59:43+00:00", "2001-12-14 21:59:43 +0000 UTC"),
            ("2001-12-14 21:59:43.000", "2001-12-14 21:59:43 +0000 UTC"),
            ("2001-12-14 1:2:3", "2001-12-14 01:02:03 +0000 UTC"),
            ("2001-12-14T21:59:43.1234567891Z", "2001-12-14 21:59:43.123456789 +0000 UTC"),
        ] {
            assert_eq!(resolve(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn refused() {
        for text in [
            "",
            "2020",
            "2020-",
            "2020-01",
            "2021-02-29",
            "1900-02-29",
            "2020-00-01",
            "2020-01-32",
            "20200-01-01",
            "2020-01-01T10",
            "2020-01-01 24:00:00",
            "2020-01-01T10:00:00",
            "2001-12-14 21:59:43.10 -5",
            "2020-01-01 10:00:00Z",
            "2020-01-01x",
            "2020-01-01T10:00:00+5:00",
        ] {
            assert_eq!(resolve(text), None, "{text}");
        }
    }
}
