//! The labels of a container: the request in, what every engine writes on it out.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::containers::CreateContainer;
use crate::plan::ContainerSpec;
use crate::project::label;
use crate::project::{Dependency, Service, ServiceName};

/// The user's labels, overridden by those that identify containers.
#[must_use]
pub(crate) fn of_container(request: &CreateContainer) -> BTreeMap<String, String> {
    let spec = &*request.spec;
    let project = &*spec.project;
    let Some(service) = project.services.get(&spec.replica.service) else { return BTreeMap::new() };
    let mut labels = service.labels.clone();
    // These are trusted later, so no file may set them.
    labels.retain(|name, _| !label::OWN.contains(&name.as_str()));
    let mut set = |name: &str, value: String| labels.insert(name.to_owned(), value);
    set(label::PROJECT, project.name.to_string());
    set(label::SERVICE, service.name.to_string());
    set(label::VERSION, label::VERSION_VALUE.to_owned());
    set(label::WORKING_DIRECTORY, project.working_directory.display().to_string());
    set(label::CONFIG_FILES, joined(&project.compose_files));
    if !project.env_files.is_empty() {
        set(label::ENVIRONMENT_FILES, joined(&project.env_files));
    }
    if let Some(one_off) = &spec.one_off {
        set(label::ONE_OFF, "True".to_owned());
        set(label::SLUG, one_off.slug.clone());
    } else {
        set(label::ONE_OFF, "False".to_owned());
        set(label::NUMBER, spec.replica.number.to_string());
    }
    set(label::CONFIG_HASH, request.config_hash.clone());
    // Services outside this run are not dependencies of this container.
    let dependencies = service.depends_on.iter().filter(|(name, _)| project.services.contains_key(*name));
    set(label::DEPENDS_ON, depends_on(dependencies));
    if let Some(digest) = &request.image_digest {
        set(label::IMAGE, digest.to_string());
    }
    if !request.image_volumes.is_empty() {
        let pairs = request.image_volumes.iter().map(|(target, digest)| format!("{target}={digest}"));
        set(label::IMAGE_VOLUMES, pairs.collect::<Vec<_>>().join(","));
    }
    if spec.replaces.as_ref().is_some_and(|replaced| replaced.inherits) {
        set(label::REPLACE, replaced_name(spec, service));
    }
    if !request.inherited.is_empty() {
        let digits = request.inherited.iter().map(|inherited| inherited.volume.get(..12).unwrap_or(&inherited.volume));
        set(label::INHERITED, digits.collect::<Vec<_>>().join(","));
    }
    if !request.field_digests.is_empty() {
        set(label::FIELDS, request.field_digests.clone());
    }
    if !request.content_digests.is_empty() {
        set(label::CONTENTS, request.content_digests.clone());
    }
    labels
}

/// The name of a replaced container in its successor's label: without the project.
fn replaced_name(spec: &ContainerSpec, service: &Service) -> String {
    let numbered = || format!("{}{}{}", service.name, spec.project.separator, spec.replica.number);
    service.container_name.clone().filter(|name| !name.is_empty()).unwrap_or_else(numbered)
}

fn joined(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(",")
}

fn depends_on<'a>(dependencies: impl Iterator<Item = (&'a ServiceName, &'a Dependency)>) -> String {
    dependencies.map(|(name, on)| format!("{name}:{}:{}", on.condition, on.restart)).collect::<Vec<_>>().join(",")
}
