//! What holds for every file: loading is deterministic, what `config` prints loads to the same project, an empty
//! override changes nothing, and no text whatsoever brings a reader down.

mod generate;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hoist::diagnostic::render::{Style, describe_all, render_all};
use hoist::diagnostic::{Explain, Level};

use hoist::load::template::{self, Report};
use hoist::load::{LoadOptions, Loaded, dotenv, load, load_model, variables};
use hoist::project::Project;
use hoist::project::canonical::{self, Form};
use hoist::project::hash::{HashForm, service_hash};
use hoist::project::value::{
    ByteSize, DeviceCount, FileMode, ImageRef, NamespaceMode, PullPolicy, RestartPolicy, VolumesFrom, command, device,
    mount, port,
};
use hoist::source::SourceMap;
use hoist::yaml::{emit, parse};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::case::{Case, recorded};
use crate::folder::folder_with;

/// All that tells two projects apart: the canonical forms and the hashes of the services. That of Docker Compose 2 also
/// counts whether a default is written out, which the forms do not show.
fn identity(project: &Project) -> String {
    let mut text = yaml(project);
    text.push_str(&canonical::project(project, Form::Json).to_json_compact());
    for service in project.services.values() {
        text.push_str(&service_hash(service, HashForm::V5));
    }
    text
}

/// What `config` prints.
fn yaml(project: &Project) -> String {
    emit(&canonical::double_dollars(canonical::project(project, Form::Yaml)), None)
}

/// A folder with files in it, for one load.
struct Files {
    folder: TempDir,
}

impl Files {
    fn new(files: &[(&str, &[u8])]) -> Self {
        Self { folder: folder_with(files) }
    }

    fn options(&self, files: &[&str]) -> LoadOptions {
        let mut options = LoadOptions::new(self.folder.path());
        options.project_name = Some("shop".to_owned());
        options.files = files.iter().map(PathBuf::from).collect();
        options
    }

    fn load(&self, files: &[&str]) -> Result<Loaded, TestCaseError> {
        load(&self.options(files)).map_err(|failure| TestCaseError::fail(failure.to_string()))
    }
}

/// What `config` printed, loaded from a file in place of the project's own.
fn reloaded(project: &Project) -> Result<Project, String> {
    let printed = yaml(project);
    let file = Files::new(&[("printed.yaml", printed.as_bytes())]);
    let mut options = LoadOptions::new(&project.working_directory);
    options.files = vec![file.folder.path().join("printed.yaml")];
    options.project_directory = Some(project.working_directory.clone());
    options.profiles = vec!["*".to_owned()];
    options.environment.insert("HOME".to_owned(), "/nonexistent".to_owned());
    load(&options).map(|loaded| loaded.project).map_err(|failure| format!("{failure}\n{printed}"))
}

/// Cases whose output says less than their project, in Docker Compose as in hoist, and what it does not say.
const LOSSY: [(&str, &str); 24] = [
    ("build/no-consistency", "that inconsistent values pass"),
    ("env/dotenv-no-final-newline", "a variable without a name"),
    ("env/environment-empty-name", "a variable without a name"),
    ("interpolation/not-in-keys", "that keys are not expanded: their `$` is doubled all the same"),
    ("hooks/command-null-and-empty", "that a hook has no command, unlike its service"),
    ("hooks/completes-and-replaces", "a secret that comes twice"),
    ("hooks/environment", "an env file of a hook that is missing"),
    ("jobs/depends", "the disabled service that a job may depend on"),
    ("jobs/manual-false-alone", "an empty schedule"),
    ("jobs/merge", "a port that comes twice"),
    ("jobs/resources-all", "what nothing uses"),
    ("jobs/schedule-unchecked", "an empty expression"),
    ("jobs/selected-service", "the service that a job needs and that is not selected"),
    ("merge/extra-hosts", "an address that comes twice"),
    ("merge/repeated-items", "a group that comes twice"),
    ("ports/duplicates", "a port that comes twice"),
    ("profiles/dependency-disabled-optional", "the disabled service that another may depend on"),
    ("refused/network-name-invalid", "that the name is one that a service may ask for"),
    ("resources/configs-external-false-only", "`external: false`"),
    ("resources/configs-sources", "empty content"),
    ("resources/name-empty", "an empty name"),
    ("service/extra-hosts-map", "that a comma is part of an address"),
    ("service/hooks", "a hook with an empty command"),
    ("service/network-mode-empty", "an empty network mode"),
];

