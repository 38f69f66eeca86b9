//! Ctrl-C while an engine does not answer.

use std::os::unix::net::UnixListener;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long hoist may take to end.
const SOON: Duration = Duration::from_secs(20);

fn interrupt(child: &Child) {
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("there is a `kill`");
    assert!(sent.success());
}

fn ended(child: &mut Child) -> Option<ExitStatus> {
    child.try_wait().expect("the child is ours")
}

/// Lets some time pass, in which it is seen whether hoist has ended.
#[expect(clippy::disallowed_methods, reason = "nothing tells a parent without a runtime that its child ended")]
fn pass(time: Duration) {
    std::thread::sleep(time);
}

/// Interrupts hoist again and again until it has ended; what it ended with, and after how many times.
fn interrupts_until_end(child: &mut Child) -> (Option<i32>, usize) {
    let began = Instant::now();
    let mut count = 0;
    loop {
        if let Some(status) = ended(child) {
            return (status.code(), count);
        }
        assert!(began.elapsed() < SOON, "it does not end");
        interrupt(child);
        count += 1;
        let next = Instant::now() + Duration::from_secs(3);
        while ended(child).is_none() && Instant::now() < next {
            pass(Duration::from_millis(20));
        }
    }
}

/// Whether programs that this one starts begin with SIGINT ignored. Only Linux tells.
fn interrupts_are_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 0b10 != 0)
}

#[test]
fn an_engine_that_does_not_answer_keeps_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("engine.sock");
    let listener = UnixListener::bind(&socket).expect("a socket");
    std::fs::write(folder.path().join("compose.yaml"), "services: {web: {image: a}}\n").expect("a file");
    for (arguments, most) in
        [(&["logs"][..], 1), (&["logs", "-f"], 1), (&["up"], 3), (&["up", "-d"], 3), (&["down"], 3)]
    {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hoist"))
            .args(arguments)
            .current_dir(folder.path())
            .env("DOCKER_HOST", format!("unix://{}", socket.display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("hoist starts");
        // Once it has asked, it has begun to listen to signals, or ends with them as every program does.
        let (_question, _) = listener.accept().expect("it connects");
        let (status, count) = interrupts_until_end(&mut child);
        assert!(status.is_none_or(|status| status == 130), "{arguments:?}: {status:?}");
        // A shell without job control starts what runs in the background with interrupts ignored; then one that comes
        // before hoist listens is lost.
        let most = most + usize::from(interrupts_are_ignored());
        assert!(count <= most, "{arguments:?}: ended after {count} interrupts");
    }
}

/// `docker` closes its socket when it is interrupted and its output is no terminal.
#[cfg(target_os = "linux")]
#[test]
fn the_end_of_docker_is_an_interruption() {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::SocketAddr;
    use std::os::unix::process::CommandExt;

    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("engine.sock");
    let engine = UnixListener::bind(&socket).expect("a socket");
    std::fs::write(folder.path().join("compose.yaml"), "services: {web: {image: a}}\n").expect("a file");
    let name = format!("hoist_test_{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).expect("a name");
    let docker = UnixListener::bind_addr(&address).expect("a socket");
    for command in ["logs", "ps"] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hoist"))
            .arg0("docker-compose")
            .args(["compose", command])
            .current_dir(folder.path())
            .env("DOCKER_HOST", format!("unix://{}", socket.display()))
            .env("DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND", "docker")
            .env("DOCKER_CLI_PLUGIN_SOCKET", format!("@{name}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("hoist starts");
        let (connection, _) = docker.accept().expect("it connects");
        let (_question, _) = engine.accept().expect("it asks");
        assert_eq!(ended(&mut child), None, "{command}");
        drop(connection);
        let began = Instant::now();
        let status = loop {
            if let Some(status) = ended(&mut child) {
                break status;
            }
            assert!(began.elapsed() < SOON, "{command} does not end");
            pass(Duration::from_millis(20));
        };
        assert_eq!(status.code(), Some(130), "{command}");
    }
}
