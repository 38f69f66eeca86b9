//! Namespaces and volumes of other services: where these are not selected, and where they start again.

use std::sync::Arc;

use hoist::observed::{Observed, State};
use hoist::plan::{PlanError, Recreate, StartContainers, UpOptions, namespace_sharers, up};
use hoist::project::value::{Link, NamespaceMode};
use hoist::project::{Project, Service};
use hoist::render::warning::plan::message;
use indoc::indoc;

use super::files::{Files, files};
use super::state::{Engine, created, exited, id, images_only, in_sync, stale};
use super::{Case, check, plan};

/// A name, and what makes a service share.
type Way = (&'static str, fn(&mut Service));

/// The namespaces that engines share.
const WAYS: [Way; 3] = [
    ("network", |s| s.network_mode = Some(NamespaceMode::from("service:y"))),
    ("ipc", |s| s.ipc = Some(NamespaceMode::from("service:y"))),
    ("pid", |s| s.pid = Some(NamespaceMode::from("service:y"))),
];

fn shared(how: fn(&mut Service)) -> Files {
    files().service("x", "x:1", how).service("y", "y:1", |_| {})
}

/// The project as `up --no-deps x` loads it.
fn x_alone(files: Files) -> Arc<Project> {
    let files = files.select(&["x"]).disabled("y");
    let mut project = Project::clone(&files.load());
    let x = project.services.get_mut("x").expect("x is there");
    x.depends_on.clear();
    Arc::new(project)
}

fn error(project: &Arc<Project>, state: Engine, options: &UpOptions) -> PlanError {
    match up(project, &state.into(), options) {
        Err(error) => error,
        Ok(plan) => panic!("a plan:\n{plan}"),
    }
}

/// The message of an error, its place, and its hint.
fn told(error: &PlanError) -> (String, String, String) {
    (error.to_string(), error.path().unwrap_or_default().join("."), error.hint().unwrap_or_default())
}

#[test]
fn what_is_not_selected_is_shared_as_it_is() {
    let volumes: Way = ("volumes", |s| s.volumes_from.push("y".into()));
    for (name, how) in WAYS.into_iter().chain([volumes]) {
        let whole = shared(how).load();
        let alone = x_alone(shared(how));
        let both = || in_sync(&whole);
        check(
            &alone,
            [
                Case::new(name, both(), ""),
                Case::new(name, both().with("shop-x-1", exited(1)), "#1 start container x/1: not running\n"),
            ],
        );
        let made = plan(&alone, &both().without("shop-x-1").into(), &UpOptions::default());
        let (_, step) = made.steps().next().expect("x is made");
        let hoist::plan::Action::CreateContainer(spec) = &step.action else { panic!("{made}") };
        assert_eq!(spec.references["y"].handle, hoist::plan::Handle::Existing(id(&"y".into(), 1)), "{name}");
    }
}

#[test]
fn what_is_not_there_cannot_be_shared() {
    let hint = "start it first: `hoist up -d y`, or leave out --no-deps";
    let up = UpOptions::default();
    for (name, how) in WAYS {
        let whole = shared(how).load();
        let alone = x_alone(shared(how));
        let key = if name == "network" { "network_mode" } else { name };
        let what = if name == "network" { "network".to_owned() } else { name.to_uppercase() };
        let missing = told(&error(&alone, images_only(&whole), &up));
        let message = format!("cannot share {what} namespace with service y: container missing");
        assert_eq!(missing, (message, format!("services.x.{key}"), hint.to_owned()));
        let stopped = || in_sync(&whole).with("shop-y-1", exited(0));
        let stopped_both = || stopped().with("shop-x-1", created);
        let message = format!("cannot share {what} namespace with service y: container shop-y-1 is exited");
        assert_eq!(told(&error(&alone, stopped_both(), &up)).0, message);
        // What is only made needs no namespace yet, and what runs keeps the one it has.
        let create = UpOptions { start: StartContainers::No, recreate: Recreate::Always, ..up.clone() };
        assert!(plan(&alone, &stopped_both().into(), &create).has_changes());
        check(&alone, [Case::new("x runs", stopped(), "")]);
        check(
            &alone,
            [Case::new(
                "y is paused",
                in_sync(&whole).with("shop-y-1", |y| y.state = State::Paused).with("shop-x-1", exited(0)),
                "#1 start container x/1: ran before, exit 0\n",
            )],
        );
    }
    // Volumes are there while the container is, running or not.
    let how: fn(&mut Service) = |s| s.volumes_from.push("y".into());
    let (whole, alone) = (shared(how).load(), x_alone(shared(how)));
    let stopped = in_sync(&whole).with("shop-y-1", exited(0)).with("shop-x-1", exited(1));
    check(&alone, [Case::new("y has its volumes", stopped, "#1 start container x/1: not running\n")]);
    let missing = told(&error(&alone, images_only(&whole), &up));
    assert_eq!(missing.0, "cannot share volume with service y: container missing");
    assert_eq!(missing.1, "services.x.volumes_from");
}

#[test]
fn a_profile_that_is_off_is_no_reason_to_look_away() {
    let optional = |x: &mut Service| {
        x.network_mode = Some(NamespaceMode::from("service:y"));
        super::files::can_use(x, "y", hoist::project::Condition::Started);
    };
    let shared = || files().service("x", "x:1", optional).service("y", "y:1", |y| y.profiles.push("extra".into()));
    let (whole, off) = (shared().load(), shared().disabled("y").load());
    check(&off, [Case::new("y runs", in_sync(&whole), "")]);
    let missing = error(&off, images_only(&whole), &UpOptions::default());
    assert_eq!(missing.hint().unwrap_or_default(), "start it first: `hoist up -d y`");
    let none = shared().change("y", |y| y.scale = Some(0)).load();
    let missing = told(&error(&none, images_only(&none), &UpOptions::default()));
    assert_eq!(missing.0, "cannot share network namespace with service y: container missing");
    assert_eq!(missing.2, "`y` has 0 replicas");
}

#[test]
fn links_reach_what_is_not_selected() {
    let link: fn(&mut Service) = |x| x.links.push(Link { service: "y".into(), alias: None });
    let (whole, alone) = (shared(link).load(), x_alone(shared(link)));
    let plan = plan(&alone, &in_sync(&whole).with("shop-x-1", stale).into(), &UpOptions::default());
    let (_, step) = plan.steps().next().expect("x is made anew");
    let hoist::plan::Action::CreateContainer(spec) = &step.action else { panic!("{plan}") };
    let names: Vec<_> = spec.linked["y"].iter().map(|container| container.name.as_str()).collect();
    assert_eq!(names, ["shop-y-1"]);
    check(&alone, [Case::new("y is gone", in_sync(&whole).without("shop-y-1"), "")]);
}

#[test]
fn what_shares_a_namespace_restarts_after_it() {
    for (name, how) in WAYS {
        let project = shared(how).load();
        let died = || in_sync(&project).with("shop-y-1", exited(137));
        check(
            &project,
            [
                Case::new(
                    name,
                    died(),
                    indoc! {"
                        #1 start container y/1: not running
                        #2 stop container x/1: shares a namespace with y, which was restarted, after #1
                        #3 start container x/1: shares a namespace with y, which was restarted, after #2
                    "},
                ),
                Case::new(
                    name,
                    died().with("shop-x-1", exited(137)),
                    indoc! {"
                        #1 start container y/1: not running
                        #2 start container x/1: not running, after #1
                    "},
                ),
                Case::new(name, died(), "").with(UpOptions { start: StartContainers::No, ..UpOptions::default() }),
                Case::new(
                    name,
                    died().with("shop-x-1", stale),
                    indoc! {"
                        #1 create container x/1 as 782f31000000_shop-x-1: definition changed
                        #2 start container y/1: not running
                        #3 stop container x/1: replaced, after #1, #2
                        #4 remove container x/1: replaced, after #3
                        #5 rename container x/1 to shop-x-1: replaces the old container, after #4
                        #6 start container x/1: replaces the old container, after #5
                    "},
                ),
            ],
        );
    }
    // The mounts of a stopped container stay.
    let project = shared(|x| x.volumes_from.push("y".into())).load();
    check(
        &project,
        [Case::new("volumes", in_sync(&project).with("shop-y-1", exited(1)), "#1 start container y/1: not running\n")],
    );
}

#[test]
fn what_shares_a_namespace_stops_before_it_does() {
    let project = shared(WAYS[0].1).load();
    let moved = in_sync(&project).with_network("shop_default", |network| network.config_hash = Some("old".into()));
    check(
        &project,
        [Case::new(
            "the network of y is recreated",
            moved,
            indoc! {"
                #1 stop container y/1: shop_default is recreated, after #7
                #2 disconnect container y/1 from shop_default: shop_default is recreated, after #1
                #3 remove network shop_default: definition changed, after #2
                #4 create network shop_default: definition changed, after #3
                #5 connect container y/1 to shop_default: shop_default is recreated, after #4
                #6 start container y/1: shop_default is recreated, after #5
                #7 stop container x/1: shares a namespace with y, which was restarted
                #8 start container x/1: shares a namespace with y, which was restarted, after #6
            "},
        )],
    );
}

#[test]
fn what_started_before_its_partner_restarts() {
    let project = shared(WAYS[0].1).load();
    let started = |y: i128, x: i128| {
        in_sync(&project).edit(|observed| {
            observed.started = [(id(&"y".into(), 1), y), (id(&"x".into(), 1), x)].into();
        })
    };
    let restart = indoc! {"
        #1 stop container x/1: shares a namespace with y, which was restarted
        #2 start container x/1: shares a namespace with y, which was restarted, after #1
    "};
    check(&project, [Case::new("in order", started(1, 2), ""), Case::new("y restarted since", started(3, 2), restart)]);
    let unknown = started(3, 2).edit(|observed| {
        observed.started.remove(&id(&"x".into(), 1));
    });
    check(&project, [Case::new("nobody looked at x", unknown, "")]);
    // Also where y is not selected.
    check(&x_alone(shared(WAYS[0].1)), [Case::new("up --no-deps x", started(3, 2), restart)]);

    let observed: Observed = in_sync(&project).into();
    let looked_at =
        |observed: &Observed| namespace_sharers(&project, observed).into_iter().cloned().collect::<Vec<_>>();
    assert_eq!(looked_at(&observed), [id(&"x".into(), 1), id(&"y".into(), 1)]);
    let stopped: Observed = in_sync(&project).with("shop-y-1", exited(0)).into();
    assert_eq!(looked_at(&stopped), []);
    let volumes = shared(|x| x.volumes_from.push("y".into())).load();
    assert!(namespace_sharers(&volumes, &observed).is_empty());
}

#[test]
fn what_is_left_in_a_dead_namespace_is_named() {
    let whole = shared(WAYS[0].1).load();
    let y_alone = shared(WAYS[0].1).select(&["y"]).disabled("x").load();
    let warnings = |state: Engine| {
        let plan = plan(&y_alone, &state.into(), &UpOptions::default());
        plan.warnings().iter().map(message).collect::<Vec<_>>()
    };
    let warning = "x shares the network namespace of y, and y is being restarted: x loses it until `hoist up -d x` restarts x too";
    assert_eq!(warnings(in_sync(&whole).with("shop-y-1", exited(1))), [warning]);
    assert_eq!(warnings(in_sync(&whole).with("shop-y-1", stale)), [warning]);
    assert_eq!(warnings(in_sync(&whole)), [""; 0]);
    assert_eq!(warnings(in_sync(&whole).with("shop-y-1", exited(1)).with("shop-x-1", exited(1))), [""; 0]);
}
