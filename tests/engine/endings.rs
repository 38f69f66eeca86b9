//! How following goes on and runs end: containers that are replaced, paused, restarted over and over; refusals for good.

use crate::support::background::Background;
use crate::support::project;

#[tokio::test]
async fn logs_are_followed_over_a_recreation_and_a_restart() {
    let file = "services: {a: {<<: *idle, command: [sh, -c, 'echo hello $$HOSTNAME; exec sleep 600']}}\n";
    project("end-recreated", file, |s| async move {
        s.up(&[]).await;
        let first = s.only("a").await.id;
        let mut logs = s.background(&["logs", "-f"]);
        let shows = async |logs: &Background, id: &str| {
            let line = format!("hello {}", &id[..12]);
            s.eventually("the log is shown", 20, || async {
                (logs.stdout().matches(&line).count() == 1).then_some(())
            })
            .await;
        };
        shows(&logs, &first).await;
        s.up(&["--force-recreate"]).await;
        let second = s.only("a").await.id;
        assert_ne!(first, second);
        shows(&logs, &second).await;
        s.goes_on(&mut logs).await;
        s.hoist(&["down"]).await.ok();
        logs.end().await.ok();
    })
    .await;
}

#[tokio::test]
async fn logs_of_what_has_stopped_wait_for_its_start() {
    let file = "services: {a: {<<: *idle, command: [sh, -c, 'echo once >> /log/starts; cat /log/starts'], volumes: ['./log:/log']}}\n";
    project("end-stopped", file, |s| async move {
        s.up(&[]).await;
        s.reach(&["a/1 exited"]).await;
        let mut logs = s.background(&["logs", "-f"]);
        s.shows(&logs, "once").await;
        s.goes_on(&mut logs).await;
        s.up(&[]).await;
        let shown = logs.end().await.ok().stdout;
        assert_eq!(shown.matches("once").count(), 3, "each line once: {shown}");
    })
    .await;
}

#[tokio::test]
async fn a_crash_loop_is_listed() {
    let file = "services: {crash: {<<: *idle, command: ['false'], restart: always}, web: *idle}\n";
    project("end-crash", file, |s| async move {
        s.up(&[]).await;
        s.reach(&["crash/1 restarting", "web/1 running"]).await;
        assert_eq!(s.hoist(&["ps", "-q"]).await.ok().stdout.lines().count(), 2);
        assert_eq!(s.hoist(&["ps", "--services"]).await.ok().stdout, "crash\nweb\n");
        let web = s.only("web").await.id;
        s.pause(&web).await;
        assert_eq!(s.hoist(&["ps", "-q"]).await.ok().stdout.lines().count(), 2);
    })
    .await;
}

#[tokio::test]
async fn services_of_inactive_profiles_count_as_orphans_for_ps() {
    let file = "services: {web: *idle, debug: {<<: *idle, profiles: [debug]}}\n";
    project("end-profile", file, |s| async move {
        s.up(&["web", "debug"]).await;
        for arguments in [&["ps"][..], &["ps", "--orphans=false"], &["ps", "--orphans=false", "debug"]] {
            let arguments = [arguments, &["--format", "{{.Service}}"]].concat();
            let ours = s.hoist(&arguments).await.ok().stdout;
            assert_eq!(ours, s.peer(&arguments).await.ok().stdout, "{arguments:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_paused_container_goes_on() {
    let file = r#"
services:
  db: {<<: *idle, healthcheck: {test: ["CMD", "true"], interval: 300ms}}
  web: {<<: *idle, depends_on: {db: {condition: service_healthy}}, pre_stop: [{command: ["true"]}]}
"#;
    project("end-paused", file, |s| async move {
        s.up(&["--wait"]).await;
        let before = s.ids().await;
        s.pause(&s.only("db").await.id).await;
        s.pause(&s.only("web").await.id).await;
        let planned = s.hoist(&["plan", "--steps"]).await.ends_with(2).stdout;
        assert!(planned.contains("unpause container db/1: paused"), "{planned}");
        s.up(&["--wait"]).await.says("Unpaused");
        assert_eq!(s.states().await, ["db/1 running", "web/1 running"]);
        assert_eq!(s.ids().await, before);
        s.is_settled().await;
        s.pause(&s.only("web").await.id).await;
        s.hoist(&["down"]).await.ok().says("is paused, so its pre_stop hooks do not run");
        assert!(s.is_gone().await);
    })
    .await;
}

#[tokio::test]
async fn what_is_refused_for_good_is_tried_once_and_told_with_its_place() {
    let file = r"
services:
  a: {<<: *idle, volumes: [{type: tmpfs, target: /tt}]}
  b: {<<: *idle, volumes_from: [a]}
";
    project("end-refused", file, |s| async move {
        let ran = s.hoist(&["up", "-d"]).await.ends_with(1);
        assert_eq!(ran.stderr.matches("b-1 Creating").count(), 1, "{}", ran.stderr);
        let ran = ran.says("service `b` uses the volumes of `a`, but the tmpfs at /tt cannot be shared");
        ran.says("compose.yaml:").says("volumes_from").says("`tmpfs: [/tt]`");
        s.compose(&file.replace("volumes: [{type: tmpfs, target: /tt}]", "tmpfs: [/tt]"));
        s.up(&[]).await;
    })
    .await;
}

#[tokio::test]
async fn wait_fails_whenever_a_container_fails_meanwhile() {
    let file = r#"
services:
  job: {<<: *idle, command: [sh, -c, "sleep 0.7; exit 1"]}
  web: {<<: *idle, healthcheck: {test: ["CMD", "true"], interval: 2s}}
"#;
    project("end-wait", file, |s| async move {
        for delay in ["0.05", "0.7", "1.2"] {
            s.compose(&file.replace("0.7", delay));
            s.hoist(&["up", "--wait"]).await.ends_with(1).says("hoist-test-end-wait-job-1 exited (1)");
            s.hoist(&["down"]).await.ok();
        }
        s.compose(&file.replace("exit 1", "exit 0").replace("0.7", "1"));
        s.hoist(&["up", "--wait"]).await.ok();
    })
    .await;
}

#[tokio::test]
async fn a_failed_hook_is_named_with_its_place() {
    let file =
        "services:\n  web:\n    <<: *idle\n    post_start:\n      - command: ['true']\n      - command: ['false']\n";
    project("end-hook", file, |s| async move {
        let ran = s.hoist(&["up", "-d"]).await.ends_with(1).says("web hook exited with status 1");
        let named = "this was post_start[1] of service `web` in container hoist-test-end-hook-web-1";
        ran.says(named).says("compose.yaml:").says("['false']");
    })
    .await;
}

#[tokio::test]
async fn those_that_had_ended_are_reported_stopped_when_all_are() {
    let file = r#"
services:
  early: {<<: *idle, command: ["true"]}
  job: {<<: *idle, command: [sh, -c, "sleep 2; exit 3"]}
  web: *idle
"#;
    project("end-abort", file, |s| async move {
        let ran = s.hoist(&["up", "--abort-on-container-failure"]).await.ends_with(3);
        for service in ["early", "job", "web"] {
            assert!(ran.stderr.contains(&format!("{service}-1 Stopped")), "{service}: {}", ran.stderr);
        }
    })
    .await;
}
