//! `up` and `create`: from the observed state to what the files define.

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
use crate::project::{PreStart, Project, Service, ServiceName};

/// Maximum number of replicas of a service; a larger one is certainly a mistake.
const MOST_REPLICAS: usize = 10_000;

/// The plan to bring the project to the state that its files define: the plan of `up`, or of `create` depending on
/// [`UpOptions::start`].
///
/// # Errors
///
/// If planning is impossible: duplicate names, missing external resources, services without an image.
pub fn up(project: &Arc<Project>, observed: &Observed, options: &UpOptions) -> Result<Plan, PlanError> {
    let project = &model::with_variables(project, observed)?;
    let cx = Inputs { project, observed, options };
    check(&cx)?;
    let mut order = order::services_by_dependency(project)?;
    // The replicas of a service that `run` runs a command for are none of its business.
    order.retain(|name| options.one_off.as_ref().is_none_or(|one_off| one_off.service != *name));
    let mut warnings = Vec::new();
    let networks = network::decide(&cx, &mut warnings)?;
    let volumes = volume::decide(&cx, &mut warnings)?;
    let emptied = volume::emptied_services(&cx, &order, &volumes);
    let mut builder = PlanBuilder::default();
    let images = image::plan(project, observed, options, &mut builder)?;
    let models = model::plan(project, observed, &mut builder, &mut warnings);
    let resources = Resources { images, models, networks, volumes, emptied };
    let decisions = container::decide(&cx, &resources, &order);
    content::changes(&options.contents, &decisions, &mut warnings);
    let orphans = orphans(&cx, &mut warnings);
    network::check_users(&cx, &resources.networks, &touched(&decisions, &orphans))?;
    volume::check_users(&cx, &resources.volumes, &removed(&decisions, &orphans))?;
    sharing::check(&cx, &decisions)?;
    conflicts::check_names(&cx, &decisions, &removed(&decisions, &orphans))?;

    let mut writer = PlanWriter::new(cx, &resources, &decisions, builder);
    writer.removals(&orphans);
    writer.networks();
    writer.volumes();
    for name in &order {
        writer.creations(name);
    }
    for name in &order {
        writer.service(name);
    }
    if let Some(one_off) = &options.one_off {
        writer.one_off(one_off);
    }
    writer.unmount();
    writer.clashes();
    writer.check_addresses()?;
    writer.fixed_addresses_first();
    writer.stranded_sharers();
    writer.command_waits(&order);
    let mut plan = writer.into_plan(warnings);
    image::check(&cx, &plan, &resources.images)?;
    content::check(&plan, options)?;
    plan.warn(content::hidden(&plan));
    plan.warn(bind::folders_for_files(&plan, options));
    Ok(plan)
}

/// The orphans to remove; warns of those that stay.
fn orphans<'a>(cx: &Inputs<'a>, warnings: &mut Vec<Warning>) -> Vec<&'a Container> {
    let orphans = orphan::orphans(cx.project, cx.observed);
    match cx.options.orphans {
        Orphans::Remove => return orphans,
        Orphans::Keep => {
            // One-offs that have ended are removed like orphans, but it is no surprise that they are there.
            let is_known = |service: &ServiceName| cx.project.is_known(service.as_str());
            let is_left_over = |orphan: &&&Container| orphan.one_off && orphan.service.as_ref().is_some_and(is_known);
            let names: Vec<_> =
                orphans.iter().filter(|orphan| !is_left_over(orphan)).map(|orphan| orphan.name.clone()).collect();
            if !names.is_empty() {
                warnings.push(Warning::Orphans(names));
            }
        }
        Orphans::Ignore => {}
    }
    Vec::new()
}

/// The containers that steps may reconnect or remove.
fn touched<'a>(
    decisions: &BTreeMap<&ServiceName, Decision<'a>>,
    orphans: &[&'a Container],
) -> BTreeSet<&'a crate::observed::ContainerId> {
    let mut touched = removed(decisions, orphans);
    for decision in decisions.values() {
        touched.extend(decision.slots.iter().filter_map(|slot| slot.change.old()).map(|old| &old.id));
        touched.extend(decision.slots.iter().filter_map(|slot| match slot.change {
            Change::Finish { new, .. } => Some(&new.id),
            Change::Keep(_) | Change::Create | Change::Recreate { .. } => None,
        }));
    }
    touched
}

/// The containers removed without a successor.
fn removed<'a>(
    decisions: &BTreeMap<&ServiceName, Decision<'a>>,
    orphans: &[&'a Container],
) -> BTreeSet<&'a crate::observed::ContainerId> {
    let without_successor = decisions.values().flat_map(|decision| {
        decision.removed.iter().map(|removal| removal.container).chain(decision.emptied.iter().copied())
    });
    orphans.iter().copied().chain(without_successor).map(|container| &container.id).collect()
}

/// Checks that do not need the engine.
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
        if let Some(hook) = service.pre_start.iter().position(PreStart::per_replica) {
            return Err(PlanError::HookPerReplica { service: service.name.clone(), hook: hook.to_string() });
        }
        for (index, hook) in service.pre_start.iter().enumerate() {
            check_hook(cx.project, service, index, hook)?;
        }
        check_exposed(service)?;
        rolling::check(cx, service)?;
    }
    named::check(cx)?;
    cx.project.services.values().try_for_each(|service| exclusive::check_replicas(cx, service))
}

/// Checks that the files define what a `pre_start` hook uses. Docker makes a volume that is not defined.
fn check_hook(project: &Project, service: &Service, index: usize, hook: &PreStart) -> Result<(), PlanError> {
    let container = &hook.container;
    let networks = container.networks.keys().filter(|key| !project.networks.contains_key(*key));
    let networks = networks.map(|key| ("network", key.to_string(), vec!["networks".to_owned(), key.to_string()]));
    let place = |list: &str, item: usize| vec![list.to_owned(), item.to_string(), "source".to_owned()];
    let secrets = container.secrets.iter().enumerate();
    let secrets = secrets.filter(|(_, secret)| !project.secrets.contains_key(&secret.source));
    let secrets = secrets.map(|(item, secret)| ("secret", secret.source.to_string(), place("secrets", item)));
    let configs = container.configs.iter().enumerate();
    let configs = configs.filter(|(_, config)| !project.configs.contains_key(&config.source));
    let configs = configs.map(|(item, config)| ("config", config.source.to_string(), place("configs", item)));
    match networks.chain(secrets).chain(configs).next() {
        Some((what, name, place)) => {
            Err(PlanError::HookUndefined { service: service.name.clone(), hook: index.to_string(), what, name, place })
        }
        None => Ok(()),
    }
}

/// Checks that `expose` has ports; the file format accepts any text.
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

/// Checks that a service in `--scale` is selected.
fn check_scaled(project: &Project, name: &ServiceName) -> Result<(), PlanError> {
    let service = name.clone();
    match project.disabled.get(name) {
        _ if project.services.contains_key(name) => Ok(()),
        None => Err(PlanError::NoSuchService { service }),
        Some(_) if !project.selected.is_empty() => Err(PlanError::ServiceNotNamed { service }),
        Some(disabled) => Err(PlanError::ServiceDisabled { service, profiles: disabled.profiles.clone() }),
    }
}
