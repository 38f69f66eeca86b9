//! Conditions, waits and what follows from a dependency that is recreated.

use std::sync::Arc;
use std::time::Duration;

use hoist::observed::Health;
use hoist::plan::{Jobs, Probing, StartContainers, UpOptions, WaitUntilReady};
use hoist::project::{Condition, PreStart, Project, Provider, Service};
use indoc::indoc;

use super::files::{Files, can_use, files, is_checked, needs, publishes, restarts_with};
use super::state::{created, exited, health, images_only, in_sync, stale};
use super::{Case, check, plan};

/// A database, a job that needs it healthy, an app that needs the job done.
fn chain() -> Files {
    files()
        .service("db", "cassandra:5", is_checked)
        .service("init", "cassandra:5", |init| needs(init, "db", Condition::Healthy))
        .service("app", "app:1", |app| needs(app, "init", Condition::CompletedSuccessfully))
}

fn wait() -> UpOptions {
    UpOptions {
        wait: Some(WaitUntilReady { timeout: Some(Duration::from_secs(30)), ..WaitUntilReady::default() }),
        ..UpOptions::default()
    }
}

#[test]
fn eager_health_is_part_of_the_wait() {
    let wait = |what: &str| format!("#1 wait for db to be {what}\n");
    let asked = |project: &Arc<Project>, options: &UpOptions| {
        plan(project, &in_sync(project).with("shop-db-1", health(Health::Starting)).into(), options)
    };
    let eager = UpOptions { probing: Probing::Eager, ..UpOptions::default() };
    let plain = files()
        .service("db", "cassandra:5", is_checked)
        .service("app", "app:1", |app| needs(app, "db", Condition::Healthy))
        .load();
    let own = files()
        .service("db", "cassandra:5", |db| {
            is_checked(db);
            db.extensions.insert("x-hoist".to_owned(), serde_yaml::from_str("eager_health: true").expect("YAML"));
        })
        .service("app", "app:1", |app| needs(app, "db", Condition::Healthy))
        .load();
    assert_eq!(asked(&plain, &UpOptions::default()).to_string(), wait("healthy: needed by app"));
    assert_eq!(asked(&plain, &eager).to_string(), wait("healthy (eager health): needed by app"));
    assert_eq!(asked(&own, &UpOptions::default()).to_string(), wait("healthy (eager health): needed by app"));
}

