//! What a build asks of the builder: where its files come from, what it may use, and what the builder refuses. The
//! builders are the engine's BuildKit, its classic one, and those of the buildx plugin.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::support::{Ran, Scenario, buildx, port, scenario};

/// An instruction that no earlier build had, so that nothing after it comes from the engine's cache.
fn uncached() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time after 1970");
    format!("ENV RUN_OF_THE_TEST={}\n", now.as_nanos())
}

/// A service `app` that does nothing.
fn idle(build: &str) -> String {
    format!("services:\n  app:\n    build: {build}\n    command: [sleep, '600']\n    stop_grace_period: 0s\n")
}

async fn in_app(s: &Scenario, command: &[&str]) -> String {
    let app = s.only("app").await.id;
    s.exec(&app, command).await
}

/// `up -d --build` with a variable in the environment.
async fn up_with(s: &Scenario, name: &str, value: &str) -> Ran {
    let mut command = s.command(&["up", "-d", "--build"]);
    command.env(name, value);
    s.run(command).await
}

/// Ends a program with the test.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn succeeds(command: &mut Command) {
    let output = command.output().expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Whether the engine keeps its images in the containerd store.
pub(crate) async fn has_containerd_store(s: &Scenario) -> bool {
    let info = s.docker.info().await.expect("the engine answers");
    info.driver_status.unwrap_or_default().concat().iter().any(|text| text == "io.containerd.snapshotter.v1")
}

fn make_key(s: &Scenario, name: &str, passphrase: &str) {
    succeeds(
        Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", passphrase, "-f"]).arg(s.folder().join(name)),
    );
}

/// A program that asks the agent of a build step for its keys, to add one, and prints the kinds of its answers and the
/// number of keys.
const ASK_AGENT: &str = r#"
use IO::Socket::UNIX;
my $agent = IO::Socket::UNIX->new(Peer => $ENV{SSH_AUTH_SOCK}) or die "no agent: $!";
for my $request (pack("NC", 1, 11), pack("NC", 1, 19)) {
    print $agent $request; $agent->flush;
    read($agent, my $length, 4); read($agent, my $answer, unpack("N", $length));
    print unpack("C", $answer), " ", length($answer) > 4 ? unpack("xN", $answer) : "", "\n";
}
"#;

#[tokio::test]
async fn build_steps_use_an_agent_and_keys_that_they_cannot_change() {
    let dockerfile = format!(
        "FROM debian:bookworm-slim\n{}COPY ask.pl /\nRUN --mount=type=ssh,required perl /ask.pl > /one\n\
         RUN --mount=type=ssh,id=two,required perl /ask.pl > /two\nRUN test -z \"$SSH_AUTH_SOCK\"\n",
        uncached()
    );
    let file = idle("{context: ., ssh: [default, 'two=./key']}");
    let files = [("compose.yaml", file.as_str()), ("Dockerfile", &dockerfile), ("ask.pl", ASK_AGENT)];
    scenario("builder-ssh", &files, |s| async move {
        make_key(&s, "key", "");
        make_key(&s, "closed", "secret");
        let socket = s.folder().join("agent.sock");
        let agent = Command::new("ssh-agent").arg("-D").arg("-a").arg(&socket).stdout(Stdio::null()).spawn();
        let _agent = Ends(agent.expect("ssh-agent runs"));
        s.eventually("the agent listens", 10, || async { socket.exists().then_some(()) }).await;
        let address = socket.display().to_string();
        up_with(&s, "SSH_AUTH_SOCK", &address).await.ok();
        // The user's agent has no key; the list has kind 12, and a failure kind 5.
        assert_eq!(in_app(&s, &["cat", "/one", "/two"]).await, "12 0\n5 \n12 1\n5 \n");

        s.hoist(&["up", "-d", "--build"])
            .await
            .ends_with(1)
            .says("but SSH_AUTH_SOCK is not set")
            .says("compose.yaml:3:");
        s.write("compose.yaml", &idle("{context: ., ssh: ['two=./closed']}"));
        s.hoist(&["up", "-d", "--build"]).await.ends_with(1).says("has a passphrase").says("compose.yaml:3:");
    })
    .await;
}

