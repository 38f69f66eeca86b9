//! Networks and volumes, ports and addresses that change hands.

use std::sync::Arc;

use hoist::observed::{Container, Network, Volume};
use hoist::plan::{Orphans, Plan, StartContainers, UpOptions, up};
use hoist::project::fingerprint::Fingerprint;
use hoist::project::value::{BindOptions, Mount, MountKind};
use hoist::project::{Build, Config, FileReference, FileSource, NetworkKey, Project, Secret, Service};
use hoist::render::warning::plan::{hint, message};
use indoc::indoc;

use super::files::{Files, files, has_address, joins, mounts, publishes, restarts_with, volume_keys};
use super::state::{Engine, exited, images_only, in_sync, stale};
use super::{Case, check, plan};

fn on_front() -> Files {
    files()
        .network("front", |_| {})
        .network("back", |_| {})
        .service("web", "nginx:1", |web| {
            joins(web, "front");
            joins(web, "back");
        })
        .service("db", "mysql:8", |db| joins(db, "back"))
}

fn with_data() -> Files {
    files()
        .volume("data", |_| {})
        .service("db", "mysql:8", |db| mounts(db, "data", "/var/lib/mysql"))
        .service("backup", "backup:1", |backup| backup.volumes_from.push("db".into()))
        .service("web", "nginx:1", |_| {})
}

fn remove_orphans() -> UpOptions {
    UpOptions { orphans: Orphans::Remove, ..UpOptions::default() }
}

