//! Records the course of `up`: as the file that `--timeline` names, and in a folder of the user for `timeline last`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{Context, Failure, output};
use crate::event::timeline::{Recorder, Timeline};
use crate::event::{Event, Fact};
use crate::project::ProjectName;
use crate::render::plan::PlanStyle;
use crate::render::timeline;

/// What a file with a timeline can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum TimelineFormat {
    /// Bars of characters, for a terminal.
    Text,
    /// A picture.
    Svg,
    /// A page with the picture and a table.
    Html,
    /// JSON, for programs.
    Json,
    /// Trace events, for Perfetto.
    Trace,
}

impl TimelineFormat {
    /// The format that the name of a file asks for.
    pub(super) fn of_file(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "txt" => Some(Self::Text),
            "svg" => Some(Self::Svg),
            "html" => Some(Self::Html),
            "json" => Some(Self::Json),
            "trace" => Some(Self::Trace),
            _ => None,
        }
    }

    /// A timeline in this format.
    pub(super) fn write(self, timeline: &Timeline, style: PlanStyle) -> String {
        match self {
            Self::Text => timeline::text(timeline, style),
            Self::Svg => timeline::svg(timeline),
            Self::Html => timeline::html(timeline),
            Self::Json => timeline::json(timeline),
            Self::Trace => timeline::trace(timeline),
        }
    }
}

/// The format of the file that `--timeline` names.
///
/// # Errors
///
/// [`Failure::Usage`] if its name has none of the known endings.
pub(super) fn format_of(path: &Path) -> Result<TimelineFormat, Failure> {
    TimelineFormat::of_file(path).map_or_else(
        || {
            Failure::usage(&format!(
                "--timeline: unknown format for `{}`\nhint: use a name ending in .svg, .html, .json, .trace or .txt",
                path.display()
            ))
        },
        Ok,
    )
}

/// The recording of one run.
pub(super) struct Recording {
    recorder: Recorder,
    project: String,
    began_at: String,
    /// Where the last run of the project is kept; `None` where there is no place for it.
    kept: Option<PathBuf>,
    file: Option<(File, PathBuf, TimelineFormat)>,
    /// Whether everything recorded is written.
    is_written: bool,
    /// Why the file could not be written.
    error: Option<io::Error>,
}

impl Recording {
    /// Begins a recording; opens the file, so that nothing is started if it cannot be written.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened.
    pub(super) fn begin(
        project: &ProjectName,
        engine: &str,
        file: Option<&Path>,
        context: &Context,
    ) -> Result<Self, Failure> {
        let open = |path: &Path| {
            let format = format_of(path)?;
            let whole = context.working_directory.join(path);
            // What is in the file stays until there is something better.
            let file = OpenOptions::new().write(true).create(true).truncate(false).open(whole).map_err(|error| {
                let (path, error) = (path.display(), words(&error));
                Failure::Unexpected(
                    anyhow::anyhow!("{error}").context(format!("cannot write the timeline to `{path}`")),
                )
            })?;
            Ok::<_, Failure>((file, path.to_owned(), format))
        };
        Ok(Self {
            recorder: Recorder::default(),
            project: project.to_string(),
            began_at: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
            kept: kept(project, engine, context),
            file: file.map(open).transpose()?,
            is_written: false,
            error: None,
        })
    }

    /// Takes note of an event. At the end of the run everything is written, even if the command goes on.
    pub(super) fn observe(&mut self, event: &Event) {
        if self.recorder.is_over() {
            return;
        }
        self.recorder.observe(event);
        self.is_written = false;
        if event.fact == Fact::Ended {
            self.write();
        }
    }

    /// Ends the recording.
    ///
    /// # Errors
    ///
    /// If the warning that the file could not be written cannot be written.
    pub(super) fn end(mut self, context: &Context) -> Result<(), Failure> {
        self.write_rest();
        let Some((error, (_, path, _))) = self.error.take().zip(self.file.take()) else { return Ok(()) };
        output::warn(&format!("cannot write the timeline to `{}`: {}", path.display(), words(&error)), context)
    }

    fn write_rest(&mut self) {
        if !self.is_written {
            self.write();
        }
    }

    fn write(&mut self) {
        self.is_written = true;
        let Some(timeline) = self.recorder.clone().finish(&self.project) else { return };
        let timeline = Timeline { began_at: Some(self.began_at.clone()), ..timeline };
        if let Some((file, _, format)) = &mut self.file {
            let text = format.write(&timeline, PlanStyle::default());
            self.error = replace(file, text.as_bytes()).err();
        }
        if let Some(path) = self.kept.as_deref().filter(|_| timeline.is_eventful()) {
            // It is a convenience: a run does not fail because of it.
            let _ = keep(path, timeline::json(&timeline).as_bytes());
        }
    }
}

/// A command that is cut short still leaves its timeline behind.
impl Drop for Recording {
    fn drop(&mut self) {
        self.write_rest();
    }
}

/// The system's words without its number.
fn words(error: &io::Error) -> String {
    let text = error.to_string();
    text.rfind(" (os error ").map_or(text.as_str(), |at| &text[..at]).to_owned()
}

fn replace(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    use std::io::Seek;
    // Pipes have no length and no position.
    if file.metadata()?.is_file() {
        file.set_len(0)?;
        file.rewind()?;
    }
    file.write_all(bytes)
}

/// Writes a file as a whole or not at all, for the user alone.
fn keep(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let new = path.with_extension(format!("{}.new", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&new).and_then(|mut file| file.write_all(bytes));
    let done = written.and_then(|()| fs::rename(&new, path));
    if done.is_err() {
        let _ = fs::remove_file(&new);
    }
    done
}

/// Where the last run of a project on an engine is kept: below `XDG_STATE_HOME`, else `~/.local/state`, on Windows
/// `LOCALAPPDATA`. `None` without a home.
pub(super) fn kept(project: &ProjectName, engine: &str, context: &Context) -> Option<PathBuf> {
    // A path that is not absolute is to be ignored: XDG Base Directory Specification.
    let absolute = |name: &str| context.variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || {
        if cfg!(windows) {
            return absolute("LOCALAPPDATA");
        }
        // Some users have a home in name only; it is not made.
        absolute("HOME").filter(|home| home.is_dir()).map(|home| home.join(".local/state"))
    };
    let state = absolute("XDG_STATE_HOME").or_else(home)?;
    let digest = Sha256::digest(format!("{engine}\n{project}").as_bytes());
    let digest = digest.iter().take(6).fold(0_u64, |digest, byte| digest << 8 | u64::from(*byte));
    let name: String = project
        .as_str()
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || "-_".contains(*letter))
        .take(60)
        .collect();
    Some(state.join("hoist").join("timelines").join(format!("{name}-{digest:012x}.json")))
}
