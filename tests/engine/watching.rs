//! `watch`: what a change of a file does with the containers.

mod definitions;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use crate::support::background::Background;
use crate::support::seat::Seat;
use crate::support::{Scenario, project, scenario};

/// Begins to watch; the images are there, and nothing is missed from then on.
async fn watch(s: &Scenario, arguments: &[&str]) -> Background {
    let watch = s.background(&[&["watch"], arguments].concat());
    s.shows(&watch, "Watch enabled").await;
    watch
}

/// What a command says in the only container of a service; nothing if it fails, or the container is just not there.
async fn says(s: &Scenario, service: &str, command: &[&str]) -> String {
    let replicas = s.replicas().await;
    let Some(replica) = replicas.iter().find(|replica| replica.service == service && replica.state == "running") else {
        return String::new();
    };
    s.try_exec(&replica.id, command).await.unwrap_or_default()
}

/// Waits until a file in the container of a service has that content.
async fn arrives(s: &Scenario, service: &str, path: &str, content: &str) {
    let has = || async { (says(s, service, &["cat", path]).await == content).then_some(()) };
    s.eventually(&format!("{path} of {service} is `{content}`"), 30, has).await;
}

/// Waits until there is nothing at a path in the container of a service.
async fn goes(s: &Scenario, service: &str, path: &str) {
    let check = format!("test -e {path} || test -L {path} || echo gone");
    let gone = || async { (says(s, service, &["sh", "-c", &check]).await.trim() == "gone").then_some(()) };
    s.eventually(&format!("{path} of {service} is gone"), 30, gone).await;
}

/// Ends it with Ctrl-C.
async fn stop(watch: Background) -> String {
    watch.interrupt();
    let ran = watch.end().await.ends_with(130).prints("Watch disabled");
    [ran.stdout, ran.stderr].concat()
}

fn remove(s: &Scenario, path: &str) {
    let path = s.folder().join(path);
    if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.expect("it can be removed");
}

#[tokio::test]
async fn files_folders_and_links_are_copied_and_removed() {
    let file = "services:\n  web: {<<: *idle, develop: {watch: [{path: ./src, action: sync, target: /app, ignore: [node_modules/, '**/*.log']}]}}\n";
    project("watch-sync", file, |s| async move {
        s.write("src/old", "old");
        s.write("src/node_modules/m", "host");
        let watch = watch(&s, &[]).await;
        assert_eq!(
            says(&s, "web", &["sh", "-c", "ls /app 2> /dev/null"]).await,
            "",
            "nothing is copied before it changes"
        );
        s.write("src/a", "1");
        arrives(&s, "web", "/app/a", "1").await;
        s.write("src/a", "2");
        s.write("src/deep/er/b", "b");
        symlink("deep/er/b", s.folder().join("src/link")).expect("a link");
        arrives(&s, "web", "/app/a", "2").await;
        arrives(&s, "web", "/app/link", "b").await;
        // What is ignored is neither copied nor removed.
        s.exec(
            &s.only("web").await.id,
            &["sh", "-c", "mkdir /app/node_modules; echo own > /app/node_modules/m; echo own > /app/deep/x.log"],
        )
        .await;
        s.write("src/node_modules/m", "changed");
        s.write("src/deep/x.log", "host");
        remove(&s, "src/link");
        remove(&s, "src/deep");
        remove(&s, "src/node_modules");
        s.write("src/after", "x");
        arrives(&s, "web", "/app/after", "x").await;
        goes(&s, "web", "/app/link").await;
        goes(&s, "web", "/app/deep/er").await;
        arrives(&s, "web", "/app/deep/x.log", "own\n").await;
        arrives(&s, "web", "/app/node_modules/m", "own\n").await;
        // A folder takes the place of a file, and the reverse.
        remove(&s, "src/a");
        s.write("src/a/in", "folder");
        arrives(&s, "web", "/app/a/in", "folder").await;
        fs::rename(s.folder().join("src/a"), s.folder().join("elsewhere")).expect("renamed");
        s.write("src/a", "file");
        arrives(&s, "web", "/app/a", "file").await;
        let shown = stop(watch).await;
        assert!(shown.contains("Watching src -> /app (web: sync)\n"), "{shown}");
        assert!(shown.contains("Syncing service \"web\" after 1 changes were detected\n"), "{shown}");
        assert_eq!(says(&s, "web", &["sh", "-c", "cat /app/old 2> /dev/null"]).await, "");
        assert_eq!(s.states().await, ["web/1 running"]);
    })
    .await;
}

