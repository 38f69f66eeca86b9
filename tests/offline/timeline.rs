//! Timelines: events in, what a run did and waited for out; and the forms in which that is written.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hoist::engine::EngineError;
use hoist::event::timeline::{Advice, Ended, Kind, Recorder, Timeline};
use hoist::event::{Event, Fact, Outcome, ProbeRun, ProbeTiming, StepError};
use hoist::plan::{ActionId, Plan, Probing, WaitCondition, Waiter};
use hoist::render::plan::PlanStyle;
use hoist::render::timeline;
use indoc::indoc;
use proptest::prelude::*;

use crate::executing::{Plans, made_by, ms, s};

/// Events with their times.
struct Run {
    events: Vec<Event>,
}

impl Run {
    fn of(plan: &Arc<Plan>) -> Self {
        let started = Fact::PlanStarted { plan: plan.clone(), operation: "up", replaces_failed: false };
        Self { events: vec![Event { at: Duration::ZERO, fact: started }] }
    }

    fn at(mut self, at: Duration, fact: Fact) -> Self {
        self.events.push(Event { at, fact });
        self.events.sort_by_key(|event| event.at);
        self
    }

    /// A step that succeeds.
    fn step(self, id: ActionId, from: u64, to: u64) -> Self {
        let finished = Fact::Finished { id, elapsed: ms(to - from), outcome: Outcome::Done };
        self.at(ms(from), Fact::Started { id }).at(ms(to), finished)
    }

    fn probed(self, at: u64, id: ActionId, runs: &[(u64, u64, bool)], timing: ProbeTiming) -> Self {
        let run = |(began, ended, passed): &(u64, u64, bool)| ProbeRun {
            began: ms(*began),
            ended: ms(*ended),
            passed: *passed,
        };
        let fact = Fact::Probed { id, container: "demo-db-1".to_owned(), runs: runs.iter().map(run).collect(), timing };
        self.at(ms(at), fact)
    }

    fn timeline(self) -> Timeline {
        let mut recorder = Recorder::default();
        for event in &self.events {
            recorder.observe(event);
        }
        recorder.finish("demo").expect("a plan began")
    }
}

/// A network, a database that is waited for, and a web server.
fn stack(probing: Probing) -> (Arc<Plan>, [ActionId; 6]) {
    let mut plans = Plans::new().probing(probing);
    let network = plans.network("demo_default", &[]);
    let db = plans.create("db", 1, &[network]);
    let db_started = plans.start("db", 1, db, &[]);
    let containers = vec![made_by("db", 1, db)];
    let wait = plans.wait("db", containers, WaitCondition::Healthy, Waiter::Dependents, None, &[db_started]);
    let web = plans.create("web", 1, &[network]);
    let web_started = plans.start("web", 1, web, &[wait]);
    (plans.build(), [network, db, db_started, wait, web, web_started])
}

/// A run of it in which the database is healthy after 14.2 s.
fn slow(probing: Probing, runs: &[(u64, u64, bool)], timing: ProbeTiming) -> Timeline {
    let (plan, [network, db, db_started, wait, web, web_started]) = stack(probing);
    Run::of(&plan)
        .step(network, 0, 100)
        .step(db, 100, 200)
        .step(web, 100, 250)
        .step(db_started, 200, 400)
        .step(wait, 400, 14_600)
        .step(web_started, 14_600, 14_800)
        .probed(14_700, wait, runs, timing)
        .at(ms(14_800), Fact::Ended)
        .timeline()
}

fn every(interval: u64) -> ProbeTiming {
    ProbeTiming { interval: ms(interval), ..ProbeTiming::default() }
}

fn path(timeline: &Timeline) -> Vec<String> {
    let name = |span: Option<usize>| span.map_or("-".to_owned(), |span| timeline.spans[span].name.clone());
    let part = |part: &hoist::event::timeline::Segment| {
        format!("{} {}..{}", name(part.span), part.start.as_millis(), part.end.as_millis())
    };
    timeline.critical_path.iter().map(part).collect()
}

