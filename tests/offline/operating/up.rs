//! `up`: fresh, again, beside somebody else, interrupted, and with a volume that changed.

use std::cell::RefCell;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hoist::engine::EngineError;
use hoist::event::Stopping;
use hoist::operation::{Ask, Detail, Interruption, OperationError, Question, Up, prepare};
use hoist::plan::{OneOff, OneOffAliases, OneOffEnd, Recreate, UpOptions};
use hoist::project::Project;
use hoist::render::failure;
use indoc::indoc;
use tokio::time::Instant;

use super::{Ran, carry_out, changed, demo, engine, engine_with, prepared, run, up};
use crate::executing::{ms, s};

#[tokio::test(start_paused = true)]
async fn everything_is_made_and_started_in_order() {
    let engine = engine();
    engine.delay_all(s(1));
    let ran = run(up(demo()), &engine).await.ok();
    assert_eq!(
        ran.timeline(),
        indoc! {"
            0.00 up
            0.00..1.00 create network demo_default
            0.00..1.00 create volume demo_data
            1.00..2.00 create container web/1
            1.00..2.00 create container db/1
            2.00..3.00 start container db/1
            3.00..4.00 start container web/1
            4.00 ended
        "}
    );
    assert_eq!(engine.resources(), ["demo_default", "demo_data"]);
}

#[tokio::test(start_paused = true)]
async fn a_second_run_has_nothing_to_do_and_says_what_is_up() {
    let (engine, calls) = engine_with(demo()).await;
    let mut up = up(demo());
    let prepared = prepared(&mut up, &engine).await;
    assert!(prepared.plan.is_empty(), "{}", prepared.plan);
    let ran = carry_out(&up, &engine, &prepared, &Interruption::default()).await.ok();
    assert_eq!(ran.timeline(), "0.00 up\n0.00 demo-db-1 is running\n0.00 demo-web-1 is running\n0.00 ended\n");
    assert_eq!(engine.calls().len(), calls);
}

#[tokio::test(start_paused = true)]
async fn only_what_changed_is_recreated() {
    let (engine, _) = engine_with(demo()).await;
    let db = engine.id_of("demo-db-1");
    let web = engine.id_of("demo-web-1");
    let ran = run(up(changed(demo(), "web")), &engine).await.ok();
    assert!(ran.timeline().contains("demo-db-1 is running"), "{}", ran.timeline());
    assert_eq!(engine.id_of("demo-db-1"), db);
    assert_ne!(engine.id_of("demo-web-1"), web);
}

#[tokio::test(start_paused = true)]
async fn a_container_that_somebody_removes_before_its_start_is_made_again() {
    let engine = engine();
    engine.delay("start demo-web-1", s(2));
    let elsewhere = async {
        tokio::time::sleep(s(1)).await;
        engine.remove_now(&engine.id_of("demo-web-1").expect("it was made"));
    };
    let (ran, ()) = tokio::join!(run(up(demo()), &engine), elsewhere);
    let timeline = ran.ok().timeline();
    let (_, again) = timeline.split_once("2.00 ended\n").expect("the first plan ends with the failure");
    assert_eq!(
        again,
        indoc! {"
            2.05 up again
            2.05..2.05 create container web/1
            2.05..4.05 start container web/1
            4.05 ended
        "}
    );
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_in_use_for_a_moment_is_tried_again() {
    let engine = engine();
    engine.fail("create demo-web-1", EngineError::Conflict("the name is already in use by container \"x\"".to_owned()));
    run(up(demo()), &engine).await.ok();
    assert_eq!(engine.times_of("create demo-web-1"), [ms(0), ms(50)]);
    assert_eq!(engine.times_of("create demo-db-1").len(), 1, "what was made stays");
}

#[tokio::test(start_paused = true)]
async fn two_runs_at_once_both_end_well() {
    let engine = engine();
    engine.delay_all(s(1));
    let (one, other) = tokio::join!(run(up(demo()), &engine), run(up(demo()), &engine));
    let timelines = [one.ok().timeline(), other.ok().timeline()];
    assert!(timelines.iter().any(|timeline| timeline.contains("up again")), "{timelines:#?}");
    let mut up = up(demo());
    assert!(prepared(&mut up, &engine).await.plan.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_the_run_made_itself_is_not_recreated_though_that_is_forced() {
    let (engine, _) = engine_with(demo()).await;
    engine.delay("start demo-web-1", s(2));
    let options = UpOptions { recreate: Recreate::Always, ..UpOptions::default() };
    let forced = hoist::operation::Up { options, ..up(demo()) };
    let elsewhere = async {
        // The old container is gone, and its successor is about to start.
        tokio::time::sleep(s(1)).await;
        engine.remove_now(&engine.id_of("demo-web-1").expect("it was made"));
    };
    let (ran, ()) = tokio::join!(run(forced, &engine), elsewhere);
    ran.ok();
    // Once at first and once by force.
    assert_eq!(engine.times_of("start demo-db-1").len(), 2);
}

/// The message of the steps that failed.
#[track_caller]
fn failure(ran: &Ran) -> String {
    match &ran.ended {
        Err(OperationError::Run(failure)) => {
            failure.outcome().first_failure().map(failure::message).expect("a step failed")
        }
        Ok(()) | Err(_) => panic!("{}", ran.timeline()),
    }
}

#[tokio::test(start_paused = true)]
async fn a_conflict_that_cannot_pass_is_the_failure() {
    let engine = engine();
    engine.fail("create demo-web-1", EngineError::Conflict("the name is taken for good".to_owned()));
    let ran = run(up(demo()), &engine).await;
    assert!(failure(&ran).contains("taken for good"), "{}", failure(&ran));
    assert_eq!(engine.times_of("create demo-web-1").len(), 1, "the same is not tried again");
}

#[tokio::test(start_paused = true)]
async fn a_conflict_that_may_pass_and_does_not_is_the_failure_after_some_seconds() {
    let engine = engine();
    for attempt in 1..=9 {
        let words = format!("the name is already in use by container \"{attempt}\"");
        engine.fail("create demo-web-1", EngineError::Conflict(words));
    }
    let ran = run(up(demo()), &engine).await;
    // At once, when it was looked at first, and when it was looked at last.
    assert_eq!(engine.times_of("create demo-web-1"), [ms(0), ms(50), ms(3150)]);
    assert!(failure(&ran).ends_with("in use by container \"3\""), "{}", failure(&ran));
}

#[tokio::test(start_paused = true)]
async fn a_taken_name_of_a_one_off_is_the_failure_at_once() {
    let engine = engine();
    let one_off = OneOff {
        service: "web".into(),
        name: "taken".to_owned(),
        slug: "ab".to_owned(),
        at_end: OneOffEnd::Keep,
        aliases: OneOffAliases::Name,
    };
    let options = UpOptions { one_off: Some(one_off), ..UpOptions::default() };
    engine.fail("create taken", EngineError::Conflict("the name is already in use by container \"x\"".to_owned()));
    let ran = run(Up::new(Arc::new(demo()), options), &engine).await;
    assert!(failure(&ran).contains("already in use by"), "{}", failure(&ran));
    assert_eq!(engine.times_of("create taken").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn where_looking_again_fails_the_first_failure_is_told() {
    let engine = engine();
    let mut up = up(demo());
    let prepared = prepared(&mut up, &engine).await;
    engine.fail("create demo-web-1", EngineError::Conflict("the name is already in use by container \"x\"".to_owned()));
    engine.fail("observe", EngineError::Failed("the engine is full".to_owned()));
    let ran = carry_out(&up, &engine, &prepared, &Interruption::default()).await;
    assert!(failure(&ran).contains("already in use by"), "{}", failure(&ran));
}

/// Brings the project up, whose containers take 4 s to be made, and is interrupted after so many seconds.
async fn interrupted_after(at: &[u64]) -> (Ran, hoist::engine::fake::Fake, Duration) {
    let engine = engine();
    engine.delay("create demo-db-1", s(4));
    engine.delay("create demo-web-1", s(4));
    let interruption = Interruption::default();
    let mut up = up(demo());
    let prepared = prepared(&mut up, &engine).await;
    let began = Instant::now();
    let elsewhere = async {
        for (after, token) in at.iter().zip([&interruption.stop, &interruption.kill]) {
            tokio::time::sleep_until(began + s(*after)).await;
            token.cancel();
        }
    };
    let run = async {
        let ran = carry_out(&up, &engine, &prepared, &interruption).await;
        (ran, began.elapsed())
    };
    let ((ran, elapsed), ()) = tokio::join!(run, elsewhere);
    (ran, engine, elapsed)
}

#[tokio::test(start_paused = true)]
async fn interrupted_once_what_has_begun_is_finished() {
    let (ran, engine, elapsed) = interrupted_after(&[1]).await;
    assert!(matches!(ran.ended, Err(OperationError::Interrupted)), "{:?}", ran.ended);
    assert_eq!(ran.stopping(), [Stopping::Finishing]);
    assert_eq!(elapsed, s(4));
    assert!(engine.id_of("demo-web-1").is_some() && engine.id_of("demo-db-1").is_some());
    assert!(engine.calls().iter().all(|call| !call.starts_with("start")), "{:?}", engine.calls());
}

#[tokio::test(start_paused = true)]
async fn interrupted_twice_nothing_is_waited_for() {
    let (ran, _engine, elapsed) = interrupted_after(&[1, 2]).await;
    assert!(matches!(ran.ended, Err(OperationError::Interrupted)), "{:?}", ran.ended);
    assert_eq!(ran.stopping(), [Stopping::Finishing]);
    assert_eq!(elapsed, s(2));
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_run_is_finished_by_the_next() {
    let (_ran, engine, _) = interrupted_after(&[1]).await;
    let ran = run(up(demo()), &engine).await.ok();
    assert_eq!(
        ran.timeline(),
        "0.00 up\n0.00..0.00 start container db/1\n0.00..0.00 start container web/1\n0.00 ended\n"
    );
}

/// Answers everything the same, and keeps the questions.
struct Person {
    answer: bool,
    asked: RefCell<Vec<Question>>,
}

impl Ask for Person {
    fn confirm(&self, question: &Question) -> io::Result<bool> {
        self.asked.borrow_mut().push(question.clone());
        Ok(self.answer)
    }
}

/// The project with another definition of its volume.
fn with_changed_volume() -> Project {
    let mut project = demo();
    let volume = project.volumes.get_mut("data").expect("the volume is there");
    volume.driver_opts.insert("type".to_owned(), "nfs".to_owned());
    project
}

/// Brings up the project with the changed volume, where a person answers and the start of `web` has a conflict: the
/// person's questions, and the calls.
async fn recreate_volume(answer: bool) -> (Vec<Question>, Vec<String>) {
    let (engine, calls) = engine_with(demo()).await;
    let person = Person { answer, asked: RefCell::default() };
    let mut up = up(with_changed_volume());
    let prepared = prepare(&mut up, &engine, &person, Detail::Enough).await.expect("there is a plan");
    let conflict = EngineError::Conflict("removal of container is already in progress".to_owned());
    engine.fail("create demo-db-1", conflict);
    carry_out(&up, &engine, &prepared, &Interruption::default()).await.ok();
    (person.asked.into_inner(), engine.calls().split_off(calls))
}

#[tokio::test(start_paused = true)]
async fn a_changed_volume_is_kept_after_a_no() {
    let (asked, calls) = recreate_volume(false).await;
    assert_eq!(asked, [Question::RecreateVolume { volume: "demo_data".to_owned() }]);
    assert!(calls.is_empty(), "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn a_changed_volume_is_recreated_after_a_yes_and_the_question_is_asked_once() {
    let (asked, calls) = recreate_volume(true).await;
    assert_eq!(asked, [Question::RecreateVolume { volume: "demo_data".to_owned() }]);
    let of_volume: Vec<_> = calls.iter().filter(|call| call.ends_with("volume demo_data")).collect();
    assert_eq!(of_volume, ["remove volume demo_data", "create volume demo_data"]);
    let of_db = calls.iter().filter(|call| *call == "create demo-db-1").count();
    assert_eq!(of_db, 2, "the first time there is a conflict: {calls:?}");
}

#[tokio::test(start_paused = true)]
async fn a_question_that_cannot_be_asked_ends_it() {
    struct Nobody;
    impl Ask for Nobody {
        fn confirm(&self, _question: &Question) -> io::Result<bool> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }
    let (engine, calls) = engine_with(demo()).await;
    let ended = prepare(&mut up(with_changed_volume()), &engine, &Nobody, Detail::Enough).await;
    assert!(matches!(ended, Err(OperationError::Ask(_))), "{ended:?}");
    assert_eq!(engine.calls().len(), calls);
}
