//! Secrets, configs, variables from files, and attributes that reach the engine.

use crate::support::port::free_ports;
use crate::support::{project, scenario};

#[tokio::test]
async fn secrets_and_configs_from_files_are_mounted_read_only() {
    let file = r"
x-idle: &idle {image: 'busybox:latest', command: [sleep, '600'], stop_grace_period: 0s}
services:
  web:
    <<: *idle
    secrets: [word, {source: word, target: other}, {source: word, target: /place/word}]
    configs: [settings, {source: settings, target: etc/settings}]
secrets: {word: {file: ./word.txt}}
configs: {settings: {file: ./settings.txt}}
";
    let files = [("compose.yaml", file), ("word.txt", "open"), ("settings.txt", "a=1")];
    scenario("file-mounted", &files, |s| async move {
        s.up(&[]).await;
        let web = s.only("web").await.id;
        for (path, text) in [
            ("/run/secrets/word", "open"),
            ("/run/secrets/other", "open"),
            ("/place/word", "open"),
            ("/settings", "a=1"),
            ("/etc/settings", "a=1"),
        ] {
            assert_eq!(s.exec(&web, &["cat", path]).await, text, "{path}");
        }
        assert!(s.exec(&web, &["sh", "-c", "echo x > /run/secrets/word"]).await.contains("Read-only"));
        s.is_settled().await;
    })
    .await;
}

#[tokio::test]
async fn owner_and_mode_count_for_content_and_are_warned_of_for_files() {
    let file = r#"
x-idle: &idle {image: 'busybox:latest', command: [sleep, '600'], stop_grace_period: 0s}
services:
  web:
    <<: *idle
    secrets:
      - {source: word, target: plain}
      - {source: word, target: owned, uid: "7", gid: "8", mode: 0o400}
      - {source: from_file, uid: "7", mode: 0o400}
    configs: [empty]
secrets: {word: {environment: WORD}, from_file: {file: ./word.txt}}
configs: {empty: {content: ""}}
"#;
    let files = [("compose.yaml", file), (".env", "WORD=open\n"), ("word.txt", "x")];
    scenario("file-owner", &files, |s| async move {
        s.up(&[]).await.says("from_file");
        let web = s.only("web").await.id;
        let listed =
            s.exec(&web, &["stat", "-c", "%a %u %g", "/run/secrets/plain", "/run/secrets/owned", "/empty"]).await;
        // The empty one is there.
        assert_eq!(listed, "444 0 0\n400 7 8\n444 0 0\n");
    })
    .await;
}

#[tokio::test]
async fn each_file_has_its_own_owner_whoever_the_container_runs_as() {
    let file = r#"
x-idle: &idle {image: 'busybox:latest', command: [sleep, '600'], stop_grace_period: 0s}
services:
  web:
    <<: *idle
    user: "1000"
    secrets:
      - {source: word, target: mine, uid: "1000", mode: 0o400}
      - {source: word, target: deep/rootonly, mode: 0o400}
      - {source: word, target: other, uid: "555", gid: "777", mode: 0o440}
    configs: [{source: word, target: /place/word/}]
secrets: {word: {environment: WORD}}
configs: {word: {environment: WORD}}
"#;
    scenario("file-owners", &[("compose.yaml", file), (".env", "WORD=open\n")], |s| async move {
        s.up(&[]).await;
        let web = s.only("web").await.id;
        let paths = ["mine", "deep", "deep/rootonly", "other"].map(|path| format!("/run/secrets/{path}"));
        let paths: Vec<&str> = paths.iter().map(String::as_str).chain(["/place", "/place/word"]).collect();
        let listed = s.exec(&web, &[&["stat", "-c", "%a %u %g"], &paths[..]].concat()).await;
        assert_eq!(listed, "400 1000 0\n755 0 0\n400 0 0\n440 555 777\n755 0 0\n444 0 0\n");
        assert_eq!(s.exec(&web, &["cat", "/run/secrets/mine"]).await, "open");
        assert!(s.exec(&web, &["cat", "/run/secrets/deep/rootonly"]).await.contains("Permission denied"));
        assert!(s.exec(&web, &["cat", "/run/secrets/other"]).await.contains("Permission denied"));
    })
    .await;
}

