//! A project comes up, stays as it is, and goes down.

use std::path::Path;

use crate::support::{Scenario, scenario};

const TWO: &str = r#"
services:
  db:
    image: busybox:latest
    command: ["sh", "-c", "test -e /data/stamp || date +%s%N > /data/stamp; cat /data/stamp; exec sleep 600"]
    stop_grace_period: 0s
    volumes:
      - data:/data
  web:
    image: busybox:latest
    command: ["sleep", "600"]
    stop_grace_period: 0s
    depends_on:
      - db
volumes:
  data: {}
"#;

#[tokio::test]
async fn up_makes_and_starts_everything_once() {
    scenario("up-once", &[("compose.yaml", TWO)], |s| async move {
        s.hoist(&["up", "-d"]).await.ok();
        assert_eq!(s.states().await, ["db/1 running", "web/1 running"]);
        assert_eq!(s.networks().await, ["hoist-test-up-once_default"]);
        assert_eq!(s.volumes().await, ["hoist-test-up-once_data"]);

        let before = s.ids().await;
        let again = s.hoist(&["up", "-d"]).await.ok();
        assert_eq!(s.ids().await, before, "a second `up` changes nothing");
        assert!(again.stderr.contains("Container hoist-test-up-once-db-1 Running"), "{}", again.stderr);
        assert_eq!(s.hoist(&["plan", "--steps"]).await.ok().stdout.trim(), "nothing to do");
    })
    .await;
}

#[tokio::test]
async fn down_keeps_named_volumes_and_up_finds_their_data() {
    scenario("down-keeps", &[("compose.yaml", TWO)], |s| async move {
        s.hoist(&["up", "-d"]).await.ok();
        let first = stamp(&s).await;

        s.hoist(&["down"]).await.ok();
        assert!(s.replicas().await.is_empty());
        assert!(s.networks().await.is_empty());
        assert_eq!(s.volumes().await, ["hoist-test-down-keeps_data"]);

        s.hoist(&["up", "-d"]).await.ok();
        assert_eq!(stamp(&s).await, first, "the volume still has what was written");

        s.hoist(&["down", "--volumes"]).await.ok();
        assert!(s.is_gone().await);
    })
    .await;
}

async fn stamp(s: &Scenario) -> String {
    s.eventually("db writes its stamp", 10, || async {
        let output = s.output_of("db").await;
        output.ends_with('\n').then_some(output)
    })
    .await
}

#[tokio::test]
async fn down_needs_no_file() {
    scenario("down-nofile", &[("compose.yaml", TWO)], |s| async move {
        s.hoist(&["up", "-d"]).await.ok();
        std::fs::remove_file(s.folder().join("compose.yaml")).expect("the file is there");
        s.hoist(&["-p", &s.project, "down", "--volumes"]).await.ok();
        assert!(s.is_gone().await);
    })
    .await;
}

#[tokio::test]
async fn down_of_nothing_is_no_error() {
    scenario("down-nothing", &[("compose.yaml", TWO)], |s| async move {
        s.hoist(&["down"]).await.ok().says("No resource found to remove for project \"hoist-test-down-nothing\".");
    })
    .await;
}

#[tokio::test]
async fn create_starts_nothing() {
    scenario("create", &[("compose.yaml", TWO)], |s| async move {
        s.hoist(&["create"]).await.ok();
        assert_eq!(s.states().await, ["db/1 created", "web/1 created"]);
        s.hoist(&["up", "-d", "--no-start"]).await.ok();
        assert_eq!(s.states().await, ["db/1 created", "web/1 created"]);
        let before = s.ids().await;
        s.hoist(&["up", "-d"]).await.ok();
        assert_eq!(s.states().await, ["db/1 running", "web/1 running"]);
        assert_eq!(s.ids().await, before, "what `create` made is started, not made anew");
    })
    .await;
}

#[tokio::test]
async fn a_selected_service_comes_with_what_it_depends_on() {
    let files = [("compose.yaml", TWO)];
    scenario("selected", &files, |s| async move {
        s.hoist(&["up", "-d", "db"]).await.ok();
        assert_eq!(s.states().await, ["db/1 running"]);
        s.hoist(&["up", "-d", "web"]).await.ok();
        assert_eq!(s.states().await, ["db/1 running", "web/1 running"]);
        s.hoist(&["up", "-d", "nope"]).await.ends_with(1).says("no such service: nope");
    })
    .await;
}

#[tokio::test]
async fn scale_adds_and_removes_replicas() {
    scenario("scale", &[("compose.yaml", TWO)], |s| async move {
        s.hoist(&["up", "-d", "--scale", "web=3"]).await.ok();
        assert_eq!(s.states().await, ["db/1 running", "web/1 running", "web/2 running", "web/3 running"]);
        s.hoist(&["up", "-d", "--scale", "web=1"]).await.ok();
        assert_eq!(s.states().await, ["db/1 running", "web/1 running"]);
        s.hoist(&["up", "-d", "--scale", "web"])
            .await
            .ends_with(1)
            .says("invalid --scale option \"web\". Should be SERVICE=NUM");
    })
    .await;
}

