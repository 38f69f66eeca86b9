//! hoist as the plugin of a `docker` that is interrupted: `docker` closes its socket, and where the process group gets the
//! signal, hoist gets it too.
#![cfg(target_os = "linux")]

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::support::background::Background;
use crate::support::{Scenario, project};

/// It ends with 7 if it is stopped and with 137 if it is killed.
const SLOW: &str = r#"
services:
  slow:
    image: busybox:latest
    command: [sh, -c, "trap 'sleep 1; echo bye; exit 7' TERM; trap 'echo caught' INT; echo up; while :; do sleep 0.1; done"]
"#;

/// A run of hoist, and the connection that `docker` holds.
fn called_by_docker(s: &Scenario, arguments: &[&str]) -> (Background, UnixStream) {
    let name = format!("hoist_test_{}", s.project);
    let address = SocketAddr::from_abstract_name(&name).expect("a name");
    let docker = UnixListener::bind_addr(&address).expect("a socket");
    let mut command = Command::new(env!("CARGO_BIN_EXE_hoist"));
    command.arg0("docker-compose").arg("compose").args(arguments);
    s.surround(&mut command);
    command.env("DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND", "docker");
    command.env("DOCKER_CLI_PLUGIN_SOCKET", format!("@{name}"));
    let run = s.begin(command);
    let (connection, _) = docker.accept().expect("it connects");
    (run, connection)
}

async fn exit_code(s: &Scenario) -> Option<i64> {
    s.inspect("slow").await.state?.exit_code
}

#[tokio::test]
async fn a_signal_of_the_process_group_counts_once() {
    project("plugin-group", SLOW, |s| async move {
        for closes_first in [true, false] {
            let (up, docker) = called_by_docker(&s, &["up"]);
            s.shows(&up, "slow-1  | up").await;
            if closes_first {
                drop(docker);
                up.interrupt();
            } else {
                up.interrupt();
                drop(docker);
            }
            let up = up.end().await.ends_with(130);
            assert!(up.stdout.contains("bye") && !up.stderr.contains("Forcing"), "{closes_first}: {up:?}");
            assert_eq!(exit_code(&s).await, Some(7), "{closes_first}");
            s.hoist(&["down"]).await.ok();
        }
    })
    .await;
}

#[tokio::test]
async fn a_second_signal_forces() {
    project("plugin-twice", &SLOW.replace("sleep 1;", "sleep 60;"), |s| async move {
        let (up, docker) = called_by_docker(&s, &["up"]);
        s.shows(&up, "slow-1  | up").await;
        up.interrupt();
        drop(docker);
        s.shows(&up, "Gracefully").await;
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        up.interrupt();
        up.end().await.ends_with(130);
        assert_eq!(exit_code(&s).await, Some(137));
    })
    .await;
}

#[tokio::test]
async fn a_docker_that_ends_alone_stops() {
    project("plugin-alone", SLOW, |s| async move {
        let (up, docker) = called_by_docker(&s, &["up"]);
        s.shows(&up, "slow-1  | up").await;
        drop(docker);
        up.end().await.ends_with(130);
        assert_eq!(exit_code(&s).await, Some(7));

        let (run, docker) = called_by_docker(&s, &["run", "--rm", "-T", "slow"]);
        s.shows(&run, "up").await;
        drop(docker);
        let run = run.end().await.ends_with(7);
        assert!(run.stdout.contains("bye"), "{run:?}");
        assert!(s.one_offs().await.is_empty());

        s.hoist(&["up", "-d"]).await.ok();
        for arguments in [
            &["attach", "--no-stdin", "slow"][..],
            &["exec", "-T", "slow", "sleep", "60"],
            &["logs", "-f"],
            &["events"],
            &["stats"],
            &["wait", "slow"],
        ] {
            let (run, docker) = called_by_docker(&s, arguments);
            drop(docker);
            run.end().await.ends_with(130);
        }
        assert_eq!(s.states().await, ["slow/1 running"]);
    })
    .await;
}

#[tokio::test]
async fn an_attached_container_gets_the_signal_of_the_process_group() {
    let text = SLOW.replace("while :; do", "while :; do echo tick;");
    project("plugin-attach", &text, |s| async move {
        s.hoist(&["up", "-d"]).await.ok();
        let (mut attach, docker) = called_by_docker(&s, &["attach", "--no-stdin", "slow"]);
        s.shows(&attach, "tick").await;
        attach.interrupt();
        drop(docker);
        s.shows(&attach, "caught").await;
        s.goes_on(&mut attach).await;
        s.hoist(&["stop"]).await.ok();
        attach.end().await.ends_with(7);
    })
    .await;
}
