//! The commands on containers that are there: `start`, `stop`, `restart`, `kill`, `pause`, `unpause`, `rm`.

use std::sync::Arc;
use std::time::Duration;

use hoist::observed::{Health, Observed, State};
use hoist::plan::{
    self, DownVolumes, KillOptions, Orphans, PlanError, ProjectSource, RestartDependents, RestartOptions, RmOneOffs,
    RmOptions, StartOptions, WaitUntilReady,
};
use hoist::project::{Condition, Project, ServiceName};
use indoc::indoc;

use super::files::{Files, can_use, environment, files, is_checked, needs, restarts_with};
use super::state::{Engine, anonymous, created, exited, in_sync};

fn shop() -> Files {
    files()
        .service("db", "mysql:8", is_checked)
        .service("web", "nginx:1", |web| needs(web, "db", Condition::Healthy))
        .service("mail", "mail:1", |_| {})
}

fn source(project: &Arc<Project>) -> ProjectSource {
    ProjectSource::Files(project.clone())
}

fn named(services: &[&str]) -> Vec<ServiceName> {
    services.iter().map(|name| ServiceName::from(*name)).collect()
}

fn stopped(project: &Project) -> Engine {
    in_sync(project).with("shop-db-1", exited(143)).with("shop-web-1", exited(143)).with("shop-mail-1", exited(143))
}

fn one_off(engine: Engine, name: &str, state: State) -> Engine {
    engine.edit(|observed| {
        let mut container = observed.containers[0].clone();
        container.id = name.into();
        name.clone_into(&mut container.name);
        container.one_off = true;
        container.number = None;
        container.state = state;
        observed.containers.push(container);
    })
}

#[track_caller]
fn start(project: &Arc<Project>, engine: Engine, options: &StartOptions) -> String {
    plan::start(&source(project), &engine.into(), options).expect("there is a plan").to_string()
}

