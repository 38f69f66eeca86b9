//! `down`: with files, without, with volumes, and beside somebody else.

use std::sync::Arc;

use hoist::operation::Down;
use hoist::plan::{DownImages, DownOptions, DownVolumes, ProjectSource};
use indoc::indoc;

use super::{demo, engine, engine_with, prepared, run};
use crate::executing::s;

fn with_files(options: DownOptions) -> Down {
    Down::new(ProjectSource::Files(Arc::new(demo())), options)
}

fn without_files(options: DownOptions) -> Down {
    Down::new(ProjectSource::Labels("demo".into()), options)
}

#[tokio::test(start_paused = true)]
async fn with_and_without_files_dependents_go_first_and_volumes_stay() {
    for down in [with_files, without_files] {
        let (engine, _) = engine_with(demo()).await;
        engine.delay("stop demo-web-1", s(1));
        let ran = run(down(DownOptions::default()), &engine).await.ok();
        assert_eq!(
            ran.timeline(),
            indoc! {"
                0.00 down
                0.00..1.00 stop container web/1
                1.00..1.00 remove container web/1
                1.00..1.00 stop container db/1
                1.00..1.00 remove container db/1
                1.00..1.00 remove network demo_default
                1.00 ended
            "}
        );
        assert_eq!(engine.resources(), ["demo_data"]);
    }
}

#[tokio::test(start_paused = true)]
async fn volumes_and_images_go_where_that_is_asked_for() {
    for down in [with_files, without_files] {
        let (engine, calls) = engine_with(demo()).await;
        let options = DownOptions { volumes: DownVolumes::Remove, images: DownImages::All, ..DownOptions::default() };
        run(down(options), &engine).await.ok();
        assert!(engine.resources().is_empty(), "{:?}", engine.resources());
        let mut calls = engine.calls().split_off(calls);
        calls.retain(|call| call.starts_with("remove image"));
        calls.sort();
        assert_eq!(calls, ["remove image db", "remove image sha256:nameless", "remove image web"]);
    }
}

#[tokio::test(start_paused = true)]
async fn named_services_go_with_their_dependents_and_leave_the_rest() {
    for down in [with_files, without_files] {
        let (engine, calls) = engine_with(demo()).await;
        run(down(DownOptions { services: vec!["web".into()], ..DownOptions::default() }), &engine).await.ok();
        assert!(engine.id_of("demo-db-1").is_some());
        assert_eq!(engine.calls()[calls..calls + 2], ["stop demo-web-1", "remove demo-web-1"]);
    }
}

#[tokio::test(start_paused = true)]
async fn where_nothing_is_there_the_plan_says_so_and_is_empty() {
    for down in [with_files, without_files] {
        let engine = engine();
        let prepared = prepared(&mut down(DownOptions::default()), &engine).await;
        assert!(prepared.plan.is_empty(), "{}", prepared.plan);
        assert_eq!(prepared.plan.warnings().len(), 1, "{:?}", prepared.plan.warnings());
    }
}

#[tokio::test(start_paused = true)]
async fn what_somebody_else_removes_meanwhile_is_as_good() {
    let (engine, _) = engine_with(demo()).await;
    engine.delay("stop demo-web-1", s(2));
    let elsewhere = async {
        tokio::time::sleep(s(1)).await;
        engine.remove_now(&engine.id_of("demo-db-1").expect("it is up"));
    };
    let (ran, ()) = tokio::join!(run(with_files(DownOptions::default()), &engine), elsewhere);
    ran.ok();
    assert_eq!(engine.resources(), ["demo_data"]);
}
