//! `build`: which images, once, and in which order; and what the flags make of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hoist::plan::{
    Action, Attestation, BuildDependencies, BuildOptions, BuildPurpose, BuildSpec, Builder, Exporter, Plan, PlanError,
    build, project_to_build, services_to_build,
};
use hoist::project::value::BaseImages;
use hoist::project::{Condition, Project, Secret, Service, ServiceName, SshKey};
use indoc::indoc;

use super::files::{files, is_built, needs};
use super::state::images_only;
use super::{Case, check};

fn built(service: &mut Service) {
    is_built(service);
    service.image = None;
}

fn uses(service: &mut Service, other: &str) {
    built(service);
    let build = service.build.as_mut().expect("just added");
    build.additional_contexts.insert(other.to_owned(), format!("service:{other}"));
}

fn plan(project: &Project, options: &BuildOptions) -> Result<Plan, PlanError> {
    build(&Arc::new(project_to_build(project, options)?), options)
}

fn text(project: &Project, options: &BuildOptions) -> String {
    plan(project, options).expect("it can be planned").to_string()
}

fn spec(project: &Project, options: &BuildOptions) -> BuildSpec {
    let plan = plan(project, options).expect("it can be planned");
    let specs = plan.steps().map(|(_, step)| {
        let Action::BuildImage { spec, .. } = &step.action else { panic!("{} in a plan to build", step.action) };
        (**spec).clone()
    });
    specs.last().expect("there is a build")
}

#[test]
fn all_services_with_a_build_are_built_without_names() {
    let project = files().service("db", "mysql:8", |_| {}).service("web", "", built).service("job", "job:1", is_built);
    assert_eq!(
        text(&project.load(), &BuildOptions::default()),
        "#1 build image job:1: build requested\n#2 build image shop-web: build requested\n"
    );
    assert_eq!(text(&files().service("db", "mysql:8", |_| {}).load(), &BuildOptions::default()), "");
}

