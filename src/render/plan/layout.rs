//! Entries in, lines out: columns, line breaks and colours.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::count::Part;
use super::entry::{Detail, Entry, Kind, Verb};
use super::style::PlanStyle;
use crate::diagnostic::visible::{Colors, visible};
use crate::render::text::wrapped;

/// The indentation of an entry.
const INDENT: usize = 2;
/// The space between columns.
const GAP: usize = 2;
/// Maximum width of a line with an old and a new value side by side if there is no terminal.
const WIDEST: usize = 120;

const BOLD: &str = "1";
const FAINT: &str = "2";
const LOSS: &str = "1;31";

/// Writes the groups that have entries, a blank line after each.
pub(super) fn groups(entries: &[Entry], style: PlanStyle, out: &mut impl Write) -> io::Result<()> {
    let verbs = entries.iter().map(|entry| entry.verb.word().len()).max().unwrap_or_default();
    let page = Page { style, column: INDENT + verbs + GAP };
    for kind in Kind::ALL {
        let group: Vec<&Entry> = entries.iter().filter(|entry| entry.kind == kind).collect();
        if !group.is_empty() {
            writeln!(out, "{}", page.painted(BOLD, kind.heading()))?;
            page.group(&group, out)?;
            writeln!(out)?;
        }
    }
    Ok(())
}

/// Writes the last line.
pub(super) fn summary(parts: &[Part], style: PlanStyle, out: &mut impl Write) -> io::Result<()> {
    let page = Page { style, column: 0 };
    let mut used = 0;
    for part in parts {
        let text = clean(&part.text);
        let fits = style.width.is_none_or(|width| used + 1 + text.width() <= width);
        let separator = match used {
            0 => "",
            _ if fits => " ",
            _ => "\n",
        };
        used = text.width() + if fits { used + separator.len() } else { 0 };
        write!(out, "{separator}{}", page.painted(if part.is_loss { LOSS } else { "" }, &text))?;
    }
    writeln!(out)
}

struct Page {
    style: PlanStyle,
    /// The column of names and details.
    column: usize,
}

impl Page {
    /// Writes entries. Adjacent entries with the same reason share it: it is shown below the last of them.
    fn group(&self, entries: &[&Entry], out: &mut impl Write) -> io::Result<()> {
        for (at, entry) in entries.iter().enumerate() {
            self.entry(entry, out)?;
            let is_shared = entries.get(at + 1).is_some_and(|next| {
                (next.verb, next.certainty, &next.details) == (entry.verb, entry.certainty, &entry.details)
            });
            if !is_shared {
                self.details(&entry.details, out)?;
            }
        }
        Ok(())
    }

    fn entry(&self, entry: &Entry, out: &mut impl Write) -> io::Result<()> {
        let word = entry.verb.word();
        let code = if entry.loses_data() { LOSS } else { color(entry.verb) };
        let gap = " ".repeat(self.column - INDENT - word.len());
        let name = clean(&entry.name);
        for (at, line) in self.broken(&name, self.column).iter().enumerate() {
            if at == 0 {
                writeln!(out, "{}{}{gap}{line}", " ".repeat(INDENT), self.painted(code, word))?;
            } else {
                writeln!(out, "{}{line}", " ".repeat(self.column))?;
            }
        }
        Ok(())
    }

    fn details(&self, details: &[Detail], out: &mut impl Write) -> io::Result<()> {
        let changes = Changes::of(details, self.room());
        for detail in details {
            match detail {
                Detail::Text(text) => self.lines(FAINT, "", &clean(text), out)?,
                Detail::DataRemoved => self.lines(LOSS, "", "its data is removed", out)?,
                Detail::Change { field, from, to } => {
                    self.change(&clean(field), from.as_deref(), to.as_deref(), &changes, out)?;
                }
            }
        }
        Ok(())
    }

