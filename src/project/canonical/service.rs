//! A service with its mounts, ports and networks.

use super::blocks;
use super::fields::{Fields, words};
use super::form::Form;
use super::part::{device_request, file_reference, ulimit, unsigned};
use crate::project::service::{
    Blkio, CredentialSpec, Dependency, EnvFile, Extends, Healthcheck, Logging, PreStart, Provider, Service,
    ServiceModel, ServiceNetwork, ThrottleDevice, WeightDevice,
};
use crate::project::value::{
    BindOptions, Device, ImageOptions, Mount, Port, RecursiveBind, SelinuxLabel, TmpfsOptions, VolumeOptions,
};
use crate::project::{Extensions, Job, Tree};

/// What `config` prints first, in this order.
const FIRST: [&str; 14] = [
    "profiles",
    "triggers",
    "deploy",
    "develop",
    "restart",
    "scale",
    "attach",
    "container_name",
    "provider",
    "external_links",
    "links",
    "pre_start",
    "post_start",
    "pre_stop",
];

/// What `config` prints last, in this order.
const LAST: [&str; 7] = ["build", "depends_on", "expose", "healthcheck", "ports", "stdin_open", "tty"];

/// A service as `config` prints it.
pub(super) fn service(service: &Service, form: Form) -> Tree {
    fields(service, form).ranked(printed_rank).end(&service.extensions)
}

/// A job as `config` prints it.
pub(super) fn job(job: &Job, form: Form) -> Tree {
    let mut fields = fields(&job.service, form);
    fields.put("triggers", blocks::triggers(&job.triggers, form));
    fields.ranked(printed_rank).end(&job.service.extensions)
}

/// All attributes in the order in which the configuration hash digests them.
pub(super) fn hashed(service: &Service, form: Form) -> Tree {
    fields(service, form).ranked(|key| usize::from(key == "pull_refresh_after")).end(&service.extensions)
}

fn printed_rank(key: &str) -> usize {
    let rank = |keys: &[&str]| keys.iter().position(|other| *other == key);
    rank(&FIRST).or_else(|| Some(FIRST.len() + 1 + rank(&LAST)?)).unwrap_or(FIRST.len())
}

/// All attributes, those of a container in the order in which they are printed.
fn fields(service: &Service, form: Form) -> Fields {
    let mut fields = Fields::new(form);
    up_to_environment(service, &mut fields);
    up_to_links(service, &mut fields);
    up_to_ports(service, &mut fields);
    up_to_the_end(service, &mut fields);
    fields
}

/// A `pre_start` hook. Docker Compose 5.5 and 2 hashed what they knew of it.
fn pre_start(hook: &PreStart, form: Form) -> Tree {
    if matches!(form, Form::JsonOfV5_5 | Form::JsonOfV2) {
        return blocks::hook(&hook.written, form);
    }
    let mut fields = fields(&hook.container, form);
    fields.flag("per_replica", hook.per_replica());
    fields.end(&hook.container.extensions)
}

fn up_to_environment(service: &Service, fields: &mut Fields) {
    fields.texts("profiles", &service.profiles);
    fields.texts_by_name("annotations", &service.annotations);
    fields.some("attach", service.attach);
    fields.block("build", service.build.as_ref(), blocks::build);
    fields.block("develop", service.develop.as_ref(), blocks::develop);
    fields.block("blkio_config", service.blkio_config.as_ref(), blkio);
    fields.texts("cap_add", &service.cap_add);
    fields.texts("cap_drop", &service.cap_drop);
    fields.text("cgroup_parent", service.cgroup_parent.as_deref());
    fields.shown("cgroup", service.cgroup.as_ref());
    fields.number("cpu_count", service.cpu_count);
    fields.float("cpu_percent", service.cpu_percent);
    fields.number("cpu_period", service.cpu_period);
    fields.number("cpu_quota", service.cpu_quota);
    fields.number("cpu_rt_period", service.cpu_rt_period);
    fields.number("cpu_rt_runtime", service.cpu_rt_runtime);
    fields.float("cpus", service.cpus);
    fields.text("cpuset", service.cpuset.as_deref());
    fields.number("cpu_shares", service.cpu_shares);
    fields.command("command", service.command.as_ref());
    fields.list("configs", &service.configs, file_reference);
    fields.text("container_name", service.container_name.as_deref());
    fields.block("credential_spec", service.credential_spec.as_ref(), credential_spec);
    let dependencies = fields.entries(&service.depends_on, dependency);
    fields.filled("depends_on", dependencies);
    fields.block("deploy", service.deploy.as_ref(), blocks::deploy);
    fields.texts("device_cgroup_rules", &service.device_cgroup_rules);
    fields.list("devices", &service.devices, device);
    fields.texts("dns", &service.dns);
    fields.texts("dns_opt", &service.dns_opt);
    fields.texts("dns_search", &service.dns_search);
    fields.text("domainname", service.domainname.as_deref());
    fields.command("entrypoint", service.entrypoint.as_ref());
    fields.block("provider", service.provider.as_ref(), provider);
    fields.variables("environment", &service.environment);
}

