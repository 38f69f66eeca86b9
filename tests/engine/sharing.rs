//! What services use of one another: namespaces, volumes, links, and what follows a recreation.

use bollard::query_parameters::StartContainerOptions;

use crate::support::{Scenario, project};

async fn host(s: &Scenario, service: &str) -> bollard::models::HostConfig {
    s.inspect(service).await.host_config.expect("a host configuration")
}

/// `base` is shared by `user` in the way of `how`.
fn shared(how: &str) -> String {
    format!(
        "services:\n  base: {{<<: *idle, ipc: shareable, environment: {{ROUND: '1'}}, volumes: [/shared]}}\n  user: {{<<: *idle, {how}}}\n  other: {{<<: *idle}}\n"
    )
}

#[tokio::test]
async fn namespaces_are_those_of_the_container_and_follow_when_it_is_recreated() {
    for (name, how) in [
        ("net", "network_mode: 'service:base'"),
        ("ipc", "ipc: 'service:base'"),
        ("pid", "pid: 'service:base'"),
        ("volumes", "volumes_from: [base]"),
    ] {
        let file = shared(how);
        project(&format!("share-{name}"), &file.clone(), |s| async move {
            s.up(&[]).await;
            let user = host(&s, "user").await;
            let base = s.only("base").await.id;
            let shares = match name {
                "net" => user.network_mode,
                "ipc" => user.ipc_mode,
                "pid" => user.pid_mode,
                _ => user.volumes_from.and_then(|from| from.into_iter().next()),
            };
            assert!(shares.clone().unwrap_or_default().contains(&base), "{name}: {shares:?}");
            s.is_settled().await;

            let before = (s.only("user").await.id, s.only("other").await.id);
            s.compose(&file.replace("'1'", "'2'"));
            s.up(&[]).await;
            assert_ne!(s.only("user").await.id, before.0, "{name}: it follows");
            assert_eq!(s.only("other").await.id, before.1);
            assert_eq!(s.states().await, ["base/1 running", "other/1 running", "user/1 running"]);
            s.is_settled().await;
        })
        .await;
    }
}

#[tokio::test]
async fn sharing_makes_a_dependency() {
    project("share-order", &shared("network_mode: 'service:base'"), |s| async move {
        s.up(&["user"]).await;
        assert_eq!(s.states().await, ["base/1 running", "user/1 running"]);
        let label = s.only("user").await.labels["com.docker.compose.depends_on"].clone();
        assert_eq!(label, "base:service_started:true");
    })
    .await;
}

