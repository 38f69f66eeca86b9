//! `build`: which images, in which order, and what it shows.

use crate::support::seat::Seat;
use crate::support::{Scenario, scenario};

/// An instruction that no earlier build had, so that nothing after it comes from the engine's cache.
fn uncached() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time after 1970");
    format!("ENV RUN_OF_THE_TEST={}\n", now.as_nanos())
}

impl Scenario {
    /// The id of a service's image.
    async fn built(&self, service: &str) -> Option<String> {
        let image = self.docker.inspect_image(&format!("{}-{service}", self.project)).await;
        image.ok().and_then(|image| image.id)
    }

    async fn remove_images_of(&self, services: &[&str]) {
        for service in services {
            let options = bollard::query_parameters::RemoveImageOptionsBuilder::default().force(true).build();
            let name = format!("{}-{service}", self.project);
            // It may not be there.
            let _ = self.docker.remove_image(&name, Some(options), None).await;
        }
    }
}

#[tokio::test]
async fn a_named_service_is_built_with_what_its_build_uses() {
    let file = r#"
services:
  web:
    build: {context: web, additional_contexts: {base: "service:base"}}
    depends_on: [api]
    command: [sleep, "600"]
    stop_grace_period: 0s
  api: {build: {context: ., dockerfile_inline: "FROM busybox\nRUN true\n"}}
  base:
    profiles: [none]
    build: {context: base, secrets: [token], args: {WHO: file, OWN: }}
secrets: {token: {environment: TOKEN}}
"#;
    let base = format!(
        "FROM busybox\n{}ARG WHO OWN\nRUN --mount=type=secret,id=token,required cp /run/secrets/token /token && echo $WHO $OWN >> /token\n",
        uncached()
    );
    let files = [
        ("compose.yaml", file),
        ("web/Dockerfile", "FROM busybox\nCOPY --from=base /token /\n"),
        ("base/Dockerfile", &base),
        (".env", "TOKEN=secret of env\nOWN=own"),
    ];
    scenario("build-command", &files, |s| async move {
        s.remove_images_of(&["web", "api", "base"]).await;
        let ran = s.hoist(&["build", "--build-arg", "WHO=flag", "web"]).await.ok();
        let ran = ran.prints("--mount=type=secret").says("-base Built").says("-web Built");
        ran.does_not_say("--mount=type=secret").does_not_say("-api");
        assert!(s.built("web").await.is_some() && s.built("base").await.is_some());
        assert_eq!(s.built("api").await, None, "what it depends on at run time is not built");
        assert!(s.replicas().await.is_empty());
        // An unchanged build gives the same image.
        let before = s.built("web").await;
        let ran = s.hoist(&["build", "--quiet", "--build-arg", "WHO=flag", "web"]).await.ok().says("-web Built");
        assert_eq!((s.built("web").await, ran.stdout.as_str()), (before, ""));
        s.up(&["--no-deps", "web"]).await;
        let web = s.only("web").await.id;
        assert_eq!(s.exec(&web, &["cat", "/token"]).await, "secret of envflag own\n");
        s.hoist(&["build", "--with-dependencies", "web"]).await.ok().says("-api Built");
        s.hoist(&["build", "--no-cache", "--build-arg", "OWN=", "base"]).await.ok().says("-base Built");
        s.remove_images_of(&["web", "api", "base"]).await;
    })
    .await;
}

#[tokio::test]
async fn up_builds_contexts_of_services_that_no_profile_enables() {
    let file = r#"
services:
  web:
    build: {context: web, additional_contexts: {base: "service:base"}}
    command: [sleep, "600"]
    stop_grace_period: 0s
  base:
    profiles: [none]
    build: {context: base, secrets: [token]}
secrets: {token: {file: token.txt}}
"#;
    let base =
        format!("FROM busybox\n{}RUN --mount=type=secret,id=token,required cp /run/secrets/token /token\n", uncached());
    let files = [
        ("compose.yaml", file),
        ("web/Dockerfile", "FROM busybox\nCOPY --from=base /token /\n"),
        ("base/Dockerfile", &base),
        ("token.txt", "from a file"),
    ];
    scenario("build-contexts", &files, |s| async move {
        s.remove_images_of(&["web", "base"]).await;
        s.up(&[]).await;
        let web = s.only("web").await.id;
        assert_eq!(s.exec(&web, &["cat", "/token"]).await, "from a file");
        s.hoist(&["run", "--rm", "--build", "web", "cat", "/token"]).await.ok().prints("from a file");
        s.remove_images_of(&["base"]).await;
    })
    .await;
}

