//! Text in, [`Node`]s out: the only file that uses the YAML parser.
//!
//! The parser emits events; this file builds the tree from them, handling anchors, merge keys and limits on the size of
//! documents. Nothing recurses, so depth is limited by [`Limits`] and not by the stack.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Tag};

use super::ignored_tag::{self, IgnoredTag};
use super::merge_key::{Unmergeable, alias_at, merge_sources, value_after};
use super::patch::{Patches, Places};
use super::syntax::{self, Fault};
use super::{Key, Mapping, MergeTag, Node, Segment, Value, YamlError, scalar};
use crate::source::{Encoding, FileId, SourceFile, SourceMap, Span, Spanned};

/// Limits for one document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Maximum number of values, counting every use of an alias; 1,000,000 by default.
    pub nodes: usize,
    /// Maximum nesting depth; 400 by default.
    pub depth: usize,
    /// Maximum number of bytes of text copied by aliases; 32 MiB by default.
    pub copied_text: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { nodes: 1_000_000, depth: 400, copied_text: 32 << 20 }
    }
}

/// The content of a file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parsed {
    /// The documents in order; an invalid document ends the list and is not included.
    pub documents: Vec<Node>,
    /// All errors in them.
    pub errors: Vec<YamlError>,
    /// Tags such as `!include`, which mean something to other tools and nothing to Compose. Those below top-level `x-*`
    /// keys are not listed.
    pub ignored_tags: Vec<IgnoredTag>,
}

/// Parses all documents of `file`.
///
/// An empty document is null; a file without any document yields an empty list.
#[must_use]
pub fn parse(sources: &SourceMap, file: FileId) -> Parsed {
    parse_within(sources, file, Limits::default())
}

/// Like [`parse`], with other limits.
#[must_use]
pub fn parse_within(sources: &SourceMap, file: FileId, limits: Limits) -> Parsed {
    let source = sources.file(file);
    if let Some(error) = unreadable(source, file) {
        return Parsed { errors: vec![error], ..Parsed::default() };
    }
    let text = source.text();
    let mut patches = Patches::default();
    let mut budget = RETRY_BUDGET;
    loop {
        let changed = patches.apply(text);
        let offsets = Offsets::new(&changed, &patches);
        let mut composer = Composer::new(text, file, limits);
        let Some((at, error)) = compose(&changed, &offsets, &mut composer) else { return composer.parsed };
        let fits = budget.checked_sub(text.len());
        if fits.is_none() || !patches.add(text, at, error.info()) {
            let (at, fault) = patches.blame(text, at, fault(&error));
            composer.break_off(at, &fault);
            return composer.parsed;
        }
        budget = fits.unwrap_or_default();
    }
}

/// Maximum nesting of brackets that the parser supports.
const PARSER_DEPTH: usize = 255;

/// Maximum number of bytes that are reparsed with patches before giving up.
const RETRY_BUDGET: usize = 1 << 27;

/// Problems that prevent parsing the file at all: invalid bytes, characters and directives.
fn unreadable(source: &SourceFile, file: FileId) -> Option<YamlError> {
    let text = source.text();
    let character = |at: usize| text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    if source.encoding() == (Encoding::Utf16 { marked: false }) {
        return Some(YamlError::Unmarked { span: Span::new(file, 0, character(0)) });
    }
    if let Some(at) = source.not_text() {
        let span = Span::new(file, at, at + character(at));
        return Some(YamlError::NotText { encoding: source.encoding(), span });
    }
    if let Some((at, character)) = control_character(text) {
        let span = Span::new(file, at, at + character.len_utf8());
        return Some(YamlError::ControlCharacter { character, span });
    }
    refused_directive(text, file)
}

/// How many bytes are looked at together.
const BLOCK: usize = 64;

fn control_character(text: &str) -> Option<(usize, char)> {
    // Most files have none of the bytes that such characters consist of.
    let suspect = |byte: u8| !matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    // By blocks, whose bytes are looked at together.
    let blocks = text.as_bytes().chunks(BLOCK);
    let clean = blocks.take_while(|block| !block.iter().fold(false, |found, byte| found | suspect(*byte))).count();
    let clean = (clean * BLOCK).min(text.len());
    let start = clean + text.as_bytes()[clean..].iter().position(|byte| suspect(*byte))?;
    let mut characters = text[start..].char_indices();
    characters.find(|(_, character)| is_control(*character)).map(|(at, character)| (start + at, character))
}

