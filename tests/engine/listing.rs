//! `ps` and `logs` with their flags.

use crate::support::project;

const THREE: &str = r#"
services:
  web: {<<: *idle, scale: 2, command: [sh, -c, "echo one; echo two; echo three; exec sleep 600"]}
  quiet: {<<: *idle, attach: false, command: [sh, -c, "echo hidden; exec sleep 600"]}
  job: {<<: *idle, command: [sh, -c, "echo done; exit 3"]}
"#;

#[tokio::test]
async fn ps_filters_by_service_state_and_form() {
    project("list-ps", THREE, |s| async move {
        s.up(&[]).await;
        s.reach(&["job/1 exited", "quiet/1 running", "web/1 running", "web/2 running"]).await;
        let names = async |arguments: &[&str]| {
            let rows = s.hoist(&[&["ps", "--format", "json"], arguments].concat()).await.ok().stdout;
            let name = |line: &str| {
                let row: serde_json::Value = serde_json::from_str(line).expect("an object per line");
                row["Name"].as_str().expect("a name").replace("hoist-test-list-ps-", "")
            };
            rows.lines().map(name).collect::<Vec<_>>()
        };
        assert_eq!(names(&[]).await, ["quiet-1", "web-1", "web-2"]);
        assert_eq!(names(&["-a"]).await, ["job-1", "quiet-1", "web-1", "web-2"]);
        assert_eq!(names(&["web"]).await, ["web-1", "web-2"]);
        assert_eq!(names(&["--status", "exited"]).await, ["job-1"]);
        assert_eq!(names(&["--filter", "status=exited"]).await, ["job-1"]);
        assert_eq!(names(&["--status", "exited", "--status", "running", "job", "quiet"]).await, ["job-1", "quiet-1"]);
        let services = s.hoist(&["ps", "--services"]).await.ok().stdout;
        assert_eq!(services.split_whitespace().collect::<Vec<_>>(), ["quiet", "web"]);
        let ids = s.hoist(&["ps", "-q", "web"]).await.ok().stdout;
        assert_eq!(ids.lines().count(), 2);
        s.hoist(&["ps", "nope"]).await.ends_with(1).says("no such service: nope");
        s.hoist(&["ps", "--filter", "color=red"]).await.ends_with(1).says("unknown filter color");
    })
    .await;
}

