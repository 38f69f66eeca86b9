//! What is shown below the row of a running build: its steps, and the last lines of those that run.

use std::collections::BTreeSet;

use super::row::{Row, Step};
use crate::render::RecordState;

/// Maximum number of lines of a running step.
const MOST_LINES: usize = 5;

/// Maximum number of finished steps of a build.
const MOST_DONE: usize = 6;

/// A line below a row.
#[derive(Debug, Clone, Copy)]
pub(super) enum Branch<'a> {
    /// A step.
    Step(&'a Step),
    /// A line that it wrote.
    Line(&'a str),
}

/// A place in a tree: the row, the step, and for a line its number.
type Place = (usize, usize, Option<usize>);

/// The most important lines below `rows`, at most `room` of them, by row.
///
/// Running steps come first, then their last lines, then what is finished; the newest of each before the older ones.
pub(super) fn branches<'a>(rows: &[&'a Row], room: usize) -> Vec<Vec<Branch<'a>>> {
    let mut ranked: Vec<((usize, usize), Place)> = Vec::new();
    for (at, row) in rows.iter().enumerate().filter(|(_, row)| row.state == RecordState::Working) {
        let mut finished = 0;
        for (number, step) in row.steps.iter().enumerate().rev() {
            if step.state != RecordState::Working {
                // What a builder does for itself interests only while it lasts.
                // Builds that share a base image may report it twice.
                let again = || row.steps[number + 1..].iter().any(|later| later.name == step.name);
                if finished < MOST_DONE && !step.is_internal() && !again() {
                    finished += 1;
                    ranked.push(((2, finished), (at, number, None)));
                }
                continue;
            }
            ranked.push(((0, 0), (at, number, None)));
            let lines = step.output().len();
            for age in 0..lines.min(MOST_LINES) {
                ranked.push(((1, age), (at, number, Some(lines - 1 - age))));
            }
        }
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    let chosen: BTreeSet<Place> = ranked.into_iter().take(room).map(|(_, place)| place).collect();
    let mut branches = vec![Vec::new(); rows.len()];
    for (at, number, line) in chosen {
        let step = &rows[at].steps[number];
        branches[at].push(line.map_or(Branch::Step(step), |line| Branch::Line(step.output()[line])));
    }
    branches
}
