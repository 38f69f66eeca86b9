//! The grammar of env files: `NAME=value` lines in, names and values with their places out. Which files are read, `.env`
//! among them, is decided in `environment.rs`.
//!
//! The grammar is that of Docker Compose; [`parse_raw`] implements `format: raw` (Compose spec: `05-services.md`,
//! `env_file`).

use std::collections::HashMap;

use super::interpolate::{self, TemplateError, TemplateWarning};
use super::template::{self, FaultKind, Lookup, Report};
use crate::diagnostic::Explain;
use crate::source::{Encoding, FileId, SourceMap, Span, Spanned};
use crate::yaml::Path;

/// One variable of an env file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name; empty if the file has a value without one.
    pub name: Spanned<String>,
    /// The value, expanded.
    pub value: Spanned<String>,
}

/// The content of an env file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EnvFile {
    /// The variables in order; if a name is repeated, the last one counts.
    pub entries: Vec<Entry>,
    /// The errors in the file.
    pub errors: Vec<EnvFileError>,
    /// What works, but perhaps not as intended.
    pub warnings: Vec<TemplateWarning>,
}

/// A mistake in an env file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvFileError {
    /// A name with a character other than letters, digits and `_ . - [ ]`.
    #[error("the character `{character}` cannot be part of a variable name")]
    NameCharacter {
        /// The character.
        character: char,
        /// Where it is in the file.
        span: Span,
    },
    /// A name with a space in it.
    #[error("the variable name `{name}` contains a space")]
    BlankInName {
        /// The name.
        name: String,
        /// Where it is in the file.
        span: Span,
    },
    /// A line of a raw file that begins with `=`.
    #[error("the line has a value but no variable name")]
    NoName {
        /// The line.
        span: Span,
    },
    /// A quote without a closing quote.
    #[error("the quote `{quote}` is never closed")]
    OpenQuote {
        /// The quote.
        quote: char,
        /// Where it is in the file.
        span: Span,
    },
    /// A raw file that is not valid UTF-8.
    #[error("the file is not UTF-8 text")]
    NotUtf8 {
        /// The first invalid byte.
        span: Span,
    },
    /// A UTF-16 file, as some editors and shells write, which no reader of env files accepts.
    #[error("the file is UTF-16, but env files must be UTF-8")]
    Utf16 {
        /// Its first character.
        span: Span,
    },
    /// A variable reference that cannot be expanded.
    #[error(transparent)]
    Template(TemplateError),
}

