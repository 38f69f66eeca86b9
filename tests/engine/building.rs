//! Images that the engine builds: the context, the Dockerfile, and what goes wrong in it.

use std::fs;

use crate::support::{Scenario, scenario};

/// An instruction that no earlier build had, so that nothing after it comes from the engine's cache.
fn uncached() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time after 1970");
    format!("ENV RUN_OF_THE_TEST={}\n", now.as_nanos())
}

fn idle(build: &str) -> String {
    format!("services:\n  app: {{build: {build}, command: [sleep, '600'], stop_grace_period: 0s}}\n")
}

async fn in_app(s: &Scenario, command: &[&str]) -> String {
    let app = s.only("app").await.id;
    s.exec(&app, command).await
}

#[tokio::test]
async fn context_dockerfile_arguments_target_and_labels_reach_the_build() {
    let dockerfile = format!(
        "FROM busybox AS one\n{}ARG WHO\nARG FROM_ENV\nCOPY . /src\nRUN echo hello $WHO $FROM_ENV > /greeting\nFROM one AS two\nRUN exit 1\n",
        uncached()
    );
    let file = idle(
        "{context: ./app, dockerfile: Other.Dockerfile, target: one, args: {WHO: world, FROM_ENV: }, labels: {made.by: hoist}, tags: ['hoist-test-build-more:1']}",
    );
    let files = [
        ("compose.yaml", file.as_str()),
        (".env", "FROM_ENV=there\n"),
        ("app/Other.Dockerfile", &dockerfile),
        ("app/a.txt", "a"),
    ];
    scenario("build-args", &files, |s| async move {
        s.up(&[]).await;
        assert_eq!(in_app(&s, &["cat", "/greeting", "/src/a.txt"]).await, "hello world there\na");
        let image = s.docker.inspect_image("hoist-test-build-args-app").await.expect("the default name");
        let labels = image.config.and_then(|config| config.labels).unwrap_or_default();
        assert_eq!(labels["made.by"], "hoist");
        assert_eq!(labels["com.docker.compose.project"], s.project);
        assert_eq!(labels["com.docker.compose.service"], "app");
        s.docker.inspect_image("hoist-test-build-more:1").await.expect("the further tag");

        // Unchanged: `--build` makes the same image, and the container stays.
        let before = s.ids().await;
        s.up(&["--build"]).await;
        assert_eq!(s.ids().await, before);
        s.write("app/a.txt", "b");
        s.up(&[]).await;
        assert_eq!(s.ids().await, before, "nothing is built without being asked for");
        s.up(&["--build"]).await;
        assert_ne!(s.ids().await, before);
        assert_eq!(in_app(&s, &["cat", "/src/a.txt"]).await, "b");
    })
    .await;
}

#[tokio::test]
async fn what_is_ignored_does_not_arrive() {
    let ignore = "secret.txt\n**/*.md\n!sub/keep.md\nDockerfile\n.dockerignore\ncompose.yaml\n";
    let files = [
        ("compose.yaml", idle(".")),
        ("Dockerfile", format!("FROM busybox\n{}COPY . /src\n", uncached())),
        (".dockerignore", ignore.to_owned()),
        ("secret.txt", "no".to_owned()),
        ("sub/c.txt", "c".to_owned()),
        ("sub/keep.md", "k".to_owned()),
        ("sub/drop.md", "d".to_owned()),
    ];
    let files: Vec<_> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    scenario("build-ignore", &files, |s| async move {
        s.up(&[]).await;
        let listed = in_app(&s, &["sh", "-c", "cd /src && find . -type f | sort"]).await;
        assert_eq!(listed, "./sub/c.txt\n./sub/keep.md\n");
    })
    .await;
}

