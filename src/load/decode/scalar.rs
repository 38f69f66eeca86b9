//! Decodes single values and simple collections of them.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::decoder::{Decoder, Entry};
use super::error::{DecodeProblem, DecodeWarning};
use crate::load::changed_text::ChangedText;
use crate::load::scalar;
use crate::project::number;
use crate::project::value::{ByteSize, DeviceCount, Duration, ExtraHosts, FileMode, command};
use crate::source::Span;
use crate::yaml::{Node, Value};

impl Decoder<'_> {
    /// Text that is not empty; numbers and the like are formatted as in an environment.
    pub(super) fn text(&mut self, entry: Entry) -> Option<String> {
        self.under(entry, Self::text_of).filter(|text| !text.is_empty())
    }

    /// Text that is not empty, as a type that accepts any text.
    pub(super) fn parsed<T: for<'a> From<&'a str>>(&mut self, entry: Entry) -> Option<T> {
        self.text(entry).map(|text| T::from(&text))
    }

    /// Text, or `None` for null.
    pub(super) fn text_of(&mut self, node: Node) -> Option<String> {
        let text = match node.value {
            Value::String(text) => return Some(text),
            Value::Null => return None,
            Value::Bool(value) => return Some(value.to_string()),
            Value::Int(value) => value.to_string(),
            Value::Float(value) => number::text(value),
            Value::Timestamp(text) => text,
            Value::Sequence(_) | Value::Mapping(_) => {
                self.refuse_kind(&node, "text");
                return None;
            }
        };
        self.warn_of_change(&text, node.span);
        Some(text)
    }

    /// Warns if a number or date changes its spelling because text is expected.
    fn warn_of_change(&mut self, becomes: &str, span: Span) {
        let written = self.sources.text(span);
        if written != becomes && !written.is_empty() && !written.contains('$') {
            let (path, written, becomes) = (self.path(), written.to_owned(), becomes.to_owned());
            self.warnings.push(ChangedText { path, written, becomes, span }.into());
        }
    }

    /// A list of texts; a single text counts as a list of one.
    pub(super) fn texts(&mut self, entry: Entry) -> Vec<String> {
        if let Value::String(_) = &entry.1.value {
            return self.under(entry, Self::text_of).into_iter().collect();
        }
        self.list(entry, Self::text_of)
    }

    /// A list of texts, each as a type that accepts any text.
    pub(super) fn all_parsed<T: for<'a> From<&'a str>>(&mut self, entry: Entry) -> Vec<T> {
        self.texts(entry).iter().map(|text| T::from(text)).collect()
    }

    /// Texts by name, from a mapping or a list of `NAME=VALUE`; without a value the text is empty.
    pub(super) fn texts_by_name(&mut self, entry: Entry) -> BTreeMap<String, String> {
        let values = self.pairs(entry, |_, _, _| true);
        values.into_iter().map(|(name, value)| (name, value.unwrap_or_default())).collect()
    }

    /// Variables by name, from a mapping or a list of `NAME[=VALUE]`; `None` without a value. A space before the `=` of
    /// a list item is refused.
    pub(super) fn variables(&mut self, entry: Entry) -> BTreeMap<String, Option<String>> {
        self.pairs(entry, |d, name, span| {
            let blank = name.ends_with(char::is_whitespace);
            if blank {
                d.refuse(span, DecodeProblem::BlankInName { name: name.to_owned() });
            }
            !blank
        })
    }

    fn pairs(&mut self, entry: Entry, accept: fn(&mut Self, &str, Span) -> bool) -> BTreeMap<String, Option<String>> {
        if entry.1.as_sequence().is_none() {
            return self.map(entry, Self::text_of);
        }
        let items = self.list(entry, |d, node| {
            let Some(text) = node.as_str() else {
                d.refuse_kind(&node, "text");
                return None;
            };
            let (name, value) = match text.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (text, None),
            };
            accept(d, name, node.span).then(|| (name.to_owned(), value))
        });
        items.into_iter().collect()
    }

    /// Lists of texts by name; a single text counts as a list of one.
    pub(super) fn lists_by_name(&mut self, entry: Entry) -> BTreeMap<String, Vec<String>> {
        self.map(entry, Self::text_or_texts)
    }

    fn text_or_texts(&mut self, node: Node) -> Vec<String> {
        match node.value {
            Value::Sequence(items) => items.into_iter().filter_map(|item| self.text_of(item)).collect(),
            _ => self.text_of(node).into_iter().collect(),
        }
    }

    /// A flag; false if absent.
    pub(super) fn flag(&mut self, entry: Entry) -> bool {
        self.choice(entry) == Some(true)
    }

    /// An optional flag. Words are converted as in [`crate::load::cast`].
    pub(super) fn choice(&mut self, entry: Entry) -> Option<bool> {
        self.under(entry, |d, node| match &node.value {
            Value::Bool(value) => Some(*value),
            Value::Null => None,
            Value::String(text) => match text.to_lowercase().as_str() {
                "true" | "y" | "yes" | "on" => Some(true),
                "false" | "n" | "no" | "off" => Some(false),
                _ => {
                    d.refuse(node.span, DecodeProblem::Boolean { text: text.clone() });
                    None
                }
            },
            _ => {
                d.refuse_kind(&node, "a boolean");
                None
            }
        })
    }

    /// A whole number; 0 if absent.
    pub(super) fn number(&mut self, entry: Entry) -> i64 {
        self.some_number(entry).unwrap_or_default()
    }

    /// A whole number. Decimals are cut off, text is parsed.
    pub(super) fn some_number(&mut self, entry: Entry) -> Option<i64> {
        self.under(entry, |d, node| d.number_of(&node))
    }

    /// As [`Self::some_number`], of the value at the path.
    pub(super) fn number_of(&mut self, node: &Node) -> Option<i64> {
        match &node.value {
            Value::String(text) => self.parse(text, node.span, "a whole number"),
            _ => self.whole(node),
        }
    }

    /// A whole number of an unsigned or smaller type; text is refused.
    pub(super) fn some_unsigned<T: TryFrom<i64> + Limits>(&mut self, entry: Entry) -> Option<T> {
        self.under(entry, |d, node| {
            if let Value::String(text) = &node.value {
                d.refuse(node.span, DecodeProblem::NumberAsText { text: text.clone() });
                return None;
            }
            let number = d.whole(&node)?;
            let fitting = T::try_from(number).ok();
            if fitting.is_none() {
                let number = scalar::written(&node.value, node.span, d.sources);
                d.refuse(node.span, DecodeProblem::Range { number, least: 0, most: T::MOST });
            }
            fitting
        })
    }

    /// As [`Self::some_unsigned`]; 0 if absent.
    pub(super) fn unsigned<T: TryFrom<i64> + Limits + Default>(&mut self, entry: Entry) -> T {
        self.some_unsigned(entry).unwrap_or_default()
    }

    fn whole(&mut self, node: &Node) -> Option<i64> {
        match node.value {
            Value::Int(number) => Some(number),
            Value::Float(number) => Some(self.cut(number, node.span)),
            Value::Null => None,
            _ => {
                self.refuse_kind(node, "a whole number");
                None
            }
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "decimals are cut off, and what is too large saturates")]
    fn cut(&mut self, number: f64, span: Span) -> i64 {
        let becomes = number.trunc() as i64;
        if number.fract() != 0.0 {
            let (path, written) = (self.path(), scalar::written(&Value::Float(number), span, self.sources));
            self.warnings.push(DecodeWarning::CutDecimals { path, written, becomes, span });
        }
        becomes
    }

    /// A 32-bit float; 0 if absent.
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "the model has 32 bits for it")]
    pub(super) fn float(&mut self, entry: Entry) -> f32 {
        self.under(entry, |d, node| match &node.value {
            Value::Int(number) => *number as f32,
            Value::Float(number) => *number as f32,
            Value::Null => 0.0,
            Value::String(text) => d.parse::<f64>(text, node.span, "a number").unwrap_or_default() as f32,
            _ => {
                d.refuse_kind(&node, "a number");
                0.0
            }
        })
    }

    fn parse<T: FromStr>(&mut self, text: &str, span: Span, expected: &'static str) -> Option<T> {
        let number = text.parse().ok();
        if number.is_none() {
            self.refuse(span, DecodeProblem::Number { text: text.to_owned(), expected });
        }
        number
    }

    /// A size; 0 if absent.
    pub(super) fn bytes(&mut self, entry: Entry) -> ByteSize {
        self.under(entry, |d, node| match &node.value {
            Value::Int(bytes) => ByteSize(*bytes),
            Value::Float(_) => {
                let (path, written) = (d.path(), scalar::written(&node.value, node.span, d.sources));
                d.warnings.push(DecodeWarning::FractionOfBytes { path, written, span: node.span });
                ByteSize(0)
            }
            _ => d.read(&node, "a size").unwrap_or_default(),
        })
    }

    /// A duration.
    pub(super) fn duration(&mut self, entry: Entry) -> Option<Duration> {
        self.under(entry, |d, node| d.read(&node, "a duration"))
    }

    /// A file mode: a number as is, or octal text.
    pub(super) fn file_mode(&mut self, entry: Entry) -> Option<FileMode> {
        self.under(entry, |d, node| match node.value {
            Value::Int(bits) => Some(FileMode(bits)),
            // `0999`.
            Value::Float(_) => {
                let written = scalar::written(&node.value, node.span, d.sources);
                d.read(&Node { value: Value::String(written), ..node }, "a file mode")
            }
            _ => d.read(&node, "a file mode"),
        })
    }

    /// A number of devices; 0 if absent.
    pub(super) fn device_count(&mut self, entry: Entry) -> DeviceCount {
        self.under(entry, |d, node| match node.value {
            Value::Int(count) => Some(DeviceCount(count)),
            _ => d.read(&node, "a number of devices"),
        })
        .unwrap_or_default()
    }

    /// Parses text with a grammar.
    fn read<T>(&mut self, node: &Node, expected: &'static str) -> Option<T>
    where
        T: FromStr,
        T::Err: Into<DecodeProblem>,
    {
        match &node.value {
            Value::String(text) => text.parse().map_err(|error: T::Err| self.refuse(node.span, error)).ok(),
            Value::Null => None,
            _ => {
                self.refuse_kind(node, expected);
                None
            }
        }
    }

    /// One of several words.
    pub(super) fn word<T: Copy>(
        &mut self,
        entry: Entry,
        words: &[(&str, T)],
        accepted: &'static [&'static str],
    ) -> Option<T> {
        self.under(entry, |d, node| {
            let text = node.as_str()?;
            let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
            if found.is_none() {
                d.refuse(node.span, DecodeProblem::Word { text: text.to_owned(), accepted });
            }
            found
        })
    }

    /// A command: list items as they are, text split into words; null means the image's command.
    pub(super) fn command(&mut self, entry: Entry) -> Option<Vec<String>> {
        match &entry.1.value {
            Value::Null => None,
            Value::String(_) => self.under(entry, |d, node| d.split_command(&node)),
            _ => Some(self.list(entry, Self::text_of)),
        }
    }

    fn split_command(&mut self, node: &Node) -> Option<Vec<String>> {
        let text = node.as_str()?;
        match command::split(text) {
            Ok(split) => {
                if let Some((at, operator)) = split.cut_at.and_then(|at| Some((at, text[at..].chars().next()?))) {
                    let (path, span) = (self.path(), self.place_in(node, at));
                    self.warnings.push(DecodeWarning::CutCommand { path, operator, span });
                }
                Some(split.words)
            }
            Err(error) => {
                let span = self.place_in(node, error.at());
                self.refuse(span, error);
                None
            }
        }
    }

    /// The place of byte `at` of a text, if the text is in its file verbatim; else the place of the text.
    fn place_in(&self, node: &Node, at: usize) -> Span {
        let text = node.as_str().unwrap_or_default();
        match self.sources.text(node.span).find(text) {
            Some(start) if !text.is_empty() => node.span.slice(start + at, start + at + 1),
            _ => node.span,
        }
    }

    /// The words of a healthcheck test: text is run by a shell.
    pub(super) fn probe(&mut self, entry: Entry) -> Vec<String> {
        let is_text = entry.1.as_str().is_some();
        let mut words = self.texts(entry);
        if is_text {
            words.insert(0, "CMD-SHELL".to_owned());
        }
        words
    }

    /// Entries of a hosts file, from a list, or from a mapping of hosts to one or more addresses.
    pub(super) fn extra_hosts(&mut self, entry: Entry) -> ExtraHosts {
        let mut hosts = ExtraHosts::default();
        if entry.1.as_sequence().is_some() {
            self.list(entry, |d, node| {
                let span = node.span;
                let text = d.text_of(node)?;
                hosts.add(&text).map_err(|error| d.refuse(span, error)).ok()
            });
            return hosts;
        }
        self.under(entry, |d, node| {
            for (key, node) in d.mapping(node).into_iter().flatten() {
                let span = key.span;
                let is_null = node.is_null();
                let (host, mut addresses) = d.named(key, |d| d.text_or_texts(node));
                if is_null {
                    addresses.push(String::new());
                }
                if let Err(error) = hosts.insert(&host, addresses.iter().map(String::as_str)) {
                    d.refuse(span, error);
                }
            }
        });
        hosts
    }
}

/// The largest number of an unsigned type.
pub(super) trait Limits {
    const MOST: u64;
}

impl Limits for u16 {
    const MOST: u64 = u16::MAX as u64;
}

impl Limits for u32 {
    const MOST: u64 = u32::MAX as u64;
}

impl Limits for u64 {
    const MOST: u64 = u64::MAX;
}
