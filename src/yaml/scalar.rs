//! The meaning of plain scalars: YAML 1.2 with some rules of 1.1, as in Docker Compose.

use super::Value;
use super::timestamp;
use crate::project::number;

/// The value of the plain scalar `text`.
///
/// An integer above 2⁶³ that still fits in 64 bits becomes text with its digits; anything larger is a float.
pub(crate) fn resolve(text: &str) -> Value {
    resolve_special(text).unwrap_or_else(|| Value::String(text.to_owned()))
}

/// The value of a plain scalar that is not simply text.
pub(crate) fn resolve_special(text: &str) -> Option<Value> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Some(Value::Null),
        "true" | "True" | "TRUE" => return Some(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Some(Value::Bool(false)),
        ".nan" | ".NaN" | ".NAN" => return Some(Value::Float(f64::NAN)),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Some(Value::Float(f64::INFINITY)),
        "-.inf" | "-.Inf" | "-.INF" => return Some(Value::Float(f64::NEG_INFINITY)),
        _ => {}
    }
    match text.as_bytes()[0] {
        b'.' => float(text).map(Value::Float),
        b'+' | b'-' | b'0'..=b'9' => {
            timestamp::resolve(text).map(Value::Timestamp).or_else(|| number(&text.replace('_', "")))
        }
        _ => None,
    }
}

/// The text of a scalar where text is expected, such as in an environment; `None` for null and collections.
#[must_use]
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::Bool(value) => Some(value.to_string()),
        Value::Int(value) => Some(value.to_string()),
        Value::Float(value) => Some(number::text(*value)),
        Value::Timestamp(text) | Value::String(text) => Some(text.clone()),
        Value::Null | Value::Sequence(_) | Value::Mapping(_) => None,
    }
}

/// The value of a scalar with a core YAML tag, such as `!!str 10`; `None` if the text does not match the tag.
pub(crate) fn tagged(tag: &str, text: &str) -> Option<Value> {
    let value = match tag {
        "null" | "bool" | "int" | "float" | "timestamp" => resolve(text),
        "binary" => return binary(text).map(Value::String),
        _ => return Some(Value::String(text.to_owned())),
    };
    match (tag, value) {
        ("null", value @ Value::Null)
        | ("bool", value @ Value::Bool(_))
        | ("int", value @ Value::Int(_))
        | ("float", value @ Value::Float(_))
        | ("timestamp", value @ Value::Timestamp(_)) => Some(value),
        #[expect(clippy::cast_precision_loss, reason = "the tag asks for a float")]
        ("float", Value::Int(value)) => Some(Value::Float(value as f64)),
        _ => None,
    }
}

/// The decoded text of `!!binary`.
fn binary(text: &str) -> Option<String> {
    use base64::Engine as _;
    let packed: String = text.split_whitespace().collect();
    let bytes = base64::engine::general_purpose::STANDARD.decode(packed).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The value of `text`, a number without underscores.
fn number(text: &str) -> Option<Value> {
    if text == "-0" {
        return Some(Value::Float(-0.0));
    }
    let (negative, unsigned) = match text.as_bytes()[..] {
        [b'-', ..] => (true, &text[1..]),
        [b'+', ..] => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = radix(unsigned);
    match integer(digits, radix) {
        Some(value) if negative => match i64::try_from(-i128::from(value)) {
            Ok(value) => return Some(Value::Int(value)),
            Err(_) => return float(text).map(Value::Float),
        },
        Some(value) => {
            return Some(i64::try_from(value).map_or_else(|_| Value::String(value.to_string()), Value::Int));
        }
        None => {}
    }
    float(text).map(Value::Float)
}

/// The radix according to the prefix of `unsigned`, and the digits after it.
fn radix(unsigned: &str) -> (u32, &str) {
    match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &unsigned[2..]),
        [b'0', b'o' | b'O', ..] => (8, &unsigned[2..]),
        [b'0', b'b' | b'B', ..] => (2, &unsigned[2..]),
        [b'0', _, ..] => (8, &unsigned[1..]),
        _ => (10, unsigned),
    }
}

