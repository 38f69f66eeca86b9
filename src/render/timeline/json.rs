//! A timeline as JSON, and back: the file for programs is also what is kept of the last run.

use serde::Serialize;

use super::advice;
use crate::event::timeline::Timeline;

/// The version of the format. It rises when a member changes its meaning or goes.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    #[serde(flatten)]
    timeline: &'a Timeline,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

/// The timeline as one JSON object on a line.
#[must_use]
pub fn json(timeline: &Timeline) -> String {
    let document = Document { version: VERSION, timeline, advice: advice(timeline) };
    // A timeline has no keys but strings, which is all that could fail.
    serde_json::to_string(&document).unwrap_or_default() + "\n"
}

/// The timeline that [`json`] wrote; `None` if it is none, or one of another version.
#[must_use]
pub fn read(text: &str) -> Option<Timeline> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    if value.get("version")?.as_u64()? != u64::from(VERSION) {
        return None;
    }
    let timeline: Timeline = serde_json::from_value(value).ok()?;
    let (lanes, spans) = (timeline.lanes.len(), timeline.spans.len());
    let is_whole = timeline.spans.iter().all(|span| span.lane < lanes && span.after.iter().all(|index| *index < spans))
        && timeline.waits.iter().all(|held| held.lane < lanes && held.on < spans)
        && timeline.health.iter().all(|health| health.span < spans)
        && timeline.tries.iter().all(|tried| tried.span < spans)
        && timeline.critical_path.iter().all(|segment| segment.span.is_none_or(|index| index < spans));
    is_whole.then_some(timeline)
}
