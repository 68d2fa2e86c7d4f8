//! One direction of a link as a fluid: transfers under way share its rate equally, whatever their sizes.
//!
//! Everything is computed from the times of events, so that a timer's lateness shifts one transfer's release and never adds
//! up. The common level is what each transfer that was under way all the time would have got; a transfer's bytes have
//! arrived when the level reached its own beginning plus their number (virtual finish times: Parekh and Gallager, "A
//! generalized processor sharing approach to flow control", 1993).

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::random::real;

/// Less than a byte: what rounding times to nanoseconds can leave over.
const ROUNDING: f64 = 0.5;

/// A transfer of a [`Fluid`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Id(u64);

/// A direction of a link.
pub struct Fluid {
    bytes_per_second: f64,
    /// The time of everything below.
    at: Instant,
    level: f64,
    transfers: HashMap<Id, Transfer>,
    next: u64,
}

#[derive(Clone, Copy)]
enum Transfer {
    /// Its byte 0 was at that level, and it may go on to that level.
    UnderWay { from: f64, to: f64 },
    /// It has got so many bytes, all that it asked for, since then.
    Resting { got: f64, since: Instant },
}

impl Fluid {
    /// A link without transfers.
    #[must_use]
    pub fn new(bytes_per_second: f64, now: Instant) -> Self {
        Self { bytes_per_second, at: now, level: 0.0, transfers: HashMap::new(), next: 0 }
    }

    /// A new transfer, which has asked for nothing yet. (A time before what is computed already is taken as that.)
    pub fn open(&mut self, now: Instant) -> Id {
        self.advance(now);
        let id = Id(self.next);
        self.next += 1;
        self.transfers.insert(id, Transfer::Resting { got: 0.0, since: now.max(self.at) });
        id
    }

    /// The transfer may get that many bytes, counted from its beginning.
    pub fn allow(&mut self, id: Id, bytes: u64, now: Instant) {
        self.advance(now);
        let level = self.level;
        let Some(transfer) = self.transfers.get_mut(&id) else { return };
        match transfer {
            Transfer::UnderWay { from, to } => *to = to.max(*from + real(bytes)),
            Transfer::Resting { got, .. } if real(bytes) <= *got => {}
            Transfer::Resting { got, .. } => {
                let from = level - *got;
                *transfer = Transfer::UnderWay { from, to: from + real(bytes) };
            }
        }
    }

    /// Whether that many bytes have arrived.
    pub fn has(&mut self, id: Id, bytes: u64, now: Instant) -> bool {
        self.advance(now);
        let got = match self.transfers.get(&id) {
            Some(Transfer::UnderWay { from, .. }) => self.level - from,
            Some(Transfer::Resting { got, .. }) => *got,
            None => return true,
        };
        got + ROUNDING >= real(bytes)
    }

    /// When that many bytes will have arrived if no transfer comes or goes before; they are allowed.
    #[must_use]
    pub fn when(&self, id: Id, bytes: u64) -> Instant {
        let Some(Transfer::UnderWay { from, .. }) = self.transfers.get(&id) else { return self.at };
        let target = from + real(bytes);
        let mut ends: Vec<f64> = self.ends().collect();
        ends.sort_by(f64::total_cmp);
        let (mut level, mut seconds, mut sharing) = (self.level, 0.0, ends.len());
        for end in ends.into_iter().take_while(|end| *end < target) {
            seconds += self.seconds(end - level, sharing);
            level = end;
            sharing -= 1;
        }
        // Rounded up: an alarm a nanosecond early would have to be set twice.
        let left = seconds + self.seconds(target - level, sharing);
        self.at + Duration::from_secs_f64(left.max(0.0)) + Duration::from_nanos(1)
    }

    /// Since when the transfer has got all that it was allowed; none if it is under way.
    #[must_use]
    pub fn rests_since(&self, id: Id) -> Option<Instant> {
        match self.transfers.get(&id)? {
            Transfer::UnderWay { .. } => None,
            Transfer::Resting { since, .. } => Some(*since),
        }
    }

    /// The transfer ends; says whether the others get faster by it.
    pub fn close(&mut self, id: Id, now: Instant) -> bool {
        self.advance(now);
        matches!(self.transfers.remove(&id), Some(Transfer::UnderWay { .. }))
    }

