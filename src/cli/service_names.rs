//! Messages about service names on the command line that are unknown or not selected.

use std::sync::Arc;

use super::Failure;
use crate::diagnostic::suggest::closest;
use crate::operation::OperationError;
use crate::plan::PlanError;
use crate::project::{Project, ServiceName};
use crate::source::SourceMap;

/// The message that no file defines a service, with a hint: it is a job, or the closest name.
#[must_use]
pub(super) fn no_such_service(project: &Project, name: &str) -> String {
    let hint = match project.job(name) {
        Some(_) => format!("\nhint: `{name}` is a job: run it with `hoist run {name}`"),
        None => meant(project, name),
    };
    format!("no such service: {name}{hint}")
}

/// The service, disabled or not, with the name closest to an unknown `name`.
#[must_use]
pub(super) fn closest_service<'a>(project: &'a Project, name: &str) -> Option<&'a str> {
    let names = project.services.keys().chain(project.disabled.keys());
    closest(name, names.map(ServiceName::as_str)).filter(|closest| *closest != name)
}

/// The hint with the closest service name, on its own line; empty if none is close.
#[must_use]
pub(super) fn meant(project: &Project, name: &str) -> String {
    closest_service(project, name).map(|closest| format!("\nhint: did you mean `{closest}`?")).unwrap_or_default()
}

/// The failure for a command that names a job but does not run it.
pub(super) fn only_run<T>(job: &str) -> Result<T, Failure> {
    Failure::usage(&format!(
        "job \"{job}\" can only be triggered with \"docker compose run\"\nhint: run it with `hoist run {job}`"
    ))
}

/// The failure for `logs` of a job, whose containers it does not show.
pub(super) fn no_logs_of<T>(job: &str) -> Result<T, Failure> {
    Failure::usage(&format!(
        "job \"{job}\" can only be triggered with \"docker compose run\"\nhint: `hoist run {job}` shows what it writes; \
         for earlier runs, use `docker logs` with a name that `hoist ps -a` lists"
    ))
}

/// The failure for `graph` or `why` with the name of a job: they know services only.
pub(super) fn only_services<T>(job: &str) -> Result<T, Failure> {
    Failure::usage(&format!(
        "`{job}` is a job, and this command is about services\nhint: run it with `hoist run {job}`, which shows what \
         goes wrong"
    ))
}

/// The failure for a command that starts services while the profiles enable jobs with a schedule: nothing here would
/// run them by it.
pub(super) fn refuse_schedules(project: &Project, sources: &SourceMap) -> Result<(), Failure> {
    let scheduled = project.jobs.iter().filter(|(_, job)| job.is_scheduled());
    let jobs: Vec<_> = scheduled.map(|(name, _)| name.to_string()).collect();
    if jobs.is_empty() {
        return Ok(());
    }
    let error = OperationError::Plan(PlanError::Scheduled { jobs });
    Err(Failure::operation(error, Arc::new(project.clone()), sources.clone()))
}

/// The failure for a service that is not selected: the files do not define it, it is disabled, or it was not named.
pub(super) fn unknown_service<T>(project: &Project, name: &str) -> Result<T, Failure> {
    let Some(disabled) = project.disabled.get(name) else { return Failure::usage(&no_such_service(project, name)) };
    if !project.selected.is_empty() {
        return Failure::usage(&format!(
            "service `{name}` is not one of the services given\nhint: add it to the command line"
        ));
    }
    let hint = disabled.profiles.first().map(|profile| format!("\nhint: enable it with `--profile {profile}`"));
    Failure::usage(&format!("service `{name}` is disabled by its profiles{}", hint.unwrap_or_default()))
}
