//! What people see of a plan: a line per resource, with the reason below it, and a count.

use std::sync::Arc;

use hoist::observed::{Definition, Observed, Settings};
use hoist::plan::{
    BuildImages, DownImages, DownOptions, DownVolumes, Orphans, Plan, ProjectSource, Recreate, StartContainers,
    UpOptions, down,
};
use hoist::project::value::PullPolicy;
use hoist::project::{Condition, Deploy, Hook, PreStart, Project, Service, UpdateConfig};
use hoist::render::plan::{PlanStyle, unchanged, write};

use super::files::{Files, after_a_job, environment, files, is_built, is_checked, mounts, needs, volume_keys};
use super::plan;
use super::state::{Engine, anonymous, exited, images_only, in_sync, stale, with_successor};

/// A plan, and what it was made from.
struct Planned {
    plan: Plan,
    observed: Observed,
    project: Arc<Project>,
}

impl Planned {
    fn shown(&self, style: PlanStyle) -> String {
        let mut out = Vec::new();
        let unchanged = unchanged(&self.plan, &self.observed, &self.project);
        write(&self.plan, unchanged, style, &mut out).expect("memory can be written to");
        String::from_utf8(out).expect("text")
    }
}

fn up(project: &Arc<Project>, state: Engine, options: &UpOptions) -> Planned {
    let observed = Observed::from(state);
    Planned { plan: plan(project, &observed, options), observed, project: project.clone() }
}

fn taken_down(project: &Arc<Project>, state: Engine, options: &DownOptions) -> Planned {
    let observed = Observed::from(state);
    let plan = down(&ProjectSource::Files(project.clone()), &observed, options);
    Planned { plan, observed, project: project.clone() }
}

/// Holds what is shown without colours and without a terminal against `expected`, which begins with an empty line.
#[track_caller]
fn check(name: &str, planned: &Planned, expected: &str) {
    let shown = planned.shown(PlanStyle::default());
    assert_eq!(shown, expected.trim_start_matches('\n'), "{name}\n{shown}");
}

/// A shop with data, a cache that is built, and a web server that waits for the database.
fn shop() -> Files {
    files()
        .volume("data", |_| {})
        .service("db", "mysql:8", |db| {
            is_checked(db);
            mounts(db, "data", "/var/lib/mysql");
            environment(db, "LOG", "quiet");
        })
        .service("cache", "cache:1", is_built)
        .service("web", "nginx:1.28", |web| {
            needs(web, "db", Condition::Healthy);
            environment(web, "DEBUG", "0");
            web.scale = Some(2);
        })
}

/// The engine after `up` of `old`, whose containers were looked at.
fn looked_at(old: &Arc<Project>) -> Engine {
    in_sync(old).edit(|observed| {
        for container in &observed.containers {
            let Some(service) = container.service.as_ref().and_then(|name| old.services.get(name)) else { continue };
            let definition = definition(service);
            observed.definitions.insert(container.id.clone(), definition);
        }
    })
}

fn definition(service: &Service) -> Definition {
    let mut settings = Settings::default();
    let variables = service.environment.iter().filter_map(|(name, value)| Some((name.clone(), value.clone()?)));
    settings.environment.extend(variables);
    Definition { settings, image: Settings::default() }
}

fn build_all() -> UpOptions {
    UpOptions { build: BuildImages::Always, ..UpOptions::default() }
}

#[test]
fn a_fresh_project_is_created() {
    let project = shop().load();
    check(
        "nothing is there",
        &up(&project, images_only(&project).without_image("mysql:8").without_image("cache:1"), &UpOptions::default()),
        "
Images
  pull    cache:1
          built if it cannot be pulled
  pull    mysql:8

Networks
  create  shop_default

Volumes
  create  shop_data

Containers
  create  cache/1
  create  db/1
  create  web/1
  create  web/2

2 to pull, 6 to create
",
    );
    check(
        "everything is there",
        &up(&project, in_sync(&project), &UpOptions::default()),
        "
nothing to do: 6 unchanged
",
    );
    check(
        "without starting",
        &up(&project, images_only(&project), &UpOptions { start: StartContainers::No, ..UpOptions::default() }),
        "
Networks
  create  shop_default

Volumes
  create  shop_data

Containers
  create  cache/1
  create  db/1
  create  web/1
  create  web/2

6 to create
",
    );
}

