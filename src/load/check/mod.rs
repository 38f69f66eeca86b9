//! A normalised model in, every violated rule between its values out.

mod cycle;
mod definitions;
mod error;
mod extras;
mod job;
mod lookup;
mod resource;
mod service;

pub use error::{CheckError, ContextProblem, Dependence, Form};
pub(super) use resource::check_resources;

use std::collections::HashMap;

use crate::load::Purpose;
use crate::load::findings::Findings;
use crate::load::normalize::scale_into_deploy;
use crate::load::profiles::Profiles;
use crate::source::Spanned;
use crate::yaml::{Key, Mapping, Node};

use definitions::Definitions;
use lookup::text;

/// Checks the enabled services and the resources for consistency, and copies a lone `scale` into `deploy`.
pub(super) fn check_consistency(model: &mut Node, active: &Profiles, findings: &mut Findings<CheckError>) {
    check(model, active, findings);
    let services = model.as_mapping_mut().and_then(|model| model.get_mut("services"));
    let Some(services) = services.and_then(Node::as_mapping_mut) else { return };
    for (_, service) in services.values_mut() {
        if let Some(service) = service.as_mapping_mut().filter(|service| active.enable(service)) {
            scale_into_deploy(service);
        }
    }
}

/// Checks the jobs and `pre_start` hooks for names that no file defines; `run` are the names of what is run.
pub(super) fn check_extras(
    model: &Node,
    active: &Profiles,
    purpose: Purpose,
    run: &[String],
    findings: &mut Findings<CheckError, CheckError>,
) {
    let Some(model) = model.as_mapping() else { return };
    let empty = Mapping::new();
    let services = model.get("services").and_then(Node::as_mapping).unwrap_or(&empty);
    extras::check(&Definitions { model, services, active }, purpose, run, findings);
}

fn check(model: &Node, active: &Profiles, findings: &mut Findings<CheckError>) {
    let Some(model) = model.as_mapping() else { return };
    let empty = Mapping::new();
    let services = model.get("services").and_then(Node::as_mapping).unwrap_or(&empty);
    let definitions = Definitions { model, services, active };
    for (key, service) in services {
        if let Some(service) = service.as_mapping().filter(|service| definitions.active.enable(service)) {
            service::check(key, service, &definitions, findings);
        }
    }
    job::check(&definitions, findings);
    resource::check_secret_sources(model, findings);
    check_container_names(&definitions, findings);
    cycle::check(&definitions, findings);
}

fn check_container_names(definitions: &Definitions<'_>, findings: &mut Findings<CheckError>) {
    let mut names: HashMap<&str, &Key> = HashMap::new();
    let mut places = HashMap::new();
    for (key, service) in definitions.services {
        let Some(service) = service.as_mapping().filter(|service| definitions.active.enable(service)) else { continue };
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
