//! How runs end against the fake engine, on a paused clock: what is looked at again, which failures only warn, which
//! conflicts are worth another try.

use hoist::engine::EngineError;
use hoist::engine::fake::{Fake, Run, Script};
use hoist::event::Fact;
use hoist::observed::{ContainerId, Health};
use hoist::plan::{Action, AnonymousVolumes, ContainerRef, Handle, WaitCondition, Waiter};
use hoist::project::value::{Mount, MountKind, VolumesFrom};
use hoist::project::{Hook, Service};
use hoist::render::{failure, warning};
use std::sync::Arc;

use crate::executing::{Plans, container, made_by, ms, not_met, run, s, said};

/// `--wait` for a service without a healthcheck, and for one that is healthy after four seconds.
async fn wait_for_both(job: Script) -> (String, Vec<Fact>) {
    let mut plans = Plans::new();
    for service in ["job", "db"] {
        let (created, started) = plans.up(service, &[]);
        let containers = vec![made_by(service, 1, created)];
        plans.wait(service, containers, WaitCondition::RunningOrHealthy, Waiter::Command, Some(s(30)), &[started]);
    }
    let engine = Fake::new();
    engine.script("demo-job-1", job);
    engine.script("demo-db-1", Script::healthy_after(s(4)));
    let (outcome, events) = run(&plans.build(), &engine).await;
    (said(&outcome), events)
}

#[tokio::test(start_paused = true)]
async fn wait_looks_at_all_again_before_it_ends() {
    let failed = "#3 failed: container demo-job-1 exited (1)\n";
    for after in [ms(50), s(1), s(3)] {
        let (said, events) = wait_for_both(Script::exits_after(after, 1)).await;
        assert_eq!(said.lines().next().map(|line| format!("{line}\n")).as_deref(), Some(failed), "{after:?}");
        let told = events.iter().filter(|event| matches!(event, Fact::Failed { .. })).count();
        assert_eq!(told, 1, "{after:?}");
    }
    // What ran when it was waited for, and did its work since, is no failure.
    assert_eq!(wait_for_both(Script::exits_after(s(1), 0)).await.0, "");
    assert_eq!(wait_for_both(Script::default()).await.0, "");
}

