//! Explains syntax errors.
//!
//! A YAML parser notices a mistake late and reports what it expected. This file examines the text around the place, to
//! name the actual mistake: the tab, the missing space, the unclosed quote.

use super::{YamlError, conflict};
use crate::diagnostic::redact::is_secret;
use crate::diagnostic::suggest;
use crate::source::{FileId, Span};

/// What the parser failed at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// A tab where spaces are required.
    Tab,
    /// A quote that is not closed.
    OpenQuote,
    /// Text after a closing quote.
    AfterQuote,
    /// `\d` in double quotes.
    Escape,
    /// A value that begins with a special character.
    FirstCharacter,
    /// `*name` without `&name`.
    UnknownAnchor,
    /// `*` or `&` without a name.
    NoAnchorName,
    /// A colon where a key is not allowed.
    Colon,
    /// Something in `[…]` or `{…}`.
    Flow,
    /// `key: >text`.
    BlockHeader,
    /// `key: - item`.
    ListInLine,
    /// A line whose indentation matches none of the levels above it.
    Indentation,
    /// Deeper than the parser supports.
    TooDeep,
    /// Anything else, in the parser's words.
    Other(String),
}

/// The explanation of a fault: message, byte range, hint, where it began.
struct Finding {
    message: String,
    range: (usize, usize),
    hint: Option<String>,
    began: Option<((usize, usize), String)>,
}

impl Finding {
    fn new(message: impl Into<String>, range: (usize, usize), hint: impl Into<String>) -> Self {
        Self { message: message.into(), range, hint: Some(hint.into()), began: None }
    }
}

/// The error to show for `fault`, which the parser hit at byte `at` of `text`.
pub(super) fn explain(text: &str, file: FileId, at: usize, fault: &Fault) -> YamlError {
    let finding = match conflict::marker(text) {
        Some(range) => Finding::new(
            "this line marks a merge conflict",
            range,
            "keep one of the two versions, and remove the lines with `<<<<<<<`, `=======` and `>>>>>>>`",
        ),
        None => Scene::new(text, at).find(fault),
    };
    let span = |(start, end): (usize, usize)| Span::new(file, start, end);
    YamlError::Syntax {
        message: shorten(&finding.message),
        span: span(finding.range),
        hint: finding.hint.as_deref().map(shorten),
        began: finding.began.map(|(range, words)| (span(range), words)),
    }
}

/// `text` with parts in backticks cut if they are long or span lines.
pub(super) fn shorten(text: &str) -> String {
    const LONGEST: usize = 60;
    let parts = text.split('`').map(|part| {
        let line = part.split('\n').next().unwrap_or(part);
        match line.char_indices().nth(LONGEST) {
            Some((cut, _)) if part.len() > 3 * LONGEST => format!("{}…", &line[..cut]),
            _ if line.len() < part.len() => format!("{line}…"),
            _ => line.to_owned(),
        }
    });
    parts.collect::<Vec<_>>().join("`")
}

/// Length of tags and anchors (`!override &a `) and the spaces after them.
pub(super) fn properties(text: &str) -> usize {
    let mut rest = text;
    while rest.starts_with(['!', '&']) {
        let word = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let behind = &rest[word..];
        rest = behind.trim_start();
    }
    text.len() - rest.len()
}

/// Length of the quoted text at the start of `raw`, including both quotes.
pub(super) fn quoted_length(raw: &str) -> usize {
    let bytes = raw.as_bytes();
    let Some(&quote) = bytes.first() else { return 0 };
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quote == b'"' => at += 1,
            byte if byte == quote && quote == b'\'' && bytes.get(at + 1) == Some(&b'\'') => at += 1,
            byte if byte == quote => return at + 1,
            _ => {}
        }
        at += 1;
    }
    raw.len()
}

/// One line of the text.
#[derive(Clone, Copy)]
struct Line<'a> {
    /// Offset of its first byte.
    start: usize,
    /// Without the line break.
    text: &'a str,
}

impl<'a> Line<'a> {
    fn of(text: &'a str, at: usize) -> Self {
        let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let end = text[start..].find('\n').map_or(text.len(), |length| start + length);
        Self { start, text: text[start..end].trim_end_matches('\r') }
    }