#[tokio::test]
async fn several_services_and_rules_may_watch_one_path_each_as_it_says() {
    let file = r"
services:
  one: {<<: *idle, scale: 2, develop: {watch: [{path: ., action: sync, target: /app, include: 'src/**/*.js', ignore: src/gen}, {path: ./src, action: sync, target: /all}]}}
  two: {<<: *idle, develop: {watch: [{path: ./src, action: sync, target: /app, ignore: '*.js'}]}}
";
    project("watch-rules", file, |s| async move {
        s.write("src/x", "");
        let watch = watch(&s, &[]).await;
        s.write("src/gen/g.js", "g");
        s.write("src/a.js", "a");
        s.write("src/b.css", "b");
        for (service, path, content) in [
            ("one", "/app/src/a.js", "a"),
            ("one", "/all/a.js", "a"),
            ("one", "/all/gen/g.js", "g"),
            ("two", "/app/b.css", "b"),
        ] {
            arrives(&s, service, path, content).await;
        }
        // Their own files are never copied.
        s.write("compose.yaml.swp~", "x");
        for replica in s.replicas().await.iter().filter(|replica| replica.service == "one") {
            assert_eq!(s.exec(&replica.id, &["sh", "-c", "cd /app && find . -type f"]).await, "./src/a.js\n");
        }
        assert_eq!(says(&s, "two", &["sh", "-c", "ls /app"]).await, "b.css\ngen\n");
        stop(watch).await;
    })
    .await;
}

#[tokio::test]
async fn a_service_is_restarted_once_for_a_save_and_a_command_runs_after_the_copy() {
    let file = r"
services:
  restarts: {<<: *idle, command: [sh, -c, 'echo begun; exec sleep 600'], develop: {watch: [{path: ./conf, action: restart}]}}
  both: {<<: *idle, command: [sh, -c, 'echo begun; exec sleep 600'], develop: {watch: [{path: ./conf, action: sync+restart, target: /conf}]}}
  execs:
    <<: *idle
    develop: {watch: [{path: ./conf, action: sync+exec, target: /conf, exec: {command: [sh, -c, 'echo it is $(cat /conf/a) $$WHO; exit 3'], environment: [WHO=you]}}]}
";
    let file = file.replace("$(", "$$(");
    project("watch-restart", &file, |s| async move {
        s.write("conf/a", "1");
        let watch = watch(&s, &[]).await;
        s.write("conf/a", "2");
        s.write("conf/b", "2");
        s.shows(&watch, "service(s) [\"restarts\"] restarted").await;
        s.shows(&watch, "service(s) [\"both\"] restarted").await;
        s.shows(&watch, "it is 2 you").await;
        s.shows(&watch, "service \"execs\": the command of its watch rule ended with status 3").await;
        arrives(&s, "both", "/conf/b", "2").await;
        for service in ["restarts", "both"] {
            assert_eq!(s.output_of(service).await.matches("begun").count(), 2, "{service} was restarted once");
        }
        stop(watch).await;
    })
    .await;
}

const BUILT: &str = r"
services:
  app:
    build: {context: app}
    command: [sleep, '600']
    stop_grace_period: 0s
    develop:
      watch:
        - {path: ./app, action: rebuild, ignore: live}
        - {path: ./app/live, action: sync, target: /live}
  other: {<<: *idle, develop: {watch: [{path: ./app/src, action: sync, target: /src}]}}
  db: *idle
";

