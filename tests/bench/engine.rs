//! hoist and Docker Compose side by side on a real engine: time, CPU time and peak memory of whole runs.
//!
//! `tests/bed/bed bench` prints the table of the README, with an engine and a Docker Compose of the bed. By hand it is
//! `cargo bench --bench engine`, with `DOCKER_HOST` for the engine and `HOIST_PEER` for the other Docker Compose, where
//! it is not that of the bed. Builds by the other need `docker-buildx`, the pull `docker` and `docker-registry`: beside
//! `HOIST_PEER`, on the path, or from the bed. `HOIST_BINARY` measures another hoist than the one just built.

mod bars;
mod builds;
mod commands;
mod floor;
mod generate;
mod jobs;
mod measure;
mod programs;
mod project;
mod registry;
mod report;
mod watching;

use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;

use crate::jobs::JOBS;
use crate::programs::Programs;
use crate::report::Report;

/// What to measure.
#[derive(Debug, Parser)]
#[command(name = "cargo bench --bench engine --", disable_version_flag = true)]
struct Arguments {
    /// Jobs whose name has one of these words in it; all of them without a word
    words: Vec<String>,

    /// Pairs of runs for each job, in place of the number that suits it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,

    /// List the jobs
    #[arg(long)]
    list: bool,

    /// Passed by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1).peekable();
    if words.next_if(|word| word == measure::FLAG).is_some() {
        return measure::measure_one(words);
    }
    match compare(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn compare(arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.list {
        for job in JOBS {
            println!("{:<14}{}", job.name, job.what);
        }
        return Ok(());
    }
    let is_asked =
        |name: &str| arguments.words.is_empty() || arguments.words.iter().any(|word| name.contains(word.as_str()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let programs = Programs::find().await?;
        let mut report = Report::new(programs.versions()?);
        for job in JOBS.iter().filter(|job| is_asked(job.name)) {
            let rounds = arguments.rounds.unwrap_or(job.rounds);
            eprintln!("{}: {} ({rounds} rounds)", job.name, job.what);
            let rows = (job.run)(&programs, rounds).await.with_context(|| format!("job `{}`", job.name))?;
            for row in rows {
                report.add(row);
            }
        }
        println!("{report}");
        Ok(())
    })
}