impl Explain for EnvFileError {
    fn span(&self) -> Option<Span> {
        match self {
            Self::NameCharacter { span, .. }
            | Self::BlankInName { span, .. }
            | Self::NoName { span }
            | Self::OpenQuote { span, .. }
            | Self::NotUtf8 { span }
            | Self::Utf16 { span } => Some(*span),
            Self::Template(error) => error.span(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NameCharacter { .. } => {
                Some("a line is `NAME=value`; names may contain only letters, digits, `_`, `.` and `-`".to_owned())
            }
            Self::BlankInName { .. } => Some("a line is `NAME=value`, and a comment begins with `#`".to_owned()),
            Self::NoName { .. } => Some("write `NAME=value`".to_owned()),
            Self::OpenQuote { quote, .. } => Some(format!("add `{quote}` at the end of the value")),
            Self::NotUtf8 { .. } => Some("save the file as UTF-8".to_owned()),
            Self::Utf16 { .. } => Some("save the file as UTF-8; in PowerShell: `Out-File -Encoding utf8`".to_owned()),
            Self::Template(error) => error.hint(),
        }
    }
}

/// Reads the env file `file`.
///
/// References in values are looked up in `outer`, then among the names read so far, then in `earlier`, the names of
/// files read before. A name alone on its line takes its value from `outer` or is left out.
#[must_use]
pub fn parse(sources: &SourceMap, file: FileId, outer: Lookup<'_>, earlier: Lookup<'_>) -> EnvFile {
    if let Some(error) = utf16(sources, file) {
        return EnvFile { errors: vec![error], ..EnvFile::default() };
    }
    let text = sources.file(file).text();
    let mut reader =
        Reader { sources, file, text, at: 0, outer, earlier, known: HashMap::new(), found: EnvFile::default() };
    while reader.statement_start() {
        reader.statement();
    }
    reader.found
}

/// Reads `file` as `format: raw`: a value is everything after the `=` up to the end of the line, and nothing is
/// expanded. A name alone takes its value from `outer` or is left out.
#[must_use]
pub fn parse_raw(sources: &SourceMap, file: FileId, outer: Lookup<'_>) -> EnvFile {
    if let Some(error) = utf16(sources, file) {
        return EnvFile { errors: vec![error], ..EnvFile::default() };
    }
    let source = sources.file(file);
    let mut found = EnvFile::default();
    if let Some(at) = source.not_text() {
        found.errors.push(EnvFileError::NotUtf8 { span: Span::new(file, at, at + '\u{fffd}'.len_utf8()) });
        return found;
    }
    let mut start = 0;
    for line in source.text().split_inclusive('\n') {
        let next = start + line.len();
        let line = line.trim_end_matches('\n');
        let line = line.strip_suffix('\r').unwrap_or(line);
        let content = line.trim_start();
        let from = start + line.len() - content.len();
        start = next;
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let (name, value) = content.split_once('=').map_or((content, None), |(name, value)| (name, Some(value)));
        let span = Span::new(file, from, from + name.len());
        if name.is_empty() {
            found.errors.push(EnvFileError::NoName { span: Span::new(file, from, from + content.len()) });
        } else if name.contains(char::is_whitespace) {
            found.errors.push(EnvFileError::BlankInName { name: name.to_owned(), span });
        } else if let Some(value) = value {
            let at = Span::new(file, from + name.len() + 1, from + content.len());
            let value = Spanned::new(value.to_owned(), at);
            found.entries.push(Entry { name: Spanned::new(name.to_owned(), span), value });
        } else if let Some(value) = outer(name) {
            let value = Spanned::new(value, span);
            found.entries.push(Entry { name: Spanned::new(name.to_owned(), span), value });
        }
    }
    found
}

/// The error for a file in UTF-16, if it is one.
fn utf16(sources: &SourceMap, file: FileId) -> Option<EnvFileError> {
    let source = sources.file(file);
    let first = source.text().chars().next().map_or(0, char::len_utf8);
    let span = Span::new(file, 0, first);
    matches!(source.encoding(), Encoding::Utf16 { .. }).then_some(EnvFileError::Utf16 { span })
}

struct Reader<'a> {
    sources: &'a SourceMap,
    file: FileId,
    text: &'a str,
    at: usize,
    outer: Lookup<'a>,
    earlier: Lookup<'a>,
    known: HashMap<String, String>,
    found: EnvFile,
}

/// A name and what follows it.
enum Name {
    /// `NAME=`; the value begins at the current position.
    WithValue(Spanned<String>),
    /// `NAME` and a line break.
    Alone(Spanned<String>),
    /// Invalid and reported; the position is after the line.
    Broken,
}

