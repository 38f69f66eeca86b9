//! Logs, following and attached sessions against the fake engine, on a paused clock.

use std::sync::Arc;
use std::time::Duration;

use hoist::engine::fake::{Fake, Run, Script};
use hoist::engine::{EngineError, LogQuery, OutputStream};
use hoist::event::{Events, Fact, Output, OutputReceiver, Outputs, Stopping};
use hoist::observed::ContainerId;
use hoist::operation::follow::{self, Begin, FollowSettings, Following, Stderr, Target};
use hoist::operation::session::{self, OnExit, SessionContext, SessionOutcome, SessionSettings};
use hoist::operation::{Interruption, RunSettings};
use hoist::plan::{Action, Handle, Plan, WaitCondition, Waiter};
use tokio_util::sync::CancellationToken;

use crate::executing::{Plans, container, ms, s};

pub(crate) fn settings() -> FollowSettings {
    FollowSettings { project: "demo".into(), ..FollowSettings::default() }
}

/// A container of the project as it is found at the beginning.
pub(crate) async fn target(engine: &Fake, id: &ContainerId) -> Target {
    use hoist::engine::{Observe as _, ObserveQuery};
    let query = ObserveQuery { project: "demo".to_owned(), ..ObserveQuery::default() };
    let observed = engine.observe(query).await.expect("the fake engine answers");
    Target::of(&settings(), observed.container(id).expect("it is there")).expect("it has a service")
}

/// Output as text, with the streams of containers as one word each.
pub(crate) async fn shown(mut outputs: OutputReceiver) -> Vec<String> {
    let mut shown = Vec::new();
    while let Some(output) = outputs.recv().await {
        shown.push(match output {
            Output::Attaching(sources) => format!("attaching to {}", sources.join(", ")),
            Output::Lines { source, stderr, bytes } => {
                let stream = if stderr { "stderr" } else { "stdout" };
                format!("{source} {stream}: {:?}", String::from_utf8(bytes).expect("text"))
            }
            Output::Exited { source, exit_code, restarting: false } => format!("{source} exited {exit_code}"),
            Output::Exited { source, exit_code, restarting: true } => format!("{source} exited {exit_code}, restarts"),
            Output::Recreated { source } => format!("{source} recreated"),
            Output::Unreadable { source, message } => format!("{source} unreadable: {message}"),
            Output::Watch(note) => format!("{note:?}"),
        });
    }
    shown
}

/// Follows what there is until it ends.
pub(crate) async fn follow(engine: &Fake, settings: FollowSettings, targets: Vec<Target>) -> Vec<String> {
    let (outputs, receiver) = Outputs::channel();
    let (following, follower, _exits) =
        Following::open(engine, settings, &outputs).await.expect("the fake engine answers");
    drop((follower, outputs));
    let cancel = CancellationToken::new();
    let (ended, shown) = tokio::join!(following.run(targets, &cancel), shown(receiver));
    ended.expect("the engine stays");
    shown
}

