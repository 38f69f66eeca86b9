//! Progress as lines: a space, then id, word and details, separated by spaces.

use std::collections::BTreeMap;
use std::io::{self, LineWriter, Write};

use super::record::Record;

/// Writes a line for each change of state.
#[derive(Debug)]
pub(super) struct Plain<W: Write> {
    out: LineWriter<W>,
    /// The last word for each layer of an image, so that byte counts do not cause lines.
    layers: BTreeMap<(Option<String>, String), String>,
}

impl<W: Write> Plain<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out: LineWriter::new(out), layers: BTreeMap::new() }
    }

    pub(super) fn record(&mut self, record: &Record) -> io::Result<()> {
        if record.parent_id.is_some() {
            return self.child(record);
        }
        writeln!(self.out, " {} {} {}", record.id, record.text, record.details)
    }

    /// Writes a line unchanged.
    pub(super) fn line(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.out, "{line}")
    }

    fn child(&mut self, record: &Record) -> io::Result<()> {
        let counts = record.current.is_some();
        let service = record.service.as_ref().map(|service| format!("{service} ")).unwrap_or_default();
        if record.is_build_output() && !counts {
            // Messages about the build as a whole have no number.
            let number = if record.is_about_whole_build() { "" } else { &format!("{} ", record.id) };
            let details = if record.details.is_empty() { "" } else { &format!(" {}", record.details) };
            return writeln!(self.out, "{service}{number}{}{details}", record.text);
        }
        let last = self.layers.insert((record.parent_id.clone(), record.id.clone()), record.text.clone());
        if last.as_ref() == Some(&record.text) {
            return Ok(());
        }
        if record.is_build_output() {
            return writeln!(self.out, "{service}{} {}", record.id, record.text);
        }
        writeln!(self.out, " {} {} {}", record.id, record.text, record.details)
    }
}