#[tokio::test]
async fn content_does_not_take_the_place_of_a_folder() {
    let file = "services:\n  web:\n    <<: *idle\n    configs:\n      - {source: text, target: /etc}\nconfigs: {text: {content: x}}\n";
    project("file-over-folder", file, |s| async move {
        s.hoist(&["up", "-d"])
            .await
            .ends_with(1)
            .says("cannot overwrite directory \"etc\" with non-directory")
            .says("compose.yaml:6:32")
            .says("hint: the image has a folder there");
    })
    .await;
}

#[tokio::test]
async fn content_that_a_tmpfs_hides_is_warned_of_and_what_a_volume_keeps_is_not() {
    let service = |mount: &str| {
        format!(
            "services:\n  web:\n    <<: *idle\n    {mount}\n    secrets:\n      - word\nsecrets: {{word: {{environment: WORD}}}}\n\
             volumes: {{data: {{}}}}\n"
        )
    };
    for (name, mount, is_seen) in [
        ("short", "tmpfs: [/run]", false),
        ("long", "volumes: [{type: tmpfs, target: /run/secrets}]", false),
        ("linked", "tmpfs: [/var/run]", false),
        ("volume", "volumes: ['data:/run']", true),
        ("bind", "volumes: ['./folder:/run']", true),
        ("over", "tmpfs: [/run]\n    volumes: ['data:/run/secrets']", true),
    ] {
        let file = service(mount);
        project(&format!("file-hidden-{name}"), &file, |s| async move {
            s.write(".env", "WORD=open\n");
            let ran = s.hoist(&["up", "-d"]).await.ok();
            let found = s.exec(&s.only("web").await.id, &["cat", "/run/secrets/word"]).await;
            assert_eq!(found == "open", is_seen, "{found}");
            if is_seen {
                ran.does_not_say("will not see");
            } else {
                ran.says("warning: service web will not see secret \"word\"").says("compose.yaml:").says("hint: ");
            }
        })
        .await;
    }
}

#[tokio::test]
async fn content_under_a_read_only_mount_is_refused_before_anything_is_made() {
    for (name, mount) in [("volume", "data:/run:ro"), ("bind", "./folder:/run:ro")] {
        let file = format!(
            "services:\n  web:\n    <<: *idle\n    volumes: ['{mount}']\n    secrets:\n      - word\n\
             secrets: {{word: {{environment: WORD}}}}\nvolumes: {{data: {{}}}}\n"
        );
        project(&format!("file-locked-{name}"), &file, |s| async move {
            s.write(".env", "WORD=open\n");
            s.hoist(&["up", "-d"])
                .await
                .ends_with(1)
                .says("cannot create secret \"word\" in service web: its content is copied to /run/secrets/word")
                .says("compose.yaml:7:9");
            assert!(s.replicas().await.is_empty());
        })
        .await;
    }
}

#[tokio::test]
async fn content_is_there_again_after_each_start() {
    let file = r"
services:
  web: {<<: *idle, secrets: [word]}
secrets: {word: {environment: WORD}}
";
    project("file-again", file, |s| async move {
        s.write(".env", "WORD=first\n");
        s.up(&[]).await;
        let web = s.only("web").await.id;
        s.stop(&web).await;
        s.write(".env", "WORD=second\n");
        s.up(&[]).await;
        assert_eq!(s.only("web").await.id, web, "changed content recreates nothing");
        assert_eq!(s.exec(&web, &["cat", "/run/secrets/word"]).await, "second");
    })
    .await;
}

#[tokio::test]
async fn changed_content_is_reported_and_recreates_nothing() {
    let file = r"
services:
  web: {<<: *idle, configs: [nginx_conf, motd], secrets: [word]}
configs: {nginx_conf: {file: ./nginx.conf}, motd: {content: $MOTD}}
secrets: {word: {environment: WORD}}
";
    project("file-changed", file, |s| async move {
        s.write("nginx.conf", "one\n");
        s.write(".env", "WORD=first\nMOTD=hello\n");
        s.up(&[]).await;
        let web = s.only("web").await.id;
        s.hoist(&["plan"]).await.ends_with(0).does_not_say("changed since");
        s.write("nginx.conf", "two\n");
        s.write(".env", "WORD=second\nMOTD=hello\n");
        let told = "config nginx_conf changed since web/1 was created: hoist up --force-recreate web";
        s.hoist(&["plan"]).await.ends_with(0).says(told).does_not_say("motd").does_not_say("first");
        s.up(&[]).await.says(told).says("secret word changed since web/1 was created: hoist up --force-recreate web");
        assert_eq!(s.only("web").await.id, web);
        s.up(&["--force-recreate", "web"]).await.does_not_say("changed since");
        s.hoist(&["plan"]).await.ends_with(0).does_not_say("changed since");
    })
    .await;
}

