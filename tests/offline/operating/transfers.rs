//! `pull` and `push`: what is tried again, what ends the run, and what is forgiven.
#![expect(clippy::wildcard_enum_match_arm, reason = "other facts are none of these tests' business")]

use std::sync::Arc;
use std::time::Duration;

use hoist::engine::EngineError;
use hoist::engine::fake::Fake;
use hoist::event::{Event, Fact, LeftAloneReason, Outcome, PullAlternative, StepError};
use hoist::operation::{self, Change, OperationError, Up};
use hoist::plan::{BuildOptions, PullOptions, TransferFailures, UpOptions};
use hoist::project::value::PullPolicy;
use hoist::project::{Build, Project};

use super::{Ran, demo, engine, run, up};
use crate::executing::s;

fn pull(project: Project, options: PullOptions) -> impl Change {
    operation::pull(Arc::new(project), options)
}

/// `web` can be built.
fn buildable() -> Project {
    let mut project = demo();
    project.services.get_mut("web").expect("it is there").build = Some(Build::default());
    project
}

fn busy(seconds: Option<u64>) -> EngineError {
    let retry_after = seconds.map(Duration::from_secs);
    EngineError::RegistryFault { words: "toomanyrequests: later".to_owned(), retry_after }
}

fn denied() -> EngineError {
    EngineError::Registry("denied: no".to_owned())
}

fn delays(events: &[Event]) -> Vec<u64> {
    let delays = events.iter().filter_map(|event| match &event.fact {
        Fact::Retrying { delay, .. } => Some(delay.as_secs()),
        _ => None,
    });
    delays.collect()
}

fn failures(ran: &Ran) -> Vec<StepError> {
    match &ran.ended {
        Err(OperationError::Run(failure)) => failure.failures().map(|(_, error)| error.clone()).collect(),
        _ => Vec::new(),
    }
}

fn outcomes(ran: &Ran) -> Vec<Outcome> {
    let outcomes = ran.events.iter().filter_map(|event| match &event.fact {
        Fact::Finished { outcome, .. } => Some(outcome.clone()),
        _ => None,
    });
    outcomes.collect()
}

#[tokio::test(start_paused = true)]
async fn faults_that_pass_are_tried_again() {
    let engine = Fake::new();
    engine.fail("pull web", busy(None));
    engine.fail("pull web", busy(Some(20)));
    let ran = run(pull(demo(), PullOptions::default()), &engine).await.ok();
    assert_eq!(delays(&ran.events), [1, 20]);
    assert_eq!(engine.times_of("pull web"), [s(0), s(1), s(21)]);

    // In `up`, too.
    let engine = Fake::new();
    engine.fail("pull db", busy(None));
    assert_eq!(delays(&run(up(demo()), &engine).await.ok().events), [1]);
}

#[tokio::test(start_paused = true)]
async fn a_fault_that_stays_ends_it() {
    let engine = Fake::new();
    for _ in 0..4 {
        engine.fail("pull web", busy(None));
    }
    let ran = run(pull(demo(), PullOptions::default()), &engine).await;
    assert_eq!(delays(&ran.events), [1, 3, 9]);
    assert!(matches!(&failures(&ran)[..], [StepError::Pull { image, .. }] if image == "web"), "{:?}", ran.ended);

    let engine = Fake::new();
    engine.fail("pull web", busy(Some(3600)));
    let ran = run(pull(demo(), PullOptions::default()), &engine).await;
    assert!(delays(&ran.events).is_empty() && ran.ended.is_err(), "nobody waits for an hour");

    let engine = Fake::new();
    engine.fail("pull web", denied());
    let ran = run(pull(demo(), PullOptions::default()), &engine).await;
    assert!(delays(&ran.events).is_empty() && ran.ended.is_err(), "the answer would be the same");

    let engine = Fake::new();
    engine.delay("pull web", s(50));
    engine.fail("pull web", busy(None));
    let ran = run(pull(demo(), PullOptions::default()), &engine).await;
    assert!(delays(&ran.events).is_empty() && ran.ended.is_err(), "the engine has tried long enough");
}

