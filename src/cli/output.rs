//! What the command line itself tells the user: problems of the files, warnings, progress.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use serde::Serialize;
use serde_json::Value;

use super::context::Context;
use super::lenient::is_yes;
use super::{Failure, command_line, service_names};
use crate::diagnostic::redact;
use crate::diagnostic::render::{Description, Style, describe, describe_all, render, render_all};
use crate::diagnostic::visible::{Colors, visible};
use crate::diagnostic::{Explain, Level};
use crate::load::{self, Dependencies, LoadFailure, LoadOptions, LoadWarning, Loaded, LoadedModel};
use crate::plan::Plan;
use crate::project::{Project, ProjectName};
use crate::render::failure::Files;
use crate::render::logs::{LogSettings, Prefix};
use crate::render::plan::PlanStyle;
use crate::render::warning::plan as plan_warning;
use crate::render::{Causes, Progress, ProgressMode, TerminalSize, TtySettings};
use crate::source::SourceMap;

/// Writes to standard output, and sees that it arrives.
///
/// # Errors
///
/// When that cannot be written to.
pub(super) fn print(text: impl AsRef<[u8]>) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_ref()).and_then(|()| out.flush()).map_err(Failure::of_stdout)
}

/// Loads a project; warnings go to standard error.
///
/// # Errors
///
/// [`Failure::Load`] when the files cannot be used; every problem was told.
pub(super) fn load(options: &LoadOptions, context: &Context) -> Result<Loaded, Failure> {
    let loaded = load::load(options).map_err(|failure| load_failure(&failure, context))?;
    report(&[], &loaded.warnings, &loaded.sources, context)?;
    Ok(loaded)
}

/// Loads the merged model; warnings go to standard error.
///
/// # Errors
///
/// As [`load`].
pub(super) fn load_model(options: &LoadOptions, context: &Context) -> Result<LoadedModel, Failure> {
    let loaded = load::load_model(options).map_err(|failure| load_failure(&failure, context))?;
    report(&[], &loaded.warnings, &loaded.sources, context)?;
    Ok(loaded)
}

/// Tells everything that is wrong with the files.
pub(super) fn load_failure(failure: &LoadFailure, context: &Context) -> Failure {
    let errors: Vec<&dyn Explain> = failure.errors.iter().map(|error| error as &dyn Explain).collect();
    match report(&errors, &failure.warnings, &failure.sources, context) {
        Ok(()) => Failure::Load,
        Err(error) => error.into(),
    }
}

fn report(errors: &[&dyn Explain], warnings: &[LoadWarning], sources: &SourceMap, context: &Context) -> io::Result<()> {
    if errors.is_empty() && warnings.is_empty() {
        return Ok(());
    }
    if is_json(context) {
        return report_json(errors, warnings, sources, context);
    }
    let (placed, placeless): (Vec<&dyn Explain>, Vec<&dyn Explain>) =
        errors.iter().partition(|error| error.span().is_some());
    let warnings = warnings.iter().map(|warning| (warning as &dyn Explain, Level::Warning));
    let placed = placed.into_iter().map(|error| (error, Level::Error));
    let style = style(context);
    let mut text = render_all(warnings.chain(placed), sources, &style);
    // Scripts look for these lines as they are.
    for problem in describe_all(placeless, sources, &style) {
        writeln!(text, "{}", visible(&problem.message, Colors::Shown)).expect("memory can be written to");
        if let Some(hint) = problem.hint {
            writeln!(text, "hint: {}", visible(&hint, Colors::Shown)).expect("memory can be written to");
        }
    }
    io::stderr().write_all(text.as_bytes())
}

/// Every problem as an object on a line of its own: errors as those of commands, warnings as records of a log.
fn report_json(
    errors: &[&dyn Explain],
    warnings: &[LoadWarning],
    sources: &SourceMap,
    context: &Context,
) -> io::Result<()> {
    let style = style(context);
    let mut text = String::new();
    let warnings = warnings.iter().map(|warning| warning as &dyn Explain);
    for problem in describe_all(warnings, sources, &style) {
        text += &log_record("warning", &problem.message, Some(&problem));
    }
    for problem in describe_all(errors.iter().copied(), sources, &style) {
        let line = ErrorLine { error: true, problem };
        text += &(serde_json::to_string(&line)? + "\n");
    }
    io::stderr().write_all(text.as_bytes())
}