#[test]
fn a_recreation_is_one_entry() {
    let old = shop().load();
    let new = shop()
        .change("web", |web| {
            environment(web, "DEBUG", "1");
            environment(web, "LANGUAGE", "en");
            web.image = Some("nginx:1.29".to_owned());
        })
        .change("db", |db| {
            db.environment.clear();
            environment(db, "MYSQL_ROOT_PASSWORD", "hunter2");
        })
        .load();
    check(
        "environment and image changed",
        &up(
            &new,
            looked_at(&old).edit(|observed| observed.images.extend(Observed::from(images_only(&new)).images)),
            &UpOptions::default(),
        ),
        r#"
Containers
  recreate  db/1
            environment.LOG                  "quiet" → gone
            environment.MYSQL_ROOT_PASSWORD          → "•••"
  recreate  web/1
  recreate  web/2
            environment.DEBUG     "0"          → "1"
            environment.LANGUAGE               → "en"
            image                 "nginx:1.28" → "nginx:1.29"

3 to recreate, 3 unchanged
"#,
    );
    check(
        "old values are not known",
        &up(
            &new,
            in_sync(&old).edit(|observed| observed.images.extend(Observed::from(images_only(&new)).images)),
            &UpOptions::default(),
        ),
        r#"
Containers
  recreate  db/1
            environment.LOG changed
            environment.MYSQL_ROOT_PASSWORD  → "•••"
  recreate  web/1
  recreate  web/2
            environment.DEBUG                  → "1"
            environment.LANGUAGE               → "en"
            image                 "nginx:1.28" → "nginx:1.29"

3 to recreate, 3 unchanged
"#,
    );
    let hook = |command: &str| Hook { command: Some(vec![command.to_owned()]), ..Hook::default() };
    let hooked = shop().change("db", |db| {
        db.post_start = vec![hook("migrate")];
        let container = Service { command: Some(vec!["fetch".to_owned()]), ..db.clone() };
        db.pre_start = vec![PreStart { container, ..PreStart::default() }];
    });
    check(
        "a hook changed, of which only digests are kept",
        &up(&hooked.load(), in_sync(&old), &UpOptions::default()),
        r#"
Containers
  recreate  db/1
            post_start  → [{"command":["migrate"]}]
            pre_start   → [{"command":["fetch"]}]
            runs 1 pre_start hook first

1 to recreate, 5 unchanged
"#,
    );
    check(
        "what changed is not known",
        &up(&old, in_sync(&old).with("shop-web-2", stale), &UpOptions::default()),
        "
Containers
  recreate  web/2
            definition changed

1 to recreate, 5 unchanged
",
    );
    check(
        "the image stands for another one",
        &up(&old, in_sync(&old).retagged("nginx:1.28"), &UpOptions::default()),
        "
Containers
  recreate  web/1
  recreate  web/2
            image  sha256:content-ngin… → sha256:content-ngin…

2 to recreate, 4 unchanged
",
    );
    check(
        "recreation is asked for",
        &up(&old, in_sync(&old), &UpOptions { recreate: Recreate::Always, ..UpOptions::default() }),
        "
Containers
  recreate  cache/1
  recreate  db/1
  recreate  web/1
  recreate  web/2
            recreation requested

4 to recreate, 2 unchanged
",
    );
}

#[test]
fn what_the_run_decides_is_said_to_be_open() {
    let project = shop().load();
    check(
        "--build",
        &up(&project, in_sync(&project), &build_all()),
        "
Images
  build     cache:1
            build requested

Containers
  recreate  cache/1
            if the build changes its image

1 to build, 1 may be recreated, 5 unchanged
",
    );
    check(
        "--build, and it does not run",
        &up(&project, in_sync(&project).with("shop-cache-1", exited(1)), &build_all()),
        "
Images
  build  cache:1
         build requested

Containers
  start  cache/1
         recreated if the build changes its image

1 to build, 1 to start, 5 unchanged
",
    );
    check(
        "--pull always",
        &up(&project, in_sync(&project), &UpOptions { pull: Some(PullPolicy::from("always")), ..UpOptions::default() }),
        "
Images
  pull      cache:1
  pull      mysql:8
  pull      nginx:1.28
            pull policy always

Containers
  recreate  cache/1
  recreate  db/1
  recreate  web/1
  recreate  web/2
            if the pull changes its image

3 to pull, 4 may be recreated, 2 unchanged
",
    );
}

#[test]
fn what_goes_is_told_with_what_it_leaves() {
    let project = shop().load();
    let wide = in_sync(&project).running("web", 3).running("web", 4);
    let orphan = in_sync(&project).orphan("old").with("shop-old-1", anonymous("/data"));
    check(
        "scaled down",
        &up(&project, wide, &UpOptions::default()),
        "
Containers
  remove  web/3
  remove  web/4
          scaled down

2 to remove, 6 unchanged
",
    );
    check(
        "orphans go",
        &up(&project, orphan, &UpOptions { orphans: Orphans::Remove, ..UpOptions::default() }),
        "
Volumes
  keep    aaaaaaaaaaaa…
          /data of shop-old-1
          no container uses it any more; its data is kept

Containers
  remove  shop-old-1
          its service is not in the files

1 to remove, 1 to keep, 6 unchanged
",
    );
}

