//! No attribute of the file format gets lost on its way through the program.
//!
//! `attributes/compose.yaml` sets every attribute to a value that makes a difference. Each one is taken out in turn, and
//! what is left is held against the whole: the canonical form that `config` prints and the configuration hash with the
//! fingerprint must change, and an override file that has only this attribute must bring it back. Where one of these
//! is not so, a list here has the attribute with the reason, and an entry that is not needed fails the test.
//!
//! The last station is an engine that only writes down what it is asked for, beside programs that do the same: the
//! requests of `create` must change, too, those for builds and what is sent for them included.

#[cfg(unix)]
mod builder;
#[cfg(unix)]
mod recorder;

use std::collections::BTreeSet;
use std::fs;
use std::sync::OnceLock;

use hoist::load::{LoadFailure, LoadOptions, Resources, attributes, load};
use hoist::project::Project;
use hoist::project::canonical::{self, Form};
use hoist::project::fingerprint::Fingerprint;
use hoist::project::hash::{HashForm, network_hash, service_hash, volume_hash};
use serde_yaml::{Mapping, Value};

const EXAMPLE: &str = include_str!("attributes/compose.yaml");

/// A program that writes down what it is called with, and answers like Docker's `model` plugin.
const PROGRAM: &str = r#"#!/bin/sh
echo "${0##*/} $*" >> "$HOME/calls"
case "$*" in
    docker-cli-plugin-metadata) echo '{"Version": "v1.0.7"}' ;;
    "ls --json") echo '[]' ;;
    "status --json") echo '{"endpoint": "http://engine/v1"}' ;;
esac
"#;

/// Attributes, by the beginning of their path, and why they are an exception.
type Exceptions = &'static [(&'static str, &'static str)];

/// What the example does not set.
const NOT_SET: Exceptions = &[
    ("include", "brings in other files, and is gone when they are merged"),
    ("version", "obsolete, and ignored with a warning"),
    ("services.*.x-hoist.ready", "one check of four, which excludes a healthcheck; `ready.rs` sets them"),
    ("networks.*.external.name", "the old form of `name`, which cannot stand beside it"),
    ("volumes.*.external.name", "the old form of `name`, which cannot stand beside it"),
    ("secrets.*.external.name", "the old form of `name`, which cannot stand beside it"),
    ("configs.*.external.name", "the old form of `name`, which cannot stand beside it"),
];

/// What the canonical form does not show.
const NOT_SHOWN: Exceptions = &[];

/// What neither the configuration hash nor the fingerprint covers.
const NOT_HASHED: Exceptions = &[
    ("configs", "a config has no hash: what it contains has a digest of its own"),
    ("jobs", "a job has no hash until it runs"),
    ("models", "a model is configured at each `up`; its container is not ours"),
    ("secrets", "a secret has no hash: what it contains has a digest of its own"),
    ("services.*.build", "a build makes an image, and the image's digest is compared"),
    ("services.*.depends_on", "says when to start a container, not what it is"),
    ("services.*.deploy.replicas", "says how many containers there are"),
    ("services.*.profiles", "say whether the service is enabled"),
    ("services.*.x-hoist", "is said to hoist alone; Docker Compose's hash has no `x-*` keys of services"),
    ("services.*.scale", "says how many containers there are"),
];

/// What an override file does not bring back as it was.
const NOT_MERGED: Exceptions = &[];

/// What `create` does not get to: it is left out of what the engine is asked for.
const NOT_CREATED: Exceptions = &[
    ("services.built.build.ssh", "needs a key that exists; see the scenarios of builds"),
    ("services.hooked", "its hooks run at `up`; see `every_attribute_of_pre_start_reaches_the_engine`"),
    ("services.web.pre_start", "`per_replica` is not supported yet: the plan is refused"),
    ("jobs", "`run` makes the container of a job"),
    ("networks.outside", "is not made by us"),
    ("volumes.outside", "is not made by us"),
    ("secrets.outside", "only Swarm has external secrets"),
    ("secrets.token.driver", "only Swarm has drivers for secrets"),
    ("secrets.token.driver_opts", "only Swarm has drivers for secrets"),
    ("secrets.token.template_driver", "only Swarm has templates for secrets"),
    ("configs.outside", "only Swarm has external configs"),
    ("configs.settings.template_driver", "only Swarm has templates for configs"),
];

