//! The message of an engine that rejects something in, the keys in the files that caused it out.
//!
//! `render::failure` chooses a hint by the phrase.

use std::path::Path;

use crate::engine::EngineError;
use crate::event::{Refusal, StepError};
use crate::plan::{Action, ContainerSpec};
use crate::project::{NetworkKey, Project, Service, ServiceName};

/// A phrase in the engine's message, with `{}` for the part it names, and after `&&` others that must occur too; then
/// the keys that may have caused it, likeliest first, separated by `|`.
///
/// Keys are relative to the service, network, volume or build that the step is about. `@source` and `@target` are the
/// mount whose source or target the engine names; `@endpoint.x` is the key `x` in the service's entry for the network
/// that the engine names, or for any; `@service.x` is the key `x` of the service itself; `@network` and `@volume.x` are a top-level network and the key `x` of a top-level
/// volume.
type Row = (&'static str, &'static str);

const PROGRAM: &str = "entrypoint|command|image|build";
const MEMORY: &str = "deploy.resources.limits.memory|mem_limit";
const RESERVED_MEMORY: &str = "deploy.resources.reservations.memory|mem_reservation";
const DEVICES: &str = "gpus|deploy.resources.reservations.devices|devices";
const ADDRESS: &str = "@endpoint.ipv4_address|@endpoint.ipv6_address";

