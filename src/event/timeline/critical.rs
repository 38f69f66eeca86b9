//! What the duration of a run was made of: back from its end, at each step to what that really waited for last.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Segment, Span};
use crate::plan::Lane;

/// A step that begins later than this after everything it needs has waited for something else: its turn.
const AT_ONCE: Duration = Duration::from_millis(5);

/// The path from 0 to `end`, without gaps. `limits` says which steps share a limit on parallel calls.
pub(super) fn path(spans: &[Span], limits: &[Lane], end: Duration) -> Vec<Segment> {
    let mut path = Vec::new();
    let mut seen = BTreeSet::new();
    let mut boundary = end;
    let mut next = (0..spans.len()).max_by_key(|index| (spans[*index].end, spans[*index].start));
    while let Some(index) = next {
        seen.insert(index);
        let span = &spans[index];
        let until = span.end.min(boundary);
        if until < boundary {
            path.push(Segment { span: None, start: until, end: boundary });
        }
        let start = span.start.min(until);
        path.push(Segment { span: Some(index), start, end: until });
        boundary = start;
        next = before(index, spans, limits, &seen);
    }
    if boundary > Duration::ZERO {
        path.push(Segment { span: None, start: Duration::ZERO, end: boundary });
    }
    path.reverse();
    path
}

/// What a step waited for last: of the steps before it the one that ended last, or one whose turn came before.
fn before(index: usize, spans: &[Span], limits: &[Lane], seen: &BTreeSet<usize>) -> Option<usize> {
    let span = &spans[index];
    let last = |candidates: &mut dyn Iterator<Item = usize>| {
        candidates
            .filter(|other| !seen.contains(other) && spans[*other].start <= span.start)
            .max_by_key(|other| (spans[*other].end, spans[*other].start))
    };
    let needed = last(&mut span.after.iter().copied());
    let ready = needed.map(|other| spans[other].end).unwrap_or_default();
    if limits[index] == Lane::Wait || span.start.saturating_sub(ready) <= AT_ONCE {
        return needed;
    }
    let made_room = (0..spans.len()).filter(|other| {
        let Span { end, .. } = spans[*other];
        *other != index && limits[*other] != Lane::Wait && end > ready && end <= span.start
    });
    last(&mut made_room.into_iter()).or(needed)
}