impl<'a> Reader<'a> {
    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end)
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_line(&mut self) {
        self.at += self.rest().find('\n').map_or(self.rest().len(), |newline| newline + 1);
    }

    fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(is_blank).len();
    }

    /// Skips blank lines and comments up to the next statement; returns whether there is one.
    fn statement_start(&mut self) -> bool {
        loop {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start().len();
            if !self.rest().starts_with('#') {
                return !self.rest().is_empty();
            }
            self.skip_line();
        }
    }

    fn statement(&mut self) {
        match self.name() {
            Name::Broken => {}
            Name::Alone(name) => {
                if let Some(value) = (self.outer)(&name.value) {
                    let value = Spanned::new(value, name.span);
                    self.keep(name, value);
                }
            }
            Name::WithValue(name) => {
                if let Some(value) = self.value(&name.value) {
                    self.keep(name, value);
                }
            }
        }
    }

    fn keep(&mut self, name: Spanned<String>, value: Spanned<String>) {
        self.known.insert(name.value.clone(), value.value.clone());
        self.found.entries.push(Entry { name, value });
    }

    fn name(&mut self) -> Name {
        if let Some(rest) = self.rest().strip_prefix("export")
            && rest.starts_with(char::is_whitespace)
        {
            self.at = self.text.len() - rest.trim_start().len();
        }
        let start = self.at;
        let rest = self.rest();
        for (at, character) in rest.char_indices() {
            match character {
                '=' | ':' | '\n' => return self.named(start, at, character == '\n'),
                '_' | '.' | '-' | '[' | ']' => {}
                _ if is_blank(character) || character.is_alphanumeric() => {}
                _ => {
                    let span = self.span(start + at, start + at + character.len_utf8());
                    self.found.errors.push(EnvFileError::NameCharacter { character, span });
                    self.skip_line();
                    return Name::Broken;
                }
            }
        }
        // As in Docker Compose, a word at the end of the file without a line break is the value of a variable without a
        // name.
        Name::WithValue(Spanned::new(String::new(), self.span(start, start)))
    }

    /// The name that ends `length` bytes after `start`.
    fn named(&mut self, start: usize, length: usize, alone: bool) -> Name {
        let name = self.text[start..start + length].trim_end();
        let span = self.span(start, start + name.len());
        if name.contains(' ') {
            self.found.errors.push(EnvFileError::BlankInName { name: name.to_owned(), span });
            self.skip_line();
            return Name::Broken;
        }
        self.at = start + length + 1;
        self.skip_blanks();
        let name = Spanned::new(name.to_owned(), span);
        if alone { Name::Alone(name) } else { Name::WithValue(name) }
    }

    /// The value of `name` at the current position; `None` if a quote is not closed.
    fn value(&mut self, name: &str) -> Option<Spanned<String>> {
        match self.rest().chars().next() {
            Some(quote @ ('"' | '\'')) => self.quoted(name, quote),
            _ => Some(self.unquoted(name)),
        }
    }

    fn unquoted(&mut self, name: &str) -> Spanned<String> {
        let start = self.at;
        self.skip_line();
        let line = self.text[start..self.at].trim_end_matches('\n');
        let value = line.split(" #").next().unwrap_or(line).trim_end();
        let span = self.span(start, start + value.len());
        Spanned::new(self.expand(name, value, span), span)
    }

    fn quoted(&mut self, name: &str, quote: char) -> Option<Spanned<String>> {
        let start = self.at;
        let mut value = String::new();
        let mut escaped = false;
        for (at, character) in self.text[start + 1..].char_indices() {
            if character == quote && !escaped {
                let end = start + 1 + at + 1;
                self.at = end;
                let span = self.span(start, end);
                let value = if quote == '"' { self.expand(name, &unescape(&value), span) } else { value };
                return Some(Spanned::new(value, span));
            }
            if escaped && character != quote {
                value.push('\\');
            }
            escaped = !escaped && character == '\\';
            if !escaped {
                value.push(character);
            }
        }
        let span = self.span(start, start + 1);
        self.found.errors.push(EnvFileError::OpenQuote { quote, span });
        self.at = self.text.len();
        None
    }

    fn expand(&mut self, name: &str, value: &str, span: Span) -> String {
        if !value.contains('$') {
            return value.to_owned();
        }
        let mut report = Report::default();
        let expanded = {
            let lookup = |name: &str| {
                (self.outer)(name).or_else(|| self.known.get(name).cloned()).or_else(|| (self.earlier)(name))
            };
            template::expand(value, &lookup, &mut report)
        };
        let path = Path::root().key(name);
        for fault in report.faults {
            let span = interpolate::locate(self.sources, span, value, &fault.range);
            self.found.errors.push(EnvFileError::Template(match fault.kind {
                FaultKind::Invalid(why) => {
                    TemplateError::Invalid { path: path.clone(), text: value[fault.range].to_owned(), why, span }
                }
                FaultKind::Required { variable, message, empty } => {
                    TemplateError::Required { path: path.clone(), variable, message, empty, closest: None, span }
                }
                FaultKind::TooDeep => TemplateError::TooDeep { path: path.clone(), span },
                FaultKind::TooLong => TemplateError::TooLong { path: path.clone(), span },
            }));
        }
        for (variable, range) in report.unset {
            let span = interpolate::locate(self.sources, span, value, &range);
            self.found.warnings.push(TemplateWarning::Unset { variable, span });
        }
        expanded
    }
}

