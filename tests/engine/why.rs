//! `why`: stacks broken in many ways, each with the cause in the first line.

use std::sync::Arc;

use crate::support::port::free_port;
use crate::support::{Ran, Scenario, project};

/// What `why` says, which finds something.
async fn why(s: &Arc<Scenario>, arguments: &[&str]) -> Ran {
    s.hoist(&[&["why"], arguments].concat()).await.ends_with(2)
}

/// Waits until the first line that `why` prints begins like this; the rest of what it prints.
async fn first_line(s: &Arc<Scenario>, beginning: &str) -> String {
    let what = format!("why: {beginning}");
    let look = || async {
        let ran = s.hoist(&["why"]).await;
        ran.stdout.starts_with(beginning).then_some(ran)
    };
    let said = s.eventually(&what, 20, look).await;
    assert_eq!(said.status, 2, "{said:?}");
    said.stdout
}

#[tokio::test]
async fn nothing_wrong_is_one_line() {
    project("why-nothing", "services: {web: *idle, job: {<<: *idle, command: ['true']}}", |s| async move {
        s.up(&[]).await;
        s.reach(&["job/1 exited", "web/1 running"]).await;
        let ran = s.hoist(&["why"]).await.ok();
        assert_eq!(ran.stdout, "nothing is wrong: every service is as the files say\n");
        assert_eq!(s.hoist(&["why", "--format", "json"]).await.ok().stdout, "[]\n");
    })
    .await;
}

#[tokio::test]
async fn an_image_that_is_nowhere() {
    project(
        "why-image",
        "services: {web: {<<: *idle, image: 'hoist.invalid/nosuch:1', pull_policy: never}}",
        |s| async move {
            s.hoist(&["up", "-d"]).await.ends_with(1);
            let said =
                first_line(&s, "web has no container: the engine does not have its image hoist.invalid/nosuch:1").await;
            assert!(said.contains(", and `pull_policy: never` forbids to pull it\n"), "{said}");
            assert!(said.contains("hint: get it with `docker pull hoist.invalid/nosuch:1`, or remove"), "{said}");
            s.compose("services: {web: {<<: *idle, image: 'hoist.invalid/nosuch:1'}}");
            let said = why(&s, &[]).await.stdout;
            assert!(said.contains("hint: `hoist up -d web` pulls it, or says why that is not possible"), "{said}");
            s.compose("services: {web: {<<: *idle, image: 'hoist.invalid/nosuch:1', build: .}}");
            let said = first_line(&s, "web has no container: its image hoist.invalid/nosuch:1 is not built\n").await;
            assert!(said.contains("hint: `hoist up -d web` builds it"), "{said}");
        },
    )
    .await;
}

#[tokio::test]
async fn a_program_that_the_image_does_not_have() {
    project("why-program", "services: {web: {<<: *idle, command: [nosuch]}}", |s| async move {
        s.hoist(&["up", "-d"]).await.ends_with(1);
        let said = first_line(&s, "web cannot start: exec: \"nosuch\": executable file not found in $PATH").await;
        assert!(said.contains("hint: the image has no program `nosuch`"), "{said}");
        assert!(said.contains("--> compose.yaml:"), "{said}");
    })
    .await;
}

#[tokio::test]
async fn a_program_that_must_not_be_executed() {
    project("why-permission", "services: {web: {<<: *idle, command: [/etc/passwd]}}", |s| async move {
        s.hoist(&["up", "-d"]).await.ends_with(1);
        first_line(&s, "web cannot start: exec: \"/etc/passwd\": permission denied").await;
    })
    .await;
}

#[tokio::test]
async fn a_shell_that_finds_no_program() {
    project("why-shell", "services: {web: {<<: *idle, command: [sh, -c, nosuch]}}", |s| async move {
        s.up(&[]).await;
        let said = first_line(&s, "web exited with status 127 (its program was not found)").await;
        assert!(said.contains("sh: nosuch: not found"), "{said}");
    })
    .await;
}

#[tokio::test]
async fn memory_that_runs_out() {
    let services = "services: {web: {<<: *idle, mem_limit: 8m, memswap_limit: 8m, \
                    command: [sh, -c, 'exec tail -c 64000000 /dev/zero']}}";
    project("why-memory", services, |s| async move {
        s.up(&[]).await;
        let said = first_line(&s, "web exited with status 137 (it ran out of memory and was killed)").await;
        assert!(said.contains("hint: raise its memory limit"), "{said}");
    })
    .await;
}

#[tokio::test]
async fn a_port_that_another_service_has() {
    let port = free_port();
    let services = format!(
        "services: {{db: {{<<: *idle, ports: ['127.0.0.1:{port}:80']}}, \
         web: {{<<: *idle, ports: ['127.0.0.1:{port}:81'], depends_on: [db]}}}}"
    );
    project("why-port", &services, |s| async move {
        s.hoist(&["up", "-d"]).await.ends_with(1);
        let holder = s.only("db").await.name;
        let first =
            format!("web cannot start: port 127.0.0.1:{port}/tcp on the host is already taken by container {holder}");
        first_line(&s, &first).await;
    })
    .await;
}

