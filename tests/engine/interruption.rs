//! A run that is cut short leaves something that the next run finishes.

use crate::support::scenario;

const THREE: &str = r#"
services:
  one: {image: "busybox:latest", command: ["sleep", "600"], stop_grace_period: 0s, environment: {ROUND: "1"}, volumes: ["data:/data"]}
  two: {image: "busybox:latest", command: ["sleep", "600"], stop_grace_period: 0s, environment: {ROUND: "1"}, depends_on: [one]}
  three: {image: "busybox:latest", command: ["sleep", "600"], stop_grace_period: 0s, environment: {ROUND: "1"}, depends_on: [two]}
volumes: {data: {}}
"#;

#[tokio::test]
async fn the_next_up_finishes_what_a_killed_one_began() {
    scenario("killed", &[("compose.yaml", THREE)], |s| async move {
        for (round, delay) in [(1, 20), (2, 60), (3, 120), (4, 200), (5, 350), (6, 500)] {
            s.write("compose.yaml", &THREE.replace("ROUND: \"1\"", &format!("ROUND: \"{round}\"")));
            let mut child = s.command(&["up", "-d"]).spawn().expect("the binary starts");
            tokio::time::sleep(std::time::Duration::from_millis(delay)).await;
            child.kill().expect("it can be killed");
            child.wait().expect("it ends");

            s.hoist(&["up", "-d"]).await.ok();
            assert_eq!(s.states().await, ["one/1 running", "three/1 running", "two/1 running"], "after {delay} ms");
            let names: Vec<_> = s.replicas().await.into_iter().map(|replica| replica.name).collect();
            let project = &s.project;
            assert_eq!(names, ["one", "three", "two"].map(|service| format!("{project}-{service}-1")));
            assert_eq!(s.volumes().await, [format!("{project}_data")]);
            assert_eq!(s.hoist(&["plan"]).await.ok().stdout.trim(), "nothing to do");
        }
    })
    .await;
}

#[tokio::test]
async fn two_runs_at_once_both_end_well() {
    scenario("twice", &[("compose.yaml", THREE)], |s| async move {
        let (first, second) = tokio::join!(s.hoist(&["up", "-d"]), s.hoist(&["up", "-d"]));
        first.ok();
        second.ok();
        assert_eq!(s.states().await, ["one/1 running", "three/1 running", "two/1 running"]);
    })
    .await;
}

#[tokio::test]
async fn two_attached_runs_at_once_both_end_well() {
    let jobs = THREE.replace("[\"sleep\", \"600\"]", "[\"sh\", \"-c\", \"sleep 3; echo done\"]");
    scenario("twice-attached", &[("compose.yaml", &jobs)], |s| async move {
        let (first, second) = tokio::join!(s.hoist(&["up"]), s.hoist(&["up"]));
        for ran in [first.ok(), second.ok()] {
            assert!(ran.stdout.contains("Attaching to one-1"), "{}", ran.stdout);
        }
        assert_eq!(s.states().await, ["one/1 exited", "three/1 exited", "two/1 exited"]);
    })
    .await;
}

#[tokio::test]
async fn two_runs_at_once_that_recreate_both_end_well() {
    scenario("twice-forced", &[("compose.yaml", THREE)], |s| async move {
        s.hoist(&["up", "-d"]).await.ok();
        let force = ["up", "-d", "--force-recreate"];
        let (first, second) = tokio::join!(s.hoist(&force), s.hoist(&force));
        first.ok();
        second.ok();
        assert_eq!(s.states().await, ["one/1 running", "three/1 running", "two/1 running"]);
        assert_eq!(s.hoist(&["plan"]).await.ok().stdout.trim(), "nothing to do");
    })
    .await;
}
