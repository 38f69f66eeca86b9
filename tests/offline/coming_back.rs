//! Following over gaps, against the fake engine on a paused clock: containers that are replaced, restarted, started later.

use std::time::Duration;

use hoist::engine::fake::{Fake, Run, Script};
use hoist::engine::{Containers, EngineError, LogQuery, OutputStream};
use hoist::event::Stopping;
use hoist::observed::ContainerId;
use hoist::operation::follow::FollowSettings;
use hoist::operation::session::OnExit;
use hoist::plan::AnonymousVolumes;

use crate::executing::{Plans, s};
use crate::following::{attach, follow, settings, target, two_services, up_settings};

/// Replaces a container as an `up` elsewhere does: the new one is made first, and started last.
async fn replace(engine: &Fake, old: &ContainerId) -> Result<ContainerId, EngineError> {
    let new = engine.add_container("demo", "0123456789ab_demo-web-1", "web", 1);
    tokio::time::sleep(s(1)).await;
    stop(engine, old).await?;
    engine.remove_container(old.clone(), AnonymousVolumes::Keep).await?;
    tokio::time::sleep(s(5)).await;
    engine.rename_container(new.clone(), "demo-web-1".to_owned()).await?;
    engine.start_container(new.clone()).await?;
    Ok(new)
}

/// Stops a container as a client does: the engine tells of the signal first.
async fn stop(engine: &Fake, id: &ContainerId) -> Result<(), EngineError> {
    engine.emit(id, hoist::engine::ContainerEventKind::Kill);
    engine.stop_container(id.clone(), None).await
}

