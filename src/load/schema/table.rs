//! Every element and attribute of a Compose file and its allowed values: the Compose specification's
//! `compose-spec.json`, and what Docker Compose accepts beyond it.
//!
//! Keys are sorted for binary search; a test checks the order.

use crate::project::service::{is_path, read_duration, short_http, short_port};

use super::ready;
use super::shape::{Extensions, Keys, Names, Repeats, Scalars, Shape};

const BOOL: Scalars = Scalars::BOOL;
const INT: Scalars = Scalars::INT;
const NUM: Scalars = Scalars::NUMBER;
const STR: Scalars = Scalars::STRING;
const NULL: Scalars = Scalars::NULL;

/// Anything at all: the value of an `x-*` key.
pub(super) static ANY: Shape = Shape::free(&ANY, Names::Any).or(Scalars::ALL).or_list(&ANY, Repeats::Allowed);

static TEXT: Shape = Shape::scalars(STR);
static DURATION: Shape = TEXT_VALUE.advice("a duration needs a unit, as in `30s` or `1m30s`");
static SIZE_TEXT: Shape = TEXT_VALUE.advice("a size needs a unit, as in `512M` or `1g`");
const TEXT_VALUE: Shape = Shape::scalars(STR);
static FLAG: Shape = Shape::scalars(BOOL.and(STR));
static LITERAL_FLAG: Shape = Shape::scalars(BOOL);
static WHOLE: Shape = Shape::scalars(INT.and(STR));
static NUMBER: Shape = Shape::scalars(NUM.and(STR));
static NUMBER_ONLY: Shape = Shape::scalars(NUM);
static WHOLE_ONLY: Shape = Shape::scalars(INT);
static ANY_SCALAR: Shape = Shape::scalars(Scalars::ALL);
static TEXT_OR_FLAG: Shape = Shape::scalars(STR.and(BOOL));

static TEXTS: Shape = Shape::list(&TEXT, Repeats::Allowed);
static UNIQUE_TEXTS: Shape = Shape::list(&TEXT, Repeats::Refused);
static UNIQUE_VALUES: Shape = Shape::list(&NUMBER, Repeats::Refused);
static TEXT_OR_TEXTS: Shape = Shape::scalars(STR).or_list(&TEXT, Repeats::Refused);
static TEXT_OR_ANY_TEXTS: Shape = Shape::scalars(STR).or_list(&TEXT, Repeats::Allowed);
static COMMAND: Shape = Shape::scalars(STR.and(NULL)).or_list(&TEXT, Repeats::Allowed);
static LIST_OR_MAP: Shape = Shape::free(&ANY_SCALAR, Names::NonEmpty).or_list(&TEXT, Repeats::Refused);
static DRIVER_OPTIONS: Shape = Shape::free(&NUMBER, Names::NonEmpty);
static TEXT_OPTIONS: Shape = Shape::free(&TEXT, Names::NonEmpty);
/// The addresses of a host in `extra_hosts`.
pub(super) static ADDRESSES: Shape = Shape::scalars(STR).or_list(&TEXT, Repeats::Allowed);
static EXTRA_HOSTS: Shape = Shape::free(&ADDRESSES, Names::NonEmpty).or_list(&TEXT, Repeats::Refused);

/// Shorthand for a mapping with known keys that allows `x-*` and requires nothing.
const fn keys(what: &'static str, known: &'static [(&'static str, &'static Shape)]) -> Keys {
    Keys { what, known, more: &[], required: &[], one_of: &[], extensions: Extensions::Allowed }
}

/// The same with the keys of others too.
#[expect(clippy::needless_pass_by_value, reason = "the rest of the value becomes part of the result")]
const fn with(keys: Keys, more: &'static [&'static Keys]) -> Keys {
    Keys { more, ..keys }
}

#[expect(clippy::needless_pass_by_value, reason = "the rest of the value becomes part of the result")]
const fn needing_one(keys: Keys, one_of: &'static [&'static str]) -> Keys {
    Keys { one_of, ..keys }
}

#[expect(clippy::needless_pass_by_value, reason = "the rest of the value becomes part of the result")]
const fn requiring(keys: Keys, required: &'static [&'static str]) -> Keys {
    Keys { required, ..keys }
}

#[expect(clippy::needless_pass_by_value, reason = "the rest of the value becomes part of the result")]
const fn closed(keys: Keys) -> Keys {
    Keys { extensions: Extensions::Refused, ..keys }
}

