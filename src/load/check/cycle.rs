//! Services that wait for each other (compose-file.md §1.16).

use std::collections::HashMap;

use super::{CheckError, Context};
use crate::load::findings::Findings;
use crate::source::{Span, Spanned};
use crate::yaml::{Mapping, Node};

/// How far a service has been looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// On the way from the first service to here.
    OnTheWay,
    /// Leads to no circle, or to one that has been reported.
    Done,
}

/// A service on the way, the dependencies that are still to be followed, and the place of the one that was taken last.
struct Step<'a> {
    name: &'a str,
    left: std::vec::IntoIter<(&'a str, Span)>,
    taken: Option<Span>,
}

/// Reports each circle of dependencies among the enabled services once.
pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    let mut states: HashMap<&str, State> = HashMap::new();
    for (key, _) in context.services {
        if !states.contains_key(key.name.as_str()) && context.enabled(&key.name).is_some() {
            follow(&key.name, context, &mut states, findings);
        }
    }
}

fn follow<'a>(first: &'a str, context: &'a Context<'_>, states: &mut HashMap<&'a str, State>, findings: &mut Findings) {
    let step = |name: &'a str| {
        let service = context.enabled(name);
        Step { name, left: service.map(dependencies).unwrap_or_default().into_iter(), taken: None }
    };
    let mut way = vec![step(first)];
    states.insert(first, State::OnTheWay);
    while let Some(here) = way.last_mut() {
        let Some((next, span)) = here.left.next() else {
            states.insert(here.name, State::Done);
            way.pop();
            continue;
        };
        here.taken = Some(span);
        match states.get(next) {
            Some(State::OnTheWay) => findings.error(circle(&way, next)),
            None if context.enabled(next).is_some() => {
                states.insert(next, State::OnTheWay);
                way.push(step(next));
            }
            Some(State::Done) | None => {}
        }
    }
}

fn circle(way: &[Step<'_>], closing: &str) -> CheckError {
    let start = way.iter().position(|step| step.name == closing).unwrap_or_default();
    let services =
        way[start..].iter().filter_map(|step| Some(Spanned::new(step.name.to_owned(), step.taken?))).collect();
    CheckError::Cycle { services }
}

fn dependencies(service: &Mapping) -> Vec<(&str, Span)> {
    let entries = service.get("depends_on").and_then(Node::as_mapping);
    entries.map(|entries| entries.iter().map(|(key, _)| (key.name.as_str(), key.span)).collect()).unwrap_or_default()
}