/// Messages about containers, from Docker Engine and runc.
const CONTAINER: &[Row] = &[
    // The process.
    ("exec: \"{}\": executable file not found", PROGRAM),
    ("executable file `{}` not found", PROGRAM),
    ("exec: \"{}\": stat ", PROGRAM),
    ("exec: \"{}\": permission denied", PROGRAM),
    ("exec: \"{}\": is a directory", PROGRAM),
    ("exec format error", "platform|image|build"),
    ("no command specified", "entrypoint|command|image|build"),
    ("unable to find user {}:", "user"),
    ("unable to find group {}:", "group_add|user"),
    ("uids and gids must be in range", "user|group_add"),
    ("the working directory '{}' is invalid", "working_dir"),
    ("Cannot mkdir: {} is not a directory", "working_dir"),
    ("invalid signal: {}", "stop_signal"),
    ("invalid environment variable: {}", "environment|env_file"),
    ("sethostname: invalid argument", "hostname"),
    ("in Healthcheck cannot be", "healthcheck"),
    ("start_interval requires", "healthcheck.start_interval"),
    // Devices.
    ("adding custom device \"{}\"", "devices"),
    ("could not select device driver \"{}\"", DEVICES),
    ("unresolvable CDI devices {}", "devices|deploy.resources.reservations.devices|gpus"),
    ("failed to discover GPU vendor", DEVICES),
    ("invalid device cgroup rule format: '{}'", "device_cgroup_rules"),
    ("stat /dev/{}: no such file or directory", "blkio_config"),
    // Memory and CPUs.
    ("Minimum memory limit allowed is", MEMORY),
    ("Minimum memoryswap limit should be larger", "memswap_limit"),
    ("always set the Memory limit when using Memoryswap", "memswap_limit"),
    ("can not be less than memory reservation limit", RESERVED_MEMORY),
    ("Minimum memory reservation allowed is", RESERVED_MEMORY),
    ("valid memory swappiness range", "mem_swappiness"),
    ("range of CPUs is from", "deploy.resources.limits.cpus|cpus"),
    ("CPUs are not available - requested", "cpuset"),
    ("for cpuset cpus", "cpuset"),
    ("CPU cfs quota", "cpu_quota"),
    ("CPU cfs period", "cpu_period"),
    ("Nano CPUs and CPU Period", "cpu_period"),
    ("Nano CPUs and CPU Quota", "cpu_quota"),
    ("allowed cpu-shares is", "cpu_shares"),
    ("cpu.rt_runtime_us", "cpu_rt_runtime"),
    ("cpu.rt_period_us", "cpu_rt_period"),
    ("CPU real-time", "cpu_rt_runtime|cpu_rt_period"),
    ("range for oom score adj", "oom_score_adj"),
    ("SHM size can not be", "shm_size"),
    ("wrong rlimit value: RLIMIT_{}", "ulimits"),
    ("error setting rlimit", "ulimits"),
    // The kernel and isolation.
    ("sysctl \"{}\" is not in a separate kernel namespace", "sysctls"),
    ("sysctl \"{}\" not allowed in host network", "sysctls"),
    ("open /proc/sys/{}: no such file", "sysctls"),
    ("invalid CapAdd: unknown capability: \"CAP_{}\"", "cap_add"),
    ("invalid CapDrop: unknown capability: \"CAP_{}\"", "cap_drop"),
    ("invalid --security-opt 2: \"{}\"", "security_opt"),
    ("invalid --security-opt: \"{}\"", "security_opt"),
    ("invalid security-opt: \"{}\"", "security_opt"),
    ("seccomp profile", "security_opt"),
    ("apparmor", "security_opt"),
    ("runtime name: {}", "runtime"),
    ("invalid isolation", "isolation"),
    ("storage-opt is supported only", "storage_opt"),
    ("Unknown option {}", "storage_opt"),
    ("invalid IPC mode: {}", "ipc"),
    ("invalid PID mode: {}", "pid"),
    ("invalid UTS mode: {}", "uts"),
    ("invalid cgroup namespace mode: {}", "cgroup"),
    ("non-shareable IPC", "ipc"),
    ("non running container", "network_mode|ipc|pid"),
    ("could not get container for {}:", "external_links|links"),
    ("Cannot link to a non running container", "external_links|links"),
    ("No such container: {}", "network_mode|ipc|pid|volumes_from|external_links"),
    ("network {} not found", "network_mode"),
    ("conflicting options: hostname", "hostname"),
    ("conflicting options: dns", "dns"),
    ("conflicting options: custom host-to-IP", "extra_hosts"),
    ("conflicting options: mac-address", "mac_address"),
    ("conflicting options: port publishing", "ports"),
    ("conflicting options: port exposing", "expose"),
    ("invalid restart policy", "deploy.restart_policy|restart"),
    // Logs.
    ("looking up logging plugin {}:", "logging.driver"),
    ("unknown log opt '{}'", "logging.options"),
    ("failed to initialize logging driver", "logging.options|logging.driver"),
    // Mounts.
    ("bind source path does not exist: {}", "@source"),
    ("while creating mount source path '{}'", "@source"),
    ("path {} is mounted on", "@source"),
    // In some messages this follows "invalid volume specification", which is less specific.
    ("invalid mount path: '{}'", "@target|volumes|tmpfs"),
    ("invalid volume specification: '{}:", "@source|volumes"),
    ("to rootfs at \"{}\" && not a directory", "@target"),
    ("to rootfs at \"{}\"", "@target"),
    ("Duplicate mount point: {}", "@target"),
    ("invalid tmpfs option \"{}\"", "tmpfs"),
    (": \"{}\" includes invalid characters for a local volume name", "volumes"),
    ("cannot access path", "@subpath"),
    ("mount config for type \"{}\": mount type unknown", "volumes"),
    ("invalid mode: {}", "volumes|volumes_from"),
    ("error while mounting volume", "@volume.driver_opts|@volume"),
    ("volume plugin {}:", "volume_driver|@volume.driver"),
    ("No such image: {}", "image|volumes|build"),
    ("does not match the specified platform", "platform|image"),
    ("does not provide the specified platform", "platform|image"),
    // Copied content.
    ("cannot overwrite directory \"{}\"", "@target|configs|secrets"),
    ("not the path of a file", "configs|secrets"),
    ("is not a number", "secrets|configs"),
    ("unsupported external secret {}", "secrets"),
    ("unsupported external config {}", "configs"),
    // Networks.
    ("invalid MAC address {}", "@endpoint.mac_address|mac_address"),
    ("MAC to \"{}\": cannot assign", "@endpoint.mac_address|mac_address"),
    ("the service-level mac_address", "mac_address"),
    ("invalid IPv4 address: {}", "@endpoint.ipv4_address"),
    ("invalid IPv6 address: {}", "@endpoint.ipv6_address"),
    ("invalid link-local IP", "@endpoint.link_local_ips"),
    ("ip-range contain the IP address {}", ADDRESS),
    ("supported only when connecting to networks with user configured subnets", ADDRESS),
    ("IP address is supported on user defined networks only", ADDRESS),
    ("no available IPv4 addresses on this network", "@network"),
    ("error renaming interface", "@endpoint.interface_name|@endpoint.driver_opts"),
    ("interface_name requires", "@endpoint.interface_name"),
    ("network interface sysctl '{}'", "@endpoint.driver_opts"),
    ("network-scoped alias is supported only", "@network"),
    ("bad nameserver address {}:", "dns"),
    ("invalid DNS address", "dns"),
    ("add-host: \"{}\"", "extra_hosts"),
    ("invalid port specification: \"{}\"", "ports|expose"),
    ("all ports are allocated", "ports"),
    ("cannot assign requested address", "ports"),
    ("empty string is not permitted as an annotation key", "annotations"),
];

