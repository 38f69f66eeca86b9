//! Volumes: which are created, kept or recreated, and which are anonymous.

use std::collections::{BTreeMap, BTreeSet};

use crate::observed::{self, Container, ContainerId, Mount, Observed};
use crate::plan::decide::definition;
use crate::plan::decide::order;
use crate::plan::inputs::Inputs;
use crate::plan::{InheritedVolume, PlanError, Warning};
use crate::project::label;
use crate::project::value::MountKind;
use crate::project::{Project, Service, ServiceName, Volume, VolumeKey};

/// A volume of the project and what happens to it.
#[derive(Debug)]
pub(in crate::plan) struct VolumeDecision<'a> {
    /// Its name in the engine, according to the project.
    pub(in crate::plan) name: &'a str,
    /// What happens to it.
    pub(in crate::plan) change: VolumeChange,
}

/// What happens to a volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::plan) enum VolumeChange {
    /// Nothing.
    Keep,
    /// It is created.
    Create,
    /// It is removed, with its data, and created again.
    Recreate,
}

/// The volumes whose definition changed since their creation, under the same name. Containers outside the project that
/// mount one ([`observed::Volume::visitors`]) must be known before its recreation is planned. They are kept unless they
/// are in `UpOptions::recreate_volumes`; a command asks the user about each, since their data would be lost.
#[must_use]
pub fn changed_volumes<'a>(project: &'a Project, observed: &Observed) -> Vec<(&'a VolumeKey, &'a Volume)> {
    let volumes = project.volumes.iter().filter(|(_, volume)| !volume.external);
    volumes
        .filter(|(_, volume)| observed.volume_named(&volume.name).is_some_and(|live| differs(project, volume, live)))
        .collect()
}

/// Decides about every volume. One with the same key but another name is left alone, with its data.
///
/// # Errors
///
/// For missing external volumes.
pub(in crate::plan) fn decide<'a>(
    cx: &Inputs<'a>,
    warnings: &mut Vec<Warning>,
) -> Result<BTreeMap<&'a VolumeKey, VolumeDecision<'a>>, PlanError> {
    let mut decisions = BTreeMap::new();
    for (key, volume) in &cx.project.volumes {
        let change = if volume.external { external(cx, key, volume)? } else { internal(cx, key, volume, warnings) };
        decisions.insert(key, VolumeDecision { name: &volume.name, change });
    }
    Ok(decisions)
}

fn external(cx: &Inputs<'_>, key: &VolumeKey, volume: &Volume) -> Result<VolumeChange, PlanError> {
    match cx.observed.volume_named(&volume.name) {
        Some(_) => Ok(VolumeChange::Keep),
        None => Err(PlanError::ExternalVolumeMissing { key: key.clone(), name: volume.name.clone() }),
    }
}

fn internal(cx: &Inputs<'_>, key: &VolumeKey, volume: &Volume, warnings: &mut Vec<Warning>) -> VolumeChange {
    let project = cx.project;
    for other in labelled(project, cx.observed, key).filter(|other| other.name != volume.name) {
        warnings.push(Warning::OtherVolume { name: other.name.clone(), key: key.clone() });
    }
    let Some(live) = cx.observed.volume_named(&volume.name) else { return VolumeChange::Create };
    if live.project.as_deref() != Some(project.name.as_str()) {
        warnings.push(Warning::UnmanagedVolume {
            name: live.name.clone(),
            owner: live.project.clone(),
            project: project.name.clone(),
        });
    }
    if !differs(project, volume, live) {
        return VolumeChange::Keep;
    }
    if cx.options.recreate_volumes.contains(key) {
        return VolumeChange::Recreate;
    }
    warnings.push(Warning::ChangedVolumeKept { name: live.name.clone(), key: key.clone() });
    VolumeChange::Keep
}

fn labelled<'a>(
    project: &Project,
    observed: &'a Observed,
    key: &VolumeKey,
) -> impl Iterator<Item = &'a observed::Volume> {
    observed
        .volumes
        .iter()
        .filter(|live| live.key.as_ref() == Some(key) && live.project.as_deref() == Some(project.name.as_str()))
}

fn differs(project: &Project, volume: &Volume, live: &observed::Volume) -> bool {
    live.project.as_deref() == Some(project.name.as_str()) && !definition::volume_matches(volume, live)
}

/// The volumes of the project that a service mounts.
pub(in crate::plan) fn mounted<'a>(project: &'a Project, service: &'a Service) -> impl Iterator<Item = &'a VolumeKey> {
    let volumes = service.volumes.iter().filter(|mount| mount.kind == MountKind::Volume);
    volumes.filter_map(|mount| Some(project.volumes.get_key_value(mount.source.as_deref()?)?.0))
}