fn is_control(character: char) -> bool {
    matches!(character,
        '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}'
        | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// The first directive that is neither `%YAML 1.1` nor a `%TAG`.
fn refused_directive(text: &str, file: FileId) -> Option<YamlError> {
    if !text.as_bytes().contains(&b'%') {
        return None;
    }
    let mut before_document = true;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end();
        if before_document && content.starts_with('%') {
            let mut words = content.split_whitespace();
            let accepted = match words.next() {
                Some("%YAML") => words.next() == Some("1.1"),
                word => word == Some("%TAG"),
            };
            if !accepted {
                let span = Span::new(file, start, start + content.len());
                return Some(YamlError::Directive { directive: content.to_owned(), span });
            }
        } else if content == "..." {
            before_document = true;
        } else if !content.is_empty() && !content.trim_start().starts_with('#') {
            before_document = false;
        }
        start += line.len();
    }
    None
}

/// Maps characters of the patched text to byte offsets in the original text.
struct Offsets<'a> {
    text: &'a str,
    places: Places,
    /// One offset per character; empty if all characters are one byte.
    bytes: Vec<u32>,
}

impl<'a> Offsets<'a> {
    fn new(text: &'a str, patches: &Patches) -> Self {
        let bytes = if text.is_ascii() {
            Vec::new()
        } else {
            text.char_indices().map(|(at, _)| u32::try_from(at).unwrap_or(u32::MAX)).collect()
        };
        Self { text, places: patches.places(), bytes }
    }

    fn byte(&self, character: usize) -> usize {
        let patched = if self.bytes.is_empty() {
            character.min(self.text.len())
        } else {
            self.bytes.get(character).map_or(self.text.len(), |at| *at as usize)
        };
        self.places.written(patched)
    }

    fn range(&self, span: &saphyr_parser::Span) -> (usize, usize) {
        let start = self.byte(span.start.index());
        (start, self.byte(span.end.index()).max(start))
    }
}

/// Parses all documents of `text` into `composer`; returns the error that ends them, and its place.
fn compose(text: &str, offsets: &Offsets<'_>, composer: &mut Composer<'_>) -> Option<(usize, ScanError)> {
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        match event {
            Ok((event, span)) => {
                if composer.event(event, offsets.range(&span)).is_break() {
                    return None;
                }
            }
            Err(error) => return Some((offsets.byte(error.marker().index()), error)),
        }
    }
    None
}

fn fault(error: &ScanError) -> Fault {
    let info = error.info();
    let has = |part: &str| info.contains(part);
    if has("unknown anchor") {
        Fault::UnknownAnchor
    } else if has("scanning an anchor or alias") || has("invalid indentation for anchor") {
        Fault::NoAnchorName
    } else if has("quoted scalar, found unexpected")
        || has("invalid indentation in quoted scalar")
        || has("unexpected end of plain scalar")
    {
        Fault::OpenQuote
    } else if has("found unknown escape") || has("expected hexadecimal number") || has("escape code") {
        Fault::Escape
    } else if has("trailing content after") {
        Fault::AfterQuote
    } else if has("unexpected character") || has("expected node content") {
        Fault::FirstCharacter
    } else if has("scanning a block scalar") && has("line break") {
        Fault::BlockHeader
    } else if has("recursion limit") {
        Fault::TooDeep
    } else if has("block sequence entries are not allowed") || has("only valid inside a block") {
        Fault::ListInLine
    } else if has("mapping values are not allowed") || has("illegal placement of ':'") {
        Fault::Colon
    } else if has("flow") || has("bracket") || has("':' may not precede") {
        Fault::Flow
    } else if has("tab") {
        Fault::Tab
    } else if has("expected key") || has("expected '-'") || has("indent") || has("simple key") {
        Fault::Indentation
    } else {
        Fault::Other(info.to_owned())
    }
}

/// A finished node and its share of the limits.
#[derive(Clone)]
struct Built {
    node: Node,
    /// Number of values in it, including itself.
    nodes: usize,
    /// Number of levels, including itself.
    depth: usize,
    /// Number of bytes of text in it.
    text: usize,
}

/// The value of an anchor.
enum Anchored {
    /// Still being read; it starts here.
    Open(Span),
    Done(Built),
}

/// A key that waits for its value.
enum Pending {
    Key(Key),
    /// A key that the mapping has already, which has been reported; its value is read and dropped.
    Repeated(Key),
    /// `<<`.
    Merge(Key),
    /// A key that is a collection, which has been reported; its value is read and dropped.
    Dropped,
}

