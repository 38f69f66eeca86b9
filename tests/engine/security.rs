//! What could be opened, leaked or left: secrets in everything that is said, files outside of a context, programs that
//! a project chooses.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use crate::support::{Ran, Scenario, project, scenario};

const TELLING: &str = r#"
services:
  web:
    <<: *idle
    command: [sleep, "600", "--password=hunter2"]
    entrypoint: [/bin/sh, -c, "exec sleep 600"]
    environment: {API_KEY: hunter2, URL: "amqp://me:hunter2@mq", OPTIONS: "--token hunter2"}
    labels: {auth.users: hunter2, note: "password=hunter2"}
    healthcheck: {test: [CMD-SHELL, "true # curl -H 'Authorization: Bearer hunter2'"], interval: 60s}
    logging: {driver: json-file, options: {tag: "secret=hunter2"}}
    secrets: [s]
    configs: [c]
secrets: {s: {environment: S}}
configs: {c: {content: hunter2}}
"#;

fn keeps_quiet(ran: &Ran) {
    assert!(!ran.stdout.contains("hunter"), "{}", ran.stdout);
    assert!(!ran.stderr.contains("hunter"), "{}", ran.stderr);
}

#[tokio::test]
async fn no_secret_is_said() {
    let files = |s: &Scenario, secret: &str| {
        s.compose(&TELLING.replace("hunter2", secret));
        s.write(".env", &format!("S={secret}\n"));
    };
    project("secrets-unsaid", TELLING, |s| async move {
        files(&s, "hunter2");
        for arguments in [
            &["plan"][..],
            &["plan", "--steps"],
            &["plan", "--format", "json"],
            &["--progress", "json", "up", "-d"],
            &["--progress", "plain", "up", "-d", "--force-recreate"],
        ] {
            keeps_quiet(&s.hoist(arguments).await);
        }
        // Everything differs now, and both values of all of it are known.
        files(&s, "hunter3");
        for arguments in [
            &["plan"][..],
            &["plan", "--steps"],
            &["plan", "--format", "json"],
            &["up", "-d", "--dry-run"],
            &["up", "-d"],
        ] {
            let ran = s.hoist(arguments).await;
            keeps_quiet(&ran);
        }
        files(&s, "hunter4");
        let shown = s.hoist(&["--show-values", "plan"]).await;
        assert!(shown.stdout.contains("--password=hunter4") && shown.stdout.contains("hunter3"), "{}", shown.stdout);
        keeps_quiet(&s.hoist(&["ps", "-a"]).await);
        keeps_quiet(&s.hoist(&["down", "-t", "0"]).await);
    })
    .await;
}

#[tokio::test]
async fn what_the_engine_refuses_is_told_without_secrets() {
    let file = r#"
services:
  web: {<<: *idle, entrypoint: ["--password=hunter2"], command: []}
"#;
    project("refused-secret", file, |s| async move {
        for mode in ["plain", "json", "quiet"] {
            let ran = s.hoist(&["--progress", mode, "up", "-d"]).await.ends_with(1);
            keeps_quiet(&ran);
            assert!(ran.stderr.contains("--password=•••"), "{}", ran.stderr);
        }
    })
    .await;
}

#[tokio::test]
async fn a_project_does_not_choose_programs() {
    let text = |kind: &str| format!("services: {{cloud: {{provider: {{type: {kind:?}}}}}}}\n");
    scenario("provider-chosen", &[("compose.yaml", "")], |s| async move {
        let program = "#!/bin/sh\ntouch \"$0.ran\"\n";
        for path in ["evil/cli-plugins/docker-evil", "evil/cli-plugins/evil", "evil/evil"] {
            s.write(path, program);
            fs::set_permissions(s.folder().join(path), fs::Permissions::from_mode(0o755)).expect("a mode");
        }
        s.write(".env", "DOCKER_CONFIG=./evil\nPATH=./evil\n");
        let absolute = s.folder().join("evil/evil").display().to_string();
        for kind in ["evil", "./evil/evil", "../evil", "evil/evil", &absolute, "x/../../../evil"] {
            s.write("compose.yaml", &text(kind));
            s.hoist(&["up", "-d"]).await.ends_with(1).says("failed to create service provider cloud");
        }
        for path in ["evil/cli-plugins/docker-evil", "evil/cli-plugins/evil", "evil/evil"] {
            assert!(!s.folder().join(format!("{path}.ran")).exists(), "{path} was run");
        }
        s.write("compose.yaml", "services: {-x: {provider: {type: evil}}}\n");
        s.hoist(&["up", "-d"]).await.ends_with(1).says("the name of the service would be read as a flag");
        s.write("compose.yaml", "services: {cloud: {image: x}}\n");
    })
    .await;
}

