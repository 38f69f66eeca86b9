//! A run that is cut short leaves something that the next run finishes: whichever call of the engine it is.

mod network;
mod plugin;
mod streams;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, resume_unwind};

use bollard::query_parameters::{ListVolumesOptions, RemoveVolumeOptions};
use futures::FutureExt;

use crate::support::proxy::{Fault, Moment};
use crate::support::{Scenario, project};

/// `store` is recreated in every round, `even` and `odd` take turns: one is new, the other an orphan.
fn services(round: usize) -> String {
    let turn = turn(round);
    format!(
        r#"
services:
  store:
    <<: *idle
    environment: {{ROUND: "{round}"}}
    volumes: ["data:/data", "/scratch"]
    configs: [note]
    healthcheck: {{test: [CMD, "true"], interval: 200ms}}
  {turn}:
    <<: *idle
    depends_on: {{store: {{condition: service_healthy}}}}
    volumes: ["{turn}:/data", "/scratch"]
    networks: [{turn}]
    configs: [note]
networks: {{{turn}: {{}}}}
volumes: {{data: {{}}, {turn}: {{}}}}
configs: {{note: {{content: "round {round}"}}}}
"#
    )
}

fn turn(round: usize) -> &'static str {
    if round.is_multiple_of(2) { "even" } else { "odd" }
}

const UP: [&str; 3] = ["up", "-d", "--remove-orphans"];

/// A project that goes through rounds, each of which is disturbed at another call.
struct Rounds<'a> {
    s: &'a Scenario,
    /// The volume at `/scratch` of `store`, which outlives all its containers.
    scratch: String,
    /// All volumes without a name that containers were seen to have.
    seen: BTreeSet<String>,
}

impl<'a> Rounds<'a> {
    async fn begin(s: &'a Scenario) -> Self {
        s.compose(&services(0));
        s.hoist(&UP).await.ok();
        let store = s.only("store").await.id;
        s.exec(&store, &["sh", "-c", "echo kept > /data/kept; echo carried > /scratch/kept"]).await;
        let mut rounds = Self { s, scratch: String::new(), seen: BTreeSet::new() };
        rounds.scratch = rounds.scratch_of("store").await;
        s.compose(&services(1));
        let plan = s.hoist(&[&UP[..], &["--dry-run", "--steps"]].concat()).await.ok().stdout;
        assert_eq!(plan.lines().filter(|line| line.starts_with('#')).count(), 12, "{plan}");
        rounds
    }

    async fn scratch_of(&self, service: &str) -> String {
        let mounts = self.s.inspect(service).await.mounts.unwrap_or_default();
        let scratch = mounts.into_iter().find(|mount| mount.destination.as_deref() == Some("/scratch"));
        scratch.and_then(|mount| mount.name).expect("a volume is mounted there")
    }

    /// Brings the round up with the fault at that call, then again without one. Whether there was such a call.
    async fn round(&mut self, round: usize, call: usize, fault: Fault) -> bool {
        let s = self.s;
        // So that they are made anew, too.
        let _ = s.docker.remove_network(&s.named(turn(round))).await;
        let _ = s.docker.remove_volume(&s.named(turn(round)), None::<RemoveVolumeOptions>).await;
        s.compose(&services(round));

        let disturbed = s.disturbed(&UP, Some((call, fault))).await;
        let struck = disturbed.calls.len() >= call;
        let ran = disturbed.ran.does_not_say("panicked");
        match fault {
            Fault::Kill(_) if struck => drop(ran.ends_with(-1)),
            Fault::Cut(_) | Fault::Refuse if struck && ran.status != 0 => drop(ran.ends_with(1).says(words_of(fault))),
            Fault::Kill(_) | Fault::Cut(_) | Fault::Refuse | Fault::Delay | Fault::Remove => drop(ran.ok()),
        }
        self.seen.extend(s.volumes_at("/scratch").await);
        s.hoist(&UP).await.ok();
        self.has_converged(round).await;
        struck
    }