#[test]
fn start_makes_nothing_and_waits_for_what_it_starts() {
    let project = shop().load();
    let all = StartOptions::default();
    assert_eq!(start(&project, in_sync(&project), &all), "");
    assert_eq!(
        start(&project, stopped(&project), &all),
        indoc! {"
            #1 start container db/1: not running
            #2 start container mail/1: not running
            #3 wait for db to be healthy: needed by web, after #1
            #4 start container web/1: not running, after #3
        "}
    );
    let web = StartOptions { services: named(&["web"]), ..StartOptions::default() };
    assert_eq!(
        start(&project, stopped(&project).without("shop-web-1"), &web),
        "#1 start container db/1: not running\n#2 wait for db to be healthy: needed by web, after #1\n",
        "a service without containers is passed over"
    );
    assert_eq!(
        start(
            &project,
            stopped(&project).with("shop-db-1", |db| {
                db.state = State::Running;
                db.health = Health::Healthy;
            }),
            &web
        ),
        "#1 start container web/1: not running\n",
        "what holds is not waited for"
    );
    let wait = StartOptions {
        services: named(&["mail"]),
        wait: Some(WaitUntilReady { timeout: Some(Duration::from_secs(3)), ..WaitUntilReady::default() }),
    };
    assert_eq!(
        start(&project, stopped(&project), &wait),
        indoc! {"
            #1 start container mail/1: not running
            #2 wait for mail to be running or healthy: wait requested, after #1
        "}
    );
}

#[test]
fn start_without_containers_says_what_is_missing() {
    let project = shop().load();
    let nothing = Observed::default();
    let message = |source: &ProjectSource, services: &[&str]| {
        let options = StartOptions { services: named(services), ..StartOptions::default() };
        plan::start(source, &nothing, &options).expect_err("nothing is there").to_string()
    };
    assert_eq!(message(&source(&project), &[]), "service \"db\" has no container to start");
    assert_eq!(message(&source(&project), &["mail"]), "service \"mail\" has no container to start");
    let labels = ProjectSource::Labels("shop".into());
    assert_eq!(message(&labels, &[]), "no container found for project \"shop\": not found");
    let there = Observed::from(in_sync(&project));
    let options = StartOptions { services: named(&["nosuch"]), ..StartOptions::default() };
    let error = plan::start(&labels, &there, &options).expect_err("no such service");
    assert_eq!(error.to_string(), "no such service: \"nosuch\": not found");
}

#[test]
fn start_runs_pre_start_hooks_where_no_replica_runs() {
    let project = shop().change("mail", |mail| mail.pre_start = vec![hoist::project::PreStart::default()]).load();
    let options = StartOptions { services: named(&["mail"]), ..StartOptions::default() };
    assert_eq!(
        start(&project, stopped(&project), &options),
        indoc! {"
            #1 run pre_start hook 1 of mail/1: before the service starts
            #2 start container mail/1: not running, after #1
        "}
    );
}

#[test]
fn stop_is_for_the_services_named_dependents_first() {
    let project = shop().load();
    let stop = |services: &[&str]| {
        plan::stop(&project, &in_sync(&project).into(), &named(services), Some(Duration::from_secs(3))).to_string()
    };
    assert_eq!(
        stop(&[]),
        indoc! {"
            #1 stop container web/1: stop requested
            #2 stop container mail/1: stop requested
            #3 stop container db/1: stop requested, after #1
        "}
    );
    assert_eq!(stop(&["db"]), "#1 stop container db/1: stop requested\n");
}

#[track_caller]
fn restart(project: &Arc<Project>, engine: Engine, options: &RestartOptions) -> (String, Vec<String>) {
    let plan = plan::restart(&source(project), &engine.into(), options).expect("there is a plan");
    (plan.to_string(), plan.warnings().iter().map(hoist::render::warning::plan::message).collect())
}

#[test]
fn restart_takes_dependents_that_restart_along_once_their_dependency_is_ready() {
    let project = files()
        .service("db", "mysql:8", is_checked)
        .service("web", "nginx:1", |web| {
            needs(web, "db", Condition::Healthy);
            web.depends_on.get_mut("db").expect("it is there").restart = true;
        })
        .service("job", "job:1", |job| can_use(job, "web", Condition::Started))
        .service("proxy", "proxy:1", |proxy| restarts_with(proxy, "web"))
        .load();
    let db = RestartOptions { services: named(&["db"]), ..RestartOptions::default() };
    let (text, warnings) = restart(&project, in_sync(&project), &db);
    assert_eq!(
        text,
        indoc! {"
            #1 restart container db/1: requested
            #2 wait for db to be healthy: needed by web, after #1
            #3 restart container web/1: db is restarted, after #2
            #4 restart container proxy/1: web is restarted, after #3
        "}
    );
    assert!(warnings.is_empty(), "{warnings:?}");
    let alone = RestartOptions { dependents: RestartDependents::No, ..db };
    assert_eq!(restart(&project, in_sync(&project), &alone).0, "#1 restart container db/1: requested\n");
    let unknown = RestartOptions { services: named(&["nosuch"]), ..RestartOptions::default() };
    let error = plan::restart(&source(&project), &Observed::default(), &unknown);
    assert_eq!(error, Err(PlanError::NoSuchService { service: "nosuch".into() }));
}

#[test]
fn restart_says_what_it_does_not_apply() {
    let project = shop().load();
    let changed = shop().change("mail", |mail| environment(mail, "A", "2")).load();
    let (text, warnings) = restart(
        &changed,
        in_sync(&project).with("shop-mail-1", exited(1)),
        &RestartOptions { services: named(&["mail", "db"]), ..RestartOptions::default() },
    );
    assert_eq!(text, "#1 restart container db/1: requested\n#2 restart container mail/1: requested\n");
    assert_eq!(
        warnings,
        ["mail changed since the containers were created, and `restart` keeps them as they are; `hoist up -d mail` \
          applies the change"]
    );
}

#[test]
fn kill_is_for_what_runs_one_offs_among_them() {
    let project = shop().load();
    let kill = |engine: Engine, services: &[&str], orphans: Orphans| {
        let options = KillOptions { services: named(services), signal: "TERM".to_owned(), orphans };
        plan::kill(&source(&project), &engine.into(), &options).to_string()
    };
    let engine = || {
        let engine =
            in_sync(&project).with("shop-mail-1", exited(0)).with("shop-web-1", |web| web.state = State::Paused);
        one_off(engine, "shop-db-run-1", State::Running).orphan("old")
    };
    assert_eq!(
        kill(engine(), &[], Orphans::Keep),
        indoc! {"
            #1 kill container db/1 with TERM: requested
            #2 kill container shop-db-run-1 with TERM: requested
            #3 kill container web/1 with TERM: requested
        "}
    );
    assert_eq!(kill(engine(), &["web"], Orphans::Keep), "#1 kill container web/1 with TERM: requested\n");
    assert!(kill(engine(), &[], Orphans::Remove).contains("kill container old/1 with TERM"));
}

#[test]
fn pause_and_unpause_are_for_what_is_not_so_yet() {
    let project = shop().load();
    let engine = || {
        let engine =
            in_sync(&project).with("shop-mail-1", exited(0)).with("shop-web-1", |web| web.state = State::Paused);
        one_off(engine, "shop-db-run-1", State::Running)
    };
    let observed = Observed::from(engine());
    assert_eq!(plan::pause(&source(&project), &observed, &[]).to_string(), "#1 pause container db/1: requested\n");
    assert_eq!(plan::unpause(&source(&project), &observed, &[]).to_string(), "#1 unpause container web/1: requested\n");
    assert!(plan::pause(&source(&project), &observed, &named(&["web"])).is_empty());
}

#[test]
fn services_whose_profile_is_inactive_are_left_alone() {
    let project = shop().service("tool", "tool:1", |tool| tool.profiles.push("tools".into())).disabled("tool").load();
    let engine = || {
        let of_tool = |observed: &mut Observed| {
            let one_off = observed.containers.last_mut().expect("it was added");
            one_off.service = Some("tool".into());
        };
        one_off(in_sync(&project).running("tool", 1), "shop-tool-run-1", State::Running).edit(of_tool)
    };
    let options = KillOptions { services: Vec::new(), signal: "TERM".to_owned(), orphans: Orphans::Keep };
    let plans = [
        plan::kill(&source(&project), &engine().into(), &options),
        plan::pause(&source(&project), &engine().into(), &[]),
        plan::unpause(&source(&project), &engine().with("shop-tool-1", |tool| tool.state = State::Paused).into(), &[]),
    ];
    for plan in plans {
        assert!(!plan.to_string().contains("tool"), "{plan}");
    }
    // With the name of the project only, there are no profiles.
    let by_name = plan::pause(&ProjectSource::Labels(project.name.clone()), &engine().into(), &[]);
    assert!(by_name.to_string().contains("pause container tool/1"), "{by_name}");
}

#[test]
fn rm_is_for_what_has_ended_unless_it_is_to_stop() {
    let project = shop().load();
    let rm = |engine: Engine, options: &RmOptions| plan::rm(&source(&project), &engine.into(), options);
    let engine = || {
        let engine = in_sync(&project).with("shop-mail-1", created).with("shop-web-1", |web| web.state = State::Paused);
        one_off(one_off(engine, "shop-db-run-1", State::Running), "shop-db-run-2", State::Exited)
    };
    assert_eq!(
        rm(engine(), &RmOptions::default()).to_string(),
        "#1 remove container mail/1: requested\n",
        "one-offs stay"
    );
    let all = RmOptions { one_offs: RmOneOffs::Remove, ..RmOptions::default() };
    assert_eq!(
        rm(engine(), &all).to_string(),
        indoc! {"
            #1 remove container mail/1: requested
            #2 remove container shop-db-run-2: requested
        "}
    );
    let stop = RmOptions { stop: true, ..all };
    assert_eq!(
        rm(engine(), &stop).to_string(),
        indoc! {"
            #1 stop container web/1: requested
            #2 remove container web/1: requested, after #1
            #3 remove container mail/1: requested
            #4 stop container db/1: requested, after #1
            #5 remove container db/1: requested, after #4
            #6 remove container shop-db-run-2: requested
        "}
    );
    let agreed = RmOptions { agreed: Some(["other".into()].into()), ..stop };
    assert!(rm(engine(), &agreed).is_empty());
}

#[test]
fn rm_says_which_data_goes() {
    let project = shop().load();
    let engine = stopped(&project).with("shop-db-1", anonymous("/data"));
    let options = RmOptions { volumes: DownVolumes::Remove, services: named(&["db"]), ..RmOptions::default() };
    let plan = plan::rm(&source(&project), &engine.clone().into(), &options);
    assert_eq!(plan.to_string(), "#1 remove container db/1 and the data of 1 anonymous volume: requested\n");
    assert_eq!(plan.destructive().count(), 1);
    let keep = RmOptions { services: named(&["db"]), ..RmOptions::default() };
    let plan = plan::rm(&source(&project), &engine.into(), &keep);
    assert!(plan.destructive().next().is_none());
    assert_eq!(plan.steps().map(|(_, step)| step.volumes_left().len()).sum::<usize>(), 1);
}