#[test]
fn config_of_the_recorded_cases_loads_to_the_same_project() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (name, files) in recorded() {
        let case = Case::new(&name, files);
        let options = case.options();
        let plain = options.interpolate && options.normalize && options.resolve_paths && options.resolve_environment;
        if !plain || LOSSY.iter().any(|(lossy, _)| *lossy == name) {
            continue;
        }
        let Ok(loaded) = load(&options) else { continue };
        count += 1;
        match reloaded(&loaded.project) {
            Ok(project) if identity(&project) == identity(&loaded.project) => {}
            Ok(project) => wrong.push(format!("{name}:\n{}---\n{}", yaml(&loaded.project), yaml(&project))),
            Err(failure) => wrong.push(format!("{name}: {failure}")),
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 300, "only {count} cases were loaded");
}

/// Reads bytes in every way there is.
fn read_everything(bytes: &[u8]) {
    let mut sources = SourceMap::default();
    let file = sources.add_bytes("x", bytes.to_vec());
    let _ = parse(&sources, file);
    let nothing = |_: &str| None;
    let _ = dotenv::parse(&sources, file, &nothing, &nothing);
    let _ = dotenv::parse_raw(&sources, file, &nothing);
    let files = Files::new(&[("compose.yaml", bytes), (".env", bytes)]);
    let options = files.options(&[]);
    let _ = load(&options);
    let _ = load_model(&options);
    let _ = variables(&options);
}

/// Reads a text as every value grammar.
fn read_values(text: &str) {
    let _ = text.parse::<ByteSize>();
    let _ = text.parse::<hoist::project::value::Duration>();
    let _ = text.parse::<FileMode>();
    let _ = text.parse::<ImageRef>();
    let _ = text.parse::<DeviceCount>();
    let _ = NamespaceMode::from(text);
    let _ = VolumesFrom::from(text);
    let _ = PullPolicy::from(text);
    let _ = RestartPolicy::parse(text);
    let _ = (port::parse_short(text), port::parse_range(text), port::parse_exposed(text), port::is_address(text));
    let _ = (mount::parse_short(text), mount::is_host_path(text), mount::clean_target(text));
    let _ = (command::split(text), device::parse_short(text));
    let _ = template::expand(text, &|name| Some(name.to_owned()), &mut Report::default());
    let _ = template::variables(text);
}

/// Files of some 100 kB whose cost would grow with the square of their size: each is read in no time.
#[test]
fn files_made_to_take_long_do_not() {
    let lines = |count: usize, line: &dyn Fn(usize) -> String| (0..count).map(line).collect::<String>();
    let table = [
        (
            "a large base for many",
            format!(
                "services:\n  b: {{image: x, environment: {{{}}}}}\n{}",
                lines(3_000, &|at| format!("A{at}: b,")),
                lines(3_000, &|at| format!("  s{at}: {{extends: b}}\n"))
            ),
            Some("`extends` of service `s133` exceeds a limit: too many values are copied"),
        ),
        (
            "a long text many times",
            format!("x-a: &a {}\nx-b: [{}]\nservices: {{a: {{image: x}}}}\n", "a".repeat(60_000), "*a,".repeat(12_000)),
            Some("excessive aliasing: the aliases up to here copy more than 33554432 bytes of text"),
        ),
        (
            "a long chain of bases",
            format!(
                "services:\n  s3000: {{image: x}}\n{}",
                lines(3_000, &|at| format!("  s{at}: {{extends: s{}}}\n", at + 1))
            ),
            Some("`extends` of service `s500` exceeds a limit: the chain of services is too long"),
        ),
        (
            "a long chain of dependencies",
            format!(
                "services:\n  s2000: {{image: x}}\n{}",
                lines(2_000, &|at| format!("  s{at}: {{image: x, depends_on: [s{}]}}\n", at + 1))
            ),
            None,
        ),
        (
            "one scalar with many variables",
            format!("services: {{a: {{image: x, command: '{}'}}}}", "${A}".repeat(25_000)),
            None,
        ),
        (
            "many unknown names",
            format!(
                "services: {{a: {{image: x, networks: [{}]}}}}\nnetworks:\n{}",
                lines(1_000, &|at| format!("nte{at},")),
                lines(1_000, &|at| format!("  net{at}:\n"))
            ),
            Some("service `a` uses undefined network `nte0`"),
        ),
        (
            "a key many times",
            format!("services:\n  a:\n    image: x\n{}", "    tty: true\n".repeat(7_000)),
            Some("tty"),
        ),
        ("many documents", "---\n".repeat(25_000), Some("")),
    ];
    for (name, file, expected) in table {
        let files = Files::new(&[("compose.yaml", file.as_bytes())]);
        let began = Instant::now();
        let (errors, sources) = match load(&files.options(&[])) {
            Ok(loaded) => {
                let _ = render_all(
                    loaded.warnings.iter().map(|it| (it as &dyn Explain, Level::Warning)),
                    &loaded.sources,
                    &Style::default(),
                );
                (Vec::new(), loaded.sources)
            }
            Err(failure) => (failure.errors, failure.sources),
        };
        let _ = render_all(errors.iter().map(|it| (it as &dyn Explain, Level::Error)), &sources, &Style::default());
        let described = describe_all(errors.iter().map(|it| it as &dyn Explain), &sources, &Style::default());
        assert_eq!(described.len(), errors.len(), "{name}");
        let first = errors.first().map(ToString::to_string);
        match (&first, expected) {
            (Some(message), Some(expected)) => assert!(message.contains(expected), "{name}: {message}"),
            (first, expected) => assert_eq!(first.as_deref(), expected, "{name}"),
        }
        assert!(began.elapsed() < Duration::from_mins(1), "{name}: {:?}", began.elapsed());
    }
}

