//! A timeline for a terminal: a bar for each row, the critical path as a list, and the sentence last.

use std::fmt::Write as _;
use std::time::Duration;

use unicode_width::UnicodeWidthStr;

use super::rows::{Row, rows};
use super::{advice, ended, headline, short, what, word};
use crate::diagnostic::visible::{Colors, visible};
use crate::event::timeline::{Ended, Kind, Timeline};
use crate::render::plan::PlanStyle;

/// The width if that of the terminal is unknown.
const WIDTH: usize = 100;
/// The least width of a bar.
const LEAST: usize = 20;
/// Most characters of a name.
const LONGEST: usize = 32;
/// Parts of the critical path that are shorter are left out of the list.
const NEGLIGIBLE: Duration = Duration::from_millis(10);

/// The timeline as text.
#[must_use]
pub fn text(timeline: &Timeline, style: PlanStyle) -> String {
    let rows = rows(timeline);
    let names: Vec<String> = rows.iter().map(|row| shortened(&visible(&row.name, Colors::Removed))).collect();
    let notes: Vec<String> = rows.iter().map(|row| note(timeline, row)).collect();
    let name_width = names.iter().map(|name| name.width()).max().unwrap_or_default();
    let note_width = notes.iter().map(|note| note.width()).max().unwrap_or_default();
    let width = style.width.unwrap_or(WIDTH).saturating_sub(name_width + note_width + 4).max(LEAST);
    let mut text = format!("{}\n\n", visible(&headline(timeline), Colors::Removed));
    for ((row, name), note) in rows.iter().zip(&names).zip(&notes) {
        let padding = " ".repeat(name_width - name.width());
        let bar = bar(timeline, row, width, style.color);
        line(&mut text, format!("{name}{padding}  {bar}  {note}").trim_end());
    }
    let has_failed = timeline.spans.iter().any(|span| span.outcome == Ended::Failed);
    text.push_str("\n█ critical path  ▒ other work  ━ critical wait  ─ other wait  · waits for others");
    text.push_str(if has_failed { "  × failed\n\n" } else { "\n\n" });
    line(&mut text, "critical path:");
    let shown = timeline.critical_path.iter().filter(|segment| segment.duration() >= NEGLIGIBLE);
    for segment in shown {
        let what = match segment.span.map(|index| &timeline.spans[index]) {
            Some(span) => what(span) + ended(span.outcome),
            None => "between steps".to_owned(),
        };
        let (at, took) = (short(segment.start), short(segment.duration()));
        line(&mut text, &format!("{at:>10}  {took:>10}  {}", visible(&what, Colors::Removed)));
    }
    if let Some(advice) = advice(timeline) {
        text.push('\n');
        line(&mut text, &visible(&advice, Colors::Removed));
    }
    text
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("memory can be written to");
}

/// What took longest in a row.
fn note(timeline: &Timeline, row: &Row) -> String {
    let spans = row.spans.iter().map(|index| &timeline.spans[*index]);
    let failed = spans.clone().find(|span| span.outcome == Ended::Failed);
    let Some(span) = failed.or_else(|| spans.max_by_key(|span| span.duration())) else { return String::new() };
    let word = span.condition.as_deref().unwrap_or_else(|| word(span.kind));
    format!("{word} {}{}", short(span.duration()), ended(span.outcome))
}

/// What a column of a bar shows; the later in this list, the more it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cell {
    Empty,
    Held,
    Wait,
    Work,
    CriticalWait,
    CriticalWork,
    Failed,
}

impl Cell {
    fn glyph(self) -> char {
        match self {
            Self::Empty => ' ',
            Self::Held => '·',
            Self::Wait => '─',
            Self::Work => '▒',
            Self::CriticalWait => '━',
            Self::CriticalWork => '█',
            Self::Failed => '×',
        }
    }

    /// The beginning of its colour.
    fn color(self) -> &'static str {
        match self {
            Self::Empty | Self::Work => "",
            Self::Held | Self::Wait => "\u{1b}[2m",
            Self::CriticalWait | Self::CriticalWork => "\u{1b}[33m",
            Self::Failed => "\u{1b}[31m",
        }
    }
}

fn bar(timeline: &Timeline, row: &Row, width: usize, color: bool) -> String {
    let mut cells = vec![Cell::Empty; width];
    let mut fill = |start: Duration, end: Duration, cell: Cell| {
        let (from, to) = (column(start, timeline.end, width), column(end, timeline.end, width));
        let from = from.min(width - 1);
        // What is shorter than a column has one, too.
        for place in &mut cells[from..to.max(from + 1)] {
            *place = cell.max(*place);
        }
    };
    if !row.name.is_empty() {
        for held in timeline.waits.iter().filter(|held| held.lane == row.lane) {
            fill(held.start, held.end, Cell::Held);
        }
    }
    for span in row.spans.iter().map(|index| &timeline.spans[*index]) {
        let waits = matches!(span.kind, Kind::Wait | Kind::Delay);
        let cell = match (span.outcome, span.critical, waits) {
            (Ended::Failed, ..) => Cell::Failed,
            (_, true, true) => Cell::CriticalWait,
            (_, true, false) => Cell::CriticalWork,
            (_, false, true) => Cell::Wait,
            (_, false, false) => Cell::Work,
        };
        fill(span.start, span.end, cell);
    }
    let mut bar = String::new();
    let mut before = "";
    for cell in cells {
        let now = if color { cell.color() } else { "" };
        if now != before {
            bar += if before.is_empty() { "" } else { "\u{1b}[0m" };
            bar += now;
            before = now;
        }
        bar.push(cell.glyph());
    }
    bar + if before.is_empty() { "" } else { "\u{1b}[0m" }
}

/// The column of a time.
fn column(time: Duration, end: Duration, width: usize) -> usize {
    let (time, end) = (time.as_micros(), end.as_micros().max(1));
    let column = time * u128::try_from(width).unwrap_or_default() / end;
    usize::try_from(column).unwrap_or(width).min(width)
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let skipped = text.chars().count() - (LONGEST - 1);
    std::iter::once('…').chain(text.chars().skip(skipped)).collect()
}