#[test]
fn volumes_that_are_recreated_lose_their_data() {
    let old = shop().load();
    let new = shop().volume("data", |data| data.driver = Some("other".into())).load();
    let agreed = UpOptions { recreate_volumes: volume_keys(&["data"]), ..UpOptions::default() };
    check(
        "the user agreed",
        &up(&new, in_sync(&old), &agreed),
        "
Volumes
  recreate  shop_data
            definition changed
            its data is removed

Containers
  recreate  db/1
            shop_data is recreated

2 to recreate, 4 unchanged; removes the data of 1 volume
",
    );
    check(
        "the user did not",
        &up(&new, in_sync(&old), &UpOptions::default()),
        "
nothing to do: 6 unchanged
",
    );
}

#[test]
fn networks_that_are_recreated_restart_their_containers() {
    let old = shop().network("default", |_| {}).load();
    let new = shop().network("default", |default| default.internal = true).load();
    check(
        "the network became internal",
        &up(&new, in_sync(&old), &UpOptions::default()),
        "
Networks
  recreate  shop_default
            definition changed

Containers
  restart   cache/1
  restart   db/1
  restart   web/1
  restart   web/2
            shop_default is recreated

1 to recreate, 4 to restart, 1 unchanged
",
    );
}

#[test]
fn a_rolling_update_is_an_entry_per_replica() {
    let in_turn = |web: &mut Service| {
        let config = UpdateConfig { order: Some("start-first".to_owned()), ..UpdateConfig::default() };
        web.deploy = Some(Deploy { update_config: Some(config), ..Deploy::default() });
    };
    let old = shop().change("web", in_turn).load();
    let new = shop().change("web", in_turn).change("web", |web| environment(web, "DEBUG", "1")).load();
    check(
        "start-first",
        &up(&new, looked_at(&old), &UpOptions { rolling: true, ..UpOptions::default() }),
        r#"
Containers
  recreate  web/1
  recreate  web/2
            environment.DEBUG  "0" → "1"
            replicas are replaced in turn

2 to recreate, 4 unchanged
"#,
    );
}

#[test]
fn down_says_what_becomes_of_data() {
    let project = shop().load();
    let with_cache = || in_sync(&project).with("shop-cache-1", anonymous("/cache"));
    let everything = DownOptions { volumes: DownVolumes::Remove, images: DownImages::All, ..DownOptions::default() };
    check(
        "volumes stay",
        &taken_down(&project, with_cache(), &DownOptions::default()),
        "
Networks
  remove  shop_default

Volumes
  keep    aaaaaaaaaaaa…
          /cache of cache/1
          no container uses it any more; its data is kept

Containers
  remove  web/1
  remove  web/2
  remove  db/1
  remove  cache/1

5 to remove, 1 to keep, 1 unchanged
",
    );
    check(
        "volumes and images go",
        &taken_down(&project, with_cache(), &everything),
        "
Images
  remove  cache:1
  remove  mysql:8
  remove  nginx:1.28

Networks
  remove  shop_default

Volumes
  remove  shop_data
          its data is removed
  remove  aaaaaaaaaaaa…
          /cache of cache/1
          its data is removed

Containers
  remove  web/1
  remove  web/2
  remove  db/1
  remove  cache/1

10 to remove; removes the data of 2 volumes
",
    );
}

#[test]
fn what_every_run_does_again_is_no_change() {
    let project = after_a_job().load();
    let done = || in_sync(&project).with("shop-job-1", exited(0));
    check(
        "a job runs again",
        &up(&project, done(), &UpOptions::default()),
        "
Containers
  run again  job/1
             ran before, exit 0

nothing changes: 1 to run again, 3 unchanged
",
    );
    check(
        "something is waited for",
        &up(
            &project,
            done().with("shop-db-1", |db| db.health = hoist::observed::Health::Starting),
            &UpOptions::default(),
        ),
        "
Containers
  run again  job/1
             ran before, exit 0

nothing changes; waits for db: 1 to run again, 3 unchanged
",
    );
    check(
        "the job failed, and db stopped",
        &up(
            &project,
            in_sync(&project).with("shop-job-1", exited(1)).with("shop-db-1", exited(137)),
            &UpOptions::default(),
        ),
        "
Containers
  start  db/1
  start  job/1
         not running

2 to start, 2 unchanged
",
    );
}

#[test]
fn what_an_interrupted_run_left_is_tidied_up() {
    let project = files().service("web", "nginx:1", |_| {}).load();
    let with_successor = |state| with_successor(state, |_| {});
    check(
        "the new one takes over",
        &up(&project, with_successor(in_sync(&project)).with("shop-web-1", stale), &UpOptions::default()),
        "
Containers
  recreate  web/1
            left by an interrupted run

1 to recreate, 1 unchanged
",
    );
    check(
        "the old one stays",
        &up(&project, with_successor(in_sync(&project)), &UpOptions::default()),
        "
Containers
  remove  7765622f3100_shop-web-1
          left by an interrupted run

1 to remove, 2 unchanged
",
    );
}