#[test]
fn a_large_variable_used_often_is_refused_with_its_place() {
    let uses: Vec<_> = (0..2_000).map(|at| format!("      A{at}: $BIG\n")).collect();
    let file = format!("services:\n  a:\n    image: x\n    environment:\n{}", uses.concat());
    let files = Files::new(&[("compose.yaml", file.as_bytes())]);
    let mut options = files.options(&[]);
    options.environment.insert("BIG".to_owned(), "x".repeat(1 << 20));
    let failure = load(&options).expect_err("2 GB are too much");
    let told: Vec<_> = failure.errors.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["the variables up to `services.a.environment.A32` add more than 32 MiB to the file"]);
    let report = render_all([(&failure.errors[0] as &dyn Explain, Level::Error)], &failure.sources, &Style::default());
    assert!(report.contains("compose.yaml:37:12"), "{report}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn loading_is_deterministic(file in generate::compose_file()) {
        let files = Files::new(&[("compose.yaml", file.as_bytes())]);
        let (one, two) = (files.load(&[])?, files.load(&[])?);
        prop_assert_eq!(identity(&one.project), identity(&two.project));
        prop_assert_eq!(one.project, two.project);
    }

    #[test]
    fn config_loads_to_the_same_project(file in generate::compose_file()) {
        let files = Files::new(&[("compose.yaml", file.as_bytes())]);
        let project = files.load(&[])?.project;
        let again = reloaded(&project).map_err(TestCaseError::fail)?;
        prop_assert_eq!(identity(&project), identity(&again), "{}", yaml(&project));
    }

    #[test]
    fn an_empty_override_changes_nothing(file in generate::compose_file(), nothing in generate::empty_override()) {
        let files = Files::new(&[("compose.yaml", file.as_bytes()), ("empty.yaml", nothing.as_bytes())]);
        let alone = identity(&files.load(&["compose.yaml"])?.project);
        prop_assert_eq!(&identity(&files.load(&["compose.yaml", "empty.yaml"])?.project), &alone);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_bring_a_reader_down(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read_everything(&bytes);
    }

    #[test]
    fn no_text_like_yaml_brings_a_reader_down(text in generate::yaml_like()) {
        read_everything(text.as_bytes());
    }

    #[test]
    fn no_file_with_misplaced_values_brings_loading_down(text in generate::misplaced()) {
        read_everything(text.as_bytes());
    }

    #[test]
    fn no_text_brings_a_value_grammar_down(text in generate::value_like()) {
        read_values(&text);
    }

    #[test]
    fn printed_text_reads_as_itself(text in any::<String>()) {
        let tree = hoist::project::Tree::Mapping(vec![(format!("k{text}"), hoist::project::Tree::String(text.clone()))]);
        let printed = emit(&tree, None);
        let mut sources = SourceMap::default();
        let file = sources.add(Path::new("x"), printed.as_str());
        let parsed = parse(&sources, file);
        prop_assert!(parsed.errors.is_empty(), "{:?}: {:?}", printed, parsed.errors);
        let node = parsed.documents[0].get(&format!("k{text}")).and_then(|node| node.as_str());
        prop_assert_eq!(node, Some(text.as_str()), "{:?}", printed);
    }
}
