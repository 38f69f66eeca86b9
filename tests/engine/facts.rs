//! `images`, `ls`, `volumes`, `port`, `top`, `stats`, `events`, `graph` and `viz`, beside Docker Compose: what every version of it
//! prints is compared with the one that the bed has; what only the newest does, with its recorded answers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::support::{Scenario, project};

const SHOP: &str = r#"
services:
  web:
    <<: *idle
    scale: 2
    ports: ["127.0.0.1::80", "127.0.0.1::9000", "127.0.0.1::53/udp"]
    expose: ["84"]
    volumes: ["data:/data", "/anonymous"]
    labels: {com.example.a: "x<y"}
    depends_on: [db]
  db: {<<: *idle, volumes: ["dbdata:/var"]}
  job: {<<: *idle, command: ["true"]}
volumes:
  data: {labels: {a: "1"}}
  dbdata: {}
  unused: {}
"#;

async fn shop(s: &Arc<Scenario>) {
    s.up(&[]).await;
    s.reach(&["db/1 running", "job/1 exited", "web/1 running", "web/2 running"]).await;
}

/// Runs both, which must print the same; the messages may have a hint more.
async fn same(s: &Arc<Scenario>, arguments: &[&str]) {
    same_but(s, arguments, str::to_owned).await;
}

/// The same for what `view` leaves of standard output.
async fn same_but(s: &Arc<Scenario>, arguments: &[&str], view: impl Fn(&str) -> String) {
    let (ours, theirs) = (s.hoist(arguments).await, s.peer(arguments).await);
    assert_eq!(view(&ours.stdout), view(&theirs.stdout), "{arguments:?}");
    assert_eq!(ours.status, theirs.status, "{arguments:?}: {} {}", ours.stderr, theirs.stderr);
    assert!(ours.stderr.starts_with(theirs.stderr.trim_end()), "{arguments:?}: {} {}", ours.stderr, theirs.stderr);
}

/// The recorded answers of Docker Compose 5.6.1, by test and arguments.
type Answers = BTreeMap<String, BTreeMap<String, Answer>>;

/// What it printed, with everything masked that differs from run to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Answer {
    stdout: String,
    stderr: String,
    status: i32,
}

/// Compares hoist with the recorded answer of Docker Compose 5.6.1. With `HOIST_RECORD=1` it is recorded first, from the
/// program that `HOIST_PEER` names; tests that record run one at a time.
async fn as_recorded(s: &Arc<Scenario>, arguments: &[&str], view: impl Fn(&str) -> String) {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/engine/facts/answers.json");
    let read = || std::fs::read_to_string(&file).ok().and_then(|text| serde_json::from_str::<Answers>(&text).ok());
    let mut answers = read().unwrap_or_default();
    let (name, key) = (s.named("").trim_end_matches('_').to_owned(), arguments.join(" "));
    if std::env::var_os("HOIST_RECORD").is_some() {
        let ran = s.peer(arguments).await;
        let (stdout, stderr) = (masked(&view(&ran.stdout)), masked(&ran.stderr));
        let answer = Answer { stdout, stderr, status: ran.status };
        answers.entry(name.clone()).or_default().insert(key.clone(), answer);
        let text = serde_json::to_string_pretty(&answers).expect("answers are JSON") + "\n";
        std::fs::create_dir_all(file.parent().expect("it is in a folder")).expect("a folder can be made");
        std::fs::write(&file, text).expect("answers can be written");
    }
    let answer = answers.get(&name).and_then(|answers| answers.get(&key));
    let answer = answer.unwrap_or_else(|| panic!("no answer is recorded for {name}: {key}"));
    let ours = s.hoist(arguments).await;
    assert_eq!(masked(&view(&ours.stdout)), answer.stdout, "{arguments:?}");
    assert_eq!(ours.status, answer.status, "{arguments:?}: {}", ours.stderr);
    let said = masked(&ours.stderr);
    assert!(said.starts_with(answer.stderr.trim_end()), "{arguments:?}: {said} {}", answer.stderr);
}

