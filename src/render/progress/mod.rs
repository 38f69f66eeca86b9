//! The progress of plans: events in; lines, JSON or a live block out.

mod json;
mod plain;
mod record;
mod settings;
mod terminal;
mod tty;

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;

pub use record::{Record, RecordState, Records};
pub use settings::{Causes, Hidden, ProgressMode};
pub use terminal::{TerminalSize, TtySettings};

use super::menu::Menu;
use super::volume_data;
use crate::diagnostic::visible::{Colors, visible};
use crate::event::{Event, Fact};
use crate::plan::{Plan, SecretValues, UnusedVolume};

/// Shows the progress of plans, one after the other.
#[derive(Debug)]
pub struct Progress<W: Write + Send + 'static> {
    records: Records,
    hidden: Hidden,
    values: SecretValues,
    renderer: Renderer<W>,
    causes: Causes,
    /// Whether events are not shown; the menu still is.
    quiet: bool,
    /// Failures that may be caused by another client's changes: if there is another plan, they do not count.
    held: Vec<Fact>,
    /// Where the steps of builds and their output go as lines; `None` for the same place as everything else.
    build_log: Option<plain::Plain<BuildLog>>,
    /// The volumes that the plan left without a container, which are listed when it has ended.
    volumes_left: Vec<UnusedVolume>,
}

/// Where the log of builds goes.
struct BuildLog(Box<dyn Write + Send>);

impl fmt::Debug for BuildLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BuildLog")
    }
}

impl Write for BuildLog {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.write(text)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[derive(Debug)]
enum Renderer<W: Write + Send + 'static> {
    Tty(Box<tty::Tty<W>>),
    Plain(plain::Plain<W>),
    Json(json::Json<W>),
}

