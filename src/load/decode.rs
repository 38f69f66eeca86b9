//! The final tree into the typed [`Project`]. The tree is validated and in long form, so what can
//! still be wrong is a value: a size, a duration, a command, a number in quotes.
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

use crate::project::{Project, Service, ServiceName};
use crate::source::SourceMap;
use crate::yaml::Node;

use decoder::{Decoder, Entry};

/// What the tree holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decoded {
    /// Name, services, resources, `x-*` keys of the top level and origins; nothing else is filled in, and all services
    /// are in [`Project::services`]. Values with errors are left out.
    pub project: Project,
    /// All that is wrong, in the order of the tree.
    pub errors: Vec<DecodeError>,
    /// All that is not as it was written, in the order of the tree.
    pub warnings: Vec<DecodeWarning>,
}

/// Makes a project of a tree. `sources` is where its spans point into.
///
/// Unknown keys are passed over: refusing them was the schema's task.
#[must_use]
pub fn decode(model: Node, sources: &SourceMap) -> Decoded {
    let mut decoder = Decoder { sources, path: Vec::new(), errors: Vec::new(), warnings: Vec::new() };
    let mut project = Project { origins: origins::of(&model), ..Project::default() };
    if let Some(model) = decoder.mapping(model) {
        for entry in model {
            top_level(&mut decoder, &mut project, entry);
        }
    }
    Decoded { project, errors: decoder.errors, warnings: decoder.warnings }
}

fn top_level(d: &mut Decoder<'_>, project: &mut Project, entry: Entry) {
    match entry.0.name.as_str() {
        "name" => project.name = d.text(entry).unwrap_or_default().into(),
        "services" => project.services = services(d, entry),
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

#[cfg(test)]
mod tests;