#[cfg(unix)]
#[tokio::test]
async fn the_ignore_file_of_a_linked_dockerfile_is_beside_the_link() {
    let dockerfile = format!("FROM busybox\n{}COPY . /src\n", uncached());
    let files = [
        ("compose.yaml", &*idle("{context: app, dockerfile: link}")),
        ("elsewhere/Dockerfile", &dockerfile),
        ("elsewhere/Dockerfile.dockerignore", "kept"),
        ("app/link.dockerignore", "left-out\nlink*\n"),
        ("app/kept", "k"),
        ("app/left-out", "l"),
    ];
    scenario("build-link", &files, |s| async move {
        std::os::unix::fs::symlink("../elsewhere/Dockerfile", s.folder().join("app/link")).expect("a link");
        s.up(&[]).await;
        assert_eq!(in_app(&s, &["ls", "/src"]).await, "kept\n");
        // A context whose own ignore file is a link that leads out of it.
        std::fs::remove_file(s.folder().join("app/link.dockerignore")).expect("it was there");
        s.write("elsewhere/common.dockerignore", "left-out\nlink*\n.dockerignore\n");
        let link = s.folder().join("app/.dockerignore");
        std::os::unix::fs::symlink("../elsewhere/common.dockerignore", &link).expect("a link");
        s.up(&["--build"]).await;
        assert_eq!(in_app(&s, &["ls", "-A", "/src"]).await, "kept\n");
        // A link in somebody's repository must not send a key.
        s.write("elsewhere/id_rsa", "key");
        std::fs::remove_file(&link).expect("it was there");
        std::os::unix::fs::symlink("../elsewhere/id_rsa", &link).expect("a link");
        s.hoist(&["up", "-d", "--build"]).await.ends_with(1).says("which is not named `.dockerignore`");
    })
    .await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_socket_in_the_context_arrives_as_an_empty_file() {
    let dockerfile = format!("FROM busybox\n{}COPY socket /socket\n", uncached());
    scenario("build-socket", &[("compose.yaml", &idle(".")), ("Dockerfile", &dockerfile)], |s| async move {
        let socket = std::os::unix::net::UnixListener::bind(s.folder().join("socket")).expect("a socket");
        s.up(&[]).await;
        assert_eq!(in_app(&s, &["stat", "-c", "%F %s", "/socket"]).await, "regular empty file 0\n");
        drop(socket);
    })
    .await;
}

#[tokio::test]
async fn a_pattern_that_is_none_is_told_with_its_line() {
    for (name, ignore_file) in [("plain", ".dockerignore"), ("own", "Dockerfile.dockerignore")] {
        let files = [
            ("compose.yaml", &*idle(".")),
            ("Dockerfile", "FROM busybox\nCOPY . /src\n"),
            (ignore_file, "# one\nkept\n[open\n"),
        ];
        scenario(&format!("build-pattern-{name}"), &files, |s| async move {
            s.hoist(&["up", "-d"]).await.ends_with(1).says("3 | [open").says(&format!("{ignore_file}:3:1\n"));
        })
        .await;
    }
}

#[tokio::test]
async fn what_a_build_lacks_is_told_with_its_line() {
    for (name, build, words, place) in [
        ("context", "{context: none}", "build context `", "compose.yaml:2:26"),
        ("dockerfile", "{context: ., dockerfile: None}", "no Dockerfile at `", "compose.yaml:2:41"),
        ("target", "{context: ., target: none}", "target stage", "compose.yaml:2:37"),
        (
            "more",
            "{context: ., additional_contexts: {more: ./none}}",
            "the additional context `more`: `",
            "compose.yaml:2:",
        ),
    ] {
        scenario(
            &format!("build-lacks-{name}"),
            &[("compose.yaml", &idle(build)), ("Dockerfile", "FROM busybox AS one\n")],
            |s| async move {
                s.hoist(&["up", "-d"]).await.ends_with(1).says(words).says(place);
            },
        )
        .await;
    }
}

#[tokio::test]
async fn an_inline_dockerfile_uses_the_context_and_named_ones() {
    let file = format!(
        "services:\n  app:\n    build:\n      context: .\n      dockerfile_inline: |\n        FROM busybox\n        {}        COPY a.txt /\n        COPY --from=more x /\n        RUN grep -E 'gate|1.2.3.4' /etc/hosts > /hosts\n      additional_contexts: {{more: ./more}}\n      extra_hosts: [\"gate:host-gateway\", \"h:1.2.3.4\"]\n    command: [sleep, '600']\n    stop_grace_period: 0s\n",
        uncached()
    );
    scenario("build-inline", &[("compose.yaml", &file), ("a.txt", "text"), ("more/x", "xx")], |s| async move {
        s.up(&[]).await;
        assert_eq!(in_app(&s, &["cat", "/a.txt", "/x"]).await, "textxx");
        assert_eq!(in_app(&s, &["cat", "/hosts"]).await.lines().count(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_failing_build_says_what_where_and_what_it_wrote() {
    let cases = [
        (
            "FROM busybox\n\nRUN echo one && echo two && exit 3\n",
            vec![
                "failed to solve: process \"/bin/sh -c echo one && echo two && exit 3\" did not complete successfully: exit code: 3\n --> Dockerfile:3:1\n",
                "3 | RUN echo one && echo two && exit 3",
                "the build of app failed at [2/2] RUN echo one && echo two && exit 3; its output:\n  one\n  two\n",
            ],
        ),
        (
            "FROM busybox\nCOPY missing /\n",
            vec![
                "`/missing` is not in the build context, or is excluded by its .dockerignore",
                "Dockerfile:2:1\n",
                "2 | COPY missing /",
                "the build of app failed at [2/2] COPY missing /\n",
            ],
        ),
        ("FROM busybox\nRUNN x\n", vec!["unknown instruction: RUNN", "Dockerfile:2"]),
        ("", vec!["the Dockerfile cannot be empty"]),
    ];
    scenario("build-fails", &[("compose.yaml", &idle("."))], |s| async move {
        for (dockerfile, words) in cases {
            s.write("Dockerfile", dockerfile);
            let mut ran = s.hoist(&["up", "-d"]).await.ends_with(1);
            for word in words {
                ran = ran.says(word);
            }
            assert!(s.replicas().await.is_empty(), "nothing is made before the image is there");
        }
        s.write("compose.yaml", &idle("{context: ., target: nope}"));
        s.write("Dockerfile", "FROM busybox\n");
        s.hoist(&["up", "-d"]).await.ends_with(1).says("target stage \"nope\" could not be found");
    })
    .await;
}

#[tokio::test]
async fn a_failing_inline_dockerfile_is_in_the_compose_file() {
    let file = "services:\n  app:\n    build:\n      dockerfile_inline: |\n        FROM busybox\n        RUN exit 3\n";
    scenario("build-inline-fails", &[("compose.yaml", file)], |s| async move {
        s.hoist(&["build"]).await.ends_with(1).says(" --> compose.yaml:6:9\n").says("6 |         RUN exit 3");
    })
    .await;
}

#[tokio::test]
async fn secrets_are_not_in_what_a_build_says() {
    let file = r#"
services:
  app:
    build:
      dockerfile_inline: |
        FROM busybox
        ARG TOKEN
        ARG URL
        RUN --mount=type=secret,id=one --mount=type=secret,id=two cat /run/secrets/*; echo "$$TOKEN $$URL"; exit 2
      args: {TOKEN: argument, URL: "https://me:password@host/"}
      secrets: [one, two]
secrets:
  one: {file: one.txt}
  two: {environment: TWO}
"#;
    let files = [("compose.yaml", file), ("one.txt", "in-a-file\n"), (".env", "TWO=in-a-variable\n")];
    scenario("build-hides", &files, |s| async move {
        for progress in ["plain", "json"] {
            let ran = s.hoist(&["--progress", progress, "build", "--no-cache"]).await.ends_with(1);
            let said = [ran.stdout.as_str(), ran.stderr.as_str()].concat();
            for secret in ["argument", "password", "in-a-file", "in-a-variable"] {
                assert!(!said.contains(secret), "{secret} in {said}");
            }
            assert!(said.contains("••• https://me:•••@host/"), "{said}");
        }
    })
    .await;
}

#[tokio::test]
async fn many_files_modes_and_links_arrive() {
    let dockerfile = format!("FROM busybox\n{}COPY . /src\n", uncached());
    scenario("build-links", &[("compose.yaml", &idle(".")), ("Dockerfile", &dockerfile), ("run.sh", "x")], |s| async move {
        use std::os::unix::fs::{PermissionsExt, symlink};
        for number in 0..300 {
            s.write(&format!("many/{}/{number}.txt", number % 20), &format!("file {number}"));
        }
        symlink("many/0/0.txt", s.folder().join("soft")).expect("a link can be made");
        fs::set_permissions(s.folder().join("run.sh"), PermissionsExt::from_mode(0o750)).expect("its mode can be set");
        let big: Vec<u8> = (0u32..1 << 20).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        fs::write(s.folder().join("big"), &big).expect("it can be written");
        s.up(&[]).await;
        let found = in_app(
            &s,
            &["sh", "-c", "cd /src; find many -type f | wc -l; readlink soft; cat soft; echo; stat -c '%a %u' run.sh; wc -c < big"],
        )
        .await;
        assert_eq!(found, format!("300\nmany/0/0.txt\nfile 0\n750 0\n{}\n", big.len()));
    })
    .await;
}

#[tokio::test]
async fn build_secrets_are_mounted_and_leave_no_trace() {
    let file = r#"
services:
  app:
    build: {context: ., secrets: [one, {source: two, target: second}]}
    command: [sleep, "600"]
    stop_grace_period: 0s
secrets: {one: {environment: ONE}, two: {file: ./two.txt}}
"#;
    let mount = |id: &str| format!("--mount=type=secret,id={id},required");
    let dockerfile = format!(
        "FROM busybox\n{}RUN {} {} cat /run/secrets/one /run/secrets/second > /seen\n",
        uncached(),
        mount("one"),
        mount("second")
    );
    let files = [("compose.yaml", file), ("Dockerfile", &dockerfile), (".env", "ONE=first"), ("two.txt", "second")];
    scenario("build-secrets", &files, |s| async move {
        s.up(&[]).await;
        assert_eq!(in_app(&s, &["cat", "/seen"]).await, "firstsecond");
        assert!(in_app(&s, &["ls", "/run/secrets"]).await.contains("No such file"));
    })
    .await;
}

#[tokio::test]
async fn an_interrupted_build_is_given_up_in_the_engine() {
    let dockerfile = "FROM busybox\nRUN --mount=type=cache,target=/x echo begun && sleep 47.3\n";
    scenario(
        "build-given-up",
        &[("compose.yaml", &idle("{context: ., no_cache: true}")), ("Dockerfile", dockerfile)],
        |s| async move {
            let up = s.background(&["up", "-d"]);
            let sleeps = || {
                let processes = fs::read_dir("/proc").expect("processes").flatten();
                let lines = processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
                lines.filter(|line| line == b"sleep\x0047.3\0").count()
            };
            s.eventually("the step begins", 20, || async { (sleeps() == 1).then_some(()) }).await;
            up.interrupt();
            up.end().await.ends_with(130);
            s.eventually("the step is given up", 20, || async { (sleeps() == 0).then_some(()) }).await;
        },
    )
    .await;
}

#[tokio::test]
async fn no_build_and_pull_policies_decide_where_an_image_comes_from() {
    let file = |policy: &str| {
        format!(
            "services:\n  app: {{image: 'hoist-test-policy-image:1', build: ., {policy}command: [sleep, '600'], stop_grace_period: 0s}}\n"
        )
    };
    let dockerfile = format!("FROM busybox\n{}", uncached());
    scenario("build-policy", &[("compose.yaml", &file("")), ("Dockerfile", &dockerfile)], |s| async move {
        s.hoist(&["up", "-d", "--no-build"]).await.ends_with(1).says("hoist-test-policy-image:1");
        assert!(s.replicas().await.is_empty());
        s.up(&[]).await;
        s.docker.inspect_image("hoist-test-policy-image:1").await.expect("it was built under its name");
        let before = s.ids().await;
        s.write("Dockerfile", &format!("FROM busybox\n{}", uncached()));
        s.up(&[]).await;
        assert_eq!(s.ids().await, before);
        s.write("compose.yaml", &file("pull_policy: build, "));
        s.up(&[]).await;
        assert_ne!(s.ids().await, before, "built at every run");
    })
    .await;
}

#[tokio::test]
async fn a_policy_of_never_does_not_ask_a_registry() {
    let file = "services: {app: {image: '127.0.0.1:9/nothing:1', pull_policy: never, command: ['true']}}\n";
    scenario("build-never", &[("compose.yaml", file)], |s| async move {
        let ran = s.hoist(&["up", "-d"]).await.ends_with(1).says("No such image: 127.0.0.1:9/nothing:1");
        assert!(!ran.stderr.contains("connect"), "{}", ran.stderr);
        ran.says("compose.yaml:1:25").says("hint: ").does_not_say("Creating");
    })
    .await;
}

#[tokio::test]
async fn a_quiet_build_shows_that_it_builds_and_nothing_of_it() {
    let file = "services: {app: {build: ., command: ['true']}}\n";
    let dockerfile = format!("FROM busybox\nRUN echo so many words\n{}", uncached());
    scenario("build-quiet", &[("compose.yaml", file), ("Dockerfile", &dockerfile)], |s| async move {
        s.up(&["--build", "--quiet-build"]).await.says(" Built").does_not_say("so many words");
        s.write("Dockerfile", &format!("FROM busybox\nRUN echo so many more words\n{}", uncached()));
        s.up(&["--build"]).await.prints("so many more words");
    })
    .await;
}
