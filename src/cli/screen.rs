//! The display of an attached `up`: progress on standard error, container output on both streams, and the menu with its
//! keys.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::Arc;

use tokio::sync::{Notify, watch};
use tokio::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

use super::keyboard::{Key, Keyboard};
use super::lenient::is_yes;
use super::recording::Recording;
use super::settings::Environment;
use super::{Context, Failure, output, progress, signal};
use crate::event::{Event, EventReceiver, Fact, Output, OutputReceiver, Redefined, WatchNote};
use crate::operation::Interruption;
use crate::render::logs::LogPrinter;
use crate::render::menu::{Menu, MenuKey};
use crate::render::{Progress, ProgressMode};

/// Leaves the containers running.
const DETACH: MenuKey = MenuKey { key: 'd', does: "Detach" };

/// Begins to watch files.
const ENABLE_WATCH: MenuKey = MenuKey { key: 'w', does: "Enable Watch" };
/// Ends that.
const DISABLE_WATCH: MenuKey = MenuKey { key: 'w', does: "Disable Watch" };
/// Applies what the files of the project say now.
const APPLY: MenuKey = MenuKey { key: 'r', does: "Apply Changes" };
/// How long it is shown that there is nothing to watch.
const SHOWN: Duration = Duration::from_secs(10);

/// Whether there should be a menu: `--menu`, else `COMPOSE_MENU`, else yes; never where nobody could see or use it.
///
/// # Errors
///
/// If the mode of the progress is unknown, or a warning cannot be written.
pub(super) fn wants_menu(flag: Option<bool>, environment: &Environment, context: &Context) -> Result<bool, Failure> {
    let wanted = match (flag, environment.get("COMPOSE_MENU")) {
        (Some(wanted), _) => wanted,
        (None, Some(word)) if !word.is_empty() => is_yes(word),
        (None, _) => true,
    };
    let terminals = context.terminals;
    if flag == Some(true) && !terminals.stdin {
        output::warn("standard input is not a terminal, so there is no menu", context)?;
    }
    // The menu is drawn where progress is. Lines and JSON stay what they are.
    let is_drawn = matches!(context.progress_mode()?, ProgressMode::Tty | ProgressMode::Quiet) && terminals.stderr;
    Ok(wanted && terminals.stdin && terminals.stdout && is_drawn)
}

/// Whether to watch files, or why that is not possible.
pub(super) type WatchSwitch = Result<watch::Sender<bool>, String>;

/// The display.
pub(super) struct Screen {
    progress: Progress<io::Stderr>,
    logs: LogPrinter,
    /// Whether standard output is a pipe or the like. The program at its other end, such as `tee`, may write to the terminal
    /// that shows the progress at any time.
    is_piped: bool,
    /// The containers it attaches to: printed before their first line, at the latest when all have started.
    attaching: Option<Output>,
    /// Whether the plan has ended.
    ended: bool,
    keyboard: Option<Keyboard>,
    menu: Option<Menu>,
    /// Whether to watch files, or why that is not possible; `None` if nobody can ask for it.
    watch: Option<WatchSwitch>,
    /// Told when a change of the project's files is to be applied.
    apply: Arc<Notify>,
    /// Whether there is such a change.
    has_changes: bool,
    /// Until when the menu shows something else than its keys.
    notice_until: Option<Instant>,
    /// The recording of what happens.
    recording: Option<Recording>,
}

impl Screen {
    pub(super) fn new(progress: Progress<io::Stderr>, logs: LogPrinter, context: &Context) -> Self {
        Self {
            progress,
            logs,
            is_piped: !context.terminals.stdout && !is_a_file(&io::stdout()),
            attaching: None,
            ended: false,
            keyboard: None,
            menu: None,
            watch: None,
            apply: Arc::default(),
            has_changes: false,
            notice_until: None,
            recording: None,
        }
    }

    /// Lets a key begin and end the watching of files, or say why that cannot be.
    pub(super) fn watching(self, watch: WatchSwitch) -> Self {
        Self { watch: Some(watch), ..self }
    }

    /// Lets a key apply a change of the project's files.
    pub(super) fn applying(self, apply: Arc<Notify>) -> Self {
        Self { apply, ..self }
    }

    /// Records what happens.
    pub(super) fn recording(self, recording: Recording) -> Self {
        Self { recording: Some(recording), ..self }
    }

