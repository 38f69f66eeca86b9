//! Files and texts to try: sound Compose files, and such as only look like them.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value as Json, json};

/// Text as it stands in a Compose file: nothing in it is a variable.
fn text() -> impl Strategy<Value = String> {
    let plain =
        prop_oneof!["[ -~]{0,20}", "[a-z0-9_.:/-]{1,12}", any::<String>(), select(SCALARS).prop_map(str::to_owned)];
    // Characters that no YAML can hold are not what is tried here.
    plain.prop_map(|text| text.replace(|c: char| c.is_control() && c != '\n' || c == '\u{feff}', "").replace('$', "$$"))
}

/// Scalars that something has to be done about to keep them text.
const SCALARS: &[&str] = &[
    "",
    " ",
    "~",
    "null",
    "yes",
    "No",
    "on",
    "true",
    "0",
    "010",
    "0x1f",
    "1e3",
    "1_000",
    ".5",
    "-0",
    ".inf",
    "12:30",
    "2020-01-01",
    "a: b",
    "a #b",
    "- a",
    "&a",
    "*a",
    "!a",
    "%a",
    "@a",
    "`a",
    "{a}",
    "[a]",
    "'a'",
    "\"a\"",
    "a\nb",
    "a\n",
    "\n",
    "=",
    "<<",
    "? a",
    "---",
    "...",
    "|",
    ">",
    "a:",
    "#",
    "$$",
    "$${A}",
    "0o17",
    "1.0",
    "é",
    "\u{1f600}",
    " a ",
    "\ta",
];

fn texts() -> impl Strategy<Value = Json> {
    prop::collection::vec(text(), 0..4).prop_map(|texts| json!(texts))
}

fn name() -> impl Strategy<Value = String> {
    "[a-zA-Z][a-zA-Z0-9_.-]{0,8}"
}

/// A mapping of names to texts, or the same as a list.
fn names_and_texts() -> impl Strategy<Value = Json> {
    (prop::collection::btree_map(name(), text(), 0..4), any::<bool>()).prop_map(|(entries, listed)| {
        if listed {
            entries.iter().map(|(name, value)| Json::from(format!("{name}={value}"))).collect()
        } else {
            json!(entries)
        }
    })
}

/// Anything, for `x-` keys.
fn anything() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i32>().prop_map(Json::from),
        (-1000_i32..1000).prop_map(|number| json!(f64::from(number) / 8.0)),
        text().prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Json::from),
            prop::collection::btree_map(name(), inner, 0..3).prop_map(|entries| json!(entries)),
        ]
    })
}

fn duration() -> impl Strategy<Value = Json> {
    (0_u32..100, select(&["ms", "s", "m", "h", "m30s", "h0.5s"][..])).prop_map(|(n, unit)| json!(format!("{n}{unit}")))
}

fn size_text() -> impl Strategy<Value = String> {
    (1_u32..2000, select(&["", "b", "k", "kb", "M", "mb", "g"][..])).prop_map(|(n, unit)| format!("{n}{unit}"))
}

fn size() -> impl Strategy<Value = Json> {
    prop_oneof![size_text().prop_map(Json::from), (1_u32..1_000_000).prop_map(Json::from)]
}

fn port() -> impl Strategy<Value = Json> {
    let target = 1_u16..60_000;
    prop_oneof![
        target.clone().prop_map(Json::from),
        (target.clone(), 1_u16..60_000).prop_map(|(t, p)| json!(format!("{p}:{t}"))),
        (target.clone(), 0_u16..5).prop_map(|(t, n)| json!(format!("{t}-{}:{t}-{}/udp", t + n, t + n))),
        target.clone().prop_map(|t| json!(format!("127.0.0.1::{t}/tcp"))),
        (target.clone(), 1_u16..60_000).prop_map(|(t, p)| json!(format!("[::1]:{p}:{t}"))),
        (target, text()).prop_map(|(target, name)| json!({"target": target, "name": name, "mode": "host"})),
    ]
}

fn volume() -> impl Strategy<Value = Json> {
    let target = "/[a-z]{1,6}";
    prop_oneof![
        target.prop_map(Json::from),
        target.prop_map(|target| json!(format!("data:{target}:ro"))),
        ("[a-z]{1,6}", target).prop_map(|(source, target)| json!(format!("./{source}:{target}:ro,z"))),
        (target, size()).prop_map(|(target, size)| json!({"type": "tmpfs", "target": target, "tmpfs": {"size": size}})),
        target.prop_map(|target| json!({
            "type": "volume", "source": "data", "target": target, "read_only": true, "volume": {"nocopy": true}
        })),
    ]
}

