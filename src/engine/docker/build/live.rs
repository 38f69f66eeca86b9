//! Builds against a real engine, by its socket: `HOIST_BUILD_SOCKET=/run/docker.sock cargo test --lib build::live --
//! --ignored`. The engine has to have `busybox:latest`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::StreamExt;
use sha2::Digest;
use tempfile::TempDir;

use super::{
    BuildError, BuildProgress, BuildRequest, Built, ContextSource, DockerfileSource, SecretSource, StepStatus, build,
};

use crate::engine::docker::connect::Address;
use crate::engine::docker::transport::Transport;

fn socket() -> PathBuf {
    std::env::var_os("HOIST_BUILD_SOCKET").expect("HOIST_BUILD_SOCKET names the engine's socket").into()
}

fn engine() -> Transport {
    Transport::new(Address::Unix(socket()))
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("folder");
    for (path, text) in files {
        write(folder.path(), path, text);
    }
    folder
}

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().expect("parent")).expect("folder");
    std::fs::write(path, text).expect("file");
}

fn request(folder: &TempDir) -> BuildRequest {
    let path = folder.path().to_path_buf();
    let shared_key = format!("hoist-live-ü:{}", path.display());
    BuildRequest::new(ContextSource::Directory(path), shared_key)
}

/// An instruction that no earlier build had, so that nothing after it comes from the engine's cache.
fn uncached() -> String {
    format!("ENV RUN_OF_THE_TEST={}\n", super::unique_id())
}

struct Outcome {
    progress: Vec<BuildProgress>,
    result: Result<Built, BuildError>,
}

impl Outcome {
    fn built(&self) -> &Built {
        self.result.as_ref().unwrap_or_else(|error| panic!("{error}\n{:?}\n{:#?}", error.context(), self.progress))
    }

    fn error(&self) -> &BuildError {
        self.result.as_ref().expect_err("the build was to fail")
    }

    fn lines(&self) -> Vec<&str> {
        let lines = self.progress.iter().filter_map(|progress| {
            let BuildProgress::Log { line, .. } = progress else { return None };
            Some(line.as_str())
        });
        lines.collect()
    }

    fn steps(&self, wanted: &StepStatus) -> Vec<&str> {
        let steps = self.progress.iter().filter_map(|progress| {
            let BuildProgress::Step { name, status, .. } = progress else { return None };
            (status == wanted).then_some(name.as_str())
        });
        steps.collect()
    }
}

async fn outcome(request: BuildRequest) -> Outcome {
    let mut stream = build(engine(), request, Arc::new(|_| None));
    let mut progress = Vec::new();
    while let Some(item) = stream.next().await {
        match item {
            Ok(BuildProgress::Done(built)) => return Outcome { progress, result: Ok(built) },
            Ok(other) => progress.push(other),
            Err(error) => return Outcome { progress, result: Err(error) },
        }
    }
    panic!("the stream ended without a result: {progress:#?}");
}

#[tokio::test]
#[ignore = "needs an engine"]
async fn only_what_changed_is_sent() {
    let folder = folder(&[
        (
            "Dockerfile",
            &format!(
                "FROM busybox AS one\n{}ARG WHO\nCOPY . /src\nRUN echo hello $WHO && cat /src/b.txt\nFROM one AS two\nRUN exit 1\n",
                uncached()
            ),
        ),
        ("a.txt", "a"),
        ("b.txt", "first"),
        ("secret.txt", "no"),
        ("sub/c.txt", "c"),
        ("sub/keep.md", "k"),
        ("sub/drop.md", "d"),
        (".dockerignore", "secret.txt\n**/*.md\n!sub/keep.md\nDockerfile\n.dockerignore\n"),
    ]);
    let request = BuildRequest {
        args: BTreeMap::from([("WHO".into(), "world".into())]),
        labels: BTreeMap::from([("made.by".into(), "hoist".into())]),
        target: Some("one".into()),
        tags: vec!["hoist-build-live:one".into()],
        ..request(&folder)
    };
    let first = outcome(request.clone()).await;
    // Dockerfile and ignore file, then a, b, c and keep.
    assert_eq!(first.built().files_sent, 6, "{:#?}", first.progress);
    assert!(first.lines().contains(&"hello world"), "{:?}", first.lines());
    assert!(first.built().digest.as_deref().is_some_and(|digest| digest.starts_with("sha256:")));

    let second = outcome(request.clone()).await;
    // The frontend reads Dockerfile and ignore file anew each time, except in old engines.
    assert!(second.built().files_sent <= 2);
    assert_eq!(second.built().digest, first.built().digest);
    assert!(second.steps(&StepStatus::Cached).iter().any(|name| name.contains("RUN echo")), "{:#?}", second.progress);

    write(folder.path(), "b.txt", "second");
    let third = outcome(request).await;
    assert_eq!(
        (third.built().files_sent, third.built().bytes_sent),
        (second.built().files_sent + 1, second.built().bytes_sent + 6)
    );
    assert!(third.lines().contains(&"second"));
    assert_ne!(third.built().digest, first.built().digest);
}