#[tokio::test]
async fn a_dependency_that_is_unhealthy() {
    let services = "services:\n  \
        db: {<<: *idle, healthcheck: {test: [CMD-SHELL, 'echo refused; exit 1'], interval: 200ms, retries: 1}}\n  \
        api: {<<: *idle, depends_on: {db: {condition: service_healthy}}}\n  \
        web: {<<: *idle, depends_on: [api]}\n";
    project("why-unhealthy", services, |s| async move {
        s.hoist(&["up", "-d"]).await.ends_with(1);
        let said = first_line(&s, "db is unhealthy: its health check exited with status 1: refused").await;
        assert!(said.contains("api and web wait for it"), "{said}");
        assert!(said.contains("web waits until api has started, which waits until db is healthy"), "{said}");
        let web = why(&s, &["--format", "json", "web"]).await.stdout;
        let findings: serde_json::Value = serde_json::from_str(&web).expect("an array");
        let of = |service: &str| {
            let all = findings.as_array().expect("an array");
            all.iter().find(|finding| finding["service"] == service).expect("a finding").clone()
        };
        assert_eq!(of("web")["trouble"], "waiting");
        assert_eq!(of("web")["waits_for"], serde_json::json!(["api", "db"]));
        assert_eq!(of("db")["holds_up"], serde_json::json!(["api", "web"]));
    })
    .await;
}

#[tokio::test]
async fn a_dependency_that_can_never_be_healthy() {
    let services =
        "services: {a: {<<: *idle, command: ['true']}, b: {<<: *idle, depends_on: {a: {condition: service_healthy}}}}";
    project("why-never-healthy", services, |s| async move {
        s.hoist(&["up", "-d"]).await.ends_with(1);
        let said = first_line(&s, "b waits until a is healthy, but a exited with status 0\n").await;
        assert!(said.contains("service_completed_successfully"), "{said}");
    })
    .await;
}

#[tokio::test]
async fn a_job_that_failed() {
    let services = "services:\n  \
        job: {<<: *idle, command: [sh, -c, 'echo no table; exit 4']}\n  \
        web: {<<: *idle, depends_on: {job: {condition: service_completed_successfully}}}\n";
    project("why-job", services, |s| async move {
        s.hoist(&["up", "-d"]).await.ends_with(1);
        let said = first_line(&s, "job exited with status 4").await;
        assert!(said.contains("no table") && said.contains("web waits for it"), "{said}");
        assert!(said.contains("web waits until job has completed successfully"), "{said}");
    })
    .await;
}

/// A service whose probe is this; `up` does not wait for it.
fn probed(probe: &str) -> String {
    format!(
        "services: {{web: {{<<: *idle, healthcheck: {{test: {probe}, interval: 200ms, timeout: 1s, retries: 1}}}}}}"
    )
}

#[tokio::test]
async fn a_probe_that_takes_too_long() {
    project("why-timeout", &probed("[CMD, sleep, '30']"), |s| async move {
        s.up(&[]).await;
        let said = first_line(&s, "web is unhealthy: its health check exited with status -1").await;
        assert!(said.contains("hint: the health check takes longer than its `timeout`"), "{said}");
    })
    .await;
}

#[tokio::test]
async fn a_probe_whose_program_is_missing() {
    project("why-probe", &probed("[CMD, curl, 'http://localhost']"), |s| async move {
        s.up(&[]).await;
        let said = first_line(&s, "web is unhealthy: its health check exited with status ").await;
        assert!(said.contains("hint: its image does not have the program of the health check"), "{said}");
    })
    .await;
}

#[tokio::test]
async fn a_probe_that_asks_the_wrong_port() {
    project("why-wrong-port", &probed("[CMD, wget, '-qO-', 'http://127.0.0.1:81']"), |s| async move {
        s.up(&[]).await;
        let said = first_line(&s, "web is unhealthy: its health check exited with status 1: wget").await;
        assert!(said.contains("hint: nothing listens on the address of the health check"), "{said}");
    })
    .await;
}

#[tokio::test]
async fn a_container_that_the_engine_starts_again_and_again() {
    project(
        "why-loop",
        "services: {web: {<<: *idle, command: [sh, -c, 'echo again; exit 3'], restart: always}}",
        |s| async move {
            s.up(&[]).await;
            let said = first_line(&s, "web keeps exiting with status 3").await;
            assert!(said.contains("the engine restarted it ") && said.contains("again"), "{said}");
        },
    )
    .await;
}

#[tokio::test]
async fn what_happened_to_it_by_hand() {
    project("why-hands", "services: {web: *idle, db: *idle}", |s| async move {
        s.up(&[]).await;
        s.pause(&s.only("web").await.id).await;
        let said = first_line(&s, "web is paused").await;
        assert!(said.contains("hint: `hoist unpause web` resumes it"), "{said}");
        s.hoist(&["unpause", "web"]).await.ok();
        s.hoist(&["rm", "--stop", "--force", "db"]).await.ok();
        first_line(&s, "db has no container: it was removed, or never created").await;
    })
    .await;
}

