use indoc::indoc;

use super::*;
use crate::project::service::{Deploy, Hook, SshKey};
use crate::project::value::{BindOptions, Mount, MountKind, Ulimit};
use crate::project::{Build, Extensions};

fn extensions(text: &str) -> Extensions {
    serde_yaml::from_str(text).expect("a mapping")
}

fn service_json(service: &Service) -> String {
    super::service(service, Form::Json).to_json_compact()
}

#[test]
fn what_is_empty_is_left_out_but_pointers_and_blocks_stay() {
    let empty = Service {
        command: Some(Vec::new()),
        deploy: Some(Deploy::default()),
        init: Some(false),
        scale: Some(0),
        stop_grace_period: Some("0s".parse().expect("a duration")),
        hostname: Some(String::new()),
        ..Service::new("s")
    };
    assert_eq!(
        service_json(&empty),
        indoc! {r#"
            {"deploy":{"resources":{},"placement":{}},"scale":0,"command":[],"entrypoint":null,"init":false,
            "stop_grace_period":"0s"}"#}
        .replace('\n', "")
    );
    assert_eq!(
        super::service(&empty, Form::Yaml).to_json_compact(),
        r#"{"deploy":{},"scale":0,"command":[],"init":false,"stop_grace_period":"0s"}"#
    );
}

#[test]
fn extensions_are_last_in_yaml_and_only_at_the_top_of_json() {
    let mut shop = Project {
        name: "p".into(),
        extensions: extensions("x-b: {b: 1, a10: 2, a2: [~, 1.5, t]}"),
        ..Project::default()
    };
    let web = Service { extensions: extensions("x-s: 1"), attach: Some(true), ..Service::new("web") };
    shop.services.insert("web".into(), web);
    assert_eq!(
        project(&shop, Form::Yaml).to_json_compact(),
        r#"{"name":"p","services":{"web":{"attach":true,"x-s":1}},"x-b":{"a2":[null,1.5,"t"],"a10":2,"b":1}}"#
    );
    assert_eq!(
        project(&shop, Form::Json).to_json_compact(),
        indoc! {r#"
            {"name":"p","services":{"web":{"attach":true,"command":null,"entrypoint":null}},
            "x-b":{"a10":2,"a2":[null,1.5,"t"],"b":1}}"#}
        .replace('\n', "")
    );
}

#[test]
fn maps_are_sorted_naturally_in_yaml() {
    let labels = ["a10", "a2"].map(|key| (key.to_owned(), String::new())).into();
    let service = Service { labels, ..Service::new("s") };
    assert_eq!(super::service(&service, Form::Yaml).to_json_compact(), r#"{"labels":{"a2":"","a10":""}}"#);
    assert!(service_json(&service).ends_with(r#""labels":{"a10":"","a2":""}}"#));
}

#[test]
fn bind_mounts_show_their_source_is_made_in_one_form_only() {
    let bind = |create_host_path, says_create_host_path| Mount {
        kind: MountKind::Bind,
        source: Some("/x".to_owned()),
        target: "/y".to_owned(),
        bind: Some(BindOptions { create_host_path, says_create_host_path, ..BindOptions::default() }),
        ..Mount::default()
    };
    let service =
        Service { volumes: vec![bind(true, true), bind(true, false), bind(false, true)], ..Service::new("s") };
    let shown = |form| {
        let json = super::service(&service, form).to_json_compact();
        json.matches(r#""create_host_path":true"#).count() * 10 + json.matches(r#""create_host_path":false"#).count()
    };
    assert_eq!([shown(Form::Yaml), shown(Form::Json), shown(Form::JsonOfV2)], [1, 1, 10]);
}

#[test]
fn ulimits_hooks_and_ssh_keys() {
    let pair = |soft, hard| Ulimit::Pair { soft, hard, extensions: Extensions::new() };
    let service = Service {
        ulimits: [("core", pair(0, 0)), ("nofile", pair(1, 2)), ("nproc", Ulimit::Single(-1))]
            .map(|(name, limit)| (name.to_owned(), limit))
            .into(),
        post_start: vec![Hook::default()],
        build: Some(Build {
            ssh: vec![
                SshKey { id: "default".to_owned(), path: None },
                SshKey { id: "a".to_owned(), path: Some("/k".to_owned()) },
            ],
            ..Build::default()
        }),
        ..Service::new("s")
    };
    assert_eq!(
        super::service(&service, Form::Yaml).to_json_compact(),
        r#"{"post_start":[{}],"ulimits":{"core":{"soft":0,"hard":0},"nofile":{"soft":1,"hard":2},"nproc":-1},"#
            .to_owned()
            + r#""build":{"ssh":["default","a: /k"]}}"#
    );
    assert!(service_json(&service).starts_with(r#"{"post_start":[{"command":null}],"#));
}

#[test]
fn dollars_are_doubled_in_keys_and_values() {
    let tree = Tree::Mapping(vec![("a$b".to_owned(), Tree::Sequence(vec![Tree::from("$$"), Tree::Int(1)]))]);
    assert_eq!(double_dollars(tree).to_json_compact(), r#"{"a$$b":["$$$$",1]}"#);
}