/// Holds what is shown in a terminal of `width` columns of the plan with long values against `expected`.
#[track_caller]
fn check_at(width: usize, expected: &str) {
    let shown = long().shown(PlanStyle { width: Some(width), ..PlanStyle::default() });
    assert_eq!(shown, expected.trim_start_matches('\n'), "narrow\n{shown}");
}

/// A plan with long names and values.
fn long() -> Planned {
    let with = |values: &'static str| {
        shop().change("web", move |web| {
            environment(web, "DEBUG", if values.is_empty() { "0" } else { "1" });
            if !values.is_empty() {
                environment(web, "LANGUAGE", "en");
            }
            environment(
                web,
                "CONNECTION",
                &format!("postgres://app@database.internal:5432/shop?sslmode=require{values}"),
            );
        })
    };
    let (old, new) = (with("").load(), with("&pool=20").load());
    let state = looked_at(&old)
        .orphan("a-service-with-a-very-long-name")
        .with("shop-a-service-with-a-very-long-name-1", anonymous("/data"));
    up(&new, state, &UpOptions { orphans: Orphans::Remove, ..UpOptions::default() })
}

#[test]
fn lines_fit_the_terminal() {
    for width in [40, 60, 80, 132] {
        let shown = long().shown(PlanStyle { width: Some(width), ..PlanStyle::default() });
        let widest = shown.lines().map(|line| line.chars().count()).max().unwrap_or_default();
        assert!(widest <= width, "{width} columns:\n{shown}");
    }
    check_at(
        40,
        r#"
Volumes
  keep      aaaaaaaaaaaa…
            /data of
            shop-a-service-with-a-very-l
            ong-name-1
            no container uses it any
            more; its data is kept

Containers
  remove    shop-a-service-with-a-very-l
            ong-name-1
            its service is not in the
            files
  recreate  web/1
  recreate  web/2
            environment.CONNECTION
              "postgres://app@database.i
              nternal:5432/shop?sslmode=
              require"
            → "postgres://app@database.i
              nternal:5432/shop?sslmode=
              require&pool=20"
            environment.DEBUG  "0" → "1"
            environment.LANGUAGE  → "en"

2 to recreate, 1 to remove, 1 to keep,
4 unchanged
"#,
    );
    check_at(
        80,
        r#"
Volumes
  keep      aaaaaaaaaaaa…
            /data of shop-a-service-with-a-very-long-name-1
            no container uses it any more; its data is kept

Containers
  remove    shop-a-service-with-a-very-long-name-1
            its service is not in the files
  recreate  web/1
  recreate  web/2
            environment.CONNECTION
              "postgres://app@database.internal:5432/shop?sslmode=require"
            → "postgres://app@database.internal:5432/shop?sslmode=require&pool=2
              0"
            environment.DEBUG     "0" → "1"
            environment.LANGUAGE      → "en"

2 to recreate, 1 to remove, 1 to keep, 4 unchanged
"#,
    );
}

#[test]
fn colours_add_nothing_to_the_words() {
    let project = shop().load();
    let planned = taken_down(
        &project,
        in_sync(&project),
        &DownOptions { volumes: DownVolumes::Remove, ..DownOptions::default() },
    );
    let colored = planned.shown(PlanStyle { color: true, width: None });
    let plain = planned.shown(PlanStyle::default());
    assert_eq!(console::strip_ansi_codes(&colored), plain);
    assert!(colored.contains("\x1b[1;31mremove\x1b[0m  shop_data"), "lost data is red: {colored:?}");
    assert!(colored.contains("\x1b[1;31mits data is removed\x1b[0m"), "{colored:?}");
    assert!(colored.ends_with("\x1b[1;31mremoves the data of 1 volume\x1b[0m\n"), "{colored:?}");
}

#[test]
fn nothing_in_a_name_makes_a_line_of_its_own() {
    let forged = |name: &str| format!("{name}\n  remove  everything\u{1b}[2J");
    let old = files().service("web", "nginx:1", |_| {}).load();
    let new = files().service("web", "nginx:1", |web| environment(web, &forged("A"), &forged("1"))).load();
    let state = looked_at(&old).orphan("old").with("shop-old-1", |old| old.name = forged("shop-old-1"));
    let options = UpOptions { orphans: Orphans::Remove, ..UpOptions::default() };
    let shown = up(&new, state, &options).shown(PlanStyle::default());
    assert!(shown.matches("remove  everything").count() > 1, "{shown}");
    assert!(!shown.contains("\n  remove  everything") && !shown.contains('\u{1b}'), "{shown}");
}
