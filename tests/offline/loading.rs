//! Files in, a project or its problems out: what the packed cases in `config/` cannot hold.

use hoist::load::{LoadOptions, load};
use hoist::project::canonical::{self, Form};

use crate::case::report;
use crate::folder::compose_file;

/// What a single file is refused with.
fn refused(text: &str) -> String {
    let folder = compose_file(text);
    let failure = load(&LoadOptions::new(folder.path())).expect_err("it is refused");
    report(&failure.errors, &failure.warnings, &failure.sources, folder.path())
}

/// Services that each have an attribute which names the next, and the last one the first.
fn circle(length: usize, attribute: impl Fn(usize) -> String) -> String {
    let service = |at: usize| format!("  s{at}: {{image: x, {}}}\n", attribute((at + 1) % length));
    format!("services:\n{}", (0..length).map(service).collect::<String>())
}

#[test]
fn a_long_circle_is_told_in_a_dozen_lines() {
    let report = refused(&circle(60_000, |next| format!("depends_on: [s{next}]")));
    assert!(report.lines().count() <= 20, "{report}");
    let first = "error: services depend on each other in a cycle: s0 -> s1 -> s2 -> … 59996 more … -> s59999 -> s0\n";
    assert!(report.starts_with(first), "{report}");
    assert!(report.contains("`s59999` depends on `s0` here"), "{report}");
    let report = refused(&circle(5_000, |next| format!("extends: s{next}")));
    assert!(report.lines().count() <= 20, "{report}");
    assert!(report.contains("the chain of services is too long"), "{report}");
}

#[test]
fn a_file_that_extends_itself_is_read_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let service = |at: usize| format!("  s{at}: {{image: x, extends: {{file: compose.yaml, service: s{}}}}}\n", at + 1);
    let services = (0..400).map(service).collect::<String>();
    let text = format!("services:\n{services}  s400: {{image: x, labels: {{end: here}}}}\n");
    std::fs::write(folder.path().join("compose.yaml"), text).expect("a file");
    let project = load(&LoadOptions::new(folder.path())).expect("it loads").project;
    let first = project.service("s0").expect("the first service");
    assert_eq!(first.labels.get("end").map(String::as_str), Some("here"));
}

/// One of every list that may hold an item once; others are joined as they are.
const LISTS: &str = r#"services:
  web:
    image: busybox
    labels: [k=1]
    annotations: [k=1]
    environment: [k=1]
    sysctls: [net.core.somaxconn=1]
    env_file: [x.env]
    dns: [1.1.1.1]
    dns_opt: [a]
    dns_search: [a]
    tmpfs: [/t]
    extra_hosts: ["a:1.1.1.1"]
    ports: ["80", "81:81", {target: 82, published: 82}]
    expose: ["80"]
    volumes: ["vv:/x", {type: bind, source: ., target: /y}, /anon]
    devices: [/dev/null]
    secrets: [s]
    configs: [s]
    cap_add: [SYS_ADMIN]
    cap_drop: [ALL]
    profiles: [p]
    links: [db]
    networks: {nn: {aliases: [a], link_local_ips: [169.254.1.1]}}
    depends_on: [db]
    security_opt: [no-new-privileges]
    group_add: ["1"]
    device_cgroup_rules: ["c 1:3 mr"]
    volumes_from: [db]
    external_links: [x]
    storage_opt: {size: 1G}
    logging: {driver: json-file, options: {max-size: 1m}}
    build:
      context: .
      args: [k=1]
      labels: [k=1]
      tags: [a]
      additional_contexts: [a=.]
      extra_hosts: ["a:1.1.1.1"]
      ssh: [default]
      no_cache_filter: [a]
      shm_size: 1g
      ulimits: {nofile: 1}
    deploy:
      labels: [k=1]
  db: {image: busybox, profiles: [p]}
volumes: {vv: {labels: [k=1], driver_opts: {type: none}}}
networks: {nn: {labels: [k=1], driver_opts: {a: b}, ipam: {config: [{subnet: 10.77.0.0/16}]}}}
secrets: {s: {file: x.env, labels: [k=1], driver_opts: {a: b}}}
configs: {s: {file: x.env, labels: [k=1]}}
"#;

