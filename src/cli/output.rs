//! Output of the command line itself: problems of the files, warnings, progress.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use super::context::Context;
use super::lenient::is_yes;
use super::{Failure, command_line, service_names};
use crate::diagnostic::redact;
use crate::diagnostic::render::{Description, Style, describe, describe_all, render, render_all};
use crate::diagnostic::visible::{Colors, visible};
use crate::diagnostic::{Explain, Level};
use crate::load::discover::{self, NameSources, ProjectNameError};
use crate::load::{self, Dependencies, LoadFailure, LoadOptions, LoadWarning, Loaded, LoadedModel, Purpose};
use crate::plan::Plan;
use crate::project::{Project, ProjectName};
use crate::render::failure::Files;
use crate::render::logs::{LogSettings, Prefix};
use crate::render::plan::PlanStyle;
use crate::render::warning::plan as plan_warning;
use crate::render::{Causes, Progress, ProgressMode, TerminalSize, TtySettings};
use crate::source::SourceMap;

/// Writes to standard output and flushes it.
///
/// # Errors
///
/// If writing to it fails.
pub(super) fn print(text: impl AsRef<[u8]>) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_ref()).and_then(|()| out.flush()).map_err(Failure::of_stdout)
}

/// Writes to a file, or to standard output without one.
///
/// # Errors
///
/// If it cannot be written to.
pub(super) fn write(text: impl AsRef<[u8]>, file: Option<&Path>, context: &Context) -> Result<(), Failure> {
    let Some(path) = file else { return print(text) };
    fs::write(context.working_directory.join(path), text).map_err(|error| {
        let what = format!("cannot write to `{}`", path.display());
        Failure::Unexpected(anyhow::Error::new(error).context(what))
    })
}

/// Which warnings about valid files a command reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remarks {
    /// All of them.
    All,
    /// None about when jobs run, with which the command has nothing to do.
    NotOnSchedules,
}

impl Remarks {
    /// Tells them.
    fn tell(self, loaded: &Loaded, context: &Context) -> io::Result<()> {
        let told = |warning: &&LoadWarning| self == Self::All || !warning.is_about_a_schedule();
        report(&[], loaded.warnings.iter().filter(told), &loaded.sources, context)
    }
}

/// Loads a project; warnings go to standard error.
///
/// # Errors
///
/// [`Failure::Load`] if the files are invalid; every problem has been reported.
pub(super) fn load(options: &LoadOptions, remarks: Remarks, context: &Context) -> Result<Loaded, Failure> {
    let loaded = load::load(options).map_err(|failure| load_failure(&failure, context))?;
    remarks.tell(&loaded, context)?;
    Ok(loaded)
}

/// Loads the project for the services that the arguments name; `is_job` is the failure if one is a job.
///
/// # Errors
///
/// As [`load`].
pub(super) fn load_services(
    options: &LoadOptions,
    remarks: Remarks,
    context: &Context,
    is_job: fn(&str) -> Result<Loaded, Failure>,
) -> Result<Loaded, Failure> {
    let loaded = load::load(options).or_else(|failure| match failure.job_as_service() {
        Some(job) => is_job(job),
        None => Err(load_failure(&failure, context)),
    })?;
    remarks.tell(&loaded, context)?;
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

/// Reports everything that is wrong with the files.
pub(super) fn load_failure(failure: &LoadFailure, context: &Context) -> Failure {
    let errors: Vec<&dyn Explain> = failure.errors.iter().map(|error| error as &dyn Explain).collect();
    match report(&errors, &failure.warnings, &failure.sources, context) {
        Ok(()) => Failure::Load,
        Err(error) => error.into(),
    }
}

fn report<'a>(
    errors: &[&dyn Explain],
    warnings: impl IntoIterator<Item = &'a LoadWarning>,
    sources: &SourceMap,
    context: &Context,
) -> io::Result<()> {
    let warnings: Vec<&dyn Explain> = warnings.into_iter().map(|warning| warning as &dyn Explain).collect();
    if errors.is_empty() && warnings.is_empty() {
        return Ok(());
    }
    if is_json(context) {
        return report_json(errors, &warnings, sources, context);
    }
    io::stderr().write_all(problems(errors, &warnings, sources, &style(context)).as_bytes())
}