#[tokio::test]
async fn a_context_may_be_a_repository() {
    let git = |folder: &Path, arguments: &[&str]| {
        let user = ["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "init.defaultBranch=main"];
        succeeds(Command::new("git").current_dir(folder).args(user).args(arguments));
    };
    scenario("builder-git", &[("compose.yaml", "")], |s| async move {
        let mark = uncached();
        s.write("repo/sub/Dockerfile", &format!("FROM busybox\n{mark}COPY file /file\n"));
        s.write("repo/sub/file", "of the tag");
        let repository = s.folder().join("repo");
        git(&repository, &["init", "-q"]);
        git(&repository, &["add", "."]);
        git(&repository, &["commit", "-qm", "one"]);
        git(&repository, &["tag", "one"]);
        s.write("repo/sub/file", "of the branch");
        git(&repository, &["commit", "-qam", "two"]);
        let port = port::free_port();
        // Not through `git`, which would leave it running.
        let programs = Command::new("git").arg("--exec-path").output().expect("git runs").stdout;
        let program = Path::new(String::from_utf8_lossy(&programs).trim()).join("git-daemon");
        let daemon = Command::new(program)
            .args(["--export-all", "--reuseaddr", "--listen=127.0.0.1"])
            .args([format!("--port={port}"), format!("--base-path={}", s.folder().display())])
            .stderr(Stdio::null())
            .spawn();
        let _daemon = Ends(daemon.expect("git runs"));
        let listens = || async { std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok() };
        s.eventually("the daemon listens", 10, listens).await;
        let url = |fragment: &str| format!("git://127.0.0.1:{port}/repo{fragment}");
        s.write("compose.yaml", &idle(&format!("'{}'", url("/.git#one:sub"))));
        s.up(&[]).await;
        assert_eq!(in_app(&s, &["cat", "/file"]).await, "of the tag");
        // A Dockerfile in the Compose file, for files that the engine fetches; one more repository beside them.
        let inline = "\"FROM busybox\\nCOPY sub/file /file\\nCOPY --from=more sub/file /more\"";
        let more = format!("{{more: '{}'}}", url("/.git#one"));
        let context = url("/.git#main");
        let build = format!("{{context: '{context}', dockerfile_inline: {inline}, additional_contexts: {more}}}");
        s.write("compose.yaml", &idle(&build));
        s.up(&["--build"]).await;
        assert_eq!(in_app(&s, &["cat", "/file", "/more"]).await, "of the branchof the tag");
    })
    .await;
}

#[tokio::test]
async fn a_context_may_be_an_archive_on_a_server() {
    scenario("builder-archive", &[("compose.yaml", "")], |s| async move {
        s.write("app/Dockerfile", &format!("FROM busybox\n{}COPY file /file\n", uncached()));
        s.write("app/file", "from the archive");
        let archive = s.folder().join("context.tar");
        succeeds(Command::new("tar").arg("-C").arg(s.folder().join("app")).arg("-cf").arg(&archive).arg("."));
        let archive = std::fs::read(archive).expect("the archive is there");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        // Ends with the tests: nothing waits for it.
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut request = [0; 4096];
                let length = stream.read(&mut request).unwrap_or(0);
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/x-tar\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                    archive.len()
                );
                let _ = stream.write_all(head.as_bytes());
                if request[..length].starts_with(b"GET") {
                    let _ = stream.write_all(&archive);
                }
            }
        });
        s.write("compose.yaml", &idle(&format!("'http://127.0.0.1:{port}/context.tar'")));
        s.up(&[]).await;
        assert_eq!(in_app(&s, &["cat", "/file"]).await, "from the archive");
    })
    .await;
}

#[tokio::test]
async fn what_the_builder_cannot_do_is_refused_with_its_place() {
    let files = [("compose.yaml", ""), ("Dockerfile", "FROM busybox\n")];
    scenario("builder-refusals", &files, |s| async move {
        let always = [
            ("privileged: true", "granting entitlement security.insecure is not allowed"),
            ("entitlements: [device]", "entitlement"),
            ("cache_from: ['type=s3,region=x,bucket=y']", "the engine's builder has no cache of type `s3`"),
            ("network: mine", "a build cannot use the network `mine`"),
            ("additional_contexts: {more: 'oci-layout://./layout'}", "`build.additional_contexts`"),
        ];
        let needs_containerd = [
            ("provenance: true", "`build.provenance` needs an engine with the containerd image store"),
            ("sbom: true", "`build.sbom` needs an engine with the containerd image store"),
            ("cache_to: ['127.0.0.1:9/cache']", "`build.cache_to` of type `registry` needs"),
            ("cache_to: ['type=gha,token=x,url=http://127.0.0.1:9']", "`build.cache_to` of type `gha` needs"),
        ];
        let store = has_containerd_store(&s).await;
        let cases = always.into_iter().chain(needs_containerd.into_iter().filter(|_| !store));
        for (attribute, expected) in cases {
            s.write("compose.yaml", &format!("services:\n  app:\n    build:\n      {attribute}\n"));
            s.hoist(&["up", "-d", "--build"]).await.ends_with(1).says(expected).says("compose.yaml:4:");
        }
    })
    .await;
}