/// Whether a character is a space within a line.
fn is_blank(character: char) -> bool {
    matches!(character, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}')
}

/// Resolves the escapes of double quotes. `\$` becomes `$$`, which expansion turns into one dollar.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let mut characters = rest.chars();
        let simple = match characters.next() {
            Some('a') => Some("\u{7}"),
            Some('b') => Some("\u{8}"),
            Some('f') => Some("\u{c}"),
            Some('n') => Some("\n"),
            Some('r') => Some("\r"),
            Some('t') => Some("\t"),
            Some('v') => Some("\u{b}"),
            Some('$') => Some("$$"),
            Some('"') => Some("\""),
            Some('\\') => Some("\\"),
            _ => None,
        };
        if let Some(simple) = simple {
            out.push_str(simple);
            rest = characters.as_str();
        } else if let Some(character) = octal(rest) {
            out.push(character);
            rest = &rest["0000".len()..];
        } else {
            out.push('\\');
        }
    }
    out + rest
}

/// The character for `0` and three octal digits at the start of `text`.
fn octal(text: &str) -> Option<char> {
    let digits = text.strip_prefix('0')?.get(..3)?;
    u8::from_str_radix(digits, 8).ok().filter(|_| !digits.starts_with('+')).map(char::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outer(name: &str) -> Option<String> {
        match name {
            "SHELL" => Some("sh".to_owned()),
            "HOST" => Some("shell".to_owned()),
            _ => None,
        }
    }

    fn earlier(name: &str) -> Option<String> {
        (name == "FIRST").then(|| "1".to_owned())
    }

    fn read(text: &str) -> (SourceMap, EnvFile) {
        let mut sources = SourceMap::default();
        let file = sources.add(".env", text);
        let found = parse(&sources, file, &outer, &earlier);
        (sources, found)
    }

    fn pairs(found: &EnvFile) -> Vec<(&str, &str)> {
        found.entries.iter().map(|entry| (entry.name.value.as_str(), entry.value.value.as_str())).collect()
    }

    #[test]
    fn grammar() {
        let cases: &[(&str, &[(&str, &str)])] = &[
            ("", &[]),
            ("# c\n\n  \n", &[]),
            ("K=v\n", &[("K", "v")]),
            ("K = v", &[("K", "v")]),
            ("K: v\nL:w\n", &[("K", "v"), ("L", "w")]),
            ("  K=v\n", &[("K", "v")]),
            ("export K=v\nexport\tL=w\nexportM=x\n", &[("K", "v"), ("L", "w"), ("exportM", "x")]),
            ("a.b-c[0]=v\nñ=1\n1ST=2\n", &[("a.b-c[0]", "v"), ("ñ", "1"), ("1ST", "2")]),
            ("=v\n", &[("", "v")]),
            ("K=\nL=1\n", &[("K", ""), ("L", "1")]),
            ("K= \nL=1\n", &[("K", ""), ("L", "1")]),
            ("SHELL\nNOWHERE\nK=1\n", &[("SHELL", "sh"), ("K", "1")]),
            ("A=1\nLAST", &[("A", "1"), ("", "LAST")]),
            ("K=a#b # c\n", &[("K", "a#b")]),
            ("K=#x\nL= #x\n", &[("K", "#x"), ("L", "#x")]),
            ("K=a\t# c\n", &[("K", "a\t# c")]),
            ("K=node_path   \n", &[("K", "node_path")]),
            ("K=a\\nb\n", &[("K", "a\\nb")]),
            ("K=a\"b\"c\n", &[("K", "a\"b\"c")]),
            ("K='single $V # kept'\n", &[("K", "single $V # kept")]),
            ("K='it\\'s'\n", &[("K", "it's")]),
            ("K='a\\nb\\\\'\n", &[("K", "a\\nb\\\\")]),
            ("V=1\nK=\"d $V # kept\"\n", &[("V", "1"), ("K", "d 1 # kept")]),
            ("K=\"a\\nb\\tc\\\"d\\\\e\\$f\"\n", &[("K", "a\nb\tc\"d\\e$f")]),
            ("K=\"\\x41\\u12e4\\ \\0101\"\n", &[("K", "\\x41\\u12e4\\ A")]),
            ("K=\"one\ntwo\"\nL='one\r\ntwo'\n", &[("K", "one\ntwo"), ("L", "one\r\ntwo")]),
            ("A=\"x\" B=y\n", &[("A", "x"), ("B", "y")]),
            ("A=\"x\" # c\nB='y'# c\n", &[("A", "x"), ("B", "y")]),
            ("A=1\r\nB=\"2\"\r\n\r\nC=3 \r\n", &[("A", "1"), ("B", "2"), ("C", "3")]),
            ("\u{feff}A=1\n", &[("A", "1")]),
            ("D=1\nD=2\n", &[("D", "1"), ("D", "2")]),
            ("K=$(date) `x`; y\n", &[("K", "$(date) `x`; y")]),
            ("K=$$V\n", &[("K", "$V")]),
            ("K=${NOPE:-default}\n", &[("K", "default")]),
            ("HOST=file\nURL=http://$HOST\nR=$FIRST\n", &[("HOST", "file"), ("URL", "http://shell"), ("R", "1")]),
        ];
        for (text, expected) in cases {
            let (_, found) = read(text);
            assert_eq!(found.errors, [], "{text:?}");
            assert_eq!(pairs(&found), *expected, "{text:?}");
        }
    }

    #[test]
    fn mistakes() {
        for (text, expected) in [
            ("A=1\nB%=2\nC=3\n", "2:2 the character `%` cannot be part of a variable name"),
            ("A B=1\nC=3\n", "1:1 the variable name `A B` contains a space"),
            ("C=3\nA=\"x\nB=y\n", "2:3 the quote `\"` is never closed"),
            ("A=x${B\nC=3\n", "1:4 `${B` in `A` is not a valid variable reference"),
            ("C=3\nA='x'\nB=\"\\t${Q:?is needed}\"\n", "3:6 required variable `Q` is not set: is needed"),
        ] {
            let (sources, found) = read(text);
            let error = &found.errors[0];
            let position = sources.position(error.span().expect("a place"));
            assert_eq!(format!("{}:{} {error}", position.line, position.column), expected, "{text:?}");
            assert!(error.hint().is_some(), "{text:?}");
            assert!(pairs(&found).contains(&("C", "3")), "{text:?}: the rest is read");
        }
    }

    #[test]
    fn unset_references_are_warned_about() {
        let (sources, found) = read("A=x$LATER\nLATER=1\n");
        let TemplateWarning::Unset { variable, span } = &found.warnings[0] else { panic!("another warning") };
        assert_eq!((variable.as_str(), sources.text(*span)), ("LATER", "$LATER"));
    }

    #[test]
    fn raw() {
        let mut sources = SourceMap::default();
        let file =
            sources.add("raw.env", "\u{feff}A='single'\r\nB=$HOME ${X:-y}\n  # no\n  D=a#b # c  \nE=\nSHELL\nNO\n");
        let found = parse_raw(&sources, file, &outer);
        assert_eq!(found.errors, []);
        assert_eq!(
            pairs(&found),
            [("A", "'single'"), ("B", "$HOME ${X:-y}"), ("D", "a#b # c  "), ("E", ""), ("SHELL", "sh")]
        );
        let file = sources.add("bad.env", "C = spaced\n=x\n");
        let found = parse_raw(&sources, file, &outer);
        assert_eq!(found.errors.len(), 2);
        assert_eq!(found.errors[0].to_string(), "the variable name `C ` contains a space");
        let file = sources.add_bytes("bytes.env", b"A=\xff\n".to_vec());
        assert_eq!(parse_raw(&sources, file, &outer).errors.len(), 1);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text in "[A-C=:\"'\\\\$\\{\\}# \t\r\né0-]{0,60}") {
            let (sources, found) = read(&text);
            for error in &found.errors {
                let _ = (sources.position(error.span().expect("a place")), error.hint());
            }
            let mut sources = SourceMap::default();
            let file = sources.add("raw.env", text);
            let _ = parse_raw(&sources, file, &outer);
        }
    }
}
