//! Numbers and names of replicas, scaling, orphans, left-overs of interrupted runs.

use bollard::query_parameters::{RemoveContainerOptionsBuilder, RenameContainerOptionsBuilder};

use crate::support::{Scenario, project};

const WEB: &str = "services: {web: {<<: *idle, environment: {ROUND: '1'}}}\n";

async fn remove(s: &Scenario, id: &str) {
    let options = RemoveContainerOptionsBuilder::default().force(true).build();
    s.docker.remove_container(id, Some(options)).await.expect("it can be removed");
}

#[tokio::test]
async fn gaps_in_the_numbers_are_not_filled() {
    project("rep-gap", WEB, |s| async move {
        s.up(&["--scale", "web=3"]).await;
        remove(&s, &s.replicas().await[1].id).await;
        s.up(&["--scale", "web=3"]).await;
        assert_eq!(s.states().await, ["web/1 running", "web/3 running", "web/4 running"]);
        s.up(&["--scale", "web=2"]).await;
        assert_eq!(s.states().await, ["web/1 running", "web/3 running"], "the highest go first");
    })
    .await;
}

#[tokio::test]
async fn obsolete_replicas_go_before_those_with_the_highest_numbers() {
    project("rep-obsolete", WEB, |s| async move {
        s.up(&["--scale", "web=2"]).await;
        let two = s.replicas().await[1].id.clone();
        // The second becomes the only one that is as the file asks.
        remove(&s, &s.replicas().await[0].id).await;
        s.compose(&WEB.replace("'1'", "'2'"));
        s.up(&["--scale", "web=2"]).await;
        assert_eq!(s.states().await, ["web/2 running", "web/3 running"]);
        let current = s.replicas().await;
        assert_ne!(current[0].id, two);

        // Now the third is made obsolete by somebody who took it off its network.
        let request = bollard::models::NetworkDisconnectRequest { container: current[0].id.clone(), force: Some(true) };
        s.docker.disconnect_network(&s.named("default"), request).await.expect("it can be taken off");
        s.up(&["--scale", "web=1"]).await;
        assert_eq!(s.ids().await, [current[1].id.clone()], "the one that is as it should be stays");
    })
    .await;
}

#[tokio::test]
async fn scale_and_deploy_replicas_say_how_many_and_the_flag_wins() {
    let file =
        "services: {a: {<<: *idle, scale: 2}, b: {<<: *idle, deploy: {replicas: 2}}, c: {<<: *idle, scale: 0}}\n";
    project("rep-scale", file, |s| async move {
        s.up(&[]).await;
        assert_eq!(s.states().await, ["a/1 running", "a/2 running", "b/1 running", "b/2 running"]);
        s.is_settled().await;
        s.up(&["--scale", "a=1", "--scale", "b=0", "--scale", "c=1"]).await;
        assert_eq!(s.states().await, ["a/1 running", "c/1 running"]);
    })
    .await;
}

#[tokio::test]
async fn changing_the_scale_in_the_file_recreates_nothing() {
    let file = "services: {web: {<<: *idle, scale: 1, depends_on: [db]}, db: {<<: *idle}}\n";
    project("rep-hash", file, |s| async move {
        s.up(&[]).await;
        let before = s.ids().await;
        s.compose("services: {web: {<<: *idle, scale: 2, pull_policy: never, profiles: []}, db: {<<: *idle}}\n");
        s.up(&[]).await;
        assert_eq!(s.ids().await[..2], before, "nor does depends_on, pull_policy or profiles");
    })
    .await;
}

#[tokio::test]
async fn container_name_is_used_as_it_is_and_cannot_be_scaled() {
    let file = "services: {web: {<<: *idle, container_name: hoist-test-own-name}}\n";
    project("rep-name", file, |s| async move {
        s.up(&[]).await;
        assert_eq!(s.only("web").await.name, "hoist-test-own-name");
        s.hoist(&["up", "-d", "--scale", "web=2"])
            .await
            .ends_with(1)
            .says("The \"web\" service is using the custom container name \"hoist-test-own-name\"");
        s.up(&["--force-recreate"]).await;
        assert_eq!(s.only("web").await.name, "hoist-test-own-name");
    })
    .await;
}

#[tokio::test]
async fn one_container_name_for_two_services_is_refused_before_anything_is_touched() {
    let file = "services: {a: {<<: *idle, container_name: hoist-test-same}, b: {<<: *idle, container_name: hoist-test-same}}\n";
    project("rep-same", file, |s| async move {
        s.hoist(&["up", "-d"]).await.ends_with(1).says("hoist-test-same");
        assert!(s.is_gone().await);
    })
    .await;
}

#[tokio::test]
async fn a_container_name_that_somebody_else_has_is_an_error_that_names_it() {
    let file = "services: {web: {<<: *idle, container_name: hoist-test-taken-name}}\n";
    project("rep-taken", file, |s| async move {
        s.foreign_container("hoist-test-taken-name", "none", &[]).await;
        s.hoist(&["up", "-d"]).await.ends_with(1).says("hoist-test-taken-name");
    })
    .await;
}

