//! Services that wait for each other (compose-file.md §1.16).

use super::{CheckError, Context};
use crate::load::findings::Findings;
use crate::project::ServiceName;
use crate::project::graph::{Cycle, ServiceGraph};
use crate::source::Spanned;
use crate::yaml::{Mapping, Node};

/// Reports a circle of dependencies for every group of enabled services that need each other.
pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    let enabled = context.services.keys().filter_map(|name| Some((name, context.enabled(name)?)));
    let graph = ServiceGraph::new(
        enabled.map(|(name, service)| (name, dependencies(service).into_iter().flat_map(Mapping::keys))),
    );
    for cycle in graph.cycles() {
        findings.error(CheckError::Cycle { services: placed(&cycle, context) });
    }
}

fn dependencies(service: &Mapping) -> Option<&Mapping> {
    service.get("depends_on").and_then(Node::as_mapping)
}

/// The services of the circle, each with the place where it names the next.
fn placed(cycle: &Cycle, context: &Context<'_>) -> Vec<Spanned<String>> {
    let place = |dependent: &ServiceName, dependency: &ServiceName| {
        let entries = context.enabled(dependent.as_str()).and_then(dependencies)?;
        Some(entries.entry(dependency.as_str())?.0.span)
    };
    let placed = |(dependent, dependency): (&ServiceName, &ServiceName)| {
        Some(Spanned::new(dependent.to_string(), place(dependent, dependency)?))
    };
    cycle.edges().filter_map(placed).collect()
}
