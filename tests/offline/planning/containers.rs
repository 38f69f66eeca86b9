//! Which containers are made, left alone, recreated, scaled and removed.

use std::sync::Arc;

use hoist::observed::{Definition, Settings, State};
use hoist::plan::{Orphans, Recreate, StartContainers, UpOptions};
use hoist::project::hash::{HashForm, resolved_service_hash};
use hoist::project::value::mount;
use hoist::project::{Condition, PreStart, Project, Service, Tree};
use hoist::render::warning::plan::message;
use indoc::indoc;

use super::files::{Files, environment, files, is_checked, needs, one_web};
use super::state::{created, exited, id, images_only, in_sync, stale};
use super::{Case, check};

fn web_and_db() -> Files {
    files().service("db", "mysql:8", is_checked).service("web", "nginx:1", |web| needs(web, "db", Condition::Healthy))
}

fn web_needs_db() -> Arc<Project> {
    web_and_db().load()
}

#[test]
fn what_is_missing_is_made_and_what_is_there_stays() {
    let project = web_needs_db();
    let create = UpOptions { start: StartContainers::No, ..UpOptions::default() };
    check(
        &project,
        [
            Case::new(
                "nothing is there",
                images_only(&project),
                indoc! {"
                    #1 create network shop_default: missing
                    #2 create container db/1: no container yet, after #1
                    #3 create container web/1: no container yet, after #1
                    #4 start container db/1: created, after #2
                    #5 wait for db to be healthy: needed by web, after #4
                    #6 start container web/1: created, after #3, #5
                "},
            ),
            Case::new(
                "nothing is there, and nothing is to start",
                images_only(&project),
                indoc! {"
                    #1 create network shop_default: missing
                    #2 create container db/1: no container yet, after #1
                    #3 create container web/1: no container yet, after #1
                "},
            )
            .with(create.clone()),
            Case::new("everything is as the files ask", in_sync(&project), ""),
            Case::new(
                "web was made and never started",
                in_sync(&project).with("shop-web-1", created),
                indoc! {"
                    #1 start container web/1: not running
                "},
            ),
            Case::new(
                "web crashed",
                in_sync(&project).with("shop-web-1", exited(137)),
                indoc! {"
                    #1 start container web/1: not running
                "},
            ),
            Case::new("web crashed, and nothing is to start", in_sync(&project).with("shop-web-1", exited(137)), "")
                .with(create),
            Case::new(
                "web is gone",
                in_sync(&project).without("shop-web-1"),
                indoc! {"
                    #1 create container web/1: no container yet
                    #2 start container web/1: created, after #1
                "},
            ),
            Case::new(
                "web is being restarted by the engine",
                in_sync(&project).with("shop-web-1", |web| web.state = State::Restarting),
                "",
            ),
            Case::new(
                "web is paused, which the engine refuses to start",
                in_sync(&project).with("shop-web-1", |web| web.state = State::Paused),
                indoc! {"
                    #1 unpause container web/1: paused
                "},
            ),
            Case::new(
                "web is paused and only to be made",
                in_sync(&project).with("shop-web-1", |web| web.state = State::Paused),
                "",
            )
            .with(UpOptions { start: StartContainers::No, ..UpOptions::default() }),
            Case::new(
                "web is dead",
                in_sync(&project).with("shop-web-1", |web| web.state = State::Dead),
                indoc! {"
                    #1 start container web/1: not running
                "},
            ),
        ],
    );
}

#[test]
fn replicas_are_added_and_removed() {
    let three = one_web().change("web", |web| web.scale = Some(3)).load();
    let one = one_web().load();
    let none = one_web().change("web", |web| web.scale = Some(0)).load();
    let scaled = |replicas| UpOptions { scale: [("web".into(), replicas)].into(), ..UpOptions::default() };
    check(
        &three,
        [
            Case::new(
                "one of three is there",
                in_sync(&one),
                indoc! {"
                    #1 create container web/2: no container yet
                    #2 create container web/3: no container yet
                    #3 start container web/2: created, after #1
                    #4 start container web/3: created, after #2
                "},
            ),
            Case::new(
                "gaps are never filled",
                in_sync(&three).without("shop-web-2"),
                indoc! {"
                    #1 create container web/4: no container yet
                    #2 start container web/4: created, after #1
                "},
            ),
            Case::new("--scale wins over the file", in_sync(&one), "").with(scaled(1)),
        ],
    );
    check(
        &one,
        [
            Case::new(
                "the highest number goes first",
                in_sync(&three),
                indoc! {"
                    #1 stop container web/2: scaled down
                    #2 remove container web/2: scaled down, after #1
                    #3 stop container web/3: scaled down
                    #4 remove container web/3: scaled down, after #3
                "},
            ),
            Case::new(
                "an obsolete one goes before",
                in_sync(&three).with("shop-web-1", stale),
                indoc! {"
                    #1 stop container web/3: scaled down
                    #2 remove container web/3: scaled down, after #1
                    #3 stop container web/1: scaled down
                    #4 remove container web/1: scaled down, after #3
                "},
            ),
            Case::new(
                "an obsolete one that does not run goes before",
                in_sync(&one).running("web", 2).with("shop-web-1", |web| {
                    stale(web);
                    exited(1)(web);
                }),
                indoc! {"
                    #1 remove container web/1: scaled down
                "},
            ),
            Case::new(
                "--scale adds one",
                in_sync(&one),
                indoc! {"
                    #1 create container web/2: no container yet
                    #2 start container web/2: created, after #1
                "},
            )
            .with(scaled(2)),
            Case::new(
                "--scale removes all",
                in_sync(&one),
                indoc! {"
                    #1 stop container web/1: scaled down
                    #2 remove container web/1: scaled down, after #1
                "},
            )
            .with(scaled(0)),
            Case::new(
                "a container without a number counts behind the others",
                in_sync(&one).running("web", 2).with("shop-web-2", |web| web.number = None),
                indoc! {"
                    #1 stop container shop-web-2: scaled down
                    #2 remove container shop-web-2: scaled down, after #1
                "},
            ),
        ],
    );
    check(&none, [Case::new("no replica is asked for", in_sync(&none), "")]);
}

#[test]
fn what_the_command_made_itself_is_not_made_again() {
    let all = web_needs_db();
    let newer = |names: &[&str]| UpOptions {
        recreate: Recreate::Always,
        newer: names.iter().map(|name| id(&(*name).into(), 1)).collect(),
        ..UpOptions::default()
    };
    check(
        &all,
        [
            Case::new("all of it", in_sync(&all), "").with(newer(&["db", "web"])),
            Case::new(
                "but what changed is",
                in_sync(&all).with("shop-web-1", stale),
                indoc! {"
                    #1 create container web/1 as 7765622f3100_shop-web-1: definition changed
                    #2 stop container web/1: replaced, after #1
                    #3 remove container web/1: replaced, after #2
                    #4 rename container web/1 to shop-web-1: replaces the old container, after #3
                    #5 start container web/1: replaces the old container, after #4
                "},
            )
            .with(newer(&["db", "web"])),
        ],
    );
}

#[test]
fn recreation_follows_the_policy_of_the_service() {
    let all = web_needs_db();
    let web = web_and_db().select(&["web"]).load();
    let force = UpOptions { recreate: Recreate::Always, ..UpOptions::default() };
    let never = UpOptions { recreate: Recreate::Never, recreate_dependencies: Recreate::Never, ..UpOptions::default() };
    let dependencies = UpOptions { recreate_dependencies: Recreate::Always, ..UpOptions::default() };
    check(
        &all,
        [
            Case::new(
                "--force-recreate",
                in_sync(&all),
                indoc! {"
                    #1 create container db/1 as 64622f310000_shop-db-1: recreation requested
                    #2 create container web/1 as 7765622f3100_shop-web-1: recreation requested
                    #3 stop container db/1: replaced, after #1
                    #4 remove container db/1: replaced, after #3
                    #5 rename container db/1 to shop-db-1: replaces the old container, after #4
                    #6 start container db/1: replaces the old container, after #5
                    #7 wait for db to be healthy: needed by web, after #6
                    #8 stop container web/1: replaced, after #2, #7
                    #9 remove container web/1: replaced, after #8
                    #10 rename container web/1 to shop-web-1: replaces the old container, after #9
                    #11 start container web/1: replaces the old container, after #10
                "},
            )
            .with(force.clone()),
            Case::new("--no-recreate", in_sync(&all).with("shop-web-1", stale), "").with(never),
        ],
    );
    check(
        &web,
        [
            Case::new(
                "--force-recreate of a selected service",
                in_sync(&web),
                indoc! {"
                    #1 create container web/1 as 7765622f3100_shop-web-1: recreation requested
                    #2 stop container web/1: replaced, after #1
                    #3 remove container web/1: replaced, after #2
                    #4 rename container web/1 to shop-web-1: replaces the old container, after #3
                    #5 start container web/1: replaces the old container, after #4
                "},
            )
            .with(force),
            Case::new(
                "--always-recreate-deps",
                in_sync(&web),
                indoc! {"
                    #1 create container db/1 as 64622f310000_shop-db-1: recreation requested
                    #2 stop container db/1: replaced, after #1
                    #3 remove container db/1: replaced, after #2
                    #4 rename container db/1 to shop-db-1: replaces the old container, after #3
                    #5 start container db/1: replaces the old container, after #4
                    #6 wait for db to be healthy: needed by web, after #5
                "},
            )
            .with(dependencies),
            Case::new(
                "a changed dependency of a selected service",
                in_sync(&web).with("shop-db-1", stale),
                indoc! {"
                    #1 create container db/1 as 64622f310000_shop-db-1: definition changed
                    #2 stop container db/1: replaced, after #1
                    #3 remove container db/1: replaced, after #2
                    #4 rename container db/1 to shop-db-1: replaces the old container, after #3
                    #5 start container db/1: replaces the old container, after #4
                    #6 wait for db to be healthy: needed by web, after #5
                "},
            ),
        ],
    );
}

#[test]
fn a_replica_is_out_as_short_as_possible() {
    let project = web_needs_db();
    check(
        &project,
        [
            Case::new(
                "one container of two changed",
                in_sync(&project).with("shop-web-1", stale),
                indoc! {"
                    #1 create container web/1 as 7765622f3100_shop-web-1: definition changed
                    #2 stop container web/1: replaced, after #1
                    #3 remove container web/1: replaced, after #2
                    #4 rename container web/1 to shop-web-1: replaces the old container, after #3
                    #5 start container web/1: replaces the old container, after #4
                "},
            ),
            Case::new(
                "the row of web begins when the new db is healthy",
                in_sync(&project).with("shop-web-1", stale).with("shop-db-1", stale),
                indoc! {"
                    #1 create container db/1 as 64622f310000_shop-db-1: definition changed
                    #2 create container web/1 as 7765622f3100_shop-web-1: definition changed
                    #3 stop container db/1: replaced, after #1
                    #4 remove container db/1: replaced, after #3
                    #5 rename container db/1 to shop-db-1: replaces the old container, after #4
                    #6 start container db/1: replaces the old container, after #5
                    #7 wait for db to be healthy: needed by web, after #6
                    #8 stop container web/1: replaced, after #2, #7
                    #9 remove container web/1: replaced, after #8
                    #10 rename container web/1 to shop-web-1: replaces the old container, after #9
                    #11 start container web/1: replaces the old container, after #10
                "},
            ),
            Case::new(
                "what does not run is not stopped, and gives way at once",
                in_sync(&project).with("shop-web-1", |web| {
                    stale(web);
                    exited(0)(web);
                }),
                indoc! {"
                    #1 create container web/1 as 7765622f3100_shop-web-1: definition changed
                    #2 remove container web/1: replaced, after #1
                    #3 rename container web/1 to shop-web-1: replaces the old container, after #2
                    #4 start container web/1: replaces the old container, after #3
                "},
            ),
            Case::new(
                "create leaves the new one stopped",
                in_sync(&project).with("shop-web-1", stale),
                indoc! {"
                    #1 create container web/1 as 7765622f3100_shop-web-1: definition changed
                    #2 stop container web/1: replaced, after #1
                    #3 remove container web/1: replaced, after #2
                    #4 rename container web/1 to shop-web-1: replaces the old container, after #3
                "},
            )
            .with(UpOptions { start: StartContainers::No, ..UpOptions::default() }),
        ],
    );
}

#[test]
fn a_new_container_name_needs_no_temporary_one() {
    let before = one_web().load();
    let project = one_web().change("web", |web| web.container_name = Some("front".into())).load();
    check(
        &project,
        [
            Case::new(
                "container_name was added",
                in_sync(&before),
                indoc! {"
                    #1 create container web/1: container_name changed
                    #2 stop container web/1: replaced, after #1
                    #3 remove container web/1: replaced, after #2
                    #4 start container web/1: replaces the old container, after #3
                "},
            ),
            Case::new(
                "container_name was added, and the run was interrupted",
                in_sync(&before).edit(|observed| {
                    let new: hoist::observed::Observed = in_sync(&project).into();
                    let mut new = new.containers[0].clone();
                    new.id = "f0f0f0f0f0f0".into();
                    created(&mut new);
                    observed.containers.push(new);
                }),
                indoc! {"
                    #1 stop container web/1: left by an interrupted run
                    #2 remove container web/1: left by an interrupted run, after #1
                    #3 start container web/1: replaces the old container, after #2
                "},
            ),
        ],
    );
}

#[test]
fn the_field_that_changed_is_named() {
    let with = |values: &[(&str, &str)]| {
        let change = |web: &mut hoist::project::Service| {
            for (name, value) in values {
                environment(web, name, value);
            }
        };
        files().service("web", "nginx:1", change)
    };
    let old = with(&[("DEBUG", "0"), ("API_TOKEN", "abc"), ("GONE", "x")]).load();
    let new = with(&[("DEBUG", "1"), ("API_TOKEN", "def")])
        .change("web", |web| {
            web.tty = true;
            web.labels.insert("tier".into(), "front".into());
        })
        .load();
    let image = one_web().change("web", |web| web.image = Some("nginx:2".into())).load();
    let shown = UpOptions { values: hoist::plan::SecretValues::Shown, ..UpOptions::default() };
    check(&new, [
        Case::new("values that sound like secrets are hidden", in_sync(&old), indoc! {"
            #1 create container web/1 as 7765622f3100_shop-web-1: environment.API_TOKEN is now \"•••\"; environment.DEBUG is now \"1\"; environment.GONE changed; labels.tier is now \"front\"; tty changed
            #2 stop container web/1: replaced, after #1
            #3 remove container web/1: replaced, after #2
            #4 rename container web/1 to shop-web-1: replaces the old container, after #3
            #5 start container web/1: replaces the old container, after #4
        "}),
        Case::new("--show-values", in_sync(&old), indoc! {"
            #1 create container web/1 as 7765622f3100_shop-web-1: environment.API_TOKEN is now \"def\"; environment.DEBUG is now \"1\"; environment.GONE changed; labels.tier is now \"front\"; tty changed
            #2 stop container web/1: replaced, after #1
            #3 remove container web/1: replaced, after #2
            #4 rename container web/1 to shop-web-1: replaces the old container, after #3
            #5 start container web/1: replaces the old container, after #4
        "}).with(shown),
    ]);
    check(
        &image,
        [
            Case::new(
                "the image reference changed",
                in_sync(&one_web().load()).edit(|observed| {
                    observed.images.insert(("nginx:2".into(), None), super::state::image("nginx:2"));
                }),
                indoc! {"
                    #1 create container web/1 as 7765622f3100_shop-web-1: image: \"nginx:1\" → \"nginx:2\"
                    #2 stop container web/1: replaced, after #1
                    #3 remove container web/1: replaced, after #2
                    #4 rename container web/1 to shop-web-1: replaces the old container, after #3
                    #5 start container web/1: replaces the old container, after #4
                "},
            ),
            Case::new(
                "without hoist's label what the engine shows is told",
                in_sync(&one_web().load())
                    .with("shop-web-1", |web| {
                        web.labels.remove("hoist.fields");
                    })
                    .edit(|observed| {
                        observed.images.insert(("nginx:2".into(), None), super::state::image("nginx:2"));
                    }),
                indoc! {"
                    #1 create container web/1 as 7765622f3100_shop-web-1: image: \"nginx:1\" → \"nginx:2\"
                    #2 stop container web/1: replaced, after #1
                    #3 remove container web/1: replaced, after #2
                    #4 rename container web/1 to shop-web-1: replaces the old container, after #3
                    #5 start container web/1: replaces the old container, after #4
                "},
            ),
        ],
    );
}

/// What a look at a container shows that was made from a service, with an image that has a variable and a command.
fn looked_at(service: &hoist::project::Service) -> Definition {
    let image = Settings {
        environment: [("PATH".to_owned(), "/bin".to_owned())].into(),
        attributes: [("command".to_owned(), Tree::Sequence(vec!["nginx".into()]))].into(),
        ..Settings::default()
    };
    let mut settings = image.clone();
    let variables = service.environment.iter().filter_map(|(name, value)| Some((name.clone(), value.clone()?)));
    settings.environment.extend(variables);
    settings.attributes.extend([("tty".to_owned(), service.tty.into()), ("restart".to_owned(), "no".into())]);
    Definition { settings, image }
}

#[test]
fn old_values_are_told_where_the_container_was_looked_at() {
    let with = |values: &[(&str, &str)]| {
        let change = |web: &mut hoist::project::Service| {
            for (name, value) in values {
                environment(web, name, value);
            }
        };
        files().service("web", "nginx:1", change)
    };
    let old = with(&[("API_TOKEN", "abc"), ("DEBUG", "0"), ("GONE", "http://a:b@c/"), ("SAME", "s")]).load();
    let new = with(&[("API_TOKEN", "def"), ("DEBUG", "1"), ("NEW", "n"), ("SAME", "s")])
        .change("web", |web| {
            web.tty = true;
            web.command = Some(vec!["nginx".into(), "-g".into(), "x".into()]);
            web.labels.insert("tier".into(), "front".into());
            web.read_only = true;
        })
        .load();
    let look = |observed: &mut hoist::observed::Observed| {
        let container = &observed.containers[0];
        observed.definitions.insert(container.id.clone(), looked_at(&old.services["web"]));
    };
    let of_compose = |container: &mut hoist::observed::Container| {
        container.labels.remove("hoist.fields");
    };
    let shown = UpOptions { values: hoist::plan::SecretValues::Shown, ..UpOptions::default() };
    check(&new, [
        Case::new("made by hoist", in_sync(&old).edit(look), indoc! {r#"
    #1 create container web/1 as 7765622f3100_shop-web-1: command: ["nginx"] → ["nginx","-g","x"]; environment.API_TOKEN: "•••" → "•••"; environment.DEBUG: "0" → "1"; environment.GONE removed, was "http://a:•••@c/"; environment.NEW is now "n"; labels.tier is now "front"; read_only changed; tty: false → true
    #2 stop container web/1: replaced, after #1
    #3 remove container web/1: replaced, after #2
    #4 rename container web/1 to shop-web-1: replaces the old container, after #3
    #5 start container web/1: replaces the old container, after #4
"#}),
        Case::new("made by Docker Compose", in_sync(&old).with("shop-web-1", of_compose).edit(look), indoc! {r#"
    #1 create container web/1 as 7765622f3100_shop-web-1: command: ["nginx"] → ["nginx","-g","x"]; environment.API_TOKEN: "abc" → "def"; environment.DEBUG: "0" → "1"; environment.GONE removed, was "http://a:b@c/"; environment.NEW is now "n"; labels.tier is now "front"; tty: false → true
    #2 stop container web/1: replaced, after #1
    #3 remove container web/1: replaced, after #2
    #4 rename container web/1 to shop-web-1: replaces the old container, after #3
    #5 start container web/1: replaces the old container, after #4
"#}).with(shown),
    ]);
}

#[test]
fn the_containers_to_look_at_are_those_whose_definition_changed() {
    let (old, new) = (one_web().load(), one_web().change("web", |web| web.tty = true).load());
    let observed: hoist::observed::Observed = in_sync(&old).into();
    let plan_of = |project| hoist::plan::up(project, &observed, &UpOptions::default()).expect("a plan");
    assert_eq!(hoist::plan::redefined(&plan_of(&new)).collect::<Vec<_>>(), [&observed.containers[0].id]);
    assert_eq!(hoist::plan::redefined(&plan_of(&old)).count(), 0);
}

#[test]
fn containers_of_either_docker_compose_are_left_alone() {
    let project =
        one_web().change("web", |web| web.volumes.push(mount::parse_short("/srv:/srv").expect("a mount"))).load();
    let web = &project.services["web"];
    let hooked = one_web()
        .change("web", |web| {
            let container = Service { image: web.image.clone(), user: Some("u".to_owned()), ..Service::new("web") };
            web.pre_start = vec![PreStart { container, ..PreStart::default() }];
        })
        .load();
    let of_v5_5 = resolved_service_hash(&hooked.services["web"], HashForm::V5_5, |_| None);
    assert_ne!(of_v5_5, resolved_service_hash(&hooked.services["web"], HashForm::V5, |_| None));
    check(
        &hooked,
        [Case::new(
            "made by Docker Compose 5.5",
            in_sync(&hooked).with("shop-web-1", |container| {
                container.config_hash = Some(of_v5_5);
                container.labels.remove("hoist.fields");
            }),
            "",
        )],
    );
    let of_v2 = resolved_service_hash(web, HashForm::V2, |_| None);
    assert_ne!(of_v2, resolved_service_hash(web, HashForm::V5, |_| None), "the two lines differ for this mount");
    let entry = super::state::image("nginx:1").id;
    check(
        &project,
        [
            Case::new(
                "made by Docker Compose 2",
                in_sync(&project).with("shop-web-1", |container| {
                    container.config_hash = Some(of_v2);
                    container.image_digest = Some(entry.clone());
                    container.labels.remove("hoist.fields");
                }),
                "",
            ),
            Case::new(
                "made without a label for the image",
                in_sync(&project).with("shop-web-1", |container| {
                    container.image_digest = None;
                }),
                "",
            ),
            Case::new(
                "a name with another separator stays",
                in_sync(&project).with("shop-web-1", |container| {
                    container.name = "shop_web_1".into();
                }),
                "",
            ),
        ],
    );
}

#[test]
fn orphans_stay_unless_their_removal_is_asked_for() {
    let project = one_web().service("off", "old:1", |_| {}).disabled("off").load();
    let remove = UpOptions { orphans: Orphans::Remove, ..UpOptions::default() };
    let one_off = |state| {
        move |container: &mut hoist::observed::Container| {
            container.one_off = true;
            container.state = state;
        }
    };
    check(
        &project,
        [
            Case::new("an orphan stays", in_sync(&project).orphan("old"), ""),
            Case::new(
                "an orphan is removed",
                in_sync(&project).orphan("old"),
                indoc! {"
                    #1 stop container shop-old-1: its service is not in the files
                    #2 remove container shop-old-1: its service is not in the files, after #1
                "},
            )
            .with(remove.clone()),
            Case::new("a disabled service has no orphans", in_sync(&project).running("off", 1), "")
                .with(remove.clone()),
            Case::new(
                "a one-off that runs stays",
                in_sync(&project).running("web", 9).with("shop-web-9", one_off(State::Running)),
                "",
            )
            .with(remove.clone()),
            Case::new(
                "a finished one-off goes",
                in_sync(&project).running("web", 9).with("shop-web-9", one_off(State::Exited)),
                indoc! {"
                    #1 remove container shop-web-9: finished one-off
                "},
            )
            .with(remove.clone()),
            Case::new(
                "the container of a hook is no orphan",
                in_sync(&project).orphan("old").with("shop-old-1", |container| {
                    container.hook = true;
                    container.config_hash = None;
                }),
                "",
            )
            .with(remove),
        ],
    );
    let warnings = |options: &UpOptions| {
        let observed = in_sync(&project).orphan("old").running("web", 9).with("shop-web-9", one_off(State::Exited));
        let plan = super::plan(&project, &observed.into(), options);
        plan.warnings().iter().map(message).collect::<Vec<_>>()
    };
    assert_eq!(
        warnings(&UpOptions::default()),
        ["Found orphan containers (shop-old-1) for this project. If their services were removed or renamed, \
          --remove-orphans removes these containers too."]
    );
    assert!(warnings(&UpOptions { orphans: Orphans::Ignore, ..UpOptions::default() }).is_empty());
}
