//! The keys of an attached `up`: detaching, Ctrl-C and Ctrl-Z, while it waits and when all run.

use std::process::Command;

use crate::support::seat::Seat;
use crate::support::{Scenario, project};

const WEB: &str = "services: {web: {<<: *idle, command: [sh, -c, 'echo hello; exec sleep 600']}}\n";

/// `web` waits for `db`, which is healthy once the scenario says so.
const WAITS: &str = r"
services:
  db: {<<: *idle, healthcheck: {test: [CMD, test, -e, /tmp/healthy], interval: 200ms, retries: 1000}}
  web: {<<: *idle, depends_on: {db: {condition: service_healthy}}}
";

/// `up` in plain letters.
fn up(s: &Scenario, arguments: &[&str]) -> Command {
    let mut command = s.command(&[&["up"], arguments].concat());
    command.env("NO_COLOR", "1");
    command
}

/// Waits until the terminal has shown `text` that many times.
async fn shows_times(s: &Scenario, seat: &Seat, text: &str, times: usize) {
    let what = format!("`{text}` is shown {times} times");
    s.eventually(&what, 20, || async { (seat.shown().matches(text).count() >= times).then_some(()) }).await;
}

#[tokio::test]
async fn d_leaves_all_running() {
    project("menu-detach", WEB, |s| async move {
        let mut seat = Seat::new(up(&s, &[]), 24, 80);
        seat.shows(&s, "web-1  | hello").await;
        seat.shows(&s, "Detach").await;
        assert!(seat.is_raw());
        seat.types(b"xd");
        assert_eq!(seat.ends(&s).await, 0);
        assert_eq!(s.states().await, ["web/1 running"]);
    })
    .await;
}

#[tokio::test]
async fn d_leaves_what_waits_for_the_health_of_another() {
    project("menu-wait", WAITS, |s| async move {
        let mut seat = Seat::new(up(&s, &[]), 24, 80);
        seat.shows(&s, "Waiting").await;
        seat.types(b"d");
        assert_eq!(seat.ends(&s).await, 0);
        seat.shows(&s, "\"web\" was not started, because it waits for \"db\"").await;
        assert_eq!(s.states().await, ["db/1 running", "web/1 created"]);
        s.hoist(&["exec", "db", "touch", "/tmp/healthy"]).await.ok();
        s.up(&[]).await;
        assert_eq!(s.states().await, ["db/1 running", "web/1 running"]);
    })
    .await;
}

#[tokio::test]
async fn ctrl_c_stops_and_the_second_one_kills() {
    let stubborn = "services:\n  web:\n    image: busybox:latest\n    stop_grace_period: 10m\n    \
                    command: [sh, -c, 'trap \"echo no\" TERM; echo hello; while :; do sleep 0.1; done']\n";
    project("menu-interrupt", stubborn, |s| async move {
        let mut seat = Seat::new(up(&s, &[]), 24, 80);
        seat.shows(&s, "web-1  | hello").await;
        // In a terminal that does not control the process, the key is no signal.
        seat.types(b"\x03");
        seat.shows(&s, "Gracefully Stopping... press Ctrl+C again to force").await;
        seat.shows(&s, "web-1  | no").await;
        // There is nothing to detach from any more.
        seat.types(b"d\x03");
        assert_eq!(seat.ends(&s).await, 130);
        assert_eq!(s.states().await, ["web/1 exited"]);
    })
    .await;
}

#[tokio::test]
async fn ctrl_z_gives_the_terminal_back_and_fg_goes_on() {
    project("menu-suspend", WAITS, |s| async move {
        let mut seat = Seat::shell(&s, 24, 80);
        seat.shows(&s, "$ ").await;
        seat.types(b"NO_COLOR=1 $HOIST up\r");
        seat.shows(&s, "Waiting").await;
        seat.shows(&s, "Detach").await;
        seat.types(b"\x1a");
        seat.shows(&s, "Stopped").await;
        seat.types(b"stty -a\r");
        seat.shows(&s, " icanon").await;
        seat.shows(&s, " echo ").await;
        let menus = seat.shown().matches("Detach").count();
        seat.types(b"fg\r");
        shows_times(&s, &seat, "Detach", menus + 1).await;
        assert!(seat.is_raw());
        // In the background it works on, and leaves the keyboard alone.
        seat.types(b"\x1a");
        shows_times(&s, &seat, "Stopped", 2).await;
        seat.types(b"bg\r");
        s.hoist(&["exec", "db", "touch", "/tmp/healthy"]).await.ok();
        s.reach(&["db/1 running", "web/1 running"]).await;
        seat.types(b"echo $((6*7))\r");
        seat.shows(&s, "42").await;
        let menus = seat.shown().matches("Detach").count();
        seat.types(b"fg\r");
        shows_times(&s, &seat, "Detach", menus + 1).await;
        seat.types(b"\x03");
        s.reach(&["db/1 exited", "web/1 exited"]).await;
        // What is typed earlier is for the menu.
        s.eventually("the shell's prompt", 20, || async { seat.shown().ends_with("$ ").then_some(()) }).await;
        seat.types(b"exit 5\r");
        assert_eq!(seat.ends(&s).await, 5);
    })
    .await;
}

#[tokio::test]
async fn without_a_menu_the_terminal_is_left_alone() {
    project("menu-off", WEB, |s| async move {
        let off = |name: &str, value: &str, arguments: &[&str]| {
            let mut command = s.command(arguments);
            command.env("NO_COLOR", "1").env(name, value);
            command
        };
        for command in [
            off("A", "b", &["up", "--menu=false"]),
            off("COMPOSE_MENU", "no", &["up"]),
            off("COMPOSE_MENU", "1", &["up", "--menu=f"]),
            off("A", "b", &["--progress", "plain", "up", "--menu"]),
        ] {
            let mut seat = Seat::new(command, 24, 80);
            seat.shows(&s, "web-1  | hello").await;
            assert!(!seat.is_raw() && !seat.shown().contains("Detach"), "{:?}", seat.shown());
            let stopped = Command::new("kill").args(["-INT", &seat.child.id().to_string()]).status();
            assert!(stopped.expect("there is `kill`").success());
            assert_eq!(seat.ends(&s).await, 130);
        }
        s.compose(&WEB.replace("exec sleep 600", "exit"));
        let told = "standard input is not a terminal, so there is no menu";
        s.hoist(&["up", "--menu"]).await.ok().says(told);
        s.hoist(&["up"]).await.ok().does_not_say(told);
    })
    .await;
}
