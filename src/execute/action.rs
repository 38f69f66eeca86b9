//! One function per [`Action`]: what it asks of the engine, and which answers count as done.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::facts::Facts;
use super::step::{StepContext, resolve_references};
use super::{fetch, hook, in_use};
use super::{model, provider, refusal, start, wait};
use crate::engine::{CreateContainer, Engine, EngineError, WaitFor};
use crate::event::{Fact, Outcome, StepError, StepWarning};
use crate::observed::{ContainerId, ImageDigest, NetworkId};
use crate::plan::{Action, ActionId, AnonymousVolumes, ContainerRef, ContainerSpec, Deferred};
use crate::project::fingerprint::{Fingerprint, MAX_LENGTH};
use crate::project::hash::{HashForm, resolved_service_hash};
use crate::project::value::{MountKind, VolumesFromSource};
use crate::project::{Service, ServiceName};

/// How long the end of a killed container is waited for.
const END_OF_KILLED: Duration = Duration::from_secs(2);

type StepOutcome = Result<Outcome, StepError>;

/// Does step `id`.
pub(super) async fn run<E: Engine>(context: &StepContext<E>, id: ActionId) -> StepOutcome {
    perform(context, id).await.map_err(|error| refusal::explained(error, &context.plan.step(id).action))
}

async fn perform<E: Engine>(context: &StepContext<E>, id: ActionId) -> StepOutcome {
    let engine = &context.engine;
    match &context.plan.step(id).action {
        Action::PullImage(spec) => fetch::pull_image(context, id, spec).await,
        Action::PushImage(spec) => fetch::push_image(context, id, spec).await,
        Action::BuildImage { spec, .. } => fetch::build_image(context, id, spec).await,
        Action::PullModel(spec) => Box::pin(model::pull(context, id, spec)).await,
        Action::ConfigureModel(spec) => Box::pin(model::configure(context, spec)).await,
        Action::CreateNetwork { project, key } => {
            done(engine.create_network(project.clone(), key.clone()).await.map_err(EngineError::lasting))
        }
        Action::RemoveNetwork { id: network, name } => remove_network(context, id, network, name).await,
        Action::DisconnectNetwork { container, network } => {
            let container = context.container(container)?;
            done_or_gone(engine.disconnect_network(container, network.clone()).await)
        }
        Action::ConnectNetwork { container, spec, key } => {
            let container = context.container(container)?;
            done(engine.connect_network(container, spec.clone(), key.clone()).await)
        }
        Action::CreateVolume { project, key } => {
            done(engine.create_volume(project.clone(), key.clone()).await.map_err(EngineError::lasting))
        }
        Action::RemoveImage { reference } => {
            done_unless_in_use(context, id, engine.remove_image(reference.clone()).await)
        }
        Action::RemoveVolume { name } => done_unless_in_use(context, id, engine.remove_volume(name.clone()).await),
        Action::CreateContainer(spec) => create_container(context, id, spec).await,
        Action::StartContainer { container, spec } => {
            start::start_container(context, id, container, spec.as_ref()).await
        }
        Action::UnpauseContainer { container } => {
            let id = context.container(container)?;
            if let Some(announcer) = &context.announcer {
                announcer.before_unpause(container, &id).await;
            }
            done(engine.unpause_container(id).await)
        }
        Action::StopContainer { container, spec, timeout } => {
            hook::before_stop(context, id, container, spec.as_ref()).await?;
            stop_container(context, container, *timeout).await
        }
        Action::RestartContainer { container, spec, timeout } => {
            start::restart_container(context, id, container, spec.as_ref(), *timeout).await
        }
        Action::KillContainer { container, signal } => kill_container(context, container, signal).await,
        Action::PauseContainer { container } => {
            done_or_ended(engine.pause_container(context.container(container)?).await)
        }
        Action::RemoveContainer { container, volumes, .. } => remove_container(context, container, *volumes).await,
        Action::RenameContainer { container, name } => {
            let container = context.container(container)?;
            done(engine.rename_container(container, name.clone()).await)
        }
        Action::Wait(spec) => wait::wait(context, id, spec).await,
        Action::Delay { duration, .. } => context.pause(*duration).await.map(|()| Outcome::Done),
        Action::RunPreStart { spec, container, hook, run } => {
            hook::pre_start(context, spec, container, *hook, *run).await
        }
        Action::RunProvider { project, service, verb } => provider::run(context, id, project, service, *verb).await,
    }
}

