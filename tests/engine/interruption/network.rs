//! A network that is recreated under containers that stay: cut short, none of them stays without it.

use super::UP;
use crate::support::proxy::{Fault, Moment};
use crate::support::{Scenario, project};

/// The network is another one in every round; `base` has one replica or two.
fn services(round: usize) -> String {
    let replicas = round % 2 + 1;
    format!(
        r#"
services:
  base:
    <<: *idle
    networks: [net]
    deploy: {{replicas: {replicas}}}
  user:
    <<: *idle
    networks: {{net: {{aliases: [me]}}}}
    depends_on: {{base: {{condition: service_started, restart: true}}}}
networks: {{net: {{labels: {{round: "{round}"}}}}}}
"#
    )
}

async fn at_each_call(name: &str, fault: Fault) {
    project(name, &services(0), |s| async move {
        s.hoist(&UP).await.ok();
        for call in 1.. {
            s.compose(&services(call));
            let disturbed = s.disturbed(&UP, Some((call, fault))).await;
            disturbed.ran.does_not_say("panicked");
            s.hoist(&UP).await.ok();
            has_converged(&s, call).await;
            if disturbed.calls.len() < call {
                assert!(call > 15, "the plan takes more calls than {call}");
                break;
            }
        }
    })
    .await;
}

async fn has_converged(s: &Scenario, round: usize) {
    let mut expected = vec!["base/1 running", "base/2 running", "user/1 running"];
    if round.is_multiple_of(2) {
        expected.remove(1);
    }
    assert_eq!(s.states().await, expected);
    let name = s.named("net");
    assert_eq!(s.networks().await, std::slice::from_ref(&name));
    let network = s.network(&name).await;
    assert_eq!(network.labels.expect("labels")["round"], round.to_string());
    for replica in s.replicas().await {
        let settings = s.inspect_id(&replica.id).await.network_settings.expect("settings");
        let endpoints = settings.networks.expect("networks");
        assert_eq!(endpoints.keys().collect::<Vec<_>>(), [&name]);
        assert_eq!(endpoints[&name].network_id, network.id);
        let aliases = endpoints[&name].aliases.clone().unwrap_or_default();
        assert!(aliases.contains(&replica.service), "{aliases:?}");
        assert!(replica.service != "user" || aliases.contains(&"me".to_owned()), "{aliases:?}");
    }
    s.is_settled().await;
}

#[tokio::test]
async fn killed_before_each_call() {
    at_each_call("network-killed-before", Fault::Kill(Moment::Before)).await;
}

#[tokio::test]
async fn killed_after_each_call() {
    at_each_call("network-killed-after", Fault::Kill(Moment::After)).await;
}

#[tokio::test]
async fn cut_after_each_call() {
    at_each_call("network-cut-after", Fault::Cut(Moment::After)).await;
}