#[tokio::test]
async fn a_renamed_service_takes_its_container_name_from_its_orphan() {
    let file = "services: {NAME: {<<: *idle, container_name: hoist-test-handed-on}}\n";
    project("rep-handed", &file.replace("NAME", "old"), |s| async move {
        s.up(&[]).await;
        s.compose(&file.replace("NAME", "new"));
        s.up(&["--remove-orphans"]).await;
        assert_eq!(s.states().await, ["new/1 running"]);
        assert_eq!(s.only("new").await.name, "hoist-test-handed-on");
    })
    .await;
}

#[tokio::test]
async fn names_are_joined_with_underscores_for_compatibility() {
    project("rep-compat", WEB, |s| async move {
        s.hoist(&["--compatibility", "up", "-d"]).await.ok();
        assert_eq!(s.only("web").await.name, format!("{}_web_1", s.project));
    })
    .await;
}

#[tokio::test]
async fn one_offs_are_left_alone_while_they_run() {
    project("rep-oneoff", WEB, |s| async move {
        s.up(&[]).await;
        let labels = |name| {
            [
                ("com.docker.compose.project", "hoist-test-rep-oneoff"),
                ("com.docker.compose.service", name),
                ("com.docker.compose.oneoff", "True"),
                ("com.docker.compose.config-hash", "x"),
            ]
        };
        let id = s.foreign_container("hoist-test-one-off", "none", &labels("web")).await;
        s.up(&["--remove-orphans"]).await.does_not_say("orphan");
        s.hoist(&["down"]).await.ok();
        assert_eq!(s.ids().await, std::slice::from_ref(&id), "`down` leaves it");
        s.stop(&id).await;
        // It is removed with the orphans, but no surprise.
        s.up(&[]).await.does_not_say("orphan");
        s.up(&["--remove-orphans"]).await;
        assert_eq!(s.states().await, ["web/1 running"]);
    })
    .await;
}

#[tokio::test]
async fn disabled_services_are_no_orphans() {
    let file = "services: {web: {<<: *idle}, debug: {<<: *idle, profiles: [debug]}}\n";
    project("rep-profile", file, |s| async move {
        s.hoist(&["--profile", "debug", "up", "-d"]).await.ok();
        assert_eq!(s.states().await, ["debug/1 running", "web/1 running"]);
        s.up(&["--remove-orphans"]).await;
        assert_eq!(s.states().await, ["debug/1 running", "web/1 running"]);
    })
    .await;
}

#[tokio::test]
async fn the_environment_decides_about_orphans_too() {
    let file = "services: {web: {<<: *idle}, old: {<<: *idle}}\n";
    project("rep-env", file, |s| async move {
        s.up(&[]).await;
        s.compose(WEB);
        let with = async |name: &str| {
            let mut command = s.command(&["up", "-d"]);
            command.env(name, "true");
            s.run(command).await.ok()
        };
        with("COMPOSE_IGNORE_ORPHANS").await.does_not_say("orphan");
        assert_eq!(s.replicas().await.len(), 2);
        with("COMPOSE_REMOVE_ORPHANS").await;
        assert_eq!(s.states().await, ["web/1 running"]);
    })
    .await;
}

#[tokio::test]
async fn an_interrupted_swap_is_finished() {
    project("rep-swap", WEB, |s| async move {
        s.up(&[]).await;
        let old = s.only("web").await;
        let temporary = format!("{}_{}", &old.id[..12], old.name);
        let options = RenameContainerOptionsBuilder::default().name(&temporary).build();
        s.docker.rename_container(&old.id, options).await.expect("it can be renamed");
        s.up(&[]).await;
        let now = s.only("web").await;
        assert_eq!((now.name, now.id), (old.name, old.id), "the name is given back");
    })
    .await;
}

#[tokio::test]
async fn a_name_that_somebody_chose_is_kept() {
    project("rep-own", WEB, |s| async move {
        s.up(&[]).await;
        let old = s.only("web").await;
        let options = RenameContainerOptionsBuilder::default().name("hoist-test-own-choice").build();
        s.docker.rename_container(&old.id, options).await.expect("it can be renamed");
        s.is_settled().await;
    })
    .await;
}

#[tokio::test]
async fn a_paused_container_is_left_as_it_is_or_told_of() {
    project("rep-paused", WEB, |s| async move {
        s.up(&[]).await;
        let id = s.only("web").await.id;
        s.docker.pause_container(&id).await.expect("it can be paused");
        s.hoist(&["up", "-d"]).await;
        assert_eq!(s.only("web").await.id, id);
        s.hoist(&["down"]).await.ok();
        assert!(s.is_gone().await, "a paused container can be taken down");
    })
    .await;
}