fn healthcheck() -> impl Strategy<Value = Json> {
    let test = prop_oneof![
        text().prop_map(Json::from),
        prop::collection::vec(text(), 1..3).prop_map(|mut words| {
            words.insert(0, "CMD".to_owned());
            json!(words)
        }),
    ];
    (test, duration(), duration(), 0_u8..9).prop_map(|(test, interval, timeout, retries)| {
        json!({"test": test, "interval": interval, "timeout": timeout, "retries": retries})
    })
}

fn deploy() -> impl Strategy<Value = Json> {
    (0_u8..4, size_text(), 1_u8..20, names_and_texts()).prop_map(|(replicas, memory, cpus, labels)| {
        let cpus = format!("{:.1}", f64::from(cpus) / 10.0);
        json!({"replicas": replicas, "labels": labels, "resources": {"limits": {"memory": memory, "cpus": cpus}}})
    })
}

/// One attribute of a service.
fn attribute() -> impl Strategy<Value = (String, Json)> {
    let words = || prop::collection::vec(text(), 1..4).prop_map(|words| json!(words));
    let list = |item: BoxedStrategy<Json>| prop::collection::vec(item, 0..3).prop_map(Json::from);
    let key = |key: &'static str, value: BoxedStrategy<Json>| value.prop_map(move |value| (key.to_owned(), value));
    prop_oneof![
        key("environment", names_and_texts().boxed()),
        key("labels", names_and_texts().boxed()),
        key("annotations", names_and_texts().boxed()),
        key("command", words().boxed()),
        key("entrypoint", words().boxed()),
        key("ports", list(port().boxed()).boxed()),
        key("volumes", list(volume().boxed()).boxed()),
        key("healthcheck", healthcheck().boxed()),
        key("deploy", deploy().boxed()),
        key("stop_grace_period", duration().boxed()),
        key("shm_size", size().boxed()),
        key("tty", any::<bool>().prop_map(Json::from).boxed()),
        key("init", any::<bool>().prop_map(Json::from).boxed()),
        key("user", text().prop_map(Json::from).boxed()),
        key("hostname", name().prop_map(Json::from).boxed()),
        key("cap_add", Just(json!(["NET_ADMIN", "SYS_TIME"])).boxed()),
        key("restart", select(&["no", "always", "on-failure:3"][..]).prop_map(Json::from).boxed()),
        key("networks", prop_oneof![Just(json!(["front"])), Just(json!({"front": {"aliases": ["a"]}}))].boxed()),
        key("tmpfs", Just(json!("/run")).boxed()),
        key("dns", Just(json!(["1.1.1.1", "8.8.8.8"])).boxed()),
        key("extra_hosts", Just(json!(["a=10.0.0.1", "b:10.0.0.2"])).boxed()),
        key("ulimits", Just(json!({"nofile": {"soft": 10, "hard": 20}, "nproc": 5})).boxed()),
        key("logging", names_and_texts().prop_map(|_| json!({"driver": "json-file"})).boxed()),
        key("configs", Just(json!(["settings"])).boxed()),
        key("secrets", Just(json!([{"source": "key", "target": "/k", "mode": "0440"}])).boxed()),
        key("profiles", Just(json!([])).boxed()),
        key("x-own", anything().boxed()),
        key("build", texts().prop_map(|tags| json!({"context": ".", "args": {"A": "1"}, "tags": tags})).boxed()),
    ]
}

/// A sound Compose file: every service depends on some of those before it.
pub(super) fn compose_file() -> impl Strategy<Value = String> {
    let service = (prop::collection::vec(attribute(), 0..8), any::<u8>());
    (prop::collection::vec(service, 1..5), text(), anything()).prop_map(|(services, content, extension)| {
        let mut written = Map::new();
        for (number, (attributes, dependencies)) in services.into_iter().enumerate() {
            let mut service: Map<String, Json> = attributes.into_iter().collect();
            service.insert("image".to_owned(), json!("nginx:1.27"));
            let conditions = ["service_started", "service_healthy", "service_completed_successfully"];
            let before = (0..number).filter(|before| dependencies & (1 << before) != 0);
            let depends_on: Map<String, Json> = before
                .map(|before| (format!("s{before}"), json!({"condition": conditions[(number + before) % 3]})))
                .collect();
            service.insert("depends_on".to_owned(), Json::from(depends_on));
            written.insert(format!("s{number}"), Json::from(service));
        }
        let file = json!({
            "services": written, "networks": {"front": {"internal": true}}, "volumes": {"data": {"labels": ["a=b"]}},
            "configs": {"settings": {"content": format!("-{content}")}}, "secrets": {"key": {"environment": "HOME_KEY"}},
            "x-own": extension,
        });
        // Every JSON text is YAML.
        file.to_string()
    })
}

