//! A failure in, its text out: the message, the hint and the explanation. Messages about waits, hooks, providers and
//! models are those of Docker Compose, since scripts match on them.

use super::{engine_hints, evidence, pull_hints, push_hints, refusal_hints};
use crate::event::{
    AddressHolder, AddressTaken, BuildFailure, HookRef, ModelFault, ModelVerb, NameHolder, PortHolder, ProviderFault,
    StepError, UnreadyContainer,
};
use crate::plan::{FailureAction, ProviderVerb, Waiter};
use crate::project::ServiceName;

/// The message: lowercase, without a period, on one line unless the engine's message has several.
#[must_use]
pub fn message(error: &StepError) -> String {
    match error {
        StepError::Engine(cause) => cause.to_string(),
        StepError::RemoveNetwork { name, cause } => format!("failed to remove network {name}: {cause}"),
        StepError::Pull { image, cause, .. } | StepError::Push { image, cause, .. } => about(image, &cause.to_string()),
        StepError::Build { service, failure } if failure.place.is_none() && failure.step.is_none() => {
            format!("service `{service}`: {}", failure.message)
        }
        StepError::Build { failure, .. } => format!("failed to solve: {}", failure.message),
        StepError::NameTaken { container, holder, .. } => name_taken(container, holder),
        StepError::PortTaken { container, port, protocol, host_ip, holder, .. } => {
            let port = host_port(*port, protocol, host_ip.as_deref());
            let by = holder.as_deref().map(|holder| format!(" by {}", of_port(holder))).unwrap_or_default();
            format!("cannot start container {container}: {port} on the host is already taken{by}")
        }
        StepError::Refused { words, .. } => words.lines().next().unwrap_or_default().to_owned(),
        StepError::AddressTaken(taken) => address_taken(taken),
        StepError::SharedContainerMissing { shared, service } => {
            format!("cannot share {shared} with service {service}: container missing")
        }
        StepError::TmpfsNotShared { container, service, from, target } => format!(
            "cannot create container {container}: service `{service}` uses the volumes of `{from}`, but the tmpfs \
             at {target} cannot be shared"
        ),
        StepError::NoContainer(container) => format!("no such container: {container}"),
        StepError::NoImage(image) => format!("no such image: {image}"),
        StepError::MissingDependency { dependent, dependency } => {
            let dependent = dependent.as_ref().map_or("project", ServiceName::as_str);
            format!("{dependent} is missing dependency {dependency}")
        }
        StepError::Exited { waiter, container, exit_code, .. } => {
            format!("{}container {container} exited ({exit_code})", prefix(*waiter))
        }
        StepError::Unhealthy { waiter, container, .. } => {
            format!("{}container {container} is unhealthy", prefix(*waiter))
        }
        StepError::NotReady(unready) => not_ready(unready),
        StepError::NoHealthcheck { waiter, container } => {
            format!("{}container {container} has no healthcheck configured", prefix(*waiter))
        }
        StepError::NotSuccessful { service, exit_code, .. } => {
            format!("service \"{service}\" didn't complete successfully: exit {exit_code}")
        }
        StepError::TimedOut { waiter, seconds, .. } => timed_out(*waiter, *seconds),
        StepError::HookFailed { hook, exit_code, output } => {
            format!("{} hook exited with status {exit_code}{}", hook.service, only_line(output))
        }
        StepError::HookNotRun { hook, cause } => {
            format!("service {}: could not run the {} hook: {cause}", hook.service, hook.key)
        }
        StepError::PreStartFailed { service, hook, exit_code, container, output } => format!(
            "service \"{service}\" pre_start[{hook}] exited with code {exit_code}{} (hook container {container} retained \
             for inspection)",
            only_line(output)
        ),
        StepError::Provider { service, verb, fault } => {
            format!("failed to {} service provider {service}: {}", provided(*verb), provider_fault(fault))
        }
        StepError::ModelStatus { fault, output } => {
            format!("error checking docker-model status: {}{}", model_fault(fault), only_line(output))
        }
        StepError::Model { reference, verb, fault, output, .. } => {
            format!("failed to {} model {reference}: {}{}", asked(*verb), model_fault(fault), only_line(output))
        }
        StepError::Interrupted => "interrupted".to_owned(),
    }
}

