//! The commands on containers that are there: start, stop, restart, kill, pause, unpause, rm, scale, wait.

use crate::support::project;

const TWO: &str = r#"
services:
  web: {<<: *idle, depends_on: {db: {condition: service_started, restart: true}}}
  db: {<<: *idle, volumes: ["/data"]}
"#;

#[tokio::test]
async fn containers_stop_start_and_restart_as_they_are() {
    project("existing-state", TWO, |s| async move {
        s.hoist(&["start"]).await.ends_with(1).says("service \"db\" has no container to start");
        s.up(&[]).await;
        let before = s.ids().await;
        s.hoist(&["stop", "web"]).await.ok().says("Container hoist-test-existing-state-web-1 Stopped");
        assert_eq!(s.states().await, ["db/1 running", "web/1 exited"]);
        s.hoist(&["stop", "-t", "0"]).await.ok();
        assert_eq!(s.states().await, ["db/1 exited", "web/1 exited"]);
        s.hoist(&["start", "--wait", "web"]).await.ok().says("web-1 Started").says("db-1 Started");
        assert_eq!(s.states().await, ["db/1 running", "web/1 running"]);
        s.hoist(&["restart", "-t", "0", "db"]).await.ok().says("db-1 Restarting").says("web-1 Restarting");
        s.hoist(&["restart", "--no-deps", "-t", "0", "db"]).await.ok().does_not_say("web-1");
        assert_eq!(s.ids().await, before, "none was recreated");
    })
    .await;
}

#[tokio::test]
async fn restart_applies_no_change_and_says_so() {
    project("existing-changed", "services: {web: {<<: *idle}}\n", |s| async move {
        s.up(&[]).await;
        s.compose("services: {web: {<<: *idle, environment: {A: b}}}\n");
        s.hoist(&["restart", "-t", "0"]).await.ok().says("up -d web` applies the change");
        s.hoist(&["plan"]).await.ends_with(2);
    })
    .await;
}

#[tokio::test]
async fn hooks_run_around_a_restart() {
    let file = r#"
services:
  web:
    <<: *idle
    volumes: ["./log:/log"]
    post_start: [{command: [sh, -c, "echo started >> /log/hooks"]}]
    pre_stop: [{command: [sh, -c, "echo stops >> /log/hooks"]}]
"#;
    project("existing-hooks", file, |s| async move {
        s.up(&[]).await;
        s.hoist(&["restart", "-t", "0"]).await.ok();
        s.hoist(&["stop", "-t", "0"]).await.ok();
        s.hoist(&["start"]).await.ok();
        let hooks = std::fs::read_to_string(s.folder().join("log/hooks")).expect("hooks ran");
        assert_eq!(hooks.lines().collect::<Vec<_>>(), ["started", "stops", "started", "stops", "started"]);
    })
    .await;
}

#[tokio::test]
async fn signals_pauses_and_removals() {
    project("existing-signals", TWO, |s| async move {
        s.up(&[]).await;
        s.hoist(&["pause", "web"]).await.ok().says("web-1 Paused");
        s.hoist(&["pause"]).await.ok().says("db-1 Paused").does_not_say("web-1");
        assert_eq!(s.states().await, ["db/1 paused", "web/1 paused"]);
        s.hoist(&["unpause"]).await.ok();
        s.hoist(&["kill", "-s", "KILL", "web"]).await.ok().says("web-1 Killed");
        s.hoist(&["wait", "web"]).await.ends_with(137).prints("exited with status code 137");
        s.hoist(&["rm"]).await.ok().prints("Going to remove hoist-test-existing-signals-web-1");
        assert_eq!(s.states().await, ["db/1 running", "web/1 exited"], "no answer is no");
        s.hoist(&["rm", "-f"]).await.ok().says("web-1 Removed");
        s.hoist(&["rm", "-f"]).await.ok().says("No stopped containers");
        s.hoist(&["kill"]).await.ok();
        s.hoist(&["kill"]).await.ok().says("No container to kill");
        // What was killed does not pass for running.
        s.hoist(&["up", "-d"]).await.ok();
        assert_eq!(s.states().await, ["db/1 running", "web/1 running"]);
    })
    .await;
}

#[tokio::test]
async fn rm_keeps_anonymous_volumes_unless_asked() {
    project("existing-rm", TWO, |s| async move {
        s.up(&[]).await;
        s.hoist(&["rm", "-fs", "db"]).await.ok();
        assert_eq!(s.states().await, ["web/1 running"]);
        s.up(&[]).await;
        let volumes = s.volumes_at("/data").await;
        assert_eq!(volumes.len(), 1, "{volumes:?}");
        s.hoist(&["rm", "-fsv"]).await.ok();
        assert!(s.replicas().await.is_empty());
        assert!(!s.has_volume(&volumes[0]).await, "it went with its container");
    })
    .await;
}

#[tokio::test]
async fn scale_runs_as_many_replicas_as_asked() {
    project("existing-scale", TWO, |s| async move {
        s.hoist(&["scale", "web=2"]).await.ok();
        assert_eq!(s.states().await, ["db/1 running", "web/1 running", "web/2 running"]);
        s.hoist(&["scale", "web=1", "db=0"]).await.ok();
        assert_eq!(s.states().await, ["web/1 running"]);
        s.hoist(&["scale", "--no-deps", "web=2"]).await.ok();
        assert_eq!(s.states().await, ["web/1 running", "web/2 running"]);
        s.hoist(&["scale", "nosuch=1"]).await.ends_with(1).says("no such service: nosuch");
    })
    .await;
}

#[tokio::test]
async fn without_files_the_labels_are_enough() {
    project("existing-labels", TWO, |s| async move {
        s.up(&[]).await;
        let name = "hoist-test-existing-labels";
        for args in [&["stop", "-t", "0"][..], &["start"], &["restart", "-t", "0", "db"], &["pause"], &["unpause"]] {
            s.hoist(&[&["-p", name], args].concat()).await.ok();
        }
        assert_eq!(s.states().await, ["db/1 running", "web/1 running"]);
        s.hoist(&["-p", name, "start", "nosuch"]).await.ends_with(1).says("no such service: \"nosuch\": not found");
    })
    .await;
}

#[tokio::test]
async fn the_end_of_a_wait_takes_the_project_down_where_asked() {
    let file = r#"
services:
  job: {<<: *idle, command: [sh, -c, "sleep 1; exit 3"]}
  db: {<<: *idle}
"#;
    project("existing-wait", file, |s| async move {
        s.up(&[]).await;
        s.hoist(&["wait", "nosuch"]).await.ends_with(1).says("no containers for project");
        s.hoist(&["wait", "--down-project", "job"]).await.ends_with(3).prints("exited with status code 3");
        assert!(s.is_gone().await);
    })
    .await;
}