    fn ends(&self) -> impl Iterator<Item = f64> {
        self.transfers.values().filter_map(|transfer| match transfer {
            Transfer::UnderWay { to, .. } => Some(*to),
            Transfer::Resting { .. } => None,
        })
    }

    fn seconds(&self, levels: f64, sharing: usize) -> f64 {
        levels * real(sharing as u64) / self.bytes_per_second
    }

    fn advance(&mut self, now: Instant) {
        while self.at < now {
            let (mut next, mut sharing) = (f64::INFINITY, 0);
            for end in self.ends() {
                next = next.min(end);
                sharing += 1;
            }
            if sharing == 0 {
                self.at = now;
                return;
            }
            let left = (now - self.at).as_secs_f64();
            let needed = self.seconds(next - self.level, sharing).max(0.0);
            if needed > left {
                self.level += left * self.bytes_per_second / real(sharing as u64);
                self.at = now;
                return;
            }
            self.level = next;
            self.at = (self.at + Duration::from_secs_f64(needed)).min(now);
            self.rest();
        }
    }

    /// Transfers that have got what they were allowed rest.
    fn rest(&mut self) {
        let (level, since) = (self.level, self.at);
        for transfer in self.transfers.values_mut() {
            if let Transfer::UnderWay { from, to } = *transfer
                && to <= level
            {
                *transfer = Transfer::Resting { got: to - from, since };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: u64 = 1_000_000;

    fn seconds(from: Instant, to: Instant) -> f64 {
        (to - from).as_secs_f64()
    }

    #[test]
    fn one_transfer_has_the_whole_rate() {
        let start = Instant::now();
        let mut link = Fluid::new(75e6, start);
        let id = link.open(start);
        link.allow(id, 1_000 * MB, start);
        assert!((seconds(start, link.when(id, 1_000 * MB)) - 1_000.0 / 75.0).abs() < 1e-6);
    }

    #[test]
    fn transfers_share_equally_and_the_last_ends_when_all_bytes_have_gone_through() {
        let start = Instant::now();
        let mut link = Fluid::new(100e6, start);
        let [small, large] = [10 * MB, 30 * MB].map(|bytes| {
            let id = link.open(start);
            link.allow(id, bytes, start);
            id
        });
        assert!((seconds(start, link.when(small, 10 * MB)) - 0.2).abs() < 1e-6);
        assert!((seconds(start, link.when(large, 30 * MB)) - 0.4).abs() < 1e-6);
    }

    #[test]
    fn whoever_comes_later_slows_the_others_from_then_on() {
        let start = Instant::now();
        let mut link = Fluid::new(100e6, start);
        let first = link.open(start);
        link.allow(first, 20 * MB, start);
        let later = start + Duration::from_millis(100);
        let second = link.open(later);
        link.allow(second, 20 * MB, later);
        assert!((seconds(start, link.when(first, 20 * MB)) - 0.3).abs() < 1e-6);
        assert!((seconds(start, link.when(second, 20 * MB)) - 0.4).abs() < 1e-6);
    }

    #[test]
    fn whoever_goes_leaves_its_share_to_the_others() {
        let start = Instant::now();
        let mut link = Fluid::new(100e6, start);
        let [stays, goes] = [(); 2].map(|()| link.open(start));
        link.allow(stays, 20 * MB, start);
        link.allow(goes, 20 * MB, start);
        assert!(link.close(goes, start + Duration::from_millis(100)));
        assert!((seconds(start, link.when(stays, 20 * MB)) - 0.25).abs() < 1e-6);
    }

    #[test]
    fn a_receiver_that_pauses_takes_no_share() {
        let start = Instant::now();
        let mut link = Fluid::new(100e6, start);
        let [pauses, runs] = [(); 2].map(|()| link.open(start));
        link.allow(pauses, 5 * MB, start);
        link.allow(runs, 25 * MB, start);
        assert!((seconds(start, link.when(runs, 25 * MB)) - 0.3).abs() < 1e-6);
        let later = start + Duration::from_secs(1);
        assert!(link.has(pauses, 5 * MB, later));
        assert!((seconds(start, link.rests_since(pauses).unwrap()) - 0.1).abs() < 1e-6);
        link.allow(pauses, 10 * MB, later);
        assert!((seconds(later, link.when(pauses, 10 * MB)) - 0.05).abs() < 1e-6);
    }
}
