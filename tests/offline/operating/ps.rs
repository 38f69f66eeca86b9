//! `ps`: which containers are listed.

use hoist::engine::EngineError;
use hoist::engine::fake::{Fake, Script};
use hoist::operation::{ListedServices, ListedStates, OperationError, Ps};
use hoist::project::label;

use super::demo;
use crate::executing::s;

/// What the project `demo` has: two services of the files, an orphan, a one-off, one of a hook, one without a service; in
/// different states.
async fn engine() -> Fake {
    let engine = Fake::new();
    engine.script("demo-db-1", Script::exits_after(s(1), 3));
    engine.add_running("demo", "demo-db-1", "db", 1);
    engine.add_running("demo", "demo-web-1", "web", 1);
    let paused = engine.add_running("demo", "demo-web-2", "web", 2);
    engine.pause_now(&paused);
    engine.add_container("demo", "demo-web-3", "web", 3);
    engine.add_running("demo", "demo-old-1", "old", 1);
    let one_off = engine.add_running("demo", "demo-web-run", "web", 0);
    engine.label(&one_off, label::ONE_OFF, "True");
    let hook = engine.add_running("demo", "demo-web-hook", "web", 0);
    engine.label(&hook, label::HOOK, "pre_start");
    engine.add_running("other", "other-web-1", "web", 1);
    tokio::time::sleep(s(2)).await;
    engine
}

fn named(services: &[&str]) -> ListedServices {
    ListedServices::Named(services.iter().map(|name| (*name).into()).collect())
}

fn in_states(states: &[&str]) -> ListedStates {
    ListedStates::In(states.iter().map(|state| (*state).to_owned()).collect())
}

#[tokio::test(start_paused = true)]
async fn states_and_services_choose() {
    let engine = engine().await;
    let cases = [
        ("what is up", ListedStates::Up, ListedServices::All, "web-1 web-2 old-1"),
        ("everything", ListedStates::All, ListedServices::All, "db-1 web-1 web-2 web-3 old-1 web-run"),
        ("a state", in_states(&["exited"]), ListedServices::All, "db-1"),
        ("states in any case", in_states(&["Paused", "CREATED"]), ListedServices::All, "web-2 web-3"),
        ("no state of the engine", in_states(&["asleep"]), ListedServices::All, ""),
        ("one-offs in that state", in_states(&["running"]), ListedServices::All, "web-1 old-1 web-run"),
        ("a service", ListedStates::Up, named(&["web"]), "web-1 web-2"),
        ("a service that the files do not define", ListedStates::Up, named(&["old"]), "old-1"),
        ("what the files define", ListedStates::Up, ListedServices::defined_by(&demo()), "web-1 web-2"),
    ];
    for (case, states, services, expected) in cases {
        let ps = Ps { project: "demo".into(), states, services };
        let listed = ps.list(&engine).await.expect("the fake engine answers");
        let names: Vec<_> = listed.iter().map(|container| container.name.trim_start_matches("demo-")).collect();
        assert_eq!(names.join(" "), expected, "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_fails_is_told_of() {
    let engine = engine().await;
    engine.fail("observe", EngineError::Failed("the engine is full".to_owned()));
    let ended = Ps { project: "demo".into(), ..Ps::default() }.list(&engine).await;
    assert!(matches!(ended, Err(OperationError::Engine(_))), "{ended:?}");
}
