//! Finds the place in the files that caused a failure.

use crate::event::{BuildPlace, Refusal, StepError};
use crate::plan;
use crate::project::origin::Origin;
use crate::project::value::port::parse_range;
use crate::project::value::{VolumesFrom, VolumesFromSource};
use crate::project::{Project, ReadyCheck, ServiceName};
use crate::source::{SourceMap, Span};

/// The line of the files that caused a failure.
#[expect(clippy::wildcard_enum_match_arm, reason = "the other failures come from no line")]
pub(super) fn of(error: &StepError, project: &Project, sources: &SourceMap) -> Option<Span> {
    let at = |path: &[&str]| project.origins.nearest(path);
    match error {
        StepError::Pull { image, service: Some(name), .. } => {
            let service = project.service(name.as_str())?;
            let place = plan::place_of_image(project, service, image);
            at(&place.iter().map(String::as_str).collect::<Vec<_>>())
        }
        StepError::Push { image, service: name, .. } => {
            let service = project.service(name.as_str())?;
            let tags = service.build.as_ref().map(|build| &build.tags);
            match tags.and_then(|tags| tags.iter().position(|tag| tag == image)) {
                Some(tag) => at(&["services", name.as_str(), "build", "tags", &tag.to_string()]),
                None => at(&["services", name.as_str(), "image"]),
            }
        }
        StepError::NameTaken { service, .. } => at(&["services", service.as_str(), "container_name"]),
        StepError::Model { key, .. } => at(&["models", key.as_str(), "model"]),
        StepError::PortTaken { service, port, .. } => port_line(project, service, *port),
        StepError::AddressTaken(taken) => {
            at(&["services", taken.service.as_str(), "networks", taken.key.as_str(), taken.field])
        }
        StepError::HookFailed { hook, .. } | StepError::HookNotRun { hook, .. } => {
            at(&["services", hook.service.as_str(), hook.key, &hook.index.to_string()])
        }
        StepError::PreStartFailed { service, hook, .. } => {
            at(&["services", service.as_str(), "pre_start", &hook.to_string()])
        }
        StepError::NotReady(unready) => ready_line(project, &unready.service),
        StepError::NotSuccessful { service, .. } => job_line(project, service),
        StepError::TimedOut { service, .. } => job_line(project, service).or_else(|| ready_line(project, service)),
        StepError::TmpfsNotShared { service, from, .. } => volumes_from_line(project, service, from),
        StepError::Refused { refusal, .. } => refused_line(refusal, project, sources),
        _ => None,
    }
}

/// The line of a Dockerfile that is written in the Compose file itself, or all of it where its lines are not lines of
/// that file; `None` for one of its own.
pub(super) fn inline(
    service: &ServiceName,
    place: &BuildPlace,
    project: &Project,
    sources: &SourceMap,
) -> Option<Span> {
    project.service(service.as_str())?.build.as_ref()?.dockerfile_inline.as_ref()?;
    let whole = project.origins.get(&["services", service.as_str(), "build", "dockerfile_inline"])?.span();
    let first = sources.position(whole).line;
    // A block scalar begins on the line after its `|`.
    let lines = [first + place.line, first + place.line - 1].map(|line| sources.line_at(whole.file, line));
    let instruction = place.instruction();
    Some(lines.into_iter().find(|line| sources.text(*line) == instruction).unwrap_or(whole))
}

/// The line that caused a rejection by the engine: the one with the word that the engine names, else one where a
/// variable may contain it, else the last candidate.
fn refused_line(refusal: &Refusal, project: &Project, sources: &SourceMap) -> Option<Span> {
    let origins: Vec<Origin<'_>> = refusal
        .places
        .iter()
        .filter_map(|place| project.origins.get(&place.iter().map(String::as_str).collect::<Vec<_>>()))
        .collect();
    let Some(word) = &refusal.word else { return origins.first().map(|origin| origin.span()) };
    let with = |text: &str| origins.iter().find_map(|origin| entry_with(*origin, text, sources));
    let word = word.to_lowercase();
    // The file may contain only the end of a path.
    let name = word.rsplit('/').next().filter(|name| !name.is_empty());
    with(&word).or_else(|| with(name?)).or_else(|| with("$")).or_else(|| origins.last().map(|origin| origin.span()))
}

/// The entry in a value, at any depth, whose name is `word` or whose text contains it; the value itself, if it has no
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

/// The check of `x-hoist.ready`, if it counts.
fn ready_line(project: &Project, service: &ServiceName) -> Option<Span> {
    let key = match project.service(service.as_str())?.ready()?.check {
        ReadyCheck::Http { .. } => "http",
        ReadyCheck::Tcp(_) => "tcp",
        ReadyCheck::Log(_) => "log",
        ReadyCheck::Exec(_) => "exec",
    };
    project.origins.nearest(&["services", service.as_str(), "x-hoist", "ready", key])
}

/// The line that says that a service is a job.
fn job_line(project: &Project, service: &ServiceName) -> Option<Span> {
    let is_job = project.service(service.as_str())?.x_hoist().job;
    is_job.then(|| project.origins.nearest(&["services", service.as_str(), "x-hoist", "job"]))?
}

/// The `volumes_from` entry of a service for another.
fn volumes_from_line(project: &Project, service: &ServiceName, other: &ServiceName) -> Option<Span> {
    let is_it = |from: &VolumesFrom| matches!(&from.source, VolumesFromSource::Service(name) if name == other);
    let at = project.service(service.as_str())?.volumes_from.iter().position(is_it)?;
    project.origins.nearest(&["services", service.as_str(), "volumes_from", &at.to_string()])
}

/// The entry that publishes a host port.
fn port_line(project: &Project, service: &ServiceName, port: u16) -> Option<Span> {
    let ports = &project.service(service.as_str())?.ports;
    let asks = |published: &str| parse_range(published).is_some_and(|range| range.contains(port));
    let at = ports.iter().position(|item| item.published.as_deref().is_some_and(asks))?;
    project.origins.nearest(&["services", service.as_str(), "ports", &at.to_string()])
}