impl<W: Write + Send + 'static> Progress<W> {
    /// Progress written to `out`.
    #[must_use]
    pub fn new(mode: ProgressMode, tty: TtySettings, out: W) -> Self {
        let renderer = match mode {
            ProgressMode::Tty | ProgressMode::Quiet => Renderer::Tty(Box::new(tty::Tty::new(tty, out))),
            ProgressMode::Plain => Renderer::Plain(plain::Plain::new(out)),
            ProgressMode::Json => Renderer::Json(json::Json::new(out)),
        };
        Self {
            records: Records::default(),
            hidden: Hidden::default(),
            values: SecretValues::default(),
            renderer,
            causes: Causes::default(),
            quiet: mode == ProgressMode::Quiet,
            held: Vec::new(),
            build_log: None,
            volumes_left: Vec::new(),
        }
    }

    /// Writes the steps of builds and their output to `out`, as lines. In a terminal they also appear in the block;
    /// JSON keeps them in its records.
    #[must_use]
    pub fn with_build_log(self, out: impl Write + Send + 'static) -> Self {
        let is_shown = !self.quiet && !matches!(self.renderer, Renderer::Json(_));
        let build_log = is_shown.then(|| plain::Plain::new(BuildLog(Box::new(out))));
        Self { build_log, ..self }
    }

    /// Shows or hides values whose name suggests a secret; they are hidden by default.
    #[must_use]
    pub fn with_values(self, values: SecretValues) -> Self {
        Self { values, ..self }
    }

    /// Hides parts of the progress.
    #[must_use]
    pub fn hiding(self, hidden: Hidden) -> Self {
        Self { hidden, ..self }
    }

    /// Sets whether to show the causes of failures or leave them to a report.
    #[must_use]
    pub fn with_causes(self, causes: Causes) -> Self {
        Self { causes, ..self }
    }

    fn begin(&mut self, plan: &Arc<Plan>, operation: &str) {
        self.records = Records::new(plan);
        if let Renderer::Tty(tty) = &mut self.renderer {
            tty.begin(operation);
        }
    }

    /// Shows an event.
    ///
    /// # Errors
    ///
    /// If writing fails.
    pub fn event(&mut self, event: &Event) -> io::Result<()> {
        if let Fact::PlanStarted { plan, operation, replaces_failed } = &event.fact {
            if *replaces_failed {
                self.held.clear();
            }
            self.finish()?;
            self.begin(plan, operation);
            return Ok(());
        }
        if let Fact::TasksStarted { operation } = &event.fact {
            self.finish()?;
            self.begin(&Arc::default(), operation);
            return Ok(());
        }
        if let Fact::Failed { error, .. } = &event.fact
            && error.is_conflict()
        {
            self.held.push(event.fact.clone());
            return Ok(());
        }
        self.show(&event.fact)
    }

    /// Whether a step failed, possibly because of another client's changes, so that there may be another plan.
    #[must_use]
    pub fn may_be_replanned(&self) -> bool {
        !self.held.is_empty()
    }

    fn show(&mut self, event: &Fact) -> io::Result<()> {
        if self.quiet || self.records.is_hidden(event, self.hidden) {
            return Ok(());
        }
        // Output of programs in a build is shown unchanged, like that of containers.
        let is_open = matches!(event, Fact::BuildOpenLine { .. });
        // A line that is not finished has its place in the block only.
        if is_open && !matches!(self.renderer, Renderer::Tty(_)) {
            return Ok(());
        }
        let output = is_open || matches!(event, Fact::BuildLog { .. });
        let silent = self.causes == Causes::Reported && matches!(event, Fact::Failed { .. });
        for mut record in self.records.of(event) {
            if silent {
                record.details.clear();
            }
            if self.values == SecretValues::Hidden && !output {
                record.conceal();
            }
            if !matches!(self.renderer, Renderer::Json(_)) {
                record.tame(if output { Colors::Kept } else { Colors::Shown });
            }
            let log = self.build_log.as_mut().filter(|_| record.is_build_output() && !is_open);
            let logged = log.is_some();
            if let Some(log) = log {
                log.record(&record)?;
            }
            match &mut self.renderer {
                // Permanent messages stay on the screen; states change in the block.
                Renderer::Tty(tty) if matches!(event, Fact::Warning { .. } | Fact::Stopping(_)) => {
                    tty.announce(&record)?;
                }
                Renderer::Tty(_) | Renderer::Plain(_) if matches!(event, Fact::VolumesLeft(_)) => {}
                Renderer::Plain(_) if logged => {}
                Renderer::Tty(tty) => tty.record(record),
                Renderer::Plain(plain) => plain.record(&record)?,
                Renderer::Json(json) => json.record(&record)?,
            }
        }
        if let Renderer::Tty(tty) = &mut self.renderer {
            for (subject, note) in self.records.notes(event) {
                let shown = |text: String| visible(&text, Colors::Shown).into_owned();
                tty.note(&shown(subject), note.map(shown));
            }
            if *event == Fact::Ended {
                tty.finish();
            }
        }
        if let Fact::VolumesLeft(volumes) = event {
            self.volumes_left.extend_from_slice(volumes);
        }
        if *event == Fact::Ended {
            self.name_volumes_left()?;
        }
        Ok(())
    }

    fn name_volumes_left(&mut self) -> io::Result<()> {
        let volumes = std::mem::take(&mut self.volumes_left);
        if volumes.is_empty() {
            return Ok(());
        }
        let lines = |volumes: &[UnusedVolume]| -> Vec<String> {
            volume_data::left_behind(volumes).iter().map(|line| visible(line, Colors::Shown).into_owned()).collect()
        };
        match &mut self.renderer {
            Renderer::Tty(tty) => tty.print(&lines(&volumes)),
            Renderer::Plain(plain) => lines(&volumes).iter().try_for_each(|line| plain.line(line)),
            // In JSON, each is a record.
            Renderer::Json(_) => Ok(()),
        }
    }

    /// Redraws times and spinners. Call about ten times a second while something happens.
    pub fn tick(&mut self) {
        if let Renderer::Tty(tty) = &mut self.renderer {
            tty.tick();
        }
    }

    /// Hands the screen to `write`, so that other output appears above the live lines.
    ///
    /// # Errors
    ///
    /// Those of `write`.
    pub fn above(&mut self, write: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        match &mut self.renderer {
            Renderer::Tty(tty) => tty.suspend(write),
            Renderer::Plain(_) | Renderer::Json(_) => write(),
        }
    }

    /// Shows `menu` below everything else, or nothing. Lines and JSON have no place for it.
    pub fn set_menu(&mut self, menu: Option<Menu>) {
        if let Renderer::Tty(tty) = &mut self.renderer {
            tty.set_menu(menu);
        }
    }

    /// Leaves the live lines on the screen as they are, and writes what changes from now on to `out`, as lines.
    pub fn go_on_in_lines(&mut self, out: W) {
        if let Renderer::Tty(tty) = &mut self.renderer {
            tty.set_menu(None);
            tty.finish();
            self.renderer = Renderer::Plain(plain::Plain::new(out));
        }
    }

    /// Takes the live lines off the screen; the next change or tick draws them again.
    pub fn clear(&mut self) {
        if let Renderer::Tty(tty) = &mut self.renderer {
            tty.clear();
        }
    }

    /// Ends the display of the plan: what is on the screen stays as its summary.
    ///
    /// # Errors
    ///
    /// If writing fails.
    pub fn finish(&mut self) -> io::Result<()> {
        for failed in std::mem::take(&mut self.held) {
            self.show(&failed)?;
        }
        if let Renderer::Tty(tty) = &mut self.renderer {
            tty.finish();
        }
        Ok(())
    }
}
