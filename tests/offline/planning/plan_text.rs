//! What a plan tells besides its text: JSON, the summary, whether it changes anything.

use std::sync::Arc;

use hoist::observed::Health;
use hoist::plan::UpOptions;
use hoist::project::{Condition, Project};
use hoist::render;
use serde_json::json;

use super::files::{after_a_job, files, is_built, is_checked, mounts, needs, volume_keys};
use super::plan;
use super::state::{Engine, exited, health, in_sync};

fn shop() -> std::sync::Arc<hoist::project::Project> {
    files()
        .volume("data", |_| {})
        .service("db", "mysql:8", |db| {
            is_checked(db);
            mounts(db, "data", "/var/lib/mysql");
        })
        .service("app", "app:1", |app| {
            is_built(app);
            needs(app, "db", Condition::Healthy);
        })
        .load()
}

fn build_all() -> UpOptions {
    UpOptions { build: hoist::plan::BuildImages::Always, ..UpOptions::default() }
}

#[test]
fn json_has_every_step_with_its_reason() {
    let project = shop();
    let plan = plan(&project, &in_sync(&project).into(), &build_all());
    let shown = render::plan::json(&plan);
    assert_eq!(shown["changes"], json!(true));
    assert_eq!(shown["steps"][0]["action"], json!("build_image"));
    assert_eq!(
        shown["steps"][1],
        json!({
            "id": 2,
            "action": "create_container",
            "object": "app/1",
            "service": "app",
            "name": "shop-app-1",
            "temporary_name": "6170702f3100_shop-app-1",
            "image": "app:1",
            "replaces": format!("{:0<64}", "6170702f31"),
            "reason": { "kind": "image_changed", "text": "image changed" },
            "guard": { "if": "image_changed", "by": 1, "image": "app:1", "from": "sha256:content-app:1" },
            "change": true,
            "text": "#2 create container app/1 as 6170702f3100_shop-app-1: if the build changes its image, after #1",
            "after": [1],
            "after_end_of": [],
        })
    );
    let empty = super::plan(&project, &in_sync(&project).into(), &UpOptions::default());
    assert_eq!(
        render::plan::json(&empty),
        json!({ "changes": false, "warnings": [], "steps": [], "removed_volumes": [], "volumes_left": [] })
    );
}

#[test]
fn the_loss_of_data_is_told() {
    let old = shop();
    let new = files()
        .volume("data", |data| data.driver = Some("other".into()))
        .service("db", "mysql:8", |db| {
            is_checked(db);
            mounts(db, "data", "/var/lib/mysql");
        })
        .load();
    let agreed = UpOptions { recreate_volumes: volume_keys(&["data"]), ..UpOptions::default() };
    let plan = plan(&new, &in_sync(&old).into(), &agreed);
    let lost: Vec<_> = plan.destructive().map(|(id, _)| plan.line(id).to_string()).collect();
    assert_eq!(lost.len(), 1, "{lost:?}");
    assert!(lost[0].contains("remove volume shop_data and its data: definition changed"), "{lost:?}");
    assert_eq!(render::plan::json(&plan)["removed_volumes"], json!(["shop_data"]));
}

#[test]
fn the_planner_asks_for_the_images_it_looks_at() {
    let wanted = hoist::plan::wanted_images(&shop(), &UpOptions::default());
    assert_eq!(wanted, [("app:1".to_owned(), None), ("mysql:8".to_owned(), None)]);
}

#[test]
fn large_projects_are_planned_in_no_time() {
    let mut files = files();
    for number in 0..300 {
        files = files.service(&format!("s{number:03}"), &format!("image{number}"), |service| {
            is_built(service);
            if number > 0 {
                needs(service, &format!("s{:03}", number - 1), Condition::Healthy);
            }
        });
    }
    let project = files.load();
    let options = UpOptions { recreate: hoist::plan::Recreate::Always, ..build_all() };
    let plan = plan(&project, &in_sync(&project).into(), &options);
    assert_eq!(plan.len(), 300 * 6 + 299);
    for (id, _) in plan.steps() {
        assert!(plan.before(id).count() <= 302, "{}", plan.line(id));
    }
}

#[test]
fn a_plan_that_changes_nothing_is_a_line() {
    let shown = |project: &Arc<Project>, state: Engine| {
        let mut out = Vec::new();
        let plan = plan(project, &state.into(), &UpOptions::default());
        hoist::render::plan::steps::write(&plan, &mut out).expect("memory can be written to");
        String::from_utf8(out).expect("text")
    };
    let project = after_a_job().load();
    let done = || in_sync(&project).with("shop-job-1", exited(0));
    assert_eq!(shown(&project, done()), "nothing changes; up runs again: job\n");
    let starting = done().with("shop-db-1", health(Health::Starting));
    assert_eq!(shown(&project, starting), "nothing changes; up runs again: job; up waits for: db\n");
    assert_eq!(shown(&project, done().with("shop-job-1", exited(1))).lines().count(), 2);
    let simple = files().service("web", "web:1", |_| {}).load();
    assert_eq!(shown(&simple, in_sync(&simple)), "nothing to do\n");
}
