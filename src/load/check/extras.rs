//! Names that jobs and `pre_start` hooks use but no file defines, jobs without an image, and jobs that need each other.
//! Docker Compose accepts them when it reads the files, so they are warnings, and errors only for a job that is run: what
//! it lacks is known before anything is created.

use super::definitions::Definitions;
use super::error::{CheckError, Form};
use super::lookup::{items, text};
use super::service::form_of;
use crate::load::Purpose;
use crate::load::findings::Findings;
use crate::project::ServiceName;
use crate::project::graph::ServiceGraph;
use crate::source::{Span, Spanned};
use crate::yaml::{Mapping, Node};

/// Errors are what Docker Compose fails for, warnings what it accepts.
type Found = Findings<CheckError, CheckError>;

/// Checks the jobs and hooks that matter for this purpose; `run` are the names of what is run.
pub(super) fn check(definitions: &Definitions<'_>, purpose: Purpose, run: &[String], found: &mut Found) {
    match purpose {
        Purpose::Show => {
            let jobs = jobs(definitions).filter(|(_, job)| definitions.active.enable(job));
            let names: Vec<&str> = jobs.map(|(name, _)| name).collect();
            check_jobs(definitions, &names, Severity::Warning, found);
            check_hooks(definitions, &["networks", "volumes", "secrets", "configs", "services"], found);
        }
        Purpose::Run => {
            let needed = needed(definitions, run);
            check_jobs(definitions, &needed, Severity::Error, found);
        }
        // The plan refuses the rest.
        Purpose::Act => check_hooks(definitions, &["volumes"], found),
        Purpose::Find => {}
    }
}

fn jobs<'a>(definitions: &Definitions<'a>) -> impl Iterator<Item = (&'a str, &'a Mapping)> {
    let jobs = definitions.model.get("jobs").and_then(Node::as_mapping);
    jobs.into_iter().flatten().filter_map(|(key, job)| Some((key.name.as_str(), job.as_mapping()?)))
}

fn job<'a>(definitions: &Definitions<'a>, name: &str) -> Option<&'a Mapping> {
    definitions.model.get("jobs").and_then(|jobs| jobs.get(name)).and_then(Node::as_mapping)
}

fn dependencies(job: &Mapping) -> Option<&Mapping> {
    job.get("depends_on").and_then(Node::as_mapping)
}

/// The jobs among `run`, and those that they need.
fn needed<'a>(definitions: &Definitions<'a>, run: &'a [String]) -> Vec<&'a str> {
    let mut open: Vec<&str> = run.iter().map(String::as_str).collect();
    let mut needed = Vec::new();
    while let Some(name) = open.pop() {
        if let Some(job) = job(definitions, name).filter(|_| !needed.contains(&name)) {
            needed.push(name);
            open.extend(dependencies(job).into_iter().flat_map(Mapping::keys));
        }
    }
    needed
}

fn check_jobs(definitions: &Definitions<'_>, names: &[&str], severity: Severity, found: &mut Found) {
    let known = names.iter().filter_map(|name| Some((*name, job(definitions, name)?)));
    for (name, job) in known.clone() {
        let has = |key: &str| job.get(key).is_some_and(|node| node.as_str() != Some(""));
        let key = definitions.model.get("jobs").and_then(Node::as_mapping).and_then(|jobs| jobs.entry(name));
        if let Some((key, _)) = key.filter(|_| !has("image") && !has("build") && !found.is_broken("jobs", name)) {
            let service = Spanned::new(name.to_owned(), key.span);
            severity.report(CheckError::NothingToRun { what: "job", service, closest: None }, found);
        }
        let owner = Owner { user: format!("job `{name}`"), mapping: job };
        for missing in owner.missing(definitions) {
            // Docker Compose makes an undefined volume without telling; all else fails.
            let severity = if missing.section == "volumes" { Severity::Warning } else { severity };
            missing.report(&owner.user, definitions, severity, found);
        }
    }
    let graph =
        ServiceGraph::new(known.map(|(name, job)| (name, dependencies(job).into_iter().flat_map(Mapping::keys))));
    for cycle in graph.cycles() {
        let placed = |(dependent, dependency): (&ServiceName, &ServiceName)| {
            let entries = dependencies(job(definitions, dependent.as_str())?)?;
            let span = entries.entry(dependency.as_str())?.0.span;
            Some(Spanned::new(dependent.to_string(), span))
        };
        found.warn(CheckError::JobCycle { jobs: cycle.edges().filter_map(placed).collect() });
    }
}

