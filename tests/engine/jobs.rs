//! Jobs: `run` starts them with what they depend on, and nothing else does.

use crate::support::project;

const JOBS: &str = r#"
services:
  db: {<<: *idle, healthcheck: {test: [CMD, "true"], interval: 200ms}}
jobs:
  prepare:
    image: busybox:latest
    command: [sh, -c, "echo prepared >> /data/log"]
    volumes: ["data:/data"]
    triggers: {manual: true}
  report:
    image: busybox:latest
    profiles: [reports]
    command: [sh, -c, "cat /data/log; echo $$FROM_FILE $$(cat /run/secrets/word); exit 3"]
    env_file: job.env
    volumes: ["data:/data"]
    secrets: [word]
    depends_on:
      db: {condition: service_healthy}
      prepare: {condition: service_completed_successfully}
    triggers: {manual: true}
secrets: {word: {environment: WORD}}
volumes: {data: {}}
"#;

#[tokio::test]
async fn a_job_runs_with_what_it_depends_on_and_down_removes_what_only_jobs_use() {
    project("jobs-run", JOBS, |s| async move {
        s.write("job.env", "FROM_FILE=file\n");
        s.write(".env", "WORD=secret\n");
        let warning = "jobs are not started by up; trigger them with `docker compose run`: prepare";
        s.up(&[]).await.says(warning);
        assert_eq!(s.states().await, ["db/1 running"]);

        let ran = s.hoist(&["run", "--rm", "report"]).await.ends_with(3);
        assert_eq!(ran.stdout, "prepared\nfile secret\n");
        assert_eq!(s.states().await, ["db/1 running", "prepare/1 exited"]);
        let ran = s.hoist(&["run", "--rm", "report", "wc", "-l", "/data/log"]).await.ok();
        assert_eq!(ran.stdout, "2 /data/log\n", "the job it needs ran again");

        let ran = s.hoist(&["up", "-d"]).await.ok();
        assert!(!ran.stderr.contains("orphan"), "the container of a job is no orphan: {}", ran.stderr);
        s.hoist(&["down", "--volumes"]).await.ok();
        assert!(s.is_gone().await);
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_with_a_job_has_its_line() {
    let file = r#"
services: {}
jobs:
  empty: {triggers: {manual: true}}
  capable: {image: "busybox:latest", cap_add: [NO_SUCH], triggers: {manual: true}}
  program:
    image: busybox:latest
    command: [no-such-program]
    triggers: {manual: true}
"#;
    project("jobs-lines", file, |s| async move {
        for (job, line) in [("empty", "5:3"), ("capable", "6:48"), ("program", "9:15")] {
            let place = format!("--> compose.yaml:{line}");
            s.hoist(&["run", "--rm", "-T", job]).await.says(&place);
        }
        s.hoist(&["down"]).await.ok();
        assert!(s.is_gone().await);
    })
    .await;
}

#[tokio::test]
async fn a_job_that_another_needs_has_to_succeed() {
    let file = r#"
services: {}
jobs:
  first: {image: "busybox:latest", command: [sh, -c, "exit 4"], triggers: {manual: true}}
  second:
    image: busybox:latest
    command: [echo, never]
    depends_on: {first: {condition: service_completed_successfully}}
    triggers: {manual: true}
"#;
    project("jobs-fail", file, |s| async move {
        let ran = s.hoist(&["run", "--rm", "second"]).await.ends_with(1).says("didn't complete successfully: exit 4");
        assert_eq!(ran.stdout, "");
        s.hoist(&["down"]).await.ok();
        assert!(s.is_gone().await);
    })
    .await;
}