/// Messages about networks.
const NETWORK: &[Row] = &[
    ("Pool overlaps with other one", "ipam.config"),
    ("predefined address pools have been fully subnetted", ""),
    ("could not find an available, non-overlapping", ""),
    ("plugin \"{}\" not found", "driver|ipam.driver"),
    ("not a swarm manager", "driver"),
    ("invalid subinterface vlan name {},", "driver_opts"),
    ("requested ipvlan mode '{}'", "driver_opts"),
    ("failed to parse {} value", "driver_opts"),
    ("networks have same bridge name", "driver_opts"),
    ("numerical result out of range", "driver_opts"),
    ("invalid gateway {}:", "ipam.config"),
    ("invalid ip-range {}:", "ipam.config"),
    ("invalid auxiliary address {}:", "ipam.config"),
    ("invalid subnet {}:", "ipam.config"),
    ("multiple subnets", "ipam.config"),
    ("IPv4 or IPv6 must be enabled", "enable_ipv4"),
];

/// Messages about volumes.
const VOLUME: &[Row] = &[
    ("volume plugin {}:", "driver"),
    ("invalid option: \"{}\"", "driver_opts"),
    ("missing required option: \"{}\"", "driver_opts"),
    ("invalid size: '{}'", "driver_opts"),
    ("no quota support", "driver_opts"),
    ("includes invalid characters for a local volume name", "name"),
    ("volume name is too short", "name"),
];

/// Messages about builds.
const BUILD: &[Row] = &[
    ("build context `{}`", "context"),
    ("no Dockerfile at `{}`", "dockerfile|context"),
    ("cannot read `{}.dockerignore`", "context"),
    ("target stage \"{}\"", "target"),
    ("the Dockerfile cannot be empty", "dockerfile_inline|dockerfile|context"),
    ("failed to parse target platform {}:", "platforms|@service.platform"),
    ("repository name ({}) must be lowercase", "tags|@service.image"),
    ("invalid reference format", "tags|@service.image"),
    ("unsupported external secret {}", "secrets"),
    ("`build.ssh`", "ssh"),
    ("the SSH key `{}`", "ssh"),
    ("`build.provenance` && containerd image store", "provenance"),
    ("`build.provenance`", "provenance"),
    ("`build.sbom` && containerd image store", "sbom"),
    ("`build.sbom`", "sbom"),
    ("`build.cache_to` && containerd image store", "cache_to"),
    ("`build.cache_to`", "cache_to"),
    ("`build.cache_from`", "cache_from"),
    ("`build.platforms` && containerd image store", "platforms"),
    ("`build.platforms`", "platforms"),
    ("`build.extra_hosts`", "extra_hosts"),
    ("`build.additional_contexts`", "additional_contexts"),
    ("`build.secrets`", "secrets"),
    ("`build.no_cache_filter`", "no_cache_filter"),
    ("`build.privileged`", "privileged|entitlements"),
    ("`build.entitlements`", "entitlements"),
    ("the additional context `{}`", "additional_contexts"),
    ("the secret `{}`", "secrets"),
    ("`build.dockerfile_inline`", "dockerfile_inline"),
    ("granting entitlement security.insecure", "privileged|entitlements"),
    ("granting entitlement {} is not allowed", "entitlements|network"),
    ("unknown entitlement", "entitlements"),
    ("a build cannot use the network", "network"),
    ("in the cache `", "cache_from|cache_to"),
    ("the engine has no BuildKit", ""),
];

/// `error` with the keys in the files that caused it, if the engine rejected what `action` requests.
#[must_use]
pub fn explained(error: StepError, action: &Action) -> StepError {
    let words = if let StepError::Engine(
        EngineError::Refused(words)
        | EngineError::Failed(words)
        | EngineError::NotFound(words)
        | EngineError::Conflict(words)
        | EngineError::Unsupported(words),
    ) = &error
    {
        words
    } else if let StepError::Build { failure, .. } = &error
        && failure.place.is_none()
    {
        // One with a place in the Dockerfile is not about the Compose file.
        &failure.message
    } else {
        return error;
    };
    match explain(action, words) {
        Some(refusal) => StepError::Refused { words: words.clone(), refusal: Box::new(refusal) },
        None => error,
    }
}

