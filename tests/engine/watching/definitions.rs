//! The Compose files change while files are watched: it is told, and applied when that is wanted.

use super::{arrives, says};
use crate::support::project;
use crate::support::seat::Seat;

#[tokio::test]
async fn a_change_of_the_compose_files_is_told_and_r_applies_it() {
    let file = "services:\n  web: {<<: *idle, environment: {A: '${A:-1}'}, develop: {watch: [{path: ./src, action: sync, target: /app}]}}\n";
    project("watch-redefined", file, |s| async move {
        s.write("src/x", "");
        let mut command = s.command(&["watch"]);
        command.env("NO_COLOR", "1");
        let mut seat = Seat::new(command, 40, 160);
        seat.shows(&s, "Watch enabled").await;
        let old = s.only("web").await.id;
        s.write("src/x", "copied");
        arrives(&s, "web", "/app/x", "copied").await;
        // Without a key, nothing happens. A file of variables counts as well.
        s.compose(&file.replace("src,", "src"));
        seat.shows(&s, "The Compose files changed, and have mistakes now; what runs stays as it is:").await;
        s.compose(file);
        s.write(".env", "A=2\n");
        seat.shows(&s, "r in the menu, or another `up -d`, does this:").await;
        seat.shows(&s, "environment.A").await;
        seat.shows(&s, "r Apply Changes").await;
        assert_eq!(s.only("web").await.id, old);
        seat.types(b"r");
        seat.shows(&s, "The changed Compose files are applied").await;
        assert_ne!(s.only("web").await.id, old);
        assert_eq!(says(&s, "web", &["sh", "-c", "echo $A"]).await, "2\n");
        arrives(&s, "web", "/app/x", "copied").await;
        // The rules are those of the files.
        s.compose(&file.replace("./src", "./other").replace("services:\n", "services:\n  more: {<<: *idle}\n"));
        s.eventually("it is told", 20, || async {
            (seat.shown().matches("The Compose files changed").count() >= 3).then_some(())
        })
        .await;
        seat.types(b"r");
        seat.shows(&s, "Watching other -> /app (web: sync)").await;
        s.eventually("it watches again", 20, || async {
            (seat.shown().matches("Watch enabled").count() >= 3).then_some(())
        })
        .await;
        s.write("other/y", "1");
        arrives(&s, "web", "/app/y", "1").await;
        assert_eq!(s.only("more").await.service, "more");
        s.compose(&file.replace("./src", "./other"));
        s.eventually("it is told", 20, || async {
            (seat.shown().matches("The Compose files changed").count() >= 4).then_some(())
        })
        .await;
        seat.types(b"r");
        seat.shows(&s, "No longer in the Compose files: \"more\"; their containers go with").await;
        seat.types(b"\x03");
        assert_eq!(seat.ends(&s).await, 130);
    })
    .await;
}

#[tokio::test]
async fn mistakes_in_the_compose_files_are_shown_without_escape_codes() {
    let file = "services:\n  web: {<<: *idle, develop: {watch: [{path: ./src, action: sync, target: /app}]}}\n";
    project("watch-mistakes", file, |s| async move {
        s.write("src/x", "");
        let mut seat = Seat::new(s.command(&["watch"]), 40, 160);
        seat.shows(&s, "Watch enabled").await;
        s.compose(&file.replace("develop", "devlop"));
        seat.shows(&s, "did you mean `develop`?").await;
        assert!(!seat.shown().contains('␛'), "{}", seat.shown());
        seat.types(b"\x03");
        assert_eq!(seat.ends(&s).await, 130);
    })
    .await;
}

#[tokio::test]
async fn an_attached_up_shows_and_stops_what_was_added_meanwhile() {
    let idle = |says: &str| format!("{{<<: *idle, command: [sh, -c, 'echo {says}; exec sleep 600']");
    let watched = |folder: &str| format!(", develop: {{watch: [{{path: ./{folder}, action: sync, target: /app}}]}}}}");
    let before = format!("services:\n  web: {}{}\n  old: {}}}\n", idle("hello"), watched("src"), idle("bye"));
    let after = format!("services:\n  web: {}{}\n  more: {}}}\n", idle("hello"), watched("other"), idle("more too"));
    project("watch-added", &before, |s| async move {
        s.write("src/x", "");
        s.write("other/x", "");
        let mut command = s.command(&["up", "--watch"]);
        command.env("NO_COLOR", "1");
        let mut seat = Seat::new(command, 40, 160);
        seat.shows(&s, "web-1  | hello").await;
        seat.shows(&s, "Watch enabled").await;
        s.compose(&after);
        seat.shows(&s, "r Apply Changes").await;
        seat.types(b"r");
        seat.shows(&s, "more-1  | more too").await;
        seat.shows(&s, "Watching other -> /app (web: sync)").await;
        let syncs = async |seat: &Seat, times: usize| {
            s.eventually("it watches again", 20, || async {
                (seat.shown().matches("Watch enabled").count() == times).then_some(())
            })
            .await;
            s.write("other/x", &times.to_string());
            arrives(&s, "web", "/app/x", &times.to_string()).await;
        };
        syncs(&seat, 2).await;
        // What was applied stays so, even if watching is switched off in between.
        seat.types(b"w");
        seat.shows(&s, "Watch disabled").await;
        seat.types(b"w");
        syncs(&seat, 3).await;
        assert_eq!(s.states().await, ["more/1 running", "old/1 running", "web/1 running"]);
        seat.types(b"\x03");
        assert_eq!(seat.ends(&s).await, 130);
        assert_eq!(s.states().await, ["more/1 exited", "old/1 exited", "web/1 exited"]);
    })
    .await;
}
