//! Starts a container: what is done before, and what a refusal means.

use std::sync::Arc;
use std::time::Duration;

use super::hook;
use super::step::{StepContext, gets_files};
use crate::engine::{Engine, EngineError, PortHolder};
use crate::event::{AddressTaken, Outcome, StepError};
use crate::plan::{ActionId, ContainerRef, ContainerSpec};
use crate::project::value::Port;
use crate::project::value::port::parse_range;
use crate::project::{NetworkKey, Service};

/// Attaches to a container, copies in the files it gets at each start, and starts it.
pub(super) async fn start_container<E: Engine>(
    context: &StepContext<E>,
    step: ActionId,
    container: &ContainerRef,
    spec: Option<&Arc<ContainerSpec>>,
) -> Result<Outcome, StepError> {
    let id = context.container(container)?;
    if let Some(spec) = spec.filter(|spec| service_of(spec).is_some_and(gets_files)) {
        context.engine.inject_files(id.clone(), spec.clone()).await?;
    }
    if let Some(announcer) = &context.announcer {
        // Once this returns, no output of the container is missed.
        announcer.before_start(container, &id, spec.and_then(|spec| service_of(spec))).await;
    }
    match context.engine.start_container(id).await {
        Ok(()) => {
            hook::after_start(context, step, container, spec).await?;
            Ok(Outcome::Done)
        }
        Err(cause) => Err(explain_start(&context.engine, &container.name, spec, cause).await),
    }
}

/// Stops a container and starts it again in one call, with the hooks before and after.
pub(super) async fn restart_container<E: Engine>(
    context: &StepContext<E>,
    step: ActionId,
    container: &ContainerRef,
    spec: Option<&Arc<ContainerSpec>>,
    timeout: Option<Duration>,
) -> Result<Outcome, StepError> {
    let id = context.container(container)?;
    hook::before_stop(context, step, container, spec).await?;
    match context.engine.restart_container(id, timeout).await {
        Ok(()) => {
            hook::after_start(context, step, container, spec).await?;
            Ok(Outcome::Done)
        }
        // Looking again would restart again what was restarted already.
        Err(EngineError::NotFound(_)) => Ok(Outcome::NothingThere),
        Err(EngineError::Conflict(words)) => Err(EngineError::Failed(words).into()),
        Err(cause) => Err(explain_start(&context.engine, &container.name, spec, cause).await),
    }
}

fn service_of(spec: &Arc<ContainerSpec>) -> Option<&Service> {
    spec.project.services.get(&spec.replica.service)
}

/// Whether the engine's message says that a host port is taken.
fn is_about_a_taken_port(cause: &EngineError) -> bool {
    let message = cause.to_string().to_lowercase();
    ["port is already allocated", "address already in use", "ports are not available", "only one usage of each socket"]
        .iter()
        .any(|words| message.contains(words))
}

/// What it means that the engine refused to start a container: who holds the port or the address that it asks for.
pub async fn explain_start<E: Engine>(
    engine: &E,
    container: &str,
    spec: Option<&Arc<ContainerSpec>>,
    cause: EngineError,
) -> StepError {
    let Some(spec) = spec else { return cause.into() };
    let Some(service) = service_of(spec) else { return cause.into() };
    let message = cause.to_string();
    let port = service.ports.iter().find_map(|port| named_in(&message, port)).filter(|_| is_about_a_taken_port(&cause));
    let Some((port, published)) = port else {
        return explain_taken_address(engine, container, spec, cause).await;
    };
    let protocol = port.protocol.clone().unwrap_or_else(|| "tcp".to_owned());
    let holder = engine.port_holder(published, protocol.clone()).await.ok().flatten();
    // The engine may list the very container that was just refused.
    let holder = holder.filter(|holder| !is(holder, container));
    let project = holder.as_ref().and_then(PortHolder::project);
    StepError::PortTaken {
        container: container.to_owned(),
        service: service.name.clone(),
        port: published,
        protocol,
        host_ip: port.host_ip.clone(),
        ours: project == Some(spec.project.name.as_str()),
        holder: holder.map(Box::new),
        cause: Box::new(cause),
    }
}

/// Explains a refusal because a fixed address is taken, as worded by Docker Engine and Podman.
async fn explain_taken_address<E: Engine>(
    engine: &E,
    container: &str,
    spec: &Arc<ContainerSpec>,
    cause: EngineError,
) -> StepError {
    let message = cause.to_string().to_lowercase();
    let taken = message.contains("address already in use") || message.contains("is already allocated to container");
    let Some(service) = service_of(spec).filter(|_| taken) else { return cause.into() };
    let mut fixed = Vec::new();
    for (key, field, address) in fixed_addresses(service) {
        let name = spec.project.networks.get(key).map_or(key.as_str(), |network| &network.name).to_owned();
        let holder = engine.address_holder(name.clone(), address.to_owned()).await.ok().flatten();
        fixed.push((key, name, field, address, holder));
    }
    // The engine does not say which address. Even one without a visible holder may be taken.
    let at = fixed.iter().position(|(.., holder)| holder.is_some()).or_else(|| (fixed.len() == 1).then_some(0));
    let Some((key, network, field, address, holder)) = at.map(|at| fixed.swap_remove(at)) else { return cause.into() };
    StepError::AddressTaken(Box::new(AddressTaken {
        container: container.to_owned(),
        service: service.name.clone(),
        key: key.clone(),
        network,
        field,
        address: address.to_owned(),
        holder,
    }))
}

fn fixed_addresses(service: &Service) -> impl Iterator<Item = (&NetworkKey, &'static str, &str)> {
    let attached = service.networks.iter().filter_map(|(key, attachment)| Some((key, attachment.as_ref()?)));
    attached.flat_map(|(key, attachment)| {
        let fields = [("ipv4_address", &attachment.ipv4_address), ("ipv6_address", &attachment.ipv6_address)];
        fields.into_iter().filter_map(move |(field, address)| Some((key, field, address.as_deref()?)))
    })
}

fn is(holder: &PortHolder, container: &str) -> bool {
    matches!(holder, PortHolder::Container { name, .. } if name == container)
}

/// The host port that `message` names, if it is one of `port`.
fn named_in<'a>(message: &str, port: &'a Port) -> Option<(&'a Port, u16)> {
    let range = parse_range(port.published.as_deref()?)?;
    let numbers = message.match_indices(':').filter_map(|(at, _)| {
        let digits: String = message[at + 1..].chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u16>().ok()
    });
    let mut named = numbers.filter(|number| range.contains(*number));
    named.next().map(|number| (port, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(published: &str) -> Port {
        Port { target: 80, published: Some(published.to_owned()), ..Port::default() }
    }

    #[test]
    fn the_refused_port_is_found_in_the_words_of_several_engines() {
        for message in [
            "driver failed programming external connectivity on endpoint demo-web-1 (f0): Bind for 0.0.0.0:8000 failed: port is already allocated",
            "failed to bind host port for 0.0.0.0:8000:172.18.0.2:80/tcp: address already in use",
            "rootlessport listen tcp 0.0.0.0:8000: bind: address already in use",
            "listen tcp4 [::]:8000: bind: address already in use",
        ] {
            assert!(is_about_a_taken_port(&EngineError::Failed(message.to_owned())), "{message}");
            assert_eq!(named_in(message, &port("8000")).map(|found| found.1), Some(8000), "{message}");
            assert_eq!(named_in(message, &port("7990-8010")).map(|found| found.1), Some(8000), "{message}");
            assert_eq!(named_in(message, &port("800")), None, "{message}");
        }
    }
}