/// What is wrong with the files, as text without colours.
pub(super) fn load_problems(failure: &LoadFailure, context: &Context) -> String {
    let errors: Vec<&dyn Explain> = failure.errors.iter().map(|error| error as &dyn Explain).collect();
    // What shows it makes control characters visible.
    let style = Style { color: false, ..style(context) };
    let warnings: Vec<&dyn Explain> = failure.warnings.iter().map(|warning| warning as &dyn Explain).collect();
    problems(&errors, &warnings, &failure.sources, &style)
}

fn problems(errors: &[&dyn Explain], warnings: &[&dyn Explain], sources: &SourceMap, style: &Style) -> String {
    let (placed, placeless): (Vec<&dyn Explain>, Vec<&dyn Explain>) =
        errors.iter().partition(|error| error.span().is_some());
    let warnings = warnings.iter().map(|warning| (*warning, Level::Warning));
    let placed = placed.into_iter().map(|error| (error, Level::Error));
    let mut text = render_all(warnings.chain(placed), sources, style);
    // Scripts match these lines verbatim.
    for problem in describe_all(placeless, sources, style) {
        writeln!(text, "{}", visible(&problem.message, Colors::Shown)).expect("memory can be written to");
        if let Some(hint) = problem.hint {
            writeln!(text, "hint: {}", visible(&hint, Colors::Shown)).expect("memory can be written to");
        }
    }
    text
}

/// Writes every problem as a JSON object on its own line: errors like those of commands, warnings as log records.
fn report_json(
    errors: &[&dyn Explain],
    warnings: &[&dyn Explain],
    sources: &SourceMap,
    context: &Context,
) -> io::Result<()> {
    let style = style(context);
    let mut text = String::new();
    for problem in describe_all(warnings.iter().copied(), sources, &style) {
        text += &log_record("warning", &problem.message, Some(&problem));
    }
    for problem in describe_all(errors.iter().copied(), sources, &style) {
        let line = ErrorLine { error: true, problem };
        text += &(serde_json::to_string(&line)? + "\n");
    }
    io::stderr().write_all(text.as_bytes())
}

/// An error as JSON.
#[derive(Serialize)]
struct ErrorLine {
    error: bool,
    #[serde(flatten)]
    problem: Description,
}

/// A warning as a log record, with the place of its cause if known.
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

/// Whether standard error is JSON. An unknown mode is reported when progress is shown.
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
        program: context.form.program(),
    }
}

