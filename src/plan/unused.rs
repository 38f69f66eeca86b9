//! Volumes that a plan leaves without a container: removed together with their container, or left behind with their
//! data.

use std::collections::{BTreeMap, BTreeSet};

use super::decide::volume;
use super::{Action, ActionId, Handle, Plan, UnusedVolume, auto_removed};
use crate::observed::{ContainerId, Mount, MountKind, Observed};
use crate::project::value::MountKind as Kind;
use crate::project::{Project, VolumeKey};

/// Fills in, for each removal in a plan, the volumes of its container that nothing uses after the plan. Volumes that
/// the project defines by name do not count: its next containers use them.
pub(super) fn mark(plan: &mut Plan, project: &Project, observed: &Observed) {
    let mut removed: BTreeSet<ContainerId> = BTreeSet::new();
    let mut inherited: BTreeMap<String, ActionId> = BTreeMap::new();
    let mut successors: BTreeMap<ContainerId, (ActionId, BTreeSet<String>)> = BTreeMap::new();
    let mut removed_by_name: BTreeSet<String> = BTreeSet::new();
    for (id, step) in plan.steps() {
        if let Action::RemoveContainer { container, .. } = &step.action
            && let Handle::Existing(gone) = &container.handle
        {
            removed.insert(gone.clone());
        }
        if let Action::CreateContainer(spec) = &step.action
            && let Some(replaced) = &spec.replaces
        {
            let names: BTreeSet<String> = replaced.inherited.iter().map(|volume| volume.volume.clone()).collect();
            inherited.extend(names.iter().map(|name| (name.clone(), id)));
            if let Handle::Existing(old) = &replaced.container.handle {
                successors.insert(old.clone(), (id, names));
            }
        }
        if let Action::RemoveVolume { name } = &step.action {
            removed_by_name.insert(name.clone());
        }
    }
    let stay = observed.containers.iter().filter(|container| !removed.contains(&container.id));
    let used: BTreeSet<&str> =
        stay.flat_map(|container| &container.mounts).filter_map(|mount| mount.name.as_deref()).collect();
    let is_unused = |mount: &Mount| {
        let Some(name) = mount.name.as_deref().filter(|_| mount.kind == MountKind::Volume) else { return false };
        let has_user = used.contains(name) || removed_by_name.contains(name);
        !has_user && (volume::is_anonymous(project, mount) || has_left_the_files(project, observed, name))
    };
    let outliving = auto_removed::outliving(project, observed);
    for (_, step) in plan.steps_mut() {
        let Action::RemoveContainer { container, unused, .. } = &mut step.action else { continue };
        let Handle::Existing(id) = &container.handle else { continue };
        let auto_removed = observed.auto_removed.contains(id);
        let Some(observed) = observed.container(id) else { continue };
        // Volumes that such a container shares are released by the others, which are removed after it.
        let goes = |mount: &&Mount| !auto_removed || !mount.name.as_deref().is_some_and(|it| outliving.contains(it));
        let mounts = observed.mounts.iter().filter(|mount| is_unused(mount)).filter(goes);
        let volume = |mount: &Mount| {
            let anonymous = volume::is_anonymous(project, mount);
            let (name, target) = (mount.name.clone()?, mount.target.clone());
            let own = successors.get(id).filter(|(_, names)| names.contains(&name)).map(|(create, _)| *create);
            let inherited_by = own.or_else(|| inherited.get(&name).copied());
            Some(UnusedVolume { name, target, container: container.to_string(), anonymous, inherited_by })
        };
        *unused = mounts.filter_map(volume).collect();
    }
}

/// Whether a named volume was created for a definition that the project no longer has, not even in a service with
/// inactive profiles.
fn has_left_the_files(project: &Project, observed: &Observed, name: &str) -> bool {
    let Some(live) = observed.volume_named(name) else { return false };
    let ours = live.project.as_deref() == Some(project.name.as_str());
    let defined = project.volumes.values().any(|volume| volume.name == name);
    ours && !defined && !live.key.as_ref().is_some_and(|key| is_mounted_when_enabled(project, key))
}

fn is_mounted_when_enabled(project: &Project, key: &VolumeKey) -> bool {
    let mounts = project.disabled.values().flat_map(|service| &service.volumes);
    mounts.filter(|mount| mount.kind == Kind::Volume).any(|mount| mount.source.as_deref() == Some(key.as_str()))
}
