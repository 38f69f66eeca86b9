//! `create`: an `up` that starts nothing.

use hoist::operation::Up;
use hoist::plan::{StartContainers, UpOptions};
use indoc::indoc;

use super::{changed, demo, engine, engine_with, run, up};

fn create(project: hoist::project::Project) -> Up {
    Up { options: UpOptions { start: StartContainers::No, ..UpOptions::default() }, ..up(project) }
}

#[tokio::test(start_paused = true)]
async fn containers_are_made_and_a_later_up_starts_the_same_ones() {
    let engine = engine();
    let ran = run(create(demo()), &engine).await.ok();
    assert_eq!(
        ran.timeline(),
        indoc! {"
            0.00 up
            0.00..0.00 create network demo_default
            0.00..0.00 create volume demo_data
            0.00..0.00 create container web/1
            0.00..0.00 create container db/1
            0.00 ended
        "}
    );
    let ran = run(create(demo()), &engine).await.ok();
    assert_eq!(ran.timeline(), "0.00 up\n0.00 ended\n", "what was only made is not told of as up");
    let ran = run(up(demo()), &engine).await.ok();
    assert_eq!(
        ran.timeline(),
        "0.00 up\n0.00..0.00 start container db/1\n0.00..0.00 start container web/1\n0.00 ended\n"
    );
}

#[tokio::test(start_paused = true)]
async fn what_changed_is_recreated_and_not_started() {
    let (engine, calls) = engine_with(demo()).await;
    run(create(changed(demo(), "web")), &engine).await.ok();
    let calls = engine.calls().split_off(calls);
    assert!(calls.iter().any(|call| call == "stop demo-web-1"), "{calls:?}");
    assert!(calls.iter().all(|call| !call.starts_with("start")), "{calls:?}");
}
