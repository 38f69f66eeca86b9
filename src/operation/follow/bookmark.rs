//! Tracks how far a container's output has been read: lines in; the lines to show, and the position to resume from
//! after a lost connection, out.

use std::borrow::Cow;
use std::time::SystemTime;

use crate::engine::line_buffer::Batch;
use crate::engine::{LogQuery, OutputStream};

/// Engines split longer lines into pieces and put a timestamp before each.
const PIECE: usize = 16 * 1024;
/// Maximum length of a timestamp.
const LONGEST_STAMP: usize = 40;

/// How far the output of a container has been read.
#[derive(Debug, Clone, Default)]
pub(super) struct Bookmark {
    /// The time of the latest line, in nanoseconds since 1970, and how many lines have it; for streams with timestamps.
    latest: Option<(i128, u64)>,
    /// What was read of a stream without timestamps.
    untimed: Option<Untimed>,
}

/// How far a stream without timestamps has been read.
#[derive(Debug, Clone, Copy, Default)]
struct Untimed {
    /// When reading began, unless that was before the container started.
    since: Option<i128>,
    /// When reading ended.
    until: Option<i128>,
    shown: Bytes,
}

/// Byte counts per stream.
#[derive(Debug, Clone, Copy, Default)]
struct Bytes {
    stdout: usize,
    stderr: usize,
}

impl Bytes {
    fn any(self) -> bool {
        self.stdout > 0 || self.stderr > 0
    }

    fn of(&mut self, stream: OutputStream) -> &mut usize {
        match stream {
            OutputStream::Stdout => &mut self.stdout,
            OutputStream::Stderr => &mut self.stderr,
        }
    }
}

/// Where to resume reading.
#[derive(Debug, Clone)]
pub(super) struct Resumption {
    /// The time to read the log from, in nanoseconds since 1970.
    since: i128,
    shown: Shown,
}

/// What was already shown from there on.
#[derive(Debug, Clone)]
enum Shown {
    /// This many lines with exactly that time.
    Lines(u64),
    /// These bytes, all written before this time.
    Bytes(Bytes, i128),
}

impl Bookmark {
    /// The beginning of a stream without timestamps: from the start of the container, or from now on if it is running.
    pub(super) fn attached(running: bool) -> Self {
        let untimed = Untimed { since: running.then(now), ..Untimed::default() };
        Self { latest: None, untimed: Some(untimed) }
    }

    /// Whether the start time of the container is needed.
    pub(super) fn needs_start(&self) -> bool {
        self.untimed.is_some_and(|untimed| untimed.since.is_none())
    }

    /// Where to resume for a container with this start time; `None` if nothing was read.
    pub(super) fn resumption(&self, started_at: Option<i128>) -> Option<Resumption> {
        if let Some((since, lines)) = self.latest {
            return Some(Resumption { since, shown: Shown::Lines(lines) });
        }
        let untimed = self.untimed?;
        let until = untimed.until.unwrap_or_else(now);
        let since = untimed.since.or(started_at)?;
        // Output from before its restart belongs to another run.
        let shown = if since <= until { untimed.shown } else { Bytes::default() };
        Some(Resumption { since, shown: Shown::Bytes(shown, until) })
    }

    /// Records the end of the stream.
    pub(super) fn end(&mut self) {
        if let Some(untimed) = &mut self.untimed {
            untimed.until.get_or_insert_with(now);
        }
    }
}

impl Resumption {
    /// The part of the log to read.
    pub(super) fn query(&self, query: &LogQuery) -> LogQuery {
        LogQuery { follow: true, tail: None, since: Some(self.since), ..query.clone() }
    }
}

/// Filters the lines of one stream.
#[derive(Debug)]
pub(super) struct Marker {
    bookmark: Bookmark,
    /// What to do with the timestamps of lines; `None` if lines have none.
    stamps: Option<Stamps>,
    /// What was already shown.
    shown: Option<Shown>,
    /// The time at which reading resumed: lines with this time are counted.
    since: i128,
    /// Whether the previous line was left out.
    leaves_out: bool,
}

/// What to do with timestamps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stamps {
    /// Show them.
    Shown,
    /// Remove them.
    Hidden,
}

