//! Observations that explain a failed wait in, lines of text out.

use crate::event::Evidence;
use crate::observed::{Health, State};

/// The lines for an observation.
pub(in crate::render) fn lines(evidence: &Evidence) -> Vec<String> {
    match evidence {
        Evidence::Late { container, state, health } => vec![late(container, *state, *health)],
        Evidence::StillRuns { container } => vec![format!("container {container} is still running, but is to end")],
        Evidence::NotReady { container, check, last } => {
            vec![format!("container {container} is not ready yet: {check}: {last}")]
        }
        Evidence::Restarted { times, exit_code } => {
            let times = if *times == 1 { "once".to_owned() } else { format!("{times} times") };
            let exit = exit_code.map(|code| format!(", last exit status {code}")).unwrap_or_default();
            vec![format!("the engine restarted it {times}{exit}")]
        }
        Evidence::OutOfMemory => vec!["it ran out of memory".to_owned()],
        Evidence::EngineSaid(words) => vec![words.clone()],
        Evidence::NoProbe => vec!["no health check has finished yet".to_owned()],
        Evidence::Probe { exit_code, output } => {
            let head = format!("its last health check exited with status {exit_code}");
            match &output[..] {
                [] => vec![format!("{head} without output")],
                [line] => vec![format!("{head}: {line}")],
                output => below(format!("{head}:"), output),
            }
        }
        Evidence::Log(log) if log.is_empty() => vec!["it produced no output".to_owned()],
        Evidence::Log(log) => below("its last output:".to_owned(), log),
    }
}

/// The state of a container that is still being waited for.
fn late(container: &str, state: State, health: Health) -> String {
    match (state, health) {
        (State::Restarting, _) => format!("container {container} keeps exiting and being restarted"),
        (State::Running, Health::Starting | Health::Unhealthy) => format!("container {container} is not healthy yet"),
        (State::Paused, _) => paused(container),
        (state, _) => format!("container {container} is {}", state.as_str()),
    }
}

/// What to do about a paused container.
pub(in crate::render) fn paused(container: &str) -> String {
    format!("container {container} is paused; `docker unpause {container}` resumes it")
}

pub(super) fn below(head: String, lines: &[String]) -> Vec<String> {
    std::iter::once(head).chain(lines.iter().map(|line| format!("  {line}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_lines_stand_below_what_they_are() {
        let output = |lines: &[&str]| lines.iter().map(|&line| line.to_owned()).collect::<Vec<_>>();
        let probe = |lines: &[&str]| Evidence::Probe { exit_code: 7, output: output(lines) };
        let late = |state, health| Evidence::Late { container: "web-1".to_owned(), state, health };
        for (evidence, expected) in [
            (probe(&[]), &["its last health check exited with status 7 without output"][..]),
            (probe(&["refused"]), &["its last health check exited with status 7: refused"]),
            (probe(&["a", "b"]), &["its last health check exited with status 7:", "  a", "  b"]),
            (Evidence::Log(output(&["boom"])), &["its last output:", "  boom"]),
            (Evidence::Log(Vec::new()), &["it produced no output"]),
            (Evidence::Restarted { times: 1, exit_code: None }, &["the engine restarted it once"]),
            (
                Evidence::Restarted { times: 3, exit_code: Some(2) },
                &["the engine restarted it 3 times, last exit status 2"],
            ),
            (late(State::Running, Health::Starting), &["container web-1 is not healthy yet"]),
            (late(State::Created, Health::None), &["container web-1 is created"]),
            (late(State::Paused, Health::None), &["container web-1 is paused; `docker unpause web-1` resumes it"]),
        ] {
            assert_eq!(lines(&evidence), expected, "{evidence:?}");
        }
    }
}
