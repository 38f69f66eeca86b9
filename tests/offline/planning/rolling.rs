//! Replicas that are replaced in turn.

use hoist::plan::{StartContainers, UpOptions, up};
use hoist::project::value::Duration;
use hoist::project::{Condition, Deploy, Service, UpdateConfig};
use hoist::render::warning::plan::message;
use indoc::indoc;

use super::files::{Files, environment, files, has_address, joins, needs, publishes, restarts_with};
use super::state::{exited, in_sync};
use super::{Case, check};

/// Two replicas that ask to be replaced in turn, as `update` says.
fn two(update: impl FnOnce(&mut UpdateConfig)) -> Files {
    files().service("web", "nginx:1", |web| {
        web.scale = Some(2);
        in_turn(web, update);
    })
}

fn in_turn(service: &mut Service, update: impl FnOnce(&mut UpdateConfig)) {
    let mut config = UpdateConfig::default();
    update(&mut config);
    service.deploy = Some(Deploy { update_config: Some(config), ..Deploy::default() });
    service.extensions.insert("x-hoist".to_owned(), serde_yaml::from_str("rolling: true").expect("YAML"));
}

fn start_first(config: &mut UpdateConfig) {
    config.order = Some("start-first".to_owned());
}

fn changed(files: Files) -> std::sync::Arc<hoist::project::Project> {
    files.change("web", |web| environment(web, "VERSION", "2")).load()
}