#[tokio::test]
async fn an_image_is_rebuilt_for_its_service_and_delays_no_other() {
    project("watch-rebuild", BUILT, |s| async move {
        s.write("app/Dockerfile", "FROM busybox\nCOPY . /app\nRUN test ! -e /app/src/slow || sleep 3\n");
        s.write("app/.dockerignore", "ignored\nDockerfile\n.dockerignore\n");
        s.write("app/src/a", "1");
        s.write("app/live/x", "1");
        let watch = watch(&s, &[]).await;
        arrives(&s, "app", "/app/src/a", "1").await;
        let (other, db, app) = (s.only("other").await.id, s.only("db").await.id, s.only("app").await.id);
        // A slow build: what is copied elsewhere is there before.
        s.write("app/ignored", "x");
        s.write("app/src/slow", "x");
        s.write("app/src/a", "2");
        arrives(&s, "other", "/src/a", "2").await;
        let shown = watch.stdout();
        assert!(!shown.contains("successfully built"), "it is still being built: {shown}");
        arrives(&s, "app", "/app/src/a", "2").await;
        s.shows(&watch, "service(s) [\"app\"] successfully built").await;
        assert_eq!(watch.stdout().matches("Rebuilding service(s) [\"app\"] after changes were detected...").count(), 1);
        assert_ne!(s.only("app").await.id, app);
        remove(&s, "app/src/slow");
        s.eventually("it is built again", 60, || async {
            (watch.stdout().matches("successfully built").count() == 2
                && !says(&s, "app", &["ls", "/app"]).await.is_empty())
            .then_some(())
        })
        .await;
        // What is copied goes into the new container.
        s.write("app/live/x", "2");
        arrives(&s, "app", "/live/x", "2").await;
        // A build that fails leaves everything as it is, and the next one may be better.
        let before = s.only("app").await.id;
        s.write("app/Dockerfile", "FROM busybox\nRUN exit 7\n");
        s.shows(&watch, "Build failed. Error: ").await;
        assert_eq!(s.only("app").await.id, before);
        s.write("app/Dockerfile", "FROM busybox\nRUN echo fixed > /state\n");
        arrives(&s, "app", "/state", "fixed\n").await;
        assert_eq!((s.only("other").await.id, s.only("db").await.id), (other, db));
        stop(watch).await;
        let nameless = format!("label=com.docker.compose.project={}", s.project);
        let list = std::process::Command::new("docker")
            .args(["images", "-q", "--filter", "dangling=true", "--filter", &nameless])
            .output();
        if let Ok(list) = list {
            assert_eq!(String::from_utf8_lossy(&list.stdout), "", "images that lost their name are removed");
        }
    })
    .await;
}

#[tokio::test]
async fn paths_may_appear_later_and_lead_elsewhere() {
    let file = "services:\n  web: {<<: *idle, develop: {watch: [{path: ./later/src, action: sync, target: /later}, {path: ./current/x, action: sync, target: /current}]}}\n";
    project("watch-paths", file, |s| async move {
        s.write("one/x/a", "one");
        s.write("two/x/a", "two");
        symlink("one", s.folder().join("current")).expect("a link");
        let watch = watch(&s, &[]).await;
        s.shows(&watch, "later/src does not exist; it is watched once it does").await;
        s.write("later/src/a", "1");
        arrives(&s, "web", "/later/a", "1").await;
        fs::rename(s.folder().join("later"), s.folder().join("away")).expect("renamed");
        goes(&s, "web", "/later/a").await;
        s.write("later/src/b", "2");
        arrives(&s, "web", "/later/b", "2").await;
        s.write("one/x/a", "changed");
        arrives(&s, "web", "/current/a", "changed").await;
        stop(watch).await;
    })
    .await;
}