/// A whole document (Compose spec: `03-compose-file.md`).
pub(super) static DOCUMENT: Keys = keys(
    "a Compose file",
    &[
        ("configs", &Shape::free(&Shape::keys(&CONFIG), Names::Resource("config"))),
        ("include", &ANY),
        ("jobs", &Shape::free(&Shape::keys(&JOB), Names::Resource("job"))),
        ("models", &Shape::free(&Shape::keys(&MODEL), Names::Resource("model"))),
        ("name", &TEXT),
        ("networks", &Shape::free(&Shape::keys(&NETWORK).or(NULL), Names::Resource("network"))),
        ("secrets", &Shape::free(&Shape::keys(&SECRET), Names::Resource("secret"))),
        ("services", &Shape::free(&Shape::keys(&SERVICE), Names::Resource("service"))),
        ("version", &TEXT_VALUE.advice("remove the line: `version` is obsolete and ignored")),
        ("volumes", &Shape::free(&Shape::keys(&VOLUME).or(NULL), Names::Resource("volume"))),
    ],
);

/// A service (Compose spec: `05-services.md`): what only services have, and what their containers are made from.
pub(super) static SERVICE: Keys = with(
    keys(
        "a service",
        &[
            ("attach", &FLAG),
            (
                "container_name",
                &Shape::form(is_container_name, "letters, digits, `_`, `.` and `-`, at least two of them"),
            ),
            ("deploy", &Shape::keys(&DEPLOY).or(NULL)),
            ("develop", &Shape::keys(&DEVELOP).or(NULL)),
            ("extends", &EXTENDED),
            ("external_links", &UNIQUE_TEXTS),
            ("links", &UNIQUE_TEXTS),
            ("post_start", &Shape::list(&Shape::keys(&HOOK), Repeats::Allowed)),
            ("pre_start", &Shape::list(&Shape::keys(&PRE_START), Repeats::Allowed)),
            ("pre_stop", &Shape::list(&Shape::keys(&HOOK), Repeats::Allowed)),
            ("profiles", &UNIQUE_TEXTS),
            ("provider", &Shape::keys(&PROVIDER)),
            ("restart", &TEXT_VALUE.advice("write `\"no\"`, `always`, `on-failure` or `unless-stopped`")),
            ("scale", &WHOLE),
            ("x-hoist", &Shape::keys(&X_HOIST)),
        ],
    ),
    &[&CONTAINER, &WORKLOAD],
);

/// What any container is made from.
pub(super) static CONTAINER: Keys = keys(
    "a container",
    &[
        ("annotations", &LIST_OR_MAP),
        ("blkio_config", &Shape::keys(&BLKIO)),
        ("cap_add", &UNIQUE_TEXTS),
        ("cap_drop", &UNIQUE_TEXTS),
        ("cgroup", &Shape::words(&["host", "private"])),
        ("cgroup_parent", &TEXT),
        ("command", &COMMAND),
        ("configs", &Shape::list(&FILE_REFERENCE, Repeats::Allowed)),
        ("cpu_count", &Shape::scalars(STR.and(INT)).within(0, i64::MAX)),
        ("cpu_percent", &Shape::scalars(STR.and(INT)).within(0, 100)),
        ("cpu_period", &NUMBER),
        ("cpu_quota", &NUMBER),
        ("cpu_rt_period", &NUMBER),
        ("cpu_rt_runtime", &NUMBER),
        ("cpu_shares", &NUMBER),
        ("cpus", &NUMBER),
        ("cpuset", &TEXT),
        ("credential_spec", &Shape::keys(&CREDENTIAL_SPEC)),
        ("device_cgroup_rules", &UNIQUE_TEXTS),
        ("devices", &Shape::list(&Shape::scalars(STR).or_keys(&DEVICE), Repeats::Allowed)),
        ("dns", &TEXT_OR_TEXTS),
        ("dns_opt", &UNIQUE_TEXTS),
        ("dns_search", &TEXT_OR_TEXTS),
        ("domainname", &TEXT),
        ("entrypoint", &COMMAND),
        ("env_file", &Shape::scalars(STR).or_list(&Shape::scalars(STR).or_keys(&ENV_FILE), Repeats::Allowed)),
        ("environment", &LIST_OR_MAP),
        ("extra_hosts", &EXTRA_HOSTS),
        ("gpus", &Shape::words(&["all"]).or_list(&Shape::keys(&GPU), Repeats::Allowed)),
        ("group_add", &UNIQUE_VALUES),
        ("hostname", &TEXT),
        ("image", &TEXT),
        ("init", &FLAG),
        ("ipc", &TEXT),
        ("isolation", &TEXT),
        ("label_file", &TEXT_OR_ANY_TEXTS),
        ("labels", &LIST_OR_MAP),
        ("logging", &Shape::keys(&LOGGING)),
        ("mac_address", &TEXT),
        ("mem_limit", &NUMBER),
        ("mem_reservation", &WHOLE),
        ("mem_swappiness", &WHOLE),
        ("memswap_limit", &NUMBER),
        (
            "models",
            &Shape::free(&Shape::keys(&MODEL_REFERENCE).or(NULL), Names::Resource("model"))
                .or_list(&TEXT, Repeats::Refused),
        ),
        ("network_mode", &TEXT),
        (
            "networks",
            &Shape::free(&Shape::keys(&ATTACHMENT).or(NULL), Names::Resource("network"))
                .or_list(&TEXT, Repeats::Refused),
        ),
        ("oom_kill_disable", &FLAG),
        ("oom_score_adj", &Shape::scalars(STR.and(INT)).within(-1000, 1000)),
        ("pid", &TEXT),
        ("pids_limit", &NUMBER),
        ("platform", &TEXT),
        ("privileged", &FLAG),
        (
            "pull_policy",
            &Shape::form(
                is_pull_policy,
                "`always`, `never`, `build`, `missing`, `if_not_present`, `refresh`, `daily`, `weekly` or `every_<duration>`",
            ),
        ),
        ("pull_refresh_after", &TEXT),
        ("read_only", &FLAG),
        ("runtime", &TEXT),
        ("secrets", &Shape::list(&FILE_REFERENCE, Repeats::Allowed)),
        ("security_opt", &UNIQUE_TEXTS),
        ("shm_size", &NUMBER),
        ("stop_grace_period", &DURATION),
        ("stop_signal", &TEXT),
        ("storage_opt", &Shape::free(&ANY, Names::Any)),
        ("sysctls", &LIST_OR_MAP),
        ("tmpfs", &TEXT_OR_TEXTS),
        ("ulimits", &ULIMITS),
        ("use_api_socket", &LITERAL_FLAG),
        ("user", &TEXT),
        ("userns_mode", &TEXT),
        ("uts", &TEXT),
        ("volumes", &Shape::list(&Shape::scalars(STR).or_keys(&MOUNT), Repeats::Refused)),
        ("volumes_from", &UNIQUE_TEXTS),
        ("working_dir", &TEXT),
    ],
);

