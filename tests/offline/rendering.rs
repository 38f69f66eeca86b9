//! The renderers: events in, bytes out.

mod builds;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hoist::engine::EngineError;
use hoist::event::{BuildStatus, Event, Fact, Outcome, Output, StepError, StepWarning, Stopping, Task, TaskStatus};
use hoist::observed::{Container, Health, PublishedPort, State};
use hoist::plan::{
    Action, ActionId, AnonymousVolumes, BuildPurpose, BuildSpec, ContainerSpec, Handle, ModelSpec, Plan, PullFailure,
    PullSpec, Replaced, SecretValues, UnusedVolume, WaitCondition, Waiter,
};
use hoist::project::Project;
use hoist::project::value::BuildContext;
use hoist::render::listing::{Format, Truncate};
use hoist::render::logs::{LogPrinter, LogSettings, Prefix};
use hoist::render::ps::{self, PsFormat, PsSettings};
use hoist::render::{Causes, Hidden, Progress, ProgressMode, TerminalSize, TtySettings};
use indicatif::{InMemoryTerm, TermLike};
use indoc::indoc;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::executing::{Plans, container, made_by};

/// What was written, for the test to read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no test panics while writing").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Written {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no test panics while writing").clone()).expect("text")
    }
}

pub(crate) fn finished(id: ActionId) -> Fact {
    Fact::Finished { id, elapsed: Duration::ZERO, outcome: Outcome::Done }
}

fn finished_as(id: ActionId, outcome: Outcome) -> Fact {
    Fact::Finished { id, elapsed: Duration::ZERO, outcome }
}

/// A network, a database that is waited for, and a web server.
pub(crate) fn stack() -> (Arc<Plan>, Vec<ActionId>) {
    let mut plans = Plans::new();
    let network = plans.network("demo_default", &[]);
    let db = plans.create("db", 1, &[network]);
    let db_started = plans.start("db", 1, db, &[]);
    let wait =
        plans.wait("db", vec![made_by("db", 1, db)], WaitCondition::Healthy, Waiter::Dependents, None, &[db_started]);
    let web = plans.create("web", 1, &[network]);
    let web_started = plans.start("web", 1, web, &[wait]);
    (plans.build(), vec![network, db, db_started, wait, web, web_started])
}

/// The events of a run of `stack` in which everything goes well.
fn all_well(steps: &[ActionId]) -> Vec<Fact> {
    steps.iter().flat_map(|id| [Fact::Started { id: *id }, finished(*id)]).collect()
}

fn failed(id: ActionId, error: StepError) -> Fact {
    Fact::Failed { id, elapsed: Duration::ZERO, error: Box::new(error) }
}

/// The engine failed, with those words.
fn engine_failed(id: ActionId, words: impl Into<String>) -> Fact {
    failed(id, EngineError::Failed(words.into()).into())
}

pub(crate) fn begins(plan: &Arc<Plan>, operation: &'static str) -> Fact {
    Fact::PlanStarted { plan: plan.clone(), operation, replaces_failed: false }
}

pub(crate) fn show(progress: &mut Progress<Written>, facts: &[Fact]) {
    for fact in facts {
        progress.event(&Event { at: Duration::ZERO, fact: fact.clone() }).expect("written to memory");
    }
}

fn written(mode: ProgressMode, plan: &Arc<Plan>, facts: &[Fact]) -> String {
    written_with(Causes::Shown, mode, plan, facts)
}

fn written_with(causes: Causes, mode: ProgressMode, plan: &Arc<Plan>, facts: &[Fact]) -> String {
    let written = Written::default();
    let mut progress = Progress::new(mode, TtySettings::default(), written.clone()).with_causes(causes);
    show(&mut progress, &[begins(plan, "up")]);
    show(&mut progress, facts);
    progress.finish().expect("written to memory");
    written.text()
}

