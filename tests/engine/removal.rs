//! `down`.

use crate::support::{project, scenario};

const THREE: &str = r#"
services:
  web: {<<: *idle, depends_on: [api]}
  api: {<<: *idle, depends_on: [db]}
  db: {<<: *idle, volumes: ["data:/data"]}
volumes: {data: {}}
"#;

#[tokio::test]
async fn dependents_stop_before_what_they_depend_on() {
    let file = r#"
services:
  web: {<<: *idle, stop_grace_period: 2s, command: [sh, -c, "trap 'sleep 0.5; echo web > /log/web; exit' TERM; while :; do sleep 0.1; done"], depends_on: [db], volumes: ["./log:/log"]}
  db: {<<: *idle, stop_grace_period: 2s, command: [sh, -c, "trap 'cp /log/web /log/db; exit' TERM; while :; do sleep 0.1; done"], volumes: ["./log:/log"]}
"#;
    project("down-order", file, |s| async move {
        s.up(&[]).await;
        s.hoist(&["down"]).await.ok();
        let seen = std::fs::read_to_string(s.folder().join("log/db")).expect("db stopped after web");
        assert_eq!(seen, "web\n");
    })
    .await;
}

#[tokio::test]
async fn only_the_services_that_are_named_go() {
    project("down-named", THREE, |s| async move {
        s.up(&[]).await;
        s.hoist(&["down", "-v", "api"]).await.ok();
        assert_eq!(s.states().await, ["db/1 running", "web/1 running"]);
        assert_eq!(s.networks().await, [s.named("default")], "the others are still on it");
        s.hoist(&["rm", "-fs", "db"]).await.ok();
        s.hoist(&["down", "-v", "web"]).await.ok();
        assert_eq!(s.volumes().await, [s.named("data")], "the data of db stays, though it has no container");
        s.hoist(&["down", "nope"]).await.ends_with(1).says("nope");
    })
    .await;
}

