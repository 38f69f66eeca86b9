//! The table, in Markdown.

use std::fmt;

use crate::bars::{Row, cpu, median, peak, sorted, wall};
use crate::measure::Cost;

/// The largest that hoist's binary may be, in bytes.
const LARGEST: u64 = 15_000_000;

/// What is known of the two programs.
#[derive(Debug)]
pub(crate) struct Versions {
    /// The peer's version.
    pub(crate) peer: String,
    /// The engine's version.
    pub(crate) engine: String,
    /// Size of hoist's binary and of the peer's, in bytes.
    pub(crate) sizes: (u64, u64),
}

/// All that was measured.
#[derive(Debug)]
pub(crate) struct Report {
    versions: Versions,
    rows: Vec<Row>,
}

impl Report {
    /// One without rows.
    pub(crate) fn new(versions: Versions) -> Self {
        Self { versions, rows: Vec::new() }
    }

    /// Adds a row, and tells what it came to.
    pub(crate) fn add(&mut self, row: Row) {
        eprintln!("  {}", line(&row));
        self.rows.push(row);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Versions { peer, engine, sizes } = &self.versions;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        writeln!(f, "Docker Compose {peer}, Docker Engine {engine}, {cores} cores; medians (fastest–slowest run).\n")?;
        writeln!(f, "| job | hoist | Docker Compose | part | CPU time | peak memory | bar |")?;
        writeln!(f, "|---|---|---|---|---|---|---|")?;
        for row in &self.rows {
            writeln!(f, "{}", line(row))?;
        }
        let mark = mark(sizes.0 <= LARGEST);
        let (hoist, other) = (as_f64(sizes.0), as_f64(sizes.1));
        let part = part(hoist, other);
        write!(f, "| binary | {} | {} | {part} | | | ≤ 15 MB {mark} |", megabytes(hoist), megabytes(other))
    }
}

#[expect(clippy::cast_precision_loss, reason = "no file is near 2^52 bytes")]
fn as_f64(bytes: u64) -> f64 {
    bytes as f64
}

fn line(row: &Row) -> String {
    let both = |value: fn(&Cost) -> f64, unit: fn(f64) -> String| {
        if row.peer.is_empty() {
            return unit(median(&row.hoist, value));
        }
        let (hoist, peer) = (median(&row.hoist, value), median(&row.peer, value));
        format!("{} / {}: {}", unit(hoist), unit(peer), part(hoist, peer))
    };
    let bars: Vec<_> =
        row.verdicts().into_iter().map(|verdict| format!("{} {}", verdict.text, mark(verdict.is_met))).collect();
    format!(
        "| {} | {} | {} | {} | {} | {} | {} |",
        row.what,
        spread(&row.hoist),
        spread(&row.peer),
        part(median(&row.hoist, wall), median(&row.peer, wall)),
        both(cpu, seconds),
        both(peak, megabytes),
        bars.join(", "),
    )
}

fn spread(costs: &[Cost]) -> String {
    if costs.is_empty() {
        return "–".to_owned();
    }
    let all = sorted(costs, wall);
    let middle = seconds(median(costs, wall));
    match all[..] {
        [first, .., last] => format!("{middle} ({}–{})", seconds(first), seconds(last)),
        _ => middle,
    }
}

/// `1/8.3` where it is less, `1.20` where not.
fn part(hoist: f64, peer: f64) -> String {
    if hoist <= 0.0 || peer <= 0.0 {
        return "–".to_owned();
    }
    let times = peer / hoist;
    if times >= 10.0 {
        format!("1/{times:.0}")
    } else if times > 1.05 {
        format!("1/{times:.1}")
    } else {
        format!("{:.2}", hoist / peer)
    }
}

/// A time with the unit that suits it.
pub(crate) fn seconds(seconds: f64) -> String {
    if seconds >= 1.0 {
        format!("{seconds:.2} s")
    } else if seconds >= 0.1 {
        format!("{:.0} ms", seconds * 1e3)
    } else {
        format!("{:.1} ms", seconds * 1e3)
    }
}

fn megabytes(bytes: f64) -> String {
    format!("{:.1} MB", bytes / 1e6)
}

fn mark(is_met: bool) -> &'static str {
    if is_met { "✓" } else { "✗" }
}
