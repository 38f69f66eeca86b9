//! Containers that the engine removes when they exit (`run --rm`), with their anonymous volumes, unless another
//! container, even a stopped one, mounts these.

use std::collections::BTreeSet;

use super::decide::volume;
use crate::observed::{Container, ContainerId, MountKind, Observed};
use crate::project::Project;

/// The containers for which it matters whether the engine removes them when they exit ([`Observed::auto_removed`]):
/// running one-offs with an anonymous volume.
pub fn auto_removed_candidates<'a>(
    project: &'a Project,
    observed: &'a Observed,
) -> impl Iterator<Item = &'a ContainerId> {
    let one_offs = observed.containers.iter().filter(|container| container.one_off && container.is_up());
    one_offs
        .filter(|container| container.mounts.iter().any(|mount| volume::is_anonymous(project, mount)))
        .map(|container| &container.id)
}

/// Whether the engine removes a container when it exits.
pub(super) fn is_auto_removed(observed: &Observed, container: &Container) -> bool {
    observed.auto_removed.contains(&container.id)
}

/// Whether two containers mount the same volume.
pub(super) fn share_a_volume(one: &Container, other: &Container) -> bool {
    let names = volumes(one);
    volumes(other).any(|name| names.clone().any(|it| it == name))
}

/// The names of volumes that outlive the removal of a container with its anonymous volumes: another container mounts
/// them that the engine does not remove, or they were carried over and so count as named.
pub(super) fn outliving<'a>(project: &Project, observed: &'a Observed) -> BTreeSet<&'a str> {
    let others = observed.containers.iter().filter(|container| !is_auto_removed(observed, container));
    let carried_over = observed.containers.iter().flat_map(|container| volume::carried_over(project, container));
    others.flat_map(volumes).chain(carried_over).collect()
}

fn volumes(container: &Container) -> impl Iterator<Item = &str> + Clone {
    let mounts = container.mounts.iter().filter(|mount| mount.kind == MountKind::Volume);
    mounts.filter_map(|mount| mount.name.as_deref())
}
