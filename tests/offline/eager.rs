//! Eager health: what `x-hoist` says about it, and the executor against the fake engine, on a paused clock.

use std::time::Duration;

use hoist::engine::EngineError;
use hoist::engine::fake::{Fake, Run, Script};
use hoist::event::Fact;
use hoist::load::{LoadFailure, LoadOptions, Loaded, load};
use hoist::observed::Health;
use hoist::plan::{Probing, WaitCondition, Waiter};
use hoist::project::hash::{HashForm, service_hash};

use crate::executing::{Plans, made_by, ms, run, s, said};
use crate::folder::compose_file;

const TEST: &str = "exec check-health in demo-db-1";

/// An engine whose database is healthy after 30 s, and ready for whoever asks before.
fn slow_probes(ready: Duration) -> Fake {
    let engine = Fake::new();
    engine.script("demo-db-1", Script::healthy_after(s(30)).ready_after(ready));
    engine
}

/// A database that `web` needs healthy, with eager health or without.
fn pair(probing: Probing, condition: WaitCondition, timeout: Option<Duration>) -> Plans {
    let mut plans = Plans::new().probing(probing);
    plans.pair(condition, Waiter::Dependents, timeout);
    plans
}

/// The results of the checks that hoist made itself, as they were told.
pub(crate) fn tries(facts: &[Fact]) -> Vec<bool> {
    let tried = facts.iter().filter_map(|fact| {
        let Fact::Tried { container, passed, .. } = fact else { return None };
        assert_eq!(container, "demo-db-1");
        Some(*passed)
    });
    tried.collect()
}

