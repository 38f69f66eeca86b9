//! The text of the live block, for a given width and height.

use std::borrow::Cow;

use console::{Style, measure_text_width, truncate_str};
use tokio::time::Instant;

use super::row::{Layer, Row, Step};
use super::tree::{self, Branch};
use crate::render::{RecordState, text};

const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
/// Fill levels of a layer, from empty to complete.
const CELLS: [char; 9] = ['⠀', '⡀', '⣀', '⣄', '⣤', '⣦', '⣶', '⣷', '⣿'];
/// Minimum width of ids.
const NARROWEST_ID: usize = 10;
/// Columns taken by icon and time, and the spaces around id, word and time.
const AROUND: usize = 10;
/// Maximum width reserved for words before ids are cut.
const WIDEST_WORD: usize = 10;
/// Columns left free at the end of each line.
const FREE: usize = 3;
/// Columns before the steps of a build, and before what they write.
const STEP_INDENT: usize = 3;
const LINE_INDENT: usize = 5;
/// Maximum number of layers that are drawn individually.
const MOST_CELLS: usize = 20;

/// The data to draw.
pub(super) struct Block<'a> {
    pub(super) operation: &'a str,
    pub(super) rows: &'a [Row],
    pub(super) color: bool,
    pub(super) now: Instant,
    pub(super) began: Instant,
    /// Whether it stays on the screen like this: nothing moves any more.
    pub(super) is_last: bool,
}

impl Block<'_> {
    /// The heading, and as many rows as fit into `height` lines of `width` columns.
    pub(super) fn lines(&self, width: usize, height: usize) -> Vec<String> {
        let room = height.saturating_sub(2).max(1);
        let shown = self.choose(room);
        let longest = shown.iter().map(|row| measure_text_width(&row.id)).max().unwrap_or_default();
        // Ids get the space that the words leave.
        let word = shown.iter().map(|row| measure_text_width(&row.text)).max().unwrap_or_default().min(WIDEST_WORD);
        let id_width = longest.min(width.saturating_sub(AROUND + word + FREE)).max(NARROWEST_ID.min(longest));
        let mut lines = vec![truncate_str(&self.heading(), width, "").into_owned()];
        // What is left of the height is for the steps of builds.
        let left = room.saturating_sub(self.rows.len());
        for (row, branches) in shown.iter().zip(tree::branches(&shown, left)) {
            let alone = branches.is_empty();
            lines.push(self.line(row, id_width, width, alone));
            lines.extend(branches.iter().map(|branch| self.branch(branch, width)));
        }
        if shown.len() < self.rows.len() {
            let more = format!(" ... {} more", self.rows.len() - shown.len());
            lines.push(truncate_str(&more, width.saturating_sub(FREE), "").into_owned());
        }
        lines
    }

    /// All rows, or the most important ones: failures, those in progress, then the rest; in their order.
    fn choose(&self, room: usize) -> Vec<&Row> {
        if self.rows.len() <= room {
            return self.rows.iter().collect();
        }
        let importance = |row: &Row| match row.state {
            RecordState::Error => 0,
            RecordState::Working => 1,
            RecordState::Warning => 2,
            RecordState::Done => 3,
        };
        let mut order: Vec<usize> = (0..self.rows.len()).collect();
        order.sort_by_key(|at| importance(&self.rows[*at]));
        order.truncate(room.saturating_sub(1));
        order.sort_unstable();
        order.into_iter().map(|at| &self.rows[at]).collect()
    }

    fn heading(&self) -> String {
        let layers = || self.rows.iter().flat_map(|row| row.layers.values());
        let done = self.rows.iter().filter(|row| row.state != RecordState::Working).count()
            + layers().filter(|layer| layer.done).count();
        format!("[+] {} {done}/{}", self.operation, self.rows.len() + layers().count())
    }

    fn line(&self, row: &Row, id_width: usize, width: usize, alone: bool) -> String {
        let id = middle_cut(&row.id, id_width);
        let padding = " ".repeat(id_width - measure_text_width(&id));
        let time = text::elapsed(row.until.unwrap_or(self.now).saturating_duration_since(row.since));
        let begin = format!(" {} {id}{padding} ", self.icon(row.state));
        // One space before the time, and space for the `^C` that terminals echo after the last line, so that it does
        // not wrap.
        let mut room = width.saturating_sub(measure_text_width(&begin) + time.len() + 1 + FREE);
        let mut middle = String::new();
        let status = truncate_str(&row.text, room, "...").into_owned();
        // The mark of a cut may itself be too wide.
        room = room.saturating_sub(measure_text_width(&status));
        let speed = row.speed.per_second(self.now).filter(|_| !self.is_last);
        let progress = if row.state == RecordState::Working { progress(row, speed, room) } else { String::new() };
        room = room.saturating_sub(measure_text_width(&progress));
        middle.push_str(&progress);
        middle.push_str(&self.paint_status(row, &status));
        let details = row.note.as_deref().filter(|_| row.details.is_empty()).unwrap_or(&row.details);
        let running = row.steps.iter().rfind(|step| step.state == RecordState::Working).filter(|_| alone);
        let details = running.map_or(details, |step| step.output().last().copied().unwrap_or(&step.name));
        if !details.is_empty() && room > 4 {
            let details = truncate_str(details, room - 1, "...");
            room = room.saturating_sub(measure_text_width(&details) + 1);
            middle.push(' ');
            middle.push_str(&self.paint(Style::new().dim(), &details));
        }
        let line = format!("{begin}{middle}{} {}", " ".repeat(room), self.paint(Style::new().blue(), &time));
        truncate_str(&line, width, "").into_owned()
    }

    /// A line below a row.
    fn branch(&self, branch: &Branch<'_>, width: usize) -> String {
        let width = width.saturating_sub(FREE);
        let step = match branch {
            Branch::Step(step) => step,
            Branch::Line(line) => {
                let line = truncate_str(line, width.saturating_sub(LINE_INDENT), "...");
                let line = format!("{}{}", " ".repeat(LINE_INDENT), self.paint(Style::new().dim(), &line));
                return truncate_str(&line, width, "").into_owned();
            }
        };
        let end = self.end(step);
        let room = width.saturating_sub(STEP_INDENT + 2 + 1 + measure_text_width(&end));
        let name = truncate_str(&step.name, room, "...");
        let gap = " ".repeat(room.saturating_sub(measure_text_width(&name)));
        let icon = self.icon(step.state);
        let end = self.paint(Style::new().blue(), &end);
        let line = format!("{}{icon} {name}{gap} {end}", " ".repeat(STEP_INDENT));
        truncate_str(&line, width, "").into_owned()
    }

    /// How a step ended, or how long it has been running.
    fn end(&self, step: &Step) -> String {
        match step.state {
            RecordState::Working => {
                let elapsed = text::elapsed(self.now.saturating_duration_since(step.since));
                if step.moved() == 0 { elapsed } else { format!("{} {elapsed}", text::size(step.moved())) }
            }
            RecordState::Done if !step.elapsed.is_empty() => step.elapsed.clone(),
            RecordState::Done | RecordState::Warning => step.end.clone(),
            RecordState::Error => "ERROR".to_owned(),
        }
    }

    fn icon(&self, state: RecordState) -> String {
        match state {
            RecordState::Done => self.paint(Style::new().green(), "✔"),
            RecordState::Warning => self.paint(Style::new().yellow().bold(), "!"),
            RecordState::Error => self.paint(Style::new().red().bold(), "✘"),
            RecordState::Working if self.is_last => "-".to_owned(),
            RecordState::Working => {
                let frame = self.now.saturating_duration_since(self.began).as_millis() / 100;
                let frame = usize::try_from(frame % SPINNER.len() as u128).unwrap_or_default();
                self.paint(Style::new().yellow(), SPINNER[frame])
            }
        }
    }

    fn paint_status(&self, row: &Row, status: &str) -> String {
        match row.state {
            RecordState::Working => status.to_owned(),
            RecordState::Done => self.paint(Style::new().green(), status),
            RecordState::Warning => self.paint(Style::new().yellow().bold(), status),
            RecordState::Error => self.paint(Style::new().red().bold(), status),
        }
    }

    fn paint(&self, style: Style, text: &str) -> String {
        if self.color { style.force_styling(true).apply_to(text).to_string() } else { text.to_owned() }
    }
}

