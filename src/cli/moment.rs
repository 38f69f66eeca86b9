//! Moments as flags give them: `--since`, `--until`.

use jiff::{SignedDuration, Timestamp};

use super::Failure;
use crate::project::value::Duration;
use crate::render::text;

/// The moment that a flag gives, in nanoseconds since 1970.
///
/// # Errors
///
/// If it is neither a time nor a duration.
pub(super) fn of(given: Option<&str>, flag: &str) -> Result<Option<i128>, Failure> {
    given.map(|given| parse(given, flag)).transpose()
}

/// Parses a timestamp, a date, seconds since 1970 or a duration ago; returns nanoseconds since 1970.
fn parse(given: &str, flag: &str) -> Result<i128, Failure> {
    const NANOSECONDS: f64 = 1e9;
    if let Ok(span) = given.parse::<Duration>() {
        let ago = SignedDuration::from_nanos(span.0);
        return Ok((Timestamp::now() - ago).as_nanosecond());
    }
    if let Ok(seconds) = given.parse::<f64>() {
        #[expect(clippy::cast_possible_truncation, reason = "a moment out of range saturates, and shows nothing")]
        return Ok((seconds * NANOSECONDS) as i128);
    }
    if let Ok(moment) = given.parse::<Timestamp>() {
        return Ok(moment.as_nanosecond());
    }
    let local = given.parse::<jiff::civil::DateTime>().or_else(|_| given.parse::<jiff::civil::Date>().map(Into::into));
    match local.and_then(|local| local.to_zoned(jiff::tz::TimeZone::system())) {
        Ok(zoned) => Ok(zoned.timestamp().as_nanosecond()),
        Err(_) => Failure::usage(&format!(
            "failed to parse value as time or duration: {}\nhint: give {flag} a time such as 2026-01-31T12:00:00Z, or how \
             long ago, such as 42m",
            text::quoted(given)
        )),
    }
}