    fn indent(self) -> usize {
        self.text.len() - self.text.trim_start_matches(' ').len()
    }

    fn content(self) -> &'a str {
        self.text.trim()
    }

    /// Range of the non-blank part.
    fn content_range(self) -> (usize, usize) {
        let start = self.start + (self.text.len() - self.text.trim_start().len());
        (start, (self.start + self.text.trim_end().len()).max(start))
    }

    fn is_empty(self) -> bool {
        let content = self.content();
        content.is_empty() || content.starts_with('#')
    }

    /// Key and value of `key: value` or `- key: value`, and where the value begins.
    fn entry(self) -> Option<(&'a str, &'a str, usize)> {
        let content = self.text.trim_start();
        let content = content.trim_start_matches("- ").trim_start();
        let colon = content.find(": ").or_else(|| content.strip_suffix(':').map(str::len))?;
        let key = &content[..colon];
        if key.is_empty() || key.contains(['"', '\'', '{', '[', '#']) {
            return None;
        }
        let value = content[colon + 1..].trim_start();
        Some((key, value.trim_end(), self.start + self.text.len() - value.len()))
    }

    fn is_item(self) -> bool {
        self.content().starts_with("- ")
    }

    /// `image` and `nginx` of `image:nginx`, and where the colon is.
    fn missing_blank(self) -> Option<(&'a str, &'a str, usize)> {
        let content = self.text.trim_start().trim_start_matches("- ").trim_start();
        let (key, value) = content.split_once(':')?;
        let is_port = self.is_item() && !key.contains(|c: char| !c.is_ascii_digit() && c != '.');
        let is_key = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
        let is_key = is_key && !is_port;
        let value = value.trim_end();
        let is_value = !value.is_empty() && !value.starts_with([' ', '\t', '/']);
        (is_key && is_value).then(|| (key, value, self.start + self.text.len() - content.len() + key.len()))
    }
}

/// The text, and the line where the parser stopped.
struct Scene<'a> {
    text: &'a str,
    at: usize,
    line: Line<'a>,
}

impl<'a> Scene<'a> {
    fn new(text: &'a str, at: usize) -> Self {
        let mut at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        // At the end of the file, use the last non-blank line.
        if text[at..].trim().is_empty() {
            at = text.trim_end().len();
        }
        Self { text, at, line: Line::of(text, at) }
    }

