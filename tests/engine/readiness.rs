//! Readiness without a healthcheck: `x-hoist.ready` for conditions, `--wait` and rolling updates.

use crate::support::project;

/// A server of busybox that answers at port 80 after a while, and an app that needs it.
const WEB: &str = r#"
services:
  web:
    <<: *idle
    command: [sh, -c, "mkdir /www; echo ok > /www/up; sleep 1; exec httpd -f -p 80 -h /www"]
    x-hoist: {ready: {CHECK, interval: 100ms, timeout: 8s}}
  app: {<<: *idle, depends_on: {web: {condition: service_healthy}}}
"#;

fn web(check: &str) -> String {
    WEB.replace("CHECK", check)
}

#[tokio::test]
async fn http_at_the_address_of_the_container() {
    project("ready-http", &web("http: ':80/up'"), |s| async move {
        s.hoist(&["up", "-d"]).await.ok();
        assert_eq!(s.states().await, ["app/1 running", "web/1 running"]);
        s.hoist(&["up", "-d", "--wait"]).await.ok();
    })
    .await;
}

#[tokio::test]
async fn http_that_answers_with_an_error_is_not_ready() {
    project("ready-http-404", &web("http: {port: 80, path: /nothing}").replace("8s", "2s"), |s| async move {
        let failed = s.hoist(&["up", "-d"]).await.ends_with(1);
        failed.says("web-1 is not ready after 2s: http :80/nothing: HTTP status 404").says("raise `timeout`");
        assert_eq!(s.states().await, ["app/1 created", "web/1 running"]);
        let why = s.hoist(&["why"]).await.ends_with(2);
        why.prints("web is not ready: http :80/nothing: HTTP status 404 at");
    })
    .await;
}

#[tokio::test]
async fn tcp_at_the_address_of_the_container() {
    project("ready-tcp", &web("tcp: 80"), |s| async move {
        s.hoist(&["up", "-d"]).await.ok();
        assert_eq!(s.states().await, ["app/1 running", "web/1 running"]);
    })
    .await;
}

#[tokio::test]
async fn tcp_at_the_wrong_port_is_not_ready() {
    project("ready-tcp-wrong", &web("tcp: 81").replace("8s", "2s"), |s| async move {
        let failed = s.hoist(&["up", "--wait"]).await.ends_with(1);
        failed.says("web-1 is not ready after 2s: tcp :81: connection refused at").says("--> compose.yaml:");
        let late = s.hoist(&["up", "--wait", "--wait-timeout", "1"]).await.ends_with(1);
        late.says("web-1 is not ready yet: tcp :81: connection refused at").says("--> compose.yaml:");
    })
    .await;
}

#[tokio::test]
async fn without_a_network_the_check_runs_inside() {
    for (name, check) in [("ready-inside-tcp", "tcp: 80"), ("ready-inside-http", "http: ':80/up'")] {
        let file = web(check).replace("    x-hoist", "    network_mode: none\n    x-hoist");
        project(name, &file, |s| async move {
            s.hoist(&["up", "-d"]).await.ok();
            assert_eq!(s.states().await, ["app/1 running", "web/1 running"]);
        })
        .await;
    }
}

#[tokio::test]
async fn a_line_of_the_log_and_a_command() {
    let file = r#"
services:
  log:
    <<: *idle
    command: [sh, -c, "echo starting; sleep 0.5; echo listening on 0.0.0.0:80 >&2; exec sleep 600"]
    x-hoist: {ready: {log: "listening on .*:80$"}}
  exec:
    <<: *idle
    command: [sh, -c, "sleep 0.5; touch /ready; exec sleep 600"]
    x-hoist: {ready: {exec: [test, -e, /ready], interval: 100ms}}
  never: {<<: *idle, profiles: [never], x-hoist: {ready: {log: listening, timeout: 1s}}}
  missing: {<<: *idle, profiles: [missing], x-hoist: {ready: {exec: [nosuch]}}}
  broken: {<<: *idle, profiles: [never], x-hoist: {ready: {exec: "echo not today; exit 3", timeout: 1s}}}
  app: {<<: *idle, depends_on: {log: {condition: service_healthy}, exec: {condition: service_healthy}}}
"#;
    project("ready-log", file, |s| async move {
        s.hoist(&["up", "-d"]).await.ok();
        assert_eq!(s.states().await, ["app/1 running", "exec/1 running", "log/1 running"]);
        s.hoist(&["up", "--wait"]).await.ok();
        let failed = s.hoist(&["up", "--wait", "never"]).await.ends_with(1);
        failed.says("never-1 is not ready after 1s: log `listening`");
        let failed = s.hoist(&["up", "--wait", "broken"]).await.ends_with(1);
        failed.says("broken-1 is not ready after 1s: exec `echo not today; exit 3`: exit status 3: not today");
        let failed = s.hoist(&["up", "--wait", "missing"]).await.ends_with(1);
        failed
            .says("missing-1 cannot be checked: exec `nosuch`: the container has no program `nosuch` that can be run");
    })
    .await;
}