    /// Ends the recording.
    ///
    /// # Errors
    ///
    /// Those of [`Recording::end`].
    pub(super) fn end_recording(&mut self, context: &Context) -> Result<(), Failure> {
        self.recording.take().map_or(Ok(()), |recording| recording.end(context))
    }

    /// The keys that do something now.
    fn keys(&self) -> Option<Menu> {
        let mut keys = Vec::new();
        if self.has_changes {
            keys.push(APPLY);
        }
        if let Some(watch) = &self.watch {
            let watches = watch.as_ref().is_ok_and(|wanted| *wanted.borrow());
            keys.extend([if watches { DISABLE_WATCH } else { ENABLE_WATCH }, DETACH]);
        }
        (!keys.is_empty()).then_some(Menu::Keys(keys))
    }

    /// Shows the keys that do something now, in place of others.
    fn renew_keys(&mut self) {
        if self.keyboard.is_some() && (self.watch.is_none() || matches!(self.menu, Some(Menu::Keys(_)))) {
            self.set_menu(self.keys());
        }
    }

    /// What the files of the project say now may be applied, or no more.
    fn note(&mut self, note: &WatchNote) {
        if let WatchNote::Redefined(redefined) = note {
            self.has_changes = matches!(redefined, Redefined::Changes(_) | Redefined::Nothing);
            self.renew_keys();
        } else if *note == WatchNote::Disabled {
            self.has_changes = false;
            self.renew_keys();
        }
    }

    /// Begins or ends the watching of files.
    fn toggle_watch(&mut self) {
        match &self.watch {
            None => {}
            Some(Ok(wanted)) => {
                wanted.send_modify(|wanted| *wanted = !*wanted);
                self.set_menu(self.keys());
            }
            Some(Err(why)) => {
                self.set_menu(Some(Menu::Notice(why.clone().into())));
                self.notice_until = Some(Instant::now() + SHOWN);
            }
        }
    }

    fn tick(&mut self) {
        if self.notice_until.is_some_and(|until| until <= Instant::now()) {
            self.notice_until = None;
            if self.menu.is_some() {
                self.set_menu(self.keys());
            }
        }
        self.progress.tick();
    }

    /// Shows the menu, and listens to its keys. If there is no keyboard, it says so.
    ///
    /// # Errors
    ///
    /// If the warning cannot be written.
    pub(super) fn open_menu(&mut self, context: &Context) -> Result<(), Failure> {
        match Keyboard::open() {
            Ok(keyboard) => self.keyboard = Some(keyboard),
            Err(error) => {
                return output::warn(
                    &format!("there is no menu, because the keyboard cannot be read: {error}"),
                    context,
                );
            }
        }
        self.menu = self.keys();
        self.listen()?;
        Ok(())
    }

    /// Shows everything until the session ends. Keys become requests to it.
    ///
    /// # Errors
    ///
    /// If the terminal cannot be written to.
    pub(super) async fn show(
        &mut self,
        mut received: EventReceiver,
        lines: OutputReceiver,
        interruption: &Interruption,
        detach: &CancellationToken,
    ) -> Result<(), Failure> {
        let mut ticks = tokio::time::interval(progress::TICK);
        let (mut events_end, mut lines) = (false, Some(lines));
        while !(events_end && lines.is_none()) {
            tokio::select! {
                event = received.recv(), if !events_end => match event {
                    Some(event) => self.event(&event)?,
                    None => events_end = true,
                },
                output = next_output(lines.as_mut()) => match output {
                    None => lines = None,
                    Some(output) => match self.output(output) {
                        Ok(()) => {}
                        // Ctrl-C in a pipeline also ends the program that reads. How the rest stops is still told.
                        Err(_) if interruption.stop.is_cancelled() => lines = None,
                        Err(error) => return Err(error.into()),
                    },
                },
                Some(key) = next_key(self.keyboard.as_mut()) => self.key(key, interruption, detach)?,
                _ = ticks.tick() => self.tick(),
            }
        }
        Ok(())
    }

    /// Ends the display: what is on the screen stays, but for the menu; the terminal is set back.
    ///
    /// # Errors
    ///
    /// If writing fails.
    pub(super) fn close(&mut self) -> io::Result<()> {
        self.keyboard = None;
        self.set_menu(None);
        self.progress.finish()
    }