#[test]
fn the_new_one_is_ready_before_the_old_one_goes() {
    let before = in_sync(&two(start_first).load());
    let project = changed(two(start_first));
    check(
        &project,
        [Case::new(
            "both replicas are obsolete",
            before.clone(),
            indoc! {"
                #1 create container web/1 as 7765622f3100_shop-web-1: environment.VERSION is now \"2\"
                #2 create container web/2 as 7765622f3200_shop-web-2: environment.VERSION is now \"2\"
                #3 start container web/1: replaces the old container, after #1
                #4 wait for web/1 to be running or healthy: replicas are replaced in turn, after #3
                #5 stop container web/1: replaced, after #4
                #6 remove container web/1: replaced, after #5
                #7 rename container web/1 to shop-web-1: replaces the old container, after #6
                #8 stop container web/1: update failed: removing the new container, if #4 fails, after the end of #5
                #9 remove container web/1: update failed: removing the new container, if #4 fails, after #8
                #10 start container web/2: replaces the old container, after #2, #5, after the end of #9
                #11 wait for web/2 to be running or healthy: replicas are replaced in turn, after #10
                #12 stop container web/2: replaced, after #11
                #13 remove container web/2: replaced, after #12
                #14 rename container web/2 to shop-web-2: replaces the old container, after #13
                #15 stop container web/2: update failed: removing the new container, if #11 fails, after the end of #12
                #16 remove container web/2: update failed: removing the new container, if #11 fails, after #15
            "},
        )],
    );
}

#[test]
fn what_cannot_be_there_twice_is_refused() {
    let refused = |change: &dyn Fn(&mut Service)| {
        let project = two(start_first)
            .change("web", |web| {
                web.scale = Some(1);
                change(web);
            })
            .network("back", |_| {})
            .load();
        let error = up(&project, &in_sync(&project).into(), &UpOptions::default()).expect_err("it is refused");
        (error.to_string(), error.path().expect("it has a place").join("."), error.hint().expect("it has a hint"))
    };
    let words = |text: &str, path: &str, hint: &str| {
        (format!("service `web` cannot be updated start-first: {text}"), path.to_owned(), hint.to_owned())
    };
    assert_eq!(
        refused(&|web| publishes(web, "8080:80")),
        words(
            "only one container at a time can publish host port 8080",
            "services.web.ports.0",
            "use `order: stop-first`, or let the engine choose the host port",
        )
    );
    assert_eq!(
        refused(&|web| web.container_name = Some("shop".to_owned())),
        words(
            "only one container at a time can have the name `shop`",
            "services.web.container_name",
            "use `order: stop-first`, or remove `container_name`",
        )
    );
    assert_eq!(
        refused(&|web| {
            joins(web, "back");
            has_address(web, "back", "10.0.0.5");
        }),
        words(
            "only one container at a time can have the address 10.0.0.5 on network `back`",
            "services.web.networks.back.ipv4_address",
            "use `order: stop-first`, or let the engine choose the address",
        )
    );
    let word = two(|config| config.failure_action = Some("roll-back".to_owned())).load();
    let error = up(&word, &in_sync(&word).into(), &UpOptions::default()).expect_err("it is refused");
    assert_eq!(error.to_string(), "service `web`: unknown `failure_action` `roll-back`");
    assert_eq!(error.hint().as_deref(), Some("use `pause`, `continue` or `rollback`"));
}

#[test]
fn what_is_possible_is_not_refused() {
    for (what, change) in [
        ("a free host port", &(|web: &mut Service| publishes(web, "80")) as &dyn Fn(&mut Service)),
        ("a range with room for one more", &|web: &mut Service| publishes(web, "8080-8082:80")),
        ("nothing to replace", &|web: &mut Service| {
            publishes(web, "8080:80");
            web.scale = Some(0);
        }),
    ] {
        let project = two(start_first).change("web", change).load();
        assert!(up(&project, &in_sync(&project).into(), &UpOptions::default()).is_ok(), "{what}");
    }
    let narrow = two(start_first).change("web", |web| publishes(web, "8080-8081:80")).load();
    let error = up(&narrow, &in_sync(&narrow).into(), &UpOptions::default()).expect_err("two ports for three");
    assert_eq!(
        error.to_string(),
        "service `web` cannot be updated start-first: host ports 8080-8081 are not enough for 3 containers at a time"
    );
    let plain = UpOptions { start: StartContainers::No, ..UpOptions::default() };
    assert!(up(&narrow, &in_sync(&narrow).into(), &plain).is_ok(), "nothing is started");
}

#[test]
fn the_flag_asks_for_every_service() {
    let plain = || files().service("web", "nginx:1", |_| {});
    let (before, project) = (in_sync(&plain().load()), changed(plain()));
    let rolling = UpOptions { rolling: true, ..UpOptions::default() };
    check(
        &project,
        [Case::new(
            "stop-first is the default",
            before,
            indoc! {"
                #1 create container web/1 as 7765622f3100_shop-web-1: environment.VERSION is now \"2\"
                #2 stop container web/1: replaced, after #1
                #3 start container web/1: replaces the old container, after #2
                #4 wait for web/1 to be running or healthy: replicas are replaced in turn, after #3
                #5 remove container web/1: replaced, after #4
                #6 rename container web/1 to shop-web-1: replaces the old container, after #5
                #7 stop container web/1: update failed: removing the new container, if #4 fails, after the end of #4
                #8 start container web/1: update failed: restoring the old container, if #4 fails, after #7
                #9 wait for web/1 to be running or healthy: update failed: restoring the old container, if #4 fails, after #8
                #10 remove container web/1: update failed: removing the new container, if #4 fails, after #9
            "},
        )
        .with(rolling)],
    );
}

#[test]
fn groups_pauses_and_what_a_failure_means() {
    let three = |update: &dyn Fn(&mut UpdateConfig)| {
        files().service("web", "nginx:1", |web| {
            web.scale = Some(3);
            in_turn(web, update);
        })
    };
    let with = |action: &'static str| {
        move |config: &mut UpdateConfig| {
            config.parallelism = Some(2);
            config.delay = Duration::from_secs(10);
            config.monitor = Duration::from_secs(5);
            config.failure_action = Some(action.to_owned());
        }
    };
    let (before, project) = (in_sync(&three(&with("continue")).load()), changed(three(&with("continue"))));
    check(
        &project,
        [Case::new(
            "the others are replaced all the same",
            before,
            indoc! {"
                #1 create container web/1 as 7765622f3100_shop-web-1: environment.VERSION is now \"2\"
                #2 create container web/2 as 7765622f3200_shop-web-2: environment.VERSION is now \"2\"
                #3 create container web/3 as 7765622f3300_shop-web-3: environment.VERSION is now \"2\"
                #4 stop container web/1: replaced, after #1
                #5 start container web/1: replaces the old container, after #4
                #6 wait for web/1 to be running or healthy for 5s: replicas are replaced in turn, after #5
                #7 remove container web/1: replaced, after #6
                #8 rename container web/1 to shop-web-1: replaces the old container, after #7
                #9 stop container web/1: update failed: removing the new container, if #6 fails, after the end of #6
                #10 start container web/1: update failed: restoring the old container, if #6 fails, after #9
                #11 wait for web/1 to be running or healthy: update failed: restoring the old container, if #6 fails, after #10
                #12 remove container web/1: update failed: removing the new container, if #6 fails, after #11
                #13 stop container web/2: replaced, after #2
                #14 start container web/2: replaces the old container, after #13
                #15 wait for web/2 to be running or healthy for 5s: replicas are replaced in turn, after #14
                #16 remove container web/2: replaced, after #15
                #17 rename container web/2 to shop-web-2: replaces the old container, after #16
                #18 stop container web/2: update failed: removing the new container, if #15 fails, after the end of #15
                #19 start container web/2: update failed: restoring the old container, if #15 fails, after #18
                #20 wait for web/2 to be running or healthy: update failed: restoring the old container, if #15 fails, after #19
                #21 remove container web/2: update failed: removing the new container, if #15 fails, after #20
                #22 delay update of web for 10s: replicas are replaced in turn, after the end of #12, #21
                #23 stop container web/3: replaced, after #3, #22
                #24 start container web/3: replaces the old container, after #23
                #25 wait for web/3 to be running or healthy for 5s: replicas are replaced in turn, after #24
                #26 remove container web/3: replaced, after #25
                #27 rename container web/3 to shop-web-3: replaces the old container, after #26
                #28 stop container web/3: update failed: removing the new container, if #25 fails, after the end of #25
                #29 start container web/3: update failed: restoring the old container, if #25 fails, after #28
                #30 wait for web/3 to be running or healthy: update failed: restoring the old container, if #25 fails, after #29
                #31 remove container web/3: update failed: removing the new container, if #25 fails, after #30
            "},
        )],
    );
    let (before, project) = (in_sync(&three(&with("rollback")).load()), changed(three(&with("rollback"))));
    check(
        &project,
        [Case::new(
            "all go back, in turn",
            before,
            indoc! {"
                #1 create container web/1 as 7765622f3100_shop-web-1: environment.VERSION is now \"2\"
                #2 create container web/2 as 7765622f3200_shop-web-2: environment.VERSION is now \"2\"
                #3 create container web/3 as 7765622f3300_shop-web-3: environment.VERSION is now \"2\"
                #4 stop container web/1: replaced, after #1
                #5 start container web/1: replaces the old container, after #4
                #6 wait for web/1 to be running or healthy for 5s: replicas are replaced in turn, after #5
                #7 stop container web/2: replaced, after #2
                #8 start container web/2: replaces the old container, after #7
                #9 wait for web/2 to be running or healthy for 5s: replicas are replaced in turn, after #8
                #10 delay update of web for 10s: replicas are replaced in turn, after #6, #9
                #11 stop container web/3: replaced, after #3, #10
                #12 start container web/3: replaces the old container, after #11
                #13 wait for web/3 to be running or healthy for 5s: replicas are replaced in turn, after #12
                #14 remove container web/1: replaced, after #13
                #15 rename container web/1 to shop-web-1: replaces the old container, after #14
                #16 remove container web/2: replaced, after #13
                #17 rename container web/2 to shop-web-2: replaces the old container, after #16
                #18 remove container web/3: replaced, after #13
                #19 rename container web/3 to shop-web-3: replaces the old container, after #18
                #20 stop container web/1: update failed: removing the new container, if #6 or #9 or #13 fails, after the end of #13
                #21 start container web/1: update failed: restoring the old container, if #6 or #9 or #13 fails, after #20
                #22 wait for web/1 to be running or healthy: update failed: restoring the old container, if #6 or #9 or #13 fails, after #21
                #23 remove container web/1: update failed: removing the new container, if #6 or #9 or #13 fails, after #22
                #24 stop container web/2: update failed: removing the new container, if #6 or #9 or #13 fails, after the end of #13
                #25 start container web/2: update failed: restoring the old container, if #6 or #9 or #13 fails, after #24
                #26 wait for web/2 to be running or healthy: update failed: restoring the old container, if #6 or #9 or #13 fails, after #25
                #27 remove container web/2: update failed: removing the new container, if #6 or #9 or #13 fails, after #26
                #28 stop container web/3: update failed: removing the new container, if #6 or #9 or #13 fails, after the end of #23, #27
                #29 start container web/3: update failed: restoring the old container, if #6 or #9 or #13 fails, after #28
                #30 wait for web/3 to be running or healthy: update failed: restoring the old container, if #6 or #9 or #13 fails, after #29
                #31 remove container web/3: update failed: removing the new container, if #6 or #9 or #13 fails, after #30
            "},
        )],
    );
}

#[test]
fn dependencies_come_first_and_dependents_after() {
    let files = || {
        two(start_first)
            .service("db", "mysql:8", |_| {})
            .service("app", "app:1", |app| restarts_with(app, "web"))
            .change("web", |web| {
                web.scale = Some(1);
                needs(web, "db", Condition::Started);
            })
    };
    let before = in_sync(&files().load());
    let project = files()
        .change("db", |db| environment(db, "VERSION", "2"))
        .change("web", |web| environment(web, "VERSION", "2"))
        .load();
    check(
        &project,
        [
            Case::new(
                "all change",
                before.clone(),
                indoc! {"
                    #1 create container db/1 as 64622f310000_shop-db-1: environment.VERSION is now \"2\"
                    #2 create container web/1 as 7765622f3100_shop-web-1: environment.VERSION is now \"2\"
                    #3 stop container db/1: replaced, after #1
                    #4 remove container db/1: replaced, after #3
                    #5 rename container db/1 to shop-db-1: replaces the old container, after #4
                    #6 start container db/1: replaces the old container, after #5
                    #7 start container web/1: replaces the old container, after #2, #6
                    #8 wait for web/1 to be running or healthy: replicas are replaced in turn, after #7
                    #9 stop container web/1: replaced, after #8
                    #10 remove container web/1: replaced, after #9
                    #11 rename container web/1 to shop-web-1: replaces the old container, after #10
                    #12 stop container web/1: update failed: removing the new container, if #8 fails, after the end of #9
                    #13 remove container web/1: update failed: removing the new container, if #8 fails, after #12
                    #14 stop container app/1: web is recreated, after #8
                    #15 start container app/1: web is recreated, after #14
                "},
            ),
            Case::new(
                "the old one does not run",
                before.with("shop-web-1", exited(1)),
                indoc! {"
                    #1 create container db/1 as 64622f310000_shop-db-1: environment.VERSION is now \"2\"
                    #2 create container web/1 as 7765622f3100_shop-web-1: environment.VERSION is now \"2\"
                    #3 stop container db/1: replaced, after #1
                    #4 remove container db/1: replaced, after #3
                    #5 rename container db/1 to shop-db-1: replaces the old container, after #4
                    #6 start container db/1: replaces the old container, after #5
                    #7 stop container app/1: web is recreated, after #2, #6
                    #8 remove container web/1: replaced, after #7
                    #9 rename container web/1 to shop-web-1: replaces the old container, after #8
                    #10 start container web/1: replaces the old container, after #9
                    #11 start container app/1: web is recreated, after #10
                "},
            ),
        ],
    );
}

#[test]
fn a_recreated_network_stops_all_at_once_and_says_so() {
    let files = |internal: bool| {
        two(start_first).network("back", |back| back.internal = internal).change("web", |web| {
            web.scale = Some(1);
            joins(web, "back");
        })
    };
    let before = in_sync(&files(false).load());
    let project = changed(files(true));
    let plan = up(&project, &before.into(), &UpOptions::default()).expect("a plan");
    assert_eq!(
        plan.warnings().iter().map(message).collect::<Vec<_>>(),
        [
            "replicas of web are replaced all at once, not in turn: they must stop because a network or dependency is recreated, \
          or because a port, name or address moves from one container to another"
        ]
    );
    assert!(!plan.to_string().contains("in turn"), "{plan}");
}
