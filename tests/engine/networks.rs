//! Networks: declared, external, changed, renamed, shared with others.

use crate::support::project;

#[tokio::test]
async fn a_network_is_made_as_declared() {
    let file = r#"
services:
  web: {<<: *idle, networks: [inner]}
networks:
  inner:
    driver: bridge
    internal: true
    attachable: true
    enable_ipv6: false
    driver_opts: {com.docker.network.bridge.enable_icc: "false"}
    labels: {tier: back}
    ipam: {config: [{subnet: 10.211.1.0/24, ip_range: 10.211.1.128/25, gateway: 10.211.1.1}]}
"#;
    project("net-made", file, |s| async move {
        s.up(&[]).await;
        let network = s.network(&s.named("inner")).await;
        assert_eq!((network.internal, network.attachable, network.enable_ipv6), (Some(true), Some(true), Some(false)));
        let labels = network.labels.unwrap_or_default();
        assert_eq!(labels["tier"], "back");
        assert_eq!(labels["com.docker.compose.network"], "inner");
        assert_eq!(labels["com.docker.compose.project"], s.project);
        assert_eq!(labels["com.docker.compose.config-hash"].len(), 64);
        assert_eq!(network.options.unwrap_or_default()["com.docker.network.bridge.enable_icc"], "false");
        let pools = network.ipam.and_then(|ipam| ipam.config).unwrap_or_default();
        assert_eq!(pools[0].subnet.as_deref(), Some("10.211.1.0/24"));
        assert_eq!(pools[0].ip_range.as_deref(), Some("10.211.1.128/25"));
        assert_eq!(pools[0].gateway.as_deref(), Some("10.211.1.1"));
        assert_eq!(s.networks().await, [s.named("inner")], "no default network where nobody is on it");
    })
    .await;
}

#[tokio::test]
async fn a_network_nobody_uses_is_not_made_unless_all_are_asked_for() {
    let file = "services: {web: {<<: *idle, network_mode: none}}\nnetworks: {spare: {}}\n";
    project("net-spare", file, |s| async move {
        s.up(&[]).await;
        assert!(s.networks().await.is_empty());
        assert_eq!(s.inspect("web").await.host_config.and_then(|host| host.network_mode).as_deref(), Some("none"));
        s.hoist(&["--all-resources", "up", "-d"]).await.ok();
        assert_eq!(s.networks().await, [s.named("spare")]);
    })
    .await;
}

#[tokio::test]
async fn an_external_network_is_used_and_never_removed() {
    let file =
        "services: {web: {<<: *idle, networks: [out]}}\nnetworks: {out: {external: true, name: hoist-test-ext-net}}\n";
    project("net-external", file, |s| async move {
        let id = s.foreign_network("hoist-test-ext-net", &[]).await;
        s.up(&[]).await.does_not_say("not created by compose");
        assert_eq!(s.endpoints("web").await["hoist-test-ext-net"].network_id.as_deref(), Some(id.as_str()));
        assert!(s.networks().await.is_empty());
        s.is_settled().await;
        s.hoist(&["down"]).await.ok();
        assert_eq!(s.network("hoist-test-ext-net").await.id.as_deref(), Some(id.as_str()));
    })
    .await;
}

#[tokio::test]
async fn a_missing_external_network_is_named_before_anything_is_made() {
    let file = "services: {web: {<<: *idle, networks: [out, in]}}\nnetworks: {in: {}, out: {external: true, name: hoist-test-not-there}}\n";
    project("net-missing", file, |s| async move {
        s.hoist(&["up", "-d"])
            .await
            .ends_with(1)
            .says("network hoist-test-not-there declared as external, but could not be found");
        assert!(s.is_gone().await);
    })
    .await;
}

#[tokio::test]
async fn an_external_network_that_is_two_is_refused() {
    let file =
        "services: {web: {<<: *idle, networks: [out]}}\nnetworks: {out: {external: true, name: hoist-test-renewed}}\n";
    project("net-renewed", file, |s| async move {
        s.foreign_network("hoist-test-renewed", &[]).await;
        s.up(&[]).await;
        let before = s.only("web").await.id;
        s.hoist(&["down"]).await.ok();
        s.up(&[]).await;
        assert_ne!(s.only("web").await.id, before);
        s.is_settled().await;
    })
    .await;
}

#[tokio::test]
async fn an_unmanaged_network_of_the_right_name_is_used_with_a_warning() {
    project("net-unmanaged", "services: {web: {<<: *idle}}\n", |s| async move {
        let name = s.named("default");
        let id = s.foreign_network(&name, &[]).await;
        s.up(&[]).await.says(&format!("network {name} exists but was not created by compose"));
        assert_eq!(s.endpoints("web").await[&name].network_id.as_deref(), Some(id.as_str()));
        s.hoist(&["down"]).await.ok();
        assert_eq!(s.network(&name).await.id.as_deref(), Some(id.as_str()), "`down` leaves it");
    })
    .await;
}