/// The hint, if the cause is known: a sentence without a period.
#[must_use]
#[expect(clippy::wildcard_enum_match_arm, reason = "for the others there is nothing to add to the message")]
pub fn hint(error: &StepError) -> Option<String> {
    Some(match error {
        StepError::NoHealthcheck { .. } => {
            "give it a `healthcheck` or `x-hoist: {ready: …}`, or depend on it with `condition: service_started`"
                .to_owned()
        }
        StepError::NameTaken { holder, .. } => match &holder.project {
            Some(project) => format!("`hoist -p {project} down` removes it; or choose another `container_name`"),
            None => "remove or rename that container, or choose another `container_name`".to_owned(),
        },
        StepError::PortTaken { holder, port, ours, .. } => about_port(*port, holder.as_deref(), *ours),
        StepError::Refused { refusal, .. } => return refusal_hints::hint(refusal),
        StepError::AddressTaken(taken) => match &taken.holder {
            Some(AddressHolder::Container { name }) => {
                format!("stop container {name}, or choose another `{}`", taken.field)
            }
            Some(AddressHolder::Gateway) | None => format!("choose another `{}`", taken.field),
        },
        StepError::Engine(cause) => return engine_hints::hint(cause),
        StepError::Build { service, failure } => {
            let words = &failure.message;
            return pull_hints::of_build(words).or_else(|| push_hints::of_build(service, words));
        }
        StepError::Pull { image, alternative, cause, .. } => {
            return pull_hints::hint(image, *alternative, &cause.to_string());
        }
        StepError::Push { image, service, cause } => return push_hints::hint(image, service, &cause.to_string()),
        StepError::HookFailed { hook, .. } | StepError::HookNotRun { hook, .. } => this_was(hook),
        StepError::TmpfsNotShared { from, target, .. } => format!(
            "mount it in `{from}` through `tmpfs: [{target}]` instead of `volumes`; such mounts are not inherited"
        ),
        StepError::Exited { waiter: Waiter::Update(action), .. }
        | StepError::Unhealthy { waiter: Waiter::Update(action), .. }
        | StepError::TimedOut { waiter: Waiter::Update(action), .. } => after_failed_update(*action).to_owned(),
        StepError::NotReady(unready) => about_ready(unready),
        StepError::Exited { waiter: Waiter::Command, exit_code: 0, .. } => {
            "if it is meant to end, set `x-hoist: {job: \
             true}` on the service, let another wait for it by `condition: service_completed_successfully`, or use \
             --wait-for-jobs, for services whose `restart` is `no`"
                .to_owned()
        }
        _ => return None,
    })
}

/// What to do about a check of `x-hoist.ready` that failed or cannot be made.
fn about_ready(UnreadyContainer { waiter, container, check, after, last, .. }: &UnreadyContainer) -> String {
    let is_impossible = after.is_none();
    let words = if let Waiter::Update(action) = waiter {
        after_failed_update(*action)
    } else if is_impossible && check.starts_with("exec") {
        "choose a command that the image has"
    } else if is_impossible && check.starts_with("log") {
        "use `http`, `tcp` or `exec`, or the logging driver `local` or `json-file`"
    } else if is_impossible && last.starts_with("`status`") {
        "remove `status`, or use `exec` with a command that the image has"
    } else if is_impossible {
        "use `exec` with a command that the image has, or publish the port"
    } else if last.ends_with("is paused") {
        return format!("`docker unpause {container}` resumes it");
    } else if last.ends_with("keeps exiting and being restarted") {
        "find out why it exits; restarts do not extend `timeout`"
    } else if last.contains("HTTP status 404") {
        "look at the path of the check; if the container only needs longer, raise `timeout` under `x-hoist.ready`"
    } else if last.contains("connection refused") {
        "nothing listens on that port, or only on 127.0.0.1 in the container; if it only needs longer, raise `timeout` \
         under `x-hoist.ready`"
    } else {
        "if it only needs longer, raise `timeout` under `x-hoist.ready`"
    };
    words.to_owned()
}

/// Lines that explain it: the last probe, the last log lines, the rest of the engine's message.
#[must_use]
#[expect(clippy::wildcard_enum_match_arm, reason = "the message of the others says all")]
pub fn explanation(error: &StepError) -> Vec<String> {
    match error {
        StepError::Exited { evidence, .. }
        | StepError::Unhealthy { evidence, .. }
        | StepError::NotSuccessful { evidence, .. }
        | StepError::TimedOut { evidence, .. } => evidence.iter().flat_map(evidence::lines).collect(),
        StepError::NotReady(unready) => unready.evidence.iter().flat_map(evidence::lines).collect(),
        StepError::Refused { words, .. } => words.lines().skip(1).map(str::to_owned).collect(),
        StepError::Build { service, failure } => build_log(service, failure),
        StepError::HookFailed { output, .. }
        | StepError::PreStartFailed { output, .. }
        | StepError::ModelStatus { output, .. }
        | StepError::Model { output, .. }
            if output.len() > 1 =>
        {
            output.clone()
        }
        _ => Vec::new(),
    }
}

