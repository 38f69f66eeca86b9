//! A job that is run: it and the jobs that it needs become services, since a job is made from what a service is.

use std::collections::BTreeSet;

use crate::load::Dependencies;
use crate::load::select::SelectError;
use crate::project::{Project, ServiceName};

/// Turns the enabled job `name`, if there is one, and the jobs that it needs into services. A job that would wait for
/// itself does not.
pub(super) fn become_services(project: &mut Project, name: &str, needs: Dependencies) -> Vec<SelectError> {
    let Some((name, job)) = project.jobs.get_key_value(name) else { return Vec::new() };
    if !job.is_manual() {
        return vec![SelectError::NotManual { job: name.clone(), dependency: false }];
    }
    let name = name.clone();
    let mut conversion = Conversion { project, open: Vec::new(), done: BTreeSet::new(), errors: Vec::new(), needs };
    conversion.visit(&name);
    conversion.errors
}

struct Conversion<'a> {
    project: &'a mut Project,
    /// The jobs from the first to the one at hand, each of which needs the next.
    open: Vec<ServiceName>,
    done: BTreeSet<ServiceName>,
    errors: Vec<SelectError>,
    needs: Dependencies,
}

impl Conversion<'_> {
    fn visit(&mut self, name: &ServiceName) {
        let Some(job) = self.project.jobs.get(name) else { return };
        let mut service = job.service.clone();
        self.open.push(name.clone());
        service.depends_on.retain(|needed, _| !self.open.contains(needed));
        if self.needs != Dependencies::Ignore {
            for needed in service.depends_on.keys() {
                match self.project.jobs.get(needed) {
                    Some(job) if !job.is_manual() => {
                        self.errors.push(SelectError::NotManual { job: needed.clone(), dependency: true });
                    }
                    Some(_) if !self.done.contains(needed) => self.visit(needed),
                    None if !self.project.services.contains_key(needed) => {
                        self.errors.push(disabled(self.project, name, needed));
                    }
                    Some(_) | None => {}
                }
            }
        }
        self.open.pop();
        self.done.insert(name.clone());
        self.project.services.insert(name.clone(), service);
    }
}

/// The error for a job that depends on a service which no active profile enables. Docker Compose refuses it even where
/// the dependency is optional.
fn disabled(project: &Project, job: &ServiceName, dependency: &ServiceName) -> SelectError {
    let profiles = project.disabled.get(dependency).map(|service| service.profiles.clone()).unwrap_or_default();
    let span = project.origins.key_span(&["jobs", job.as_str(), "depends_on", dependency.as_str()]);
    SelectError::NeededByJob { job: job.clone(), dependency: dependency.clone(), profiles, span }
}
