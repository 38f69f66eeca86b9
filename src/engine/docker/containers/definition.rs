//! The definition a container was created with, found by inspecting it and its image.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::engine::EngineError;
use crate::engine::docker::client::Client;
use crate::engine::docker::json::or_default;
use crate::observed::{ContainerId, Definition, Settings};
use crate::project::Tree;
use crate::project::value::Duration;

/// The definition a container was created with; `None` if it is gone.
pub(super) async fn look(client: &Client, id: &ContainerId) -> Result<Option<Definition>, EngineError> {
    let container: Inspected = match client.get(&format!("/containers/{id}/json")).await {
        Err(EngineError::NotFound(_)) => return Ok(None),
        answer => answer?,
    };
    // An image whose last tag was moved may be gone; then nothing is known about it.
    let image: Inspected = match client.get(&format!("/images/{}/json", container.image)).await {
        Err(EngineError::NotFound(_)) => Inspected::default(),
        answer => answer?,
    };
    Ok(Some(Definition { settings: settings(container), image: settings(image) }))
}

/// The part that containers and images have in common.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspected {
    #[serde(default)]
    image: String,
    #[serde(default, deserialize_with = "or_default")]
    config: Config,
    #[serde(default, deserialize_with = "or_default")]
    host_config: HostConfig,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Config {
    #[serde(default, deserialize_with = "or_default")]
    env: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    labels: BTreeMap<String, String>,
    cmd: Option<Vec<String>>,
    entrypoint: Option<Vec<String>>,
    #[serde(default)]
    user: String,
    #[serde(default)]
    working_dir: String,
    #[serde(default)]
    stop_signal: String,
    stop_timeout: Option<i64>,
    #[serde(default)]
    tty: bool,
    #[serde(default)]
    open_stdin: bool,
    healthcheck: Option<Healthcheck>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Healthcheck {
    #[serde(default, deserialize_with = "or_default")]
    test: Vec<String>,
    #[serde(default)]
    interval: i64,
    #[serde(default)]
    timeout: i64,
    #[serde(default)]
    start_period: i64,
    #[serde(default)]
    start_interval: i64,
    #[serde(default)]
    retries: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HostConfig {
    #[serde(default)]
    privileged: bool,
    #[serde(default)]
    readonly_rootfs: bool,
    init: Option<bool>,
    #[serde(default, deserialize_with = "or_default")]
    restart_policy: RestartPolicy,
    #[serde(default, deserialize_with = "or_default")]
    port_bindings: BTreeMap<String, Option<Vec<PortBinding>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RestartPolicy {
    #[serde(default)]
    name: String,
    #[serde(default)]
    maximum_retry_count: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PortBinding {
    #[serde(default)]
    host_ip: String,
    #[serde(default)]
    host_port: String,
}

fn settings(inspected: Inspected) -> Settings {
    let Inspected { config, host_config, .. } = inspected;
    let mut attributes = BTreeMap::new();
    let mut set = |name: &str, value: Tree| attributes.insert(name.to_owned(), value);
    set("command", config.cmd.map_or(Tree::Null, words));
    set("entrypoint", config.entrypoint.map_or(Tree::Null, words));
    set("user", text(config.user));
    set("working_dir", text(config.working_dir));
    set("stop_signal", text(config.stop_signal));
    set(
        "stop_grace_period",
        config.stop_timeout.map_or(Tree::Null, |s| Tree::from(Duration::from_secs(s).to_string())),
    );
    set("tty", config.tty.into());
    set("stdin_open", config.open_stdin.into());
    set("healthcheck", config.healthcheck.map_or(Tree::Null, healthcheck));
    set("privileged", host_config.privileged.into());
    set("read_only", host_config.readonly_rootfs.into());
    set("init", host_config.init.map_or(Tree::Null, Tree::from));
    set("restart", restart(&host_config.restart_policy));
    set("ports", ports(&host_config.port_bindings));
    let variable = |line: String| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    let environment = config.env.into_iter().filter_map(variable).collect();
    Settings { environment, labels: config.labels, attributes }
}

fn words(words: Vec<String>) -> Tree {
    Tree::Sequence(words.into_iter().map(Tree::from).collect())
}

fn text(text: String) -> Tree {
    if text.is_empty() { Tree::Null } else { Tree::from(text) }
}

/// In the order of the canonical form.
fn healthcheck(check: Healthcheck) -> Tree {
    if check.test.first().is_some_and(|first| first == "NONE") {
        return Tree::Mapping(vec![("disable".to_owned(), Tree::Bool(true))]);
    }
    let span = |nanoseconds: i64| (nanoseconds != 0).then(|| Tree::from(Duration(nanoseconds).to_string()));
    let entries = [
        ("test", (!check.test.is_empty()).then(|| words(check.test))),
        ("timeout", span(check.timeout)),
        ("interval", span(check.interval)),
        ("retries", (check.retries != 0).then_some(Tree::Int(check.retries))),
        ("start_period", span(check.start_period)),
        ("start_interval", span(check.start_interval)),
    ];
    Tree::Mapping(entries.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
}

fn restart(policy: &RestartPolicy) -> Tree {
    match (policy.name.as_str(), policy.maximum_retry_count) {
        ("", _) => Tree::Null,
        ("on-failure", most) if most > 0 => Tree::from(format!("on-failure:{most}")),
        (name, _) => Tree::from(name),
    }
}

/// As users write them: `127.0.0.1:8080:80/tcp`, sorted.
fn ports(bindings: &BTreeMap<String, Option<Vec<PortBinding>>>) -> Tree {
    let mut ports = Vec::new();
    for (target, bindings) in bindings {
        for binding in bindings.iter().flatten() {
            let written = [binding.host_ip.as_str(), binding.host_port.as_str(), target.as_str()];
            ports.push(written.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(":"));
        }
    }
    ports.sort_unstable();
    Tree::Sequence(ports.into_iter().map(Tree::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Settings {
        settings(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn a_container() {
        let shown = read(
            r#"{"Image":"sha256:1","Config":{"Env":["A=1","B=x=y","C"],"Labels":{"l":"v"},"Cmd":["sleep","600"],"Entrypoint":null,
                "User":"app","Tty":true,"StopTimeout":90,
                "Healthcheck":{"Test":["CMD","true"],"Interval":2000000000,"Retries":3}},
                "HostConfig":{"Init":null,"RestartPolicy":{"Name":"on-failure","MaximumRetryCount":3},
                "PortBindings":{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8080"},{"HostIp":"","HostPort":""}],"9/udp":null}}}"#,
        );
        let variables: Vec<_> = shown.environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(variables, ["A=1", "B=x=y"]);
        let json = |name: &str| shown.attributes[name].to_json_compact();
        assert_eq!(json("command"), r#"["sleep","600"]"#);
        assert_eq!(json("entrypoint"), "null");
        assert_eq!((json("user"), json("tty"), json("privileged")), ("\"app\"".into(), "true".into(), "false".into()));
        assert_eq!(json("stop_grace_period"), "\"1m30s\"");
        assert_eq!(json("healthcheck"), r#"{"test":["CMD","true"],"interval":"2s","retries":3}"#);
        assert_eq!(json("restart"), "\"on-failure:3\"");
        assert_eq!(json("ports"), r#"["127.0.0.1:8080:80/tcp","80/tcp"]"#);
    }

    #[test]
    fn little_is_enough() {
        for json in ["{}", r#"{"Config":null,"HostConfig":null}"#, r#"{"Config":{"Env":null,"Labels":null}}"#] {
            assert_eq!(read(json), read("{}"), "{json}");
        }
    }
}