/// Whether to colour a stream: depends on `--ansi` and whether it is a terminal; `NO_COLOR` overrides both.
pub(super) fn colors(context: &Context, is_terminal: bool) -> bool {
    match context.ansi() {
        _ if context.no_color() => false,
        "always" => true,
        "auto" => is_terminal && !context.is_dumb(),
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

/// Prints a warning that has no place in a file. Some texts of Docker Compose already begin with "warning".
pub(super) fn warn(message: &str, context: &Context) -> Result<(), Failure> {
    let message = &if context.global.show_values { message.to_owned() } else { redact::text(message) };
    if is_json(context) {
        return Ok(io::stderr().write_all(log_record("warning", message, None).as_bytes())?);
    }
    let level = if message.starts_with("Warning: ") { "" } else { "warning: " };
    Ok(writeln!(io::stderr(), "{level}{}", visible(message, Colors::Shown))?)
}

/// What a command acts on that also works without the files.
pub(super) enum Target {
    /// The project that the files define.
    Project(Box<Loaded>),
    /// Whatever the engine has under this project name.
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

    /// The project, if there are files.
    pub(super) fn project(&self) -> Option<&Project> {
        match self {
            Self::Project(loaded) => Some(&loaded.project),
            Self::Name(_) => None,
        }
    }
}

/// The target of a command with `services` as arguments; if there are files, they must define them.
///
/// # Errors
///
/// Those of [`project_or_name`], and [`Failure::Usage`] if the files do not define a service.
pub(super) fn target_with(services: &[String], context: &Context) -> Result<Target, Failure> {
    target_of_services(services, context, service_names::only_run)
}

/// The same; `is_job` is the failure if one of the services is a job.
pub(super) fn target_of_services(
    services: &[String],
    context: &Context,
    is_job: fn(&str) -> Result<Target, Failure>,
) -> Result<Target, Failure> {
    let target = target(services, context)?;
    if let Target::Project(loaded) = &target
        && let Some(job) = services.iter().find(|name| loaded.project.job(name).is_some())
    {
        return is_job(job);
    }
    if let Target::Project(loaded) = &target
        && let Some(unknown) = services.iter().find(|name| !loaded.project.is_known(name))
    {
        return Failure::usage(&service_names::no_such_service(&loaded.project, unknown));
    }
    Ok(target)
}

/// The project of the files; only its name with `-p` and without `-f`, or if the files cannot be loaded but
/// `COMPOSE_PROJECT_NAME` gives the name. The profiles of `services` are active. Warnings about the files are left to
/// the commands that act on them.
///
/// # Errors
///
/// [`Failure::Load`] if the files are needed and invalid.
pub(super) fn target(services: &[String], context: &Context) -> Result<Target, Failure> {
    let global = &context.global;
    if let (Some(name), true) = (&global.project_name, global.file.is_empty()) {
        return Ok(Target::Name(ProjectName::from(name.to_lowercase())));
    }
    let mut options = context.load_options(services);
    options.dependencies = Dependencies::All;
    options.purpose = Purpose::Find;
    options.resolve_environment = false;
    match (load::load(&options), context.variable("COMPOSE_PROJECT_NAME")) {
        (Ok(loaded), _) => Ok(Target::Project(Box::new(loaded))),
        (Err(_), Some(name)) => Ok(Target::Name(ProjectName::from(name.to_lowercase()))),
        (Err(failure), None) => Err(load_failure(&failure, context)),
    }
}

/// What a command acts on that needs the name of the project only: that of `-p`, else of `COMPOSE_PROJECT_NAME`, else of
/// the files, which are loaded for it. Warnings about them are left to the commands that carry out what they say.
///
/// # Errors
///
/// [`Failure::Load`] when the files are needed and cannot be used.
pub(super) fn named(context: &Context) -> Result<Target, Failure> {
    let variable = || load::early_variable(&context.load_options(&[]), "COMPOSE_PROJECT_NAME");
    let name = context.global.project_name.clone().or_else(variable);
    match name.filter(|name| !name.is_empty()) {
        Some(name) => Ok(Target::Name(ProjectName::from(name.to_lowercase()))),
        None => target(&[], context),
    }
}

/// Refuses a name that no project can have, where one is given.
///
/// # Errors
///
/// [`Failure::Usage`] with the contract's words.
pub(super) fn check_name(context: &Context) -> Result<(), Failure> {
    let variable = load::early_variable(&context.load_options(&[]), "COMPOSE_PROJECT_NAME");
    let sources = NameSources {
        flag: context.global.project_name.as_deref(),
        variable: variable.as_deref(),
        ..NameSources::default()
    };
    match discover::project_name(sources) {
        Err(error @ ProjectNameError::Invalid { .. }) => {
            let hint = error.hint().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
            Failure::usage(&format!("{error}{hint}"))
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Progress on standard error, in the mode that flags and terminals select.
///
/// # Errors
///
/// If the mode is unknown or contradicts `--ansi`.
pub(super) fn progress(context: &Context) -> Result<Progress<io::Stderr>, Failure> {
    let mode = context.progress_mode()?;
    let tty = TtySettings { color: colors(context, true), size: TerminalSize::of_stderr() };
    // JSON has the cause in the step's record; text shows it once, at the end, with its place.
    let causes = if mode == ProgressMode::Json { Causes::Shown } else { Causes::Reported };
    let progress = Progress::new(mode, tty, io::stderr()).with_causes(causes);
    Ok(progress.with_values(context.secret_values()))
}

/// Progress that writes the logs of builds to standard output, unless a terminal shows them as they run.
pub(super) fn with_build_log(progress: Progress<io::Stderr>, context: &Context) -> Progress<io::Stderr> {
    if context.terminals.stdout && context.terminals.stderr {
        return progress;
    }
    progress.with_build_log(io::stdout())
}

/// How log lines of containers are shown.
pub(super) fn log_settings(context: &Context, no_color: bool, no_prefix: bool, timestamps: bool) -> LogSettings {
    let mode = context.progress_mode().unwrap_or_default();
    LogSettings {
        prefix: if no_prefix { Prefix::None } else { Prefix::Name },
        color: !no_color && colors(context, context.terminals.stdout),
        timestamps,
        clear_line: mode == ProgressMode::Tty && context.terminals.stdout,
    }
}

/// Prints the warnings of a plan: what it leaves alone although that may not be intended. Those caused by a line of
/// `files` show that line.
///
/// # Errors
///
/// If writing to standard error fails.
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
