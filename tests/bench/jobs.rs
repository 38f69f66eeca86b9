//! What is done by both, and what is asked of hoist there.

use std::fmt::Write as _;
use std::future::ready;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use anyhow::{Context, ensure};
use bollard::Docker;
use bollard::query_parameters::{InspectContainerOptions, RemoveImageOptions, WaitContainerOptions};
use futures::StreamExt;

use crate::bars::{Bar, Room, Row};
use crate::measure::{Cost, run, run_into};
use crate::project::Project;
use crate::report::Versions;
use crate::{floor, generate};

/// A job, by its name on the command line.
pub(crate) struct Job {
    /// Its name.
    pub(crate) name: &'static str,
    /// What is done.
    pub(crate) what: &'static str,
    /// Pairs of runs that suit it: few where one takes long.
    pub(crate) rounds: u32,
    /// Does it.
    pub(crate) run: for<'a> fn(&'a Programs, u32) -> Work<'a>,
}

type Work<'a> = Pin<Box<dyn Future<Output = anyhow::Result<Vec<Row>>> + 'a>>;

/// All jobs, in the order of the table.
pub(crate) const JOBS: &[Job] = &[
    Job { name: "config", what: "`config` of 100 services", rounds: 10, run: |p, n| Box::pin(ready(config(p, n))) },
    Job { name: "ps", what: "`ps` of 10 services", rounds: 10, run: |p, n| Box::pin(ps(p, n)) },
    Job { name: "up-again", what: "`up -d` with nothing to do", rounds: 10, run: |p, n| Box::pin(up_again(p, n)) },
    Job { name: "gated", what: "the same with a health condition", rounds: 5, run: |p, n| Box::pin(gated(p, n)) },
    Job { name: "chain", what: "8 services, each waits for the last", rounds: 3, run: |p, n| Box::pin(chain(p, n)) },
    Job { name: "eager", what: "the chain with `interval: 10s`", rounds: 1, run: |p, n| Box::pin(eager(p, n)) },
    Job { name: "many", what: "20 services up and down", rounds: 5, run: |p, n| Box::pin(many(p, n)) },
    Job { name: "beside-build", what: "5 services beside a slow build", rounds: 2, run: |p, n| Box::pin(build(p, n)) },
    Job { name: "cp", what: "`cp` of 200 MB both ways", rounds: 3, run: |p, n| Box::pin(cp(p, n)) },
    Job { name: "logs", what: "`logs` of 1,000,000 lines", rounds: 3, run: |p, n| Box::pin(logs(p, n)) },
];

/// What is compared, and the engine it is compared on.
pub(crate) struct Programs {
    docker: Docker,
    hoist: PathBuf,
    peer: PathBuf,
    engine: String,
}

/// Which of the two runs.
#[derive(Debug, Clone, Copy)]
enum Side {
    Hoist,
    Peer,
}

/// What both took for the same job.
#[derive(Debug, Default)]
struct Costs {
    hoist: Vec<Cost>,
    peer: Vec<Cost>,
}

impl Costs {
    fn of(&mut self, side: Side) -> &mut Vec<Cost> {
        match side {
            Side::Hoist => &mut self.hoist,
            Side::Peer => &mut self.peer,
        }
    }

    /// A row of the table; memory is asked for in each.
    fn row(self, what: &str, bars: impl IntoIterator<Item = Bar>) -> Row {
        let bars = bars.into_iter().chain([Bar::Memory(4.0)]).collect();
        Row { what: what.to_owned(), hoist: self.hoist, peer: self.peer, bars }
    }
}

impl Programs {
    /// The programs that the environment names, and an engine that answers.
    pub(crate) async fn find() -> anyhow::Result<Self> {
        let hoist = std::env::var_os("HOIST_BINARY").map_or_else(|| env!("CARGO_BIN_EXE_hoist").into(), PathBuf::from);
        let peer = match std::env::var_os("HOIST_PEER") {
            Some(path) => path.into(),
            None => peer_of_the_bed()?,
        };
        let docker = Docker::connect_with_defaults()?;
        let version = docker.version().await.context("no engine answers; `eval \"$(tests/bed/bed env)\"` names one")?;
        Ok(Self { docker, hoist, peer, engine: version.version.unwrap_or_default() })
    }