fn up_to_links(service: &Service, fields: &mut Fields) {
    fields.list("env_file", &service.env_file, env_file);
    fields.texts("expose", &service.expose);
    fields.block("extends", service.extends.as_ref(), extends);
    fields.texts("external_links", &service.external_links);
    fields.texts("extra_hosts", &service.extra_hosts.entries('='));
    fields.texts("group_add", &service.group_add);
    fields.list("gpus", &service.gpus, device_request);
    fields.text("hostname", service.hostname.as_deref());
    fields.block("healthcheck", service.healthcheck.as_ref(), healthcheck);
    fields.text("image", service.image.as_deref());
    fields.some("init", service.init);
    fields.shown("ipc", service.ipc.as_ref());
    fields.text("isolation", service.isolation.as_deref());
    fields.texts_by_name("labels", &service.labels);
    let label_files: Vec<_> = service.label_file.iter().map(|path| path.display()).collect();
    fields.texts("label_file", &label_files);
    fields.texts("links", &service.links);
}

fn up_to_ports(service: &Service, fields: &mut Fields) {
    fields.block("logging", service.logging.as_ref(), logging);
    fields.quantity("mem_limit", service.mem_limit);
    fields.quantity("mem_reservation", service.mem_reservation);
    fields.quantity("memswap_limit", service.memswap_limit);
    fields.quantity("mem_swappiness", service.mem_swappiness);
    fields.text("mac_address", service.mac_address.as_deref());
    let models = fields.entries(&service.models, |model, form| or_null(model.as_ref(), form, service_model));
    fields.filled("models", models);
    fields.shown("network_mode", service.network_mode.as_ref());
    let networks = fields.entries(&service.networks, |network, form| or_null(network.as_ref(), form, service_network));
    fields.filled("networks", networks);
    fields.flag("oom_kill_disable", service.oom_kill_disable);
    fields.number("oom_score_adj", service.oom_score_adj);
    fields.shown("pid", service.pid.as_ref());
    fields.number("pids_limit", service.pids_limit);
    fields.text("platform", service.platform.as_deref());
    fields.list("ports", &service.ports, port);
}

fn up_to_the_end(service: &Service, fields: &mut Fields) {
    fields.flag("privileged", service.privileged);
    fields.shown("pull_policy", service.pull_policy.as_ref());
    fields.text("pull_refresh_after", service.pull_refresh_after.as_deref());
    fields.flag("read_only", service.read_only);
    fields.text("restart", service.restart.as_deref());
    fields.text("runtime", service.runtime.as_deref());
    fields.some("scale", service.scale);
    fields.list("secrets", &service.secrets, file_reference);
    fields.texts("security_opt", &service.security_opt);
    fields.quantity("shm_size", service.shm_size);
    fields.flag("stdin_open", service.stdin_open);
    fields.shown("stop_grace_period", service.stop_grace_period);
    fields.text("stop_signal", service.stop_signal.as_deref());
    fields.texts_by_name("storage_opt", &service.storage_opt);
    fields.texts_by_name("sysctls", &service.sysctls);
    fields.texts("tmpfs", &service.tmpfs);
    fields.flag("tty", service.tty);
    let ulimits = fields.entries(&service.ulimits, ulimit);
    fields.filled("ulimits", ulimits);
    fields.flag("use_api_socket", service.use_api_socket);
    fields.text("user", service.user.as_deref());
    fields.text("userns_mode", service.userns_mode.as_deref());
    fields.shown("uts", service.uts.as_ref());
    fields.list("volumes", &service.volumes, mount);
    fields.texts("volumes_from", &service.volumes_from);
    fields.text("working_dir", service.working_dir.as_deref());
    fields.list("pre_start", &service.pre_start, pre_start);
    fields.list("post_start", &service.post_start, blocks::hook);
    fields.list("pre_stop", &service.pre_stop, blocks::hook);
}

fn or_null<T>(value: Option<&T>, form: Form, tree: fn(&T, Form) -> Tree) -> Tree {
    value.map_or(Tree::Null, |value| tree(value, form))
}

/// In JSON, device items have capitalised keys, and nothing is left out.
fn blkio(blkio: &Blkio, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.number("weight", blkio.weight.into());
    fields.list("weight_device", &blkio.weight_device, weight_device);
    fields.list("device_read_bps", &blkio.device_read_bps, throttle_device);
    fields.list("device_read_iops", &blkio.device_read_iops, throttle_device);
    fields.list("device_write_bps", &blkio.device_write_bps, throttle_device);
    fields.list("device_write_iops", &blkio.device_write_iops, throttle_device);
    fields.end(&Extensions::new())
}

fn weight_device(device: &WeightDevice, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    let (path, weight) = if form.is_json() { ("Path", "Weight") } else { ("path", "weight") };
    fields.put(path, device.path.as_str());
    fields.put(weight, i64::from(device.weight));
    fields.end(&device.extensions)
}

