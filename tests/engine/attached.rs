//! `up` in the foreground, `logs`, `ps`.

use crate::support::seat::Seat;
use crate::support::{Ran, project, scenario};

const CHATTY: &str = r#"
services:
  web:
    image: busybox:latest
    command: ["sh", "-c", "trap 'echo bye; exit 0' TERM; echo first; echo oops >&2; while :; do sleep 0.1; done"]
  job:
    image: busybox:latest
    command: ["sh", "-c", "printf 'no newline'"]
"#;

#[tokio::test]
async fn up_in_the_foreground_shows_logs_and_stops_on_ctrl_c() {
    scenario("foreground", &[("compose.yaml", CHATTY)], |s| async move {
        let up = s.background(&["up"]);
        for text in ["web-1  | first", "web-1  | oops", "job-1 exited with code 0"] {
            s.shows(&up, text).await;
        }
        up.interrupt();
        let Ran { stdout, stderr, .. } = up.end().await.ends_with(130);
        assert!(stdout.contains("Attaching to job-1, web-1"), "{stdout}");
        assert!(stdout.contains("web-1  | first"), "{stdout}");
        assert!(stdout.contains("job-1  | no newline"), "{stdout}");
        assert!(stdout.contains("web-1  | bye"), "what is written while stopping is shown: {stdout}");
        assert!(stdout.contains("job-1 exited with code 0"), "{stdout}");
        assert!(stderr.contains("web-1  | oops"), "{stderr}");
        assert!(stderr.contains("Gracefully Stopping... press Ctrl+C again to force"), "{stderr}");
        assert_eq!(s.states().await, ["job/1 exited", "web/1 exited"]);
    })
    .await;
}

#[tokio::test]
async fn logs_show_what_was_written_and_follow() {
    scenario("logs", &[("compose.yaml", CHATTY)], |s| async move {
        s.hoist(&["up", "-d"]).await.ok();
        s.writes("web", "oops").await;
        s.writes("job", "no newline").await;
        let logs = s.hoist(&["logs"]).await.ok().stdout;
        assert!(logs.contains("web-1  | first\n"), "{logs}");
        assert!(logs.contains("web-1  | oops\n"), "{logs}");
        assert!(logs.contains("job-1  | no newline"), "{logs}");
        let tail = s.hoist(&["logs", "--tail", "1", "--no-log-prefix", "web"]).await.ok().stdout;
        assert!(tail == "oops\n" || tail == "first\n", "{tail}");

        let mut logs = s.background(&["logs", "-f", "web"]);
        s.shows(&logs, "web-1  | first").await;
        s.goes_on(&mut logs).await;
        logs.interrupt();
        logs.end().await.ends_with(130);
    })
    .await;
}

#[tokio::test]
async fn ps_lists_what_runs() {
    scenario("ps", &[("compose.yaml", CHATTY)], |s| async move {
        s.hoist(&["up", "-d"]).await.ok();
        s.eventually("job is over", 20, || async {
            s.states().await.contains(&"job/1 exited".to_owned()).then_some(())
        })
        .await;
        let table = s.hoist(&["ps"]).await.ok().stdout;
        assert!(table.starts_with("NAME "), "{table}");
        assert!(table.contains("hoist-test-ps-web-1") && !table.contains("hoist-test-ps-job-1"), "{table}");
        let all = s.hoist(&["ps", "-a", "--format", "json"]).await.ok().stdout;
        let rows: Vec<serde_json::Value> =
            all.lines().map(|line| serde_json::from_str(line).expect("an object per line")).collect();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0]["Service"], "job");
        assert_eq!(rows[0]["ExitCode"], 0);
        assert_eq!(rows[1]["State"], "running");
        let ids = s.hoist(&["ps", "-q"]).await.ok().stdout;
        assert_eq!(ids.trim(), s.only("web").await.id);
    })
    .await;
}

#[tokio::test]
async fn the_end_of_a_container_can_end_all() {
    let file = r#"
services:
  web:
    image: busybox:latest
    command: ["sh", "-c", "trap 'exit 5' TERM; while :; do sleep 0.1; done"]
  fine: {image: "busybox:latest", command: ["true"]}
  job: {image: "busybox:latest", command: ["sh", "-c", "sleep 1; exit 3"]}
"#;
    scenario("abort", &[("compose.yaml", file)], |s| async move {
        let ran = s.hoist(&["up", "--abort-on-container-failure"]).await.ends_with(3);
        let ran = ran.says("Aborting on container exit...");
        assert!(ran.stdout.contains("fine-1 exited with code 0"), "{}", ran.stdout);
        assert_eq!(s.states().await, ["fine/1 exited", "job/1 exited", "web/1 exited"]);
        s.hoist(&["up", "--abort-on-container-exit", "web", "job"]).await.ends_with(3);
        assert_eq!(s.states().await, ["fine/1 exited", "job/1 exited", "web/1 exited"]);
        // The status is that of the service which was asked for, and which ends because all are stopped.
        s.hoist(&["up", "--exit-code-from", "web"]).await.ends_with(5);
        assert_eq!(s.states().await, ["fine/1 exited", "job/1 exited", "web/1 exited"]);
    })
    .await;
}

