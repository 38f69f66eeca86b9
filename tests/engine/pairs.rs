//! Two files, one after the other, with hoist and with Docker Compose: what exists afterwards is the same, but for the
//! rows of `pairs/rows.yaml` that say what is different, and why.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use bollard::query_parameters::{ListVolumesOptions, RemoveContainerOptionsBuilder, StopContainerOptionsBuilder};
use futures::StreamExt;
use serde::Deserialize;

use crate::support::{Scenario, scenario};

/// Two files, and what else is done.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    /// What there is before anything.
    first: Option<String>,
    before: String,
    /// What happens to the project between the two files.
    touch: Option<String>,
    after: String,
    #[serde(default)]
    args: Vec<String>,
    /// What may be different with one of the versions of Docker Compose, and why ours is right.
    differs: Option<String>,
}

/// Which tool works on a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tool {
    Hoist,
    Peer,
}

/// An image with a volume of its own, and what the files of the rows may say.
const IMAGE: &str = "hoist-test-pairs-volume:1";
const MERGED: &str = "x-idle: &idle {image: 'busybox:latest', command: [sleep, '600'], stop_grace_period: 0s}\n\
                      x-volume-image: &volume-image {image: 'hoist-test-pairs-volume:1', command: [sleep, '600'], stop_grace_period: 0s}\n";

/// Rows at a time.
const AT_ONCE: usize = 3;

#[tokio::test]
async fn what_exists_afterwards_is_what_docker_compose_leaves() {
    let text = include_str!("pairs/rows.yaml");
    let rows: Vec<Row> = serde_yaml::from_str(text).expect("the rows can be read");
    let only = std::env::var("HOIST_TEST_PAIR").ok();
    let rows: Vec<_> = rows.into_iter().filter(|row| only.as_ref().is_none_or(|only| *only == row.name)).collect();
    let build = format!(
        "services: {{x: {{image: '{IMAGE}', build: {{context: ., dockerfile_inline: \"FROM busybox\\nVOLUME /var/lib/db\\n\"}}}}}}\n"
    );
    scenario("pairs-image", &[("compose.yaml", &build)], |s| async move {
        s.hoist(&["create", "--build"]).await.ok();
        let compared = futures::stream::iter(rows.into_iter().enumerate()).map(|(at, row)| compare(at, row));
        let wrong: Vec<String> = compared.buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await;
        assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
    })
    .await;
}

/// What is wrong about a row.
async fn compare(at: usize, row: Row) -> Option<String> {
    let ours = outcome(at, &row, Tool::Hoist).await;
    let theirs = outcome(at, &row, Tool::Peer).await;
    match (ours == theirs, &row.differs) {
        (true, _) | (false, Some(_)) => None,
        (false, None) => Some(format!("{}:\n--- hoist\n{ours}--- Docker Compose\n{theirs}", row.name)),
    }
}

async fn outcome(at: usize, row: &Row, tool: Tool) -> String {
    let short = if tool == Tool::Hoist { "h" } else { "p" };
    let (sender, receiver) = futures::channel::oneshot::channel();
    let row = row.clone();
    scenario(&format!("pair-{short}-{at:02}"), &[("s.txt", "secret"), ("site/index.html", "x")], |s| async move {
        let shown = steps(&s, &row, tool, at).await;
        // The other end waits for it.
        let _ = sender.send(shown);
    })
    .await;
    receiver.await.expect("the scenario came to its end")
}

async fn steps(s: &Arc<Scenario>, row: &Row, tool: Tool, at: usize) -> String {
    let subnet = format!("10.213.{}", 100 + 2 * (at % 60) + usize::from(tool == Tool::Peer));
    let write = |text: &str| {
        let text = text.replace("PROJECT", &s.project).replace("SUBNET", &subnet);
        s.write("compose.yaml", &[MERGED, &text].concat());
    };
    let up = async |args: &[String]| {
        let args: Vec<&str> = ["up", "-d"].into_iter().chain(args.iter().map(String::as_str)).collect();
        match tool {
            Tool::Hoist => s.hoist(&args).await,
            Tool::Peer => s.peer(&args).await,
        }
    };
    if let Some(first) = &row.first {
        happens(s, first).await;
    }
    write(&row.before);
    up(&[]).await.ok();
    let before = State::of(s).await;
    if let Some(touch) = &row.touch {
        happens(s, touch).await;
    }
    write(&row.after);
    let status = up(&row.args).await.status;
    let after = State::of(s).await;
    after.compared_to(&before, status, s)
}

/// Something that somebody does beside the project.
async fn happens(s: &Arc<Scenario>, what: &str) {
    let what = what.replace("PROJECT", &s.project);
    match what.split_once(' ').expect("a verb and a name") {
        ("volume", name) => s.foreign_volume(name, &[]).await,
        ("network", name) => drop(s.foreign_network(name, &[]).await),
        ("stop", name) => {
            let options = StopContainerOptionsBuilder::default().t(0).build();
            s.docker.stop_container(name, Some(options)).await.expect("it can be stopped");
        }
        ("remove", name) => {
            let options = RemoveContainerOptionsBuilder::default().force(true).build();
            s.docker.remove_container(name, Some(options)).await.expect("it can be removed");
        }
        ("pause", name) => s.docker.pause_container(name).await.expect("it can be paused"),
        (verb, _) => panic!("nobody can {verb}"),
    }
}

