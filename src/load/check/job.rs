//! Rules of jobs: names that they share with services, and dependencies.

use super::definitions::Definitions;
use super::error::CheckError;
use crate::load::findings::Findings;
use crate::source::Spanned;
use crate::yaml::{Key, Mapping, Node, Value};

/// Checks that no job has the name of a service, and that the dependencies of enabled services and jobs exist.
pub(super) fn check(definitions: &Definitions<'_>, findings: &mut Findings<CheckError>) {
    let Some(jobs) = definitions.model.get("jobs").and_then(Node::as_mapping) else { return };
    for (key, job) in jobs {
        if let Some((service, _)) = definitions.services.entry(&key.name) {
            let name = Spanned::new(key.name.clone(), key.span);
            findings.error(CheckError::JobAndService { name, service_span: service.span });
            continue;
        }
        if let Some(job) = job.as_mapping().filter(|job| definitions.active.enable(job)) {
            dependencies(key, job, jobs, definitions, findings);
        }
    }
}

/// A job waits for services and jobs that are enabled; a service behind a profile may be left out if it is optional.
fn dependencies(
    key: &Key,
    job: &Mapping,
    jobs: &Mapping,
    definitions: &Definitions<'_>,
    findings: &mut Findings<CheckError>,
) {
    let needed = job.get("depends_on").and_then(Node::as_mapping);
    for (name, dependency) in needed.into_iter().flatten() {
        let is_enabled = |node: &Node| node.as_mapping().is_some_and(|other| definitions.active.enable(other));
        let service = definitions.services.get(&name.name);
        let optional = dependency.get("required").is_some_and(|required| required.value == Value::Bool(false));
        let known = service.is_some_and(|service| optional || is_enabled(service))
            || jobs.get(&name.name).is_some_and(is_enabled);
        let broken = ["services", "jobs"].iter().any(|section| findings.is_broken(section, &name.name));
        if known || broken {
            continue;
        }
        let other = service.or_else(|| jobs.get(&name.name)).and_then(Node::as_mapping);
        let profiles = other.map(super::lookup::profiles_of).unwrap_or_default();
        let closest =
            || definitions.closest("services", &name.name).or_else(|| definitions.closest("jobs", &name.name));
        findings.error(CheckError::JobDependency {
            job: key.name.clone(),
            closest: if other.is_some() { None } else { closest() },
            dependency: Spanned::new(name.name.clone(), name.span),
            profiles,
        });
    }
}
