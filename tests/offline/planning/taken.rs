//! Names and addresses that something else has: what is known to fail before anything is made, and who comes first.

use std::sync::Arc;

use hoist::observed::Container;
use hoist::plan::{Orphans, PlanError, Recreate, UpOptions, up};
use hoist::project::{IpamPool, Project, Service, ServiceNetwork};
use indoc::indoc;

use super::files::{Files, files, has_address, joins, restarts_with};
use super::state::{Engine, exited, images_only, in_sync, stale};
use super::{Case, check, plan};

fn named(name: &'static str) -> impl FnOnce(&mut Service) {
    move |service| service.container_name = Some(name.to_owned())
}

/// The message of the error and its hint.
fn refused(project: &Arc<Project>, state: &Engine, options: &UpOptions) -> (String, String) {
    match up(project, &state.clone().into(), options) {
        Err(error @ PlanError::NameTaken { .. }) => {
            assert_eq!(error.path().unwrap_or_default()[2], "container_name");
            (error.to_string(), error.hint().unwrap_or_default())
        }
        Err(error) => panic!("another error: {error}"),
        Ok(plan) => panic!("a plan:\n{plan}"),
    }
}

#[test]
fn the_name_of_an_orphan_is_free_once_that_is_removed() {
    let project = files().service("postgres", "pg:1", named("pg")).load();
    let old = files().service("db", "pg:1", named("pg")).load();
    let state = images_only(&project)
        .edit(|observed| observed.containers = hoist::observed::Observed::from(in_sync(&old)).containers);
    let (message, hint) = refused(&project, &state, &UpOptions::default());
    assert_eq!(
        message,
        "container name `pg` is taken by an orphan container of service `db`, which the files no longer define"
    );
    assert_eq!(hint, "--remove-orphans removes it first");
    let remove = UpOptions { orphans: Orphans::Remove, ..UpOptions::default() };
    check(
        &project,
        [Case::new(
            "with --remove-orphans",
            state,
            indoc! {"
                #1 stop container pg: its service is not in the files
                #2 remove container pg: its service is not in the files, after #1
                #3 create network shop_default: missing
                #4 create container postgres/1 as 64622f310000_pg: no container yet, after #3
                #5 rename container postgres/1 to pg: replaces the old container, after #2, #4
                #6 start container postgres/1: created, after #5
            "},
        )
        .with(remove)],
    );
}

#[test]
fn a_name_that_somebody_keeps_is_told_before_anything_is_made() {
    let project = files().service("web", "web:1", |_| {}).service("other", "other:1", |_| {}).load();
    let bears = |change: fn(&mut Container)| {
        in_sync(&project).without("shop-web-1").with("shop-other-1", |container| {
            container.name = "shop-web-1".to_owned();
            change(container);
        })
    };
    let plain = UpOptions::default();
    let one_off: fn(&mut Container) = |container| {
        container.one_off = true;
        container.number = None;
    };
    let ended: fn(&mut Container) = |container| {
        container.one_off = true;
        exited(0)(container);
    };
    let force = "remove it first: `docker rm --force shop-web-1`";
    for (change, owner, hint) in [
        (one_off, "a one-off container of `run`", force),
        (ended, "a one-off container of `run` that has exited", "--remove-orphans removes it first"),
        (|_| {}, "a container of service `other`, which keeps it", force),
        (|c| c.service = None, "an orphan container", "--remove-orphans removes it first"),
    ] {
        let (message, told) = refused(&project, &bears(change), &plain);
        assert_eq!((message, told.as_str()), (format!("container name `shop-web-1` is taken by {owner}"), hint));
    }
    // It goes, so the name gets free.
    let replaced = bears(|_| {}).with("shop-web-1", stale);
    assert!(plan(&project, &replaced.clone().into(), &plain).to_string().contains("rename container web/1"));
    let kept = UpOptions { recreate: Recreate::Never, ..plain.clone() };
    assert!(refused(&project, &replaced, &kept).0.ends_with("which keeps it"));
    // A service that is not selected.
    let web = files()
        .service("web", "web:1", |_| {})
        .service("other", "other:1", |_| {})
        .select(&["web"])
        .disabled("other")
        .load();
    let (message, hint) = refused(&web, &bears(|_| {}), &plain);
    assert!(message.ends_with("a container of service `other`, which is not part of this run"), "{message}");
    assert_eq!(hint, "remove it first: `hoist down other`");
}

#[test]
fn what_the_file_says_of_an_anonymous_volume_wins_over_what_it_said() {
    use hoist::project::value::{Mount, MountKind};
    let with = |written: Option<bool>, more: fn(&mut Service)| {
        files()
            .service("db", "db:1", |db| {
                let mount = |read_only| Mount {
                    kind: MountKind::Volume,
                    target: "/data".into(),
                    read_only,
                    ..Mount::default()
                };
                db.volumes.extend(written.map(mount));
                more(db);
            })
            .service("y", "y:1", |_| {})
            .load()
    };
    let inherited = |project: &Arc<Project>, was_read_only: bool| {
        let state = in_sync(project).with("shop-db-1", stale).with("shop-db-1", super::state::anonymous("/data"));
        let state = state.with("shop-db-1", |db| db.mounts[0].read_only = was_read_only);
        let plan = plan(project, &state.into(), &UpOptions::default());
        let spec = plan.steps().find_map(|(_, step)| {
            let hoist::plan::Action::CreateContainer(spec) = &step.action else { return None };
            spec.replaces.clone()
        });
        spec.expect("it is replaced").inherited[0].read_only
    };
    let nothing: fn(&mut Service) = |_| {};
    let shares: fn(&mut Service) = |db| db.volumes_from.push("y:ro".into());
    for (written, more, was, is) in [
        (Some(true), nothing, false, true),
        (Some(false), nothing, true, false),
        // The image has it, and the file does not ask for less any more.
        (None, nothing, true, false),
        (None, nothing, false, false),
        // The other container's mounts are as `volumes_from` says.
        (None, shares, true, true),
    ] {
        assert_eq!(inherited(&with(written, more), was), is, "{written:?} {was}");
    }
}

#[test]
fn a_volume_that_somebody_goes_on_mounting_is_not_recreated() {
    let files = || {
        files().volume("data", |_| {}).service("x", "x:1", |x| super::files::mounts(x, "data", "/data")).service(
            "y",
            "y:1",
            |y| super::files::mounts(y, "data", "/data"),
        )
    };
    let state = in_sync(&files().load()).with_volume("shop_data", |data| data.config_hash = Some("old".into()));
    let recreate = UpOptions { recreate_volumes: super::files::volume_keys(&["data"]), ..UpOptions::default() };
    assert!(plan(&files().load(), &state.clone().into(), &recreate).has_changes());
    let alone = files().select(&["x"]).disabled("y").load();
    let refused = |project: &Arc<Project>, state: Engine| {
        up(project, &state.into(), &recreate).expect_err("it is mounted").to_string()
    };
    assert_eq!(
        refused(&alone, state.clone()),
        "volume shop_data must be recreated because its definition changed, but containers that stay mount it: shop-y-1"
    );
    let visited = state.with_volume("shop_data", |data| data.visitors.push("other-db-1".to_owned()));
    assert_eq!(
        refused(&files().load(), visited.clone()),
        "volume shop_data must be recreated because its definition changed, but containers that stay mount it: other-db-1"
    );
    assert!(up(&files().load(), &visited.into(), &UpOptions::default()).is_ok(), "it is kept");
}

#[test]
fn an_address_that_somebody_keeps_is_told_before_anything_is_made() {
    let project = on_one_network().load();
    let has = |address: &str| {
        let address = address.to_owned();
        in_sync(&project).with("shop-b-1", exited(1)).with("shop-a-1", |a| {
            a.networks.get_mut("shop_n").expect("it is on it").ipv4 = Some(address);
        })
    };
    check(&project, [Case::new("another address", has("10.0.0.3"), "#1 start container b/1: not running\n")]);
    let error = up(&project, &has("10.0.0.2").into(), &UpOptions::default()).expect_err("a has it");
    assert_eq!(error.to_string(), "address 10.0.0.2 on network `n` is taken by container shop-a-1");
    assert_eq!(error.path().unwrap_or_default(), ["services", "b", "networks", "n", "ipv4_address"]);
    // It stops before.
    assert!(plan(&project, &has("10.0.0.2").with("shop-a-1", stale).into(), &UpOptions::default()).has_changes());
}

fn on_one_network() -> Files {
    files()
        .network("n", |_| {})
        .service("a", "a:1", |a| joins(a, "n"))
        .service("b", "b:1", |b| has_address(b, "n", "10.0.0.2"))
}

#[test]
fn fixed_addresses_start_first() {
    let project = on_one_network().service("c", "c:1", |_| {}).load();
    check(
        &project,
        [
            Case::new(
                "nothing is there",
                images_only(&project),
                indoc! {"
                    #1 create network shop_default: missing
                    #2 create network shop_n: missing
                    #3 create container a/1: no container yet, after #2
                    #4 create container b/1: no container yet, after #2
                    #5 create container c/1: no container yet, after #1
                    #6 start container a/1: created, after #3, after the end of #7
                    #7 start container b/1: created, after #4
                    #8 start container c/1: created, after #5
                "},
            ),
            Case::new(
                "b has its address",
                in_sync(&project).with("shop-a-1", exited(1)),
                "#1 start container a/1: not running\n",
            ),
            Case::new(
                "a runs until b has its address again",
                in_sync(&project).with("shop-a-1", stale).with("shop-b-1", exited(1)),
                indoc! {"
                    #1 create container a/1 as 612f31000000_shop-a-1: definition changed
                    #2 stop container a/1: replaced, after #1, after the end of #6
                    #3 remove container a/1: replaced, after #2
                    #4 rename container a/1 to shop-a-1: replaces the old container, after #3
                    #5 start container a/1: replaces the old container, after #4
                    #6 start container b/1: not running
                "},
            ),
        ],
    );
}

#[test]
fn fixed_addresses_wait_for_what_they_need() {
    // `b` depends on `a`, and each has an address of one kind.
    let project = on_one_network().change("b", |b| restarts_with(b, "a")).load();
    let starts = |project: &Arc<Project>| {
        let plan = plan(project, &images_only(project).into(), &UpOptions::default()).to_string();
        plan.lines()
            .filter(|line| line.contains("start"))
            .map(|line| line.split_once(' ').map_or(line, |(_, rest)| rest).to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        starts(&project),
        ["start container a/1: created, after #2", "start container b/1: created, after #3, #4"]
    );
    let both = on_one_network()
        .change("a", |a| {
            let settings = ServiceNetwork { ipv6_address: Some("fd00::2".to_owned()), ..ServiceNetwork::default() };
            a.networks.insert("n".into(), Some(settings));
        })
        .load();
    assert_eq!(
        starts(&both),
        ["start container a/1: created, after #2, after the end of #5", "start container b/1: created, after #3"]
    );
    // Where the engine hands out addresses of another part of the subnet, nobody waits.
    let apart = on_one_network()
        .network("n", |n| {
            let pool = IpamPool {
                subnet: Some("10.0.0.0/16".to_owned()),
                ip_range: Some("10.0.128.0/17".to_owned()),
                ..IpamPool::default()
            };
            n.ipam.config.push(pool);
        })
        .load();
    assert_eq!(starts(&apart), ["start container a/1: created, after #2", "start container b/1: created, after #3"]);
}
