//! Images out of a registry of the bed's own, on the loopback address.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, LazyLock};

use bollard::query_parameters::{
    CommitContainerOptionsBuilder, PushImageOptionsBuilder, RemoveImageOptionsBuilder, TagImageOptionsBuilder,
};
use futures::StreamExt;

use crate::support::port::free_port;
use crate::support::{Scenario, scenario};

/// The port of the registry.
static PORT: LazyLock<u16> = LazyLock::new(free_port);

/// Held by the scenario that has the registry.
pub(crate) static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// The port of the registry.
pub(crate) fn port() -> u16 {
    *PORT
}

/// The address of the registry.
pub(crate) fn address() -> String {
    format!("127.0.0.1:{}", *PORT)
}

/// The registry; it ends with the scenario that started it. There is one, so there is one scenario with it at a time.
pub(crate) struct Registry;

impl Registry {
    pub(crate) fn start(access: &[&str]) -> Self {
        Self::bed(&[&["start"], access].concat());
        Self
    }

    fn bed(arguments: &[&str]) {
        let bed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bed/bed");
        let mut command = Command::new(bed);
        command.arg("registry").args(arguments).env("HOIST_REGISTRY_PORT", PORT.to_string());
        let ran = command.output().expect("the bed can be run");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        Self::bed(&["stop"]);
    }
}

impl Scenario {
    /// A repository of its own, so that nothing else bears its names.
    pub(crate) fn repository(&self) -> String {
        format!("{}/{}", address(), self.project)
    }

    /// Puts an image under that tag into the registry, and leaves none of it in the engine.
    async fn publish(&self, tag: &str, content: &str) {
        let id = self.foreign_container(&format!("{}-source", self.project), "none", &[]).await;
        let commit = CommitContainerOptionsBuilder::default()
            .container(&id)
            .repo(&self.repository())
            .tag(tag)
            .changes(&format!("LABEL content={content}"))
            .build();
        self.docker.commit_container(commit, bollard::models::ContainerConfig::default()).await.expect("an image");
        let push = PushImageOptionsBuilder::default().tag(tag).build();
        let mut progress = self.docker.push_image(&self.repository(), Some(push), None);
        while let Some(status) = progress.next().await {
            status.expect("it can be pushed");
        }
        drop(progress);
        self.forget(tag).await;
    }

    /// Takes a tag out of the engine.
    pub(crate) async fn forget(&self, tag: &str) {
        let force = RemoveImageOptionsBuilder::default().force(true).build();
        let name = format!("{}:{tag}", self.repository());
        self.docker.remove_image(&name, Some(force), None).await.expect("it was there");
    }

    /// What the label of the image says that a service's container was made from.
    async fn content(&self, service: &str) -> Option<String> {
        self.inspect(service).await.config?.labels?.get("content").cloned()
    }

    /// The pulls among the calls of a run that has to end well.
    async fn pulls(&self, arguments: &[&str]) -> usize {
        let run = self.disturbed(&[&["up", "-d"], arguments].concat(), None).await;
        run.ran.ok();
        run.calls.iter().filter(|call| call.starts_with("POST /images/create")).count()
    }

    fn app(&self, services: &[(&str, &str)]) {
        let mut text = String::from("services:\n");
        for (name, more) in services {
            let image = format!("image: '{}:1'", self.repository());
            writeln!(text, "  {name}: {{{image}, command: [sleep, '600'], stop_grace_period: 0s, {more}}}")
                .expect("a text can be written to");
        }
        self.write("compose.yaml", &text);
    }
}

