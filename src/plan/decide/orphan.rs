//! Orphans: containers of the project whose service is gone.

use crate::observed::{Container, Observed, State};
use crate::plan::Reason;
use crate::project::Project;

/// Why an orphan is removed.
pub(in crate::plan) fn reason(container: &Container) -> Reason {
    match (container.one_off, has_ended(container)) {
        (false, _) => Reason::Orphan,
        (true, true) => Reason::OneOffEnded,
        (true, false) => Reason::OneOff,
    }
}

/// The containers that belong to no service of the files, and exited one-offs.
pub(in crate::plan) fn orphans<'a>(project: &Project, observed: &'a Observed) -> Vec<&'a Container> {
    let mut orphans: Vec<_> = observed.containers.iter().filter(|container| is_orphan(project, container)).collect();
    orphans.sort_by(|a, b| a.name.cmp(&b.name));
    orphans
}

/// Whether a container belongs to no service of the files, or is an exited one-off.
pub(in crate::plan) fn is_orphan(project: &Project, container: &Container) -> bool {
    if container.hook || container.config_hash.is_none() {
        return false;
    }
    if container.one_off {
        return has_ended(container);
    }
    container.service.as_ref().is_none_or(|service| !project.is_known(service.as_str()))
}

fn has_ended(container: &Container) -> bool {
    matches!(container.state, State::Exited | State::Dead)
}