#[tokio::test]
async fn new_containers_get_what_was_copied_and_what_is_copied_at_the_start() {
    let file = "services:\n  web: {<<: *idle, develop: {watch: [{path: ./src, action: sync, target: /app, initial_sync: true, ignore: no}, {path: ./more, action: sync, target: /more}]}}\n";
    project("watch-new", file, |s| async move {
        s.write("src/a", "1");
        s.write("src/no/b", "1");
        s.write("more/m", "1");
        let watch = watch(&s, &[]).await;
        assert_eq!(says(&s, "web", &["sh", "-c", "cd /app && find . -type f"]).await, "./a\n");
        s.write("more/m", "2");
        arrives(&s, "web", "/more/m", "2").await;
        let old = s.only("web").await.id;
        s.up(&["--force-recreate"]).await;
        assert_ne!(s.only("web").await.id, old);
        arrives(&s, "web", "/app/a", "1").await;
        arrives(&s, "web", "/more/m", "2").await;
        s.up(&["--scale", "web=2"]).await;
        s.eventually("the second replica has it", 20, || async {
            let replicas = s.replicas().await;
            for replica in &replicas {
                if s.try_exec(&replica.id, &["cat", "/app/a", "/more/m"]).await.ok().as_deref() != Some("12") {
                    return None;
                }
            }
            (replicas.len() == 2).then_some(())
        })
        .await;
        stop(watch).await;
    })
    .await;
}

#[tokio::test]
async fn a_copy_that_fails_says_so_and_is_made_up_for() {
    let file = "services:\n  web: {<<: *idle, develop: {watch: [{path: ./src, action: sync, target: /app}]}}\n";
    project("watch-retry", file, |s| async move {
        s.write("src/x", "");
        let watch = watch(&s, &[]).await;
        let web = s.only("web").await.id;
        s.exec(&web, &["sh", "-c", "echo in the way > /app"]).await;
        s.write("src/a", "1");
        s.shows(&watch, "Syncing service \"web\" failed, and is tried again with the next change: ").await;
        s.exec(&web, &["rm", "/app"]).await;
        s.write("src/b", "2");
        arrives(&s, "web", "/app/b", "2").await;
        arrives(&s, "web", "/app/a", "1").await;
        stop(watch).await;
    })
    .await;
}

