//! What no engine could do, refused before anything is made: with its place and a way out.

use std::sync::Arc;

use hoist::plan::{StartContainers, UpOptions, up};
use hoist::project::value::NamespaceMode;
use hoist::project::{Project, Service};

use super::files::{Files, files, has_address, joins, mounts, publishes};
use super::state::{images_only, in_sync};

fn web(change: impl FnOnce(&mut Service)) -> Files {
    files().service("web", "nginx:1", change)
}

fn scaled(service: &str, number: u32) -> UpOptions {
    UpOptions { scale: [(service.into(), number)].into(), ..UpOptions::default() }
}

/// Message, place and hint.
fn refused(project: &Arc<Project>, options: &UpOptions) -> [String; 3] {
    let error = up(project, &images_only(project).into(), options).expect_err("it is refused");
    let place = error.path().unwrap_or_default().join(".");
    [error.to_string(), place, error.hint().unwrap_or_default()]
}

fn is_accepted(project: &Arc<Project>, options: &UpOptions) -> bool {
    up(project, &images_only(project).into(), options).is_ok()
}

#[test]
fn replicas_do_not_share_a_host_port() {
    let fixed = web(|web| {
        publishes(web, "443");
        publishes(web, "8080:80");
    });
    let refusal = [
        "service `web` cannot have 2 replicas: only one container at a time can publish host port 8080",
        "services.web.ports.1",
        "publish a range as in `8080-8081:80`, or let the engine choose the host port",
    ];
    let project = fixed.load();
    assert!(is_accepted(&project, &UpOptions::default()));
    assert_eq!(refused(&project, &scaled("web", 2)), refusal);
    let written = web(|web| {
        web.scale = Some(3);
        publishes(web, "8080-8081:80");
    });
    let project = written.load();
    assert_eq!(
        refused(&project, &UpOptions::default()),
        [
            "service `web` cannot have 3 replicas: host ports 8080-8081 are not enough for 3 containers at a time",
            "services.web.ports.0",
            "publish a larger range",
        ]
    );
    assert!(is_accepted(&project, &scaled("web", 2)));
    assert!(is_accepted(&project, &UpOptions { start: StartContainers::No, ..UpOptions::default() }));
    assert!(up(&project, &in_sync(&project).into(), &scaled("web", 0)).is_ok());
}

#[test]
fn ports_that_are_not_published_are_no_obstacle() {
    type Change = Box<dyn Fn(&mut Service)>;
    let host = |web: &mut Service| web.network_mode = Some(NamespaceMode::from("host"));
    let on = |network: &'static str| move |web: &mut Service| joins(web, network);
    let cases: [(&str, Change, bool); 6] = [
        ("the host's network", Box::new(host), true),
        ("an internal network", Box::new(on("internal")), true),
        ("a network of another driver", Box::new(on("macvlan")), true),
        ("an external network, of which nothing is known", Box::new(on("external")), true),
        ("a bridge", Box::new(on("bridge")), false),
        ("the engine's default", Box::new(|web| web.network_mode = Some(NamespaceMode::from("bridge"))), false),
    ];
    for (name, change, accepted) in cases {
        let project = web(|web| {
            publishes(web, "8080:80");
            change(web);
        });
        let project = project
            .network("internal", |network| network.internal = true)
            .network("macvlan", |network| network.driver = Some("macvlan".to_owned()))
            .network("external", |_| {})
            .network("bridge", |network| network.driver = Some("bridge".to_owned()));
        let project = project.load();
        let mut observed: hoist::observed::Observed = in_sync(&project).into();
        observed.containers.clear();
        let project = {
            let mut project = Project::clone(&project);
            project.networks.get_mut("external").expect("it is there").external = true;
            Arc::new(project)
        };
        assert_eq!(up(&project, &observed, &scaled("web", 2)).is_ok(), accepted, "{name}");
    }
}