impl Marker {
    /// For a stream without timestamps.
    pub(super) fn untimed(bookmark: Bookmark) -> Self {
        Self { bookmark, stamps: None, shown: None, since: 0, leaves_out: false }
    }

    /// For a stream whose lines begin with a timestamp.
    pub(super) fn timed(stamps: Stamps, resumption: Option<Resumption>) -> Self {
        let (since, shown) = resumption.map_or((0, None), |it| (it.since, Some(it.shown)));
        // Until a new line arrives, the position stays the same.
        let bookmark = match &shown {
            Some(Shown::Lines(lines)) => Bookmark { latest: Some((since, *lines)), untimed: None },
            Some(Shown::Bytes(bytes, until)) => {
                let untimed = Untimed { since: Some(since), until: Some(*until), shown: *bytes };
                Bookmark { latest: None, untimed: Some(untimed) }
            }
            None => Bookmark::default(),
        };
        Self { bookmark, stamps: Some(stamps), shown, since, leaves_out: false }
    }

    /// The part of whole lines to show.
    pub(super) fn take(&mut self, batch: Batch) -> Batch {
        let Some(stamps) = self.stamps else {
            self.count(batch.stream, batch.bytes.len());
            return batch;
        };
        let mut bytes = Vec::with_capacity(batch.bytes.len());
        for line in batch.bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line(batch.stream, line, stamps, &mut bytes);
        }
        Batch { stream: batch.stream, bytes }
    }

    /// The same for a last line whose line end was added.
    pub(super) fn take_unfinished(&mut self, batch: Batch) -> Batch {
        if self.stamps.is_some() {
            return self.take(batch);
        }
        self.count(batch.stream, batch.bytes.len().saturating_sub(1));
        batch
    }

    /// How far the stream was read.
    pub(super) fn into_bookmark(mut self) -> Bookmark {
        self.bookmark.end();
        self.bookmark
    }

    fn count(&mut self, stream: OutputStream, length: usize) {
        if let Some(untimed) = &mut self.bookmark.untimed {
            *untimed.shown.of(stream) += length;
        }
    }

    fn line(&mut self, stream: OutputStream, line: &[u8], stamps: Stamps, shown: &mut Vec<u8>) {
        let Some((time, length)) = stamp(line) else {
            // The rest of a line too long for one batch.
            if !self.leaves_out {
                shown.extend_from_slice(line);
            }
            return;
        };
        let (text, begin) = (without_stamps(&line[length..]), shown.len());
        let rest = match &mut self.shown {
            Some(Shown::Lines(left)) => left_of_lines(left, time, self.since),
            Some(Shown::Bytes(left, until)) if time <= *until => left_of_bytes(left.of(stream), text.len()),
            None | Some(Shown::Bytes(..)) => Some(0),
        };
        match (rest, stamps) {
            (None, _) => {}
            (Some(0), Stamps::Shown) => shown.extend_from_slice(line),
            (Some(rest), _) => shown.extend_from_slice(&text[rest..]),
        }
        self.leaves_out = shown.len() == begin;
        self.note(time);
    }

    fn note(&mut self, time: i128) {
        match &self.shown {
            // Already counted.
            Some(Shown::Lines(_)) if self.leaves_out => return,
            // The rest was also shown before: a third reading starts where this one did.
            Some(Shown::Bytes(left, until)) if time <= *until && left.any() => return,
            Some(_) | None => {}
        }
        self.bookmark.untimed = None;
        self.bookmark.latest = Some(match self.bookmark.latest {
            Some((latest, lines)) if latest == time => (latest, lines + 1),
            Some((latest, lines)) if latest > time => (latest, lines),
            Some(_) | None => (time, 1),
        });
    }
}

/// Where to show a line with this time from: its beginning, or `None` if it was shown.
fn left_of_lines(left: &mut u64, time: i128, since: i128) -> Option<usize> {
    if time == since && *left > 0 {
        *left -= 1;
        return None;
    }
    (time >= since).then_some(0)
}

/// The byte from which to show a line of this length; `None` if it was shown.
fn left_of_bytes(left: &mut usize, length: usize) -> Option<usize> {
    let before = (*left).min(length);
    *left -= before;
    (before < length).then_some(before)
}