#[tokio::test]
async fn secrets_that_cannot_be_had_are_named() {
    for (name, file, words) in [
        (
            "unset",
            "services: {web: {<<: *idle, secrets: [word]}}\nsecrets: {word: {environment: NOT_SET}}\n",
            "NOT_SET",
        ),
        ("missing", "services: {web: {<<: *idle, secrets: [word]}}\nsecrets: {word: {file: ./none.txt}}\n", "none.txt"),
        (
            "external",
            "services: {web: {<<: *idle, secrets: [word]}}\nsecrets: {word: {external: true}}\n",
            "unsupported external secret word",
        ),
    ] {
        project(&format!("file-{name}"), file, |s| async move {
            s.hoist(&["plan"]).await.ends_with(if name == "external" { 2 } else { 1 });
            s.hoist(&["up", "-d"]).await.ends_with(1).says(words).says("compose.yaml:");
            assert!(!s.states().await.contains(&"web/1 running".to_owned()));
        })
        .await;
    }
}

#[tokio::test]
async fn content_in_a_read_only_service_is_refused_or_there() {
    let file = "services: {web: {<<: *idle, read_only: true, secrets: [word]}}\nsecrets: {word: {environment: WORD}}\n";
    project("file-read-only", file, |s| async move {
        s.write(".env", "WORD=open\n");
        let ran = s.hoist(&["up", "-d"]).await;
        if ran.status == 0 {
            let web = s.only("web").await.id;
            assert_eq!(s.exec(&web, &["cat", "/run/secrets/word"]).await, "open");
        } else {
            ran.says("read-only").says("word");
        }
    })
    .await;
}

#[tokio::test]
async fn env_files_lie_under_the_environment() {
    let file = r"
x-idle: &idle {image: 'busybox:latest', command: [sleep, '600'], stop_grace_period: 0s}
services:
  web:
    <<: *idle
    env_file: [one.env, {path: two.env}, {path: none.env, required: false}]
    environment: {C: file, FROM_PROJECT: , GONE: }
";
    let files = [
        ("compose.yaml", file),
        ("one.env", "A=1\nB=1\nC=1\n"),
        ("two.env", "B=2\nC=2\n"),
        (".env", "FROM_PROJECT=here\n"),
    ];
    scenario("file-env", &files, |s| async move {
        s.up(&[]).await;
        let env = s.inspect("web").await.config.and_then(|config| config.env).unwrap_or_default();
        for line in ["A=1", "B=2", "C=file", "FROM_PROJECT=here"] {
            assert!(env.contains(&line.to_owned()), "{line} is not in {env:?}");
        }
        assert!(!env.iter().any(|line| line.starts_with("GONE=")), "{env:?}");
        let before = s.only("web").await.id;
        s.write("two.env", "B=3\n");
        s.up(&[]).await;
        assert_ne!(s.only("web").await.id, before, "what is in the files is part of the definition");
    })
    .await;
}