#[tokio::test(start_paused = true)]
async fn logs_go_on_over_the_gap_when_a_container_is_replaced() {
    let engine = Fake::new();
    engine.script("demo-web-1", Script::default().writes(s(1), "old\n"));
    engine.script("0123456789ab_demo-web-1", Script::exits_after(s(2), 0).writes(s(0), "new\n"));
    let web = engine.add_running("demo", "demo-web-1", "web", 1);
    let targets = vec![target(&engine, &web).await];
    let elsewhere = async {
        tokio::time::sleep(s(2)).await;
        replace(&engine, &web).await
    };
    let (shown, replaced) = tokio::join!(follow(&engine, settings(), targets), elsewhere);
    replaced.expect("the fake engine does it");
    let expected = [r#"web-1 stdout: "old\n""#, "web-1 exited 143", r#"web-1 stdout: "new\n""#, "web-1 exited 0"];
    assert_eq!(shown, expected);
}

#[tokio::test(start_paused = true)]
async fn an_attached_up_goes_on_when_its_container_is_replaced() {
    let engine = Fake::new();
    engine.script("0123456789ab_demo-web-1", Script::exits_after(s(2), 0).writes(s(0), "new\n"));
    let web = engine.add_running("demo", "demo-web-1", "web", 1);
    let targets = vec![target(&engine, &web).await];
    let nothing = Plans::new().build();
    let elsewhere = async {
        tokio::time::sleep(s(2)).await;
        replace(&engine, &web).await
    };
    let session = attach(&engine, &nothing, targets, up_settings(OnExit::GoOn), &[]);
    let (seen, replaced) = tokio::join!(session, elsewhere);
    replaced.expect("the fake engine does it");
    assert_eq!(seen.shown, ["attaching to web-1", "web-1 exited 143", r#"web-1 stdout: "new\n""#, "web-1 exited 0"]);
}

#[tokio::test(start_paused = true)]
async fn a_successor_that_is_made_only_after_the_removal_is_followed() {
    // As it is where a volume of the container is recreated.
    let engine = Fake::new();
    engine.script("demo-web-1", Script::exits_after(s(9), 0));
    let web = engine.add_running("demo", "demo-web-1", "web", 1);
    let targets = vec![target(&engine, &web).await];
    let elsewhere = async {
        stop(&engine, &web).await?;
        engine.remove_container(web.clone(), AnonymousVolumes::Keep).await?;
        tokio::time::sleep(s(1)).await;
        let new = engine.add_container("demo", "demo-web-1", "web", 1);
        tokio::time::sleep(s(5)).await;
        engine.start_container(new).await
    };
    let (shown, replaced) = tokio::join!(follow(&engine, settings(), targets), elsewhere);
    replaced.expect("the fake engine does it");
    assert_eq!(shown, ["web-1 exited 143", "web-1 exited 0"]);
}

#[tokio::test(start_paused = true)]
async fn logs_of_stopped_containers_wait_for_their_start_and_show_each_line_once() {
    let engine = Fake::new();
    let run = |text: &str| Run { exit: Some((s(1), 0)), ..Script::default().writes(s(0), text).runs.remove(0) };
    engine.script("demo-web-1", Script { runs: vec![run("first\n"), run("second\n")], ..Script::default() });
    let web = engine.add_running("demo", "demo-web-1", "web", 1);
    tokio::time::sleep(s(2)).await;
    let targets = vec![target(&engine, &web).await];
    let elsewhere = async {
        tokio::time::sleep(s(60)).await;
        engine.start_now(&web);
    };
    let (shown, ()) = tokio::join!(follow(&engine, settings(), targets), elsewhere);
    assert_eq!(shown, [r#"web-1 stdout: "first\n""#, r#"web-1 stdout: "second\n""#, "web-1 exited 0"]);
}

#[tokio::test(start_paused = true)]
async fn logs_end_when_what_they_wait_for_is_removed() {
    let engine = Fake::new();
    engine.script("demo-web-1", Script::exits_after(s(1), 0));
    let web = engine.add_running("demo", "demo-web-1", "web", 1);
    tokio::time::sleep(s(2)).await;
    let targets = vec![target(&engine, &web).await];
    let elsewhere = async {
        tokio::time::sleep(s(60)).await;
        engine.remove_container(web.clone(), AnonymousVolumes::Keep).await
    };
    let began = tokio::time::Instant::now();
    let (shown, removed) = tokio::join!(follow(&engine, settings(), targets), elsewhere);
    removed.expect("the fake engine does it");
    assert!(shown.is_empty(), "{shown:?}");
    assert_eq!(began.elapsed(), s(60));
}

#[tokio::test(start_paused = true)]
async fn a_restart_by_somebody_ends_no_attached_up() {
    for on_exit in [OnExit::GoOn, OnExit::Stop] {
        let engine = Fake::new();
        let runs = vec![Run::default(), Run { exit: Some((s(3), 5)), ..Run::default() }];
        engine.script("demo-web-1", Script { runs, ..Script::default() });
        let elsewhere = async {
            tokio::time::sleep(s(2)).await;
            let web = engine.id_of("demo-web-1").expect("it was made");
            stop(&engine, &web).await?;
            tokio::time::sleep(s(1)).await;
            engine.start_container(web).await?;
            tokio::time::sleep(s(5)).await;
            let db = engine.id_of("demo-db-1").expect("it was made");
            stop(&engine, &db).await
        };
        let plan = two_services();
        let session = attach(&engine, &plan, Vec::new(), up_settings(on_exit), &[]);
        let (seen, restarted) = tokio::join!(session, elsewhere);
        restarted.expect("the fake engine does it");
        let ends = seen.shown.iter().filter(|line| line.starts_with("web-1 exited")).count();
        assert_eq!(ends, 2, "{on_exit:?}: {:?}", seen.shown);
        let stopping = if on_exit == OnExit::Stop { vec![Stopping::ContainerExited] } else { Vec::new() };
        assert_eq!(seen.stopping, stopping);
        assert_eq!(seen.outcome.exit_code, (on_exit == OnExit::Stop).then_some(5));
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_client_stops_for_good_ends_an_attached_up_soon() {
    let engine = Fake::new();
    let web = engine.add_running("demo", "demo-web-1", "web", 1);
    let targets = vec![target(&engine, &web).await];
    let nothing = Plans::new().build();
    let elsewhere = async {
        tokio::time::sleep(s(5)).await;
        stop(&engine, &web).await
    };
    let began = tokio::time::Instant::now();
    let session = attach(&engine, &nothing, targets, up_settings(OnExit::Stop), &[]);
    let (seen, stopped) = tokio::join!(session, elsewhere);
    stopped.expect("the fake engine does it");
    assert_eq!(seen.outcome.exit_code, Some(143));
    assert!(began.elapsed() <= s(8), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn one_that_is_stopped_while_it_waits_for_its_restart_has_ended() {
    let engine = Fake::new();
    let crash = Run { exit: Some((s(1), 9)), restart: Some(s(600)), ..Run::default() };
    engine.script("demo-web-1", Script { runs: vec![crash], ..Script::default() });
    let web = engine.add_running("demo", "demo-web-1", "web", 1);
    let targets = vec![target(&engine, &web).await];
    let elsewhere = async {
        tokio::time::sleep(s(5)).await;
        engine.stop_silently(&web);
    };
    let began = tokio::time::Instant::now();
    let (shown, ()) = tokio::join!(follow(&engine, settings(), targets), elsewhere);
    assert_eq!(shown, ["web-1 exited 9, restarts", "web-1 exited 9"]);
    assert!(began.elapsed() < s(10), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_came_while_nobody_listened_is_followed() {
    let engine = Fake::new();
    engine.script("demo-web-1", Script::exits_after(s(30), 0));
    engine.script("demo-web-2", Script::exits_after(s(9), 0).writes(s(1), "new\n"));
    let web = engine.add_running("demo", "demo-web-1", "web", 1);
    let targets = vec![target(&engine, &web).await];
    engine.lose_events_after(s(2));
    let gone = EngineError::Unreachable { address: "unix:///x".to_owned(), cause: "refused".to_owned() };
    let elsewhere = async {
        // Away for some seconds, in which a container comes.
        tokio::time::sleep(s(1)).await;
        for _ in 0..6 {
            engine.fail("events", gone.clone());
        }
        tokio::time::sleep(s(2)).await;
        engine.add_running("demo", "demo-web-2", "web", 2);
    };
    let (shown, ()) = tokio::join!(follow(&engine, settings(), targets), elsewhere);
    assert_eq!(shown, [r#"web-2 stdout: "new\n""#, "web-2 exited 0", "web-1 exited 0"]);
}

#[tokio::test(start_paused = true)]
async fn only_what_is_asked_for_is_waited_for() {
    let engine = Fake::new();
    engine.script("demo-web-1", Script::exits_after(s(2), 0));
    let web = engine.add_running("demo", "demo-web-1", "web", 1);
    let targets = vec![target(&engine, &web).await];
    let settings = FollowSettings { services: Some(["web".into()].into()), number: Some(1), ..settings() };
    let elsewhere = async {
        tokio::time::sleep(s(1)).await;
        engine.add_container("demo", "demo-db-1", "db", 1);
        engine.add_container("demo", "demo-web-2", "web", 2);
    };
    let began = tokio::time::Instant::now();
    let (shown, ()) = tokio::join!(follow(&engine, settings, targets), elsewhere);
    assert_eq!(shown, ["web-1 exited 0"]);
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_paused_container_is_attached_to() {
    let engine = Fake::new();
    engine.script("demo-web-1", Script::exits_after(s(3), 0).writes(s(2), "going on\n"));
    let web = engine.add_running("demo", "demo-web-1", "web", 1);
    engine.pause_now(&web);
    let mut plans = Plans::new();
    let container = crate::executing::container("web", 1, hoist::plan::Handle::Existing(web));
    plans.add(hoist::plan::Action::UnpauseContainer { container }, &[]);
    let seen = attach(&engine, &plans.build(), Vec::new(), up_settings(OnExit::GoOn), &[]).await;
    assert_eq!(seen.shown, ["attaching to web-1", r#"web-1 stdout: "going on\n""#, "web-1 exited 0"]);
    assert_eq!(engine.calls(), ["unpause demo-web-1"]);
}

/// What a container writes, a line a second.
fn lines(count: u64) -> Script {
    let output = (1..=count).map(|at| (s(at), OutputStream::Stdout, format!("line {at}\n").into_bytes())).collect();
    Script { runs: vec![Run { output, exit: Some((s(count + 2), 0)), ..Run::default() }], ..Script::default() }
}

fn expected(from: u64, to: u64) -> Vec<String> {
    let lines = (from..=to).map(|at| format!("web-1 stdout: \"line {at}\\n\""));
    lines.chain(["web-1 exited 0".to_owned()]).collect()
}

#[tokio::test(start_paused = true)]
async fn logs_go_on_where_they_were_when_the_connection_was_lost() {
    // With the events and without, and twice.
    for (events, losses) in [(true, &[7][..]), (false, &[7]), (true, &[7, 9]), (false, &[6, 12])] {
        let engine = Fake::new();
        engine.script("demo-web-1", lines(10));
        let web = engine.add_running("demo", "demo-web-1", "web", 1);
        tokio::time::sleep(Duration::from_millis(5500)).await;
        for at in losses {
            let after = Duration::from_millis(at * 1000 - 5500 + 300);
            engine.lose_output_after(after);
            if events {
                engine.lose_events_after(after);
            }
        }
        let targets = vec![target(&engine, &web).await];
        let query = LogQuery { tail: Some(2), ..LogQuery::default() };
        let shown = follow(&engine, FollowSettings { query, ..settings() }, targets).await;
        let expected = [vec!["web-1 stdout: \"line 4\\nline 5\\n\"".to_owned()], expected(6, 10)].concat();
        assert_eq!(shown, expected, "{events} {losses:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_attached_up_goes_on_where_it_was_when_the_connection_was_lost() {
    for losses in [&[3][..], &[3, 5], &[8]] {
        let engine = Fake::new();
        engine.script("demo-web-1", lines(6));
        let mut plans = Plans::new();
        plans.up("web", &[]);
        let plan = plans.build();
        for at in losses {
            engine.lose_output_after(Duration::from_millis(at * 1000 + 300));
            engine.lose_events_after(Duration::from_millis(at * 1000 + 300));
        }
        let seen = attach(&engine, &plan, Vec::new(), up_settings(OnExit::GoOn), &[]).await;
        let expected = [vec!["attaching to web-1".to_owned()], expected(1, 6)].concat();
        assert_eq!(seen.shown, expected, "{losses:?}");
    }
}
