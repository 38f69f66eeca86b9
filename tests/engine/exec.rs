//! `exec` and `attach`: statuses, input and output as they are, and a terminal of its own.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::seat::{Seat, resize};
use crate::support::{Ran, Scenario, project};

const WEB: &str = "services: {web: {<<: *idle, scale: 2}}\n";

#[tokio::test]
async fn a_command_has_its_status_variables_user_folder_and_container() {
    project("exec-flags", WEB, |s| async move {
        s.up(&[]).await;
        let ran = s.hoist(&["exec", "web", "sh", "-c", "echo out; echo err >&2; exit 5"]).await.ends_with(5);
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("out\n", "err\n"));
        s.write(".env", "FROM_FILE=file\n");
        let print = "echo $A-$FROM_FILE-$UNSET $(id -un) $PWD";
        let flags = ["-e", "A=1", "-e", "FROM_FILE", "-e", "UNSET", "-u", "nobody", "-w", "/tmp"];
        let ran = s.hoist(&[&["exec"], &flags[..], &["web", "sh", "-c", print]].concat()).await.ok();
        assert_eq!(ran.stdout, "1-file- nobody /tmp\n");
        let replicas = s.replicas().await;
        for replica in replicas.iter().filter(|replica| replica.service == "web") {
            let index = format!("--index={}", replica.number);
            let ran = s.hoist(&["exec", &index, "web", "hostname"]).await.ok();
            assert_eq!(ran.stdout.trim(), &replica.id[..12]);
        }
        s.hoist(&["exec", "--index", "3", "web", "true"])
            .await
            .ends_with(1)
            .says("service \"web\" is not running container #3");
        s.hoist(&["exec", "db", "true"]).await.ends_with(1).says("service \"db\" is not running");
        s.hoist(&["exec", "-u", "ghost", "web", "true"]).await.ends_with(1).says("ghost");
        assert!(s.hoist(&["exec", "web", "ghost"]).await.ends_with(127).stdout.contains("not found"));
        s.hoist(&["exec", "web", "/etc"]).await.ends_with(126);
        s.hoist(&["exec", "-d", "web", "sh", "-c", "touch /done; exit 3"]).await.ok();
        s.eventually("the command in the background runs", 20, || async {
            (s.hoist(&["exec", "web", "ls", "/done"]).await.status == 0).then_some(())
        })
        .await;
        s.hoist(&["exec", "-d", "web", "ghost"]).await.ends_with(1);
    })
    .await;
}

/// Runs a shell script in which `$HOIST` is the binary.
async fn shell(s: &Scenario, script: &str) -> Ran {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    s.surround(&mut command);
    command.env("HOIST", env!("CARGO_BIN_EXE_hoist"));
    s.run(command).await
}

#[tokio::test]
async fn bytes_go_through_as_they_are() {
    project("exec-bytes", WEB, |s| async move {
        s.up(&[]).await;
        let there = "head -c 30000000 /dev/urandom > data; sha256sum < data; $HOIST exec -T web sha256sum < data";
        let ran = shell(&s, there).await.ok();
        let sums: Vec<_> = ran.stdout.split_whitespace().filter(|word| *word != "-").collect();
        assert_eq!(sums[0], sums[1], "piped in");
        let ran = shell(&s, "$HOIST exec -T web cat < data | cmp - data && echo same").await.ok();
        assert_eq!(ran.stdout, "same\n", "there and back");
        let ran = shell(&s, "yes | $HOIST exec -T web head -c 1000000 | wc -c").await.ok();
        assert_eq!(ran.stdout.trim(), "1000000");
        shell(&s, "$HOIST exec -T web yes | head -n 1").await.ok().does_not_say("error");
        let lines = "seq 3 | while read line; do $HOIST exec -T -i=false web echo $line; done";
        assert_eq!(shell(&s, lines).await.ok().stdout, "1\n2\n3\n", "the input is left to the loop");
    })
    .await;
}

#[tokio::test]
async fn a_command_ends_with_its_container() {
    project("exec-restart", WEB, |s| async move {
        s.up(&[]).await;
        let run = s.background(&["exec", "-T", "web", "sh", "-c", "echo begun; exec sleep 600"]);
        s.shows(&run, "begun").await;
        s.hoist(&["restart", "-t", "0", "web"]).await.ok();
        assert_ne!(run.end().await.status, 0);
    })
    .await;
}

