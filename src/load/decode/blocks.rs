//! The blocks of a service (Compose spec: `05-services.md`, `build.md`, `deploy.md`, `develop.md`).

use super::decoder::{Decoder, Entry, Field};
use crate::project::service::{
    Blkio, Build, Condition, CredentialSpec, Dependency, Deploy, DeployRestartPolicy, Develop, DiscreteResource,
    EnvFile, Extends, FileReference, GenericResource, Healthcheck, Hook, Logging, Placement, PlacementPreference,
    Provider, Reservations, ResourceLimits, Resources, ServiceModel, ServiceNetwork, SshKey, ThrottleDevice,
    UpdateConfig, Watch, WatchAction, WeightDevice,
};
use crate::project::value::{
    BindOptions, Device, DeviceCount, DeviceRequest, ImageOptions, Mount, MountKind, Port, RecursiveBind, SelinuxLabel,
    TmpfsOptions, Ulimit, VolumeOptions,
};
use crate::project::{Extensions, Schedule, Triggers};
use crate::yaml::{Node, Value};

/// A block; `None` for null, which means a block without settings.
pub(super) fn or_null<T: Default>(d: &mut Decoder<'_>, node: Node, field: Field<T>) -> Option<T> {
    (!node.is_null()).then(|| d.fill(node, field))
}

pub(super) fn build(d: &mut Decoder<'_>, build: &mut Build, entry: Entry) {
    match entry.0.name.as_str() {
        "context" => build.context = d.text(entry),
        "dockerfile" => build.dockerfile = d.text(entry),
        "dockerfile_inline" => build.dockerfile_inline = d.text(entry),
        "entitlements" => build.entitlements = d.texts(entry),
        "args" => build.args = d.variables(entry),
        "provenance" => build.provenance = d.text(entry),
        "sbom" => build.sbom = d.text(entry),
        "ssh" => build.ssh = ssh_keys(d, entry),
        "labels" => build.labels = d.texts_by_name(entry),
        "cache_from" => build.cache_from = d.texts(entry),
        "cache_to" => build.cache_to = d.texts(entry),
        "no_cache" => build.no_cache = d.flag(entry),
        "no_cache_filter" => build.no_cache_filter = d.texts(entry),
        "additional_contexts" => build.additional_contexts = d.texts_by_name(entry),
        "pull" => build.pull = d.flag(entry),
        "extra_hosts" => build.extra_hosts = d.extra_hosts(entry),
        "isolation" => build.isolation = d.text(entry),
        "network" => build.network = d.text(entry),
        "target" => build.target = d.text(entry),
        "secrets" => build.secrets = d.blocks(entry, file_reference),
        "shm_size" => build.shm_size = d.bytes(entry),
        "tags" => build.tags = d.texts(entry),
        "ulimits" => build.ulimits = d.map(entry, ulimit),
        "platforms" => build.platforms = d.texts(entry),
        "privileged" => build.privileged = d.flag(entry),
        _ => d.extension(&mut build.extensions, entry),
    }
}

/// SSH keys from a mapping of ids to paths or a list, by id.
fn ssh_keys(d: &mut Decoder<'_>, entry: Entry) -> Vec<SshKey> {
    let keys = d.variables(entry).into_iter();
    keys.map(|(id, path)| SshKey { id, path: path.filter(|path| !path.is_empty()) }).collect()
}

pub(super) fn deploy(d: &mut Decoder<'_>, deploy: &mut Deploy, entry: Entry) {
    match entry.0.name.as_str() {
        "mode" => deploy.mode = d.text(entry),
        "replicas" => deploy.replicas = d.some_number(entry),
        "labels" => deploy.labels = d.texts_by_name(entry),
        "update_config" => deploy.update_config = d.block(entry, update_config),
        "rollback_config" => deploy.rollback_config = d.block(entry, update_config),
        "resources" => deploy.resources = d.block(entry, resources).unwrap_or_default(),
        "restart_policy" => deploy.restart_policy = d.block(entry, restart_policy),
        "placement" => deploy.placement = d.block(entry, placement).unwrap_or_default(),
        "endpoint_mode" => deploy.endpoint_mode = d.text(entry),
        _ => d.extension(&mut deploy.extensions, entry),
    }
}

fn update_config(d: &mut Decoder<'_>, config: &mut UpdateConfig, entry: Entry) {
    match entry.0.name.as_str() {
        "parallelism" => config.parallelism = d.some_unsigned(entry),
        "delay" => config.delay = d.duration(entry).unwrap_or_default(),
        "failure_action" => config.failure_action = d.text(entry),
        "monitor" => config.monitor = d.duration(entry).unwrap_or_default(),
        "max_failure_ratio" => config.max_failure_ratio = d.float(entry),
        "order" => config.order = d.text(entry),
        _ => d.extension(&mut config.extensions, entry),
    }
}

