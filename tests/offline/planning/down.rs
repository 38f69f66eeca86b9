//! `down`.

use std::sync::Arc;
use std::time::Duration;

use hoist::observed::{Container, Endpoint, Observed, State};
use hoist::plan::{Action, DownImages, DownOptions, DownVolumes, Orphans, ProjectSource, down};
use hoist::project::{Condition, Project};
use hoist::render::warning::plan::message;
use indoc::indoc;

use super::files::{Files, files, is_built, is_checked, joins, mounts, needs};
use super::state::{Engine, anonymous, exited, images_only, in_sync};

fn wordpress() -> Files {
    files()
        .volume("data", |_| {})
        .volume("shared", |shared| {
            shared.name = "shared".into();
            shared.external = true;
        })
        .service("db", "mysql:8", |db| {
            is_checked(db);
            mounts(db, "data", "/var/lib/mysql");
        })
        .service("web", "wordpress:6", |web| {
            needs(web, "db", Condition::Healthy);
            mounts(web, "shared", "/srv");
        })
}

fn check(project: &Arc<Project>, name: &str, state: Engine, options: &DownOptions, expected: &str) {
    let observed: Observed = state.into();
    for target in [ProjectSource::Files(project.clone()), ProjectSource::Labels("shop".into())] {
        let mut observed = observed.clone();
        for container in &mut observed.containers {
            if container.service.as_ref().is_some_and(|service| *service == "web") {
                let label = "db:service_healthy:false".to_owned();
                container.labels.insert("com.docker.compose.depends_on".into(), label);
            }
        }
        let plan = down(&target, &observed, options);
        assert_eq!(plan.to_string(), expected, "{name}\n{plan}");
    }
}

