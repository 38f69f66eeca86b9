//! How fast bytes arrive: amounts and their times in, bytes per second out.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// The speed is the average over this time.
const WINDOW: Duration = Duration::from_secs(3);
/// After less time than this an average says nothing.
const SHORTEST: Duration = Duration::from_millis(500);
/// Amounts that come closer together are added up.
const GRAIN: Duration = Duration::from_millis(100);

/// The speed of a pull or push.
#[derive(Debug, Default)]
pub(super) struct Speed {
    /// Bytes since the beginning.
    moved: u64,
    /// The bytes until then; the first entry is the latest one from before the window, or the very first.
    history: VecDeque<(Instant, u64)>,
}

impl Speed {
    /// Takes in that this many more bytes have arrived.
    pub(super) fn add(&mut self, bytes: u64, now: Instant) {
        self.moved = self.moved.saturating_add(bytes);
        while self.history.get(1).is_some_and(|(at, _)| now.saturating_duration_since(*at) >= WINDOW) {
            self.history.pop_front();
        }
        let recent = |(at, _): &(Instant, u64)| now.saturating_duration_since(*at) < GRAIN;
        match self.history.back() {
            // The first entry is where counting begins: what had arrived by then took an unknown time.
            Some(last) if recent(last) && self.history.len() > 1 => {}
            _ => self.history.push_back((now, self.moved)),
        }
    }

    /// Bytes per second; `None` if that is not known yet, or if nothing has arrived lately.
    pub(super) fn per_second(&self, now: Instant) -> Option<u64> {
        let before = |(at, _): &&(Instant, u64)| now.saturating_duration_since(*at) >= WINDOW;
        let (since, moved) = self.history.iter().rfind(before).or_else(|| self.history.front())?;
        let time = now.saturating_duration_since(*since);
        let bytes = self.moved.saturating_sub(*moved);
        if time < SHORTEST || bytes == 0 {
            return None;
        }
        let per_second = u128::from(bytes) * 1000 / time.as_millis().max(1);
        Some(u64::try_from(per_second).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_average_of_the_last_seconds() {
        let begin = Instant::now();
        let at = |ms| begin + Duration::from_millis(ms);
        let mut speed = Speed::default();
        assert_eq!(speed.per_second(begin), None);
        speed.add(5_000, begin);
        for tenth in 1..=20 {
            speed.add(100, at(tenth * 100));
        }
        assert_eq!(speed.per_second(at(400)), None, "too early to say");
        assert_eq!(speed.per_second(at(2_000)), Some(1_000), "what was there at the start does not count");
        for tenth in 21..=60 {
            speed.add(300, at(tenth * 100));
        }
        assert_eq!(speed.per_second(at(6_000)), Some(3_000), "what is long past does not count");
        assert!(speed.history.len() <= 32, "{}", speed.history.len());
        assert_eq!(speed.per_second(at(9_500)), None, "nothing arrives any more");
    }

    #[test]
    fn many_small_amounts_take_little_memory() {
        let begin = Instant::now();
        let mut speed = Speed::default();
        for ms in 0..10_000 {
            speed.add(1, begin + Duration::from_millis(ms));
        }
        assert!(speed.history.len() <= 32, "{}", speed.history.len());
        let now = begin + Duration::from_secs(10);
        let per_second = speed.per_second(now).unwrap();
        assert!((950..=1050).contains(&per_second), "{per_second}");
    }
}