fn resources(d: &mut Decoder<'_>, resources: &mut Resources, entry: Entry) {
    match entry.0.name.as_str() {
        "limits" => resources.limits = d.block(entry, limits),
        "reservations" => resources.reservations = d.block(entry, reservations),
        _ => d.extension(&mut resources.extensions, entry),
    }
}

fn limits(d: &mut Decoder<'_>, limits: &mut ResourceLimits, entry: Entry) {
    match entry.0.name.as_str() {
        "cpus" => limits.cpus = d.float(entry),
        "memory" => limits.memory = d.bytes(entry),
        "pids" => limits.pids = d.number(entry),
        _ => d.extension(&mut limits.extensions, entry),
    }
}

fn reservations(d: &mut Decoder<'_>, reservations: &mut Reservations, entry: Entry) {
    match entry.0.name.as_str() {
        "cpus" => reservations.cpus = d.float(entry),
        "memory" => reservations.memory = d.bytes(entry),
        "devices" => reservations.devices = d.blocks(entry, device_request),
        "generic_resources" => reservations.generic_resources = d.blocks(entry, generic_resource),
        _ => d.extension(&mut reservations.extensions, entry),
    }
}

fn generic_resource(d: &mut Decoder<'_>, resource: &mut GenericResource, entry: Entry) {
    match entry.0.name.as_str() {
        "discrete_resource_spec" => resource.discrete = d.block(entry, discrete_resource),
        _ => d.extension(&mut resource.extensions, entry),
    }
}

fn discrete_resource(d: &mut Decoder<'_>, resource: &mut DiscreteResource, entry: Entry) {
    match entry.0.name.as_str() {
        "kind" => resource.kind = d.text(entry),
        "value" => resource.value = d.number(entry),
        _ => d.extension(&mut resource.extensions, entry),
    }
}

fn restart_policy(d: &mut Decoder<'_>, policy: &mut DeployRestartPolicy, entry: Entry) {
    match entry.0.name.as_str() {
        "condition" => policy.condition = d.text(entry),
        "delay" => policy.delay = d.duration(entry),
        "max_attempts" => policy.max_attempts = d.some_unsigned(entry),
        "window" => policy.window = d.duration(entry),
        _ => d.extension(&mut policy.extensions, entry),
    }
}

fn placement(d: &mut Decoder<'_>, placement: &mut Placement, entry: Entry) {
    match entry.0.name.as_str() {
        "constraints" => placement.constraints = d.texts(entry),
        "preferences" => placement.preferences = d.blocks(entry, preference),
        "max_replicas_per_node" => placement.max_replicas_per_node = d.unsigned(entry),
        _ => d.extension(&mut placement.extensions, entry),
    }
}

fn preference(d: &mut Decoder<'_>, preference: &mut PlacementPreference, entry: Entry) {
    match entry.0.name.as_str() {
        "spread" => preference.spread = d.text(entry),
        _ => d.extension(&mut preference.extensions, entry),
    }
}

pub(super) fn develop(d: &mut Decoder<'_>, develop: &mut Develop, entry: Entry) {
    match entry.0.name.as_str() {
        "watch" => develop.watch = d.blocks(entry, watch),
        _ => d.extension(&mut develop.extensions, entry),
    }
}

fn watch(d: &mut Decoder<'_>, watch: &mut Watch, entry: Entry) {
    const ACTIONS: [(&str, WatchAction); 5] = [
        ("rebuild", WatchAction::Rebuild),
        ("sync", WatchAction::Sync),
        ("restart", WatchAction::Restart),
        ("sync+restart", WatchAction::SyncRestart),
        ("sync+exec", WatchAction::SyncExec),
    ];
    const ACCEPTED: &[&str] = &["`rebuild`", "`sync`", "`restart`", "`sync+restart`", "`sync+exec`"];
    match entry.0.name.as_str() {
        "path" => watch.path = d.text(entry).unwrap_or_default(),
        "action" => watch.action = d.word(entry, &ACTIONS, ACCEPTED).unwrap_or_default(),
        "target" => watch.target = d.text(entry),
        "exec" => watch.exec = d.block(entry, hook).unwrap_or_default(),
        "include" => watch.include = d.texts(entry),
        "ignore" => watch.ignore = d.texts(entry),
        "initial_sync" => watch.initial_sync = d.flag(entry),
        _ => d.extension(&mut watch.extensions, entry),
    }
}