/// What changes nothing in the engine's requests.
const NOT_SENT: Exceptions = &[
    ("configs.*.labels", "a config is no object in the engine: its content is copied or mounted"),
    ("configs.*.name", "a config is no object in the engine: its content is copied or mounted"),
    ("secrets.*.labels", "a secret is no object in the engine: its content is copied or mounted"),
    ("secrets.*.name", "a secret is no object in the engine: its content is copied or mounted"),
    ("models.*.name", "is what the progress calls the model"),
    ("services.*.attach", "says whether `up` shows the output"),
    ("services.*.build.isolation", "BuildKit has no isolation to choose"),
    ("services.*.build.secrets[].gid", "the Dockerfile says who owns what it mounts"),
    ("services.*.build.secrets[].mode", "the Dockerfile says who may read what it mounts"),
    ("services.*.build.secrets[].uid", "the Dockerfile says who owns what it mounts"),
    ("services.*.configs[].gid", "counts for copied content, which is written when the container is about to start"),
    ("services.*.configs[].mode", "counts for copied content, which is written when the container is about to start"),
    ("services.*.configs[].uid", "counts for copied content, which is written when the container is about to start"),
    ("services.*.credential_spec", "Docker Compose has no use for it either: it belongs to Swarm on Windows"),
    ("services.*.depends_on.*.required", "says whether a missing service is an error"),
    ("services.*.deploy.endpoint_mode", "only Swarm has it"),
    ("services.*.deploy.labels", "labels of a Swarm service; those of containers are `labels`"),
    ("services.*.deploy.mode", "only Swarm has it"),
    ("services.*.deploy.placement", "only Swarm has it"),
    ("services.*.deploy.resources.reservations.cpus", "only Swarm has it"),
    ("services.*.deploy.resources.reservations.generic_resources", "only Swarm has it"),
    ("services.*.deploy.restart_policy.delay", "only Swarm has it"),
    ("services.*.deploy.restart_policy.window", "only Swarm has it"),
    ("services.*.deploy.rollback_config", "only Swarm has it"),
    ("services.*.deploy.update_config", "says how containers are replaced; `create` finds none"),
    ("services.*.develop", "says what `watch` does"),
    ("services.*.env_file[].required", "says whether a missing file is an error"),
    ("services.*.ports[].app_protocol", "Docker Compose has no use for it either"),
    ("services.*.ports[].mode", "Docker Compose has no use for it either"),
    ("services.*.ports[].name", "Docker Compose has no use for it either"),
    ("services.*.post_start", "runs when a container has started"),
    ("services.*.pre_stop", "runs before a container stops"),
    ("services.*.profiles", "say whether the service is enabled"),
    ("services.*.pull_refresh_after", "has no effect, as in Docker Compose"),
    ("services.*.secrets[].gid", "counts for copied content, which is written when the container is about to start"),
    ("services.*.secrets[].mode", "counts for copied content, which is written when the container is about to start"),
    ("services.*.secrets[].uid", "counts for copied content, which is written when the container is about to start"),
    ("services.*.x-hoist", "says how `up` waits for and replaces containers"),
];

#[test]
fn the_example_sets_every_attribute() {
    let example = example();
    let set: BTreeSet<String> = places(&example).into_iter().map(|place| pattern(&place)).collect();
    let missing: Vec<&String> =
        known_attributes().iter().filter(|attribute| !set.contains(*attribute) && !is_in(NOT_SET, attribute)).collect();
    assert_eq!(missing, Vec::<&String>::new(), "add them to attributes/compose.yaml");
    let needless: Vec<_> = NOT_SET.iter().filter(|(attribute, _)| set.contains(*attribute)).collect();
    assert!(needless.is_empty(), "the example sets {needless:?}");
}

#[test]
fn every_attribute_reaches_the_canonical_form() {
    let scene = Scene::new();
    let whole = shown(&scene.load(&[&example()]).expect("the example loads"));
    compare(places(&example()), NOT_SHOWN, |place| {
        let without = scene.load(&[&without(&example(), place)]);
        // What is required is missed.
        without.is_err() || without.is_ok_and(|project| shown(&project) != whole)
    });
}

#[test]
fn every_attribute_changes_hash_and_fingerprint() {
    let scene = Scene::new();
    let whole = scene.load(&[&example()]).expect("the example loads");
    compare(places(&example()), NOT_HASHED, |place| {
        let Ok(project) = scene.load(&[&without(&example(), place)]) else { return true };
        let hashes = hashes(&project) != hashes(&whole);
        let fingerprints = fingerprints(&project) != fingerprints(&whole);
        if place[0] == "services" {
            assert_eq!(hashes, fingerprints, "hash and fingerprint differ about {}", pattern(place));
        }
        hashes
    });
}

#[test]
fn every_attribute_can_come_from_an_override() {
    let scene = Scene::new();
    let whole = shown(&scene.load(&[&example()]).expect("the example loads"));
    // Items of lists have no place of their own in an override.
    let places = places(&example()).into_iter().filter(|place| !pattern(place).contains("[]")).collect();
    compare(places, NOT_MERGED, |place| {
        let base = without(&example(), place);
        let over = only(&example(), place);
        if scene.load(&[&base]).is_err() {
            // What is required has to be in the lower file: each is validated with those below it.
            return true;
        }
        scene.load(&[&base, &over]).is_ok_and(|project| shown(&project) == whole)
    });
}