#[tokio::test]
#[ignore = "needs an engine"]
async fn an_inline_dockerfile_uses_the_context() {
    let folder = folder(&[("a.txt", "text"), ("more/x", "xx")]);
    let named = folder.path().join("more").display().to_string();
    let mut request = BuildRequest {
        dockerfile: DockerfileSource::Inline(format!(
            "FROM busybox\n{}COPY a.txt /\nCOPY --from=more x /\nRUN cat /a.txt /x\n",
            uncached()
        )),
        contexts: BTreeMap::from([("more".into(), named)]),
        extra_hosts: vec![("gate".into(), "host-gateway".into()), ("h".into(), "1.2.3.4".into())],
        ..request(&folder)
    };
    let first = outcome(request.clone()).await;
    assert!(first.lines().iter().any(|line| line.contains("textxx")), "{:?}", first.lines());
    request.dockerfile =
        DockerfileSource::Inline(format!("FROM busybox\n{}RUN grep -E 'gate|1.2.3.4' /etc/hosts\n", uncached()));
    let second = outcome(request).await;
    second.built();
    assert_eq!(second.lines().len(), 2, "{:?}", second.lines());
}

#[tokio::test]
#[ignore = "needs an engine"]
async fn failures_say_what_and_where() {
    let folder = folder(&[("Dockerfile", "FROM busybox\nCOPY missing /\n"), ("x/y", "")]);
    let failing = |text: &str| BuildRequest { dockerfile: DockerfileSource::Inline(text.into()), ..request(&folder) };

    let copy = outcome(request(&folder)).await;
    assert_eq!(copy.error().to_string(), "`/missing` is not in the build context, or is left out by its .dockerignore");
    assert_eq!(copy.error().context()[0], "Dockerfile:2: COPY missing /");

    let run = outcome(failing("FROM busybox\n\nRUN echo one && echo two && exit 3\n")).await;
    assert!(run.error().to_string().ends_with("exit code: 3"), "{}", run.error());
    assert_eq!(run.error().context()[0], "Dockerfile:3: RUN echo one && echo two && exit 3");
    assert_eq!(run.error().context()[2..], ["one", "two"]);

    let cases = [
        ("FROM\n", "on line 1: FROM requires either one or three arguments", Some("Dockerfile:1: FROM")),
        ("FROM busybox\nRUNN x\n", "on line 2: unknown instruction: RUNN", Some("Dockerfile:2: RUNN x")),
        ("FROM hoist.invalid/x\n", "hoist.invalid/x: failed to resolve", Some("Dockerfile:1: FROM hoist.invalid/x")),
        ("", "the Dockerfile cannot be empty", None),
    ];
    for (text, message, place) in cases {
        let outcome = outcome(failing(text)).await;
        let error = outcome.error();
        assert!(error.to_string().starts_with(message), "{error}");
        assert_eq!(error.to_string().lines().count(), 1);
        assert_eq!(error.context().first().map(String::as_str), place);
    }
    let target = outcome(BuildRequest { target: Some("nope".into()), ..failing("FROM busybox\n") }).await;
    assert_eq!(target.error().to_string(), "target stage \"nope\" could not be found");
    let nowhere =
        build(Transport::new(Address::Unix("/nowhere.sock".into())), request(&folder), Arc::new(|_| None)).next().await;
    assert_eq!(
        nowhere.expect("a result").expect_err("refused").to_string(),
        "cannot connect to a container engine at unix:///nowhere.sock: No such file or directory"
    );
}