/// The step at which a build failed, and what it wrote.
pub(super) fn build_log(service: &ServiceName, failure: &BuildFailure) -> Vec<String> {
    let Some(step) = &failure.step else { return Vec::new() };
    if failure.log.is_empty() {
        return vec![format!("the build of {service} failed at {step}")];
    }
    evidence::below(format!("the build of {service} failed at {step}; its output:"), &failure.log)
}

/// The engine's message, with the image if the message does not name it.
fn about(image: &str, words: &str) -> String {
    if words.contains(image) { words.to_owned() } else { format!("Image {image}: {words}") }
}

fn not_ready(UnreadyContainer { waiter, container, check, after, last, .. }: &UnreadyContainer) -> String {
    let what = match after {
        Some(after) => format!("is not ready after {after:?}"),
        None => "cannot be checked".to_owned(),
    };
    format!("{}container {container} {what}: {check}: {last}", prefix(*waiter))
}

fn name_taken(container: &str, holder: &NameHolder) -> String {
    let project = holder.project.as_ref().map_or("no project".to_owned(), |name| format!("project {name}"));
    format!(
        "cannot create container {container}: the container name \"/{container}\" is already in use by container \
         \"{}\" of {project}",
        holder.id.short()
    )
}

fn address_taken(taken: &AddressTaken) -> String {
    let by = match &taken.holder {
        Some(AddressHolder::Container { name }) => format!(" by container {name}"),
        Some(AddressHolder::Gateway) => " by its gateway".to_owned(),
        None => String::new(),
    };
    let AddressTaken { container, address, network, .. } = taken;
    format!("cannot start container {container}: address {address} of network {network} is already taken{by}")
}

fn host_port(port: u16, protocol: &str, host_ip: Option<&str>) -> String {
    let address = host_ip.map(|ip| if ip.contains(':') { format!("[{ip}]:") } else { format!("{ip}:") });
    format!("port {}{port}/{protocol}", address.unwrap_or_default())
}

fn of_port(holder: &PortHolder) -> String {
    match holder {
        PortHolder::Container { name, project: Some(project) } => format!("container {name} of project {project}"),
        PortHolder::Container { name, project: None } => format!("container {name}"),
        PortHolder::Process { name, id } => format!("process {name} ({id})"),
    }
}

fn about_port(port: u16, holder: Option<&PortHolder>, ours: bool) -> String {
    match holder {
        None => format!("stop the program that listens on port {port}, or publish another port"),
        Some(holder) if ours => format!(
            "{} belongs to this project: publish another port for one of the two; if its service is no longer in the files, \
             `--remove-orphans` removes it first",
            of_port(holder)
        ),
        Some(PortHolder::Container { name, .. }) => format!("stop container {name}, or publish another port"),
        Some(PortHolder::Process { name, id }) => format!("stop process {name} ({id}), or publish another port"),
    }
}

fn prefix(waiter: Waiter) -> &'static str {
    match waiter {
        Waiter::Dependents | Waiter::OptionalDependents => "dependency failed to start: ",
        Waiter::Command | Waiter::Update(_) => "",
    }
}

fn timed_out(waiter: Waiter, seconds: u64) -> String {
    match waiter {
        Waiter::Dependents | Waiter::OptionalDependents => "timeout waiting for dependencies".to_owned(),
        Waiter::Command | Waiter::Update(_) => format!("application not healthy after {seconds}s"),
    }
}

/// The output if it is a single line, which is appended to the message; longer output is part of the explanation.
fn only_line(output: &[String]) -> String {
    if let [line] = output { format!(": {line}") } else { String::new() }
}

fn this_was(HookRef { service, key, index, container }: &HookRef) -> String {
    format!("this was {key}[{index}] of service `{service}` in container {container}")
}

/// The state of a service whose rolling update failed.
fn after_failed_update(action: FailureAction) -> &'static str {
    match action {
        FailureAction::Pause => {
            "its old container is kept or restored, and the remaining replicas are left as they are"
        }
        FailureAction::Continue => "its old container is kept or restored; the other replicas are still replaced",
        FailureAction::Rollback => "the old containers of all replicas are kept or restored",
    }
}