#[test]
fn conditions_are_waited_for_unless_they_hold() {
    let project = chain().load();
    let done = || in_sync(&project).with("shop-init-1", exited(0));
    check(
        &project,
        [
            Case::new(
                "a chain comes up",
                images_only(&project),
                indoc! {"
                    #1 create network shop_default: missing
                    #2 create container db/1: no container yet, after #1
                    #3 create container init/1: no container yet, after #1
                    #4 create container app/1: no container yet, after #1
                    #5 start container db/1: created, after #2
                    #6 wait for db to be healthy: needed by init, after #5
                    #7 start container init/1: created, after #3, #6
                    #8 wait for init to be completed: needed by app, after #7
                    #9 start container app/1: created, after #4, #8
                "},
            ),
            Case::new(
                "all is done: the job runs again",
                done(),
                indoc! {"
                    #1 start container init/1: ran before, exit 0
                    #2 wait for init to be completed: needed by app, after #1
                "},
            ),
            Case::new(
                "db is not healthy yet",
                done().with("shop-db-1", health(Health::Starting)),
                indoc! {"
                    #1 wait for db to be healthy: needed by init
                    #2 start container init/1: ran before, exit 0, after #1
                    #3 wait for init to be completed: needed by app, after #2
                "},
            ),
            Case::new(
                "db is unhealthy, though the rest runs",
                done().with("shop-db-1", health(Health::Unhealthy)),
                indoc! {"
                    #1 wait for db to be healthy: needed by init
                    #2 start container init/1: ran before, exit 0, after #1
                    #3 wait for init to be completed: needed by app, after #2
                "},
            ),
            Case::new(
                "the job failed",
                in_sync(&project).with("shop-init-1", exited(3)),
                indoc! {"
                    #1 start container init/1: not running
                    #2 wait for init to be completed: needed by app, after #1
                "},
            ),
            Case::new(
                "the job still runs",
                in_sync(&project),
                indoc! {"
                    #1 wait for init to be completed: needed by app
                "},
            ),
            Case::new(
                "nothing is waited for where nothing is started",
                images_only(&project),
                indoc! {"
                    #1 create network shop_default: missing
                    #2 create container db/1: no container yet, after #1
                    #3 create container init/1: no container yet, after #1
                    #4 create container app/1: no container yet, after #1
                "},
            )
            .with(UpOptions { start: StartContainers::No, ..UpOptions::default() }),
        ],
    );
    assert!(!plan(&project, &done().into(), &UpOptions::default()).has_changes(), "a job that runs again is no change");
    let failed = in_sync(&project).with("shop-init-1", exited(3));
    assert!(plan(&project, &failed.into(), &UpOptions::default()).has_changes(), "one that failed is");
}

#[test]
fn a_job_is_told_from_a_server_that_was_stopped() {
    let project = files()
        .service("job", "job:1", |_| {})
        .service("web", "web:1", |web| publishes(web, "80:80"))
        .service("kept", "kept:1", |kept| kept.restart = Some("always".into()))
        .service("db", "db:1", |_| {})
        .service("api", "api:1", |api| needs(api, "db", Condition::Started))
        .load();
    let stopped = ["job", "web", "kept", "db"]
        .iter()
        .fold(in_sync(&project), |state, name| state.with(&format!("shop-{name}-1"), exited(0)));
    check(
        &project,
        [Case::new(
            "four services have ended with status 0",
            stopped,
            indoc! {"
                #1 start container db/1: not running
                #2 start container job/1: ran before, exit 0
                #3 start container kept/1: not running
                #4 start container web/1: not running
            "},
        )],
    );
}

#[test]
fn every_replica_is_waited_for() {
    let project = chain().change("db", |db| db.scale = Some(2)).load();
    let done = || in_sync(&project).with("shop-init-1", exited(0));
    check(
        &project,
        [
            Case::new(
                "one of two replicas is not healthy",
                done().with("shop-db-2", health(Health::Starting)),
                indoc! {"
                    #1 wait for db to be healthy: needed by init
                    #2 start container init/1: ran before, exit 0, after #1
                    #3 wait for init to be completed: needed by app, after #2
                "},
            ),
            Case::new(
                "one of two replicas is missing",
                done().without("shop-db-2"),
                indoc! {"
                    #1 create container db/2: no container yet
                    #2 start container db/2: created, after #1
                    #3 wait for db to be healthy: needed by init, after #2
                    #4 start container init/1: ran before, exit 0, after #3
                    #5 wait for init to be completed: needed by app, after #4
                "},
            ),
        ],
    );
}

#[test]
fn nobody_waits_for_what_is_not_there() {
    let project = chain().change("db", |db| db.scale = Some(0)).load();
    check(
        &project,
        [Case::new(
            "the dependency has no replicas",
            images_only(&project),
            indoc! {"
                #1 create network shop_default: missing
                #2 create container init/1: no container yet, after #1
                #3 create container app/1: no container yet, after #1
                #4 start container init/1: created, after #2
                #5 wait for init to be completed: needed by app, after #4
                #6 start container app/1: created, after #3, #5
            "},
        )],
    );
}

#[test]
fn what_is_optional_is_followed_not_required() {
    let project = files()
        .service("cache", "redis:8", is_checked)
        .service("web", "nginx:1", |web| can_use(web, "cache", Condition::Healthy))
        .load();
    let missing = files().service("web", "nginx:1", |web| can_use(web, "cache", Condition::Healthy)).load();
    check(
        &project,
        [
            Case::new(
                "both are missing",
                images_only(&project),
                indoc! {"
                    #1 create network shop_default: missing
                    #2 create container cache/1: no container yet, after #1
                    #3 create container web/1: no container yet, after #1
                    #4 start container cache/1: created, after #2
                    #5 wait for cache to be healthy: needed by web, after #4
                    #6 start container web/1: created, after #3, after the end of #5
                "},
            ),
            Case::new(
                "cache changed",
                in_sync(&project).with("shop-cache-1", stale).with("shop-web-1", created),
                indoc! {"
                    #1 create container cache/1 as 63616368652f_shop-cache-1: definition changed
                    #2 stop container cache/1: replaced, after #1
                    #3 remove container cache/1: replaced, after #2
                    #4 rename container cache/1 to shop-cache-1: replaces the old container, after #3
                    #5 start container cache/1: replaces the old container, after #4
                    #6 wait for cache to be healthy: needed by web, after #5
                    #7 start container web/1: not running, after the end of #6
                "},
            ),
        ],
    );
    check(
        &missing,
        [Case::new(
            "the optional dependency is not defined",
            images_only(&missing),
            indoc! {"
                #1 create network shop_default: missing
                #2 create container web/1: no container yet, after #1
                #3 start container web/1: created, after #2
            "},
        )],
    );
}

#[test]
fn order_passes_through_what_runs() {
    let project = files()
        .service("db", "mysql:8", is_checked)
        .service("api", "api:1", |api| needs(api, "db", Condition::Healthy))
        .service("web", "nginx:1", |web| needs(web, "api", Condition::Started))
        .load();
    check(
        &project,
        [Case::new(
            "db and web have to start, api runs",
            in_sync(&project).with("shop-db-1", exited(1)).without("shop-web-1"),
            indoc! {"
                #1 create container web/1: no container yet
                #2 start container db/1: not running
                #3 wait for db to be healthy: needed by api, after #2
                #4 start container web/1: created, after #1, #3
            "},
        )],
    );
}

#[test]
fn wait_asks_for_every_service() {
    let project = chain().service("job", "job:1", |_| {}).load();
    let running = || in_sync(&project).with("shop-init-1", exited(0));
    check(
        &project,
        [
            Case::new(
                "--wait with nothing there",
                images_only(&project),
                indoc! {"
                    #1 create network shop_default: missing
                    #2 create container db/1: no container yet, after #1
                    #3 create container init/1: no container yet, after #1
                    #4 create container app/1: no container yet, after #1
                    #5 create container job/1: no container yet, after #1
                    #6 start container db/1: created, after #2
                    #7 wait for db to be healthy: needed by init, after #6
                    #8 start container init/1: created, after #3, #7
                    #9 wait for init to be completed: needed by app, after #8
                    #10 start container app/1: created, after #4, #9
                    #11 start container job/1: created, after #5
                    #12 wait for db to be running or healthy: wait requested, after #6
                    #13 wait for init to be completed: wait requested, after #8
                    #14 wait for app to be running or healthy: wait requested, after #10
                    #15 wait for job to be running or healthy: wait requested, after #11
                "},
            )
            .with(wait()),
            Case::new(
                "--wait while all but the job is ready",
                running(),
                indoc! {"
                    #1 start container init/1: ran before, exit 0
                    #2 wait for init to be completed: needed by app, after #1
                    #3 wait for db to be running or healthy: wait requested
                    #4 wait for init to be completed: wait requested, after #1
                    #5 wait for app to be running or healthy: wait requested, after #2
                    #6 wait for job to be running or healthy: wait requested
                "},
            )
            .with(wait()),
        ],
    );
}

#[test]
fn wait_takes_the_end_of_a_job_for_its_goal() {
    let project = files()
        .service("declared", "job:1", |job| {
            job.extensions.insert("x-hoist".to_owned(), serde_yaml::from_str("job: true").expect("YAML"));
        })
        .service("explicit", "job:1", |job| job.restart = Some("no".to_owned()))
        .service("server", "web:1", |web| web.restart = Some("always".to_owned()))
        .service("silent", "job:1", |_| ())
        .service("tested", "db:1", |db| {
            is_checked(db);
            db.restart = Some("no".to_owned());
        })
        .load();
    let jobs =
        |jobs| UpOptions { wait: Some(WaitUntilReady { jobs, ..WaitUntilReady::default() }), ..UpOptions::default() };
    let conditions = |options: &UpOptions| {
        let plan = plan(&project, &images_only(&project).into(), options).to_string();
        let waits = plan.lines().filter_map(|line| line.split_once("wait for ")?.1.split_once(": wait requested"));
        waits.map(|(wait, _)| wait.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        conditions(&jobs(Jobs::Declared)),
        [
            "declared to be completed",
            "explicit to be running or healthy",
            "server to be running or healthy",
            "silent to be running or healthy",
            "tested to be running or healthy",
        ]
    );
    assert_eq!(
        conditions(&jobs(Jobs::ByRestart)),
        [
            "declared to be completed",
            "explicit to be completed",
            "server to be running or healthy",
            "silent to be running or completed",
            "tested to be running or completed",
        ]
    );
}

#[test]
fn dependents_that_restart_are_stopped_first_and_started_last() {
    let project = files()
        .service("db", "mysql:8", is_checked)
        .service("web", "nginx:1", |web| {
            restarts_with(web, "db");
            web.depends_on.get_mut("db").expect("just added").condition = Condition::Healthy;
        })
        .service("admin", "admin:1", |admin| needs(admin, "db", Condition::Started))
        .load();
    check(
        &project,
        [
            Case::new(
                "db changed",
                in_sync(&project).with("shop-db-1", stale),
                indoc! {"
                    #1 create container db/1 as 64622f310000_shop-db-1: definition changed
                    #2 stop container web/1: db is recreated, after #1
                    #3 stop container db/1: replaced, after #2
                    #4 remove container db/1: replaced, after #3
                    #5 rename container db/1 to shop-db-1: replaces the old container, after #4
                    #6 start container db/1: replaces the old container, after #5
                    #7 wait for db to be healthy: needed by web, after #6
                    #8 start container web/1: db is recreated, after #7
                "},
            ),
            Case::new(
                "db changed, and nothing is to start",
                in_sync(&project).with("shop-db-1", stale),
                indoc! {"
                    #1 create container db/1 as 64622f310000_shop-db-1: definition changed
                    #2 stop container web/1: db is recreated, after #1
                    #3 stop container db/1: replaced, after #2
                    #4 remove container db/1: replaced, after #3
                    #5 rename container db/1 to shop-db-1: replaces the old container, after #4
                "},
            )
            .with(UpOptions { start: StartContainers::No, ..UpOptions::default() }),
            Case::new(
                "both changed",
                in_sync(&project).with("shop-db-1", stale).with("shop-web-1", stale),
                indoc! {"
                    #1 create container db/1 as 64622f310000_shop-db-1: definition changed
                    #2 create container web/1 as 7765622f3100_shop-web-1: definition changed
                    #3 stop container web/1: db is recreated, after #1, #2
                    #4 stop container db/1: replaced, after #3
                    #5 remove container db/1: replaced, after #4
                    #6 rename container db/1 to shop-db-1: replaces the old container, after #5
                    #7 start container db/1: replaces the old container, after #6
                    #8 wait for db to be healthy: needed by web, after #7
                    #9 remove container web/1: replaced, after #3
                    #10 rename container web/1 to shop-web-1: replaces the old container, after #9
                    #11 start container web/1: replaces the old container, after #8, #10
                "},
            ),
            Case::new(
                "db is only started",
                in_sync(&project).with("shop-db-1", exited(1)),
                indoc! {"
                    #1 start container db/1: not running
                    #2 wait for db to be healthy: needed by web, after #1
                "},
            ),
        ],
    );
}

#[test]
fn what_shares_with_a_service_follows_it() {
    let project = files()
        .service("vpn", "vpn:1", |_| {})
        .service("app", "app:1", |app| app.network_mode = Some("service:vpn".into()))
        .service("data", "data:1", |_| {})
        .service("backup", "backup:1", |backup| backup.volumes_from.push("data:ro".into()))
        .load();
    check(
        &project,
        [
            Case::new(
                "nothing is there, services that share",
                images_only(&project),
                indoc! {"
                    #1 create network shop_default: missing
                    #2 create container vpn/1: no container yet, after #1
                    #3 create container app/1: no container yet, after #2
                    #4 create container data/1: no container yet, after #1
                    #5 create container backup/1: no container yet, after #4
                    #6 start container vpn/1: created, after #2
                    #7 start container app/1: created, after #3, #6
                    #8 start container data/1: created, after #4
                    #9 start container backup/1: created, after #5, #8
                "},
            ),
            Case::new("all is there, services that share", in_sync(&project), ""),
            Case::new(
                "vpn changed",
                in_sync(&project).with("shop-vpn-1", stale),
                indoc! {"
                    #1 create container vpn/1 as 76706e2f3100_shop-vpn-1: definition changed
                    #2 create container app/1 as 6170702f3100_shop-app-1: shares with vpn, which is recreated, after #1
                    #3 stop container app/1: vpn is recreated, after #2
                    #4 stop container vpn/1: replaced, after #3
                    #5 remove container vpn/1: replaced, after #4
                    #6 rename container vpn/1 to shop-vpn-1: replaces the old container, after #5
                    #7 start container vpn/1: replaces the old container, after #6
                    #8 remove container app/1: replaced, after #3
                    #9 rename container app/1 to shop-app-1: replaces the old container, after #8
                    #10 start container app/1: replaces the old container, after #7, #9
                "},
            ),
            Case::new(
                "vpn is gone",
                in_sync(&project).without("shop-vpn-1"),
                indoc! {"
                    #1 create container vpn/1: no container yet
                    #2 create container app/1 as 6170702f3100_shop-app-1: shares with vpn, which is recreated, after #1
                    #3 start container vpn/1: created, after #1
                    #4 stop container app/1: replaced, after #2, #3
                    #5 remove container app/1: replaced, after #4
                    #6 rename container app/1 to shop-app-1: replaces the old container, after #5
                    #7 start container app/1: replaces the old container, after #6
                "},
            ),
            Case::new(
                "data changed",
                in_sync(&project).with("shop-data-1", stale),
                indoc! {"
                    #1 create container data/1 as 646174612f31_shop-data-1: definition changed
                    #2 create container backup/1 as 6261636b7570_shop-backup-1: shares with data, which is recreated, after #1
                    #3 stop container data/1: replaced, after #1
                    #4 remove container data/1: replaced, after #3
                    #5 rename container data/1 to shop-data-1: replaces the old container, after #4
                    #6 start container data/1: replaces the old container, after #5
                    #7 stop container backup/1: replaced, after #2, #6
                    #8 remove container backup/1: replaced, after #7
                    #9 rename container backup/1 to shop-backup-1: replaces the old container, after #8
                    #10 start container backup/1: replaces the old container, after #9
                "},
            ),
        ],
    );
}

#[test]
fn hooks_run_before_the_first_replica_starts() {
    let hook = |command: &str| PreStart {
        container: Service { command: Some(vec![command.to_owned()]), ..Service::default() },
        ..PreStart::default()
    };
    let project = files()
        .service("web", "nginx:1", |web| {
            web.scale = Some(2);
            web.pre_start = vec![hook("migrate"), hook("warm")];
        })
        .load();
    check(
        &project,
        [
            Case::new(
                "nothing is there, with hooks",
                images_only(&project),
                indoc! {"
                    #1 create network shop_default: missing
                    #2 create container web/1: no container yet, after #1
                    #3 create container web/2: no container yet, after #1
                    #4 run pre_start hook 1 of web/1: before the service starts, after #2, #3
                    #5 run pre_start hook 2 of web/1: before the service starts, after #4
                    #6 start container web/1: created, after #5
                    #7 start container web/2: created, after #5
                "},
            ),
            Case::new(
                "one replica runs",
                in_sync(&project).with("shop-web-2", exited(1)),
                indoc! {"
                    #1 start container web/2: not running
                "},
            ),
            Case::new(
                "both are recreated",
                in_sync(&project).with("shop-web-1", stale).with("shop-web-2", stale),
                indoc! {"
                    #1 create container web/1 as 7765622f3100_shop-web-1: definition changed
                    #2 create container web/2 as 7765622f3200_shop-web-2: definition changed
                    #3 stop container web/1: replaced, after #1
                    #4 remove container web/1: replaced, after #3
                    #5 rename container web/1 to shop-web-1: replaces the old container, after #4
                    #6 stop container web/2: replaced, after #2
                    #7 remove container web/2: replaced, after #6
                    #8 rename container web/2 to shop-web-2: replaces the old container, after #7
                    #9 run pre_start hook 1 of web/1: before the service starts, after #5, #8
                    #10 run pre_start hook 2 of web/1: before the service starts, after #9
                    #11 start container web/1: replaces the old container, after #10
                    #12 start container web/2: replaces the old container, after #10
                "},
            ),
        ],
    );
}

#[test]
fn providers_are_asked_at_every_run() {
    let project = files()
        .service("cloud", "unused", |cloud| {
            cloud.image = None;
            cloud.provider = Some(Provider { kind: "cloud".into(), ..Provider::default() });
        })
        .service("web", "nginx:1", |web| needs(web, "cloud", Condition::Healthy))
        .load();
    check(
        &project,
        [
            Case::new(
                "nothing is there, with a provider",
                images_only(&project),
                indoc! {"
                    #1 create network shop_default: missing
                    #2 create container web/1: no container yet, after #1, #3
                    #3 provide cloud: done on every run
                    #4 start container web/1: created, after #2
                "},
            ),
            Case::new(
                "all is there, with a provider",
                in_sync(&project),
                indoc! {"
                    #1 provide cloud: done on every run
                "},
            ),
        ],
    );
    assert!(!plan(&project, &in_sync(&project).into(), &UpOptions::default()).has_changes());
}

#[test]
fn what_cannot_be_planned_is_refused() {
    let refused = |project: &Arc<Project>, options: UpOptions| {
        hoist::plan::up(project, &images_only(project).into(), &options).expect_err("refused").to_string()
    };
    let scaled = |number| UpOptions { scale: [("web".into(), number)].into(), ..UpOptions::default() };
    let web = |change: fn(&mut hoist::project::Service)| files().service("web", "nginx:1", change);
    let named = web(|web| web.container_name = Some("front".into()));
    let cases = [
        (web(|web| needs(web, "web", Condition::Started)).load(), UpOptions::default(), "cycle found: web -> web"),
        (
            web(|web| needs(web, "db", Condition::Started))
                .service("db", "mysql:8", |db| needs(db, "web", Condition::Started))
                .load(),
            UpOptions::default(),
            "cycle found: db -> web -> db",
        ),
        (web(|web| needs(web, "db", Condition::Started)).load(), UpOptions::default(), "could not find db: not found"),
        (
            web(|web| needs(web, "db", Condition::Started))
                .service("db", "mysql:8", |db| db.profiles = vec!["data".into()])
                .disabled("db")
                .load(),
            UpOptions::default(),
            "service db is required by web but is disabled. Can be enabled by profiles [\"data\"]",
        ),
        (
            web(|web| web.image = None).load(),
            UpOptions::default(),
            "invalid service \"web\". Must specify either image or build",
        ),
        (
            named.load(),
            scaled(2),
            "WARNING: The \"web\" service is using the custom container name \"front\". Docker requires each container to \
             have a unique name. Remove the custom name to scale the service",
        ),
        (
            web(|web| web.container_name = Some("front".into()))
                .service("www", "nginx:1", |www| www.container_name = Some("front".into()))
                .load(),
            UpOptions::default(),
            "container name \"front\" is already in use by service `web`",
        ),
        (
            web(|_| {}).load(),
            UpOptions { scale: [("wbe".into(), 2)].into(), ..UpOptions::default() },
            "no such service: wbe",
        ),
        (web(|_| {}).load(), scaled(u32::MAX), "service `web` has more than 10000 replicas"),
    ];
    for (project, options, expected) in cases {
        assert_eq!(refused(&project, options), expected);
    }
}
