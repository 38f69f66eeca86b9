//! The final tree in, the typed [`Project`] out. The tree is validated and in long form, so only values can still be
//! wrong: a size, a duration, a command, a number in quotes.
#![expect(clippy::wildcard_enum_match_arm, reason = "whatever kind of value is not expected is refused by name")]

mod blocks;
mod decoder;
mod error;
mod origins;
mod resource;
mod scalar;
mod service;

use std::collections::BTreeMap;

pub use error::{DecodeError, DecodeProblem, DecodeWarning};

use crate::project::{Job, Project, Service, ServiceName};
use crate::source::SourceMap;
use crate::yaml::Node;

use decoder::{Decoder, Entry};

/// The result of decoding a tree.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decoded {
    /// Name, services, resources, top-level `x-*` keys and origins. Nothing else is filled in, and all services are in
    /// [`Project::services`]. Values with errors are left out.
    pub project: Project,
    /// All errors, in the order of the tree.
    pub errors: Vec<DecodeError>,
    /// Values that differ from what was written, in the order of the tree.
    pub warnings: Vec<DecodeWarning>,
}

/// Decodes a tree into a project. `hooks` has the `pre_start` hooks of services as written, if services have completed
/// them; `sources` has the files that its spans point into.
///
/// Skips unknown keys: the schema has already refused them.
#[must_use]
pub fn decode(model: Node, hooks: impl IntoIterator<Item = (String, Vec<Node>)>, sources: &SourceMap) -> Decoded {
    let mut decoder = Decoder { sources, path: Vec::new(), errors: Vec::new(), warnings: Vec::new() };
    let mut project = Project { origins: origins::of(&model), ..Project::default() };
    if let Some(model) = decoder.mapping(model) {
        for entry in model {
            top_level(&mut decoder, &mut project, entry);
        }
    }
    for (name, written) in hooks {
        let service = project.services.get_mut(name.as_str());
        let hooks = service.map(|service| &mut service.pre_start).into_iter().flatten();
        for (hook, node) in hooks.zip(written) {
            // What is wrong in it was reported where its service completes it.
            let reported = (decoder.errors.len(), decoder.warnings.len());
            hook.written = decoder.fill(node, blocks::hook);
            decoder.errors.truncate(reported.0);
            decoder.warnings.truncate(reported.1);
        }
    }
    for (name, service) in &mut project.services {
        for hook in &mut service.pre_start {
            hook.container.name = name.clone();
            let image = || hook.container.image.clone();
            hook.written.image = hook.written.image.take().or_else(image);
        }
    }
    Decoded { project, errors: decoder.errors, warnings: decoder.warnings }
}

fn top_level(d: &mut Decoder<'_>, project: &mut Project, entry: Entry) {
    match entry.0.name.as_str() {
        "name" => project.name = d.text(entry).unwrap_or_default().into(),
        "services" => project.services = services(d, entry),
        "jobs" => project.jobs = jobs(d, entry),
        "networks" => project.networks = d.map(entry, |d, node| d.fill(node, resource::network)),
        "volumes" => project.volumes = d.map(entry, |d, node| d.fill(node, resource::volume)),
        "secrets" => project.secrets = d.map(entry, resource::secret),
        "configs" => project.configs = d.map(entry, resource::config),
        "models" => project.models = d.map(entry, |d, node| d.fill(node, resource::model)),
        _ => d.extension(&mut project.extensions, entry),
    }
}

fn services(d: &mut Decoder<'_>, entry: Entry) -> BTreeMap<ServiceName, Service> {
    let mut services: BTreeMap<ServiceName, Service> = d.map(entry, |d, node| d.fill(node, service::service));
    for (name, service) in &mut services {
        service.name = name.clone();
    }
    services
}

fn jobs(d: &mut Decoder<'_>, entry: Entry) -> BTreeMap<ServiceName, Job> {
    let mut jobs: BTreeMap<ServiceName, Job> = d.map(entry, |d, node| d.fill(node, service::job));
    for (name, job) in &mut jobs {
        job.service.name = name.clone();
    }
    jobs
}

#[cfg(test)]
mod tests;
