//! Readiness without a healthcheck (`x-hoist.ready`): plans, and the executor against the fake engine, on a paused clock.

use std::time::Duration;

use hoist::engine::EngineError;
use hoist::engine::fake::{Fake, Run, Script};
use hoist::event::Fact;
use hoist::observed::{Health, Processes};
use hoist::plan::{WaitCondition, Waiter};
use hoist::project::hash::{HashForm, service_hash};
use hoist::project::{Ready, ReadyCheck};
use hoist::render::warning;

use crate::eager::tries;
use crate::executing::{Plans, made_by, ms, run, s, said};

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
    engine.processes_of("demo-db-1", Processes { titles: Vec::new(), rows: vec![vec!["sleep".to_owned()]] });
    let (outcome, _) = run(&needed(log("^now ready$")).build(), &engine).await;
    assert_eq!(said(&outcome), "");
    assert_eq!(engine.times_of("start demo-web-1"), [ms(4200)]);

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
async fn a_line_counts_only_if_the_container_goes_on_running() {
    for (line, exit) in [(s(0), ms(10)), (s(3), ms(3150))] {
        let engine = Fake::new();
        engine.script("demo-db-1", Script::exits_after(exit, 0).writes(line, "now ready\n"));
        let words = said(&run(&needed(log("ready")).build(), &engine).await.0);
        assert!(words.contains("container demo-db-1 exited (0)"), "{line:?}, {exit:?}: {words}");
    }
    let engine = Fake::new();
    engine.script("demo-db-1", Script::exits_after(s(2), 0).writes(s(0), "now ready\n"));
    let words = said(&run(&needed(log("ready")).build(), &engine).await.0);
    assert!(words.contains("container demo-db-1 exited (0)"), "its processes are gone before: {words}");
}

#[tokio::test(start_paused = true)]
async fn what_was_found_out_before_a_restart_does_not_count() {
    let engine = Fake::new();
    let first = Run { exit: Some((s(2), 1)), restart: Some(s(1)), ..Run::default() };
    let second = Run { ready: Some(s(15)), ..Run::default() };
    engine.script("demo-db-1", Script { runs: vec![first, second], ..Script::default() });
    let (outcome, _) = run(&needed(command()).build(), &engine).await;
    assert_eq!(said(&outcome), "");
    assert_eq!(engine.times_of("start demo-web-1"), [s(18)]);
}

#[tokio::test(start_paused = true)]
async fn restarts_do_not_begin_its_time_again() {
    let engine = Fake::new();
    let again = Run { exit: Some((s(2), 1)), restart: Some(ms(1500)), ..Run::default() };
    engine.script("demo-db-1", Script { runs: vec![again], ..Script::default() }.writes(s(0), "no space left\n"));
    let words = said(&run(&needed(command()).build(), &engine).await.0);
    let expected = "container demo-db-1 is not ready after 20s: exec `check-health`: the container keeps exiting";
    assert!(words.contains(expected) && words.contains("the engine restarted it 5 times"), "{words}");
}

#[tokio::test(start_paused = true)]
async fn a_pause_does_not_stop_its_time() {
    let engine = Fake::new();
    engine.script("demo-db-1", ready_after(s(100)));
    let plan = needed(command()).build();
    let pause = async {
        tokio::time::sleep(s(3)).await;
        engine.pause_now(&engine.id_of("demo-db-1").expect("it was created"));
    };
    let ((outcome, _), ()) = tokio::join!(run(&plan, &engine), pause);
    let words = said(&outcome);
    let expected = "container demo-db-1 is not ready after 20s: exec `check-health`: the container is paused";
    assert!(words.contains(expected), "{words}");
    assert!(engine.times_of("exec check-health in demo-db-1").iter().all(|at| *at <= s(3)), "it is not tried");
}

#[tokio::test(start_paused = true)]
async fn a_command_that_takes_too_long_is_not_run_twice_at_a_time() {
    let engine = Fake::new();
    engine.script("demo-db-1", ready_after(s(0)));
    engine.delay("exec check-health in demo-db-1", s(7));
    let words = said(&run(&needed(command()).build(), &engine).await.0);
    assert!(words.contains("is not ready after 20s: exec `check-health`: no answer within 5 s"), "{words}");
    assert_eq!(engine.times_of("exec check-health in demo-db-1"), [s(0), s(7), s(14)]);
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
async fn a_test_of_the_image_that_counts_instead_is_told_once() {
    let engine = Fake::new();
    engine.script("demo-db-1", Script::healthy_after(s(3)));
    let mut plans = Plans::new().ready(Ready { check: command(), timeout: s(20), interval: ms(500) });
    let (created, started) = plans.up("db", &[]);
    for waiter in [Waiter::Dependents, Waiter::Command] {
        plans.wait("db", vec![made_by("db", 1, created)], WaitCondition::Healthy, waiter, None, &[started]);
    }
    let (_, facts) = run(&plans.build(), &engine).await;
    let warnings = facts.iter().filter_map(|fact| {
        let Fact::Warning { warning, .. } = fact else { return None };
        Some(warning::step::message(warning))
    });
    let expected = "the image of service `db` has a healthcheck, so its `x-hoist.ready` is ignored";
    assert_eq!(warnings.collect::<Vec<_>>(), [expected]);
}

#[tokio::test(start_paused = true)]
async fn a_log_that_the_engine_does_not_give_ends_the_wait() {
    let engine = Fake::new();
    engine.script("demo-db-1", Script::default());
    let words = "configured logging driver does not support reading";
    engine.fail("logs demo-db-1", EngineError::Unsupported(words.to_owned()));
    let said = said(&run(&needed(log("listening")).build(), &engine).await.0);
    assert!(said.contains(&format!("container demo-db-1 cannot be checked: log `listening`: {words}")), "{said}");
}

#[tokio::test(start_paused = true)]
async fn the_wait_of_the_command_has_its_own_limit() {
    let engine = Fake::new();
    engine.script("demo-db-1", ready_after(s(15)));
    let plans = pair(command(), WaitCondition::RunningOrHealthy, Waiter::Command, Some(s(5)));
    let words = said(&run(&plans.build(), &engine).await.0);
    assert!(words.contains("application not healthy after 5s"), "{words}");
    assert!(words.contains("container demo-db-1 is not ready yet: exec `check-health`: exit status 1"), "{words}");
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

#[test]
fn flags_and_numbers_may_come_from_variables() {
    let load = |x_hoist: &str| crate::eager::service_with(x_hoist).expect("it is valid");
    let loaded = load("{job: \"${J:-true}\", rolling: \"${R:-false}\"}");
    assert!(loaded.warnings.is_empty());
    let own = loaded.project.services["db"].x_hoist();
    assert_eq!((own.job, own.rolling), (true, false));
    let loaded = load("{ready: {http: {port: \"${P:-80}\", status: \"${S:-204}\"}}}");
    let ready = loaded.project.services["db"].ready().expect("it is there");
    assert_eq!(ready.check, ReadyCheck::Http { port: 80, path: "/".to_owned(), status: Some(204) });
    let failure =
        crate::eager::service_with("{ready: {http: {port: 80, status: \"${S:-999}\"}}}").expect_err("too big");
    assert!(failure.errors[0].to_string().contains("status"), "{}", failure.errors[0]);
}
