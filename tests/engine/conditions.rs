//! `depends_on` with its three conditions: order, and the reason when one is not met.

use std::time::{Duration, Instant};

use crate::support::{Scenario, scenario};

const CHAIN: &str = r#"
services:
  app:
    image: busybox:latest
    command: ["sleep", "600"]
    stop_grace_period: 0s
    depends_on:
      job:
        condition: service_completed_successfully
  job:
    image: busybox:latest
    command: ["sh", "-c", "sleep 0.3; echo loading; exit ${JOB:-0}"]
    depends_on:
      db:
        condition: service_healthy
  db:
    image: busybox:latest
    command: ["sh", "-c", "sleep 0.5; touch /ready; exec sleep 600"]
    stop_grace_period: 0s
    healthcheck:
      test: ["CMD-SHELL", "test -e ${READY:-/ready} || { echo not yet there; exit 7; }"]
      interval: 200ms
      retries: ${RETRIES:-50}
"#;

#[tokio::test]
async fn a_chain_of_conditions_runs_in_order() {
    scenario("chain", &[("compose.yaml", CHAIN)], |s| async move {
        s.hoist(&["up", "-d"]).await.ok();
        assert_eq!(s.states().await, ["app/1 running", "db/1 running", "job/1 exited"]);
        let (db, job, app) = (started(&s, "db").await, started(&s, "job").await, started(&s, "app").await);
        assert!(db < job && job < app, "{db} {job} {app}");
        let finished = s.inspect("job").await.state.and_then(|state| state.finished_at).expect("an end");
        assert!(finished <= app, "the job ended at {finished}, the app started at {app}");

        let before = s.ids().await;
        s.hoist(&["up", "-d"]).await.ok();
        assert_eq!(s.ids().await, before, "the job runs again in its container");
    })
    .await;
}

/// When a container started, as text that sorts by time.
async fn started(s: &Scenario, service: &str) -> String {
    s.inspect(service).await.state.and_then(|state| state.started_at).expect("it was started")
}

#[tokio::test]
async fn a_database_that_never_gets_healthy_keeps_its_dependents_from_starting() {
    let files = [("compose.yaml", CHAIN), (".env", "READY=/never\nRETRIES=3\n")];
    scenario("unhealthy", &files, |s| async move {
        s.hoist(&["up", "-d"])
            .await
            .ends_with(1)
            .says("dependency failed to start: container hoist-test-unhealthy-db-1 is unhealthy")
            .says("not yet there")
            .says("7");
        assert_eq!(s.states().await, ["app/1 created", "db/1 running", "job/1 created"]);
    })
    .await;
}

#[tokio::test]
async fn a_job_that_fails_keeps_its_dependents_from_starting() {
    scenario("job-fails", &[("compose.yaml", CHAIN), (".env", "JOB=3\n")], |s| async move {
        s.hoist(&["up", "-d"])
            .await
            .ends_with(1)
            .says("service \"job\" didn't complete successfully: exit 3")
            .says("loading");
        assert_eq!(s.states().await, ["app/1 created", "db/1 running", "job/1 exited"]);
    })
    .await;
}

#[tokio::test]
async fn a_dependency_that_exits_while_its_health_is_awaited_says_with_what() {
    let file = r#"
services:
  app: {image: "busybox:latest", command: ["sleep", "600"], depends_on: {db: {condition: service_healthy}}}
  db:
    image: busybox:latest
    command: ["sh", "-c", "echo disk full; exit 4"]
    healthcheck: {test: ["CMD", "true"], interval: 30s}
"#;
    scenario("exits", &[("compose.yaml", file)], |s| async move {
        s.hoist(&["up", "-d"])
            .await
            .ends_with(1)
            .says("dependency failed to start: container hoist-test-exits-db-1 exited (4)")
            .says("disk full");
    })
    .await;
}

#[tokio::test]
async fn health_without_a_healthcheck_is_refused_with_a_reason() {
    let file = r#"
services:
  app: {image: "busybox:latest", command: ["sleep", "600"], depends_on: {db: {condition: service_healthy}}}
  db: {image: "busybox:latest", command: ["sleep", "600"], stop_grace_period: 0s}
"#;
    scenario("no-healthcheck", &[("compose.yaml", file)], |s| async move {
        let words =
            "dependency failed to start: container hoist-test-no-healthcheck-db-1 has no healthcheck configured";
        s.hoist(&["up", "-d"]).await.ends_with(1).says(words);
    })
    .await;
}

#[tokio::test]
async fn an_optional_dependency_that_fails_is_a_warning() {
    let file = r#"
services:
  app:
    image: busybox:latest
    command: ["sleep", "600"]
    stop_grace_period: 0s
    depends_on: {job: {condition: service_completed_successfully, required: false}}
  job: {image: "busybox:latest", command: ["sh", "-c", "exit 5"]}
"#;
    scenario("optional", &[("compose.yaml", file)], |s| async move {
        s.hoist(&["up", "-d"]).await.ok().says("optional dependency \"job\"");
        assert_eq!(s.states().await, ["app/1 running", "job/1 exited"]);
    })
    .await;
}

#[tokio::test]
async fn an_independent_service_does_not_wait_for_a_slow_one() {
    let file = r#"
services:
  slow:
    image: busybox:latest
    command: ["sleep", "600"]
    stop_grace_period: 0s
    healthcheck: {test: ["CMD-SHELL", "test -e /ready"], interval: 200ms, retries: 1000}
  after: {image: "busybox:latest", command: ["sleep", "600"], stop_grace_period: 0s, depends_on: {slow: {condition: service_healthy}}}
  other: {image: "busybox:latest", command: ["sleep", "600"], stop_grace_period: 0s}
"#;
    scenario("independent", &[("compose.yaml", file)], |s| async move {
        let up = s.background(&["up", "-d"]);
        let states = ["after/1 created", "other/1 running", "slow/1 running"];
        s.eventually("other runs while slow is not healthy", 20, || async {
            (s.states().await == states).then_some(())
        })
        .await;
        let id = s.only("slow").await.id;
        s.exec(&id, &["touch", "/ready"]).await;
        let began = Instant::now();
        s.eventually("after runs once slow is healthy", 10, || async {
            s.states().await.contains(&"after/1 running".to_owned()).then_some(())
        })
        .await;
        assert!(began.elapsed() < Duration::from_secs(5));
        up.end().await.ok();
    })
    .await;
}

#[tokio::test]
async fn wait_returns_when_all_is_healthy_and_fails_when_it_is_not() {
    let file = r#"
services:
  web:
    image: busybox:latest
    command: ["sh", "-c", "sleep 0.5; touch /ready; exec sleep 600"]
    stop_grace_period: 0s
    healthcheck: {test: ["CMD-SHELL", "test -e ${READY:-/ready}"], interval: 200ms, retries: 20}
"#;
    scenario("wait", &[("compose.yaml", file)], |s| async move {
        s.hoist(&["up", "--wait"]).await.ok();
        let health = s.inspect("web").await.state.and_then(|state| state.health).and_then(|health| health.status);
        assert_eq!(format!("{health:?}"), "Some(HEALTHY)");
        s.write(".env", "READY=/never\n");
        s.hoist(&["up", "--wait", "--wait-timeout", "1"]).await.ends_with(1).says("application not healthy after 1s");
        s.hoist(&["up", "--wait"]).await.ends_with(1).says("container hoist-test-wait-web-1 is unhealthy");
    })
    .await;
}