fn throttle_device(device: &ThrottleDevice, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    let (path, rate) = if form.is_json() { ("Path", "Rate") } else { ("path", "rate") };
    fields.put(path, device.path.as_str());
    fields.put(rate, device.rate.to_string());
    fields.end(&device.extensions)
}

fn credential_spec(spec: &CredentialSpec, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.text("config", spec.config.as_deref());
    fields.text("file", spec.file.as_deref());
    fields.text("registry", spec.registry.as_deref());
    fields.end(&spec.extensions)
}

fn dependency(dependency: &Dependency, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.put("condition", dependency.condition.as_str());
    fields.flag("restart", dependency.restart);
    fields.put("required", dependency.required);
    fields.end(&dependency.extensions)
}

fn device(device: &Device, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.text("source", Some(&device.source));
    fields.text("target", device.target.as_deref());
    fields.text("permissions", device.permissions.as_deref());
    fields.end(&device.extensions)
}

fn provider(provider: &Provider, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.text("type", Some(&provider.kind));
    let options = fields.entries(&provider.options, |values, _| words(values));
    fields.filled("options", options);
    fields.end(&provider.extensions)
}

fn env_file(file: &EnvFile, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.put("path", file.path.display().to_string());
    fields.some("required", Some(file.required).filter(|required| !required));
    fields.text("format", file.format.as_deref());
    fields.end(&Extensions::new())
}

fn extends(extends: &Extends, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.text("file", extends.file.as_deref());
    fields.text("service", Some(&extends.service));
    fields.end(&Extensions::new())
}

fn healthcheck(check: &Healthcheck, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.texts("test", &check.test);
    fields.shown("timeout", check.timeout);
    fields.shown("interval", check.interval);
    fields.some("retries", check.retries.map(unsigned));
    fields.shown("start_period", check.start_period);
    fields.shown("start_interval", check.start_interval);
    fields.flag("disable", check.disable);
    fields.end(&check.extensions)
}

fn logging(logging: &Logging, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.text("driver", logging.driver.as_deref());
    fields.texts_by_name("options", &logging.options);
    fields.end(&logging.extensions)
}

fn service_model(model: &ServiceModel, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.text("endpoint_var", model.endpoint_var.as_deref());
    fields.text("model_var", model.model_var.as_deref());
    fields.end(&model.extensions)
}

fn service_network(network: &ServiceNetwork, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.texts("aliases", &network.aliases);
    fields.texts_by_name("driver_opts", &network.driver_opts);
    fields.number("gw_priority", network.gw_priority);
    fields.text("interface_name", network.interface_name.as_deref());
    fields.text("ipv4_address", network.ipv4_address.as_deref());
    fields.text("ipv6_address", network.ipv6_address.as_deref());
    fields.texts("link_local_ips", &network.link_local_ips);
    fields.text("mac_address", network.mac_address.as_deref());
    fields.number("priority", network.priority);
    fields.end(&network.extensions)
}

fn port(port: &Port, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.text("name", port.name.as_deref());
    fields.text("mode", port.mode.as_deref());
    fields.text("host_ip", port.host_ip.as_deref());
    fields.number("target", port.target.into());
    fields.text("published", port.published.as_deref());
    fields.text("protocol", port.protocol.as_deref());
    fields.text("app_protocol", port.app_protocol.as_deref());
    fields.end(&port.extensions)
}

fn mount(mount: &Mount, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.put("type", mount.kind.as_str());
    fields.text("source", mount.source.as_deref());
    fields.text("target", Some(&mount.target));
    fields.flag("read_only", mount.read_only);
    fields.text("consistency", mount.consistency.as_deref());
    fields.block("bind", mount.bind.as_ref(), bind_options);
    fields.block("volume", mount.volume.as_ref(), volume_options);
    fields.block("tmpfs", mount.tmpfs.as_ref(), tmpfs_options);
    fields.block("image", mount.image.as_ref(), image_options);
    fields.end(&mount.extensions)
}

fn bind_options(options: &BindOptions, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.some("selinux", options.selinux.map(SelinuxLabel::as_str));
    fields.text("propagation", options.propagation.as_deref());
    let is_shown = match form {
        Form::Yaml | Form::Json | Form::JsonOfV5_5 => !options.create_host_path,
        Form::JsonOfV2 => options.create_host_path && options.says_create_host_path,
    };
    if is_shown {
        fields.put("create_host_path", options.create_host_path);
    }
    fields.some("recursive", options.recursive.map(RecursiveBind::as_str));
    fields.end(&options.extensions)
}

fn volume_options(options: &VolumeOptions, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.texts_by_name("labels", &options.labels);
    fields.flag("nocopy", options.nocopy);
    fields.text("subpath", options.subpath.as_deref());
    fields.end(&options.extensions)
}

fn tmpfs_options(options: &TmpfsOptions, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.quantity("size", options.size);
    fields.number("mode", options.mode.into());
    fields.end(&options.extensions)
}

fn image_options(options: &ImageOptions, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.text("subpath", options.subpath.as_deref());
    fields.end(&options.extensions)
}