    /// The lines above, nearest first, without blank lines and comments.
    fn above(&self) -> impl Iterator<Item = Line<'a>> {
        let text = self.text;
        let mut end = self.line.start;
        std::iter::from_fn(move || {
            (end > 0).then(|| {
                let line = Line::of(text, end - 1);
                end = line.start;
                line
            })
        })
        .filter(|line| !line.is_empty())
    }

    fn character(&self) -> (usize, usize) {
        let length = self.text[self.at..].chars().next().map_or(0, char::len_utf8);
        (self.at, self.at + length)
    }

    /// The word where the parser stopped.
    fn word(&self) -> &'a str {
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, ',' | ']' | '}')).unwrap_or(rest.len());
        &rest[..end]
    }

    fn find(&self, fault: &Fault) -> Finding {
        match fault {
            Fault::Tab => self.tab(),
            Fault::OpenQuote => self.open_quote(),
            Fault::AfterQuote => self.after_quote(),
            Fault::Escape => self.escape(),
            Fault::FirstCharacter => self.open_bracket().unwrap_or_else(|| self.first_character()),
            Fault::UnknownAnchor => self.unknown_anchor(),
            Fault::NoAnchorName => self.no_anchor_name(),
            Fault::BlockHeader => self.block_header(),
            Fault::ListInLine => self.list_in_line(),
            Fault::Flow => self.flow(),
            Fault::Colon => self.open_bracket().unwrap_or_else(|| self.colon()),
            Fault::Indentation => self.open_bracket().unwrap_or_else(|| self.indentation()),
            Fault::Other(words) => self.other(words),
            Fault::TooDeep => self.other("nested too deeply"),
        }
    }

    /// Finds a tab at the start of this line or the one above.
    fn leading_tab(&self) -> Option<Finding> {
        std::iter::once(self.line).chain(self.above().take(1)).find_map(leading_tab)
    }

    fn tab(&self) -> Finding {
        let below = self.text[self.line.start..].match_indices('\n').map(|(at, _)| self.line.start + at + 1);
        let below = below.map(|at| Line::of(self.text, at)).find(|line| !line.content().is_empty());
        self.leading_tab()
            .or_else(|| below.and_then(leading_tab))
            .unwrap_or_else(|| Finding::new("a tab is not allowed here", self.character(), "use spaces instead"))
    }

    fn open_quote(&self) -> Finding {
        let Some(quote @ ('"' | '\'')) = self.text[self.at..].chars().next() else {
            return self.other("a quote is not closed");
        };
        Finding::new(
            format!("the quote `{quote}` is never closed"),
            (self.at, self.at + 1),
            format!("add `{quote}` at the end of the value"),
        )
    }

    fn after_quote(&self) -> Finding {
        let blanks = self.text[self.at..].len() - self.text[self.at..].trim_start_matches(' ').len();
        let start = self.at + blanks;
        let end = (self.line.start + self.line.text.trim_end().len()).max(start);
        Finding::new(
            "there is text after the closing quote",
            (start, end),
            "put all of the value in one pair of quotes; a quote inside is written `\\\"` in double, `''` in single quotes",
        )
    }

    fn escape(&self) -> Finding {
        // The parser reports the opening quote or the escape: find the first escape that YAML does not know.
        let from = self.text[self.at..].find('\\').map_or(self.at, |skip| self.at + skip);
        let mut at = from;
        let bytes = self.text.as_bytes();
        while at + 1 < bytes.len() && bytes[at] == b'\\' && b"0abt\tnvfre \"/\\N_LPxuU\n\r".contains(&bytes[at + 1]) {
            match self.text[at + 2..].find('\\') {
                Some(skip) if !matches!(bytes[at + 1], b'x' | b'u' | b'U') => at += 2 + skip,
                _ => break,
            }
        }
        let length = 1 + self.text.get(at + 1..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        let escape = self.text.get(at..at + length).unwrap_or_default();
        Finding::new(
            format!("`{escape}` is not a valid escape in double quotes"),
            (at, at + length),
            "use single quotes, where a backslash has no special meaning, or double the backslash",
        )
    }

    fn first_character(&self) -> Finding {
        let (start, end) = self.character();
        let character = &self.text[start..end];
        let value = self.line.entry().map_or("", |(_, value, _)| value);
        let quoted = if value.starts_with(character) && !value.contains('"') {
            format!(": `\"{value}\"`")
        } else {
            String::new()
        };
        Finding::new(
            format!("a value cannot begin with `{character}`"),
            (start, end),
            format!("put the value in quotes{quoted}"),
        )
    }

    fn block_header(&self) -> Finding {
        let (start, end) = self.character();
        let mark = &self.text[start..end];
        Finding::new(
            format!("`{mark}` starts a text block, and its text must start on the next line"),
            (start, end),
            format!("put the value in quotes if the `{mark}` is part of it"),
        )
    }

    /// Finds text after brackets that are a complete value: `a: [b] c`.
    fn after_bracket(&self) -> Option<Finding> {
        let (_, value, start) = self.line.entry().filter(|(_, value, _)| value.starts_with(['[', '{']))?;
        let length = closed_length(value)?;
        let rest = &value[length..];
        let text = rest.trim_start();
        let at = start + length + (rest.len() - text.len());
        (!text.is_empty() && !text.starts_with('#')).then(|| {
            Finding::new(
                format!("there is text after the closing `{}`", &value[length - 1..length]),
                (at, at + text.len()),
                format!("remove it, or put the whole value in quotes: `'{value}'`"),
            )
        })
    }

    fn unknown_anchor(&self) -> Finding {
        let alias = self.word();
        let name = alias.trim_start_matches('*');
        let anchors = self.text[..self.at].match_indices('&').map(|(at, _)| {
            let rest = &self.text[at + 1..];
            &rest[..rest.find(|c: char| c.is_whitespace() || matches!(c, ',' | ']' | '}')).unwrap_or(rest.len())]
        });
        let hint = suggest::closest(name, anchors).map_or_else(
            || format!("define the anchor above with `&{name}`, or put `{alias}` in quotes if it is text"),
            |anchor| format!("did you mean `*{anchor}`?"),
        );
        let range = (self.at, self.at + alias.len());
        Finding::new(format!("no anchor `&{name}` is defined above"), range, hint)
    }

    fn no_anchor_name(&self) -> Finding {
        let at = self.text[..self.at].rfind(['*', '&']).filter(|at| *at >= self.line.start).unwrap_or(self.at);
        let value = &self.text[at..(self.line.start + self.line.text.len()).max(at)];
        let mark = value.chars().next().unwrap_or('*');
        if let Some(item) = value.strip_prefix("* ").map(str::trim)
            && self.line.content().starts_with("* ")
            && !item.contains('*')
        {
            return Finding::new(
                "`*` does not start a list item in YAML",
                (at, at + 1),
                format!("write a dash: `- {item}`"),
            );
        }
        let what = if mark == '&' { "an anchor" } else { "an alias" };
        Finding::new(
            format!("`{mark}` starts {what}, but no name follows"),
            (at, at + 1),
            format!("put the value in quotes if the `{mark}` is text: `\"{}\"`", value.trim_end()),
        )
    }

    fn list_in_line(&self) -> Finding {
        if let Some(finding) = self.leading_tab() {
            return finding;
        }
        let (_, value, start) = match self.line.entry() {
            Some(entry) if entry.1.starts_with('-') => entry,
            _ => return self.indentation(),
        };
        Finding::new(
            "a list cannot start on the same line as its key",
            (start, start + value.len()),
            "put each `- item` on its own line below the key",
        )
    }

    /// Finds the innermost bracket open at this place, if lines like this one suggest that it should be closed by now.
    fn open_bracket(&self) -> Option<Finding> {
        let at = open_bracket(&self.text[..self.at])?;
        let line = Line::of(self.text, at);
        let ended = self.text[self.at..].trim().is_empty() || self.at >= self.text.trim_end().len();
        let dedented = self.line.start > at && self.line.indent() <= line.indent();
        if !ended && !dedented {
            return None;
        }
        let bracket = &self.text[at..=at];
        let closing = if bracket == "[" { "]" } else { "}" };
        Some(Finding::new(
            format!("`{bracket}` is never closed"),
            (at, at + 1),
            format!("add `{closing}` where the {} ends", if bracket == "[" { "list" } else { "mapping" }),
        ))
    }

    fn flow(&self) -> Finding {
        if let Some(finding) = self.template() {
            return finding;
        }
        if let Some(finding) = self.open_bracket() {
            return finding;
        }
        let Some(at) = open_bracket(&self.text[..self.at]) else {
            return Finding::new(
                "unmatched closing bracket",
                self.character(),
                "remove it, or put the value in quotes",
            );
        };
        if self.text[..self.at].ends_with('$') {
            return Finding::new(
                "inside brackets, an unquoted `${` opens a mapping",
                (self.at - 1, self.at + 1),
                "put the `${…}` in quotes",
            );
        }
        let mapping = self.text[at..].starts_with('{');
        let (open, close) = if mapping { ('{', '}') } else { ('[', ']') };
        let mut finding = Finding::new(
            format!("expected `,` or `{close}` here"),
            self.character(),
            format!("separate the entries with commas, and close with `{close}`"),
        );
        finding.began = Some(((at, at + 1), format!("`{open}` opened here")));
        finding
    }

    /// Finds `{{ … }}` without quotes.
    fn template(&self) -> Option<Finding> {
        let (_, value, start) = self.line.entry()?;
        let at = value.starts_with("{{").then_some(start)?;
        Some(Finding::new(
            "`{{` opens two mappings in YAML",
            (at, at + 2),
            format!("put the value in quotes: `'{value}'`"),
        ))
    }

    fn colon(&self) -> Finding {
        if let Some(finding) = self.leading_tab().or_else(|| self.template()) {
            return finding;
        }
        if let Some((key, value, start)) = self.line.entry()
            && self.at >= start
            && !value.is_empty()
        {
            let quote = if value.contains('"') { '\'' } else { '"' };
            return Finding::new(
                format!("the value of `{key}` contains `: `, which begins a mapping in YAML"),
                (self.at, self.at + 1),
                format!("put the value in quotes: `{quote}{value}{quote}`"),
            );
        }
        self.above_broken().unwrap_or_else(|| self.under_value())
    }

    /// Finds a line above that is not an entry, so that this one cannot be below it.
    fn above_broken(&self) -> Option<Finding> {
        let line = self.above().next()?;
        if let Some(finding) = missing_blank(line) {
            return Some(finding);
        }
        let content = line.content();
        let bare = !content.contains(':') && !content.starts_with('-') && !content.contains(['"', '\'', ' ']);
        bare.then(|| {
            let mut finding = Finding::new(
                format!("the key `{content}` has no colon"),
                line.content_range(),
                format!("write `{content}:`"),
            );
            finding.began = None;
            finding
        })
    }

    /// A key indented below a key that already has a value.
    fn under_value(&self) -> Finding {
        let below = self.line.entry().map_or(self.line.content(), |(key, _, _)| key);
        let above = self.above().next().and_then(Line::entry);
        let range = self.line.content_range();
        let range = (range.0, range.0 + below.len());
        let Some((key, value, _)) = above.filter(|(_, value, _)| !value.is_empty()) else {
            return Finding::new(
                format!("`{below}` is not allowed here"),
                range,
                "indent it like the lines around it, or quote the text if it belongs to the line above",
            );
        };
        // The value is on a different line than the message is about, so it would not be hidden.
        let value = if is_secret(key) { "a value".to_owned() } else { format!("the value `{value}`") };
        Finding::new(
            format!("`{below}` is indented below `{key}`, which already has {value}"),
            range,
            format!("indent `{below}` like `{key}`"),
        )
    }

    fn indentation(&self) -> Finding {
        let first = self.leading_tab().or_else(|| self.glued_item(self.line));
        // An item such as `80:80` is complete: another line has the mistake.
        let blank = |line: Line<'_>| if line.is_item() { None } else { missing_blank(line) };
        let first = first.or_else(|| blank(self.line)).or_else(|| self.template());
        let first = first.or_else(|| self.after_bracket());
        if let Some(finding) = first {
            return finding;
        }
        if let Some(finding) = self.above().next().and_then(|line| self.glued_item(line).or_else(|| blank(line))) {
            return finding;
        }
        let content = self.line.content();
        if !content.contains(':') && !content.starts_with('-') {
            if let Some(finding) = self.assignment() {
                return finding;
            }
            return Finding::new(
                format!("`{content}` is neither a `key: value` nor a `- item`"),
                self.line.content_range(),
                format!("write `{content}:` if it is a key, or quote text that spans several lines"),
            );
        }
        self.between_levels()
    }

    /// Finds `key=value` and `key：value`, with a full-width colon, where `key: value` is needed.
    fn assignment(&self) -> Option<Finding> {
        let content = self.line.content();
        let (key, value) = content.split_once(['=', '：'])?;
        let mark = content[key.len()..].chars().next()?;
        let (key, value) = (key.trim_end(), value.trim_start());
        let is_key = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
        let start = self.line.content_range().0 + content.find(mark)?;
        let message = match mark {
            '=' => format!("expected a colon after `{key}`, not `=`"),
            _ => format!("the colon after `{key}` is a full-width one (U+FF1A), not an ordinary `:`"),
        };
        let value = if is_secret(key) { "…" } else { value };
        let hint = format!("write `{key}: {value}`");
        is_key.then(|| Finding::new(message, (start, start + mark.len_utf8()), hint))
    }

    /// Finds `-item` below an item of a list.
    fn glued_item(&self, line: Line<'_>) -> Option<Finding> {
        let finding = glued_dash(line)?;
        let mut above = self.above().filter(|other| other.start < line.start);
        let sibling = above.find(|other| other.indent() <= line.indent())?;
        (sibling.indent() == line.indent() && sibling.content().starts_with("- ")).then_some(finding)
    }

    /// A line whose indentation matches none of the open levels above it.
    fn between_levels(&self) -> Finding {
        let indent = self.line.indent();
        let mut levels: Vec<usize> = Vec::new();
        for line in self.above() {
            if levels.last().is_none_or(|last| line.indent() < *last) {
                levels.push(line.indent());
            }
        }
        levels.reverse();
        let content = self.line.content();
        let name = self.line.entry().map_or(content, |(key, _, _)| key);
        let (start, _) = self.line.content_range();
        let range = (self.line.start, start.max(self.line.start + 1));
        if let Some(finding) = glued_dash(self.line) {
            return finding;
        }
        if levels.contains(&indent) {
            let what = if content.starts_with('-') { "a list item among keys" } else { "a key among list items" };
            let range = (start, start + name.len());
            return Finding::new(format!("`{name}` is {what}"), range, "indent it to the level that it belongs to");
        }
        let near: Vec<String> =
            levels.iter().filter(|level| level.abs_diff(indent) <= 4).map(usize::to_string).collect();
        let hint = if near.is_empty() {
            "indent it like the lines it belongs to".to_owned()
        } else {
            format!("the lines above are indented by {} spaces", near.join(", "))
        };
        let spaces = if indent == 1 { "space" } else { "spaces" };
        Finding::new(
            format!("`{name}` is indented by {indent} {spaces}, which does not match any line above"),
            range,
            hint,
        )
    }

    fn other(&self, words: &str) -> Finding {
        if let Some(finding) = self.leading_tab().or_else(|| missing_blank(self.line)) {
            return finding;
        }
        Finding::new(
            format!("this is not valid YAML ({words})"),
            self.character(),
            "look at the indentation, quotes and brackets of this line and the one above",
        )
    }
}

