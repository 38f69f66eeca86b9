//! Hooks and provider programs.

use std::os::unix::fs::PermissionsExt;

use crate::support::{Scenario, project};

#[tokio::test]
async fn post_start_runs_in_each_replica_before_its_dependents_start() {
    let file = r#"
services:
  web:
    <<: *idle
    scale: 2
    post_start:
      - {command: [sh, -c, "echo $$WORD $$(id -u) $$(pwd) > /tmp/hook"], user: "7", working_dir: /tmp, environment: {WORD: hello}}
      - {command: [sh, -c, "echo again >> /tmp/hook"], user: "7"}
"#;
    project("hook-post", file, |s| async move {
        s.up(&[]).await;
        for replica in s.replicas().await {
            assert_eq!(s.exec(&replica.id, &["cat", "/tmp/hook"]).await, "hello 7 /tmp\nagain\n");
        }
        s.up(&[]).await;
        s.is_settled().await;
    })
    .await;
}

#[tokio::test]
async fn a_post_start_hook_that_fails_fails_the_command() {
    let file = r#"
services:
  web: {<<: *idle, post_start: [{command: [sh, -c, "echo no luck >&2; exit 3"]}]}
  after: {<<: *idle, depends_on: [web]}
"#;
    project("hook-post-fails", file, |s| async move {
        s.hoist(&["up", "-d"]).await.ends_with(1).says("web hook exited with status 3: no luck");
        assert_eq!(s.states().await, ["after/1 created", "web/1 running"]);
    })
    .await;
}

#[tokio::test]
async fn pre_stop_runs_before_every_stop_and_only_warns_where_the_container_goes() {
    let file = r#"
services:
  web:
    <<: *idle
    environment: {ROUND: "1"}
    volumes: ["./log:/log"]
    pre_stop: [{command: [sh, -c, "echo $$ROUND >> /log/stops; test ! -e /log/fail"]}]
"#;
    project("hook-pre-stop", file, |s| async move {
        s.up(&[]).await;
        // Also where the plan stops it.
        s.compose(&file.replace("\"1\"", "\"2\""));
        s.up(&[]).await;
        let stops = || std::fs::read_to_string(s.folder().join("log/stops")).expect("the hook ran");
        assert_eq!(stops(), "1\n");

        s.write("log/fail", "");
        s.compose(&file.replace("\"1\"", "\"3\""));
        s.up(&[]).await.says("web hook exited with status 1");
        s.hoist(&["down"])
            .await
            .ok()
            .says("web hook exited with status 1")
            .says("this was pre_stop[0] of service `web`");
        assert!(s.is_gone().await);
        assert_eq!(stops(), "1\n2\n3\n");
    })
    .await;
}

#[tokio::test]
async fn pre_stop_is_left_out_for_what_does_not_run() {
    let file = "services: {web: {<<: *idle, command: ['true'], pre_stop: [{command: ['false']}]}}\n";
    project("hook-stopped", file, |s| async move {
        s.up(&[]).await;
        s.reach(&["web/1 exited"]).await;
        s.hoist(&["down"]).await.ok();
        assert!(s.is_gone().await);
    })
    .await;
}

#[tokio::test]
async fn pre_start_runs_once_in_a_container_of_its_own_with_the_volumes() {
    let file = r#"
services:
  web:
    <<: *idle
    scale: 2
    environment: {A: service, B: service}
    volumes: ["data:/data"]
    pre_start:
      - {command: [sh, -c, "echo $$A $$B >> /data/hook"], environment: {B: hook}}
      - {image: "alpine:latest", command: [touch, /data/other]}
volumes: {data: {}}
"#;
    project("hook-pre-start", file, |s| async move {
        s.up(&[]).await;
        let web = s.replicas().await;
        assert_eq!(web.len(), 2, "the hooks' containers are gone: {web:?}");
        assert_eq!(s.exec(&web[1].id, &["cat", "/data/hook"]).await, "service hook\n");
        assert_eq!(s.exec(&web[0].id, &["cat", "/data/other"]).await, "");
        s.up(&["--scale", "web=3"]).await;
        assert_eq!(s.exec(&web[1].id, &["cat", "/data/hook"]).await, "service hook\n", "not while a replica runs");
    })
    .await;
}

#[tokio::test]
async fn a_pre_start_hook_that_fails_keeps_the_service_from_starting() {
    let file = r#"
services:
  web: {<<: *idle, pre_start: [{command: [sh, -c, "echo no schema >&2; exit 4"]}]}
"#;
    project("hook-pre-fails", file, |s| async move {
        s.hoist(&["up", "-d"])
            .await
            .ends_with(1)
            .says("service \"web\" pre_start[0] exited with code 4: no schema (hook container ")
            .says("retained for inspection)");
        let kept = |states: &[String]| states.iter().filter(|state| state.ends_with("exited")).count();
        assert_eq!(kept(&s.states().await), 1, "{:?}", s.states().await);
        s.hoist(&["up", "-d"]).await.ends_with(1);
        assert_eq!(kept(&s.states().await), 1, "the next run sweeps it away: {:?}", s.states().await);
        s.compose("services: {web: {<<: *idle}}\n");
        s.hoist(&["down"]).await.ok();
        assert!(s.is_gone().await);
    })
    .await;
}

