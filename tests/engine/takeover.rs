//! Projects of every shape change hands between hoist and Docker Compose, and back.
//!
//! The cases are the folders of `takeover/` and the examples. Docker Compose starts one, and hoist has nothing to do; then
//! hoist starts it, and Docker Compose 2.40 changes nothing either, except where a mount says `create_host_path`, as each
//! bind in the short form does. There its hash is of another form than that of hoist and of Docker Compose 5, so it
//! recreates those containers, and what is in their named volumes stays.

use std::fs;
use std::path::Path;

use crate::examples;
use crate::support::port::free_ports;
use crate::support::{Scenario, copy_folder, scenario};

/// The file that shows whether a volume is still the same one.
const MARK: &str = "hoist-was-here";

/// A project to hand over.
struct Case {
    /// Its folder.
    name: &'static str,
    /// Services that Docker Compose 2.40 makes anew after hoist, by service name.
    recreated: &'static [&'static str],
    /// A named volume as `(service, where it is mounted)`.
    volume: Option<(&'static str, &'static str)>,
}

impl Case {
    const fn of(name: &'static str) -> Self {
        Self { name, recreated: &[], volume: None }
    }

    const fn keeping(self, service: &'static str, target: &'static str) -> Self {
        Self { volume: Some((service, target)), ..self }
    }

    const fn recreating(self, services: &'static [&'static str]) -> Self {
        Self { recreated: services, ..self }
    }

    async fn run(self) {
        scenario(&format!("takeover-{}", self.name), &[], |s| async move {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/engine/takeover").join(self.name);
            copy_folder(&folder, s.folder());
            move_ports(&s);
            self.surround(&s).await;
            self.hand_over(&s).await;
        })
        .await;
    }

    async fn run_example(self) {
        scenario(&format!("takeover-{}", self.name), &[], |s| async move {
            examples::copy(&s, self.name);
            // Names that are the engine's, not the project's: the example's own test runs at the same time.
            let text = fs::read_to_string(s.folder().join("compose.yaml")).expect("an example has a Compose file");
            let text = text.replace("image: crane\n", "image: hoist-test-takeover-crane\n");
            s.write("compose.yaml", &text.replace("crane-server", "hoist-test-takeover-crane-server"));
            self.hand_over(&s).await;
        })
        .await;
    }

    async fn hand_over(&self, s: &Scenario) {
        self.taken_from_docker_compose(s).await;
        self.given_to_docker_compose(s).await;
        // Without a label of the project where the classic builder made them.
        s.remove_images(&format!("hoist-test-takeover-{}*", self.name)).await;
    }

    /// What is there before the project, and belongs to nobody.
    async fn surround(&self, s: &Scenario) {
        let text = fs::read_to_string(s.folder().join("compose.yaml")).expect("a case has a Compose file");
        if text.contains("hoist-test-takeover-shared") {
            s.foreign_network("hoist-test-takeover-shared", &[]).await;
        }
        if text.contains("hoist-test-takeover-outside") {
            s.foreign_volume("hoist-test-takeover-outside", &[]).await;
        }
    }

    async fn taken_from_docker_compose(&self, s: &Scenario) {
        s.peer(&["up", "-d"]).await.ok();
        let before = s.ids().await;
        assert!(!before.is_empty(), "something was started");
        s.mark(self.volume).await;
        // Not `nothing to do`: a job that has ended runs again, as with Docker Compose.
        s.hoist(&["plan"]).await.ok();
        s.hoist(&["up", "-d"]).await.ok();
        assert_eq!(s.ids().await, before, "hoist leaves the containers alone");
        s.is_marked(self.volume).await;
        s.hoist(&["down", "--volumes"]).await.ok();
        assert!(s.is_gone().await, "hoist takes down what Docker Compose started");
    }

    async fn given_to_docker_compose(&self, s: &Scenario) {
        s.hoist(&["up", "-d"]).await.ok();
        let before = s.replicas().await;
        s.mark(self.volume).await;
        s.peer(&["up", "-d"]).await.ok();
        for now in s.replicas().await {
            let old = before.iter().find(|old| old.name == now.name).expect("no container is new");
            let is_recreated = self.recreated.contains(&now.service.as_str());
            assert_eq!(old.id != now.id, is_recreated, "{} is recreated", now.name);
        }
        s.is_marked(self.volume).await;
        s.hoist(&["plan"]).await.ok();
        s.peer(&["down", "--volumes"]).await.ok();
        assert!(s.is_gone().await, "Docker Compose takes down what hoist started");
    }
}

/// The ports of the host that the cases publish, and how many in a row.
const PORTS: [(u16, u16); 7] = [(28143, 1), (28153, 1), (28180, 1), (28188, 1), (28190, 3), (28195, 1), (28197, 1)];

/// Puts free ports in the place of those in the files.
fn move_ports(s: &Scenario) {
    for file in ["compose.yaml", "compose.override.yaml"] {
        let Ok(mut text) = fs::read_to_string(s.folder().join(file)) else { continue };
        for (port, count) in PORTS {
            let free = free_ports(count);
            for at in 0..count {
                text = text.replace(&(port + at).to_string(), &(free + at).to_string());
            }
        }
        s.write(file, &text);
    }
}

impl Scenario {
    async fn mark(&self, volume: Option<(&str, &str)>) {
        let Some((service, target)) = volume else { return };
        self.exec(&self.only(service).await.id, &["touch", &format!("{target}/{MARK}")]).await;
    }

    async fn is_marked(&self, volume: Option<(&str, &str)>) {
        let Some((service, target)) = volume else { return };
        let listed = self.exec(&self.only(service).await.id, &["ls", target]).await;
        assert!(listed.contains(MARK), "{service} keeps its volume at {target}: {listed}");
    }
}

#[tokio::test]
async fn the_wordpress_example() {
    Case::of("wordpress").keeping("db", "/var/lib/mysql").run_example().await;
}

#[tokio::test]
async fn the_conditions_example() {
    Case::of("conditions").recreating(&["app", "schema"]).run_example().await;
}

#[tokio::test]
async fn the_crane_example() {
    Case::of("crane").keeping("crane-mysql", "/var/lib/mysql").run_example().await;
}

#[tokio::test]
async fn a_proxy_with_its_applications() {
    Case::of("proxy").run().await;
}

#[tokio::test]
async fn fixed_addresses_and_names() {
    Case::of("addresses").run().await;
}

#[tokio::test]
async fn configs_secrets_and_environment_files() {
    Case::of("files").run().await;
}

#[tokio::test]
async fn mounts_of_every_kind() {
    Case::of("mounts").keeping("database", "/data").run().await;
}

#[tokio::test]
async fn binds_in_the_short_form() {
    Case::of("binds").keeping("database", "/data").recreating(&["database", "server", "strict"]).run().await;
}

#[tokio::test]
async fn replicas_and_limits() {
    Case::of("limits").run().await;
}

#[tokio::test]
async fn shared_namespaces_and_an_external_network() {
    Case::of("sidecars").run().await;
}

#[tokio::test]
async fn included_extended_and_overridden_files() {
    Case::of("layers").keeping("metrics", "/series").run().await;
}

#[tokio::test]
async fn conditions_and_hooks() {
    Case::of("jobs").keeping("db", "/data").run().await;
}

#[tokio::test]
async fn values_written_in_other_ways() {
    Case::of("values").run().await;
}

#[tokio::test]
async fn images_built_from_here() {
    Case::of("built").run().await;
}