#[tokio::test]
async fn a_program_in_a_terminal() {
    project("exec-terminal", WEB, |s| async move {
        s.up(&[]).await;
        let mut seat = Seat::new(s.command(&["exec", "web", "sh", "-c", "stty size; exec sh"]), 33, 99);
        seat.shows(&s, "33 99").await;
        assert!(seat.is_raw());
        seat.types(b"echo $((6*7)); sleep 600\r");
        seat.shows(&s, "42").await;
        seat.types(b"\x03");
        resize(&seat.master, 44, 88);
        window_change(&seat.child);
        s.eventually("the new size arrives", 20, || async {
            let mut keys = &seat.master;
            keys.write_all(b"stty size\r").expect("a terminal takes keys");
            tokio::time::sleep(Duration::from_millis(100)).await;
            seat.shown().contains("44 88").then_some(())
        })
        .await;
        seat.types(b"top -d 1\r");
        seat.shows(&s, "Load average").await;
        seat.types(b"q");
        seat.types(b"exit 9\r");
        assert_eq!(seat.ends(&s).await, 9);
        let mut seat = Seat::new(s.command(&["exec", "-it", "web", "cat"]), 20, 80);
        s.eventually("the terminal is raw", 20, || async { seat.is_raw().then_some(()) }).await;
        seat.types(b"hello\r\x04");
        assert_eq!(seat.ends(&s).await, 0);
        assert!(seat.shown().contains("hello\r\nhello"), "{:?}", seat.shown());
        let mut seat = Seat::new(s.command(&["exec", "web", "sh"]), 20, 80);
        seat.shows(&s, "#").await;
        seat.types(b"\x10\x11");
        assert_eq!(seat.ends(&s).await, 1);
        assert!(seat.shown().ends_with("read escape sequence\r\n"), "{:?}", seat.shown());
        let mut seat = Seat::new(s.command(&["exec", "web", "sleep", "600"]), 20, 80);
        s.eventually("the terminal is raw", 20, || async { seat.is_raw().then_some(()) }).await;
        signal(&seat.child, "TERM");
        assert_eq!(seat.ends(&s).await, 130);
    })
    .await;
}

#[tokio::test]
async fn full_screen_programs_work() {
    project("exec-screen", WEB, |s| async move {
        s.up(&[]).await;
        let edit = async |command: &[&str], file: &str| {
            let mut seat = Seat::new(s.command(&[command, &["vi", file]].concat()), 24, 80);
            // Its status line has the name of the file.
            seat.shows(&s, file).await;
            seat.types(b"ifirst\rsecond\x1b");
            // A key that comes with the Escape would belong to it.
            seat.shows(&s, &format!("- {file} [Modified]")).await;
            seat.types(b"kx:wq\r");
            assert_eq!(seat.ends(&s).await, 0);
        };
        edit(&["exec", "-it", "web"], "/tmp/note").await;
        assert_eq!(s.hoist(&["exec", "web", "cat", "/tmp/note"]).await.ok().stdout, "firs\nsecond\n");
        let here = format!("{}:/here", s.folder().display());
        edit(&["run", "-it", "--rm", "--no-deps", "-v", &here, "web"], "/here/note").await;
        assert_eq!(std::fs::read_to_string(s.folder().join("note")).expect("it was written"), "firs\nsecond\n");
        let mut seat = Seat::new(s.command(&["run", "-it", "--rm", "--no-deps", "web", "top", "-d", "1"]), 30, 90);
        seat.shows(&s, "Load average").await;
        seat.types(b"q");
        assert_eq!(seat.ends(&s).await, 0);
        assert_eq!(s.states().await, ["web/1 running", "web/2 running"], "nothing is left behind");
    })
    .await;
}

/// Tells a process that its terminal has another size: it is not the session's leader, whom the system tells.
fn window_change(child: &Child) {
    signal(child, "WINCH");
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &child.id().to_string()]).status();
    assert!(sent.expect("there is `kill`").success(), "the process is there");
}

const ATTACHED: &str = r#"
services:
  plain: {<<: *idle, stdin_open: true, command: [sh, -c, 'trap "echo hup" HUP; trap "exit 6" TERM; echo ready > /ready; while read line; do echo "got $$line"; done; exit 3']}
  tty: {<<: *idle, stdin_open: true, tty: true, command: [sh]}
"#;

#[tokio::test]
async fn attached_containers_get_input_and_signals() {
    project("exec-attach", ATTACHED, |s| async move {
        s.up(&[]).await;
        s.hoist(&["attach", "tty"])
            .await
            .ends_with(1)
            .says("cannot attach stdin to a TTY-enabled container because stdin is not a terminal");
        let mut command = s.command(&["attach", "plain"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the binary starts");
        let mut input = child.stdin.take().expect("it is piped");
        let mut output = child.stdout.take().expect("it is piped");
        input.write_all(b"one\n").expect("it reads");
        drop(input);
        let mut answer = [0; 8];
        output.read_exact(&mut answer).expect("it answers");
        assert_eq!(&answer, b"got one\n");
        signal(&child, "TERM");
        let look = || async { s.only("plain").await.state.eq("exited").then_some(()) };
        // A shell acts on a signal when what it reads has come.
        s.hoist(&["kill", "-s", "KILL", "plain"]).await;
        s.eventually("the container ends", 20, look).await;
        let ended = tokio::task::spawn_blocking(move || child.wait()).await.expect("the task runs").expect("it ends");
        assert!(matches!(ended.code(), Some(6 | 137)), "{ended:?}");
        let mut seat = Seat::new(s.command(&["attach", "--detach-keys", "ctrl-x", "tty"]), 20, 80);
        s.eventually("the terminal is raw", 20, || async { seat.is_raw().then_some(()) }).await;
        seat.types(b"echo $((6*7))\r");
        seat.shows(&s, "42").await;
        seat.types(b"\x18");
        assert_eq!(seat.ends(&s).await, 1);
        assert!(seat.shown().ends_with("read escape sequence\r\n"), "{:?}", seat.shown());
        assert_eq!(s.only("tty").await.state, "running");
    })
    .await;
}