#[tokio::test]
async fn resources_and_policies_reach_the_engine() {
    let file = r#"
services:
  web:
    <<: *idle
    cpu_shares: 512
    shm_size: 1m
    oom_score_adj: 100
    sysctls: {net.ipv4.ip_unprivileged_port_start: "80"}
    security_opt: ["no-new-privileges:true"]
    group_add: ["27"]
    cap_add: [NET_ADMIN]
    dns: [10.0.0.53]
    dns_search: [example.test]
    dns_opt: ["ndots:2"]
    domainname: example.test
    stop_signal: SIGINT
    deploy:
      resources: {limits: {cpus: "0.25", memory: 32M, pids: 40}, reservations: {memory: 8M}}
      restart_policy: {condition: on-failure, max_attempts: 2}
      labels: {not: here}
    expose: ["7000-7001"]
    annotations: {hoist.test: "yes"}
    entrypoint: []
    stdin_open: true
    blkio_config: {weight: 300}
    ulimits: {nproc: 500, nofile: {soft: 100, hard: 200}}
"#;
    project("file-resources", file, |s| async move {
        s.up(&[]).await;
        let web = s.inspect("web").await;
        let (config, host) = (web.config.expect("a configuration"), web.host_config.expect("a host configuration"));
        assert_eq!(host.cpu_shares, Some(512));
        assert_eq!(host.pids_limit, Some(40));
        assert_eq!(host.memory, Some(32 << 20));
        assert_eq!(host.memory_reservation, Some(8 << 20));
        assert_eq!(host.nano_cpus, Some(250_000_000));
        assert_eq!(host.shm_size, Some(1 << 20));
        assert_eq!(host.oom_score_adj, Some(100));
        assert_eq!(host.sysctls.unwrap_or_default()["net.ipv4.ip_unprivileged_port_start"], "80");
        assert_eq!(host.dns, Some(vec!["10.0.0.53".to_owned()]));
        assert_eq!(host.dns_search, Some(vec!["example.test".to_owned()]));
        assert_eq!(host.dns_options, Some(vec!["ndots:2".to_owned()]));
        assert_eq!(host.group_add, Some(vec!["27".to_owned()]));
        assert_eq!(host.annotations.unwrap_or_default()["hoist.test"], "yes");
        let policy = host.restart_policy.expect("a policy");
        assert_eq!(
            (format!("{:?}", policy.name), policy.maximum_retry_count),
            ("Some(ON_FAILURE)".to_owned(), Some(2))
        );
        let ulimits = host.ulimits.unwrap_or_default();
        let of = |name: &str| {
            ulimits.iter().find(|limit| limit.name.as_deref() == Some(name)).map(|limit| (limit.soft, limit.hard))
        };
        assert_eq!(of("nproc"), Some((Some(500), Some(500))));
        assert_eq!(of("nofile"), Some((Some(100), Some(200))));
        assert_eq!(config.stop_signal.as_deref(), Some("SIGINT"));
        assert_eq!(config.domainname.as_deref(), Some("example.test"));
        assert_eq!(config.open_stdin, Some(true));
        let exposed = config.exposed_ports.unwrap_or_default();
        assert!(exposed.contains(&"7000/tcp".to_owned()) && exposed.contains(&"7001/tcp".to_owned()), "{exposed:?}");
        assert!(!config.labels.unwrap_or_default().contains_key("not"));
        s.is_settled().await;
    })
    .await;
}

#[tokio::test]
async fn a_restart_policy_without_condition_is_any() {
    let file = "services: {web: {<<: *idle, deploy: {restart_policy: {max_attempts: 3}}}}\n";
    project("file-restart", file, |s| async move {
        s.up(&[]).await;
        let policy = s.inspect("web").await.host_config.and_then(|host| host.restart_policy).expect("a policy");
        assert_eq!(format!("{:?}", policy.name), "Some(ALWAYS)");
    })
    .await;
}

#[tokio::test]
async fn label_files_lie_under_labels_and_ours_win() {
    let file = r"
x-idle: &idle {image: 'busybox:latest', command: [sleep, '600'], stop_grace_period: 0s}
services:
  web:
    <<: *idle
    label_file: labels.env
    labels: {b: file, com.docker.compose.project: mine}
";
    let files = [("compose.yaml", file), ("labels.env", "a=1\nb=1\n")];
    scenario("file-labels", &files, |s| async move {
        let ran = s.hoist(&["up", "-d"]).await;
        if ran.status == 0 {
            let labels = s.only("web").await.labels;
            assert_eq!((labels["a"].as_str(), labels["b"].as_str()), ("1", "file"));
            assert_eq!(labels["com.docker.compose.project"], s.project);
        } else {
            ran.says("com.docker.compose");
        }
    })
    .await;
}

#[tokio::test]
async fn ports_take_ranges_addresses_and_protocols() {
    let first = free_ports(4);
    let file = format!(
        "services: {{web: {{<<: *idle, scale: 2, ports: ['127.0.0.1:{first}-{}:80', '127.0.0.1::53/udp']}}}}\n",
        first + 3
    );
    project("file-ports", &file, |s| async move {
        s.up(&[]).await;
        let mut published = Vec::new();
        for id in s.ids().await {
            let ports =
                s.inspect_id(&id).await.network_settings.and_then(|settings| settings.ports).unwrap_or_default();
            let tcp = ports["80/tcp"].clone().unwrap_or_default();
            assert_eq!(tcp[0].host_ip.as_deref(), Some("127.0.0.1"));
            published.extend(tcp[0].host_port.clone());
            assert!(ports["53/udp"].clone().unwrap_or_default()[0].host_port.is_some());
        }
        published.sort();
        published.dedup();
        assert_eq!(published.len(), 2, "each replica has its own");
        s.is_settled().await;
    })
    .await;
}
