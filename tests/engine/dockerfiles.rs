//! The Dockerfiles that tutorials begin with: applications, layers and their cache, stages, arguments, users.

use std::collections::BTreeMap;
use std::fs;
use std::time::SystemTime;

use crate::support::page::page;
use crate::support::port::free_port;
use crate::support::{Ran, Scenario, scenario};

/// What no earlier run of the test had: the engine caches by content.
fn unique() -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a time after 1970");
    now.as_nanos().to_string()
}

/// An instruction that no earlier build had, so that no `RUN` after it comes from the engine's cache.
fn uncached() -> String {
    format!("ENV RUN_OF_THE_TEST={}\n", unique())
}

/// The instructions of a build that came from the cache, and those that were executed; the base image is neither.
fn cached_and_executed(build: &Ran) -> (Vec<&str>, Vec<&str>) {
    let mut names = BTreeMap::new();
    let (mut cached, mut executed) = (Vec::new(), Vec::new());
    for line in build.stdout.lines() {
        let Some((number, rest)) = line.split_once(' ') else { continue };
        let instruction = rest.split_once("] ").filter(|(place, _)| place.starts_with('[') && place.contains('/'));
        match instruction {
            Some((_, name)) if !name.starts_with("FROM") => _ = names.insert(number, name),
            _ if rest == "CACHED" => cached.extend(names.remove(number)),
            _ if rest.starts_with("DONE") => executed.extend(names.remove(number)),
            _ => {}
        }
    }
    assert!(names.is_empty(), "every instruction has an end: {}", build.stdout);
    (cached, executed)
}

/// Builds, and tells which instructions came from the cache and which were executed.
async fn build(s: &Scenario, cached: &[&str], executed: &[&str]) {
    let ran = s.hoist(&["build"]).await.ok();
    assert_eq!(cached_and_executed(&ran), (cached.to_vec(), executed.to_vec()), "{}", ran.stdout);
}

/// The layers of an image, from the bottom up.
async fn layers(s: &Scenario, image: &str) -> Vec<String> {
    let image = s.docker.inspect_image(image).await.expect("it was built");
    image.root_fs.and_then(|root| root.layers).unwrap_or_default()
}

/// Brings up a project whose image installs packages; one at a time, as this keeps a machine busy.
async fn install_and_up(s: &Scenario) {
    static INSTALLING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let _alone = INSTALLING.lock().await;
    s.hoist(&["build"]).await.ok();
    s.up(&[]).await;
}

async fn serves(s: &Scenario, port: u16, text: &str) {
    let look = || async { page(port, "/").await.filter(|answer| answer.contains(text)) };
    s.eventually(&format!("a page with `{text}`"), 60, look).await;
}

#[tokio::test]
async fn a_flask_application() {
    let port = free_port();
    let install = "RUN apt-get update -o Acquire::Languages=none && \
                   apt-get install -y --no-install-recommends python3-flask";
    let dockerfile = format!(
        "FROM debian:bookworm-slim\n{install}\nCOPY app.py /opt/source-code/app.py\n\
         ENTRYPOINT FLASK_APP=/opt/source-code/app.py flask run --host=0.0.0.0\n"
    );
    let file = format!("services:\n  web: {{build: ., ports: ['127.0.0.1:{port}:5000'], stop_grace_period: 0s}}\n");
    let application = |greeting: &str| {
        format!(
            "from flask import Flask\n\napp = Flask(__name__)\n\n\n@app.route('/')\ndef hello():\n    return '{greeting}'\n"
        )
    };
    let welcome = application("Welcome!");
    let files = [("compose.yaml", file.as_str()), ("Dockerfile", &dockerfile), ("app.py", &welcome)];
    scenario("dockerfile-flask", &files, |s| async move {
        install_and_up(&s).await;
        serves(&s, port, "Welcome!").await;
        let copy = "COPY app.py /opt/source-code/app.py";
        build(&s, &[install, copy], &[]).await;
        let question = format!("How are you, {}?", unique());
        s.write("app.py", &application(&question));
        build(&s, &[install], &[copy]).await;
        // The image is another one, so the container is replaced.
        s.up(&[]).await;
        serves(&s, port, &question).await;
    })
    .await;
}

