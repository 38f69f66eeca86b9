//! Text in, pieces out: literal text, and the tokens in `{{…}}`.

use std::iter::Peekable;
use std::str::CharIndices;

use super::error::TemplateError;
use super::value::Value;

/// A piece of a template.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    /// Shown as it is.
    Text(String),
    /// The content of `{{…}}`.
    Action(Vec<Token>),
}

/// A token, and whether it follows the previous one without a space: `.a.b` is one value, `.a .b` are two.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub kind: Kind,
    pub glued: bool,
}

/// The kind of a token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// `.`
    Dot,
    /// `.Name`
    Field(String),
    /// `$` or `$name`
    Variable(String),
    /// A function or a keyword.
    Word(String),
    /// A literal text or number.
    Literal(Value),
    /// `|`
    Pipe,
    /// `(`
    Open,
    /// `)`
    Close,
    /// `:=`
    Declare,
    /// `=`
    Assign,
    /// `,`
    Comma,
}

type Characters<'a> = Peekable<CharIndices<'a>>;

/// Splits a template into its pieces.
pub(super) fn lex(template: &str) -> Result<Vec<Piece>, TemplateError> {
    let mut pieces = Vec::new();
    let mut rest = template;
    let mut trim_start = false;
    loop {
        let (text, action) = match rest.split_once("{{") {
            Some((text, action)) => (text, Some(action)),
            None => (rest, None),
        };
        let text = if trim_start { text.trim_start() } else { text };
        let trims_before =
            |action: &str| action.strip_prefix('-').is_some_and(|rest| rest.starts_with(char::is_whitespace));
        let text = if action.is_some_and(trims_before) { text.trim_end() } else { text };
        if !text.is_empty() {
            pieces.push(Piece::Text(text.to_owned()));
        }
        let Some(action) = action else { return Ok(pieces) };
        let inner = if trims_before(action) { &action[1..] } else { action };
        let (tokens, after) = action_tokens(inner)?;
        trim_start = after.trimmed;
        rest = after.rest;
        if let Some(tokens) = tokens {
            pieces.push(Piece::Action(tokens));
        }
    }
}

/// What follows an action.
struct After<'a> {
    rest: &'a str,
    trimmed: bool,
}

/// The tokens up to `}}`; `None` for a comment.
fn action_tokens(text: &str) -> Result<(Option<Vec<Token>>, After<'_>), TemplateError> {
    if let Some(comment) = text.trim_start().strip_prefix("/*") {
        let closed = comment.split_once("*/").map(|(_, rest)| rest);
        let after = closed.and_then(|rest| match rest.trim_start().strip_prefix("-}}") {
            Some(rest) => Some(After { rest, trimmed: true }),
            None => rest.strip_prefix("}}").map(|rest| After { rest, trimmed: false }),
        });
        return match after {
            Some(after) => Ok((None, after)),
            None => Err(TemplateError::new("a comment is not closed: it ends with `*/}}`")),
        };
    }
    let mut tokens = Vec::new();
    let mut characters = text.char_indices().peekable();
    let mut glued = false;
    while let Some((at, character)) = characters.next() {
        let here = &text[at..];
        if let Some(rest) = here.strip_prefix("}}") {
            return Ok((Some(tokens), After { rest, trimmed: false }));
        }
        if character.is_whitespace() {
            glued = false;
            if let Some(rest) = here[character.len_utf8()..].strip_prefix("-}}") {
                return Ok((Some(tokens), After { rest, trimmed: true }));
            }
            continue;
        }
        let kind = token(character, text, at, &mut characters)?;
        tokens.push(Token { kind, glued });
        glued = true;
    }
    Err(TemplateError::new("`{{` is not closed: it ends with `}}`"))
}

