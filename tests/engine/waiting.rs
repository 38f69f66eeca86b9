//! Conditions and `--wait` beyond the chain: replicas, one-shots, stale health, what was there before.

use crate::support::project;

#[tokio::test]
async fn every_replica_has_to_be_healthy() {
    let file = r#"
services:
  db:
    <<: *idle
    scale: 2
    healthcheck: {test: ["CMD-SHELL", "test -e /ready"], interval: 200ms, retries: 500}
  app: {<<: *idle, depends_on: {db: {condition: service_healthy}}}
"#;
    project("wait-replicas", file, |s| async move {
        let mut up = s.background(&["up", "-d"]);
        s.reach(&["app/1 created", "db/1 running", "db/2 running"]).await;
        let db = s.replicas().await;
        s.exec(&db[1].id, &["touch", "/ready"]).await;
        s.is_healthy(&db[1].id).await;
        s.goes_on(&mut up).await;
        assert_eq!(s.states().await[0], "app/1 created", "one of two is not enough");
        s.exec(&db[2].id, &["touch", "/ready"]).await;
        s.reach(&["app/1 running", "db/1 running", "db/2 running"]).await;
        up.end().await.ok();
    })
    .await;
}

#[tokio::test]
async fn every_replica_of_a_job_has_to_succeed() {
    let file = r#"
services:
  job: {<<: *idle, scale: 2, command: [sh, -c, "sleep 0.3; mkdir /shared/won"], volumes: ["shared:/shared"]}
  app: {<<: *idle, depends_on: {job: {condition: service_completed_successfully}}}
volumes: {shared: {}}
"#;
    project("wait-jobs", file, |s| async move {
        // The second of them finds the folder, and fails.
        s.hoist(&["up", "-d"]).await.ends_with(1).says("service \"job\" didn't complete successfully: exit 1");
        assert!(s.states().await.contains(&"app/1 created".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn a_job_runs_again_at_each_up_and_is_waited_for_again() {
    let file = r#"
services:
  job: {<<: *idle, command: [sh, -c, "echo run >> /log/runs; sleep 0.3"], volumes: ["./log:/log"]}
  app: {<<: *idle, depends_on: {job: {condition: service_completed_successfully}}}
"#;
    project("wait-again", file, |s| async move {
        s.up(&[]).await;
        s.up(&[]).await;
        let runs = std::fs::read_to_string(s.folder().join("log/runs")).expect("the job ran");
        assert_eq!(runs, "run\nrun\n");
        assert_eq!(s.states().await, ["app/1 running", "job/1 exited"]);
    })
    .await;
}

#[tokio::test]
async fn wait_takes_a_one_shot_for_done_only_where_somebody_waits_for_it() {
    let file = "services: {job: {<<: *idle, command: ['true']}}\n";
    project("wait-one-shot", file, |s| async move {
        s.hoist(&["up", "--wait"]).await.ends_with(1).says("container hoist-test-wait-one-shot-job-1 exited (0)");
        s.compose("services: {job: {<<: *idle, command: ['true']}, app: {<<: *idle, depends_on: {job: {condition: service_completed_successfully}}}}\n");
        s.hoist(&["up", "--wait"]).await.ok();
    })
    .await;
}

#[tokio::test]
async fn health_of_the_last_run_is_not_the_health_of_this_one() {
    let file = r#"
services:
  db:
    <<: *idle
    command: [sh, -c, "sleep 0.6; touch /tmp/ready; exec sleep 600"]
    tmpfs: /tmp
    healthcheck: {test: ["CMD-SHELL", "test -e /tmp/ready"], interval: 200ms, retries: 2, start_period: 30s, start_interval: 100ms}
  app: {<<: *idle, depends_on: {db: {condition: service_healthy}}}
"#;
    project("wait-stale", file, |s| async move {
        s.up(&[]).await;
        let db = s.only("db").await.id;
        s.exec(&db, &["rm", "/tmp/ready"]).await;
        s.eventually("db is unhealthy", 10, || async {
            let health = s.inspect("db").await.state.and_then(|state| state.health).and_then(|health| health.status);
            (format!("{health:?}") == "Some(UNHEALTHY)").then_some(())
        })
        .await;
        s.stop(&db).await;
        let app = s.only("app").await.id;
        s.stop(&app).await;
        s.up(&[]).await;
        assert_eq!(s.states().await, ["app/1 running", "db/1 running"]);
    })
    .await;
}

#[tokio::test]
async fn a_failed_dependency_stops_nothing_that_ran() {
    // The old container goes on until its successor can start.
    let file = r#"
services:
  web: {<<: *idle, environment: {ROUND: "1"}}
"#;
    project("wait-failed", file, |s| async move {
        s.up(&[]).await;
        let web = s.only("web").await.id;
        s.compose("services: {web: {<<: *idle, image: 'busybox:latest', environment: {ROUND: '2'}, volumes: [{type: bind, source: ./none, target: /x, bind: {create_host_path: false}}]}}\n");
        s.hoist(&["up", "-d"]).await.ends_with(1);
        let states = s.replicas().await;
        assert!(states.iter().any(|replica| replica.id == web && replica.state == "running"), "{states:?}");
    })
    .await;
}

#[tokio::test]
async fn an_optional_dependency_that_is_disabled_is_dropped() {
    let file = r"
services:
  web: {<<: *idle, depends_on: {cache: {condition: service_healthy, required: false}}}
  cache: {<<: *idle, profiles: [cache]}
";
    project("wait-disabled", file, |s| async move {
        s.up(&[]).await;
        assert_eq!(s.states().await, ["web/1 running"]);
        s.compose(&file.replace("false", "true"));
        s.hoist(&["up", "-d"]).await.ends_with(1).says("cache");
    })
    .await;
}

#[tokio::test]
async fn an_optional_dependency_that_is_unhealthy_is_a_warning() {
    let file = r#"
services:
  web: {<<: *idle, depends_on: {cache: {condition: service_healthy, required: false}}}
  cache: {<<: *idle, healthcheck: {test: ["CMD", "false"], interval: 100ms, retries: 2}}
"#;
    project("wait-optional", file, |s| async move {
        s.up(&[]).await.says("optional dependency \"cache\" is not running or is unhealthy");
        assert_eq!(s.states().await, ["cache/1 running", "web/1 running"]);
    })
    .await;
}

#[tokio::test]
async fn a_dependency_scaled_to_nothing_is_not_waited_for() {
    let file = r#"
services:
  web: {<<: *idle, depends_on: {db: {condition: service_healthy}}}
  db: {<<: *idle, scale: 0, healthcheck: {test: ["CMD", "false"]}}
"#;
    project("wait-none", file, |s| async move {
        s.up(&[]).await;
        assert_eq!(s.states().await, ["web/1 running"]);
    })
    .await;
}

#[tokio::test]
async fn no_deps_starts_the_named_service_alone() {
    let file = "services: {web: {<<: *idle, depends_on: {db: {condition: service_healthy}}}, db: {<<: *idle}}\n";
    project("wait-no-deps", file, |s| async move {
        s.up(&["--no-deps", "web"]).await;
        assert_eq!(s.states().await, ["web/1 running"]);
    })
    .await;
}

#[tokio::test]
async fn naming_a_service_enables_its_profile() {
    let file =
        "services: {web: {<<: *idle}, debug: {<<: *idle, profiles: [debug], depends_on: [web]}, other: {<<: *idle}}\n";
    project("wait-profile", file, |s| async move {
        s.up(&["debug"]).await;
        assert_eq!(s.states().await, ["debug/1 running", "web/1 running"]);
    })
    .await;
}

#[tokio::test]
async fn always_recreate_deps_recreates_what_the_named_depend_on() {
    let file = "services: {web: {<<: *idle, depends_on: [db]}, db: {<<: *idle}}\n";
    project("wait-always", file, |s| async move {
        s.up(&[]).await;
        let (web, db) = (s.only("web").await.id, s.only("db").await.id);
        s.up(&["--always-recreate-deps", "web"]).await;
        assert_eq!(s.only("web").await.id, web);
        assert_ne!(s.only("db").await.id, db);
    })
    .await;
}

#[tokio::test]
async fn a_disabled_healthcheck_is_none() {
    let file = "services: {web: {<<: *idle, healthcheck: {disable: true}}}\n";
    project("wait-disable", file, |s| async move {
        s.hoist(&["up", "--wait"]).await.ok();
        let test = s.inspect("web").await.config.and_then(|config| config.healthcheck).and_then(|check| check.test);
        assert_eq!(test, Some(vec!["NONE".to_owned()]));
    })
    .await;
}

#[tokio::test]
async fn eager_health_does_not_wait_for_the_interval() {
    let file = r#"
services:
  db:
    <<: *idle
    user: nobody
    working_dir: /tmp
    environment: {MARK: ready}
    command: [sh, -c, "sleep 1; touch /tmp/ready; exec sleep 600"]
    healthcheck: {test: ["CMD-SHELL", "test -e $$MARK -a $$(id -un) = nobody"], interval: 30s}
    x-hoist: {eager_health: true}
  app: {<<: *idle, depends_on: {db: {condition: service_healthy}}}
"#;
    project("wait-eager", file, |s| async move {
        let began = std::time::Instant::now();
        s.up(&[]).await;
        assert!(began.elapsed().as_secs() < 8, "{:?}", began.elapsed());
        assert_eq!(s.states().await, ["app/1 running", "db/1 running"]);
        let health = s.inspect("db").await.state.and_then(|state| state.health).and_then(|health| health.status);
        assert_eq!(format!("{health:?}"), "Some(STARTING)", "the engine has not looked yet");
    })
    .await;
}

#[tokio::test]
async fn eager_health_leaves_the_verdict_to_the_engine() {
    let file = r#"
services:
  db: {<<: *idle, healthcheck: {test: ["CMD-SHELL", "echo not today; exit 1"], interval: 1s, retries: 2}}
  app: {<<: *idle, depends_on: {db: {condition: service_healthy}}}
"#;
    project("wait-eager-unhealthy", file, |s| async move {
        s.hoist(&["up", "-d", "--eager-health"]).await.ends_with(1).says("is unhealthy").says("not today");
        assert_eq!(s.states().await, ["app/1 created", "db/1 running"]);
    })
    .await;
}

#[tokio::test]
async fn wait_heeds_eager_health_too() {
    let file = "services: {db: {<<: *idle, healthcheck: {test: [CMD, 'true'], interval: 30s}}, web: *idle}\n";
    project("wait-eager-command", file, |s| async move {
        let began = std::time::Instant::now();
        s.hoist(&["up", "--wait", "--eager-health"]).await.ok();
        assert!(began.elapsed().as_secs() < 8, "{:?}", began.elapsed());
    })
    .await;
}

#[tokio::test]
async fn jobs_that_end_fail_wait_unless_something_says_that_they_are_jobs() {
    let file = r"
services:
  web: *idle
  migrate: {image: busybox:latest, command: [echo, migrated]}
";
    project("wait-jobs", file, |s| async move {
        let hint = "`x-hoist: {job: true}`";
        let failed = s.hoist(&["up", "--wait"]).await.ends_with(1);
        failed.says("container hoist-test-wait-jobs-migrate-1 exited (0)").says(hint).says("--wait-for-jobs");
        s.hoist(&["up", "--wait", "--wait-for-jobs"]).await.ok();
        s.hoist(&["stop"]).await.ok();
        s.hoist(&["start", "--wait", "--wait-for-jobs"]).await.ok();
    })
    .await;
}

#[tokio::test]
async fn wait_waits_for_the_end_of_declared_jobs() {
    let file = r#"
services:
  web: *idle
  declared: {image: busybox:latest, command: [sh, -c, "sleep 1; exit ${STATUS:-0}"], x-hoist: {job: true}}
  once: {image: busybox:latest, command: [sh, -c, "sleep 1"], restart: "no"}
"#;
    project("wait-declared-jobs", file, |s| async move {
        s.hoist(&["up", "--wait", "--wait-for-jobs"]).await.ok();
        assert_eq!(s.states().await, ["declared/1 exited", "once/1 exited", "web/1 running"]);
        s.write(".env", "STATUS=3\n");
        let failed = s.hoist(&["up", "--wait", "--wait-for-jobs"]).await.ends_with(1);
        failed.says("service \"declared\" didn't complete successfully: exit 3");
    })
    .await;
}