#[tokio::test]
#[ignore = "needs an engine"]
async fn big_files_many_files_and_links_arrive() {
    let folder = folder(&[
        (
            "Dockerfile",
            &format!(
                "FROM busybox\n{}COPY . /src\nRUN cd /src && sha256sum big && find many -type f | wc -l && readlink soft && cat soft && echo && stat -c '%a %u %g %h' run.sh hard\n",
                uncached()
            ),
        ),
        ("run.sh", "#!/bin/sh\n"),
    ]);
    let big: Vec<u8> =
        (0u32..50 * 1024 * 1024 / 4).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    std::fs::write(folder.path().join("big"), &big).expect("file");
    for number in 0..2000 {
        write(folder.path(), &format!("many/{}/{number}.txt", number % 20), &format!("file {number}"));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::os::unix::fs::symlink("many/0/0.txt", folder.path().join("soft")).expect("link");
        std::fs::hard_link(folder.path().join("run.sh"), folder.path().join("hard")).expect("link");
        std::fs::set_permissions(folder.path().join("run.sh"), PermissionsExt::from_mode(0o750)).expect("mode");
    }
    let first = outcome(request(&folder)).await;
    let hash: Vec<u8> = sha2::Sha256::digest(&big).to_vec();
    let hex = |text: &str| (0..32).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).expect("hex")).collect();
    let arrived: Vec<u8> = hex(first.lines()[0]);
    assert_eq!(arrived, hash);
    assert_eq!(first.lines()[1..], ["2000", "many/0/0.txt", "file 0", "750 0 0 2", "750 0 0 2"]);
    write(folder.path(), "many/3/3.txt", "changed");
    let second = outcome(request(&folder)).await;
    // What changed, and the Dockerfile.
    assert!(second.built().files_sent <= 2);
    assert!(second.built().bytes_sent < 1000);
}

#[tokio::test]
#[ignore = "needs an engine"]
async fn secrets_are_mounted_and_long_ignore_files_understood() {
    use std::fmt::Write;
    let mut ignore = String::new();
    for number in 0..5000 {
        writeln!(ignore, "some/folder/with/number/{number}").expect("text");
    }
    let folder =
        folder(&[(".dockerignore", &ignore), ("a", ""), ("some/folder/with/number/17", ""), ("hidden", "two")]);
    let mount = |id: &str| format!("--mount=type=secret,id={id},required");
    let text = format!(
        "FROM busybox\n{}COPY . /src\nRUN {} {} cat /run/secrets/one && cat /run/secrets/two && echo && find /src -name 17\n",
        uncached(),
        mount("one"),
        mount("two"),
    );
    let secrets = [
        ("one".to_owned(), SecretSource::Value("one".to_owned())),
        ("two".to_owned(), SecretSource::File(folder.path().join("hidden"))),
    ];
    let request =
        BuildRequest { dockerfile: DockerfileSource::Inline(text), secrets: secrets.into(), ..request(&folder) };
    let outcome = outcome(request).await;
    outcome.built();
    assert_eq!(outcome.lines(), ["onetwo"]);
}

#[tokio::test]
#[ignore = "needs an engine"]
async fn dropping_the_stream_gives_the_build_up() {
    let folder = folder(&[("Dockerfile", "FROM busybox\nRUN echo begun && sleep 47.1\n")]);
    let mut stream = build(engine(), BuildRequest { no_cache: true, ..request(&folder) }, Arc::new(|_| None));
    while !begun(&stream.next().await.expect("progress").expect("no error")) {}
    let sleeps = || {
        let processes = std::fs::read_dir("/proc").expect("processes").flatten();
        processes
            .filter_map(|process| std::fs::read(process.path().join("cmdline")).ok())
            .filter(|line| line == b"sleep\x0047.1\0")
            .count()
    };
    until(|| sleeps() == 1, "the step does not begin").await;
    drop(stream);
    until(|| sleeps() == 0, "the build goes on").await;
}

#[tokio::test]
#[ignore = "needs an engine"]
async fn a_lost_connection_is_an_error() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("port");
    let port = listener.local_addr().expect("address").port();
    let mut between = tokio::task::JoinSet::new();
    between.spawn(async move {
        let mut connections = tokio::task::JoinSet::new();
        while let Ok((mut client, _)) = listener.accept().await {
            connections.spawn(async move {
                let mut engine = tokio::net::UnixStream::connect(socket()).await.expect("engine");
                let _ = tokio::io::copy_bidirectional(&mut client, &mut engine).await;
            });
        }
    });
    let folder = folder(&[("Dockerfile", "FROM busybox\nRUN echo begun && sleep 20\n")]);
    let address = Address::Tcp { host: "127.0.0.1".into(), port, tls: None };
    let mut stream =
        build(Transport::new(address), BuildRequest { no_cache: true, ..request(&folder) }, Arc::new(|_| None));
    while !begun(&stream.next().await.expect("progress").expect("no error")) {}
    drop(between);
    let rest: Vec<_> = stream.collect().await;
    assert!(matches!(rest.last(), Some(Err(BuildError::Disconnected(_)))), "{rest:?}");
}

fn begun(progress: &BuildProgress) -> bool {
    matches!(progress, BuildProgress::Log { line, .. } if line == "begun")
}

async fn until(condition: impl Fn() -> bool, otherwise: &str) {
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(15);
    while !condition() {
        assert!(tokio::time::Instant::now() < deadline, "{otherwise}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