#[tokio::test]
async fn a_container_that_is_restarted_ends_nothing() {
    let file = r#"
services:
  flaky:
    image: busybox:latest
    restart: on-failure
    stop_grace_period: 0s
    command: ["sh", "-c", "test -e /mark/one && exec sleep 600; touch /mark/one; exit 7"]
    volumes: ["./mark:/mark"]
  job: {image: "busybox:latest", command: ["sh", "-c", "sleep 2; exit 9"]}
"#;
    scenario("abort-restart", &[("compose.yaml", file)], |s| async move {
        let ran = s.hoist(&["up", "--abort-on-container-exit"]).await.ends_with(9);
        assert!(ran.stdout.contains("flaky-1 exited with code 7 (restarting)"), "{}", ran.stdout);
    })
    .await;
}

#[tokio::test]
async fn a_crashing_container_that_is_removed_ends_the_session() {
    let file = "services: {crash: {<<: *idle, restart: always, command: ['false']}}\n";
    project("attach-backoff", file, |s| async move {
        let starts_later = || async {
            let crash = s.inspect("crash").await;
            (crash.restart_count > Some(4) && s.only("crash").await.state == "restarting").then_some(())
        };
        let up = s.background(&["up"]);
        s.shows(&up, "crash-1 exited with code 1 (restarting)").await;
        s.eventually("its next start is some time away", 60, starts_later).await;
        s.hoist(&["down"]).await.ok();
        up.end().await.ok();
        // One that is stopped while nothing of it runs sends no event that it has ended.
        let up = s.background(&["up"]);
        s.shows(&up, "crash-1 exited with code 1 (restarting)").await;
        s.eventually("its next start is some time away", 60, starts_later).await;
        s.hoist(&["stop"]).await.ok();
        up.end().await.ok();
    })
    .await;
}

#[tokio::test]
async fn only_the_ends_of_monitored_containers_count() {
    let file = r#"
services:
  job: {<<: *idle, command: [sh, -c, "sleep 0.5; exit 4"]}
  db: *idle
  web: {<<: *idle, command: [sh, -c, "sleep 2; exit 3"], depends_on: [db, job]}
"#;
    project("attach-monitored", file, |s| async move {
        // A dependency that ends aborts nothing, and one that goes on keeps nothing.
        s.hoist(&["up", "--abort-on-container-exit", "web"]).await.ends_with(3).says("Aborting on container exit...");
        assert_eq!(s.states().await, ["db/1 running", "job/1 exited", "web/1 exited"]);
        s.hoist(&["up", "web"]).await.ok();
        assert_eq!(s.states().await, ["db/1 running", "job/1 exited", "web/1 exited"]);
        // The status of a service that is not monitored is not known.
        s.hoist(&["up", "--exit-code-from", "job", "web"]).await.ends_with(3);
        // Those that are shown are monitored; all, if nothing says otherwise.
        s.hoist(&["up", "--attach", "web", "--abort-on-container-failure"]).await.ends_with(3);
        s.hoist(&["up", "--abort-on-container-failure"]).await.ends_with(4);
        // `web` ends because all are stopped.
        s.hoist(&["up", "--abort-on-container-failure", "--exit-code-from", "web"]).await.ends_with(137);
    })
    .await;
}

#[tokio::test]
async fn dependents_that_are_restarted_are_followed_on() {
    let file = r#"
services:
  db: {<<: *idle, environment: {A: "1"}}
  web: {<<: *idle, command: [sh, -c, "echo begun; exec sleep 600"], depends_on: {db: {condition: service_started, restart: true}}}
"#;
    project("attach-restart", file, |s| async move {
        s.up(&[]).await;
        let before = s.only("web").await.id;
        s.compose(&file.replace("\"1\"", "\"2\""));
        let mut up = s.background(&["up"]);
        s.shows(&up, "web-1  | begun").await;
        s.goes_on(&mut up).await;
        assert_eq!(s.only("web").await.id, before, "it is restarted, not replaced");
        // The same by another client.
        s.hoist(&["restart", "-t", "0", "db"]).await.ok();
        s.eventually("its next output is shown", 20, || async {
            (up.stdout().matches("web-1  | begun").count() >= 2).then_some(())
        })
        .await;
        s.goes_on(&mut up).await;
        up.interrupt();
        up.end().await.ends_with(130);
        assert_eq!(s.states().await, ["db/1 exited", "web/1 exited"]);
    })
    .await;
}

