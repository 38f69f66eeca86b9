//! A dry run for programs.

use std::sync::Arc;

use hoist::operation::{Down, rehearse};
use hoist::plan::{DownOptions, ProjectSource};
use indoc::indoc;

use super::{collect, demo, engine, engine_with, prepared, timeline, up};

#[tokio::test(start_paused = true)]
async fn a_dry_run_sends_the_events_of_a_run_and_calls_nothing() {
    let engine = engine();
    let mut change = up(demo());
    let plan = prepared(&mut change, &engine).await;
    let calls = engine.calls().len();
    let events = collect(rehearse(&change, &plan)).await;
    assert_eq!(
        timeline::draw(&events),
        indoc! {"
            0.00 up
            0.00..0.00 create network demo_default
            0.00..0.00 create volume demo_data
            0.00..0.00 create container db/1
            0.00..0.00 create container web/1
            0.00..0.00 start container db/1
            0.00..0.00 start container web/1
            0.00 ended
        "}
    );
    assert_eq!(engine.calls().len(), calls);

    let (engine, _) = engine_with(demo()).await;
    let mut down = Down::new(ProjectSource::Files(Arc::new(demo())), DownOptions::default());
    let plan = prepared(&mut down, &engine).await;
    let text = timeline::draw(&collect(rehearse(&down, &plan)).await);
    assert!(text.starts_with("0.00 down\n0.00..0.00 stop container web/1\n"), "{text}");
}