/// What `words`, the engine's rejection of `action`, are about; `None` if they are not about the files.
#[must_use]
#[expect(clippy::wildcard_enum_match_arm, reason = "the other steps ask for nothing that the files say")]
pub fn explain(action: &Action, words: &str) -> Option<Refusal> {
    let (rows, project, scope, service) = match action {
        Action::CreateContainer(spec)
        | Action::ConnectNetwork { spec, .. }
        | Action::StartContainer { spec: Some(spec), .. } => container(spec)?,
        Action::RunPreStart { spec, hook, .. } => {
            let (rows, project, mut scope, service) = container(spec)?;
            scope.extend(["pre_start".to_owned(), hook.to_string()]);
            (rows, project, scope, service)
        }
        Action::BuildImage { project, spec } => {
            let scope = path(&["services", spec.service.as_str(), "build"]);
            (BUILD, &**project, scope, definition(project, &spec.service))
        }
        Action::CreateNetwork { project, key } => (NETWORK, &**project, path(&["networks", key.as_str()]), None),
        Action::CreateVolume { project, key } => (VOLUME, &**project, path(&["volumes", key.as_str()]), None),
        _ => return None,
    };
    let asked = Asked { project, scope, service, words };
    rows.iter().find_map(|row| asked.row(row))
}

type Subject<'a> = (&'static [Row], &'a Project, Vec<String>, Option<&'a Service>);

fn container(spec: &ContainerSpec) -> Option<Subject<'_>> {
    let service = definition(&spec.project, &spec.replica.service)?;
    Some((CONTAINER, &spec.project, path(&["services", service.name.as_str()]), Some(service)))
}

fn definition<'a>(project: &'a Project, name: &ServiceName) -> Option<&'a Service> {
    project.services.get(name).or_else(|| project.disabled.get(name))
}

/// A request to the engine, and its answer.
struct Asked<'a> {
    project: &'a Project,
    /// The path of the object to create.
    scope: Vec<String>,
    service: Option<&'a Service>,
    words: &'a str,
}

