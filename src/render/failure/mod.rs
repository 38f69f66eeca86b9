//! Failures of plans and runs as text: the message alone on its line, as scripts expect it, then the place in the
//! files, the explanation, what to do, and what was not done because of it.

pub mod engine_hints;
mod evidence;
mod place;
mod pull_hints;
mod push_hints;
mod refusal_hints;
mod words;

pub(super) use evidence::{lines as evidence_lines, paused};
pub use words::{explanation, hint, message};

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::Serialize;

use crate::diagnostic::render::{Description, Style, describe, render};
use crate::diagnostic::suggest::closest;
use crate::diagnostic::{Explain, Level};
use crate::event::{Finding, RunFailure, StepError, Subject, Trouble};
use crate::plan::{Action, ActionId, PlanError, Warning};
use crate::project::{Project, ServiceName};
use crate::render::warning::plan as plan_warning;
use crate::source::{SourceMap, Span};

/// The files of a project, and how to show their lines.
#[derive(Debug, Clone, Copy)]
pub struct Files<'a> {
    /// The project.
    pub project: &'a Project,
    /// The files.
    pub sources: &'a SourceMap,
    /// How to show their lines.
    pub style: &'a Style,
}

/// A failed step for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FailedStep {
    /// The message, the place in the files and the hint.
    #[serde(flatten)]
    pub description: Description,
    /// Lines that explain it: the last probe, the last log lines.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<String>,
    /// What was not done because of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_done: Vec<String>,
}

impl Files<'_> {
    /// The text for a planning error.
    #[must_use]
    pub fn plan_error(&self, error: &PlanError) -> String {
        let span = error.path().and_then(|path| self.project.origins.nearest(path.as_slice()));
        let hint = error.hint().or_else(|| self.service_meant(error));
        self.scripted(&Placed { message: error.to_string(), span, hint }, &[])
    }

    /// The text for a failed query of the model runner, with the line that uses a model.
    #[must_use]
    pub fn models_error(&self, error: &StepError) -> String {
        let user = self.project.services.values().find(|service| !service.models.is_empty());
        let place = |name: &str| self.project.origins.nearest(&["services", name, "models"]);
        let span = user.and_then(|service| place(service.name.as_str()));
        self.scripted(&Placed { message: message(error), span, hint: hint(error) }, &explanation(error))
    }

    /// The hint with the closest service name.
    fn service_meant(&self, error: &PlanError) -> Option<String> {
        let PlanError::NoSuchService { service } = error else { return None };
        let names = self.project.services.keys().chain(self.project.disabled.keys()).map(ServiceName::as_str);
        closest(service.as_str(), names).map(|name| format!("did you mean `{name}`?"))
    }

    /// The text for the failures of a run, with a line break at the end.
    #[must_use]
    pub fn run_failure(&self, failure: &RunFailure) -> String {
        let mut text = String::new();
        for (id, error) in &failure.causes() {
            text += &self.step_error(failure, *id, error);
            text.push('\n');
            if let Some((word, subjects)) = not_done(failure, *id) {
                writeln!(text, "not {word} because of this: {}", subjects.join(", "))
                    .expect("memory can be written to");
            }
        }
        text
    }

    /// The same, one item per step.
    #[must_use]
    pub fn failed_steps(&self, failure: &RunFailure) -> Vec<FailedStep> {
        let failed = |(id, error): (ActionId, StepError)| {
            let (sources, placed) = self.placed(failure, id, &error);
            FailedStep {
                description: describe(&placed, &sources, self.style),
                context: explanation(&error),
                not_done: not_done(failure, id).map(|(_, subjects)| subjects).unwrap_or_default(),
            }
        };
        failure.causes().into_iter().map(failed).collect()
    }

    /// A warning of a plan with its place, if it is caused by a line of the files.
    #[must_use]
    pub fn warning(&self, warning: &Warning) -> Option<impl Explain + use<>> {
        let span = self.project.origins.nearest(&warning.path()?)?;
        Some(Placed { message: plan_warning::message(warning), span: Some(span), hint: plan_warning::hint(warning) })
    }

    /// The place in the files that caused a failure.
    #[must_use]
    pub fn place(&self, error: &StepError) -> Option<Span> {
        place::of(error, self.project, self.sources)
    }

    /// `--> compose.yaml:7:9` for the line that a trouble of a service comes from.
    pub(super) fn place_of_trouble(&self, finding: &Finding) -> Option<String> {
        let Trouble::CannotStart(error) = &finding.trouble else { return None };
        let span = self.place(error)?;
        let placed = Placed { message: String::new(), span: Some(span), hint: None };
        let Description { file, line, column, .. } = describe(&placed, self.sources, self.style);
        Some(format!("--> {}:{}:{}", file?, line?, column?))
    }

    fn step_error(&self, failure: &RunFailure, id: ActionId, error: &StepError) -> String {
        let (sources, mut placed) = self.placed(failure, id, error);
        // The engine's message stands alone on its line, with the lines of the files below.
        if placed.span.is_some() || matches!(error, StepError::Refused { .. }) {
            placed.message = message(error);
        }
        let files = Files { sources: &sources, ..*self };
        let StepError::Build { service, failure } = error else { return files.scripted(&placed, &explanation(error)) };
        // What the step wrote comes last.
        let mut text = files.scripted(&placed, &[]);
        for line in words::build_log(service, failure) {
            text.push('\n');
            text += &line;
        }
        text
    }

    /// A failure with its place. Where a build failed, that is in a Dockerfile, which then is one of the files.
    fn placed(&self, failure: &RunFailure, id: ActionId, error: &StepError) -> (Cow<'_, SourceMap>, Placed) {
        let placed = Placed { message: named(failure, id, error), span: self.place(error), hint: hint(error) };
        let StepError::Build { service, failure } = error else { return (Cow::Borrowed(self.sources), placed) };
        let Some(place) = &failure.place else { return (Cow::Borrowed(self.sources), placed) };
        if let Some(span) = place::inline(service, place, self.project, self.sources) {
            return (Cow::Borrowed(self.sources), Placed { span: Some(span), ..placed });
        }
        let mut sources = self.sources.clone();
        let file = sources.add(&place.file, place.text.as_str());
        let span = sources.line_at(file, place.line);
        (Cow::Owned(sources), Placed { span: Some(span), ..placed })
    }

    /// The message alone on its line, `more` lines of it, then its place.
    fn scripted(&self, problem: &Placed, more: &[String]) -> String {
        let style = Style { color: false, ..self.style.clone() };
        let shown = render(problem, Level::Error, self.sources, &style);
        let shown = shown.strip_prefix("error: ").unwrap_or(&shown);
        let (message, place) = shown.split_once('\n').unwrap_or((shown, ""));
        let more = more.iter().map(|line| format!("  {line}"));
        let place = Some(place.to_owned()).filter(|place| !place.is_empty());
        std::iter::once(message.to_owned()).chain(more).chain(place).collect::<Vec<_>>().join("\n")
    }
}

