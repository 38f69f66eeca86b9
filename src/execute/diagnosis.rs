//! Explains the state of a container: its last probe, why it exited, its last output.

use std::time::Duration;

use futures::StreamExt;

use crate::engine::line_buffer::lossy_line;
use crate::engine::{ContainerDetails, Engine, LogQuery, Probe};
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
pub(super) fn of_health(details: &ContainerDetails) -> Vec<String> {
    let mut lines = Vec::from_iter(restarts(details));
    match details.probes.last() {
        Some(probe) => lines.extend(of_probe(probe)),
        None => lines.push("no health check has finished yet".to_owned()),
    }
    lines
}

/// Why a container exited: what the engine reports, and its last output.
pub(super) async fn of_exit<E: Engine>(engine: &E, details: &ContainerDetails) -> Vec<String> {
    let mut lines = Vec::from_iter(restarts(details));
    if details.out_of_memory {
        lines.push("it ran out of memory".to_owned());
    }
    lines.extend(details.error.iter().filter(|error| !error.is_empty()).cloned());
    lines.extend(last_log_lines(engine, details).await);
    lines
}

/// What a container is doing that is still being waited for.
pub(super) async fn of_delay<E: Engine>(engine: &E, details: &ContainerDetails) -> Vec<String> {
    let name = &details.name;
    match (details.state, details.health) {
        (State::Restarting, _) => {
            let mut lines = vec![format!("container {name} keeps exiting and being restarted")];
            lines.extend(of_exit(engine, details).await);
            lines
        }
        (State::Running, Health::Starting | Health::Unhealthy) => {
            let mut lines = vec![format!("container {name} is not healthy yet")];
            lines.extend(of_health(details));
            lines
        }
        (State::Paused, _) => vec![of_pause(name)],
        (state, _) => vec![format!("container {name} is {}", state.as_str())],
    }
}

/// What to do about a paused container.
pub(super) fn of_pause(name: &str) -> String {
    format!("container {name} is paused; `docker unpause {name}` resumes it")
}

fn restarts(details: &ContainerDetails) -> Option<String> {
    let times = match details.restart_count {
        ..=0 => return None,
        1 => "once".to_owned(),
        count => format!("{count} times"),
    };
    let exit = details.exit_code.map(|code| format!(", last exit status {code}")).unwrap_or_default();
    Some(format!("the engine restarted it {times}{exit}"))
}

fn of_probe(probe: &Probe) -> Vec<String> {
    let output: Vec<&str> = probe.output.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let shown = &output[output.len().saturating_sub(LINES)..];
    let head = format!("its last health check exited with status {}", probe.exit_code);
    match shown {
        [] => vec![format!("{head} without output")],
        [line] => vec![format!("{head}: {line}")],
        lines => std::iter::once(format!("{head}:")).chain(lines.iter().map(|line| format!("  {line}"))).collect(),
    }
}

async fn last_log_lines<E: Engine>(engine: &E, details: &ContainerDetails) -> Vec<String> {
    // A missing log is not an error; the explanation just gets shorter.
    let text = tokio::time::timeout(PATIENCE, read_tail(engine, details)).await.unwrap_or_default();
    let lines: Vec<String> =
        text.split(|byte| *byte == b'\n').map(lossy_line).filter(|line| !line.trim().is_empty()).collect();
    let shown = &lines[lines.len().saturating_sub(LINES)..];
    if shown.is_empty() {
        return vec!["it produced no output".to_owned()];
    }
    std::iter::once("its last output:".to_owned()).chain(shown.iter().map(|line| format!("  {line}"))).collect()
}

/// When the latest run of a container started, in nanoseconds since 1970: earlier output explains nothing.
fn latest_run(details: &ContainerDetails) -> Option<i128> {
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
