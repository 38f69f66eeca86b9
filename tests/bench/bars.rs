//! What is asked of a job, and whether it is met.

use std::time::Duration;

use crate::measure::Cost;
use crate::report::seconds;

/// Something that is asked of hoist in a job.
#[derive(Debug)]
pub(crate) enum Bar {
    /// At most this part of the peer's time: 8 is an eighth, 1 is not slower.
    Time(f64),
    /// Not more than the peer's time, as far as can be measured where the engine needs nearly all of it.
    AsFast,
    /// At most this part of the peer's CPU time.
    Cpu(f64),
    /// At most that much CPU time.
    CpuTime(Duration),
    /// At most this part of the peer's peak memory.
    Memory(f64),
    /// At most that many bytes of peak memory.
    Peak(u64),
    /// At most so much above the time that bare calls to the engine take.
    Above {
        /// What the bare calls do.
        what: &'static str,
        /// What they took.
        floor: Vec<Duration>,
        /// What may come on top.
        room: Room,
    },
}

/// How much the times of an engine differ from run to run.
const SPREAD: f64 = 0.05;

/// What may come on top of a floor.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Room {
    /// A part of the floor.
    Part(f64),
    /// A time.
    Time(Duration),
}

/// The runs of one job.
#[derive(Debug)]
pub(crate) struct Row {
    /// What was done.
    pub(crate) what: String,
    /// hoist's runs.
    pub(crate) hoist: Vec<Cost>,
    /// The peer's; none where hoist is measured alone.
    pub(crate) peer: Vec<Cost>,
    /// What is asked.
    pub(crate) bars: Vec<Bar>,
}

/// A bar in words, and whether it is met.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// The bar.
    pub(crate) text: String,
    /// Whether hoist's median keeps it.
    pub(crate) is_met: bool,
}

impl Row {
    /// All bars, in order.
    pub(crate) fn verdicts(&self) -> Vec<Verdict> {
        self.bars.iter().map(|bar| self.verdict(bar)).collect()
    }

    fn verdict(&self, bar: &Bar) -> Verdict {
        let part = |what: &str, part: f64, value: fn(&Cost) -> f64| Verdict {
            text: if part > 1.0 { format!("{what} ≤ 1/{part}") } else { format!("{what} not more") },
            is_met: median(&self.hoist, value) * part <= median(&self.peer, value),
        };
        match bar {
            Bar::Time(of) => part("time", *of, wall),
            Bar::AsFast => Verdict {
                text: format!("time not more, ± {:.0} %", SPREAD * 100.0),
                is_met: median(&self.hoist, wall) <= median(&self.peer, wall) * (1.0 + SPREAD),
            },
            Bar::Cpu(of) => part("CPU", *of, cpu),
            Bar::CpuTime(most) => Verdict {
                text: format!("CPU ≤ {}", seconds(most.as_secs_f64())),
                is_met: median(&self.hoist, cpu) <= most.as_secs_f64(),
            },
            Bar::Memory(of) => part("memory", *of, peak),
            Bar::Peak(most) => Verdict {
                text: format!("memory ≤ {} MB", most / 1_000_000),
                is_met: self.hoist.iter().all(|cost| cost.peak <= *most),
            },
            Bar::Above { what, floor, room } => {
                let floor = median(floor, Duration::as_secs_f64);
                let (most, room) = match room {
                    Room::Part(part) => (floor * (1.0 + part), format!("{:.0} %", part * 100.0)),
                    Room::Time(time) => (floor + time.as_secs_f64(), format!("{} ms", time.as_millis())),
                };
                let text = format!("≤ {what} ({}) + {room}", seconds(floor));
                Verdict { text, is_met: median(&self.hoist, wall) <= most }
            }
        }
    }
}

/// Seconds from start to end.
pub(crate) fn wall(cost: &Cost) -> f64 {
    cost.wall.as_secs_f64()
}

/// Seconds of CPU time.
pub(crate) fn cpu(cost: &Cost) -> f64 {
    cost.cpu.as_secs_f64()
}

/// Bytes of memory.
#[expect(clippy::cast_precision_loss, reason = "no peak is near 2^52 bytes")]
pub(crate) fn peak(cost: &Cost) -> f64 {
    cost.peak as f64
}

/// The values in order of size.
pub(crate) fn sorted<T>(values: &[T], value: impl Fn(&T) -> f64) -> Vec<f64> {
    let mut sorted: Vec<_> = values.iter().map(value).collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// The middle of the values; of two, the mean; of none, 0.
pub(crate) fn median<T>(values: &[T], value: impl Fn(&T) -> f64) -> f64 {
    let sorted = sorted(values, value);
    if sorted.is_empty() {
        return 0.0;
    }
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[half] } else { f64::midpoint(sorted[half - 1], sorted[half]) }
}
