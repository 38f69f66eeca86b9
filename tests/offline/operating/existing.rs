//! The commands on containers that are there, and `wait`.

use std::cell::RefCell;
use std::sync::Arc;

use hoist::engine::fake::{Fake, Script};
use hoist::engine::{Observe, ObserveQuery};
use hoist::observed::{Container, ContainerId, Observed};
use hoist::operation::ask::Always;
use hoist::operation::{Detail, Ended, Existing, Interruption, OperationError, Rm, Wait, prepare};
use hoist::plan::{
    self, KillOptions, Orphans, Plan, PlanError, ProjectSource, RestartOptions, RmOptions, StartOptions,
};
use indoc::indoc;

use super::{carry_out, demo, engine_with, run};
use crate::executing::s;

fn files() -> ProjectSource {
    ProjectSource::Files(Arc::new(demo()))
}

fn labels() -> ProjectSource {
    ProjectSource::Labels("demo".into())
}

async fn containers(engine: &Fake) -> Vec<Container> {
    engine.observe(ObserveQuery::containers_of("demo")).await.expect("it answers").containers
}

async fn states(engine: &Fake) -> Vec<String> {
    containers(engine)
        .await
        .iter()
        .map(|container| format!("{} {}", container.name, container.state.as_str()))
        .collect()
}

type PlanOf = fn(&ProjectSource, &Observed) -> Result<Plan, PlanError>;

#[expect(clippy::unnecessary_wraps, reason = "some plans cannot be made")]
fn stop(source: &ProjectSource, observed: &Observed) -> Result<Plan, PlanError> {
    Ok(plan::stop(&source.project(observed), observed, &[], None))
}

fn start(source: &ProjectSource, observed: &Observed) -> Result<Plan, PlanError> {
    plan::start(source, observed, &StartOptions::default())
}

#[expect(clippy::unnecessary_wraps, reason = "some plans cannot be made")]
fn kill(source: &ProjectSource, observed: &Observed) -> Result<Plan, PlanError> {
    let options = KillOptions { services: Vec::new(), signal: "SIGKILL".to_owned(), orphans: Orphans::Keep };
    Ok(plan::kill(source, observed, &options))
}

