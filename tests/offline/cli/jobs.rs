//! Jobs, as far as no engine is needed: what is shown, what is refused and with which words.

use indoc::indoc;

use super::Case;

const JOBS: &str = indoc! {"
    services:
      web: {image: app}
    jobs:
      migrate: {image: app, command: migrate, triggers: {manual: true}}
      report: {image: app, profiles: [reports], triggers: {manual: false, schedule: ['0 3 * * *']}}
      after: {image: app, profiles: [reports], depends_on: [report], triggers: {manual: true}}
"};

fn refused(arguments: &str, text: &str) -> String {
    let ran = Case::new(arguments).file("compose.yaml", text).run();
    assert_eq!((ran.status, ran.stdout.as_str()), (1, ""), "{arguments}: {}", ran.stderr);
    ran.stderr
}

#[test]
fn yaml_shows_jobs_after_services_in_a_form_that_can_be_read_again() {
    let ran = Case::new("-p demo --profile reports config").file("compose.yaml", JOBS).run();
    let report = indoc! {"
      report:
        profiles:
          - reports
        triggers:
          manual: false
          schedule:
            - cron: 0 3 * * *
        image: app
        networks:
          default: null
    "};
    let jobs = ran.stdout.split("\njobs:\n").nth(1).expect("the jobs");
    assert!(jobs.contains(&report.replace('\n', "\n  ").trim_end().replacen("", "  ", 1)), "{jobs}");
    let again = Case::new("-p demo --profile reports config").file("compose.yaml", &ran.stdout).run();
    assert_eq!(again.stdout, ran.stdout, "{}", again.stderr);
}

#[test]
fn only_run_takes_the_name_of_a_job() {
    for command in ["create", "start", "stop", "ps", "logs", "rm -f", "kill", "pause", "events", "volumes", "down"] {
        let told = refused(&format!("{command} migrate"), JOBS);
        assert!(told.contains(r#"job "migrate" can only be triggered with "docker compose run""#), "{command}: {told}");
    }
    for command in ["up", "build", "pull", "config", "config --hash"] {
        let told = refused(&format!("{command} migrate"), JOBS);
        assert!(told.contains("no such service: migrate"), "{command}: {told}");
        assert!(told.contains("hint: `migrate` is a job: run it with `hoist run migrate`"), "{command}: {told}");
    }
}

#[test]
fn commands_that_explain_services_say_what_to_do_about_a_job() {
    for command in ["graph", "why", "graph --live"] {
        let told = refused(&format!("{command} migrate"), JOBS);
        let expected = "`migrate` is a job, and this command is about services\nhint: run it with `hoist run migrate`";
        assert!(told.contains(expected), "{command}: {told}");
    }
    let told = refused("logs migrate", JOBS);
    assert!(
        told.contains("hint: `hoist run migrate` shows what it writes; for earlier runs, use `docker logs`"),
        "{told}"
    );
}

#[test]
fn a_job_that_is_not_manual_is_not_run() {
    let told = refused("run report", JOBS);
    assert!(told.contains(r#"job "report" is declared with manual: false, it cannot be run manually"#), "{told}");
    let told = refused("run after", JOBS);
    let expected =
        r#"job "report" is declared with manual: false, it cannot be triggered even as a dependency of another"#;
    assert!(told.contains(expected), "{told}");
}

#[test]
fn a_disabled_service_is_no_dependency_of_a_job_that_is_run() {
    let text = indoc! {"
        services:
          db: {image: app, profiles: [data]}
        jobs:
          first:
            image: app
            triggers: {manual: true}
            depends_on:
              db: {condition: service_started, required: false}
          second: {image: app, depends_on: [first], triggers: {manual: true}}
    "};
    for job in ["first", "second"] {
        let expected = indoc! {"
            no such service: db
             --> compose.yaml:8:7
              |
            8 |       db: {condition: service_started, required: false}
              |       ^^
              |
            hint: job `first` depends on `db`: enable it with `--profile data`, or run the job with `--no-deps`
        "};
        assert!(refused(&format!("run {job}"), text).contains(expected), "{}", refused(&format!("run {job}"), text));
    }
}

#[test]
fn nothing_pretends_to_schedule() {
    for command in ["up -d", "create", "start"] {
        let told = refused(&format!("--profile reports {command}"), JOBS);
        assert!(
            told.contains("scheduled jobs are not supported in this version: report\n --> compose.yaml:"),
            "{command}: {told}"
        );
    }
    let told = refused("up -d", "jobs: {a: {image: app, triggers: {manual: true}}}\n");
    assert!(told.contains("no service selected"), "{told}");
}

#[test]
fn a_schedule_or_a_job_that_never_runs_is_a_warning() {
    let text = "jobs:\n  a: {image: app, triggers: {schedule: ['0 0 * * * *', '@daily']}}\n  b: {image: app, triggers: \
                {manual: false}}\n";
    let ran = Case::new("config -q").file("compose.yaml", text).run();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("warning: `0 0 * * * *` is not a cron expression\n --> compose.yaml:2:"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("warning: job `b` never runs: it has no schedule, and `manual` is false"),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.stderr.matches("warning:").count(), 2, "{}", ran.stderr);
}

#[test]
fn what_only_swarm_honours_is_a_warning() {
    let text = "services:\n  web:\n    image: app\n    deploy: {mode: global, replicas: 2}\n    ports: [{target: 80, mode: host}]\n";
    let ran = Case::new("config -q").file("compose.yaml", text).run();
    let expected = [
        "warning: service `web`: `deploy.mode` is only honored in Swarm mode\n --> compose.yaml:4:14\n",
        "warning: service `web`: `ports[0].mode` `host` is only honored by the Swarm routing mesh\n --> compose.yaml:5:26\n",
    ];
    assert!(expected.iter().all(|warning| ran.stderr.contains(warning)), "{}", ran.stderr);
}

#[test]
fn names_that_no_file_defines_are_warnings_until_the_job_runs() {
    let text = indoc! {"
        services: {s: {image: app}}
        jobs:
          a:
            image: app
            triggers: {manual: true}
            networks: [front]
            volumes: ['data:/data']
            secrets: [token]
          b: {image: app, triggers: {manual: true}}
        networks: {frnt: {}}
    "};
    let ran = Case::new("config -q").file("compose.yaml", text).run();
    assert_eq!((ran.status, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
    for warning in [
        "warning: job `a` uses undefined network `front`\n --> compose.yaml:6:16\n",
        "hint: did you mean `frnt`?\n",
        "warning: job `a` uses undefined volume `data`\n --> compose.yaml:7:16\n",
        "warning: job `a` uses undefined secret `token`\n --> compose.yaml:8:15\n",
    ] {
        assert!(ran.stderr.contains(warning), "{warning}: {}", ran.stderr);
    }
    let told = refused("run a", text);
    assert!(told.contains("error: job `a` uses undefined network `front`\n --> compose.yaml:6:16\n"), "{told}");
    assert!(told.contains("error: job `a` uses undefined secret `token`\n --> compose.yaml:8:15\n"), "{told}");
    assert!(told.contains("warning: job `a` uses undefined volume `data`"), "{told}");
}

#[test]
fn a_job_without_an_image_is_marked_by_its_name() {
    let text = "services: {s: {image: app}}\njobs:\n  a: {triggers: {manual: true}}\n";
    let message = ": job `a` has neither `image` nor `build`\n --> compose.yaml:3:3\n";
    let ran = Case::new("config -q").file("compose.yaml", text).run();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains(&format!("warning{message}")), "{}", ran.stderr);
    let told = refused("run a", text);
    assert!(told.contains(&format!("error{message}")), "{told}");
}

#[test]
fn jobs_that_need_each_other_are_a_warning() {
    let text = "jobs:\n  a: {image: app, triggers: {manual: true}, depends_on: [b]}\n  b: {image: app, triggers: \
                {manual: true}, depends_on: [a]}\n";
    let ran = Case::new("config -q").file("compose.yaml", text).run();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let warning = "warning: jobs depend on each other in a cycle: a -> b -> a\n --> compose.yaml:2:58\n";
    assert!(ran.stderr.contains(warning), "{}", ran.stderr);
}

#[test]
fn names_that_a_hook_uses_are_looked_up() {
    let text = indoc! {"
        services:
          s:
            image: app
            pre_start:
              - command: a
              - command: b
                networks: [front]
                volumes: ['data:/data']
                secrets: [token]
    "};
    let ran = Case::new("config -q").file("compose.yaml", text).run();
    assert_eq!((ran.status, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
    for warning in [
        "warning: `pre_start[1]` of service `s` uses undefined network `front`\n --> compose.yaml:7:20\n",
        "warning: `pre_start[1]` of service `s` uses undefined volume `data`\n --> compose.yaml:8:20\n",
        "warning: `pre_start[1]` of service `s` uses undefined secret `token`\n --> compose.yaml:9:19\n",
    ] {
        assert!(ran.stderr.contains(warning), "{warning}: {}", ran.stderr);
    }
    // The service has the mistake too, which is said once.
    let text = "services: {s: {image: app, networks: [front], pre_start: [{command: a}]}}\n";
    let ran = Case::new("config -q").file("compose.yaml", text).run();
    assert_eq!(ran.stderr.matches("undefined network").count(), 1, "{}", ran.stderr);
}