enum Content {
    Sequence(Vec<Node>),
    Mapping { entries: Mapping, pending: Option<Pending>, merge: Option<Box<(Key, Node)>> },
}

/// A collection being read.
struct Frame {
    content: Content,
    anchor: usize,
    tag: Option<MergeTag>,
    start: usize,
    /// End of the last value read in it.
    end: usize,
    nodes: usize,
    depth: usize,
    text: usize,
}

struct Composer<'a> {
    text: &'a str,
    file: FileId,
    limits: Limits,
    parsed: Parsed,
    stack: Vec<Frame>,
    anchors: HashMap<usize, Anchored>,
    root: Option<Node>,
    /// Number of values in this document, and how many of them came from aliases.
    nodes: usize,
    aliased: usize,
    /// Number of bytes of text that came from aliases.
    copied_text: usize,
}

/// Whether to read on.
type Flow = std::ops::ControlFlow<()>;

impl<'a> Composer<'a> {
    fn new(text: &'a str, file: FileId, limits: Limits) -> Self {
        Self {
            text,
            file,
            limits,
            parsed: Parsed::default(),
            stack: Vec::new(),
            anchors: HashMap::new(),
            root: None,
            nodes: 0,
            aliased: 0,
            copied_text: 0,
        }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end)
    }

    fn event(&mut self, event: Event<'_>, (start, end): (usize, usize)) -> Flow {
        match event {
            Event::DocumentStart(_) => {
                self.anchors.clear();
                self.root = None;
                (self.nodes, self.aliased, self.copied_text) = (0, 0, 0);
            }
            Event::DocumentEnd => self.parsed.documents.extend(self.root.take()),
            Event::Scalar(text, style, anchor, tag) => {
                return self.scalar(&text, style, anchor, tag.as_deref(), (start, end));
            }
            Event::Alias(anchor) => return self.alias(anchor, self.span(start, end)),
            Event::SequenceStart(anchor, tag) => {
                return self.open(Content::Sequence(Vec::new()), anchor, tag.as_deref(), (start, end));
            }
            Event::MappingStart(anchor, tag) => {
                let content = Content::Mapping { entries: Mapping::new(), pending: None, merge: None };
                return self.open(content, anchor, tag.as_deref(), (start, end));
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(start, end),
            Event::Nothing | Event::StreamStart | Event::StreamEnd => {}
        }
        Flow::Continue(())
    }

    fn open(&mut self, content: Content, anchor: usize, tag: Option<&Tag>, (start, end): (usize, usize)) -> Flow {
        let span = self.span(start, end);
        if self.stack.len() >= self.limits.depth {
            self.parsed.errors.push(YamlError::TooDeep { limit: self.limits.depth, span });
            return Flow::Break(());
        }
        if anchor > 0 {
            self.anchors.insert(anchor, Anchored::Open(span));
        }
        self.note_tag(tag, None, start);
        let tag = tag.and_then(merge_tag);
        self.stack.push(Frame { content, anchor, tag, start, end: start, nodes: 1, depth: 1, text: 0 });
        self.count(1, span)
    }

    /// Remembers a tag of another tool, which is before the value at `start` or at it.
    fn note_tag(&mut self, tag: Option<&Tag>, value: Option<&str>, start: usize) {
        let Some(tag) = tag.filter(|tag| tag.handle == "!" && !tag.suffix.is_empty() && merge_tag(tag).is_none())
        else {
            return;
        };
        let extension = self.stack.first().is_some_and(|frame| match &frame.content {
            Content::Mapping { pending: Some(Pending::Key(key) | Pending::Repeated(key)), .. } => {
                key.name.starts_with("x-")
            }
            Content::Mapping { .. } | Content::Sequence(_) => false,
        });
        if !extension && let Some((tag, at)) = ignored_tag::locate(self.text, &tag.suffix, start) {
            let value = value.filter(|value| !value.contains('\n')).map(str::to_owned);
            let span = self.span(at, at + tag.len());
            self.parsed.ignored_tags.push(IgnoredTag { tag, value, span });
        }
    }

    /// Counts `nodes` more values.
    fn count(&mut self, nodes: usize, span: Span) -> Flow {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > self.limits.nodes {
            self.parsed.errors.push(YamlError::TooManyNodes { limit: self.limits.nodes, span });
            return Flow::Break(());
        }
        Flow::Continue(())
    }

    fn close(&mut self, start: usize, end: usize) {
        let Some(frame) = self.stack.pop() else { return };
        // A collection in brackets ends at its bracket, others at the end of their last value.
        let end = if end > start && self.text[start..end].starts_with([']', '}']) { end } else { frame.end };
        let span = self.span(frame.start, end.max(frame.start));
        let value = match frame.content {
            Content::Sequence(items) => Value::Sequence(items),
            Content::Mapping { mut entries, merge, .. } => {
                if let Some(merge) = merge {
                    let (key, target) = *merge;
                    self.merge(&mut entries, &key, target);
                }
                Value::Mapping(entries)
            }
        };
        let node = Node { value, span, tag: frame.tag };
        self.finish(Built { node, nodes: frame.nodes, depth: frame.depth, text: frame.text }, frame.anchor, end);
    }

    /// Adds the entries from `<<` to the written ones.
    fn merge(&mut self, entries: &mut Mapping, key: &Key, target: Node) {
        let sources = match merge_sources(target.value) {
            Ok(sources) => sources,
            Err(Unmergeable { kind, assignments, item }) => {
                let written = value_after(self.text, key.span.end as usize);
                let alias = alias_at(written, item.0);
                // The caret is at the item.
                let kind = if alias.is_some() && alias != Some(written) { item.1.to_owned() } else { kind };
                let place = alias.unwrap_or(written);
                let span = if place.is_empty() { key.span } else { self.span_of(place) };
                let alias = alias.map(str::to_owned);
                self.parsed.errors.push(YamlError::MergeTarget { kind, alias, assignments, span });
                return;
            }
        };
        for (key, node) in sources.into_iter().flatten() {
            if !entries.contains(&key.name) {
                entries.insert(key, node);
            }
        }
    }

    /// The place of a part of the text.
    fn span_of(&self, part: &str) -> Span {
        let start = part.as_ptr() as usize - self.text.as_ptr() as usize;
        self.span(start, start + part.len())
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        range: (usize, usize),
    ) -> Flow {
        let text = self.as_far_as_written(text, style, range.1);
        self.note_tag(tag, Some(text), range.0);
        let (start, end) = self.scalar_range(text, style, range);
        let mut span = self.span(start, end);
        let plain = style == ScalarStyle::Plain;
        if let Some(Frame { content: Content::Mapping { pending, .. }, .. }) = self.stack.last_mut() {
            match pending {
                None if plain && text == "<<" && tag.is_none_or(|tag| core_tag(tag).as_deref() == Some("merge")) => {
                    let key = Key { name: text.to_owned(), span };
                    self.pending_merge(key);
                    return Flow::Continue(());
                }
                // An empty value has the place of its key.
                Some(Pending::Key(key) | Pending::Repeated(key) | Pending::Merge(key)) if start == end => {
                    span = key.span;
                }
                _ => {}
            }
        }
        let value = match tag.map(core_tag) {
            None | Some(None) if plain => scalar::resolve(text),
            None | Some(None) => Value::String(text.to_owned()),
            Some(Some(tag)) => scalar::tagged(&tag, text).unwrap_or_else(|| {
                self.parsed.errors.push(YamlError::TagMismatch { tag, text: text.to_owned(), span });
                Value::Null
            }),
        };
        let node = Node { value, span, tag: tag.and_then(merge_tag) };
        let flow = self.count(1, span);
        self.finish(Built { node, nodes: 1, depth: 1, text: text.len() }, anchor, end);
        flow
    }

    /// The text of a scalar without tag, anchor, and spaces and comments after it. As in Docker Compose, a block at the
    /// end of a file without a line break does not end with one either.
    fn as_far_as_written<'t>(&self, text: &'t str, style: ScalarStyle, end: usize) -> &'t str {
        let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        if is_block && end >= self.text.len() && !self.text.ends_with(['\n', '\r']) {
            return text.strip_suffix('\n').unwrap_or(text);
        }
        text
    }

    fn scalar_range(&self, value: &str, style: ScalarStyle, (start, end): (usize, usize)) -> (usize, usize) {
        let whole = &self.text[start..end];
        let skipped = syntax::properties(whole);
        if skipped == whole.len() {
            return (start, start + whole.trim_end().len());
        }
        let start = start + skipped;
        let raw = &self.text[start..end];
        let length = match style {
            ScalarStyle::DoubleQuoted | ScalarStyle::SingleQuoted => syntax::quoted_length(raw),
            ScalarStyle::Plain if raw.starts_with(value) => value.len(),
            ScalarStyle::Plain => {
                let cut = raw.find(" #").unwrap_or(raw.len()).min(raw.find("\n#").unwrap_or(raw.len()));
                raw[..cut].trim_end().len()
            }
            ScalarStyle::Literal | ScalarStyle::Folded => raw.trim_end().len(),
        };
        (start, start + length)
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Flow {
        let built = match self.anchors.get(&anchor) {
            Some(Anchored::Done(built)) => built,
            Some(Anchored::Open(at)) => {
                let anchor = *at;
                let alias = Spanned::new(self.text[span.start as usize..span.end as usize].to_owned(), span);
                self.parsed.errors.push(YamlError::AliasCycle { alias, anchor });
                self.finish(
                    Built { node: Node::new(Value::Null, span), nodes: 1, depth: 1, text: 0 },
                    0,
                    span.end as usize,
                );
                return Flow::Continue(());
            }
            None => {
                let error = syntax::explain(self.text, self.file, span.start as usize, &Fault::UnknownAnchor);
                self.parsed.errors.push(error);
                return Flow::Break(());
            }
        };
        let (nodes, depth, text) = (built.nodes, built.depth, built.text);
        if self.stack.len() + depth > self.limits.depth {
            self.parsed.errors.push(YamlError::TooDeep { limit: self.limits.depth, span });
            return Flow::Break(());
        }
        self.aliased = self.aliased.saturating_add(nodes);
        if excessive(self.aliased, self.nodes.saturating_add(nodes)) {
            self.parsed.errors.push(YamlError::ExcessiveAliasing { nodes: self.aliased, span });
            return Flow::Break(());
        }
        self.copied_text = self.copied_text.saturating_add(text);
        if self.copied_text > self.limits.copied_text {
            self.parsed.errors.push(YamlError::ExcessiveText { limit: self.limits.copied_text, span });
            return Flow::Break(());
        }
        self.count(nodes, span)?;
        let Some(Anchored::Done(built)) = self.anchors.get(&anchor) else { return Flow::Continue(()) };
        let built = built.clone();
        self.finish(built, 0, span.end as usize);
        Flow::Continue(())
    }

    /// Adds a finished node to its collection, or to the documents.
    fn finish(&mut self, built: Built, anchor: usize, end: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, Anchored::Done(built.clone()));
        }
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(built.node);
            return;
        };
        frame.end = frame.end.max(end);
        frame.nodes += built.nodes;
        frame.text += built.text;
        frame.depth = frame.depth.max(built.depth + 1);
        match &mut frame.content {
            Content::Sequence(items) => items.push(built.node),
            Content::Mapping { entries, pending, merge } => match pending.take() {
                None => self.key(built.node),
                Some(Pending::Dropped | Pending::Repeated(_)) => {}
                Some(Pending::Merge(key)) => *merge = Some(Box::new((key, built.node))),
                Some(Pending::Key(key)) => entries.push(key, built.node),
            },
        }
    }

    /// Takes `node` as the key of the innermost mapping.
    fn key(&mut self, node: Node) {
        let span = node.span;
        let name = if let Value::String(name) = node.value {
            name
        } else {
            let raw = self.text.get(span.start as usize..span.end as usize).unwrap_or_default();
            let key = Spanned::new(syntax::shorten(raw), span);
            let (kind, within) = (node.value.kind(), self.location());
            let item = self.numbers(span);
            self.parsed.errors.push(YamlError::NonStringKey { key, kind, within, item });
            if matches!(node.value, Value::Sequence(_) | Value::Mapping(_)) {
                return self.set_pending(Pending::Dropped);
            }
            raw.to_owned()
        };
        let first = match self.stack.last() {
            Some(Frame { content: Content::Mapping { entries, .. }, .. }) => {
                entries.entry(&name).map(|(key, _)| key.span)
            }
            _ => None,
        };
        if let Some(first) = first {
            self.duplicate(&name, span, first);
            return self.set_pending(Pending::Repeated(Key { name, span }));
        }
        self.set_pending(Pending::Key(Key { name, span }));
    }

    fn pending_merge(&mut self, key: Key) {
        let first = match self.stack.last() {
            Some(Frame { content: Content::Mapping { merge: Some(merge), .. }, .. }) => Some(merge.0.span),
            _ => None,
        };
        match first {
            Some(first) => {
                self.duplicate("<<", key.span, first);
                self.set_pending(Pending::Dropped);
            }
            None => self.set_pending(Pending::Merge(key)),
        }
    }

    fn duplicate(&mut self, name: &str, span: Span, first: Span) {
        let within = self.location();
        let mut merged = Vec::new();
        if name == "<<" {
            let targets = |key: Span| value_after(self.text, key.end as usize).trim_matches(['[', ']']).trim();
            let again = targets(span);
            // A third `<<` belongs to the error about the second one.
            if let Some(YamlError::DuplicateKey { first: known, merged, .. }) = self.parsed.errors.last_mut()
                && *known == first
            {
                merged.push(again.to_owned());
                return;
            }
            merged = vec![targets(first).to_owned(), again.to_owned()];
            merged.retain(|target| !target.is_empty());
        }
        let key = Spanned::new(name.to_owned(), span);
        self.parsed.errors.push(YamlError::DuplicateKey { key, first, within, merged });
    }

    fn set_pending(&mut self, key: Pending) {
        if let Some(Frame { content: Content::Mapping { pending, .. }, end, .. }) = self.stack.last_mut() {
            if let Pending::Key(key) | Pending::Repeated(key) | Pending::Merge(key) = &key {
                *end = (*end).max(key.span.end as usize);
            }
            *pending = Some(key);
        }
    }

    /// The path of the innermost mapping, for a message.
    fn location(&self) -> String {
        let outer = &self.stack[..self.stack.len().saturating_sub(1)];
        let path = outer.iter().fold(super::Path::root(), |path, frame| match &frame.content {
            Content::Sequence(items) => path.index(items.len()),
            Content::Mapping {
                pending: Some(Pending::Key(key) | Pending::Repeated(key) | Pending::Merge(key)),
                ..
            } => path.then(Segment::Key(key.name.clone())),
            Content::Mapping { .. } => path,
        });
        path.to_string()
    }

    /// `8080:80` for the list item `8080: 80`, whose key is at `key`.
    fn numbers(&self, key: Span) -> Option<String> {
        let [.., list, mapping] = self.stack.as_slice() else { return None };
        let starts_item = matches!(list.content, Content::Sequence(_)) && mapping.start == key.start as usize;
        let first = self.text.get(key.start as usize..key.end as usize)?;
        let second = self.text[key.end as usize..].lines().next()?.strip_prefix(": ")?.trim();
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let port = second.split('/').next()?;
        (starts_item && is_number(first) && is_number(port)).then(|| format!("{first}:{second}"))
    }

    /// Reports the syntax error that ends the document.
    fn break_off(&mut self, at: usize, fault: &Fault) {
        let line_start = self.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        // Braces meant as text cause both a mapping as a key and a syntax error; the latter is enough.
        self.parsed.errors.retain(
            |error| !matches!(error, YamlError::NonStringKey { key, .. } if key.span.start as usize >= line_start),
        );
        self.parsed.errors.push(if *fault == Fault::TooDeep {
            YamlError::TooDeep { limit: PARSER_DEPTH, span: self.span(at, at + 1) }
        } else {
            syntax::explain(self.text, self.file, at, fault)
        });
    }
}