#[tokio::test]
async fn labels_say_whose_container_it_is() {
    scenario("labels", &[("compose.yaml", TWO)], |s| async move {
        s.hoist(&["up", "-d"]).await.ok();
        let labels = s.only("web").await.labels;
        let label = |name: &str| labels.get(&format!("com.docker.compose.{name}")).map_or("", String::as_str);
        let folder = s.folder().canonicalize().expect("the folder is there");
        assert_eq!(label("project"), s.project);
        assert_eq!(label("service"), "web");
        assert_eq!(label("container-number"), "1");
        assert_eq!(label("oneoff"), "False");
        assert_eq!(label("depends_on"), "db:service_started:false");
        assert_eq!(Path::new(label("project.working_dir")), folder);
        assert_eq!(Path::new(label("project.config_files")), folder.join("compose.yaml"));
        assert_eq!(label("config-hash").len(), 64);
        assert!(label("image").starts_with("sha256:"), "{labels:?}");
    })
    .await;
}

const ATTRIBUTES: &str = r#"
services:
  web:
    image: busybox:latest
    command: ["sleep", "600"]
    stop_grace_period: 1s
    restart: unless-stopped
    init: true
    user: "1000:1000"
    working_dir: /tmp
    hostname: web-host
    read_only: true
    tmpfs: /run
    cap_drop: [NET_RAW]
    mem_limit: 64m
    cpus: 0.5
    environment:
      MODE: test
    labels:
      tier: front
    extra_hosts: ["other:10.0.0.9"]
    ports:
      - "127.0.0.1::8080"
    volumes:
      - ./site:/site:ro
      - /anonymous
    logging:
      driver: json-file
      options: {max-size: 1m}
    healthcheck:
      test: ["CMD", "true"]
      interval: 1s
      retries: 2
    ulimits: {nofile: 1024}
    networks:
      inner: {aliases: [site]}
networks:
  inner: {internal: false}
"#;

#[tokio::test]
async fn attributes_reach_the_engine() {
    scenario("attributes", &[("compose.yaml", ATTRIBUTES), ("site/index.html", "hello")], |s| async move {
        s.hoist(&["up", "-d", "--wait"]).await.ok();
        let web = s.inspect("web").await;
        let config = web.config.expect("a configuration");
        let host = web.host_config.expect("a host configuration");
        assert_eq!(config.user.as_deref(), Some("1000:1000"));
        assert_eq!(config.hostname.as_deref(), Some("web-host"));
        assert!(config.env.unwrap_or_default().contains(&"MODE=test".to_owned()));
        assert_eq!(config.labels.unwrap_or_default().get("tier").map(String::as_str), Some("front"));
        assert_eq!(config.stop_timeout, Some(1));
        assert_eq!(host.memory, Some(64 << 20));
        assert_eq!(host.nano_cpus, Some(500_000_000));
        assert_eq!(host.readonly_rootfs, Some(true));
        assert_eq!(host.init, Some(true));
        let dropped = host.cap_drop.unwrap_or_default();
        // Newer engines write the name in full.
        assert_eq!(dropped.iter().map(|name| name.trim_start_matches("CAP_")).collect::<Vec<_>>(), ["NET_RAW"]);
        assert_eq!(host.extra_hosts, Some(vec!["other:10.0.0.9".to_owned()]));
        assert_eq!(host.network_mode.as_deref(), Some("hoist-test-attributes_inner"));
        assert_eq!(format!("{:?}", host.restart_policy.and_then(|policy| policy.name)), "Some(UNLESS_STOPPED)");
        let site = format!("{}/site:/site:ro", s.folder().canonicalize().expect("a folder").display());
        assert_eq!(host.binds, Some(vec![site]));
        let networks = web.network_settings.and_then(|settings| settings.networks).unwrap_or_default();
        let aliases = networks["hoist-test-attributes_inner"].aliases.clone().unwrap_or_default();
        assert!(aliases.contains(&"web".to_owned()) && aliases.contains(&"site".to_owned()), "{aliases:?}");
        let health = web.state.and_then(|state| state.health).and_then(|health| health.status);
        assert_eq!(format!("{health:?}"), "Some(HEALTHY)");
    })
    .await;
}

const INLINE: &str = r#"
services:
  web:
    image: busybox:latest
    command: ["sh", "-c", "cat /run/secrets/word /greeting; exec sleep 600"]
    stop_grace_period: 0s
    secrets: [word]
    configs:
      - {source: greeting, target: /greeting}
secrets:
  word: {environment: WORD}
configs:
  greeting: {content: "hello ${WHO:-you}\n"}
"#;

#[tokio::test]
async fn secrets_and_configs_are_there_before_the_first_line_runs() {
    scenario("inline", &[("compose.yaml", INLINE), (".env", "WORD=open-sesame\nWHO=world\n")], |s| async move {
        s.hoist(&["up", "-d"]).await.ok();
        let output = s
            .eventually("web prints both files", 10, || async {
                let output = s.output_of("web").await;
                output.contains("hello").then_some(output)
            })
            .await;
        assert_eq!(output, "open-sesamehello world\n");
    })
    .await;
}