#[tokio::test]
async fn a_pre_start_hook_is_a_container_made_from_what_its_service_is() {
    let file = r#"
services:
  web:
    <<: *idle
    hostname: inherited
    user: "7"
    env_file: web.env
    environment: {A: service}
    secrets: [word]
    tmpfs: [/scratch]
    pre_start:
      - command: [sh, -c, "echo $$(hostname) $$(id -u) $$A $$FROM_SERVICE $$FROM_HOOK $$(cat /run/secrets/word) > /data/hook"]
        env_file: hook.env
        user: "0"
        volumes: ["data:/data"]
secrets: {word: {environment: WORD}}
volumes: {data: {}}
"#;
    project("hook-whole", file, |s| async move {
        s.write("web.env", "FROM_SERVICE=one\n");
        s.write("hook.env", "FROM_HOOK=two\n");
        s.write(".env", "WORD=secret\n");
        // `create` leaves the container for the start.
        s.hoist(&["create"]).await.ok();
        assert!(s.inspect_if_there("hoist-test-hook-whole-web-pre_start-0").await.is_some());
        s.hoist(&["create"]).await.ok();
        s.hoist(&["start"]).await.ok();
        assert_eq!(s.replicas().await.len(), 1, "the hook's container is gone");
        let shown =
            s.hoist(&["run", "--rm", "-T", "-v", "data:/data", "--entrypoint", "cat", "web", "/data/hook"]).await.ok();
        assert_eq!(shown.stdout, "inherited 0 service one two secret\n");
        s.hoist(&["stop"]).await.ok();
        s.hoist(&["start"]).await.ok();
        s.hoist(&["down", "--volumes"]).await.ok();
        assert!(s.is_gone().await);
    })
    .await;
}

/// Puts a program that provides services on the scenario's PATH.
fn program(s: &Scenario, text: &str) {
    let path = ".docker/cli-plugins/docker-hoist-test-provider";
    s.write(path, text);
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(s.folder().join(path), executable).expect("it can be made executable");
}

const PROVIDED: &str = r#"
services:
  web: {<<: *idle, depends_on: [database]}
  database: {provider: {type: hoist-test-provider, options: {size: "5", unknown: x}}}
"#;

const PROGRAM: &str = r#"#!/bin/sh
test "$2" = metadata && { echo '{"up":{"parameters":[{"name":"size","required":true}]},"down":{"parameters":[]}}'; exit; }
echo "$@" >> "$HOME/calls"
echo '{"type":"info","message":"making it"}'
echo '{"type":"setenv","message":"URL=db://here"}'
echo '{"type":"rawsetenv","message":"PLAIN=yes"}'
"#;

#[tokio::test]
async fn a_provider_gives_its_dependents_their_variables() {
    project("provider", PROVIDED, |s| async move {
        program(&s, PROGRAM);
        s.up(&[]).await;
        let calls = || std::fs::read_to_string(s.folder().join("calls")).expect("it was called");
        assert_eq!(calls(), format!("compose --project-name={} up --size=5 database\n", s.project));
        let env = s.inspect("web").await.config.and_then(|config| config.env).unwrap_or_default();
        assert!(env.contains(&"DATABASE_URL=db://here".to_owned()) && env.contains(&"PLAIN=yes".to_owned()), "{env:?}");

        // What it gives is not part of the definition.
        let before = s.ids().await;
        s.up(&[]).await;
        assert_eq!(s.ids().await, before);
        s.hoist(&["down"]).await.ok();
        assert!(calls().ends_with(&format!("compose --project-name={} down database\n", s.project)), "{}", calls());
    })
    .await;
}

#[tokio::test]
async fn a_provider_that_overrides_a_variable_is_told() {
    let own = "web: {<<: *idle, depends_on: [database], environment: {PLAIN: 'no'}}\n  \
               passes: {<<: *idle, depends_on: [database], environment: [PLAIN]}\n  \
               same: {<<: *idle, depends_on: [database], environment: {PLAIN: 'yes'}}";
    let file = PROVIDED.replace("web: {<<: *idle, depends_on: [database]}", own);
    project("provider-override", &file, |s| async move {
        program(&s, PROGRAM);
        let ran = s.up(&[]).await;
        let words = |service| {
            format!("provider \"database\" overrides environment variable \"PLAIN\" in service \"{service}\"")
        };
        ran.says(&words("web")).says(&words("passes")).does_not_say(&words("same"));
        let env = s.inspect("web").await.config.and_then(|config| config.env).unwrap_or_default();
        assert!(env.contains(&"PLAIN=yes".to_owned()), "{env:?}");
    })
    .await;
}

#[tokio::test]
async fn a_provider_that_fails_keeps_its_dependents_from_being_made() {
    project("provider-fails", PROVIDED, |s| async move {
        program(&s, "#!/bin/sh\necho '{\"type\":\"error\",\"message\":\"out of quota\"}'\nexit 1\n");
        s.hoist(&["up", "-d"]).await.ends_with(1).says("out of quota");
        assert!(s.replicas().await.is_empty());
        program(&s, "#!/bin/sh\necho nonsense\n");
        s.hoist(&["up", "-d"]).await.ends_with(1).says("invalid response from plugin: nonsense");
    })
    .await;
}

#[tokio::test]
async fn a_provider_without_a_program_or_a_parameter_says_so() {
    project("provider-missing", PROVIDED, |s| async move {
        s.hoist(&["up", "-d"]).await.ends_with(1).says("hoist-test-provider");
        program(&s, PROGRAM);
        s.compose(&PROVIDED.replace("size", "height"));
        s.hoist(&["up", "-d"])
            .await
            .ends_with(1)
            .says("required parameter \"size\" is missing from provider \"hoist-test-provider\" definition");
    })
    .await;
}
