//! Models: the variables that services get, and the steps that make models ready.

use std::sync::Arc;

use hoist::observed::{ModelRunner, Observed};
use hoist::plan::{PlanError, UpOptions, Warning, up};
use hoist::project::{Project, Provider, Service, ServiceModel};
use hoist::render;
use hoist::render::warning::plan::message;
use indoc::indoc;
use serde_json::json;

use super::files::{Files, environment, files};
use super::state::{Engine, exited, images_only, in_sync};
use super::{Case, check, plan};

const ENDPOINT: &str = "http://runner/v1/";

fn uses(service: &mut Service, key: &str) {
    service.models.insert(key.into(), None);
}

fn knows(service: &mut Service, prefix: &str, reference: &str) {
    environment(service, &format!("{prefix}_MODEL"), reference);
    environment(service, &format!("{prefix}_URL"), ENDPOINT);
}

/// Two services that use one model.
fn chat() -> Files {
    files()
        .model("my-llm", "ai/smollm2", |model| model.context_size = 4096)
        .service("bot", "bot:1", |bot| uses(bot, "my-llm"))
        .service("web", "web:1", |web| uses(web, "my-llm"))
        .service("db", "db:1", |_| {})
}

/// The same, with what the services get of their models in their definitions: as their containers are made.
fn chat_as_made() -> Arc<Project> {
    chat()
        .change("bot", |bot| knows(bot, "MY_LLM", "ai/smollm2"))
        .change("web", |web| knows(web, "MY_LLM", "ai/smollm2"))
        .load()
}

fn served_at(endpoint: &str, tags: &[&str]) -> ModelRunner {
    ModelRunner {
        plugin: "/plugins/docker-model".into(),
        version: "v1.0.6".to_owned(),
        endpoint: endpoint.to_owned(),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
    }
}

fn serving(engine: Engine, tags: &[&str]) -> Engine {
    engine.edit(|observed| observed.models = Some(served_at(ENDPOINT, tags)))
}