#[test]
fn a_named_service_brings_what_its_build_uses_and_not_what_it_depends_on() {
    let project = files()
        .service("web", "", |web| {
            uses(web, "base");
            needs(web, "api", Condition::Started);
        })
        .service("api", "", built)
        .service("base", "", |base| uses(base, "root"))
        .service("root", "", built)
        .service("other", "", built)
        .disabled("root")
        .select(&["web"])
        .load();
    assert_eq!(
        text(&project, &BuildOptions::default()),
        indoc! {"
            #1 build image shop-root: needed by base
            #2 build image shop-base: needed by web, after #1
            #3 build image shop-web: build requested, after #2
        "}
    );
    let names: Vec<_> = services_to_build(&project, &BuildOptions::default()).into_iter().cloned().collect();
    assert_eq!(names, ["base", "root", "web"]);
    let with = BuildOptions { dependencies: BuildDependencies::Include, ..BuildOptions::default() };
    assert_eq!(
        text(&project, &with),
        indoc! {"
            #1 build image shop-api: build requested
            #2 build image shop-other: build requested
            #3 build image shop-root: needed by base
            #4 build image shop-base: build requested, after #3
            #5 build image shop-web: build requested, after #4
        "}
    );
}

#[test]
fn services_that_share_an_image_have_one_build() {
    let project = files().service("a", "app:1", is_built).service("b", "app:1", is_built).load();
    assert_eq!(text(&project, &BuildOptions::default()), "#1 build image app:1: build requested\n");
    let project = files().service("a.b", "", built).service("a_b", "", built).load();
    assert_eq!(
        text(&project, &BuildOptions::default()),
        "#1 build image shop-a.b: build requested\n#2 build image shop-a_b: build requested\n"
    );
}

#[test]
fn a_build_waits_only_for_those_that_it_uses() {
    let project = files()
        .service("a", "", |a| uses(a, "c"))
        .service("b", "", |b| uses(b, "c"))
        .service("c", "", built)
        .service("d", "", |d| {
            uses(d, "a");
            uses(d, "a");
            let build = d.build.as_mut().expect("it has one");
            build.additional_contexts.insert("second".to_owned(), "service:b".to_owned());
        })
        .service("e", "", built)
        .load();
    assert_eq!(
        text(&project, &BuildOptions::default()),
        indoc! {"
            #1 build image shop-c: build requested
            #2 build image shop-a: build requested, after #1
            #3 build image shop-b: build requested, after #1
            #4 build image shop-d: build requested, after #2, #3
            #5 build image shop-e: build requested
        "}
    );
}

#[test]
fn a_cycle_is_an_error_with_its_place() {
    let project = || {
        files()
            .service("a", "", |a| uses(a, "b"))
            .service("b", "", |b| uses(b, "c"))
            .service("c", "", |c| uses(c, "b"))
            .service("d", "", built)
    };
    let error = plan(&project().load(), &BuildOptions::default()).expect_err("a cycle");
    assert_eq!(error.to_string(), "builds need each other: b -> c -> b");
    assert_eq!(error.path().expect("a place"), ["services", "b", "build", "additional_contexts", "c"]);
    let error = hoist::plan::up(&project().load(), &images_only(&project().load()).into(), &super::images::build());
    assert!(matches!(error, Err(PlanError::ContextCycle { .. })), "{error:?}");
    // It does not matter to other services.
    let plan = text(&project().select(&["d"]).load(), &BuildOptions::default());
    assert_eq!(plan, "#1 build image shop-d: build requested\n");
    let project = files().service("a", "", |a| uses(a, "a")).load();
    let error = plan_error(&project);
    assert_eq!(error, "builds need each other: a -> a");
}

fn plan_error(project: &Project) -> String {
    plan(project, &BuildOptions::default()).expect_err("no plan").to_string()
}

#[test]
fn a_chain_of_contexts_may_be_long() {
    let mut project = files();
    for at in 0..3_000 {
        project = project.service(&format!("s{at:04}"), "", |service| {
            if at + 1 < 3_000 { uses(service, &format!("s{:04}", at + 1)) } else { built(service) }
        });
    }
    let plan = plan(&project.select(&["s0000"]).load(), &BuildOptions::default()).expect("it can be planned");
    assert_eq!(plan.len(), 3_000);
}

#[test]
fn up_builds_the_contexts_of_what_it_builds() {
    let project = files()
        .service("app", "", |app| uses(app, "base"))
        .service("base", "", |base| uses(base, "root"))
        .service("root", "", built)
        .disabled("base")
        .disabled("root")
        .load();
    check(
        &project,
        [Case::new(
            "the image of app is missing",
            images_only(&project).without_image("shop-app"),
            indoc! {"
                #1 build image shop-root: needed by base
                #2 build image shop-base: needed by app, after #1
                #3 build image shop-app: missing, after #2
                #4 create network shop_default: missing
                #5 create container app/1: no container yet, after #3, #4
                #6 start container app/1: created, after #5
            "},
        )],
    );
}

/// What the Dockerfiles of `web` and `base` are made from.
fn from(images: &[(&str, &str)]) -> BTreeMap<ServiceName, BaseImages> {
    let read = |text: &str| BaseImages::read(text, None, &BTreeMap::new(), &[]);
    images.iter().map(|(name, text)| (ServiceName::from(*name), read(text))).collect()
}

#[test]
fn a_build_waits_for_its_base_and_does_not_ask_a_registry_for_it() {
    let project = files()
        .service("web", "", built)
        .service("base", "example.com/base:1", is_built)
        .service("other", "", built)
        .load();
    let base_images = from(&[
        ("web", "FROM example.com/base:1\nCOPY --from=tools x y\n"),
        ("base", "FROM alpine\n"),
        ("other", "FROM docker.io/library/shop-web:latest\nCOPY --from=docker.io/library/tools:latest x y"),
    ]);
    let options = BuildOptions { base_images: base_images.clone(), ..BuildOptions::default() };
    let expected = indoc! {"
        #1 build image example.com/base:1: build requested
        #2 build image shop-other: build requested, after #3
        #3 build image shop-web: build requested, after #1
    "};
    assert_eq!(text(&project, &options), expected);
    // The images that no build of the plan makes are pulled before.
    let pulling = BuildOptions { pull: true, ..options };
    let expected = indoc! {"
        #1 build image example.com/base:1: build requested
        #2 build image shop-other: build requested, after #3
        #3 build image shop-web: build requested, after #1, #4
        #4 pull image docker.io/library/tools:latest: needed by other
    "};
    let plan = plan(&project, &pulling).expect("it can be planned");
    assert_eq!(plan.to_string(), expected);
    let pulls = plan.steps().filter_map(|(_, step)| {
        let Action::BuildImage { spec, .. } = &step.action else { return None };
        Some((spec.service.to_string(), spec.pull))
    });
    let pulls: Vec<_> = pulls.collect();
    let pulls: Vec<_> = pulls.iter().map(|(service, pull)| (service.as_str(), *pull)).collect();
    assert_eq!(pulls, [("base", true), ("other", false), ("web", false)]);

    let state = images_only(&project).without_image("shop-web").without_image("example.com/base:1");
    let options = hoist::plan::UpOptions { base_images, ..super::images::build() };
    let plan = hoist::plan::up(&project, &state.into(), &options).expect("it can be planned").to_string();
    assert!(plan.starts_with(expected.split("#2").next().expect("a first line")), "{plan}");
    assert!(plan.contains("build image shop-web: build requested, after #1"), "{plan}");
}

#[test]
fn bases_that_need_each_other_use_what_the_engine_has() {
    let project = files().service("a", "", built).service("b", "", built).load();
    let base_images = from(&[("a", "FROM shop-b"), ("b", "FROM shop-a")]);
    let options = BuildOptions { base_images, ..BuildOptions::default() };
    let expected = "#1 build image shop-a: build requested, after #2\n#2 build image shop-b: build requested\n";
    assert_eq!(text(&project, &options), expected);
}

#[test]
fn a_context_of_another_service_is_not_pulled() {
    let project = files().service("a", "", |a| uses(a, "b")).service("b", "", built).load();
    let base_images = from(&[("a", "FROM busybox"), ("b", "FROM busybox")]);
    let options = BuildOptions { pull: true, base_images, ..BuildOptions::default() };
    assert_eq!(
        text(&project, &options),
        indoc! {"
            #1 build image shop-b: build requested
            #2 build image shop-a: build requested, after #1, #3
            #3 pull image busybox: needed by a
        "}
    );
}

#[test]
fn flags_override_what_the_files_say() {
    let key = |id: &str| SshKey { id: id.to_owned(), path: None };
    let arg = |name: &str, value: Option<&str>| (name.to_owned(), value.map(str::to_owned));
    let project = files()
        .service("web", "web:1", |web| {
            is_built(web);
            let build = web.build.as_mut().expect("just added");
            build.args = [arg("A", Some("1")), arg("B", Some("2")), arg("C", Some("3"))].into();
            build.ssh = vec![key("own")];
            build.provenance = Some("mode=max".to_owned());
        })
        .load();
    let plain = spec(&project, &BuildOptions::default());
    assert_eq!(plain.attestations.provenance, Attestation::On("mode=max".to_owned()));
    assert_eq!((plain.no_cache, plain.pull, plain.memory), (false, false, None));
    assert_eq!(plain.exporter, Exporter::ImageStore { tags: vec!["web:1".to_owned()] });
    let options = BuildOptions {
        args: [arg("A", Some("x")), arg("B", None)].into(),
        ssh: vec![key("default")],
        no_cache: true,
        pull: true,
        push: true,
        provenance: Some("false".to_owned()),
        sbom: Some("true".to_owned()),
        purpose: BuildPurpose::Check,
        memory: Some(1 << 30),
        builder: Some("far".to_owned()),
        ..BuildOptions::default()
    };
    let spec = spec(&project, &options);
    assert_eq!(spec.args, [arg("A", Some("x")), arg("C", Some("3"))].into());
    assert_eq!(spec.ssh, [key("own"), key("default")]);
    assert_eq!((spec.no_cache, spec.pull, spec.memory), (true, true, Some(1 << 30)));
    assert_eq!(spec.attestations.provenance, Attestation::Off);
    assert_eq!(spec.attestations.sbom, Attestation::On(String::new()));
    assert_eq!((spec.purpose, &spec.builder), (BuildPurpose::Check, &Builder::Buildx("far".to_owned())));
    assert_eq!(spec.exporter, Exporter::Registry { tags: vec!["web:1".to_owned()] });
}

#[test]
fn an_image_without_a_name_of_its_own_is_not_pushed() {
    let push = BuildOptions { push: true, ..BuildOptions::default() };
    let spec = spec(&files().service("web", "", built).load(), &push);
    assert_eq!(spec.exporter, Exporter::ImageStore { tags: vec!["shop-web".to_owned()] });
}

#[test]
fn build_keeps_all_platforms() {
    let on = |own: Option<&str>, listed: &[&str], default: Option<&str>| {
        let project = files().service("web", "web:1", |web| {
            is_built(web);
            web.platform = own.map(str::to_owned);
            let build = web.build.as_mut().expect("just added");
            build.platforms = listed.iter().map(|platform| (*platform).to_owned()).collect();
        });
        let default_platform = default.map(str::to_owned);
        let options = BuildOptions { push: true, default_platform, ..BuildOptions::default() };
        let plan = plan(&project.load(), &options).map_err(|error| error.to_string())?;
        let (_, step) = plan.steps().next().expect("there is a build");
        let Action::BuildImage { spec, .. } = &step.action else { panic!("{}", step.action) };
        let several = matches!(spec.exporter, Exporter::Platforms { push: true, .. });
        assert_eq!(several, spec.platforms.len() > 1, "{:?}", spec.exporter);
        Ok::<_, String>(spec.platforms.join(" "))
    };
    let (amd, arm) = ("linux/amd64", "linux/arm64");
    assert_eq!(on(None, &[amd, arm], None).expect("a plan"), "linux/amd64 linux/arm64");
    assert_eq!(on(Some(amd), &[amd, arm], Some(arm)).expect("a plan"), "linux/amd64 linux/arm64");
    assert_eq!(on(Some(arm), &[], Some(amd)).expect("a plan"), arm);
    assert_eq!(on(None, &[], Some(amd)).expect("a plan"), amd);
    assert_eq!(on(None, &[], None).expect("a plan"), "");
    assert_eq!(
        on(None, &[amd], Some(arm)).expect_err("no plan"),
        "service \"web\" build.platforms does not support value set by DOCKER_DEFAULT_PLATFORM: linux/arm64"
    );
    assert_eq!(
        on(Some(arm), &[amd], None).expect_err("no plan"),
        "service \"web\" build configuration does not support platform: linux/arm64"
    );
}

#[test]
fn a_secret_may_belong_to_a_service_that_no_profile_enables() {
    let project = files().service("web", "", |web| uses(web, "base")).service("base", "", |base| {
        built(base);
        let reference = hoist::project::FileReference { source: "token".into(), ..Default::default() };
        base.build.as_mut().expect("just added").secrets.push(reference);
    });
    let mut project = Arc::unwrap_or_clone(project.disabled("base").load());
    project.disabled_secrets.insert("token".into(), Secret { name: "shop_token".to_owned(), ..Secret::default() });
    let plan = plan(&project, &BuildOptions::default()).expect("it can be planned");
    let specs = plan.steps().filter_map(|(_, step)| {
        let Action::BuildImage { spec, .. } = &step.action else { return None };
        Some(spec.clone())
    });
    let base = specs.into_iter().find(|spec| spec.service == "base").expect("the build of base");
    assert!(base.secrets["token"].definition.is_some());
}

#[test]
fn a_project_to_build_keeps_what_has_no_build() {
    let project = files().service("db", "mysql:8", |_| {}).load();
    let options = BuildOptions { no_cache: true, ..BuildOptions::default() };
    assert_eq!(project_to_build(&project, &options).expect("nothing to refuse"), *project);
    assert_eq!(services_to_build(&project, &options), BTreeSet::new());
}