/// A file that says nothing.
pub(super) fn empty_override() -> impl Strategy<Value = &'static str> {
    select(
        &[
            "",
            "# nothing\n",
            "{}",
            "services: {}",
            "services: {s0: {}}\nvolumes: {}",
            "services:\n  s0:\n",
            "name: shop",
        ][..],
    )
}

/// Pieces of YAML and Compose files in any order.
pub(super) fn yaml_like() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "services:",
        "web",
        ":",
        " ",
        "  ",
        "    ",
        "\n",
        "\n  ",
        "\n    ",
        "- ",
        "- - ",
        "image: ",
        "ports:",
        "[",
        "]",
        "{",
        "}",
        ",",
        "'",
        "\"",
        "|",
        ">-",
        "|2",
        "#",
        "&a ",
        "*a",
        "<<: ",
        "!reset ",
        "!override ",
        "!!str ",
        "? ",
        "---\n",
        "...\n",
        "%YAML 1.1\n",
        "\t",
        "\r\n",
        "$",
        "${",
        "}",
        "${A:-",
        "$$",
        "x-a",
        "extends",
        "include:",
        "depends_on: ",
        "environment: ",
        "null",
        "~",
        "1",
        "0x",
        "1e999",
        "true",
        "é",
        "\u{2028}",
        "\u{feff}",
        "volumes",
        "a:b:c",
        "\\",
    ];
    prop::collection::vec(select(PIECES), 0..40).prop_map(|pieces| pieces.concat())
}

/// Compose files whose attributes have values of any kind.
pub(super) fn misplaced() -> impl Strategy<Value = String> {
    const KEYS: &[&str] = &[
        "image",
        "build",
        "command",
        "environment",
        "env_file",
        "label_file",
        "ports",
        "volumes",
        "networks",
        "depends_on",
        "deploy",
        "healthcheck",
        "extends",
        "configs",
        "secrets",
        "ulimits",
        "logging",
        "develop",
        "extra_hosts",
        "gpus",
        "devices",
        "provider",
        "models",
        "pre_start",
        "post_start",
        "tmpfs",
        "expose",
        "links",
        "scale",
        "profiles",
        "dns",
        "mem_limit",
        "blkio_config",
        "sysctls",
        "stop_grace_period",
        "network_mode",
        "volumes_from",
        "credential_spec",
    ];
    const PLACES: &[&str] =
        &["services", "networks", "volumes", "secrets", "configs", "models", "include", "name", "x-a"];
    let leaf = prop_oneof![anything(), value_like().prop_map(Json::from), port(), volume(), healthcheck(), deploy()];
    let keyed = prop::collection::vec((select(KEYS), leaf.clone()), 0..5).prop_map(|entries| {
        Json::from(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>())
    });
    let value = prop_oneof![4 => keyed, 1 => leaf];
    prop::collection::vec((select(PLACES), name(), value), 1..5).prop_map(|entries| {
        let mut file = Map::new();
        for (place, name, value) in entries {
            let below = file.entry(place).or_insert_with(|| json!({}));
            below.as_object_mut().expect("it was made as one").insert(name, value);
        }
        Json::from(file).to_string()
    })
}

/// Pieces of values in any order.
pub(super) fn value_like() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "0",
        "1",
        "65535",
        "99999999999999999999",
        "-",
        "+",
        ".",
        ":",
        "::",
        "/",
        "\\",
        "[",
        "]",
        "@",
        "=",
        ",",
        " ",
        "\n",
        "tcp",
        "ms",
        "h",
        "s",
        "kb",
        "g",
        "e9",
        "'",
        "\"",
        "#",
        "&&",
        "$",
        "${",
        "}",
        ":-",
        ":?",
        ":+",
        "A",
        "sha256:",
        "é",
        "service:",
        "container:",
        "ro",
        "z",
        "C:\\",
        "~/",
        "every_",
        "on-failure:",
        "\u{0}",
    ];
    prop_oneof![prop::collection::vec(select(PIECES), 0..12).prop_map(|pieces| pieces.concat()), any::<String>()]
}
