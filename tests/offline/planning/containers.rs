//! Which containers are made, left alone, recreated, scaled and removed (engine.md §2.5, §2.6).

use std::sync::Arc;

use hoist::plan::{AnonymousVolumePolicy, Orphans, Recreate, StartContainers, UpOptions};
use hoist::project::{Condition, Project};
use indoc::indoc;

use super::files::{Files, environment, files, is_checked, needs, publishes};
use super::state::{anonymous, created, exited, images_only, in_sync, stale};
use super::{Case, check};

fn web_needs_db() -> Arc<Project> {
    web_and_db().load()
}

fn web_and_db() -> Files {
    files().service("db", "mysql:8", is_checked).service("web", "nginx:1", |web| needs(web, "db", Condition::Healthy))
}

#[test]
fn debug_print() {
    let p = web_needs_db();
    let run = |e: super::state::Engine| { let o: hoist::observed::Observed = e.into(); println!("{}", super::plan(&p, &o, &UpOptions::default())); };
    run(images_only(&p));
    run(images_only(&p).without_image("mysql:8"));
    run(in_sync(&p));
    run(in_sync(&p).with("shop-db-1", stale));
    run(in_sync(&p).with("shop-web-1", stale).with("shop-db-1", exited(0)));
    run(in_sync(&p).running("web", 2).orphan("old"));
    let _ = (anonymous("/x"), created, Orphans::Remove, StartContainers::No, AnonymousVolumePolicy::Renew, Recreate::Never);
    let _ = (environment, publishes, check as fn(&Arc<Project>, Vec<Case>), indoc!(""));
}
