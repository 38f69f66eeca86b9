//! Pulls, builds, and what follows from images that are not known yet.

use hoist::plan::{Action, BuildImages, PullFailure, UpOptions, place_of_image, up};
use hoist::project::value::{Mount, MountKind, PullPolicy};
use hoist::project::{Build, Condition, PreStart, Service};
use indoc::indoc;

use super::files::{Files, files, is_built, is_checked, mounts_image, needs, restarts_with};
use super::state::{exited, images_only, in_sync, stale};
use super::{Case, check, plan};

fn crane() -> Files {
    files().service("db", "mysql:8", is_checked).service("app", "crane", |app| {
        is_built(app);
        app.image = None;
        needs(app, "db", Condition::Healthy);
    })
}

pub(super) fn build() -> UpOptions {
    UpOptions { build: BuildImages::Always, ..UpOptions::default() }
}

fn pull(policy: &str) -> UpOptions {
    UpOptions { pull: Some(PullPolicy::from(policy)), ..UpOptions::default() }
}

fn migrating() -> PreStart {
    let container = Service { image: Some("migrate:1".to_owned()), ..Service::default() };
    PreStart { container, ..PreStart::default() }
}

#[test]
fn an_image_counts_for_the_platform_it_is_wanted_for() {
    let project = files()
        .service("here", "nginx:1", |_| {})
        .service("there", "nginx:1", |there| there.platform = Some("linux/arm64".into()))
        .load();
    let state = images_only(&project).edit(|observed| observed.images.retain(|(_, platform), _| platform.is_none()));
    let plan = hoist::plan::up(&project, &state.into(), &UpOptions::default()).expect("it can be planned");
    let pulls: Vec<_> = plan
        .steps()
        .filter_map(
            |(_, step)| if let Action::PullImage(spec) = &step.action { Some(spec.platform.clone()) } else { None },
        )
        .collect();
    assert_eq!(pulls, [Some("linux/arm64".to_owned())]);
}