#[cfg(unix)]
#[test]
fn every_attribute_reaches_the_engine() {
    let scene = Scene::new();
    let engine = recorder::Recorder::new(scene.0.path());
    let mut example = example();
    for (place, _) in NOT_CREATED {
        example = without(&example, &place.split('.').map(str::to_owned).collect::<Vec<_>>());
    }
    let whole = scene.run("create", &example, &engine).expect("everything is made");
    assert_eq!(scene.run("create", &example, &engine).as_ref(), Ok(&whole), "two runs ask for the same");
    compare(places(&example), NOT_SENT, |place| {
        let without = without(&example, place);
        match scene.run("create", &without, &engine) {
            Ok(requests) => requests != whole,
            // What is required is missed when the file is loaded; no other failure counts.
            Err(_) => scene.load(&[&without]).is_err(),
        }
    });
}

/// `create` runs no hooks. What the engine is asked for is the container of the hook.
#[cfg(unix)]
#[test]
fn every_attribute_of_pre_start_reaches_the_engine() {
    let scene = Scene::new();
    let engine = recorder::Recorder::new(scene.0.path());
    let hooked = ["services".to_owned(), "hooked".to_owned()];
    let example = only(&example(), &hooked);
    let whole = scene.run("up -d", &example, &engine).expect("everything runs");
    assert_eq!(scene.run("up -d", &example, &engine).as_ref(), Ok(&whole), "two runs ask for the same");
    let places = places(&example).into_iter().filter(|place| pattern(place).contains(".pre_start")).collect();
    compare(places, &[], |place| {
        let without = without(&example, place);
        match scene.run("up -d", &without, &engine) {
            Ok(requests) => requests != whole,
            Err(_) => scene.load(&[&without]).is_err(),
        }
    });
}

/// Holds what `reaches` says of each place against the exceptions.
fn compare(places: Vec<Vec<String>>, exceptions: Exceptions, reaches: impl Fn(&[String]) -> bool) {
    let mut failed = BTreeSet::new();
    let mut good = BTreeSet::new();
    for place in places {
        let group = if reaches(&place) { &mut good } else { &mut failed };
        group.insert(pattern(&place));
    }
    // One place where it makes a difference is enough.
    failed.retain(|pattern| !good.contains(pattern));
    let unexpected: Vec<_> = failed.iter().filter(|attribute| !is_in(exceptions, attribute)).collect();
    assert!(unexpected.is_empty(), "these get lost: {unexpected:#?}");
    let needless: Vec<_> =
        exceptions.iter().filter(|(start, _)| !failed.iter().any(|attribute| begins_with(attribute, start))).collect();
    assert!(needless.is_empty(), "these do not get lost: {needless:#?}");
}

fn is_in(exceptions: Exceptions, attribute: &str) -> bool {
    exceptions.iter().any(|(start, _)| begins_with(attribute, start))
}

fn begins_with(attribute: &str, start: &str) -> bool {
    attribute.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// A folder with the files that the example names.
struct Scene(tempfile::TempDir);

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in [
            ("app.env", "FROM_FILE='quoted'\n"),
            ("labels.env", "from.file=1\n"),
            ("base.yaml", "services: {base: {image: base}}"),
            ("token.txt", "token"),
            ("settings.txt", "settings"),
            ("app/Dockerfile", "FROM app"),
            ("app/Other", "FROM other-app"),
            ("shared/file", "shared"),
            (".docker/cli-plugins/docker-model", PROGRAM),
            (".docker/cli-plugins/docker-thing", PROGRAM),
        ] {
            fs::create_dir_all(folder.path().join(name).parent().expect("a folder")).expect("a folder");
            fs::write(folder.path().join(name), text).expect("a file");
        }
        #[cfg(unix)]
        for name in ["docker-model", "docker-thing"] {
            use std::os::unix::fs::PermissionsExt as _;
            let program = folder.path().join(".docker/cli-plugins").join(name);
            fs::set_permissions(program, fs::Permissions::from_mode(0o755)).expect("a program");
        }
        Self(folder)
    }

    fn load(&self, files: &[&Value]) -> Result<Project, LoadFailure> {
        let mut options = LoadOptions::new(self.0.path());
        for (index, file) in files.iter().enumerate() {
            let path = self.0.path().join(format!("{index}.yaml"));
            fs::write(&path, serde_yaml::to_string(file).expect("YAML")).expect("a file");
            options.files.push(path);
        }
        options.profiles = vec!["*".to_owned()];
        options.resources = Resources::All;
        options.environment.insert("TOKEN".to_owned(), "secret".to_owned());
        load(&options).map(|loaded| loaded.project)
    }

    /// What a command asks the engine and the programs for; else what it complains about.
    #[cfg(unix)]
    fn run(&self, arguments: &str, file: &Value, engine: &recorder::Recorder) -> Result<Vec<String>, String> {
        let path = self.0.path().join("compose.yaml");
        fs::write(&path, serde_yaml::to_string(file).expect("YAML")).expect("a file");
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_hoist"));
        command.args(["--profile", "*"]).args(arguments.split(' ')).current_dir(self.0.path()).env_clear();
        command.env("HOME", self.0.path()).env("TOKEN", "secret");
        command.env("DOCKER_HOST", format!("unix://{}", engine.socket.display()));
        let output = command.output().expect("the binary can be started");
        let mut requests = engine.take();
        let calls = self.0.path().join("calls");
        if let Ok(text) = fs::read_to_string(&calls) {
            requests.extend(text.lines().map(str::to_owned));
            requests.sort();
            fs::remove_file(calls).expect("a file");
        }
        if output.status.success() { Ok(requests) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
    }
}