#[tokio::test]
async fn ten_thousand_files_arrive_whole() {
    let file = "services:\n  web: {<<: *idle, develop: {watch: [{path: ./src, action: sync, target: /app}]}}\n";
    project("watch-many", file, |s| async move {
        s.write("src/x", "");
        let watch = watch(&s, &[]).await;
        for number in 0..10_000 {
            s.write(&format!("src/{}/f{number}", number % 100), &number.to_string());
        }
        let count =
            || async { (says(&s, "web", &["sh", "-c", "find /app -type f | wc -l"]).await == "10000\n").then_some(()) };
        s.eventually("all are there", 60, count).await;
        for number in (0..100).filter(|number| *number != 7) {
            remove(&s, &format!("src/{number}"));
        }
        let count =
            || async { (says(&s, "web", &["sh", "-c", "find /app -type f | wc -l"]).await == "100\n").then_some(()) };
        s.eventually("only some are left", 60, count).await;
        arrives(&s, "web", "/app/7/f9907", "9907").await;
        stop(watch).await;
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_watched_is_told_and_one_process_watches() {
    let file = r"
services:
  web: {<<: *idle, volumes: ['./src:/app'], develop: {watch: [{path: ./src, action: sync, target: /app}, {path: ./conf, action: restart}]}}
  plain: *idle
  nothing: {<<: *idle, develop: {watch: [{path: ., action: rebuild}]}}
";
    project("watch-told", file, |s| async move {
        s.write("src/x", "");
        s.write("conf/x", "");
        let told = "none of the selected services is configured for watch, consider setting a 'develop' section";
        s.hoist(&["watch", "plain"]).await.ends_with(1).says(told);
        s.hoist(&["up", "--watch", "plain"]).await.ends_with(1).says(told);
        s.hoist(&["watch"])
            .await
            .ends_with(1)
            .says("can't watch service \"nothing\" with action rebuild without a build context");
        s.hoist(&["watch", "missing"]).await.ends_with(1).says("no such service: missing");
        s.hoist(&["watch", "--dry-run", "web"]).await.ok();
        assert!(s.states().await.is_empty());
        let first = watch(&s, &["--no-up", "web"]).await;
        assert!(s.states().await.is_empty(), "nothing is started");
        let refused = s.hoist(&["watch", "web"]).await.ends_with(1);
        let refused =
            refused.says("cannot take exclusive lock for project \"hoist-test-watch-told\": process with PID ");
        assert!(refused.stderr.contains(" is still running"), "{}", refused.stderr);
        let shown = stop(first).await;
        assert!(shown.contains("src' also declared by a bind mount volume, this path won't be monitored!"), "{shown}");
        stop(watch(&s, &["web"]).await).await;
        assert_eq!(s.states().await, ["web/1 running"]);
    })
    .await;
}

#[tokio::test]
async fn an_attached_up_watches_too_and_goes_on_after_a_crash() {
    let file = r"
services:
  web:
    <<: *idle
    command: [sh, -c, 'cat /app/run 2> /dev/null || { echo nothing yet; exit 5; }; exec sleep 600']
    develop: {watch: [{path: ./src, action: sync+restart, target: /app}]}
";
    project("watch-up", file, |s| async move {
        s.write("src/x", "");
        let up = s.background(&["up", "--watch"]);
        s.shows(&up, "web-1  | nothing yet").await;
        s.shows(&up, " \u{29bf} Watch enabled").await;
        s.shows(&up, "web-1 exited with code 5").await;
        s.write("src/run", "it runs\n");
        s.shows(&up, "web-1  | it runs").await;
        s.shows(&up, " \u{29bf} service(s) [\"web\"] restarted").await;
        up.interrupt();
        let ran = up.end().await.ends_with(130);
        assert!(
            ran.stdout.contains("       \u{29bf} Syncing service \"web\" after 1 changes were detected\n"),
            "{}",
            ran.stdout
        );
        assert_eq!(s.states().await, ["web/1 exited"]);
    })
    .await;
}

#[tokio::test]
async fn w_begins_and_ends_it() {
    let file = "services:\n  web: {<<: *idle, command: [sh, -c, 'echo hello; exec sleep 600'], develop: {watch: [{path: ./src, action: sync, target: /app}]}}\n";
    project("watch-menu", file, |s| async move {
        s.write("src/x", "");
        let plain = |arguments: &[&str]| {
            let mut command = s.command(arguments);
            command.env("NO_COLOR", "1");
            command
        };
        let mut seat = Seat::new(plain(&["up"]), 24, 80);
        seat.shows(&s, "web-1  | hello").await;
        seat.shows(&s, "w Enable Watch   d Detach").await;
        seat.types(b"w");
        seat.shows(&s, "Watch enabled").await;
        seat.shows(&s, "w Disable Watch   d Detach").await;
        s.write("src/a", "1");
        arrives(&s, "web", "/app/a", "1").await;
        seat.types(b"w");
        seat.shows(&s, "Watch disabled").await;
        s.write("src/b", "1");
        seat.types(b"w");
        s.eventually("it watches again", 20, || async {
            (seat.shown().matches("Watch enabled").count() >= 2).then_some(())
        })
        .await;
        s.write("src/c", "1");
        arrives(&s, "web", "/app/c", "1").await;
        goes(&s, "web", "/app/b").await;
        seat.types(b"d");
        assert_eq!(seat.ends(&s).await, 0);
        s.compose("services: {web: {<<: *idle, command: [sh, -c, 'echo hello; exec sleep 600']}}\n");
        let mut seat = Seat::new(plain(&["up"]), 24, 120);
        seat.shows(&s, "w Enable Watch   d Detach").await;
        seat.types(b"w");
        seat.shows(&s, "none of the selected services is configured for watch").await;
        seat.types(b"d");
        assert_eq!(seat.ends(&s).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_container_is_told_of_no_file_that_its_image_ignores() {
    let files = [
        (
            "compose.yaml",
            "services:\n  app: {build: ., command: [sleep, '600'], stop_grace_period: 0s, develop: {watch: [{path: ., action: sync, target: /app}]}}\n",
        ),
        ("Dockerfile", "FROM busybox\n"),
        (".dockerignore", "*\n!src\nsrc/secret\n"),
        ("src/a", ""),
    ];
    scenario("watch-ignored", &files, |s| async move {
        let watch = watch(&s, &["--quiet"]).await;
        s.write("other", "x");
        s.write("src/secret", "x");
        s.write("src/a", "1");
        arrives(&s, "app", "/app/src/a", "1").await;
        assert_eq!(says(&s, "app", &["sh", "-c", "cd /app && find . -type f"]).await, "./src/a\n");
        // The file that says so may change.
        s.write(".dockerignore", "*\n!src\n!other\n");
        arrives(&s, "app", "/app/other", "x").await;
        arrives(&s, "app", "/app/src/secret", "x").await;
        stop(watch).await;
    })
    .await;
}

#[tokio::test]
async fn a_folder_with_files_of_the_container_does_not_become_a_file() {
    let file = "services:\n  web: {<<: *idle, develop: {watch: [{path: ./src, action: sync, target: /app, ignore: \
                ['**/*.log']}]}}\n";
    project("watch-folder", file, |s| async move {
        s.write("src/x", "");
        let watch = watch(&s, &[]).await;
        s.write("src/d/f", "1");
        arrives(&s, "web", "/app/d/f", "1").await;
        says(&s, "web", &["touch", "/app/d/own.log"]).await;
        fs::remove_dir_all(s.folder().join("src/d")).expect("it is ours");
        s.write("src/d", "file");
        s.shows(&watch, "/app/d is a folder with files of the container in it").await;
        stop(watch).await;
    })
    .await;
}

/// A command of a user who may read only what modes permit. For root, `setpriv` of util-linux takes the right to read
/// everything away.
fn as_modes_permit(s: &Scenario, command: Command) -> Command {
    let shut = s.folder().join("shut");
    fs::write(&shut, "").expect("a file");
    permit(&shut, 0o000);
    if fs::read(&shut).is_err() {
        return command;
    }
    let mut wrapped = Command::new("setpriv");
    wrapped.arg("--bounding-set=-dac_override,-dac_read_search");
    wrapped.arg(command.get_program()).args(command.get_args());
    s.surround(&mut wrapped);
    wrapped
}

fn permit(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
}

#[tokio::test]
async fn what_cannot_be_read_is_told_and_the_rest_goes_on() {
    let file = "services:\n  web: {<<: *idle, develop: {watch: [{path: ./src, action: sync, target: /app}]}}\n";
    project("watch-unreadable", file, |s| async move {
        let (shut, also) = (s.folder().join("src/shut"), s.folder().join("src/also"));
        s.write("src/shut/f", "1");
        s.write("src/also/f", "1");
        permit(&shut, 0o000);
        permit(&also, 0o000);
        let watch = s.begin(as_modes_permit(&s, s.command(&["watch"])));
        s.shows(&watch, "src/shut: Permission denied").await;
        s.shows(&watch, "src/also: Permission denied").await;
        s.shows(&watch, "Watch enabled").await;
        s.write("src/f", "1");
        arrives(&s, "web", "/app/f", "1").await;
        // A file that cannot be read does not keep the others from being copied.
        s.write("secret", "x");
        permit(&s.folder().join("secret"), 0o000);
        fs::rename(s.folder().join("secret"), s.folder().join("src/secret")).expect("renamed");
        s.shows(&watch, "secret: permission denied").await;
        s.write("src/f", "2");
        arrives(&s, "web", "/app/f", "2").await;
        permit(&s.folder().join("src/secret"), 0o600);
        arrives(&s, "web", "/app/secret", "x").await;
        // Once it can be read, it is watched; what cannot be read any more is not gone.
        permit(&shut, 0o755);
        s.write("src/shut/f", "2");
        arrives(&s, "web", "/app/shut/f", "2").await;
        permit(&shut, 0o000);
        s.eventually("it is told again", 20, || async {
            (watch.stderr().matches("src/shut: Permission denied").count() == 2).then_some(())
        })
        .await;
        s.write("src/f", "3");
        arrives(&s, "web", "/app/f", "3").await;
        assert_eq!(says(&s, "web", &["cat", "/app/shut/f"]).await, "2");
        permit(&shut, 0o755);
        permit(&also, 0o755);
        stop(watch).await;
    })
    .await;
}
