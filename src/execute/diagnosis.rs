//! Explains the state of a container: its last probe, why it exited, its last output.

use std::time::Duration;

use futures::StreamExt;

use crate::engine::line_buffer::lossy_line;
use crate::engine::{ContainerDetails, Engine, LogQuery, Probe};
use crate::event::Evidence;
use crate::observed::{Health, State};

/// How many lines of a log or a probe are shown.
const LINES: usize = 10;
/// How long before its recorded start time a container may have written something: the engine records the time after
/// the process has started. Before a restart by the engine, there is a delay of at least `BEFORE_RESTART`.
const BEFORE_START: Duration = Duration::from_secs(1);
const BEFORE_RESTART: Duration = Duration::from_millis(100);
/// How long the engine may take to return the end of a log.
const PATIENCE: Duration = Duration::from_secs(3);

/// Why a container is unhealthy or not healthy yet: the output of its last probe.
#[must_use]
pub fn of_health(details: &ContainerDetails) -> Vec<Evidence> {
    let probe = details.probes.last().map_or(Evidence::NoProbe, of_probe);
    restarts(details).into_iter().chain([probe]).collect()
}

/// Why a container exited: what the engine reports, and its last output.
pub async fn of_exit<E: Engine>(engine: &E, details: &ContainerDetails) -> Vec<Evidence> {
    let out_of_memory = details.out_of_memory.then_some(Evidence::OutOfMemory);
    let said = details.error.clone().filter(|error| !error.is_empty()).map(Evidence::EngineSaid);
    let known = restarts(details).into_iter().chain(out_of_memory).chain(said);
    known.chain([Evidence::Log(last_log_lines(engine, details).await)]).collect()
}

/// What a container is doing that is still being waited for.
pub(super) async fn of_delay<E: Engine>(engine: &E, details: &ContainerDetails) -> Vec<Evidence> {
    let (state, health) = (details.state, details.health);
    let mut evidence = vec![Evidence::Late { container: details.name.clone(), state, health }];
    match (state, health) {
        (State::Restarting, _) => evidence.extend(of_exit(engine, details).await),
        (State::Running, Health::Starting | Health::Unhealthy) => evidence.extend(of_health(details)),
        _ => {}
    }
    evidence
}

fn restarts(details: &ContainerDetails) -> Option<Evidence> {
    let times = details.restart_count;
    (times > 0).then_some(Evidence::Restarted { times, exit_code: details.exit_code })
}

fn of_probe(probe: &Probe) -> Evidence {
    let output: Vec<_> = probe.output.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let shown = output[output.len().saturating_sub(LINES)..].iter().map(|&line| line.to_owned()).collect();
    Evidence::Probe { exit_code: probe.exit_code, output: shown }
}

async fn last_log_lines<E: Engine>(engine: &E, details: &ContainerDetails) -> Vec<String> {
    // A missing log is not an error; the explanation just gets shorter.
    let text = tokio::time::timeout(PATIENCE, read_tail(engine, details)).await.unwrap_or_default();
    let lines: Vec<String> =
        text.split(|byte| *byte == b'\n').map(lossy_line).filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(LINES)..].to_vec()
}

/// When the latest run of a container started, in nanoseconds since 1970: earlier output explains nothing.
pub(super) fn latest_run(details: &ContainerDetails) -> Option<i128> {
    let margin = if details.restart_count > 0 { BEFORE_RESTART } else { BEFORE_START };
    Some(details.started_at? - i128::try_from(margin.as_nanos()).unwrap_or_default())
}

async fn read_tail<E: Engine>(engine: &E, details: &ContainerDetails) -> Vec<u8> {
    let query = LogQuery {
        tail: Some(LINES as u64),
        since: latest_run(details),
        terminal: details.terminal,
        ..LogQuery::default()
    };
    let Ok(mut log) = engine.logs(details.id.clone(), query).await else { return Vec::new() };
    let mut text = Vec::new();
    while let Some(Ok(chunk)) = log.next().await {
        text.extend_from_slice(&chunk.bytes);
    }
    text
}
