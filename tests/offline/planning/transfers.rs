//! `pull` and `push`: which images, once each, and what is left alone.
#![expect(clippy::wildcard_enum_match_arm, reason = "other actions are none of these tests' business")]

use hoist::observed::Observed;
use hoist::plan::{
    Action, LeftAlone, LeftAloneReason, Plan, PullBuildable, PullFailure, PullOptions, PushFailure, Subject,
    TransferFailures, images_to_look_up, pull, push,
};
use hoist::project::value::PullPolicy;
use hoist::project::{PreStart, Project, Service};
use indoc::indoc;

use super::files::{Files, files, is_built};
use super::state::images_only;

fn by_policy(policy: &str) -> impl FnOnce(&mut Service) {
    let policy = PullPolicy::from(policy);
    move |service| service.pull_policy = Some(policy)
}

fn shop() -> Files {
    files()
        .service("again", "nginx:1", |_| {})
        .service("app", "app:1", is_built)
        .service("arm", "nginx:1", |arm| arm.platform = Some("linux/arm64".into()))
        .service("built", "", |built| {
            is_built(built);
            built.image = None;
        })
        .service("daily", "daily:1", by_policy("daily"))
        .service("hooked", "nginx:1", |hooked| {
            let hook = |image: &str| PreStart {
                container: Service { image: Some(image.to_owned()), ..Service::default() },
                ..PreStart::default()
            };
            hooked.pre_start = vec![hook("tool:1"), hook("nginx:1")];
        })
        .service("missing", "redis:8", by_policy("missing"))
        .service("moving", "redis", by_policy("missing"))
        .service("never", "never:1", by_policy("never"))
        .service("source", "source:1", |source| {
            is_built(source);
            source.pull_policy = Some(PullPolicy::from("build"));
        })
}

fn planned(project: &Project, options: &PullOptions) -> Plan {
    let observed: Observed = images_only(project).edit(|_| {}).into();
    pull(project, &observed, options)
}

fn left_alone(plan: &Plan) -> Vec<String> {
    let line = |left: &LeftAlone| format!("{} {:?}", left.subject, left.why);
    plan.left_alone().iter().map(line).collect()
}

#[test]
fn every_image_is_pulled_once_for_each_platform() {
    let project = shop().load();
    let plan = planned(&project, &PullOptions::default());
    assert_eq!(
        plan.to_string(),
        indoc! {"
            #1 pull image app:1: requested
            #2 pull image daily:1: requested
            #3 pull image nginx:1: requested
            #4 pull image nginx:1 for linux/arm64: requested
            #5 pull image redis: requested
            #6 pull image tool:1: requested
        "}
    );
    assert_eq!(
        left_alone(&plan),
        ["built NoImage", "Image redis:8 Present", "Image never:1 Policy", "Image source:1 Policy"]
    );
    assert_eq!(images_to_look_up(&project, &PullOptions::default()), [("redis:8".to_owned(), None)]);
}

#[test]
fn the_policy_of_the_command_comes_first() {
    let project = shop().load();
    let missing = PullOptions { policy: Some(PullPolicy::from("missing")), ..PullOptions::default() };
    let plan = planned(&project, &missing);
    assert_eq!(plan.to_string(), "#1 pull image redis: requested\n#2 pull image tool:1: requested\n");
    assert!(left_alone(&plan).contains(&"Image never:1 Present".to_owned()));
    let nothing = pull(&project, &Observed::default(), &missing);
    assert_eq!(nothing.len(), 9, "{nothing}");
    let always = PullOptions { policy: Some(PullPolicy::from("always")), ..PullOptions::default() };
    let plan = planned(&project, &always);
    assert_eq!((plan.len(), left_alone(&plan)), (9, vec!["built NoImage".to_owned()]));
}

#[test]
fn a_failure_means_what_can_be_done_about_it() {
    let failures = |options: &PullOptions| {
        let plan = planned(&shop().load(), options);
        let of = |image: &str| {
            plan.steps().find_map(|(_, step)| match &step.action {
                Action::PullImage(spec) if spec.image == image => Some(spec.on_failure),
                _ => None,
            })
        };
        (of("app:1"), of("redis"))
    };
    let plain = PullOptions::default();
    assert_eq!(failures(&plain), (Some(PullFailure::ToBeBuilt), Some(PullFailure::EndRun)));
    let ignored = PullOptions { failures: TransferFailures::Ignore, ..plain.clone() };
    assert_eq!(failures(&ignored), (Some(PullFailure::ToBeBuilt), Some(PullFailure::Ignore)));
    let no_buildable = PullOptions { buildable: PullBuildable::No, ..plain };
    assert_eq!(failures(&no_buildable), (None, Some(PullFailure::EndRun)));
    let left = LeftAlone { subject: Subject::Image("app:1".to_owned()), why: LeftAloneReason::Buildable };
    assert!(planned(&shop().load(), &no_buildable).left_alone().contains(&left));
}

#[test]
fn what_is_built_is_pushed_under_all_its_names() {
    let project = files()
        .service("app", "r.example/app:1", |app| {
            is_built(app);
            let build = app.build.as_mut().expect("it is built");
            build.tags = vec!["r.example/app:latest".to_owned(), "r.example/app:1".to_owned()];
        })
        .service("built", "", |built| {
            is_built(built);
            built.image = None;
        })
        .service("web", "nginx:1", |_| {})
        .service("worker", "r.example/app:1", is_built)
        .load();
    let plan = push(&project, TransferFailures::Fail);
    assert_eq!(
        plan.to_string(),
        indoc! {"
            #1 push image r.example/app:1: requested
            #2 push image r.example/app:latest: requested
        "}
    );
    assert_eq!(left_alone(&plan), ["built NotPushed", "web NotPushed"]);
    let ignored = push(&project, TransferFailures::Ignore);
    let specs = ignored.steps().map(|(_, step)| match &step.action {
        Action::PushImage(spec) => spec.on_failure,
        other => panic!("{other}"),
    });
    assert!(specs.into_iter().all(|on_failure| on_failure == PushFailure::Ignore));
}