    async fn has_converged(&mut self, round: usize) {
        let (s, turn) = (self.s, turn(round));
        assert_eq!(s.states().await, [format!("{turn}/1 running"), "store/1 running".to_owned()]);
        let replicas = s.replicas().await;
        let names: Vec<_> = replicas.iter().map(|replica| replica.name.clone()).collect();
        assert_eq!(names, [turn, "store"].map(|service| format!("{}-{service}-1", s.project)));
        let text = s.exec(&replicas[1].id, &["cat", "/data/kept", "/scratch/kept", "/note"]).await;
        assert_eq!(text, format!("kept\ncarried\nround {round}"));
        let text = s.exec(&replicas[0].id, &["cat", "/note"]).await;
        assert_eq!(text, format!("round {round}"));
        assert_eq!(self.scratch_of("store").await, self.scratch);
        s.is_settled().await;
    }

    /// The volumes without a name that containers had and that are gone, with their data.
    async fn lost(&self) -> Vec<String> {
        let listed = self.s.docker.list_volumes(None::<ListVolumesOptions>).await.expect("volumes are listed");
        let there: BTreeSet<_> = listed.volumes.unwrap_or_default().into_iter().map(|volume| volume.name).collect();
        self.seen.difference(&there).cloned().collect()
    }
}

/// What hoist says about a fault, should it give up: what it was doing comes before it.
fn words_of(fault: Fault) -> &'static str {
    match fault {
        Fault::Refuse => ": the test refuses this once",
        Fault::Kill(_) | Fault::Cut(_) | Fault::Delay | Fault::Remove => " engine ",
    }
}

/// Disturbs every call in turn, every second one in a project of its own at the same time.
async fn at_each_call(name: &str, fault: Fault) {
    let lane = |first: usize| {
        let name = format!("{name}{first}");
        async move {
            project(&name, &services(0), |s| async move {
                let mut rounds = Rounds::begin(&s).await;
                let (mut round, mut call) = (1, first);
                while rounds.round(round, call, fault).await {
                    (round, call) = (round + 1, call + 2);
                }
                assert!(call > 15, "the plan takes more calls than {call}");
                assert_eq!(rounds.lost().await, Vec::<String>::new());
            })
            .await;
        }
    };
    let (one, other) = tokio::join!(AssertUnwindSafe(lane(1)).catch_unwind(), AssertUnwindSafe(lane(2)).catch_unwind());
    one.and(other).unwrap_or_else(|panic| resume_unwind(panic));
}

#[tokio::test]
async fn killed_before_each_call() {
    at_each_call("killed-before", Fault::Kill(Moment::Before)).await;
}

#[tokio::test]
async fn killed_after_each_call() {
    at_each_call("killed-after", Fault::Kill(Moment::After)).await;
}

#[tokio::test]
async fn cut_before_each_call() {
    at_each_call("cut-before", Fault::Cut(Moment::Before)).await;
}

#[tokio::test]
async fn cut_after_each_call() {
    at_each_call("cut-after", Fault::Cut(Moment::After)).await;
}

#[tokio::test]
async fn each_call_answered_with_500() {
    at_each_call("refused", Fault::Refuse).await;
}

#[tokio::test]
async fn each_call_delayed() {
    at_each_call("delayed", Fault::Delay).await;
}

#[tokio::test]
async fn two_runs_at_once_both_end_well() {
    project("twice", &services(0), |s| async move {
        let (first, second) = tokio::join!(s.hoist(&UP), s.hoist(&UP));
        first.ok();
        second.ok();
        assert_eq!(s.states().await, ["even/1 running", "store/1 running"]);
        s.is_settled().await;
    })
    .await;
}

/// Three services in a row that do `command`.
fn chain(command: &str) -> String {
    format!(
        "services:\n  one: {{<<: *idle, command: {command}, volumes: ['data:/data']}}\n  \
         two: {{<<: *idle, command: {command}, depends_on: [one]}}\n  \
         three: {{<<: *idle, command: {command}, depends_on: [two]}}\nvolumes: {{data: {{}}}}\n"
    )
}

#[tokio::test]
async fn two_attached_runs_at_once_both_end_well() {
    project("twice-attached", &chain("[sh, -c, 'sleep 3; echo done']"), |s| async move {
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
    project("twice-forced", &chain("[sleep, '600']"), |s| async move {
        s.up(&[]).await;
        let force = ["up", "-d", "--force-recreate"];
        let (first, second) = tokio::join!(s.hoist(&force), s.hoist(&force));
        first.ok();
        second.ok();
        assert_eq!(s.states().await, ["one/1 running", "three/1 running", "two/1 running"]);
        s.is_settled().await;
    })
    .await;
}