#[tokio::test]
async fn the_services_to_attach_to_can_be_chosen() {
    let says =
        |word: &str| format!("{{image: \"busybox:latest\", command: [\"sh\", \"-c\", \"sleep 0.3; echo {word}-line\"]");
    let file = format!(
        "services:\n  a: {}, depends_on: [b]}}\n  b: {}}}\n  c: {}, attach: false}}\n",
        says("a"),
        says("b"),
        says("c")
    );
    scenario("attach", &[("compose.yaml", &file)], |s| async move {
        for (flags, shown) in [
            (&["up"][..], [true, true, false]),
            (&["up", "--attach-dependencies", "a"], [true, true, false]),
            (&["up", "--attach", "b"], [false, true, false]),
            (&["up", "--attach", "c", "--attach", "a"], [true, false, true]),
            (&["up", "--no-attach", "b"], [true, false, false]),
            (&["up", "a"], [true, false, false]),
            (&["up", "--no-attach", "b", "a"], [true, false, false]),
        ] {
            let ran = s.hoist(flags).await.ok();
            s.reach(&["a/1 exited", "b/1 exited", "c/1 exited"]).await;
            for (word, shown) in ["a-line", "b-line", "c-line"].iter().zip(shown) {
                assert_eq!(ran.stdout.contains(word), shown, "{flags:?}: {word}\n{}", ran.stdout);
            }
        }
        // Nothing to attach to is nothing, not everything.
        let ran = s.hoist(&["up", "c"]).await.ok();
        assert!(!ran.stdout.contains("-line"), "{}", ran.stdout);
    })
    .await;
}

#[tokio::test]
async fn whom_it_attaches_to_is_told_below_the_progress_that_came_before() {
    let file = "services: {web: {image: 'busybox:latest', command: [sh, -c, 'sleep 1; echo written']}}\n";
    scenario("foreground-order", &[("compose.yaml", file)], |s| async move {
        let both = format!("exec '{}' up 2>&1", env!("CARGO_BIN_EXE_hoist"));
        let mut command = std::process::Command::new("sh");
        command.args(["-c", &both]);
        s.surround(&mut command);
        let shown = s.run(command).await.ok().stdout;
        let at = |text: &str| shown.find(text).unwrap_or_else(|| panic!("`{text}` is not in\n{shown}"));
        assert!(at("web-1 Created") < at("Attaching to web-1"), "{shown}");
        assert!(at("Attaching to web-1") < at("web-1  | written"), "{shown}");
    })
    .await;
}

#[tokio::test]
async fn the_output_of_hooks_is_shown_to_the_end() {
    let file = "services:\n  web:\n    image: busybox:latest\n    command: [sleep, '600']\n    stop_grace_period: 0s\n    \
                post_start: [{command: [echo, begin]}]\n    pre_stop: [{command: [echo, end]}]\n";
    scenario("foreground-hooks", &[("compose.yaml", file)], |s| async move {
        let up = s.background(&["up"]);
        s.shows(&up, "web-1 ->  | begin").await;
        up.interrupt();
        let stdout = up.end().await.ends_with(130).stdout;
        assert!(stdout.contains("web-1 ->  | begin"), "{stdout}");
        assert!(stdout.contains("web-1 ->  | end"), "{stdout}");
    })
    .await;
}

#[tokio::test]
async fn a_pipe_into_the_same_terminal_is_not_drawn_over() {
    let text = r"
services:
  web:
    <<: *idle
    command: [sh, -c, 'echo hello; exec sleep 600']
    healthcheck: {test: [CMD, test, -e, /tmp/healthy], interval: 200ms, retries: 1000}
  late: {<<: *idle, depends_on: {web: {condition: service_healthy}}}
";
    project("attached-tee", text, |s| async move {
        let mut seat = Seat::shell(&s, 24, 80);
        seat.types(b"\"$HOIST\" up | (trap '' INT; cat)\n");
        seat.shows(&s, "web-1   | hello").await;
        s.hoist(&["exec", "web", "touch", "/tmp/healthy"]).await.ok();
        seat.shows(&s, "late-1 Started").await;
        seat.types(b"\x03");
        seat.shows(&s, "web-1 Stopped").await;
        let shown = seat.shown();
        let (_, after) = shown.split_once("web-1   | hello").expect("it is shown");
        assert!(!after.contains('\x1b'), "{after:?}");
        let before = shown.lines().find(|line| line.contains("| hello")).unwrap_or_default();
        assert!(!before.contains("\x1b[K"), "{before:?}");
    })
    .await;
}

#[tokio::test]
async fn how_it_stops_is_told_although_nobody_reads_the_logs_any_more() {
    let text = r#"
services:
  web:
    <<: *idle
    command: [sh, -c, 'trap "echo bye; exit 0" TERM; echo hello; while :; do sleep 0.1; done']
    stop_grace_period: 60s
"#;
    project("attached-pipeline", text, |s| async move {
        let mut seat = Seat::shell(&s, 24, 80);
        // Ctrl-C also ends `cat`.
        seat.types(b"(trap : INT; \"$HOIST\" up; echo \"status $?\" >&2) | cat\n");
        seat.shows(&s, "web-1  | hello").await;
        seat.types(b"\x03");
        seat.shows(&s, "web-1 Stopped").await;
        seat.shows(&s, "status 130").await;
    })
    .await;
}
