//! The attributes of a service (Compose spec: `05-services.md`).

use super::blocks;
use super::decoder::{Decoder, Entry};
use crate::project::{Job, PreStart, Service};

/// Reads an entry, or returns it if it belongs to another group.
type Group = fn(&mut Decoder<'_>, &mut Service, Entry) -> Option<Entry>;

/// The groups, those with the most common attributes first.
const GROUPS: [Group; 6] = [process, network, storage, lifecycle, resources, isolation];

pub(super) fn service(d: &mut Decoder<'_>, service: &mut Service, entry: Entry) {
    let mut rest = Some(entry);
    for group in GROUPS {
        rest = rest.and_then(|entry| group(d, service, entry));
    }
    if let Some(entry) = rest {
        d.extension(&mut service.extensions, entry);
    }
}

pub(super) fn job(d: &mut Decoder<'_>, job: &mut Job, entry: Entry) {
    match entry.0.name.as_str() {
        "triggers" => job.triggers = d.block(entry, blocks::triggers).unwrap_or_default(),
        _ => service(d, &mut job.service, entry),
    }
}

/// A hook; as long as nobody says what was written, that is all there is.
pub(super) fn pre_start(d: &mut Decoder<'_>, hook: &mut PreStart, entry: Entry) {
    match entry.0.name.as_str() {
        "per_replica" => hook.written.per_replica = d.flag(entry),
        _ => service(d, &mut hook.container, entry),
    }
}

/// Command, user and environment.
fn process(d: &mut Decoder<'_>, service: &mut Service, entry: Entry) -> Option<Entry> {
    match entry.0.name.as_str() {
        "image" => service.image = d.text(entry),
        "build" => service.build = d.block(entry, blocks::build),
        "command" => service.command = d.command(entry),
        "entrypoint" => service.entrypoint = d.command(entry),
        "environment" => service.environment = d.variables(entry),
        "env_file" => service.env_file = d.list(entry, blocks::env_file),
        "labels" => service.labels = d.texts_by_name(entry),
        "label_file" => service.label_file = d.texts(entry).into_iter().map(Into::into).collect(),
        "container_name" => service.container_name = d.text(entry),
        "user" => service.user = d.text(entry),
        "working_dir" => service.working_dir = d.text(entry),
        "hostname" => service.hostname = d.text(entry),
        "domainname" => service.domainname = d.text(entry),
        "tty" => service.tty = d.flag(entry),
        "stdin_open" => service.stdin_open = d.flag(entry),
        "init" => service.init = d.choice(entry),
        "platform" => service.platform = d.text(entry),
        "pull_policy" => service.pull_policy = d.parsed(entry),
        "pull_refresh_after" => service.pull_refresh_after = d.text(entry),
        "provider" => service.provider = d.block(entry, blocks::provider),
        "models" => service.models = d.map(entry, |d, node| blocks::or_null(d, node, blocks::service_model)),
        "annotations" => service.annotations = d.texts_by_name(entry),
        "runtime" => service.runtime = d.text(entry),
        _ => return Some(entry),
    }
    None
}

fn network(d: &mut Decoder<'_>, service: &mut Service, entry: Entry) -> Option<Entry> {
    match entry.0.name.as_str() {
        "ports" => service.ports = d.blocks(entry, blocks::port),
        "networks" => service.networks = d.map(entry, |d, node| blocks::or_null(d, node, blocks::service_network)),
        "expose" => service.expose = d.texts(entry),
        "network_mode" => service.network_mode = d.parsed(entry),
        "links" => service.links = d.all_parsed(entry),
        "external_links" => service.external_links = d.texts(entry),
        "extra_hosts" => service.extra_hosts = d.extra_hosts(entry),
        "dns" => service.dns = d.texts(entry),
        "dns_opt" => service.dns_opt = d.texts(entry),
        "dns_search" => service.dns_search = d.texts(entry),
        "mac_address" => service.mac_address = d.text(entry),
        _ => return Some(entry),
    }
    None
}

fn storage(d: &mut Decoder<'_>, service: &mut Service, entry: Entry) -> Option<Entry> {
    match entry.0.name.as_str() {
        "volumes" => service.volumes = d.blocks(entry, blocks::mount),
        "volumes_from" => service.volumes_from = d.all_parsed(entry),
        "tmpfs" => service.tmpfs = d.all_parsed(entry),
        "configs" => service.configs = d.blocks(entry, blocks::file_reference),
        "secrets" => service.secrets = d.blocks(entry, blocks::file_reference),
        "devices" => service.devices = d.blocks(entry, blocks::device),
        "storage_opt" => service.storage_opt = d.texts_by_name(entry),
        "shm_size" => service.shm_size = d.bytes(entry),
        "read_only" => service.read_only = d.flag(entry),
        "use_api_socket" => service.use_api_socket = d.flag(entry),
        _ => return Some(entry),
    }
    None
}

/// Start, stop and health.
fn lifecycle(d: &mut Decoder<'_>, service: &mut Service, entry: Entry) -> Option<Entry> {
    match entry.0.name.as_str() {
        "depends_on" => service.depends_on = d.map(entry, |d, node| d.fill(node, blocks::dependency)),
        "restart" => service.restart = d.text(entry),
        "healthcheck" => service.healthcheck = d.block(entry, blocks::healthcheck),
        "profiles" => service.profiles = d.texts(entry),
        "deploy" => service.deploy = d.block(entry, blocks::deploy),
        "scale" => service.scale = d.some_number(entry),
        "logging" => service.logging = d.block(entry, blocks::logging),
        "attach" => service.attach = d.choice(entry),
        "develop" => service.develop = d.block(entry, blocks::develop),
        "stop_grace_period" => service.stop_grace_period = d.duration(entry),
        "stop_signal" => service.stop_signal = d.text(entry),
        "pre_start" => service.pre_start = d.blocks(entry, pre_start),
        "post_start" => service.post_start = d.blocks(entry, blocks::hook),
        "pre_stop" => service.pre_stop = d.blocks(entry, blocks::hook),
        "extends" => service.extends = d.block(entry, blocks::extends),
        _ => return Some(entry),
    }
    None
}

fn resources(d: &mut Decoder<'_>, service: &mut Service, entry: Entry) -> Option<Entry> {
    match entry.0.name.as_str() {
        "mem_limit" => service.mem_limit = d.bytes(entry),
        "mem_reservation" => service.mem_reservation = d.bytes(entry),
        "mem_swappiness" => service.mem_swappiness = d.bytes(entry),
        "memswap_limit" => service.memswap_limit = d.bytes(entry),
        "cpus" => service.cpus = d.float(entry),
        "cpuset" => service.cpuset = d.text(entry),
        "cpu_count" => service.cpu_count = d.number(entry),
        "cpu_percent" => service.cpu_percent = d.float(entry),
        "cpu_period" => service.cpu_period = d.number(entry),
        "cpu_quota" => service.cpu_quota = d.number(entry),
        "cpu_rt_period" => service.cpu_rt_period = d.number(entry),
        "cpu_rt_runtime" => service.cpu_rt_runtime = d.number(entry),
        "cpu_shares" => service.cpu_shares = d.number(entry),
        "blkio_config" => service.blkio_config = d.block(entry, blocks::blkio),
        "pids_limit" => service.pids_limit = d.number(entry),
        "oom_kill_disable" => service.oom_kill_disable = d.flag(entry),
        "oom_score_adj" => service.oom_score_adj = d.number(entry),
        "ulimits" => service.ulimits = d.map(entry, blocks::ulimit),
        "gpus" => service.gpus = blocks::gpus(d, entry),
        _ => return Some(entry),
    }
    None
}

/// Namespaces and rights.
fn isolation(d: &mut Decoder<'_>, service: &mut Service, entry: Entry) -> Option<Entry> {
    match entry.0.name.as_str() {
        "privileged" => service.privileged = d.flag(entry),
        "cap_add" => service.cap_add = d.texts(entry),
        "cap_drop" => service.cap_drop = d.texts(entry),
        "security_opt" => service.security_opt = d.texts(entry),
        "group_add" => service.group_add = d.texts(entry),
        "sysctls" => service.sysctls = d.texts_by_name(entry),
        "ipc" => service.ipc = d.parsed(entry),
        "pid" => service.pid = d.parsed(entry),
        "uts" => service.uts = d.parsed(entry),
        "userns_mode" => service.userns_mode = d.text(entry),
        "cgroup" => service.cgroup = d.parsed(entry),
        "cgroup_parent" => service.cgroup_parent = d.text(entry),
        "device_cgroup_rules" => service.device_cgroup_rules = d.texts(entry),
        "isolation" => service.isolation = d.text(entry),
        "credential_spec" => service.credential_spec = d.block(entry, blocks::credential_spec),
        _ => return Some(entry),
    }
    None
}
