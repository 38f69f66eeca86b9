//! Formats floating-point numbers: the shortest digits that round-trip, in the format of Docker Compose.

use std::fmt::Write as _;

/// The shortest decimal digits of a number and its exponent.
struct Decimal {
    negative: bool,
    /// At least one digit; no leading zeros except for zero itself.
    digits: String,
    /// Power of ten of the first digit.
    exponent: i32,
}

/// `number` as in an environment and in YAML: `0.5`, `1000`, `1e+06`. Exponents below -4 and from 6 up are shown.
///
/// ```
/// assert_eq!(hoist::project::number::text(1.50), "1.5");
/// assert_eq!(hoist::project::number::text(123_456_789.0), "1.23456789e+08");
/// ```
///
/// This is how Go writes a `float64`, which is what Docker Compose prints.
#[must_use]
pub fn text(number: f64) -> String {
    special(number).map_or_else(|| general(&decimal(&format!("{number:e}"))), str::to_owned)
}

/// Like [`text`], with just enough digits for 32 bits.
#[must_use]
pub fn text32(number: f32) -> String {
    special(f64::from(number)).map_or_else(|| general(&decimal(&format!("{number:e}"))), str::to_owned)
}

/// `number` as in JSON: an exponent is shown for numbers smaller than 10⁻⁶ or at least 10²¹. Infinity and NaN, which
/// JSON does not have, become `null`.
///
/// ```
/// assert_eq!(hoist::project::number::json(1e6), "1000000");
/// assert_eq!(hoist::project::number::json(1e-7), "1e-7");
/// ```
#[must_use]
pub fn json(number: f64) -> String {
    if number.is_finite() { json_layout(&decimal(&format!("{number:e}"))) } else { "null".to_owned() }
}

/// Like [`json`], with just enough digits for 32 bits.
#[must_use]
pub fn json32(number: f32) -> String {
    if number.is_finite() { json_layout(&decimal(&format!("{number:e}"))) } else { "null".to_owned() }
}

fn special(number: f64) -> Option<&'static str> {
    if number.is_nan() {
        Some("NaN")
    } else if number.is_infinite() {
        Some(if number > 0.0 { "+Inf" } else { "-Inf" })
    } else {
        None
    }
}

/// Parses the output of Rust's `{:e}`, which has the shortest digits: `-1.25e-7`.
fn decimal(scientific: &str) -> Decimal {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    Decimal {
        negative: mantissa.starts_with('-'),
        digits: mantissa.chars().filter(char::is_ascii_digit).collect(),
        exponent: exponent.parse().unwrap_or_default(),
    }
}

fn general(number: &Decimal) -> String {
    if number.exponent < -4 || number.exponent >= 6 { with_exponent(number, 2) } else { without_exponent(number) }
}

fn json_layout(number: &Decimal) -> String {
    let zero = number.digits == "0";
    if zero || (-6..21).contains(&number.exponent) {
        return without_exponent(number);
    }
    with_exponent(number, if number.exponent < 0 { 1 } else { 2 })
}

fn without_exponent(number: &Decimal) -> String {
    let mut text = String::new();
    if number.negative {
        text.push('-');
    }
    let Ok(whole) = usize::try_from(number.exponent + 1) else {
        text.push_str("0.");
        text.extend(std::iter::repeat_n('0', number.exponent.unsigned_abs() as usize - 1));
        return text + &number.digits;
    };
    if whole == 0 {
        return text + "0." + &number.digits;
    }
    if number.digits.len() <= whole {
        text.push_str(&number.digits);
        text.extend(std::iter::repeat_n('0', whole - number.digits.len()));
        return text;
    }
    let (before, after) = number.digits.split_at(whole);
    text + before + "." + after
}

fn with_exponent(number: &Decimal, width: usize) -> String {
    let (first, rest) = number.digits.split_at(1);
    let mut text = String::new();
    if number.negative {
        text.push('-');
    }
    text.push_str(first);
    if !rest.is_empty() {
        text.push('.');
        text.push_str(rest);
    }
    let sign = if number.exponent < 0 { '-' } else { '+' };
    let _ = write!(text, "e{sign}{:0width$}", number.exponent.unsigned_abs());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_short_and_turns_to_exponents_early() {
        for (number, expected) in [
            (1.5, "1.5"),
            (0.5, "0.5"),
            (1000.0, "1000"),
            (123_456.0, "123456"),
            (1_000_000.0, "1e+06"),
            (123_456_789.0, "1.23456789e+08"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1e20, "1e+20"),
            (1e100, "1e+100"),
            (-0.0, "-0"),
            (0.0, "0"),
            (-2.25, "-2.25"),
            (f64::INFINITY, "+Inf"),
        ] {
            assert_eq!(text(number), expected);
        }
        assert_eq!(text32(0.1), "0.1");
    }

    #[test]
    fn json_keeps_digits_longer() {
        for (number, expected) in [
            (0.5, "0.5"),
            (1e6, "1000000"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (0.000_001, "0.000001"),
            (1e-7, "1e-7"),
            (1.5e-10, "1.5e-10"),
            (0.0, "0"),
            (-0.25, "-0.25"),
        ] {
            assert_eq!(json(number), expected);
        }
        assert_eq!(json32(0.3), "0.3");
    }
}
