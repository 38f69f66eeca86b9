//! The examples come up, answer and go down; the one that is a program comes through beside somebody else.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::page::page;
use crate::support::port::free_port;
use crate::support::proxy::Fault;
use crate::support::{Scenario, copy_folder, project, scenario};

/// Copies an example into the scenario's folder and gives back the port of its page. Its ports of the host
/// become free ones: the example itself may be up.
pub(crate) fn copy(s: &Scenario, example: &str) -> u16 {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(example);
    copy_folder(&from, s.folder());
    let file = s.folder().join("compose.yaml");
    let text = fs::read_to_string(&file).expect("the example has a Compose file");
    let (page, cassandra) = (free_port(), free_port());
    let moved = ["8000:80", "8088:8080", "7070:8080"].iter().fold(text, |text, port| {
        let inside = port.split(':').next_back().expect("what follows a colon");
        text.replace(&format!("\"{port}\""), &format!("\"{page}:{inside}\""))
    });
    let moved = moved.replace("\"9042:9042\"", &format!("\"{cassandra}:9042\""));
    fs::write(&file, moved).expect("a file can be written");
    page
}

#[tokio::test]
async fn wordpress_serves_its_page_and_keeps_its_data() {
    scenario("wordpress", &[], |s| async move {
        let port = copy(&s, "wordpress");
        s.hoist(&["up", "-d"]).await.ok();
        let answer = s.eventually("the page", 60, || page(port, "/")).await;
        assert!(answer.contains("WordPress"), "{answer}");
        let volumes = ["hoist-test-wordpress_db_data", "hoist-test-wordpress_wordpress_data"];
        assert_eq!(s.volumes().await, volumes);
        let db = s.only("db").await.id;
        let listed = s.exec(&db, &["ls", "/var/lib/mysql"]).await;
        assert!(listed.contains("site"), "the database is in its volume: {listed}");
        s.exec(&db, &["sh", "-c", "echo kept > /var/lib/mysql/hoist-was-here"]).await;

        let before = s.ids().await;
        s.hoist(&["up", "-d"]).await.ok();
        assert_eq!(s.ids().await, before, "nothing to do");

        s.hoist(&["down"]).await.ok();
        assert!(s.replicas().await.is_empty() && s.networks().await.is_empty());
        assert_eq!(s.volumes().await, volumes);

        s.hoist(&["up", "-d"]).await.ok();
        let db = s.only("db").await.id;
        assert_eq!(s.exec(&db, &["cat", "/var/lib/mysql/hoist-was-here"]).await, "kept\n");
        s.eventually("the page again", 60, || page(port, "/")).await;

        s.hoist(&["down", "--volumes"]).await.ok();
        assert!(s.is_gone().await);
    })
    .await;
}

#[tokio::test]
async fn conditions_runs_its_chain_and_serves_the_page() {
    scenario("conditions", &[], |s| async move {
        let port = copy(&s, "conditions");
        s.hoist(&["up", "-d"]).await.ok();
        assert_eq!(s.states().await, ["app/1 running", "cassandra/1 running", "schema/1 exited"]);
        s.eventually("the page", 20, || page(port, "/")).await;
        s.hoist(&["down", "--volumes"]).await.ok();
        assert!(s.is_gone().await);
    })
    .await;
}

#[tokio::test]
async fn crane_is_built_and_only_its_application_recreated_after_a_change() {
    scenario("crane", &[], |s| async move {
        let port = copy(&s, "crane");
        s.hoist(&["up", "-d", "--build"]).await.ok();
        assert_eq!(s.only("crane-app").await.name, "crane-server");
        s.eventually("the page", 30, || page(port, "/")).await;
        let (app, database) = (s.only("crane-app").await.id, s.only("crane-mysql").await.id);

        s.hoist(&["up", "-d", "--build"]).await.ok();
        assert_eq!(s.only("crane-app").await.id, app, "the same source builds the same image");

        let source = s.folder().join("src/index.html.in");
        let text = fs::read_to_string(&source).expect("the page's source");
        fs::write(&source, text.replace("the crane", "the tall crane")).expect("it can be written");
        s.hoist(&["up", "-d", "--build"]).await.ok();
        assert_ne!(s.only("crane-app").await.id, app, "the application is made anew");
        assert_eq!(s.only("crane-mysql").await.id, database, "its database is left alone");
        let answer = s.eventually("the new page", 30, || page(port, "/")).await;
        assert!(answer.contains("the tall crane"), "{answer}");

        s.hoist(&["down", "--volumes"]).await.ok();
        assert!(s.is_gone().await);
    })
    .await;
}

/// The program `examples/up.rs`, built beside the tests.
async fn up_program() -> PathBuf {
    let build = || {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let mut command = Command::new(cargo);
        command.args(["build", "--quiet", "--message-format=json", "--example", "up", "--manifest-path"]).arg(manifest);
        let built = command.output().expect("cargo can be started");
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let messages = String::from_utf8_lossy(&built.stdout).into_owned();
        let messages = messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        let mut programs = messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from));
        programs.next_back().expect("cargo names the program")
    };
    tokio::task::spawn_blocking(build).await.expect("the task runs")
}

/// Runs that program in the project's folder.
fn up_command(s: &Scenario, program: &Path) -> Command {
    let mut command = Command::new(program);
    s.surround(&mut command);
    command
}

const ONE: &str = "services: {one: {<<: *idle}}\n";

#[tokio::test]
async fn the_program_up_comes_through_where_somebody_removes_its_container_before_the_start() {
    let program = up_program().await;
    project("example-removed", ONE, |s| async move {
        let calm = s.disturbed_command(up_command(&s, &program), None).await;
        calm.ran.ok();
        let is_start = |call: &String| call.ends_with("/start");
        let start = 1 + calm.calls.iter().position(is_start).expect("the container is started");
        s.hoist(&["down"]).await.ok();

        let disturbed = s.disturbed_command(up_command(&s, &program), Some((start, Fault::Remove))).await;
        disturbed.ran.ok();
        let starts = disturbed.calls.iter().filter(|call| is_start(call)).count();
        assert_eq!(starts, 2, "it planned again: {:#?}", disturbed.calls);
        assert_eq!(s.states().await, ["one/1 running"]);
        s.is_settled().await;
    })
    .await;
}

#[tokio::test]
async fn two_of_the_program_up_at_once_both_end_well() {
    let program = up_program().await;
    let services = "services: {one: {<<: *idle, volumes: ['data:/data']}, two: {<<: *idle, depends_on: [one]}}\n\
                    volumes: {data: {}}\n";
    project("example-twice", services, |s| async move {
        let (first, second) = tokio::join!(s.run(up_command(&s, &program)), s.run(up_command(&s, &program)));
        first.ok();
        second.ok();
        assert_eq!(s.states().await, ["one/1 running", "two/1 running"]);
        s.is_settled().await;
    })
    .await;
}
