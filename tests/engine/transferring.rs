//! `pull` and `push` against a registry of the bed's own, also where it is in trouble or asks for a login.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bollard::query_parameters::{
    CommitContainerOptionsBuilder, PushImageOptionsBuilder, RemoveImageOptionsBuilder, TagImageOptionsBuilder,
};
use futures::StreamExt;

use crate::builders::has_containerd_store;
use crate::pulling::{Registry, TURN, address, port};
use crate::support::{Scenario, scenario};

#[tokio::test]
async fn images_travel_between_engine_and_registry() {
    let _turn = TURN.lock().await;
    scenario("transferring", &[], |s| async move {
        let registry = Registry::start(&[]);
        pushed_and_pulled(&s).await;
        by_digest(&s).await;
        despite_trouble(&s).await;
        drop(registry);
        let registry = Registry::start(&["hoist", "secret"]);
        with_a_login(&s).await;
        drop(registry);
        s.remove_images(&s.repository()).await;
    })
    .await;
}

impl Scenario {
    /// `app` has an image in the registry, and another tag of it.
    fn with_app(&self) {
        let repository = self.repository();
        let build = format!("build: {{context: ., tags: ['{repository}:extra']}}");
        self.write("Dockerfile", "FROM busybox\n");
        self.write(
            "compose.yaml",
            &format!("services:\n  app: {{image: '{repository}:1', {build}}}\n  other: {{image: busybox}}\n"),
        );
    }

    async fn tag(&self, tag: &str) {
        let options = TagImageOptionsBuilder::default().repo(&self.repository()).tag(tag).build();
        self.docker.tag_image("busybox", Some(options)).await.expect("it can be tagged");
    }

