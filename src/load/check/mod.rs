//! A normalised model in, every rule between its values that does not hold out.

mod cycle;
mod error;
mod resource;
mod service;

pub use error::{CheckError, ContextProblem, Dependence, Form};
pub(super) use resource::check_resources;

use std::collections::HashMap;

use crate::load::findings::Findings;
use crate::load::normalize::scale_into_deploy;
use crate::load::profiles::{self, Profiles};
use crate::source::Spanned;
use crate::yaml::{Key, Mapping, Node};

/// What the checks of one service need to know about the others.
struct Context<'a> {
    model: &'a Mapping,
    services: &'a Mapping,
    active: &'a Profiles,
}

impl Context<'_> {
    /// Whether the files define the resource.
    fn defines(&self, section: &str, name: &str) -> bool {
        self.section(section).is_some_and(|section| section.contains(name))
    }

    fn section(&self, section: &str) -> Option<&Mapping> {
        self.model.get(section).and_then(Node::as_mapping)
    }

    fn closest(&self, section: &str, name: &str) -> Option<String> {
        let names = self.section(section)?.keys().filter(|known| *known != name);
        crate::diagnostic::suggest::closest(name, names).map(str::to_owned)
    }

    /// The service, if it is enabled.
    fn enabled(&self, name: &str) -> Option<&Mapping> {
        let service = self.services.get(name)?.as_mapping()?;
        self.active.enable(service).then_some(service)
    }
}

/// Holds the enabled services and the resources against §1.16, and copies a lone `scale` into `deploy`.
pub(super) fn check_consistency(model: &mut Node, active: &Profiles, findings: &mut Findings) {
    check(model, active, findings);
    let services = model.as_mapping_mut().and_then(|model| model.get_mut("services"));
    let Some(services) = services.and_then(Node::as_mapping_mut) else { return };
    for (_, service) in services.values_mut() {
        if let Some(service) = service.as_mapping_mut().filter(|service| active.enable(service)) {
            scale_into_deploy(service);
        }
    }
}

fn check(model: &Node, active: &Profiles, findings: &mut Findings) {
    let Some(model) = model.as_mapping() else { return };
    let empty = Mapping::new();
    let services = model.get("services").and_then(Node::as_mapping).unwrap_or(&empty);
    let context = Context { model, services, active };
    for (key, service) in services {
        if let Some(service) = service.as_mapping().filter(|service| context.active.enable(service)) {
            service::check(key, service, &context, findings);
        }
    }
    resource::check_secret_sources(model, findings);
    check_container_names(&context, findings);
    cycle::check(&context, findings);
}

fn check_container_names(context: &Context<'_>, findings: &mut Findings) {
    let mut names: HashMap<&str, &Key> = HashMap::new();
    let mut places = HashMap::new();
    for (key, service) in context.services {
        let Some(service) = service.as_mapping().filter(|service| context.active.enable(service)) else { continue };
        let Some((name, node)) = text(service, "container_name").filter(|(name, _)| !name.is_empty()) else { continue };
        if let Some(first) = names.get(name) {
            findings.error(CheckError::NameTwice {
                service: key.name.clone(),
                first: first.name.clone(),
                first_span: places[name],
                name: Spanned::new(name.to_owned(), node.span),
            });
            continue;
        }
        names.insert(name, key);
        places.insert(name, node.span);
    }
}

/// The text under `key`, and its node.
fn text<'a>(mapping: &'a Mapping, key: &str) -> Option<(&'a str, &'a Node)> {
    let node = mapping.get(key)?;
    Some((node.as_str()?, node))
}

/// The node at the end of the keys.
fn at<'a>(mapping: &'a Mapping, keys: &[&str]) -> Option<&'a Node> {
    let (first, rest) = keys.split_first()?;
    let mut node = mapping.get(first)?;
    for key in rest {
        node = node.get(key)?;
    }
    Some(node)
}

/// The items of the list under `key`.
fn items<'a>(mapping: &'a Mapping, key: &str) -> &'a [Node] {
    mapping.get(key).and_then(Node::as_sequence).unwrap_or_default()
}

/// The profiles written at a service.
fn profiles_of(service: &Mapping) -> Vec<String> {
    profiles::written(service).map(str::to_owned).collect()
}