#[tokio::test]
async fn images_come_from_the_registry_when_the_policy_says_so() {
    let _turn = TURN.lock().await;
    scenario("pulling", &[], |s| async move {
        let registry = Registry::start(&[]);
        policies(&s).await;
        what_runs_is_left_alone(&s).await;
        s.hoist(&["down"]).await.ok();
        s.forget("1").await;
        drop(registry);
        // Whoever has no password is not let in.
        let registry = Registry::start(&["hoist", "secret"]);
        s.write("compose.yaml", &format!("services: {{app: {{image: '{}:1'}}}}\n", s.repository()));
        s.hoist(&["up", "-d"])
            .await
            .ends_with(1)
            .says("compose.yaml:1:")
            .says(&format!("if the image is private, log in with `docker login {}`", address()));
        drop(registry);
        s.hoist(&["up", "-d"]).await.ends_with(1).says("connection refused").says("check that it is running");
        // What another image took the tag of is still there, without one.
        s.remove_images(&s.repository()).await;
    })
    .await;
}

async fn policies(s: &Arc<Scenario>) {
    s.publish("1", "old").await;
    s.app(&[("a", ""), ("b", ""), ("c", "")]);
    assert_eq!(s.pulls(&[]).await, 1, "one pull for all that need it");
    assert_eq!(s.content("a").await.as_deref(), Some("old"));
    let before = s.ids().await;
    assert_eq!(s.pulls(&[]).await, 0, "it is there");
    assert_eq!(s.pulls(&["--pull", "always"]).await, 1);
    assert_eq!(s.ids().await, before, "it is the same image");

    s.publish_beside("1", "new").await;
    assert_eq!(s.pulls(&[]).await, 0);
    assert_eq!(s.ids().await, before, "nobody asked for the new one");
    s.app(&[("a", "pull_policy: always"), ("b", "pull_policy: daily"), ("c", "pull_policy: never")]);
    assert_eq!(s.pulls(&["b"]).await, 0, "a day has not passed");
    assert_eq!(s.pulls(&["a"]).await, 1);
    assert_eq!(s.content("a").await.as_deref(), Some("new"));
    s.up(&[]).await;
    for service in ["b", "c"] {
        assert_eq!(s.content(service).await.as_deref(), Some("new"), "the name stands for another image now");
    }

    s.hoist(&["down"]).await.ok();
    s.forget("1").await;
    s.app(&[("a", "pull_policy: missing")]);
    s.hoist(&["up", "-d", "--pull", "never"]).await.ends_with(1).says(&format!("{}:1", s.repository()));
    s.up(&["--quiet-pull"]).await.says("Pulled").does_not_say("Already exists");
    s.hoist(&["down"]).await.ok();
    s.forget("1").await;
    s.app(&[("a", "pull_policy: if_not_present"), ("b", "pull_policy: every_12h")]);
    assert_eq!(s.pulls(&[]).await, 1);
}

async fn what_runs_is_left_alone(s: &Arc<Scenario>) {
    let before = s.ids().await;
    let nothing = format!("{}/nothing:1", address());
    s.app(&[("a", "environment: {ROUND: '2'}"), ("b", &format!("image: '{nothing}'"))]);
    let text = std::fs::read_to_string(s.folder().join("compose.yaml")).expect("it was written");
    let image = format!("b: {{image: '{}:1', ", s.repository());
    s.write("compose.yaml", &text.replace(&image, "b: {"));
    s.hoist(&["up", "-d"])
        .await
        .ends_with(1)
        .says(&nothing)
        .says("compose.yaml:3:")
        .says("hint: check the name and the tag");
    assert_eq!(s.ids().await, before, "nothing that runs is touched before all is there");
    assert_eq!(s.states().await, ["a/1 running", "b/1 running"]);
}

impl Scenario {
    /// Puts another image under a tag into the registry; the engine keeps the one it has.
    async fn publish_beside(&self, tag: &str, content: &str) {
        let name = format!("{}:{tag}", self.repository());
        let id = self.docker.inspect_image(&name).await.expect("it is there").id.expect("it has an id");
        self.publish(tag, content).await;
        let back = TagImageOptionsBuilder::default().repo(&self.repository()).tag(tag).build();
        self.docker.tag_image(&id, Some(back)).await.expect("it can be tagged");
    }
}