    fn log_in(&self, account: &str) {
        let auth = STANDARD.encode(account);
        self.write(".docker/config.json", &format!(r#"{{"auths":{{"{}":{{"auth":"{auth}"}}}}}}"#, address()));
    }
}

async fn pushed_and_pulled(s: &Arc<Scenario>) {
    s.with_app();
    s.hoist(&["push"]).await.ends_with(1).says("does not exist").says("compose.yaml:2:").says("hoist build app");
    s.tag("1").await;
    s.tag("extra").await;
    s.hoist(&["push"]).await.ok().says(" other Skipped").says(":1 Pushed").says(":extra Pushed");
    s.forget("1").await;
    s.forget("extra").await;
    s.hoist(&["pull", "--ignore-buildable", "app"]).await.ok().says("Skipped Image can be built");
    s.hoist(&["pull", "app"]).await.ok().says(&format!("Image {}:1 Pulled", s.repository()));
    let present = "Skipped Image is already present locally";
    s.hoist(&["pull", "--policy", "missing", "app"]).await.ok().says(present);

    let missing = format!("services: {{gone: {{image: '{}:none'}}}}\n", s.repository());
    s.write("missing.yaml", &missing);
    let pull = ["-f", "missing.yaml", "pull"];
    s.hoist(&pull).await.ends_with(1).says("missing.yaml:1:").says("hint: check the name and the tag");
    s.hoist(&[&pull[..], &["--ignore-pull-failures"]].concat()).await.ok().says("Error");
    s.write("missing.yaml", &missing.replace("'}", "', build: .}"));
    s.hoist(&pull).await.ends_with(1).says("hoist build gone");
    s.hoist(&[&pull[..], &["--ignore-pull-failures"]].concat()).await.ok().says("hoist build gone");
}

async fn by_digest(s: &Arc<Scenario>) {
    let name = format!("{}:1", s.repository());
    let config = s.hoist(&["config", "--resolve-image-digests", "app"]).await.ok();
    let local = s.docker.inspect_image(&name).await.expect("it was pulled").repo_digests.unwrap_or_default();
    let ours = local.iter().find(|digest| digest.starts_with(&s.repository())).expect("a digest of the registry");
    let (_, digest) = ours.split_once('@').expect("a digest");
    let config = config.prints(&format!("image: {name}@{digest}\n"));
    s.hoist(&["config", "--lock-image-digests", "app"]).await.ok().prints(&format!("    image: {name}@{digest}\n"));
    drop(config);
    s.forget("1").await;
    let service = format!("{{image: '{}@{digest}', command: [sleep, '600'], stop_grace_period: 0s}}", s.repository());
    s.write("digest.yaml", &format!("services: {{app: {service}}}\n"));
    s.hoist(&["-f", "digest.yaml", "pull"]).await.ok().says("Pulled");
    s.hoist(&["-f", "digest.yaml", "up", "-d"]).await.ok();
    let before = s.ids().await;
    s.hoist(&["-f", "digest.yaml", "pull"]).await.ok();
    s.hoist(&["-f", "digest.yaml", "up", "-d"]).await.ok();
    assert_eq!(s.ids().await, before, "it is the same image by every path");
    s.hoist(&["-f", "digest.yaml", "down"]).await.ok();
}

async fn despite_trouble(s: &Arc<Scenario>) {
    let id = s.foreign_container(&format!("{}-large", s.project), "none", &[]).await;
    s.exec(&id, &["dd", "if=/dev/urandom", "of=/large", "bs=1M", "count=3"]).await;
    let commit = CommitContainerOptionsBuilder::default().container(&id).repo(&s.repository()).tag("large").build();
    s.docker.commit_container(commit, bollard::models::ContainerConfig::default()).await.expect("an image");
    let options = PushImageOptionsBuilder::default().tag("large").build();
    let repository = s.repository();
    let mut progress = s.docker.push_image(&repository, Some(options), None);
    while let Some(status) = progress.next().await {
        status.expect("it can be pushed");
    }
    s.forget("large").await;
    for (trouble, times) in [(Trouble::Cut, 1), (Trouble::Status("429 Too Many Requests"), 2)]
        .into_iter()
        .chain([(Trouble::Status("503 Service Unavailable"), 2)])
    {
        let detour = Detour::begin(trouble, times);
        let image = format!("127.0.0.1:{}/{}:large", detour.port, s.project);
        s.write("trouble.yaml", &format!("services: {{app: {{image: '{image}'}}}}\n"));
        let ran = s.hoist(&["-f", "trouble.yaml", "pull"]).await.ok().says("Pulled");
        let blobs = detour.blobs();
        let once = blobs.iter().collect::<BTreeSet<_>>().len();
        if trouble == Trouble::Cut {
            assert_eq!(blobs.len(), once + 1, "only the layer that was cut is fetched again: {blobs:?}");
        } else {
            // With the containerd store, the engine itself tries again.
            if !has_containerd_store(s).await {
                ran.says("retrying in 1 s");
            }
            assert_eq!(blobs.len(), once, "no layer is fetched twice: {blobs:?}");
        }
        let force = RemoveImageOptionsBuilder::default().force(true).build();
        s.docker.remove_image(&image, Some(force), None).await.expect("it was pulled");
    }
}

async fn with_a_login(s: &Arc<Scenario>) {
    s.with_app();
    s.tag("1").await;
    s.tag("extra").await;
    let login = format!("log in with `docker login {}`", address());
    s.hoist(&["push"]).await.ends_with(1).says(&login);
    s.log_in("bob:wrong");
    s.hoist(&["push"]).await.ends_with(1).says("(logged in as bob)").says("this account may not push there");
    let helper = format!(r#"{{"credHelpers":{{"{}":"hoist-test-none"}}}}"#, address());
    s.write(".docker/config.json", &helper);
    s.hoist(&["push"]).await.ends_with(1).says("docker-credential-hoist-test-none is not installed");
    s.log_in("hoist:secret");
    s.hoist(&["push", "--quiet"]).await.ok().says("Pushed").does_not_say("Preparing");
    s.hoist(&["config", "--resolve-image-digests", "app"]).await.ok().prints("@sha256:");
    s.forget("1").await;
    s.hoist(&["pull", "app"]).await.ok().says("Pulled");
    s.forget("1").await;
    // The variable comes first.
    s.log_in("bob:wrong");
    let with_variable = async |text: &str| {
        let mut command = s.command(&["pull", "app"]);
        command.env("DOCKER_AUTH_CONFIG", text);
        s.run(command).await
    };
    let auth = STANDARD.encode("hoist:secret");
    with_variable(&format!(r#"{{"auths":{{"{}":{{"auth":"{auth}"}}}}}}"#, address())).await.ok().says("Pulled");
    s.forget("1").await;
    s.write(".docker/config.json", "{}");
    with_variable("{}}").await.ends_with(1).says("DOCKER_AUTH_CONFIG is not what Docker expects");
    s.forget("extra").await;
}

/// What happens to requests on the way to the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// The connection breaks in the middle of a layer.
    Cut,
    /// A request for a manifest gets this status.
    Status(&'static str),
}

/// A way to the registry with trouble on it.
struct Detour {
    port: u16,
    /// The requests so far: method and path.
    requests: Arc<Mutex<Vec<String>>>,
}

impl Detour {
    /// Trouble for so many requests. It ends with the test.
    fn begin(trouble: Trouble, times: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let left = Arc::new(Mutex::new(times));
        let seen = requests.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (seen, left) = (seen.clone(), left.clone());
                std::thread::spawn(move || {
                    // A client that hangs up is none of the test's business.
                    let _ = pass_on(&client, trouble, &left, &seen);
                    let _ = client.shutdown(Shutdown::Both);
                });
            }
        });
        Self { port, requests }
    }

    /// The requests for layers.
    fn blobs(&self) -> Vec<String> {
        let requests = self.requests.lock().expect("no thread panics with it");
        requests.iter().filter(|request| request.contains("/blobs/")).cloned().collect()
    }
}

/// Passes one request on to the registry, and its answer back.
fn pass_on(
    mut client: &TcpStream,
    trouble: Trouble,
    left: &Mutex<usize>,
    seen: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let request = head.split(" HTTP/").next().unwrap_or_default().to_owned();
    seen.lock().expect("no thread panics with it").push(request.clone());
    let strikes = || {
        let mut left = left.lock().expect("no thread panics with it");
        let strikes = *left > 0;
        *left = left.saturating_sub(1);
        strikes
    };
    if let Trouble::Status(status) = trouble
        && request.contains("/manifests/")
        && strikes()
    {
        return client
            .write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").as_bytes());
    }
    let mut registry = TcpStream::connect(("127.0.0.1", port()))?;
    registry.write_all(head.replacen("\r\n", "\r\nConnection: close\r\n", 1).as_bytes())?;
    let mut buffer = [0; 16 << 10];
    let mut passed = 0;
    loop {
        let read = registry.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        passed += read;
        if trouble == Trouble::Cut && request.contains("/blobs/") && passed > (1 << 20) && strikes() {
            return Ok(());
        }
        client.write_all(&buffer[..read])?;
    }
}