    /// Writes a field with its old and new value: side by side if there is room, else one below the other.
    fn change(
        &self,
        field: &str,
        from: Option<&str>,
        to: Option<&str>,
        changes: &Changes,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let (from, to) = (from.map(clean), to.map(clean));
        if from.is_none() && to.is_none() {
            return self.lines(FAINT, "", &format!("{field} changed"), out);
        }
        let to = to.unwrap_or_else(|| "gone".to_owned());
        let old = from.as_deref().unwrap_or_default();
        let alone = (field.width(), old.width());
        for (fields, olds) in [(changes.fields.max(alone.0), changes.olds.max(alone.1)), alone] {
            if side_by_side(fields, olds, to.width()) <= self.room() {
                let blanks = old_column(olds) - old.width();
                let arrow = format!("{}{}→ {to}", self.painted(FAINT, old), " ".repeat(blanks));
                let gap = " ".repeat(fields - field.width() + GAP);
                return writeln!(out, "{}{field}{gap}{arrow}", " ".repeat(self.column));
            }
        }
        self.lines("", "", field, out)?;
        if from.is_some() {
            self.lines(FAINT, "  ", old, out)?;
        }
        self.lines("", "→ ", &to, out)
    }

    /// Writes text in the details column, wrapped at the width of the terminal; `mark` precedes the first line.
    fn lines(&self, code: &str, mark: &str, text: &str, out: &mut impl Write) -> io::Result<()> {
        let indent = self.column + mark.width();
        for (at, line) in self.broken(text, indent).iter().enumerate() {
            let mark = if at == 0 { mark } else { "" };
            let blanks = " ".repeat(indent - mark.width());
            // The mark replaces the last spaces.
            writeln!(out, "{blanks}{mark}{}", self.painted(code, line))?;
        }
        Ok(())
    }

    /// The width of the details column.
    fn room(&self) -> usize {
        self.style.width.unwrap_or(WIDEST).saturating_sub(self.column)
    }

    /// `text` wrapped to fit after `indent` columns.
    fn broken(&self, text: &str, indent: usize) -> Vec<String> {
        match self.style.width {
            Some(width) => wrapped(text, width.saturating_sub(indent).max(8)),
            None => vec![text.to_owned()],
        }
    }

    fn painted(&self, code: &str, text: &str) -> String {
        let plain = !self.style.color || code.is_empty() || text.is_empty();
        if plain { text.to_owned() } else { format!("\x1b[{code}m{text}\x1b[0m") }
    }
}

/// The column widths of changed fields with values side by side.
struct Changes {
    fields: usize,
    olds: usize,
}

impl Changes {
    fn of(details: &[Detail], room: usize) -> Self {
        let mut widest = Self { fields: 0, olds: 0 };
        for detail in details {
            let Detail::Change { field, from, to } = detail else { continue };
            let width = |text: &Option<String>| text.as_deref().map_or(0, |text| clean(text).width());
            let (field, from, to) = (clean(field).width(), width(from), width(to));
            if (from, to) != (0, 0) && side_by_side(field, from, to) <= room {
                widest = Self { fields: widest.fields.max(field), olds: widest.olds.max(from) };
            }
        }
        widest
    }
}

/// The width of a line with a field and its old and new value.
fn side_by_side(field: usize, old: usize, new: usize) -> usize {
    field + GAP + old_column(old) + "→ ".width() + new
}

/// The width of the column of old values, including the space before the arrow.
fn old_column(old: usize) -> usize {
    if old == 0 { 0 } else { old + 1 }
}

/// The colour of a verb: green creates, yellow interrupts, cyan starts, magenta removes. Red is reserved for data loss.
fn color(verb: Verb) -> &'static str {
    match verb {
        Verb::Pull | Verb::Build | Verb::Push | Verb::Create => "32",
        Verb::Recreate | Verb::Restart | Verb::Pause => "33",
        Verb::Start | Verb::Unpause | Verb::Rename | Verb::Connect => "36",
        Verb::Stop | Verb::Kill | Verb::Remove => "35",
        Verb::Configure | Verb::Provide | Verb::RunAgain | Verb::Keep => FAINT,
    }
}

/// Text as a single line without control characters.
fn clean(text: &str) -> String {
    visible(text, Colors::Shown).replace('\n', "␊")
}
