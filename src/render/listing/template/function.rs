//! The functions of templates.

use std::cmp::Ordering;
use std::iter::Peekable;
use std::str::Chars;

use super::error::{Purpose, TemplateError};
use super::value::Value;
use crate::diagnostic::suggest::closest;
use crate::render::text;

/// The supported functions.
const KNOWN: [&str; 24] = [
    "and", "eq", "ge", "gt", "html", "index", "join", "json", "le", "len", "lower", "lt", "ne", "not", "or", "pad",
    "print", "printf", "println", "slice", "split", "title", "truncate", "upper",
];
/// Functions of Go's templates that are not supported.
const UNSUPPORTED: [&str; 3] = ["call", "js", "urlquery"];
/// The functions that do not change a heading.
const OF_ROWS: [&str; 7] = ["join", "json", "lower", "split", "title", "truncate", "upper"];

type Result = std::result::Result<Value, TemplateError>;

/// Refuses unknown functions.
pub(super) fn check(name: &str) -> std::result::Result<(), TemplateError> {
    if KNOWN.contains(&name) {
        return Ok(());
    }
    Err(TemplateError::new(if UNSUPPORTED.contains(&name) {
        format!("function \"{name}\" is not supported")
    } else if let Some(closest) = closest(name, KNOWN) {
        format!("function \"{name}\" not defined: did you mean {closest}?")
    } else {
        format!("function \"{name}\" not defined: available are {}", KNOWN.join(" "))
    }))
}

/// The truth value that ends `and` or `or` immediately; `None` for other functions.
pub(super) fn decides(name: &str) -> Option<bool> {
    match name {
        "and" => Some(false),
        "or" => Some(true),
        _ => None,
    }
}

/// Calls a function with `arguments`.
pub(super) fn call(name: &str, arguments: Vec<Value>, purpose: Purpose) -> Result {
    if purpose == Purpose::Heading && OF_ROWS.contains(&name) {
        return Ok(arguments.into_iter().next().unwrap_or(Value::Null));
    }
    match (name, arguments.as_slice()) {
        ("json", [value]) => Ok(Value::Text(value.to_json())),
        ("lower", [Value::Text(text)]) => Ok(Value::Text(text.to_lowercase())),
        ("upper", [Value::Text(text)]) => Ok(Value::Text(text.to_uppercase())),
        ("title", [Value::Text(text)]) => Ok(Value::Text(title(text))),
        ("split", [Value::Text(text), Value::Text(separator)]) => Ok(split(text, separator)),
        ("join", [Value::List(items), Value::Text(separator)]) => {
            let items: Vec<String> = items.iter().map(ToString::to_string).collect();
            Ok(Value::Text(items.join(separator)))
        }
        ("pad", [Value::Text(text), Value::Number(before), Value::Number(after)]) => pad(text, *before, *after),
        ("truncate", [Value::Text(text), Value::Number(most)]) => Ok(Value::Text(first(text, *most))),
        ("len", [value]) => length(value),
        ("not", [value]) => Ok(Value::Bool(!value.is_true())),
        ("index", [value, keys @ ..]) => keys.iter().try_fold(value.clone(), |value, key| index(&value, key)),
        ("slice", [value, bounds @ ..]) if bounds.len() <= 2 => slice(value, bounds),
        ("eq", [one, others @ ..]) if !others.is_empty() => {
            for other in others {
                if comparable(one, other)? == Some(Ordering::Equal) {
                    return Ok(Value::Bool(true));
                }
            }
            Ok(Value::Bool(false))
        }
        ("ne" | "lt" | "le" | "gt" | "ge", [one, other]) => compare(name, one, other),
        ("print", values) => Ok(Value::Text(print(values))),
        ("println", values) => {
            let words: Vec<String> = values.iter().map(ToString::to_string).collect();
            Ok(Value::Text(words.join(" ") + "\n"))
        }
        ("printf", [Value::Text(format), values @ ..]) => printf(format, values),
        ("html", values) => Ok(Value::Text(html(&print(values)))),
        _ => {
            let given: Vec<&str> = arguments.iter().map(Value::kind).collect();
            let given = if given.is_empty() { "no arguments".to_owned() } else { given.join(", ") };
            Err(TemplateError::new(format!("{name} {}, but was given {given}", takes(name))))
        }
    }
}