fn token(first: char, text: &str, at: usize, characters: &mut Characters<'_>) -> Result<Kind, TemplateError> {
    Ok(match first {
        '|' => Kind::Pipe,
        '(' => Kind::Open,
        ')' => Kind::Close,
        ',' => Kind::Comma,
        '=' => Kind::Assign,
        ':' if characters.next_if(|(_, next)| *next == '=').is_some() => Kind::Declare,
        '"' => Kind::Literal(Value::Text(quoted(characters)?)),
        '`' => Kind::Literal(Value::Text(raw(characters)?)),
        '\'' => Kind::Literal(Value::Number(character(characters)?)),
        '$' => Kind::Variable(word(characters)),
        '.' => match word(characters) {
            name if name.is_empty() => Kind::Dot,
            name => Kind::Field(name),
        },
        '0'..='9' | '+' | '-' => number(text, at, characters)?,
        _ if is_word(first) => {
            let name = format!("{first}{}", word(characters));
            match name.as_str() {
                "true" => Kind::Literal(Value::Bool(true)),
                "false" => Kind::Literal(Value::Bool(false)),
                "nil" => Kind::Literal(Value::Null),
                _ => Kind::Word(name),
            }
        }
        other => return Err(TemplateError::new(format!("`{other}` has no meaning in `{{{{…}}}}`"))),
    })
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn word(characters: &mut Characters<'_>) -> String {
    std::iter::from_fn(|| characters.next_if(|(_, next)| is_word(*next)).map(|(_, character)| character)).collect()
}

fn number(text: &str, at: usize, characters: &mut Characters<'_>) -> Result<Kind, TemplateError> {
    let after = std::iter::from_fn(|| characters.next_if(|(_, next)| is_word(*next) || *next == '.')).count();
    let digits: String = text[at..].chars().take(after + 1).collect();
    match digits.strip_prefix('+').unwrap_or(&digits).parse() {
        Ok(number) => Ok(Kind::Literal(Value::Number(number))),
        Err(_) => Err(TemplateError::new(format!("`{digits}` is not a whole number"))),
    }
}

fn raw(characters: &mut Characters<'_>) -> Result<String, TemplateError> {
    let mut text = String::new();
    for (_, character) in characters {
        if character == '`' {
            return Ok(text);
        }
        text.push(character);
    }
    Err(TemplateError::new("a text in backquotes is not closed"))
}

fn quoted(characters: &mut Characters<'_>) -> Result<String, TemplateError> {
    let mut text = String::new();
    loop {
        match characters.next() {
            None => return Err(TemplateError::new("a text in quotes is not closed")),
            Some((_, '"')) => return Ok(text),
            Some((_, '\\')) => text.push(escaped(characters)?),
            Some((_, other)) => text.push(other),
        }
    }
}

fn character(characters: &mut Characters<'_>) -> Result<i64, TemplateError> {
    let character = match characters.next() {
        Some((_, '\\')) => Some(escaped(characters)?),
        other => other.map(|(_, character)| character),
    };
    match (character, characters.next()) {
        (Some(character), Some((_, '\''))) => Ok(i64::from(u32::from(character))),
        _ => Err(TemplateError::new("`'…'` takes one character; put strings in double quotes")),
    }
}

fn escaped(characters: &mut Characters<'_>) -> Result<char, TemplateError> {
    let code = |characters: &mut Characters<'_>, digits: usize| {
        let text: String = characters.by_ref().take(digits).map(|(_, digit)| digit).collect();
        u32::from_str_radix(&text, 16).ok().and_then(char::from_u32)
    };
    let character = match characters.next() {
        Some((_, 'n')) => Some('\n'),
        Some((_, 't')) => Some('\t'),
        Some((_, 'r')) => Some('\r'),
        Some((_, 'x')) => code(characters, 2),
        Some((_, 'u')) => code(characters, 4),
        Some((_, 'U')) => code(characters, 8),
        Some((_, same @ ('"' | '\'' | '\\'))) => Some(same),
        _ => None,
    };
    character
        .ok_or_else(|| TemplateError::new("an escape in a text is none of \\n \\t \\r \\\" \\' \\\\ \\x.. \\u...."))
}
