//! Progress in a terminal: a block of live lines, one per resource, redrawn as things change.

mod block;
mod row;
mod screen;
mod speed;
mod tree;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};

use console::measure_text_width;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

use super::record::{Record, RecordState};
use super::terminal::TtySettings;
use crate::diagnostic::visible::{Colors, visible};
use crate::render::menu::Menu;
use row::Row;
use screen::Screen;
use speed::Speed;

/// Maximum number of draws per second.
const DRAWS_PER_SECOND: u8 = 20;

/// The live block.
#[derive(Debug)]
pub(super) struct Tty<W: Write + Send + 'static> {
    settings: TtySettings,
    screen: Screen<W>,
    bar: Option<ProgressBar>,
    operation: String,
    rows: Vec<Row>,
    /// What stays below the block, and when there is none.
    menu: Option<Menu>,
    began: Instant,
}

impl<W: Write + Send + 'static> Tty<W> {
    pub(super) fn new(settings: TtySettings, out: W) -> Self {
        let screen = Screen::new(out, settings.size.clone());
        let (operation, began) = ("up".to_owned(), Instant::now());
        Self { settings, screen, bar: None, operation, rows: Vec::new(), menu: None, began }
    }

    pub(super) fn begin(&mut self, operation: &str) {
        self.finish();
        operation.clone_into(&mut self.operation);
        self.began = Instant::now();
    }

    pub(super) fn record(&mut self, mut record: Record) {
        for text in [&mut record.text, &mut record.details] {
            *text = on_one_line(text, self.settings.color);
        }
        match &record.parent_id {
            Some(parent) => {
                let parent = parent.clone();
                self.child(&parent, record);
            }
            None => self.root(record),
        }
        self.draw();
    }

    /// Sets what a resource is waiting for, in addition to its state; `None` if it no longer waits.
    pub(super) fn note(&mut self, id: &str, note: Option<String>) {
        if let Some(row) = self.rows.iter_mut().find(|row| row.id == id) {
            row.note = note;
        }
    }

    pub(super) fn tick(&mut self) {
        self.draw();
    }

    pub(super) fn suspend(&mut self, write: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Replaces the block with plain text of all its lines. The menu stays.
    pub(super) fn finish(&mut self) {
        self.clear();
        if !self.rows.is_empty() {
            let (_, columns) = self.settings.size.get();
            let block = block::Block { is_last: true, ..self.block(Instant::now()) };
            let block = block.lines(usize::from(columns), usize::MAX);
            // If the terminal is gone, nobody can be told.
            let _ = self.screen.print(&block);
            self.rows.clear();
        }
        self.draw();
    }

    /// Takes the block and the menu off the screen until something is drawn.
    pub(super) fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    /// Sets what stays below the block; `None` for nothing.
    pub(super) fn set_menu(&mut self, menu: Option<Menu>) {
        self.menu = menu;
        if self.rows.is_empty() && self.menu.is_none() {
            self.clear();
        }
        self.draw();
    }

    /// Prints permanent lines below what the block left.
    pub(super) fn print(&mut self, lines: &[String]) -> io::Result<()> {
        let screen = self.screen.clone();
        self.suspend(|| screen.print(lines))
    }

    /// Prints a permanent line above the block.
    pub(super) fn announce(&mut self, record: &Record) -> io::Result<()> {
        let words = match record.state {
            RecordState::Warning => format!("! {}: {}", record.id, record.text),
            RecordState::Working | RecordState::Done | RecordState::Error => record.details.clone(),
        };
        let style = console::Style::new().force_styling(self.settings.color);
        let style = if record.state == RecordState::Warning { style.yellow() } else { style.red().bold() };
        let line = if self.settings.color { style.apply_to(words).to_string() } else { words };
        let screen = self.screen.clone();
        self.suspend(|| screen.print(&[line]))
    }

    fn root(&mut self, record: Record) {
        let now = Instant::now();
        let Some(row) = self.rows.iter_mut().find(|row| row.id == record.id) else {
            self.rows.push(Row::new(record, now));
            return;
        };
        row.change(record, now);
    }

    fn child(&mut self, parent: &str, record: Record) {
        let Some(row) = self.rows.iter_mut().find(|row| row.id == parent) else { return };
        if record.is_build_output() {
            row.build(record, Instant::now());
            return;
        }
        row.transfer(record, Instant::now());
    }

    fn draw(&mut self) {
        if self.rows.is_empty() && self.menu.is_none() {
            return;
        }
        let (rows, columns) = self.settings.size.get();
        let (rows, columns) = (usize::from(rows), usize::from(columns));
        let mut lines = Vec::new();
        if !self.rows.is_empty() {
            let room = rows.saturating_sub(usize::from(self.menu.is_some()));
            lines = self.block(Instant::now()).lines(columns, room);
        }
        lines.extend(self.menu.as_ref().map(|menu| menu.line(columns, self.settings.color)));
        let message = Cow::Owned(lines.join("\n"));
        if let Some(bar) = &self.bar {
            bar.set_message(message);
            return;
        }
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(self.screen.clone()), DRAWS_PER_SECOND);
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_style(ProgressStyle::with_template("{msg}").expect("the template is a constant and valid"));
        bar.set_message(message);
        self.bar = Some(bar);
    }

    fn block(&self, now: Instant) -> block::Block<'_> {
        block::Block {
            operation: &self.operation,
            rows: &self.rows,
            color: self.settings.color,
            now,
            began: self.began,
            is_last: false,
        }
    }
}

/// The columns between two tab stops.
const TAB: usize = 8;

/// `text` as it fits into a line of the block: tabs and line breaks as spaces, and colours only where there are any.
fn on_one_line(text: &str, color: bool) -> String {
    let text = if color { Cow::Borrowed(text) } else { visible(text, Colors::Removed) };
    let mut line = String::with_capacity(text.len());
    let mut column = 0;
    for part in text.replace('\n', " ").split_inclusive('\t') {
        let words = part.trim_end_matches('\t');
        line.push_str(words);
        column += measure_text_width(words);
        if words.len() < part.len() {
            let blanks = TAB - column % TAB;
            line.extend(std::iter::repeat_n(' ', blanks));
            column += blanks;
        }
    }
    line
}

impl Row {
    fn new(record: Record, now: Instant) -> Self {
        let Record { id, state, text, details, .. } = record;
        let until = (state != RecordState::Working).then_some(now);
        let (layers, speed, steps) = (BTreeMap::new(), Speed::default(), Vec::new());
        Self { id, state, text, details, note: None, since: now, until, layers, speed, steps }
    }

    fn change(&mut self, record: Record, now: Instant) {
        let works = record.state == RecordState::Working;
        // A resource that continues after a pause counts from there.
        if works && self.until.is_some() {
            self.since = now;
        }
        self.until = if works { None } else { Some(self.until.unwrap_or(now)) };
        self.state = record.state;
        self.text = record.text;
        self.details = record.details;
        if !works {
            self.steps.clear();
        }
        if works || self.state == RecordState::Error {
            self.note = None;
        }
    }
}