/// Describes the arguments of a function.
fn takes(name: &str) -> &'static str {
    match name {
        "json" | "len" | "not" => "takes one value",
        "lower" | "upper" | "title" => "takes a string",
        "split" => "takes a string and a separator",
        "join" => "takes a list and a separator",
        "pad" => "takes a string and two numbers",
        "truncate" => "takes a string and a number",
        "index" => "takes a list and a number",
        "slice" => "takes a list or a string, and up to two numbers",
        "printf" => "takes a format string and its values",
        _ => "takes two values",
    }
}

fn title(text: &str) -> String {
    let mut at_start = true;
    let mut titled = String::with_capacity(text.len());
    for character in text.chars() {
        if at_start {
            titled.extend(character.to_uppercase());
        } else {
            titled.push(character);
        }
        at_start = !(character.is_alphanumeric() || character == '_' || character == '\'');
    }
    titled
}

fn split(text: &str, separator: &str) -> Value {
    let parts: Vec<Value> = if separator.is_empty() {
        text.chars().map(|character| Value::Text(character.to_string())).collect()
    } else {
        text.split(separator).map(Value::from).collect()
    };
    Value::List(parts)
}

/// Maximum padding by a function or a verb.
const WIDEST: usize = 1000;

fn blanks(count: i64) -> std::result::Result<String, TemplateError> {
    match usize::try_from(count) {
        Ok(count) if count <= WIDEST => Ok(" ".repeat(count)),
        _ => Err(TemplateError::new(format!("a width of {count} is not between 0 and {WIDEST}"))),
    }
}

fn pad(text: &str, before: i64, after: i64) -> Result {
    if text.is_empty() {
        return Ok(Value::Text(String::new()));
    }
    Ok(Value::Text(format!("{}{text}{}", blanks(before)?, blanks(after)?)))
}

fn first(text: &str, most: i64) -> String {
    text.chars().take(usize::try_from(most).unwrap_or_default()).collect()
}

fn length(value: &Value) -> Result {
    let length = match value {
        Value::Text(text) => text.len(),
        Value::List(items) => items.len(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Record(_) | Value::Lookup(_) => {
            return Err(TemplateError::new(format!("len of {} is not defined", value.kind())));
        }
    };
    Ok(Value::Number(i64::try_from(length).unwrap_or(i64::MAX)))
}

fn index(value: &Value, key: &Value) -> Result {
    let (Value::List(items), Value::Number(at)) = (value, key) else {
        return Err(TemplateError::new(format!("can't index {} with {}", value.kind(), key.kind())));
    };
    let item = usize::try_from(*at).ok().and_then(|at| items.get(at));
    item.cloned().ok_or_else(|| TemplateError::new(format!("index out of range: {at}")))
}

fn slice(value: &Value, bounds: &[Value]) -> Result {
    let bound = |at: usize| match bounds.get(at) {
        Some(Value::Number(number)) => usize::try_from(*number).map(Some).map_err(|_| *number),
        Some(_) | None => Ok(None),
    };
    let out_of_range = |number: i64| TemplateError::new(format!("slice: index out of range: {number}"));
    let start = bound(0).map_err(out_of_range)?.unwrap_or_default();
    let end = bound(1).map_err(out_of_range)?;
    let outside = || TemplateError::new("slice: index out of range");
    match value {
        Value::Text(text) => {
            let part = text.get(start..end.unwrap_or(text.len()));
            part.map(Value::from).ok_or_else(outside)
        }
        Value::List(items) => {
            let part = items.get(start..end.unwrap_or(items.len()));
            part.map(|items| Value::List(items.to_vec())).ok_or_else(outside)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Record(_) | Value::Lookup(_) => {
            Err(TemplateError::new(format!("can't slice {}", value.kind())))
        }
    }
}

/// How two values compare; `None` if they are never equal.
fn comparable(one: &Value, other: &Value) -> std::result::Result<Option<Ordering>, TemplateError> {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => Ok(Some(one.cmp(other))),
        (Value::Text(one), Value::Text(other)) => Ok(Some(one.cmp(other))),
        (Value::Bool(one), Value::Bool(other)) => Ok(Some(one.cmp(other))),
        (Value::Null, Value::Null) => Ok(Some(Ordering::Equal)),
        (Value::Null, _) | (_, Value::Null) => Ok(None),
        _ => Err(TemplateError::new(format!("can't compare {} with {}", one.kind(), other.kind()))),
    }
}

fn compare(name: &str, one: &Value, other: &Value) -> Result {
    let order = comparable(one, other)?;
    Ok(Value::Bool(match name {
        "ne" => order != Some(Ordering::Equal),
        "lt" => order == Some(Ordering::Less),
        "le" => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        "gt" => order == Some(Ordering::Greater),
        _ => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    }))
}

/// The values concatenated, with a space between two if neither is text.
fn print(values: &[Value]) -> String {
    let mut printed = String::new();
    for (at, value) in values.iter().enumerate() {
        let is_text = |value: &Value| matches!(value, Value::Text(_));
        if at > 0 && !is_text(value) && !is_text(&values[at - 1]) {
            printed.push(' ');
        }
        printed.push_str(&value.to_string());
    }
    printed
}

fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&#34;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// `%s`, `%v`, `%d`, `%q`, `%t` and `%x`, with a width, a precision and the flags `-` and `0`.
fn printf(format: &str, values: &[Value]) -> Result {
    let mut shown = String::new();
    let mut values = values.iter();
    let mut characters = format.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '%' {
            shown.push(character);
            continue;
        }
        if characters.next_if_eq(&'%').is_some() {
            shown.push('%');
            continue;
        }
        let verb = Verb::read(&mut characters)?;
        let value =
            values.next().ok_or_else(|| TemplateError::new(format!("printf: there is no value for %{}", verb.name)))?;
        shown.push_str(&verb.show(value)?);
    }
    match values.next() {
        None => Ok(Value::Text(shown)),
        Some(_) => Err(TemplateError::new("printf: there are more values than verbs")),
    }
}