/// The timestamp at the beginning of a line, and its length including the space after it.
fn stamp(line: &[u8]) -> Option<(i128, usize)> {
    let length = line.iter().take(LONGEST_STAMP).position(|byte| *byte == b' ')?;
    let time: jiff::Timestamp = std::str::from_utf8(&line[..length]).ok()?.parse().ok()?;
    Some((time.as_nanosecond(), length + 1))
}

/// A line without the timestamps between its pieces.
fn without_stamps(line: &[u8]) -> Cow<'_, [u8]> {
    if line.len() <= PIECE {
        return Cow::Borrowed(line);
    }
    let mut text = Vec::with_capacity(line.len());
    let mut rest = line;
    while rest.len() > PIECE {
        let (piece, behind) = rest.split_at(PIECE);
        text.extend_from_slice(piece);
        rest = stamp(behind).map_or(behind, |(_, length)| &behind[length..]);
    }
    text.extend_from_slice(rest);
    Cow::Owned(text)
}

/// The current time, in nanoseconds since 1970.
fn now() -> i128 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i128::try_from(since.as_nanos()).unwrap_or(i128::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(text: &str) -> Batch {
        Batch { stream: OutputStream::Stdout, bytes: text.as_bytes().to_vec() }
    }

    fn taken(marker: &mut Marker, text: &str) -> String {
        String::from_utf8(marker.take(batch(text)).bytes).expect("text")
    }

    const LOG: [&str; 4] = [
        "2026-01-02T03:04:05.000000001Z one\n",
        "2026-01-02T03:04:06.000000001Z two\n",
        "2026-01-02T03:04:06.000000001Z three\n",
        "2026-01-02T03:04:07.000000001Z four\n",
    ];

    #[test]
    fn a_second_reading_goes_on_behind_the_last_line() {
        for cut in 0..=LOG.len() {
            let mut first = Marker::timed(Stamps::Hidden, None);
            let mut shown = taken(&mut first, &LOG[..cut].concat());
            // The connection is lost twice, the second time before anything new arrives.
            let mut bookmark = first.into_bookmark();
            for _ in 0..2 {
                let resumption = bookmark.resumption(None);
                let from = resumption.as_ref().map_or(0, |it| it.since);
                let again = LOG.iter().filter(|line| stamp(line.as_bytes()).expect("a time").0 >= from);
                let mut second = Marker::timed(Stamps::Hidden, resumption);
                shown += &taken(&mut second, &again.copied().collect::<String>());
                bookmark = second.into_bookmark();
            }
            assert_eq!(shown, "one\ntwo\nthree\nfour\n", "cut at {cut}");
        }
    }

    #[test]
    fn a_stream_without_times_goes_on_behind_what_was_shown() {
        let mut first = Marker::untimed(Bookmark::attached(false));
        assert_eq!(taken(&mut first, "one\n"), "one\n");
        assert_eq!(first.take_unfinished(batch("tw\n")).bytes, b"tw\n");
        let bookmark = first.into_bookmark();
        assert!(bookmark.needs_start());
        let start = stamp(LOG[0].as_bytes()).expect("a time").0;
        let mut second = Marker::timed(Stamps::Hidden, bookmark.resumption(Some(start)));
        assert_eq!(taken(&mut second, &LOG.concat()), "o\nthree\nfour\n");
        let mut third = Marker::timed(Stamps::Hidden, second.into_bookmark().resumption(None));
        assert_eq!(taken(&mut third, LOG[3]), "");
        // Output from after the loss is not mistaken for output already shown.
        let mut later = Marker::timed(Stamps::Hidden, bookmark.resumption(Some(start)));
        assert_eq!(taken(&mut later, "2999-01-02T03:04:05Z new\n"), "new\n");
    }

    #[test]
    fn times_are_shown_where_that_was_asked_for() {
        let mut marker = Marker::timed(Stamps::Shown, None);
        assert_eq!(taken(&mut marker, LOG[0]), LOG[0]);
    }

    #[test]
    fn times_within_a_long_line_are_taken_away() {
        let (piece, stamp) = ("x".repeat(PIECE), "2026-01-02T03:04:05.000000001Z ");
        let mut marker = Marker::timed(Stamps::Hidden, None);
        let line = format!("{stamp}{piece}{stamp}{piece}{stamp}y\n");
        assert_eq!(taken(&mut marker, &line), format!("{piece}{piece}y\n"));
    }
}