#[tokio::test]
async fn a_network_that_is_gone() {
    project("why-network", "services: {web: {<<: *idle, networks: [back]}}\nnetworks: {back: {}}", |s| async move {
        s.up(&[]).await;
        s.hoist(&["stop", "--timeout", "0"]).await.ok();
        s.docker.remove_network(&s.named("back")).await.expect("nothing uses it");
        s.hoist(&["start"]).await.ends_with(1);
        let said = why(&s, &[]).await.stdout;
        let first = said.lines().next().unwrap_or_default();
        assert!(first.starts_with("web cannot start: network ") && first.ends_with(" not found"), "{said}");
        assert!(said.contains("hint: `hoist up -d web` makes anew what is missing"), "{said}");
        s.up(&[]).await;
        s.hoist(&["why"]).await.ok();
    })
    .await;
}

#[tokio::test]
async fn a_folder_where_a_file_is_mounted() {
    project("why-mount", "services: {web: {<<: *idle, volumes: ['./conf:/etc/passwd']}}", |s| async move {
        s.hoist(&["up", "-d"]).await.ends_with(1);
        let said = why(&s, &[]).await.stdout;
        let first = said.lines().next().unwrap_or_default();
        assert!(first.starts_with("web cannot start: ") && first.contains("/etc/passwd"), "{said}");
    })
    .await;
}

#[tokio::test]
async fn a_secret_whose_file_is_missing() {
    let services = "services: {web: {<<: *idle, secrets: [password]}}\nsecrets: {password: {file: ./password.txt}}";
    project("why-secret", services, |s| async move {
        s.hoist(&["up", "-d"]).await.ends_with(1);
        let file = s.folder().join("password.txt");
        first_line(&s, &format!("web has no container: the file {} does not exist", file.display())).await;
        s.write("password.txt", "x");
        s.up(&[]).await;
        std::fs::remove_file(&file).expect("it is there");
        let said = first_line(&s, &format!("web cannot be started again: the file {}", file.display())).await;
        assert!(said.contains("container hoist-test-why-secret-web-1\n"), "{said}");
    })
    .await;
}

#[tokio::test]
async fn files_that_say_something_else_by_now() {
    project("why-changed", "services: {web: {<<: *idle, environment: {MODE: old}}}", |s| async move {
        s.up(&[]).await;
        s.compose("services: {web: {<<: *idle, environment: {MODE: new}}}");
        let said = first_line(&s, "web is not what the files say: environment.MODE has changed").await;
        assert!(said.contains("environment.MODE: \"old\" → \"new\""), "{said}");
        assert!(said.contains("hint: `hoist up -d web` applies the files"), "{said}");
        s.compose("services: {web: {<<: *idle, environment: {MODE: new}, scale: 3}}");
        let said = first_line(&s, "web has 1 of 3 containers\n").await;
        assert!(said.contains("hint: `hoist up -d web` brings it up"), "{said}");
    })
    .await;
}

#[tokio::test]
async fn an_image_that_is_newer() {
    project(
        "why-newer",
        "services: {web: {<<: *idle, image: 'hoist-test-why:latest', pull_policy: never}}",
        |s| async move {
            s.foreign_tag("hoist-test-why").await;
            s.up(&[]).await;
            s.hoist(&["commit", "web", "hoist-test-why:latest"]).await.ok();
            first_line(&s, "web is not what the files say: there is a newer image").await;
        },
    )
    .await;
}

#[tokio::test]
async fn an_engine_that_is_away() {
    project("why-engine", "services: {web: *idle}", |s| async move {
        let mut command = s.command(&["why"]);
        command.env("DOCKER_HOST", "unix:///nonexistent/docker.sock");
        let ran = s.run(command).await.ends_with(1);
        assert!(
            ran.stderr.starts_with("cannot connect to a container engine at unix:///nonexistent/docker.sock"),
            "{ran:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_container_without_a_service() {
    project("why-orphan", "services: {web: *idle, old: *idle}", |s| async move {
        s.up(&[]).await;
        s.compose("services: {web: *idle}");
        let said = first_line(&s, "old is not in the files, but its container exists").await;
        assert!(said.contains("hint: `hoist up -d --remove-orphans` removes it"), "{said}");
    })
    .await;
}

#[tokio::test]
async fn a_hook_that_failed() {
    let services = "services: {web: {<<: *idle, pre_start: [{command: ['true']}, \
                    {command: [sh, -c, 'echo no config; exit 5']}]}}";
    project("why-hook", services, |s| async move {
        s.hoist(&["up", "-d"]).await.ends_with(1);
        let said = first_line(&s, "web cannot start: pre_start[1] exited with status 5").await;
        assert!(said.contains("no config"), "{said}");
    })
    .await;
}