async fn remove_network<E: Engine>(
    context: &StepContext<E>,
    id: ActionId,
    network: &NetworkId,
    name: &str,
) -> StepOutcome {
    match done_unless_in_use(context, id, context.engine.remove_network(network.clone()).await) {
        Err(StepError::Engine(cause)) => Err(StepError::RemoveNetwork { name: name.to_owned(), cause }),
        other => other,
    }
}

async fn create_container<E: Engine>(context: &StepContext<E>, id: ActionId, spec: &Arc<ContainerSpec>) -> StepOutcome {
    let references = resolve_references(&context.facts, spec)?;
    let service = spec.project.services.get(&spec.replica.service);
    let request = CreateContainer {
        spec: spec.clone(),
        name: spec.temporary_name.as_ref().unwrap_or(&spec.name).clone(),
        config_hash: service.map(|service| config_hash(service, &references)).unwrap_or_default(),
        field_digests: service.map(|service| Fingerprint::of(service).to_string()).unwrap_or_default(),
        content_digests: Some(spec.contents.to_string()).filter(|text| text.len() <= MAX_LENGTH).unwrap_or_default(),
        image_digest: context.facts.image(&spec.image_digest),
        variables: service.map(|service| context.facts.variables(service)).unwrap_or_default(),
        image_volumes: image_volumes(&context.facts, spec),
        inherited: spec.replaces.as_ref().map(|old| old.inherited.clone()).unwrap_or_default(),
        references,
    };
    let name = request.name.clone();
    let created = match context.engine.create_container(request).await {
        Ok(created) => created,
        Err(cause) => return Err(explain_refusal(context, spec, name, cause).await),
    };
    for words in created.warnings {
        context.events.send(Fact::Warning { id: Some(id), warning: StepWarning::EngineSaid(words) });
    }
    context.facts.left_out(id, created.left_out);
    context.facts.made(id, created.id);
    Ok(Outcome::Done)
}

/// Explains why a container cannot be created: a mount that cannot be shared, or a name that is taken, either by
/// another client that keeps it or by another run of this project.
async fn explain_refusal<E: Engine>(
    context: &StepContext<E>,
    spec: &ContainerSpec,
    container: String,
    cause: EngineError,
) -> StepError {
    if let Some((from, target)) = memory_taken_over(spec).filter(|_| is_about_no_volume(&cause)) {
        return StepError::TmpfsNotShared { container, service: spec.replica.service.clone(), from, target };
    }
    if !matches!(cause, EngineError::Conflict(_)) {
        return cause.into();
    }
    match context.engine.name_holder(container.clone()).await {
        Ok(Some(holder)) if holder.project.as_deref() != Some(spec.project.name.as_str()) => {
            StepError::NameTaken { container, service: spec.replica.service.clone(), holder }
        }
        Ok(_) | Err(_) => cause.into(),
    }
}

/// The message of engines that mistake a tmpfs mount for an unnamed volume.
fn is_about_no_volume(cause: &EngineError) -> bool {
    matches!(cause, EngineError::NotFound(words) if words.contains("no such volume"))
}

/// The first tmpfs mount among those from `volumes_from`.
fn memory_taken_over(spec: &ContainerSpec) -> Option<(ServiceName, String)> {
    let service = spec.project.services.get(&spec.replica.service)?;
    service.volumes_from.iter().find_map(|from| {
        let VolumesFromSource::Service(other) = &from.source else { return None };
        let mounts = &spec.project.services.get(other)?.volumes;
        let mount = mounts.iter().find(|mount| mount.kind == MountKind::Tmpfs)?;
        Some((other.clone(), mount.target.clone()))
    })
}