/// What the containers of services and jobs have in addition.
static WORKLOAD: Keys = keys(
    "a workload",
    &[
        ("build", &Shape::scalars(STR).or_keys(&BUILD)),
        (
            "depends_on",
            &Shape::free(&Shape::keys(&DEPENDENCY), Names::Resource("service")).or_list(&TEXT, Repeats::Refused),
        ),
        ("expose", &UNIQUE_VALUES),
        ("healthcheck", &Shape::keys(&HEALTHCHECK)),
        ("ports", &Shape::list(&Shape::scalars(NUM.and(STR)).or_keys(&PORT), Repeats::Refused)),
        ("stdin_open", &FLAG),
        ("tty", &FLAG),
    ],
);

/// A job: a container, and what makes it run.
static JOB: Keys = requiring(
    with(
        keys("a job", &[("extends", &EXTENDED), ("profiles", &UNIQUE_TEXTS), ("triggers", &Shape::keys(&TRIGGERS))]),
        &[&CONTAINER, &WORKLOAD],
    ),
    &["triggers"],
);
static TRIGGERS: Keys = needing_one(
    keys("`triggers`", &[("manual", &FLAG), ("schedule", &Shape::list(&SCHEDULE, Repeats::Allowed))]),
    &["manual", "schedule"],
);
static SCHEDULE: Shape = Shape::scalars(STR).or_keys(&SCHEDULE_KEYS);
static SCHEDULE_KEYS: Keys = requiring(
    keys(
        "a schedule",
        &[
            ("concurrency", &Shape::words(&["forbid", "queue"])),
            ("cron", &TEXT),
            ("missed_fires", &Shape::words(&["one", "skip"])),
            ("timezone", &TEXT),
        ],
    ),
    &["cron"],
);
static EXTENDED: Shape = Shape::scalars(STR.and(NULL)).or_keys(&EXTENDS);

/// Settings for hoist only; Docker Compose ignores them.
static X_HOIST: Keys = closed(keys(
    "`x-hoist`",
    &[("eager_health", &FLAG), ("job", &FLAG), ("ready", &Shape::keys(&READY)), ("rolling", &FLAG)],
));
static READY: Keys = needing_one(
    closed(keys(
        "`ready`",
        &[
            (
                "exec",
                &Shape::form(|text| !text.trim().is_empty(), "a command")
                    .or_list(&TEXT, Repeats::Allowed)
                    .instead(ready::instead_of_exec),
            ),
            (
                "http",
                &Shape::form(|text| short_http(text).is_some(), "`:PORT/path`, as in `:8080/health`")
                    .or_keys(&READY_HTTP)
                    .instead(ready::instead_of_http),
            ),
            ("interval", &TIME_SPAN),
            ("log", &Shape::form(ready::is_pattern, "a regular expression").instead(ready::instead_of_pattern)),
            ("tcp", &PORT_NUMBER),
            ("timeout", &TIME_SPAN),
        ],
    )),
    &["http", "tcp", "log", "exec"],
);
static READY_HTTP: Keys = requiring(
    closed(keys(
        "`http`",
        &[
            ("path", &Shape::form(is_path, "a path, as in `/health`")),
            ("port", &PORT_NUMBER),
            ("status", &Shape { range: Some((100, 599)), ..WHOLE_VALUE }),
        ],
    )),
    &["port"],
);
static PORT_NUMBER: Shape =
    Shape { range: Some((1, 65535)), ..Shape::form(|text| short_port(text).is_some(), "a port, as in `5432`").or(INT) };
