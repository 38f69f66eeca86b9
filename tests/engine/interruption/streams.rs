//! A run whose connections stay open comes to an end, whatever happens to them.

use super::words_of;
use crate::support::project;
use crate::support::proxy::{Fault, Moment};

/// A build, a hook and the output of a container: what goes over connections that stay open.
const STREAMS: &str = r#"
services:
  made:
    build: {dockerfile_inline: "FROM busybox:latest\nRUN echo made > /made"}
    command: [sh, -c, "for turn in $$(seq 50); do test -e /hooked && break; sleep 0.1; done; cat /made"]
    stop_grace_period: 0s
    post_start: [{command: [touch, /hooked]}]
"#;

/// Disturbs every call of an attached `up`, which has to come to an end.
async fn ends_at_each_call(name: &str, fault: Fault) {
    project(name, STREAMS, |s| async move {
        let whole = s.disturbed(&["up", "--build"], None).await;
        assert!(whole.ran.ok().stdout.contains("made"));
        for call in 1..=whole.calls.len() {
            s.hoist(&["down"]).await.ok();
            let ran = s.disturbed(&["up", "--build"], Some((call, fault))).await.ran.does_not_say("panicked");
            if ran.status != 0 {
                ran.ends_with(1).says(words_of(fault));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn an_attached_run_ends_when_cut() {
    ends_at_each_call("cut-attached", Fault::Cut(Moment::After)).await;
}

#[tokio::test]
async fn an_attached_run_ends_when_refused() {
    ends_at_each_call("refused-attached", Fault::Refuse).await;
}
