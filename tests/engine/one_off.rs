//! `run`: a container for one command.

use crate::support::{project, scenario};

const TWO: &str = r#"
services:
  web:
    <<: *idle
    container_name: hoist-test-fixed
    restart: always
    ports: ["80"]
    environment: {A: a}
    volumes: ["/data"]
    depends_on: {db: {condition: service_healthy}}
  db:
    <<: *idle
    healthcheck: {test: [CMD, "true"], interval: 200ms}
"#;

#[tokio::test]
async fn a_command_runs_after_what_its_service_depends_on_and_leaves_nothing_behind() {
    project("run-rm", TWO, |s| async move {
        let ran = s.hoist(&["run", "--rm", "web", "sh", "-c", "echo out; echo err >&2; exit 3"]).await;
        let ran = ran.ends_with(3).says("err").says("db-1 Healthy").says("hoist-test-run-rm-web-run-");
        assert_eq!(ran.stdout, "out\n");
        assert_eq!(s.states().await, ["db/1 running"], "neither a replica of web nor the one-off is left");
        assert!(s.volumes_at("/data").await.is_empty());
        let ran = s.hoist(&["run", "-q", "--rm", "web", "echo", "quiet"]).await.ok();
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("quiet\n", ""));
    })
    .await;
}

#[tokio::test]
async fn the_definition_is_what_the_flags_say() {
    project("run-flags", TWO, |s| async move {
        s.write("more.env", "B=${A:-none}\nC=c\n");
        let script = "echo $A-$B-$C; id -u; pwd; cat /here/more.env | wc -l; hostname -i >/dev/null && echo net";
        let ran = s
            .hoist(&[
                "run",
                "--rm",
                "--no-deps",
                "-e",
                "A=b",
                "--env-from-file",
                "more.env",
                "-u",
                "1234",
                "-w",
                "/tmp",
                "-v",
                ".:/here:ro",
                "-l",
                "k=v",
                "--entrypoint",
                "sh -c",
                "web",
                script,
            ])
            .await
            .ok();
        assert_eq!(ran.stdout, "b-none-c\n1234\n/tmp\n2\nnet\n");
        assert!(s.replicas().await.is_empty(), "--no-deps starts nothing");
    })
    .await;
}

#[tokio::test]
async fn a_detached_one_off_is_no_replica_and_can_be_removed() {
    project("run-detached", TWO, |s| async move {
        let ran = s.hoist(&["run", "-d", "--name", "hoist-test-run-detached-x", "web", "sleep", "600"]).await.ok();
        let id = ran.stdout.trim().to_owned();
        let made = s.inspect_id(&id).await;
        let labels = made.config.and_then(|config| config.labels).unwrap_or_default();
        assert_eq!(labels["com.docker.compose.oneoff"], "True");
        assert_eq!(labels["com.docker.compose.slug"].len(), 64);
        assert!(!labels.contains_key("com.docker.compose.container-number"));
        let host = made.host_config.expect("there is one");
        assert_eq!(host.restart_policy.and_then(|policy| policy.name).map(|name| name.to_string()), Some("no".into()));
        assert!(host.port_bindings.unwrap_or_default().is_empty(), "ports are for replicas");
        let aliases = made.network_settings.and_then(|it| it.networks).unwrap_or_default();
        let aliases = aliases.into_values().next().and_then(|endpoint| endpoint.aliases).unwrap_or_default();
        assert_eq!(aliases, ["hoist-test-run-detached-x"]);
        s.up(&[]).await;
        assert_eq!(
            s.states().await,
            ["db/1 running", "web/0 running", "web/1 running"],
            "it was not taken for a replica"
        );
        s.hoist(&["kill", "-s", "KILL", "web"]).await.ok().says("Container hoist-test-run-detached-x Killed");
        s.reach(&["db/1 running", "web/0 exited", "web/1 exited"]).await;
        s.hoist(&["rm", "-f", "web"]).await.ok().does_not_say("hoist-test-run-detached-x");
        s.hoist(&["rm", "-fa", "web"]).await.ok().says("Container hoist-test-run-detached-x Removed");
        s.hoist(&["run", "-d", "--rm", "web", "true"]).await.ok();
        s.eventually("the engine removes it", 10, || async { s.one_offs().await.is_empty().then_some(()) }).await;
    })
    .await;
}

#[tokio::test]
async fn what_the_engine_refuses_is_told_apart_from_the_status_of_a_program() {
    project("run-refused", "services: {web: {<<: *idle}}\n", |s| async move {
        s.hoist(&["run", "--rm", "web", "sh", "-c", "exit 127"]).await.ends_with(127);
        let ran = s.hoist(&["run", "--rm", "--entrypoint", "nosuch", "web"]).await.ends_with(1);
        assert!(ran.stderr.contains("nosuch"), "{}", ran.stderr);
        assert!(s.one_offs().await.is_empty());
        s.hoist(&["run", "nosuch"]).await.ends_with(1).says("no such service: nosuch");
    })
    .await;
}

#[tokio::test]
async fn hooks_after_the_start_run_and_those_before_do_not() {
    let file = r#"
services:
  web:
    <<: *idle
    volumes: ["./log:/log"]
    pre_start: [{command: [sh, -c, "echo pre >> /log/hooks"]}]
    post_start: [{command: [sh, -c, "echo post >> /log/hooks"]}]
"#;
    project("run-hooks", file, |s| async move {
        let wait = "until [ -e /log/hooks ]; do sleep 0.05; done; cat /log/hooks";
        let ran = s.hoist(&["run", "--rm", "web", "sh", "-c", wait]).await.ok();
        assert_eq!(ran.stdout, "post\n");
    })
    .await;
}

#[tokio::test]
async fn input_reaches_the_command_to_its_end() {
    project("run-input", "services: {web: {<<: *idle}}\n", |s| async move {
        let command = s.command(&["run", "--rm", "-T", "web", "sh", "-c", "cat; echo end"]);
        let ran = s.run_with_input(command, "one\ntwo\n").await.ok();
        assert_eq!(ran.stdout, "one\ntwo\nend\n");
    })
    .await;
}

#[tokio::test]
async fn signals_are_passed_on() {
    let file = "services: {web: {<<: *idle}}\n";
    project("run-signal", file, |s| async move {
        let trap = "trap 'echo caught; exit 7' INT; echo ready; while :; do sleep 0.1; done";
        let run = s.background(&["run", "--rm", "web", "sh", "-c", trap]);
        s.shows(&run, "ready").await;
        run.interrupt();
        let ran = run.end().await.ends_with(7);
        assert!(ran.stdout.contains("caught"), "{}", ran.stdout);
        assert!(s.one_offs().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_volume_of_the_command_line_is_the_projects_own_if_it_defines_it() {
    let files = [("compose.yaml", "services: {web: {image: \"busybox:latest\"}}\nvolumes: {data: {}}\n")];
    scenario("run-volume", &files, |s| async move {
        s.hoist(&["run", "--rm", "-v", "data:/data", "web", "touch", "/data/x"]).await.ok();
        assert_eq!(s.volumes().await, [s.named("data")]);
        let ran = s.hoist(&["run", "--rm", "-v", "data:/data", "web", "ls", "/data"]).await.ok();
        assert_eq!(ran.stdout, "x\n");
    })
    .await;
}
