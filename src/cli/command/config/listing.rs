//! The modes of `config` that print names, one per line.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::args::ConfigArgs;
use crate::cli::{Failure, service_names};
use crate::project::Project;
use crate::project::hash::{HashForm, service_hash};

/// What to list. Only one mode runs; the order of the variants is their precedence.
pub(super) enum Listing<'a> {
    Services,
    Volumes,
    Networks,
    Models,
    Hashes(&'a str),
    Profiles,
    Images,
}

impl<'a> Listing<'a> {
    /// The mode that the flags select; `None` if none.
    pub(super) fn asked(args: &'a ConfigArgs) -> Option<Self> {
        match args {
            ConfigArgs { services: true, .. } => Some(Self::Services),
            ConfigArgs { volumes: true, .. } => Some(Self::Volumes),
            ConfigArgs { networks: true, .. } => Some(Self::Networks),
            ConfigArgs { models: true, .. } => Some(Self::Models),
            ConfigArgs { hash: Some(services), .. } => Some(Self::Hashes(services)),
            ConfigArgs { profiles: true, .. } => Some(Self::Profiles),
            ConfigArgs { images: true, .. } => Some(Self::Images),
            _ => None,
        }
    }

    /// Whether names of services on the command line have no effect, as with Docker Compose.
    pub(super) fn ignores_names(&self) -> bool {
        match self {
            Self::Services | Self::Volumes | Self::Networks | Self::Models => true,
            Self::Hashes(_) | Self::Profiles | Self::Images => false,
        }
    }

    /// The lines, sorted.
    pub(super) fn text(&self, project: &Project) -> Result<String, Failure> {
        Ok(match self {
            Self::Services => lines(project.services.keys()),
            Self::Volumes => lines(project.volumes.keys()),
            Self::Networks => lines(project.networks.keys()),
            Self::Models => lines(project.models.values().map(|model| &model.model)),
            Self::Hashes(services) => hashes(project, services)?,
            Self::Profiles => {
                let all = project.services.values().chain(project.disabled.values());
                lines(all.flat_map(|service| &service.profiles).collect::<BTreeSet<_>>())
            }
            Self::Images => images(project),
        })
    }
}

fn lines<T: std::fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().fold(String::new(), |mut text, item| {
        let _ = writeln!(text, "{item}");
        text
    })
}

/// The image of each service and other images of its hooks, sorted; then those of the jobs.
fn images(project: &Project) -> String {
    let mut images = Vec::new();
    for service in project.services.values().filter(|service| service.provider.is_none()) {
        let image = project.image_name(service);
        let of_hooks: BTreeSet<_> = service
            .pre_start
            .iter()
            .filter_map(|hook| hook.container.image.clone())
            .filter(|other| *other != image)
            .collect();
        images.push(image);
        images.extend(of_hooks);
    }
    images.sort();
    let mut of_jobs: Vec<_> = project.jobs.values().map(|job| project.image_name(&job.service)).collect();
    of_jobs.sort();
    lines(images.into_iter().chain(of_jobs))
}

fn hashes(project: &Project, services: &str) -> Result<String, Failure> {
    let all = services == "*";
    let named: BTreeSet<&str> = services.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    if let Some(unknown) = named.iter().find(|name| !all && project.service(name).is_none()) {
        return service_names::unknown_service(project, unknown);
    }
    let asked = project.services.values().filter(|service| all || named.contains(service.name.as_str()));
    let platform = project.environment.get("DOCKER_DEFAULT_PLATFORM").filter(|platform| !platform.is_empty());
    Ok(lines(asked.map(|service| {
        // For a build, the platform matters.
        let mut service = service.clone();
        if service.build.is_some() && service.platform.is_none() {
            service.platform = platform.cloned();
        }
        format!("{} {}", service.name, service_hash(&service, HashForm::V5))
    })))
}

/// Sorted `K=V` lines of the variables used for substitution.
pub(super) fn environment(project: &Project) -> String {
    lines(project.environment.iter().map(|(name, value)| format!("{name}={value}")))
}