#[tokio::test]
async fn a_namespace_that_cannot_be_shared_is_refused_early() {
    // The engine has no `uts` of another container.
    project("share-uts", &shared("uts: 'service:base'"), |s| async move {
        let ran = s.hoist(&["up", "-d"]).await.ends_with(1);
        assert!(ran.stderr.contains("uts"), "{}", ran.stderr);
        assert!(!s.states().await.contains(&"user/1 running".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn links_resolve_by_their_alias_and_restart_with_their_target() {
    let file = r#"
services:
  web: {<<: *idle, links: ["db:database"]}
  db: {<<: *idle, environment: {ROUND: "1"}}
"#;
    project("share-links", file, |s| async move {
        s.up(&[]).await;
        let web = s.only("web").await.id;
        let resolve = async |name: &str| {
            s.exec(&web, &["sh", "-c", &format!("nslookup {name} 2>&1; getent hosts {name} || ping -c1 -W1 {name}")])
                .await
        };
        for name in ["database", "db-1", "hoist-test-share-links-db-1"] {
            let found = resolve(name).await;
            assert!(found.contains("1 packets received") || found.contains("bytes from"), "{name}: {found}");
        }
        let links = s.endpoints("web").await[&s.named("default")].links.clone().unwrap_or_default();
        assert!(links.contains(&"hoist-test-share-links-db-1:database".to_owned()), "{links:?}");
        assert_eq!(s.only("web").await.labels["com.docker.compose.depends_on"], "db:service_started:true");

        let before = s.inspect("web").await.state.and_then(|state| state.started_at);
        s.compose(&file.replace("\"1\"", "\"2\""));
        s.up(&[]).await;
        assert_eq!(s.only("web").await.id, web);
        assert_ne!(s.inspect("web").await.state.and_then(|state| state.started_at), before, "it was restarted");
        assert!(resolve("database").await.contains("bytes from"));
    })
    .await;
}

#[tokio::test]
async fn external_links_name_containers_of_others() {
    let file = "services: {web: {<<: *idle, external_links: ['hoist-test-extern:outside']}}\n";
    project("share-extern", file, |s| async move {
        s.hoist(&["create"]).await.ok();
        s.foreign_container("hoist-test-extern", &s.named("default"), &[]).await;
        s.up(&[]).await;
        let web = s.only("web").await.id;
        assert!(s.exec(&web, &["ping", "-c1", "-W1", "outside"]).await.contains("bytes from"));
        s.hoist(&["down"]).await.ok().says("Resource is still in use");
    })
    .await;
}

const RESTART: &str = r#"
services:
  db: {<<: *idle, environment: {ROUND: "1"}}
  follows: {<<: *idle, depends_on: {db: {condition: service_started, restart: true}}}
  stays: {<<: *idle, depends_on: {db: {condition: service_started}}}
"#;

#[tokio::test]
async fn dependents_restart_with_their_dependency_where_they_ask_for_it() {
    project("share-restart", RESTART, |s| async move {
        s.up(&[]).await;
        let started = async |service: &str| s.inspect(service).await.state.and_then(|state| state.started_at);
        let before = (s.ids().await, started("follows").await, started("stays").await);
        s.compose(&RESTART.replace("\"1\"", "\"2\""));
        s.up(&[]).await;
        assert_eq!(s.ids().await[1..], before.0[1..], "neither is recreated");
        assert_ne!(started("follows").await, before.1);
        assert_eq!(started("stays").await, before.2);
        assert_eq!(s.states().await, ["db/1 running", "follows/1 running", "stays/1 running"]);
    })
    .await;
}

#[tokio::test]
async fn create_leaves_such_dependents_stopped() {
    project("share-create", RESTART, |s| async move {
        s.up(&[]).await;
        s.compose(&RESTART.replace("\"1\"", "\"2\""));
        s.hoist(&["create"]).await.ok();
        assert_eq!(s.states().await, ["db/1 created", "follows/1 exited", "stays/1 running"]);
    })
    .await;
}

#[tokio::test]
async fn replicas_of_a_shared_service_are_all_there_before_its_user() {
    let file = "services:\n  base: {<<: *idle, scale: 3}\n  user: {<<: *idle, network_mode: 'service:base'}\n";
    project("share-replicas", file, |s| async move {
        s.up(&[]).await;
        let first = s.replicas().await[0].id.clone();
        assert_eq!(host(&s, "user").await.network_mode, Some(format!("container:{first}")));
        s.is_settled().await;
        s.up(&["--force-recreate"]).await;
        s.is_settled().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_not_selected_is_shared_as_it_is() {
    let file = "services:\n  y: {<<: *idle, ipc: shareable}\n  net: {<<: *idle, network_mode: 'service:y'}\n  ipc: {<<: *idle, ipc: 'service:y'}\n  pid: {<<: *idle, pid: 'service:y'}\n  vol: {<<: *idle, volumes_from: [y]}\n  link: {<<: *idle, links: [y]}\n";
    project("share-no-deps", file, |s| async move {
        s.up(&[]).await;
        let before = s.ids().await;
        for service in ["net", "ipc", "pid", "vol", "link"] {
            s.up(&["--no-deps", service]).await;
        }
        assert_eq!(s.ids().await, before, "nothing changed");
        s.up(&["--no-deps", "--force-recreate", "net", "link"]).await;
        let y = s.only("y").await.id;
        assert_eq!(host(&s, "net").await.network_mode, Some(format!("container:{y}")));
        let links = s.endpoints("link").await[&s.named("default")].links.clone().unwrap_or_default();
        assert!(links.iter().any(|link| link.ends_with("-y-1:y")), "{links:?}");

        let net = s.only("net").await.id;
        s.stop(&y).await;
        s.stop(&net).await;
        let hint = "hint: start it first: `hoist up -d y`";
        let refused = s.hoist(&["up", "-d", "--no-deps", "net"]).await.ends_with(1);
        refused.says("cannot share network namespace with service y: container").says("compose.yaml:").says(hint);
        s.hoist(&["down", "y"]).await.ok();
        s.hoist(&["up", "-d", "--no-deps", "vol"])
            .await
            .ends_with(1)
            .says("cannot share volume with service y: container missing")
            .says(hint);
    })
    .await;
}

#[tokio::test]
async fn what_shares_a_namespace_restarts_when_that_ended() {
    let file = "services:\n  a: {<<: *idle}\n  s: {<<: *idle, network_mode: 'service:a'}\n";
    project("share-stale", file, |s| async move {
        s.up(&[]).await;
        let ids = s.ids().await;
        let has_network = async || s.exec(&s.only("s").await.id, &["ls", "/sys/class/net"]).await.contains("eth0");
        assert!(has_network().await);
        s.stop(&s.only("a").await.id).await;
        assert!(!has_network().await, "the network ended with the container that had it");
        s.up(&[]).await;
        assert!(has_network().await);
        // Somebody else restarts it.
        let a = s.only("a").await.id;
        s.stop(&a).await;
        s.docker.start_container(&a, None::<StartContainerOptions>).await.expect("it can be started");
        assert!(!has_network().await);
        let plan = s.hoist(&["plan", "--steps"]).await.ends_with(2);
        assert!(
            plan.stdout.contains("stop container s/1: shares a namespace with a, which was restarted"),
            "{}",
            plan.stdout
        );
        s.up(&[]).await;
        assert!(has_network().await);
        s.is_settled().await;
        assert_eq!(s.ids().await, ids, "nothing was recreated");
    })
    .await;
}
