//! The course of `up`: written to a file, kept for `timeline last`, whatever becomes of the run.

use std::fs;

use serde_json::Value;

use crate::support::{Scenario, project};

const STACK: &str = "services:\n  \
    db: {<<: *idle, healthcheck: {test: [CMD, 'true'], interval: 1500ms}}\n  \
    web: {<<: *idle, depends_on: {db: {condition: service_healthy}}, post_start: [{command: ['true']}]}\n";

fn written(s: &Scenario, file: &str) -> String {
    fs::read_to_string(s.folder().join(file)).expect("the file was written")
}

fn json(s: &Scenario, file: &str) -> Value {
    serde_json::from_str(&written(s, file)).expect("JSON")
}

/// The steps of a timeline with their outcomes, in the order in which they began.
fn steps(timeline: &Value) -> Vec<String> {
    let word = |span: &Value, name: &str| span[name].as_str().unwrap_or_default().to_owned();
    let spans = timeline["spans"].as_array().expect("spans");
    spans
        .iter()
        .map(|span| format!("{} {} {}", word(span, "kind"), word(span, "name"), word(span, "outcome")))
        .collect()
}

#[tokio::test]
async fn a_run_with_a_health_check() {
    project("timeline-up", STACK, |s| async move {
        s.hoist(&["timeline", "last"]).await.ends_with(1).says("no `up` of project").says("-p NAME");
        s.hoist(&["up", "-d", "--timeline", "up.json"]).await.ok();
        let up = json(&s, "up.json");
        assert_eq!(up["outcome"], "done");
        for step in
            ["create db/1 done", "start db/1 done", "wait db done", "start web/1 done", "hook post_start of web/1 done"]
        {
            assert!(steps(&up).iter().any(|other| other == step), "{step}: {:?}", steps(&up));
        }
        let passed =
            up["health"][0]["probes"].as_array().expect("probes").iter().filter(|probe| probe["passed"] == true);
        assert!(passed.count() > 0, "{up}");
        let advice = up["advice"].as_str().expect("the wait for the probe stands out");
        assert!(
            advice.starts_with("db was healthy after ") && advice.contains("waiting for the next probe"),
            "{advice}"
        );

        let last = s.hoist(&["timeline", "last"]).await.ok().stdout;
        assert!(last.ends_with(&format!("\n{advice}\n")), "{last}");
        for (file, beginning) in
            [("a.svg", "<svg "), ("a.html", "<!DOCTYPE html>"), ("a.trace", "{"), ("a.txt", "up of ")]
        {
            s.hoist(&["timeline", "last", "-o", file]).await.ok();
            assert!(written(&s, file).starts_with(beginning), "{file}");
        }
        let again = s.hoist(&["timeline", "last", "--format", "json"]).await.ok().stdout;
        assert_eq!(serde_json::from_str::<Value>(&again).expect("JSON"), up);

        // A run with nothing to do is not kept.
        s.hoist(&["up", "-d"]).await.ok();
        assert_eq!(s.hoist(&["timeline", "last"]).await.ok().stdout, last);
    })
    .await;
}

#[tokio::test]
async fn a_file_that_cannot_be_written_starts_nothing() {
    project("timeline-file", STACK, |s| async move {
        s.hoist(&["up", "-d", "--timeline", "up.png"])
            .await
            .ends_with(1)
            .says("--timeline: unknown format for `up.png`");
        s.hoist(&["up", "-d", "--timeline", "nowhere/up.svg"])
            .await
            .ends_with(1)
            .says("cannot write the timeline to `nowhere/up.svg`: No such file or directory\n");
        assert!(s.replicas().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_run_that_fails() {
    let services = "services:\n  \
        db: {<<: *idle, healthcheck: {test: [CMD, 'false'], interval: 100ms, retries: 1}}\n  \
        web: {<<: *idle, depends_on: {db: {condition: service_healthy}}}\n";
    project("timeline-failed", services, |s| async move {
        s.hoist(&["up", "-d", "--timeline", "up.json"]).await.ends_with(1);
        let up = json(&s, "up.json");
        assert_eq!(up["outcome"], "failed");
        assert!(steps(&up).contains(&"wait db failed".to_owned()), "{:?}", steps(&up));
        let waits = up["waits"].as_array().expect("waits");
        let waited_for = |wait: &Value| {
            let (lane, on) = (wait["lane"].as_u64().expect("a lane"), wait["on"].as_u64().expect("a span"));
            let name = |of: &Value| of["name"].as_str().expect("a name").to_owned();
            let (lane, on) = (usize::try_from(lane).expect("few"), usize::try_from(on).expect("few"));
            (name(&up["lanes"][lane]), name(&up["spans"][on]))
        };
        let never_began = ("web".to_owned(), "db".to_owned());
        assert!(waits.iter().map(waited_for).any(|wait| wait == never_began), "{waits:?}");
        s.hoist(&["timeline", "last"]).await.ok().prints("failed after").prints("× failed");

        // The next one fails at once: there is nothing left to do but to wait.
        s.hoist(&["up", "-d", "--timeline", "again.json", "--eager-health"]).await.ends_with(1);
        let last = s.hoist(&["timeline", "last", "--format", "json"]).await.ok().stdout;
        assert_eq!(last, written(&s, "again.json"));
        s.hoist(&["up", "-d", "--timeline", "again.txt"]).await.ends_with(1);
        assert!(written(&s, "again.txt").starts_with("up of "));
    })
    .await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_run_that_is_interrupted() {
    let services = "services:\n  \
        db: {<<: *idle, healthcheck: {test: [CMD, 'false'], interval: 1h}}\n  \
        web: {<<: *idle, depends_on: {db: {condition: service_healthy}}}\n";
    project("timeline-interrupted", services, |s| async move {
        let command = s.command(&["up", "-d", "--timeline", "up.json"]);
        let running = tokio::process::Command::from(command)
            .stdin(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("hoist starts");
        s.reach(&["db/1 running", "web/1 created"]).await;
        let id = running.id().expect("it runs").to_string();
        let killed = std::process::Command::new("kill").args(["-INT", &id]).status().expect("kill runs");
        assert!(killed.success());
        let ended = running.wait_with_output().await.expect("it ends");
        assert_eq!(ended.status.code(), Some(130));
        let up = json(&s, "up.json");
        assert_eq!(up["outcome"], "interrupted");
        s.hoist(&["timeline", "last"]).await.ok().prints("was interrupted after");
    })
    .await;
}

#[tokio::test]
async fn checks_that_hoist_makes_itself() {
    let services = "services:\n  \
        db: {<<: *idle, command: [sh, -c, 'sleep 1; touch /ready; exec sleep 600'], x-hoist: {ready: {exec: [test, -e, /ready], interval: 200ms}}}\n  \
        web: {<<: *idle, depends_on: {db: {condition: service_healthy}}}\n";
    project("timeline-ready", services, |s| async move {
        s.hoist(&["up", "-d", "--timeline", "up.json"]).await.ok();
        let up = json(&s, "up.json");
        let tries = up["tries"].as_array().expect("tries");
        let passed: Vec<bool> = tries.iter().map(|tried| tried["passed"].as_bool().expect("a boolean")).collect();
        let (last, others) = passed.split_last().expect("some");
        assert!(*last && !others.is_empty() && others.iter().all(|passed| !passed), "{passed:?}");
    })
    .await;
}