static TIME_SPAN: Shape = Shape::form(|text| read_duration(text).is_some(), "a duration, as in `500ms` or `1m30s`")
    .instead(ready::instead_of_duration);
const WHOLE_VALUE: Shape = Shape::scalars(INT.and(STR));

static BLKIO: Keys = closed(keys(
    "`blkio_config`",
    &[
        ("device_read_bps", &BLKIO_RATES),
        ("device_read_iops", &BLKIO_RATES),
        ("device_write_bps", &BLKIO_RATES),
        ("device_write_iops", &BLKIO_RATES),
        ("weight", &NUMBER),
        ("weight_device", &Shape::list(&Shape::keys(&BLKIO_WEIGHT), Repeats::Allowed)),
    ],
));
static BLKIO_RATES: Shape = Shape::list(&Shape::keys(&BLKIO_RATE), Repeats::Allowed);
static BLKIO_RATE: Keys = closed(keys("a device limit", &[("path", &TEXT), ("rate", &WHOLE)]));
static BLKIO_WEIGHT: Keys = closed(keys("a device weight", &[("path", &TEXT), ("weight", &WHOLE)]));

static FILE_REFERENCE: Shape = Shape::scalars(STR).or_keys(&keys(
    "a reference to a secret or config",
    &[("gid", &TEXT), ("mode", &NUMBER), ("source", &TEXT), ("target", &TEXT), ("uid", &TEXT)],
));

static CREDENTIAL_SPEC: Keys = keys("`credential_spec`", &[("config", &TEXT), ("file", &TEXT), ("registry", &TEXT)]);

static DEPENDENCY: Keys = requiring(
    keys(
        "a dependency",
        &[
            ("condition", &Shape::words(&["service_started", "service_healthy", "service_completed_successfully"])),
            ("required", &FLAG),
            ("restart", &FLAG),
        ],
    ),
    &["condition"],
);

static DEVICE: Keys =
    requiring(keys("a device", &[("permissions", &TEXT), ("source", &TEXT), ("target", &TEXT)]), &["source"]);

static ENV_FILE: Keys = requiring(
    closed(keys("an `env_file` entry", &[("format", &TEXT), ("path", &TEXT), ("required", &FLAG)])),
    &["path"],
);

static EXTENDS: Keys = keys("`extends`", &[("file", &TEXT), ("service", &TEXT)]);

static GPU: Keys = keys("a GPU request", DEVICE_REQUEST);
const DEVICE_REQUEST: &[(&str, &Shape)] = &[
    ("capabilities", &UNIQUE_TEXTS),
    ("count", &WHOLE),
    ("device_ids", &UNIQUE_TEXTS),
    ("driver", &TEXT),
    ("options", &LIST_OR_MAP),
];

static HEALTHCHECK: Keys = keys(
    "a healthcheck",
    &[
        ("disable", &FLAG),
        ("interval", &DURATION),
        ("retries", &NUMBER),
        ("start_interval", &DURATION),
        ("start_period", &DURATION),
        ("test", &TEXT_OR_ANY_TEXTS),
        ("timeout", &DURATION),
    ],
);

static LOGGING: Keys = keys(
    "`logging`",
    &[("driver", &TEXT), ("options", &Shape::free(&Shape::scalars(STR.and(NUM).and(NULL)), Names::NonEmpty))],
);

static MODEL_REFERENCE: Keys = keys("a reference to a model", &[("endpoint_var", &TEXT), ("model_var", &TEXT)]);

/// An entry in a service's `networks` (`05-services.md`, `networks`).
static ATTACHMENT: Keys = keys(
    "a service's network",
    &[
        ("aliases", &UNIQUE_TEXTS),
        ("driver_opts", &DRIVER_OPTIONS),
        ("gw_priority", &NUMBER_ONLY),
        ("interface_name", &TEXT),
        ("ipv4_address", &TEXT),
        ("ipv6_address", &TEXT),
        ("link_local_ips", &UNIQUE_TEXTS),
        ("mac_address", &TEXT),
        ("priority", &NUMBER_ONLY),
    ],
);

/// A long port (`05-services.md`, `ports`).
static PORT: Keys = keys(
    "a port",
    &[
        ("app_protocol", &TEXT),
        ("host_ip", &TEXT),
        ("mode", &TEXT),
        ("name", &TEXT),
        ("protocol", &TEXT),
        ("published", &WHOLE),
        ("target", &WHOLE),
    ],
);

static PROVIDER: Keys = requiring(
    keys(
        "a provider",
        &[
            (
                "options",
                &Shape::free(
                    &Shape::scalars(STR.and(NUM).and(BOOL))
                        .or_list(&Shape::scalars(STR.and(NUM).and(BOOL)), Repeats::Allowed),
                    Names::NonEmpty,
                ),
            ),
            ("type", &TEXT),
        ],
    ),
    &["type"],
);

