//! `build`: what it says without an engine.

use super::Case;

const FILE: &str = r#"
name: shop
services:
  web.x:
    image: shop/web:1
    depends_on: [dep]
    build:
      context: app
      args: {A: "1", B: "$${x}", UNSET: }
      labels: {l: v}
      additional_contexts: {base: "service:base", dir: ./more, img: "docker-image://alpine"}
      tags: ["more:1"]
      cache_from: ["cache:1"]
      cache_to: ["type=inline"]
      target: dev
      secrets: [file, {source: variable, target: token}]
      ssh: [default]
      pull: true
      network: host
      no_cache_filter: [one]
      shm_size: 64m
      ulimits: {nofile: {soft: 1, hard: 2}}
      privileged: true
      extra_hosts: {h: [1.2.3.4, "::1"]}
      provenance: mode=max
      sbom: false
  web_x: {build: {context: ., dockerfile_inline: "FROM $${BASE}"}}
  dep: {build: "https://example.com/dep.git", depends_on: [db]}
  db: {image: mysql}
  base: {profiles: [none], build: {context: app, platforms: [linux/amd64, linux/arm64]}}
secrets: {file: {file: ./s}, variable: {environment: TOKEN}}
"#;

const WEB: &str = r#"{
  "group": {
    "default": {
      "targets": [
        "base",
        "web_x"
      ]
    }
  },
  "target": {
    "base": {
      "context": "[folder]/app",
      "dockerfile": "[folder]/app/Dockerfile",
      "args": {
        "A": "2"
      },
      "labels": {
        "com.docker.compose.project": "shop",
        "com.docker.compose.service": "base",
        "com.docker.compose.version": "VERSION"
      },
      "tags": [
        "shop-base"
      ],
      "ssh": [
        "id=/key"
      ],
      "platforms": [
        "linux/amd64",
        "linux/arm64"
      ],
      "no-cache": true,
      "output": [
        "type=image,push=false"
      ]
    },
    "dep": {
      "context": "https://example.com/dep.git",
      "dockerfile": "Dockerfile",
      "args": {
        "A": "2"
      },
      "labels": {
        "com.docker.compose.project": "shop",
        "com.docker.compose.service": "dep",
        "com.docker.compose.version": "VERSION"
      },
      "tags": [
        "shop-dep"
      ],
      "ssh": [
        "id=/key"
      ],
      "no-cache": true,
      "output": [
        "type=docker"
      ]
    },
    "web_x": {
      "context": "[folder]/app",
      "contexts": {
        "base": "target:base",
        "dir": "[folder]/more",
        "img": "docker-image://alpine"
      },
      "dockerfile": "[folder]/app/Dockerfile",
      "args": {
        "A": "2",
        "B": "$${x}"
      },
      "labels": {
        "com.docker.compose.project": "shop",
        "com.docker.compose.service": "web.x",
        "com.docker.compose.version": "VERSION",
        "l": "v"
      },
      "tags": [
        "more:1",
        "shop/web:1"
      ],
      "cache-from": [
        "cache:1"
      ],
      "cache-to": [
        "type=inline"
      ],
      "target": "dev",
      "secret": [
        "id=file,type=file,src=[folder]/s",
        "id=token,type=env,env=TOKEN"
      ],
      "ssh": [
        "default=",
        "id=/key"
      ],
      "pull": true,
      "no-cache": true,
      "network": "host",
      "no-cache-filter": [
        "one"
      ],
      "shm-size": "67108864",
      "ulimits": [
        "nofile=1:2"
      ],
      "entitlements": [
        "security.insecure"
      ],
      "extra-hosts": {
        "h": "1.2.3.4,::1"
      },
      "output": [
        "type=registry"
      ],
      "attest": [
        "type=provenance,mode=max",
        "type=sbom,disabled=true"
      ]
    }
  }
}
"#;

fn case(arguments: &str) -> Case {
    Case::new(arguments).file("compose.yaml", FILE).file("app/Dockerfile", "FROM busybox\n")
}

#[test]
fn print_prints_what_docker_compose_hands_to_bake() {
    let ran = case("build --print --build-arg A=2 --ssh id=/key --no-cache --push --provenance false web.x").run();
    let expected = WEB.replace("VERSION", env!("CARGO_PKG_VERSION"));
    assert_eq!((ran.status, ran.stdout.as_str(), ran.stderr.as_str()), (0, expected.as_str(), ""));
}