impl Asked<'_> {
    /// The refusal according to a row, if it matches and one of its keys is in the files.
    fn row(&self, (phrase, keys): &Row) -> Option<Refusal> {
        let word = named(self.words, phrase)?;
        let word = if phrase.starts_with("open /proc/sys/") { word.replace('/', ".") } else { word };
        let candidates = keys.split('|').filter(|key| !key.is_empty()).flat_map(|key| self.paths(key, &word));
        let places: Vec<_> = candidates.filter(|path| self.is_written(path)).collect();
        if places.is_empty() && !keys.is_empty() {
            return None;
        }
        let places = if keys.is_empty() { vec![self.scope.clone()] } else { places };
        Some(Refusal {
            phrase,
            places: places.into_iter().filter(|path| self.is_written(path)).collect(),
            word: Some(word).filter(|word| !word.is_empty()),
        })
    }

    fn is_written(&self, path: &[String]) -> bool {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        self.project.origins.get(&path).is_some()
    }

    fn paths(&self, key: &str, word: &str) -> Vec<Vec<String>> {
        let below = |parts: Vec<&str>| {
            self.scope.iter().cloned().chain(parts.into_iter().map(str::to_owned)).collect::<Vec<_>>()
        };
        let Some(special) = key.strip_prefix('@') else { return vec![below(key.split('.').collect())] };
        let (kind, field) = special.split_once('.').unwrap_or((special, ""));
        match kind {
            "source" => self.by_source(word),
            "target" => self.by_target(word),
            "subpath" => self.mounts(|mount| {
                mount.volume.as_ref().is_some_and(|volume| volume.subpath.is_some())
                    || mount.image.as_ref().is_some_and(|image| image.subpath.is_some())
            }),
            "service" => self
                .scope
                .get(..2)
                .map(|scope| scope.iter().cloned().chain([field.to_owned()]).collect())
                .into_iter()
                .collect(),
            "endpoint" => self.networks().map(|key| below(vec!["networks", key, field])).collect(),
            "network" => {
                let of_service = self.networks().map(|key| below(vec!["networks", key]));
                self.networks().map(|key| path(&["networks", key])).chain(of_service).collect()
            }
            "volume" => {
                let named = self.project.volumes.iter().filter(|(_, volume)| self.words.contains(&volume.name));
                let field = Some(field).filter(|field| !field.is_empty());
                let path_of = |key| path(&["volumes", key]).into_iter().chain(field.map(str::to_owned)).collect();
                named.map(|(key, _)| path_of(key.as_str())).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The service's networks: the one that the engine names, or all.
    fn networks(&self) -> impl Iterator<Item = &str> {
        let keys = || self.service.into_iter().flat_map(|service| service.networks.keys());
        let is_named = |name: &str| self.words.split([' ', ':', '\n']).any(|part| part == name);
        let named = keys().find(|key| self.project.networks.get(*key).is_some_and(|network| is_named(&network.name)));
        keys().filter(move |key| named.is_none_or(|named| named == *key)).map(NetworkKey::as_str)
    }

    /// The mount of a host path, or the secret or config from that file.
    fn by_source(&self, source: &str) -> Vec<Vec<String>> {
        use crate::project::FileSource;
        let is_it = |path: &str| self.project.working_directory.join(path) == Path::new(source);
        let mut paths = self.mounts(|mount| mount.source.as_deref().is_some_and(is_it));
        for path in &mut paths {
            path.push("source".to_owned());
        }
        // The short form has no separate keys.
        let whole: Vec<_> = paths.iter().map(|path| path[..path.len() - 1].to_vec()).collect();
        let is_file = |file: &Option<FileSource>| matches!(file, Some(FileSource::File(path)) if path == source);
        let secrets = self.project.secrets.iter().filter(|(_, secret)| is_file(&secret.source));
        let configs = self.project.configs.iter().filter(|(_, config)| is_file(&config.source));
        let secrets = secrets.map(|(key, _)| path(&["secrets", key.as_str(), "file"]));
        let configs = configs.map(|(key, _)| path(&["configs", key.as_str(), "file"]));
        paths.into_iter().chain(whole).chain(secrets).chain(configs).take_while(|path| !path.is_empty()).collect()
    }

    /// What is mounted at a path in the container.
    fn by_target(&self, target: &str) -> Vec<Vec<String>> {
        let target = &*format!("/{}", target.trim_start_matches('/'));
        let mut paths = self.mounts(|mount| mount.target == target);
        let Some(service) = self.service else { return paths };
        let tmpfs = service.tmpfs.iter().position(|tmpfs| tmpfs.target.trim_end_matches('/') == target);
        paths.extend(tmpfs.map(|index| self.item("tmpfs", index)));
        let secret = service.secrets.iter().position(|file| file.path_in(crate::project::SECRETS_FOLDER) == target);
        paths.extend(secret.map(|index| self.item("secrets", index)));
        let config = service.configs.iter().position(|file| file.path_in(crate::project::CONFIGS_FOLDER) == target);
        paths.extend(config.map(|index| self.item("configs", index)));
        paths
    }

    fn mounts(&self, is_it: impl Fn(&crate::project::value::Mount) -> bool) -> Vec<Vec<String>> {
        let mounts = self.service.into_iter().flat_map(|service| service.volumes.iter().enumerate());
        mounts.filter(|(_, mount)| is_it(mount)).map(|(index, _)| self.item("volumes", index)).collect()
    }

    fn item(&self, list: &str, index: usize) -> Vec<String> {
        self.scope.iter().cloned().chain([list.to_owned(), index.to_string()]).collect()
    }
}

fn path(parts: &[&str]) -> Vec<String> {
    parts.iter().map(|part| (*part).to_owned()).collect()
}

/// The text in `words` where `pattern` has `{}`; empty if it has none. `None` if it does not match.
fn named(words: &str, pattern: &str) -> Option<String> {
    let (pattern, other) = pattern.split_once(" && ").unwrap_or((pattern, ""));
    if !words.contains(other) {
        return None;
    }
    let Some((before, after)) = pattern.split_once("{}") else {
        return words.to_lowercase().contains(&pattern.to_lowercase()).then(String::new);
    };
    let rest = &words[words.find(before)? + before.len()..];
    let end = if after.is_empty() { rest.find('\n').unwrap_or(rest.len()) } else { rest.find(after)? };
    let word = &rest[..end];
    // Quotes around it end it, so everything before them belongs to it.
    let word = if after.starts_with(['"', '\'', '`']) { word } else { word.trim_end_matches([',', '"', '\'', ')']) };
    Some(word.strip_suffix(":latest").unwrap_or(word).to_owned())
}
