//! Models, with a program in the place of Docker's `model` plugin.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::{Scenario, project, scenario};

/// The plugin: it keeps its calls, has the models that were pulled, and fails with what the folder `fails` has for it.
const PLUGIN: &str = r#"#!/bin/sh
cd "$HOME"
if test "$1" = docker-cli-plugin-metadata; then
  echo "{\"SchemaVersion\":\"0.1.0\",\"Version\":\"$(cat version)\"}"
  exit
fi
echo "$@" >> calls
if test -e "fails/$1"; then
  cat "fails/$1" >&2
  exit 3
fi
case "$1" in
  ls) printf '[{"id":"sha256:1","tags":['; separator=; for model in $(cat models); do printf '%s"%s"' "$separator" "$model"; separator=,; done; printf ']}]' ;;
  status) printf '{"running":true,"endpoint":"%s"}' "$(cat endpoint)" ;;
  pull) if test -e slow; then echo $$ > pulling; exec sleep 600; fi; echo "Downloaded: 5 MB"; echo "$2:latest" >> models ;;
  configure) echo "configured" ;;
esac
"#;

const CHAT: &str = r#"
services:
  bot: {<<: *idle, models: [my-llm]}
  web:
    <<: *idle
    environment: {LLM_AT: "http://mine"}
    models: {my-llm: {endpoint_var: LLM_AT, model_var: LLM}}
models:
  my-llm: {model: ai/smollm2, context_size: 4096, runtime_flags: ["--temp", "0.1"]}
  unused: {model: ai/unused}
"#;

const ENDPOINT: &str = "http://model-runner.docker.internal/engines/v1/";

fn serves_models(s: &Scenario) {
    let path = ".docker/cli-plugins/docker-model";
    s.write(path, PLUGIN);
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(s.folder().join(path), executable).expect("it can be made executable");
    s.write("endpoint", ENDPOINT);
    s.write("version", "v1.0.6");
    s.write("models", "");
}

/// What the plugin was asked since the last time, sorted: some of it is asked at the same time.
fn calls(s: &Scenario) -> Vec<String> {
    let path = s.folder().join("calls");
    let text = fs::read_to_string(&path).unwrap_or_default();
    // It may not have been called at all.
    let _ = fs::remove_file(path);
    let mut calls: Vec<_> = text.lines().map(str::to_owned).collect();
    calls.sort();
    calls
}

async fn variables(s: &Scenario, service: &str) -> Vec<String> {
    let env = s.inspect(service).await.config.and_then(|config| config.env).unwrap_or_default();
    let mut env: Vec<_> = env.into_iter().filter(|variable| !variable.starts_with("PATH=")).collect();
    env.sort();
    env
}

const CONFIGURED: &str = "configure --context-size 4096 ai/smollm2 -- --temp 0.1";

#[tokio::test]
async fn models_are_pulled_once_and_containers_know_them() {
    project("models", CHAT, |s| async move {
        serves_models(&s);
        let plan = s.hoist(&["plan", "--steps"]).await.ends_with(2);
        assert!(plan.stdout.starts_with("#1 pull model ai/smollm2: missing\n"), "{}", plan.stdout);
        assert_eq!(calls(&s), ["ls --json", "status --json"], "a plan only looks");

        s.hoist(&["--progress", "plain", "up", "-d"])
            .await
            .ok()
            .says(" my-llm Pulling Downloaded: 5 MB\n")
            .says(" my-llm Configured \n");
        assert_eq!(calls(&s), [CONFIGURED, "ls --json", "pull ai/smollm2", "status --json"]);
        let of_bot = ["MY_LLM_MODEL=ai/smollm2".to_owned(), format!("MY_LLM_URL={ENDPOINT}")];
        assert_eq!(variables(&s, "bot").await, of_bot);
        let of_web = ["LLM=ai/smollm2".to_owned(), format!("LLM_AT={ENDPOINT}")];
        assert_eq!(variables(&s, "web").await, of_web);

        let before = s.ids().await;
        s.up(&[]).await;
        assert_eq!(s.ids().await, before);
        assert_eq!(calls(&s), [CONFIGURED, "ls --json", "status --json"]);
        let plan = s.hoist(&["plan", "--steps"]).await.ok();
        assert_eq!(plan.stdout, "nothing changes; up configures the models: ai/smollm2\n");

        s.write("calls", "");
        s.hoist(&["down"]).await.ok();
        assert!(calls(&s).is_empty());
    })
    .await;
}

#[tokio::test]
async fn containers_are_recreated_where_models_are_served_elsewhere() {
    let file = r"
services:
  bot: {<<: *idle, models: [llm]}
  db: {<<: *idle}
models:
  llm: {model: ai/smollm2}
";
    project("models-moved", file, |s| async move {
        serves_models(&s);
        s.up(&[]).await;
        let db = s.only("db").await.id;
        s.write("endpoint", "http://other/v1/");
        let plan = s.hoist(&["plan", "--steps"]).await.ends_with(2).stdout;
        let reason = format!("environment.LLM_URL: \"{ENDPOINT}\" → \"http://other/v1/\"");
        assert!(plan.contains("create container bot/1") && plan.contains(&reason), "{plan}");
        s.up(&[]).await;
        assert_eq!(variables(&s, "bot").await, ["LLM_MODEL=ai/smollm2", "LLM_URL=http://other/v1/"]);
        assert_eq!(s.only("db").await.id, db);
        assert!(!s.hoist(&["plan", "--steps"]).await.ok().stdout.contains("container"));
    })
    .await;
}

