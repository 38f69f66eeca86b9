//! Files in, a project or its problems out: the recorded cases, and mistakes that people make.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hoist::diagnostic::{Explain, Level, render};
use hoist::load::{LoadError, LoadFailure, LoadOptions, LoadWarning, load, load_model};
use hoist::project::canonical::{self, Form};
use hoist::project::hash::{HashForm, service_hash};
use hoist::source::SourceMap;
use hoist::yaml::{Node, Value};
use serde_json::Value as Json;

/// The folder of the golden cases.
pub(crate) fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/offline/config")
}

/// A case as `recorded/README.md` describes it.
pub(crate) struct Case {
    folder: PathBuf,
    arguments: Vec<String>,
    environment: BTreeMap<String, String>,
}

impl Case {
    pub(crate) fn read(folder: &Path) -> Self {
        let text = std::fs::read_to_string(folder.join("case.json")).unwrap_or_else(|_| "{}".to_owned());
        let case: Json = serde_json::from_str(&text).expect("case.json is JSON");
        let list = |key: &str| case[key].as_array().cloned().unwrap_or_default();
        let text = |value: &Json| value.as_str().expect("a string").to_owned();
        let mut arguments: Vec<String> = list("args").iter().map(text).collect();
        arguments.push("config".to_owned());
        arguments.extend(list("config_args").iter().map(text));
        let mut environment: BTreeMap<String, String> =
            [("HOME", "/nonexistent"), ("PATH", "/usr/bin")].map(|(name, value)| (name.into(), value.into())).into();
        let own = case["env"].as_object().cloned().unwrap_or_default();
        environment.extend(own.into_iter().map(|(name, value)| (name, text(&value))));
        Self { folder: folder.to_path_buf(), arguments, environment }
    }

    pub(crate) fn options(&self) -> LoadOptions {
        let mut options = LoadOptions::new(&self.folder);
        options.environment.clone_from(&self.environment);
        let mut arguments = self.arguments.iter();
        let mut after_config = false;
        while let Some(argument) = arguments.next() {
            let (flag, inline) = match argument.split_once('=') {
                Some((flag, value)) if flag.starts_with('-') => (flag, Some(value.to_owned())),
                _ => (argument.as_str(), None),
            };
            let mut value = || inline.clone().unwrap_or_else(|| arguments.next().expect("a value").clone());
            match flag {
                "config" => after_config = true,
                "-f" => options.files.push(value().into()),
                "-p" => options.project_name = Some(value()),
                "--project-directory" => options.project_directory = Some(value().into()),
                "--env-file" => options.env_files.push(value().into()),
                "--profile" => options.profiles.push(value()),
                "--no-interpolate" => options.interpolate = false,
                "--no-normalize" => options.normalize = false,
                "--no-path-resolution" => options.resolve_paths = false,
                "--no-consistency" => options.check_consistency = false,
                "--no-env-resolution" => options.resolve_environment = false,
                service if after_config => options.services.push(service.to_owned()),
                other => panic!("a case uses `{other}`, which this test does not know"),
            }
        }
        options
    }

    /// What `config --format json` prints, and the hashes of the services.
    fn config(&self) -> Result<(Json, String), LoadFailure> {
        let options = self.options();
        if !options.interpolate {
            return load_model(&options).map(|loaded| (json_of(&loaded.model), String::new()));
        }
        let loaded = load(&options)?;
        let tree = canonical::double_dollars(canonical::project(&loaded.project, Form::Json));
        let json = parse(&tree.to_json_compact());
        let hashes = loaded.project.services.iter().map(|(name, service)| {
            let hash = service_hash(service, HashForm::V5);
            format!("{name} {hash}\n")
        });
        Ok((json, hashes.collect()))
    }

    fn file(&self, name: &str) -> Option<String> {
        let recorded = self.folder.ancestors().nth(3).expect("cases are two folders deep");
        let text = std::fs::read_to_string(self.folder.join(name)).ok()?;
        let root = recorded.to_str().expect("the repository's path is text");
        Some(text.replace("${ROOT}/spec", &format!("{root}/recorded")))
    }
}

/// JSON by way of our own reader, since one case is nested deeper than `serde_json` goes.
pub(crate) fn parse(json: &str) -> Json {
    let mut sources = SourceMap::default();
    let file = sources.add("expected.json", json);
    let parsed = hoist::yaml::parse(&sources, file);
    assert_eq!(parsed.errors, [], "{json}");
    json_of(&parsed.documents[0])
}

