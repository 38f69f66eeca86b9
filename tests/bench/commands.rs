//! Commands on a project that runs.

use crate::bars::{Bar, Row};
use crate::programs::{Costs, Programs, Side, in_turn, services, ten_services};
use crate::project::Project;

/// What is asked of a command that takes no longer than a program takes to start.
const AT_ONCE: Bar = Bar::Time(5.0);

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

pub(crate) async fn run(programs: &Programs, rounds: u32) -> anyhow::Result<Vec<Row>> {
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
