//! What the command line itself tells the user: problems of the files, warnings, progress.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use serde::Serialize;
use serde_json::Value;

use super::context::Context;
use super::{Failure, command_line, settings};
use crate::diagnostic::conceal;
use crate::diagnostic::render::{Description, Style, describe, render, render_all};
use crate::diagnostic::visible::{Colors, visible};
use crate::diagnostic::{Explain, Level};
use crate::execute::refusal::Refusal;
use crate::execute::{ExecuteError, RunFailure};
use crate::load::{self, Dependencies, LoadError, LoadFailure, LoadOptions, LoadWarning, Loaded, LoadedModel};
use crate::plan::{self, Plan, PlanError};
use crate::project::origin::Origin;
use crate::project::value::{VolumesFrom, VolumesFromSource};
use crate::project::{Project, ProjectName, ServiceName};
use crate::render::logs::{LogSettings, Prefix};
use crate::render::{Progress, ProgressMode, TerminalSize, TtySettings};
use crate::source::{SourceMap, Span};

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
    let errors: Vec<ForThisProject<'_>> =
        failure.errors.iter().map(|error| ForThisProject { error, context }).collect();
    let errors: Vec<&dyn Explain> = errors.iter().map(|error| error as &dyn Explain).collect();
    match report(&errors, &failure.warnings, &failure.sources, context) {
        Ok(()) => Failure::Load,
        Err(error) => error.into(),
    }
}

/// A problem whose hint acts on the project of this run.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
struct ForThisProject<'a> {
    error: &'a LoadError,
    context: &'a Context,
}

impl Explain for ForThisProject<'_> {
    fn span(&self) -> Option<Span> {
        self.error.span()
    }

    fn hint(&self) -> Option<String> {
        self.error.hint().map(|hint| command_line::for_this_project(&hint, self.context))
    }

    fn related(&self) -> Vec<(Span, String)> {
        self.error.related()
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
    let mut text = render_all(warnings.chain(placed), sources, &style(context));
    // Scripts look for these lines as they are.
    for error in placeless {
        let problem = describe(error, sources, &style(context));
        writeln!(text, "{}", visible(&problem.message, Colors::Shown)).expect("memory can be written to");
        if let Some(hint) = problem.hint {
            writeln!(text, "hint: {}", visible(&hint, Colors::Shown)).expect("memory can be written to");
        }
    }
    io::stderr().write_all(text.as_bytes())
}

