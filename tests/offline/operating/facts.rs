//! `images`, `ls`, `volumes`, `port`, `top`, `events` and `stats`: what they find out, and how they end.

use std::time::Duration;

use hoist::engine::fake::{Fake, Script};
use hoist::engine::{ContainerStates, EngineError, EventQuery};
use hoist::observed::{ContainerUsage, ImageDetails, Processes, Usage};
use hoist::operation::{
    Images, Interruption, Ls, NameFilter, OneContainer, OperationError, Port, Stats, Top, Volumes, WantedPorts,
    WatchEvents,
};
use hoist::project::label;

use super::{demo, engine_with};
use crate::executing::{ms, s};

/// An engine with two replicas, a one-off, a stopped container, and another project.
fn engine() -> Fake {
    let engine = Fake::new();
    engine.add_running("demo", "demo-web-2", "web", 2);
    engine.add_running("demo", "demo-web-1", "web", 1);
    let one_off = engine.add_running("demo", "demo-web-run", "web", 0);
    engine.label(&one_off, label::ONE_OFF, "True");
    engine.add_container("demo", "demo-db-1", "db", 1);
    engine.add_running("other", "other-api-1", "api", 1);
    engine
}

#[tokio::test(start_paused = true)]
async fn images_are_inspected_once_and_shown_per_container() {
    let (engine, _) = engine_with(demo()).await;
    let details = ImageDetails { id: "sha256:abc".into(), size: 3, ..ImageDetails::default() };
    engine.details_of("web", details.clone());
    let list = |services: &[&str]| Images {
        project: "demo".into(),
        services: services.iter().map(|service| (*service).into()).collect(),
    };
    let images = list(&[]).list(&engine).await.expect("the fake engine answers");
    let shown: Vec<_> = images.iter().map(|image| (image.container.as_str(), image.repository.as_deref())).collect();
    assert_eq!(shown, [("demo-db-1", Some("db")), ("demo-web-1", Some("web"))]);
    assert_eq!((images[1].tag.as_deref(), &images[1].details), (Some("latest"), &details));
    // The image of `db` is gone.
    assert_eq!((images[0].details.size, images[0].details.created), (0, None));
    let of_web = list(&["web"]).list(&engine).await.expect("the fake engine answers");
    assert_eq!(of_web.len(), 1);
    assert!(list(&["nope"]).list(&engine).await.expect("the fake engine answers").is_empty());
    engine.fail("image web", EngineError::Failed("the store is broken".to_owned()));
    assert!(matches!(list(&[]).list(&engine).await, Err(OperationError::Engine(_))));
}

