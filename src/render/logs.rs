//! Prints the output of containers, with a prefix that names the container.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use crate::diagnostic::redact;
use crate::diagnostic::visible::{Colors, visible};
use crate::event::Output;
use crate::render::watch;

/// Colours of sources, in order of appearance; they repeat after the last.
const COLOURS: [&str; 10] = ["36", "33", "32", "35", "34", "36;1", "33;1", "32;1", "35;1", "34;1"];

/// How to show output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSettings {
    /// Whether lines begin with the name of their source.
    pub prefix: Prefix,
    /// Whether prefixes and notices are coloured.
    pub color: bool,
    /// Whether lines show the time at which they arrived.
    pub timestamps: bool,
    /// Whether something else draws on the same terminal, so that notices must clear their line.
    pub clear_line: bool,
}

/// Whether lines begin with the name of their source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Prefix {
    /// They do.
    #[default]
    Name,
    /// They do not (`--no-log-prefix`).
    None,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { prefix: Prefix::Name, color: false, timestamps: false, clear_line: false }
    }
}

/// Prints the output of several sources.
#[derive(Debug)]
pub struct LogPrinter {
    settings: LogSettings,
    sources: BTreeMap<Arc<str>, Source>,
    /// Length of the longest name, plus one.
    width: usize,
    colours_used: usize,
    line: Vec<u8>,
}

#[derive(Debug)]
struct Source {
    colour: &'static str,
    prefix: Vec<u8>,
    /// The width that `prefix` was made for.
    width: usize,
}

impl LogPrinter {
    /// A printer that has not seen any source yet.
    #[must_use]
    pub fn new(settings: LogSettings) -> Self {
        Self { settings, sources: BTreeMap::new(), width: 0, colours_used: 0, line: Vec::new() }
    }

    /// Writes `output`: lines of standard error and warnings to `err`, the rest to `out`.
    ///
    /// # Errors
    ///
    /// If writing to one of them fails.
    pub fn write(&mut self, output: &Output, out: &mut impl Write, err: &mut impl Write) -> io::Result<()> {
        match output {
            Output::Attaching(sources) => {
                for source in sources {
                    self.register(source);
                }
                writeln!(out, "Attaching to {}", shown(&sources.join(", ")))
            }
            Output::Lines { source, stderr: false, bytes } => self.lines(source, bytes, out),
            Output::Lines { source, stderr: true, bytes } => self.lines(source, bytes, err),
            Output::Exited { source, exit_code, restarting } => {
                let restarting = if *restarting { " (restarting)" } else { "" };
                self.notice(source, &format!("exited with code {exit_code}{restarting}"), out)
            }
            Output::Recreated { source } => self.notice(source, "has been recreated", out),
            Output::Unreadable { source, message } => {
                writeln!(err, "Can't retrieve logs for \"{}\": {}", shown(source), shown(message))
            }
            Output::Watch(note) => {
                let text = redact::text(&watch::message(note));
                let prefix = self.watch_prefix();
                let clear = if self.settings.clear_line { "\r\x1b[K" } else { "" };
                let line = |out: &mut dyn Write, line: &str| writeln!(out, "{clear}{prefix}{}", shown(line));
                text.lines()
                    .try_for_each(|text| if watch::is_trouble(note) { line(err, text) } else { line(out, text) })
            }
        }
    }

    fn register(&mut self, source: &Arc<str>) {
        if self.sources.contains_key(source) {
            return;
        }
        self.width = self.width.max(unicode_width::UnicodeWidthStr::width(&*shown(source)) + 1);
        let colour = if let Some(replica) = self.replica_of(source) {
            replica.colour
        } else {
            self.colours_used += 1;
            COLOURS[(self.colours_used - 1) % COLOURS.len()]
        };
        self.sources.insert(source.clone(), Source { colour, prefix: Vec::new(), width: 0 });
    }

    /// The output of a hook has the colour of its container: `web-1 ->`.
    fn replica_of(&self, source: &str) -> Option<&Source> {
        self.sources.get(source.strip_suffix(" ->")?)
    }

    fn lines(&mut self, source: &Arc<str>, bytes: &[u8], out: &mut impl Write) -> io::Result<()> {
        let LogSettings { prefix, timestamps, .. } = self.settings;
        if prefix == Prefix::None && !timestamps {
            return out.write_all(bytes);
        }
        let stamp = timestamps.then(now).unwrap_or_default();
        // One buffer and one write for all lines of the batch.
        let mut buffer = std::mem::take(&mut self.line);
        buffer.clear();
        let prefix = if prefix == Prefix::Name { self.prefix(source) } else { &[] };
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            buffer.extend_from_slice(prefix);
            buffer.extend_from_slice(stamp.as_bytes());
            buffer.extend_from_slice(line);
        }
        let written = out.write_all(&buffer);
        self.line = buffer;
        written
    }

    fn prefix(&mut self, name: &Arc<str>) -> &[u8] {
        self.register(name);
        let (width, color) = (self.width, self.settings.color);
        let Some(source) = self.sources.get_mut(name) else { return &[] };
        if source.width != width {
            source.width = width;
            let name = shown(name);
            let padding = width.saturating_sub(unicode_width::UnicodeWidthStr::width(&*name));
            let text = format!("{name}{:padding$} | ", "");
            source.prefix = paint(&text, source.colour, color).into_bytes();
        }
        &source.prefix
    }

    /// What stands before what `watch` does, below the names of containers.
    fn watch_prefix(&self) -> String {
        if self.settings.prefix == Prefix::None || self.width == 0 {
            return String::new();
        }
        paint(&format!("{:width$} \u{29bf} ", "", width = self.width), "92", self.settings.color)
    }

    fn notice(&mut self, name: &Arc<str>, what: &str, out: &mut impl Write) -> io::Result<()> {
        self.register(name);
        let colour = self.sources.get(name).map_or(COLOURS[0], |source| source.colour);
        let clear = if self.settings.clear_line { "\r\x1b[K" } else { "" };
        writeln!(out, "{clear}{}", paint(&format!("{} {what}", shown(name)), colour, self.settings.color))
    }
}

/// A name or message, made safe for a terminal; output of the containers themselves is passed on unchanged.
fn shown(text: &str) -> Cow<'_, str> {
    visible(text, Colors::Shown)
}

fn paint(text: &str, colour: &str, painted: bool) -> String {
    if painted { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
}

/// The time by this machine's clock in a fixed width, followed by a space.
fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%9fZ ").to_string()
}