/// Every problem as an object on a line of its own: errors as those of commands, warnings as records of a log
/// (cli.md §1.2).
fn report_json(
    errors: &[&dyn Explain],
    warnings: &[LoadWarning],
    sources: &SourceMap,
    context: &Context,
) -> io::Result<()> {
    let style = style(context);
    let mut text = String::new();
    for warning in warnings {
        let problem = describe(warning, sources, &style);
        text += &log_record(&problem.message, Some(&problem));
    }
    for error in errors {
        let line = ErrorLine { error: true, problem: describe(*error, sources, &style) };
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
fn log_record(message: &str, problem: Option<&Description>) -> String {
    let mut record = serde_json::json!({
        "level": "warning",
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
    settings::progress_mode(context).is_ok_and(|mode| mode == ProgressMode::Json)
}

/// How problems are shown on standard error.
pub(super) fn style(context: &Context) -> Style {
    let columns = context.terminals.stderr.then(|| console::Term::stderr().size_checked()).flatten();
    Style {
        color: colors(context, context.terminals.stderr),
        width: columns.map_or(Style::default().width, |(_, columns)| usize::from(columns)),
        show_values: context.global.show_values,
        current_dir: Some(context.working_directory.clone()),
    }
}

/// Whether a stream takes colours: `--ansi`, whether it is a terminal, and, above both, `NO_COLOR`.
pub(super) fn colors(context: &Context, is_terminal: bool) -> bool {
    match settings::ansi(context) {
        _ if context.no_color() => false,
        "always" => true,
        "auto" => is_terminal,
        _ => false,
    }
}

/// A warning that has no place in a file. Some of the contract's texts say themselves that they are one.
pub(super) fn warn(message: &str, context: &Context) -> Result<(), Failure> {
    let message = &if context.global.show_values { message.to_owned() } else { conceal::text(message) };
    if is_json(context) {
        return Ok(io::stderr().write_all(log_record(message, None).as_bytes())?);
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
/// Those of [`project_or_name`], and [`Failure::Usage`] for a service that the files do not define.
pub(super) fn target_with(services: &[String], context: &Context) -> Result<Target, Failure> {
    let target = project_or_name(services, context)?;
    if let Target::Project(loaded) = &target
        && let Some(unknown) = services.iter().find(|name| !loaded.project.is_known(name))
    {
        return settings::usage(&settings::no_such_service(&loaded.project, unknown));
    }
    Ok(target)
}

/// The project of the files; its name alone with `-p` and without `-f`, or where the files cannot be loaded though
/// `COMPOSE_PROJECT_NAME` says the name. The profiles of `services` are active.
///
/// # Errors
///
/// [`Failure::Load`] when the files are needed and cannot be used.
fn project_or_name(services: &[String], context: &Context) -> Result<Target, Failure> {
    let global = &context.global;
    if let (Some(name), true) = (&global.project_name, global.file.is_empty()) {
        return Ok(Target::Name(ProjectName::from(name.to_lowercase())));
    }
    let mut options = settings::load_options(context, services);
    options.dependencies = Dependencies::All;
    options.resolve_environment = false;
    match (load::load(&options), context.variable("COMPOSE_PROJECT_NAME")) {
        (Ok(loaded), _) => {
            report(&[], &loaded.warnings, &loaded.sources, context)?;
            Ok(Target::Project(Box::new(loaded)))
        }
        (Err(_), Some(name)) => Ok(Target::Name(ProjectName::from(name.to_lowercase()))),
        (Err(failure), None) => Err(load_failure(&failure, context)),
    }
}

/// Progress on standard error, in the mode that flags and terminals ask for.
///
/// # Errors
///
/// Where the mode is not known, or contradicts `--ansi`.
pub(super) fn progress(context: &Context) -> Result<Progress<io::Stderr>, Failure> {
    let mode = settings::progress_mode(context)?;
    let tty = TtySettings { color: colors(context, true), size: TerminalSize::of_stderr() };
    Ok(Progress::new(mode, tty, io::stderr()).with_values(settings::secret_values(context)))
}

/// How lines of containers are shown.
pub(super) fn log_settings(context: &Context, no_color: bool, no_prefix: bool, timestamps: bool) -> LogSettings {
    let mode = settings::progress_mode(context).unwrap_or_default();
    LogSettings {
        prefix: if no_prefix { Prefix::None } else { Prefix::Name },
        color: !no_color && colors(context, context.terminals.stdout),
        timestamps,
        clear_line: mode == ProgressMode::Tty,
    }
}

/// Why there is no plan, with the place in the files where the cause stands.
pub(super) fn plan_error(error: &PlanError, project: &Project, sources: &SourceMap, context: &Context) -> String {
    let span = error.path().and_then(|path| project.origins.nearest(path.as_slice()));
    let hint = error.hint().or_else(|| service_meant(error, project));
    let placed = Placed::new(error.to_string(), span, hint, context);
    scripted(&placed, &[], sources, context)
}

/// The hint that names the service that may have been meant.
fn service_meant(error: &PlanError, project: &Project) -> Option<String> {
    let PlanError::NoSuchService { service } = error else { return None };
    settings::closest_service(project, service.as_str()).map(|closest| format!("did you mean `{closest}`?"))
}

/// Why it is not known what serves models, with the line that asks for one.
pub(super) fn model_error(error: &ExecuteError, project: &Project, sources: &SourceMap, context: &Context) -> String {
    let user = project.services.values().find(|service| !service.models.is_empty());
    let span = user.and_then(|service| project.origins.nearest(&["services", service.name.as_str(), "models"]));
    let placed = Placed::new(error.to_string(), span, error.hint(), context);
    scripted(&placed, error.context(), sources, context)
}

/// What failed in a run and why; a port that is taken with the line that asks for it.
pub(super) fn run_failure(failure: &RunFailure, project: &Project, sources: &SourceMap, context: &Context) -> String {
    let mut text = Vec::new();
    for (id, error) in &failure.causes() {
        let id = *id;
        let refused = matches!(error, ExecuteError::Refused { .. });
        match asked_for(error, project, sources) {
            // The engine's words stand alone on their line, with what the files say below.
            span if span.is_some() || refused => {
                let placed = Placed::new(error.to_string(), span, error.hint(), context);
                writeln!(text, "{}", scripted(&placed, error.context(), sources, context))
            }
            _ => failure.report_step(id, error, &mut text),
        }
        .and_then(|()| failure.report_skipped(id, &mut text))
        .expect("memory can be written to");
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// The line of the files that asks for what could not be done.
#[expect(clippy::wildcard_enum_match_arm, reason = "the other failures come from no line")]
fn asked_for(error: &ExecuteError, project: &Project, sources: &SourceMap) -> Option<Span> {
    let at = |path: &[&str]| project.origins.nearest(path);
    match error {
        ExecuteError::Pull { image, service: Some(name), .. } => {
            let service = project.service(name.as_str())?;
            let place = plan::place_of_image(project, service, image);
            at(&place.iter().map(String::as_str).collect::<Vec<_>>())
        }
        ExecuteError::NameTaken { service, .. } => at(&["services", service.as_str(), "container_name"]),
        ExecuteError::Model { key, .. } => at(&["models", key.as_str(), "model"]),
        ExecuteError::PortTaken { service, port, .. } => port_line(project, service, *port),
        ExecuteError::AddressTaken(taken) => {
            at(&["services", taken.service.as_str(), "networks", taken.key.as_str(), taken.field])
        }
        ExecuteError::HookFailed { hook, .. } | ExecuteError::HookNotRun { hook, .. } => {
            at(&["services", hook.service.as_str(), hook.key, &hook.index.to_string()])
        }
        ExecuteError::PreStartFailed { service, hook, .. } => {
            at(&["services", service.as_str(), "pre_start", &hook.to_string()])
        }
        ExecuteError::TmpfsNotShared { service, from, .. } => volumes_from_line(project, service, from),
        ExecuteError::Refused { refusal, .. } => refused_line(refusal, project, sources),
        _ => None,
    }
}

/// Which of the lines that may ask for what the engine refused: that with the word that the engine names, else one
/// where a variable may stand for it, else the last.
fn refused_line(refusal: &Refusal, project: &Project, sources: &SourceMap) -> Option<Span> {
    let origins: Vec<Origin<'_>> = refusal
        .places
        .iter()
        .filter_map(|place| project.origins.get(&place.iter().map(String::as_str).collect::<Vec<_>>()))
        .collect();
    let Some(word) = &refusal.word else { return origins.first().map(|origin| origin.span()) };
    let with = |text: &str| origins.iter().find_map(|origin| entry_with(*origin, text, sources));
    let word = word.to_lowercase();
    // Of a path the file may have the end only.
    let name = word.rsplit('/').next().filter(|name| !name.is_empty());
    with(&word).or_else(|| with(name?)).or_else(|| with("$")).or_else(|| origins.last().map(|origin| origin.span()))
}

/// The entry in a value, however far in, that is called `word` or has it in its text; the value itself, if it has no
/// entries.
fn entry_with(origin: Origin<'_>, word: &str, sources: &SourceMap) -> Option<Span> {
    let has = |origin: &Origin<'_>| sources.text(origin.span()).to_lowercase().contains(word);
    if origin.children().next().is_none() {
        return has(&origin).then(|| origin.span());
    }
    origin.children().find_map(|child| {
        let is_called_so = child.name().to_lowercase() == word && child.key_span() != child.span();
        if is_called_so { Some(child.key_span()) } else { entry_with(child, word, sources) }
    })
}

/// Where the files let a service take over the volumes of another.
fn volumes_from_line(project: &Project, service: &ServiceName, other: &ServiceName) -> Option<Span> {
    let is_it = |from: &VolumesFrom| matches!(&from.source, VolumesFromSource::Service(name) if name == other);
    let at = project.service(service.as_str())?.volumes_from.iter().position(is_it)?;
    project.origins.nearest(&["services", service.as_str(), "volumes_from", &at.to_string()])
}

/// Where the files ask for a port of the host.
fn port_line(project: &Project, service: &ServiceName, port: u16) -> Option<Span> {
    let ports = &project.service(service.as_str())?.ports;
    let asks = |published: &str| {
        let (first, last) = published.split_once('-').unwrap_or((published, published));
        matches!((first.parse(), last.parse()), (Ok(first), Ok(last)) if (first..=last).contains(&port))
    };
    let at = ports.iter().position(|item| item.published.as_deref().is_some_and(asks))?;
    project.origins.nearest(&["services", service.as_str(), "ports", &at.to_string()])
}

/// A message of the contract, whose line scripts look for, and its place in the files.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
struct Placed {
    message: String,
    span: Option<Span>,
    hint: Option<String>,
}

impl Placed {
    /// What is said to a user of this run: commands in it act on the same project.
    fn new(message: String, span: Option<Span>, hint: Option<String>, context: &Context) -> Self {
        let adapted = |text: String| command_line::for_this_project(&text, context);
        Self { message: adapted(message), span, hint: hint.map(adapted) }
    }
}

impl Explain for Placed {
    fn span(&self) -> Option<Span> {
        self.span
    }

    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }
}

/// The message alone on its line, `more` lines that belong to it, then its place.
fn scripted(problem: &Placed, more: &[String], sources: &SourceMap, context: &Context) -> String {
    let shown = render(problem, Level::Error, sources, &Style { color: false, ..style(context) });
    let shown = shown.strip_prefix("error: ").unwrap_or(&shown);
    let (message, place) = shown.split_once('\n').unwrap_or((shown, ""));
    let more = more.iter().map(|line| format!("  {line}"));
    let place = Some(place.to_owned()).filter(|place| !place.is_empty());
    std::iter::once(message.to_owned()).chain(more).chain(place).collect::<Vec<_>>().join("\n")
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
    for warning in plan.warnings() {
        let span = files.and_then(|(project, _)| project.origins.nearest(&warning.path()?));
        let (Some((_, sources)), Some(span)) = (files, span) else {
            warn(&command_line::for_this_project(&warning.to_string(), context), context)?;
            continue;
        };
        let placed = Placed::new(warning.to_string(), Some(span), warning.hint(), context);
        let text = if is_json(context) {
            log_record(&placed.message, Some(&describe(&placed, sources, &style(context))))
        } else {
            render(&placed, Level::Warning, sources, &style(context)) + "\n"
        };
        io::stderr().write_all(text.as_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::cli::args::GlobalArgs;
    use crate::cli::context::Terminals;
    use crate::source::Reader;

    #[test]
    fn the_lines_of_a_message_stay_together() {
        let context = Context {
            global: GlobalArgs { project_name: Some("shop".to_owned()), ..GlobalArgs::default() },
            environment: BTreeMap::new(),
            working_directory: "/work".into(),
            terminals: Terminals::default(),
            ansi: None,
            reader: Reader::default(),
        };
        let mut sources = SourceMap::default();
        let file = sources.add("/work/compose.yaml", "networks:\n  n: {driver: nosuch}\n");
        let span = Some(Span::new(file, 24, 30));
        let placed = Placed::new("invalid settings:".to_owned(), span, Some("`hoist up -d`".to_owned()), &context);
        let more = ["invalid driver: nosuch".to_owned(), "invalid subnet".to_owned()];
        let expected = "invalid settings:\n  invalid driver: nosuch\n  invalid subnet\n --> compose.yaml:2:15\n  |\n\
                        2 |   n: {driver: nosuch}\n  |               ^^^^^^\n  |\nhint: `hoist -p shop up -d`";
        assert_eq!(scripted(&placed, &more, &sources, &context), expected);
        let placeless = Placed::new("no".to_owned(), None, None, &context);
        assert_eq!(scripted(&placeless, &more, &sources, &context), "no\n  invalid driver: nosuch\n  invalid subnet");
    }
}
