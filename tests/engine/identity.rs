//! Which image a container is made from, in both image stores of the engine: the same digest by every path.

use std::sync::Arc;

use crate::pulling::{Registry, TURN};
use crate::support::{Scenario, scenario, scenario_with_containerd_store};

/// The platform of this machine, and another one.
const PLATFORMS: (&str, &str) =
    if cfg!(target_arch = "x86_64") { ("linux/amd64", "linux/arm64") } else { ("linux/arm64", "linux/amd64") };

#[tokio::test]
async fn an_image_in_the_store_of_the_engine_is_the_same_by_every_path() {
    let _turn = TURN.lock().await;
    scenario("identity", &[], |s| async move {
        the_same_by_every_path(&s).await;
        images_are_mounted_by_name(&s).await;
        another_platform_alone(&s).await;
    })
    .await;
}

#[tokio::test]
async fn an_image_in_the_containerd_store_is_the_same_by_every_path() {
    let _turn = TURN.lock().await;
    scenario_with_containerd_store("identity-containerd", &[], |s| async move {
        the_same_by_every_path(&s).await;
        attestations_change_nothing(&s).await;
        images_are_mounted_by_name(&s).await;
        another_platform_alone(&s).await;
        variants_of_one_name(&s).await;
    })
    .await;
}

impl Scenario {
    /// The digest in the label of a service's container, which is that of the image that the engine made it from.
    async fn image_of(&self, service: &str) -> String {
        let container = self.inspect(service).await;
        let labels = container.config.and_then(|config| config.labels).expect("it has labels");
        let label = labels["com.docker.compose.image"].clone();
        let manifest = container.image_manifest_descriptor.and_then(|descriptor| descriptor.digest);
        assert_eq!(Some(label.clone()), manifest.or(container.image), "{service}");
        label
    }

    /// `up` with these arguments leaves all containers as they are.
    async fn stays(&self, arguments: &[&str], why: &str) {
        let before = self.ids().await;
        self.up(arguments).await;
        assert_eq!(self.ids().await, before, "{why}");
        self.is_settled().await;
    }

    async fn leaves_nothing(&self, services: &[&str]) {
        for service in services {
            self.image_of(service).await;
        }
        self.hoist(&["down", "--rmi", "all"]).await.ok();
    }
}

/// Services that do nothing.
fn services(lines: &str) -> String {
    format!("x-idle: &idle {{command: [sleep, '600'], stop_grace_period: 0s}}\nservices:\n{lines}")
}

async fn the_same_by_every_path(s: &Arc<Scenario>) {
    let registry = Registry::start(&[]);
    let image = format!("{}:1", s.repository());
    let app = services(&format!("  app: {{<<: *idle, image: '{image}', build: .}}\n"));
    s.write("compose.yaml", &app);
    s.write("Dockerfile", "FROM busybox\nCOPY file /file\n");
    s.write("file", "one");
    s.hoist(&["build"]).await.ok();
    s.up(&[]).await;
    let first = s.image_of("app").await;
    s.hoist(&["build"]).await.ok();
    s.stays(&[], "an unchanged build").await;
    s.stays(&["--build"], "an unchanged build in `up`").await;

    s.hoist(&["push"]).await.ok();
    s.stays(&[], "a push").await;
    s.stays(&["--pull", "always", "--no-build"], "a pull of what was pushed").await;
    s.forget("1").await;
    s.hoist(&["pull"]).await.ok();
    s.stays(&[], "a pull after the tag was removed").await;
    assert_eq!(s.image_of("app").await, first);
    s.hoist(&["down"]).await.ok();
    s.up(&["--no-build"]).await;
    assert_eq!(s.image_of("app").await, first, "from the pulled image");
    s.stays(&["--build"], "a build of what was pulled").await;

    s.write("file", "two");
    s.up(&["--build"]).await;
    assert_ne!(s.image_of("app").await, first, "a changed build");
    s.is_settled().await;
    s.leaves_nothing(&["app"]).await;
    drop(registry);
}