#[test]
fn missing_images_are_pulled_once_and_delay_only_who_needs_them() {
    let project = files()
        .service("a", "nginx:1", |_| {})
        .service("b", "nginx:1", |_| {})
        .service("c", "redis:8", |_| {})
        .service("d", "nginx:1", |d| d.platform = Some("linux/arm64".into()))
        .load();
    check(
        &project,
        [Case::new(
            "one image is missing that three services need",
            images_only(&project).without_image("nginx:1"),
            indoc! {"
                #1 pull image nginx:1: missing
                #2 pull image nginx:1 for linux/arm64: missing
                #3 create network shop_default: missing
                #4 create container a/1: no container yet, after #1, #3
                #5 create container b/1: no container yet, after #1, #3
                #6 create container c/1: no container yet, after #3
                #7 create container d/1: no container yet, after #2, #3
                #8 start container a/1: created, after #4
                #9 start container b/1: created, after #5
                #10 start container c/1: created, after #6
                #11 start container d/1: created, after #7
            "},
        )],
    );
}

#[test]
fn nothing_that_runs_is_touched_before_all_images_are_there() {
    let project = files()
        .service("a", "a:1", |_| {})
        .service("b", "b:1", |_| {})
        .service("slow", "slow:1", |_| {})
        .service("app", "app:1", |app| {
            is_built(app);
            app.image = None;
        })
        .load();
    let state = in_sync(&project)
        .without("shop-slow-1")
        .without_image("slow:1")
        .with("shop-a-1", stale)
        .running("b", 2)
        .orphan("old");
    let options = UpOptions { orphans: hoist::plan::Orphans::Remove, ..build() };
    check(
        &project,
        [Case::new(
            "a pull and a build gate stops and replacements, not what is new",
            state,
            indoc! {"
                #1 build image shop-app: build requested
                #2 pull image slow:1: missing
                #3 stop container shop-old-1: its service is not in the files, after #1, #2
                #4 remove container shop-old-1: its service is not in the files, after #3
                #5 stop container b/2: scaled down, after #1, #2
                #6 remove container b/2: scaled down, after #5
                #7 create container a/1 as 612f31000000_shop-a-1: definition changed, after #1, #2
                #8 create container app/1 as 6170702f3100_shop-app-1: if the build changes its image, after #1, #2
                #9 create container slow/1: no container yet, after #2
                #10 stop container a/1: replaced, after #7
                #11 remove container a/1: replaced, after #10
                #12 rename container a/1 to shop-a-1: replaces the old container, after #11
                #13 start container a/1: replaces the old container, after #12
                #14 stop container app/1: replaced, if the build changes its image, after #8
                #15 remove container app/1: replaced, if the build changes its image, after #14
                #16 rename container app/1 to shop-app-1: replaces the old container, if the build changes its image, after #15
                #17 start container app/1: replaces the old container, if the build changes its image, after #16
                #18 start container slow/1: created, after #9
            "},
        )
        .with(options)],
    );
}

#[test]
fn builds_recreate_only_what_they_change() {
    let project = crane().load();
    check(
        &project,
        [
            Case::new(
                "crane comes up",
                images_only(&project).without_image("shop-app"),
                indoc! {"
                    #1 build image shop-app: missing
                    #2 create network shop_default: missing
                    #3 create container db/1: no container yet, after #2
                    #4 create container app/1: no container yet, after #1, #2
                    #5 start container db/1: created, after #3
                    #6 wait for db to be healthy: needed by app, after #5
                    #7 start container app/1: created, after #4, #6
                "},
            ),
            Case::new(
                "--build with everything running",
                in_sync(&project),
                indoc! {"
                    #1 build image shop-app: build requested
                    #2 create container app/1 as 6170702f3100_shop-app-1: if the build changes its image, after #1
                    #3 stop container app/1: replaced, if the build changes its image, after #2
                    #4 remove container app/1: replaced, if the build changes its image, after #3
                    #5 rename container app/1 to shop-app-1: replaces the old container, if the build changes its image, after #4
                    #6 start container app/1: replaces the old container, if the build changes its image, after #5
                "},
            )
            .with(build()),
            Case::new(
                "--build with app stopped",
                in_sync(&project).with("shop-app-1", exited(1)),
                indoc! {"
                    #1 build image shop-app: build requested
                    #2 create container app/1 as 6170702f3100_shop-app-1: if the build changes its image, after #1
                    #3 remove container app/1: replaced, if the build changes its image, after #2
                    #4 rename container app/1 to shop-app-1: replaces the old container, if the build changes its image, after #3
                    #5 start container app/1: replaces the old container, after #4
                "},
            )
            .with(build()),
            Case::new(
                "--build with a changed definition",
                in_sync(&project).with("shop-app-1", stale),
                indoc! {"
                    #1 build image shop-app: build requested
                    #2 create container app/1 as 6170702f3100_shop-app-1: definition changed, after #1
                    #3 stop container app/1: replaced, after #2
                    #4 remove container app/1: replaced, after #3
                    #5 rename container app/1 to shop-app-1: replaces the old container, after #4
                    #6 start container app/1: replaces the old container, after #5
                "},
            )
            .with(build()),
            Case::new(
                "the image was built by hand since",
                in_sync(&project).retagged("shop-app"),
                indoc! {"
                    #1 create container app/1 as 6170702f3100_shop-app-1: image changed (sha256:content-shop… → sha256:content-shop…)
                    #2 stop container app/1: replaced, after #1
                    #3 remove container app/1: replaced, after #2
                    #4 rename container app/1 to shop-app-1: replaces the old container, after #3
                    #5 start container app/1: replaces the old container, after #4
                "},
            ),
        ],
    );
    assert!(plan(&project, &in_sync(&project).into(), &build()).has_changes(), "a guarded step counts as a change");
}

#[test]
fn guards_reach_what_follows_from_a_recreation() {
    let project = files()
        .service("api", "api", |api| {
            is_built(api);
            api.image = None;
            is_checked(api);
        })
        .service("web", "nginx:1", |web| {
            restarts_with(web, "api");
            web.depends_on.get_mut("api").expect("just added").condition = Condition::Healthy;
        })
        .service("probe", "probe:1", |probe| probe.network_mode = Some("service:api".into()))
        .load();
    check(&project, [Case::new("--build, with dependents", in_sync(&project), indoc! {"
        #1 build image shop-api: build requested
        #2 create container api/1 as 6170692f3100_shop-api-1: if the build changes its image, after #1
        #3 create container probe/1 as 70726f62652f_shop-probe-1: shares with api, which is recreated, if the build changes image shop-api, after #2
        #4 stop container probe/1: api is recreated, if the build changes image shop-api, after #3
        #5 stop container web/1: api is recreated, if the build changes image shop-api, after #2
        #6 stop container api/1: replaced, if the build changes its image, after #4, #5
        #7 remove container api/1: replaced, if the build changes its image, after #6
        #8 rename container api/1 to shop-api-1: replaces the old container, if the build changes its image, after #7
        #9 start container api/1: replaces the old container, if the build changes its image, after #8
        #10 remove container probe/1: replaced, if the build changes image shop-api, after #4
        #11 rename container probe/1 to shop-probe-1: replaces the old container, if the build changes image shop-api, after #10
        #12 start container probe/1: replaces the old container, if the build changes image shop-api, after #9, #11
        #13 wait for api to be healthy: needed by web, if the build changes its image, after #9
        #14 start container web/1: api is recreated, if the build changes image shop-api, after #13
    "}).with(build())]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn pull_policies() {
    let with = |policy: &str| files().service("web", "nginx:1", |web| web.pull_policy = Some(policy.into())).load();
    let web = with("missing");
    check(
        &web,
        [
            Case::new("missing, and it is there", in_sync(&web), ""),
            Case::new(
                "missing, and it is not there",
                images_only(&web).without_image("nginx:1"),
                indoc! {"
                    #1 pull image nginx:1: missing
                    #2 create network shop_default: missing
                    #3 create container web/1: no container yet, after #1, #2
                    #4 start container web/1: created, after #3
                "},
            ),
            Case::new(
                "--pull always",
                in_sync(&web),
                indoc! {"
                    #1 pull image nginx:1: pull policy always
                    #2 create container web/1 as 7765622f3100_shop-web-1: if the pull changes its image, after #1
                    #3 stop container web/1: replaced, if the pull changes its image, after #2
                    #4 remove container web/1: replaced, if the pull changes its image, after #3
                    #5 rename container web/1 to shop-web-1: replaces the old container, if the pull changes its image, after #4
                    #6 start container web/1: replaces the old container, if the pull changes its image, after #5
                "},
            )
            .with(pull("always")),
            Case::new(
                "the image of what runs is gone, and is not to be pulled",
                in_sync(&web).without_image("nginx:1"),
                "",
            )
            .with(pull("never")),
            Case::new(
                "the image of what runs is gone",
                in_sync(&web).without_image("nginx:1"),
                indoc! {"
                    #1 pull image nginx:1: missing
                    #2 create container web/1 as 7765622f3100_shop-web-1: if the pull changes its image, after #1
                    #3 stop container web/1: replaced, if the pull changes its image, after #2
                    #4 remove container web/1: replaced, if the pull changes its image, after #3
                    #5 rename container web/1 to shop-web-1: replaces the old container, if the pull changes its image, after #4
                    #6 start container web/1: replaces the old container, if the pull changes its image, after #5
                "},
            ),
            Case::new(
                "the reference stands for another image",
                in_sync(&web).retagged("nginx:1"),
                indoc! {"
                    #1 create container web/1 as 7765622f3100_shop-web-1: image changed (sha256:content-ngin… → sha256:content-ngin…)
                    #2 stop container web/1: replaced, after #1
                    #3 remove container web/1: replaced, after #2
                    #4 rename container web/1 to shop-web-1: replaces the old container, after #3
                    #5 start container web/1: replaces the old container, after #4
                "},
            ),
        ],
    );
    let (always, never, build) = (with("always"), with("never"), with("build"));
    check(
        &always,
        [Case::new(
            "policy always",
            in_sync(&always),
            indoc! {"
                #1 pull image nginx:1: pull policy always
                #2 create container web/1 as 7765622f3100_shop-web-1: if the pull changes its image, after #1
                #3 stop container web/1: replaced, if the pull changes its image, after #2
                #4 remove container web/1: replaced, if the pull changes its image, after #3
                #5 rename container web/1 to shop-web-1: replaces the old container, if the pull changes its image, after #4
                #6 start container web/1: replaces the old container, if the pull changes its image, after #5
            "},
        )],
    );
    check(&never, [Case::new("policy never", in_sync(&never), "")]);
    check(&build, [Case::new("policy build, without a build", in_sync(&build), "")]);
    let daily = with("daily");
    let at = |now| UpOptions { now, ..UpOptions::default() };
    check(
        &daily,
        [
            Case::new("tagged an hour ago", in_sync(&daily).tagged_at("nginx:1", 1_000_000), "").with(at(1_003_600)),
            Case::new(
                "tagged two days ago",
                in_sync(&daily).tagged_at("nginx:1", 1_000_000),
                indoc! {"
                    #1 pull image nginx:1: pull policy daily
                    #2 create container web/1 as 7765622f3100_shop-web-1: if the pull changes its image, after #1
                    #3 stop container web/1: replaced, if the pull changes its image, after #2
                    #4 remove container web/1: replaced, if the pull changes its image, after #3
                    #5 rename container web/1 to shop-web-1: replaces the old container, if the pull changes its image, after #4
                    #6 start container web/1: replaces the old container, if the pull changes its image, after #5
                "},
            )
            .with(at(1_172_800)),
            Case::new(
                "nobody knows when it was tagged",
                in_sync(&daily),
                indoc! {"
                    #1 pull image nginx:1: pull policy daily
                    #2 create container web/1 as 7765622f3100_shop-web-1: if the pull changes its image, after #1
                    #3 stop container web/1: replaced, if the pull changes its image, after #2
                    #4 remove container web/1: replaced, if the pull changes its image, after #3
                    #5 rename container web/1 to shop-web-1: replaces the old container, if the pull changes its image, after #4
                    #6 start container web/1: replaces the old container, if the pull changes its image, after #5
                "},
            )
            .with(at(1_172_800)),
            Case::new("without a clock nothing is due", in_sync(&daily), ""),
        ],
    );
}

#[test]
fn an_image_that_can_be_built_is_pulled_first() {
    let with = |policy: &str| {
        files()
            .service("app", "registry/app:1", |app| {
                is_built(app);
                app.pull_policy = Some(policy.into());
            })
            .service("worker", "registry/app:1", |_| {})
            .load()
    };
    let (missing, always, never, build_policy) = (with("missing"), with("always"), with("never"), with("build"));
    let without = |project| images_only(project).without_image("registry/app:1");
    check(
        &missing,
        [Case::new(
            "pulled, else built",
            without(&missing),
            indoc! {"
                #1 pull image registry/app:1: missing
                #2 build image registry/app:1: missing, if #1 does not provide the image, after #1
                #3 create network shop_default: missing
                #4 create container app/1: no container yet, after #2, #3
                #5 create container worker/1: no container yet, after #2, #3
                #6 start container app/1: created, after #4
                #7 start container worker/1: created, after #5
            "},
        )],
    );
    check(
        &always,
        [Case::new(
            "always: a failure leaves the one that is there",
            in_sync(&always),
            indoc! {"
                #1 pull image registry/app:1: pull policy always
                #2 create container app/1 as 6170702f3100_shop-app-1: if the pull changes its image, after #1
                #3 create container worker/1 as 776f726b6572_shop-worker-1: if the pull changes its image, after #1
                #4 stop container app/1: replaced, if the pull changes its image, after #2
                #5 remove container app/1: replaced, if the pull changes its image, after #4
                #6 rename container app/1 to shop-app-1: replaces the old container, if the pull changes its image, after #5
                #7 start container app/1: replaces the old container, if the pull changes its image, after #6
                #8 stop container worker/1: replaced, if the pull changes its image, after #3
                #9 remove container worker/1: replaced, if the pull changes its image, after #8
                #10 rename container worker/1 to shop-worker-1: replaces the old container, if the pull changes its image, after #9
                #11 start container worker/1: replaces the old container, if the pull changes its image, after #10
            "},
        )],
    );
    check(
        &never,
        [Case::new(
            "the other service may pull it",
            without(&never),
            indoc! {"
                #1 pull image registry/app:1: missing
                #2 build image registry/app:1: missing, if #1 does not provide the image, after #1
                #3 create network shop_default: missing
                #4 create container app/1: no container yet, after #2, #3
                #5 create container worker/1: no container yet, after #2, #3
                #6 start container app/1: created, after #4
                #7 start container worker/1: created, after #5
            "},
        )],
    );
    check(
        &build_policy,
        [Case::new(
            "policy build",
            in_sync(&build_policy),
            indoc! {"
                #1 build image registry/app:1: build requested
                #2 create container app/1 as 6170702f3100_shop-app-1: if the build changes its image, after #1
                #3 create container worker/1 as 776f726b6572_shop-worker-1: if the build changes its image, after #1
                #4 stop container app/1: replaced, if the build changes its image, after #2
                #5 remove container app/1: replaced, if the build changes its image, after #4
                #6 rename container app/1 to shop-app-1: replaces the old container, if the build changes its image, after #5
                #7 start container app/1: replaces the old container, if the build changes its image, after #6
                #8 stop container worker/1: replaced, if the build changes its image, after #3
                #9 remove container worker/1: replaced, if the build changes its image, after #8
                #10 rename container worker/1 to shop-worker-1: replaces the old container, if the build changes its image, after #9
                #11 start container worker/1: replaces the old container, if the build changes its image, after #10
            "},
        )],
    );
    let plan = plan(&always, &in_sync(&always).into(), &UpOptions::default());
    let tolerated = plan.steps().any(|(_, step)| {
        matches!(&step.action, hoist::plan::Action::PullImage(spec) if spec.on_failure == PullFailure::Tolerate)
    });
    assert!(tolerated, "a pull that a build can replace may fail");
}

#[test]
fn images_that_are_mounted_are_fetched_and_compared() {
    let project = files()
        .service("web", "nginx:1", |web| {
            mounts_image(web, "assets:1", "/assets");
            mounts_image(web, "site", "/site");
        })
        .service("site", "site", |site| {
            is_built(site);
            site.image = None;
        })
        .load();
    let digest = |reference: &str| super::state::image(reference).digest;
    let label = format!("/assets={},/site={}", digest("assets:1"), digest("shop-site"));
    let with_assets = |state: super::state::Engine| {
        state.edit(|observed| {
            observed.images.insert(("assets:1".into(), None), super::state::image("assets:1"));
        })
    };
    let mounted = || {
        with_assets(in_sync(&project)).with("shop-web-1", |web| {
            web.labels.insert("com.docker.compose.image-volume-digest".into(), label.clone());
        })
    };
    check(&project, [
        Case::new("a mounted image is missing", images_only(&project), indoc! {"
            #1 pull image assets:1: missing
            #2 create network shop_default: missing
            #3 create container site/1: no container yet, after #2
            #4 create container web/1: no container yet, after #1, #2
            #5 start container site/1: created, after #3
            #6 start container web/1: created, after #4
        "}),
        Case::new("mounted images are as they were", mounted(), ""),
        Case::new("a mounted image changed", mounted().retagged("assets:1"), indoc! {"
            #1 create container web/1 as 7765622f3100_shop-web-1: the image mounted at /assets changed
            #2 stop container web/1: replaced, after #1
            #3 remove container web/1: replaced, after #2
            #4 rename container web/1 to shop-web-1: replaces the old container, after #3
            #5 start container web/1: replaces the old container, after #4
        "}),
        Case::new("a mounted image is built again", mounted(), indoc! {"
            #1 build image shop-site: build requested
            #2 create container site/1 as 736974652f31_shop-site-1: if the build changes its image, after #1
            #3 create container web/1 as 7765622f3100_shop-web-1: if the build changes image shop-site, after #1
            #4 stop container site/1: replaced, if the build changes its image, after #2
            #5 remove container site/1: replaced, if the build changes its image, after #4
            #6 rename container site/1 to shop-site-1: replaces the old container, if the build changes its image, after #5
            #7 start container site/1: replaces the old container, if the build changes its image, after #6
            #8 stop container web/1: replaced, if the build changes image shop-site, after #3
            #9 remove container web/1: replaced, if the build changes image shop-site, after #8
            #10 rename container web/1 to shop-web-1: replaces the old container, if the build changes image shop-site, after #9
            #11 start container web/1: replaces the old container, if the build changes image shop-site, after #10
        "}).with(build()),
    ]);
}

#[test]
fn contexts_of_other_services_are_built_before() {
    let project = files()
        .service("base", "base", |base| {
            is_built(base);
            base.image = None;
        })
        .disabled("base")
        .service("app", "app", |app| {
            is_built(app);
            app.image = None;
            let build = app.build.as_mut().expect("just added");
            build.additional_contexts.insert("base".into(), "service:base".into());
        })
        .load();
    check(
        &project,
        [Case::new(
            "app uses the image of base, which is of another profile",
            images_only(&project).without_image("shop-app"),
            indoc! {"
                #1 build image shop-base: needed by app
                #2 build image shop-app: missing, after #1
                #3 create network shop_default: missing
                #4 create container app/1: no container yet, after #2, #3
                #5 start container app/1: created, after #4
            "},
        )],
    );
}

#[test]
fn an_image_that_nothing_gets_is_an_error_before_anything_is_made() {
    let never = UpOptions { pull: Some("never".into()), ..UpOptions::default() };
    let no_build = UpOptions { build: BuildImages::Never, ..UpOptions::default() };
    let with = |change: fn(&mut Service)| files().service("web", "nginx:1", change).load();
    let policy =
        |policy: &'static str| files().service("web", "nginx:1", |web| web.pull_policy = Some(policy.into())).load();
    let built = |web: &mut Service| {
        web.image = None;
        web.build = Some(Build::default());
    };
    let hooked = |web: &mut Service| {
        web.pull_policy = Some("never".into());
        web.pre_start = vec![PreStart::default(), migrating()];
    };
    for (project, gone, options, place, hint) in [
        (policy("never"), "nginx:1", UpOptions::default(), "services.web.image", "docker pull nginx:1"),
        (policy("build"), "nginx:1", UpOptions::default(), "services.web.image", "needs a `build`"),
        (with(|_| {}), "nginx:1", never, "services.web.image", "docker pull nginx:1"),
        (with(built), "shop-web", no_build, "services.web.build", "--no-build"),
        (with(hooked), "migrate:1", UpOptions::default(), "services.web.pre_start.1.image", "docker pull migrate:1"),
    ] {
        let observed = images_only(&project).without_image(gone).into();
        let error = up(&project, &observed, &options).expect_err("nothing gets it");
        assert_eq!(error.to_string(), format!("No such image: {gone}"));
        assert_eq!(error.path().expect("a place").join("."), place);
        assert!(error.hint().expect("a hint").contains(hint), "{error:?}");
        // What runs needs no image.
        assert!(up(&project, &in_sync(&project).without_image(gone).into(), &options).is_ok(), "{gone}");
    }
}

#[test]
fn the_place_of_an_image_is_the_key_that_names_it() {
    let mount = |source: &str| Mount {
        kind: MountKind::Image,
        source: Some(source.to_owned()),
        target: "/x".to_owned(),
        ..Mount::default()
    };
    let project = files()
        .service("web", "nginx:1", |web| {
            web.volumes = vec![Mount::default(), mount("data:1"), mount("db")];
            web.pre_start = vec![migrating()];
        })
        .service("db", "mysql:8", |_| {})
        .load();
    let place = |image: &str| place_of_image(&project, &project.services["web"], image)[2..].join(".");
    assert_eq!(place("nginx:1"), "image");
    assert_eq!(place("migrate:1"), "pre_start.0.image");
    assert_eq!(place("data:1"), "volumes.1.source");
    assert_eq!(place("mysql:8"), "volumes.2.source");
    assert_eq!(place("other"), "");
}