    /// What the table says of them.
    pub(crate) fn versions(&self) -> anyhow::Result<Versions> {
        let output = Command::new(&self.peer).args(["version", "--short"]).output()?;
        Ok(Versions {
            peer: String::from_utf8_lossy(&output.stdout).trim().to_owned(),
            engine: self.engine.clone(),
            sizes: (std::fs::metadata(&self.hoist)?.len(), std::fs::metadata(&self.peer)?.len()),
        })
    }

    fn program(&self, side: Side) -> &Path {
        match side {
            Side::Hoist => &self.hoist,
            Side::Peer => &self.peer,
        }
    }

    fn run(&self, side: Side, arguments: &[&str], project: &Project) -> anyhow::Result<Cost> {
        run(self.program(side), arguments, project.folder())
    }

    /// The same command by both in turn, after one run each that does not count.
    fn pairs(&self, rounds: u32, arguments: &[&str], folder: &Path) -> anyhow::Result<Costs> {
        let mut costs = Costs::default();
        for round in 0..=rounds {
            for side in in_turn(round) {
                let cost = run(self.program(side), arguments, folder)?;
                if round > 0 {
                    costs.of(side).push(cost);
                }
            }
        }
        Ok(costs)
    }
}

fn peer_of_the_bed() -> anyhow::Result<PathBuf> {
    let bed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bed/bed");
    let output = Command::new(bed).arg("peer").stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "HOIST_PEER names no Docker Compose, and the bed has none");
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}

/// Neither is always the first.
fn in_turn(round: u32) -> [Side; 2] {
    if round.is_multiple_of(2) { [Side::Hoist, Side::Peer] } else { [Side::Peer, Side::Hoist] }
}

/// Services that do nothing, with more lines of each.
fn services(count: usize, more: impl Fn(usize) -> String) -> String {
    (0..count).fold("services:\n".to_owned(), |mut text, number| {
        let idle = "    image: busybox:latest\n    command: [sleep, '600']\n    stop_grace_period: 0s\n";
        write!(text, "  s{number}:\n{idle}{}", more(number)).expect("memory can be written to");
        text
    })
}

/// Each waits for the health of the one before.
fn gated_services(count: usize, interval: &str) -> String {
    services(count, |number| {
        let check = format!("    healthcheck: {{test: [CMD, 'true'], interval: {interval}, timeout: 5s}}\n");
        match number.checked_sub(1) {
            Some(before) => check + &format!("    depends_on: {{s{before}: {{condition: service_healthy}}}}\n"),
            None => check,
        }
    })
}

fn ten_services() -> String {
    let more = |number| match number {
        0..3 => format!("    volumes: ['data{number}:/data']\n"),
        _ => "    environment: {LEVEL: info}\n".to_owned(),
    };
    services(10, more) + "volumes: {data0: {}, data1: {}, data2: {}}\n"
}

fn config(programs: &Programs, rounds: u32) -> anyhow::Result<Vec<Row>> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("compose.yaml"), generate::compose_file(100))?;
    let costs = programs.pairs(rounds, &["config"], folder.path())?;
    Ok(vec![costs.row("`config` of 100 services", [Bar::Time(20.0)])])
}

async fn ps(programs: &Programs, rounds: u32) -> anyhow::Result<Vec<Row>> {
    let project = Project::new(&programs.docker, "ps", &ten_services()).await?;
    programs.run(Side::Hoist, &["up", "-d"], &project)?;
    let costs = programs.pairs(rounds, &["ps"], project.folder())?;
    project.clear().await?;
    Ok(vec![costs.row("`ps` of 10 services", [])])
}

async fn up_again(programs: &Programs, rounds: u32) -> anyhow::Result<Vec<Row>> {
    let project = Project::new(&programs.docker, "up-again", &ten_services()).await?;
    let costs = nothing_to_do(programs, rounds, &project).await?;
    Ok(vec![costs.row("`up -d` with nothing to do, 10 services", [Bar::Time(8.0)])])
}

async fn gated(programs: &Programs, rounds: u32) -> anyhow::Result<Vec<Row>> {
    let project = Project::new(&programs.docker, "gated", &gated_services(2, "1s")).await?;
    let costs = nothing_to_do(programs, rounds, &project).await?;
    Ok(vec![costs.row("the same, 2 services with a health condition", [Bar::Time(50.0)])])
}

/// `up -d` on what runs already.
async fn nothing_to_do(programs: &Programs, rounds: u32, project: &Project) -> anyhow::Result<Costs> {
    programs.run(Side::Hoist, &["up", "-d", "--wait"], project)?;
    let costs = programs.pairs(rounds, &["up", "-d"], project.folder())?;
    project.clear().await?;
    Ok(costs)
}

