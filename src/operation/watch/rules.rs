//! A project in, the rules of its services out.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::rule::{BuildFiles, Rule, ServiceRules, Temporary};
use crate::event::WatchNote;
use crate::project::value::path_pattern::{BadPattern, Patterns, of_ignore_file};
use crate::project::value::{BuildContext, MountKind};
use crate::project::{Build, Project, Service, ServiceName, Watch, WatchAction};
use crate::source::Reader;

/// Why a project cannot be watched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WatchError {
    /// No service has rules.
    #[error("none of the selected services is configured for watch, consider setting a 'develop' section")]
    NoRules,
    /// There is nothing to build.
    #[error("can't watch service \"{service}\" with action {action} without a build context")]
    NoBuild {
        /// The service.
        service: ServiceName,
        /// The action.
        action: WatchAction,
    },
    /// What a rule includes or ignores cannot be read.
    #[error("service `{service}`: the watch rule for `{path}` has a mistake: {cause}")]
    BadPattern {
        /// The service.
        service: ServiceName,
        /// The rule's path.
        path: String,
        /// What is wrong.
        cause: String,
    },
}

/// The rules of the services that are to be watched, and what is to be said of them.
pub(super) fn of_project(project: &Project) -> Result<(Vec<ServiceRules>, Vec<WatchNote>), WatchError> {
    let mut all = Vec::new();
    let mut notes = Vec::new();
    let definitions: Arc<[PathBuf]> = project.compose_files.iter().chain(&project.env_files).cloned().collect();
    let temporary = Arc::new(Temporary::default());
    for service in project.services.values().filter(|service| project.is_targeted(service.name.as_str())) {
        let watch = service.develop.as_ref().map(|develop| develop.watch.as_slice()).unwrap_or_default();
        if watch.is_empty() {
            continue;
        }
        let build = service.build.as_ref().and_then(|build| build_files(build, &project.working_directory));
        let mut rules = Vec::new();
        for rule in watch {
            if rule.action == WatchAction::Rebuild && service.build.is_none() {
                return Err(WatchError::NoBuild { service: service.name.clone(), action: rule.action });
            }
            if rule.action.syncs() && is_mounted(service, Path::new(&rule.path)) {
                notes.push(WatchNote::Mounted { path: rule.path.clone().into() });
                continue;
            }
            let bad = |BadPattern(text): BadPattern| WatchError::BadPattern {
                service: service.name.clone(),
                path: rule.path.clone(),
                cause: BadPattern(text).to_string(),
            };
            rules.push(ready(rule, build.clone(), &definitions, &temporary).map_err(bad)?);
        }
        let ignore_files = build.as_ref().map(|build| build.dockerfile.clone()).unwrap_or_default();
        all.push(ServiceRules { service: service.name.clone(), rules, ignore_files });
    }
    if all.is_empty() { Err(WatchError::NoRules) } else { Ok((all, notes)) }
}

fn ready(
    watch: &Watch,
    build: Option<Arc<BuildFiles>>,
    definitions: &Arc<[PathBuf]>,
    temporary: &Arc<Temporary>,
) -> Result<Rule, BadPattern> {
    Ok(Rule {
        path: watch.path.clone().into(),
        action: watch.action,
        target: watch.target.clone(),
        include: Some(Patterns::parse(&watch.include)?).filter(|include| !include.is_empty()),
        ignore: Patterns::parse(&watch.ignore)?,
        build,
        definitions: definitions.clone(),
        temporary: temporary.clone(),
        exec: watch.exec.clone(),
        initial_sync: watch.initial_sync,
    })
}

/// What the build of a service ignores: as its Dockerfile's own ignore file says, or that of the context. One that cannot
/// be read ignores nothing; the build says what is wrong with it.
fn build_files(build: &Build, base: &Path) -> Option<Arc<BuildFiles>> {
    let BuildContext::Folder(context) = BuildContext::new(build.context.as_deref().unwrap_or("."), base) else {
        return None;
    };
    let dockerfile = match &build.dockerfile_inline {
        Some(_) => None,
        None => Some(context.join(build.dockerfile.as_deref().unwrap_or("Dockerfile"))),
    };
    let own = dockerfile.as_ref().map(|file| PathBuf::from(format!("{}.dockerignore", file.display())));
    let common = context.join(".dockerignore");
    let texts = own.iter().chain([&common]).find_map(|file| Reader::default().read_named(file).ok());
    let texts = of_ignore_file(&String::from_utf8_lossy(&texts.unwrap_or_default()));
    let ignored = Patterns::parse(&texts).unwrap_or_default();
    Some(Arc::new(BuildFiles {
        context,
        ignored,
        dockerfile: dockerfile.into_iter().chain(own).chain([common]).collect(),
    }))
}

/// Whether a path is in something that the containers see anyway.
fn is_mounted(service: &Service, path: &Path) -> bool {
    let sources = service.volumes.iter().filter(|mount| mount.kind == MountKind::Bind);
    sources.filter_map(|mount| mount.source.as_deref()).any(|source| path.starts_with(source))
}
