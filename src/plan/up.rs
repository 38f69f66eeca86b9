//! `up` and `create`: from what is there to what the files ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::arrange::writer::PlanWriter;
use super::decide::container::{self, Change, Decision, Resources};
use super::decide::content;
use super::decide::{
    bind, conflicts, exclusive, image, model, named, network, order, orphan, rolling, sharing, volume,
};
use super::inputs::Inputs;
use super::{Orphans, Plan, PlanBuilder, PlanError, UpOptions, Warning};
use crate::observed::{Container, Observed};
use crate::project::value::port::parse_exposed;
use crate::project::{Project, Service, ServiceName};

/// The most replicas a service can have; beyond it a number is a slip of the hand.
const MOST_REPLICAS: usize = 10_000;

/// What it takes to have the project as its files ask for: the plan of `up`, and of `create` where
/// [`UpOptions::start`] says so.
///
/// # Errors
///
/// What makes the whole impossible: names used twice, external resources that are missing, services without an image.
pub fn up(project: &Arc<Project>, observed: &Observed, options: &UpOptions) -> Result<Plan, PlanError> {
    let project = &model::with_variables(project, observed)?;
    let cx = Inputs { project, observed, options };
    check(&cx)?;
    let order = order::services_by_dependency(project)?;
    let mut warnings = Vec::new();
    let networks = network::decide(&cx, &mut warnings)?;
    let volumes = volume::decide(&cx, &mut warnings)?;
    let emptied = volume::emptied_services(&cx, &order, &volumes);
    let mut builder = PlanBuilder::default();
    let images = image::plan(project, observed, options, &mut builder);
    let models = model::plan(project, observed, &mut builder, &mut warnings);
    let resources = Resources { images, models, networks, volumes, emptied };
    let fates = container::decide(&cx, &resources, &order);
    content::changes(&options.contents, &fates, &mut warnings);
    let orphans = orphans(&cx, &mut warnings);
    network::check_users(&cx, &resources.networks, &touched(&fates, &orphans))?;
    volume::check_users(&cx, &resources.volumes, &removed(&fates, &orphans))?;
    sharing::check(&cx, &fates)?;
    conflicts::check_names(&cx, &fates, &removed(&fates, &orphans))?;

    let mut emit = PlanWriter::new(cx, &resources, &fates, builder);
    emit.removals(&orphans);
    emit.networks();
    emit.volumes();
    for name in &order {
        emit.creations(name);
    }
    for name in &order {
        emit.service(name);
    }
    emit.unmount();
    emit.clashes();
    emit.check_addresses()?;
    emit.fixed_addresses_first();
    emit.stranded_sharers();
    emit.command_waits(&order);
    let mut plan = emit.into_plan(warnings);
    image::check(&cx, &plan, &resources.images)?;
    content::check(&plan, options)?;
    plan.warn(content::hidden(&plan));
    plan.warn(bind::folders_for_files(&plan, options));
    Ok(plan)
}

/// The orphans to remove; those that stay are told about.
fn orphans<'a>(cx: &Inputs<'a>, warnings: &mut Vec<Warning>) -> Vec<&'a Container> {
    let orphans = orphan::orphans(cx.project, cx.observed);
    match cx.options.orphans {
        Orphans::Remove => return orphans,
        Orphans::Keep if !orphans.is_empty() => {
            warnings.push(Warning::Orphans(orphans.iter().map(|orphan| orphan.name.clone()).collect()));
        }
        Orphans::Keep | Orphans::Ignore => {}
    }
    Vec::new()
}

/// The containers that steps may disconnect and connect again, or remove.
fn touched<'a>(
    fates: &BTreeMap<&ServiceName, Decision<'a>>,
    orphans: &[&'a Container],
) -> BTreeSet<&'a crate::observed::ContainerId> {
    let mut touched = removed(fates, orphans);
    for fate in fates.values() {
        touched.extend(fate.slots.iter().filter_map(|slot| slot.change.old()).map(|old| &old.id));
        touched.extend(fate.slots.iter().filter_map(|slot| match slot.change {
            Change::Finish { new, .. } => Some(&new.id),
            Change::Keep(_) | Change::Create | Change::Recreate { .. } => None,
        }));
    }
    touched
}

/// The containers that go without a successor.
fn removed<'a>(
    fates: &BTreeMap<&ServiceName, Decision<'a>>,
    orphans: &[&'a Container],
) -> BTreeSet<&'a crate::observed::ContainerId> {
    let without_successor = fates
        .values()
        .flat_map(|fate| fate.removed.iter().map(|removal| removal.container).chain(fate.emptied.iter().copied()));
    orphans.iter().copied().chain(without_successor).map(|container| &container.id).collect()
}

/// What can be refused without looking at the engine.
fn check(cx: &Inputs<'_>) -> Result<(), PlanError> {
    for name in cx.options.scale.keys() {
        check_scaled(cx.project, name)?;
    }
    for service in cx.project.services.values() {
        let replicas = cx.replicas(service);
        if service.image.is_none() && service.build.is_none() && service.provider.is_none() {
            return Err(PlanError::NothingToRun { service: service.name.clone() });
        }
        if replicas as usize > MOST_REPLICAS {
            return Err(PlanError::TooManyReplicas { service: service.name.clone(), most: MOST_REPLICAS });
        }
        if let Some(hook) = service.pre_start.iter().position(|hook| hook.per_replica) {
            return Err(PlanError::HookPerReplica { service: service.name.clone(), hook });
        }
        check_exposed(service)?;
        rolling::check(cx, service)?;
    }
    named::check(cx)?;
    cx.project.services.values().try_for_each(|service| exclusive::check_replicas(cx, service))
}

/// What a service exposes has to be ports; the file format takes any text.
fn check_exposed(service: &Service) -> Result<(), PlanError> {
    match service.expose.iter().position(|text| parse_exposed(text).is_err()) {
        Some(item) => Err(PlanError::BadExpose {
            service: service.name.clone(),
            item: item.to_string(),
            text: service.expose[item].clone(),
        }),
        None => Ok(()),
    }
}

/// A service that `--scale` names has to be one to act on.
fn check_scaled(project: &Project, name: &ServiceName) -> Result<(), PlanError> {
    let service = name.clone();
    match project.disabled.get(name) {
        _ if project.services.contains_key(name) => Ok(()),
        None => Err(PlanError::NoSuchService { service }),
        Some(_) if !project.selected.is_empty() => Err(PlanError::ServiceNotNamed { service }),
        Some(disabled) => Err(PlanError::ServiceDisabled { service, profiles: disabled.profiles.clone() }),
    }
}