#[tokio::test]
async fn a_node_application_installs_only_when_its_packages_change() {
    let port = free_port();
    // Stands in for `npm install`, which would ask a registry.
    let install = "RUN node install.js";
    let dockerfile = format!(
        "FROM debian:bookworm-slim\n\
         RUN apt-get update -o Acquire::Languages=none && apt-get install -y --no-install-recommends nodejs\n\
         WORKDIR /usr/src/app\n{}COPY package*.json install.js ./\n{install}\nCOPY . .\nEXPOSE 8080\n\
         CMD [\"node\", \"server.js\"]\n",
        uncached()
    );
    let installer = "const fs = require('fs');\n\
                     for (const name of Object.keys(require('./package.json').dependencies)) {\n\
                     fs.mkdirSync(`node_modules/${name}`, {recursive: true});\n\
                     const version = require('./package-lock.json').packages[name];\n\
                     fs.writeFileSync(`node_modules/${name}/index.js`, `module.exports = '${name} ${version}'`);\n}\n";
    let server = |greeting: &str| {
        format!(
            "const http = require('http');\nconst text = '{greeting} ' + require('greeting');\n\
             http.createServer((_, answer) => answer.end(text)).listen(8080);\n"
        )
    };
    let lock = |version: &str| format!("{{\"packages\": {{\"greeting\": \"{version}\"}}}}");
    let file = format!("services:\n  web: {{build: ., ports: ['127.0.0.1:{port}:8080'], stop_grace_period: 0s}}\n");
    let (hello, first) = (server("hello"), lock("1"));
    let files = [
        ("compose.yaml", file.as_str()),
        ("Dockerfile", &dockerfile),
        (".dockerignore", "node_modules\nnpm-debug.log\n"),
        ("package.json", "{\"name\": \"web\", \"dependencies\": {\"greeting\": \"*\"}}"),
        ("package-lock.json", &first),
        ("install.js", installer),
        ("server.js", &hello),
        // What is installed on the host must not replace what was installed in the image.
        ("node_modules/greeting/index.js", "module.exports = 'of the host'"),
    ];
    scenario("dockerfile-node", &files, |s| async move {
        install_and_up(&s).await;
        serves(&s, port, "hello greeting 1").await;
        let image = "hoist-test-dockerfile-node-web";
        let before = layers(&s, image).await;

        s.write("server.js", &server("goodbye"));
        let ran = s.hoist(&["build"]).await.ok();
        let (cached, executed) = cached_and_executed(&ran);
        assert!(cached.contains(&install) && executed == ["COPY . ."], "{}", ran.stdout);
        let after = layers(&s, image).await;
        assert_eq!(before[..before.len() - 1], after[..after.len() - 1], "all but the last layer is shared");
        assert_ne!(before.last(), after.last());

        let version = unique();
        s.write("package-lock.json", &lock(&version));
        let ran = s.hoist(&["build"]).await.ok();
        let (_, executed) = cached_and_executed(&ran);
        assert_eq!(executed, ["COPY package*.json install.js ./", install, "COPY . ."], "{}", ran.stdout);
        s.up(&[]).await;
        serves(&s, port, &format!("goodbye greeting {version}")).await;
    })
    .await;
}