/// Shortens an id in the middle: names in a project have the same beginning and differ at the end.
fn middle_cut(id: &str, width: usize) -> Cow<'_, str> {
    const GAP: &str = "...";
    if measure_text_width(id) <= width {
        return Cow::Borrowed(id);
    }
    let kept = width.saturating_sub(GAP.len());
    let begin = truncate_str(id, kept / 2, "");
    let room = kept - measure_text_width(&begin);
    let mut end = id.len();
    for (at, _) in id.char_indices().rev() {
        if measure_text_width(&id[at..]) > room {
            break;
        }
        end = at;
    }
    Cow::Owned(format!("{begin}{GAP}{}", &id[end..]))
}

/// The progress of the layers of a pull or push, with bytes and their speed if there is space.
fn progress(row: &Row, speed: Option<u64>, room: usize) -> String {
    if row.layers.is_empty() {
        return String::new();
    }
    let cells: String = row.layers.values().take(MOST_CELLS).map(cell).collect();
    let bar = format!("[{cells}] ");
    let (current, total) = row
        .layers
        .values()
        .fold((0, 0), |(current, total), layer| (current + layer.current.min(layer.total), total + layer.total));
    let sizes =
        if total > 0 { format!("{:>7} / {:<7} ", text::size(current), text::size(total)) } else { String::new() };
    let with_sizes = format!("{bar}{sizes}");
    let with_speed = speed.map(|speed| format!("{with_sizes}{:>7}/s ", text::size(speed)));
    let forms = with_speed.into_iter().chain([with_sizes, bar]);
    forms.into_iter().find(|text| measure_text_width(text) < room).unwrap_or_default()
}

fn cell(layer: &Layer) -> char {
    if layer.done {
        return CELLS[CELLS.len() - 1];
    }
    let eighths = layer.current.saturating_mul(8).checked_div(layer.total).unwrap_or_default();
    CELLS[usize::try_from(eighths).unwrap_or_default().min(CELLS.len() - 1)]
}