#[tokio::test(start_paused = true)]
async fn each_does_its_own_with_and_without_files() {
    let cases: [(&str, PlanOf, &str); 4] = [
        (
            "stop",
            stop,
            indoc! {"
                0.00 stop
                0.00..0.00 stop container web/1
                0.00..0.00 stop container db/1
                0.00 ended
            "},
        ),
        (
            "start",
            start,
            indoc! {"
                0.00 start
                0.00..0.00 start container db/1
                0.00..0.00 start container web/1
                0.00 ended
            "},
        ),
        (
            "pause",
            |source, observed| Ok(plan::pause(source, observed, &[])),
            indoc! {"
                0.00 pause
                0.00..0.00 pause container db/1
                0.00..0.00 pause container web/1
                0.00 ended
            "},
        ),
        (
            "unpause",
            |source, observed| Ok(plan::unpause(source, observed, &[])),
            indoc! {"
                0.00 unpause
                0.00..0.00 unpause container db/1
                0.00..0.00 unpause container web/1
                0.00 ended
            "},
        ),
    ];
    for source in [files, labels] {
        let (engine, _) = engine_with(demo()).await;
        for (name, plan, expected) in cases {
            let ran = run(Existing::new(name, source(), plan), &engine).await.ok();
            assert_eq!(ran.timeline(), expected, "{name}");
        }
        run(
            Existing::new("restart", source(), |source: &ProjectSource, observed: &Observed| {
                plan::restart(source, observed, &RestartOptions::default())
            }),
            &engine,
        )
        .await
        .ok();
        let ran = run(Existing::new("kill", source(), kill), &engine).await.ok();
        assert!(ran.timeline().contains("kill container web/1"), "{}", ran.timeline());
        let states = states(&engine).await;
        assert_eq!(states, ["demo-web-1 exited", "demo-db-1 exited"]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_somebody_else_removes_meanwhile_needs_no_signal_and_no_restart() {
    let (engine, calls) = engine_with(demo()).await;
    engine.delay("kill demo-db-1", s(1));
    let elsewhere = async {
        tokio::time::sleep(s(1) / 2).await;
        engine.remove_now(&engine.id_of("demo-web-1").expect("it is up"));
    };
    let (ran, ()) = tokio::join!(run(Existing::new("kill", files(), kill), &engine), elsewhere);
    ran.ok();
    let signals = engine.calls().split_off(calls);
    assert_eq!(signals.iter().filter(|call| call.starts_with("kill")).count(), 2, "none is sent twice: {signals:?}");
}

/// Starts a container while the question is open.
struct Slow<'a>(&'a Fake);
impl hoist::operation::Ask for Slow<'_> {
    fn confirm(&self, question: &hoist::operation::Question) -> std::io::Result<bool> {
        let containers = vec!["demo-web-1".to_owned(), "demo-db-1".to_owned()];
        assert_eq!(*question, hoist::operation::Question::RemoveContainers { containers });
        self.0.start_now(&self.0.id_of("demo-web-1").expect("it is there"));
        Ok(true)
    }
}

#[tokio::test(start_paused = true)]
async fn rm_removes_what_was_agreed_to_and_still_does_not_run() {
    let (engine, _) = engine_with(demo()).await;
    run(Existing::new("stop", files(), stop), &engine).await.ok();
    let mut declined = Rm::new(files(), RmOptions::default());
    let prepared = prepare(&mut declined, &engine, &Always::No, Detail::Enough).await.expect("there is a plan");
    assert!(prepared.plan.is_empty() && declined.was_declined(), "{}", prepared.plan);
    let mut rm = Rm::new(files(), RmOptions::default());
    let prepared = prepare(&mut rm, &engine, &Slow(&engine), Detail::Enough).await.expect("there is a plan");
    carry_out(&rm, &engine, &prepared, &Interruption::default()).await.ok();
    assert_eq!(states(&engine).await, ["demo-web-1 running"]);
    assert!(!rm.was_declined());
}

async fn waited(engine: &Fake, services: &[&str]) -> (Result<i64, OperationError>, Vec<String>) {
    let wait = Wait { project: "demo".into(), services: services.iter().map(|name| (*name).into()).collect() };
    let names: Vec<_> = containers(engine).await.into_iter().map(|container| (container.id, container.name)).collect();
    let name = |id: &ContainerId| &names.iter().find(|(known, _)| known == id).expect("it is there").1;
    let told = RefCell::new(Vec::new());
    let tell = |ended: &Ended| told.borrow_mut().push(format!("{} {}", name(&ended.id), ended.exit_code));
    let status = wait.run(engine, &Interruption::default(), tell).await;
    (status, told.into_inner())
}

#[tokio::test(start_paused = true)]
async fn wait_tells_of_each_end_once() {
    let engine = Fake::new();
    engine.script("demo-job-1", Script::exits_after(s(2), 3));
    engine.script("demo-job-2", Script::exits_after(s(1), 0));
    engine.add_running("demo", "demo-job-1", "job", 1);
    engine.add_running("demo", "demo-job-2", "job", 2);
    engine.add_container("demo", "demo-new-1", "new", 1);
    engine.lose_events_after(s(1) + s(1) / 2);
    let (status, told) = waited(&engine, &["job", "new"]).await;
    assert_eq!(told, ["demo-new-1 0", "demo-job-2 0", "demo-job-1 3"]);
    assert_eq!(status.expect("all ended"), 3);
    let (status, told) = waited(&engine, &["job"]).await;
    assert_eq!((status.expect("they have ended"), told.len()), (3, 2), "what has ended counts too");
    let (status, _) = waited(&engine, &["nosuch"]).await;
    assert_eq!(status.expect_err("there is none").to_string(), "no containers for project \"demo\"");
}