/// An error as a program reads it.
#[derive(Serialize)]
struct ErrorLine {
    error: bool,
    #[serde(flatten)]
    problem: Description,
}

/// A warning as a record of a log, with the place of its cause where that is known.
fn log_record(level: &str, message: &str, problem: Option<&Description>) -> String {
    let mut record = serde_json::json!({
        "level": level,
        "msg": message,
        "time": jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    });
    if let Some(problem) = problem {
        for (key, value) in [
            ("file", problem.file.clone().map(Value::from)),
            ("line", problem.line.map(Value::from)),
            ("column", problem.column.map(Value::from)),
            ("hint", problem.hint.clone().map(Value::from)),
        ] {
            if let Some(value) = value {
                record[key] = value;
            }
        }
    }
    format!("{record}\n")
}

/// Whether everything on standard error is for programs. A mode that does not exist is reported where progress is shown.
fn is_json(context: &Context) -> bool {
    context.progress_mode().is_ok_and(|mode| mode == ProgressMode::Json)
}

/// How problems are shown on standard error.
pub(super) fn style(context: &Context) -> Style {
    let columns = context.terminals.stderr.then(|| console::Term::stderr().size_checked()).flatten();
    Style {
        color: colors(context, context.terminals.stderr),
        width: columns.map_or(Style::default().width, |(_, columns)| usize::from(columns)),
        show_values: context.global.show_values,
        current_dir: Some(context.working_directory.clone()),
        flags: command_line::flags(&context.global),
    }
}

/// Whether a stream takes colours: `--ansi`, whether it is a terminal, and, above both, `NO_COLOR`.
pub(super) fn colors(context: &Context, is_terminal: bool) -> bool {
    match context.ansi() {
        _ if context.no_color() => false,
        "always" => true,
        "auto" => is_terminal,
        _ => false,
    }
}

/// How plans are shown on standard output.
pub(super) fn plan_style(context: &Context) -> PlanStyle {
    let columns = context.terminals.stdout.then(|| console::Term::stdout().size_checked()).flatten();
    PlanStyle {
        color: colors(context, context.terminals.stdout),
        width: columns.map(|(_, columns)| usize::from(columns)),
    }
}

/// What a command found instead of something to do: on standard error, or on standard output where
/// `COMPOSE_STATUS_STDOUT` asks for that.
pub(super) fn status(message: &str, context: &Context) -> Result<(), Failure> {
    if context.variable("COMPOSE_STATUS_STDOUT").is_some_and(is_yes) {
        return print(format!("{message}\n"));
    }
    if is_json(context) {
        return Ok(io::stderr().write_all(log_record("info", message, None).as_bytes())?);
    }
    Ok(writeln!(io::stderr(), "{message}")?)
}

/// A warning that has no place in a file. Some of the contract's texts say themselves that they are one.
pub(super) fn warn(message: &str, context: &Context) -> Result<(), Failure> {
    let message = &if context.global.show_values { message.to_owned() } else { redact::text(message) };
    if is_json(context) {
        return Ok(io::stderr().write_all(log_record("warning", message, None).as_bytes())?);
    }
    let level = if message.starts_with("Warning: ") { "" } else { "warning: " };
    Ok(writeln!(io::stderr(), "{level}{}", visible(message, Colors::Shown))?)
}

/// What a command that works without the files acts on.
pub(super) enum Target {
    /// What the files define.
    Project(Box<Loaded>),
    /// Whatever the engine has under a name.
    Name(ProjectName),
}

impl Target {
    /// The project's name.
    pub(super) fn name(&self) -> &ProjectName {
        match self {
            Self::Project(loaded) => &loaded.project.name,
            Self::Name(name) => name,
        }
    }

    /// The project, where there are files.
    pub(super) fn project(&self) -> Option<&Project> {
        match self {
            Self::Project(loaded) => Some(&loaded.project),
            Self::Name(_) => None,
        }
    }
}