const CHAIN: u32 = 8;
const PROBES: Duration = Duration::from_millis(200);
/// What an edge of the chain may take after the health of what it waits for.
const EDGE: Duration = Duration::from_millis(50);

async fn chain(programs: &Programs, rounds: u32) -> anyhow::Result<Vec<Row>> {
    let project = Project::new(&programs.docker, "chain", &gated_services(CHAIN as usize, "200ms")).await?;
    let (mut costs, mut bare) = (Costs::default(), Vec::new());
    for round in 0..rounds {
        for side in in_turn(round) {
            costs.of(side).push(programs.run(side, &["up", "-d"], &project)?);
            project.clear().await?;
        }
        bare.push(floor::chain(&project, CHAIN as usize, PROBES).await?);
        project.clear().await?;
    }
    let bar = Bar::Above { what: "bare calls and events", floor: bare, room: Room::Time(EDGE * (CHAIN - 1)) };
    let cold = costs.row("chain of 8 services, each waits for the healthy one before: cold", [bar]);
    let again = nothing_to_do(programs, rounds, &project).await?;
    Ok(vec![cold, again.row("the chain, nothing to do", [Bar::Time(150.0)])])
}

async fn eager(programs: &Programs, rounds: u32) -> anyhow::Result<Vec<Row>> {
    let project = Project::new(&programs.docker, "eager", &gated_services(CHAIN as usize, "10s")).await?;
    let mut costs = Costs::default();
    for round in 0..rounds {
        for side in in_turn(round) {
            let arguments: &[&str] = match side {
                Side::Hoist => &["up", "-d", "--eager-health"],
                Side::Peer => &["up", "-d"],
            };
            costs.of(side).push(programs.run(side, arguments, &project)?);
            project.clear().await?;
        }
    }
    Ok(vec![costs.row("the chain with `interval: 10s`, hoist with `--eager-health`: cold", [])])
}

const MANY: usize = 20;

async fn many(programs: &Programs, rounds: u32) -> anyhow::Result<Vec<Row>> {
    let project = Project::new(&programs.docker, "many", &services(MANY, |_| String::new())).await?;
    let at_a_time = best_parallelism(&project).await?;
    let (mut ups, mut downs, mut bare) = (Costs::default(), Costs::default(), Vec::new());
    for round in 0..rounds {
        for side in in_turn(round) {
            ups.of(side).push(programs.run(side, &["up", "-d"], &project)?);
            downs.of(side).push(programs.run(side, &["down", "-t", "0"], &project)?);
        }
        bare.push(floor::start(&project, MANY, at_a_time).await?);
        project.clear().await?;
    }
    let floor = Bar::Above { what: "bare create and start", floor: bare, room: Room::Part(0.1) };
    Ok(vec![
        ups.row("`up -d` of 20 independent services", [Bar::Time(1.0), floor]),
        downs.row("`down -t 0` of them", [Bar::Time(1.0)]),
    ])
}

/// How many at a time the engine starts fastest.
async fn best_parallelism(project: &Project) -> anyhow::Result<usize> {
    let mut best = (Duration::MAX, 1);
    for at_a_time in [2, 4, 8, MANY] {
        best = best.min((floor::start(project, MANY, at_a_time).await?, at_a_time));
        project.clear().await?;
    }
    eprintln!("  bare calls are fastest with {} at a time", best.1);
    Ok(best.1)
}

/// What is built beside the five; its name, too.
const BUILT: &str = "hoist-bench-built";

/// Five services that are ready to start, beside one whose image takes three seconds to build.
async fn build(programs: &Programs, rounds: u32) -> anyhow::Result<Vec<Row>> {
    let mut costs = Costs::default();
    for round in 0..rounds {
        for side in in_turn(round) {
            let project = Project::new(&programs.docker, "build", &beside_a_build()?).await?;
            let began = SystemTime::now();
            let cost = programs.run(side, &["up", "-d"], &project)?;
            let wall = until_the_others_ran(&project, began).await?;
            costs.of(side).push(Cost { wall, ..cost });
            project.clear().await?;
        }
    }
    programs.docker.remove_image(BUILT, None::<RemoveImageOptions>, None).await?;
    Ok(vec![costs.row("until 5 services run beside a build of 3 s", [Bar::Time(3.0)])])
}