#[tokio::test]
async fn rolling_updates_keep_what_is_ready() {
    let file = r#"
services:
  web:
    <<: *idle
    command: [sh, -c, "mkdir /www; echo ok > /www/up; exec httpd -f -p ${PORT:-80} -h /www"]
    deploy: {update_config: {order: start-first}}
    x-hoist: {rolling: true, ready: {http: ":80/up", interval: 100ms, timeout: 2s}}
"#;
    project("ready-rolling", file, |s| async move {
        s.hoist(&["up", "-d"]).await.ok();
        let before = s.inspect("web").await.id;
        s.write(".env", "PORT=81\n");
        s.hoist(&["up", "-d"]).await.ends_with(1).says("is not ready after 2s");
        assert_eq!(s.inspect("web").await.id, before);
    })
    .await;
}

#[tokio::test]
async fn a_container_that_ends_is_not_waited_for() {
    let file = r#"
services:
  web: {image: busybox:latest, command: [sh, -c, "echo no port; exit 3"], x-hoist: {ready: {tcp: 80}}}
  app: {<<: *idle, depends_on: {web: {condition: service_healthy}}}
"#;
    project("ready-ended", file, |s| async move {
        s.hoist(&["up", "-d"]).await.ends_with(1).says("web-1 exited (3)").says("no port");
    })
    .await;
}

#[tokio::test]
async fn the_last_line_of_a_container_does_not_make_it_ready() {
    let file = r#"
services:
  web: {image: busybox:latest, command: [sh, -c, "echo listening"], x-hoist: {ready: {log: listening}}}
"#;
    project("ready-last-line", file, |s| async move {
        for _ in 0..5 {
            s.hoist(&["up", "--wait"]).await.ends_with(1).says("web-1 exited (0)");
        }
    })
    .await;
}

#[tokio::test]
async fn neither_restarts_nor_a_pause_extend_its_time() {
    let file = r#"
services:
  web: {image: busybox:latest, restart: always, command: ["false"], x-hoist: {ready: {tcp: 80, timeout: 3s}}}
  paused: {<<: *idle, x-hoist: {ready: {tcp: 80, timeout: 5s}}}
  job: {image: busybox:latest, command: [sh, -c, exit 3], x-hoist: {job: true}}
"#;
    project("ready-loop", file, |s| async move {
        let run = s.background(&["up", "--wait", "paused"]);
        s.reach(&["paused/1 running"]).await;
        s.pause(&s.inspect("paused").await.id.expect("it has an id")).await;
        let failed = run.end().await.ends_with(1);
        failed.says("paused-1 is not ready after 5s: tcp :80: the container is paused").says("--> compose.yaml:");
        s.hoist(&["up", "--wait", "web"]).await.ends_with(1).says("web-1 is not ready after 3s: tcp :80: ");
        let failed = s.hoist(&["up", "--wait", "job"]).await.ends_with(1);
        failed.says("didn't complete successfully: exit 3").says("x-hoist: {job: true}");
    })
    .await;
}

#[tokio::test]
async fn what_makes_a_check_useless_is_told() {
    let file = r#"
services:
  image:
    build: {dockerfile_inline: "FROM busybox:latest\nHEALTHCHECK --interval=200ms CMD true\n"}
    command: [sleep, infinity]
    x-hoist: {ready: {tcp: 80}}
  silent: {<<: *idle, logging: {driver: none}, x-hoist: {ready: {log: listening}}}
  secret:
    <<: *idle
    environment: {API_TOKEN: swordfish}
    x-hoist: {ready: {exec: "echo tok $$API_TOKEN; exit 1", timeout: 1s}}
"#;
    project("ready-useless", file, |s| async move {
        let words = "the image of service `image` has a healthcheck, so its `x-hoist.ready` is ignored";
        s.hoist(&["up", "--wait", "image"]).await.ok().says(words);
        let failed = s.hoist(&["up", "--wait", "silent"]).await.ends_with(1);
        failed.says("silent-1 cannot be checked: log `listening`: configured logging driver does not support reading");
        let failed = s.hoist(&["up", "--wait", "secret"]).await.ends_with(1);
        failed.says("exit status 1: tok •••").does_not_say("swordfish");
        let shown = s.hoist(&["--show-values", "up", "--wait", "secret"]).await.ends_with(1);
        shown.says("exit status 1: tok swordfish");
    })
    .await;
}
