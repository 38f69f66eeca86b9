//! What goes wrong at the engine is said in words that help.

use crate::support::port::free_port;
use crate::support::{project, scenario};

#[tokio::test]
async fn a_taken_port_names_its_holder_and_the_line() {
    let port = free_port();
    let holder = format!(
        "services:\n  holder: {{image: 'busybox:latest', command: [sleep, '600'], stop_grace_period: 0s, ports: ['127.0.0.1:{port}:80']}}\n"
    );
    let second = format!(
        "services:\n  web:\n    image: busybox:latest\n    command: [sleep, '600']\n    ports:\n      - 127.0.0.1:{port}:80\n"
    );
    scenario("port-holder", &[("compose.yaml", &holder)], |first| async move {
        first.hoist(&["up", "-d"]).await.ok();
        scenario("port-taken", &[("compose.yaml", &second)], |s| async move {
            s.hoist(&["up", "-d"])
                .await
                .ends_with(1)
                .says(&port.to_string())
                .says("hoist-test-port-holder-holder-1")
                .says("compose.yaml:6:9");
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_name_that_another_project_has_is_told_at_once() {
    let file = "services:\n  web:\n    <<: *idle\n    container_name: hoist-test-one-name\n";
    project("name-holder", file, |first| async move {
        first.up(&[]).await;
        project("name-taken", file, |s| async move {
            let ran = s
                .hoist(&["up", "-d"])
                .await
                .ends_with(1)
                .says("container name \"/hoist-test-one-name\" is already in use by container")
                .says("of project hoist-test-name-holder")
                .says("compose.yaml:")
                .says("hoist -p hoist-test-name-holder down");
            assert_eq!(ran.stderr.matches("Container hoist-test-one-name Creating").count(), 1, "{}", ran.stderr);
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_renamed_service_keeps_its_container_name_once_the_orphan_is_removed() {
    let file =
        |service: &str| format!("services:\n  {service}:\n    <<: *idle\n    container_name: hoist-test-renamed\n");
    project("name-renamed", &file("db"), |s| async move {
        s.up(&[]).await;
        let before = s.ids().await;
        s.compose(&file("postgres"));
        s.hoist(&["up", "-d"])
            .await
            .ends_with(1)
            .says("container name `hoist-test-renamed` is taken by an orphan container of service `db`")
            .says("compose.yaml:")
            .says("hint: --remove-orphans removes it first");
        assert_eq!(s.ids().await, before, "nothing is made");
        s.up(&["--remove-orphans"]).await;
        assert_eq!(s.states().await, ["postgres/1 running"]);
        s.is_settled().await;
    })
    .await;
}

#[tokio::test]
async fn a_port_that_a_process_has_names_the_process_and_the_line() {
    let taken = std::net::TcpListener::bind("0.0.0.0:0").expect("a free port");
    let port = taken.local_addr().expect("it is bound").port();
    let file = format!(
        "services:\n  web:\n    image: busybox:latest\n    command: [sleep, '600']\n    stop_grace_period: 0s\n    \
         ports:\n      - {port}:80\n"
    );
    scenario("port-process", &[("compose.yaml", &file)], |s| async move {
        s.hoist(&["up", "-d"])
            .await
            .ends_with(1)
            .says(&format!("port {port}/tcp on the host is already taken by process "))
            .says(&format!("({})", std::process::id()))
            .says("compose.yaml:7:9");
    })
    .await;
    drop(taken);
}

#[tokio::test]
async fn no_engine_is_one_sentence_and_what_to_do() {
    let file = "services:\n  web: {image: 'busybox:latest'}\n";
    scenario("no-engine", &[("compose.yaml", file)], |s| async move {
        let mut command = s.command(&["up", "-d"]);
        command.env("DOCKER_HOST", "unix:///nonexistent/docker.sock");
        s.run(command)
            .await
            .ends_with(1)
            .says("cannot connect to a container engine at unix:///nonexistent/docker.sock")
            .says("hint: is the engine running?");
    })
    .await;
}

#[tokio::test]
async fn an_image_that_cannot_be_had_fails_its_service_and_names_it() {
    let file = r#"
services:
  web: {image: "127.0.0.1:9/nothing/here:1", command: ["sleep", "600"]}
  other: {image: "busybox:latest", command: ["sleep", "600"], stop_grace_period: 0s}
"#;
    scenario("no-image", &[("compose.yaml", file)], |s| async move {
        s.hoist(&["up", "-d"]).await.ends_with(1).says("127.0.0.1:9/nothing/here:1");
        assert_eq!(s.states().await, ["other/1 running"], "an independent chain goes on");
    })
    .await;
}

#[tokio::test]
async fn a_secret_without_its_variable_is_refused_before_anything_is_touched() {
    let file = "services:\n  web:\n    image: busybox:latest\n    command: [sleep, '600']\n    stop_grace_period: 0s\n    \
                secrets: [token]\nsecrets:\n  token: {environment: HOIST_TEST_TOKEN}\n";
    scenario("unset-secret", &[("compose.yaml", file), (".env", "HOIST_TEST_TOKEN=x\n")], |s| async move {
        s.hoist(&["up", "-d"]).await.ok();
        let before = s.ids().await;
        s.write(".env", "");
        s.hoist(&["up", "-d"]).await.ok();
        assert_eq!(s.ids().await, before, "what runs does not need it again");
        s.hoist(&["up", "-d", "--force-recreate"])
            .await
            .ends_with(1)
            .says("environment variable \"HOIST_TEST_TOKEN\" required by secret \"token\" is not set")
            .says("compose.yaml:8:");
        assert_eq!(s.states().await, ["web/1 running"]);
        assert_eq!(s.ids().await, before);
    })
    .await;
}

#[tokio::test]
async fn what_replicas_cannot_share_is_refused_before_anything_is_made() {
    let port = free_port();
    let file = format!("services:\n  web:\n    <<: *idle\n    ports:\n      - 127.0.0.1:{port}:80\n");
    project("shared-port", &file, |s| async move {
        let message = format!(
            "service `web` cannot have 2 replicas: only one container at a time can publish host port {port}\n"
        );
        s.hoist(&["up", "-d", "--scale", "web=2"]).await.ends_with(1).says(&message).says("compose.yaml:");
        assert_eq!(s.states().await, [""; 0]);
        s.hoist(&["up", "-d"]).await.ok();
        s.hoist(&["up", "-d", "--scale", "web=2"]).await.ends_with(1).says(&message);
        assert_eq!(s.states().await, ["web/1 running"]);
    })
    .await;
}

#[tokio::test]
async fn what_the_engine_refuses_is_told_once_with_its_line() {
    for (name, service, words, place) in [
        (
            "program",
            "command:\n      - nosuch",
            "exec: \"nosuch\": executable file not found in $PATH",
            "compose.yaml:5:9",
        ),
        ("user", "user: nobodyhere", "unable to find user nobodyhere: ", "compose.yaml:4:11"),
        ("group", "user: '0:nogroup1'", "unable to find group nogroup1: ", "compose.yaml:4:11"),
        ("device", "devices: [/dev/null, /dev/nosuch]", "adding custom device \"/dev/nosuch\"", "compose.yaml:4:26"),
        ("gpu", "gpus: all", "could not select device driver", "compose.yaml:4:11"),
        ("memory", "mem_limit: 1000", "Minimum memory limit allowed is 6MB", "compose.yaml:4:16"),
        ("cpus", "deploy: {resources: {limits: {cpus: '99'}}}", "range of CPUs is from 0.01", "compose.yaml:4:41"),
        ("sysctl", "sysctls: {kernel.nosuch: 1}", "sysctl \"kernel.nosuch\" is not", "compose.yaml:4:15"),
        ("capability", "cap_add: [NET_ADMIN, NOSUCH]", "unknown capability: \"CAP_NOSUCH\"", "compose.yaml:4:26"),
        ("signal", "stop_signal: SIGNOSUCH", "invalid signal: SIGNOSUCH", "compose.yaml:4:18"),
        ("logs", "logging: {driver: nosuch}", "error looking up logging plugin nosuch", "compose.yaml:4:23"),
        ("runtime", "runtime: nosuch", "unknown or invalid runtime name: nosuch", "compose.yaml:4:14"),
        (
            "mount",
            "volumes: [{type: bind, source: /nosuch, target: /x, bind: {create_host_path: false}}]",
            "bind source path does not exist: /nosuch",
            "compose.yaml:4:36",
        ),
        (
            "mac",
            "networks: {default: {mac_address: '01:00:5e:00:00:01'}}",
            "cannot assign requested address",
            "compose.yaml:4:39",
        ),
        (
            "address",
            "networks: {default: {ipv4_address: 10.9.9.9}}",
            "user specified IP address is supported",
            "compose.yaml:4:40",
        ),
    ] {
        let file = format!("services:\n  web:\n    image: busybox:latest\n    {service}\n");
        scenario(&format!("refused-{name}"), &[("compose.yaml", &file)], |s| async move {
            let ran = s.hoist(&["up", "-d"]).await.ends_with(1).says(words).says(place);
            assert_eq!(ran.stderr.matches(words).count(), 1, "{}", ran.stderr);
        })
        .await;
    }
}

#[tokio::test]
async fn a_refused_network_or_volume_is_told_with_its_line() {
    let first = "services:\n  web: {<<: *idle}\nnetworks:\n  default: {ipam: {config: [{subnet: 10.211.77.0/24}]}}\n";
    let second = "services:\n  web:\n    image: busybox:latest\nnetworks:\n  default:\n    ipam:\n      config:\n        - subnet: 10.211.77.0/25\n";
    project("pool-holder", first, |first| async move {
        first.up(&[]).await;
        scenario("pool-taken", &[("compose.yaml", second)], |s| async move {
            s.hoist(&["up", "-d"])
                .await
                .ends_with(1)
                .says("Pool overlaps with other one on this address space")
                .says("compose.yaml:8:")
                .says("hint: another network overlaps this `subnet`");
        })
        .await;
    })
    .await;
    let volume = "services:\n  web:\n    image: busybox:latest\n    volumes: ['data:/x']\nvolumes:\n  data:\n    driver: nosuch\n";
    scenario("refused-volume", &[("compose.yaml", volume)], |s| async move {
        let words = "error looking up volume plugin nosuch";
        let ran = s.hoist(&["up", "-d"]).await.ends_with(1).says(words).says("compose.yaml:7:13");
        assert_eq!(ran.stderr.matches(words).count(), 1, "{}", ran.stderr);
    })
    .await;
}

#[tokio::test]
async fn the_engines_own_networks_are_refused_before_anything_is_made() {
    for network in ["bridge", "host", "none"] {
        let file = format!(
            "services:\n  web:\n    <<: *idle\n    networks: [own]\nnetworks:\n  own:\n    name: {network}\n    external: true\n"
        );
        project("own-network", &file, |s| async move {
            s.hoist(&["up", "-d"])
                .await
                .ends_with(1)
                .says(&format!("network `{network}` is built into the engine"))
                .says("compose.yaml:")
                .says(&format!("hint: use `network_mode: {network}` in the service"));
            assert_eq!(s.states().await, [""; 0]);
        })
        .await;
    }
}

#[tokio::test]
async fn a_taken_address_names_its_holder_and_the_line() {
    let first = "services:\n  web:\n    <<: *idle\n    networks: {shared: {ipv4_address: 10.211.78.9}}\n\
                 networks:\n  shared:\n    name: hoist-test-address-shared\n    ipam: {config: [{subnet: 10.211.78.0/24, gateway: 10.211.78.1}]}\n";
    let second = |address: &str| {
        format!(
            "services:\n  web:\n    image: busybox:latest\n    command: [sleep, '600']\n    networks:\n      shared:\n        \
             ipv4_address: {address}\nnetworks:\n  shared:\n    name: hoist-test-address-shared\n    external: true\n"
        )
    };
    project("address-holder", first, |first| async move {
        first.up(&[]).await;
        scenario("address-taken", &[("compose.yaml", &second("10.211.78.9"))], |s| async move {
            s.hoist(&["up", "-d"])
                .await
                .ends_with(1)
                .says("address 10.211.78.9 of network hoist-test-address-shared is already taken by container hoist-test-address-holder-web-1")
                .says("compose.yaml:7:23")
                .says("hint: stop container hoist-test-address-holder-web-1, or choose another `ipv4_address`");
            s.write("compose.yaml", &second("10.211.78.1"));
            s.hoist(&["up", "-d"]).await.ends_with(1).says("is already taken by its gateway").says("compose.yaml:7:23");
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_mounted_image_that_cannot_be_had_has_its_own_line() {
    let file = "services:\n  web:\n    image: busybox:latest\n    volumes:\n      - type: image\n        source: 127.0.0.1:9/nothing:1\n        target: /x\n";
    scenario("no-mounted-image", &[("compose.yaml", file)], |s| async move {
        s.hoist(&["up", "-d"]).await.ends_with(1).says("127.0.0.1:9/nothing:1").says("compose.yaml:6:17");
    })
    .await;
}
