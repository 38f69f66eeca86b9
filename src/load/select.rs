//! Selects services and resources of a loaded project (Compose spec: `15-profiles.md`).

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Explain, suggest};
use crate::load::check::{CheckError, Dependence};
use crate::load::profiles::Profiles;
use crate::load::{Dependencies, Purpose, Resources};
use crate::project::value::{MountKind, NamespaceMode, VolumesFrom, VolumesFromSource};
use crate::project::{FileReference, Project, SecretKey, Service, ServiceName};
use crate::source::{Span, Spanned};

/// An invalid selection.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SelectError {
    /// A requested service is not defined.
    #[error("no such service: {name}")]
    NoSuchService {
        /// The name or pattern.
        name: String,
        /// The closest defined name.
        closest: Option<String>,
        /// Whether it is the name of a job.
        is_job: bool,
    },
    /// A job that is not to be run by hand.
    #[error(
        "job \"{job}\" is declared with manual: false, it cannot be {}",
        if *dependency { "triggered even as a dependency of another job" } else { "run manually" }
    )]
    NotManual {
        /// The job.
        job: ServiceName,
        /// Whether another job needs it.
        dependency: bool,
    },
    /// A job that is run depends on a disabled service, even if only optionally.
    #[error("no such service: {dependency}")]
    NeededByJob {
        /// The job.
        job: ServiceName,
        /// The service.
        dependency: ServiceName,
        /// The profiles that would enable it.
        profiles: Vec<String>,
        /// Where the job names it.
        span: Option<Span>,
    },
    /// A requested service depends on a disabled one.
    #[error(transparent)]
    Disabled(#[from] CheckError),
}

impl Explain for SelectError {
    fn span(&self) -> Option<Span> {
        match self {
            Self::NoSuchService { .. } | Self::NotManual { .. } => None,
            Self::NeededByJob { span, .. } => *span,
            Self::Disabled(error) => error.span(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NotManual { .. } => Some("only its schedule runs it".to_owned()),
            Self::NeededByJob { job, dependency, profiles, .. } => {
                let enable = profiles.first().map(|profile| format!("enable it with `--profile {profile}`, or "));
                let enable = enable.unwrap_or_default();
                Some(format!("job `{job}` depends on `{dependency}`: {enable}run the job with `--no-deps`"))
            }
            Self::NoSuchService { is_job: true, name, .. } => {
                Some(format!("`{name}` is a job: run it with `hoist run {name}`"))
            }
            Self::NoSuchService { closest: Some(name), .. } => Some(format!("did you mean `{name}`?")),
            Self::NoSuchService { .. } => Some("`hoist config --services` lists all services".to_owned()),
            Self::Disabled(error) => error.hint(),
        }
    }

    fn related(&self) -> Vec<(Span, String)> {
        match self {
            Self::NoSuchService { .. } | Self::NotManual { .. } | Self::NeededByJob { .. } => Vec::new(),
            Self::Disabled(error) => error.related(),
        }
    }
}

/// Moves services and jobs that no active profile enables to the disabled ones.
pub(super) fn split_by_profiles(project: &mut Project, active: &Profiles) {
    let all = std::mem::take(&mut project.services).into_iter().chain(std::mem::take(&mut project.disabled));
    let (enabled, disabled): (BTreeMap<_, _>, BTreeMap<_, _>) =
        all.partition(|(_, service)| active.enable_any(service.profiles.iter().map(String::as_str)));
    project.services = enabled;
    project.disabled = disabled;
    let all = std::mem::take(&mut project.jobs).into_iter().chain(std::mem::take(&mut project.disabled_jobs));
    (project.jobs, project.disabled_jobs) =
        all.partition(|(_, job)| active.enable_any(job.service.profiles.iter().map(String::as_str)));
}

/// Restricts the project to the services that match `targets` and, if wanted, everything they depend on.
pub(super) fn select(
    project: &mut Project,
    targets: &[String],
    dependencies: Dependencies,
    active: &mut Profiles,
) -> Vec<SelectError> {
    if targets.is_empty() {
        return Vec::new();
    }
    if dependencies == Dependencies::All {
        enable(project, targets.iter().map(String::as_str), active);
        return Vec::new();
    }
    let (selected, errors) = matching(project, targets);
    if !errors.is_empty() {
        return errors;
    }
    enable(project, selected.iter().map(ServiceName::as_str), active);
    let kept = if dependencies == Dependencies::Ignore {
        selected.iter().cloned().collect()
    } else {
        match with_dependencies(project, &selected) {
            Ok(kept) => kept,
            Err((service, missing)) => return vec![needed(project, &service, &missing)],
        }
    };
    let services = std::mem::take(&mut project.services);
    let (services, dropped): (BTreeMap<_, _>, BTreeMap<_, _>) =
        services.into_iter().partition(|(name, _)| kept.contains(name));
    project.services = services;
    project.disabled.extend(dropped);
    for service in project.services.values_mut() {
        service.depends_on.retain(|name, _| kept.contains(name));
    }
    project.selected = selected;
    Vec::new()
}

/// Enables the profiles of services, and thus every service that has one of them.
fn enable<'a>(project: &mut Project, services: impl Iterator<Item = &'a str>, active: &mut Profiles) {
    let profiles = services.filter_map(|name| project.disabled.get(name));
    active.extend(profiles.flat_map(|service| service.profiles.iter().cloned()).collect::<Vec<_>>());
    split_by_profiles(project, active);
}