/// What a command acts on that names `services`; where there are files, they have to define them.
///
/// # Errors
///
/// Those of [`target`], and [`Failure::Usage`] for a service that the files do not define.
pub(super) fn target_with(services: &[String], context: &Context) -> Result<Target, Failure> {
    let target = target(services, context)?;
    if let Target::Project(loaded) = &target
        && let Some(unknown) = services.iter().find(|name| !loaded.project.is_known(name))
    {
        return Failure::usage(&service_names::no_such_service(&loaded.project, unknown));
    }
    Ok(target)
}

/// The project of the files; its name alone with `-p` and without `-f`, or where the files cannot be loaded though
/// `COMPOSE_PROJECT_NAME` says the name. The profiles of `services` are active. Warnings about the files are left to the
/// commands that carry out what they say.
///
/// # Errors
///
/// [`Failure::Load`] when the files are needed and cannot be used.
pub(super) fn target(services: &[String], context: &Context) -> Result<Target, Failure> {
    let global = &context.global;
    if let (Some(name), true) = (&global.project_name, global.file.is_empty()) {
        return Ok(Target::Name(ProjectName::from(name.to_lowercase())));
    }
    let mut options = context.load_options(services);
    options.dependencies = Dependencies::All;
    options.resolve_environment = false;
    match (load::load(&options), context.variable("COMPOSE_PROJECT_NAME")) {
        (Ok(loaded), _) => Ok(Target::Project(Box::new(loaded))),
        (Err(_), Some(name)) => Ok(Target::Name(ProjectName::from(name.to_lowercase()))),
        (Err(failure), None) => Err(load_failure(&failure, context)),
    }
}

/// The name alone, for the commands to which it does not matter what the files define: from `-p`, else
/// `COMPOSE_PROJECT_NAME`, else the files.
///
/// # Errors
///
/// [`Failure::Load`] when the files are needed and cannot be used.
pub(super) fn project_name(context: &Context) -> Result<ProjectName, Failure> {
    let given = context.global.project_name.as_deref().filter(|name| !name.is_empty());
    if let Some(name) = given.or_else(|| context.variable("COMPOSE_PROJECT_NAME")) {
        return Ok(ProjectName::from(name.to_lowercase()));
    }
    Ok(target(&[], context)?.name().clone())
}

/// Progress on standard error, in the mode that flags and terminals ask for.
///
/// # Errors
///
/// Where the mode is not known, or contradicts `--ansi`.
pub(super) fn progress(context: &Context) -> Result<Progress<io::Stderr>, Failure> {
    let mode = context.progress_mode()?;
    let tty = TtySettings { color: colors(context, true), size: TerminalSize::of_stderr() };
    // What a program reads has the cause with the step; a person reads it once, at the end, with its place.
    let causes = if mode == ProgressMode::Json { Causes::Shown } else { Causes::Reported };
    let progress = Progress::new(mode, tty, io::stderr()).with_causes(causes);
    Ok(progress.with_values(context.secret_values()))
}

/// How lines of containers are shown.
pub(super) fn log_settings(context: &Context, no_color: bool, no_prefix: bool, timestamps: bool) -> LogSettings {
    let mode = context.progress_mode().unwrap_or_default();
    LogSettings {
        prefix: if no_prefix { Prefix::None } else { Prefix::Name },
        color: !no_color && colors(context, context.terminals.stdout),
        timestamps,
        clear_line: mode == ProgressMode::Tty,
    }
}

/// Warnings of a plan: what it leaves alone though it may not be meant so. Those that come from a line of `files` are
/// told with it.
///
/// # Errors
///
/// When standard error cannot be written to.
pub(super) fn plan_warnings(
    plan: &Plan,
    files: Option<(&Project, &SourceMap)>,
    context: &Context,
) -> Result<(), Failure> {
    let style = style(context);
    for warning in plan.warnings() {
        let placed = files.and_then(|(project, sources)| {
            Some((Files { project, sources, style: &style }.warning(warning)?, sources))
        });
        let Some((placed, sources)) = placed else {
            warn(&style.for_this_project(&plan_warning::message(warning)), context)?;
            continue;
        };
        let text = if is_json(context) {
            log_record("warning", &placed.to_string(), Some(&describe(&placed, sources, &style)))
        } else {
            render(&placed, Level::Warning, sources, &style) + "\n"
        };
        io::stderr().write_all(text.as_bytes())?;
    }
    Ok(())
}
