//! `logs`: the history, one replica of many, and following over what happens to the containers.

use std::future::Future;

use hoist::engine::fake::{Fake, Script};
use hoist::engine::{EngineError, LogQuery};
use hoist::event::Outputs;
use hoist::operation::{Interruption, Logs, OperationError};
use tokio::time::Instant;

use super::{changed, demo, engine_with, run, up};
use crate::executing::{ms, s};
use crate::following::shown;

const FOLLOW: LogQuery =
    LogQuery { follow: true, tail: None, since: None, until: None, timestamps: false, terminal: false };

/// Reads logs while something happens elsewhere: what is shown, in order, and how the reading ended.
async fn read(
    logs: &Logs,
    engine: &Fake,
    interruption: &Interruption,
    elsewhere: impl Future<Output = ()>,
) -> (Vec<String>, Result<(), OperationError>) {
    let (outputs, lines) = Outputs::channel();
    let (ended, shown, ()) = tokio::join!(logs.run(engine, outputs, interruption), shown(lines), elsewhere);
    (shown, ended)
}

/// The same where nothing happens; the lines are sorted, as containers are read side by side.
async fn history(logs: &Logs, engine: &Fake) -> Vec<String> {
    let (mut shown, ended) = read(logs, engine, &Interruption::default(), async {}).await;
    ended.expect("the engine answers");
    shown.sort();
    shown
}

/// An engine with two replicas of `web` and one of `db`, each of which has written its name.
fn written() -> Fake {
    let engine = Fake::new();
    for (service, number) in [("db", 1), ("web", 1), ("web", 2)] {
        let name = format!("demo-{service}-{number}");
        engine.script(&name, Script::default().writes(s(0), &format!("{service} {number}\n")));
        engine.add_running("demo", &name, service, number);
    }
    engine
}

#[tokio::test(start_paused = true)]
async fn the_history_of_all_services_or_of_some() {
    let engine = written();
    let all = [r#"db-1 stdout: "db 1\n""#, r#"web-1 stdout: "web 1\n""#, r#"web-2 stdout: "web 2\n""#];
    let logs = Logs::of_name("demo".into(), LogQuery::default());
    assert_eq!(history(&logs, &engine).await, all);
    assert_eq!(history(&logs.clone().only(["web".into()]), &engine).await, all[1..]);
    assert!(history(&logs.only(["nobody".into()]), &engine).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn services_that_are_not_attached_are_shown_where_they_are_named() {
    let engine = written();
    let mut project = demo();
    project.services.get_mut("db").expect("the service is there").attach = Some(false);
    let logs = Logs::of_project(&project, LogQuery::default());
    let web = [r#"web-1 stdout: "web 1\n""#, r#"web-2 stdout: "web 2\n""#];
    assert_eq!(history(&logs, &engine).await, web);
    assert_eq!(history(&logs.only(["db".into()]), &engine).await, [r#"db-1 stdout: "db 1\n""#]);
}

#[tokio::test(start_paused = true)]
async fn one_replica_is_read_and_has_to_be_there() {
    let engine = written();
    let of_web = |number| Logs {
        number: Some(number),
        ..Logs::of_name("demo".into(), LogQuery::default()).only(["web".into()])
    };
    assert_eq!(history(&of_web(2), &engine).await, [r#"web-2 stdout: "web 2\n""#]);
    for query in [LogQuery::default(), FOLLOW] {
        let logs = Logs { query, ..of_web(3) };
        let (shown, ended) = read(&logs, &engine, &Interruption::default(), async {}).await;
        let error = ended.expect_err("there are only two");
        assert_eq!(error.to_string(), "service \"web\" is not running container #3");
        assert!(shown.is_empty(), "{shown:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_recreation_by_another_up_is_followed() {
    let (engine, _) = engine_with(demo()).await;
    let new = Script::exits_after(s(2), 0).writes(s(1), "new\n");
    let elsewhere = async {
        tokio::time::sleep(s(5)).await;
        engine.script("demo-web-1", new);
        run(up(changed(demo(), "web")), &engine).await.ok();
    };
    let logs = Logs::of_project(&demo(), FOLLOW).only(["web".into()]);
    let began = Instant::now();
    let (shown, ended) = read(&logs, &engine, &Interruption::default(), elsewhere).await;
    ended.expect("the engine answers");
    assert_eq!(shown, ["web-1 exited 143", r#"web-1 stdout: "new\n""#, "web-1 exited 0"]);
    assert_eq!(began.elapsed(), s(7), "the following ends with the last container");
}

#[tokio::test(start_paused = true)]
async fn what_starts_between_listening_and_looking_is_not_missed() {
    let engine = Fake::new();
    engine.script("demo-web-1", Script::exits_after(s(9), 0));
    engine.script("demo-web-2", Script::exits_after(s(2), 0).writes(s(0), "late\n"));
    engine.add_running("demo", "demo-web-1", "web", 1);
    engine.delay("observe", s(2));
    let elsewhere = async {
        tokio::time::sleep(s(1)).await;
        engine.add_running("demo", "demo-web-2", "web", 2);
    };
    let logs = Logs::of_name("demo".into(), FOLLOW);
    let (shown, ended) = read(&logs, &engine, &Interruption::default(), elsewhere).await;
    ended.expect("the engine answers");
    assert_eq!(shown, [r#"web-2 stdout: "late\n""#, "web-2 exited 0", "web-1 exited 0"]);
}

#[tokio::test(start_paused = true)]
async fn an_interruption_ends_the_following() {
    let engine = written();
    let interruption = Interruption::default();
    let elsewhere = async {
        tokio::time::sleep(s(3)).await;
        interruption.stop.cancel();
    };
    let logs = Logs::of_name("demo".into(), FOLLOW).only(["db".into()]);
    let began = Instant::now();
    let (shown, ended) = read(&logs, &engine, &interruption, elsewhere).await;
    assert!(matches!(ended, Err(OperationError::Interrupted)), "{ended:?}");
    assert_eq!(shown, [r#"db-1 stdout: "db 1\n""#]);
    assert!(began.elapsed() < s(4), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_does_not_answer_is_not_waited_for_after_an_interruption() {
    let engine = written();
    engine.delay("observe", s(600));
    for query in [LogQuery::default(), FOLLOW] {
        let interruption = Interruption::default();
        let elsewhere = async {
            tokio::time::sleep(s(3)).await;
            interruption.stop.cancel();
        };
        let logs = Logs::of_name("demo".into(), query);
        let began = Instant::now();
        let (shown, ended) = read(&logs, &engine, &interruption, elsewhere).await;
        assert!(matches!(ended, Err(OperationError::Interrupted)), "{ended:?}");
        assert!(shown.is_empty(), "{shown:?}");
        assert!(began.elapsed() <= s(4) + ms(5), "{:?}", began.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_fails_is_told_of() {
    for (call, query) in [("observe", LogQuery::default()), ("events", FOLLOW), ("observe", FOLLOW)] {
        let engine = written();
        engine.fail(call, EngineError::Failed("the engine is full".to_owned()));
        let logs = Logs::of_name("demo".into(), query);
        let (shown, ended) = read(&logs, &engine, &Interruption::default(), async {}).await;
        assert!(matches!(ended, Err(OperationError::Engine(_))), "{call}: {ended:?}");
        assert!(shown.is_empty(), "{call}: {shown:?}");
    }
}