fn leading_tab(line: Line<'_>) -> Option<Finding> {
    let start = line.start + line.indent();
    let tabs = line.text[line.indent()..].bytes().take_while(|byte| *byte == b'\t').count();
    (tabs > 0 && !line.content().is_empty()).then(|| {
        Finding::new(
            "a tab cannot be used for indentation",
            (start, start + tabs),
            "indent with spaces, two for each level",
        )
    })
}

/// `-item`, which is not a list item without the space.
fn glued_dash(line: Line<'_>) -> Option<Finding> {
    let item = line.content().strip_prefix('-')?;
    let (start, _) = line.content_range();
    (!item.is_empty() && !item.starts_with(['-', ' ', '\t']))
        .then(|| Finding::new("missing space after the dash", (start, start + 1), format!("write `- {item}`")))
}

fn missing_blank(line: Line<'_>) -> Option<Finding> {
    let (key, value, colon) = line.missing_blank()?;
    Some(Finding::new(
        format!("missing space after the colon of `{key}`"),
        (colon, colon + 1),
        format!("write `{key}: {value}`"),
    ))
}

/// Offset of the innermost unclosed bracket of `text`.
fn open_bracket(text: &str) -> Option<usize> {
    open_brackets(text).pop()
}

/// Offsets of the unclosed brackets of `text`, outermost first; quotes and comments are skipped.
pub(super) fn open_brackets(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let mut open = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let value_start = at == 0 || matches!(bytes[at - 1], b' ' | b'\n' | b'\t' | b'[' | b'{' | b',' | b':');
        match bytes[at] {
            b'#' if value_start => at += text[at..].find('\n').unwrap_or(text.len() - at),
            b'"' | b'\'' if value_start => at += quoted_length(&text[at..]).max(1) - 1,
            b'[' | b'{' if value_start || !open.is_empty() => open.push(at),
            b']' | b'}' => {
                open.pop();
            }
            _ => {}
        }
        at += 1;
    }
    open
}

/// Length of the brackets or quotes that `text` begins with, including the closing one; `None` if they are not closed.
pub(super) fn closed_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let mut at = 0;
    while at < bytes.len() {
        let value_start = at == 0 || matches!(bytes[at - 1], b' ' | b'\n' | b'\t' | b'[' | b'{' | b',' | b':');
        match bytes[at] {
            b'#' if value_start => at += text[at..].find('\n').unwrap_or(text.len() - at),
            quote @ (b'"' | b'\'') if value_start => {
                let length = quoted_length(&text[at..]);
                if length < 2 || bytes[at + length - 1] != quote {
                    return None;
                }
                at += length - 1;
            }
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at.min(bytes.len()));
        }
    }
    None
}
