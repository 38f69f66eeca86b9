//! The table that the benchmark prints.

use std::time::Duration;

use crate::measure::Run;

/// The runs of one job.
#[derive(Debug)]
pub(crate) struct Row {
    /// What was done.
    pub(crate) job: &'static str,
    pub(crate) hoist: Vec<Run>,
    pub(crate) peer: Vec<Run>,
    /// What is asked for, and more that was found out.
    pub(crate) bar: String,
}

/// The head of the table.
pub(crate) const HEAD: &str = "\
| job | hoist | Docker Compose | time | CPU time | peak memory | bar |
|---|---|---|---|---|---|---|";

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (hoist, peer) = (Spread::of(&self.hoist, |run| run.elapsed), Spread::of(&self.peer, |run| run.elapsed));
        let cpu = |runs: &[Run]| Spread::of(runs, |run| run.cpu).median;
        let peak = |runs: &[Run]| runs.iter().map(|run| run.peak_kib).max().unwrap_or_default();
        write!(
            f,
            "| {} | {hoist} | {peer} | {} | {} / {} ({}) | {} / {} ({}) | {} |",
            self.job,
            ratio(hoist.median.as_secs_f64(), peer.median.as_secs_f64()),
            time(cpu(&self.hoist)),
            time(cpu(&self.peer)),
            ratio(cpu(&self.hoist).as_secs_f64(), cpu(&self.peer).as_secs_f64()),
            mebibytes(peak(&self.hoist)),
            mebibytes(peak(&self.peer)),
            ratio(kibibytes(peak(&self.hoist)), kibibytes(peak(&self.peer))),
            self.bar,
        )
    }
}

/// The median of some times, with the least and the most.
pub(crate) struct Spread {
    pub(crate) median: Duration,
    least: Duration,
    most: Duration,
}

impl Spread {
    pub(crate) fn of<T>(runs: &[T], value: impl Fn(&T) -> Duration) -> Self {
        let mut times: Vec<_> = runs.iter().map(value).collect();
        times.sort();
        let at = |index: usize| times.get(index).copied().unwrap_or_default();
        Self { median: at(times.len() / 2), least: at(0), most: at(times.len().saturating_sub(1)) }
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}–{})", time(self.median), time(self.least), time(self.most))
    }
}

/// `12 ms`, `1.84 s`.
pub(crate) fn time(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1e3;
    match milliseconds {
        ..10.0 => format!("{milliseconds:.1} ms"),
        ..1000.0 => format!("{milliseconds:.0} ms"),
        _ => format!("{:.2} s", time.as_secs_f64()),
    }
}

/// `1/12` where the first is less, `1.04` where they are alike.
fn ratio(one: f64, other: f64) -> String {
    if one <= 0.0 || other <= 0.0 {
        "–".to_owned()
    } else if other / one >= 2.0 {
        format!("1/{:.1}", other / one)
    } else {
        format!("{:.2}", one / other)
    }
}

fn kibibytes(kib: u64) -> f64 {
    f64::from(u32::try_from(kib).unwrap_or(u32::MAX))
}

fn mebibytes(kib: u64) -> String {
    format!("{:.1} MiB", kibibytes(kib) / 1024.0)
}