#[test]
fn the_critical_path_goes_through_what_each_step_waited_for_last() {
    let timeline = slow(Probing::Engine, &[], every(30_000));
    let expected = ["demo_default 0..100", "db/1 100..200", "db/1 200..400", "db 400..14600", "web/1 14600..14800"];
    assert_eq!(path(&timeline), expected);
    let critical: Vec<bool> = timeline.spans.iter().map(|span| span.critical).collect();
    assert_eq!(critical, [true, true, false, true, true, true], "the creation of web is not on it");
    assert_eq!(timeline.outcome, Ended::Done);
    let web = timeline.waits.last().expect("web waited");
    assert_eq!((web.start, web.end, timeline.spans[web.on].kind), (ms(250), ms(14_600), Kind::Wait));
}

#[test]
fn a_step_that_waited_for_its_turn_comes_after_the_one_that_made_room() {
    let mut plans = Plans::new();
    let (one, other) = (plans.network("one", &[]), plans.network("other", &[]));
    let timeline = Run::of(&plans.build()).step(one, 0, 500).step(other, 501, 900).at(ms(900), Fact::Ended).timeline();
    assert_eq!(path(&timeline), ["one 0..500", "- 500..501", "other 501..900"]);
}

#[test]
fn time_between_probes_is_told_if_the_engine_tested() {
    let runs = [(3000, 3100, false), (14_100, 14_200, true)];
    let said = |probing, runs: &[_], timing| timeline::advice(&slow(probing, runs, timing));
    assert_eq!(
        said(Probing::Engine, &runs, every(11_000)).expect("advice"),
        "db was healthy after 14.2 s, up to 11.0 s of it waiting for the next probe: --eager-health could save up to \
         11.0 s, interval: 2s up to 9.0 s"
    );
    let period = ProbeTiming { start_period: s(60), start_interval: s(11), ..every(30_000) };
    assert!(said(Probing::Engine, &runs, period).expect("advice").contains(", start_interval: 2s up to 9.0 s"));
    // Frequent probes that failed show that the database itself took the time.
    let runs = [(13_000, 13_100, false), (14_100, 14_200, true)];
    assert_eq!(
        said(Probing::Engine, &runs, every(1000)).as_deref(),
        Some("db took 14.2 s of 14.8 s to become healthy")
    );
    // hoist has tested it all the time.
    let runs = [(11_000, 14_200, true)];
    let timeline = slow(Probing::Eager, &runs, every(11_000));
    assert!(matches!(timeline.advice(), Some(Advice::Dominated { kind: Kind::Wait, .. })), "{:?}", timeline.advice());
    // What more frequent probes could save is the gap without the wait for the first of them.
    let runs = [(8000, 8150, false), (14_150, 14_200, true)];
    let saved = said(Probing::Engine, &runs, every(6000)).expect("advice");
    assert!(saved.ends_with("--eager-health could save up to 6.0 s, interval: 2s up to 4.0 s"), "{saved}");
    // Five probes are remembered: before the first of them there may have been others.
    let runs = [(11_000, 11_100, true); 5];
    assert!(!said(Probing::Engine, &runs, every(11_000)).expect("advice").contains("probe"));
}

#[test]
fn nothing_stands_out_in_a_fast_run() {
    let mut plans = Plans::new();
    let network = plans.network("one", &[]);
    let timeline = Run::of(&plans.build()).step(network, 0, 300).at(ms(300), Fact::Ended).timeline();
    assert_eq!(timeline.advice(), None);
}

#[test]
fn a_run_that_fails_or_is_interrupted_is_drawn_up_to_there() {
    let (plan, [network, db, db_started, wait, web, web_started]) = stack(Probing::Engine);
    let error = Box::new(StepError::Engine(EngineError::Failed("token=hunter2".to_owned())));
    let begun = || Run::of(&plan).step(network, 0, 100).step(web, 100, 200).at(ms(100), Fact::Started { id: db });
    let failed = begun()
        .at(ms(300), Fact::Failed { id: db, elapsed: ms(200), error })
        .at(ms(300), Fact::Skipped { id: db_started, cause: db })
        .at(ms(300), Fact::Skipped { id: wait, cause: db })
        .at(ms(300), Fact::Skipped { id: web_started, cause: db })
        .at(ms(301), Fact::Ended)
        .timeline();
    assert_eq!(failed.outcome, Ended::Failed);
    assert_eq!(path(&failed), ["demo_default 0..100", "db/1 100..300", "- 300..301"]);
    for text in [timeline::json(&failed), timeline::html(&failed), timeline::trace(&failed)] {
        assert!(!text.contains("hunter2"), "{text}");
    }
    assert_eq!(begun().at(s(400), Fact::Ended).timeline().advice(), None, "it did not get there");
    let error = Box::new(StepError::Engine(EngineError::Failed("no".to_owned())));
    let late = begun()
        .at(s(30), Fact::Finished { id: db, elapsed: s(30), outcome: Outcome::Done })
        .at(s(30), Fact::Started { id: db_started })
        .at(s(31), Fact::Failed { id: db_started, elapsed: s(1), error })
        .at(s(31), Fact::Ended)
        .timeline();
    assert_eq!(late.advice(), None, "the creation took long, but the run failed");
    let interrupted = begun().at(ms(400), Fact::Ended).timeline();
    assert_eq!(interrupted.outcome, Ended::Interrupted);
    assert_eq!(interrupted.spans.iter().filter(|span| span.outcome == Ended::Interrupted).count(), 1);
    assert!(
        timeline::text(&interrupted, PlanStyle::default()).starts_with("up of demo was interrupted after 400 ms\n")
    );
}