fn json_of(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Bool(flag) => Json::from(*flag),
        Value::Int(number) => Json::from(*number),
        Value::Float(number) => Json::from(*number),
        Value::Timestamp(text) | Value::String(text) => Json::from(text.as_str()),
        Value::Sequence(items) => items.iter().map(json_of).collect(),
        Value::Mapping(entries) => entries.iter().map(|(key, node)| (key.name.clone(), json_of(node))).collect(),
    }
}

pub(crate) fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(of).expect("the folder of cases");
    let mut folders: Vec<_> =
        entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// What Docker Compose 5.5.0 makes of small files is what hoist makes of them, hashes included.
#[test]
fn recorded_cases_agree() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for folder in folders(&cases().join("recorded")).iter().flat_map(|group| folders(group)) {
        count += 1;
        wrong.extend(check_recorded(&folder).err());
    }
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 700, "only {count} cases were found");
}

/// Holds one recorded case against what was recorded.
pub(crate) fn check_recorded(folder: &Path) -> Result<(), String> {
    let name = folder.strip_prefix(cases()).expect("a folder of cases").display().to_string();
    if !folder.is_dir() {
        return Err(format!("{name}: there is no such case"));
    }
    let case = Case::read(folder);
    match (case.config(), case.file("expected.json")) {
        (Ok((json, _)), Some(expected)) if !same(&json, &parse(&expected)) => Err(format!("{name}: differs")),
        // Paths in a model change its hashes; such cases have none recorded.
        (Ok((_, hashes)), Some(_)) => match case.file("hashes.txt") {
            Some(expected) if expected != sorted(&hashes) => Err(format!("{name}: hashes\n{hashes}{expected}")),
            Some(_) | None => Ok(()),
        },
        (Err(failure), Some(_)) => Err(format!("{name}: refused: {}", failure.errors[0])),
        (Ok(_), None) => Err(format!("{name}: accepted")),
        (Err(failure), None) if failure.errors.is_empty() => Err(format!("{name}: no error")),
        (Err(_), None) => Ok(()),
    }
}

fn sorted(lines: &str) -> String {
    let mut lines: Vec<_> = lines.split_inclusive('\n').collect();
    lines.sort_unstable();
    lines.concat()
}

/// Equal as JSON; `1` and `1.0` are one number.
fn same(one: &Json, other: &Json) -> bool {
    match (one, other) {
        (Json::Number(one), Json::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Json::Array(one), Json::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Json::Object(one), Json::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, value)| other.get(key).is_some_and(|other| same(value, other)))
        }
        _ => one == other,
    }
}

/// Mistakes that people make, and what they are told.
#[test]
fn mistakes() {
    for folder in folders(&cases().join("mistakes")) {
        let case = Case::read(&folder);
        let report = match load(&case.options()) {
            Ok(loaded) => report(&[], &loaded.warnings, &loaded.sources, &folder),
            Err(failure) => report(&failure.errors, &failure.warnings, &failure.sources, &folder),
        };
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(&folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!("report", report));
    }
}

/// What a single file is refused with.
fn refused(text: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("compose.yaml"), text).expect("a file");
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
    let first = "error: services depend on each other in a circle: s0 -> s1 -> s2 -> … 59996 more … -> s59999 -> s0\n";
    assert!(report.starts_with(first), "{report}");
    assert!(report.contains("`s59999` depends on `s0` here"), "{report}");
    let report = refused(&circle(5_000, |next| format!("extends: s{next}")));
    assert!(report.lines().count() <= 20, "{report}");
    assert!(report.contains("too many services in a row extend the next"), "{report}");
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

fn report(errors: &[LoadError], warnings: &[LoadWarning], sources: &SourceMap, folder: &Path) -> String {
    let style = render::Style { current_dir: Some(folder.to_path_buf()), ..render::Style::default() };
    let errors = errors.iter().map(|error| (error as &dyn Explain, Level::Error));
    let warnings = warnings.iter().map(|warning| (warning as &dyn Explain, Level::Warning));
    let text = render::render_all(warnings.chain(errors), sources, &style);
    // A path without a place in a file is shown as it is.
    text.replace(folder.to_str().expect("the repository's path is text"), "/project")
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
    assert_eq!(project.programs.docker_config.as_deref(), Some(Path::new("/home/me/.docker")));
    assert_eq!(project.programs.path, None);
}
