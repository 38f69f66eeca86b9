//! Pieces of output in, whole lines out. Pieces that already are whole lines pass through uncopied.

use crate::engine::{LogChunk, OutputStream};

/// A batch of at least this many bytes is passed on even if more output is available.
const FULL: usize = 64 * 1024;
/// A longer line is passed on in parts: a stream without line ends must not exhaust the memory.
const LONGEST_LINE: usize = 1024 * 1024;

/// Whole lines of one stream, each with its line end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Batch {
    pub(crate) stream: OutputStream,
    pub(crate) bytes: Vec<u8>,
}

/// Collects whole lines in order of arrival, and keeps incomplete ones separately per stream.
#[derive(Debug)]
pub(crate) struct Lines {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    batch: Batch,
}

impl Lines {
    pub(crate) fn new() -> Self {
        Self {
            stdout: Vec::new(),
            stderr: Vec::new(),
            batch: Batch { stream: OutputStream::Stdout, bytes: Vec::new() },
        }
    }

    /// Adds a piece of output. Returns what was collected of the other stream, since that comes first.
    pub(crate) fn push(&mut self, chunk: LogChunk) -> Option<Batch> {
        let LogChunk { stream, mut bytes } = chunk;
        let begun = match stream {
            OutputStream::Stdout => &mut self.stdout,
            OutputStream::Stderr => &mut self.stderr,
        };
        let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') else {
            begun.append(&mut bytes);
            if begun.len() < LONGEST_LINE {
                return None;
            }
            let mut part = std::mem::take(begun);
            part.push(b'\n');
            return self.collect(stream, part);
        };
        let rest = bytes.split_off(end + 1);
        let mut whole = std::mem::replace(begun, rest);
        if whole.is_empty() {
            whole = bytes;
        } else {
            whole.append(&mut bytes);
        }
        self.collect(stream, whole)
    }

    fn collect(&mut self, stream: OutputStream, mut lines: Vec<u8>) -> Option<Batch> {
        if self.batch.bytes.is_empty() {
            self.batch = Batch { stream, bytes: lines };
            return None;
        }
        if self.batch.stream == stream {
            self.batch.bytes.append(&mut lines);
            return None;
        }
        Some(std::mem::replace(&mut self.batch, Batch { stream, bytes: lines }))
    }

    /// Whether to pass on the collected lines even if more output is available.
    pub(crate) fn is_full(&self) -> bool {
        self.batch.bytes.len() >= FULL
    }

    /// The whole lines collected so far.
    pub(crate) fn take(&mut self) -> Option<Batch> {
        if self.batch.bytes.is_empty() {
            return None;
        }
        let bytes = std::mem::take(&mut self.batch.bytes);
        Some(Batch { stream: self.batch.stream, bytes })
    }

    /// The rest at the end: last lines without a line end, which get one.
    pub(crate) fn finish(mut self) -> impl Iterator<Item = Batch> {
        let whole = self.take();
        let begun = [(OutputStream::Stdout, self.stdout), (OutputStream::Stderr, self.stderr)];
        let begun = begun.into_iter().filter(|(_, bytes)| !bytes.is_empty()).map(|(stream, mut bytes)| {
            bytes.push(b'\n');
            Batch { stream, bytes }
        });
        whole.into_iter().chain(begun)
    }
}

/// A line as text, without the carriage return of a terminal.
pub(crate) fn lossy_line(bytes: &[u8]) -> String {
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(stream: OutputStream, text: &str) -> LogChunk {
        LogChunk { stream, bytes: text.as_bytes().to_vec() }
    }

    fn collect(chunks: &[(OutputStream, &str)]) -> Vec<(OutputStream, String)> {
        let mut lines = Lines::new();
        let mut batches: Vec<Batch> =
            chunks.iter().filter_map(|(stream, text)| lines.push(chunk(*stream, text))).collect();
        batches.extend(lines.finish());
        let text = |batch: Batch| (batch.stream, String::from_utf8(batch.bytes).expect("written as text"));
        batches.into_iter().map(text).collect()
    }

    #[test]
    fn lines_are_put_together_across_pieces_and_streams() {
        use OutputStream::{Stderr, Stdout};
        let collected = collect(&[(Stdout, "a\nb"), (Stderr, "oops\n"), (Stdout, "c\nd\n"), (Stdout, "last")]);
        assert_eq!(
            collected,
            [
                (Stdout, "a\n".to_owned()),
                (Stderr, "oops\n".to_owned()),
                (Stdout, "bc\nd\n".to_owned()),
                (Stdout, "last\n".to_owned())
            ]
        );
    }

    #[test]
    fn a_stream_without_line_ends_does_not_grow_for_ever() {
        let mut lines = Lines::new();
        let piece = "x".repeat(LONGEST_LINE / 2);
        assert_eq!(lines.push(chunk(OutputStream::Stdout, &piece)), None);
        assert_eq!(lines.push(chunk(OutputStream::Stdout, &piece)), None);
        assert_eq!(lines.take().map(|batch| batch.bytes.len()), Some(LONGEST_LINE + 1));
    }
}