#[test]
fn what_never_began_is_drawn_with_what_it_waited_for() {
    let (plan, [network, db, db_started, wait, web, web_started]) = stack(Probing::Engine);
    let error = Box::new(StepError::Engine(EngineError::Failed("no".to_owned())));
    let begun = || Run::of(&plan).step(network, 0, 100).step(db, 100, 200).step(db_started, 200, 400);
    let failed = begun()
        .step(web, 100, 250)
        .at(ms(400), Fact::Started { id: wait })
        .at(ms(5000), Fact::Failed { id: wait, elapsed: ms(4600), error })
        .at(ms(5000), Fact::Skipped { id: web_started, cause: wait })
        .at(ms(6000), Fact::Ended)
        .timeline();
    let web_waits = failed.waits.last().expect("web waited");
    assert_eq!((web_waits.start, web_waits.end, failed.spans[web_waits.on].kind), (ms(250), ms(5000), Kind::Wait));
    // Nothing of it has begun when the run is interrupted.
    let interrupted = begun().at(ms(400), Fact::Started { id: wait }).at(ms(1000), Fact::Ended).timeline();
    let style = PlanStyle { width: Some(70), ..PlanStyle::default() };
    let text = timeline::text(&interrupted, style);
    let row = "web                   ···················  not started\n";
    assert!(text.contains(row), "{text}");
    assert!(timeline::svg(&interrupted).contains("<title>waits 1.0 s for: wait for db to be healthy</title>"));
    assert_eq!(timeline::read(&timeline::json(&interrupted)), Some(interrupted));
    // What was not needed has not waited.
    let spared = begun()
        .step(wait, 400, 500)
        .at(ms(500), Fact::NotNeeded { id: web })
        .at(ms(500), Fact::NotNeeded { id: web_started })
        .at(ms(500), Fact::Ended)
        .timeline();
    assert!(spared.lanes.iter().all(|lane| lane.name != "web"), "{:?}", spared.lanes);
}

#[test]
fn checks_that_hoist_makes_itself_are_drawn() {
    let (plan, [network, db, db_started, wait, web, web_started]) = stack(Probing::Eager);
    let checked = |elapsed, passed| Fact::Tried { id: wait, container: "demo-db-1".to_owned(), elapsed, passed };
    let timeline = Run::of(&plan)
        .step(network, 0, 100)
        .step(db, 100, 200)
        .step(web, 100, 250)
        .step(db_started, 200, 400)
        .step(wait, 400, 3000)
        .step(web_started, 3000, 3100)
        .at(ms(500), checked(ms(150), false))
        .at(ms(1000), checked(ms(50), false))
        .at(ms(1005), checked(ms(5), false))
        .at(ms(2999), checked(ms(100), true))
        .at(ms(3050), checked(ms(50), false))
        .at(ms(3100), Fact::Ended)
        .timeline();
    let tries: Vec<_> = timeline.tries.iter().map(|it| (it.start.as_millis(), it.end.as_millis(), it.passed)).collect();
    let expected = [(400, 500, false), (950, 1000, false), (1000, 1005, false), (2899, 2999, true)];
    assert_eq!(tries, expected, "none begins before its wait, and none comes after it");
    let picture = timeline::svg(&timeline);
    assert_eq!(picture.matches("<title>check by hoist failed, of demo-db-1, took ").count(), 2, "one covers another");
    assert!(picture.contains("<title>check by hoist passed, of demo-db-1, took 100 ms</title>"), "{picture}");
    assert!(picture.contains(">probes</text>"));
    assert_eq!(timeline::trace(&timeline).matches("\"check failed\"").count(), 3);
    assert_eq!(timeline::read(&timeline::json(&timeline)), Some(timeline));
}