pub(super) fn triggers(d: &mut Decoder<'_>, triggers: &mut Triggers, entry: Entry) {
    match entry.0.name.as_str() {
        "manual" => triggers.manual = d.choice(entry),
        "schedule" => triggers.schedule = d.blocks(entry, schedule),
        _ => d.extension(&mut triggers.extensions, entry),
    }
}

fn schedule(d: &mut Decoder<'_>, schedule: &mut Schedule, entry: Entry) {
    match entry.0.name.as_str() {
        "cron" => schedule.cron = d.text(entry),
        "timezone" => schedule.timezone = d.text(entry),
        "concurrency" => schedule.concurrency = d.text(entry),
        "missed_fires" => schedule.missed_fires = d.text(entry),
        _ => d.extension(&mut schedule.extensions, entry),
    }
}

pub(super) fn hook(d: &mut Decoder<'_>, hook: &mut Hook, entry: Entry) {
    match entry.0.name.as_str() {
        "command" => hook.command = d.command(entry),
        "image" => hook.image = d.text(entry),
        "user" => hook.user = d.text(entry),
        "privileged" => hook.privileged = d.flag(entry),
        "working_dir" => hook.working_dir = d.text(entry),
        "environment" => hook.environment = d.variables(entry),
        "per_replica" => hook.per_replica = d.flag(entry),
        _ => d.extension(&mut hook.extensions, entry),
    }
}

pub(super) fn blkio(d: &mut Decoder<'_>, blkio: &mut Blkio, entry: Entry) {
    match entry.0.name.as_str() {
        "weight" => blkio.weight = d.unsigned(entry),
        "weight_device" => blkio.weight_device = d.blocks(entry, weight_device),
        "device_read_bps" => blkio.device_read_bps = d.blocks(entry, throttle_device),
        "device_read_iops" => blkio.device_read_iops = d.blocks(entry, throttle_device),
        "device_write_bps" => blkio.device_write_bps = d.blocks(entry, throttle_device),
        "device_write_iops" => blkio.device_write_iops = d.blocks(entry, throttle_device),
        _ => {}
    }
}

fn weight_device(d: &mut Decoder<'_>, device: &mut WeightDevice, entry: Entry) {
    match entry.0.name.as_str() {
        "path" => device.path = d.text(entry).unwrap_or_default(),
        "weight" => device.weight = d.unsigned(entry),
        _ => d.extension(&mut device.extensions, entry),
    }
}

fn throttle_device(d: &mut Decoder<'_>, device: &mut ThrottleDevice, entry: Entry) {
    match entry.0.name.as_str() {
        "path" => device.path = d.text(entry).unwrap_or_default(),
        "rate" => device.rate = d.bytes(entry),
        _ => d.extension(&mut device.extensions, entry),
    }
}

pub(super) fn credential_spec(d: &mut Decoder<'_>, spec: &mut CredentialSpec, entry: Entry) {
    match entry.0.name.as_str() {
        "config" => spec.config = d.text(entry),
        "file" => spec.file = d.text(entry),
        "registry" => spec.registry = d.text(entry),
        _ => d.extension(&mut spec.extensions, entry),
    }
}

pub(super) fn dependency(d: &mut Decoder<'_>, dependency: &mut Dependency, entry: Entry) {
    const CONDITIONS: [(&str, Condition); 3] = [
        ("service_started", Condition::Started),
        ("service_healthy", Condition::Healthy),
        ("service_completed_successfully", Condition::CompletedSuccessfully),
    ];
    const ACCEPTED: &[&str] = &["`service_started`", "`service_healthy`", "`service_completed_successfully`"];
    match entry.0.name.as_str() {
        "condition" => dependency.condition = d.word(entry, &CONDITIONS, ACCEPTED).unwrap_or_default(),
        "restart" => dependency.restart = d.flag(entry),
        "required" => dependency.required = d.choice(entry) != Some(false),
        _ => d.extension(&mut dependency.extensions, entry),
    }
}

pub(super) fn device(d: &mut Decoder<'_>, device: &mut Device, entry: Entry) {
    match entry.0.name.as_str() {
        "source" => device.source = d.text(entry).unwrap_or_default(),
        "target" => device.target = d.text(entry),
        "permissions" => device.permissions = d.text(entry),
        _ => d.extension(&mut device.extensions, entry),
    }
}

/// A list of requests, or `all`.
pub(super) fn gpus(d: &mut Decoder<'_>, entry: Entry) -> Vec<DeviceRequest> {
    if entry.1.as_str() == Some("all") {
        return vec![DeviceRequest { count: DeviceCount::ALL, ..DeviceRequest::default() }];
    }
    d.blocks(entry, device_request)
}

