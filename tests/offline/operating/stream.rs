//! The event stream of every operation: a plan comes first, times never go back, and a run can be drawn from it alone.

use std::sync::Arc;

use hoist::engine::EngineError;
use hoist::engine::fake::Fake;
use hoist::event::{Event, Fact};
use hoist::operation::Down;
use hoist::plan::{DownOptions, ProjectSource};
use indoc::indoc;

use super::{changed, demo, engine, engine_with, run, up};
use crate::executing::{ms, s};

/// What holds for the events of every run.
#[track_caller]
fn check(events: &[Event]) {
    assert!(matches!(events[0].fact, Fact::PlanStarted { replaces_failed: false, .. }), "{:?}", events[0]);
    assert!(matches!(events[events.len() - 1].fact, Fact::Ended), "{:?}", events[events.len() - 1]);
    assert!(events.is_sorted_by_key(|event| event.at), "times go back: {events:#?}");
    let plans = events.iter().filter(|event| matches!(event.fact, Fact::PlanStarted { .. })).count();
    let ends = events.iter().filter(|event| matches!(event.fact, Fact::Ended)).count();
    assert_eq!(plans, ends, "each plan that begins ends");
    assert_eq!(steps(events), ended_steps(events), "each step of a plan ends, in one way or another");
}

/// How many steps there are in the plans of a run.
fn steps(events: &[Event]) -> usize {
    let plans = events.iter().filter_map(|event| {
        let Fact::PlanStarted { plan, .. } = &event.fact else { return None };
        Some(plan)
    });
    plans.map(|plan| plan.len()).sum()
}

fn ended_steps(events: &[Event]) -> usize {
    let ends = |event: &&Event| {
        matches!(
            event.fact,
            Fact::Finished { .. } | Fact::Failed { .. } | Fact::Skipped { .. } | Fact::NotNeeded { .. }
        )
    };
    events.iter().filter(ends).count()
}

fn down() -> Down {
    Down::new(ProjectSource::Files(Arc::new(demo())), DownOptions::default())
}

#[tokio::test(start_paused = true)]
async fn a_plan_comes_first_and_times_never_go_back() {
    let engine = engine();
    engine.delay_all(ms(300));
    check(&run(up(demo()), &engine).await.ok().events);
    check(&run(up(demo()), &engine).await.ok().events);
    check(&run(up(changed(demo(), "db")), &engine).await.ok().events);
    check(&run(down(), &engine).await.ok().events);
}

#[tokio::test(start_paused = true)]
async fn a_failed_run_tells_every_step_that_was_skipped_for_it() {
    let engine = engine();
    engine.fail("start demo-db-1", EngineError::Refused("no memory left".to_owned()));
    let ran = run(up(demo()), &engine).await;
    check(&ran.events);
    assert!(ran.ended.is_err());
    let timeline = ran.timeline();
    assert!(timeline.contains("start container web/1 skipped: start container db/1"), "{timeline}");
    assert!(timeline.contains("start container db/1: ") && timeline.contains("no memory left"), "{timeline}");
}

/// The engine on which the create of `web` meets a conflict.
fn with_conflict(engine: &Fake) {
    let words = "the name is already in use by container \"x\"";
    engine.fail("create demo-web-1", EngineError::Conflict(words.to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_replaces_another_is_told_with_ids_of_its_own() {
    let engine = engine();
    engine.delay("create demo-db-1", s(1));
    with_conflict(&engine);
    let ran = run(up(demo()), &engine).await.ok();
    check(&ran.events);
    assert_eq!(
        ran.timeline(),
        indoc! {r#"
            0.00 up
            0.00..0.00 create network demo_default
            0.00..0.00 create volume demo_data
            0.00..0.00 create container web/1: the name is already in use by container "x"
            0.00..1.00 create container db/1
            0.00 start container web/1 skipped: create container web/1
            1.00..1.00 start container db/1
            1.00 ended
            1.05 up again
            1.05..1.05 create container web/1
            1.05..1.05 start container web/1
            1.05 ended
        "#}
    );
}

#[tokio::test(start_paused = true)]
async fn a_recreation_can_be_drawn() {
    let (engine, _) = engine_with(demo()).await;
    engine.delay("stop demo-web-1", s(10));
    let ran = run(up(changed(demo(), "web")), &engine).await.ok();
    check(&ran.events);
    assert_eq!(
        ran.timeline(),
        indoc! {"
            0.00 up
            0.00 demo-db-1 is running
            0.00..0.00 create container web/1 as 000000000000_demo-web-1
            0.00..10.00 stop container web/1
            10.00..10.00 remove container web/1
            10.00..10.00 rename container web/1 to demo-web-1
            10.00..10.00 start container web/1
            10.00 ended
        "}
    );
}
