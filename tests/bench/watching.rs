//! `watch`: from a save to the content in the container, and what it costs to wait for one.
#![expect(clippy::disallowed_methods, reason = "nothing tells this process what happens in the container; it looks")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use bollard::query_parameters::RemoveImageOptions;

use crate::bars::{Bar, Row};
use crate::measure::Cost;
use crate::programs::{Costs, Programs, Side, services};
use crate::project::Project;

/// The longest that anything may take.
const LIMIT: Duration = Duration::from_mins(2);
/// How many files there are where there are many.
const FILES: usize = 20_000;
/// How many files change at once where many do.
const CHANGED: usize = 10_000;
/// How long it is looked at what waiting costs.
const IDLE: Duration = Duration::from_secs(5);

/// A `watch` that runs, and the files of the container it watches for.
struct Watch {
    process: Child,
    root: PathBuf,
}

impl Watch {
    async fn begin(programs: &Programs, side: Side, project: &Project) -> anyhow::Result<Self> {
        let (folder, output) = (project.folder(), project.folder().join(".output"));
        let mut command = Command::new(programs.program(side));
        command.args(["watch", "--no-up"]).current_dir(folder).env_clear().env("HOME", folder).stdin(Stdio::null());
        command.envs(["PATH", "DOCKER_HOST"].iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command.stdout(File::create(&output)?).stderr(File::create(folder.join(".errors"))?);
        let details = project.docker.inspect_container(&project.only().await?, None).await?;
        let process = details.state.and_then(|state| state.pid).context("the container does not run")?;
        let watch = Self { process: command.spawn()?, root: format!("/proc/{process}/root").into() };
        until("it watches", || Ok(fs::read_to_string(&output)?.contains("Watch enabled")))?;
        Ok(watch)
    }

    /// What it has used so far: CPU time, and the most memory.
    fn used(&self) -> anyhow::Result<(Duration, u64)> {
        let folder = PathBuf::from(format!("/proc/{}", self.process.id()));
        let times = fs::read_to_string(folder.join("stat"))?;
        let times: Vec<u64> =
            times.rsplit(')').next().unwrap_or_default().split(' ').filter_map(|it| it.parse().ok()).collect();
        // User and system time are the 11th and 12th number after the state, in hundredths of a second.
        let (Some(user), Some(system)) = (times.get(10), times.get(11)) else { bail!("the kernel tells no times") };
        let status = fs::read_to_string(folder.join("status"))?;
        let peak =
            status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse::<u64>().ok());
        Ok((Duration::from_millis((user + system) * 10), peak.unwrap_or_default() * 1024))
    }