#[tokio::test(start_paused = true)]
async fn logs_are_read_to_the_end_with_the_last_line_and_both_streams_as_one() {
    let engine = Fake::new();
    let script = Script {
        runs: vec![Run {
            output: vec![
                (s(1), OutputStream::Stdout, b"one\ntw".to_vec()),
                (s(1), OutputStream::Stdout, b"o\n".to_vec()),
                (s(2), OutputStream::Stderr, b"oops\nlast".to_vec()),
            ],
            ..Run::default()
        }],
        ..Script::default()
    };
    engine.script("demo-web-1", script);
    let web = engine.add_running("demo", "demo-web-1", "web", 1);
    let other = engine.add_running("demo", "other-name", "db", 1);
    tokio::time::sleep(s(5)).await;
    let targets = vec![target(&engine, &web).await, target(&engine, &other).await];
    engine.fail("logs other-name", EngineError::Unsupported("the driver does not support reading".to_owned()));

    let (outputs, receiver) = Outputs::channel();
    let read = async {
        let outputs = outputs;
        follow::logs(&engine, &settings(), targets, &outputs, &CancellationToken::new()).await;
    };
    let ((), mut shown) = tokio::join!(read, shown(receiver));
    shown.sort();
    assert_eq!(
        shown,
        [
            "other-name unreadable: the driver does not support reading",
            r#"web-1 stdout: "last\n""#,
            r#"web-1 stdout: "one\ntwo\noops\n""#,
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn following_goes_on_across_restarts_and_ends_with_the_last_container() {
    let engine = Fake::new();
    let run = |text: &str, restart| Run {
        output: vec![(s(1), OutputStream::Stdout, text.as_bytes().to_vec())],
        exit: Some((s(2), 1)),
        restart,
        ..Run::default()
    };
    let runs = vec![run("first\n", Some(s(1))), run("second\n", Some(s(1))), run("third", None)];
    engine.script("demo-web-1", Script { runs, ..Script::default() });
    let web = engine.add_running("demo", "demo-web-1", "web", 1);
    let targets = vec![target(&engine, &web).await];
    assert_eq!(
        follow(&engine, settings(), targets).await,
        [
            r#"web-1 stdout: "first\n""#,
            "web-1 exited 1, restarts",
            r#"web-1 stdout: "second\n""#,
            "web-1 exited 1, restarts",
            r#"web-1 stdout: "third\n""#,
            "web-1 exited 1",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn new_replicas_are_followed_and_those_of_other_services_are_not() {
    let engine = Fake::new();
    engine.script("demo-web-1", Script::exits_after(s(10), 0).writes(s(1), "old\n"));
    engine.script("demo-web-2", Script::exits_after(s(4), 0).writes(s(1), "new\n"));
    engine.script("demo-db-1", Script::exits_after(s(20), 0).writes(s(1), "not shown\n"));
    let web = engine.add_running("demo", "demo-web-1", "web", 1);
    let targets = vec![target(&engine, &web).await];
    let settings = FollowSettings { services: Some(["web".into()].into()), ..settings() };
    let later = async {
        tokio::time::sleep(s(3)).await;
        engine.add_running("demo", "demo-web-2", "web", 2);
        engine.add_running("demo", "demo-db-1", "db", 1);
        let web_2 = engine.id_of("demo-web-2").expect("it was made");
        engine.start_now(&web_2);
    };
    let (shown, ()) = tokio::join!(follow(&engine, settings, targets), later);
    assert_eq!(shown, [r#"web-1 stdout: "old\n""#, r#"web-2 stdout: "new\n""#, "web-2 exited 0", "web-1 exited 0"]);
}

#[tokio::test(start_paused = true)]
async fn one_replica_alone_is_followed_where_one_is_asked_for() {
    let engine = Fake::new();
    engine.script("demo-web-1", Script::exits_after(s(10), 0).writes(s(1), "first\n"));
    engine.script("demo-web-2", Script::exits_after(s(4), 0).writes(s(1), "second\n"));
    let web = engine.add_running("demo", "demo-web-1", "web", 1);
    let targets = vec![target(&engine, &web).await];
    let settings = FollowSettings { number: Some(1), ..settings() };
    let later = async {
        tokio::time::sleep(s(3)).await;
        let web_2 = engine.add_container("demo", "demo-web-2", "web", 2);
        engine.start_now(&web_2);
    };
    let (shown, ()) = tokio::join!(follow(&engine, settings, targets), later);
    assert_eq!(shown, [r#"web-1 stdout: "first\n""#, "web-1 exited 0"]);
}

#[tokio::test(start_paused = true)]
async fn following_survives_a_lost_event_stream() {
    let engine = Fake::new();
    engine.script("demo-web-1", Script::exits_after(ms(2020), 3).writes(s(1), "hello\n"));
    let web = engine.add_running("demo", "demo-web-1", "web", 1);
    let targets = vec![target(&engine, &web).await];
    engine.lose_events_after(s(2));
    assert_eq!(follow(&engine, settings(), targets).await, [r#"web-1 stdout: "hello\n""#, "web-1 exited 3"]);
}

#[tokio::test(start_paused = true)]
async fn following_ends_when_the_engine_does_not_come_back() {
    let engine = Fake::new();
    let web = engine.add_running("demo", "demo-web-1", "web", 1);
    let targets = vec![target(&engine, &web).await];
    let gone = EngineError::Unreachable { address: "unix:///x".to_owned(), cause: "refused".to_owned() };
    // Away for a while, back, and away for good.
    engine.lose_events_after(s(2));
    let (outputs, receiver) = Outputs::channel();
    let (following, follower, _exits) =
        Following::open(&engine, settings(), &outputs).await.expect("the fake engine answers");
    drop((follower, outputs));
    for _ in 0..100 {
        engine.fail("events", gone.clone());
    }
    let began = tokio::time::Instant::now();
    let cancel = CancellationToken::new();
    let (ended, _) = tokio::join!(following.run(targets, &cancel), shown(receiver));
    assert_eq!(ended, Err(gone));
    assert!((s(30)..s(45)).contains(&began.elapsed()), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_attached_up_ends_with_the_reason_when_the_engine_is_gone() {
    let engine = Fake::new();
    let gone = EngineError::Unreachable { address: "unix:///x".to_owned(), cause: "refused".to_owned() };
    engine.lose_events_after(s(5));
    let failing = async {
        tokio::time::sleep(s(4)).await;
        for _ in 0..100 {
            engine.fail("events", gone.clone());
        }
        std::future::pending::<()>().await;
    };
    let (outputs, _receiver) = Outputs::channel();
    let (events, _facts) = Events::channel();
    let (plan, interruption, detach) = (&two_services(), &Interruption::default(), &CancellationToken::new());
    let settings = &up_settings(OnExit::GoOn);
    let stop = async || Ok(stop_all(&engine));
    let cx = SessionContext { engine: &engine, events: &events, outputs: &outputs, interruption, detach, settings };
    let session = session::attached(plan, cx, Vec::new(), async |_, _| None, stop);
    let outcome = tokio::select! {
        outcome = session => outcome,
        () = failing => unreachable!("it never ends"),
    };
    assert_eq!(outcome.map(|_| ()), Err(gone));
}

#[tokio::test(start_paused = true)]
async fn an_attached_up_plans_again_after_a_conflict_and_goes_on_showing_what_it_started() {
    let engine = Fake::new();
    engine.script("demo-db-1", Script::exits_after(s(9), 0).writes(s(5), "db\n"));
    engine.script("demo-web-1", Script::exits_after(s(4), 0).writes(s(0), "web\n"));
    engine.fail("start demo-web-1", EngineError::Conflict("somebody else was faster".to_owned()));
    let (outputs, receiver) = Outputs::channel();
    let (events, mut facts) = Events::channel();
    let (plan, interruption, detach) = (&two_services(), &Interruption::default(), &CancellationToken::new());
    let settings = &up_settings(OnExit::GoOn);
    let mut asked = 0;
    let replan = async |_, _| {
        asked += 1;
        let mut plans = Plans::new();
        let id = engine.id_of("demo-web-1")?;
        let web = container("web", 1, Handle::Existing(id));
        plans.add(Action::StartContainer { container: web, spec: None }, &[]);
        Some(plans.build())
    };
    let run = async {
        let (outputs, events) = (outputs, events);
        let stop = async || Ok(stop_all(&engine));
        let cx = SessionContext { engine: &engine, events: &events, outputs: &outputs, interruption, detach, settings };
        session::attached(plan, cx, Vec::new(), replan, stop).await
    };
    let (outcome, shown) = tokio::join!(run, shown(receiver));
    let outcome = outcome.expect("the fake engine answers");
    assert!(outcome.run.is_success(), "{:?}", outcome.run);
    assert_eq!((asked, outcome.plan.len()), (1, 1));
    let told = std::iter::from_fn(|| facts.try_recv().ok())
        .filter(|event| matches!(event.fact, Fact::PlanStarted { replaces_failed: true, .. }))
        .count();
    assert_eq!(told, 1);
    assert_eq!(
        shown,
        [
            "attaching to db-1, web-1",
            r#"web-1 stdout: "web\n""#,
            "web-1 exited 0",
            r#"db-1 stdout: "db\n""#,
            "db-1 exited 0",
        ]
    );
}

/// An attached session and all that was seen of it.
pub(crate) struct Seen {
    pub(crate) outcome: SessionOutcome,
    pub(crate) shown: Vec<String>,
    pub(crate) stopping: Vec<Stopping>,
}

/// A session over `plan`; it is interrupted at those times.
pub(crate) async fn attach(
    engine: &Fake,
    plan: &Arc<Plan>,
    targets: Vec<Target>,
    settings: SessionSettings,
    interruptions: &[Duration],
) -> Seen {
    attach_until(engine, plan, targets, settings, interruptions, None).await
}

/// The same; the user detaches at that time.
async fn attach_until(
    engine: &Fake,
    plan: &Arc<Plan>,
    targets: Vec<Target>,
    settings: SessionSettings,
    interruptions: &[Duration],
    detached: Option<Duration>,
) -> Seen {
    let (outputs, receiver) = Outputs::channel();
    let (events, mut facts) = Events::channel();
    let (interruption, detach, settings) = (&Interruption::default(), &CancellationToken::new(), &settings);
    let stop = async || Ok(stop_all(engine));
    let run = async {
        let (outputs, events) = (outputs, events);
        let cx = SessionContext { engine, events: &events, outputs: &outputs, interruption, detach, settings };
        session::attached(plan, cx, targets, async |_, _| None, stop).await
    };
    let interrupt = async {
        for (at, token) in interruptions.iter().zip([&interruption.stop, &interruption.kill]) {
            tokio::time::sleep(*at).await;
            token.cancel();
        }
        if let Some(at) = detached {
            tokio::time::sleep(at).await;
            detach.cancel();
        }
        std::future::pending::<()>().await;
    };
    let all = async { tokio::join!(run, shown(receiver)) };
    let (outcome, shown) = tokio::select! {
        all = all => all,
        () = interrupt => unreachable!("it never ends"),
    };
    let mut stopping = Vec::new();
    while let Some(event) = facts.recv().await {
        if let Fact::Stopping(why) = event.fact {
            stopping.push(why);
        }
    }
    Seen { outcome: outcome.expect("the fake engine answers"), shown, stopping }
}

fn stop_all(engine: &Fake) -> Arc<Plan> {
    let mut plans = Plans::new();
    for (service, name) in [("db", "demo-db-1"), ("web", "demo-web-1")] {
        if let Some(id) = engine.id_of(name) {
            let container = container(service, 1, Handle::Existing(id));
            plans.add(Action::StopContainer { container, spec: None, timeout: None }, &[]);
        }
    }
    plans.build()
}

pub(crate) fn up_settings(on_exit: OnExit) -> SessionSettings {
    SessionSettings {
        run: RunSettings::default(),
        follow: FollowSettings { begin: Begin::Now, stderr: Stderr::Apart, ..settings() },
        on_exit,
        exit_code_from: None,
        watching: None,
    }
}

pub(crate) fn two_services() -> Arc<Plan> {
    let mut plans = Plans::new();
    let (_, db) = plans.up("db", &[]);
    plans.up("web", &[db]);
    plans.build()
}

#[tokio::test(start_paused = true)]
async fn an_attached_up_misses_no_line_and_ends_with_its_containers() {
    let engine = Fake::new();
    // The first lines come at the very moment of the start.
    engine.script("demo-db-1", Script::exits_after(s(9), 0).writes(s(0), "db starts\n"));
    engine.script("demo-web-1", Script::exits_after(s(5), 7).writes(s(0), "web starts\n").writes(s(4), "bye"));
    let seen = attach(&engine, &two_services(), Vec::new(), up_settings(OnExit::GoOn), &[]).await;
    assert!(seen.outcome.run.is_success());
    assert_eq!((seen.outcome.exit_code, seen.outcome.interrupted), (None, false));
    assert_eq!(
        seen.shown,
        [
            "attaching to db-1, web-1",
            r#"db-1 stdout: "db starts\n""#,
            r#"web-1 stdout: "web starts\n""#,
            r#"web-1 stdout: "bye\n""#,
            "web-1 exited 7",
            "db-1 exited 0",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_attached_up_shows_what_runs_already_from_now_on() {
    let engine = Fake::new();
    engine.script("demo-db-1", Script::exits_after(s(9), 0).writes(s(1), "before\n").writes(s(5), "after\n"));
    let db = engine.add_running("demo", "demo-db-1", "db", 1);
    tokio::time::sleep(s(3)).await;
    let targets = vec![target(&engine, &db).await];
    let nothing = Plans::new().build();
    let seen = attach(&engine, &nothing, targets, up_settings(OnExit::GoOn), &[]).await;
    assert_eq!(seen.shown, ["attaching to db-1", r#"db-1 stdout: "after\n""#, "db-1 exited 0"]);
}

#[tokio::test(start_paused = true)]
async fn what_ended_before_anybody_listened_does_not_keep_an_attached_up() {
    let engine = Fake::new();
    engine.script("demo-db-1", Script::exits_after(s(5), 3));
    let db = engine.add_running("demo", "demo-db-1", "db", 1);
    let targets = vec![target(&engine, &db).await];
    tokio::time::sleep(s(6)).await;
    let nothing = Plans::new().build();
    let seen = attach(&engine, &nothing, targets, up_settings(OnExit::GoOn), &[]).await;
    assert_eq!(seen.shown, ["attaching to db-1", "db-1 exited 3"]);
}

#[tokio::test(start_paused = true)]
async fn the_first_interruption_stops_and_the_second_kills() {
    let engine = Fake::new();
    engine.delay("stop demo-db-1", s(2));
    engine.delay("stop demo-web-1", s(2));
    let seen = attach(&engine, &two_services(), Vec::new(), up_settings(OnExit::GoOn), &[s(5)]).await;
    assert!(seen.outcome.interrupted);
    assert_eq!(seen.stopping, [Stopping::Interrupted]);
    assert_eq!(seen.shown, ["attaching to db-1, web-1", "db-1 exited 143", "web-1 exited 143"]);

    let engine = Fake::new();
    engine.delay("stop demo-db-1", s(2));
    engine.delay("stop demo-web-1", s(10));
    let seen = attach(&engine, &two_services(), Vec::new(), up_settings(OnExit::GoOn), &[s(5), s(3)]).await;
    assert_eq!(seen.stopping, [Stopping::Interrupted, Stopping::Forced]);
    assert_eq!(seen.shown, ["attaching to db-1, web-1", "db-1 exited 143", "web-1 exited 137"]);
}

#[tokio::test(start_paused = true)]
async fn detaching_leaves_all_running_and_shows_nothing_more() {
    let engine = Fake::new();
    for name in ["demo-db-1", "demo-web-1"] {
        engine.script(name, Script::default().writes(s(3), "before\n").writes(s(7), "after\n"));
    }
    let began = tokio::time::Instant::now();
    let settings = up_settings(OnExit::Stop);
    let seen = attach_until(&engine, &two_services(), Vec::new(), settings, &[], Some(s(5))).await;
    assert_eq!(began.elapsed(), s(5));
    assert!(seen.outcome.detached && !seen.outcome.interrupted && seen.outcome.run.is_success());
    assert_eq!((seen.outcome.exit_code, seen.stopping), (None, Vec::new()));
    assert_eq!(seen.shown, ["attaching to db-1, web-1", "db-1 stdout: \"before\\n\"", "web-1 stdout: \"before\\n\""]);
    assert!(!engine.calls().iter().any(|call| call.starts_with("stop") || call.starts_with("kill")));
}

#[tokio::test(start_paused = true)]
async fn detaching_ends_the_waits_of_dependents_and_finishes_what_was_begun() {
    let mut plans = Plans::new();
    let wait = plans.pair(WaitCondition::Healthy, Waiter::Dependents, None);
    let plan = plans.build();
    let engine = Fake::new();
    engine.script("demo-db-1", Script::healthy_after(s(60)));
    let began = tokio::time::Instant::now();
    let seen = attach_until(&engine, &plan, Vec::new(), up_settings(OnExit::GoOn), &[], Some(s(5))).await;
    assert_eq!(began.elapsed(), s(5));
    assert!(seen.outcome.detached && seen.outcome.run.is_success());
    assert_eq!(seen.outcome.run.abandoned, [wait].into());
    assert_eq!(seen.outcome.run.skipped.len(), 1, "the start of web");

    // Nothing is waited for yet: the creation that is going on, and what comes after it, are not left out.
    let engine = Fake::new();
    engine.delay("create demo-web-1", s(10));
    let seen = attach_until(&engine, &two_services(), Vec::new(), up_settings(OnExit::GoOn), &[], Some(s(5))).await;
    assert!(seen.outcome.detached && seen.outcome.run.skipped.is_empty());
    assert!(engine.calls().contains(&"start demo-web-1".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn an_interruption_while_starting_stops_what_was_started() {
    let engine = Fake::new();
    engine.delay("create demo-web-1", s(10));
    let seen = attach(&engine, &two_services(), Vec::new(), up_settings(OnExit::GoOn), &[s(5)]).await;
    assert!(seen.outcome.interrupted && seen.outcome.run.interrupted);
    assert!(engine.calls().contains(&"stop demo-db-1".to_owned()));
    assert!(!engine.calls().contains(&"start demo-web-1".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_container_can_end_the_session() {
    let cases = [
        (OnExit::Stop, 0, None, Some(0), vec![Stopping::ContainerExited]),
        (OnExit::Stop, 3, None, Some(3), vec![Stopping::ContainerExited]),
        (OnExit::StopOnFailure, 3, None, Some(3), vec![Stopping::ContainerExited]),
        (OnExit::Stop, 3, Some("db"), Some(143), vec![Stopping::ContainerExited]),
        (OnExit::Stop, 3, Some("web"), Some(3), vec![Stopping::ContainerExited]),
    ];
    for (on_exit, status, from, exit_code, stopping) in cases {
        let engine = Fake::new();
        // A restart by the engine is no end.
        let crash = Run { exit: Some((s(1), 9)), restart: Some(s(1)), ..Run::default() };
        let end = Run { exit: Some((s(1), status)), ..Run::default() };
        engine.script("demo-web-1", Script { runs: vec![crash, end], ..Script::default() });
        let settings = SessionSettings { exit_code_from: from.map(Into::into), ..up_settings(on_exit) };
        let seen = attach(&engine, &two_services(), Vec::new(), settings, &[]).await;
        assert_eq!(seen.outcome.exit_code, exit_code, "{on_exit:?} {status} {from:?}");
        assert_eq!(seen.stopping, stopping);
        assert!(!seen.outcome.interrupted);
    }
}

#[tokio::test(start_paused = true)]
async fn following_ends_when_nobody_reads_any_more() {
    let engine = Fake::new();
    let web = engine.add_running("demo", "demo-web-1", "web", 1);
    let targets = vec![target(&engine, &web).await];
    let (outputs, receiver) = Outputs::channel();
    let (following, follower, _exits) =
        Following::open(&engine, settings(), &outputs).await.expect("the fake engine answers");
    drop((follower, receiver));
    following.run(targets, &CancellationToken::new()).await.expect("the engine stays");
}

#[tokio::test(start_paused = true)]
async fn a_failed_start_ends_the_session_and_leaves_what_runs() {
    let engine = Fake::new();
    engine.delay_all(s(1));
    engine.fail("start demo-web-1", EngineError::Failed("broken".to_owned()));
    let began = tokio::time::Instant::now();
    let seen = attach(&engine, &two_services(), Vec::new(), up_settings(OnExit::GoOn), &[]).await;
    assert_eq!(seen.outcome.run.failed.len(), 1);
    assert_eq!(seen.stopping, []);
    assert_eq!(began.elapsed(), s(3));
}

#[tokio::test(start_paused = true)]
async fn many_lines_arrive_in_order_and_in_few_pieces() {
    let engine = Fake::new();
    let output = (0..2_000).map(|number| (s(1), OutputStream::Stdout, format!("line {number}\n").into_bytes()));
    let run = Run { output: output.collect(), exit: Some((s(2), 0)), ..Run::default() };
    engine.script("demo-web-1", Script { runs: vec![run], ..Script::default() });
    let web = engine.add_running("demo", "demo-web-1", "web", 1);
    tokio::time::sleep(s(3)).await;
    let target = target(&engine, &web).await;
    let (outputs, mut receiver) = Outputs::channel();
    let read = async {
        let (outputs, settings) = (outputs, FollowSettings { query: LogQuery::default(), ..settings() });
        follow::logs(&engine, &settings, vec![target], &outputs, &CancellationToken::new()).await;
    };
    let collect = async {
        let (mut pieces, mut text) = (0, Vec::new());
        while let Some(output) = receiver.recv().await {
            let Output::Lines { bytes, .. } = output else { panic!("{output:?}") };
            pieces += 1;
            text.extend(bytes);
        }
        (pieces, String::from_utf8(text).expect("text"))
    };
    let ((), (pieces, text)) = tokio::join!(read, collect);
    let lines: Vec<String> = (0..2_000).map(|number| format!("line {number}\n")).collect();
    assert!(text == lines.concat(), "the lines are not the ones that were written");
    assert!(pieces < 10, "{pieces} pieces");
}