/// How `printf` shows a value.
struct Verb {
    name: char,
    left: bool,
    zeros: bool,
    width: i64,
    precision: Option<i64>,
}

impl Verb {
    fn read(characters: &mut Peekable<Chars<'_>>) -> std::result::Result<Self, TemplateError> {
        let flags: String =
            std::iter::from_fn(|| characters.next_if(|next| matches!(next, '-' | '0' | '+' | ' ' | '#'))).collect();
        let width = digits(characters).unwrap_or_default();
        let precision = characters.next_if_eq(&'.').is_some().then(|| digits(characters).unwrap_or_default());
        let name = characters.next().ok_or_else(|| TemplateError::new("printf: a % has no verb"))?;
        Ok(Self { name, left: flags.contains('-'), zeros: flags.contains('0'), width, precision })
    }

    fn show(&self, value: &Value) -> std::result::Result<String, TemplateError> {
        let text = verbalized(self.name, value, self.precision)?;
        let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
        let filling = blanks((self.width - length).max(0))?;
        Ok(match (self.left, self.zeros && matches!(value, Value::Number(_))) {
            (true, _) => text + &filling,
            (false, false) => filling + &text,
            (false, true) => filling.replace(' ', "0") + &text,
        })
    }
}

fn digits(characters: &mut Peekable<Chars<'_>>) -> Option<i64> {
    let digits: String = std::iter::from_fn(|| characters.next_if(char::is_ascii_digit)).collect();
    digits.parse().ok()
}

fn verbalized(verb: char, value: &Value, precision: Option<i64>) -> std::result::Result<String, TemplateError> {
    let text = match (verb, value) {
        ('s' | 'v', value) => value.to_string(),
        ('d', Value::Number(number)) => return Ok(number.to_string()),
        ('x', Value::Number(number)) => return Ok(format!("{number:x}")),
        ('t', Value::Bool(truth)) => return Ok(truth.to_string()),
        ('q', Value::Text(text)) => return Ok(text::quoted(text)),
        ('d' | 'x' | 't' | 'q', _) => {
            return Err(TemplateError::new(format!("printf: %{verb} can't show {}", value.kind())));
        }
        _ => return Err(TemplateError::new(format!("printf: %{verb} is not supported: there are %s %v %d %q %t %x"))),
    };
    Ok(precision.map_or_else(|| text.clone(), |most| first(&text, most)))
}
