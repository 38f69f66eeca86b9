//! Projects go back and forth between hoist and Docker Compose.

use crate::support::scenario;

const STACK: &str = r#"
services:
  web:
    image: busybox:latest
    command: ["sleep", "600"]
    stop_grace_period: 0s
    depends_on: [db]
    volumes: ["./site:/site:ro"]
    environment: {A: "1", B: two}
  db:
    image: busybox:latest
    command: ["sleep", "600"]
    stop_grace_period: 0s
    volumes: ["data:/data"]
    healthcheck: {test: ["CMD", "true"], interval: 1s, timeout: 2s}
volumes: {data: {}}
"#;

#[tokio::test]
async fn a_project_of_docker_compose_is_recognised_and_taken_down() {
    scenario("from-peer", &[("compose.yaml", STACK), ("site/index.html", "x")], |s| async move {
        s.peer(&["up", "-d"]).await.ok();
        let before = s.ids().await;
        assert_eq!(s.hoist(&["plan", "--steps"]).await.ok().stdout.trim(), "nothing to do");
        s.hoist(&["up", "-d"]).await.ok();
        assert_eq!(s.ids().await, before);
        s.hoist(&["down", "--volumes"]).await.ok();
        assert!(s.is_gone().await);
    })
    .await;
}

#[tokio::test]
async fn what_changed_since_docker_compose_made_a_container_is_told() {
    scenario("from-peer-changed", &[("compose.yaml", STACK), ("site/index.html", "x")], |s| async move {
        s.peer(&["up", "-d"]).await.ok();
        let changed = STACK.replace("B: two", "C: three").replace("\"1\"", "\"0\"").replace("1s, timeout: 2s", "3s");
        s.write("compose.yaml", &changed);
        let plan = s.hoist(&["plan", "--steps"]).await.ends_with(2).stdout;
        let web = "environment.A: \"1\" → \"0\"; environment.B removed, was \"two\"; environment.C is now \"three\"\n";
        assert!(plan.contains(web), "{plan}");
        assert!(plan.contains(r#": healthcheck: {"test":["CMD","true"],"#), "{plan}");
    })
    .await;
}

#[tokio::test]
async fn docker_compose_takes_down_what_hoist_started() {
    scenario("to-peer", &[("compose.yaml", STACK), ("site/index.html", "x")], |s| async move {
        s.hoist(&["up", "-d"]).await.ok();
        let listed = s.peer(&["ps", "-q"]).await.ok();
        assert_eq!(listed.stdout.lines().count(), 2, "{}", listed.stdout);
        s.peer(&["down", "--volumes"]).await.ok();
        assert!(s.is_gone().await);
    })
    .await;
}

#[tokio::test]
async fn docker_compose_finds_what_hoist_started_unchanged() {
    let file = STACK.replace("    volumes: [\"./site:/site:ro\"]\n", "");
    scenario("unchanged", &[("compose.yaml", &file)], |s| async move {
        s.hoist(&["up", "-d"]).await.ok();
        let before = s.ids().await;
        s.peer(&["up", "-d"]).await.ok();
        assert_eq!(s.ids().await, before);
    })
    .await;
}