/// Enables the profiles of a job.
pub(super) fn enable_job(project: &mut Project, name: &str, active: &mut Profiles) {
    let Some(job) = project.disabled_jobs.get(name) else { return };
    active.extend(job.service.profiles.clone());
    split_by_profiles(project, active);
}

/// The names that the patterns match, in their order, and an error for each that matches none.
fn matching(project: &Project, patterns: &[String]) -> (Vec<ServiceName>, Vec<SelectError>) {
    let mut names: Vec<ServiceName> = Vec::new();
    let mut errors = Vec::new();
    for pattern in patterns {
        let known = || project.services.keys().chain(project.disabled.keys());
        let found: Vec<&ServiceName> = known().filter(|name| matches(pattern, name.as_str())).collect();
        if found.is_empty() {
            let closest = suggest::closest(pattern, known().map(ServiceName::as_str)).map(str::to_owned);
            errors.push(SelectError::NoSuchService {
                name: pattern.clone(),
                closest,
                is_job: project.job(pattern).is_some(),
            });
        }
        for name in found {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
    }
    (names, errors)
}

/// The error for a required dependency that is disabled or, if consistency was not checked, not defined.
fn needed(project: &Project, service: &ServiceName, dependency: &ServiceName) -> SelectError {
    let at = |keys: &[&str]| {
        let start = ["services", service.as_str(), "depends_on", dependency.as_str()];
        project.origins.key_span(&[&start, keys].concat())
    };
    let written = match project.services.get(service).and_then(|service| implied_by(service, dependency)) {
        Some(attribute) if at(&["condition"]).is_none() => Dependence::By(attribute),
        _ if at(&["condition"]).is_some() => Dependence::Conditional,
        _ => Dependence::Listed,
    };
    let place = at(&[]).or_else(|| match written {
        Dependence::By(attribute) => project.origins.nearest(&["services", service.as_str(), attribute]),
        Dependence::Conditional | Dependence::Listed => None,
    });
    let (Some(span), Some(disabled)) = (place, project.disabled.get(dependency)) else {
        return SelectError::NoSuchService { name: dependency.to_string(), closest: None, is_job: false };
    };
    SelectError::Disabled(CheckError::DisabledDependency {
        service: service.to_string(),
        dependency: Spanned::new(dependency.to_string(), span),
        profiles: disabled.profiles.clone(),
        written,
    })
}

/// The attribute that makes a service depend on another without `depends_on`.
fn implied_by(service: &Service, dependency: &ServiceName) -> Option<&'static str> {
    let namespaces = [
        ("network_mode", &service.network_mode),
        ("ipc", &service.ipc),
        ("pid", &service.pid),
        ("uts", &service.uts),
        ("cgroup", &service.cgroup),
    ];
    let shared = |mode: &Option<NamespaceMode>| mode.as_ref().and_then(NamespaceMode::service) == Some(dependency);
    let mounts = |from: &VolumesFrom| matches!(&from.source, VolumesFromSource::Service(name) if name == dependency);
    if service.links.iter().any(|link| link.service == *dependency) {
        return Some("links");
    }
    if service.volumes_from.iter().any(mounts) {
        return Some("volumes_from");
    }
    namespaces.iter().find(|(_, mode)| shared(mode)).map(|(attribute, _)| *attribute)
}