    /// What it costs until `done`.
    fn cost(&self, change: impl FnOnce() -> anyhow::Result<()>, done: impl Fn(&Path) -> bool) -> anyhow::Result<Cost> {
        let (before, _) = self.used()?;
        let began = Instant::now();
        change()?;
        until("it is in the container", || Ok(done(&self.root)))?;
        let wall = began.elapsed();
        let (after, peak) = self.used()?;
        Ok(Cost { wall, cpu: after.saturating_sub(before), peak })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // It is ended as a person would, so that it gives its lock back.
        let ended = Command::new("kill").args(["-INT", &self.process.id().to_string()]).status();
        if ended.is_err() {
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}

/// Looks again and again.
fn until(what: &str, done: impl Fn() -> anyhow::Result<bool>) -> anyhow::Result<()> {
    let began = Instant::now();
    while !done()? {
        ensure!(began.elapsed() < LIMIT, "not within {LIMIT:?}: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

async fn project(programs: &Programs, job: &str) -> anyhow::Result<Project> {
    let rule = |_| "    develop: {watch: [{path: ./src, action: sync, target: /app, ignore: [ignored/]}]}\n".to_owned();
    let project = Project::new(&programs.docker, job, &services(1, rule)).await?;
    fs::create_dir_all(project.folder().join("src"))?;
    programs.run(Side::Hoist, &["up", "-d"], &project)?;
    Ok(project)
}

pub(crate) async fn saves(programs: &Programs, rounds: u32) -> anyhow::Result<Vec<Row>> {
    let project = project(programs, "watch").await?;
    let mut costs = Costs::default();
    for side in [Side::Hoist, Side::Peer] {
        let watch = Watch::begin(programs, side, &project).await?;
        for round in 0..rounds {
            let content = format!("{side:?} {round}");
            let save = || Ok(fs::write(project.folder().join("src/a"), &content)?);
            let is_there = |root: &Path| fs::read_to_string(root.join("app/a")).is_ok_and(|text| text == content);
            costs.of(side).push(watch.cost(save, is_there)?);
            // Somebody saves now and then, not at once.
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    project.clear().await?;
    Ok(vec![costs.row("`watch`: from a save to the container", [Bar::Time(5.0)])])
}

pub(crate) async fn rebuilds(programs: &Programs, rounds: u32) -> anyhow::Result<Vec<Row>> {
    let image = "hoist-bench-watch-rebuild";
    let file = format!(
        "services:\n  app:\n    image: {image}\n    build: .\n    stop_grace_period: 0s\n    volumes: ['./out:/out']\n    \
         develop: {{watch: [{{path: ./src, action: rebuild}}]}}\n"
    );
    let project = Project::new(&programs.docker, "watch-rebuild", &file).await?;
    project.offer_plugin("docker-buildx", &programs.tool("docker-buildx")?)?;
    let at = |path: &str| project.folder().join(path);
    // The container tells what is in its image once it runs.
    let command = r#"CMD ["sh", "-c", "cat /app/a > /out/now; exec sleep 600"]"#;
    fs::write(at("Dockerfile"), format!("FROM busybox:latest\nCOPY src /app\n{command}\n"))?;
    fs::write(at(".dockerignore"), "*\n!src\n")?;
    fs::create_dir_all(at("src"))?;
    fs::write(at("src/a"), "first")?;
    programs.run(Side::Hoist, &["up", "-d"], &project)?;
    let mut costs = Costs::default();
    for side in [Side::Hoist, Side::Peer] {
        let watch = Watch::begin(programs, side, &project).await?;
        for round in 0..rounds {
            let content = format!("{side:?} {round}");
            let save = || Ok(fs::write(at("src/a"), &content)?);
            let runs = |_: &Path| fs::read_to_string(at("out/now")).is_ok_and(|text| text == content);
            costs.of(side).push(watch.cost(save, runs)?);
            // What follows the start of the container is over by then.
            std::thread::sleep(Duration::from_millis(500));
        }
    }
    project.clear().await?;
    project.docker.remove_image(image, None::<RemoveImageOptions>, None).await?;
    Ok(vec![costs.row("`watch`: from a save to the rebuilt container", [Bar::AsFast])])
}

pub(crate) async fn many(programs: &Programs, rounds: u32) -> anyhow::Result<Vec<Row>> {
    let project = project(programs, "watch-many").await?;
    let mut costs = Costs::default();
    for side in [Side::Hoist, Side::Peer] {
        let watch = Watch::begin(programs, side, &project).await?;
        for round in 0..rounds {
            let folder = format!("{side:?}{round}");
            let save = || write_files(&project.folder().join("src").join(&folder), CHANGED);
            let all = |root: &Path| {
                (0..CHANGED).rev().all(|at| root.join(format!("app/{folder}/{}/f{at}", at % 100)).exists())
            };
            costs.of(side).push(watch.cost(save, all)?);
        }
    }
    project.clear().await?;
    Ok(vec![costs.row("`watch`: 10,000 new files", [Bar::Time(1.0)])])
}

pub(crate) async fn idle(programs: &Programs, rounds: u32) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (folder, what) in
        [("ignored", "`watch`: 5 s beside 20,000 ignored files"), ("all", "`watch`: 5 s of 20,000 files")]
    {
        let project = project(programs, "watch-idle").await?;
        write_files(&project.folder().join("src").join(folder), FILES)?;
        let mut costs = Costs::default();
        for side in [Side::Hoist, Side::Peer] {
            for _ in 0..rounds {
                let watch = Watch::begin(programs, side, &project).await?;
                let began = Instant::now();
                std::thread::sleep(IDLE);
                let (cpu, peak) = watch.used()?;
                costs.of(side).push(Cost { wall: began.elapsed(), cpu, peak });
            }
        }
        project.clear().await?;
        rows.push(costs.row(what, [Bar::Memory(1.0)]));
    }
    Ok(rows)
}

fn write_files(folder: &Path, count: usize) -> anyhow::Result<()> {
    for at in 0..count.min(100) {
        fs::create_dir_all(folder.join(at.to_string()))?;
    }
    for at in 0..count {
        fs::write(folder.join((at % 100).to_string()).join(format!("f{at}")), at.to_string())?;
    }
    Ok(())
}