/// The services that mount a recreated volume, directly or through `volumes_from`, and those whose containers still do.
/// In `order`, every service comes after those in its `volumes_from`.
pub(in crate::plan) fn emptied_services(
    cx: &Inputs<'_>,
    order: &[ServiceName],
    volumes: &BTreeMap<&VolumeKey, VolumeDecision<'_>>,
) -> BTreeSet<ServiceName> {
    let recreated =
        |key: &VolumeKey| volumes.get(key).is_some_and(|decision| decision.change == VolumeChange::Recreate);
    let names =
        volumes.values().filter(|decision| decision.change == VolumeChange::Recreate).map(|decision| decision.name);
    let names: Vec<_> = names.collect();
    if names.is_empty() {
        return BTreeSet::new();
    }
    let holds = |container: &&Container| {
        container.mounts.iter().any(|mount| mount.name.as_deref().is_some_and(|name| names.contains(&name)))
    };
    let users = cx.observed.containers.iter().filter(holds);
    let mut emptied: BTreeSet<ServiceName> = users.filter_map(|container| container.service.clone()).collect();
    for name in order {
        let Some(service) = cx.project.services.get(name) else { continue };
        let shares = order::volume_sources(service).any(|from| emptied.contains(from));
        if shares || mounted(cx.project, service).any(recreated) {
            emptied.insert(name.clone());
        }
    }
    emptied
}

/// Refuses the recreation of volumes mounted by containers that are not in `gone`.
///
/// # Errors
///
/// [`PlanError::VolumeInUse`] for the first of them.
pub(in crate::plan) fn check_users(
    cx: &Inputs<'_>,
    volumes: &BTreeMap<&VolumeKey, VolumeDecision<'_>>,
    gone: &BTreeSet<&ContainerId>,
) -> Result<(), PlanError> {
    for (key, decision) in volumes.iter().filter(|(_, decision)| decision.change == VolumeChange::Recreate) {
        let mounts =
            |container: &&Container| container.mounts.iter().any(|mount| mount.name.as_deref() == Some(decision.name));
        let users = cx.observed.containers.iter().filter(mounts);
        let staying = users.filter(|container| !gone.contains(&container.id));
        let visitors = cx.observed.volume_named(decision.name).map(|live| live.visitors.iter().cloned());
        let containers: Vec<_> =
            staying.map(|container| container.name.clone()).chain(visitors.into_iter().flatten()).collect();
        if !containers.is_empty() {
            return Err(PlanError::VolumeInUse { key: (*key).clone(), name: decision.name.to_owned(), containers });
        }
    }
    Ok(())
}

/// Whether the engine named the volume of a mount, and the project does not define it: a user may have added such a
/// volume to the project to keep it.
pub(in crate::plan) fn is_anonymous(project: &Project, mount: &Mount) -> bool {
    let generated = |name: &str| name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let adopted = |name: &str| project.volumes.values().any(|volume| volume.name == name);
    mount.kind == observed::MountKind::Volume
        && mount.name.as_deref().is_some_and(|name| generated(name) && !adopted(name))
}

/// The anonymous volumes of a container that its successor mounts again: all except those at whose path the service now
/// mounts something by name. Whether they are read-only follows from the service's present definition or, for mounts
/// that come from another container, from that container.
pub(in crate::plan) fn inherited(project: &Project, container: &Container, service: &Service) -> Vec<InheritedVolume> {
    let written = |target: &str| service.volumes.iter().find(|mount| mount.target == target);
    let taken = |target: &str| service.volumes.iter().any(|mount| mount.target == target && mount.source.is_some());
    let anonymous = container.mounts.iter().filter(|mount| is_anonymous(project, mount) && !taken(&mount.target));
    anonymous
        .filter_map(|mount| {
            Some(InheritedVolume {
                volume: mount.name.clone()?,
                target: mount.target.clone(),
                read_only: match written(&mount.target) {
                    Some(written) => written.read_only,
                    None => mount.read_only && !service.volumes_from.is_empty(),
                },
            })
        })
        .collect()
}

/// The anonymous volumes that the engine would leave behind when it removes a container with its volumes. Only those
/// that hoist is known to have carried over: by name alone they look like a volume that a user wants to keep.
pub(in crate::plan) fn carried_over<'a>(project: &Project, container: &'a Container) -> Vec<&'a str> {
    let Some(label) = container.labels.get(label::INHERITED) else { return Vec::new() };
    let anonymous = container.mounts.iter().filter(|mount| is_anonymous(project, mount));
    let names = anonymous.filter_map(|mount| mount.name.as_deref());
    names.filter(|name| label.split(',').any(|digits| digits.len() == 12 && name.starts_with(digits))).collect()
}
