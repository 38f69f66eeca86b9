//! Commands without an engine, and commands on a project that runs.

use std::time::Duration;

use crate::bars::{Bar, Room, Row};
use crate::generate;
use crate::measure::run;
use crate::programs::{Costs, Programs, Side, in_turn, services, ten_services};
use crate::project::Project;

/// What is asked of a command that takes no longer than a program takes to start.
const AT_ONCE: Bar = Bar::Time(5.0);

/// What may be used before there is anything to do.
const STARTED: Bar = Bar::CpuTime(Duration::from_millis(1));

/// What editors, scripts and `docker` itself ask for again and again.
pub(crate) fn version(programs: &Programs, rounds: u32) -> anyhow::Result<Vec<Row>> {
    let folder = tempfile::tempdir()?;
    let version = programs.pairs(rounds, &["version"], folder.path())?;
    let metadata = programs.pairs(rounds, &["docker-cli-plugin-metadata"], folder.path())?;
    Ok(vec![version.row("`version`", [STARTED]), metadata.row("the metadata of the plugin", [STARTED])])
}

/// The most that `config` of one service may use.
const ONE_SERVICE: Bar = Bar::CpuTime(Duration::from_micros(1500));
/// How many services the largest file has, and how many times as many that is as the usual one has.
const LARGEST: (usize, u32) = (5000, 50);

pub(crate) fn config(programs: &Programs, rounds: u32) -> anyhow::Result<Vec<Row>> {
    let folder = tempfile::tempdir()?;
    let write = |services| std::fs::write(folder.path().join("compose.yaml"), generate::compose_file(services));
    write(1)?;
    let one = programs.pairs(rounds, &["config"], folder.path())?;
    write(100)?;
    let hundred = programs.pairs(rounds, &["config"], folder.path())?;
    write(LARGEST.0)?;
    let alone = (0..rounds.div_ceil(2)).map(|_| run(programs.program(Side::Hoist), &["config"], folder.path()));
    let floor = hundred.hoist.iter().map(|cost| cost.wall * LARGEST.1).collect();
    let linear = Bar::Above { what: "50 times 100 services", floor, room: Room::Part(0.25) };
    let largest = Row {
        what: "`config` of 5,000 services, hoist alone".to_owned(),
        hoist: alone.collect::<Result<_, _>>()?,
        peer: Vec::new(),
        bars: vec![linear],
    };
    let one = one.row("`config` of one service", [ONE_SERVICE]);
    Ok(vec![one, hundred.row("`config` of 100 services", [Bar::Time(30.0)]), largest])
}

/// The project of a job, which runs.
async fn running(programs: &Programs, job: &str, services: &str) -> anyhow::Result<Project> {
    let project = Project::new(&programs.docker, job, services).await?;
    programs.run(Side::Hoist, &["up", "-d"], &project)?;
    Ok(project)
}

pub(crate) async fn exec(programs: &Programs, rounds: u32) -> anyhow::Result<Vec<Row>> {
    let project = running(programs, "exec", &services(1, |_| String::new())).await?;
    let costs = programs.pairs(rounds, &["exec", "-T", "s0", "true"], project.folder())?;
    project.clear().await?;
    Ok(vec![costs.row("`exec true`", [Bar::Time(1.0)])])
}

pub(crate) async fn one_off(programs: &Programs, rounds: u32) -> anyhow::Result<Vec<Row>> {
    let project = running(programs, "run", &services(1, |_| String::new())).await?;
    let costs = programs.pairs(rounds, &["run", "--rm", "-T", "s0", "true"], project.folder())?;
    project.clear().await?;
    Ok(vec![costs.row("`run --rm true`", [Bar::AsFast])])
}

pub(crate) async fn lists(programs: &Programs, rounds: u32) -> anyhow::Result<Vec<Row>> {
    let project = running(programs, "lists", &ten_services()).await?;
    let ls = programs.pairs(rounds, &["ls"], project.folder())?;
    let images = programs.pairs(rounds, &["images"], project.folder())?;
    project.clear().await?;
    Ok(vec![ls.row("`ls`", [AT_ONCE]), images.row("`images` of 10 services", [AT_ONCE])])
}

pub(crate) async fn stats(programs: &Programs, rounds: u32) -> anyhow::Result<Vec<Row>> {
    let project = running(programs, "stats", &ten_services()).await?;
    let costs = programs.pairs(rounds, &["stats", "--no-stream"], project.folder())?;
    project.clear().await?;
    Ok(vec![costs.row("`stats --no-stream` of 10 services", [Bar::AsFast])])
}

pub(crate) async fn stop(programs: &Programs, rounds: u32) -> anyhow::Result<Vec<Row>> {
    let project = running(programs, "stop", &ten_services()).await?;
    let (mut stops, mut starts) = (Costs::default(), Costs::default());
    for round in 0..=rounds {
        for side in in_turn(round) {
            let (stop, start) = (programs.run(side, &["stop"], &project)?, programs.run(side, &["start"], &project)?);
            // The first of each does not count.
            if round > 0 {
                stops.of(side).push(stop);
                starts.of(side).push(start);
            }
        }
    }
    project.clear().await?;
    Ok(vec![stops.row("`stop` of 10 services", [Bar::AsFast]), starts.row("`start` of them", [Bar::AsFast])])
}

pub(crate) async fn cat(programs: &Programs, rounds: u32) -> anyhow::Result<Vec<Row>> {
    let project = running(programs, "cat", &services(1, |_| String::new())).await?;
    let output = ["exec", "-T", "s0", "head", "-c", "1000000000", "/dev/zero"];
    let costs = programs.pairs(rounds, &output, project.folder())?;
    project.clear().await?;
    Ok(vec![costs.row("`exec -T` with 1 GB of output", [Bar::AsFast, Bar::Cpu(2.0)])])
}