#[tokio::test]
async fn a_base_that_is_built_here_is_not_asked_of_a_registry() {
    let file = r#"
services:
  a.app: {build: {context: ., dockerfile_inline: "ARG BASE\nFROM $${BASE}\nCOPY two /\n", args: {BASE: hoist-test-build-base-z}}}
  a_app: {build: {context: ., dockerfile_inline: "FROM scratch\nCOPY two /\n"}}
  z: {build: {context: ., dockerfile_inline: "FROM scratch\nCOPY one /\n"}}
"#;
    scenario("build-base", &[("compose.yaml", file), ("one", "1"), ("two", "2")], |s| async move {
        s.remove_images_of(&["a.app", "a_app", "z"]).await;
        s.hoist(&["build", "--pull"]).await.ok();
        let layers = async |service: &str| {
            let image = s.docker.inspect_image(&format!("{}-{service}", s.project)).await.expect("it was built");
            image.root_fs.and_then(|files| files.layers).unwrap_or_default()
        };
        let (app, base) = (layers("a.app").await, layers("z").await);
        assert_eq!((app.len(), base.len()), (2, 1));
        assert_eq!(app[0], base[0]);
        assert_eq!(layers("a_app").await.len(), 1, "names that differ by a dot and an underscore are two");
        // A changed base is in the same run's result.
        s.write("one", "changed");
        s.hoist(&["build", "--pull"]).await.ok();
        assert_eq!(layers("a.app").await[0], layers("z").await[0]);
        assert_ne!(layers("z").await, base);
        s.remove_images_of(&["a.app", "a_app", "z"]).await;
    })
    .await;
}

#[tokio::test]
async fn independent_builds_run_at_the_same_time() {
    // Each step ends only once the other has begun.
    let dockerfile = |own: &str, other: &str, run: &str| {
        let wait = format!("i=0; until [ -e /met/{other} ]; do i=$((i+1)); [ $i -lt 300 ] || exit 1; sleep 0.1; done");
        format!("FROM busybox\nRUN --mount=type=cache,id={run},target=/met touch /met/{own} && {wait}\n")
    };
    let run = uncached().trim().replace(['=', ' '], "-");
    let file = "services:\n  a: {build: {context: ., dockerfile: A}}\n  b: {build: {context: ., dockerfile: B}}\n";
    let (a, b) = (dockerfile("a", "b", &run), dockerfile("b", "a", &run));
    scenario("build-parallel", &[("compose.yaml", file), ("A", &a), ("B", &b)], |s| async move {
        s.hoist(&["build"]).await.ok().says("-a Built").says("-b Built");
        s.remove_images_of(&["a", "b"]).await;
    })
    .await;
}

#[tokio::test]
async fn a_failed_build_leaves_the_others_alone() {
    let file = "services:\n  bad: {build: {context: ., dockerfile_inline: \"FROM busybox\\nRUN exit 7\\n\"}}\n  \
                good: {build: {context: ., dockerfile_inline: \"FROM busybox\\nRUN true\\n\"}}\n  \
                after: {build: {context: ., dockerfile_inline: \"FROM hoist-test-build-failed-bad\\n\"}}\n";
    scenario("build-failed", &[("compose.yaml", file)], |s| async move {
        s.remove_images_of(&["good", "after"]).await;
        s.hoist(&["build"]).await.ends_with(1).says("exit code: 7").says("-good Built");
        assert!(s.built("good").await.is_some());
        assert_eq!(s.built("after").await, None);
        s.remove_images_of(&["good"]).await;
    })
    .await;
}

#[tokio::test]
async fn a_terminal_that_cannot_move_its_cursor_gets_lines() {
    let dockerfile = format!("FROM busybox\n{}RUN echo some words\n", uncached());
    let files = [("compose.yaml", "services: {app: {build: .}}\n"), ("Dockerfile", &dockerfile)];
    scenario("build-dumb", &files, |s| async move {
        let mut command = s.command(&["build"]);
        command.env("TERM", "dumb");
        let mut seat = Seat::new(command, 24, 80);
        assert_eq!(seat.ends(&s).await, 0, "{}", seat.shown());
        seat.shows(&s, "-app Built").await;
        let shown = seat.shown();
        assert!(shown.contains(" some words") && !shown.contains('\u{1b}'), "{shown:?}");
    })
    .await;
}
