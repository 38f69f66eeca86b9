//! A timeline in the trace event format, which Perfetto and Chromium's `about:tracing` open.
//!
//! Format: <https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU>

use std::time::Duration;

use serde_json::{Value, json};

use super::rows::rows;
use super::{ended, what, word};
use crate::event::timeline::Timeline;

/// The track of the critical path.
const CRITICAL: usize = 1;

/// The timeline as one JSON object: a track for the critical path, and one for each row.
#[must_use]
pub fn trace(timeline: &Timeline) -> String {
    let process = format!("{} of {}", timeline.operation, timeline.project);
    let mut events = vec![json!({"ph": "M", "pid": 1, "name": "process_name", "args": {"name": process}})];
    events.extend(track(CRITICAL, "critical path"));
    for segment in &timeline.critical_path {
        let name = segment.span.map_or_else(|| "nothing".to_owned(), |index| what(&timeline.spans[index]));
        events.push(slice(CRITICAL, &name, "critical", segment.start, segment.end, &json!({})));
    }
    let mut name_before = String::new();
    for (index, row) in rows(timeline).iter().enumerate() {
        let track_id = CRITICAL + 1 + index;
        if !row.name.is_empty() {
            name_before.clone_from(&row.name);
        }
        events.extend(track(track_id, &name_before));
        for span in row.spans.iter().map(|span| &timeline.spans[*span]) {
            let arguments = json!({"outcome": span.outcome, "critical": span.critical});
            let name = what(span) + ended(span.outcome);
            events.push(slice(track_id, &name, word(span.kind), span.start, span.end, &arguments));
        }
        for tried in timeline.tries.iter().filter(|tried| row.spans.contains(&tried.span)) {
            let name = if tried.passed { "check passed" } else { "check failed" };
            events.push(slice(track_id, name, "check", tried.start, tried.end, &json!({})));
        }
        for health in timeline.health.iter().filter(|health| row.spans.contains(&health.span)) {
            let wait = &timeline.spans[health.span];
            for (start, end, probe) in timeline.probes(health).filter(|(start, ..)| *start >= wait.start) {
                let name = if probe.passed { "probe passed" } else { "probe failed" };
                events.push(slice(track_id, name, "probe", start, end.min(wait.end), &json!({})));
            }
        }
    }
    json!({"traceEvents": events, "displayTimeUnit": "ms"}).to_string() + "\n"
}

fn track(id: usize, name: &str) -> [Value; 2] {
    [
        json!({"ph": "M", "pid": 1, "tid": id, "name": "thread_name", "args": {"name": name}}),
        json!({"ph": "M", "pid": 1, "tid": id, "name": "thread_sort_index", "args": {"sort_index": id}}),
    ]
}

fn slice(track: usize, name: &str, category: &str, start: Duration, end: Duration, arguments: &Value) -> Value {
    let microseconds = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let (start, end) = (microseconds(start), microseconds(end));
    json!({
        "ph": "X", "pid": 1, "tid": track, "name": name, "cat": category,
        "ts": start, "dur": end.saturating_sub(start), "args": arguments,
    })
}
