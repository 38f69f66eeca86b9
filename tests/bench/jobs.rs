//! What is done by both, and what is asked of hoist there.

use std::future::ready;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use anyhow::{Context, ensure};
use bollard::query_parameters::{InspectContainerOptions, RemoveImageOptions, WaitContainerOptions};
use futures::StreamExt;

use crate::bars::{Bar, Room, Row};
use crate::measure::{Cost, run_into};
use crate::programs::{Costs, Programs, Side, in_turn, services, ten_services};
use crate::project::Project;
use crate::{builds, commands, floor, watching};

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
    Job { name: "version", what: "`version`", rounds: 20, run: |p, n| Box::pin(ready(commands::version(p, n))) },
    Job { name: "config", what: "`config`", rounds: 10, run: |p, n| Box::pin(ready(commands::config(p, n))) },
    Job { name: "ps", what: "`ps` of 10 services", rounds: 10, run: |p, n| Box::pin(ps(p, n)) },
    Job { name: "up-again", what: "`up -d` with nothing to do", rounds: 10, run: |p, n| Box::pin(up_again(p, n)) },
    Job { name: "gated", what: "the same with a health condition", rounds: 5, run: |p, n| Box::pin(gated(p, n)) },
    Job { name: "chain", what: "8 services, each waits for the last", rounds: 3, run: |p, n| Box::pin(chain(p, n)) },
    Job { name: "eager", what: "the chain with `interval: 10s`", rounds: 1, run: |p, n| Box::pin(eager(p, n)) },
    Job { name: "many", what: "20 services up and down", rounds: 5, run: |p, n| Box::pin(many(p, n)) },
    Job { name: "beside-build", what: "5 services beside a slow build", rounds: 2, run: |p, n| Box::pin(build(p, n)) },
    Job { name: "build-files", what: "`build` of 10,000 files", rounds: 5, run: |p, n| Box::pin(builds::files(p, n)) },
    Job { name: "build-large", what: "`build` of 1 GB", rounds: 3, run: |p, n| Box::pin(builds::gigabyte(p, n)) },
    Job { name: "build-ten", what: "`build` of 10 services", rounds: 5, run: |p, n| Box::pin(builds::ten(p, n)) },
    Job { name: "build-each", what: "files of a `build`", rounds: 5, run: |p, n| Box::pin(builds::per_thousand(p, n)) },
    Job { name: "pull", what: "`pull` of 10 layers", rounds: 5, run: |p, n| Box::pin(builds::pull(p, n)) },
    Job { name: "exec", what: "`exec true`", rounds: 10, run: |p, n| Box::pin(commands::exec(p, n)) },
    Job { name: "run", what: "`run --rm true`", rounds: 5, run: |p, n| Box::pin(commands::one_off(p, n)) },
    Job { name: "ls", what: "`ls` and `images`", rounds: 10, run: |p, n| Box::pin(commands::lists(p, n)) },
    Job { name: "stats", what: "`stats --no-stream`", rounds: 3, run: |p, n| Box::pin(commands::stats(p, n)) },
    Job { name: "stop", what: "`stop`, `start` of 10 services", rounds: 5, run: |p, n| Box::pin(commands::stop(p, n)) },
    Job { name: "cat", what: "`exec -T` with 1 GB of output", rounds: 3, run: |p, n| Box::pin(commands::cat(p, n)) },
    Job { name: "cp", what: "`cp` of 200 MB both ways", rounds: 3, run: |p, n| Box::pin(cp(p, n)) },
    Job { name: "logs", what: "`logs` of 1,000,000 lines", rounds: 3, run: |p, n| Box::pin(logs(p, n)) },
    Job { name: "watch", what: "`watch`: a save", rounds: 30, run: |p, n| Box::pin(watching::saves(p, n)) },
    Job {
        name: "watch-rebuild",
        what: "`watch`: a rebuild",
        rounds: 5,
        run: |p, n| Box::pin(watching::rebuilds(p, n)),
    },
    Job { name: "watch-many", what: "`watch`: 10,000 files", rounds: 3, run: |p, n| Box::pin(watching::many(p, n)) },
    Job { name: "watch-idle", what: "`watch`: nothing", rounds: 1, run: |p, n| Box::pin(watching::idle(p, n)) },
];

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
            project.offer_plugin("docker-buildx", &programs.tool("docker-buildx")?)?;
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
        into.row("`cp` of 200 MB into a container", [Bar::Time(1.0), Bar::Cpu(2.0)]),
        out.row("`cp` of 200 MB out of a container", [Bar::Time(1.0), Bar::Cpu(2.0)]),
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
