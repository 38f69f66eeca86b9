use indoc::indoc;

use super::*;
use crate::diagnostic::Explain as _;
use crate::project::canonical::{self, Form};
use crate::yaml;

/// Decodes a document that is in long form already.
fn decoded(text: &str) -> (Decoded, SourceMap) {
    let (model, sources) = yaml::document(text);
    let decoded = decode(model, [], &sources);
    (decoded, sources)
}

/// The JSON of a service `s` with the content `text`.
fn service_json(text: &str) -> String {
    let (decoded, _) = decoded(&format!("services: {{s: {{{text}}}}}"));
    assert_eq!(decoded.errors, [], "{text}");
    canonical::service(&decoded.project.services["s"], Form::Json).to_json_compact()
}

#[test]
fn values_are_read_as_their_attributes_ask() {
    let cases = [
        ("command: a 'b c', entrypoint: []", r#"{"command":["a","b c"],"entrypoint":[]}"#),
        ("command: , entrypoint: ''", r#"{"command":null,"entrypoint":[]}"#),
        ("mem_limit: 1.5, shm_size: 1k, memswap_limit: -1", r#""memswap_limit":"-1","shm_size":"1024"}"#),
        ("cpus: '0.1', cpu_shares: '0010', cpu_quota: 10.7", r#"{"cpu_quota":10,"cpus":0.1,"cpu_shares":10,"#),
        ("attach: 'yes', init: no", r#"{"attach":true,"command":null,"entrypoint":null,"init":false}"#),
        ("environment: {A: 1, B: , C: ''}", r#""environment":{"A":"1","B":null,"C":""}}"#),
        ("environment: [A=1=2, B, A=3]", r#""environment":{"A":"3","B":null}}"#),
        ("labels: {a: , b: true}, sysctls: [x]", r#""labels":{"a":"","b":"true"},"sysctls":{"x":""}}"#),
        ("tmpfs: /run, dns_search: ['']", r#""dns_search":[""],"entrypoint":null,"tmpfs":["/run"]}"#),
        ("healthcheck: {test: a b, retries: 2.0}", r#""healthcheck":{"test":["CMD-SHELL","a b"],"retries":2}}"#),
        ("healthcheck: {test: [CMD, a]}, gpus: all", r#""gpus":[{"count":-1}],"healthcheck":{"test":["CMD","a"]}}"#),
        (
            "secrets: [{source: a, mode: 0440}, {source: b, mode: '0440'}]",
            r#""mode":"0440"},{"source":"b","mode":"0440"}]}"#,
        ),
        ("ulimits: {a: 0, b: {soft: 1, hard: '2'}, c: '3'}", r#""ulimits":{"a":{},"b":{"soft":1,"hard":2},"c":3}}"#),
        ("extra_hosts: {b: '[::1]', a: [1.1.1.1, 2.2.2.2]}", r#""extra_hosts":["a=1.1.1.1","a=2.2.2.2","b=::1"]}"#),
        (
            "depends_on: {d: {condition: service_healthy, x-a: 1}}",
            r#"{"d":{"condition":"service_healthy","required":true}}"#,
        ),
        ("ports: [{target: 80, published: 8080}]", r#""ports":[{"target":80,"published":"8080"}]}"#),
        (
            "volumes: [{type: bind, source: /a, target: /b, bind: {create_host_path: 'false'}}]",
            r#""bind":{"create_host_path":false}}]}"#,
        ),
        ("build: {context: ., ssh: {b: /k, a: }}", r#""build":{"context":".","ssh":["a","b: /k"]}}"#),
        ("networks: {a: , b: {}}, models: {m: }", r#""models":{"m":null},"networks":{"a":null,"b":{}}}"#),
        (
            "provider: {type: t, options: {a: 1.5, b: [x, y], c: true}}",
            r#""options":{"a":["1.5"],"b":["x","y"],"c":["true"]}},"#,
        ),
        (
            "blkio_config: {weight: 300, weight_device: [{path: /a, weight: 5}]}",
            r#""weight_device":[{"Path":"/a","Weight":5}]}"#,
        ),
        ("hostname: '', user: ''", r#"{"command":null,"entrypoint":null}"#),
        ("deploy: , develop: {watch: []}", r#""develop":{}"#),
    ];
    for (text, json) in cases {
        let found = service_json(text);
        assert!(found.contains(json), "{text}: {found}");
    }
}

#[test]
fn keys_of_free_maps_may_look_like_extensions() {
    let (decoded, _) = decoded(indoc! {"
        x-top: {a: [1, ~]}
        services:
          x-web: {x-own: 1, environment: {x-a: 1}, networks: {x-net: }}
        networks: {x-net: {x-own: 2}}
    "});
    let project = decoded.project;
    let web = &project.services["x-web"];
    assert_eq!(web.name, "x-web");
    assert_eq!(web.environment["x-a"].as_deref(), Some("1"));
    assert!(web.networks.contains_key("x-net"));
    assert_eq!(web.extensions["x-own"], serde_yaml::Value::from(1));
    assert_eq!(project.networks["x-net"].extensions["x-own"], serde_yaml::Value::from(2));
    assert_eq!(serde_yaml::to_string(&project.extensions).expect("plain values"), "x-top:\n  a:\n  - 1\n  - null\n");
}

#[test]
fn sources_of_secrets_and_configs_keep_what_variables_held() {
    use crate::project::FileSource;
    let (decoded, _) = decoded(indoc! {"
        secrets:
          file: {file: /a, name: p_file}
          set: {environment: A, content: v}
          unset: {environment: B}
          outside: {external: true}
        configs:
          text: {content: ''}
    "});
    let project = decoded.project;
    let variable = |name: &str, value: Option<&str>| {
        Some(FileSource::Environment { variable: name.to_owned(), value: value.map(str::to_owned) })
    };
    assert_eq!(project.secrets["file"].source, Some(FileSource::File("/a".to_owned())));
    assert_eq!(project.secrets["set"].source, variable("A", Some("v")));
    assert_eq!(project.secrets["unset"].source, variable("B", None));
    assert_eq!((&project.secrets["outside"].source, project.secrets["outside"].external), (&None, true));
    assert_eq!(project.configs["text"].source, Some(FileSource::Content(String::new())));
    assert!(!canonical::project(&project, Form::Json).to_json_compact().contains("\"v\""));
}

/// `line:column` of each message, the message and its hint.
fn shown<'a, E: crate::diagnostic::Explain + 'a>(
    problems: impl IntoIterator<Item = &'a E>,
    sources: &SourceMap,
) -> Vec<String> {
    let show = |problem: &E| {
        let at = sources.position(problem.span().expect("a place"));
        format!("{}:{} {problem}", at.line, at.column)
    };
    problems.into_iter().map(show).collect()
}

#[test]
fn who_says_that_a_source_is_made_is_known() {
    let (decoded, _) = decoded("services: {s: {volumes: [{type: bind, target: /a, bind: {create_host_path: true}}]}}");
    let bind = decoded.project.services["s"].volumes[0].bind.as_ref().expect("a block");
    assert!(bind.create_host_path && bind.says_create_host_path);
}

#[test]
fn all_problems_are_reported_with_their_places() {
    let (decoded, sources) = decoded(indoc! {r#"
        services:
          web:
            mem_limit: 10x
            stop_grace_period: "10"
            attach: sometimes
            cpu_shares: ten
            command: echo 'a
            healthcheck: {retries: -1, interval: 1y}
            configs: [{source: c, mode: rw}, {source: d, mode: 0.5}]
            volumes: [{type: tmpfs, target: /x, tmpfs: {mode: "1777"}}, {type: nfs}]
            extra_hosts: [a]
            blkio_config: {weight: 70000}
            deploy: {resources: {reservations: {devices: [{count: some}]}}}
            labels: []
            ports: 80
            environment: ["A =1"]
    "#});
    assert_eq!(
        shown(&decoded.errors, &sources),
        [
            "3:16 `services.web.mem_limit`: `10x` is not a size: unknown unit `x`",
            "4:24 `services.web.stop_grace_period`: the duration `10` has no unit",
            "5:13 `services.web.attach`: `sometimes` is not a boolean",
            "6:17 `services.web.cpu_shares`: `ten` is not a whole number",
            "7:19 `services.web.command`: the command has an unmatched `'`",
            "8:28 `services.web.healthcheck.retries`: -1 is not between 0 and 18446744073709551615",
            "8:42 `services.web.healthcheck.interval`: `1y` is not a duration: unknown unit `y`",
            "9:33 `services.web.configs[0].mode`: `rw` is not a file mode in octal",
            "9:56 `services.web.configs[1].mode`: `0.5` is not a file mode in octal",
            "10:55 `services.web.volumes[0].tmpfs.mode`: expected a number, found the text \"1777\"",
            "10:72 `services.web.volumes[1].type`: `nfs` is not one of `volume`, `bind`, `tmpfs`, `image`, `npipe`, `cluster`",
            "11:19 `services.web.extra_hosts[0]`: `a` has no address for the host",
            "12:28 `services.web.blkio_config.weight`: 70000 is not between 0 and 65535",
            "13:59 `services.web.deploy.resources.reservations.devices[0].count`: `some` is not a device count",
            "15:12 `services.web.ports`: expected a list, found a number",
            "16:19 `services.web.environment[0]`: the variable name `A ` ends with a space",
        ]
    );
    assert_eq!(decoded.errors[1].hint().as_deref(), Some("did you mean `10s`?"));
}

#[test]
fn what_is_taken_for_something_else_is_warned_of() {
    let (decoded, sources) = decoded(indoc! {r#"
        services:
          web:
            command: "one && two"
            entrypoint: |
              a |
              b
            mem_limit: 1e3
            pids_limit: 2.5
            cpu_shares: 3.0
            environment: {A: 010, B: 10, C: 1.50, D: "010", E: 2020-01-01}
    "#});
    assert_eq!(decoded.errors, []);
    assert_eq!(
        shown(&decoded.warnings, &sources),
        [
            "3:19 `services.web.command` ends before the unquoted `&`; the rest is dropped",
            "5:7 `services.web.entrypoint` ends before the unquoted `|`; the rest is dropped",
            "7:16 `services.web.mem_limit`: 1e3 is not a whole number of bytes and is treated as 0",
            "8:17 `services.web.pids_limit` must be a whole number: 2.5 becomes 2",
            "10:22 `010` becomes `8` in `services.web.environment.A`",
            "10:37 `1.50` becomes `1.5` in `services.web.environment.C`",
            "10:56 `2020-01-01` becomes `2020-01-01 00:00:00 +0000 UTC` in `services.web.environment.E`",
        ]
    );
}

#[test]
fn places_of_all_values_are_kept() {
    let (decoded, sources) = decoded(indoc! {"
        services:
          web:
            image: nginx
            ports:
              - target: 80
              - {target: 81}
    "});
    let at = |path: &[&str]| {
        let span = decoded.project.origins.span(path)?;
        let position = sources.position(span);
        Some((position.line, position.column, sources.text(span).to_owned()))
    };
    assert_eq!(at(&["services", "web", "image"]), Some((3, 12, "nginx".to_owned())));
    assert_eq!(at(&["services", "web", "ports", "1", "target"]), Some((6, 18, "81".to_owned())));
    assert_eq!(at(&["services", "web", "ports", "2"]), None);
    let web = decoded.project.origins.root("services").and_then(|services| services.child("web")).expect("a service");
    assert_eq!(sources.text(web.key_span()), "web");
}

#[test]
fn places_follow_the_form_that_config_prints() {
    let (decoded, sources) = decoded(indoc! {"
        services:
          web:
            environment: [A=1, B]
            command: a b
            extra_hosts: ['b:2.2.2.2', 'a=1.1.1.1,3.3.3.3']
            labels: {c: d}
            build:
              ssh: {z: /z, a: /a}
              extra_hosts: {y: ['1.1.1.1', '0.0.0.0'], x: '::1'}
            x-own: {labels: [p=q]}
    "});
    let text = |path: &str| {
        let keys: Vec<_> = ["services", "web"].into_iter().chain(path.split('.')).collect();
        decoded.project.origins.span(&keys).map(|span| sources.text(span).to_owned())
    };
    let cases = [
        ("environment.A", Some("A=1")),
        ("environment.B", Some("B")),
        ("environment.0", None),
        ("command.1", Some("a b")),
        ("extra_hosts.0", Some("'a=1.1.1.1,3.3.3.3'")),
        ("extra_hosts.1", Some("'a=1.1.1.1,3.3.3.3'")),
        ("extra_hosts.2", Some("'b:2.2.2.2'")),
        ("labels.c", Some("d")),
        ("build.ssh.0", Some("/a")),
        ("build.extra_hosts.0", Some("'::1'")),
        ("build.extra_hosts.1", Some("'0.0.0.0'")),
        ("x-own.labels.0", Some("p=q")),
    ];
    for (path, written) in cases {
        assert_eq!(text(path).as_deref(), written, "{path}");
    }
}

#[test]
fn a_hundred_services_are_decoded_in_no_time() {
    use std::fmt::Write as _;
    let mut text = "services:\n".to_owned();
    for number in 0..100 {
        write!(
            text,
            "  s{number}:\n    image: app:{number}\n    environment: {{A: '1', B: '2', C: '3'}}\n    labels: [a=1, b=2]\n    \
             ports: [{{target: 80, published: '80', mode: ingress, protocol: tcp}}]\n    \
             depends_on: {{s0: {{condition: service_started, required: true}}}}\n    mem_limit: 1g\n"
        )
        .expect("a string takes all");
    }
    let (model, sources) = yaml::document(&text);
    let start = std::time::Instant::now();
    let decoded = decode(model, [], &sources);
    let took = start.elapsed();
    assert_eq!((decoded.project.services.len(), decoded.errors.len()), (100, 0));
    // Takes well under a millisecond in release builds; this only catches quadratic growth.
    assert!(took < std::time::Duration::from_millis(200), "{took:?}");
}
