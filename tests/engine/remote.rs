//! Engines on other machines. What stands in for `ssh` logs in nowhere: it notes its arguments, and connects to the
//! engine of this machine.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::support::{Scenario, project};

/// Ends at once with the socket, as ssh does; perl is part of every Debian.
const STAND_IN: &str = r#"#!/bin/sh
printf '%s\n' "$*" >>"$HOME/logins"
exec perl -MIO::Select -MIO::Socket::UNIX -e '
    my $engine = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "cannot reach $ARGV[0]: $!\n";
    my $open = IO::Select->new(\*STDIN, $engine);
    while (my @ready = $open->can_read) {
        for my $from (@ready) {
            my $read = sysread($from, my $bytes, 65536);
            if (!$read) { exit if $from == $engine; $open->remove($from); $engine->shutdown(1); next }
            my $to = $from == $engine ? \*STDOUT : $engine;
            for (my $at = 0; $at < $read;) { $at += syswrite($to, $bytes, $read - $at, $at) // exit }
        }
    }
' "SOCKET"
"#;

/// `hoist ARGUMENTS` where `ssh` is that script and the engine at that address.
fn through_ssh(s: &Scenario, script: &str, host: &str, arguments: &[&str]) -> Command {
    let address = std::env::var("DOCKER_HOST").unwrap_or_default();
    let socket = address.strip_prefix("unix://").unwrap_or("/var/run/docker.sock");
    s.write("bin/ssh", &script.replace("SOCKET", socket));
    let program = s.folder().join("bin/ssh");
    std::fs::set_permissions(program, std::fs::Permissions::from_mode(0o755)).expect("a mode can be set");
    let mut command = s.command(arguments);
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{}:{path}", s.folder().join("bin").display())).env("DOCKER_HOST", host);
    command
}

#[tokio::test]
async fn an_engine_behind_ssh() {
    let file = r#"
services:
  db: {<<: *idle, healthcheck: {test: [CMD, "true"], interval: 200ms}, post_start: [{command: [touch, /done]}]}
  app: {<<: *idle, depends_on: {db: {condition: service_healthy}}, command: [sh, -c, "echo hello; exec sleep 600"]}
"#;
    project("ssh", file, |s| async move {
        let far = |arguments: &[&str]| through_ssh(&s, STAND_IN, "ssh://me@far:2222", arguments);
        s.run(far(&["up", "-d"])).await.ok();
        assert_eq!(s.states().await, ["app/1 running", "db/1 running"]);
        assert!(s.run(far(&["logs"])).await.ok().stdout.contains("hello"));
        assert_eq!(s.run(far(&["plan", "--steps"])).await.ok().stdout.trim(), "nothing to do");
        s.run(far(&["down"])).await.ok();
        assert_eq!(s.states().await, [""; 0]);

        let logins = std::fs::read_to_string(s.folder().join("logins")).expect("ssh was called");
        let wanted = "-T -o ConnectTimeout=15 -o BatchMode=yes -l me -p 2222 -- far docker system dial-stdio";
        assert!(logins.lines().all(|login| login == wanted), "{logins}");
    })
    .await;
}

#[tokio::test]
async fn a_login_that_fails_says_why_and_what_to_do() {
    project("ssh-refused", "services: {web: *idle}\n", |s| async move {
        let refused = "#!/bin/sh\necho 'me@far: Permission denied (publickey).' >&2\nexit 255\n";
        s.run(through_ssh(&s, refused, "ssh://me@far", &["up", "-d"]))
            .await
            .ends_with(1)
            .says("cannot connect to a container engine at ssh://me@far: me@far: Permission denied (publickey).")
            .says("hint: `ssh ssh://me@far docker version` must work without a prompt");
        let silent = "#!/bin/sh\nexit 3\n";
        let ran = s.run(through_ssh(&s, silent, "ssh://far", &["ps"])).await.ends_with(1);
        ran.says("cannot connect to a container engine at ssh://far: ssh exited with exit status: 3");
        let chatty = "#!/bin/sh\necho 'Welcome to far!'\nexec cat\n";
        let ran = s.run(through_ssh(&s, chatty, "ssh://far", &["ps"])).await.ends_with(1);
        ran.says("unexpected response instead of the engine's: \"Welcome to far!");
    })
    .await;
}
