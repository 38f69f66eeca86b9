//! Inspects a container.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use serde::Deserialize;

use crate::diagnostic::redact;
use crate::engine::docker::client::{Client, percent_encoded};
use crate::engine::docker::json::or_default;
use crate::engine::docker::status;
use crate::engine::{AtEnd, ContainerDetails, EngineError, HealthTest, NameHolder, Probe, ProbeTiming, Reach};
use crate::observed::{ContainerId, Health, Processes, State};
use crate::plan::SecretValues;
use crate::project::label;

/// Default timeout of a healthcheck's test.
const DEFAULT_TEST_TIMEOUT: Duration = Duration::from_secs(30);
/// The default shell of a container, which runs `CMD-SHELL` tests.
const DEFAULT_SHELL: [&str; 2] = ["/bin/sh", "-c"];

/// Inspects a container.
pub(super) async fn inspect(client: &Client, id: &ContainerId) -> Result<ContainerDetails, EngineError> {
    let inspected: Inspected = client.get(&format!("/containers/{id}/json")).await?;
    let details = ContainerDetails::from(inspected);
    Ok(match client.build_settings().secrets {
        SecretValues::Hidden => details,
        SecretValues::Shown => ContainerDetails { secrets: Vec::new(), ..details },
    })
}

/// The container with this name.
pub(super) async fn name_holder(client: &Client, name: &str) -> Result<Option<NameHolder>, EngineError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Held {
        id: String,
        config: Config,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Config {
        #[serde(default, deserialize_with = "or_default")]
        labels: BTreeMap<String, String>,
    }
    match client.get::<Held>(&format!("/containers/{}/json", percent_encoded(name))).await {
        Ok(mut held) => {
            let project = held.config.labels.remove(label::PROJECT);
            Ok(Some(NameHolder { id: held.id.as_str().into(), project }))
        }
        Err(EngineError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The processes of a running container.
pub(super) async fn processes(client: &Client, id: &ContainerId) -> Result<Processes, EngineError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Top {
        #[serde(default, deserialize_with = "or_default")]
        titles: Vec<String>,
        #[serde(default, deserialize_with = "or_default")]
        processes: Vec<Vec<String>>,
    }
    let Top { titles, processes } = client.get(&format!("/containers/{id}/top")).await?;
    Ok(Processes { titles, rows: processes })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspected {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    restart_count: i64,
    #[serde(default)]
    state: InspectedState,
    #[serde(default)]
    config: InspectedConfig,
    #[serde(default, deserialize_with = "or_default")]
    host_config: InspectedHostConfig,
    #[serde(default, deserialize_with = "or_default")]
    network_settings: InspectedNetworks,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InspectedNetworks {
    #[serde(default, deserialize_with = "or_default")]
    networks: BTreeMap<String, InspectedNetwork>,
    #[serde(default, deserialize_with = "or_default")]
    ports: BTreeMap<String, Option<Vec<InspectedPort>>>,
}

#[derive(Debug, Default, Deserialize)]
struct InspectedNetwork {
    #[serde(default, rename = "IPAddress", deserialize_with = "or_default")]
    ip_address: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InspectedPort {
    #[serde(default)]
    host_ip: String,
    #[serde(default)]
    host_port: String,
}

impl InspectedNetworks {
    /// Where ports can be reached; what is published on all addresses is reached at this machine's own.
    fn reach(&self, host_network: bool) -> Reach {
        let published = self.ports.iter().flat_map(|(port, bound)| {
            let inside = port.strip_suffix("/tcp").and_then(|port| port.parse().ok());
            bound.iter().flatten().filter_map(move |bound| {
                let ip: IpAddr = bound.host_ip.parse().unwrap_or(Ipv4Addr::UNSPECIFIED.into());
                let ip = match ip {
                    IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
                    IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
                    IpAddr::V4(_) | IpAddr::V6(_) => ip,
                };
                Some((inside?, SocketAddr::new(ip, bound.host_port.parse().ok()?)))
            })
        });
        Reach {
            addresses: self.networks.values().filter_map(|network| network.ip_address.parse().ok()).collect(),
            published: published.collect(),
            host_network,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InspectedHostConfig {
    #[serde(default)]
    network_mode: String,
    #[serde(default)]
    auto_remove: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InspectedState {
    #[serde(default)]
    status: String,
    #[serde(default, rename = "OOMKilled")]
    out_of_memory: bool,
    #[serde(default)]
    exit_code: i64,
    #[serde(default)]
    error: String,
    #[serde(default)]
    started_at: String,
    #[serde(default)]
    finished_at: String,
    #[serde(default, deserialize_with = "or_default")]
    health: InspectedHealth,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InspectedHealth {
    #[serde(default)]
    status: String,
    #[serde(default, deserialize_with = "or_default")]
    log: Vec<InspectedProbe>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InspectedProbe {
    #[serde(default)]
    start: String,
    #[serde(default)]
    end: String,
    #[serde(default)]
    exit_code: i64,
    #[serde(default)]
    output: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InspectedConfig {
    #[serde(default)]
    tty: bool,
    #[serde(default)]
    open_stdin: bool,
    healthcheck: Option<InspectedHealthcheck>,
    #[serde(default, deserialize_with = "or_default")]
    shell: Vec<String>,
    /// `NAME=value`.
    #[serde(default, deserialize_with = "or_default")]
    env: Vec<String>,
}

impl InspectedConfig {
    /// The values of variables whose names suggest a secret, and passwords in URLs.
    fn secrets(&self) -> Vec<String> {
        let variables = self.env.iter().filter_map(|variable| variable.split_once('='));
        let secret = |(name, value): (&str, &str)| {
            if redact::is_secret(name) { Some(value.to_owned()) } else { redact::password_in(value).map(str::to_owned) }
        };
        variables.filter_map(secret).collect()
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InspectedHealthcheck {
    #[serde(default, deserialize_with = "or_default")]
    test: Vec<String>,
    /// Nanoseconds; 0 is the engine's default, here and below.
    #[serde(default)]
    timeout: i64,
    #[serde(default)]
    interval: i64,
    #[serde(default)]
    start_period: i64,
    #[serde(default)]
    start_interval: i64,
}

impl InspectedHealthcheck {
    /// The command that the engine runs: the words after `CMD`, or the text after `CMD-SHELL` in the container's shell.
    /// A definition without a test only adjusts settings of a healthcheck that does not exist.
    fn test(&self, shell: &[String]) -> Option<HealthTest> {
        let command = match self.test.split_first() {
            Some((kind, words)) if kind == "CMD" => words.to_vec(),
            Some((kind, text)) if kind == "CMD-SHELL" => {
                let shell = if shell.is_empty() { &DEFAULT_SHELL.map(str::to_owned)[..] } else { shell };
                [shell, text].concat()
            }
            Some(_) | None => return None,
        };
        let or = |nanoseconds: i64, default| match u64::try_from(nanoseconds) {
            Ok(0) | Err(_) => default,
            Ok(nanoseconds) => Duration::from_nanos(nanoseconds),
        };
        let default = ProbeTiming::default();
        let timing = ProbeTiming {
            interval: or(self.interval, default.interval),
            start_period: or(self.start_period, default.start_period),
            start_interval: or(self.start_interval, default.start_interval),
        };
        Some(HealthTest { command, timeout: or(self.timeout, DEFAULT_TEST_TIMEOUT), timing })
    }
}

impl From<Inspected> for ContainerDetails {
    fn from(inspected: Inspected) -> Self {
        let Inspected { state, config, .. } = inspected;
        let secrets = config.secrets();
        let health = status::health(&state.health.status);
        let health_test = config.healthcheck.and_then(|check| check.test(&config.shell));
        let status = status::state(&state.status);
        let ended = matches!(status, State::Exited | State::Dead | State::Restarting);
        Self {
            id: inspected.id.into(),
            name: inspected.name.trim_start_matches('/').to_owned(),
            state: status,
            exit_code: ended.then_some(state.exit_code),
            out_of_memory: state.out_of_memory,
            error: Some(state.error).filter(|error| !error.is_empty()),
            health,
            has_healthcheck: health_test.is_some() || health != Health::None,
            health_test,
            probes: state.health.log.into_iter().map(Into::into).collect(),
            started_at: status::nanoseconds(&state.started_at),
            finished_at: status::nanoseconds(&state.finished_at),
            terminal: config.tty,
            stdin_open: config.open_stdin,
            restart_count: inspected.restart_count,
            reach: inspected.network_settings.reach(inspected.host_config.network_mode == "host"),
            secrets,
            at_end: if inspected.host_config.auto_remove { AtEnd::Remove } else { AtEnd::Keep },
        }
    }
}

impl From<InspectedProbe> for Probe {
    fn from(probe: InspectedProbe) -> Self {
        let (started_at, ended_at) = (status::nanoseconds(&probe.start), status::nanoseconds(&probe.end));
        Self { started_at, ended_at, exit_code: probe.exit_code, output: probe.output }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details(json: &str) -> ContainerDetails {
        serde_json::from_str::<Inspected>(json).unwrap().into()
    }

    #[test]
    fn a_container_with_probes() {
        let details = details(
            r#"{"Id":"c1","Name":"/shop-db-1","RestartCount":2,
                "State":{"Status":"running","ExitCode":0,"Error":"","StartedAt":"1970-01-01T00:00:02Z",
                         "Health":{"Status":"unhealthy","FailingStreak":1,"Log":[
                             {"Start":"1970-01-01T01:00:03+01:00","End":"1970-01-01T00:00:04Z","ExitCode":1,"Output":"no"}]}},
                "Config":{"Tty":true,"Healthcheck":{"Test":["CMD","true"],"Interval":7000000000,"StartPeriod":9000000000}}}"#,
        );
        assert_eq!((details.name.as_str(), details.restart_count), ("shop-db-1", 2));
        assert_eq!((details.health, details.has_healthcheck), (Health::Unhealthy, true));
        let timing = details.health_test.unwrap().timing;
        assert_eq!((timing.interval.as_secs(), timing.start_period.as_secs()), (7, 9));
        assert_eq!(timing.start_interval.as_secs(), 5, "the engine's default");
        assert_eq!(details.exit_code, None);
        assert_eq!(details.started_at, Some(2_000_000_000));
        assert_eq!(details.probes[0].started_at, Some(3_000_000_000));
        assert_eq!(details.probes[0].ended_at, Some(4_000_000_000));
        assert_eq!((details.probes[0].exit_code, details.probes[0].output.as_str()), (1, "no"));
    }

    #[test]
    fn secrets_of_the_environment() {
        let details = details(
            r#"{"Id":"c1","State":{},"Config":{"Env":["API_TOKEN=swordfish","HOME=/root","DB=pg://me:hunter2@db/x","BAD"]}}"#,
        );
        assert_eq!(details.secrets, ["swordfish", "hunter2"]);
    }

    #[test]
    fn where_a_container_can_be_reached() {
        let reach = details(
            r#"{"Id":"c1","HostConfig":{"NetworkMode":"shop"},"NetworkSettings":{
                "Networks":{"a":{"IPAddress":"172.18.0.2"},"b":{"IPAddress":""},"c":{"IPAddress":null}},
                "Ports":{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"},{"HostIp":"::","HostPort":"8080"}],
                         "53/udp":[{"HostIp":"0.0.0.0","HostPort":"53"}],"90/tcp":null}}}"#,
        )
        .reach;
        assert_eq!(reach.addresses, ["172.18.0.2".parse::<IpAddr>().unwrap()]);
        let published: Vec<_> = reach.published.iter().map(|(inside, at)| format!("{inside} {at}")).collect();
        assert_eq!(published, ["80 127.0.0.1:8080", "80 [::1]:8080"]);
        assert!(!reach.host_network);
    }

    #[test]
    fn what_a_healthcheck_runs() {
        let test = |config: &str| {
            let details = details(&format!(r#"{{"Id":"c1","Config":{{{config}}}}}"#));
            details.health_test.map(|test| (test.command.join("|"), test.timeout.as_millis()))
        };
        let found = |command: &str, timeout| Some((command.to_owned(), timeout));
        assert_eq!(test(r#""Healthcheck":{"Test":["CMD","pg_isready","-q"]}"#), found("pg_isready|-q", 30_000));
        assert_eq!(
            test(r#""Healthcheck":{"Test":["CMD-SHELL","a && b"],"Timeout":200000000}"#),
            found("/bin/sh|-c|a && b", 200)
        );
        let shell = r#""Shell":["/bin/bash","-ec"],"Healthcheck":{"Test":["CMD-SHELL","a"]}"#;
        assert_eq!(test(shell), found("/bin/bash|-ec|a", 30_000));
        for none in
            [r#""Healthcheck":{"Test":["NONE"]}"#, r#""Healthcheck":{"Interval":1}"#, r#""Healthcheck":null"#, ""]
        {
            assert_eq!(test(none), None, "{none}");
        }
    }

    #[test]
    fn a_container_that_ended() {
        let details = details(
            r#"{"Id":"c1","State":{"Status":"exited","ExitCode":137,"OOMKilled":true,"Health":null},
                "Config":{"Healthcheck":{"Test":["NONE"]}}}"#,
        );
        assert_eq!((details.state, details.exit_code, details.out_of_memory), (State::Exited, Some(137), true));
        assert_eq!((details.health, details.has_healthcheck), (Health::None, false));
        assert_eq!(details.error, None);
    }

    #[test]
    fn what_ended_has_its_exit_code_before_podman_has_cleared_up() {
        let details = details(r#"{"Id":"c1","State":{"Status":"stopped","ExitCode":3}}"#);
        assert_eq!((details.state, details.exit_code), (State::Exited, Some(3)));
    }
}
