//! Services that wait for each other.

use super::definitions::Definitions;
use super::error::CheckError;
use crate::load::findings::Findings;
use crate::project::ServiceName;
use crate::project::graph::{Cycle, ServiceGraph};
use crate::source::Spanned;
use crate::yaml::{Mapping, Node};

/// Reports a dependency cycle for every group of enabled services that need each other.
pub(super) fn check(definitions: &Definitions<'_>, findings: &mut Findings<CheckError>) {
    let enabled = definitions.services.keys().filter_map(|name| Some((name, definitions.enabled(name)?)));
    let graph = ServiceGraph::new(
        enabled.map(|(name, service)| (name, dependencies(service).into_iter().flat_map(Mapping::keys))),
    );
    for cycle in graph.cycles() {
        findings.error(CheckError::Cycle { services: placed(&cycle, definitions) });
    }
}

fn dependencies(service: &Mapping) -> Option<&Mapping> {
    service.get("depends_on").and_then(Node::as_mapping)
}

/// The services of the cycle, each with the place where it names the next.
fn placed(cycle: &Cycle, definitions: &Definitions<'_>) -> Vec<Spanned<String>> {
    let place = |dependent: &ServiceName, dependency: &ServiceName| {
        let entries = definitions.enabled(dependent.as_str()).and_then(dependencies)?;
        Some(entries.entry(dependency.as_str())?.0.span)
    };
    let placed = |(dependent, dependency): (&ServiceName, &ServiceName)| {
        Some(Spanned::new(dependent.to_string(), place(dependent, dependency)?))
    };
    cycle.edges().filter_map(placed).collect()
}