#[tokio::test]
async fn attestations_that_are_off_leave_the_image_as_it_is() {
    let files = [("compose.yaml", &*idle(".")), ("Dockerfile", &format!("FROM busybox\n{}", uncached()))];
    scenario("builder-attest", &files, |s| async move {
        s.up(&[]).await;
        let before =
            (s.ids().await, s.docker.inspect_image("hoist-test-builder-attest-app").await.expect("an image").id);
        for build in [".", "{context: ., provenance: false, sbom: false}", "{context: ., cache_to: [type=inline]}"] {
            s.write("compose.yaml", &idle(build));
            s.up(&["--build"]).await;
            if !build.contains("inline") {
                let now = s.docker.inspect_image("hoist-test-builder-attest-app").await.expect("an image").id;
                assert_eq!((s.ids().await, now), before, "{build}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn the_classic_builder_takes_over_where_buildkit_is_off() {
    let dockerfile = format!("FROM busybox\n{}ARG WHO\nCOPY . /src\nRUN echo $WHO > /who\n", uncached());
    let files = [
        ("compose.yaml", &*idle("{context: app, dockerfile: ../Outside, args: {WHO: me}, ulimits: {nofile: 1000}}")),
        ("Outside", &dockerfile),
        ("app/.dockerignore", "*.md\n!kept.md\n"),
        ("app/kept.md", "k"),
        ("app/dropped.md", "d"),
        ("app/file", "f"),
    ];
    scenario("builder-classic", &files, |s| async move {
        std::os::unix::fs::symlink("file", s.folder().join("app/link")).expect("a link");
        let classic = async |s: &Scenario| up_with(s, "DOCKER_BUILDKIT", "0").await;
        classic(&s).await.ok().prints("the engine's classic builder is used");
        let listed = in_app(&s, &["sh", "-c", "cat /who; ls -A /src; readlink /src/link"]).await;
        assert_eq!(listed, "me\n.dockerignore\nfile\nkept.md\nlink\nfile\n");
        let labels = s.docker.inspect_image("hoist-test-builder-classic-app").await.expect("an image").config;
        assert_eq!(labels.and_then(|config| config.labels).unwrap_or_default()["com.docker.compose.service"], "app");
        let before = s.ids().await;
        classic(&s).await.ok();
        assert_eq!(s.ids().await, before, "unchanged");

        s.write("compose.yaml", &idle("{dockerfile_inline: \"FROM busybox\\nRUN echo so it is; exit 3\"}"));
        classic(&s).await.ends_with(1).says("returned a non-zero code: 3").says("so it is");
        s.write("compose.yaml", &idle("{context: app, additional_contexts: {more: .}}"));
        classic(&s).await.ends_with(1).says("`build.additional_contexts` needs BuildKit").says("compose.yaml:3:");
    })
    .await;
}

#[tokio::test]
async fn a_check_reports_and_builds_nothing() {
    let files = [("compose.yaml", &*idle(".")), ("Dockerfile", "FROM busybox\nRUN exit 1\nENV one two\n")];
    scenario("builder-check", &files, |s| async move {
        let ran = s.hoist(&["build", "--check"]).await.ends_with(1).prints("Check complete, 1 warning has been found!");
        ran.prints("WARNING: LegacyKeyValueFormat").prints("Dockerfile:3").says("found 1 warning");
        s.write("Dockerfile", "FROM busybox\nRUN exit 1\n");
        s.hoist(&["build", "--check"]).await.ok().prints("Check complete, no warnings found.").says(" Checked");
        s.docker.inspect_image("hoist-test-builder-check-app").await.expect_err("nothing was built");
    })
    .await;
}

#[tokio::test]
async fn another_builder_needs_the_plugin() {
    let dockerfile = format!("FROM busybox\n{}RUN --mount=type=secret,id=s cat /run/secrets/s > /s\n", uncached());
    let file = format!("{}secrets: {{s: {{environment: S}}}}\n", idle("{context: ., secrets: [s]}"));
    let files = [("compose.yaml", &*file), ("Dockerfile", &dockerfile), (".env", "S=${x}\n")];
    scenario("builder-other", &files, |s| async move {
        let plugins = s.folder().join(".docker/cli-plugins");
        let installed = ["/usr/local/lib", "/usr/local/libexec", "/usr/lib", "/usr/libexec"]
            .iter()
            .any(|folder| Path::new(folder).join("docker/cli-plugins/docker-buildx").exists());
        if !installed {
            let ran = s.hoist(&["build", "--builder", "other"]).await.ends_with(1);
            ran.says("the builder `other` needs Docker's buildx plugin, which is not installed");
        }
        std::fs::create_dir_all(&plugins).expect("a folder");
        std::os::unix::fs::symlink(buildx(), plugins.join("docker-buildx")).expect("a link");
        s.hoist(&["build", "--builder", "other"]).await.ends_with(1).says("no builder \"other\" found");
    })
    .await;
}
