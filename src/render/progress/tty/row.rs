//! The content of a line in the live block.

use std::collections::{BTreeMap, VecDeque};

use tokio::time::Instant;

use super::speed::Speed;
use crate::render::progress::record::{Part, Record, RecordState};

/// A resource in the block.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) state: RecordState,
    pub(super) text: String,
    pub(super) details: String,
    /// What it is waiting for.
    pub(super) note: Option<String>,
    pub(super) since: Instant,
    pub(super) until: Option<Instant>,
    pub(super) layers: BTreeMap<String, Layer>,
    /// How fast its layers arrive.
    pub(super) speed: Speed,
    /// The steps of a build, in the order in which they began.
    pub(super) steps: Vec<Step>,
}

/// A step of a build.
#[derive(Debug)]
pub(super) struct Step {
    /// Its number in the build: `#3`.
    pub(super) id: String,
    /// What it does: `[2/3] RUN make`.
    pub(super) name: String,
    pub(super) state: RecordState,
    /// How it ended: `CACHED`.
    pub(super) end: String,
    pub(super) since: Instant,
    /// How long it took, once it has ended.
    pub(super) elapsed: String,
    /// The last lines that it wrote.
    lines: VecDeque<String>,
    /// The line that it is writing.
    open: String,
    /// The bytes that it has moved, by what they are.
    moved: BTreeMap<String, u64>,
}

/// Number of lines that are kept of a step.
const KEPT_LINES: usize = 10;

impl Step {
    /// Whether a builder does it for itself: it loads the Dockerfile, looks up a base image.
    pub(super) fn is_internal(&self) -> bool {
        self.name.starts_with("[internal]")
    }

    /// The last lines of its output, with the one that it is writing.
    pub(super) fn output(&self) -> Vec<&str> {
        let open = Some(&self.open).filter(|line| !line.is_empty());
        self.lines.iter().chain(open).map(String::as_str).collect()
    }

    /// The bytes that it has moved.
    pub(super) fn moved(&self) -> u64 {
        self.moved.values().fold(0, |sum, bytes| sum.saturating_add(*bytes))
    }

    fn wrote(&mut self, line: String) {
        self.open.clear();
        if self.lines.len() == KEPT_LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }
}

impl Row {
    /// Takes in what happened to one of its layers.
    pub(super) fn transfer(&mut self, record: Record, now: Instant) {
        let layer = self.layers.entry(record.id).or_default();
        layer.done = record.state == RecordState::Done;
        // Downloading and extracting count the same bytes; only the download is shown.
        if matches!(&*record.text, "Downloading" | "Pushing") {
            let before = layer.current;
            layer.current = record.current.unwrap_or(layer.current);
            layer.total = record.total.unwrap_or(layer.total);
            self.speed.add(layer.current.saturating_sub(before), now);
        } else if layer.done || record.text == "Download complete" || record.text == "Extracting" {
            self.speed.add(layer.total.saturating_sub(layer.current), now);
            layer.current = layer.total;
        }
    }

    /// Takes in what happened in its build.
    pub(super) fn build(&mut self, record: Record, now: Instant) {
        let Record { id, state, text, details, part, current, .. } = record;
        let known = self.steps.iter_mut().find(|step| step.id == id);
        match (part, known) {
            (Some(Part::Step), None) => {
                let (end, elapsed, open) = (String::new(), String::new(), String::new());
                let (lines, moved) = (VecDeque::new(), BTreeMap::new());
                self.steps.push(Step { id, name: text, state, end, since: now, elapsed, lines, open, moved });
            }
            (Some(Part::Step), Some(step)) if state == RecordState::Working => step.name = text,
            (Some(Part::Step), Some(step)) => {
                (step.state, step.end, step.elapsed) = (state, text, details);
                step.lines.clear();
                step.open.clear();
            }
            (Some(Part::Line), Some(step)) => {
                // Blank lines separate nothing here.
                if !text.trim().is_empty() {
                    step.wrote(text);
                }
            }
            (Some(Part::OpenLine), Some(step)) => step.open = text,
            (Some(Part::Transfer), Some(step)) => _ = step.moved.insert(text, current.unwrap_or_default()),
            // What is said about the build as a whole.
            (Some(Part::Line), None) => self.details = text,
            (Some(Part::Transfer | Part::OpenLine), None) | (None, _) => {}
        }
    }
}

/// A layer of an image being pulled or pushed.
#[derive(Debug, Default)]
pub(super) struct Layer {
    pub(super) done: bool,
    pub(super) current: u64,
    pub(super) total: u64,
}
