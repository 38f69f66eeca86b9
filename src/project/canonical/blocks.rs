//! The larger blocks of a service: build, deploy, develop, hooks.

use super::fields::Fields;
use super::form::Form;
use super::part::{device_request, file_reference, ulimit, unsigned};
use crate::project::service::{
    Build, Deploy, DeployRestartPolicy, Develop, DiscreteResource, GenericResource, Hook, Placement,
    PlacementPreference, Reservations, ResourceLimits, Resources, SshKey, UpdateConfig, Watch,
};
use crate::project::{Schedule, Tree, Triggers};

pub(super) fn build(build: &Build, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.text("context", build.context.as_deref());
    fields.text("dockerfile", build.dockerfile.as_deref());
    fields.text("dockerfile_inline", build.dockerfile_inline.as_deref());
    fields.texts("entitlements", &build.entitlements);
    fields.variables("args", &build.args);
    fields.text("provenance", build.provenance.as_deref());
    fields.text("sbom", build.sbom.as_deref());
    fields.list("ssh", &build.ssh, ssh_key);
    fields.texts_by_name("labels", &build.labels);
    fields.texts("cache_from", &build.cache_from);
    fields.texts("cache_to", &build.cache_to);
    fields.flag("no_cache", build.no_cache);
    fields.texts("no_cache_filter", &build.no_cache_filter);
    fields.texts_by_name("additional_contexts", &build.additional_contexts);
    fields.flag("pull", build.pull);
    fields.texts("extra_hosts", &build.extra_hosts.entries('='));
    fields.text("isolation", build.isolation.as_deref());
    fields.text("network", build.network.as_deref());
    fields.text("target", build.target.as_deref());
    fields.list("secrets", &build.secrets, file_reference);
    fields.quantity("shm_size", build.shm_size);
    fields.texts("tags", &build.tags);
    let ulimits = fields.entries(&build.ulimits, ulimit);
    fields.filled("ulimits", ulimits);
    fields.texts("platforms", &build.platforms);
    fields.flag("privileged", build.privileged);
    fields.end(&build.extensions)
}

/// Id and path as one text, as Docker Compose prints them, although that cannot be loaded again.
fn ssh_key(key: &SshKey, _: Form) -> Tree {
    match &key.path {
        Some(path) => Tree::String(format!("{}: {path}", key.id)),
        None => Tree::from(key.id.as_str()),
    }
}

pub(super) fn deploy(deploy: &Deploy, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.text("mode", deploy.mode.as_deref());
    fields.some("replicas", deploy.replicas);
    fields.texts_by_name("labels", &deploy.labels);
    fields.block("update_config", deploy.update_config.as_ref(), update_config);
    fields.block("rollback_config", deploy.rollback_config.as_ref(), update_config);
    fields.block_or_empty("resources", &deploy.resources, deploy.resources.is_empty(), resources);
    fields.block("restart_policy", deploy.restart_policy.as_ref(), restart_policy);
    fields.block_or_empty("placement", &deploy.placement, deploy.placement.is_empty(), placement);
    fields.text("endpoint_mode", deploy.endpoint_mode.as_deref());
    fields.end(&deploy.extensions)
}

fn update_config(config: &UpdateConfig, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.some("parallelism", config.parallelism.map(unsigned));
    fields.quantity("delay", config.delay);
    fields.text("failure_action", config.failure_action.as_deref());
    fields.quantity("monitor", config.monitor);
    fields.float("max_failure_ratio", config.max_failure_ratio);
    fields.text("order", config.order.as_deref());
    fields.end(&config.extensions)
}

fn resources(resources: &Resources, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.block("limits", resources.limits.as_ref(), limits);
    fields.block("reservations", resources.reservations.as_ref(), reservations);
    fields.end(&resources.extensions)
}

fn limits(limits: &ResourceLimits, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.float("cpus", limits.cpus);
    fields.quantity("memory", limits.memory);
    fields.number("pids", limits.pids);
    fields.end(&limits.extensions)
}

fn reservations(reservations: &Reservations, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.float("cpus", reservations.cpus);
    fields.quantity("memory", reservations.memory);
    fields.list("devices", &reservations.devices, device_request);
    fields.list("generic_resources", &reservations.generic_resources, generic_resource);
    fields.end(&reservations.extensions)
}

fn generic_resource(resource: &GenericResource, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.block("discrete_resource_spec", resource.discrete.as_ref(), discrete_resource);
    fields.end(&resource.extensions)
}

/// Unlike elsewhere, empty values are not left out.
fn discrete_resource(resource: &DiscreteResource, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.put("kind", resource.kind.as_deref().unwrap_or_default());
    fields.put("value", resource.value);
    fields.end(&resource.extensions)
}

fn restart_policy(policy: &DeployRestartPolicy, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.text("condition", policy.condition.as_deref());
    fields.shown("delay", policy.delay);
    fields.some("max_attempts", policy.max_attempts.map(unsigned));
    fields.shown("window", policy.window);
    fields.end(&policy.extensions)
}

fn placement(placement: &Placement, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.texts("constraints", &placement.constraints);
    fields.list("preferences", &placement.preferences, preference);
    let most = placement.max_replicas_per_node;
    fields.some("max_replicas_per_node", Some(most).filter(|most| *most != 0).map(unsigned));
    fields.end(&placement.extensions)
}

fn preference(preference: &PlacementPreference, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.text("spread", preference.spread.as_deref());
    fields.end(&preference.extensions)
}

pub(super) fn develop(develop: &Develop, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.list("watch", &develop.watch, watch);
    fields.end(&develop.extensions)
}

fn watch(watch: &Watch, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.text("path", Some(&watch.path));
    fields.put("action", watch.action.as_str());
    fields.text("target", watch.target.as_deref());
    fields.block_or_empty("exec", &watch.exec, watch.exec.is_empty(), hook);
    fields.texts("include", &watch.include);
    fields.texts("ignore", &watch.ignore);
    fields.flag("initial_sync", watch.initial_sync);
    fields.end(&watch.extensions)
}

pub(super) fn triggers(triggers: &Triggers, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.some("manual", triggers.manual);
    fields.list("schedule", &triggers.schedule, schedule);
    fields.end(&triggers.extensions)
}

fn schedule(schedule: &Schedule, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.text("cron", schedule.cron.as_deref());
    fields.text("timezone", schedule.timezone.as_deref());
    fields.text("concurrency", schedule.concurrency.as_deref());
    fields.text("missed_fires", schedule.missed_fires.as_deref());
    fields.end(&schedule.extensions)
}

pub(super) fn hook(hook: &Hook, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.command("command", hook.command.as_ref());
    fields.text("image", hook.image.as_deref());
    fields.text("user", hook.user.as_deref());
    fields.flag("privileged", hook.privileged);
    fields.text("working_dir", hook.working_dir.as_deref());
    fields.variables("environment", &hook.environment);
    fields.flag("per_replica", hook.per_replica);
    fields.end(&hook.extensions)
}