static ULIMITS: Shape = Shape::free(&Shape::scalars(INT.and(STR)).or_keys(&ULIMIT), Names::Any);
static ULIMIT: Keys = requiring(keys("a limit", &[("hard", &WHOLE), ("soft", &WHOLE)]), &["hard", "soft"]);

/// A long mount (`05-services.md`, `volumes`).
static MOUNT: Keys = requiring(
    keys(
        "a mount",
        &[
            ("bind", &Shape::keys(&MOUNT_BIND)),
            ("consistency", &TEXT),
            ("image", &Shape::keys(&MOUNT_IMAGE)),
            ("read_only", &FLAG),
            ("source", &TEXT),
            ("target", &TEXT),
            ("tmpfs", &Shape::keys(&MOUNT_TMPFS)),
            ("type", &Shape::words(&["bind", "volume", "tmpfs", "cluster", "npipe", "image"])),
            ("volume", &Shape::keys(&MOUNT_VOLUME)),
        ],
    ),
    &["type"],
);
static MOUNT_BIND: Keys = keys(
    "`bind`",
    &[
        ("create_host_path", &FLAG),
        ("propagation", &TEXT),
        ("recursive", &Shape::words(&["enabled", "disabled", "writable", "readonly"])),
        ("selinux", &Shape::words(&["z", "Z"])),
    ],
);
static MOUNT_IMAGE: Keys = keys("`image`", &[("subpath", &TEXT)]);
static MOUNT_TMPFS: Keys = keys("`tmpfs`", &[("mode", &NUMBER), ("size", &WHOLE_FROM_ZERO)]);
static WHOLE_FROM_ZERO: Shape = Shape::scalars(STR.and(INT)).within(0, i64::MAX);
static MOUNT_VOLUME: Keys = keys("`volume`", &[("labels", &LIST_OR_MAP), ("nocopy", &FLAG), ("subpath", &TEXT)]);

/// A build (Compose spec: `build.md`).
pub(super) static BUILD: Keys = keys(
    "`build`",
    &[
        ("additional_contexts", &LIST_OR_MAP),
        ("args", &LIST_OR_MAP),
        ("cache_from", &TEXTS),
        ("cache_to", &TEXTS),
        ("context", &TEXT),
        ("dockerfile", &TEXT),
        ("dockerfile_inline", &TEXT),
        ("entitlements", &TEXTS),
        ("extra_hosts", &EXTRA_HOSTS),
        ("isolation", &TEXT),
        ("labels", &LIST_OR_MAP),
        ("network", &TEXT),
        ("no_cache", &FLAG),
        ("no_cache_filter", &TEXT_OR_TEXTS),
        ("platforms", &TEXTS),
        ("privileged", &FLAG),
        ("provenance", &TEXT_OR_FLAG),
        ("pull", &FLAG),
        ("sbom", &TEXT_OR_FLAG),
        ("secrets", &Shape::list(&FILE_REFERENCE, Repeats::Allowed)),
        ("shm_size", &WHOLE),
        ("ssh", &LIST_OR_MAP),
        ("tags", &TEXTS),
        ("target", &TEXT),
        ("ulimits", &ULIMITS),
    ],
);

/// `deploy` (Compose spec: `deploy.md`).
pub(super) static DEPLOY: Keys = keys(
    "`deploy`",
    &[
        ("endpoint_mode", &TEXT),
        ("labels", &LIST_OR_MAP),
        ("mode", &TEXT),
        ("placement", &Shape::keys(&PLACEMENT)),
        ("replicas", &WHOLE),
        ("resources", &Shape::keys(&RESOURCES)),
        ("restart_policy", &Shape::keys(&RESTART_POLICY)),
        ("rollback_config", &Shape::keys(&UPDATE)),
        ("update_config", &Shape::keys(&UPDATE)),
    ],
);
static PLACEMENT: Keys = keys(
    "`placement`",
    &[
        ("constraints", &TEXTS),
        ("max_replicas_per_node", &WHOLE),
        ("preferences", &Shape::list(&Shape::keys(&PREFERENCE), Repeats::Allowed)),
    ],
);
static PREFERENCE: Keys = keys("a placement preference", &[("spread", &TEXT)]);
pub(super) static RESOURCES: Keys =
    keys("`resources`", &[("limits", &Shape::keys(&LIMITS)), ("reservations", &Shape::keys(&RESERVATIONS))]);