fn integer(digits: &str, radix: u32) -> Option<u64> {
    if digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) { u64::from_str_radix(digits, radix).ok() } else { None }
}

/// A decimal number with or without a point and an exponent; `None` on overflow.
fn float(text: &str) -> Option<f64> {
    if !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'+' | b'-' | b'e' | b'E')) {
        return None;
    }
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        for text in ["", "~", "null", "Null", "NULL"] {
            assert_eq!(resolve(text), Value::Null, "{text}");
        }
        for text in ["true", "True", "TRUE"] {
            assert_eq!(resolve(text), Value::Bool(true), "{text}");
        }
        for text in ["false", "False", "FALSE"] {
            assert_eq!(resolve(text), Value::Bool(false), "{text}");
        }
        for text in ["yes", "no", "on", "off", "y", "n", "tRUE", "nULL", "22:22", "1.2.3", "+", "-", "=", ".", "@home"]
        {
            assert_eq!(resolve(text), Value::String(text.to_owned()), "{text}");
        }
    }

    #[test]
    fn whole_numbers() {
        for (text, value) in [
            ("10", 10),
            ("+5", 5),
            ("-5", -5),
            ("1_000", 1000),
            ("010", 8),
            ("0o17", 15),
            ("-0o17", -15),
            ("0x1F", 31),
            ("0X1f", 31),
            ("0b11", 3),
            ("-0b11", -3),
            ("0", 0),
            ("+0", 0),
            ("00", 0),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
        ] {
            assert_eq!(resolve(text), Value::Int(value), "{text}");
        }
        assert_eq!(resolve("9223372036854775808"), Value::String("9223372036854775808".to_owned()));
    }

    #[test]
    fn floats() {
        for (text, value) in [
            ("08", 8.0),
            ("0123456789", 123_456_789.0),
            ("1.50", 1.5),
            (".5", 0.5),
            ("-.5", -0.5),
            ("1e3", 1000.0),
            ("1E-3", 0.001),
            ("1_0.5", 10.5),
            ("1.", 1.0),
            ("18446744073709551616", 18_446_744_073_709_551_616.0),
            ("-9223372036854775809", -9_223_372_036_854_775_809.0),
            (".inf", f64::INFINITY),
            ("-.INF", f64::NEG_INFINITY),
        ] {
            assert_eq!(resolve(text), Value::Float(value), "{text}");
        }
        assert!(matches!(resolve("-0"), Value::Float(zero) if zero.is_sign_negative()));
        assert!(matches!(resolve(".NaN"), Value::Float(value) if value.is_nan()));
        for text in ["1e999", "1e", "0x", "0xg", "1.5.", "--1", "1-2", "0x1p3", "12a", "+-1"] {
            assert_eq!(resolve(text), Value::String(text.to_owned()), "{text}");
        }
    }

    #[test]
    fn tags() {
        for (tag, text, value) in [
            ("str", "10", Some(Value::String("10".to_owned()))),
            ("int", "2", Some(Value::Int(2))),
            ("int", "x", None),
            ("bool", "true", Some(Value::Bool(true))),
            ("bool", "yes", None),
            ("float", "1", Some(Value::Float(1.0))),
            ("null", "", Some(Value::Null)),
            ("null", "x", None),
            ("binary", "aGVs\n bG8=", Some(Value::String("hello".to_owned()))),
            ("binary", "?", None),
            ("set", "x", Some(Value::String("x".to_owned()))),
        ] {
            assert_eq!(tagged(tag, text), value, "{tag} {text}");
        }
    }

    #[test]
    fn dates() {
        assert_eq!(resolve("2020-01-01"), Value::Timestamp("2020-01-01 00:00:00 +0000 UTC".to_owned()));
        assert_eq!(resolve("2020-13-01"), Value::String("2020-13-01".to_owned()));
    }
}