#[test]
fn replicas_do_not_share_an_address() {
    let project = web(|web| has_address(web, "back", "10.0.0.5")).network("back", |_| {}).load();
    assert_eq!(
        refused(&project, &scaled("web", 2)),
        [
            "service `web` cannot have 2 replicas: only one container at a time can have the address 10.0.0.5 on network \
             `back`",
            "services.web.networks.back.ipv4_address",
            "let the engine choose the address",
        ]
    );
}

#[test]
fn names_that_engines_do_not_take() {
    const HINT: &str = "start with a letter or digit, followed by letters, digits, `_`, `.` and `-`";
    for name in ["has space", "_first", "größe", "a/b", "", "/"] {
        let project = web(|web| web.container_name = Some(name.to_owned())).load();
        let message = format!("`{name}` is not a valid container name");
        let expected = [message, "services.web.container_name".to_owned(), HINT.to_owned()];
        assert_eq!(refused(&project, &UpOptions::default()), expected);
        if !name.is_empty() {
            let project = web(|web| mounts(web, "data", "/data")).volume("data", |data| data.name = name.to_owned());
            let message = format!("`{name}` is not a valid volume name");
            let expected = [message, "volumes.data.name".to_owned(), HINT.to_owned()];
            assert_eq!(refused(&project.load(), &UpOptions::default()), expected);
        }
    }
    for name in ["front", "0.a_b-C", "/front"] {
        assert!(is_accepted(&web(|web| web.container_name = Some(name.to_owned())).load(), &UpOptions::default()));
    }
    let foreign = web(|web| mounts(web, "data", "/data")).volume("data", |data| {
        (data.name, data.driver) = ("a/b".to_owned(), Some("nfs".to_owned()));
    });
    assert!(is_accepted(&foreign.load(), &UpOptions::default()), "drivers have rules of their own");
    let blank = web(|web| joins(web, "back")).network("back", |back| back.name = " ".to_owned()).load();
    assert_eq!(
        refused(&blank, &UpOptions::default()),
        ["` ` is not a valid network name", "networks.back.name", "give it a name, or remove the key"]
    );
}

#[test]
fn the_engines_own_networks_are_no_networks_of_a_project() {
    for (name, external) in [("bridge", true), ("host", true), ("none", true), ("bridge", false), ("host", false)] {
        let project = web(|web| joins(web, "back")).network("back", |back| {
            (back.name, back.external) = (name.to_owned(), external);
        });
        assert_eq!(
            refused(&project.load(), &UpOptions::default()),
            [
                format!("network `{name}` is built into the engine, and services cannot find each other by name on it"),
                "networks.back.name".to_owned(),
                format!("use `network_mode: {name}` in the service instead of `networks`"),
            ]
        );
    }
}

#[test]
fn one_container_name_for_two_containers() {
    let named = |service: &mut Service| service.container_name = Some("test".to_owned());
    let project = web(named).service("api", "nginx:1", named).load();
    assert_eq!(
        refused(&project, &UpOptions::default()),
        [
            "container name \"test\" is already in use by service `api`",
            "services.web.container_name",
            "give each container its own name",
        ]
    );
    let generated = web(|web| web.container_name = Some("shop-api-2".to_owned())).service("api", "nginx:1", |_| {});
    let project = generated.load();
    assert!(is_accepted(&project, &UpOptions::default()));
    assert_eq!(
        refused(&project, &scaled("api", 2))[..2],
        ["container name \"shop-api-2\" is already in use by service `api`", "services.web.container_name"]
    );
}

#[test]
fn a_service_to_scale_is_one_to_act_on() {
    let disabled =
        web(|_| {}).service("cache", "redis:7", |cache| cache.profiles = vec!["test".into()]).disabled("cache");
    assert_eq!(
        refused(&disabled.load(), &scaled("cache", 2)),
        ["service `cache` is disabled by its profiles", "services.cache.profiles", "enable it with `--profile test`"]
    );
    let other = web(|_| {}).service("cache", "redis:7", |_| {}).disabled("cache").select(&["web"]);
    assert_eq!(
        refused(&other.load(), &scaled("cache", 2)),
        [
            "`--scale` names service `cache`, which is not one of the services given",
            "",
            "add `cache` to the command line",
        ]
    );
}