pub(super) static LIMITS: Keys = keys("`limits`", &[("cpus", &NUMBER), ("memory", &SIZE_TEXT), ("pids", &WHOLE)]);
static RESERVATIONS: Keys = keys(
    "`reservations`",
    &[
        ("cpus", &NUMBER),
        ("devices", &Shape::list(&Shape::keys(&DEVICE_RESERVATION), Repeats::Allowed)),
        ("generic_resources", &Shape::list(&Shape::keys(&GENERIC_RESOURCE), Repeats::Allowed)),
        ("memory", &SIZE_TEXT),
    ],
);
static DEVICE_RESERVATION: Keys = requiring(keys("a device reservation", DEVICE_REQUEST), &["capabilities"]);
static GENERIC_RESOURCE: Keys =
    keys("a generic resource", &[("discrete_resource_spec", &Shape::keys(&DISCRETE_RESOURCE))]);
static DISCRETE_RESOURCE: Keys = keys("`discrete_resource_spec`", &[("kind", &TEXT), ("value", &NUMBER)]);
static RESTART_POLICY: Keys = keys(
    "`restart_policy`",
    &[("condition", &TEXT), ("delay", &DURATION), ("max_attempts", &WHOLE), ("window", &DURATION)],
);
static UPDATE: Keys = keys(
    "an update configuration",
    &[
        ("delay", &DURATION),
        ("failure_action", &TEXT),
        ("max_failure_ratio", &NUMBER),
        ("monitor", &DURATION),
        ("order", &Shape::words(&["start-first", "stop-first"])),
        ("parallelism", &WHOLE),
    ],
);

/// `develop` (Compose spec: `develop.md`).
pub(super) static DEVELOP: Keys = keys("`develop`", &[("watch", &Shape::list(&Shape::keys(&WATCH), Repeats::Allowed))]);
static WATCH: Keys = requiring(
    keys(
        "a watch rule",
        &[
            ("action", &Shape::words(&["rebuild", "sync", "restart", "sync+restart", "sync+exec"])),
            ("exec", &Shape::keys(&HOOK)),
            ("ignore", &TEXT_OR_TEXTS),
            ("include", &TEXT_OR_TEXTS),
            ("initial_sync", &LITERAL_FLAG),
            ("path", &TEXT),
            ("target", &TEXT),
        ],
    ),
    &["path", "action"],
);

/// Hooks (`05-services.md`, `post_start`, `pre_stop`).
static HOOK: Keys = requiring(
    keys(
        "a hook",
        &[
            ("command", &COMMAND),
            ("environment", &LIST_OR_MAP),
            ("privileged", &FLAG),
            ("user", &TEXT),
            ("working_dir", &TEXT),
        ],
    ),
    &["command"],
);
static PRE_START: Keys = with(keys("a `pre_start` hook", &[("per_replica", &FLAG)]), &[&CONTAINER]);

/// A network (Compose spec: `06-networks.md`).
pub(super) static NETWORK: Keys = keys(
    "a network",
    &[
        ("attachable", &FLAG),
        ("driver", &TEXT),
        ("driver_opts", &DRIVER_OPTIONS),
        ("enable_ipv4", &FLAG),
        ("enable_ipv6", &FLAG),
        ("external", &EXTERNAL),
        ("internal", &FLAG),
        ("ipam", &Shape::keys(&IPAM)),
        ("labels", &LIST_OR_MAP),
        ("name", &TEXT),
    ],
);
static EXTERNAL: Shape = Shape::scalars(BOOL.and(STR)).or_keys(&EXTERNAL_NAME);
static EXTERNAL_NAME: Keys = keys("`external`", &[("name", &TEXT)]);
static IPAM: Keys = keys(
    "`ipam`",
    &[("config", &Shape::list(&Shape::keys(&POOL), Repeats::Allowed)), ("driver", &TEXT), ("options", &TEXT_OPTIONS)],
);
static POOL: Keys = keys(
    "an address pool",
    &[("aux_addresses", &TEXT_OPTIONS), ("gateway", &TEXT), ("ip_range", &TEXT), ("subnet", &TEXT)],
);

/// A volume (Compose spec: `07-volumes.md`).
pub(super) static VOLUME: Keys = keys(
    "a volume",
    &[
        ("driver", &TEXT),
        ("driver_opts", &DRIVER_OPTIONS),
        ("external", &EXTERNAL),
        ("labels", &LIST_OR_MAP),
        ("name", &TEXT),
    ],
);

/// A secret (Compose spec: `09-secrets.md`).
pub(super) static SECRET: Keys = keys(
    "a secret",
    &[
        ("driver", &TEXT),
        ("driver_opts", &DRIVER_OPTIONS),
        ("environment", &TEXT),
        ("external", &EXTERNAL),
        ("file", &TEXT),
        ("labels", &LIST_OR_MAP),
        ("name", &TEXT),
        ("template_driver", &TEXT),
    ],
);

/// A config (Compose spec: `08-configs.md`).
pub(super) static CONFIG: Keys = keys(
    "a config",
    &[
        ("content", &TEXT),
        ("environment", &TEXT),
        ("external", &EXTERNAL),
        ("file", &TEXT),
        ("labels", &LIST_OR_MAP),
        ("name", &TEXT),
        ("template_driver", &TEXT),
    ],
);