#[tokio::test(start_paused = true)]
async fn the_first_success_releases_the_dependents() {
    for (probing, ready, released) in [
        (Probing::Engine, s(0), s(30)),
        (Probing::Eager, s(0), s(0)),
        (Probing::Eager, ms(2700), s(3)),
        (Probing::Eager, s(60), s(30)),
    ] {
        for condition in [WaitCondition::Healthy, WaitCondition::RunningOrHealthy] {
            let engine = slow_probes(ready);
            let (outcome, _) = run(&pair(probing, condition, None).build(), &engine).await;
            assert_eq!(said(&outcome), "");
            assert_eq!(engine.times_of("start demo-web-1"), [released], "{probing:?}, ready after {ready:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_test_runs_at_once_and_every_half_second() {
    let engine = slow_probes(ms(1200));
    let (_, facts) = run(&pair(Probing::Eager, WaitCondition::Healthy, None).build(), &engine).await;
    assert_eq!(engine.times_of(TEST), [ms(0), ms(500), ms(1000), ms(1500)]);
    assert_eq!(tries(&facts), [false, false, false, true]);
}

#[tokio::test(start_paused = true)]
async fn a_test_that_cannot_be_run_has_not_passed_yet() {
    let engine = slow_probes(s(0));
    engine.fail(TEST, EngineError::Failed("no such executable".to_owned()));
    engine.fail(TEST, EngineError::Conflict("the container is paused".to_owned()));
    let (outcome, _) = run(&pair(Probing::Eager, WaitCondition::Healthy, None).build(), &engine).await;
    assert_eq!(said(&outcome), "");
    assert_eq!(engine.times_of("start demo-web-1"), [s(1)]);
}

#[tokio::test(start_paused = true)]
async fn a_test_runs_one_at_a_time_and_counts_within_its_timeout_only() {
    let engine = slow_probes(s(0));
    engine.delay(TEST, s(2));
    run(&pair(Probing::Eager, WaitCondition::Healthy, None).build(), &engine).await;
    assert_eq!(engine.times_of("start demo-web-1"), [s(2)]);

    let engine = Fake::new();
    engine.script("demo-db-1", Script::healthy_after(s(100)).ready_after(s(0)));
    engine.delay(TEST, s(40));
    run(&pair(Probing::Eager, WaitCondition::Healthy, None).build(), &engine).await;
    assert_eq!(engine.times_of(TEST), [s(0), s(40), s(80)], "it may take 30 s");
    assert_eq!(engine.times_of("start demo-web-1"), [s(100)]);
}

#[tokio::test(start_paused = true)]
async fn the_verdict_of_the_engine_counts() {
    let engine = Fake::new();
    engine.script("demo-db-1", Script::checked(vec![(s(3), Health::Unhealthy)]));
    let (outcome, _) = run(&pair(Probing::Eager, WaitCondition::Healthy, None).build(), &engine).await;
    assert!(said(&outcome).contains("demo-db-1 is unhealthy"), "{}", said(&outcome));
    assert_eq!(engine.times_of(TEST).len(), 7, "from 0 s to 3 s");
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_takes_too_long_ends_the_tests_too() {
    let engine = slow_probes(s(20));
    let (outcome, _) = run(&pair(Probing::Eager, WaitCondition::Healthy, Some(s(2))).build(), &engine).await;
    assert!(said(&outcome).contains("not healthy yet"), "{}", said(&outcome));
    tokio::time::sleep(s(30)).await;
    assert!(engine.times_of(TEST).len() <= 5);
}

/// A service that waits for both replicas of a database.
fn two_replicas() -> Plans {
    let mut plans = Plans::new().probing(Probing::Eager);
    let made: Vec<_> = [1, 2].map(|number| (number, plans.create("db", number, &[]))).into();
    let starts: Vec<_> = made.iter().map(|(number, made)| plans.start("db", *number, *made, &[])).collect();
    let containers = made.iter().map(|(number, made)| made_by("db", *number, *made)).collect();
    let wait = plans.wait("db", containers, WaitCondition::Healthy, Waiter::Dependents, None, &starts);
    plans.up("web", &[wait]);
    plans
}

#[tokio::test(start_paused = true)]
async fn every_replica_has_its_own_test() {
    let engine = slow_probes(s(1));
    engine.script("demo-db-2", Script::healthy_after(s(30)).ready_after(s(4)));
    let (outcome, _) = run(&two_replicas().build(), &engine).await;
    assert_eq!(said(&outcome), "");
    assert_eq!(engine.times_of("start demo-web-1"), [s(4)]);
    assert_eq!(engine.times_of(TEST).len(), 3, "none after the first success");
}

#[tokio::test(start_paused = true)]
async fn what_a_test_found_out_before_a_restart_does_not_count() {
    // The first replica passes, ends and is started again by the engine; only its second run is ready for good.
    let engine = slow_probes(s(0));
    engine.script("demo-db-2", Script::healthy_after(s(30)).ready_after(s(6)));
    let first = Run { ready: Some(s(0)), exit: Some((s(2), 1)), restart: Some(s(1)), ..Run::default() };
    let second = Run { ready: Some(s(10)), ..Run::default() };
    engine.script("demo-db-1", Script { healthcheck: true, runs: vec![first, second], ..Script::default() });
    let (outcome, _) = run(&two_replicas().build(), &engine).await;
    assert_eq!(said(&outcome), "");
    assert_eq!(engine.times_of("start demo-web-1"), [s(13)]);
}

/// A project with one service that has that `x-hoist`.
pub(crate) fn service_with(x_hoist: &str) -> Result<Loaded, LoadFailure> {
    let folder = compose_file(&format!("services: {{db: {{image: postgres, x-hoist: {x_hoist}}}}}\n"));
    load(&LoadOptions { project_name: Some("demo".to_owned()), ..LoadOptions::new(folder.path()) })
}

#[test]
fn x_hoist_is_read_and_changes_no_hash() {
    let hash_of = |loaded: &Loaded| service_hash(&loaded.project.services["db"], HashForm::V5);
    let plain = service_with("{}").expect("nothing is said");
    let eager = service_with("{eager_health: true}").expect("it is known");
    assert!(!plain.project.services["db"].x_hoist().eager_health);
    assert!(eager.project.services["db"].x_hoist().eager_health);
    assert_eq!(hash_of(&plain), hash_of(&eager));
}

#[test]
fn x_hoist_takes_what_it_knows_only() {
    for wrong in ["{eager_health: often}", "{eager_heath: true}", "[eager_health]", "eager_health"] {
        let failure = service_with(wrong).expect_err(wrong);
        assert!(failure.errors[0].to_string().contains("x-hoist"), "{}", failure.errors[0]);
    }
}