/// The message, with the subject of the step if the engine's message does not name it.
fn named(failure: &RunFailure, id: ActionId, error: &StepError) -> String {
    match unnamed(failure, id, error) {
        Some(subject) => format!("{subject}: {}", message(error)),
        None => message(error),
    }
}

fn unnamed(failure: &RunFailure, id: ActionId, error: &StepError) -> Option<Subject> {
    let StepError::Engine(cause) = error else { return None };
    let words = cause.to_string();
    // Messages from before the request already name the service.
    if words.starts_with("service `") {
        return None;
    }
    let subjects = Subject::of(&failure.plan().step(id).action);
    let is_named = subjects.iter().any(|subject| words.contains(subject.name()));
    subjects.into_iter().next().filter(|_| !is_named)
}

/// What was not done because step `id` failed, and the verb for it; `None` if only steps of the same subject were
/// skipped.
fn not_done(failure: &RunFailure, id: ActionId) -> Option<(&'static str, Vec<String>)> {
    let failed = Subject::of(&failure.plan().step(id).action);
    let steps = || failure.outcome().skipped.iter().filter(|(_, cause)| **cause == id);
    let actions = || steps().map(|(skipped, _)| &failure.plan().step(*skipped).action);
    let subjects: BTreeSet<Subject> =
        actions().flat_map(Subject::of).filter(|subject| !failed.contains(subject)).collect();
    if subjects.is_empty() {
        return None;
    }
    let word = if actions().all(brings_up) { "started" } else { "done" };
    Some((word, subjects.iter().map(ToString::to_string).collect()))
}

/// Whether a step is needed to start a container.
fn brings_up(action: &Action) -> bool {
    matches!(
        action,
        Action::CreateContainer(_) | Action::RunPreStart { .. } | Action::StartContainer { .. } | Action::Wait(_)
    )
}

/// A message of Docker Compose, whose line scripts match, and its place in the files.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
struct Placed {
    message: String,
    span: Option<Span>,
    hint: Option<String>,
}

impl Explain for Placed {
    fn span(&self) -> Option<Span> {
        self.span
    }

    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_a_message_stay_together() {
        let mut sources = SourceMap::default();
        let file = sources.add("/work/compose.yaml", "networks:\n  n: {driver: nosuch}\n");
        let (project, flags) = (Project::default(), "-p shop ".to_owned());
        let style = Style { current_dir: Some("/work".into()), flags, ..Style::default() };
        let files = Files { project: &project, sources: &sources, style: &style };
        let placed = |message: &str, span: Option<Span>, hint: Option<&str>| {
            let (message, hint) = (message.to_owned(), hint.map(str::to_owned));
            files.scripted(&Placed { message, span, hint }, &["invalid driver: nosuch".to_owned(), "more".to_owned()])
        };
        let expected = "invalid settings:\n  invalid driver: nosuch\n  more\n --> compose.yaml:2:15\n  |\n\
                        2 |   n: {driver: nosuch}\n  |               ^^^^^^\n  |\nhint: `hoist -p shop up -d`";
        assert_eq!(placed("invalid settings:", Some(Span::new(file, 24, 30)), Some("`hoist up -d`")), expected);
        assert_eq!(placed("no", None, None), "no\n  invalid driver: nosuch\n  more");
    }
}