#[tokio::test]
async fn a_network_of_another_project_is_used_with_a_warning() {
    project("net-of-other", "services: {web: {<<: *idle}}\n", |s| async move {
        let name = s.named("default");
        s.foreign_network(&name, &[("com.docker.compose.project", "other"), ("com.docker.compose.network", "default")])
            .await;
        s.up(&[]).await.says(&format!("network {name} exists but was not created for project \"{}\"", s.project));
    })
    .await;
}

const NAMED: &str = r#"
services:
  web: {<<: *idle, networks: {inner: {aliases: [site]}}}
  db: {<<: *idle, networks: [inner]}
networks: {inner: {name: hoist-test-NAME, labels: {round: "1"}}}
"#;

#[tokio::test]
async fn a_renamed_network_takes_its_users_along_and_the_old_one_goes() {
    let file = |name: &str| NAMED.replace("NAME", name);
    project("net-renamed", &file("before"), |s| async move {
        s.up(&[]).await;
        assert_eq!(s.networks().await, ["hoist-test-before"]);
        s.compose(&file("after"));
        s.up(&[]).await;
        assert_eq!(s.networks().await, ["hoist-test-after"]);
        assert_eq!(s.states().await, ["db/1 running", "web/1 running"]);
        let aliases = s.endpoints("web").await["hoist-test-after"].aliases.clone().unwrap_or_default();
        assert!(aliases.contains(&"site".to_owned()) && aliases.contains(&"web".to_owned()), "{aliases:?}");
        s.is_settled().await;
    })
    .await;
}

#[tokio::test]
async fn a_renamed_network_that_others_use_stays_without_failing_the_run() {
    // Engines answer 403 for a network with endpoints.
    let file = |name: &str| NAMED.replace("NAME", name);
    project("net-renamed-used", &file("first"), |s| async move {
        s.up(&[]).await;
        s.foreign_container("hoist-test-visitor", "hoist-test-first", &[]).await;
        s.compose(&file("second"));
        s.up(&[]).await;
        assert_eq!(s.networks().await, ["hoist-test-first", "hoist-test-second"]);
        assert!(s.endpoints("web").await.contains_key("hoist-test-second"));
        assert_eq!(s.states().await, ["db/1 running", "web/1 running"]);
    })
    .await;
}

#[tokio::test]
async fn a_changed_network_that_others_use_is_refused_before_anything_is_touched() {
    let file = NAMED.replace("NAME", "shared");
    project("net-changed-used", &file.clone(), |s| async move {
        s.up(&[]).await;
        let before = s.ids().await;
        s.foreign_container("hoist-test-lodger", "hoist-test-shared", &[]).await;
        s.compose(&file.replace("\"1\"", "\"2\""));
        s.hoist(&["up", "-d"]).await.ends_with(1).says("hoist-test-shared").says("hoist-test-lodger");
        assert_eq!(s.ids().await, before);
        assert_eq!(s.states().await, ["db/1 running", "web/1 running"]);
        assert!(s.endpoints("web").await.contains_key("hoist-test-shared"));
    })
    .await;
}

#[tokio::test]
async fn endpoint_settings_survive_a_changed_network() {
    let file = r#"
services:
  web:
    <<: *idle
    networks:
      inner: {aliases: [site], ipv4_address: 10.211.2.10}
      outer: {gw_priority: 10}
networks:
  inner: {labels: {round: "1"}, ipam: {config: [{subnet: 10.211.2.0/24}]}}
  outer: {}
"#;
    project("net-settings", file, |s| async move {
        s.up(&[]).await;
        let before = s.only("web").await.id;
        s.compose(&file.replace("\"1\"", "\"2\""));
        s.up(&[]).await;
        let endpoints = s.endpoints("web").await;
        let inner = &endpoints[&s.named("inner")];
        assert_eq!(inner.ip_address.as_deref(), Some("10.211.2.10"));
        assert!(inner.aliases.clone().unwrap_or_default().contains(&"site".to_owned()));
        assert_eq!(endpoints[&s.named("outer")].gw_priority, Some(10));
        assert_eq!(s.only("web").await.id, before, "the container is the same");
        assert_eq!(s.states().await, ["web/1 running"]);
        s.is_settled().await;
    })
    .await;
}

