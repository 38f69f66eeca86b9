//! Where the reading of a container's output stands: lines in; out what is shown of them, and where a second reading, after
//! the connection was lost, goes on.

use std::borrow::Cow;
use std::time::SystemTime;

use crate::engine::line_buffer::Batch;
use crate::engine::{LogQuery, OutputStream};

/// Engines take apart what is longer than that before its line ends, and put a time before each piece.
const PIECE: usize = 16 * 1024;
/// No time stamp is longer.
const LONGEST_STAMP: usize = 40;

/// How far the output of a container was read.
#[derive(Debug, Clone, Default)]
pub(super) struct Bookmark {
    /// The time of the latest line, in nanoseconds since 1970, and how many lines have it; where the stream told times.
    latest: Option<(i128, u64)>,
    /// What was read of a stream that tells no times.
    untimed: Option<Untimed>,
}

/// How far a stream without times was read.
#[derive(Debug, Clone, Copy, Default)]
struct Untimed {
    /// When the reading began, if that was not before the container started.
    since: Option<i128>,
    /// When it ended.
    until: Option<i128>,
    shown: Bytes,
}

/// Numbers of bytes, by stream.
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

/// From where a second reading goes on.
#[derive(Debug, Clone)]
pub(super) struct Resumption {
    /// The time from which the log is read, in nanoseconds since 1970.
    since: i128,
    shown: Shown,
}

/// What was shown before of that.
#[derive(Debug, Clone)]
enum Shown {
    /// So many lines of the very time.
    Lines(u64),
    /// So many bytes, all written before that time.
    Bytes(Bytes, i128),
}

impl Bookmark {
    /// The beginning of a stream without times: from the start of the container on, or from now on.
    pub(super) fn attached(running: bool) -> Self {
        let untimed = Untimed { since: running.then(now), ..Untimed::default() };
        Self { latest: None, untimed: Some(untimed) }
    }

    /// Whether it has to be known when the container started.
    pub(super) fn needs_start(&self) -> bool {
        self.untimed.is_some_and(|untimed| untimed.since.is_none())
    }

    /// From where to go on with a container that started then; `None` if nothing was read.
    pub(super) fn resumption(&self, started_at: Option<i128>) -> Option<Resumption> {
        if let Some((since, lines)) = self.latest {
            return Some(Resumption { since, shown: Shown::Lines(lines) });
        }
        let untimed = self.untimed?;
        let until = untimed.until.unwrap_or_else(now);
        let since = untimed.since.or(started_at)?;
        // What it wrote before it started again was another run.
        let shown = if since <= until { untimed.shown } else { Bytes::default() };
        Some(Resumption { since, shown: Shown::Bytes(shown, until) })
    }

    /// Notes the end of the stream.
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

/// What becomes of the lines of one stream.
#[derive(Debug)]
pub(super) struct Marker {
    bookmark: Bookmark,
    /// Whether each line begins with its time, and what becomes of that; `None` where none does.
    stamps: Option<Stamps>,
    /// What was shown before.
    shown: Option<Shown>,
    /// The time that is shown again: lines of that time are counted.
    since: i128,
    /// Whether the line before was left out.
    leaves_out: bool,
}

/// What becomes of the times before the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stamps {
    /// They are shown.
    Shown,
    /// They are taken away.
    Hidden,
}

impl Marker {
    /// For a stream without times.
    pub(super) fn untimed(bookmark: Bookmark) -> Self {
        Self { bookmark, stamps: None, shown: None, since: 0, leaves_out: false }
    }

    /// For a stream whose lines begin with their time.
    pub(super) fn timed(stamps: Stamps, resumption: Option<Resumption>) -> Self {
        let (since, shown) = resumption.map_or((0, None), |it| (it.since, Some(it.shown)));
        // Until there is a line, what was shown before stays so.
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

    /// What is shown of whole lines.
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

    /// The same for a last line whose end was added.
    pub(super) fn take_unfinished(&mut self, batch: Batch) -> Batch {
        if self.stamps.is_some() {
            return self.take(batch);
        }
        self.count(batch.stream, batch.bytes.len().saturating_sub(1));
        batch
    }

    /// How far it was read.
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
            // The rest of a line that is too long for one batch.
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
            // It is counted already.
            Some(Shown::Lines(_)) if self.leaves_out => return,
            // What is left was shown before, too: a third reading begins where this one did.
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

/// What is left to show of a line of that time: all, or nothing.
fn left_of_lines(left: &mut u64, time: i128, since: i128) -> Option<usize> {
    if time == since && *left > 0 {
        *left -= 1;
        return None;
    }
    (time >= since).then_some(0)
}

/// The byte of a line of that length from which on it is shown, if it is.
fn left_of_bytes(left: &mut usize, length: usize) -> Option<usize> {
    let before = (*left).min(length);
    *left -= before;
    (before < length).then_some(before)
}

/// The time at the beginning of a line, and the bytes it takes with the blank behind it.
fn stamp(line: &[u8]) -> Option<(i128, usize)> {
    let length = line.iter().take(LONGEST_STAMP).position(|byte| *byte == b' ')?;
    let time: jiff::Timestamp = std::str::from_utf8(&line[..length]).ok()?.parse().ok()?;
    Some((time.as_nanosecond(), length + 1))
}

/// A line without the times between its pieces.
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

/// The time now, in nanoseconds since 1970.
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
            // The connection is lost twice, the second time before anything new comes.
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
        // What was written after the loss is not taken for what was shown before.
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