#[test]
fn the_same_file_twice_is_that_file() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [("a.yaml", LISTS), ("b.yaml", LISTS), ("x.env", "k=1\n")] {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    let model = |files: &[&str]| {
        let mut options = LoadOptions::new(folder.path());
        options.files = files.iter().map(Into::into).collect();
        options.project_name = Some("demo".to_owned());
        options.profiles = vec!["p".to_owned()];
        let loaded = load(&options).unwrap_or_else(|failure| panic!("{files:?}: {failure}"));
        canonical::project(&loaded.project, Form::Json).to_json_pretty()
    };
    let once = model(&["a.yaml"]);
    for files in [["a.yaml", "a.yaml"], ["a.yaml", "b.yaml"]] {
        let twice = model(&files);
        let differing = once.lines().zip(twice.lines()).find(|(one, other)| one != other);
        assert_eq!(differing, None, "{files:?}");
    }
}

#[test]
fn an_item_twice_in_one_list_of_one_file_is_refused() {
    let report = refused("services: {web: {image: i, security_opt: [a, a]}}\n");
    assert!(report.contains("`services.web.security_opt` lists `a` twice"), "{report}");
}

#[test]
fn a_long_chain_of_includes_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    for at in 0..300 {
        let text = format!("include: [{}.yaml]\n", at + 1);
        std::fs::write(folder.path().join(format!("{at}.yaml")), text).expect("a file");
    }
    let mut options = LoadOptions::new(folder.path());
    options.files = vec!["0.yaml".into()];
    let failure = load(&options).expect_err("it is refused");
    assert_eq!(failure.errors[0].to_string(), "includes are nested more than 100 deep");
}

#[cfg(unix)]
#[test]
fn loads_that_share_a_reader_read_a_pipe_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join(".env");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    std::fs::write(folder.path().join("compose.yaml"), "services: {web: {image: \"nginx:$TAG\"}}").expect("a file");
    let writer = std::thread::spawn(move || std::fs::write(pipe, "TAG=1\n"));
    let options = LoadOptions::new(folder.path());
    for _ in 0..2 {
        let loaded = load(&options).expect("it loads");
        assert_eq!(loaded.project.service("web").and_then(|web| web.image.as_deref()), Some("nginx:1"));
    }
    writer.join().expect("the writer ends").expect("it was read");
}

#[cfg(unix)]
#[test]
fn a_named_pipe_is_no_file_to_include_or_extend() {
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("pipe.yaml");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    for (text, place) in [
        ("include: [pipe.yaml]\nservices: {web: {image: a}}\n", "compose.yaml:1:11"),
        ("services: {web: {extends: {file: pipe.yaml, service: x}}}\n", "compose.yaml:1:34"),
    ] {
        std::fs::write(folder.path().join("compose.yaml"), text).expect("a file");
        let failure = load(&LoadOptions::new(folder.path())).expect_err("nobody writes to it");
        let told = report(&failure.errors, &[], &failure.sources, folder.path());
        assert!(told.contains("it is a named pipe, not a file") && told.contains(place), "{told}");
    }
}

#[test]
fn utf_16_files_load() {
    let folder = tempfile::tempdir().expect("a folder");
    let encode = |mark: &[u8], text: &str, bytes: fn(u16) -> [u8; 2]| {
        mark.iter().copied().chain(text.encode_utf16().flat_map(bytes)).collect::<Vec<_>>()
    };
    let write = |name: &str, bytes: Vec<u8>| std::fs::write(folder.path().join(name), bytes).expect("a file");
    let text = "include: [other.yaml]\r\nservices: {web: {extends: {file: base.yaml, service: base}}}\r\n";
    write("compose.yaml", encode(b"\xff\xfe", text, u16::to_le_bytes));
    write("other.yaml", encode(b"\xfe\xff", "services: {db: {image: \"größe\"}}", u16::to_be_bytes));
    write("base.yaml", encode(b"\xff\xfe", "services: {base: {image: \"😀\"}}", u16::to_le_bytes));
    let loaded = load(&LoadOptions::new(folder.path())).expect("it loads");
    let image = |name: &str| loaded.project.service(name).and_then(|service| service.image.clone());
    assert_eq!((image("web").as_deref(), image("db").as_deref()), (Some("😀"), Some("größe")));
}

#[test]
fn no_file_of_the_project_decides_which_programs_are_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
    write("compose.yaml", "services: {web: {image: a}}\n");
    write(".env", "DOCKER_CONFIG=./evil\nPATH=./evil\nHOME=./evil\n");
    let mut options = LoadOptions::new(folder.path());
    options.environment = [("HOME".to_owned(), "/home/me".to_owned())].into();
    let project = load(&options).expect("it loads").project;
    assert_eq!(project.environment["DOCKER_CONFIG"], "./evil", "substitution sees it");
    assert_eq!(project.programs.steering, options.environment);
    assert_eq!(project.programs.path, None);
}