#[tokio::test]
async fn a_running_container_off_its_network_is_recreated() {
    project("net-off", "services: {web: {<<: *idle, networks: [a, b]}}\nnetworks: {a: {}, b: {}}\n", |s| async move {
        s.up(&[]).await;
        let before = s.only("web").await.id;
        let request = bollard::models::NetworkDisconnectRequest { container: before.clone(), force: Some(true) };
        s.docker.disconnect_network(&s.named("b"), request).await.expect("it can be taken off");
        s.up(&[]).await;
        assert_ne!(s.only("web").await.id, before);
        assert_eq!(s.endpoints("web").await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_further_connection_does_not_matter() {
    project("net-more", "services: {web: {<<: *idle}}\n", |s| async move {
        s.up(&[]).await;
        s.foreign_network("hoist-test-further", &[]).await;
        let request =
            bollard::models::NetworkConnectRequest { container: s.only("web").await.id, endpoint_config: None };
        s.docker.connect_network("hoist-test-further", request).await.expect("it can be connected");
        s.is_settled().await;
        s.hoist(&["down"]).await.ok();
    })
    .await;
}

#[tokio::test]
async fn priority_chooses_the_primary_network_and_both_are_there_at_the_start() {
    let file = r#"
services:
  web: {<<: *idle, command: [sh, -c, "ls /sys/class/net; exec sleep 600"], networks: {a: {}, b: {priority: 5}}}
networks: {a: {}, b: {}}
"#;
    project("net-priority", file, |s| async move {
        s.up(&[]).await;
        let mode = s.inspect("web").await.host_config.and_then(|host| host.network_mode);
        assert_eq!(mode, Some(s.named("b")));
        s.writes("web", "eth1").await;
    })
    .await;
}

#[tokio::test]
async fn addresses_and_interface_names_reach_the_engine() {
    let file = r#"
services:
  web:
    <<: *idle
    mac_address: "02:42:0a:d3:03:07"
    networks:
      inner: {ipv4_address: 10.211.3.9, link_local_ips: [169.254.8.8], interface_name: front0, driver_opts: {hoist.test: "1"}}
networks: {inner: {ipam: {config: [{subnet: 10.211.3.0/24}]}}}
"#;
    project("net-address", file, |s| async move {
        s.up(&[]).await;
        let endpoint = s.endpoints("web").await.remove(&s.named("inner")).expect("it is connected");
        assert_eq!(endpoint.ip_address.as_deref(), Some("10.211.3.9"));
        assert_eq!(endpoint.mac_address.as_deref(), Some("02:42:0a:d3:03:07"));
        let options = endpoint.driver_opts.unwrap_or_default();
        assert_eq!(options["com.docker.network.endpoint.ifname"], "front0");
        assert_eq!(options["hoist.test"], "1");
        let web = s.only("web").await.id;
        assert!(s.exec(&web, &["ls", "/sys/class/net"]).await.contains("front0"));
    })
    .await;
}

#[tokio::test]
async fn replicas_with_interface_names_stay_as_they_are() {
    let file = r#"
services:
  web: {<<: *idle, scale: 2, networks: {inner: {interface_name: front0, driver_opts: {hoist.test: "1"}}}}
networks: {inner: {}}
"#;
    project("net-replicas", file, |s| async move {
        s.up(&[]).await;
        let hash = |replica: &crate::support::look::Replica| replica.labels["com.docker.compose.config-hash"].clone();
        let replicas = s.replicas().await;
        assert_eq!(hash(&replicas[0]), hash(&replicas[1]));
        s.is_settled().await;
    })
    .await;
}

#[tokio::test]
async fn different_mac_addresses_of_service_and_network_are_refused() {
    let file = r#"
services:
  web: {<<: *idle, mac_address: "02:42:0a:d3:03:07", networks: {inner: {mac_address: "02:42:0a:d3:03:08"}}}
networks: {inner: {}}
"#;
    project("net-macs", file, |s| async move {
        s.hoist(&["up", "-d"])
            .await
            .ends_with(1)
            .says("the service-level mac_address should have the same value as network inner");
    })
    .await;
}

#[tokio::test]
async fn a_wrong_subnet_is_refused_by_name() {
    let file = "services: {web: {<<: *idle}}\nnetworks: {default: {ipam: {config: [{subnet: 10.0.0.0/99}]}}}\n";
    project("net-subnet", file, |s| async move {
        s.hoist(&["up", "-d"]).await.ends_with(1).says("invalid subnet: 10.0.0.0/99");
        assert!(s.is_gone().await);
    })
    .await;
}

#[tokio::test]
async fn a_fixed_address_is_not_given_to_somebody_else() {
    let file = r"
services:
  a: {<<: *idle, networks: [n]}
  b: {<<: *idle, networks: {n: {ipv4_address: 10.211.7.2}}}
networks: {n: {ipam: {config: [{subnet: 10.211.7.0/29}]}}}
";
    project("net-fixed", file, |s| async move {
        for _ in 0..3 {
            s.up(&[]).await;
            s.hoist(&["down"]).await.ok();
        }
        // One that was there before has the address.
        s.compose(&file.replace("{ipv4_address: 10.211.7.2}", ""));
        s.up(&["a"]).await;
        s.compose(file);
        s.hoist(&["up", "-d"])
            .await
            .ends_with(1)
            .says("address 10.211.7.2 on network `n` is taken by container hoist-test-net-fixed-a-1")
            .says("compose.yaml:");
        assert_eq!(s.states().await, ["a/1 running"], "nothing was made");
        s.stop(&s.only("a").await.id).await;
        s.up(&[]).await;
        s.is_settled().await;
    })
    .await;
}
