//! `run`: a container for one command, and what it needs.

use std::sync::Arc;

use hoist::observed::Observed;
use hoist::plan::{Action, BuildImages, OneOff, OneOffAliases, OneOffEnd, Plan, UpOptions, up};
use hoist::project::{Condition, Project};
use indoc::indoc;

use super::files::{Files, environment, files, is_built, is_checked, needs};
use super::state::{Engine, exited, images_only, in_sync};

fn shop() -> Files {
    files().service("db", "mysql:8", is_checked).service("job", "job:1", |job| needs(job, "db", Condition::Healthy))
}

fn one_off() -> OneOff {
    OneOff {
        service: "job".into(),
        name: "shop-job-run-1".to_owned(),
        slug: "abc".to_owned(),
        at_end: OneOffEnd::Remove,
        aliases: OneOffAliases::Name,
    }
}

fn options() -> UpOptions {
    UpOptions { one_off: Some(one_off()), ..UpOptions::default() }
}

#[track_caller]
fn run(project: &Arc<Project>, engine: Engine, options: &UpOptions) -> Plan {
    up(project, &engine.into(), options).expect("there is a plan")
}

#[test]
fn dependencies_come_first_and_replicas_are_left_alone() {
    let project = shop().select(&["job"]).load();
    assert_eq!(
        run(&project, images_only(&project), &options()).to_string(),
        indoc! {"
            #1 create network shop_default: missing
            #2 create container db/1: no container yet, after #1
            #3 start container db/1: created, after #2
            #4 wait for db to be healthy: needed by job, after #3
            #5 create container shop-job-run-1: for one command, after #4
        "}
    );
    let changed = shop().change("job", |job| environment(job, "A", "b")).select(&["job"]).load();
    let engine = in_sync(&project).with("shop-job-1", exited(1));
    assert_eq!(
        run(&changed, engine, &options()).to_string(),
        indoc! {"
            #1 create container shop-job-run-1: for one command
        "},
        "the replica of the service is neither started nor recreated"
    );
}

#[test]
fn the_service_gets_its_image_although_it_has_no_container() {
    let project = shop().change("job", is_built).select(&["job"]).load();
    let engine =
        || in_sync(&project).without("shop-job-1").with("shop-db-1", |db| db.health = hoist::observed::Health::Healthy);
    let missing = run(&project, engine().without_image("job:1"), &options()).to_string();
    assert!(missing.contains("build image job:1") || missing.contains("pull image job:1"), "{missing}");
    let built = UpOptions { build: BuildImages::Always, ..options() };
    let text = run(&project, engine(), &built).to_string();
    assert_eq!(text.matches("build image job:1").count(), 1, "{text}");
    assert!(text.contains("create container shop-job-run-1: for one command, after #1"), "{text}");
}

#[test]
fn what_an_earlier_plan_of_the_run_created_is_not_created_again() {
    let project = shop().select(&["job"]).load();
    let engine = in_sync(&project).edit(|observed: &mut Observed| {
        let mut container = observed.containers[0].clone();
        container.id = "run".into();
        "shop-job-run-1".clone_into(&mut container.name);
        container.one_off = true;
        container.labels.insert("com.docker.compose.slug".to_owned(), "abc".to_owned());
        observed.containers.push(container);
    });
    let plan = run(&project, engine, &options());
    assert!(!plan.steps().any(|(_, step)| matches!(step.action, Action::CreateContainer(_))), "{plan}");
}
