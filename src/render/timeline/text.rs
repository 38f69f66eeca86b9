//! A timeline for a terminal: a bar for each row, the critical path as a list, and the sentence last.

use std::fmt::Write as _;
use std::time::Duration;

use unicode_width::UnicodeWidthStr;

use super::rows::{Row, rows};
use super::{advice, ended, headline, short, what, word};
use crate::diagnostic::visible::{Colors, visible};
use crate::event::timeline::{Ended, Kind, Timeline};
use crate::render::plan::PlanStyle;
use crate::render::text::wrapped;

/// The width if that of the terminal is unknown.
const WIDTH: usize = 100;
/// The least width of a bar beside its name and note.
const LEAST: usize = 10;
/// Most columns of a name, and the fewest that a narrow terminal leaves it.
const NAME: std::ops::RangeInclusive<usize> = 8..=32;
/// A terminal that is narrower gets the list of the critical path without blanks that only look good.
const NARROW: usize = 60;
/// A space at which no line is broken.
const HARD_SPACE: char = '\u{a0}';
/// Parts of the critical path that are shorter are left out of the list.
const NEGLIGIBLE: Duration = Duration::from_millis(10);

/// The timeline as text.
#[must_use]
pub fn text(timeline: &Timeline, style: PlanStyle) -> String {
    let rows = rows(timeline);
    let mut text = String::new();
    paragraph(&mut text, &headline(timeline), style);
    text.push('\n');
    draw(&mut text, timeline, &rows, style);
    text.push('\n');
    legend(&mut text, timeline, style);
    text.push('\n');
    list(&mut text, timeline, style);
    if let Some(advice) = advice(timeline) {
        text.push('\n');
        paragraph(&mut text, &advice, style);
    }
    text
}

/// A line; several if the terminal is narrow.
fn paragraph(text: &mut String, words: &str, style: PlanStyle) {
    let words = visible(words, Colors::Removed);
    match style.width {
        Some(width) => {
            for part in wrapped(&with_units(&words), width.max(1)) {
                line(text, &part.replace(HARD_SPACE, " "));
            }
        }
        None => line(text, &words),
    }
}

/// The words, in which numbers stay with their units.
fn with_units(words: &str) -> String {
    let mut text = String::new();
    for word in words.split(' ') {
        let is_unit = matches!(word.trim_end_matches([',', ':']), "ms" | "s" | "min");
        if !text.is_empty() {
            text.push(if is_unit && text.ends_with(|last: char| last.is_ascii_digit()) { HARD_SPACE } else { ' ' });
        }
        text += word;
    }
    text
}

/// A row for each lane: its name, its bar, and what took longest, if there is room for that.
fn draw(text: &mut String, timeline: &Timeline, rows: &[Row], style: PlanStyle) {
    let room = style.width.unwrap_or(WIDTH);
    let notes: Vec<String> = rows.iter().map(|row| note(timeline, row)).collect();
    let note_width = notes.iter().map(|note| note.width() + 2).max().unwrap_or_default();
    let with_notes = room >= NAME.start() + 2 + LEAST + note_width;
    let room = if with_notes { room - note_width } else { room };
    let most = room.saturating_sub(2 + LEAST).clamp(*NAME.start(), *NAME.end());
    let names: Vec<String> = rows.iter().map(|row| shortened(&visible(&row.name, Colors::Removed), most)).collect();
    let name_width = names.iter().map(|name| name.width()).max().unwrap_or_default();
    let width = room.saturating_sub(name_width + 2).max(1);
    for ((row, name), note) in rows.iter().zip(&names).zip(&notes) {
        let padding = " ".repeat(name_width - name.width());
        let bar = bar(timeline, row, width, style.color);
        let note = if with_notes { note } else { "" };
        line(text, format!("{name}{padding}  {bar}  {note}").trim_end());
    }
}

fn legend(text: &mut String, timeline: &Timeline, style: PlanStyle) {
    let mut items = vec!["█ critical path", "▒ other work", "━ critical wait", "─ other wait", "· waits for others"];
    if timeline.spans.iter().any(|span| span.outcome == Ended::Failed) {
        items.push("× failed");
    }
    let mut now = String::new();
    for item in items {
        if !now.is_empty() && style.width.is_some_and(|width| now.width() + 2 + item.width() > width) {
            line(text, &std::mem::take(&mut now));
        }
        now += if now.is_empty() { "" } else { "  " };
        now += item;
    }
    line(text, &now);
}

/// The critical path.
fn list(text: &mut String, timeline: &Timeline, style: PlanStyle) {
    line(text, "critical path:");
    let shown = timeline.critical_path.iter().filter(|segment| segment.duration() >= NEGLIGIBLE);
    let times: Vec<_> = shown.map(|segment| (segment.span, short(segment.start), short(segment.duration()))).collect();
    let is_narrow = style.width.is_some_and(|width| width < NARROW);
    let longest =
        |widths: &mut dyn Iterator<Item = usize>| if is_narrow { widths.max().unwrap_or_default() } else { 10 };
    let at_width = longest(&mut times.iter().map(|(_, at, _)| at.width()));
    let took_width = longest(&mut times.iter().map(|(_, _, took)| took.width()));
    let indent = at_width + took_width + 4;
    for (span, at, took) in times {
        let what = match span.map(|index| &timeline.spans[index]) {
            Some(span) => what(span) + ended(span.outcome),
            None => "between steps".to_owned(),
        };
        let what = visible(&what, Colors::Removed);
        let parts = match style.width {
            Some(width) => wrapped(&what, width.saturating_sub(indent).max(1)),
            None => vec![what.into()],
        };
        let times = format!("{at:>at_width$}  {took:>took_width$}");
        for (index, part) in parts.iter().enumerate() {
            let times = if index == 0 { times.as_str() } else { "" };
            line(text, &format!("{times:indent$}{part}"));
        }
    }
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("memory can be written to");
}

/// What took longest in a row.
fn note(timeline: &Timeline, row: &Row) -> String {
    let spans = row.spans.iter().map(|index| &timeline.spans[*index]);
    let failed = spans.clone().find(|span| span.outcome == Ended::Failed);
    let Some(span) = failed.or_else(|| spans.max_by_key(|span| span.duration())) else {
        return "not started".to_owned();
    };
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

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let skipped = text.chars().count() - (most - 1);
    std::iter::once('…').chain(text.chars().skip(skipped)).collect()
}
