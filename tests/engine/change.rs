//! What a change of the files recreates, and what it leaves alone.

use crate::support::scenario;

const WEB: &str = r#"
services:
  web:
    image: busybox:latest
    command: ["sleep", "600"]
    stop_grace_period: 0s
    environment: {DEBUG: "0"}
    depends_on: [db]
    volumes: [/cache]
  db:
    image: busybox:latest
    command: ["sleep", "600"]
    stop_grace_period: 0s
"#;

#[tokio::test]
async fn only_the_changed_service_is_recreated() {
    scenario("changed", &[("compose.yaml", WEB)], |s| async move {
        s.hoist(&["up", "-d"]).await.ok();
        let (web, db) = (s.only("web").await, s.only("db").await);
        s.write("compose.yaml", &WEB.replace("\"0\"", "\"1\""));

        let plan = s.hoist(&["plan", "--steps"]).await.ends_with(2);
        assert!(plan.stdout.contains("web/1"), "{}", plan.stdout);
        assert!(plan.stdout.contains(": environment.DEBUG: \"0\" → \"1\"\n"), "{}", plan.stdout);
        assert_eq!(
            s.hoist(&["up", "-d", "--dry-run", "--steps"]).await.ok().stdout,
            plan.stdout,
            "a dry run prints the plan"
        );
        assert_eq!(s.only("web").await.id, web.id, "a dry run does nothing");

        s.hoist(&["up", "-d"]).await.ok();
        assert_ne!(s.only("web").await.id, web.id);
        assert_eq!(s.only("db").await.id, db.id);
        assert_eq!(s.only("web").await.name, web.name, "the new container ends with the old one's name");
        assert_eq!(s.states().await, ["db/1 running", "web/1 running"]);
    })
    .await;
}

#[tokio::test]
async fn anonymous_volumes_are_carried_over_unless_renewed() {
    scenario("anonymous", &[("compose.yaml", WEB)], |s| async move {
        let cache = async || {
            let mounts = s.inspect("web").await.mounts.unwrap_or_default();
            mounts.into_iter().find_map(|mount| mount.name).expect("an anonymous volume")
        };
        s.hoist(&["up", "-d"]).await.ok();
        let first = cache().await;
        s.hoist(&["up", "-d", "--force-recreate"]).await.ok();
        assert_eq!(cache().await, first);
        s.hoist(&["up", "-d", "-V"]).await.ok();
        assert_ne!(cache().await, first);
    })
    .await;
}

#[tokio::test]
async fn force_recreate_replaces_and_no_recreate_leaves() {
    scenario("force", &[("compose.yaml", WEB)], |s| async move {
        s.hoist(&["up", "-d"]).await.ok();
        let before = s.ids().await;
        s.write("compose.yaml", &WEB.replace("\"0\"", "\"1\""));
        s.hoist(&["up", "-d", "--no-recreate"]).await.ok();
        assert_eq!(s.ids().await, before);
        s.hoist(&["up", "-d", "--force-recreate", "web"]).await.ok();
        assert_ne!(s.only("web").await.id, before[1]);
        assert_eq!(s.only("db").await.id, before[0], "a dependency is forced only when it is named");
    })
    .await;
}

#[tokio::test]
async fn orphans_are_told_of_and_removed_when_asked() {
    scenario("orphans", &[("compose.yaml", WEB)], |s| async move {
        s.hoist(&["up", "-d"]).await.ok();
        let alone = "services:\n  db: {image: 'busybox:latest', command: [sleep, '600'], stop_grace_period: 0s}\n";
        s.write("compose.yaml", alone);
        let told = s.hoist(&["up", "-d"]).await.ok();
        assert!(told.stderr.contains("Found orphan containers (hoist-test-orphans-web-1)"), "{}", told.stderr);
        assert_eq!(s.replicas().await.len(), 2);
        s.hoist(&["up", "-d", "--remove-orphans"]).await.ok();
        assert_eq!(s.states().await, ["db/1 running"]);
    })
    .await;
}

#[tokio::test]
async fn a_changed_network_is_recreated_and_its_users_answer_to_their_names() {
    let file = r#"
services:
  web: {image: "busybox:latest", command: ["sleep", "600"], stop_grace_period: 0s}
networks:
  default: {labels: {round: "1"}}
"#;
    scenario("network", &[("compose.yaml", file)], |s| async move {
        s.hoist(&["up", "-d"]).await.ok();
        let network = "hoist-test-network_default";
        s.write("compose.yaml", &file.replace("\"1\"", "\"2\""));
        s.hoist(&["up", "-d"]).await.ok();
        assert_eq!(s.states().await, ["web/1 running"]);
        let web = s.inspect("web").await;
        let networks = web.network_settings.and_then(|settings| settings.networks).unwrap_or_default();
        let aliases = networks[network].aliases.clone().unwrap_or_default();
        assert!(aliases.contains(&"web".to_owned()), "{aliases:?}");
        assert_eq!(s.hoist(&["plan", "--steps"]).await.ok().stdout.trim(), "nothing to do");
    })
    .await;
}