fn device_request(d: &mut Decoder<'_>, request: &mut DeviceRequest, entry: Entry) {
    match entry.0.name.as_str() {
        "capabilities" => request.capabilities = d.texts(entry),
        "driver" => request.driver = d.text(entry),
        "count" => request.count = d.device_count(entry),
        "device_ids" => request.device_ids = d.texts(entry),
        "options" => request.options = d.texts_by_name(entry),
        _ => d.extension(&mut request.extensions, entry),
    }
}

pub(super) fn provider(d: &mut Decoder<'_>, provider: &mut Provider, entry: Entry) {
    match entry.0.name.as_str() {
        "type" => provider.kind = d.text(entry).unwrap_or_default(),
        "options" => provider.options = d.lists_by_name(entry),
        _ => d.extension(&mut provider.extensions, entry),
    }
}

pub(super) fn env_file(d: &mut Decoder<'_>, node: Node) -> Option<EnvFile> {
    if node.as_str().is_some() {
        return d.text_of(node).map(|path| EnvFile { path: path.into(), required: true, format: None });
    }
    let mut file = EnvFile { path: std::path::PathBuf::new(), required: true, format: None };
    for entry in d.mapping(node)? {
        match entry.0.name.as_str() {
            "path" => file.path = d.text(entry).unwrap_or_default().into(),
            "required" => file.required = d.choice(entry) != Some(false),
            "format" => file.format = d.text(entry),
            _ => {}
        }
    }
    Some(file)
}

pub(super) fn extends(d: &mut Decoder<'_>, extends: &mut Extends, entry: Entry) {
    match entry.0.name.as_str() {
        "file" => extends.file = d.text(entry),
        "service" => extends.service = d.text(entry).unwrap_or_default(),
        _ => {}
    }
}

pub(super) fn file_reference<K: From<String>>(d: &mut Decoder<'_>, reference: &mut FileReference<K>, entry: Entry) {
    match entry.0.name.as_str() {
        "source" => reference.source = d.text(entry).unwrap_or_default().into(),
        "target" => reference.target = d.text(entry),
        "uid" => reference.uid = d.text(entry),
        "gid" => reference.gid = d.text(entry),
        "mode" => reference.mode = d.file_mode(entry),
        _ => d.extension(&mut reference.extensions, entry),
    }
}

pub(super) fn healthcheck(d: &mut Decoder<'_>, check: &mut Healthcheck, entry: Entry) {
    match entry.0.name.as_str() {
        "test" => check.test = d.probe(entry),
        "timeout" => check.timeout = d.duration(entry),
        "interval" => check.interval = d.duration(entry),
        "retries" => check.retries = d.some_unsigned(entry),
        "start_period" => check.start_period = d.duration(entry),
        "start_interval" => check.start_interval = d.duration(entry),
        "disable" => check.disable = d.flag(entry),
        _ => d.extension(&mut check.extensions, entry),
    }
}

pub(super) fn logging(d: &mut Decoder<'_>, logging: &mut Logging, entry: Entry) {
    match entry.0.name.as_str() {
        "driver" => logging.driver = d.text(entry),
        "options" => logging.options = d.texts_by_name(entry),
        _ => d.extension(&mut logging.extensions, entry),
    }
}

pub(super) fn service_model(d: &mut Decoder<'_>, model: &mut ServiceModel, entry: Entry) {
    match entry.0.name.as_str() {
        "endpoint_var" => model.endpoint_var = d.text(entry),
        "model_var" => model.model_var = d.text(entry),
        _ => d.extension(&mut model.extensions, entry),
    }
}

pub(super) fn service_network(d: &mut Decoder<'_>, network: &mut ServiceNetwork, entry: Entry) {
    match entry.0.name.as_str() {
        "aliases" => network.aliases = d.texts(entry),
        "driver_opts" => network.driver_opts = d.texts_by_name(entry),
        "gw_priority" => network.gw_priority = d.number(entry),
        "interface_name" => network.interface_name = d.text(entry),
        "ipv4_address" => network.ipv4_address = d.text(entry),
        "ipv6_address" => network.ipv6_address = d.text(entry),
        "link_local_ips" => network.link_local_ips = d.texts(entry),
        "mac_address" => network.mac_address = d.text(entry),
        "priority" => network.priority = d.number(entry),
        _ => d.extension(&mut network.extensions, entry),
    }
}

