//! Handles text that the parser refuses but Compose files may contain, by inserting spaces where they have no meaning.
//!
//! Docker Compose accepts a tab instead of a space after a colon in braces, any indentation within brackets and quotes,
//! and a comment right after a quote. The parser is stricter. When it stops, the missing spaces are inserted at that
//! position, and the file is parsed again. Places are those of the original text.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::syntax::{self, Fault};

/// Changes to a text. Places are byte offsets in the original text.
#[derive(Debug, Default)]
pub(super) struct Patches {
    /// Tabs that are read as spaces.
    tabs: BTreeSet<usize>,
    /// Number of spaces to insert before a byte.
    blanks: BTreeMap<usize, usize>,
    /// The brackets or quotes whose lines were indented last, and where the parser had stopped with which fault.
    last: Option<(Range<usize>, usize, Fault)>,
}

impl Patches {
    /// Adds a patch that may fix the error `info` at byte `at`; returns whether there is one.
    pub(super) fn add(&mut self, text: &str, at: usize, info: &str) -> bool {
        if info.contains("valid YAML whitespace") {
            return blank_tab(text, at).is_some_and(|tab| self.blank(text, tab));
        }
        if info.contains("comments must be separated") {
            return self.blanks.insert(at, 1).is_none();
        }
        info.contains("indentation") && self.indent(text, at)
    }

    /// Reads `tab` as a space, and similar tabs up to the end of the brackets around it.
    fn blank(&mut self, text: &str, tab: usize) -> bool {
        let Some(start) = syntax::open_brackets(&text[..tab]).first().copied() else { return self.tabs.insert(tab) };
        let end = start + syntax::closed_length(&text[start..]).unwrap_or(0);
        let bytes = text.as_bytes();
        let before = self.tabs.len();
        let mut at = tab;
        while at < end {
            match bytes[at] {
                b'"' | b'\'' if matches!(bytes[at - 1], b' ' | b'\t' | b'\n' | b',' | b'[' | b'{') => {
                    at += syntax::quoted_length(&text[at..]);
                    continue;
                }
                b'\t' if bytes[at - 1] == b':' => {
                    self.tabs.insert(at);
                }
                _ => {}
            }
            at += 1;
        }
        self.tabs.insert(tab);
        self.tabs.len() > before
    }

    /// Indents the lines in the outermost bracket or quote that is open at `at`.
    fn indent(&mut self, text: &str, at: usize) -> bool {
        let quote = text[at..].starts_with(['"', '\'']);
        let (start, fault) = match syntax::open_brackets(&text[..at]).first() {
            Some(bracket) => (*bracket, Fault::Flow),
            None if quote => (at, Fault::OpenQuote),
            None => return false,
        };
        let Some(length) = syntax::closed_length(&text[start..]) else { return false };
        let range = start..start + length;
        let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let column = text[line_start..start].chars().count() + 1;
        let mut changed = false;
        for (newline, _) in text[range.clone()].match_indices('\n') {
            let line = start + newline + 1;
            let indent = text[line..].bytes().take_while(|byte| *byte == b' ').count();
            if indent < column {
                changed |= self.blanks.insert(line, column - indent).is_none();
            }
        }
        if changed {
            self.last = Some((range, at, fault));
        }
        changed
    }

    /// The origin of an error at `at`. An error in or right after brackets whose lines were indented belongs to them:
    /// something further down closed them by accident.
    pub(super) fn blame(&self, text: &str, at: usize, fault: Fault) -> (usize, Fault) {
        match &self.last {
            Some((range, stopped, first)) if range.start <= at => {
                let line_end = text[range.end..].find('\n').map_or(text.len(), |length| range.end + length);
                if at <= line_end { (*stopped, first.clone()) } else { (at, fault) }
            }
            _ => (at, fault),
        }
    }

    /// `text` with the changes applied.
    pub(super) fn apply<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.tabs.is_empty() && self.blanks.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut patched = String::with_capacity(text.len() + self.blanks.values().sum::<usize>());
        let mut from = 0;
        for (at, count) in &self.blanks {
            self.copy(text, from..*at, &mut patched);
            patched.extend(std::iter::repeat_n(' ', *count));
            from = *at;
        }
        self.copy(text, from..text.len(), &mut patched);
        Cow::Owned(patched)
    }

    fn copy(&self, text: &str, range: Range<usize>, out: &mut String) {
        let mut from = range.start;
        for tab in self.tabs.range(range.clone()) {
            out.push_str(&text[from..*tab]);
            out.push(' ');
            from = tab + 1;
        }
        out.push_str(&text[from..range.end]);
    }

    /// The mapping from the changed text to the original.
    pub(super) fn places(&self) -> Places {
        let mut added = 0;
        let places = self.blanks.iter().map(|(at, count)| {
            let before = added;
            added += count;
            (at + before, before, *count)
        });
        Places(places.collect())
    }
}

/// Maps bytes of the changed text to the original: for each inserted run of spaces its place, the number of spaces
/// before it, and its length.
pub(super) struct Places(Vec<(usize, usize, usize)>);

impl Places {
    /// The byte of the original text for byte `patched` of the changed text. Within inserted spaces it is where they
    /// were inserted.
    pub(super) fn written(&self, patched: usize) -> usize {
        let behind = self.0.partition_point(|(at, ..)| *at < patched);
        match behind.checked_sub(1).and_then(|last| self.0.get(last)) {
            Some((at, before, count)) => patched - before - (*count).min(patched - at),
            None => patched,
        }
    }
}

/// The tab after a colon at which the parser stopped.
fn blank_tab(text: &str, at: usize) -> Option<usize> {
    let before = text[..at].trim_end_matches(['\t', ' ']);
    let colon = if before.ends_with(':') { before.len() } else { before.len() + 1 };
    if !text.get(..colon)?.ends_with(':') {
        return None;
    }
    let mut blanks = text[colon..].bytes().take_while(|byte| matches!(byte, b' ' | b'\t'));
    blanks.position(|byte| byte == b'\t').map(|tab| colon + tab)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_the_text_as_written() {
        let text = "a: [\nb,\n\tc]\nd: {e:\tf}\n";
        let mut patches = Patches::default();
        assert!(patches.add(text, 5, "invalid indentation"));
        assert!(!patches.add(text, 5, "invalid indentation"), "once is enough");
        assert!(patches.add(text, text.rfind('\t').expect("a tab"), "':' must be followed by a valid YAML whitespace"));
        let changed = patches.apply(text);
        assert_eq!(changed, "a: [\n    b,\n    \tc]\nd: {e: f}\n");
        for letter in ['b', 'c', 'd', 'f'] {
            let at = changed.find(letter).expect("a letter");
            assert_eq!(Some(patches.places().written(at)), text.find(letter), "{letter}");
        }
        assert_eq!(patches.places().written(changed.len()), text.len());
    }
}