fn provided(verb: ProviderVerb) -> &'static str {
    match verb {
        ProviderVerb::Up => "create",
        ProviderVerb::Down => "remove",
        ProviderVerb::Stop => "stop",
    }
}

fn provider_fault(fault: &ProviderFault) -> String {
    match fault {
        ProviderFault::System(words) | ProviderFault::Said(words) => words.clone(),
        ProviderFault::Ended(status) => status.to_string(),
        ProviderFault::InvalidResponse(line) => format!("invalid response from plugin: {line}"),
        ProviderFault::NoAssignment(kind) => format!("invalid response from plugin: `{kind}` without NAME=value"),
        ProviderFault::NoOutput => "it has no output".to_owned(),
        ProviderFault::IsCompose => "`compose` cannot provide a service".to_owned(),
        ProviderFault::InvalidName(name) => {
            format!("`{name}` is a path or flag, not the name of a plugin or program")
        }
        ProviderFault::ServiceIsFlag => "the name of the service would be read as a flag".to_owned(),
        ProviderFault::NotFound(name) => format!("found no plugin or program named `{name}`"),
        ProviderFault::MissingOption { option, provider } => {
            format!("required parameter \"{option}\" is missing from provider \"{provider}\" definition")
        }
    }
}

fn asked(verb: ModelVerb) -> &'static str {
    match verb {
        ModelVerb::Pull => "pull",
        ModelVerb::Configure => "configure",
    }
}

fn model_fault(fault: &ModelFault) -> String {
    match fault {
        ModelFault::System(words) => words.clone(),
        ModelFault::Ended(status) => match status.code() {
            Some(code) => format!("exit status {code}"),
            None => status.to_string(),
        },
        ModelFault::NoResponse { seconds } => format!("no response within {seconds} s"),
        ModelFault::NoEndpoint => "its response has no endpoint".to_owned(),
        ModelFault::InvalidName => "not a valid model name".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fault_of_a_provider_follows_what_it_was_asked_for() {
        for (verb, fault, expected) in [
            (
                ProviderVerb::Up,
                ProviderFault::Said("no quota".to_owned()),
                "failed to create service provider db: no quota",
            ),
            (
                ProviderVerb::Down,
                ProviderFault::InvalidResponse("nonsense".to_owned()),
                "failed to remove service provider db: invalid response from plugin: nonsense",
            ),
            (
                ProviderVerb::Stop,
                ProviderFault::NoAssignment("setenv".to_owned()),
                "failed to stop service provider db: invalid response from plugin: `setenv` without NAME=value",
            ),
            (
                ProviderVerb::Up,
                ProviderFault::MissingOption { option: "type".to_owned(), provider: "cloud".to_owned() },
                "failed to create service provider db: required parameter \"type\" is missing from provider \"cloud\" \
                 definition",
            ),
        ] {
            assert_eq!(message(&StepError::Provider { service: "db".into(), verb, fault }), expected);
        }
    }

    #[test]
    fn one_line_of_output_goes_with_the_message_and_more_explains_it() {
        let failed = |output: &[&str]| StepError::Model {
            key: "llm".into(),
            reference: "ai/x".to_owned(),
            verb: ModelVerb::Pull,
            fault: ModelFault::NoEndpoint,
            output: output.iter().map(|&line| line.to_owned()).collect(),
        };
        let words = "failed to pull model ai/x: its response has no endpoint";
        assert_eq!(message(&failed(&["no disk"])), format!("{words}: no disk"));
        assert_eq!(explanation(&failed(&["no disk"])), Vec::<String>::new());
        assert_eq!(message(&failed(&["no", "disk"])), words);
        assert_eq!(explanation(&failed(&["no", "disk"])), ["no", "disk"]);
        let unanswered = StepError::ModelStatus { fault: ModelFault::NoResponse { seconds: 60 }, output: Vec::new() };
        assert_eq!(message(&unanswered), "error checking docker-model status: no response within 60 s");
    }

    #[cfg(unix)]
    #[test]
    fn how_a_program_ended_is_told_as_docker_compose_does() {
        use std::os::unix::process::ExitStatusExt as _;
        let status = std::process::ExitStatus::from_raw(3 << 8);
        assert_eq!(provider_fault(&ProviderFault::Ended(status)), "exit status: 3");
        assert_eq!(model_fault(&ModelFault::Ended(status)), "exit status 3");
    }
}