/// A model (`05-services.md`, `models`).
pub(super) static MODEL: Keys = requiring(
    keys("a model", &[("context_size", &WHOLE_ONLY), ("model", &TEXT), ("name", &TEXT), ("runtime_flags", &TEXTS)]),
    &["model"],
);

/// The home of the attributes of a service.
pub(super) const SERVICE_ITSELF: &str = "the service itself";
/// The home of the sections of a file.
pub(super) const TOP_LEVEL: &str = "the top level of the file";

/// Where a key that is unknown in one place may belong: the keys of that place, and its description.
pub(super) static HOMES: &[(&Keys, &str)] = &[
    (&SERVICE, SERVICE_ITSELF),
    (&BUILD, "`build`"),
    (&DEPLOY, "`deploy`"),
    (&LIMITS, "`deploy.resources.limits`"),
    (&HEALTHCHECK, "`healthcheck`"),
    (&LOGGING, "`logging`"),
    (&DEVELOP, "`develop`"),
    (&DOCUMENT, TOP_LEVEL),
];

/// Keys of the first file format and common wrong keys: the place, if it matters, the key, and what to write instead.
pub(super) static RENAMED: &[(Option<&str>, &str, &str)] = &[
    (Some("a mount"), "src", "write `source`"),
    (Some("a mount"), "dst", "write `target`"),
    (Some("a mount"), "destination", "write `target`"),
    (Some("a mount"), "readonly", "write `read_only: true`"),
    (Some("a reference to a secret or config"), "src", "write `source`"),
    (Some("a reference to a secret or config"), "dst", "write `target`"),
    (Some("a reference to a secret or config"), "destination", "write `target`"),
    (Some("a healthcheck"), "cmd", "write `test`"),
    (Some("a healthcheck"), "command", "write `test`"),
    (Some("a service's network"), "ip", "write `ipv4_address`"),
    (Some("a service's network"), "alias", "write `aliases` with a list"),
    (Some("an address pool"), "net", "write `subnet`"),
    (Some("a network"), "subnet", "write `ipam: {config: [{subnet: …}]}`"),
    (Some("a network"), "config", "write it below `ipam`"),
    (Some("a port"), "host", "write `published` for the host port, `host_ip` for its address"),
    (Some("a port"), "container", "write `target`"),
    (Some("`limits`"), "mem", "write `memory`"),
    (Some("`limits`"), "cpu", "write `cpus`"),
    (Some("`ready`"), "https", "HTTPS is not supported: use `tcp`, or `exec` with a command of the image"),
    (Some("`ready`"), "retries", READY_TIMES),
    (Some("`ready`"), "start_interval", READY_TIMES),
    (Some("`ready`"), "start_period", READY_TIMES),
    (Some("`ready`"), "test", "write `exec`"),
    (Some("a watch rule"), "exclude", "write `ignore`"),
    (Some("a secret"), "content", "a secret has no inline content: use `file`, or `environment` with a variable"),
    (Some("a volume"), "path", "a folder on this machine needs no volume: mount it as `./folder:/path`"),
    (Some("a volume"), "source", "a folder on this machine needs no volume: mount it as `./folder:/path`"),
    (Some("a dependency"), "wait", "write `condition: service_healthy`"),
    (Some("a hook"), "image", "the hook runs in the service's own container; only `pre_start` takes an image"),
    (Some("a service"), "cmd", "write `command`"),
    (Some("a service"), "depends-on", "write `depends_on`"),
    (Some("a service"), "dockerfile", "it belongs under `build`, next to `context`"),
    (Some("a service"), "env", "write `environment`"),
    (Some("a service"), "env_vars", "write `environment`"),
    (Some("a service"), "eager_health", "write `x-hoist: {eager_health: true}`"),
    (Some("a service"), "job", "write `x-hoist: {job: true}`"),
    (Some("a service"), "ready", "write `x-hoist: {ready: …}`"),
    (Some("a service"), "limits", "it belongs under `deploy: {resources: {limits: …}}`"),
    (Some("a service"), "log_driver", "write `logging: {driver: …}`"),
    (Some("a service"), "log_opt", "write `logging: {options: …}`"),
    (Some("a service"), "memory", "write `mem_limit`"),
    (Some("a service"), "net", "write `network_mode`"),
    (Some("a service"), "replicas", "it belongs under `deploy`; here, use `scale`"),
    (Some("a service"), "volume_driver", "set `driver` in the volume's definition, under the top-level `volumes`"),
    (None, "images", "write `image`"),
];

const READY_TIMES: &str = "`ready` has `interval` and `timeout`: it tries every `interval` until `timeout` expires";