#[tokio::test]
async fn links_do_not_lead_out_of_a_context() {
    let dockerfile =
        "FROM busybox\nCOPY . /src\nRUN find /src | sort > /list; cat /src/* /src/sub/* 2>/dev/null > /all; true\n";
    let file = "services:\n  app: {build: {context: ./app, dockerfile: ../files/Dockerfile}, command: [sleep, '600'], stop_grace_period: 0s}\n";
    let files = [
        ("compose.yaml", file),
        ("files/Dockerfile", dockerfile),
        ("files/beside", "secret-beside"),
        ("outside/secret", "secret-outside"),
        ("app/own", "own"),
    ];
    scenario("context-links", &files, |s| async move {
        let outside = s.folder().join("outside");
        symlink(&outside, s.folder().join("app/folder")).expect("a link");
        symlink(outside.join("secret"), s.folder().join("app/absolute")).expect("a link");
        symlink("../outside/secret", s.folder().join("app/relative")).expect("a link");
        s.up(&[]).await;
        let app = s.only("app").await.id;
        let list = s.exec(&app, &["cat", "/list"]).await;
        assert_eq!(list, "/src\n/src/absolute\n/src/folder\n/src/own\n/src/relative\n");
        assert_eq!(s.exec(&app, &["cat", "/all"]).await, "own");
        // Not even by name.
        s.write("files/Dockerfile", "FROM busybox\nCOPY folder/secret relative absolute /src/\n");
        s.hoist(&["up", "-d", "--build"]).await.ends_with(1);
        s.write("files/Dockerfile", "FROM busybox\nCOPY ../outside/secret /src/\n");
        s.hoist(&["up", "-d", "--build"]).await.ends_with(1);
        let image = s.named("app").replace('_', "-");
        s.hoist(&["down", "-t", "0", "--rmi", "local"]).await.ok();
        assert!(s.docker.inspect_image(&image).await.is_err(), "the image is gone");
    })
    .await;
}

#[tokio::test]
async fn only_the_course_of_the_run_is_written_on_this_machine() {
    project("leaves-nothing", TELLING, |s| async move {
        s.write(".env", "S=hunter2\n");
        let listed = || {
            let mut names: Vec<_> = walk(s.folder());
            names.sort();
            names
        };
        let before = listed();
        fs::create_dir(s.folder().join("tmp")).expect("a folder");
        let mut command = s.command(&["up", "-d"]);
        command.env("TMPDIR", s.folder().join("tmp"));
        s.run(command).await.ok();
        s.hoist(&["down", "-t", "0"]).await.ok();
        fs::remove_dir(s.folder().join("tmp")).expect("nothing is in it");
        // What `timeline last` shows: names and times, but no values.
        let state = s.folder().join(".local");
        let records: Vec<_> = walk(&state).into_iter().filter(|path| path.is_file()).collect();
        let [record] = &*records else { panic!("one record, but there are {records:?}") };
        assert!(record.starts_with(state.join("state/hoist/timelines")), "{}", record.display());
        let text = fs::read_to_string(record).expect("a record");
        assert!(text.contains("web") && !text.contains("hunter2"), "{text}");
        fs::remove_dir_all(state).expect("it can be removed");
        assert_eq!(listed(), before);
    })
    .await;
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").flatten();
    let below = |entry: fs::DirEntry| {
        let path = entry.path();
        let inside = if path.is_dir() && !path.is_symlink() { walk(&path) } else { Vec::new() };
        std::iter::once(path).chain(inside)
    };
    entries.flat_map(below).collect()
}

#[tokio::test]
async fn names_do_not_lead_requests_elsewhere() {
    let file = r"
services:
  web: {<<: *idle}
";
    project("names-elsewhere", file, |s| async move {
        s.up(&[]).await;
        let victim = s.ids().await;
        let name = s.only("web").await.id;
        for (image, network) in [
            (format!("../containers/{name}?force=true"), "n".to_owned()),
            (format!("x/../../containers/{name}?force=1"), "n".to_owned()),
            ("busybox".to_owned(), format!("../containers/{name}/kill?x=")),
        ] {
            s.write(
                "other.yaml",
                &format!(
                    "name: hoist-test-names-other\nservices: {{a: {{image: {image:?}, command: [sleep, '600'], networks: [n]}}}}\nnetworks: {{n: {{name: {network:?}, external: true}}}}\n"
                ),
            );
            s.hoist(&["-f", "other.yaml", "-p", "hoist-test-names-other", "up", "-d"]).await.ends_with(1);
            // Other tests use the real image.
            let rmi: &[&str] = if image == "busybox" { &[] } else { &["--rmi", "all"] };
            let down = ["-f", "other.yaml", "-p", "hoist-test-names-other", "down", "-v"];
            s.hoist(&[&down[..], rmi].concat()).await;
        }
        assert_eq!(s.ids().await, victim);
    })
    .await;
}