#[tokio::test(start_paused = true)]
async fn projects_are_counted_by_state() {
    let engine = engine();
    let listed = async |states, filters: &[&str]| {
        let names = filters.iter().map(|filter| NameFilter::new(filter)).collect();
        let projects = Ls { states, names }.list(&engine).await.expect("the fake engine answers");
        let shown = projects.iter().map(|project| format!("{} {:?}", project.name, project.states));
        shown.collect::<Vec<_>>()
    };
    let other = r#"other {"running": 1}"#;
    assert_eq!(listed(ContainerStates::Up, &[]).await, [r#"demo {"running": 3}"#, other]);
    assert_eq!(listed(ContainerStates::All, &[]).await, [r#"demo {"created": 1, "running": 3}"#, other]);
    assert_eq!(listed(ContainerStates::Up, &["^o", "nothing"]).await, [other]);
    assert_eq!(listed(ContainerStates::Up, &["th"]).await, [other]);
    assert!(listed(ContainerStates::Up, &["("]).await.is_empty(), "no regular expression matches itself alone");
}

#[tokio::test(start_paused = true)]
async fn volumes_may_be_those_that_services_mount() {
    let (engine, _) = engine_with(demo()).await;
    let listed = async |services: &[&str]| {
        let services = services.iter().map(|service| (*service).into()).collect();
        let volumes = Volumes { project: "demo".into(), services }.list(&engine).await;
        volumes.expect("the fake engine answers").into_iter().map(|volume| volume.name).collect::<Vec<_>>()
    };
    assert_eq!(listed(&[]).await, ["demo_data"]);
    assert_eq!(listed(&["web", "db"]).await, ["demo_data"]);
    assert!(listed(&["web"]).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_port_needs_a_container_that_runs_and_has_it() {
    let engine = engine();
    let error = async |service: &str, number: Option<u32>| {
        let container = OneContainer { project: "demo".into(), service: service.into(), number };
        let wanted = WantedPorts::One { number: 80, protocol: Some("tcp".to_owned()) };
        Port { container, wanted }.find(&engine).await.expect_err("there is no such port").to_string()
    };
    assert_eq!(error("web", None).await, "no port 80/tcp for container demo-web-1: ");
    assert_eq!(error("web", Some(2)).await, "no port 80/tcp for container demo-web-2: ");
    assert_eq!(error("web", Some(9)).await, "service \"web\" is not running container #9");
    assert_eq!(error("db", None).await, "service \"db\" is not running");
    let container = OneContainer { project: "demo".into(), service: "web".into(), number: None };
    let all = Port { container, wanted: WantedPorts::All { protocol: None } }.find(&engine).await;
    assert!(all.expect("it has none").is_empty());
}

#[tokio::test(start_paused = true)]
async fn processes_are_those_of_running_containers() {
    let engine = engine();
    let sleep = Processes { titles: vec!["CMD".to_owned()], rows: vec![vec!["sleep".to_owned()]] };
    engine.processes_of("demo-web-2", sleep.clone());
    engine.fail("processes demo-web-1", EngineError::Conflict("it is not running any more".to_owned()));
    let top = Top { project: "demo".into(), ..Top::default() };
    let listed = top.list(&engine).await.expect("the fake engine answers");
    let shown: Vec<_> = listed.iter().map(|container| (container.container.as_str(), container.number)).collect();
    assert_eq!(shown, [("demo-web-2", Some(2)), ("demo-web-run", None)]);
    assert_eq!(listed[0].processes, sleep);
    engine.fail("processes demo-web-1", EngineError::Failed("there is no ps".to_owned()));
    assert!(matches!(top.list(&engine).await, Err(OperationError::Engine(_))));
}

/// Reads events until their end, an interruption after `seconds`, or the failure to pass on one of `action`.
async fn watched(engine: &Fake, watch: &WatchEvents, seconds: u64) -> (Vec<String>, Result<(), OperationError>) {
    let interruption = Interruption::default();
    let mut seen = Vec::new();
    let tell = |event: &hoist::observed::EngineEvent| {
        seen.push(format!("{} {}", event.attributes["name"], event.action));
        Ok(())
    };
    let interrupted = async {
        tokio::time::sleep(s(seconds)).await;
        interruption.stop.cancel();
    };
    let (ended, ()) = tokio::join!(watch.run(engine, &interruption, tell), interrupted);
    (seen, ended)
}

#[tokio::test(start_paused = true)]
async fn events_are_those_of_replicas_as_they_happen() {
    let engine = engine();
    engine.script("demo-db-1", Script::exits_after(s(1), 3));
    let id = engine.id_of("demo-db-1").expect("it is there");
    let later = async {
        tokio::time::sleep(s(1)).await;
        engine.start_now(&id);
        let one_off = engine.id_of("demo-web-run").expect("it is there");
        engine.pause_now(&one_off);
        engine.pause_now(&engine.id_of("demo-web-1").expect("it is there"));
    };
    let watch = WatchEvents { project: "demo".into(), ..WatchEvents::default() };
    let ((seen, ended), ()) = tokio::join!(watched(&engine, &watch, 5), later);
    assert!(matches!(ended, Err(OperationError::Interrupted)), "{ended:?}");
    assert_eq!(seen, ["demo-db-1 start", "demo-web-1 pause"]);
}

#[tokio::test(start_paused = true)]
async fn events_of_a_period_end_with_it() {
    let engine = engine();
    let period = EventQuery { since: Some(0), until: Some(i128::MAX) };
    let watch = WatchEvents { project: "demo".into(), services: vec!["db".into()], period };
    let (seen, ended) = watched(&engine, &watch, 5).await;
    assert!(ended.is_ok(), "{ended:?}");
    assert_eq!(seen, ["demo-db-1 create"]);
    engine.fail("events", EngineError::Failed("the engine is full".to_owned()));
    let (_, ended) = watched(&engine, &watch, 5).await;
    assert!(matches!(ended, Err(OperationError::Engine(_))), "{ended:?}");
}

fn names(containers: &[ContainerUsage]) -> String {
    let shown = containers.iter().map(|container| container.name.trim_start_matches("demo-"));
    shown.collect::<Vec<_>>().join(" ")
}

fn stats(service: Option<&str>, states: ContainerStates) -> Stats {
    Stats { project: "demo".into(), service: service.map(Into::into), states }
}

#[tokio::test(start_paused = true)]
async fn usage_is_measured_once() {
    let engine = engine();
    let usage = Usage { memory: 7, ..Usage::default() };
    engine.usage_of("demo-web-1", usage);
    let measure = async |service, states| {
        let measured = stats(service, states).once(&engine, &Interruption::default()).await;
        measured.expect("the fake engine answers")
    };
    assert_eq!(names(&measure(None, ContainerStates::Up).await), "web-2 web-1 web-run");
    assert_eq!(names(&measure(None, ContainerStates::All).await), "web-2 web-1 web-run db-1");
    assert_eq!(names(&measure(Some("db"), ContainerStates::All).await), "db-1");
    assert!(measure(Some("nope"), ContainerStates::Up).await.is_empty());
    engine.fail("usage demo-web-2", EngineError::NotFound("it is gone".to_owned()));
    let measured = measure(Some("web"), ContainerStates::Up).await;
    assert_eq!((names(&measured).as_str(), measured[0].usage), ("web-1 web-run", Some(usage)));
}

#[tokio::test(start_paused = true)]
async fn usage_is_followed_as_containers_come_and_go() {
    let engine = engine();
    engine.script("demo-db-1", Script::exits_after(s(2), 0));
    let interruption = Interruption::default();
    let steps = async {
        tokio::time::sleep(ms(1100)).await;
        engine.usage_of("demo-web-1", Usage { processes: 9, ..Usage::default() });
        engine.remove_now(&engine.id_of("demo-web-2").expect("it is there"));
        let late = engine.add_running("demo", "demo-late-1", "late", 1);
        tokio::time::sleep(s(2)).await;
        engine.remove_now(&late);
        tokio::time::sleep(ms(600)).await;
        interruption.stop.cancel();
    };
    let began = tokio::time::Instant::now();
    let mut frames: Vec<(Duration, String, u64)> = Vec::new();
    let stats = stats(None, ContainerStates::Up);
    let show = |containers: &[ContainerUsage]| {
        let processes = containers.iter().filter_map(|container| Some(container.usage?.processes)).sum();
        frames.push((began.elapsed(), names(containers), processes));
        Ok(())
    };
    let (ended, ()) = tokio::join!(stats.watch(&engine, &interruption, show), steps);
    assert!(matches!(ended, Err(OperationError::Interrupted)), "{ended:?}");
    let times: Vec<_> = frames.iter().map(|(at, ..)| at.as_millis()).collect();
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= 490), "every 500 ms: {times:?}");
    frames.dedup_by_key(|(_, names, processes)| (names.clone(), *processes));
    let seen: Vec<_> = frames.iter().map(|(_, names, processes)| format!("{names}: {processes}")).collect();
    let last = seen.last().expect("it was shown");
    assert_eq!(seen.first().map(String::as_str), Some("web-2 web-1 web-run: 0"));
    assert!(seen.iter().any(|frame| frame.starts_with("web-1 web-run") && frame.contains("late-1")), "{seen:?}");
    assert_eq!(last, "web-1 web-run: 9");
}

#[tokio::test(start_paused = true)]
async fn usage_that_cannot_be_shown_or_measured_ends_it() {
    let engine = engine();
    let stats = stats(None, ContainerStates::Up);
    let ended = stats.watch(&engine, &Interruption::default(), |_| Err(std::io::ErrorKind::BrokenPipe.into())).await;
    assert!(matches!(ended, Err(OperationError::Output(_))), "{ended:?}");
    engine.lose_events_after(s(1));
    engine.fail("events", EngineError::Failed("the engine is full".to_owned()));
    let ended = stats.watch(&engine, &Interruption::default(), |_| Ok(())).await;
    assert!(matches!(ended, Err(OperationError::Engine(_))), "{ended:?}");
}
