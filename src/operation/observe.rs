//! The complete snapshot for planning: what the engine lists, and what must be queried in addition.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::try_join_all;

use super::OperationError;
use crate::engine::{AtEnd, Engine, EngineError, ObserveQuery, Scope};
use crate::execute::model;
use crate::observed::{ContainerId, Observed};
use crate::plan::{self, Plan, StartContainers, UpOptions};
use crate::project::Project;
use crate::project::value::PullRule;

/// Everything that `up` needs to know about a project.
pub(super) async fn for_up<E: Engine>(
    engine: &E,
    project: &Project,
    options: &UpOptions,
) -> Result<Observed, OperationError> {
    let look = async { Ok(engine.observe(query(project, options)).await?) };
    // Report problems of the engine first: the model runner may need it.
    let models = async { Ok::<_, OperationError>(model::look(project).await) };
    let (mut observed, models) = futures::future::try_join(look, models).await?;
    observed.models = models.map_err(OperationError::Models)?;
    let changed: Vec<_> =
        plan::changed_networks(project, &observed).into_iter().map(|network| network.id.clone()).collect();
    for network in observed.networks.iter_mut().filter(|network| changed.contains(&network.id)) {
        network.visitors = engine.network_visitors(network.id.clone(), project.name.to_string()).await?;
    }
    if options.start == StartContainers::Yes {
        observed.started = starts(engine, project, &observed).await?;
    }
    recreated_volumes(engine, project, options, &mut observed).await?;
    Ok(observed)
}

/// What the engine should list.
fn query(project: &Project, options: &UpOptions) -> ObserveQuery {
    let refreshed = project.services.values().filter(|service| {
        let policy = options.pull.as_ref().or(service.pull_policy.as_ref());
        policy.is_some_and(|policy| matches!(policy.rule(), PullRule::Refresh(_)))
    });
    ObserveQuery {
        project: project.name.to_string(),
        scope: Scope::All,
        networks: project.networks.values().map(|network| network.name.clone()).collect(),
        volumes: project.volumes.values().map(|volume| volume.name.clone()).collect(),
        images: plan::wanted_images(project, options),
        tag_times: refreshed.map(|service| project.image_name(service)).collect(),
    }
}

/// Finds containers outside the project that mount volumes which the user agreed to recreate.
pub(super) async fn recreated_volumes<E: Engine>(
    engine: &E,
    project: &Project,
    options: &UpOptions,
    observed: &mut Observed,
) -> Result<(), EngineError> {
    if options.recreate_volumes.is_empty() {
        return Ok(());
    }
    let changed = plan::changed_volumes(project, observed).into_iter();
    let agreed = changed.filter(|(key, _)| options.recreate_volumes.contains(*key));
    let names: Vec<_> = agreed.map(|(_, volume)| volume.name.clone()).collect();
    for volume in observed.volumes.iter_mut().filter(|volume| names.contains(&volume.name)) {
        volume.visitors = engine.volume_visitors(volume.name.clone(), project.name.to_string()).await?;
    }
    Ok(())
}

/// The start times of the containers for which they matter; the engine's list does not have them.
async fn starts<E: Engine>(
    engine: &E,
    project: &Project,
    observed: &Observed,
) -> Result<BTreeMap<ContainerId, i128>, EngineError> {
    let looks = plan::namespace_sharers(project, observed).into_iter().map(async |id| {
        match engine.inspect_container(id.clone()).await {
            Ok(details) => Ok(details.started_at.map(|at| (id.clone(), at))),
            // Gone since the list was made; the plan will find out.
            Err(EngineError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    });
    Ok(try_join_all(looks).await?.into_iter().flatten().collect())
}

/// The one-offs that the engine removes when they exit; its list does not tell.
pub(super) async fn auto_removed<E: Engine>(
    engine: &E,
    project: &Project,
    observed: &Observed,
) -> Result<BTreeSet<ContainerId>, EngineError> {
    let looks = plan::auto_removed_candidates(project, observed).map(async |id| {
        match engine.inspect_container(id.clone()).await {
            Ok(details) => Ok((details.at_end == AtEnd::Remove).then(|| id.clone())),
            // Gone since the list was made.
            Err(EngineError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    });
    Ok(try_join_all(looks).await?.into_iter().flatten().collect())
}

/// Adds the definitions of the containers that `plan` recreates for a changed definition, so that planning again shows
/// old values too. Returns whether there were any.
pub(super) async fn definitions<E: Engine>(
    engine: &E,
    plan: &Plan,
    observed: &mut Observed,
) -> Result<bool, EngineError> {
    let looks = plan::redefined(plan).map(async |id| {
        let definition = engine.definition(id.clone()).await?;
        Ok::<_, EngineError>(definition.map(|definition| (id.clone(), definition)))
    });
    let definitions = try_join_all(looks).await?;
    observed.definitions.extend(definitions.into_iter().flatten());
    Ok(!observed.definitions.is_empty())
}