#[test]
fn plain_progress_has_the_words_of_the_contract() {
    let (plan, steps) = stack();
    // The spaces at the ends of the lines belong to the form.
    assert_eq!(
        written(ProgressMode::Plain, &plan, &all_well(&steps)).replace(" \n", "$\n"),
        indoc! {"
            \u{20}Network demo_default Creating$
            \u{20}Network demo_default Created$
            \u{20}Container demo-db-1 Creating$
            \u{20}Container demo-db-1 Created$
            \u{20}Container demo-db-1 Starting$
            \u{20}Container demo-db-1 Started$
            \u{20}Container demo-db-1 Waiting$
            \u{20}Container demo-db-1 Healthy$
            \u{20}Container demo-web-1 Creating$
            \u{20}Container demo-web-1 Created$
            \u{20}Container demo-web-1 Starting$
            \u{20}Container demo-web-1 Started$
        "}
    );
}

#[test]
fn progress_gives_no_secret_away_and_moves_no_cursor() {
    let mut plans = Plans::new();
    let project = Arc::new(Project::default());
    let spec = Arc::new(BuildSpec::new("web", "demo-web", BuildContext::Folder("/app".into())));
    let build = plans.add(Action::BuildImage { project, spec }, &[]);
    let message = "exec: \"--password=hunter2\" \u{1b}[2J\u{9b}2J of amqp://me:hunter2@mq".to_owned();
    let plan = plans.build();
    let events = [
        Fact::Started { id: build },
        Fact::BuildStep {
            id: build,
            part: "1".to_owned(),
            name: "RUN curl -H 'PRIVATE-TOKEN: hunter2'\u{1b}]0;x\u{7}".to_owned(),
            status: BuildStatus::Started,
            elapsed: None,
        },
        Fact::BuildLog { id: build, part: "1".to_owned(), line: "\u{1b}[31mred\u{1b}[0m\u{1b}[2J".to_owned() },
        Fact::Warning { id: Some(build), warning: StepWarning::EngineSaid(message.clone()) },
        engine_failed(build, message),
    ];
    let lines = written(ProgressMode::Plain, &plan, &events);
    assert!(lines.contains("--password=•••") && lines.contains("amqp://me:•••@mq"), "{lines}");
    assert!(lines.contains("\u{1b}[31mred\u{1b}[0m␛[2J"), "colours of a build stay: {lines:?}");
    let tame = lines.replace("\u{1b}[31m", "").replace("\u{1b}[0m", "");
    assert!(!lines.contains("hunter2") && !tame.contains(|c: char| c.is_control() && c != '\n'), "{lines:?}");
    let json = written(ProgressMode::Json, &plan, &events);
    assert!(!json.contains("hunter2") && !json.contains('\u{1b}'), "{json:?}");
    let written = Written::default();
    let mut progress =
        Progress::new(ProgressMode::Plain, TtySettings::default(), written.clone()).with_values(SecretValues::Shown);
    show(&mut progress, &[begins(&plan, "up")]);
    show(&mut progress, &events);
    assert!(written.text().contains("--password=hunter2"), "{}", written.text());
}

#[test]
fn names_of_the_engine_move_no_cursor() {
    let forged = "web\u{1b}[2J\u{9b}\u{202e}";
    let (out, err) = logged(
        LogSettings::default(),
        &[
            Output::Attaching(vec![forged.into()]),
            lines(forged, false, "\u{1b}[31mtheirs\n"),
            Output::Exited { source: forged.into(), exit_code: 0, restarting: false },
            Output::Unreadable { source: forged.into(), message: forged.to_owned() },
        ],
    );
    assert!(out.contains("\u{1b}[31mtheirs\n"), "what a container writes is passed on: {out:?}");
    let rest = out.replace("\u{1b}[31m", "") + &err;
    assert!(!rest.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{202e}'), "{rest:?}");
    let mut container = wordpress();
    container.service = Some(forged.into());
    container.image = forged.to_owned();
    container.status = "Up\n5 seconds".to_owned();
    let containers = |format| PsFormat::Containers(format);
    for format in [containers(Format::Table), containers(Format::Raw), PsFormat::Services] {
        let listed = listed_as(&[&container], &format);
        assert!(!listed.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{202e}'), "{listed:?}");
    }
    assert_eq!(listed(&[&container], Format::Table).lines().count(), 2, "a container is a line");
}

#[test]
fn quiet_progress_is_nothing() {
    let (plan, steps) = stack();
    assert_eq!(written(ProgressMode::Quiet, &plan, &all_well(&steps)), "");
}

#[test]
fn json_progress_leaves_out_what_is_empty() {
    let (plan, steps) = stack();
    let wait = steps[3];
    let events = [
        Fact::Started { id: steps[0] },
        finished(steps[0]),
        finished_as(wait, Outcome::OptionalNotMet { service: "db".into(), error: None }),
        engine_failed(steps[5], "a < b"),
    ];
    assert_eq!(
        written(ProgressMode::Json, &plan, &events),
        indoc! {r#"
            {"id":"Network demo_default","status":"Working","text":"Creating"}
            {"id":"Network demo_default","status":"Done","text":"Created"}
            {"id":"Container demo-db-1","status":"Warning","text":"Skipped: optional dependency \"db\" failed to start"}
            {"id":"Container demo-web-1","status":"Error","text":"Error","details":"a \u003c b"}
        "#}
    );
}

#[test]
fn tasks_without_a_plan_have_the_words_of_the_contract() {
    let copy = Task::Copy { from: "a".to_owned(), to: "demo-web-1:/tmp".to_owned() };
    let fact = |task: &Task, status| Fact::Task { container: "demo-web-1".to_owned(), task: task.clone(), status };
    let events = [
        Fact::TasksStarted { operation: "copy" },
        fact(&copy, TaskStatus::Started),
        fact(&copy, TaskStatus::Done),
        fact(&copy, TaskStatus::Failed),
        fact(&Task::Export, TaskStatus::Started),
        fact(&Task::Export, TaskStatus::Done),
        fact(&Task::Commit, TaskStatus::Started),
        fact(&Task::Commit, TaskStatus::Committed("sha256:1".into())),
    ];
    assert_eq!(
        written(ProgressMode::Plain, &Arc::default(), &events).replace(" \n", "$\n"),
        indoc! {"
            \u{20}demo-web-1 Copying a to demo-web-1:/tmp
            \u{20}demo-web-1 Copied a to demo-web-1:/tmp
            \u{20}demo-web-1 Error a to demo-web-1:/tmp
            \u{20}demo-web-1 Exporting$
            \u{20}demo-web-1 Exported$
            \u{20}demo-web-1 Committing$
            \u{20}demo-web-1 Committed as sha256:1$
        "}
    );
    assert_eq!(
        written(ProgressMode::Json, &Arc::default(), &events[..3]),
        indoc! {r#"
            {"id":"demo-web-1","status":"Working","text":"Copying","details":"a to demo-web-1:/tmp"}
            {"id":"demo-web-1","status":"Done","text":"Copied","details":"a to demo-web-1:/tmp"}
        "#}
    );
    assert_eq!(written(ProgressMode::Quiet, &Arc::default(), &events), "");
}

#[test]
fn what_did_not_happen_has_words_of_its_own() {
    let mut plans = Plans::new();
    let network = plans.add(Action::RemoveNetwork { id: "n1".into(), name: "demo_default".to_owned() }, &[]);
    let volume = plans.add(Action::RemoveVolume { name: "demo_data".to_owned() }, &[]);
    let plan = plans.build();
    let events = [
        Fact::UpToDate { container: "demo-db-1".to_owned(), state: State::Running },
        finished_as(network, Outcome::StillInUse { by: vec!["other".to_owned(), "0123456789ab".to_owned()] }),
        finished_as(network, Outcome::NothingThere),
        finished_as(volume, Outcome::StillInUse { by: Vec::new() }),
        finished_as(volume, Outcome::NothingThere),
        Fact::Stopping(Stopping::Interrupted),
        Fact::Stopping(Stopping::ContainerExited),
    ];
    assert_eq!(
        written(ProgressMode::Plain, &plan, &events).replace(" \n", "$\n"),
        indoc! {"
            \u{20}Container demo-db-1 Running$
            \u{20}Network demo_default Resource is still in use by other, 0123456789ab
            \u{20}Network demo_default No resource found to remove$
            \u{20}Volume demo_data Resource is still in use$
            \u{20}Volume demo_data Warning: No resource found to remove$
            \u{20}Compose Stopping Gracefully Stopping... press Ctrl+C again to force
            \u{20}Compose Stopping Aborting on container exit...
        "}
    );
}

#[test]
fn an_interruption_says_what_happens_to_the_steps_under_way() {
    let mut plans = Plans::new();
    let project = Arc::new(Project::default());
    let spec = Arc::new(BuildSpec::new("web", "demo-web", BuildContext::Folder("/app".into())));
    let build = plans.add(Action::BuildImage { project, spec }, &[]);
    let network = plans.network("default", &[]);
    let plan = plans.build();
    let said = |events: &[Fact]| {
        let events: Vec<_> = events.iter().cloned().chain([Fact::Stopping(Stopping::Finishing)]).collect();
        let written = written(ProgressMode::Plain, &plan, &events);
        written.lines().last().expect("a line").trim().to_owned()
    };
    let (building, making) = (Fact::Started { id: build }, Fact::Started { id: network });
    let end = "... press Ctrl+C again to exit at once";
    for (events, words) in [
        (vec![], "Finishing calls in progress"),
        (vec![making.clone()], "Finishing calls in progress"),
        (vec![building.clone()], "Canceling builds"),
        (vec![building.clone(), making.clone()], "Canceling builds, finishing other calls in progress"),
        (vec![building, making, finished_as(build, Outcome::Done)], "Finishing calls in progress"),
    ] {
        assert_eq!(said(&events), format!("Compose Stopping {words}{end}"));
    }
}

#[test]
fn volumes_left_without_a_container_are_named_last() {
    let mut plans = Plans::new();
    let network = plans.network("default", &[]);
    let plan = plans.build();
    let volume = |name: &str, target: &str| UnusedVolume {
        name: name.to_owned(),
        target: target.to_owned(),
        container: "db/1".to_owned(),
        anonymous: true,
        inherited_by: None,
    };
    let events =
        |left: Vec<UnusedVolume>| [Fact::VolumesLeft(left), finished_as(network, Outcome::Done), Fact::Ended].to_vec();
    let two = events(vec![volume("3f9a", "/var/lib/db"), volume("77c1", "/log")]);
    assert_eq!(
        written(ProgressMode::Plain, &plan, &two).replace(" \n", "$\n"),
        indoc! {"
            \u{20}Network default Created$
            2 volumes are no longer used by any container; their data is kept:
              3f9a (/var/lib/db of db/1)
              77c1 (/log of db/1)
            To remove them and their data: docker volume rm 3f9a 77c1
        "}
    );
    let one = events(vec![volume("3f9a", "/var/lib/db")]);
    assert!(written(ProgressMode::Plain, &plan, &one).ends_with(indoc! {"
        1 volume is no longer used by any container; its data is kept:
          3f9a (/var/lib/db of db/1)
        To remove it and its data: docker volume rm 3f9a
    "}));
    assert_eq!(
        written(ProgressMode::Json, &plan, &one).lines().next(),
        Some(
            r#"{"id":"Volume 3f9a","status":"Warning","text":"Left without a container","details":"/var/lib/db of db/1"}"#
        )
    );
    assert_eq!(written(ProgressMode::Quiet, &plan, &two), "");
}

/// The replacement of a container, and its start.
fn recreation() -> (Arc<Plan>, [ActionId; 5]) {
    let mut plans = Plans::new();
    let old = container("web", 1, Handle::Existing("0123456789ab".into()));
    let spec = ContainerSpec {
        temporary_name: Some("0123456789ab_demo-web-1".to_owned()),
        replaces: Some(Replaced { container: old.clone(), inherited: Vec::new(), inherits: true }),
        ..ContainerSpec::new(Arc::default(), old.replica.clone().expect("a replica"), "demo-web-1", "web")
    };
    let create = plans.add(Action::CreateContainer(Arc::new(spec)), &[]);
    let stop = plans.add(Action::StopContainer { container: old.clone(), spec: None, timeout: None }, &[create]);
    let remove = plans.add(Action::remove_container(old, AnonymousVolumes::Keep), &[stop]);
    let new = made_by("web", 1, create);
    let rename = plans.add(Action::RenameContainer { container: new, name: "demo-web-1".to_owned() }, &[remove]);
    let start = plans.start("web", 1, create, &[rename]);
    (plans.build(), [create, stop, remove, rename, start])
}

#[test]
fn a_recreation_shows_its_begin_and_its_end() {
    let (plan, steps) = recreation();
    assert_eq!(
        written(ProgressMode::Plain, &plan, &all_well(&steps)).replace(" \n", "$\n"),
        indoc! {"
            \u{20}Container demo-web-1 Recreate$
            \u{20}Container demo-web-1 Recreated$
            \u{20}Container demo-web-1 Starting$
            \u{20}Container demo-web-1 Started$
        "}
    );
    let not_needed: Vec<Fact> = steps.iter().map(|id| Fact::NotNeeded { id: *id }).collect();
    assert_eq!(written(ProgressMode::Plain, &plan, &not_needed), "");
}

#[test]
fn models_are_named_as_in_the_file() {
    let mut plans = Plans::new();
    let spec = Arc::new(ModelSpec {
        project: Arc::default(),
        key: "llm".into(),
        name: "chat".to_owned(),
        reference: "ai/smollm2".to_owned(),
        context_size: None,
        runtime_flags: Vec::new(),
        services: Vec::new(),
        plugin: "docker-model".into(),
    });
    let pull = plans.add(Action::PullModel(spec.clone()), &[]);
    let configure = plans.add(Action::ConfigureModel(spec), &[pull]);
    let plan = plans.build();
    let events = [
        Fact::Started { id: pull },
        Fact::Progress { id: pull, part: "chat".to_owned(), status: "5 MB".to_owned(), current: None, total: None },
        finished(pull),
        Fact::Started { id: configure },
        finished(configure),
    ];
    assert_eq!(
        written(ProgressMode::Plain, &plan, &events).replace(" \n", "$\n"),
        indoc! {"
            \u{20}chat Pulling$
            \u{20}chat Pulling 5 MB
            \u{20}chat Pulled$
            \u{20}chat Configuring$
            \u{20}chat Configured$
        "}
    );
    assert_eq!(
        written(ProgressMode::Json, &plan, &events[1..2]),
        "{\"id\":\"chat\",\"status\":\"Working\",\"text\":\"Pulling\",\"details\":\"5 MB\"}\n"
    );
}

#[test]
fn layers_and_builds_are_lines_where_their_words_change() {
    let mut plans = Plans::new();
    let spec = PullSpec {
        image: "nginx".to_owned(),
        platform: None,
        services: Vec::new(),
        built_by: Vec::new(),
        on_failure: PullFailure::Fail,
    };
    let id = plans.add(Action::PullImage(Arc::new(spec)), &[]);
    let plan = plans.build();
    let layer = |status: &str, current| Fact::Progress {
        id,
        part: "a1b2".to_owned(),
        status: status.to_owned(),
        current,
        total: Some(200),
    };
    let events = [
        Fact::Started { id },
        layer("Downloading", Some(50)),
        layer("Downloading", Some(100)),
        layer("Pull complete", None),
        Fact::BuildStep {
            id,
            part: "3".to_owned(),
            name: "[2/3] RUN make".to_owned(),
            status: BuildStatus::Started,
            elapsed: None,
        },
        Fact::BuildLog { id, part: "3".to_owned(), line: "cc -o web".to_owned() },
        Fact::BuildStep {
            id,
            part: "3".to_owned(),
            name: "[2/3] RUN make".to_owned(),
            status: BuildStatus::Cached,
            elapsed: None,
        },
        finished(id),
    ];
    assert_eq!(
        written(ProgressMode::Plain, &plan, &events).replace(" \n", "$\n"),
        indoc! {"
            \u{20}Image nginx Pulling$
            \u{20}a1b2 Downloading$
            \u{20}a1b2 Pull complete$
            #3 [2/3] RUN make
            #3 cc -o web
            #3 CACHED
            \u{20}Image nginx Pulled$
        "}
    );
    assert!(written(ProgressMode::Json, &plan, &events).contains(
        r#"{"id":"a1b2","parent_id":"Image nginx","status":"Working","text":"Downloading","current":50,"total":200,"percent":25}"#
    ));
}

/// A terminal of 60 columns, and progress on it.
pub(crate) struct Screen {
    pub(crate) written: Written,
    pub(crate) progress: Progress<Written>,
    size: (u16, u16),
}

impl Screen {
    pub(crate) fn new(plan: &Arc<Plan>, rows: u16, columns: u16) -> Self {
        let written = Written::default();
        let settings = TtySettings { color: false, size: TerminalSize::fixed(rows, columns) };
        let mut progress = Progress::new(ProgressMode::Tty, settings, written.clone());
        show(&mut progress, &[begins(plan, "up")]);
        Self { written, progress, size: (rows, columns) }
    }

    pub(crate) fn events(&mut self, events: &[Fact]) {
        show(&mut self.progress, events);
    }

    /// What stands on the terminal after a tick.
    pub(crate) fn contents(&mut self) -> String {
        self.progress.tick();
        let terminal = InMemoryTerm::new(self.size.0, self.size.1);
        terminal.write_str(&self.written.text().replace('\n', "\r\n")).expect("written to memory");
        terminal.contents()
    }
}

#[test]
fn what_a_build_moves_belongs_to_its_step() {
    let mut plans = Plans::new();
    let project = Arc::new(Project { name: "demo".into(), ..Project::default() });
    let spec = Arc::new(BuildSpec::new("web", "demo-web", BuildContext::Folder("/app".into())));
    let id = plans.add(Action::BuildImage { project, spec }, &[]);
    let moved = |bytes| Fact::Progress {
        id,
        part: "1".to_owned(),
        status: "transferring context".to_owned(),
        current: Some(bytes),
        total: None,
    };
    let said = |part: &str, line: &str| Fact::BuildLog { id, part: part.to_owned(), line: line.to_owned() };
    let layer = Fact::Progress {
        id,
        part: "2".to_owned(),
        status: format!("extracting sha256:{}", "0123456789abcdef".repeat(4)),
        current: Some(0),
        total: None,
    };
    let plan = plans.build();
    let events = [moved(0), moved(200), said("1", "done"), said("1", "done"), layer, said("", "warning: old syntax")];
    assert_eq!(
        written(ProgressMode::Plain, &plan, &events),
        "#1 transferring context\n#1 done\n#1 done\n#2 extracting layer 0123456789ab\nwarning: old syntax\n"
    );
    let json = written(ProgressMode::Json, &plan, &events);
    let last = r#"{"id":"Image demo-web","status":"Working","text":"warning: old syntax"}"#;
    assert_eq!(json.lines().last(), Some(last));
}

#[test]
fn what_a_check_finds_is_its_result() {
    for (purpose, shown) in [(BuildPurpose::Check, "found\n"), (BuildPurpose::Image, "")] {
        let mut plans = Plans::new();
        let project = Arc::new(Project { name: "demo".into(), ..Project::default() });
        let context = BuildContext::Folder("/app".into());
        let spec = Arc::new(BuildSpec { purpose, ..BuildSpec::new("web", "demo-web", context) });
        let id = plans.add(Action::BuildImage { project, spec }, &[]);
        let said = |part: &str, line: &str| Fact::BuildLog { id, part: part.to_owned(), line: line.to_owned() };
        let (written, logged) = (Written::default(), Written::default());
        let settings = TtySettings { color: false, size: TerminalSize::fixed(24, 80) };
        let progress = Progress::new(ProgressMode::Plain, settings, written).with_build_log(logged.clone());
        let mut progress = progress.hiding(Hidden { builds: true, ..Hidden::default() });
        show(&mut progress, &[begins(&plans.build(), "build")]);
        show(&mut progress, &[said("1", "step"), said("", "found")]);
        assert_eq!(logged.text(), shown);
    }
}

#[test]
fn the_log_of_builds_can_go_elsewhere() {
    let mut plans = Plans::new();
    let project = Arc::new(Project { name: "demo".into(), ..Project::default() });
    let spec = Arc::new(BuildSpec::new("web", "demo-web", BuildContext::Folder("/app".into())));
    let id = plans.add(Action::BuildImage { project, spec }, &[]);
    let plan = plans.build();
    let events = [
        Fact::Started { id },
        Fact::BuildStep {
            id,
            part: "1".to_owned(),
            name: "[1/1] RUN x".to_owned(),
            status: BuildStatus::Started,
            elapsed: None,
        },
        Fact::BuildLog { id, part: "1".to_owned(), line: "line".to_owned() },
        finished(id),
    ];
    for (mode, log, rest) in [
        (ProgressMode::Plain, "#1 [1/1] RUN x\n#1 line\n", " Image demo-web Building \n Image demo-web Built \n"),
        (ProgressMode::Quiet, "", ""),
    ] {
        let (written, logged) = (Written::default(), Written::default());
        let settings = TtySettings { color: false, size: TerminalSize::fixed(24, 80) };
        let mut progress = Progress::new(mode, settings, written.clone()).with_build_log(logged.clone());
        show(&mut progress, &[begins(&plan, "build")]);
        show(&mut progress, &events);
        assert_eq!((logged.text().as_str(), written.text().as_str()), (log, rest));
    }
}

#[tokio::test(start_paused = true)]
async fn the_live_block_shows_states_times_and_what_is_waited_for() {
    let (plan, steps) = stack();
    let [network, db, db_started, wait, web, _] = steps[..] else { unreachable!("six steps") };
    let mut screen = Screen::new(&plan, 24, 60);
    screen.events(&[Fact::Started { id: network }]);
    tokio::time::sleep(Duration::from_millis(120)).await;
    screen.events(&[finished(network), Fact::Started { id: db }, finished(db), Fact::Started { id: db_started }]);
    screen.events(&[finished(db_started), Fact::Started { id: web }, finished(web)]);
    screen.events(&[Fact::Started { id: wait }]);
    screen.events(&[Fact::Waiting { id: wait, container: "demo-db-1".to_owned() }]);
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(
        screen.contents(),
        "\
[+] up 2/3
 ✔ Network demo_default Created                      0.1s
 ⠦ Container demo-db-1  Waiting                      2.5s
 ✔ Container demo-web-1 Created waits for demo-db... 0.0s"
    );
    screen.events(&[finished(wait)]);
    screen.progress.finish().expect("written to memory");
    assert_eq!(
        screen.contents(),
        "\
[+] up 3/3
 ✔ Network demo_default Created                      0.1s
 ✔ Container demo-db-1  Healthy                      2.5s
 ✔ Container demo-web-1 Created                      0.0s
"
        .trim_end()
    );
}

#[tokio::test(start_paused = true)]
async fn what_stays_on_the_screen_does_not_look_as_if_it_went_on() {
    let (plan, steps) = stack();
    let mut screen = Screen::new(&plan, 24, 60);
    screen.events(&[Fact::Started { id: steps[0] }]);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(screen.contents().contains(" ⠴ Network"), "{}", screen.contents());
    screen.progress.finish().expect("written to memory");
    assert_eq!(
        screen.contents(),
        "\
[+] up 0/1
 - Network demo_default Creating                     1.5s"
    );
}

#[test]
fn several_builds_at_once_say_whose_step_it_is() {
    let mut plans = Plans::new();
    let mut build = |service: &str| {
        let project = Arc::new(Project { name: "demo".into(), ..Project::default() });
        let context = BuildContext::Folder("/app".into());
        let spec = Arc::new(BuildSpec::new(service, format!("demo-{service}"), context));
        plans.add(Action::BuildImage { project, spec }, &[])
    };
    let (web, db) = (build("web"), build("db"));
    let step = |id, status| Fact::BuildStep {
        id,
        part: "1".to_owned(),
        name: "[1/2] FROM base".to_owned(),
        status,
        elapsed: None,
    };
    let events = [
        step(web, BuildStatus::Started),
        step(db, BuildStatus::Started),
        step(web, BuildStatus::Done),
        Fact::BuildLog { id: db, part: "1".to_owned(), line: "working".to_owned() },
        step(db, BuildStatus::Done),
    ];
    assert_eq!(
        written(ProgressMode::Plain, &plans.build(), &events),
        indoc! {"
            web #1 [1/2] FROM base
            db #1 [1/2] FROM base
            web #1 DONE
            db #1 working
            db #1 DONE
        "}
    );
}

#[test]
fn layers_of_two_images_are_told_apart() {
    let mut plans = Plans::new();
    let mut pull = |image: &str| {
        let (image, platform, on_failure) = (image.to_owned(), None, PullFailure::Fail);
        plans.add(
            Action::PullImage(Arc::new(PullSpec {
                image,
                platform,
                services: Vec::new(),
                built_by: Vec::new(),
                on_failure,
            })),
            &[],
        )
    };
    let pulls = [pull("nginx"), pull("redis")];
    let shared = |id| Fact::Progress {
        id,
        part: "a1b2".to_owned(),
        status: "Already exists".to_owned(),
        current: None,
        total: None,
    };
    let text = written(ProgressMode::Plain, &plans.build(), &pulls.map(shared));
    assert_eq!(text.lines().count(), 2, "{text}");
}

#[test]
fn what_the_engine_is_restarting_is_not_said_to_run() {
    let plan = Plans::new().build();
    let events = [State::Running, State::Restarting]
        .map(|state| Fact::UpToDate { container: format!("demo-{}", state.as_str()), state });
    let text = written(ProgressMode::Plain, &plan, &events);
    assert_eq!(text, " Container demo-running Running \n Container demo-restarting Restarting \n");
}

#[test]
fn a_failed_wait_marks_the_replica_at_fault() {
    let mut plans = Plans::new();
    let replicas: Vec<_> = [1, 2, 10].map(|number| made_by("db", number, plans.create("db", number, &[]))).into();
    let wait = plans.wait("db", replicas, WaitCondition::Healthy, Waiter::Dependents, None, &[]);
    let plan = plans.build();
    for at_fault in ["demo-db-1", "demo-db-2", "demo-db-10"] {
        let container = at_fault.to_owned();
        let unhealthy = StepError::Unhealthy { waiter: Waiter::Dependents, container, evidence: Vec::new() };
        let facts = [failed(wait, unhealthy)];
        let marked = |text: &str| assert!(text.contains(&format!("Container {at_fault} Error ")), "{text}");
        marked(&written(ProgressMode::Plain, &plan, &facts));
        // A command that reports the cause at its end leaves the words out here.
        let silent = written_with(Causes::Reported, ProgressMode::Plain, &plan, &facts);
        marked(&silent);
        assert!(!silent.contains("unhealthy"), "{silent}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_live_block_fits_small_terminals() {
    let mut plans = Plans::new();
    let steps: Vec<ActionId> = (1..=6).map(|number| plans.create("a-service-with-a-long-name", number, &[])).collect();
    let plan = plans.build();
    let mut screen = Screen::new(&plan, 6, 44);
    screen.events(&steps.iter().map(|id| Fact::Started { id: *id }).collect::<Vec<_>>());
    screen.events(&[finished(steps[0]), finished(steps[1])]);
    screen.events(&[engine_failed(steps[2], "no such image: a-service")]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let contents = screen.contents();
    assert_eq!(
        contents,
        "\
[+] up 3/6
 ✘ Container ...ong-name-3 Error     0.0s
 ⠋ Container ...ong-name-4 Creating  1.0s
 ⠋ Container ...ong-name-5 Creating  1.0s
 ... 3 more",
        "{contents}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_live_block_fits_the_narrowest_terminals() {
    let (plan, steps) = stack();
    for columns in 1..40 {
        let mut screen = Screen::new(&plan, 8, columns);
        screen.events(&[Fact::Started { id: steps[0] }, finished(steps[0]), Fact::Ended]);
        let contents = screen.contents();
        let widest = contents.lines().map(|line| line.chars().count()).max().unwrap_or_default();
        assert!(widest <= usize::from(columns), "{columns} columns:\n{contents}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_echo_of_a_ctrl_c_leaves_nothing_behind() {
    let (plan, steps) = stack();
    let mut screen = Screen::new(&plan, 24, 60);
    screen.events(&[Fact::Started { id: steps[0] }]);
    screen.contents();
    let mut terminal = screen.written.clone();
    terminal.write_all(b"^C").expect("written to memory");
    screen.events(&[finished(steps[0])]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(
        screen.contents(),
        "\
[+] up 1/1
 ✔ Network demo_default Created                      0.0s"
    );
}

#[tokio::test(start_paused = true)]
async fn transfers_show_layers_bytes_and_speed() {
    let mut plans = Plans::new();
    let spec = PullSpec {
        image: "nginx".to_owned(),
        platform: None,
        services: Vec::new(),
        built_by: Vec::new(),
        on_failure: PullFailure::Fail,
    };
    let id = plans.add(Action::PullImage(Arc::new(spec)), &[]);
    let plan = plans.build();
    let mut screen = Screen::new(&plan, 24, 80);
    let layer = |part: &str, status: &str, current| Fact::Progress {
        id,
        part: part.to_owned(),
        status: status.to_owned(),
        current: Some(current),
        total: Some(20_000_000),
    };
    let pause = async || tokio::time::sleep(Duration::from_secs(1)).await;
    screen.events(&[Fact::Started { id }, layer("a", "Downloading", 12_300_000), layer("b", "Downloading", 0)]);
    screen.events(&[layer("a", "Pull complete", 0)]);
    let at_first = "[+] up 1/3\n ⠋ Image nginx [⣿⠀]  20.0MB / 40.0MB  Pulling                            0.0s";
    assert_eq!(screen.contents(), at_first);

    let mut screen = Screen::new(&plan, 24, 80);
    screen.events(&[Fact::Started { id }, layer("a", "Downloading", 12_300_000), layer("b", "Downloading", 0)]);
    pause().await;
    screen.events(&[layer("b", "Downloading", 4_100_000)]);
    let moving = "[+] up 0/3\n ⠋ Image nginx [⣤⡀]  16.4MB / 40.0MB    4.1MB/s Pulling                  1.0s";
    assert_eq!(screen.contents(), moving);
    pause().await;
    screen.events(&[layer("a", "Pull complete", 0), layer("b", "Pushing", 9_000_000)]);
    let moving = "[+] up 1/3\n ⠋ Image nginx [⣿⣄]  29.0MB / 40.0MB    8.3MB/s Pulling                  2.0s";
    assert_eq!(screen.contents(), moving);
    screen.progress.finish().expect("written to memory");
    let at_last = "[+] up 1/3\n - Image nginx [⣿⣄]  29.0MB / 40.0MB  Pulling                            2.0s";
    assert_eq!(screen.contents(), at_last, "what has ended has no speed");

    let mut narrow = Screen::new(&plan, 24, 58);
    narrow.events(&[Fact::Started { id }, layer("a", "Downloading", 0)]);
    pause().await;
    narrow.events(&[layer("a", "Downloading", 5_000_000)]);
    let fitting = "[+] up 0/2\n ⠋ Image nginx [⣀]   5.0MB / 20.0MB  Pulling       1.0s";
    assert_eq!(narrow.contents(), fitting);
}

#[tokio::test(start_paused = true)]
async fn warnings_stay_above_the_live_block() {
    let (plan, steps) = stack();
    let warning = Fact::Warning { id: Some(steps[1]), warning: StepWarning::EngineSaid("no swap limit".to_owned()) };
    assert_eq!(written(ProgressMode::Plain, &plan, std::slice::from_ref(&warning)), " db no swap limit \n");
    let mut screen = Screen::new(&plan, 24, 60);
    screen.events(&[Fact::Started { id: steps[1] }, warning, finished(steps[1])]);
    assert_eq!(
        screen.contents(),
        "\
! db: no swap limit
[+] up 1/1
 ✔ Container demo-db-1 Created                       0.0s"
    );
}

#[tokio::test(start_paused = true)]
async fn other_output_comes_above_the_live_block() {
    let (plan, steps) = stack();
    let mut screen = Screen::new(&plan, 24, 60);
    screen.events(&[Fact::Started { id: steps[0] }]);
    screen.contents();
    let mut out = screen.written.clone();
    screen.progress.above(|| writeln!(out, "web-1  | hello")).expect("written to memory");
    assert_eq!(
        screen.contents(),
        "\
web-1  | hello
[+] up 0/1
 ⠋ Network demo_default Creating                     0.0s"
    );
}

#[tokio::test(start_paused = true)]
async fn when_the_plan_is_through_the_block_stays_and_the_next_one_is_its_own() {
    let (plan, steps) = stack();
    let mut screen = Screen::new(&plan, 24, 60);
    screen.events(&[Fact::UpToDate { container: "demo-cache-1".to_owned(), state: State::Running }]);
    screen.events(&[Fact::Started { id: steps[0] }, finished(steps[0]), Fact::Ended]);
    let mut out = screen.written.clone();
    screen.progress.above(|| writeln!(out, "web-1  | hello")).expect("written to memory");
    screen.events(&[Fact::Stopping(Stopping::Interrupted)]);
    screen.events(&[begins(&plan, "stop")]);
    screen.events(&[Fact::Started { id: steps[1] }]);
    assert_eq!(
        screen.contents(),
        "\
[+] up 2/2
 ✔ Container demo-cache-1 Running                    0.0s
 ✔ Network demo_default   Created                    0.0s
web-1  | hello
Gracefully Stopping... press Ctrl+C again to force
[+] stop 0/1
 ⠋ Container demo-db-1 Creating                      0.0s"
    );
}

/// Lines of several sources: on standard output, and on standard error.
fn logged(settings: LogSettings, outputs: &[Output]) -> (String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut printer = LogPrinter::new(settings);
    for output in outputs {
        printer.write(output, &mut out, &mut err).expect("written to memory");
    }
    (String::from_utf8(out).expect("text"), String::from_utf8(err).expect("text"))
}

fn lines(source: &str, stderr: bool, text: &str) -> Output {
    Output::Lines { source: source.into(), stderr, bytes: text.as_bytes().to_vec() }
}

#[test]
fn log_lines_have_aligned_prefixes_and_streams_stay_apart() {
    let outputs = [
        lines("db-1", false, "early\n"),
        Output::Attaching(vec!["db-1".into(), "worker-1".into()]),
        lines("db-1", false, "one\ntwo\n"),
        lines("worker-1", true, "oops\n"),
        Output::Exited { source: "db-1".into(), exit_code: 137, restarting: true },
        Output::Exited { source: "db-1".into(), exit_code: 0, restarting: false },
        Output::Recreated { source: "worker-1".into() },
    ];
    let (out, err) = logged(LogSettings::default(), &outputs);
    assert_eq!(
        out,
        indoc! {"
            db-1  | early
            Attaching to db-1, worker-1
            db-1      | one
            db-1      | two
            db-1 exited with code 137 (restarting)
            db-1 exited with code 0
            worker-1 has been recreated
        "}
    );
    assert_eq!(err, "worker-1  | oops\n");
}

#[test]
fn log_prefixes_are_coloured_in_the_order_of_the_sources() {
    let settings = LogSettings { color: true, ..LogSettings::default() };
    let outputs = [
        lines("a-1", false, "x\n"),
        lines("b-1", false, "x\n"),
        lines("a-1 ->", false, "hook\n"),
        lines("c-1", false, "x\n"),
    ];
    let (out, _) = logged(settings, &outputs);
    assert_eq!(
        out,
        "\x1b[36ma-1  | \x1b[0mx\n\x1b[33mb-1  | \x1b[0mx\n\x1b[36ma-1 ->  | \x1b[0mhook\n\x1b[32mc-1     | \x1b[0mx\n"
    );
}

#[test]
fn log_lines_without_prefix_are_as_they_were_written() {
    let settings = LogSettings { prefix: Prefix::None, ..LogSettings::default() };
    let (out, _) = logged(settings, &[lines("a-1", false, "x\n\u{1b}[1my\n")]);
    assert_eq!(out, "x\n\u{1b}[1my\n");
    let settings = LogSettings { prefix: Prefix::None, timestamps: true, ..LogSettings::default() };
    let (out, _) = logged(settings, &[lines("a-1", false, "x\n")]);
    let (stamp, rest) = out.split_once(' ').expect("a time");
    assert_eq!((stamp.len(), rest), ("2006-01-02T15:04:05.000000000Z".len(), "x\n"));
}

fn wordpress() -> Container {
    Container {
        id: "0123456789abcdef".into(),
        name: "demo-wordpress-1".to_owned(),
        service: Some("wordpress".into()),
        number: Some(1),
        one_off: false,
        hook: false,
        state: State::Running,
        health: Health::Healthy,
        exit_code: None,
        status: "Up 5 seconds (healthy)".to_owned(),
        image: "wordpress:latest".to_owned(),
        image_id: None,
        image_platform: None,
        command: "docker-entrypoint.sh apache2-foreground".to_owned(),
        created: 1_700_000_000,
        config_hash: None,
        image_digest: None,
        networks: BTreeMap::new(),
        mounts: Vec::new(),
        ports: vec![PublishedPort {
            host_ip: Some("0.0.0.0".to_owned()),
            published: Some(8000),
            target: 80,
            protocol: "tcp".to_owned(),
        }],
        labels: [("a".to_owned(), "<b>".to_owned())].into(),
    }
}

fn listed(containers: &[&Container], format: Format) -> String {
    listed_as(containers, &PsFormat::Containers(format))
}

fn listed_as(containers: &[&Container], format: &PsFormat) -> String {
    let settings = PsSettings {
        project: "demo".to_owned(),
        truncate: Truncate::Long,
        now: Timestamp::from_second(1_700_000_075).expect("a time"),
        zone: TimeZone::UTC,
    };
    let mut out = Vec::new();
    ps::write(containers, format, &settings, &mut out).expect("written to memory");
    String::from_utf8(out).expect("text")
}

#[test]
fn ps_is_a_table_of_the_contract() {
    let wordpress = wordpress();
    let db = Container {
        name: "demo-db-1".to_owned(),
        service: Some("db".into()),
        ports: Vec::new(),
        command: "mysqld".to_owned(),
        ..wordpress.clone()
    };
    assert_eq!(
        listed(&[&wordpress, &db], Format::Table),
        "\
NAME               IMAGE              COMMAND                  SERVICE     CREATED              STATUS                   PORTS
demo-db-1          wordpress:latest   \"mysqld\"                 db          About a minute ago   Up 5 seconds (healthy)   \n\
demo-wordpress-1   wordpress:latest   \"docker-entrypoint.s…\"   wordpress   About a minute ago   Up 5 seconds (healthy)   0.0.0.0:8000->80/tcp
"
    );
    assert_eq!(listed(&[], Format::Table), "NAME      IMAGE     COMMAND   SERVICE   CREATED   STATUS    PORTS\n");
    assert_eq!(listed_as(&[&wordpress, &wordpress], &PsFormat::Services), "wordpress\n");
    assert_eq!(listed(&[&wordpress], Format::Ids), "0123456789abcdef\n");
}

#[test]
fn ps_follows_templates() {
    let wordpress = wordpress();
    let shown = |format: &str| listed(&[&wordpress], Format::parse(format).expect("a format"));
    assert_eq!(shown("{{.Name}}"), "demo-wordpress-1\n");
    assert_eq!(shown(r"{{.Service}}\t{{.State}}\t{{.Health}}"), "wordpress\trunning\thealthy\n");
    assert_eq!(shown("{{json .}}"), listed(&[&wordpress], Format::Json));
    assert_eq!(shown("{{.Publishers}} {{.ExitCode}}"), "[{0.0.0.0 80 8000 tcp}] 0\n");
    assert_eq!(
        shown("{{range .Publishers}}{{.PublishedPort}}:{{.TargetPort}}/{{.Protocol}} {{end}}"),
        "8000:80/tcp \n"
    );
    assert_eq!(shown("{{.Label \"a\"}}"), "<b>\n");
    assert_eq!(shown("pretty"), "pretty\n");
    assert_eq!(
        shown(r#"table {{.Name}}\t{{.ExitCode}}\t{{upper .Status}}\t{{.Label "com.example.a-b"}}"#),
        "NAME               <no value>   STATUS                   a b\n\
         demo-wordpress-1   0            UP 5 SECONDS (HEALTHY)   \n"
    );
    assert_eq!(
        shown("raw"),
        "container_id: 0123456789ab\nimage: wordpress:latest\ncommand: \"docker-entrypoint.s…\"\n\
         created_at: 2023-11-14 22:13:20 +0000 UTC\nstate: running\nstatus: Up 5 seconds (healthy)\n\
         names: demo-wordpress-1\nlabels: a=<b>\nports: 0.0.0.0:8000->80/tcp\n\n"
    );
}

#[test]
fn ps_as_json_has_the_members_of_the_contract() {
    assert_eq!(listed(&[], Format::Json), "");
    assert_eq!(
        listed(&[&wordpress()], Format::Json),
        concat!(
            r#"{"Command":"\"docker-entrypoint.s…\"","CreatedAt":"2023-11-14 22:13:20 +0000 UTC","Engine":"","#,
            r#""ExitCode":0,"Health":"healthy","ID":"0123456789ab","Image":"wordpress:latest","#,
            r#""Labels":"a=\u003cb\u003e","LocalVolumes":"0","Mounts":"","Name":"demo-wordpress-1","#,
            r#""Names":"demo-wordpress-1","Networks":"","Ports":"0.0.0.0:8000-\u003e80/tcp","Project":"demo","#,
            r#""Publishers":[{"URL":"0.0.0.0","TargetPort":80,"PublishedPort":8000,"Protocol":"tcp"}],"#,
            r#""RunningFor":"About a minute ago","Service":"wordpress","Size":"0B","State":"running","#,
            r#""Status":"Up 5 seconds (healthy)"}"#,
            "\n"
        )
    );
}