#[tokio::test]
async fn ps_follows_templates_as_the_peer_does() {
    let file = r#"
services:
  web:
    <<: *idle
    ports: ["127.0.0.1::80", "9000"]
    healthcheck: {test: ["CMD", "true"], interval: 1s}
    labels: {com.example.my-label: "x<y"}
    volumes: [/anonymous]
  job: {<<: *idle, command: [sh, -c, "printf 'one\ntwo'; exit 3"]}
"#;
    project("list-format", file, |s| async move {
        s.up(&["--wait", "web"]).await;
        s.up(&["job"]).await;
        s.reach(&["job/1 exited", "web/1 running"]).await;
        for format in [
            "{{.Name}}",
            r"{{.Service}}\t{{.State}}\t{{.Health}}\t{{.Ports}}\t{{.ExitCode}}",
            r"table {{.Name}}\t{{.Image}}\t{{.Publishers}}",
            r#"table {{upper .Service}}\t{{.Label "com.example.my-label"}}\t"#,
            "{{range .Publishers}}{{.URL}}:{{.PublishedPort}}->{{.TargetPort}} {{end}}",
            "{{.ID}} {{.Command}} {{.LocalVolumes}} {{.Mounts}} {{.Networks}} {{.Project}} {{.Size}} {{.CreatedAt}}",
            r#"{{if eq .State "running"}}up{{else}}down{{end}} {{printf "%-10s|" .Service}} {{json .Publishers}}"#,
            "pretty",
        ] {
            let ours = s.hoist(&["ps", "-a", "--format", format]).await.ok().stdout;
            let theirs = s.peer(&["ps", "-a", "--format", format]).await.ok().stdout;
            assert_eq!(ours, theirs, "{format}");
        }
        let raw = s.hoist(&["ps", "job", "-a", "--format", "raw"]).await.ok().stdout;
        assert!(raw.contains("names: hoist-test-list-format-job-1\n") && raw.ends_with("\nports:\n\n"), "{raw}");
        let wrong = s.hoist(&["ps", "--format", "{{.Nam}}"]).await.ends_with(1);
        assert_eq!(wrong.stderr, "template parsing error: can't evaluate field Nam: did you mean .Name?\n");
        // What Docker's configuration has for all listings.
        s.write(".docker/config.json", r#"{"psFormat": "{{.Service}}!"}"#);
        assert_eq!(s.hoist(&["ps"]).await.ok().stdout, "web!\n");
        assert!(s.hoist(&["ps", "--format", "table"]).await.ok().stdout.starts_with("NAME "));
    })
    .await;
}

#[tokio::test]
async fn ps_shows_orphans_unless_told_not_to() {
    project("list-orphans", THREE, |s| async move {
        s.up(&[]).await;
        s.reach(&["job/1 exited", "quiet/1 running", "web/1 running", "web/2 running"]).await;
        s.compose("services: {web: {<<: *idle}}\n");
        assert_eq!(s.hoist(&["ps", "-q"]).await.ok().stdout.lines().count(), 3);
        assert_eq!(s.hoist(&["ps", "-q", "--orphans=false"]).await.ok().stdout.lines().count(), 2);
    })
    .await;
}

#[tokio::test]
async fn logs_leave_out_what_is_not_attached_unless_it_is_named() {
    project("list-attach", THREE, |s| async move {
        s.up(&[]).await;
        s.writes("quiet", "hidden").await;
        s.writes("job", "done").await;
        let logs = s.hoist(&["logs"]).await.ok().stdout;
        assert!(!logs.contains("hidden") && logs.contains("job-1  | done"), "{logs}");
        let logs = s.hoist(&["logs", "quiet"]).await.ok().stdout;
        assert!(logs.contains("quiet-1  | hidden"), "{logs}");
    })
    .await;
}

#[tokio::test]
async fn logs_take_one_replica_and_the_last_lines() {
    project("list-index", THREE, |s| async move {
        s.up(&[]).await;
        s.eventually("both write", 20, || async {
            let logs = s.hoist(&["logs", "web"]).await.ok().stdout;
            (logs.matches("three").count() == 2).then_some(())
        })
        .await;
        let second = s.hoist(&["logs", "--index", "2", "web"]).await.ok().stdout;
        assert!(second.contains("web-2  | one") && !second.contains("web-1"), "{second}");
        s.hoist(&["logs", "--index", "2"]).await.ends_with(1).says("--index requires one service to be selected");
        let none = s.hoist(&["logs", "--index", "7", "web"]).await.ends_with(1);
        none.says("service \"web\" is not running container #7");
        let tail = s.hoist(&["logs", "-n", "2", "--index", "1", "--no-log-prefix", "web"]).await.ok().stdout;
        assert_eq!(tail, "two\nthree\n");
        let tail = s.hoist(&["logs", "--tail", "0", "web"]).await.ok().stdout;
        assert_eq!(tail, "");
    })
    .await;
}

#[tokio::test]
async fn logs_choose_by_time_and_show_it() {
    let file = "services: {web: {<<: *idle, command: [sh, -c, \"echo early; sleep 2; echo late; exec sleep 600\"]}}\n";
    project("list-time", file, |s| async move {
        s.up(&[]).await;
        s.writes("web", "late").await;
        let stamped = s.hoist(&["logs", "-t", "--no-log-prefix"]).await.ok().stdout;
        let times: Vec<_> = stamped.lines().filter_map(|line| line.split_whitespace().next()).collect();
        assert_eq!(times.len(), 2);
        let since = s.hoist(&["logs", "--no-log-prefix", "--since", times[1]]).await.ok().stdout;
        assert_eq!(since, "late\n");
        let until = s.hoist(&["logs", "--no-log-prefix", "--until", times[0]]).await.ok().stdout;
        assert_eq!(until, "early\n");
        let ago = s.hoist(&["logs", "--no-log-prefix", "--since", "10m"]).await.ok().stdout;
        assert_eq!(ago, "early\nlate\n");
        s.hoist(&["logs", "--since", "yesterday"]).await.ends_with(1).says("yesterday");
    })
    .await;
}

#[tokio::test]
async fn logs_end_with_their_last_words() {
    // A last line without its end.
    let file = "services: {web: {<<: *idle, command: [sh, -c, \"echo one; printf two\"]}}\n";
    project("list-words", file, |s| async move {
        s.up(&[]).await;
        s.reach(&["web/1 exited"]).await;
        assert!(s.hoist(&["logs", "--no-log-prefix"]).await.ok().stdout.starts_with("one\ntwo"));
        // Following waits for the container to start again; the last line comes all the same.
        let logs = s.background(&["logs", "-f", "--no-log-prefix"]);
        s.shows(&logs, "one\ntwo").await;
        assert!(logs.stdout().starts_with("one\ntwo"), "{}", logs.stdout());
    })
    .await;
}

#[tokio::test]
async fn following_goes_on_after_a_restart() {
    let file = "services: {web: {<<: *idle, command: [sh, -c, \"echo begun; exec sleep 600\"]}}\n";
    project("list-restart", file, |s| async move {
        s.up(&[]).await;
        s.writes("web", "begun").await;
        let logs = s.background(&["logs", "-f", "--no-log-prefix"]);
        s.shows(&logs, "begun\n").await;
        let id = s.only("web").await.id;
        let options = bollard::query_parameters::RestartContainerOptionsBuilder::default().t(0).build();
        s.docker.restart_container(&id, Some(options)).await.expect("it can be restarted");
        let seen = || logs.stdout().lines().filter(|line| *line == "begun").count();
        s.eventually("both are seen", 20, || async { (seen() == 2).then_some(()) }).await;
    })
    .await;
}

#[tokio::test]
async fn following_goes_on_with_new_replicas() {
    let file = "services: {web: {<<: *idle, command: [sh, -c, \"echo begun; exec sleep 600\"]}}\n";
    project("list-scale", file, |s| async move {
        s.up(&[]).await;
        s.writes("web", "begun").await;
        let logs = s.background(&["logs", "-f"]);
        s.shows(&logs, "web-1  | begun\n").await;
        s.up(&["--scale", "web=2"]).await;
        s.shows(&logs, "web-2  | begun\n").await;
        assert_eq!(logs.stdout().matches("| begun\n").count(), 2, "each once: {}", logs.stdout());
    })
    .await;
}

#[tokio::test]
async fn a_terminal_is_read_as_it_is() {
    let file = "services: {web: {<<: *idle, tty: true, command: [sh, -c, \"echo raw; exec sleep 600\"]}}\n";
    project("list-tty", file, |s| async move {
        s.up(&[]).await;
        s.writes("web", "raw").await;
        let logs = s.hoist(&["logs", "--no-log-prefix"]).await.ok().stdout;
        assert_eq!(logs.replace('\r', ""), "raw\n");
    })
    .await;
}

#[tokio::test]
async fn a_log_that_cannot_be_read_is_told_of() {
    let file = "services: {web: {<<: *idle, logging: {driver: none}}}\n";
    project("list-none", file, |s| async move {
        s.up(&[]).await;
        let ran = s.hoist(&["logs"]).await.ok();
        assert!(format!("{}{}", ran.stdout, ran.stderr).contains("web-1"), "{ran:?}");
    })
    .await;
}