#[tokio::test]
async fn a_changed_file_rebuilds_its_layer_and_those_above() {
    let (prepare, requirements, install) =
        ("RUN echo prepared > /prepared", "COPY requirements.txt /", "RUN cat requirements.txt > /installed");
    let (source, compile) = ("COPY src /src", "RUN cat /src/main > /compiled");
    let instructions = [prepare, requirements, install, source, compile];
    let dockerfile = format!("FROM busybox\n{}{}\n", uncached(), instructions.join("\n"));
    let files = [
        ("compose.yaml", "services: {app: {build: .}}\n"),
        ("Dockerfile", &dockerfile),
        ("requirements.txt", "flask"),
        ("src/main", "one"),
    ];
    scenario("dockerfile-layers", &files, |s| async move {
        let image = "hoist-test-dockerfile-layers-app";
        build(&s, &[], &instructions).await;
        let first = layers(&s, image).await;
        build(&s, &instructions, &[]).await;
        assert_eq!(layers(&s, image).await, first);

        // The time of a file is no part of the layer.
        let main = fs::File::options().write(true).open(s.folder().join("src/main")).expect("it is there");
        main.set_modified(SystemTime::UNIX_EPOCH).expect("it can be set");
        build(&s, &instructions, &[]).await;

        s.write("src/main", "two");
        build(&s, &instructions[..3], &instructions[3..]).await;
        let second = layers(&s, image).await;
        assert_eq!((first.len(), &first[..4]), (second.len(), &second[..4]), "the base and three layers are shared");
        assert!(first[4..] != second[4..]);

        s.write("requirements.txt", "flask\nredis");
        build(&s, &instructions[..1], &instructions[1..]).await;

        // Back again: the engine still has it.
        s.write("requirements.txt", "flask");
        s.write("src/main", "one");
        build(&s, &instructions, &[]).await;
        let ran = s.hoist(&["build", "--no-cache"]).await.ok();
        assert_eq!(cached_and_executed(&ran).0, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn an_ignore_file_with_exceptions() {
    let ignore = "# Nothing but what is needed.\n*\n!package.json\n!src\n\nsrc/**/*.test.js\n!src/lib/keep.test.js\n";
    let dockerfile = format!("FROM busybox\n{}COPY . /app\nRUN cd /app && find . -type f | sort > /list\n", uncached());
    let files = [
        ("compose.yaml", "services: {app: {build: ., command: [cat, /list]}}\n"),
        ("Dockerfile", dockerfile.as_str()),
        (".dockerignore", ignore),
        ("package.json", "{}"),
        ("src/main.js", "main"),
        ("src/main.test.js", "test"),
        ("src/lib/drop.test.js", "test"),
        ("src/lib/keep.test.js", "test"),
        (".env", "PASSWORD=hunter2"),
        (".git/config", "[core]"),
        ("node_modules/x/index.js", "x"),
    ];
    scenario("dockerfile-ignore", &files, |s| async move {
        s.up(&[]).await;
        s.writes("app", "./package.json\n./src/lib/keep.test.js\n./src/main.js\n").await;
        // What does not arrive changes nothing.
        let (copy, list) = ("COPY . /app", "RUN cd /app && find . -type f | sort > /list");
        s.write(".git/config", "[user]");
        s.write("src/lib/drop.test.js", "another test");
        build(&s, &[copy, list], &[]).await;
        s.write("src/lib/keep.test.js", &unique());
        build(&s, &[], &[copy, list]).await;
    })
    .await;
}

#[tokio::test]
async fn entrypoint_and_command_of_the_image_and_of_the_file() {
    let cases = [
        ("plain", "", "entry default"),
        ("command", "command: [given]", "entry given"),
        ("words", "command: one 'two three'", "entry one two three"),
        // An entrypoint of the file takes the command of the image away.
        ("entrypoint", "entrypoint: [echo, mine]", "mine"),
        ("both", "entrypoint: [echo, mine], command: [given]", "mine given"),
        ("bare", "entrypoint: [], command: [echo, bare]", "bare"),
        ("shell", "entrypoint: [sh, -c], command: ['echo $$0 $$GREETING']", "sh hello"),
    ];
    let services: String =
        cases.map(|(name, keys, _)| format!("  {name}: {{<<: *built, {keys}}}\n")).into_iter().collect();
    let file = format!("x-built: &built {{image: hoist-test-dockerfile-entry, build: .}}\nservices:\n{services}");
    let dockerfile = "FROM busybox\nENV GREETING=hello\nENTRYPOINT [\"echo\", \"entry\"]\nCMD [\"default\"]\n";
    scenario("dockerfile-entry", &[("compose.yaml", &file), ("Dockerfile", dockerfile)], |s| async move {
        s.up(&[]).await;
        for (service, _, text) in cases {
            let what = format!("{service} has ended");
            s.eventually(&what, 20, || async { (s.only(service).await.state == "exited").then_some(()) }).await;
            assert_eq!(s.output_of(service).await.trim_end(), text, "{service}");
        }
        s.hoist(&["run", "--rm", "plain", "from", "run"]).await.ok().prints("entry from run\n");
        s.hoist(&["run", "--rm", "--entrypoint", "printenv", "plain", "GREETING"]).await.ok().prints("hello\n");
    })
    .await;
}

#[tokio::test]
async fn the_user_of_the_image_and_of_the_file() {
    let dockerfile = format!(
        "FROM busybox\n{}RUN mkdir /data && chown 1000:1000 /data\nCOPY --chown=1000:1000 file /data/\n\
         USER 1000:1000\nRUN id -u > /data/built-by\nCMD id -u; id -g; cat /data/built-by; stat -c %u /data/file; \
         touch /etc/x 2>/dev/null || echo refused\n",
        uncached()
    );
    let file = "services:\n  app: {build: .}\n  other: {build: ., user: \"33\"}\n  root: {build: ., user: root}\n";
    scenario(
        "dockerfile-user",
        &[("compose.yaml", file), ("Dockerfile", &dockerfile), ("file", "text")],
        |s| async move {
            s.up(&[]).await;
            let ids = s.writes("app", "refused").await;
            assert_eq!(ids, "1000\n1000\n1000\n1000\nrefused\n");
            assert!(s.writes("other", "refused").await.starts_with("33\n"));
            assert_eq!(s.writes("root", "1000\n1000\n").await, "0\n0\n1000\n1000\n");
        },
    )
    .await;
}

#[tokio::test]
async fn stages_and_targets() {
    let dockerfile = format!(
        "FROM busybox AS build\n{}COPY main.c /src/\nRUN sed s/source/binary/ /src/main.c > /app\n\
         FROM build AS test\nRUN grep -q tested /app\n\
         FROM busybox AS base\nRUN mkdir /srv\n\
         FROM base AS debug\nCOPY --from=build /app /src/main.c /srv/\n\
         FROM base AS release\nCOPY --from=build /app /srv/\nCMD [\"ls\", \"/srv\"]\n",
        uncached()
    );
    let file = "services:\n  release: {build: .}\n  debug: {build: {context: ., target: debug}, command: [ls, /srv]}\n  \
                test: {build: {context: ., target: test}, profiles: [test]}\n";
    let files = [("compose.yaml", file), ("Dockerfile", &dockerfile), ("main.c", "source")];
    scenario("dockerfile-stages", &files, |s| async move {
        // Nobody needs the stage that fails.
        s.up(&[]).await;
        assert_eq!(s.writes("release", "app\n").await, "app\n");
        assert_eq!(s.writes("debug", "main.c\n").await, "app\nmain.c\n");
        s.hoist(&["run", "--rm", "release", "cat", "/srv/app"]).await.ok().prints("binary");
        s.hoist(&["build", "test"]).await.ends_with(1).says("RUN grep -q tested /app");
        s.write("main.c", "source, tested");
        s.hoist(&["build", "test"]).await.ok();
    })
    .await;
}

#[tokio::test]
async fn arguments_and_variables() {
    let dockerfile = format!(
        "ARG BASE=nothing-of-the-kind\nFROM ${{BASE}}\n{}ARG VERSION=1.0\nARG COLOR\nARG BASE\n\
         ENV APP_VERSION=${{VERSION}} APP_MODE=production\n\
         RUN echo \"$VERSION ${{COLOR:-none}} ${{BASE:-unset}} $APP_MODE\" > /built\n\
         CMD cat /built; echo \"$APP_VERSION $APP_MODE ${{VERSION:-unset}}\"\n",
        uncached()
    );
    let file = "services:\n  app: {build: {context: ., args: {BASE: busybox}}}\n  \
                given: {build: {context: ., args: [BASE=busybox, VERSION=2.0, COLOR]}, environment: {APP_MODE: test}}\n";
    let files = [("compose.yaml", file), ("Dockerfile", &dockerfile), (".env", "COLOR=blue\n")];
    scenario("dockerfile-args", &files, |s| async move {
        s.up(&[]).await;
        assert_eq!(s.writes("app", "unset\n").await, "1.0 none busybox production\n1.0 production unset\n");
        assert_eq!(s.writes("given", "unset\n").await, "2.0 blue busybox production\n2.0 test unset\n");
        s.hoist(&["build", "--build-arg", "VERSION=3.0", "app"]).await.ok();
        s.hoist(&["run", "--rm", "app"]).await.ok().prints("3.0 none busybox production\n3.0 production unset\n");
    })
    .await;
}
