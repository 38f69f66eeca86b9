//! The rows of a picture: lanes in the order in which they began, each with as many rows as it has steps at once. One
//! whose steps never began has a row for what it waited for.

use std::time::Duration;

use crate::event::timeline::{LaneKind, Timeline};

/// A row.
#[derive(Debug)]
pub(super) struct Row {
    /// The index of its lane.
    pub lane: usize,
    /// Its name; empty for a further row of the same lane.
    pub name: String,
    /// The indexes of its spans, which do not overlap.
    pub spans: Vec<usize>,
}

/// The rows of a timeline.
pub(super) fn rows(timeline: &Timeline) -> Vec<Row> {
    let first = |lane: usize| timeline.spans.iter().filter(|span| span.lane == lane).map(|span| span.start).min();
    let began = |lane: usize| first(lane).unwrap_or(Duration::MAX);
    let mut lanes: Vec<(LaneKind, Duration, usize)> =
        timeline.lanes.iter().enumerate().map(|(index, lane)| (lane.kind, began(index), index)).collect();
    lanes.sort_unstable();
    let mut rows = Vec::new();
    for (_, _, lane) in lanes {
        let mut of_lane: Vec<Row> = Vec::new();
        for (index, span) in timeline.spans.iter().enumerate().filter(|(_, span)| span.lane == lane) {
            let is_free = |row: &&mut Row| row.spans.iter().all(|other| timeline.spans[*other].end <= span.start);
            if let Some(row) = of_lane.iter_mut().find(is_free) {
                row.spans.push(index);
                continue;
            }
            let name = if of_lane.is_empty() { name(timeline, lane) } else { String::new() };
            of_lane.push(Row { lane, name, spans: vec![index] });
        }
        if of_lane.is_empty() {
            of_lane.push(Row { lane, name: name(timeline, lane), spans: Vec::new() });
        }
        rows.extend(of_lane);
    }
    rows
}

fn name(timeline: &Timeline, lane: usize) -> String {
    let lane = &timeline.lanes[lane];
    let kind = match lane.kind {
        LaneKind::Network => "network ",
        LaneKind::Volume => "volume ",
        LaneKind::Model => "model ",
        LaneKind::Image | LaneKind::Service | LaneKind::Container => "",
    };
    format!("{kind}{}", lane.name)
}