#[test]
fn dependents_go_first_then_networks_then_volumes() {
    let project = wordpress().load();
    let plain = DownOptions::default();
    check(
        &project,
        "down keeps the volumes",
        in_sync(&project),
        &plain,
        indoc! {"
            #1 stop container web/1: down
            #2 remove container web/1: down, after #1
            #3 stop container db/1: down, after #2
            #4 remove container db/1: down, after #3
            #5 remove network shop_default: down, after #4
        "},
    );
    check(
        &project,
        "down --volumes leaves the external one",
        in_sync(&project),
        &DownOptions { volumes: DownVolumes::Remove, ..plain.clone() },
        indoc! {"
            #1 stop container web/1: down
            #2 remove container web/1: down, after #1
            #3 stop container db/1: down, after #2
            #4 remove container db/1: down, after #3
            #5 remove network shop_default: down, after #4
            #6 remove volume shop_data and its data: removal of volumes requested, after #4
        "},
    );
    check(
        &project,
        "what does not run is not stopped",
        in_sync(&project).with("shop-web-1", exited(0)).with("shop-db-1", |db| db.state = State::Paused),
        &plain,
        indoc! {"
            #1 remove container web/1: down
            #2 stop container db/1: down, after #1
            #3 remove container db/1: down, after #2
            #4 remove network shop_default: down, after #3
        "},
    );
    check(
        &project,
        "what is left of an interrupted run",
        images_only(&project).running("db", 1).with("shop-db-1", |db| db.name = "64622f310000_shop-db-1".into()),
        &plain,
        indoc! {"
            #1 stop container db/1: down
            #2 remove container db/1: down, after #1
        "},
    );
    check(
        &project,
        "the containers of hooks go too",
        in_sync(&project).without("shop-web-1").without("shop-db-1").running("db", 1).with("shop-db-1", |hook| {
            hook.hook = true;
            hook.config_hash = None;
            hook.number = None;
            exited(1)(hook);
        }),
        &plain,
        indoc! {"
            #1 remove container shop-db-1: down
            #2 remove network shop_default: down, after #1
        "},
    );
}

#[test]
fn only_the_services_that_are_named_go() {
    let project = wordpress().service("other", "other:1", |_| {}).load();
    let options = |service: &str| DownOptions { services: vec![service.into()], ..DownOptions::default() };
    let of_files = down(&ProjectSource::Files(project.clone()), &in_sync(&project).into(), &options("db"));
    assert_eq!(
        of_files.to_string(),
        indoc! {"
            #1 stop container db/1: down
            #2 remove container db/1: down, after #1
        "}
    );
    let labelled = in_sync(&project).with("shop-web-1", |web| {
        web.labels.insert("com.docker.compose.depends_on".into(), "db:service_healthy:false".into());
    });
    assert_eq!(
        down(&ProjectSource::Labels("shop".into()), &labelled.into(), &options("db")).to_string(),
        indoc! {"
            #1 stop container web/1: down
            #2 remove container web/1: down, after #1
            #3 stop container db/1: down, after #2
            #4 remove container db/1: down, after #3
        "},
        "without files dependents go, too"
    );
    check(
        &project,
        "nothing needs web",
        in_sync(&project),
        &options("web"),
        indoc! {"
            #1 stop container web/1: down
            #2 remove container web/1: down, after #1
        "},
    );
    check(
        &project,
        "those that are left do not run",
        in_sync(&project).with("shop-db-1", exited(0)).with("shop-other-1", exited(0)),
        &options("web"),
        indoc! {"
            #1 stop container web/1: down
            #2 remove container web/1: down, after #1
            #3 remove network shop_default: down, after #2
        "},
    );
}

#[test]
fn named_services_lose_only_what_is_theirs_alone() {
    let project = files()
        .volume("own", |_| {})
        .volume("shared", |_| {})
        .volume("other", |_| {})
        .network("own", |_| {})
        .network("other", |_| {})
        .service("db", "mysql:8", |db| {
            mounts(db, "own", "/own");
            mounts(db, "shared", "/shared");
            joins(db, "own");
        })
        .service("web", "nginx:1", |web| {
            mounts(web, "shared", "/shared");
            mounts(web, "other", "/other");
            joins(web, "other");
        })
        .load();
    // Its data is the other service's even while that has no container.
    for state in [in_sync(&project), in_sync(&project).without("shop-web-1")] {
        let options =
            DownOptions { services: vec!["db".into()], volumes: DownVolumes::Remove, ..DownOptions::default() };
        let plan = down(&ProjectSource::Files(project.clone()), &state.into(), &options);
        assert_eq!(
            plan.to_string(),
            indoc! {"
                #1 stop container db/1: down
                #2 remove container db/1: down, after #1
                #3 remove network shop_own: down, after #2
                #4 remove volume shop_own and its data: removal of volumes requested, after #2
            "}
        );
        let warnings: Vec<_> = plan.warnings().iter().map(message).collect();
        assert_eq!(warnings, ["Volume shop_shared Resource is still in use by service web"]);
    }
}

#[test]
fn a_network_that_an_orphan_uses_stays_and_is_reported() {
    let project = files().service("web", "nginx:1", |_| {}).load();
    let connect = |container: &mut Container| {
        container.networks.insert("shop_default".to_owned(), Endpoint::default());
    };
    let state = in_sync(&project).orphan("old").with("shop-old-1", connect);
    let plan = down(&ProjectSource::Files(project.clone()), &state.into(), &DownOptions::default());
    assert!(!plan.to_string().contains("network"), "{plan}");
    let warnings: Vec<_> = plan.warnings().iter().map(message).collect();
    assert_eq!(
        warnings,
        ["Network shop_default Resource is still in use by shop-old-1; --remove-orphans removes orphan and one-off \
          containers too"]
    );
}

#[test]
fn orphans_and_ended_one_offs_go_when_asked_for() {
    let project = files().service("web", "nginx:1", |_| {}).load();
    let state = in_sync(&project).orphan("old").running("web", 9).with("shop-web-9", |one_off| {
        one_off.one_off = true;
        one_off.number = None;
        exited(0)(one_off);
    });
    let observed: Observed = state.into();
    let target = ProjectSource::Files(project.clone());
    let remove = DownOptions { orphans: Orphans::Remove, ..DownOptions::default() };
    assert_eq!(
        down(&target, &observed, &remove).to_string(),
        indoc! {"
            #1 stop container web/1: down
            #2 remove container web/1: down, after #1
            #3 remove container shop-web-9: finished one-off
            #4 stop container shop-old-1: its service is not in the files
            #5 remove container shop-old-1: its service is not in the files, after #4
            #6 remove network shop_default: down, after #2, #3, #5
        "}
    );
    let kept = down(&target, &observed, &DownOptions::default());
    assert_eq!(kept.len(), 3, "{kept}");
    assert!(kept.warnings().is_empty());
}

/// The container of a one-off of a service.
fn one_off(state: Engine, service: &str, change: impl FnOnce(&mut Container)) -> Engine {
    let name = format!("shop-{service}-run");
    state.orphan(service).edit(|observed| {
        let container = observed.containers.last_mut().expect("just added");
        container.id = format!("one-off of {service}").into();
        container.name = name;
        container.number = None;
        container.one_off = true;
        container.networks.insert("shop_default".to_owned(), Endpoint::default());
        change(container);
    })
}

#[test]
fn one_offs_that_the_engine_removes_go_before_those_they_share_volumes_with() {
    let project = files()
        .service("db", "mysql:8", |_| {})
        .service("web", "nginx:1", |web| needs(web, "db", Condition::Started))
        .load();
    let auto_removed = |state: Engine| {
        let state = one_off(state, "db", anonymous("/data"));
        state.edit(|observed| {
            observed.auto_removed.insert("one-off of db".into());
        })
    };
    let remove = DownOptions { orphans: Orphans::Remove, ..DownOptions::default() };
    let plan = |state: Engine| down(&ProjectSource::Files(project.clone()), &auto_removed(state).into(), &remove);
    // The engine would remove the volume with the one-off, were that the last to mount it.
    let shared = plan(in_sync(&project).with("shop-web-1", anonymous("/data")));
    assert_eq!(
        shared.to_string(),
        indoc! {"
            #1 stop container shop-db-run: one-off
            #2 remove container shop-db-run: one-off, after #1
            #3 stop container web/1: down
            #4 remove container web/1: down, after #2, #3
            #5 stop container db/1: down, after #4
            #6 remove container db/1: down, after #5
            #7 remove network shop_default: down, after #6
        "}
    );
    assert!(shared.warnings().is_empty());
    let left: Vec<_> =
        shared.steps().flat_map(|(_, step)| step.volumes_left()).map(|it| it.container.clone()).collect();
    assert_eq!(left, ["web/1"]);
    // Nobody else mounts it: it goes, and the plan says so.
    let alone = plan(in_sync(&project));
    assert!(alone.to_string().contains("remove container shop-db-run and the data of 1 anonymous volume: one-off"));
    assert_eq!(alone.steps().flat_map(|(_, step)| step.volumes_left()).count(), 0);
    let warnings: Vec<_> = alone.warnings().iter().map(message).collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].starts_with("container shop-db-run was started with --rm: when it stops"), "{warnings:?}");
}

#[test]
fn one_offs_that_run_go_with_the_orphans() {
    let project = files()
        .service("db", "mysql:8", |_| {})
        .service("web", "nginx:1", |web| needs(web, "db", Condition::Started))
        .service("tool", "tool:1", |tool| tool.profiles.push("tools".into()))
        .disabled("tool")
        .load();
    let runs = |_: &mut Container| {};
    let state = || {
        let state = one_off(one_off(in_sync(&project), "db", runs), "web", runs);
        one_off(one_off(state, "tool", runs), "gone", runs)
    };
    let remove = DownOptions { orphans: Orphans::Remove, ..DownOptions::default() };
    let plan = |target: ProjectSource, options: &DownOptions| down(&target, &state().into(), options);
    // Those of a service whose profile is off stay, as its replicas do.
    let files = plan(ProjectSource::Files(project.clone()), &remove);
    assert_eq!(
        files.to_string(),
        indoc! {"
            #1 stop container web/1: down
            #2 remove container web/1: down, after #1
            #3 stop container shop-web-run: one-off
            #4 remove container shop-web-run: one-off, after #3
            #5 stop container db/1: down, after #2, #4
            #6 remove container db/1: down, after #5
            #7 stop container shop-db-run: one-off, after #2, #4
            #8 remove container shop-db-run: one-off, after #7
            #9 stop container shop-gone-run: one-off
            #10 remove container shop-gone-run: one-off, after #9
        "}
    );
    let warnings: Vec<_> = files.warnings().iter().map(message).collect();
    assert_eq!(warnings, ["Network shop_default Resource is still in use by shop-tool-run"]);
    // Without files nothing says that a service is meant to be there.
    let labels = plan(ProjectSource::Labels("shop".into()), &remove).to_string();
    for name in ["web", "db", "tool", "gone"] {
        assert!(labels.contains(&format!("remove container shop-{name}-run: one-off")), "{labels}");
    }
    assert!(labels.contains("remove network shop_default"), "{labels}");
    // Only those of the services that are named, and of services that are gone.
    let web = plan(ProjectSource::Files(project.clone()), &DownOptions { services: vec!["web".into()], ..remove });
    assert_eq!(
        web.to_string(),
        indoc! {"
            #1 stop container web/1: down
            #2 remove container web/1: down, after #1
            #3 stop container shop-web-run: one-off
            #4 remove container shop-web-run: one-off, after #3
            #5 stop container shop-gone-run: one-off
            #6 remove container shop-gone-run: one-off, after #5
        "}
    );
    let kept = plan(ProjectSource::Files(project.clone()), &DownOptions::default());
    assert!(!kept.to_string().contains("run"), "{kept}");
    let warnings: Vec<_> = kept.warnings().iter().map(message).collect();
    assert_eq!(
        warnings,
        ["Network shop_default Resource is still in use by shop-db-run, shop-gone-run, shop-tool-run, shop-web-run; \
          --remove-orphans removes orphan and one-off containers too"]
    );
}

#[test]
fn containers_whose_profile_is_off_stay_and_are_named() {
    let with_profiles = |profiles: &'static [&str]| {
        move |service: &mut hoist::project::Service| {
            service.profiles = profiles.iter().map(|name| (*name).to_owned()).collect();
        }
    };
    let project = files()
        .service("one", "one:1", with_profiles(&["a", "b"]))
        .service("two", "two:1", with_profiles(&["b"]))
        .service("three", "three:1", with_profiles(&["c"]))
        .disabled("one")
        .disabled("two")
        .disabled("three")
        .load();
    let warnings = |state: Engine, options: &DownOptions| {
        let plan = down(&ProjectSource::Files(project.clone()), &state.into(), options);
        assert!(plan.is_empty(), "{plan}");
        plan.warnings().iter().map(message).collect::<Vec<_>>()
    };
    let nothing = "Warning: No resource found to remove for project \"shop\".";
    let left = |containers: &str, flags: &str| {
        format!(
            "containers of services whose profile is not active are left in place: {containers}; `hoist {flags} down` removes them too"
        )
    };
    let plain = DownOptions::default();
    let state = || images_only(&project).running("two", 1);
    assert_eq!(warnings(images_only(&project), &plain), [nothing]);
    assert_eq!(warnings(state(), &plain), [nothing.to_owned(), left("shop-two-1", "--profile b")]);
    assert_eq!(
        warnings(state().running("one", 1).running("three", 1).with("shop-three-1", exited(0)), &plain),
        [nothing.to_owned(), left("shop-one-1, shop-three-1, shop-two-1", "--profile b --profile c")]
    );
    let named = DownOptions { services: vec!["two".into()], ..plain };
    assert_eq!(warnings(state(), &named), [nothing]);
}

#[test]
fn volumes_that_were_carried_over_go_with_their_containers() {
    let project = files().service("db", "mysql:8", |_| {}).load();
    let replaced = in_sync(&project).with("shop-db-1", anonymous("/data")).with("shop-db-1", |db| {
        db.labels.insert("hoist.inherited".into(), "a".repeat(12));
    });
    let options =
        DownOptions { volumes: DownVolumes::Remove, timeout: Some(Duration::from_secs(2)), ..DownOptions::default() };
    let name = "a".repeat(64);
    let expected = format!(
        "#1 stop container db/1: down\n#2 remove container db/1: down, after #1\n#3 remove network shop_default: down, \
         after #2\n#4 remove volume {name} and its data: removal of volumes requested, after #2\n"
    );
    let plan = down(&ProjectSource::Files(project.clone()), &replaced.into(), &options);
    assert_eq!(plan.to_string(), expected);
    assert_eq!(plan.destructive().count(), 1);
}

#[test]
fn a_volume_that_somebody_keeps_is_never_removed_for_its_name() {
    let options = DownOptions { volumes: DownVolumes::Remove, ..DownOptions::default() };
    let kept = "a".repeat(64);
    let state = |project: &Project| {
        in_sync(project).with("shop-db-1", anonymous("/data")).with("shop-db-1", |db| {
            db.labels.insert("com.docker.compose.replace".into(), "db-1".into());
            db.labels.insert("hoist.inherited".into(), "a".repeat(12));
        })
    };
    // Declared as external, under the name that the engine once gave it.
    let project = files()
        .volume("data", |data| {
            data.external = true;
            data.name.clone_from(&kept);
        })
        .service("db", "mysql:8", |db| mounts(db, "data", "/data"))
        .load();
    let plan = down(&ProjectSource::Files(project.clone()), &state(&project).into(), &options);
    assert_eq!(plan.destructive().count(), 0, "{plan}");
    // Not known to have been carried over: of another tool, or of a project without its files.
    let unknown = state(&project).with("shop-db-1", |db| {
        db.labels.remove("hoist.inherited");
    });
    let plan = down(&ProjectSource::Labels("shop".into()), &unknown.into(), &options);
    assert!(!plan.to_string().contains("remove volume"), "{plan}");
}

#[test]
fn images_go_once_their_containers_have() {
    // One with a name of its own stays with `local`.
    let project = files()
        .service("web", "nginx:1", |web| {
            web.image = None;
            is_built(web);
        })
        .service("api", "api:1", is_built)
        .load();
    let down = |images| {
        let options = DownOptions { images, ..DownOptions::default() };
        let plan = down(&ProjectSource::Files(project.clone()), &in_sync(&project).into(), &options);
        let images = plan.steps().filter(|(_, step)| matches!(step.action, Action::RemoveImage { .. }));
        let shown: Vec<_> = plan.to_string().lines().map(str::to_owned).collect();
        images.map(|(id, _)| shown[id.number() as usize - 1].clone()).collect::<Vec<_>>()
    };
    let web = "remove image shop-web: removal of images requested, after #2, #4";
    assert_eq!(down(DownImages::Keep), [""; 0]);
    assert_eq!(down(DownImages::Local), [format!("#6 {web}")]);
    let api = "#6 remove image api:1: removal of images requested, after #2, #4";
    assert_eq!(down(DownImages::All), [api.to_owned(), format!("#7 {web}")]);
}

#[test]
fn images_that_lost_their_name_go_with_the_others_unless_something_needs_them() {
    let project = files().service("web", "web:1", is_built).load();
    let removals = |images| {
        let mut state: Observed = in_sync(&project).orphan("old").into();
        let needed = state.containers.iter().find(|it| it.name == "shop-old-1").and_then(|it| it.image_id.clone());
        state.nameless_images = vec![format!("sha256:{}", "ab".repeat(32)).as_str().into()];
        state.nameless_images.extend(needed);
        let options = DownOptions { images, ..DownOptions::default() };
        let plan = down(&ProjectSource::Files(project.clone()), &state, &options).to_string();
        plan.lines().filter(|line| line.contains("remove image")).map(str::to_owned).collect::<Vec<_>>()
    };
    let nameless = "remove image abababababab: replaced by a newer build, after #2";
    assert_eq!(removals(DownImages::Keep), [""; 0]);
    let web = "#4 remove image web:1: removal of images requested, after #2";
    assert_eq!(removals(DownImages::Local), [format!("#4 {nameless}")]);
    assert_eq!(removals(DownImages::All), [web.to_owned(), format!("#5 {nameless}")]);
}

#[test]
fn nothing_to_remove_is_said() {
    let project = files().service("web", "nginx:1", |_| {}).load();
    let plan = down(&ProjectSource::Files(project.clone()), &images_only(&project).into(), &DownOptions::default());
    assert!(plan.is_empty());
    let warnings: Vec<_> = plan.warnings().iter().map(message).collect();
    assert_eq!(warnings, ["Warning: No resource found to remove for project \"shop\"."]);
}

#[test]
fn the_volume_of_another_project_is_kept() {
    let project = wordpress().load();
    let state = in_sync(&project).with_volume("shop_data", |data| data.project = Some("other".into()));
    let options = DownOptions { volumes: DownVolumes::Remove, ..DownOptions::default() };
    let plan = down(&ProjectSource::Files(project.clone()), &state.into(), &options);
    assert_eq!(plan.destructive().count(), 0, "{plan}");
    let warnings: Vec<_> = plan.warnings().iter().map(message).collect();
    assert_eq!(warnings, ["volume \"shop_data\" was created for project \"other\" and is kept"]);
}