pub(super) fn port(d: &mut Decoder<'_>, port: &mut Port, entry: Entry) {
    match entry.0.name.as_str() {
        "name" => port.name = d.text(entry),
        "mode" => port.mode = d.text(entry),
        "host_ip" => port.host_ip = d.text(entry),
        "target" => port.target = d.unsigned(entry),
        "published" => port.published = d.text(entry),
        "protocol" => port.protocol = d.text(entry),
        "app_protocol" => port.app_protocol = d.text(entry),
        _ => d.extension(&mut port.extensions, entry),
    }
}

/// One number for both limits, or a mapping with both; a lone 0 sets both to 0.
pub(super) fn ulimit(d: &mut Decoder<'_>, node: Node) -> Ulimit {
    let mut pair = (0, 0, Extensions::new());
    if let Value::Mapping(_) = &node.value {
        for entry in d.mapping(node).into_iter().flatten() {
            match entry.0.name.as_str() {
                "soft" => pair.0 = d.number(entry),
                "hard" => pair.1 = d.number(entry),
                _ => d.extension(&mut pair.2, entry),
            }
        }
    } else {
        match d.number_of(&node) {
            Some(limit) if limit != 0 => return Ulimit::Single(limit),
            _ => {}
        }
    }
    Ulimit::Pair { soft: pair.0, hard: pair.1, extensions: pair.2 }
}

pub(super) fn mount(d: &mut Decoder<'_>, mount: &mut Mount, entry: Entry) {
    const KINDS: [(&str, MountKind); 6] = [
        ("volume", MountKind::Volume),
        ("bind", MountKind::Bind),
        ("tmpfs", MountKind::Tmpfs),
        ("image", MountKind::Image),
        ("npipe", MountKind::NamedPipe),
        ("cluster", MountKind::Cluster),
    ];
    const ACCEPTED: &[&str] = &["`volume`", "`bind`", "`tmpfs`", "`image`", "`npipe`", "`cluster`"];
    match entry.0.name.as_str() {
        "type" => mount.kind = d.word(entry, &KINDS, ACCEPTED).unwrap_or_default(),
        "source" => mount.source = d.text(entry),
        "target" => mount.target = d.text(entry).unwrap_or_default(),
        "read_only" => mount.read_only = d.flag(entry),
        "consistency" => mount.consistency = d.text(entry),
        "bind" => mount.bind = d.block(entry, bind_options),
        "volume" => mount.volume = d.block(entry, volume_options),
        "tmpfs" => mount.tmpfs = d.block(entry, tmpfs_options),
        "image" => mount.image = d.block(entry, image_options),
        _ => d.extension(&mut mount.extensions, entry),
    }
}

fn bind_options(d: &mut Decoder<'_>, options: &mut BindOptions, entry: Entry) {
    const LABELS: [(&str, SelinuxLabel); 2] = [("z", SelinuxLabel::Shared), ("Z", SelinuxLabel::Private)];
    const RECURSIVE: [(&str, RecursiveBind); 4] = [
        ("enabled", RecursiveBind::Enabled),
        ("disabled", RecursiveBind::Disabled),
        ("writable", RecursiveBind::Writable),
        ("readonly", RecursiveBind::ReadOnly),
    ];
    const ACCEPTED: &[&str] = &["`enabled`", "`disabled`", "`writable`", "`readonly`"];
    match entry.0.name.as_str() {
        "selinux" => options.selinux = d.word(entry, &LABELS, &["`z`", "`Z`"]),
        "propagation" => options.propagation = d.text(entry),
        "create_host_path" => {
            // What loading fills in has no place in a file.
            options.says_create_host_path = !entry.0.span.is_empty();
            options.create_host_path = d.choice(entry) != Some(false);
        }
        "recursive" => options.recursive = d.word(entry, &RECURSIVE, ACCEPTED),
        _ => d.extension(&mut options.extensions, entry),
    }
}

fn volume_options(d: &mut Decoder<'_>, options: &mut VolumeOptions, entry: Entry) {
    match entry.0.name.as_str() {
        "labels" => options.labels = d.texts_by_name(entry),
        "nocopy" => options.nocopy = d.flag(entry),
        "subpath" => options.subpath = d.text(entry),
        _ => d.extension(&mut options.extensions, entry),
    }
}

fn tmpfs_options(d: &mut Decoder<'_>, options: &mut TmpfsOptions, entry: Entry) {
    match entry.0.name.as_str() {
        "size" => options.size = d.bytes(entry),
        "mode" => options.mode = d.unsigned(entry),
        _ => d.extension(&mut options.extensions, entry),
    }
}

fn image_options(d: &mut Decoder<'_>, options: &mut ImageOptions, entry: Entry) {
    match entry.0.name.as_str() {
        "subpath" => options.subpath = d.text(entry),
        _ => d.extension(&mut options.extensions, entry),
    }
}
