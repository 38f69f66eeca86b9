//! The whole snapshot that an operation plans from: what the engine lists, and what has to be asked for beside it.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::try_join_all;

use super::OperationError;
use crate::engine::{AtEnd, Engine, EngineError, ObserveQuery, Scope};
use crate::execute::model;
use crate::observed::{ContainerId, Observed};
use crate::plan::{self, Plan, StartContainers, UpOptions};
use crate::project::Project;
use crate::project::value::PullRule;

/// Everything that `up` has to know of a project.
pub(super) async fn for_up<E: Engine>(
    engine: &E,
    project: &Project,
    options: &UpOptions,
) -> Result<Observed, OperationError> {
    let look = async { Ok(engine.observe(query(project, options)).await?) };
    // What is wrong with the engine is said first: what serves models may need it.
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

/// What the engine is asked to list.
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

/// Looks for the containers of others that mount the volumes whose recreation was agreed to.
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

/// When the containers started of which that has to be known. The engine's list does not tell.
async fn starts<E: Engine>(
    engine: &E,
    project: &Project,
    observed: &Observed,
) -> Result<BTreeMap<ContainerId, i128>, EngineError> {
    let looks = plan::namespace_sharers(project, observed).into_iter().map(async |id| {
        match engine.inspect_container(id.clone()).await {
            Ok(details) => Ok(details.started_at.map(|at| (id.clone(), at))),
            // Gone since the list was made: the plan finds out.
            Err(EngineError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    });
    Ok(try_join_all(looks).await?.into_iter().flatten().collect())
}

/// The one-offs that the engine removes as soon as they end; its list does not tell.
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

/// Looks at what the containers were made with whose definition changed in `plan`, so that a plan made again tells old
/// values too. Whether there were any.
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