#[tokio::test(start_paused = true)]
async fn what_is_being_restarted_when_wait_looks_again_is_waited_for() {
    let crash = Run { exit: Some((s(3), 1)), restart: Some(s(3)), ..Run::default() };
    let comes_back = Script { runs: vec![crash.clone(), Run::default()], ..Script::default() };
    assert_eq!(wait_for_both(comes_back).await.0, "");
    let fails = Run { exit: Some((ms(100), 7)), ..Run::default() };
    let said = wait_for_both(Script { runs: vec![crash, fails], ..Script::default() }).await.0;
    assert!(said.starts_with("#3 failed: container demo-job-1 exited (7)\n"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_program_that_fails_late_after_its_start_was_counted_fails_the_wait() {
    // The engine notes the start before the program begins.
    let mut plans = Plans::new();
    let (created, started) = plans.up("job", &[]);
    let containers = vec![made_by("job", 1, created)];
    plans.wait("job", containers, WaitCondition::RunningOrHealthy, Waiter::Command, None, &[started]);
    let engine = Fake::new();
    engine.script("demo-job-1", Script::exits_after(ms(450), 1));
    let (outcome, _) = run(&plans.build(), &engine).await;
    assert!(said(&outcome).starts_with("#3 failed: container demo-job-1 exited (1)\n"), "{}", said(&outcome));
}

#[tokio::test(start_paused = true)]
async fn what_may_end_is_ready_or_done() {
    for (script, expected) in [
        (Script::exits_after(ms(100), 0), ""),
        (Script::default(), ""),
        (Script::healthy_after(s(4)), ""),
        (Script::exits_after(ms(100), 3), "#3 failed: container demo-job-1 exited (3)\n"),
        (Script::checked(vec![(s(1), Health::Unhealthy)]), "#3 failed: container demo-job-1 is unhealthy\n"),
    ] {
        let mut plans = Plans::new();
        let (created, started) = plans.up("job", &[]);
        let containers = vec![made_by("job", 1, created)];
        plans.wait("job", containers, WaitCondition::RunningOrCompleted, Waiter::Command, None, &[started]);
        let engine = Fake::new();
        engine.script("demo-job-1", script);
        let (outcome, _) = run(&plans.build(), &engine).await;
        assert!(said(&outcome).starts_with(expected) && said(&outcome).is_empty() == expected.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_what_somebody_paused_says_what_helps() {
    let mut plans = Plans::new();
    plans.pair(WaitCondition::Healthy, Waiter::Dependents, Some(s(60)));
    let engine = Fake::new();
    engine.script("demo-db-1", Script::checked(Vec::new()));
    let plan = plans.build();
    let elsewhere = async {
        tokio::time::sleep(s(5)).await;
        engine.pause_now(&engine.id_of("demo-db-1").expect("it was made"));
    };
    let ((outcome, events), ()) = tokio::join!(run(&plan, &engine), elsewhere);
    let told = "container demo-db-1 is paused; `docker unpause demo-db-1` resumes it";
    assert_eq!(warnings(&events), [told], "once");
    assert!(said(&outcome).contains(told), "{}", said(&outcome));
}

#[tokio::test(start_paused = true)]
async fn probes_that_failed_during_a_pause_do_not_count_once_it_is_over() {
    let results = |after: Health| vec![(s(1), Health::Healthy), (s(5), Health::Unhealthy), (s(9), after)];
    for (after, expected) in [
        (Health::Healthy, ""),
        (Health::Unhealthy, "#2 failed: dependency failed to start: container demo-db-1 is unhealthy"),
    ] {
        let engine = Fake::new();
        engine.script("demo-db-1", Script::checked(results(after)));
        let db = engine.add_running("demo", "demo-db-1", "db", 1);
        tokio::time::sleep(s(2)).await;
        engine.pause_now(&db);
        tokio::time::sleep(s(4)).await;
        let mut plans = Plans::new();
        let db = container("db", 1, Handle::Existing(db));
        let goes_on = plans.add(Action::UnpauseContainer { container: db.clone() }, &[]);
        plans.wait("db", vec![db], WaitCondition::Healthy, Waiter::Dependents, Some(s(60)), &[goes_on]);
        let (outcome, _) = run(&plans.build(), &engine).await;
        assert_eq!(said(&outcome).lines().next().unwrap_or_default(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn an_optional_dependency_without_a_healthcheck_says_why_it_is_not_waited_for() {
    let mut plans = Plans::new();
    let wait = plans.pair(WaitCondition::Healthy, Waiter::OptionalDependents, None);
    let engine = Fake::new();
    let (outcome, events) = run(&plans.build(), &engine).await;
    assert!(outcome.is_success());
    let words = events.iter().find_map(|event| {
        let Fact::Finished { id, outcome, .. } = event else { return None };
        (*id == wait).then(|| not_met(outcome)).flatten()
    });
    let expected = "optional dependency \"db\" failed to start: container demo-db-1 has no healthcheck configured";
    assert_eq!(words.as_deref(), Some(expected));
}

/// A service whose replicas say something before they stop, and its container that runs.
fn with_hook(engine: &Fake) -> (Plans, ContainerRef, ContainerId) {
    let hook = Hook { command: Some(vec!["drain".to_owned()]), ..Hook::default() };
    let plans = Plans::of(&[Service { pre_stop: vec![hook], ..Service::new("web") }]);
    let id = engine.add_running("demo", "demo-web-1", "web", 1);
    (plans, container("web", 1, Handle::Existing(id.clone())), id)
}

fn warnings(events: &[Fact]) -> Vec<String> {
    let mut messages = Vec::new();
    for event in events {
        if let Fact::Warning { warning, .. } = event {
            messages.push(warning::step::message(warning));
        }
    }
    messages
}

#[tokio::test(start_paused = true)]
async fn a_pre_stop_hook_that_fails_keeps_only_what_is_not_removed() {
    for removed in [false, true] {
        let engine = Fake::new();
        let (mut plans, web, _) = with_hook(&engine);
        let spec = Some(Arc::new(plans.spec("web", 1)));
        let stop = plans.add(Action::StopContainer { container: web.clone(), spec, timeout: None }, &[]);
        if removed {
            plans.add(
                Action::RemoveContainer { container: web, volumes: AnonymousVolumes::Keep, unused: Vec::new() },
                &[stop],
            );
        }
        engine.fail("exec drain in demo-web-1", EngineError::Failed("no such program".to_owned()));
        let (outcome, events) = run(&plans.build(), &engine).await;
        let words = "service web: could not run the pre_stop hook: no such program";
        let place = "this was pre_stop[0] of service `web` in container demo-web-1";
        if removed {
            assert_eq!(said(&outcome), "");
            let told = format!("{words} ({place}); the container is still stopped and removed");
            assert_eq!(warnings(&events), [told]);
            assert_eq!(engine.id_of("demo-web-1"), None);
        } else {
            assert_eq!(said(&outcome), format!("#1 failed: {words}\n"));
            assert_eq!(outcome.first_failure().and_then(failure::hint).as_deref(), Some(place));
            assert!(!engine.calls().contains(&"stop demo-web-1".to_owned()));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_paused_container_is_stopped_without_its_hooks_which_is_told() {
    let engine = Fake::new();
    let (mut plans, web, id) = with_hook(&engine);
    engine.pause_now(&id);
    let refused = EngineError::Conflict("Container is paused, unpause the container before exec".to_owned());
    engine.fail("exec drain in demo-web-1", refused);
    let spec = Some(Arc::new(plans.spec("web", 1)));
    plans.add(Action::StopContainer { container: web, spec, timeout: None }, &[]);
    let (outcome, events) = run(&plans.build(), &engine).await;
    assert_eq!(said(&outcome), "");
    assert_eq!(warnings(&events), ["demo-web-1 is paused, so its pre_stop hooks do not run"]);
    assert!(engine.calls().contains(&"stop demo-web-1".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_mount_in_memory_that_cannot_be_taken_over_is_named() {
    let memory = Mount { kind: MountKind::Tmpfs, target: "/tt".to_owned(), ..Mount::default() };
    let services = [
        Service { volumes: vec![memory], ..Service::new("a") },
        Service { volumes_from: vec![VolumesFrom::from("a")], ..Service::new("b") },
    ];
    let mut plans = Plans::of(&services);
    let made = plans.create("a", 1, &[]);
    let mut spec = plans.spec("b", 1);
    spec.references.insert("a".into(), made_by("a", 1, made));
    plans.add(Action::CreateContainer(Arc::new(spec)), &[made]);
    let engine = Fake::new();
    engine.fail("create demo-b-1", EngineError::NotFound("get: no such volume".to_owned()));
    let (outcome, _) = run(&plans.build(), &engine).await;
    assert_eq!(
        said(&outcome),
        "#2 failed: cannot create container demo-b-1: service `b` uses the volumes of `a`, but the tmpfs at /tt \
         cannot be shared\n"
    );
    assert_eq!(outcome.conflict(), None, "trying again would end the same way");
}

#[tokio::test(start_paused = true)]
async fn only_some_conflicts_may_pass_by_themselves() {
    for (words, may_pass) in [
        ("Conflict. The container name \"/demo-web-1\" is already in use by container \"1\"", true),
        ("removal of container 1 is already in progress", true),
        ("cannot start a paused container, try unpause instead", false),
        ("cannot join network of a non running container: 1", false),
    ] {
        let mut plans = Plans::new();
        plans.up("web", &[]);
        let engine = Fake::new();
        engine.fail("start demo-web-1", EngineError::Conflict(words.to_owned()));
        let (outcome, _) = run(&plans.build(), &engine).await;
        let conflict = outcome.conflict().expect("somebody else may have done that");
        assert_eq!((conflict.steps.len(), conflict.may_pass), (1, may_pass), "{words}");
    }
}