/// `!reset` and `!override`.
fn merge_tag(tag: &Tag) -> Option<MergeTag> {
    match (tag.handle.as_str(), tag.suffix.as_str()) {
        ("!", "reset") => Some(MergeTag::Reset),
        ("!", "override") => Some(MergeTag::Override),
        _ => None,
    }
}

/// The name of a core YAML tag; other tags are ignored.
fn core_tag(tag: &Tag) -> Option<String> {
    let full = format!("{}{}", tag.handle, tag.suffix);
    if full == "!" {
        return Some("str".to_owned());
    }
    full.strip_prefix("tag:yaml.org,2002:").map(str::to_owned)
}

/// Whether `aliased` of `nodes` values exceed a reasonable share: 99% up to 400,000 values, falling to 10% at
/// 4,000,000. Small documents are not limited.
fn excessive(aliased: usize, nodes: usize) -> bool {
    const FREE: usize = 100_000;
    const LOW: usize = 400_000;
    const HIGH: usize = 4_000_000;
    if aliased <= FREE {
        return false;
    }
    // In thousandths, to avoid rounding.
    let allowed = match nodes {
        0..=LOW => 990,
        HIGH.. => 100,
        _ => 990 - 890 * (nodes - LOW) / (HIGH - LOW),
    };
    aliased / 1000 * 1000 * 1000 > nodes.saturating_mul(allowed)
}

#[cfg(test)]
mod tests;
