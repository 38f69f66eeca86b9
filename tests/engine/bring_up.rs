//! A project comes up, stays as it is, and goes down.

use crate::support::scenario;

const TWO: &str = "\
services:
  db:
    image: busybox:latest
    command: [\"sh\", \"-c\", \"date +%N > /data/stamp-$$(cat /data/runs 2>/dev/null); sleep 600\"]
    stop_grace_period: 0s
    volumes:
      - data:/data
  web:
    image: busybox:latest
    command: [\"sleep\", \"600\"]
    stop_grace_period: 0s
    depends_on:
      - db
volumes:
  data: {}
";

#[tokio::test]
async fn up_makes_and_starts_everything_once() {
    scenario("up-once", &[("compose.yaml", TWO)], |s| async move {
        s.hoist(&["up", "-d"]).await.ok();
        assert_eq!(s.states().await, ["db/1 running", "web/1 running"]);
        assert_eq!(s.networks().await, ["hoist-test-up-once_default"]);
        assert_eq!(s.volumes().await, ["hoist-test-up-once_data"]);

        let before = s.ids().await;
        s.hoist(&["up", "-d"]).await.ok();
        assert_eq!(s.ids().await, before, "a second `up` changes nothing");
    })
    .await;
}
