//! Readiness without a healthcheck (`x-hoist.ready`): plans, and the executor against the fake engine, on a paused clock.

use std::time::Duration;

use hoist::engine::fake::{Fake, Run, Script};
use hoist::observed::Health;
use hoist::plan::{WaitCondition, Waiter};
use hoist::project::hash::{HashForm, service_hash};
use hoist::project::{Ready, ReadyCheck};

use crate::eager::tries;
use crate::executing::{Plans, ms, run, s, said};

/// The command that the fake engine answers once a container is ready.
fn command() -> ReadyCheck {
    ReadyCheck::Exec(Script::health_test().command)
}

fn log(pattern: &str) -> ReadyCheck {
    ReadyCheck::Log(pattern.parse().expect("a pattern"))
}

fn pair(check: ReadyCheck, condition: WaitCondition, waiter: Waiter, timeout: Option<Duration>) -> Plans {
    let mut plans = Plans::new().ready(Ready { check, timeout: s(20), interval: ms(500) });
    plans.pair(condition, waiter, timeout);
    plans
}

fn needed(check: ReadyCheck) -> Plans {
    pair(check, WaitCondition::Healthy, Waiter::Dependents, None)
}

/// A container without a healthcheck that is ready after that time.
fn ready_after(ready: Duration) -> Script {
    Script { runs: vec![Run { ready: Some(ready), ..Run::default() }], ..Script::default() }
}

#[tokio::test(start_paused = true)]
async fn the_first_success_releases_the_dependents() {
    for condition in [WaitCondition::Healthy, WaitCondition::RunningOrHealthy, WaitCondition::RunningOrCompleted] {
        for (ready, released) in [(s(0), s(0)), (ms(2700), s(3)), (ms(19_800), s(20))] {
            let engine = Fake::new();
            engine.script("demo-db-1", ready_after(ready));
            let mut plans = Plans::new().ready(Ready { check: command(), timeout: s(21), interval: ms(500) });
            plans.pair(condition, Waiter::Dependents, None);
            let (outcome, facts) = run(&plans.build(), &engine).await;
            assert_eq!(said(&outcome), "");
            let failed = tries(&facts).iter().filter(|passed| !**passed).count();
            assert_eq!(ms(500) * u32::try_from(failed).expect("few"), released, "each try is told");
            assert_eq!(engine.times_of("start demo-web-1"), [released], "{condition:?}, ready after {ready:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn its_time_ends_with_what_the_last_try_said() {
    let engine = Fake::new();
    engine.script("demo-db-1", ready_after(s(100)).writes(s(1), "still loading\n"));
    let (outcome, _) = run(&needed(command()).build(), &engine).await;
    let words = said(&outcome);
    let expected =
        "dependency failed to start: container demo-db-1 is not ready after 20s: exec `check-health`: exit status 1";
    assert!(words.contains(expected) && words.contains("still loading"), "{words}");
    assert!(engine.times_of("start demo-web-1").is_empty());
    let tries = engine.times_of("exec check-health in demo-db-1").len();
    assert!((40..=41).contains(&tries), "every half second, not more: {tries}");
}

#[tokio::test(start_paused = true)]
async fn a_line_of_the_log_shows_that_it_is_ready() {
    let engine = Fake::new();
    let script = Script::default().writes(s(1), "not rea").writes(s(2), "dy\nnow re").writes(s(4), "ady\nmore\n");
    engine.script("demo-db-1", script);
    let (outcome, _) = run(&needed(log("^now ready$")).build(), &engine).await;
    assert_eq!(said(&outcome), "");
    assert_eq!(engine.times_of("start demo-web-1"), [s(4)]);

    let engine = Fake::new();
    engine.script("demo-db-1", Script::default().writes(s(1), "ready\n"));
    let words = said(&run(&needed(log("listening")).build(), &engine).await.0);
    assert!(words.contains("is not ready after 20s: log `listening`: no line of the log matches"), "{words}");
}

#[tokio::test(start_paused = true)]
async fn a_container_that_ends_ends_the_wait() {
    let engine = Fake::new();
    engine.script("demo-db-1", Script::exits_after(s(3), 4).writes(s(1), "no space left\n"));
    let words = said(&run(&needed(command()).build(), &engine).await.0);
    assert!(words.contains("container demo-db-1 exited (4)") && words.contains("no space left"), "{words}");
    assert!(engine.times_of("exec check-health in demo-db-1").len() <= 7);
}

#[tokio::test(start_paused = true)]
async fn what_was_found_out_before_a_restart_does_not_count() {
    let engine = Fake::new();
    let first = Run { exit: Some((s(2), 1)), restart: Some(s(1)), ..Run::default() }.clone();
    let second = Run { ready: Some(s(18)), ..Run::default() };
    engine.script("demo-db-1", Script { runs: vec![first, second], ..Script::default() });
    let (outcome, _) = run(&needed(command()).build(), &engine).await;
    assert_eq!(said(&outcome), "", "each start has its own 20 s");
    assert_eq!(engine.times_of("start demo-web-1"), [s(21)]);
}

#[tokio::test(start_paused = true)]
async fn a_test_of_the_image_counts_instead() {
    let engine = Fake::new();
    engine.script("demo-db-1", Script::checked(vec![(s(3), Health::Healthy)]).ready_after(s(0)));
    let (outcome, _) = run(&needed(command()).build(), &engine).await;
    assert_eq!(said(&outcome), "");
    assert_eq!(engine.times_of("start demo-web-1"), [s(3)]);
    assert!(engine.times_of("exec check-health in demo-db-1").is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_wait_of_the_command_has_its_own_limit() {
    let engine = Fake::new();
    engine.script("demo-db-1", ready_after(s(15)));
    let plans = pair(command(), WaitCondition::RunningOrHealthy, Waiter::Command, Some(s(5)));
    let words = said(&run(&plans.build(), &engine).await.0);
    assert!(words.contains("application not healthy after 5s"), "{words}");
    assert!(words.contains("container demo-db-1 is not healthy yet"), "{words}");
}

#[tokio::test(start_paused = true)]
async fn a_job_that_does_not_end_is_named() {
    let engine = Fake::new();
    engine.script("demo-db-1", Script::default());
    let plans = pair(command(), WaitCondition::CompletedSuccessfully, Waiter::Command, Some(s(5)));
    let words = said(&run(&plans.build(), &engine).await.0);
    assert!(words.contains("container demo-db-1 is still running, but is to end"), "{words}");
}

#[tokio::test(start_paused = true)]
async fn without_an_address_the_check_runs_inside() {
    let engine = Fake::new();
    engine.script("demo-db-1", Script::default());
    assert_eq!(said(&run(&needed(ReadyCheck::Tcp(5432)).build(), &engine).await.0), "");
    let calls = engine.calls();
    assert!(calls.iter().any(|call| call.starts_with("exec /bin/sh") && call.contains(":1538)")), "{calls:?}");
}

#[test]
fn ready_is_read_and_changes_no_hash() {
    let load = |x_hoist: &str| crate::eager::service_with(x_hoist).expect("it is valid").project.services["db"].clone();
    let (plain, ready) = (load("{}"), load("{ready: {http: ':8080/health', timeout: 5s}}"));
    let read = ready.ready().expect("it is there");
    assert_eq!((read.check.to_string(), read.timeout), ("http :8080/health".to_owned(), s(5)));
    assert_eq!(service_hash(&plain, HashForm::V5), service_hash(&ready, HashForm::V5));
}