#[test]
fn hooks_after_a_start_have_a_bar_of_their_own() {
    let mut plans = Plans::new();
    let db = plans.create("db", 1, &[]);
    let db_started = plans.start("db", 1, db, &[]);
    let web = plans.create("web", 1, &[db_started]);
    let plan = plans.build();
    let begun = || {
        let run = Run::of(&plan).step(db, 0, 100).at(ms(100), Fact::Started { id: db_started });
        run.at(ms(300), Fact::HooksStarted { id: db_started })
    };
    let finished = Fact::Finished { id: db_started, elapsed: ms(2900), outcome: Outcome::Done };
    let done = begun().at(s(3), finished).step(web, 3000, 3100).at(ms(3100), Fact::Ended).timeline();
    assert_eq!(path(&done), ["db/1 0..100", "db/1 100..300", "post_start of db/1 300..3000", "web/1 3000..3100"]);
    let said = "the hook post_start of db/1 took 2.7 s of 3.1 s";
    assert_eq!(timeline::advice(&done).as_deref(), Some(said));
    let error = Box::new(StepError::Engine(EngineError::Failed("no".to_owned())));
    let failed = begun()
        .at(s(3), Fact::Failed { id: db_started, elapsed: ms(2900), error })
        .at(s(3), Fact::Skipped { id: web, cause: db_started })
        .at(s(3), Fact::Ended)
        .timeline();
    let ends: Vec<_> = failed.spans.iter().map(|span| (span.kind, span.outcome)).collect();
    assert_eq!(ends, [(Kind::Create, Ended::Done), (Kind::Start, Ended::Done), (Kind::Hook, Ended::Failed)]);
}

#[test]
fn a_job_is_said_to_hold_others_only_if_it_does() {
    let said = |others: bool| {
        let mut plans = Plans::new();
        let job = plans.create("job", 1, &[]);
        let started = plans.start("job", 1, job, &[]);
        let containers = vec![made_by("job", 1, job)];
        let condition = WaitCondition::CompletedSuccessfully;
        let wait = plans.wait("job", containers, condition, Waiter::Command, None, &[started]);
        let web = others.then(|| plans.create("web", 1, &[wait]));
        let run = Run::of(&plans.build()).step(job, 0, 100).step(started, 100, 200).step(wait, 200, 9000);
        let run = if let Some(web) = web { run.step(web, 9000, 9100) } else { run };
        timeline::advice(&run.at(ms(9100), Fact::Ended).timeline()).expect("advice")
    };
    assert_eq!(said(true), "job ran for 8.8 s of 9.1 s, and others waited for its end");
    assert_eq!(said(false), "job ran for 8.8 s of 9.1 s");
}

#[test]
fn a_run_that_did_something_or_failed_is_kept() {
    let (plan, [_, _, _, wait, _, web_started]) = stack(Probing::Engine);
    let waits = || Run::of(&plan).at(ms(1), Fact::Started { id: wait });
    let done = |id| Fact::Finished { id, elapsed: ms(1), outcome: Outcome::Done };
    let mut plans = Plans::new();
    let only = plans.wait("db", Vec::new(), WaitCondition::Healthy, Waiter::Dependents, None, &[]);
    let waited = Run::of(&plans.build()).at(ms(1), Fact::Started { id: only }).at(ms(2), done(only));
    assert!(!waited.at(ms(2), Fact::Ended).timeline().is_eventful(), "it only waited");
    let error = Box::new(StepError::Engine(EngineError::Failed("no".to_owned())));
    let failed = waits()
        .at(ms(2), Fact::Failed { id: wait, elapsed: ms(1), error })
        .at(ms(2), Fact::Skipped { id: web_started, cause: wait })
        .at(ms(2), Fact::Ended)
        .timeline();
    assert!(failed.is_eventful());
    assert!(waits().at(ms(2), Fact::Ended).timeline().is_eventful(), "its wait was interrupted");
    assert!(!Run::of(&Plans::new().build()).at(ms(2), Fact::Ended).timeline().is_eventful(), "nothing to do");
    assert!(timeline::text(&failed, PlanStyle::default()).contains("waits for others  × failed\n"));
    assert!(Run::of(&plan).step(web_started, 0, 1).at(ms(1), Fact::Ended).timeline().is_eventful());
}