#[tokio::test]
async fn without_the_plugin_the_place_is_told() {
    project("models-no-plugin", CHAT, |s| async move {
        s.hoist(&["up", "-d"])
            .await
            .ends_with(1)
            .says("'models' support requires Docker Model plugin\n --> compose.yaml:4:28\n")
            .says("hint: ");
        assert!(s.is_gone().await);

        // What uses no model needs no plugin, and one of another folder is found.
        s.compose(&CHAT.replace("*idle, models: [my-llm]", "*idle"));
        s.up(&["bot"]).await;
        serves_models(&s);
        fs::rename(s.folder().join(".docker/cli-plugins"), s.folder().join("plugins")).expect("it can be moved");
        s.hoist(&["up", "-d"]).await.ends_with(1).says("compose.yaml:8:13");
        let folder = s.folder().join("plugins");
        s.write(".docker/config.json", &format!("{{\"cliPluginsExtraDirs\":[{folder:?}]}}"));
        s.up(&[]).await;
    })
    .await;
}

#[tokio::test]
async fn a_pull_that_fails_tells_what_the_plugin_says() {
    let file = r"
services:
  bot: {<<: *idle, models: [llm]}
  web: {<<: *idle, depends_on: [bot]}
  db: {<<: *idle}
models:
  llm:
    model: ai/nowhere
";
    project("models-pull-fails", file, |s| async move {
        serves_models(&s);
        s.write("fails/pull", "model not found\n");
        s.hoist(&["up", "-d"])
            .await
            .ends_with(1)
            .says("failed to pull model ai/nowhere: exit status 3: model not found\n --> compose.yaml:9:12\n")
            .says("not done because of this: Container hoist-test-models-pull-fails-bot-1");
        assert_eq!(s.states().await, ["db/1 running", "web/1 created"]);
        assert_eq!(calls(&s), ["ls --json", "pull ai/nowhere", "status --json"]);

        s.write("fails/configure", "no such flag\nsee --help\n");
        fs::remove_file(s.folder().join("fails/pull")).expect("it is there");
        s.hoist(&["up", "-d"])
            .await
            .ends_with(1)
            .says("failed to configure model ai/nowhere: exit status 3\n")
            .says("\n  no such flag\n  see --help\n");

        s.write("fails/status", "the runner does not answer\n");
        s.hoist(&["up", "-d"]).await.ends_with(1).says(
            "error checking docker-model status: exit status 3: the runner does not answer\n --> compose.yaml:4:28",
        );
        fs::remove_dir_all(s.folder().join("fails")).expect("it is there");
        s.write("endpoint", "");
        s.hoist(&["up", "-d"])
            .await
            .ends_with(1)
            .says("error checking docker-model status: its response has no endpoint");
        s.write("endpoint", ENDPOINT);
        // Without a list, all is pulled.
        s.write("fails/ls", "");
        calls(&s);
        s.up(&[]).await;
        assert_eq!(calls(&s), ["configure ai/nowhere", "ls --json", "pull ai/nowhere", "status --json"]);
        assert_eq!(s.states().await, ["bot/1 running", "db/1 running", "web/1 running"]);
    })
    .await;
}

#[tokio::test]
async fn ctrl_c_ends_a_pull() {
    project("models-interrupted", CHAT, |s| async move {
        serves_models(&s);
        s.write("slow", "");
        let up = s.background(&["up", "-d"]);
        let pulling = s
            .eventually("the plugin pulls", 20, || async {
                let text = fs::read_to_string(s.folder().join("pulling")).ok()?;
                text.trim().parse::<u32>().ok()
            })
            .await;
        let runs = |process: u32| Path::new("/proc").join(process.to_string()).join("cwd").exists();
        assert!(runs(pulling));
        up.interrupt();
        up.end().await.ends_with(130);
        s.eventually("the plugin is gone", 5, || async { (!runs(pulling)).then_some(()) }).await;
        assert!(s.replicas().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn an_older_plugin_gets_no_flags_and_the_user_is_told() {
    project("models-old", CHAT, |s| async move {
        serves_models(&s);
        s.write("version", "v1.0.5");
        s.up(&[]).await.says("warning: runtime_flags of model my-llm are ignored: ").says("this is v1.0.5\n");
        let asked = calls(&s);
        assert!(asked.contains(&"configure --context-size 4096 ai/smollm2".to_owned()), "{asked:?}");
    })
    .await;
}

#[tokio::test]
async fn projects_with_models_change_hands() {
    scenario("models-takeover", &[("compose.yaml", HANDED_OVER)], |s| async move {
        serves_models(&s);
        s.peer(&["up", "-d"]).await.ok();
        calls(&s);
        let before = s.ids().await;
        s.hoist(&["plan"]).await.ok();
        s.up(&[]).await;
        assert_eq!(s.ids().await, before, "hoist keeps what Docker Compose made");
        s.up(&["--force-recreate"]).await;
        let before = s.ids().await;
        s.peer(&["up", "-d"]).await.ok();
        assert_eq!(s.ids().await, before, "Docker Compose keeps what hoist made");
    })
    .await;
}

const HANDED_OVER: &str = r#"
services:
  bot:
    image: busybox:latest
    command: [sleep, "600"]
    stop_grace_period: 0s
    environment: {MY_LLM_URL: "http://mine", WORD: hello}
    models:
      my-llm:
      other: {endpoint_var: OTHER_AT, model_var: OTHER}
models:
  my-llm: {model: ai/smollm2, context_size: 4096, runtime_flags: ["--temp", "0.1"]}
  other: {model: ai/qwen3, name: second}
"#;
