//! What Docker Compose 2 started is taken over as it is, and the other way round (engine.md Annex A): files with the
//! services that real projects have.

use futures::StreamExt;

use crate::support::{Scenario, scenario};

/// What comes with the files.
const BESIDE: [(&str, &str); 6] = [
    ("app.env", "LEVEL=info\nQUOTED=\"two words\"\n"),
    ("nginx.conf", "events {}\n"),
    ("password.txt", "not a secret\n"),
    (
        "base.yaml",
        "services:\n  base:\n    image: busybox:latest\n    command: [sleep, '600']\n    stop_grace_period: 0s\n    environment: {FROM: base}\n    labels: {team: base}\n",
    ),
    (
        "part/compose.yaml",
        "services:\n  cache: {image: 'busybox:latest', command: [sleep, '600'], stop_grace_period: 0s, env_file: [cache.env]}\n",
    ),
    ("part/cache.env", "SIZE=10m\n"),
];

/// Files that Docker Compose and hoist make the same of, by name.
const FILES: [(&str, &str); 10] = [
    (
        "proxy",
        r#"
services:
  proxy:
    <<: *idle
    restart: unless-stopped
    ports: ["127.0.0.1:18701:80", "127.0.0.1::443/tcp"]
    volumes: [{type: bind, source: ./nginx.conf, target: /etc/nginx.conf, read_only: true}]
    labels: {traefik.enable: "true", "com.example.empty": ""}
    extra_hosts: ["db.internal=10.0.0.5", "host.docker.internal:host-gateway"]
    logging: {driver: json-file, options: {max-size: 10m, max-file: "3"}}
"#,
    ),
    (
        "database",
        r#"
services:
  db:
    <<: *idle
    environment: {MYSQL_DATABASE: shop, MYSQL_ROOT_PASSWORD: example, EMPTY: "", LATER: null}
    healthcheck: {test: "true", interval: 1s, timeout: 5s, retries: 3, start_period: 1m}
    volumes: ["data:/var/lib/mysql", "/var/run/sockets"]
    command: ["sleep", "600"]
    cap_add: [SYS_NICE]
    security_opt: [no-new-privileges:true]
    shm_size: 64m
    ulimits: {nofile: {soft: 1024, hard: 2048}, nproc: 512}
  app: {<<: *idle, depends_on: {db: {condition: service_healthy, restart: true}}, env_file: [app.env]}
volumes: {data: {labels: {keep: "yes"}}}
"#,
    ),
    (
        "networks",
        r#"
services:
  web:
    <<: *idle
    networks:
      front: {aliases: [www, shop]}
      back: {ipv4_address: 10.213.78.10, priority: 100}
    dns: [10.213.78.1]
    dns_search: [example.test]
  other: {<<: *idle, networks: [back], links: ["web:server"]}
  sidecar: {<<: *idle, network_mode: "service:web"}
  alone: {<<: *idle, network_mode: none}
networks:
  front: {driver: bridge, labels: {tier: front}}
  back: {internal: true, ipam: {config: [{subnet: 10.213.78.0/24, gateway: 10.213.78.1}]}}
"#,
    ),
    (
        "files",
        r#"
services:
  app:
    <<: *idle
    secrets: [password, {source: token, target: /run/token, mode: 0400, uid: "0"}]
    configs: [{source: settings, target: /etc/settings.ini}, {source: nginx}]
secrets: {password: {file: password.txt}, token: {file: ./password.txt}}
configs: {settings: {content: "level = info\n"}, nginx: {file: nginx.conf}}
"#,
    ),
    (
        "limits",
        r#"
services:
  worker:
    <<: *idle
    deploy: {replicas: 2, resources: {limits: {cpus: "0.5", memory: 64M, pids: 50}, reservations: {memory: 16M}}}
    init: true
    read_only: true
    tmpfs: [/tmp, "/run:size=1m,mode=755"]
    user: "1000:1000"
    working_dir: /tmp
    sysctls: {net.core.somaxconn: 1024}
    oom_score_adj: 100
    pids_limit: 50
    group_add: ["10"]
"#,
    ),
    (
        "extended",
        r"
include: [part/compose.yaml]
services:
  web: {extends: {file: base.yaml, service: base}, environment: {ADDED: here}, depends_on: [cache]}
",
    ),
    (
        "profiles",
        r#"
x-environment: &environment {TZ: UTC, LEVEL: "${LEVEL:-debug}"}
services:
  web: {<<: *idle, environment: {<<: *environment, OWN: "1"}, entrypoint: ["/bin/sh", "-c"], command: ["sleep 600"]}
  tools: {<<: *idle, profiles: [tools]}
"#,
    ),
    (
        "namespaces",
        r#"
services:
  base: {<<: *idle, hostname: base, domainname: example.test, stdin_open: true, tty: true, ipc: shareable}
  near: {<<: *idle, ipc: "service:base", pid: "service:base", volumes_from: [base:ro], userns_mode: host}
"#,
    ),
    (
        "devices",
        r#"
services:
  hub:
    <<: *idle
    container_name: hoist-test-takeover-hub
    privileged: true
    devices: ["/dev/null:/dev/nothing:r"]
    expose: ["8123", "9000-9001"]
    stop_signal: SIGINT
    volumes: [{type: volume, source: config, target: /config, volume: {nocopy: true}}, {type: tmpfs, target: /scratch, tmpfs: {size: 1048576}}]
    annotations: {example.note: kept}
volumes: {config: {name: hoist-test-takeover-config}}
"#,
    ),
    (
        "blocks",
        r#"
services:
  io: {<<: *idle, blkio_config: {weight: 300}, cpu_shares: 512, cpuset: "0", mem_limit: 64m, mem_reservation: 32m, memswap_limit: 128m, cgroup_parent: ""}
  hooked: {<<: *idle, post_start: [{command: [touch, /ready]}], pre_stop: [{command: ["true"]}], attach: false, scale: 2}
"#,
    ),
];