#[tokio::test(start_paused = true)]
async fn a_result_that_cannot_be_pushed_is_a_failed_push() {
    let engine = Fake::new();
    for (push, cause, is_push) in [
        (true, EngineError::Registry("no basic auth credentials".to_owned()), true),
        (true, EngineError::Failed("connection refused".to_owned()), true),
        (false, EngineError::Failed("the disk is full".to_owned()), false),
    ] {
        engine.fail("build web", cause);
        let options = BuildOptions { push, ..BuildOptions::default() };
        let ran = run(operation::build(Arc::new(buildable()), options), &engine).await;
        assert_eq!(matches!(&failures(&ran)[..], [StepError::Push { .. }]), is_push, "{:?}", ran.ended);
    }
}

#[tokio::test(start_paused = true)]
async fn an_image_that_cannot_be_pulled_ends_the_run() {
    let engine = Fake::new();
    engine.fail("pull web", denied());
    engine.delay("pull db", s(60));
    let ran = run(pull(demo(), PullOptions::default()), &engine).await;
    assert_eq!(outcomes(&ran), [Outcome::Interrupted]);
    assert_eq!(failures(&ran).len(), 1);
    assert!(matches!(&ran.ended, Err(OperationError::Run(failure)) if !failure.is_interruption()));
    assert!(ran.events.last().is_some_and(|event| event.at < s(1)), "{}", ran.timeline());
}

#[tokio::test(start_paused = true)]
async fn an_image_that_can_be_built_does_not_hold_up_the_others() {
    let engine = Fake::new();
    engine.fail("pull web", denied());
    engine.delay("pull db", s(60));
    let ran = run(pull(buildable(), PullOptions::default()), &engine).await;
    assert_eq!(outcomes(&ran), [Outcome::Done]);
    let alternative = Some(PullAlternative::Build);
    assert!(matches!(&failures(&ran)[..], [StepError::Pull { alternative: it, .. }] if *it == alternative));
}

#[tokio::test(start_paused = true)]
async fn failures_can_be_ignored() {
    let engine = Fake::new();
    engine.fail("pull web", denied());
    let ignored = PullOptions { failures: TransferFailures::Ignore, ..PullOptions::default() };
    let ran = run(pull(demo(), ignored), &engine).await.ok();
    let mut outcomes = outcomes(&ran);
    outcomes.sort_by_key(|outcome| *outcome == Outcome::Done);
    assert!(matches!(&outcomes[..], [Outcome::FailureIgnored(_), Outcome::Done]), "{outcomes:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_there_is_left_alone() {
    let engine = engine();
    let options = PullOptions { policy: Some(PullPolicy::from("missing")), ..PullOptions::default() };
    let mut project = demo();
    for service in project.services.values_mut() {
        service.image = Some(format!("{}:1", service.name));
    }
    engine.image_of("web:1", "sha256:1");
    let ran = run(pull(project, options), &engine).await.ok();
    assert_eq!(engine.calls(), ["pull db:1"]);
    let left = ran.events.iter().filter_map(|event| match &event.fact {
        Fact::LeftAlone(left) => Some((left.subject.name(), left.why)),
        _ => None,
    });
    assert_eq!(left.collect::<Vec<_>>(), [("web:1", LeftAloneReason::Present)]);
}

#[tokio::test(start_paused = true)]
async fn the_local_image_is_named_when_a_new_one_cannot_be_had() {
    let engine = engine();
    engine.fail("pull db", denied());
    let options = UpOptions { pull: Some(PullPolicy::from("always")), ..UpOptions::default() };
    let ran = run(Up::new(Arc::new(demo()), options), &engine).await;
    let alternative = Some(PullAlternative::LocalImage);
    let failures = failures(&ran);
    assert!(matches!(&failures[0], StepError::Pull { alternative: it, .. } if *it == alternative), "{failures:?}");
}

#[tokio::test(start_paused = true)]
async fn images_are_pushed_or_the_push_says_why_not() {
    let push = |failures| operation::push(Arc::new(buildable()), failures);
    let fake = engine();
    fake.fail("push web", busy(None));
    let ran = run(push(TransferFailures::Fail), &fake).await.ok();
    assert_eq!((fake.calls(), delays(&ran.events)), (vec!["push web".to_owned(), "push web".to_owned()], vec![1]));

    let nothing = Fake::new();
    let ran = run(push(TransferFailures::Fail), &nothing).await;
    let failures = failures(&ran);
    assert!(matches!(&failures[..], [StepError::Push { image, .. }] if image == "web"), "{failures:?}");

    let ran = run(push(TransferFailures::Ignore), &nothing).await.ok();
    assert!(matches!(&outcomes(&ran)[..], [Outcome::FailureIgnored(_)]));
}