#[tokio::test]
async fn orphans_stay_unless_asked_for() {
    project("down-orphans", THREE, |s| async move {
        s.up(&[]).await;
        s.compose("services: {db: {<<: *idle}}\n");
        s.hoist(&["down"]).await.ok().says("Resource is still in use");
        assert_eq!(s.states().await, ["api/1 running", "web/1 running"]);
        s.hoist(&["down", "--remove-orphans"]).await.ok();
        assert!(s.replicas().await.is_empty() && s.networks().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_network_others_are_on_is_reported_and_left() {
    project("down-used", THREE, |s| async move {
        s.up(&[]).await;
        s.foreign_container("hoist-test-down-guest", &s.named("default"), &[]).await;
        s.hoist(&["down"]).await.ok().says("Resource is still in use");
        assert_eq!(s.networks().await, [s.named("default")]);
        assert!(s.replicas().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn the_timeout_replaces_the_grace_period() {
    let file = "services: {web: {<<: *idle, stop_grace_period: 60s, command: [sh, -c, \"trap '' TERM; while :; do sleep 0.1; done\"]}}\n";
    project("down-timeout", file, |s| async move {
        s.up(&[]).await;
        let began = std::time::Instant::now();
        s.hoist(&["down", "-t", "0"]).await.ok();
        assert!(began.elapsed().as_secs() < 20);
        assert!(s.is_gone().await);
    })
    .await;
}

#[tokio::test]
async fn the_stop_signal_is_the_services() {
    let file = "services: {web: {<<: *idle, stop_grace_period: 5s, stop_signal: SIGUSR1, command: [sh, -c, \"trap 'echo got it > /log/signal; exit' USR1; while :; do sleep 0.1; done\"], volumes: ['./log:/log']}}\n";
    project("down-signal", file, |s| async move {
        s.up(&[]).await;
        s.hoist(&["down"]).await.ok();
        assert_eq!(std::fs::read_to_string(s.folder().join("log/signal")).expect("it got the signal"), "got it\n");
    })
    .await;
}

#[tokio::test]
async fn down_leaves_what_is_declared_and_unused() {
    // Narrowing drops what no service references, for `up` and `down` alike.
    project("down-unused", "services: {web: {<<: *idle}}\nvolumes: {spare: {}}\n", |s| async move {
        s.hoist(&["--all-resources", "up", "-d"]).await.ok();
        s.hoist(&["down", "--volumes"]).await.ok();
        assert_eq!(s.volumes().await, [s.named("spare")]);
        s.hoist(&["--all-resources", "down", "--volumes"]).await.ok();
        assert!(s.is_gone().await);
    })
    .await;
}

#[tokio::test]
async fn down_without_a_file_finds_order_and_resources_in_the_labels() {
    project("down-labels", THREE, |s| async move {
        s.up(&["--scale", "web=2"]).await;
        std::fs::remove_file(s.folder().join("compose.yaml")).expect("the file is there");
        let plan = s.hoist(&["down", "--dry-run", "--steps", "--volumes"]).await.ok().stdout;
        let place = |text: &str| plan.find(text).unwrap_or_else(|| panic!("{text} is not in\n{plan}"));
        assert!(place("stop container web/1") < place("stop container api/1"));
        assert!(place("stop container api/1") < place("stop container db/1"));
        s.hoist(&["down", "api"]).await.ok();
        assert_eq!(s.states().await, ["db/1 running"]);
        s.hoist(&["down", "--volumes"]).await.ok();
        assert!(s.is_gone().await);
    })
    .await;
}

#[tokio::test]
async fn down_in_a_folder_without_a_file_and_without_a_name_says_so() {
    scenario("down-nowhere", &[], |s| async move {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_hoist"));
        command.arg("down");
        s.surround(&mut command);
        command.env_remove("COMPOSE_PROJECT_NAME");
        let ran = s.run(command).await;
        assert_ne!(ran.status, 0);
        ran.says("no configuration file provided");
    })
    .await;
}

#[tokio::test]
async fn what_is_removed_meanwhile_is_no_error() {
    project("down-race", THREE, |s| async move {
        s.up(&[]).await;
        let (first, second) = tokio::join!(s.hoist(&["down"]), s.hoist(&["down"]));
        first.ok();
        second.ok();
        assert!(s.replicas().await.is_empty() && s.networks().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn hook_containers_left_behind_go_with_down() {
    project("down-hooks", "services: {web: {<<: *idle}}\n", |s| async move {
        s.up(&[]).await;
        let labels = [
            ("com.docker.compose.project", "hoist-test-down-hooks"),
            ("com.docker.compose.service", "web"),
            ("com.docker.compose.hook", "pre_start"),
        ];
        s.foreign_container("hoist-test-kept-hook", "none", &labels).await;
        assert_eq!(s.hoist(&["ps", "-aq"]).await.ok().stdout.lines().count(), 1, "they are hidden");
        s.hoist(&["down"]).await.ok();
        assert!(s.is_gone().await);
    })
    .await;
}

#[tokio::test]
async fn images_go_where_that_is_asked_for() {
    let file = r#"
services:
  web: {build: ., command: [sleep, "600"], stop_grace_period: 0s}
  own: {<<: *idle, image: "hoist-test-rmi-own:1", build: .}
"#;
    project("rmi", file, |s| async move {
        s.write("Dockerfile", "FROM busybox\nLABEL hoist.test.rmi=1\n");
        let there = async |name: &str| s.docker.inspect_image(name).await.is_ok();
        s.up(&[]).await;
        let planned = s.hoist(&["down", "--rmi", "all", "--dry-run", "--steps"]).await.ok().stdout;
        assert!(planned.contains("remove image hoist-test-rmi-own:1"), "{planned}");
        s.hoist(&["down", "--rmi", "local"]).await.ok().says("Image hoist-test-rmi-web Removed");
        assert!(!there("hoist-test-rmi-web").await);
        assert!(there("hoist-test-rmi-own:1").await, "it has a name of its own");
        s.up(&[]).await;
        // An image that somebody else uses stays, and that is no error.
        s.foreign_container_of("hoist-test-rmi-own:1", "hoist-test-rmi-user", "none", &[]).await;
        s.hoist(&["down", "--rmi", "all"]).await.ok().says("hoist-test-rmi-own:1 Resource is still in use");
        s.remove_all_foreign().await;
        s.hoist(&["down", "--rmi", "all"]).await.ok();
        assert!(!there("hoist-test-rmi-own:1").await);
        s.hoist(&["down", "--rmi", "some"]).await.ends_with(1).says("invalid value for --rmi: \"some\"");
    })
    .await;
}

#[tokio::test]
async fn volumes_that_an_auto_removed_one_off_shares_stay() {
    let file = "services: {db: {<<: *idle, volumes: [/data]}}\n";
    for (name, service) in [("down-rm-gone", "gone"), ("down-rm-db", "db")] {
        project(name, file, |s| async move {
            s.up(&[]).await;
            let db = s.only("db").await.id;
            s.exec(&db, &["sh", "-c", "echo kept > /data/file"]).await;
            let mounts = s.inspect("db").await.mounts.unwrap_or_default();
            let volume = mounts.into_iter().find_map(|mount| mount.name).expect("an anonymous volume");
            // It is there already: this has it removed in the end.
            s.foreign_volume(&volume, &[]).await;
            let labels = [
                ("com.docker.compose.project", s.project.as_str()),
                ("com.docker.compose.service", service),
                ("com.docker.compose.oneoff", "True"),
                ("com.docker.compose.config-hash", "0"),
            ];
            let one_off = format!("{}-run", s.project);
            s.foreign_auto_removed(&one_off, &db, &labels).await;
            s.hoist(&["down", "--remove-orphans", "-t", "0"]).await.ok().says(&volume);
            assert!(s.replicas().await.is_empty());
            s.volume(&volume).await;
        })
        .await;
    }
}

#[tokio::test]
async fn one_offs_that_run_stay_unless_orphans_are_removed() {
    project("down-one-offs", "services: {web: {<<: *idle}}\n", |s| async move {
        s.up(&[]).await;
        let labels = [
            ("com.docker.compose.project", s.project.as_str()),
            ("com.docker.compose.service", "web"),
            ("com.docker.compose.oneoff", "True"),
            ("com.docker.compose.config-hash", "made by run"),
        ];
        let one_off = s.foreign_container("hoist-test-down-one-off", &s.named("default"), &labels).await;
        s.hoist(&["down"]).await.ok().says("hoist-test-down-one-off").says("--remove-orphans");
        assert_eq!(s.inspect_id(&one_off).await.name.as_deref(), Some("/hoist-test-down-one-off"));
        s.hoist(&["down", "--remove-orphans", "-t", "0"]).await.ok();
        assert!(s.networks().await.is_empty());
        assert!(s.is_gone().await);
    })
    .await;
}

#[tokio::test]
async fn containers_of_inactive_profiles_stay_and_are_named() {
    let file = "services:\n  web: {<<: *idle, profiles: [front]}\n  tool: {<<: *idle, profiles: [tools], networks: [inner]}\nnetworks: {inner: {}}\n";
    project("down-profiles", file, |s| async move {
        s.hoist(&["--profile", "*", "up", "-d"]).await.ok();
        let listed = s.hoist(&["--profile", "tools", "ps", "--orphans=false", "--services"]).await.ok();
        assert_eq!(listed.stdout, "tool\n");
        let flags = "`hoist --profile front --profile tools down`";
        s.hoist(&["down"]).await.ok().says("No resource found to remove").says(flags);
        assert_eq!(s.states().await, ["tool/1 running", "web/1 running"]);
        s.hoist(&["down", "tool"]).await.ok();
        assert_eq!(s.states().await, ["web/1 running"]);
        assert_eq!(s.networks().await, [s.named("default")], "its network goes with it");
        s.hoist(&["up", "-d"]).await.ends_with(1).says("no service selected").says("front, tools");
        s.hoist(&["--profile", "front", "down"]).await.ok();
        assert!(s.is_gone().await);
    })
    .await;
}