/// A text of its own for each run, so that no step comes from the cache.
fn beside_a_build() -> anyhow::Result<String> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_nanos();
    let service = [
        &format!("  built:\n    image: {BUILT}\n"),
        "    command: [sleep, '600']\n    stop_grace_period: 0s\n    pull_policy: build\n",
        "    build:\n      dockerfile_inline: |\n        FROM busybox:latest\n",
        &format!("        RUN sleep 3 && echo {now} > /when\n"),
    ];
    Ok(services(5, |_| String::new()) + &service.concat())
}

/// From `began` until the last of the five was started, by the engine's clock, which is this machine's.
async fn until_the_others_ran(project: &Project, began: SystemTime) -> anyhow::Result<Duration> {
    let mut last = began;
    for container in project.containers().await? {
        if container.image.as_deref() == Some(BUILT) {
            continue;
        }
        let id = container.id.unwrap_or_default();
        let inspected = project.docker.inspect_container(&id, None::<InspectContainerOptions>).await?;
        let started = inspected.state.and_then(|state| state.started_at).context("it was not started")?;
        last = last.max(started.parse::<jiff::Timestamp>()?.into());
    }
    Ok(last.duration_since(began)?)
}

/// How large the file is that is copied.
const COPIED: usize = 200_000_000;

async fn cp(programs: &Programs, rounds: u32) -> anyhow::Result<Vec<Row>> {
    let project = Project::new(&programs.docker, "cp", &services(1, |_| String::new())).await?;
    programs.run(Side::Hoist, &["up", "-d"], &project)?;
    let folder = project.folder();
    let data: Vec<u8> = (0..COPIED).map(|at| u8::try_from((at * at / 7) & 0xff).unwrap_or_default()).collect();
    std::fs::write(folder.join("data"), &data)?;
    let into = programs.pairs(rounds, &["cp", "data", "s0:/data"], folder)?;
    let out = programs.pairs(rounds, &["cp", "s0:/data", "back"], folder)?;
    // Nobody is fast by leaving something out.
    for side in [Side::Hoist, Side::Peer] {
        std::fs::remove_file(folder.join("back"))?;
        programs.run(side, &["cp", "data", "s0:/data"], &project)?;
        programs.run(side, &["cp", "s0:/data", "back"], &project)?;
        ensure!(std::fs::read(folder.join("back"))? == data, "{side:?} changes what it copies");
    }
    project.clear().await?;
    Ok(vec![
        into.row("`cp` of 200 MB into a container", [Bar::Time(1.0)]),
        out.row("`cp` of 200 MB out of a container", [Bar::Time(1.0)]),
    ])
}

const LINES: usize = 1_000_000;

async fn logs(programs: &Programs, rounds: u32) -> anyhow::Result<Vec<Row>> {
    let script = format!("seq {LINES} | sed 's|^|GET /index.html 200, request |'");
    let service = "services:\n  writer:\n    image: busybox:latest\n    logging: {driver: json-file}\n";
    let text = format!("{service}    command: [sh, -c, \"{script}\"]\n");
    let project = Project::new(&programs.docker, "logs", &text).await?;
    programs.run(Side::Hoist, &["up", "-d"], &project)?;
    let id = project.only().await?;
    let ended = project.docker.wait_container(&id, None::<WaitContainerOptions>).next().await;
    ended.context("the engine does not say when the writer ends")??;
    for side in [Side::Hoist, Side::Peer] {
        shows_all_lines(programs, side, &project)?;
    }
    let (mut costs, mut bare) = (Costs::default(), Vec::new());
    for round in 0..rounds {
        for side in in_turn(round) {
            costs.of(side).push(programs.run(side, &["logs"], &project)?);
        }
        bare.push(floor::logs(&id)?);
    }
    project.clear().await?;
    let floor = Bar::Above { what: "a bare read", floor: bare, room: Room::Part(0.1) };
    Ok(vec![costs.row("`logs` of 1,000,000 lines", [floor, Bar::Cpu(4.0)])])
}

/// Nobody is fast by leaving something out.
fn shows_all_lines(programs: &Programs, side: Side, project: &Project) -> anyhow::Result<()> {
    let file = project.folder().join("lines");
    run_into(&file, programs.program(side), &["logs"], project.folder())?;
    let text = std::fs::read_to_string(&file)?;
    let lines = text.lines().count();
    ensure!(lines == LINES, "{side:?} shows {lines} lines of {LINES}");
    Ok(())
}