    fn key(&mut self, key: Key, interruption: &Interruption, detach: &CancellationToken) -> io::Result<()> {
        match key {
            // Once all are being stopped, there is nothing to detach from.
            Key::Detach | Key::Watch if self.watch.is_none() => Ok(()),
            Key::Apply if !self.has_changes => Ok(()),
            Key::Apply => {
                self.apply.notify_one();
                Ok(())
            }
            Key::Detach if interruption.stop.is_cancelled() || self.menu.is_none() => Ok(()),
            Key::Detach => {
                detach.cancel();
                self.notice_until = None;
                self.set_menu(Some(Menu::Notice("Detaching...".into())));
                Ok(())
            }
            Key::Watch if interruption.stop.is_cancelled() || detach.is_cancelled() || self.menu.is_none() => Ok(()),
            Key::Watch => {
                self.toggle_watch();
                Ok(())
            }
            Key::Enter => self.progress.above(|| {
                let mut stdout = io::stdout().lock();
                writeln!(stdout).and_then(|()| stdout.flush())
            }),
            Key::Interrupt => {
                signal::escalate(interruption);
                Ok(())
            }
            Key::Quit => {
                interruption.leave.cancel();
                Ok(())
            }
            Key::Suspend => {
                self.progress.set_menu(None);
                self.progress.clear();
                if let Some(keyboard) = &mut self.keyboard {
                    keyboard.suspend();
                }
                Ok(())
            }
            Key::Continue => self.listen(),
        }
    }

    /// Shows the menu while this process is in the foreground.
    fn listen(&mut self) -> io::Result<()> {
        let Some(keyboard) = &mut self.keyboard else { return Ok(()) };
        let menu = if keyboard.listen()? { self.menu.clone() } else { None };
        self.progress.set_menu(menu);
        Ok(())
    }

    fn set_menu(&mut self, menu: Option<Menu>) {
        self.menu = menu;
        self.progress.set_menu(self.menu.clone());
    }

    fn event(&mut self, event: &Event) -> io::Result<()> {
        if let Some(recording) = &mut self.recording {
            recording.observe(event);
        }
        if matches!(event.fact, Fact::Stopping(_)) {
            self.set_menu(None);
        }
        self.progress.event(event)?;
        if matches!(event.fact, Fact::PlanStarted { replaces_failed: true, .. }) {
            self.ended = false;
        }
        if matches!(&event.fact, Fact::Failed { error, .. } if !error.is_conflict()) {
            self.attaching = None;
        }
        if event.fact == Fact::Ended {
            self.ended = true;
            self.attach()?;
        }
        Ok(())
    }

    fn output(&mut self, output: Output) -> io::Result<()> {
        if matches!(output, Output::Attaching(_)) {
            self.attaching = Some(output);
            return if self.ended { self.attach() } else { Ok(()) };
        }
        self.attach()?;
        if let Output::Watch(note) = &output {
            self.note(note);
        }
        self.print(&output)
    }

    /// Prints which containers it attaches to, unless that was printed already or another plan may have to run first.
    fn attach(&mut self) -> io::Result<()> {
        let attaching = if self.progress.may_be_replanned() { None } else { self.attaching.take() };
        attaching.map_or(Ok(()), |attaching| self.print(&attaching))
    }

    fn print(&mut self, output: &Output) -> io::Result<()> {
        let Self { progress, logs, is_piped, .. } = self;
        if *is_piped {
            progress.go_on_in_lines(io::stderr());
        }
        progress.above(|| {
            let mut stdout = io::stdout().lock();
            logs.write(output, &mut stdout, &mut io::stderr())?;
            stdout.flush()
        })
    }
}

/// Whether what is written there stays there.
fn is_a_file(stream: &impl AsFd) -> bool {
    let file = stream.as_fd().try_clone_to_owned().map(File::from);
    file.and_then(|file| file.metadata()).is_ok_and(|about| about.is_file())
}

/// The next output, `None` at its end; it never comes if nothing is to be received.
async fn next_output(lines: Option<&mut OutputReceiver>) -> Option<Output> {
    match lines {
        Some(lines) => lines.recv().await,
        None => std::future::pending().await,
    }
}

/// The next key; `None`, and never again, without a keyboard.
async fn next_key(keyboard: Option<&mut Keyboard>) -> Option<Key> {
    Some(keyboard?.next().await)
}
