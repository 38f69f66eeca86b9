//! What each line of a file stands below or continues, found in one pass over the file.

use std::ops::Range;

use super::is_secret;

/// The non-blank lines of a YAML file, and the keys they stand below.
#[derive(Debug, Default)]
pub(super) struct Outline(Vec<Heading>);

#[derive(Debug)]
struct Heading {
    start: usize,
    indent: usize,
    is_item: bool,
    key: Range<usize>,
    /// The line that it stands below.
    parent: Option<usize>,
}

impl Outline {
    pub(super) fn of(text: &str) -> Self {
        let mut outline = Self::default();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            outline.add(start, line);
            start += line.len();
        }
        outline
    }

    fn add(&mut self, start: usize, line: &str) {
        let content = line.trim();
        if content.is_empty() || content.starts_with('#') {
            return;
        }
        let (indent, is_item) = (indent_of(line), content.starts_with("- "));
        let parent = self.parent(self.0.len().checked_sub(1), indent, is_item);
        let item = content.trim_start_matches("- ");
        let from = start + line.trim_end().len() - item.len();
        let key = item.find(':').map_or(from..from, |at| from..from + at);
        self.0.push(Heading { start, indent, is_item, key, parent });
    }

    /// The parent of a line: the nearest of `from` and its ancestors with a smaller indentation. A list may have the
    /// indentation of its key.
    fn parent(&self, mut from: Option<usize>, indent: usize, is_item: bool) -> Option<usize> {
        while let Some(at) = from {
            let heading = &self.0[at];
            if heading.indent < indent || (heading.indent == indent && is_item && !heading.is_item) {
                return Some(at);
            }
            from = heading.parent;
        }
        None
    }

    /// The keys that the line at `start` stands below, nearest first.
    pub(super) fn above<'a>(&self, text: &'a str, start: usize, line: &str) -> Vec<&'a str> {
        let before = self.0.partition_point(|heading| heading.start < start);
        let is_item = line.trim_start().starts_with("- ");
        let mut at = self.parent(before.checked_sub(1), indent_of(line), is_item);
        let mut keys = Vec::new();
        while let Some(heading) = at.map(|at| &self.0[at]) {
            if !heading.key.is_empty() {
                keys.push(text[heading.key.clone()].trim().trim_matches(['"', '\'']));
            }
            at = heading.parent;
        }
        keys
    }

    /// The line before the one at `start`, skipping blank lines and comments.
    pub(super) fn before<'a>(&self, text: &'a str, start: usize) -> &'a str {
        let before = self.0.partition_point(|heading| heading.start < start);
        let heading = before.checked_sub(1).map(|at| &self.0[at]);
        heading.map_or("", |heading| text[heading.start..].lines().next().unwrap_or_default())
    }
}

fn indent_of(line: &str) -> usize {
    line.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// The lines of an env file that may continue the value of a variable whose name suggests a secret.
#[derive(Debug, Default)]
pub(super) struct Continued(Vec<(usize, Continuation)>);

/// How a line continues the value of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Continuation {
    /// The quotes of the value are still open.
    Open,
    /// The value probably continues, if the line assigns nothing itself.
    Possible,
}

impl Continued {
    pub(super) fn of(text: &str) -> Self {
        let mut lines = Vec::new();
        let (mut start, mut secret, mut open) = (0, false, None);
        for line in text.split_inclusive('\n') {
            if secret {
                lines.push((start, if open.is_some() { Continuation::Open } else { Continuation::Possible }));
            }
            start += line.len();
            if let Some(quote) = open {
                open = if closes(line, quote) { None } else { open };
                continue;
            }
            let Some((name, at)) = assigned(line) else { continue };
            secret = is_secret(name);
            let value = line[at..].trim_start();
            let quote = value.chars().next().filter(|first| matches!(first, '"' | '\''));
            open = quote.filter(|quote| !closes(&value[1..], *quote));
        }
        Self(lines)
    }

    /// How the line at `start` continues such a value.
    pub(super) fn at(&self, start: usize) -> Option<Continuation> {
        let at = self.0.binary_search_by_key(&start, |(start, _)| *start).ok()?;
        Some(self.0[at].1)
    }
}

/// The name that a line of an env file assigns, and where its value begins.
pub(super) fn assigned(line: &str) -> Option<(&str, usize)> {
    if line.trim_start().starts_with('#') {
        return None;
    }
    let at = line.find(['=', ':'])?;
    Some((line[..at].trim().trim_start_matches("export ").trim_start(), at + 1))
}

/// Whether a line contains an unescaped `quote`.
fn closes(line: &str, quote: char) -> bool {
    let mut escaped = false;
    line.chars().any(|character| {
        let closes = character == quote && !escaped;
        escaped = character == '\\' && !escaped;
        closes
    })
}
