//! Orphans: containers of the project whose service is gone (engine.md §1.5).

use super::Reason;
use crate::observed::{Container, Observed, State};
use crate::project::Project;

/// Why an orphan goes.
pub(super) fn reason(container: &Container) -> Reason {
    if container.one_off { Reason::OneOffEnded } else { Reason::Orphan }
}

/// The containers that no service of the files accounts for, and one-offs that ended.
pub(super) fn orphans<'a>(project: &Project, observed: &'a Observed) -> Vec<&'a Container> {
    let mut orphans: Vec<_> = observed.containers.iter().filter(|container| is_orphan(project, container)).collect();
    orphans.sort_by(|a, b| a.name.cmp(&b.name));
    orphans
}

fn is_orphan(project: &Project, container: &Container) -> bool {
    if container.hook || container.config_hash.is_none() {
        return false;
    }
    if container.one_off {
        return matches!(container.state, State::Exited | State::Dead);
    }
    container.service.as_ref().is_none_or(|service| !project.is_known(service.as_str()))
}