/// Examples for places where a mapping is required but something else was written.
pub(super) static EXAMPLES: &[(&str, &str)] = &[
    ("a service", "image: nginx"),
    ("a job", "image: nginx"),
    ("`triggers`", "triggers: {manual: true}"),
    ("a schedule", "cron: \"0 3 * * *\""),
    ("`build`", "build: {context: .}"),
    ("a healthcheck", "healthcheck: {test: [\"CMD\", \"true\"]}"),
    ("`logging`", "logging: {driver: json-file}"),
    ("`deploy`", "deploy: {replicas: 2}"),
    ("`develop`", "develop: {watch: […]}"),
    ("`credential_spec`", "credential_spec: {file: spec.json}"),
    ("a provider", "provider: {type: …}"),
    ("a volume", "driver: local"),
    ("a network", "driver: bridge"),
    ("a secret", "file: ./secret.txt"),
    ("a config", "file: ./config.txt"),
    ("a model", "model: ai/smollm2"),
    ("a dependency", "condition: service_started"),
    ("`ipam`", "ipam: {config: [{subnet: 10.0.0.0/24}]}"),
];

/// Examples of required keys: what needs it, the key, an example.
pub(super) static REQUIRED_EXAMPLES: &[(&str, &str, &str)] = &[
    ("a dependency", "condition", "condition: service_started"),
    ("a device", "source", "source: /dev/ttyUSB0"),
    ("`triggers`", "manual", "manual: true"),
    ("a job", "triggers", "triggers: {manual: true}"),
    ("a schedule", "cron", "cron: \"0 3 * * *\""),
    ("a device reservation", "capabilities", "capabilities: [gpu]"),
    ("a hook", "command", "command: [\"./hook.sh\"]"),
    ("a limit", "hard", "nofile: {soft: 1024, hard: 2048}"),
    ("a limit", "soft", "nofile: {soft: 1024, hard: 2048}"),
    ("a model", "model", "model: ai/smollm2"),
    ("a mount", "type", "type: volume"),
    ("a provider", "type", "type: …"),
    ("`http`", "port", "port: 8080"),
    ("`ready`", "http", "http: \":8080/health\""),
    ("a watch rule", "action", "action: sync"),
    ("a watch rule", "path", "path: ./src"),
    ("an `env_file` entry", "path", "path: ./app.env"),
];

/// A letter or digit followed by one more character, anywhere in the text: the specification's pattern is not anchored.
fn is_container_name(text: &str) -> bool {
    text.as_bytes()
        .windows(2)
        .any(|pair| pair[0].is_ascii_alphanumeric() && (pair[1].is_ascii_alphanumeric() || b"_.-".contains(&pair[1])))
}

/// One of the words, or `every_` and numbers with units.
fn is_pull_policy(text: &str) -> bool {
    const WORDS: [&str; 8] = ["always", "never", "build", "if_not_present", "missing", "refresh", "daily", "weekly"];
    let is_period = |period: &str| {
        let parts: Vec<&str> = period.split_inclusive(['w', 'd', 'h', 'm', 's']).collect();
        let is_part = |part: &&str| {
            let number = part.trim_end_matches(['w', 'd', 'h', 'm', 's']);
            number.len() + 1 == part.len() && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        };
        !parts.is_empty() && parts.iter().all(is_part)
    };
    WORDS.contains(&text) || text.strip_prefix("every_").is_some_and(is_period)
}

#[cfg(test)]
mod tests {
    use super::super::shape::Map;
    use super::*;

    #[test]
    fn keys_are_sorted_and_required_ones_known() {
        let mut seen: Vec<*const Keys> = Vec::new();
        check(&DOCUMENT, &mut seen);
        assert!(seen.len() > 30, "the walk reached {} mappings", seen.len());
    }

    fn check(keys: &'static Keys, seen: &mut Vec<*const Keys>) {
        if seen.contains(&std::ptr::from_ref(keys)) {
            return;
        }
        seen.push(keys);
        assert!(keys.known.is_sorted_by(|a, b| a.0 < b.0), "keys of {} are not sorted", keys.what);
        keys.more.iter().for_each(|more| check(more, seen));
        assert!(
            keys.required.iter().chain(keys.one_of).all(|key| keys.get(key).is_some()),
            "{} requires an unknown key",
            keys.what
        );
        for (_, shape) in keys.known {
            walk(shape, seen);
        }
    }

    fn walk(shape: &'static Shape, seen: &mut Vec<*const Keys>) {
        if std::ptr::eq(shape, &raw const ANY) {
            return;
        }
        if let Some(list) = &shape.list {
            walk(list.item, seen);
        }
        match &shape.map {
            Some(Map::Fixed(keys)) => check(keys, seen),
            Some(Map::Free { value, .. }) => walk(value, seen),
            None => {}
        }
    }

    #[test]
    fn patterns() {
        assert!(
            is_container_name("web-1")
                && is_container_name(" ab")
                && !is_container_name("a")
                && !is_container_name("-_")
        );
        assert!(is_pull_policy("every_12h") && is_pull_policy("every_1w2d") && is_pull_policy("always"));
        for text in ["not_always_x", "every_often", "sometimes", "every_h", "every_2dx", "every_", "every_2hh"] {
            assert!(!is_pull_policy(text), "{text}");
        }
    }
}