#[test]
fn targets_have_names_of_their_own() {
    let ran = case("build --print --check").run();
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    let file: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(file["group"]["default"]["targets"], serde_json::json!(["base", "dep", "web_x", "web_x_"]));
    assert_eq!(file["target"]["web_x_"]["dockerfile-inline"], "FROM $${BASE}");
    assert_eq!(file["target"]["web_x_"]["tags"], serde_json::json!(["shop-web_x"]));
    for (name, target) in file["target"].as_object().expect("targets") {
        assert_eq!((&target["call"], target.get("output")), (&"lint".into(), None), "{name}");
    }
}

#[test]
fn nothing_to_build_is_a_warning() {
    for arguments in ["build --print db", "--dry-run build db"] {
        let ran = case(arguments).run();
        assert_eq!((ran.status, ran.stdout.as_str()), (0, ""), "{arguments}");
        assert_eq!(ran.stderr, "warning: No services to build\n", "{arguments}");
    }
}

#[test]
fn a_dry_run_lists_the_builds() {
    let there = || case("--dry-run build web.x --steps");
    let ran = there().file("more/x", "").run();
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    let plan = "#1 build image shop-base for linux/amd64, linux/arm64: needed by web.x\n\
                #2 build image shop/web:1: build requested, after #1\n";
    assert_eq!(ran.stdout, plan);

    // What the run would not find is told, too.
    let ran = there().run();
    assert_eq!((ran.status, ran.stdout.as_str()), (1, plan));
    assert!(ran.stderr.starts_with("the additional context `dir`: "), "{}", ran.stderr);
    assert!(ran.stderr.contains("compose.yaml:11:"), "{}", ran.stderr);
    let file = "services: {web: {build: app}}\n";
    let ran = Case::new("--dry-run build").file("compose.yaml", file).file("app/x", "").run();
    assert!(ran.stderr.starts_with("no Dockerfile at `") && ran.status == 1, "{}", ran.stderr);
}

#[test]
fn what_makes_no_sense_is_refused_in_the_words_scripts_know() {
    for (arguments, message) in [
        ("build --ssh github", "invalid ssh key \"github\"\n"),
        ("build --memory x", "invalid argument \"x\" for \"-m, --memory\" flag: invalid size: 'x'\n"),
        ("build nope", "no such service: nope\nhint: `hoist config --services` lists all services\n"),
        ("build --progress fancy", "unsupported --progress value \"fancy\"\n"),
    ] {
        let ran = case(arguments).run();
        assert_eq!(ran.status, 1, "{arguments}");
        assert!(ran.stderr.ends_with(message), "{arguments}: {}", ran.stderr);
    }
    let ran = case("build --print base --progress plain --parallel --compress --force-rm --no-rm").run();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.stderr, "--progress is a global compose flag, better use `docker compose --progress xx build ...\n");
}

#[test]
fn platforms_that_exclude_each_other_are_told_with_their_line() {
    let file = "services:\n  web: {build: {context: ., platforms: [linux/amd64]}}\n";
    let ran = Case::new("build --print").file("compose.yaml", file).variable("DOCKER_DEFAULT_PLATFORM", "linux/arm64");
    let ran = ran.run();
    assert_eq!(ran.status, 1);
    let message =
        "service \"web\" build.platforms does not support value set by DOCKER_DEFAULT_PLATFORM: linux/arm64\n";
    assert!(ran.stderr.starts_with(message), "{}", ran.stderr);
    assert!(ran.stderr.contains("compose.yaml:2:40"), "{}", ran.stderr);
}

#[test]
fn builds_that_need_each_other_are_told_with_their_line() {
    let file = "services:\n  a: {build: {context: ., additional_contexts: {x: 'service:b'}}}\n  \
                b: {build: {context: ., additional_contexts: {y: 'service:a'}}}\n";
    let ran = Case::new("--dry-run build").file("compose.yaml", file).run();
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.starts_with("builds need each other: a -> b -> a\n"), "{}", ran.stderr);
    assert!(ran.stderr.contains("compose.yaml:2:52"), "{}", ran.stderr);
}