/// The configuration hash with its references resolved. It includes ids of containers created in this run, so it cannot
/// be part of the plan.
fn config_hash(service: &Service, references: &BTreeMap<ServiceName, ContainerId>) -> String {
    resolved_service_hash(service, HashForm::V5, |service| references.get(service).map(ToString::to_string))
}

/// The digests of mounted images, as far as known.
fn image_volumes(facts: &Facts, spec: &ContainerSpec) -> BTreeMap<String, ImageDigest> {
    let known =
        |(target, digest): (&String, &Deferred<Option<ImageDigest>>)| Some((target.clone(), facts.image(digest)?));
    spec.image_volumes.iter().filter_map(known).collect()
}

async fn stop_container<E: Engine>(
    context: &StepContext<E>,
    container: &ContainerRef,
    timeout: Option<Duration>,
) -> StepOutcome {
    let Some(id) = context.facts.container(container) else { return Ok(Outcome::NothingThere) };
    done_or_gone(context.engine.stop_container(id, timeout).await)
}

async fn remove_container<E: Engine>(
    context: &StepContext<E>,
    container: &ContainerRef,
    volumes: AnonymousVolumes,
) -> StepOutcome {
    let Some(id) = context.facts.container(container) else { return Ok(Outcome::NothingThere) };
    match context.engine.remove_container(id, volumes).await {
        // Another client is removing it right now.
        Err(EngineError::Conflict(_)) => Ok(Outcome::NothingThere),
        other => done_or_gone(other),
    }
}

fn done(answer: Result<(), EngineError>) -> StepOutcome {
    answer.map(|()| Outcome::Done).map_err(StepError::Engine)
}

fn done_or_gone(answer: Result<(), EngineError>) -> StepOutcome {
    match answer {
        Err(EngineError::NotFound(_)) => Ok(Outcome::NothingThere),
        other => done(other),
    }
}

/// Sends a signal. Engines answer before a killed process is gone: whoever looks at once would see it running, so its
/// end is waited for, but not for long.
async fn kill_container<E: Engine>(context: &StepContext<E>, container: &ContainerRef, signal: &str) -> StepOutcome {
    let (engine, id) = (&context.engine, context.container(container)?);
    let kills = matches!(signal.to_ascii_uppercase().as_str(), "KILL" | "SIGKILL" | "9");
    let end = if kills { engine.wait_container(id.clone(), WaitFor::NextExit).await.ok() } else { None };
    let outcome = done_or_ended(engine.kill_container(id, signal.to_owned()).await)?;
    if let (Outcome::Done, Some(end)) = (&outcome, end) {
        // Whether it ended in time or not, the signal was sent.
        let _ = timeout(END_OF_KILLED, end).await;
    }
    Ok(outcome)
}

/// What has ended meanwhile needs no signal and no pause. A second look would send the signal again to all others.
fn done_or_ended(answer: Result<(), EngineError>) -> StepOutcome {
    match answer {
        Err(EngineError::Conflict(_)) => Ok(Outcome::NothingThere),
        other => done_or_gone(other),
    }
}

/// An object still in use is kept, unless step `id` makes room for its successor: engines treat creating an existing
/// object as success, so the old one would pass for the new one.
fn done_unless_in_use<E>(context: &StepContext<E>, id: ActionId, answer: Result<(), EngineError>) -> StepOutcome {
    let makes = |action: &Action| matches!(action, Action::CreateNetwork { .. } | Action::CreateVolume { .. });
    match answer {
        Err(EngineError::InUse(words))
            if !context.plan.after(id).any(|(next, _)| makes(&context.plan.step(next).action)) =>
        {
            Ok(Outcome::StillInUse { by: in_use::users(&words) })
        }
        other => done_or_gone(other),
    }
}