fn shown(project: &Project) -> String {
    canonical::project(project, Form::Yaml).to_json_compact()
}

fn hashes(project: &Project) -> Vec<String> {
    let services = project.services.values().map(|service| service_hash(service, HashForm::V5));
    let networks = project.networks.values().map(network_hash);
    let volumes = project.volumes.values().map(volume_hash);
    services.chain(networks).chain(volumes).collect()
}

fn fingerprints(project: &Project) -> Vec<Fingerprint> {
    project.services.values().map(Fingerprint::of).collect()
}

fn example() -> Value {
    serde_yaml::from_str(EXAMPLE).expect("the example is YAML")
}

/// The keys and indices of every attribute that the example sets; indices are `[0]`.
fn places(example: &Value) -> Vec<Vec<String>> {
    let mut places = Vec::new();
    collect(example, &mut Vec::new(), &mut places);
    places.retain(|place| known_attributes().binary_search(&pattern(place)).is_ok());
    places
}

fn collect(value: &Value, at: &mut Vec<String>, places: &mut Vec<Vec<String>>) {
    let below: Vec<(String, &Value)> = match value {
        Value::Mapping(entries) => {
            entries.iter().map(|(key, value)| (key.as_str().expect("a text").to_owned(), value)).collect()
        }
        Value::Sequence(items) => items.iter().enumerate().map(|(at, item)| (format!("[{at}]"), item)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Tagged(_) => return,
    };
    for (key, value) in below {
        at.push(key);
        places.push(at.clone());
        collect(value, at, places);
        at.pop();
    }
}

/// The attribute at a place, as [`attributes`] names it.
fn pattern(place: &[String]) -> String {
    let known = known_attributes();
    let mut pattern = String::new();
    for key in place {
        if key.starts_with('[') {
            pattern.push_str("[]");
            continue;
        }
        let separator = if pattern.is_empty() { "" } else { "." };
        let free = format!("{pattern}{separator}*");
        let is_free = known.iter().any(|attribute| begins_with(attribute, &free));
        pattern = if is_free { free } else { format!("{pattern}{separator}{key}") };
    }
    pattern
}

fn known_attributes() -> &'static [String] {
    static KNOWN: OnceLock<Vec<String>> = std::sync::OnceLock::new();
    // What jobs and hooks are made from are the attributes of services, which stand for theirs.
    let alike = |known: &[String], attribute: &String| {
        let own = ["jobs.*.", "services.*.pre_start[]."].iter().find_map(|place| attribute.strip_prefix(place));
        own.is_some_and(|own| known.iter().any(|other| other.strip_prefix("services.*.") == Some(own)))
    };
    KNOWN.get_or_init(|| {
        let known = attributes();
        known.iter().filter(|attribute| !alike(&known, attribute)).cloned().collect()
    })
}

/// The example without what stands at `place`.
fn without(example: &Value, place: &[String]) -> Value {
    let mut example = example.clone();
    let (last, above) = place.split_last().expect("a place has a key");
    let mut value = &mut example;
    for key in above {
        value = below(value, key);
    }
    value.as_mapping_mut().expect("an attribute stands in a mapping").remove(last.as_str());
    example
}

/// Only what stands at `place`.
fn only(example: &Value, place: &[String]) -> Value {
    let mut example = example.clone();
    let value = place.iter().fold(&mut example, |value, key| below(value, key)).clone();
    place.iter().rev().fold(value, |value, key| {
        let mut mapping = Mapping::new();
        mapping.insert(Value::from(key.as_str()), value);
        Value::Mapping(mapping)
    })
}

fn below<'a>(value: &'a mut Value, key: &str) -> &'a mut Value {
    match key.strip_prefix('[').and_then(|key| key.strip_suffix(']')) {
        Some(index) => &mut value[index.parse::<usize>().expect("an index")],
        None => &mut value[key],
    }
}