fn check_hooks(definitions: &Definitions<'_>, sections: &[&str], found: &mut Found) {
    for name in definitions.services.keys() {
        let Some(service) = definitions.enabled(name) else { continue };
        for (index, hook) in items(service, "pre_start").iter().enumerate() {
            let Some(mapping) = hook.as_mapping() else { continue };
            let owner = Owner { user: format!("`pre_start[{index}]` of service `{name}`"), mapping };
            for missing in owner.missing(definitions).iter().filter(|missing| sections.contains(&missing.section)) {
                missing.report(&owner.user, definitions, Severity::Warning, found);
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Severity {
    Warning,
    Error,
}

impl Severity {
    fn report(self, error: CheckError, found: &mut Found) {
        match self {
            Self::Warning => found.warn(error),
            Self::Error => found.error(error),
        }
    }
}

/// A job or a hook.
struct Owner<'a> {
    user: String,
    mapping: &'a Mapping,
}

/// A name that no file defines.
struct Missing<'a> {
    what: &'static str,
    section: &'static str,
    name: &'a str,
    span: Span,
    form: Form,
}

impl<'a> Owner<'a> {
    fn missing(&self, definitions: &Definitions<'_>) -> Vec<Missing<'a>> {
        let mut used = self.used();
        used.retain(|used| !used.name.is_empty() && !definitions.defines(used.section, used.name));
        used
    }

    /// The names that the job or hook uses.
    fn used(&self) -> Vec<Missing<'a>> {
        let mut used = Vec::new();
        let networks = self.mapping.get("networks").and_then(Node::as_mapping);
        for (key, _) in networks.into_iter().flatten().filter(|(key, _)| key.name != "default") {
            let (name, span) = (key.name.as_str(), key.span);
            used.push(Missing { what: "network", section: "networks", name, span, form: Form::Short });
        }
        for mount in items(self.mapping, "volumes") {
            let Some(mapping) = mount.as_mapping() else { continue };
            if text(mapping, "type").is_some_and(|(kind, _)| kind == "volume")
                && let Some((name, node)) = text(mapping, "source")
            {
                let (span, form) = (node.span, form_of(mapping, "type", mount));
                used.push(Missing { what: "volume", section: "volumes", name, span, form });
            }
        }
        for (what, section) in [("secret", "secrets"), ("config", "configs")] {
            for reference in items(self.mapping, section) {
                let Some(mapping) = reference.as_mapping() else { continue };
                if let Some((name, node)) = text(mapping, "source") {
                    let (span, form) = (node.span, form_of(mapping, "source", reference));
                    used.push(Missing { what, section, name, span, form });
                }
            }
        }
        for attribute in ["network_mode", "ipc", "pid", "uts", "cgroup"] {
            let Some((mode, node)) = text(self.mapping, attribute) else { continue };
            if let Some(name) = mode.strip_prefix("service:") {
                used.push(Missing { what: "service", section: "services", name, span: node.span, form: Form::Short });
            }
        }
        used
    }
}

impl Missing<'_> {
    /// Reports it, unless the service of a hook has the same mistake, or the definition has one of its own.
    fn report(&self, user: &str, definitions: &Definitions<'_>, severity: Severity, found: &mut Found) {
        if found.reported_at(self.span) || found.is_broken(self.section, self.name) {
            return;
        }
        let error = CheckError::Undefined {
            user: user.to_owned(),
            what: self.what,
            name: Spanned::new(self.name.to_owned(), self.span),
            closest: definitions.closest(self.section, self.name),
            section: self.section,
            form: self.form,
            is_service: self.section == "networks" && definitions.defines("services", self.name),
            exists: None,
        };
        severity.report(error, found);
    }
}