/// A missing dependency: the service that needs it, and its name.
type Missing = (ServiceName, ServiceName);

/// The selected services and everything they need, or the first missing dependency.
fn with_dependencies(project: &Project, selected: &[ServiceName]) -> Result<BTreeSet<ServiceName>, Missing> {
    let mut kept: BTreeSet<ServiceName> = BTreeSet::new();
    let mut left: Vec<ServiceName> = selected.to_vec();
    while let Some(name) = left.pop() {
        let Some(service) = project.services.get(&name) else { continue };
        if !kept.insert(name.clone()) {
            continue;
        }
        for (dependency, how) in &service.depends_on {
            if project.services.contains_key(dependency) {
                left.push(dependency.clone());
            } else if how.required {
                return Err((name, dependency.clone()));
            }
        }
    }
    Ok(kept)
}

/// Whether `pattern`, in which `*` is any text and `?` any character, matches `name`.
fn matches(pattern: &str, name: &str) -> bool {
    let (mut pattern_at, mut name_at) = (0, 0);
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let mut star: Option<(usize, usize)> = None;
    while name_at < name.len() {
        match pattern.get(pattern_at) {
            Some(b'*') => {
                star = Some((pattern_at, name_at));
                pattern_at += 1;
            }
            Some(byte) if *byte == b'?' || *byte == name[name_at] => {
                pattern_at += 1;
                name_at += 1;
            }
            _ => match star {
                // Let the last star match one more character, and retry from there.
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    pattern_at = at + 1;
                    name_at = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[pattern_at..].iter().all(|byte| *byte == b'*')
}

/// Drops networks, volumes, secrets, configs and models that no service uses, nor a hook of it.
pub fn drop_unused(project: &mut Project) {
    prune(project, Resources::Used, Purpose::Act);
}

/// Drops networks, volumes, secrets, configs and models that nothing needs which remains.
pub(super) fn prune(project: &mut Project, resources: Resources, purpose: Purpose) {
    if resources == Resources::All {
        return;
    }
    let Project {
        services,
        disabled,
        jobs,
        disabled_jobs,
        networks,
        volumes,
        secrets,
        disabled_secrets,
        configs,
        models,
        ..
    } = project;
    let mut users: Vec<&Service> = services.values().collect();
    if purpose != Purpose::Show {
        let hooks = services.values().flat_map(|service| &service.pre_start);
        users.extend(hooks.map(|hook| &hook.container));
    }
    if purpose == Purpose::Find {
        users.extend(jobs.values().chain(disabled_jobs.values()).map(|job| &job.service));
    }
    networks.retain(|key, _| users.iter().any(|service| service.networks.contains_key(key)));
    models.retain(|key, _| users.iter().any(|service| service.models.contains_key(key)));
    let used: BTreeSet<&str> = users.iter().flat_map(|service| mounted_volumes(service)).collect();
    volumes.retain(|key, _| used.contains(key.as_str()));
    let used: BTreeSet<_> = users.iter().flat_map(|service| &service.configs).map(|config| &config.source).collect();
    configs.retain(|key, _| used.contains(key));
    let used: BTreeSet<_> = users
        .iter()
        .flat_map(|service| service.secrets.iter().chain(build_secrets(service)))
        .map(|secret| &secret.source)
        .collect();
    let (kept, unused): (BTreeMap<_, _>, BTreeMap<_, _>) =
        std::mem::take(secrets).into_iter().partition(|(key, _)| used.contains(key));
    *secrets = kept;
    let built: BTreeSet<_> = disabled.values().flat_map(build_secrets).map(|secret| &secret.source).collect();
    disabled_secrets.extend(unused.into_iter().filter(|(key, _)| built.contains(key)));
}

/// The secrets of the service's build.
fn build_secrets(service: &Service) -> impl Iterator<Item = &FileReference<SecretKey>> {
    service.build.iter().flat_map(|build| &build.secrets)
}

fn mounted_volumes(service: &Service) -> impl Iterator<Item = &str> {
    let volumes = service.volumes.iter().filter(|mount| mount.kind == MountKind::Volume);
    volumes.filter_map(|mount| mount.source.as_deref())
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns() {
        for (pattern, name, expected) in [
            ("db", "db", true),
            ("db", "db2", false),
            ("db*", "db", true),
            ("*-db", "my-old-db", true),
            ("w?b", "web", true),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b", "xxaxxbxx", false),
            ("", "", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
