//! Progress as JSON, one object per line, without empty members.

use std::io::{self, LineWriter, Write};

use serde::Serialize;

use super::record::{Record, RecordState};
use crate::render::text::escape_html;

/// Writes an object for each change of state.
#[derive(Debug)]
pub(super) struct Json<W: Write> {
    out: LineWriter<W>,
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_id: Option<&'a str>,
    status: RecordState,
    #[serde(skip_serializing_if = "str::is_empty")]
    text: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    details: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    percent: Option<u64>,
}

impl<W: Write> Json<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out: LineWriter::new(out) }
    }

    pub(super) fn record(&mut self, record: &Record) -> io::Result<()> {
        let parent_id = record.parent_id.as_deref();
        let (id, parent_id) = match parent_id {
            Some(image) if record.is_about_whole_build() => (image, None),
            parent_id => (record.id.as_str(), parent_id),
        };
        let line = Line {
            id,
            parent_id,
            status: record.state,
            text: &record.text,
            details: &record.details,
            current: record.current.filter(|bytes| *bytes > 0),
            total: record.total.filter(|bytes| *bytes > 0),
            percent: record.percent().filter(|percent| *percent > 0),
        };
        let json = serde_json::to_string(&line)?;
        writeln!(self.out, "{}", escape_html(&json))
    }
}