async fn attestations_change_nothing(s: &Arc<Scenario>) {
    let app = |build: &str| services(&format!("  app: {{<<: *idle, build: {build}}}\n"));
    s.write("compose.yaml", &app("."));
    s.up(&[]).await;
    s.write("compose.yaml", &app("{context: ., provenance: true}"));
    s.stays(&["--build"], "only an attestation is added").await;
    s.stays(&["--build"], "its time changes").await;
    s.leaves_nothing(&["app"]).await;
}

async fn images_are_mounted_by_name(s: &Arc<Scenario>) {
    let data = format!("{}-data:1", s.project);
    let volume = format!("{{type: image, source: '{data}', target: /data}}");
    s.write(
        "compose.yaml",
        &services(&format!(
            "  data: {{<<: *idle, image: '{data}', build: .}}\n  app: {{<<: *idle, image: busybox, volumes: [{volume}]}}\n"
        )),
    );
    s.write("file", "one");
    s.up(&[]).await;
    let app = s.only("app").await.id;
    assert_eq!(s.exec(&app, &["cat", "/data/file"]).await, "one");
    s.stays(&["--build"], "the mounted image is the same").await;
    s.write("file", "two");
    s.up(&["--build"]).await;
    let app = s.only("app").await.id;
    assert_eq!(s.exec(&app, &["cat", "/data/file"]).await, "two");
    s.is_settled().await;
    s.image_of("app").await;
    s.hoist(&["down"]).await.ok();
    s.remove_images(&data).await;
}

/// An image of nothing but files, so that its programs run wherever they come from.
const OF_ANY_PLATFORM: &str = "FROM --platform=$BUILDPLATFORM busybox AS base
FROM scratch
ARG TARGETPLATFORM
ENV BUILT_FOR=$TARGETPLATFORM
COPY --from=base / /
";

async fn another_platform_alone(s: &Arc<Scenario>) {
    let (_, other) = PLATFORMS;
    s.write("Dockerfile", OF_ANY_PLATFORM);
    let image = format!("{}-other:1", s.project);
    let app = format!("  app: {{<<: *idle, image: '{image}', platform: {other}, build: .}}\n");
    s.write("compose.yaml", &services(&app));
    s.up(&[]).await;
    let built_for = ["sh", "-c", "echo $BUILT_FOR"];
    assert_eq!(s.exec(&s.only("app").await.id, &built_for).await.trim(), other);
    s.stays(&["--build"], "an unchanged build for another platform").await;
    s.write("compose.yaml", &services(&app.replace(", build: .", ", pull_policy: never")));
    s.up(&[]).await;
    s.is_settled().await;
    // What the file does not ask for is not taken for it.
    let (here, _) = PLATFORMS;
    s.write("compose.yaml", &services(&app.replace(other, here).replace(", build: .", ", pull_policy: never")));
    s.hoist(&["up", "-d"]).await.ends_with(1).says(&image);
    s.write("compose.yaml", &services(&app));
    s.leaves_nothing(&["app"]).await;
}

async fn variants_of_one_name(s: &Arc<Scenario>) {
    let (here, other) = PLATFORMS;
    let image = format!("{}-both:1", s.project);
    let both =
        format!("  here: {{<<: *idle, image: '{image}', build: {{context: ., platforms: [{here}, {other}]}}}}\n");
    let there = format!("  there: {{<<: *idle, image: '{image}', platform: {other}, depends_on: [here]}}\n");
    s.write("compose.yaml", &services(&(both + &there)));
    s.hoist(&["build"]).await.ok();
    s.up(&[]).await;
    assert_ne!(s.image_of("here").await, s.image_of("there").await, "each has the manifest of its platform");
    let built_for = ["sh", "-c", "echo $BUILT_FOR"];
    assert_eq!(s.exec(&s.only("here").await.id, &built_for).await.trim(), here);
    assert_eq!(s.exec(&s.only("there").await.id, &built_for).await.trim(), other);
    s.hoist(&["build"]).await.ok();
    s.stays(&[], "an unchanged build for both").await;
    s.leaves_nothing(&["here", "there"]).await;
}