#[test]
fn a_page_has_its_words_once() {
    let runs = [(3000, 3100, false), (14_100, 14_200, true)];
    let page = timeline::html(&slow(Probing::Engine, &runs, every(11_000)));
    assert_eq!(page.matches("up to 11.0 s of it").count(), 1);
    assert_eq!(
        page.matches(">up of demo took 14.8 s<").count(),
        3,
        "the two titles, which are not shown, and the headline"
    );
}

#[test]
fn what_follows_in_the_session_is_not_part_of_the_run() {
    let (plan, [network, ..]) = stack(Probing::Engine);
    let mut plans = Plans::new();
    let stop = plans.network("stopped", &[]);
    let stopping = Fact::PlanStarted { plan: plans.build(), operation: "stop", replaces_failed: false };
    let timeline = Run::of(&plan)
        .step(network, 0, 100)
        .at(ms(100), Fact::Ended)
        .at(s(60), stopping)
        .step(stop, 60_000, 61_000)
        .timeline();
    assert_eq!((timeline.spans.len(), timeline.end), (1, ms(100)));
}

#[test]
fn as_text() {
    let runs = [(3000, 3100, false), (14_100, 14_200, true)];
    let timeline = slow(Probing::Engine, &runs, every(11_000));
    let style = PlanStyle { width: Some(70), ..PlanStyle::default() };
    let text = timeline::text(&timeline, style);
    let rows = indoc! {"
        up of demo took 14.8 s

        network demo_default  █                                 create 100 ms
        db                    █━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━   healthy 14.2 s
        web                   ▒······························█  start 200 ms
    "};
    assert!(text.starts_with(rows), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 70), "{text}");
    let end = indoc! {"
        critical path:
              0 ms      100 ms  create demo_default
            100 ms      100 ms  create db/1
            200 ms      200 ms  start db/1
            400 ms      14.2 s  wait for db to be healthy
            14.6 s      200 ms  start web/1

        db was healthy after 14.2 s, up to 11.0 s of it waiting for the next
        probe: --eager-health could save up to 11.0 s, interval: 2s up to
        9.0 s
    "};
    assert!(text.ends_with(end), "{text}");
}

#[test]
fn a_narrow_terminal_is_not_left() {
    let runs = [(3000, 3100, false), (14_100, 14_200, true)];
    let timeline = slow(Probing::Engine, &runs, every(11_000));
    let text = |width| timeline::text(&timeline, PlanStyle { width: Some(width), ..PlanStyle::default() });
    for width in 30..120 {
        let text = text(width);
        assert!(text.lines().all(|line| line.chars().count() <= width), "{width}\n{text}");
        assert!(text.contains('━') && text.contains("healthy") && text.contains("2s"), "{width}\n{text}");
    }
    let expected = indoc! {"
        up of demo took 14.8 s

        …emo_default  █           create 100 ms
        db            █━━━━━━━━   healthy 14.2 s
        web           ▒········█  start 200 ms

        █ critical path  ▒ other work
        ━ critical wait  ─ other wait
        · waits for others

        critical path:
          0 ms  100 ms  create demo_default
        100 ms  100 ms  create db/1
        200 ms  200 ms  start db/1
        400 ms  14.2 s  wait for db to be
                        healthy
        14.6 s  200 ms  start web/1

        db was healthy after 14.2 s, up to
        11.0 s of it waiting for the next probe:
        --eager-health could save up to 11.0 s,
        interval: 2s up to 9.0 s
    "};
    assert_eq!(text(40), expected);
}

#[test]
fn json_is_read_back() {
    let runs = [(3000, 3100, false), (14_100, 14_200, true)];
    let timeline = slow(Probing::Engine, &runs, every(11_000));
    let text = timeline::json(&timeline);
    assert_eq!(timeline::read(&text), Some(timeline));
    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(value["version"], 1);
    assert_eq!(value["end_ms"], 14_800.0);
    assert_eq!(value["spans"][0]["kind"], "create");
    assert_eq!(value["health"][0]["probes"][1]["since_start_ms"], 14_100.0);
    assert!(value["advice"].as_str().expect("advice").contains("up to 11.0 s of it"));
    for bad in
        ["", "{}", "[]", &text.replace("\"version\":1", "\"version\":2"), &text.replace("\"lane\":1", "\"lane\":9")]
    {
        assert_eq!(timeline::read(bad), None, "{bad}");
    }
}

#[test]
fn pictures_and_traces_are_well_formed() {
    let runs = [(3000, 3100, false), (14_100, 14_200, true)];
    let mut timeline = slow(Probing::Engine, &runs, every(11_000));
    timeline.lanes[0].name = "<b>&\"'\u{1b}".to_owned();
    timeline.spans[0].name = "<script>".to_owned();
    for text in [timeline::svg(&timeline), timeline::html(&timeline)] {
        assert!(!text.contains("<b>") && !text.contains("<script>") && !text.contains('\u{1b}'), "{text}");
        assert!(text.contains("&lt;b&gt;&amp;&quot;&#39;"), "{text}");
        assert!(text.contains("prefers-color-scheme:dark") && text.contains("class=\"critical\""));
    }
    let trace: serde_json::Value = serde_json::from_str(&timeline::trace(&timeline)).expect("JSON");
    let events = trace["traceEvents"].as_array().expect("events");
    let named = |name: &str| events.iter().filter(|event| event["name"] == name).count();
    assert_eq!(named("wait for db to be healthy"), 2, "on its own track and on that of the critical path");
    assert_eq!((named("probe failed"), named("probe passed")), (1, 1));
    assert!(events.iter().all(|event| event["ph"] != "X" || event["dur"].is_u64()));
}

/// A plan of networks, each after some of those before it, with a beginning and a duration for each step in
/// milliseconds, and whether it ends.
fn runs() -> impl Strategy<Value = Vec<(Vec<prop::sample::Index>, u64, u64, u8)>> {
    let step = (prop::collection::vec(any::<prop::sample::Index>(), 0..3), 0..50_u64, 0..500_u64, 0..8_u8);
    prop::collection::vec(step, 1..20)
}

proptest! {
    #[test]
    fn any_run_has_a_path_without_gaps(steps in runs()) {
        let mut plans = Plans::new();
        let mut ids: Vec<ActionId> = Vec::new();
        let mut after: Vec<Vec<usize>> = Vec::new();
        for (index, (before, ..)) in steps.iter().enumerate() {
            let before: Vec<usize> = if index == 0 { Vec::new() } else { before.iter().map(|at| at.index(index)).collect() };
            let before_ids: Vec<ActionId> = before.iter().map(|at| ids[*at]).collect();
            ids.push(plans.network(&format!("n{index}"), &before_ids));
            after.push(before);
        }
        let mut run = Run::of(&plans.build());
        let mut ends: BTreeMap<usize, u64> = BTreeMap::new();
        for (index, (_, delay, took, how)) in steps.iter().enumerate() {
            let Some(ready) = after[index].iter().map(|at| ends.get(at).copied()).try_fold(0, |last, end| Some(last.max(end?))) else {
                continue;
            };
            let (start, id) = (ready + delay, ids[index]);
            run = match how {
                0 => run.at(ms(start), Fact::Started { id }),
                1 => run.at(ms(start), Fact::NotNeeded { id }),
                _ => run.step(id, start, start + took),
            };
            if *how > 0 {
                ends.insert(index, if *how == 1 { start } else { start + took });
            }
        }
        let started = run.events.iter().filter(|event| matches!(event.fact, Fact::Started { .. })).count();
        let end = run.events.last().map_or(Duration::ZERO, |event| event.at);
        let timeline = run.at(end, Fact::Ended).timeline();
        prop_assert_eq!(timeline.spans.len(), started, "nothing is lost");
        prop_assert_eq!(timeline.end, end);
        for span in &timeline.spans {
            prop_assert!(span.start <= span.end && span.end <= timeline.end);
        }
        let mut at = Duration::ZERO;
        for part in &timeline.critical_path {
            prop_assert_eq!(part.start, at);
            prop_assert!(part.end >= part.start);
            at = part.end;
        }
        prop_assert_eq!(at, timeline.end);
        prop_assert_eq!(timeline::read(&timeline::json(&timeline)), Some(timeline.clone()));
        let narrow = timeline::text(&timeline, PlanStyle { width: Some(10), ..PlanStyle::default() });
        prop_assert!(narrow.starts_with("up of"));
        prop_assert!(timeline::svg(&timeline).ends_with("</svg>\n"));
    }
}