/// Text without what differs from run to run: ids, ports of the host, sizes, ages; columns are as wide as it gets.
fn masked(text: &str) -> String {
    let patterns = [
        (r"sha256:[0-9a-f]{12,64}", "<id>"),
        (r"\b[0-9a-f]{64}\b", "<id>"),
        (r"\b[0-9a-f]{12}\b", "<id>"),
        (r":[0-9]{4,5}\b", ":<port>"),
        (r"[0-9]+(\.[0-9]+)?[kMG]B", "<size>"),
        (r#""Size": ?[0-9]+"#, r#""Size":<size>"#),
        (r#""architecture": "[a-z0-9]+""#, r#""architecture": <architecture>"#),
        (r"(About )?[0-9a-z]+ [a-z]+ ago|Less than a second ago", "<age>"),
        (r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z", "<time>"),
        (r"/[^ ,]*/volumes/", "<volumes>/"),
        (r"com\.docker\.compose\.version=[0-9.]+", "com.docker.compose.version=<version>"),
        (r" +", " "),
        (r"linux/[a-z0-9/]+", "<platform>"),
    ];
    patterns.iter().fold(text.to_owned(), |text, (pattern, mask)| {
        let pattern = regex::Regex::new(&pattern.replace(r"\b", r"(?-u:\b)")).expect("a pattern");
        pattern.replace_all(&text, *mask).into_owned()
    })
}

/// The same for events up to a moment, whose end is no error of hoist.
async fn same_events(s: &Arc<Scenario>, arguments: &[&str], view: impl Fn(&str) -> String) {
    let (ours, theirs) = (s.hoist(arguments).await.ok(), s.peer(arguments).await);
    assert_eq!(view(&ours.stdout), view(&theirs.stdout), "{arguments:?}");
    assert_eq!(ours.stderr, "", "{arguments:?}");
}

/// The lines in an order of their own, since that of the peer is arbitrary.
fn sorted(text: &str) -> String {
    text.lines().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn images_are_those_of_the_peer() {
    project("facts-images", SHOP, |s| async move {
        shop(&s).await;
        for arguments in [
            &["images"][..],
            &["images", "--format", "JSON"],
            &["images", "job"],
            &["images", "nope"],
            &["images", "--format", "raw"],
            &["images", "-q"],
            &["--dry-run", "images", "web"],
            &["-p", "hoist-test-none", "images", "--format", "json"],
        ] {
            as_recorded(&s, arguments, str::to_owned).await;
        }
        let objects = |text: &str| {
            let parsed: Vec<serde_json::Value> = serde_json::from_str(text).expect("an array");
            parsed.iter().map(ToString::to_string).collect::<BTreeSet<_>>().into_iter().collect::<String>()
        };
        as_recorded(&s, &["images", "--format", "json"], objects).await;
    })
    .await;
}

#[tokio::test]
async fn projects_are_those_of_the_peer() {
    project("facts-ls", SHOP, |s| async move {
        shop(&s).await;
        let ours = "name=hoist-test-facts-ls";
        for arguments in [
            &["ls", "--filter", ours][..],
            &["ls", "-a", "--filter", ours],
            &["ls", "--filter", ours, "--format", "json"],
            &["ls", "--filter", "name=facts.ls$", "-q"],
            &["ls", "--filter", "name=no such", "--format", "JSON"],
            &["ls", "--filter", "name=no such", "--filter", ours],
            &["ls", "--filter", "name=("],
            &["ls", "--filter", "color=red"],
            &["ls", "--filter", "red"],
            &["ls", "--format", "raw"],
            &["ls", "x"],
        ] {
            same(&s, arguments).await;
        }
    })
    .await;
}

#[tokio::test]
async fn volumes_are_those_of_the_peer() {
    project("facts-volumes", SHOP, |s| async move {
        shop(&s).await;
        s.write(".docker/config.json", r#"{"volumesFormat": "{{.Name}}!"}"#);
        for arguments in [
            &["volumes"][..],
            &["volumes", "-q"],
            &["volumes", "--format", "json"],
            &["volumes", "--format", r#"table {{.Name}}\t{{.Scope}}\t{{.Mountpoint}}\t{{.Labels}}\t{{.Label "a"}}"#],
            &["volumes", "--format", "{{json .}}"],
            &["volumes", "web"],
            &["volumes", "job"],
            &["-p", "hoist-test-none", "volumes", "nope"],
        ] {
            as_recorded(&s, arguments, sorted).await;
        }
        s.hoist(&["volumes", "nope"]).await.ends_with(1).says("no such service: nope");
    })
    .await;
}

#[tokio::test]
async fn ports_are_those_of_the_peer() {
    project("facts-port", SHOP, |s| async move {
        shop(&s).await;
        for arguments in [
            &["port", "web"][..],
            &["port", "web", "0"],
            &["port", "web", "80"],
            &["port", "web", "84"],
            &["port", "web", "81"],
            &["port", "--protocol", "UDP", "web", "53"],
            &["port", "--protocol", "udp", "web"],
            &["port", "--protocol", "x", "web"],
            &["port", "--index", "2", "web", "80"],
            &["port", "--index", "9", "web", "80"],
            &["port", "--index", "-1", "web", "80"],
            &["port", "db"],
            &["port", "db", "80"],
            &["port", "job"],
            &["port", "nope", "80"],
            &["port", "web", "many"],
            &["port", "web", "70000"],
            &["port", "web", "80", "81"],
            &["port"],
        ] {
            as_recorded(&s, arguments, str::to_owned).await;
        }
    })
    .await;
}

#[tokio::test]
async fn processes_are_those_of_the_peer() {
    project("facts-top", SHOP, |s| async move {
        shop(&s).await;
        for arguments in
            [&["top"][..], &["top", "db"], &["top", "job"], &["top", "nope"], &["-p", "hoist-test-none", "top"]]
        {
            same_but(&s, arguments, without_load).await;
        }
    })
    .await;
}

/// A table of processes without the sixth column, their load, which changes.
fn without_load(table: &str) -> String {
    let words = |line: &str| {
        let words = line.split_whitespace().enumerate().filter(|(at, _)| *at != 5);
        words.map(|(_, word)| word.to_owned()).collect::<Vec<_>>().join(" ")
    };
    table.lines().map(words).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn usage_is_that_of_the_peer() {
    project("facts-stats", SHOP, |s| async move {
        shop(&s).await;
        let fixed = r"table {{.Name}}\t{{.ID}}\t{{.Container}}\t{{.PIDs}}";
        for arguments in [
            &["stats", "--no-stream", "--format", fixed][..],
            &["stats", "--no-stream", "--no-trunc", "-a", "--format", fixed],
            &["stats", "--no-stream", "--format", fixed, "db"],
            &["stats", "--no-stream", "nope"],
            &["stats", "--no-stream", "web", "db"],
        ] {
            as_recorded(&s, arguments, sorted).await;
        }
        let table = s.hoist(&["stats", "--no-stream", "db"]).await.ok().stdout;
        assert!(table.starts_with("CONTAINER ID   NAME ") && table.lines().count() == 2, "{table}");
        s.write(".docker/config.json", r#"{"statsFormat": "{{.Name}}!"}"#);
        assert_eq!(s.hoist(&["stats", "--no-stream", "db"]).await.ok().stdout, "hoist-test-facts-stats-db-1!\n");
    })
    .await;
}

#[tokio::test]
async fn live_usage_follows_containers_until_ctrl_c() {
    project("facts-live", SHOP, |s| async move {
        shop(&s).await;
        let stats = s.background(&["stats", "--format", "{{.Name}} {{.PIDs}}", "web"]);
        s.shows(&stats, "\u{1b}[H").await;
        assert!(!stats.stdout().contains("db-1"), "{}", stats.stdout());
        s.up(&["--scale", "web=3"]).await;
        s.shows(&stats, "facts-live-web-3 1\u{1b}[K\n").await;
        s.up(&["--scale", "web=1"]).await;
        let only = "\u{1b}[J\u{1b}[Hhoist-test-facts-live-web-1 1\u{1b}[K\n\u{1b}[K\n\u{1b}[J";
        s.shows(&stats, only).await;
        stats.interrupt();
        assert_eq!(stats.end().await.status, 130);
    })
    .await;
}

#[tokio::test]
async fn events_are_those_of_the_peer() {
    project("facts-events", SHOP, |s| async move {
        let began = jiff::Timestamp::now().as_second().to_string();
        let live = s.background(&["events", "--json", "web"]);
        shop(&s).await;
        s.hoist(&["pause", "web"]).await.ok();
        s.hoist(&["unpause", "web"]).await.ok();
        s.shows(&live, r#""action":"unpause""#).await;
        live.interrupt();
        let live = live.end().await;
        assert_eq!(live.status, 130);
        assert!(!live.stdout.contains("com.docker.compose") && !live.stdout.contains("facts-events-db-1"), "{live:?}");
        let until = jiff::Timestamp::now().as_second().to_string();
        // The labels that hoist itself writes are not shown.
        let object = |line: &str| {
            let mut event: serde_json::Value = serde_json::from_str(line).expect("an object per line");
            event["attributes"].as_object_mut().expect("an object").retain(|key, _| !key.starts_with("hoist."));
            event.to_string()
        };
        let objects = |text: &str| text.lines().map(object).collect::<Vec<_>>().join("\n");
        same_events(&s, &["events", "--json", "--since", &began, "--until", &until], objects).await;
        same_events(&s, &["events", "--json", "--since", &began, "--until", &until, "web"], objects).await;
        let heads = |text: &str| text.lines().filter_map(|line| line.split(" (").next()).collect::<Vec<_>>().join("\n");
        same_events(&s, &["events", "--since", &began, "--until", &until, "db"], heads).await;
        s.hoist(&["events", "nope"]).await.ends_with(1).says("no such service: nope");
        same(&s, &["events", "--since", "yesterday"]).await;
    })
    .await;
}

#[tokio::test]
async fn the_graph_is_that_of_the_peer() {
    project("facts-viz", SHOP, |s| async move {
        for arguments in [
            &["alpha", "viz"][..],
            &["alpha", "viz", "--image", "--networks", "--ports", "--indentation-size", "2", "--spaces", "web"],
            &["alpha", "viz", "--indentation-size", "-1"],
        ] {
            same_but(&s, arguments, sorted).await;
        }
        let graph = s.hoist(&["viz"]).await.ok();
        assert!(graph.stdout.starts_with("digraph \"hoist-test-facts-viz\" {\n\tlayout=dot;\n"), "{graph:?}");
        assert_eq!(graph.stderr, "");
    })
    .await;
}

#[tokio::test]
async fn the_graph_shows_what_the_engine_has() {
    const STACK: &str = r#"
services:
  web: {<<: *idle, scale: 2, depends_on: {db: {condition: service_healthy}, job: {condition: service_started}}}
  db: {<<: *idle, healthcheck: {test: ["CMD", "true"], interval: 200ms}}
  job: {<<: *idle, command: ["sh", "-c", "exit 3"]}
  absent: {<<: *idle}
"#;
    project("facts-graph", STACK, |s| async move {
        s.hoist(&["up", "-d", "web"]).await.ok();
        s.reach(&["db/1 running", "job/1 exited", "web/1 running", "web/2 running"]).await;
        let tree = s.hoist(&["graph", "--live"]).await.ok();
        let states: Vec<String> =
            tree.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        let idle = "busybox:latest";
        assert_eq!(
            states,
            [
                "SERVICE NEEDED STATE IMAGE".to_owned(),
                format!("absent not created {idle}"),
                format!("web running, 2 of 2 up {idle}"),
                format!("├─ db healthy healthy {idle}"),
                format!("└─ job started exited (3) {idle}"),
            ]
        );
        let picture = s.hoist(&["graph", "--live", "--format", "svg"]).await.ok().stdout;
        for class in ["good", "bad", "absent"] {
            assert!(picture.contains(&format!("<g class=\"{class}\">")), "{picture}");
        }
        s.hoist(&["stop", "--timeout", "0", "web"]).await.ok();
        let tree = s.hoist(&["graph", "--live", "web"]).await.ok().stdout;
        assert!(tree.contains("exited (137), 0 of 2 up"), "{tree}");
    })
    .await;
}