fn warnings(plan: &hoist::plan::Plan) -> Vec<String> {
    plan.warnings().iter().map(message).collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn networks_are_made_kept_and_recreated() {
    let project = on_front().load();
    let internal = on_front().network("front", |front| front.internal = true).load();
    let renamed = on_front().network("front", |front| front.name = "public".into()).load();
    check(
        &project,
        [
            Case::new(
                "no network is there",
                images_only(&project),
                indoc! {"
                    #1 create network shop_back: missing
                    #2 create network shop_front: missing
                    #3 create container db/1: no container yet, after #1
                    #4 create container web/1: no container yet, after #1, #2
                    #5 start container db/1: created, after #3
                    #6 start container web/1: created, after #4
                "},
            ),
            Case::new(
                "a network without a hash is kept",
                in_sync(&project).with_network("shop_front", |front| front.config_hash = None),
                "",
            ),
            Case::new(
                "a running container lost its network",
                in_sync(&project).with("shop-web-1", |web| {
                    web.networks.remove("shop_front");
                }),
                indoc! {"
                    #1 create container web/1 as 7765622f3100_shop-web-1: not connected to network front
                    #2 stop container web/1: replaced, after #1
                    #3 remove container web/1: replaced, after #2
                    #4 rename container web/1 to shop-web-1: replaces the old container, after #3
                    #5 start container web/1: replaces the old container, after #4
                "},
            ),
            Case::new(
                "one that does not run is connected before it starts",
                in_sync(&project).with("shop-web-1", |web| {
                    web.networks.clear();
                    exited(1)(web);
                }),
                indoc! {"
                    #1 connect container web/1 to shop_back: not connected to network back
                    #2 connect container web/1 to shop_front: not connected to network front
                    #3 start container web/1: not running, after #1, #2
                "},
            ),
            Case::new(
                "a network was made anew by hand while web was down",
                in_sync(&project)
                    .with_network("shop_front", |front| front.id = "another".into())
                    .with("shop-web-1", exited(1)),
                indoc! {"
                    #1 create container web/1 as 7765622f3100_shop-web-1: not connected to network front
                    #2 remove container web/1: replaced, after #1
                    #3 rename container web/1 to shop-web-1: replaces the old container, after #2
                    #4 start container web/1: replaces the old container, after #3
                "},
            ),
            Case::new(
                "the engine does not tell the ids of networks",
                in_sync(&project).with("shop-web-1", |web| {
                    web.networks.values_mut().for_each(|endpoint| endpoint.network = None);
                }),
                "",
            ),
        ],
    );
    check(
        &internal,
        [
            Case::new(
                "front became internal",
                in_sync(&project),
                indoc! {"
                    #1 stop container web/1: shop_front is recreated
                    #2 disconnect container web/1 from shop_front: shop_front is recreated, after #1
                    #3 remove network shop_front: definition changed, after #2
                    #4 create network shop_front: definition changed, after #3
                    #5 connect container web/1 to shop_front: shop_front is recreated, after #4
                    #6 start container web/1: shop_front is recreated, after #5
                "},
            ),
            Case::new(
                "front became internal, and web changed",
                in_sync(&project).with("shop-web-1", stale),
                indoc! {"
                    #1 stop container web/1: shop_front is recreated
                    #2 disconnect container web/1 from shop_front: shop_front is recreated, after #1
                    #3 remove network shop_front: definition changed, after #2
                    #4 create network shop_front: definition changed, after #3
                    #5 create container web/1 as 7765622f3100_shop-web-1: definition changed, after #4
                    #6 remove container web/1: replaced, after #5
                    #7 rename container web/1 to shop-web-1: replaces the old container, after #6
                    #8 start container web/1: replaces the old container, after #7
                "},
            ),
            Case::new(
                "front became internal, and web does not run",
                in_sync(&project).with("shop-web-1", exited(1)),
                indoc! {"
                    #1 disconnect container web/1 from shop_front: shop_front is recreated
                    #2 remove network shop_front: definition changed, after #1
                    #3 create network shop_front: definition changed, after #2
                    #4 connect container web/1 to shop_front: shop_front is recreated, after #3
                    #5 start container web/1: not running, after #4
                "},
            ),
            Case::new(
                "front became internal, and one replica is too many",
                in_sync(&project).running("web", 2),
                indoc! {"
                    #1 stop container web/2: scaled down
                    #2 remove container web/2: scaled down, after #1
                    #3 stop container web/1: shop_front is recreated
                    #4 disconnect container web/1 from shop_front: shop_front is recreated, after #3
                    #5 remove network shop_front: definition changed, after #2, #4
                    #6 create network shop_front: definition changed, after #5
                    #7 connect container web/1 to shop_front: shop_front is recreated, after #6
                    #8 start container web/1: shop_front is recreated, after #7
                "},
            ),
            Case::new(
                "front became internal, and an orphan on it goes",
                in_sync(&project).orphan("old").with("shop-old-1", |old| {
                    old.networks.insert("shop_front".into(), hoist::observed::Endpoint::default());
                }),
                indoc! {"
                    #1 stop container shop-old-1: its service is not in the files
                    #2 remove container shop-old-1: its service is not in the files, after #1
                    #3 stop container web/1: shop_front is recreated
                    #4 disconnect container web/1 from shop_front: shop_front is recreated, after #3
                    #5 remove network shop_front: definition changed, after #2, #4
                    #6 create network shop_front: definition changed, after #5
                    #7 connect container web/1 to shop_front: shop_front is recreated, after #6
                    #8 start container web/1: shop_front is recreated, after #7
                "},
            )
            .with(remove_orphans()),
        ],
    );
    check(
        &renamed,
        [Case::new(
            "front got another name",
            in_sync(&project),
            indoc! {"
                #1 remove network shop_front: definition changed, after #5
                #2 create network public: definition changed
                #3 create container web/1 as 7765622f3100_shop-web-1: shop_front is recreated, after #2
                #4 stop container web/1: replaced, after #3
                #5 remove container web/1: replaced, after #4
                #6 rename container web/1 to shop-web-1: replaces the old container, after #5
                #7 start container web/1: replaces the old container, after #6
            "},
        )],
    );
}

#[test]
fn a_network_that_others_use_is_not_recreated() {
    let project = on_front().load();
    let internal = on_front().network("front", |front| front.internal = true).load();
    let state = in_sync(&project).orphan("old").with("shop-old-1", |old| {
        old.networks.insert("shop_front".into(), hoist::observed::Endpoint::default());
    });
    let error = hoist::plan::up(&internal, &state.into(), &UpOptions::default()).expect_err("refused");
    assert_eq!(
        error.to_string(),
        "network shop_front must be recreated because its definition changed, but containers that stay are connected to it: \
         shop-old-1"
    );
    assert_eq!(error.path(), Some(vec!["networks", "front"]));
}

#[test]
fn connections_are_made_again_with_all_their_settings() {
    let address = |files: Files| files.change("web", |web| has_address(web, "front", "10.0.0.9"));
    let project = address(on_front()).load();
    let internal = address(on_front().network("front", |front| front.internal = true)).load();
    let plan = plan(&internal, &in_sync(&project).into(), &UpOptions::default());
    let connected = plan.steps().find_map(|(_, step)| {
        let hoist::plan::Action::ConnectNetwork { spec, key, .. } = &step.action else { return None };
        Some((spec.clone(), key.clone()))
    });
    let (spec, key) = connected.expect("web is connected again");
    assert_eq!(key, NetworkKey::from("front"));
    let settings = spec.project.services[&spec.replica.service].networks[&key].clone().expect("its settings");
    assert_eq!(settings.ipv4_address.as_deref(), Some("10.0.0.9"));
}

#[test]
fn what_nobody_labelled_is_used_with_a_warning() {
    let project = on_front().load();
    let foreign = |owner: Option<&str>| Network {
        id: "foreign".into(),
        name: "shop_front".into(),
        project: owner.map(str::to_owned),
        key: None,
        config_hash: None,
        ..Network::default()
    };
    let state = |owner| images_only(&project).edit(|observed| observed.networks.push(foreign(owner)));
    let told = |owner| warnings(&plan(&project, &state(owner).into(), &UpOptions::default()));
    assert!(told(None)[0].contains("network shop_front exists but was not created by compose"));
    assert!(told(Some("other"))[0].contains("exists but was not created for project \"shop\""));
    check(
        &project,
        [Case::new(
            "a network of that name is there",
            state(None),
            indoc! {"
                #1 create network shop_back: missing
                #2 create container db/1: no container yet, after #1
                #3 create container web/1: no container yet, after #1
                #4 start container db/1: created, after #2
                #5 start container web/1: created, after #3
            "},
        )],
    );

    let data = with_data().load();
    let foreign = |owner: Option<&str>| Volume {
        name: "shop_data".into(),
        project: owner.map(str::to_owned),
        key: None,
        config_hash: Some("another".into()),
        ..Volume::default()
    };
    let told = |owner| {
        let state = images_only(&data).edit(|observed| observed.volumes.push(foreign(owner)));
        warnings(&plan(&data, &state.into(), &UpOptions::default()))
    };
    assert!(told(None)[0].contains("volume \"shop_data\" already exists but was not created by Docker Compose"));
    assert!(
        told(Some("other"))[0].contains("already exists but was created for project \"other\" (expected \"shop\")")
    );
}

#[test]
fn external_resources_have_to_be_there() {
    let network = files().network("web", |web| {
        web.name = "proxy".into();
        web.external = true;
    });
    let network = network.service("web", "nginx:1", |web| joins(web, "web")).load();
    let volume = files().volume("data", |data| {
        data.name = "shared".into();
        data.external = true;
    });
    let volume = volume.service("web", "nginx:1", |web| mounts(web, "data", "/data")).load();
    let refused = |project, state: super::state::Engine| {
        hoist::plan::up(project, &state.into(), &UpOptions::default()).expect_err("refused").to_string()
    };
    assert_eq!(refused(&network, images_only(&network)), "network proxy declared as external, but could not be found");
    assert_eq!(refused(&volume, images_only(&volume)), "external volume \"shared\" not found");
    let twice = in_sync(&network).edit(|observed| {
        let mut other = observed.networks[0].clone();
        other.id = "second".into();
        observed.networks.push(other);
    });
    assert_eq!(
        refused(&network, twice),
        "multiple networks with name \"proxy\" were found. Use network ID as `name` to avoid ambiguity"
    );
    check(&network, [Case::new("an external network is there", in_sync(&network), "")]);
    check(&volume, [Case::new("an external volume is there", in_sync(&volume), "")]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn volumes_are_made_kept_and_recreated_only_when_agreed() {
    let project = with_data().load();
    let other = with_data()
        .volume("data", |data| {
            data.driver_opts.insert("type".into(), "nfs".into());
        })
        .load();
    let renamed = with_data().volume("data", |data| data.name = "shop_data2".into()).load();
    let agreed = UpOptions { recreate_volumes: volume_keys(&["data"]), ..UpOptions::default() };
    check(
        &project,
        [
            Case::new(
                "no volume is there",
                images_only(&project),
                indoc! {"
                    #1 create network shop_default: missing
                    #2 create volume shop_data: missing
                    #3 create container db/1: no container yet, after #1, #2
                    #4 create container backup/1: no container yet, after #3
                    #5 create container web/1: no container yet, after #1
                    #6 start container db/1: created, after #3
                    #7 start container backup/1: created, after #4, #6
                    #8 start container web/1: created, after #5
                "},
            ),
            Case::new(
                "the volume was removed by hand while db is down",
                in_sync(&project).without_volume("shop_data").without("shop-db-1").without("shop-backup-1"),
                indoc! {"
                    #1 create volume shop_data: missing
                    #2 create container db/1: no container yet, after #1
                    #3 create container backup/1: no container yet, after #2
                    #4 start container db/1: created, after #2
                    #5 start container backup/1: created, after #3, #4
                "},
            ),
            Case::new(
                "a container does not mount the volume",
                in_sync(&project).with("shop-db-1", |db| db.mounts.clear()),
                indoc! {"
                    #1 create container db/1 as 64622f310000_shop-db-1: does not mount volume data
                    #2 create container backup/1 as 6261636b7570_shop-backup-1: shares with db, which is recreated, after #1
                    #3 stop container db/1: replaced, after #1
                    #4 remove container db/1: replaced, after #3
                    #5 rename container db/1 to shop-db-1: replaces the old container, after #4
                    #6 start container db/1: replaces the old container, after #5
                    #7 stop container backup/1: replaced, after #2, #6
                    #8 remove container backup/1: replaced, after #7
                    #9 rename container backup/1 to shop-backup-1: replaces the old container, after #8
                    #10 start container backup/1: replaces the old container, after #9
                "},
            ),
        ],
    );
    check(
        &other,
        [
            Case::new("the definition changed and nobody agreed", in_sync(&project), ""),
            Case::new(
                "the definition changed and the user agreed",
                in_sync(&project),
                indoc! {"
                    #1 stop container backup/1: shop_data is recreated
                    #2 remove container backup/1: shop_data is recreated, after #1
                    #3 stop container db/1: shop_data is recreated
                    #4 remove container db/1: shop_data is recreated, after #3
                    #5 remove volume shop_data and its data: definition changed, after #2, #4
                    #6 create volume shop_data: definition changed, after #5
                    #7 create container db/1: shop_data is recreated, after #6
                    #8 create container backup/1: shop_data is recreated, after #7
                    #9 start container db/1: created, after #7
                    #10 start container backup/1: created, after #8, #9
                "},
            )
            .with(agreed),
        ],
    );
    check(
        &renamed,
        [Case::new(
            "the volume got another name",
            in_sync(&project),
            indoc! {"
                #1 create volume shop_data2: missing
                #2 create container db/1 as 64622f310000_shop-db-1: does not mount volume data, after #1
                #3 create container backup/1 as 6261636b7570_shop-backup-1: shares with db, which is recreated, after #2
                #4 stop container db/1: replaced, after #2
                #5 remove container db/1: replaced, after #4
                #6 rename container db/1 to shop-db-1: replaces the old container, after #5
                #7 start container db/1: replaces the old container, after #6
                #8 stop container backup/1: replaced, after #3, #7
                #9 remove container backup/1: replaced, after #8
                #10 rename container backup/1 to shop-backup-1: replaces the old container, after #9
                #11 start container backup/1: replaces the old container, after #10
            "},
        )],
    );
    let changed: Vec<_> = hoist::plan::changed_volumes(&other, &in_sync(&project).into())
        .into_iter()
        .map(|(key, _)| key.to_string())
        .collect();
    assert_eq!(changed, ["data"]);
    let told = warnings(&plan(&renamed, &in_sync(&project).into(), &UpOptions::default()));
    assert!(told[0].contains("volume \"shop_data\" carries the compose label \"data\" but does not match"), "{told:?}");
}

#[test]
fn ports_names_and_addresses_are_freed_before_they_are_taken() {
    let before = files().service("old", "nginx:1", |old| {
        old.container_name = Some("front".into());
        publishes(old, "80:80");
    });
    let after = files().service("new", "nginx:1", |new| {
        new.container_name = Some("front".into());
        publishes(new, "80:80");
    });
    let (before, after) = (before.load(), after.load());
    check(
        &after,
        [Case::new(
            "a service was renamed",
            in_sync(&before),
            indoc! {"
                #1 stop container front: its service is not in the files
                #2 remove container front: its service is not in the files, after #1
                #3 create container new/1 as 6f6c642f3100_front: no container yet
                #4 rename container new/1 to front: replaces the old container, after #2, #3
                #5 start container new/1: created, after #4
            "},
        )
        .with(remove_orphans())],
    );

    let swapped = |a: &'static str, b: &'static str| {
        files()
            .service("a", "nginx:1", |service| publishes(service, a))
            .service("b", "nginx:1", |service| {
                publishes(service, b);
                super::files::needs(service, "a", hoist::project::Condition::Started);
            })
            .load()
    };
    let (first, second) = (swapped("80:80", "81:80"), swapped("81:80", "80:80"));
    check(
        &second,
        [Case::new(
            "two services exchange their ports",
            in_sync(&first),
            indoc! {"
                #1 create container a/1 as 612f31000000_shop-a-1: ports changed
                #2 create container b/1 as 622f31000000_shop-b-1: ports changed
                #3 stop container a/1: replaced, after #1
                #4 remove container a/1: replaced, after #3
                #5 rename container a/1 to shop-a-1: replaces the old container, after #4
                #6 start container a/1: replaces the old container, after #5, #7
                #7 stop container b/1: replaced, after #2
                #8 remove container b/1: replaced, after #7
                #9 rename container b/1 to shop-b-1: replaces the old container, after #8
                #10 start container b/1: replaces the old container, after #6, #9
            "},
        )],
    );

    let address = |a: &'static str, b: &'static str| {
        files()
            .network("net", |_| {})
            .service("a", "nginx:1", |service| has_address(service, "net", a))
            .service("b", "nginx:1", |service| has_address(service, "net", b))
            .load()
    };
    let (first, second) = (address("10.0.0.2", "10.0.0.3"), address("10.0.0.3", "10.0.0.4"));
    check(
        &second,
        [Case::new(
            "an address goes from b to a",
            in_sync(&first),
            indoc! {"
                #1 create container a/1 as 612f31000000_shop-a-1: networks changed
                #2 create container b/1 as 622f31000000_shop-b-1: networks changed
                #3 stop container a/1: replaced, after #1
                #4 remove container a/1: replaced, after #3
                #5 rename container a/1 to shop-a-1: replaces the old container, after #4
                #6 start container a/1: replaces the old container, after #5, #7
                #7 stop container b/1: replaced, after #2
                #8 remove container b/1: replaced, after #7
                #9 rename container b/1 to shop-b-1: replaces the old container, after #8
                #10 start container b/1: replaces the old container, after #9
            "},
        )],
    );
    let udp = files().service("dns", "dns:1", |dns| {
        publishes(dns, "53:53/udp");
        restarts_with(dns, "web");
    });
    let udp = udp.service("web", "nginx:1", |_| {}).load();
    check(
        &udp,
        [Case::new(
            "another protocol is no clash",
            in_sync(&udp).with("shop-dns-1", stale),
            indoc! {"
                #1 create container dns/1 as 646e732f3100_shop-dns-1: definition changed
                #2 stop container dns/1: replaced, after #1
                #3 remove container dns/1: replaced, after #2
                #4 rename container dns/1 to shop-dns-1: replaces the old container, after #3
                #5 start container dns/1: replaces the old container, after #4
            "},
        )],
    );
}

#[test]
fn a_second_network_of_the_same_name_goes() {
    // Engines before 25.0 make one where two runs begin at the same time, and then connect nobody to either.
    let project = files().service("web", "nginx:1", |_| {}).load();
    let twice = |state: Engine| {
        state.edit(|observed| {
            let mut second = observed.networks[0].clone();
            second.id = "0-unused".into();
            observed.networks.push(second);
        })
    };
    check(
        &project,
        [
            Case::new(
                "kept",
                twice(in_sync(&project)),
                indoc! {"
            #1 remove network shop_default: left by an interrupted run
        "},
            ),
            Case::new(
                "before anybody is connected",
                twice(in_sync(&project).without("shop-web-1")),
                indoc! {"
            #1 remove network shop_default: left by an interrupted run
            #2 create container web/1: no container yet, after #1
            #3 start container web/1: created, after #2
        "},
            ),
        ],
    );
}

#[test]
fn changed_contents_are_told_and_recreate_nothing() {
    let contents = |nginx: &str| {
        Fingerprint::of_contents([("config.nginx_conf".to_owned(), nginx), ("secret.word".to_owned(), "w")])
    };
    let project = files()
        .service("web", "nginx:1", |web| {
            web.scale = Some(2);
            web.configs.push(FileReference { source: "nginx_conf".into(), ..FileReference::default() });
        })
        .service("db", "mysql:8", |_| {})
        .load();
    let made_with = |label: Option<&str>, change: fn(&mut Container)| {
        let mut state = in_sync(&project);
        for name in ["shop-web-1", "shop-web-2", "shop-db-1"] {
            state = state.with(name, |container| {
                let label = label.map(|text| contents(text).to_string());
                container.labels.extend(label.map(|label| ("hoist.contents".to_owned(), label)));
                change(container);
            });
        }
        state
    };
    let told = |state: Engine| {
        let options = UpOptions { contents: contents("new"), ..UpOptions::default() };
        let plan = plan(&project, &state.into(), &options);
        (warnings(&plan), plan.has_changes())
    };
    let words = "config nginx_conf changed since web/1, web/2 were created: hoist up --force-recreate web";
    assert_eq!(told(made_with(Some("old"), |_| {})), (vec![words.to_owned()], false));
    assert_eq!(told(made_with(Some("new"), |_| {})), (vec![], false));
    // Docker Compose made it: nothing is known.
    assert_eq!(told(made_with(None, |_| {})), (vec![], false));
    // These are started with the new content, or recreated.
    assert_eq!(told(made_with(Some("old"), |web| exited(0)(web))).0, [""; 0]);
    assert_eq!(told(made_with(Some("old"), stale)).0, [""; 0]);
}

/// `web` gets a secret or config; `db` is there beside it.
fn with_content(change: impl FnOnce(&mut Project)) -> Arc<Project> {
    let project = files()
        .service("web", "nginx:1", |web| {
            web.secrets.push(FileReference { source: "word".into(), ..FileReference::default() });
            web.configs.push(FileReference { source: "conf".into(), ..FileReference::default() });
        })
        .service("db", "mysql:8", |_| {})
        .load();
    let mut project = Project::clone(&project);
    let word = FileSource::Environment { variable: "WORD".to_owned(), value: Some("x".to_owned()) };
    project.secrets.insert("word".into(), Secret { source: Some(word), ..Secret::default() });
    let conf = FileSource::File("/shop/conf".to_owned());
    project.configs.insert("conf".into(), Config { source: Some(conf), ..Config::default() });
    change(&mut project);
    Arc::new(project)
}

fn web(project: &mut Project) -> &mut Service {
    project.services.get_mut("web").expect("it is there")
}

#[test]
fn a_file_that_is_not_there_is_an_error_before_anything_is_made() {
    let project = with_content(|_| {});
    let options = UpOptions { missing_files: ["/shop/conf".to_owned()].into(), ..UpOptions::default() };
    for start in [StartContainers::Yes, StartContainers::No] {
        let options = UpOptions { start, ..options.clone() };
        let error = up(&project, &images_only(&project).into(), &options).expect_err("there is no file");
        assert_eq!(error.to_string(), "the file of config \"conf\" does not exist: /shop/conf");
        assert_eq!(error.path(), Some(vec!["configs", "conf", "file"]));
    }
    assert!(up(&project, &in_sync(&project).into(), &options).is_ok(), "what runs does not need it again");
    let stopped = in_sync(&project).with("shop-web-1", exited(0));
    assert!(up(&project, &stopped.into(), &options).is_err(), "what starts does");

    let build = |project: &mut Project| {
        let service = web(project);
        service.configs.clear();
        service.secrets.clear();
        let secret = FileReference { source: "word".into(), ..FileReference::default() };
        service.build = Some(Build { secrets: vec![secret], ..Build::default() });
        service.image = None;
        let file = FileSource::File("/shop/word".to_owned());
        project.secrets.insert("word".into(), Secret { source: Some(file), ..Secret::default() });
    };
    let project = with_content(build);
    let options = UpOptions { missing_files: ["/shop/word".to_owned()].into(), ..UpOptions::default() };
    let observed = images_only(&project).without_image("shop-web").into();
    let error = up(&project, &observed, &options).expect_err("there is no file");
    assert_eq!(error.path(), Some(vec!["secrets", "word", "file"]));
}

#[test]
fn a_mount_that_becomes_a_folder_though_a_file_is_meant_is_told() {
    let source = "/shop/nginx.conf".to_owned();
    let mount = Mount {
        kind: MountKind::Bind,
        source: Some(source.clone()),
        target: "/etc/nginx/nginx.conf".to_owned(),
        bind: Some(BindOptions::default()),
        ..Mount::default()
    };
    let project = with_content(|project| web(project).volumes = vec![mount.clone()]);
    let observed = || images_only(&project).into();
    let options = UpOptions { missing_files: [source].into(), ..UpOptions::default() };
    let plan = up(&project, &observed(), &options).expect("a plan");
    let warning = &plan.warnings()[0];
    assert_eq!(
        message(warning),
        "/shop/nginx.conf, which service web mounts, does not exist: the engine will create a folder with that name"
    );
    assert_eq!(warning.path(), Some(vec!["services", "web", "volumes", "0"]));
    let there = up(&project, &observed(), &UpOptions::default()).expect("a plan");
    assert_eq!(warnings(&there), Vec::<String>::new());
}

#[test]
fn what_is_exposed_and_no_port_is_refused_before_anything_is_made() {
    for text in ["80-", "web", "90-80", "80/http"] {
        let project = with_content(|project| web(project).expose = vec!["80".to_owned(), text.to_owned()]);
        let error = up(&project, &images_only(&project).into(), &UpOptions::default()).expect_err("it is no port");
        assert_eq!(error.to_string(), format!("service `web` exposes `{text}`, which is not a port"));
        assert_eq!(error.path(), Some(vec!["services", "web", "expose", "1"]));
    }
}

#[test]
fn content_under_what_is_mounted_later_is_told_or_refused() {
    let mount = |kind: MountKind, target: &str, read_only: bool| Mount {
        kind,
        source: Some("x".to_owned()),
        target: target.to_owned(),
        read_only,
        ..Mount::default()
    };
    let planned = |change: &dyn Fn(&mut Service)| {
        let project = with_content(|project| change(web(project)));
        match up(&project, &images_only(&project).into(), &UpOptions::default()) {
            Ok(plan) => warnings(&plan).join("\n"),
            Err(error) => format!("error: {error}"),
        }
    };
    let hidden = "service web will not see secret \"word\": it is copied to /run/secrets/word, which is hidden by";
    assert_eq!(planned(&|_| {}), "");
    assert_eq!(planned(&|web| web.tmpfs = vec!["/run:size=1m".into()]), format!("{hidden} the tmpfs at /run"));
    let long = |web: &mut Service| web.volumes = vec![mount(MountKind::Tmpfs, "/run/secrets", false)];
    assert_eq!(planned(&long), format!("{hidden} the tmpfs at /run/secrets"));
    let own = |web: &mut Service| web.secrets[0].target = Some("/dev/word".to_owned());
    assert!(planned(&own).ends_with("hidden by the /dev that the engine mounts"), "{}", planned(&own));
    // What comes from a file is mounted too.
    assert_eq!(planned(&|web| web.tmpfs = vec!["/conf.d".into(), "/".into()]).lines().count(), 1);
    assert_eq!(planned(&|web| web.volumes = vec![mount(MountKind::Bind, "/run", false)]), "");

    let refused = "error: cannot create secret \"word\" in";
    assert_eq!(
        planned(&|web| web.read_only = true),
        format!("{refused} read-only service web: its content is copied into the file system")
    );
    for kind in [MountKind::Bind, MountKind::Volume, MountKind::Image] {
        assert_eq!(
            planned(&|web| web.volumes = vec![mount(kind, "/run", true)]),
            format!("{refused} service web: its content is copied to /run/secrets/word, and /run is mounted read-only")
        );
    }
    assert_eq!(
        planned(&|web| web.volumes = vec![mount(MountKind::Bind, "/run/secrets/word", false)]),
        format!("{refused} service web: its content is copied to /run/secrets/word, where something else is mounted")
    );
    let project = with_content(|project| web(project).tmpfs = vec!["/run".into()]);
    let plan = plan(&project, &images_only(&project).into(), &UpOptions::default());
    assert_eq!(plan.warnings()[0].path(), Some(vec!["services", "web", "secrets", "0"]));
    assert!(hint(&plan.warnings()[0]).is_some_and(|hint| hint.contains("outside /run")));
    let settled = plan_of_settled(&project);
    assert_eq!(warnings(&settled), [""; 0], "nothing is copied into what runs");
}

fn plan_of_settled(project: &Arc<Project>) -> Plan {
    up(project, &in_sync(project).into(), &UpOptions::default()).expect("a plan")
}