const IDLE: &str = "x-idle: &idle {image: 'busybox:latest', command: [sleep, '600'], stop_grace_period: 0s}\n";

/// A scenario with one of the files.
async fn with_file<F: Future<Output = ()>>(
    (name, file): (&str, &str),
    steps: impl FnOnce(std::sync::Arc<Scenario>) -> F,
) {
    let file = [IDLE, file].concat();
    let mut files = BESIDE.to_vec();
    files.push(("compose.yaml", &file));
    scenario(&format!("takeover-{name}"), &files, steps).await;
}

#[tokio::test]
async fn what_docker_compose_started_stays_and_so_does_what_hoist_started() {
    futures::stream::iter(FILES)
        .for_each_concurrent(4, |file| {
            with_file(file, move |s| async move {
                s.peer(&["up", "-d"]).await.ok();
                let before = s.ids().await;
                assert_eq!(s.hoist(&["plan"]).await.ok().stdout.trim(), "nothing to do", "{}", file.0);
                s.up(&[]).await;
                assert_eq!(s.ids().await, before, "{}: hoist leaves them", file.0);

                s.hoist(&["down", "--volumes"]).await.ok();
                s.up(&[]).await;
                let before = s.ids().await;
                s.peer(&["up", "-d"]).await.ok();
                assert_eq!(s.ids().await, before, "{}: Docker Compose leaves them", file.0);
            })
        })
        .await;
}

#[tokio::test]
async fn docker_compose_2_recreates_a_short_bind_without_loss() {
    let file = r#"
services:
  web: {<<: *idle, volumes: ["./nginx.conf:/etc/nginx.conf:ro", "data:/data", "/scratch"]}
volumes: {data: {}}
"#;
    with_file(("short-bind", file), |s| async move {
        s.up(&[]).await;
        let web = s.only("web").await.id;
        s.exec(&web, &["sh", "-c", "echo kept > /data/file; echo kept > /scratch/file"]).await;
        s.peer(&["up", "-d"]).await.ok();
        let recreated = s.only("web").await.id;
        assert_ne!(recreated, web, "its line writes the bind in another way");
        assert_eq!(s.exec(&recreated, &["cat", "/data/file", "/scratch/file"]).await, "kept\nkept\n");
        // What it made is as the file asks.
        assert_eq!(s.hoist(&["plan"]).await.ok().stdout.trim(), "nothing to do");
    })
    .await;
}