/// What there is of a project.
#[derive(Debug, Default)]
struct State {
    containers: BTreeMap<String, Container>,
    /// The networks by name: their ids, and what they are like.
    networks: BTreeMap<String, (String, String)>,
    /// The volumes by name: when they were made. Those of the project, and all that containers mount.
    volumes: BTreeMap<String, String>,
}

#[derive(Debug)]
struct Container {
    id: String,
    state: String,
    mounts: Vec<(String, String, bool)>,
    networks: Vec<String>,
    files: String,
}

/// What copied files look like, without their time.
const LOOK_AT_FILES: &str = "for f in /run/secrets/* /etc/s /etc/c /etc/one /etc/two /data/c; do \
                             [ -e $f ] && echo $(stat -c '%n %a %u:%g' $f); done; true";

impl State {
    async fn of(s: &Scenario) -> Self {
        s.remember_volumes().await;
        let mut state = Self::default();
        for replica in s.replicas().await {
            // The engine may still work on what Docker Compose left behind when it failed.
            let Some(shown) = s.inspect_if_there(&replica.id).await else { continue };
            let status =
                shown.state.and_then(|state| state.status).map(|status| status.to_string()).unwrap_or_default();
            let mounts = shown.mounts.unwrap_or_default().into_iter().map(|mount| {
                let what = mount.name.or(mount.source).unwrap_or_default();
                (mount.destination.unwrap_or_default(), what, mount.rw.unwrap_or_default())
            });
            let mut mounts: Vec<_> = mounts.collect();
            mounts.sort();
            let networks = shown.network_settings.and_then(|settings| settings.networks).unwrap_or_default();
            let mut networks: Vec<_> = networks
                .into_iter()
                .map(|(name, endpoint)| {
                    let mut aliases = endpoint.aliases.unwrap_or_default();
                    aliases.retain(|alias| alias.len() < 12 || !replica.id.starts_with(alias.as_str()));
                    aliases.sort();
                    format!("{name} {}", aliases.join(","))
                })
                .collect();
            networks.sort();
            // One that has just ended has no files to look at.
            let files = s.try_exec(&replica.id, &["sh", "-c", LOOK_AT_FILES]).await.unwrap_or_default();
            let container = Container { id: replica.id.clone(), state: status, mounts, networks, files };
            state.containers.insert(replica.name.clone(), container);
        }
        for name in s.networks().await {
            let network = s.network(&name).await;
            let like = format!("internal={}", network.internal.unwrap_or_default());
            state.networks.insert(name, (network.id.unwrap_or_default(), like));
        }
        let all = s.docker.list_volumes(None::<ListVolumesOptions>).await.expect("volumes can be listed");
        for volume in all.volumes.unwrap_or_default() {
            state.volumes.insert(volume.name, volume.created_at.map(|time| time.to_string()).unwrap_or_default());
        }
        state
    }

    /// What it is like beside what it was, without names that differ from run to run.
    fn compared_to(&self, before: &Self, status: i32, s: &Scenario) -> String {
        let names = self.names(before);
        let shown = |volume: &str| {
            names.get(volume).cloned().unwrap_or_else(|| {
                volume.replace(&s.folder().display().to_string(), ".").replace(&s.project, "PROJECT")
            })
        };
        let mut lines = vec![format!("exit status {status}")];
        for (name, container) in &self.containers {
            let kept = before.containers.values().any(|old| old.id == container.id);
            let kept = if kept { "the one from before" } else { "new" };
            let mut line = format!("container {name}: {kept}, {}", container.state);
            for (target, what, writable) in &container.mounts {
                let mode = if *writable { "" } else { " read-only" };
                write!(line, "; {target} is {}{mode}", shown(what)).expect("memory can be written to");
            }
            for network in &container.networks {
                write!(line, "; on {network}").expect("memory can be written to");
            }
            lines.push(line);
            lines.extend(container.files.lines().map(str::to_owned));
        }
        for (name, (id, like)) in &self.networks {
            let kept = if before.networks.get(name).is_some_and(|(old, _)| old == id) { "kept" } else { "new" };
            lines.push(format!("network {name}: {kept}, {like}"));
        }
        let mut volumes = Vec::new();
        // All that a container of the project mounted before, and all that bears the project's name.
        for (volume, created) in &before.volumes {
            let mounted = before.containers.values().flat_map(|container| &container.mounts);
            if !volume.starts_with(&s.project) && !mounted.into_iter().any(|(_, what, _)| what == volume) {
                continue;
            }
            let now = match self.volumes.get(volume) {
                Some(now) if now == created => "kept",
                Some(_) => "made anew: its data is gone",
                None => "gone with its data",
            };
            volumes.push(format!("volume {}: {now}", shown(volume)));
        }
        for volume in self.volumes.keys().filter(|name| name.starts_with(&s.project)) {
            if !before.volumes.contains_key(volume) {
                volumes.push(format!("volume {}: new", shown(volume)));
            }
        }
        // Names of anonymous volumes are in no order.
        volumes.sort();
        lines.extend(volumes);
        lines.iter().map(|line| line.replace(&s.project, "PROJECT") + "\n").collect()
    }

    /// Names for anonymous volumes: after where they were mounted before, else new ones.
    fn names(&self, before: &Self) -> BTreeMap<String, String> {
        let mut names = BTreeMap::new();
        for (kind, state) in [("old", before), ("new", self)] {
            for (container, its) in &state.containers {
                for (target, what, _) in its.mounts.iter().filter(|(_, what, _)| what.len() == 64) {
                    names.entry(what.clone()).or_insert_with(|| format!("{kind} anonymous {target} of {container}"));
                }
            }
        }
        names
    }
}
