//! Services that the command line names and that are not there, or not among those to act on.

use super::Failure;
use crate::diagnostic::suggest::closest;
use crate::project::{Project, ServiceName};

/// That no file defines a service, with the name that may have been meant.
#[must_use]
pub(super) fn no_such_service(project: &Project, name: &str) -> String {
    format!("no such service: {name}{}", meant(project, name))
}

/// The service, disabled or not, that may have been meant by a name that none has.
#[must_use]
pub(super) fn closest_service<'a>(project: &'a Project, name: &str) -> Option<&'a str> {
    let names = project.services.keys().chain(project.disabled.keys());
    closest(name, names.map(ServiceName::as_str)).filter(|closest| *closest != name)
}

/// The hint that names the service that may have been meant, on a line of its own; empty where none is close.
#[must_use]
pub(super) fn meant(project: &Project, name: &str) -> String {
    closest_service(project, name).map(|closest| format!("\nhint: did you mean `{closest}`?")).unwrap_or_default()
}

/// A service that is not among those to act on: the files do not define it, it is disabled, or it was not named.
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
