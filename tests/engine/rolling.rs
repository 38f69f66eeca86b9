//! Rolling updates: replicas are replaced in turn, and a failure leaves what worked.

use crate::support::port::{free_port, free_ports};
use crate::support::{Scenario, project};

/// Three servers behind one name that finish their requests when they are told to stop, and somebody who asks all the
/// time. A question that got no answer is asked twice more, as `curl --retry 2` does.
const SHOP: &str = r#"
services:
  web:
    image: nginx:alpine
    stop_signal: SIGQUIT
    environment: {VERSION: "1"}
    healthcheck: {test: [CMD, perl, -MIO::Socket::INET, -e, 'IO::Socket::INET->new("localhost:80") or exit 1'], interval: 200ms}
    deploy: {replicas: 3, update_config: {order: ORDER, parallelism: 1, failure_action: ACTION}}
    x-hoist: {rolling: true}
  client:
    image: nginx:alpine
    stop_grace_period: 0s
    command:
      - perl
      - -MIO::Socket::INET
      - -e
      - |
        my ($$asked, $$again, $$failed) = (0, 0, 0);
        sub answered {
            my $$web = IO::Socket::INET->new(PeerAddr => "web:80", MultiHomed => 1, Timeout => 5) or return 0;
            print $$web "GET / HTTP/1.0\r\nHost: web\r\n\r\n";
            local $$/;
            return (readline($$web) // "") =~ /Welcome/;
        }
        until (-e "/tmp/enough") {
            $$asked++;
            my $$tries = 0;
            until (answered()) {
                $$again++;
                if (++$$tries > 2) { $$failed++; last }
                sleep $$tries;
            }
        }
        print "asked $$asked again $$again failed $$failed\n";
"#;

fn shop(order: &str, action: &str) -> String {
    SHOP.replace("ORDER", order).replace("ACTION", action)
}

/// What the client has counted: questions, repetitions, questions without an answer.
async fn counted(s: &Scenario) -> [u32; 3] {
    let client = s.only("client").await.id;
    s.exec(&client, &["touch", "/tmp/enough"]).await;
    let line = s
        .eventually("the client says what it counted", 20, || async {
            let output = s.output_of("client").await;
            output.lines().find(|line| line.starts_with("asked")).map(str::to_owned)
        })
        .await;
    let mut numbers = line.split(' ').filter_map(|word| word.parse().ok());
    std::array::from_fn(|_| numbers.next().expect("three numbers"))
}

#[tokio::test]
async fn start_first_answers_throughout() {
    project("rolling-start-first", &shop("start-first", "pause"), |s| async move {
        s.up(&["--wait"]).await;
        let before = s.ids().await;
        s.compose(&shop("start-first", "pause").replace("\"1\"", "\"2\""));
        s.up(&[]).await;
        let after = s.ids().await;
        assert_eq!(after.iter().filter(|id| before.contains(id)).count(), 1, "only the client stays");
        let names: Vec<_> = s.replicas().await.into_iter().map(|replica| replica.name).collect();
        assert_eq!(names, ["client-1", "web-1", "web-2", "web-3"].map(|name| format!("{}-{name}", s.project)));
        s.is_settled().await;
        let [asked, again, failed] = counted(&s).await;
        println!("asked {asked} times, {again} times again, {failed} without an answer");
        assert!(asked > 20, "the client was busy: {asked}");
        assert_eq!(failed, 0, "every question got an answer");
    })
    .await;
}

#[tokio::test]
async fn stop_first_takes_one_replica_at_a_time() {
    let file = r#"
services:
  web:
    <<: *idle
    environment: {VERSION: "1"}
    container_name: hoist-test-rolling-name
    ports: ["127.0.0.1::80"]
    networks: {back: {ipv4_address: 10.213.77.10}}
networks: {back: {ipam: {config: [{subnet: 10.213.77.0/24}]}}}
"#;
    project("rolling-stop-first", file, |s| async move {
        s.up(&[]).await;
        let before = s.only("web").await.id;
        s.compose(&file.replace("\"1\"", "\"2\""));
        s.up(&["--rolling"]).await;
        let web = s.only("web").await;
        assert_eq!((web.name.as_str(), web.state.as_str()), ("hoist-test-rolling-name", "running"));
        assert_ne!(web.id, before);
        s.is_settled().await;
    })
    .await;
}

#[tokio::test]
async fn replicas_with_a_range_of_ports_are_replaced_in_turn() {
    let first = free_ports(3);
    let last = first + 2;
    let file = |version: u8| {
        format!(
            "services: {{web: {{<<: *idle, environment: {{VERSION: '{version}'}}, ports: ['127.0.0.1:{first}-{last}:80'], scale: 2, \
             deploy: {{update_config: {{order: start-first}}}}}}}}\n"
        )
    };
    project("rolling-range", &file(1), |s| async move {
        s.up(&[]).await;
        s.compose(&file(2));
        let plan = s.hoist(&["plan", "--steps", "--rolling"]).await.ends_with(2);
        assert!(plan.stdout.contains("replicas are replaced in turn"), "{}", plan.stdout);
        s.up(&["--rolling"]).await;
        assert_eq!(s.states().await, ["web/1 running", "web/2 running"]);
        s.is_settled().await;
    })
    .await;
}

/// Three replicas of which the new ones fail on the second of them.
const FAILING: &str = r#"
services:
  web:
    <<: *idle
    environment: {VERSION: "1"}
    command: [sh, -c, 'if [ "$$VERSION" = 2 ] && ! mkdir /shared/first; then echo cannot go on; exit 3; fi; touch /ready; exec sleep 600']
    healthcheck: {test: [CMD, test, -e, /ready], interval: 200ms, retries: 100}
    volumes: ["shared:/shared"]
    deploy: {replicas: 3, update_config: {order: ORDER, failure_action: ACTION}}
    x-hoist: {rolling: true}
volumes: {shared: {}}
"#;

/// The versions of the replicas that run, by number, after an update to version 2 that fails.
async fn after_failure(s: &Scenario, order: &str, action: &str, hint: &str) -> Vec<String> {
    let file = FAILING.replace("ORDER", order).replace("ACTION", action);
    s.compose(&file);
    s.up(&[]).await;
    s.compose(&file.replace("VERSION: \"1\"", "VERSION: \"2\""));
    s.hoist(&["up", "-d"]).await.ends_with(1).says("exited (3)").says("cannot go on").says(hint);
    let mut versions = Vec::new();
    for replica in s.replicas().await {
        assert_eq!(replica.name, format!("{}-web-{}", s.project, replica.number), "no temporary name is left");
        assert_eq!(replica.state, "running");
        versions.push(s.exec(&replica.id, &["printenv", "VERSION"]).await.trim().to_owned());
    }
    versions
}

#[tokio::test]
async fn a_failure_pauses_the_update() {
    for (at, order) in ["start-first", "stop-first"].into_iter().enumerate() {
        project(&format!("rolling-pause-{at}"), "services: {}\n", |s| async move {
            let hint = "its old container is kept or restored, and the remaining replicas are left as they are";
            assert_eq!(after_failure(&s, order, "pause", hint).await, ["2", "1", "1"], "{order}");
        })
        .await;
    }
}

#[tokio::test]
async fn a_failure_is_stepped_over_where_that_is_asked_for() {
    project("rolling-continue", "services: {}\n", |s| async move {
        let hint = "the other replicas are still replaced";
        assert_eq!(after_failure(&s, "stop-first", "continue", hint).await, ["2", "1", "1"]);
    })
    .await;
}

#[tokio::test]
async fn a_failure_takes_all_replicas_back_where_that_is_asked_for() {
    for (at, order) in ["start-first", "stop-first"].into_iter().enumerate() {
        project(&format!("rolling-rollback-{at}"), "services: {}\n", |s| async move {
            let hint = "the old containers of all replicas are kept or restored";
            assert_eq!(after_failure(&s, order, "rollback", hint).await, ["1", "1", "1"], "{order}");
        })
        .await;
    }
}

#[tokio::test]
async fn what_ends_while_it_is_watched_has_failed() {
    let file = r#"
services:
  web:
    <<: *idle
    restart: always
    environment: {LIVES: "600"}
    command: [sh, -c, 'sleep $$LIVES; exit 4']
    deploy: {update_config: {order: start-first, monitor: 4s}}
    x-hoist: {rolling: true}
"#;
    project("rolling-monitor", file, |s| async move {
        s.up(&[]).await;
        let before = s.only("web").await.id;
        s.compose(&file.replace("\"600\"", "\"1.5\""));
        s.hoist(&["up", "-d"]).await.ends_with(1).says("exited (4)");
        assert_eq!(s.only("web").await.id, before, "the old one goes on");
        // Whoever is not watched is taken as soon as it runs.
        s.compose(&file.replace("\"600\"", "\"1.5\"").replace("4s", "0s"));
        s.up(&[]).await;
        assert_ne!(s.only("web").await.id, before);
    })
    .await;
}

#[tokio::test]
async fn an_update_that_was_killed_is_finished_by_the_next_run() {
    project("rolling-killed", &shop("start-first", "rollback"), |s| async move {
        s.up(&["--wait"]).await;
        for (round, made) in [("2", 1), ("3", 2), ("4", 3)] {
            let before = s.ids().await;
            s.compose(&shop("start-first", "rollback").replace("\"1\"", &format!("\"{round}\"")));
            let up = s.background(&["up", "-d"]);
            s.eventually("some replicas are made", 20, || async {
                let new = s.ids().await.into_iter().filter(|id| !before.contains(id)).count();
                (new >= made).then_some(())
            })
            .await;
            up.kill();
            s.up(&[]).await;
            assert_eq!(s.states().await, ["client/1 running", "web/1 running", "web/2 running", "web/3 running"]);
            s.is_settled().await;
        }
        let [_, _, failed] = counted(&s).await;
        assert_eq!(failed, 0, "every question got an answer");
    })
    .await;
}

#[tokio::test]
async fn start_first_with_a_fixed_port_is_refused_at_its_place() {
    let port = free_port();
    let file = format!(
        "
services:
  web:
    <<: *idle
    ports:
      - 127.0.0.1:{port}:80
    deploy: {{update_config: {{order: start-first}}}}
"
    );
    project("rolling-refused", &file, |s| async move {
        let message = "service `web` cannot be updated start-first: only one container at a time can publish host port";
        s.hoist(&["up", "-d", "--rolling"])
            .await
            .ends_with(1)
            .says(&format!("{message} {port}"))
            .says("compose.yaml:7:9")
            .says("hint: use `order: stop-first`");
        assert!(s.is_gone().await);
        s.up(&[]).await;
    })
    .await;
}