#[test]
fn models_are_ready_before_what_uses_them() {
    let project = chat().load();
    let made = chat_as_made();
    check(
        &project,
        [
            Case::new(
                "nothing is there",
                serving(images_only(&project), &[]),
                indoc! {"
                    #1 pull model ai/smollm2: missing
                    #2 configure model ai/smollm2 with context size 4096: done on every run, after #1
                    #3 create network shop_default: missing
                    #4 create container bot/1: no container yet, after #2, #3
                    #5 create container db/1: no container yet, after #3
                    #6 create container web/1: no container yet, after #2, #3
                    #7 start container bot/1: created, after #4
                    #8 start container db/1: created, after #5
                    #9 start container web/1: created, after #6
                "},
            ),
            Case::new(
                "everything is there, and the model has no tag in the files",
                serving(in_sync(&made), &["ai/smollm2:latest"]),
                "#1 configure model ai/smollm2 with context size 4096: done on every run\n",
            ),
            Case::new(
                "a container that stopped starts after its model",
                serving(in_sync(&made).with("shop-bot-1", exited(1)), &["ai/smollm2"]),
                indoc! {"
                    #1 configure model ai/smollm2 with context size 4096: done on every run
                    #2 start container bot/1: not running, after #1
                "},
            ),
        ],
    );
    let settled: Observed = serving(in_sync(&made), &["ai/smollm2"]).into();
    assert!(!plan(&project, &settled, &UpOptions::default()).has_changes());
}

#[test]
fn where_models_are_served_is_part_of_the_definition() {
    let (project, made) = (chat().load(), chat_as_made());
    let elsewhere = served_at("http://app:hunter2@other/", &["ai/smollm2"]);
    let moved = in_sync(&made).edit(|observed| observed.models = Some(elsewhere));
    let text = plan(&project, &moved.into(), &UpOptions::default()).to_string();
    let bot = text.lines().find(|line| line.contains("create container bot/1")).expect("it is recreated");
    assert!(bot.contains("environment.MY_LLM_URL is now \"http://app:•••@other/\""), "{text}");
    assert!(!text.contains("db/"), "{text}");
}

#[test]
fn containers_get_what_the_project_says_of_their_models() {
    let names = ServiceModel {
        endpoint_var: Some("OPENAI_BASE_URL".to_owned()),
        model_var: Some("OPENAI_MODEL".to_owned()),
        ..ServiceModel::default()
    };
    let project = files()
        .model("llm", "ai/smollm2", |_| {})
        .service("bot", "bot:1", |bot| {
            uses(bot, "llm");
            // What the file says of it does not win, as with Docker Compose.
            environment(bot, "LLM_URL", "http://mine");
            environment(bot, "OTHER", "stays");
        })
        .service("web", "web:1", |web| {
            web.models.insert("llm".into(), Some(names));
        })
        .load();
    let made = files()
        .model("llm", "ai/smollm2", |_| {})
        .service("bot", "bot:1", |bot| {
            uses(bot, "llm");
            knows(bot, "LLM", "ai/smollm2");
            environment(bot, "OTHER", "stays");
        })
        .service("web", "web:1", |web| {
            web.models.clone_from(&project.services["web"].models);
            environment(web, "OPENAI_BASE_URL", ENDPOINT);
            environment(web, "OPENAI_MODEL", "ai/smollm2");
        })
        .load();
    check(
        &project,
        [Case::new(
            "as made",
            serving(in_sync(&made), &["ai/smollm2"]),
            "#1 configure model ai/smollm2: done on every run\n",
        )],
    );
}

#[test]
fn two_keys_for_one_model_pull_it_once() {
    let project = files()
        .model("large", "ai/x:latest", |model| model.context_size = 8192)
        .model("small", "ai/x", |model| model.runtime_flags = vec!["--temp".to_owned(), "0".to_owned()])
        .model("unused", "ai/y", |_| {})
        .service("web", "web:1", |web| {
            uses(web, "large");
            uses(web, "small");
            web.network_mode = Some("none".into());
        })
        .load();
    let state = serving(images_only(&project), &[]);
    let whole: Observed = state.clone().into();
    check(
        &project,
        [Case::new(
            "nothing is there",
            state,
            indoc! {"
                #1 pull model ai/x:latest: missing
                #2 configure model ai/x:latest with context size 8192: done on every run, after #1
                #3 configure model ai/x with 2 runtime flags: done on every run, after #2
                #4 create container web/1: no container yet, after #3
                #5 start container web/1: created, after #4
            "},
        )],
    );
    let shown = render::plan::json(&plan(&project, &whole, &UpOptions::default()));
    assert_eq!(shown["steps"][0]["action"], json!("pull_model"));
    assert_eq!(shown["steps"][0]["change"], json!(true));
    assert_eq!(shown["steps"][1]["context_size"], json!(8192));
    assert_eq!(shown["steps"][1]["services"], json!(["web"]));
    assert_eq!(shown["steps"][2]["model"], json!("small"));
    assert_eq!(shown["steps"][2]["runtime_flag_count"], json!(2));
    assert_eq!(shown["steps"][2]["change"], json!(false));
}

#[test]
fn nothing_that_runs_is_touched_before_the_models_are_there() {
    let project = files()
        .model("llm", "ai/x", |_| {})
        .service("bot", "bot:1", |bot| uses(bot, "llm"))
        .service("db", "db:2", |_| {})
        .load();
    let before = files().service("db", "db:1", |_| {}).load();
    let plan = plan(&project, &serving(in_sync(&before), &[]).into(), &UpOptions::default());
    let (configure, _) = plan.steps().find(|(id, _)| plan.line(*id).to_string().contains("configure model")).unwrap();
    let (create, _) =
        plan.steps().find(|(id, _)| plan.line(*id).to_string().contains("create container db/1")).unwrap();
    assert!(plan.before(create).any(|(step, _)| step == configure), "{plan}");
}

#[test]
fn providers_come_after_their_models() {
    let project = files()
        .model("llm", "ai/x", |_| {})
        .service("cloud", "", |cloud| {
            cloud.image = None;
            cloud.provider = Some(Provider { kind: "cloud".into(), ..Provider::default() });
            uses(cloud, "llm");
        })
        .load();
    check(
        &project,
        [Case::new(
            "the model is there",
            serving(images_only(&files().load()), &["ai/x"]),
            indoc! {"
                #1 configure model ai/x: done on every run
                #2 provide cloud: done on every run, after #1
            "},
        )],
    );
}

#[test]
fn flags_that_the_plugin_does_not_take_are_left_out() {
    let project = files()
        .model("llm", "ai/x", |model| model.runtime_flags = vec!["--fast".to_owned()])
        .service("bot", "bot:1", |bot| uses(bot, "llm"))
        .load();
    let told = |version: &str| {
        let old = ModelRunner { version: version.to_owned(), ..served_at(ENDPOINT, &["ai/x"]) };
        let observed = images_only(&project).edit(|observed| observed.models = Some(old));
        let plan = plan(&project, &observed.into(), &UpOptions::default());
        assert!(plan.to_string().starts_with("#1 configure model ai/x: "), "{plan}");
        assert!(matches!(plan.warnings(), [Warning::RuntimeFlagsLeftOut { .. }]), "{:?}", plan.warnings());
        message(&plan.warnings()[0])
    };
    let left_out = "runtime_flags of model llm are ignored: they need Docker Model plugin 1.0.6 or newer, this is ";
    assert_eq!(told("v1.0.5"), format!("{left_out}v1.0.5"));
    assert_eq!(told(""), format!("{left_out}an unknown version"));
}

#[test]
fn without_the_plugin_the_first_service_that_uses_a_model_is_named() {
    let project = chat().load();
    let error = up(&project, &images_only(&project).into(), &UpOptions::default()).expect_err("nothing serves models");
    assert_eq!(error, PlanError::NoModelPlugin { service: "bot".into() });
    assert_eq!(error.to_string(), "'models' support requires Docker Model plugin");
    assert_eq!(error.path(), Some(vec!["services", "bot", "models"]));

    // What is not acted on needs no plugin.
    let project = chat().disabled("bot").disabled("web").load();
    up(&project, &images_only(&project).into(), &UpOptions::default()).expect("db uses no model");
}
